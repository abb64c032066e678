/**
 * What is known about an order arrives twice, as the answer to a request and on the user data stream, in either order. An order
 * never goes back: once closed it stays closed, and what was filled stays filled.
 */
import type { Order } from "../api/types";
import { type Decimal, parse } from "./decimal";
import type { OpenCounts } from "./ticket";
import { isContingent, percentOfDelta, waitsForRise } from "./triggers";

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

/** A decimal that older answers leave out. */
const decimalOf = (text: string | undefined): Decimal => parse(text || "0");

/** It waits for the last price, or for its turn in a list. */
export const isWaiting = (order: Order): boolean => isOpen(order) && (order.status === "PENDING_NEW" || (isContingent(order.type) && (order.workingTime ?? -1) <= 0));

const TYPES: Record<string, string> = {
  LIMIT: "Limit", LIMIT_MAKER: "Post-only", MARKET: "Market", STOP_LOSS: "Stop market", STOP_LOSS_LIMIT: "Stop limit", TAKE_PROFIT: "Take profit market",
  TAKE_PROFIT_LIMIT: "Take profit limit",
};

export function typeName(order: Order): string {
  const name = order.trailingDelta ? (order.type.endsWith("_LIMIT") ? "Trailing limit" : "Trailing market") : (TYPES[order.type] ?? order.type);
  return order.timeInForce && order.timeInForce !== "GTC" && order.type !== "MARKET" ? `${name} ${order.timeInForce}` : name;
}

/** Of the orders of a margin account: the exchange placed it to repay what was owed. Nobody named it. */
export const isLiquidation = (order: Order): boolean => order.clientOrderId === "" && order.type === "LIMIT" && order.timeInForce === "IOC";

/** What the order waits for, in signs: "≥ 61,000", "−2% from high", "" for others. */
export function triggerText(order: Order, show: (price: Decimal) => string): string {
  if (!isContingent(order.type)) return "";
  const stop = decimalOf(order.stopPrice);
  const reached = stop ? `${waitsForRise(order.type, order.side) ? "≥" : "≤"} ${show(stop)}` : "";
  if (!order.trailingDelta) return reached;
  const trail = `${order.side === "SELL" ? "\u2212" : "+"}${percentOfDelta(order.trailingDelta)}% from ${order.side === "SELL" ? "high" : "low"}`;
  return reached && (order.trailingTime ?? -1) <= 0 ? `${reached}, then ${trail}` : trail;
}

/** What others do not see of an iceberg; null of every other order. */
export function hiddenOf(order: Order): Decimal | null {
  const shown = decimalOf(order.icebergQty);
  if (!shown) return null;
  const rest = parse(order.origQty) - parse(order.executedQty);
  return rest > shown ? rest - shown : 0n;
}

/** What is open on a symbol, as its filters count it; `owned`: base in the account. */
export function countOpen(orders: readonly Order[], symbol: string, owned: Decimal): OpenCounts {
  const here = orders.filter((order) => order.symbol === symbol);
  const buying = here.filter((order) => order.side === "BUY").reduce((sum, order) => sum + parse(order.origQty) - parse(order.executedQty), 0n);
  return {
    orders: here.length,
    triggered: here.filter((order) => isContingent(order.type)).length,
    icebergs: here.filter((order) => decimalOf(order.icebergQty) > 0n).length,
    lists: new Set(here.map(listOf).filter((list) => list !== null)).size,
    position: owned + buying,
  };
}

export const listOf = (order: Order): number | null => (order.orderListId === undefined || order.orderListId < 0 ? null : order.orderListId);
