/**
 * What is known about an order arrives twice, as the answer to a request and on the user data stream, in either order. An order
 * never goes back: once closed it stays closed, and what was filled stays filled.
 */
import { parse } from "./decimal";

export interface OrderState {
  status: string;
  executedQty: string;
  updateTime: number;
}

const OPEN = new Set(["NEW", "PARTIALLY_FILLED", "PENDING_NEW"]);

export const isOpen = (order: OrderState): boolean => OPEN.has(order.status);

/** Whether `order` is at least as new as `before`. */
export function supersedes(order: OrderState, before: OrderState | undefined): boolean {
  if (!before) return true;
  if (isOpen(order) !== isOpen(before)) return isOpen(before);
  const [done, doneBefore] = [parse(order.executedQty), parse(before.executedQty)];
  return done === doneBefore ? order.updateTime >= before.updateTime : done > doneBefore;
}
