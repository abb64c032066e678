import { describe, expect, it } from "vitest";
import type { Checkout } from "../api/shop-types";
import { partLeft, payWords, reasonWords, secondsLeft, showMinutes } from "./quote";

const checkout = (most: string, conversions: number, credit: string[] = []): Checkout =>
  ({
    most: { asset: "BTC", amount: most },
    conversions: Array(conversions).fill({}),
    credit: credit.map((amount) => ({ asset: "USDT", amount })),
  }) as unknown as Checkout;

describe("a quote", () => {
  it("runs out and never below nothing", () => {
    expect(secondsLeft(60_000, 0)).toBe(60);
    expect(secondsLeft(60_000, 59_001)).toBe(1);
    expect(secondsLeft(60_000, 90_000)).toBe(0);
    expect(partLeft(60_000, 45_000, 60_000)).toBe(0.25);
    expect(partLeft(60_000, 70_000, 60_000)).toBe(0);
    expect(showMinutes(599)).toBe("9:59");
    expect(showMinutes(5)).toBe("0:05");
  });

  it("says on the button what is promised: a limit with a conversion, the price without", () => {
    expect(payWords(checkout("0.01234567", 1))).toBe("Pay at most 0.01234567 BTC");
    expect(payWords(checkout("0.50000000", 0))).toBe("Pay 0.50 BTC");
    expect(payWords(checkout("0.00000000", 0, ["12.50"]))).toBe("Pay with store credit");
    expect(payWords(checkout("0.00000000", 0))).toBe("Place the order");
  });

  it("has words for every reason, known or not", () => {
    expect(reasonWords("NO_LIQUIDITY")).toMatch(/market/);
    expect(reasonWords("SOMETHING_NEW")).toContain("SOMETHING_NEW");
  });
});
