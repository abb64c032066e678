import { describe, expect, it } from "vitest";
import { ppmOf } from "../lib/amounts";
import { combinations, faultOf, matrix, skuOf, VARIANTS_MAX } from "./variants";

const SIZES = { name: "Size", values: ["S", "M"] };
const COLOURS = { name: "Colour", values: ["Moss", "Rust"] };

describe("a product's matrix", () => {
  it("has a row for each way to combine the options, and one where there are none", () => {
    expect(combinations([])).toEqual([{}]);
    expect(combinations([{ name: " ", values: ["x"] }, { name: "Size", values: [] }])).toEqual([{}]);
    expect(combinations([SIZES, COLOURS]).map((one) => Object.values(one).join(" "))).toEqual(["S Moss", "S Rust", "M Moss", "M Rust"]);
  });

  it("stops at the most variants a product may have", () => {
    const many = { name: "N", values: Array.from({ length: 30 }, (_, i) => String(i)) };
    expect(combinations([many, { ...many, name: "O" }])).toHaveLength(VARIANTS_MAX);
  });

  it("keeps what was typed into rows that are still there, and starts new ones as the first is", () => {
    const [first] = matrix([SIZES], [], "Wool blanket");
    const typed = { ...first!, price: "12.50", ownSku: "MINE" };
    const rows = matrix([{ ...SIZES, values: ["S", "M", "L"] }], [typed], "Wool blanket");
    expect(rows.map((row) => [row.sku, row.price])).toEqual([["MINE", "12.50"], ["WOOL-BLANKET-M", "12.50"], ["WOOL-BLANKET-L", "12.50"]]);
  });

  it("names rows by the title, in letters that a SKU has", () => {
    expect(skuOf("Äpfel & Öl", { Size: "1/2 l" })).toBe("PFEL-L-1-2-L");
    expect(skuOf("", {})).toBe("ITEM");
    expect(skuOf("x".repeat(50), { a: "y".repeat(50), b: "z".repeat(50), c: "w".repeat(50) }).length).toBeLessThanOrEqual(40);
  });

  it("says what is wrong with a row", () => {
    const good = { sku: "A", price: "1", weightG: "", onHand: "0", threshold: "-5" };
    expect(faultOf(good, [good])).toBe("");
    for (const bad of [{ sku: " " }, { price: "0" }, { price: "1e3" }, { price: "-1" }, { weightG: "1.5" }, { onHand: "-1" }, { onHand: "" }, { threshold: "x" }]) {
      expect(faultOf({ ...good, ...bad }, [])).not.toBe("");
    }
    expect(faultOf(good, [good, { sku: "A " }])).toContain("SKU A");
  });
});

describe("a percentage", () => {
  it("is parts per million, exactly", () => {
    expect([ppmOf("5"), ppmOf("0.0001"), ppmOf("100"), ppmOf("0")]).toEqual([50_000, 1, 1_000_000, 0]);
    expect([ppmOf("100.1"), ppmOf("-1"), ppmOf(""), ppmOf("5%")]).toEqual([null, null, null, null]);
  });
});
