import { describe, expect, it } from "vitest";
import type { Checkout, Money, Receipt } from "../api/shop-types";
import { leftOver, partLeft, payWords, reasonWords, secondsLeft, showMinutes } from "./quote";

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

  it("leaves what was bought beyond what is owed, of assets between too", () => {
    const money = (text: string): Money => ({ amount: text.split(" ")[0]!, asset: text.split(" ")[1]! });
    const receipt = (conversions: string[][], escrows: string[]): Receipt =>
      ({ conversions: conversions.map(([cost, bought]) => ({ cost: money(cost!), bought: money(bought!) })), escrows: escrows.map((text) => ({ amount: money(text) })) }) as unknown as Receipt;
    const twoSellers = receipt([["0.00262818 BTC", "0.053946 ETH"], ["0.00067 BTC", "42.49 USDT"]], ["0.0538 ETH", "42.40 USDT"]);
    expect(leftOver(twoSellers, [])).toEqual([money("0.000146 ETH"), money("0.09 USDT")]);
    const overUsdt = receipt([["2.338 SOL", "307.06 USDT"], ["306.98 USDT", "0.00482 BTC"]], ["0.00482 BTC"]);
    expect(leftOver(overUsdt, [])).toEqual([money("0.08 USDT")]);
    expect(leftOver(receipt([["0.1 SOL", "15.20 USDT"]], ["40.00 USDT"]), [money("25.00 USDT")])).toEqual([money("0.2 USDT")]);
    expect(leftOver(receipt([], ["40.00 USDT"]), [])).toEqual([]);
  });
});
