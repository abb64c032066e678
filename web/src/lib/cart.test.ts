import { describe, expect, it } from "vitest";
import type { Cart, CartLine } from "../api/shop-types";
import { corrections, linesOf, withMore, withQuantity } from "./cart";

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

  it("takes goods that are new to it, from sellers old and new", () => {
    const a = { slug: "a", name: "A" };
    const more = withMore(cart, a, line("mug", 3, "12.50"));
    expect(linesOf(more).find((one) => one.variantId === "mug")!.quantity).toBe(linesOf(cart).find((one) => one.variantId === "mug")!.quantity + 3);
    const joined = withMore(cart, a, line("bowl", 2, "4.00"));
    expect(joined.sellers.find((one) => one.seller.slug === "a")!.lines.map((one) => one.variantId)).toEqual(["mug", "cup", "bowl"]);
    const stranger = withMore(cart, { slug: "c", name: "C" }, line("lamp", 1, "0.5", "ETH"));
    expect(stranger.sellers).toHaveLength(cart.sellers.length + 1);
    expect(stranger.totals.find((money) => money.asset === "ETH")).toEqual({ asset: "ETH", amount: "0.5" });
    expect(stranger.count).toBe(linesOf(stranger).reduce((sum, one) => sum + one.quantity, 0));
  });
});
