import { expect, it } from "vitest";
import { supersedes } from "./orders";

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
