import { workflow } from "@flovyn/sdk";
import type { Order, Receipt } from "./order.js";
import { chargeCustomer, priceOrder, reserveItem, shipOrder, validateOrder } from "./tasks.js";

/** Validates, prices, charges with retries, reserves every item in parallel, ships. Survives the death of its worker. */
export const processOrder = workflow({
  name: "order-processing",
  description: "From an order to a shipment.",
  run: async (ctx, order: Order): Promise<Receipt> => {
    ctx.set("step", "validating");
    await ctx.schedule(validateOrder, order);
    const { totalCents } = await ctx.schedule(priceOrder, order);

    ctx.set("step", "charging");
    const { orderId, customer } = order;
    const { paymentId } = await ctx.schedule(chargeCustomer, { orderId, customer, totalCents });

    ctx.set("step", "reserving");
    const reserved = await Promise.all(order.items.map((item) => ctx.schedule(reserveItem, { orderId, item })));
    const reservations = reserved.map(({ reservation }) => reservation);

    ctx.set("step", "shipping");
    const { trackingNumber } = await ctx.schedule(shipOrder, { orderId, reservations });
    ctx.set("step", "shipped");
    ctx.log.info("order shipped", { orderId, trackingNumber });
    return { orderId, totalCents, paymentId, reservations, trackingNumber };
  },
});
