/** The matrix of a product's variants: options with their values, and one row for each way to combine them. */
import { isAmount } from "../lib/amounts";

export interface Option {
  name: string;
  values: string[];
}

/** A row as it is typed. */
export interface VariantDraft {
  options: Record<string, string>;
  /** null: it follows the title. */
  ownSku: string | null;
  sku: string;
  price: string;
  weightG: string;
  onHand: string;
  threshold: string;
}

export const VARIANTS_MAX = 50;

/** Every combination, in the order of the options' values; one row without options where there are none. */
export function combinations(options: readonly Option[]): Record<string, string>[] {
  let rows: Record<string, string>[] = [{}];
  for (const { name, values } of options) {
    if (!name.trim() || !values.length) continue;
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name.trim()]: value })));
    if (rows.length > VARIANTS_MAX) return rows.slice(0, VARIANTS_MAX);
  }
  return rows;
}

export const nameOfOptions = (options: Record<string, string>): string => Object.values(options).join(" / ");

const keyOf = (options: Record<string, string>): string => JSON.stringify(Object.entries(options).sort());

const skuPart = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 12);

export const skuOf = (title: string, options: Record<string, string>): string =>
  [skuPart(title) || "ITEM", ...Object.values(options).map(skuPart)].filter(Boolean).join("-").slice(0, 40);

/** The rows for these options; what was typed into a row that is still there stays. New rows start as the first row is. */
export function matrix(options: readonly Option[], present: readonly VariantDraft[], title: string): VariantDraft[] {
  const known = new Map(present.map((row) => [keyOf(row.options), row]));
  const pattern = present[0] ?? { ownSku: null, sku: "", price: "", weightG: "", onHand: "0", threshold: "0" };
  return combinations(options).map((chosen) => {
    const row = known.get(keyOf(chosen)) ?? { ...pattern, ownSku: null, options: chosen };
    return { ...row, sku: row.ownSku ?? skuOf(title, chosen) };
  });
}

export const isCount = (text: string): boolean => /^\d{1,7}$/.test(text.trim());

export const isWholeNumber = (text: string): boolean => /^-?\d{1,7}$/.test(text.trim());

/** What is wrong with a row, in words; "" when nothing is. */
export function faultOf(row: Pick<VariantDraft, "sku" | "price" | "weightG" | "onHand" | "threshold">, others: readonly { sku: string }[]): string {
  if (!row.sku.trim()) return "A variant needs a SKU.";
  if (others.filter((one) => one.sku.trim() === row.sku.trim()).length > 1) return `Two variants have the SKU ${row.sku.trim()}.`;
  if (!isAmount(row.price)) return "The price must be an amount above 0.";
  if (row.weightG.trim() && !isCount(row.weightG)) return "The weight is a whole number of grams.";
  if (!isCount(row.onHand)) return "On hand is a whole number, 0 or more.";
  if (!isWholeNumber(row.threshold)) return "Kept back is a whole number; a negative one allows back-orders.";
  return "";
}
