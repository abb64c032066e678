/** Which variant is meant by the options chosen so far, and which further choices lead to one that can be bought. */
import type { Variant } from "../api/shop-types";

export type Chosen = Record<string, string>;

const fits = (variant: Variant, chosen: Chosen): boolean => Object.entries(chosen).every(([name, value]) => variant.options[name] === value);

/** The variant that has exactly these options; null while some are open. */
export function variantOf(variants: readonly Variant[], chosen: Chosen): Variant | null {
  return variants.find((variant) => fits(variant, chosen) && Object.keys(variant.options).every((name) => name in chosen)) ?? null;
}

/** "in", "low" or "out" of the best variant that this choice, with the others as they are, would leave; null: there is none. */
export function stockOfChoice(variants: readonly Variant[], chosen: Chosen, name: string, value: string): Variant["stock"] | null {
  const left = variants.filter((variant) => fits(variant, { ...chosen, [name]: value }));
  for (const stock of ["in", "low", "out"] as const) {
    if (left.some((variant) => variant.stock === stock)) return stock;
  }
  return null;
}

/** A choice wins over earlier ones that no variant has together with it. */
export function choose(variants: readonly Variant[], chosen: Chosen, name: string, value: string): Chosen {
  const wanted = { ...chosen, [name]: value };
  if (variants.some((variant) => fits(variant, wanted))) return wanted;
  const having = variants.filter((variant) => variant.options[name] === value);
  const nearest = having.find((variant) => variant.stock !== "out") ?? having[0];
  return nearest ? { ...nearest.options } : wanted;
}

/** Where to begin: the first variant that can be bought. */
export function firstChoice(variants: readonly Variant[]): Chosen {
  const first = variants.find((variant) => variant.saleable > 0) ?? variants[0];
  return first ? { ...first.options } : {};
}
