/** The search page's state is its address: read from it, changed by making another address. */
import type { ProductSearch, SortOrder } from "../api/shop-types";
import { parseTyped } from "./decimal";

export const SORTS: { value: SortOrder; text: string }[] = [
  { value: "relevance", text: "Best match" },
  { value: "newest", text: "Newest" },
  { value: "price", text: "Price, low first" },
  { value: "-price", text: "Price, high first" },
  { value: "rating", text: "Best rated" },
  { value: "sold", text: "Most sold" },
];

/** Prices compare within one asset, so an order by price names it. */
export const isByPrice = (sort: SortOrder | undefined): boolean => sort === "price" || sort === "-price";

const CATEGORY_PATH = /^\/shop\/c\/([^/]+)\/?$/;

const amount = (text: string | null): string | undefined => {
  const value = text ? parseTyped(text) : null;
  return value !== null && value >= 0n ? text!.trim() : undefined;
};

export function readSearch(path: string, query: string): ProductSearch {
  const asked = new URLSearchParams(query);
  const category = CATEGORY_PATH.exec(path)?.[1];
  const asset = asked.get("asset") || undefined;
  const sort = SORTS.find(({ value }) => value === asked.get("sort"))?.value;
  const rating = Number(asked.get("rating"));
  return {
    q: asked.get("q")?.trim() || undefined,
    category: category ? decodeURIComponent(category) : asked.get("category") || undefined,
    seller: asked.get("seller") || undefined,
    asset,
    priceMin: asset && amount(asked.get("priceMin")),
    priceMax: asset && amount(asked.get("priceMax")),
    inStock: asked.get("inStock") === "true" || undefined,
    rating: rating >= 1 && rating <= 5 ? rating : undefined,
    attr: asked.getAll("attr"),
    sort: isByPrice(sort) && !asset ? undefined : sort,
  };
}

/** A category without words to look for is a page of its own; everything else is the search. */
export function searchPath(search: ProductSearch): string {
  const { category, attr = [], ...rest } = search;
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined && value !== "" && value !== false) asked.set(name, String(value));
  }
  const onCategory = category !== undefined && !search.q;
  if (category !== undefined && !onCategory) asked.set("category", category);
  for (const one of attr) asked.append("attr", one);
  const path = onCategory ? `/shop/c/${encodeURIComponent(category)}` : "/shop/search";
  return asked.size ? `${path}?${asked}` : path;
}

export const toggleAttribute = (search: ProductSearch, attribute: string): ProductSearch => {
  const present = search.attr ?? [];
  return { ...search, attr: present.includes(attribute) ? present.filter((one) => one !== attribute) : [...present, attribute] };
};

/** How many filters narrow the list; the words and the order are none. */
export function filterCount(search: ProductSearch): number {
  const single = [search.category, search.seller, search.asset, search.priceMin ?? search.priceMax, search.inStock, search.rating];
  return single.filter((value) => value !== undefined).length + (search.attr?.length ?? 0);
}
