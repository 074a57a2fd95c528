import { createHash } from "node:crypto";
import { NonRetryableError, task } from "@flovyn/sdk";
import type { Order, OrderItem } from "./order.js";

/** The same input always gives the same number: a repeated attempt must not invent another one. */
function reference(prefix: string, ...parts: string[]): string {
  return `${prefix}-${createHash("sha256").update(parts.join("/")).digest("hex").slice(0, 10)}`;
}

export const validateOrder = task({
  name: "validate-order",
  run: (_ctx, order: Order): { items: number } => {
    if (order.items.length === 0) throw new NonRetryableError(`order ${order.orderId} has no items`);
    const bad = order.items.find((item) => !(item.quantity > 0 && item.unitPriceCents >= 0));
    if (bad !== undefined) throw new NonRetryableError(`order ${order.orderId}: item ${bad.sku} is not valid`);
    return { items: order.items.length };
  },
});

export const priceOrder = task({
  name: "price-order",
  run: (_ctx, order: Order): { totalCents: number } => ({
    totalCents: order.items.reduce((sum, item) => sum + item.quantity * item.unitPriceCents, 0),
  }),
});

export const chargeCustomer = task({
  name: "charge-customer",
  timeout: "1m",
  retry: { maxRetries: 5, strategy: "exponential", base: "200ms", max: "5s" },
  run: (ctx, charge: { orderId: string; customer: string; totalCents: number }): { paymentId: string } => {
    // The card network of this example is down at the first attempt of every payment.
    if (ctx.attempt === 1) throw new Error("the card network did not answer");
    ctx.log.info("charged", { orderId: charge.orderId, totalCents: charge.totalCents, attempt: ctx.attempt });
    return { paymentId: reference("pay", charge.orderId) };
  },
});

export const reserveItem = task({
  name: "reserve-item",
  retry: 3,
  run: (ctx, request: { orderId: string; item: OrderItem }): { reservation: string } => {
    ctx.reportProgress(1, `${request.item.quantity} × ${request.item.sku}`);
    return { reservation: reference("res", request.orderId, request.item.sku) };
  },
});

export const shipOrder = task({
  name: "ship-order",
  run: (_ctx, request: { orderId: string; reservations: string[] }): { trackingNumber: string } => ({
    trackingNumber: reference("trk", request.orderId, ...request.reservations),
  }),
});
