import { describe, expect, it } from "vitest";
import type { Cart, CartLine } from "../api/shop-types";
import { corrections, linesOf, withQuantity } from "./cart";

const line = (variantId: string, quantity: number, price: string, asset = "USDT", saleable = 9): CartLine => ({
  variantId, quantity, saleable, productSlug: variantId, title: variantId, options: {}, image: null,
  unitPrice: { asset, amount: price }, priceSeen: { asset, amount: price }, total: { asset, amount: "0" },
});

const cart: Cart = {
  id: "c", count: 4, notices: [], totals: [],
  sellers: [
    { seller: { slug: "a", name: "A" }, asset: "USDT", itemsTotal: { asset: "USDT", amount: "50" }, lines: [line("mug", 2, "12.50"), line("cup", 1, "25.00")] },
    { seller: { slug: "b", name: "B" }, asset: "BTC", itemsTotal: { asset: "BTC", amount: "0.1" }, lines: [line("desk", 1, "0.10000000", "BTC")] },
  ],
};

describe("a cart changed ahead of the shop", () => {
  it("counts and sums exactly, per asset", () => {
    const changed = withQuantity(cart, "mug", 3);
    expect(changed.count).toBe(5);
    expect(changed.totals).toEqual([{ asset: "USDT", amount: "37.5" }, { asset: "BTC", amount: "0" }]);
    const all = withQuantity(withQuantity(changed, "cup", 1), "desk", 3);
    expect(all.totals).toEqual([{ asset: "USDT", amount: "62.5" }, { asset: "BTC", amount: "0.3" }]);
    expect(all.sellers[0]!.itemsTotal).toEqual({ asset: "USDT", amount: "62.5" });
  });

  it("takes a line out at 0, and its seller with the last one", () => {
    const changed = withQuantity(cart, "desk", 0);
    expect(changed.sellers.map(({ seller }) => seller.slug)).toEqual(["a"]);
    expect(linesOf(changed).map(({ variantId }) => variantId)).toEqual(["mug", "cup"]);
  });

  it("leaves the cart that was shown as it was", () => {
    const before = structuredClone(cart);
    withQuantity(cart, "mug", 9);
    expect(cart).toEqual(before);
  });

  it("tells where the shop kept another quantity than was wished", () => {
    const answer: Cart = { ...cart, sellers: [{ ...cart.sellers[0]!, lines: [line("mug", 2, "12.50", "USDT", 2), line("cup", 0, "25.00", "USDT", 0)] }] };
    const words = corrections(new Map([["mug", 5], ["cup", 1], ["desk", 2]]), answer);
    expect(words.get("mug")).toBe("Only 2 left, so the quantity is 2.");
    expect(words.get("cup")).toBe("Nothing is left of this.");
    expect(words.get("desk")).toMatch(/no longer available/);
    expect(corrections(new Map([["mug", 2]]), answer).size).toBe(0);
  });
});
