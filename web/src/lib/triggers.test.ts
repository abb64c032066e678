import { describe, expect, it } from "vitest";
import { parse, toText } from "./decimal";
import { contingentType, deltaOf, isContingent, percentOfDelta, trailedPrice, waitsForRise } from "./triggers";

describe("orders that wait for the last price", () => {
  it("are named by what they wait for, and the name says it back", () => {
    for (const side of ["BUY", "SELL"] as const) {
      for (const rise of [true, false]) {
        for (const executes of ["LIMIT", "MARKET"] as const) {
          const type = contingentType(side, rise, executes);
          expect(isContingent(type)).toBe(true);
          expect(waitsForRise(type, side)).toBe(rise);
          expect(type.endsWith("_LIMIT")).toBe(executes === "LIMIT");
        }
      }
    }
    expect(contingentType("SELL", false, "MARKET")).toBe("STOP_LOSS");
    expect(["LIMIT", "LIMIT_MAKER", "MARKET"].map(isContingent)).toEqual([false, false, false]);
  });

  it("take percent as whole basis points, and nothing else", () => {
    expect(["2.5", "0.01", "99.99", " 1 %", "1,000"].map(deltaOf)).toEqual([250, 1, 9999, 100, null]);
    expect(["0", "100", "0.005", "-1", "x", ""].map(deltaOf)).toEqual([null, null, null, null, null, null]);
    expect([1, 250, 10_000 - 1].map(percentOfDelta)).toEqual(["0.01", "2.5", "99.99"]);
  });

  it("trigger at the first tick that is far enough behind the best price", () => {
    const tick = parse("0.01");
    const at = (side: "BUY" | "SELL", best: string, delta: number) => toText(trailedPrice(side, parse(best), delta, tick));
    expect(at("SELL", "100", 200)).toBe("98");
    expect(at("BUY", "100", 200)).toBe("102");
    // 100.01 · 0.9877 = 98.779877: 98.78 is not far enough for a sale, 98.77 is
    expect(at("SELL", "100.01", 123)).toBe("98.77");
    // 100.01 · 1.0123 = 101.240123
    expect(at("BUY", "100.01", 123)).toBe("101.25");
  });
});
