/** An order as the customer sent it. Money is in cents. */
export interface Order {
  orderId: string;
  customer: string;
  items: OrderItem[];
}

export interface OrderItem {
  sku: string;
  quantity: number;
  unitPriceCents: number;
}

export interface Receipt {
  orderId: string;
  totalCents: number;
  paymentId: string;
  reservations: string[];
  trackingNumber: string;
}

export const sampleOrder: Order = {
  orderId: "A-1001",
  customer: "Ada Lovelace",
  items: [
    { sku: "tea-assam", quantity: 2, unitPriceCents: 450 },
    { sku: "teapot", quantity: 1, unitPriceCents: 2900 },
    { sku: "cup", quantity: 4, unitPriceCents: 780 },
  ],
};
