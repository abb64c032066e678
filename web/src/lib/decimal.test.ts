import { describe, expect, it } from "vitest";
import { ceilTo, divide, floorTo, isMultiple, multiply, parse, parseTyped, placesOf, toFixed, toText, tryParse } from "./decimal";

describe("decimals", () => {
  it("keep what a float would lose", () => {
    expect(toText(parse("0.1") + parse("0.2"))).toBe("0.3");
    expect(toText(parse("9007199254740993.000000000001"))).toBe("9007199254740993.000000000001");
    expect(toText(multiply(parse("0.07"), parse("100")))).toBe("7");
  });

  it("round towards zero, and say so in their names", () => {
    expect(toText(multiply(parse("0.000001"), parse("0.0000015")))).toBe("0.000000000001");
    expect(toText(divide(parse("2"), parse("3")))).toBe("0.666666666666");
    expect(toText(divide(parse("-2"), parse("3")))).toBe("-0.666666666666");
    expect(toText(floorTo(parse("1.2399"), parse("0.01")))).toBe("1.23");
    expect(toText(ceilTo(parse("1.2301"), parse("0.01")))).toBe("1.24");
    expect(toText(ceilTo(parse("1.23"), parse("0.01")))).toBe("1.23");
  });

  it("refuse what is not a plain decimal", () => {
    for (const text of ["", ".", "1e5", "NaN", "0x10", "1.2.3", "--1", "1.0000000000001"]) expect(tryParse(text)).toBeNull();
    expect(() => parse("1e-8")).toThrow(RangeError);
  });

  it("take typed thousands only where nothing else can be meant", () => {
    expect(parseTyped("1,234,567.8")).toBe(parse("1234567.8"));
    expect(parseTyped(" 64 000.50 ")).toBe(parse("64000.5"));
    expect(parseTyped("1,5")).toBeNull();
    expect(parseTyped("1,000")).toBeNull();
    expect(parseTyped("12,34.5")).toBeNull();
  });

  it("write fixed places without rounding up", () => {
    expect(toFixed(parse("1.999"), 2)).toBe("1.99");
    expect(toFixed(parse("5"), 3)).toBe("5.000");
    expect(toFixed(parse("-0.5"), 0)).toBe("-0");
    expect(placesOf(parse("0.01000000"))).toBe(2);
    expect(placesOf(parse("5"))).toBe(0);
    expect(isMultiple(parse("0.3"), parse("0.1"))).toBe(true);
    expect(isMultiple(parse("0.35"), parse("0.1"))).toBe(false);
  });
});
