import { expect, it } from "vitest";
import type { Order } from "../api/types";
import { toText } from "./decimal";
import { hiddenOf, isWaiting, listOf, supersedes, triggerText, typeName } from "./orders";

const order = (status: string, executedQty: string, updateTime: number) => ({ status, executedQty, updateTime });

it("an order never goes back", () => {
  const steps = [order("NEW", "0", 5), order("PARTIALLY_FILLED", "0.4", 5), order("PARTIALLY_FILLED", "0.6", 5), order("FILLED", "1", 5)];
  for (const [i, earlier] of steps.entries()) {
    for (const later of steps.slice(i + 1)) {
      expect(supersedes(later, earlier)).toBe(true);
      expect(supersedes(earlier, later)).toBe(false);
    }
  }
  expect(supersedes(order("NEW", "0", 4), undefined)).toBe(true);
  expect(supersedes(order("CANCELED", "0.4", 4), order("PARTIALLY_FILLED", "0.4", 5))).toBe(true);
});

it("with the same fills the later word counts: a lowered quantity is one", () => {
  expect(supersedes(order("NEW", "0", 6), order("NEW", "0", 5))).toBe(true);
  expect(supersedes(order("NEW", "0", 4), order("NEW", "0", 5))).toBe(false);
});

const NOTHING = {
  symbol: "BTCUSDT", orderId: 1, clientOrderId: "a", price: "0", origQty: "2", executedQty: "0.5", cummulativeQuoteQty: "0", status: "NEW", timeInForce: "GTC",
  type: "LIMIT", side: "SELL", time: 0, updateTime: 0,
} satisfies Order;
const open = (changes: Partial<Order>): Order => ({ ...NOTHING, ...changes });

it("an order says what it waits for", () => {
  const says = (changes: Partial<Order>) => triggerText(open(changes), toText);
  expect(says({})).toBe("");
  expect(says({ type: "STOP_LOSS_LIMIT", stopPrice: "95.50" })).toBe("≤ 95.5");
  expect(says({ type: "TAKE_PROFIT", stopPrice: "110" })).toBe("≥ 110");
  expect(says({ type: "STOP_LOSS", side: "BUY", stopPrice: "110" })).toBe("≥ 110");
  expect(says({ type: "STOP_LOSS", trailingDelta: 250 })).toBe("\u22122.5% from high");
  expect(says({ type: "TAKE_PROFIT", side: "BUY", trailingDelta: 100, stopPrice: "90", trailingTime: -1 })).toBe("≤ 90, then +1% from low");
  expect(says({ type: "TAKE_PROFIT", side: "BUY", trailingDelta: 100, stopPrice: "90", trailingTime: 5 })).toBe("+1% from low");
});

it("an order waits until it works", () => {
  expect(isWaiting(open({ type: "STOP_LOSS", workingTime: -1 }))).toBe(true);
  expect(isWaiting(open({ type: "STOP_LOSS_LIMIT", workingTime: 5 }))).toBe(false);
  expect(isWaiting(open({ status: "PENDING_NEW" }))).toBe(true);
  expect(isWaiting(open({}))).toBe(false);
  expect(isWaiting(open({ type: "STOP_LOSS", status: "EXPIRED" }))).toBe(false);
});

it("an iceberg hides what it does not show", () => {
  expect(hiddenOf(open({}))).toBeNull();
  expect(hiddenOf(open({ icebergQty: "0.00" }))).toBeNull();
  expect(toText(hiddenOf(open({ icebergQty: "0.4" }))!)).toBe("1.1");
  expect(hiddenOf(open({ icebergQty: "2" }))).toBe(0n);
});

it("types have names, trailing ones their own", () => {
  expect(typeName(open({ timeInForce: "GTD" }))).toBe("Limit GTD");
  expect(typeName(open({ type: "STOP_LOSS", trailingDelta: 10 }))).toBe("Trailing market");
  expect(listOf(open({ orderListId: -1 }))).toBeNull();
  expect(listOf(open({ orderListId: 0 }))).toBe(0);
});
