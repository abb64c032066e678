/** What the seller offers, by state. */
import { useCallback } from "react";
import { readSellerProducts } from "../api/shop";
import type { PageAsk, ProductState, SellerProduct } from "../api/shop-types";
import { columnPlaces, compareMoney, showAmount } from "../lib/money";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { type Cell, Filters, Heading, PagedTable, StateTag, Thumb } from "../ui/kit";
import { usePages } from "../state/reading";

const FILTERS: { state: ProductState | ""; text: string }[] = [
  { state: "", text: "All" },
  { state: "active", text: "Active" },
  { state: "draft", text: "Drafts" },
  { state: "archived", text: "Archived" },
  { state: "blocked", text: "Blocked" },
];

const pathOf = (state: string): string => (state ? `/seller/products/${state}` : "/seller/products");

export const isProductState = (text: string): text is ProductState => text !== "" && FILTERS.some((one) => one.state === text);

function priceText({ variants, asset }: SellerProduct): string {
  const prices = variants.map((one) => one.price).sort(compareMoney);
  const [low] = prices;
  const high = prices.at(-1);
  if (!low || !high) return "—";
  const places = columnPlaces([low, high]);
  return `${showAmount(low, places)}${compareMoney(low, high) ? ` – ${showAmount(high, places)}` : ""} ${asset}`;
}

function StockText({ of: { variants } }: { of: SellerProduct }) {
  const active = variants.filter((one) => one.active);
  const onHand = active.reduce((all, one) => all + one.onHand, 0);
  const out = active.filter((one) => one.stock === "out").length;
  return (
    <>
      {onHand}
      {out > 0 && (
        <span className="sub down">
          {out === active.length ? "sold out" : `${out} of ${active.length} sold out`}
        </span>
      )}
    </>
  );
}

const COLUMNS: Cell<SellerProduct>[] = [
  {
    head: "Product",
    cell: (row) => (
      <a className="with-thumb" {...to(`/seller/products/${row.id}`)}>
        <Thumb image={row.images[0] ?? null} size={32} />
        <span className="clip">{row.title}</span>
      </a>
    ),
  },
  { head: "State", cell: (row) => <StateTag state={row.state} /> },
  { head: "Category", extra: true, cell: (row) => row.category.name },
  { head: "Price", right: true, cell: priceText },
  { head: "On hand", right: true, cell: (row) => <StockText of={row} /> },
  { head: "Sold", right: true, extra: true, cell: (row) => row.sold },
  { head: "Rating", right: true, extra: true, cell: (row) => (row.rating === null ? <span className="quiet">—</span> : `${row.rating.toFixed(1)} (${row.ratingCount})`) },
  { head: "Changed", right: true, extra: true, cell: (row) => <Moment ms={row.updatedAt} /> },
];

export function Products(props: { state: ProductState | "" }) {
  const { state } = props;
  const read = useCallback((ask: PageAsk) => readSellerProducts({ ...ask, state: state || undefined }), [state]);
  const rows = usePages(read);
  const filter = FILTERS.find((one) => one.state === state)!;
  return (
    <>
      <Heading title="Products">
        <a className="button primary" {...to("/seller/products/new")}>Add a product</a>
      </Heading>
      <Filters label="Products by state" choices={FILTERS.map((one) => ({ path: pathOf(one.state), text: one.text }))} />
      <section className="card" aria-label={`Products: ${filter.text}`}>
        <PagedTable
          label={`Products: ${filter.text}`}
          rows={rows}
          columns={COLUMNS}
          rowKey={(row) => row.id}
          empty={
            <Empty title={state ? `No products here` : "No products yet"}>
              <p>{state ? "Products in this state appear here." : "Describe it, set a price and how many you have. It stays a draft until you put it on sale."}</p>
              {!state && <a className="button small primary" {...to("/seller/products/new")}>Add a product</a>}
            </Empty>
          }
        />
      </section>
    </>
  );
}
