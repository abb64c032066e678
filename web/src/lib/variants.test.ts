import { describe, expect, it } from "vitest";
import type { Variant } from "../api/shop-types";
import { choose, firstChoice, stockOfChoice, variantOf } from "./variants";

const variant = (id: string, size: string, colour: string, stock: Variant["stock"]): Variant => ({
  id, stock, sku: id, options: { Size: size, Colour: colour }, price: { asset: "USDT", amount: "1" }, saleable: stock === "out" ? 0 : 3, weightG: 1,
});

const variants = [variant("sr", "S", "Red", "out"), variant("sb", "S", "Blue", "low"), variant("lr", "L", "Red", "in")];

describe("choosing a variant", () => {
  it("begins with one that can be bought", () => {
    expect(firstChoice(variants)).toEqual({ Size: "S", Colour: "Blue" });
    expect(firstChoice([])).toEqual({});
  });

  it("knows the variant once every option is chosen", () => {
    expect(variantOf(variants, { Size: "L", Colour: "Red" })?.id).toBe("lr");
    expect(variantOf(variants, { Size: "S" })).toBeNull();
    expect(variantOf(variants, { Size: "L", Colour: "Blue" })).toBeNull();
    expect(variantOf([{ ...variants[0]!, options: {} }], {})?.id).toBe("sr");
  });

  it("tells what a choice would lead to", () => {
    expect(stockOfChoice(variants, { Size: "S", Colour: "Blue" }, "Colour", "Red")).toBe("out");
    expect(stockOfChoice(variants, { Size: "S", Colour: "Blue" }, "Colour", "Blue")).toBe("low");
    expect(stockOfChoice(variants, { Size: "S", Colour: "Blue" }, "Size", "L")).toBeNull();
  });

  it("follows the newest choice to the nearest variant there is", () => {
    expect(choose(variants, { Size: "S", Colour: "Blue" }, "Size", "L")).toEqual({ Size: "L", Colour: "Red" });
    expect(choose(variants, { Size: "S", Colour: "Blue" }, "Colour", "Red")).toEqual({ Size: "S", Colour: "Red" });
  });
});
