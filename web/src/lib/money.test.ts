import { describe, expect, it } from "vitest";
import { columnPlaces, compareMoney, isZero, plus, rateVia, showEstimate, showGlance, showMonies, showMoney, sumByAsset, tidyAmounts, times } from "./money";

const usdt = (amount: string) => ({ asset: "USDT", amount });
const btc = (amount: string) => ({ asset: "BTC", amount });

describe("money as it is read", () => {
  it("drops zeros that say nothing and keeps every digit that does", () => {
    expect(showMoney(usdt("12.50000000"))).toBe("12.50 USDT");
    expect(showMoney(usdt("1234567.00000000")).replaceAll(/[^\d. A-Z]/g, "")).toBe("1234567.00 USDT");
    expect(showMoney(btc("0.01234567"))).toBe("0.01234567 BTC");
    expect(showGlance(usdt("999841.78794785")).replaceAll(/[^\d.]/g, "")).toBe("999841.78");
    expect([showGlance(usdt("755.6773125")), showGlance(btc("0.01234567")), showGlance(btc("9.5"))]).toEqual(["755.67", "0.01234567", "9.50"]);
    expect(showMonies([usdt("1"), btc("0.1")])).toBe("1.00 USDT + 0.10 BTC");
  });

  it("tidies the amounts in a sentence", () => {
    expect(tidyAmounts("12.90000000 USDT went to the seller, 0.00012000 BTC back.")).toBe("12.90 USDT went to the seller, 0.00012 BTC back.");
    expect(tidyAmounts("Order 1.0 of 10.250 things")).toBe("Order 1.0 of 10.250 things");
  });

  it("gives a column the places of its longest amount", () => {
    expect(columnPlaces([usdt("1.00"), usdt("0.125"), usdt("7")])).toBe(3);
    expect(columnPlaces([])).toBe(2);
  });

  it("adds exactly and never across assets", () => {
    expect(plus(usdt("0.1"), usdt("0.2"))).toEqual(usdt("0.3"));
    expect(() => plus(usdt("1"), btc("1"))).toThrow(RangeError);
    expect(times(btc("0.00000001"), 3)).toEqual(btc("0.00000003"));
    expect(sumByAsset([usdt("1"), btc("0.5"), usdt("2.25")])).toEqual([usdt("3.25"), btc("0.5")]);
    expect(compareMoney(usdt("9"), usdt("10"))).toBe(-1);
    expect(isZero(usdt("0.00000000"))).toBe(true);
    expect(isZero(usdt("0.00000001"))).toBe(false);
  });
});

describe("an estimate in another asset", () => {
  const rates: Record<string, number> = { "BTC USDT": 60_000, "USDT BTC": 1 / 60_000, "SOL USDT": 150 };
  const rateOf = (asset: string, inAsset: string) => rates[`${asset} ${inAsset}`] ?? null;

  it("goes straight where a market does, else over one asset, else nowhere", () => {
    expect(rateVia("BTC", "USDT", ["USDT"], rateOf)).toBe(60_000);
    expect(rateVia("SOL", "BTC", ["USDT"], rateOf)).toBeCloseTo(0.0025, 10);
    expect(rateVia("SOL", "XRP", ["USDT", "BTC"], rateOf)).toBeNull();
  });

  it("shows the digits that mean something", () => {
    expect(showEstimate(btc("0.5"), "USDT", 60_000).replaceAll(/[^\d.≈ A-Z]/g, "")).toBe("≈ 30000.00 USDT");
    expect(showEstimate(usdt("24.90"), "BTC", 1 / 60_000)).toBe("≈ 0.0004150 BTC");
    expect(showEstimate(usdt("1"), "BTC", null)).toBe("");
  });
});
