/** The cart as it will be once the shop has agreed: changed here at once, and compared with what the shop then says. */
import type { Cart, CartLine, Named } from "../api/shop-types";
import { sumByAsset, times } from "./money";

export const EMPTY_CART: Cart = { id: null, sellers: [], count: 0, totals: [], notices: [] };

export const linesOf = (cart: Cart): CartLine[] => cart.sellers.flatMap((group) => group.lines);

/** The same cart with another quantity of one line; 0 takes the line out, and a seller without lines goes too. */
export function withQuantity(cart: Cart, variantId: string, quantity: number): Cart {
  const sellers = cart.sellers
    .map((group) => {
      const lines = group.lines
        .map((line) => (line.variantId === variantId ? { ...line, quantity, total: times(line.unitPrice, quantity) } : line))
        .filter((line) => line.variantId !== variantId || line.quantity > 0);
      const itemsTotal = sumByAsset(lines.map((line) => line.total))[0] ?? { asset: group.asset, amount: "0" };
      return { ...group, lines, itemsTotal };
    })
    .filter((group) => group.lines.length > 0);
  return {
    ...cart,
    sellers,
    count: sellers.reduce((count, group) => count + group.lines.reduce((sum, line) => sum + line.quantity, 0), 0),
    totals: sumByAsset(sellers.map((group) => group.itemsTotal)),
  };
}

/** The same cart with so many more of a line, which may be new to it. */
export function withMore(cart: Cart, seller: Named, line: CartLine): Cart {
  const present = linesOf(cart).find((one) => one.variantId === line.variantId);
  if (present) return withQuantity(cart, line.variantId, present.quantity + line.quantity);
  const { asset } = line.unitPrice;
  const group = cart.sellers.find((one) => one.seller.slug === seller.slug && one.asset === asset);
  const nothing = { asset, amount: "0" };
  const grown = group ? { ...group, lines: [...group.lines, line] } : { seller, asset, lines: [line], itemsTotal: nothing };
  const others = cart.sellers.filter((one) => one !== group);
  return withQuantity({ ...cart, sellers: [...others, grown] }, line.variantId, line.quantity);
}

/** Lines of which the shop keeps another quantity than was wished: variant -> words. */
export function corrections(wished: ReadonlyMap<string, number>, answer: Cart): Map<string, string> {
  const words = new Map<string, string>();
  for (const [variantId, quantity] of wished) {
    const line = linesOf(answer).find((one) => one.variantId === variantId);
    const kept = line?.quantity ?? 0;
    if (kept === quantity) continue;
    words.set(variantId, !line ? "This is no longer available and was taken out." : kept ? `Only ${line.saleable} left, so the quantity is ${kept}.` : "Nothing is left of this.");
  }
  return words;
}
