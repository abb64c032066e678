import { describe, expect, it } from "vitest";
import { barWords, distanceTo, gaugePlace, levelText, rateText, readLevel, zoneOf, zoneWords } from "./margin";

const bars = { borrow: 1.5, call: 1.3, liquidation: 1.1 };

describe("a margin level", () => {
  it("is infinite without debt", () => {
    expect(readLevel("999.00000000", false)).toBe(Infinity);
    expect(levelText(readLevel("999.00000000", true))).toBe("over 100");
    expect(readLevel("1.25", true)).toBe(1.25);
    expect(levelText(Infinity)).toBe("No debt");
    expect([1.2345, 2.9999, 1.3, 12.39, 500].map(levelText)).toEqual(["1.234", "2.999", "1.300", "12.3", "over 100"]);
  });

  it("stands in the zone that the core would act on: thresholds belong to the worse side", () => {
    expect([Infinity, 1.5, 1.499, 1.3, 1.1, 1].map((level) => zoneOf(level, bars))).toEqual(["free", "safe", "tight", "call", "liquidation", "liquidation"]);
    expect([Infinity, 1.2, 2].map((level) => zoneOf(level, bars, true))).toEqual(["free", "liquidation", "liquidation"]);
    expect(zoneWords("call", 1.2, bars)).toMatch(/at 1\.10 the exchange sells/);
    expect(barWords(bars).map(({ at }) => at)).toEqual([1.1, 1.3, 1.5]);
  });

  it("has its place on the gauge, thresholds in order", () => {
    const places = [1, bars.liquidation, bars.call, bars.borrow, 2.5, 9, Infinity].map((level) => gaugePlace(level, bars));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect([places[0], places.at(-1)]).toEqual([0, 1]);
    expect(gaugePlace(0.4, bars)).toBe(0);
  });

  it("says how far the price may go", () => {
    expect(distanceTo(0, 100)).toBeNull();
    expect(distanceTo(80, 100)).toBeCloseTo(-0.2);
    expect(distanceTo(130, 100)).toBeCloseTo(0.3);
  });

  it("shows small rates with digits that mean something", () => {
    expect([0.00001234, 0.0005, 0.12, 0].map(rateText)).toEqual(["0.0012%", "0.05%", "12.00%", "0%"]);
  });
});
