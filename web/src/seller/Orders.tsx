/** The seller's orders, by what they wait for. */
import { useCallback } from "react";
import { readSellerOrders } from "../api/shop";
import type { PageAsk, SellerOrderRow, SellerOrderState } from "../api/shop-types";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { Amount, type Cell, Filters, Heading, OrderTags, PagedTable, Thumb } from "../ui/kit";
import { usePages } from "../state/reading";

type Shown = "to-ship" | "shipped" | "disputed" | "held" | "all";

const FILTERS: { shown: Shown; text: string; empty: string; about: string }[] = [
  { shown: "to-ship", text: "To ship", empty: "Nothing to ship", about: "New orders appear here as soon as they are paid." },
  { shown: "shipped", text: "Shipped", empty: "Nothing on its way", about: "What you ship waits here until the buyer confirms it." },
  { shown: "disputed", text: "Disputed", empty: "No open disputes", about: "A dispute keeps the money in escrow until it is decided." },
  { shown: "held", text: "In escrow", empty: "Nothing in escrow", about: "Paid orders are held here until the goods are received." },
  { shown: "all", text: "All", empty: "No orders yet", about: "Your first order will appear here." },
];

const COLUMNS: Cell<SellerOrderRow>[] = [
  { head: "Order", cell: (row) => <a {...to(`/seller/orders/${row.id}`)}>#{row.number}</a> },
  {
    head: "Goods",
    cell: (row) => (
      <span className="with-thumb">
        <Thumb image={row.image} size={32} />
        <span className="clip">
          {row.title}
          {row.lineCount > 1 && <span className="quiet"> and {row.lineCount - 1} more</span>}
        </span>
      </span>
    ),
  },
  { head: "Buyer", extra: true, cell: (row) => row.buyer },
  { head: "Placed", extra: true, cell: (row) => <Moment ms={row.placedAt} /> },
  { head: "State", cell: (row) => <OrderTags of={row} /> },
  { head: "Total", right: true, cell: (row) => <Amount of={row.total} /> },
];

export const isOrderFilter = (text: string): text is Shown => FILTERS.some((one) => one.shown === text);

export function Orders(props: { shown: Shown }) {
  const { shown } = props;
  const filter = FILTERS.find((one) => one.shown === shown)!;
  const read = useCallback(
    async (ask: PageAsk) => {
      if (shown !== "held") return readSellerOrders({ ...ask, state: shown.replace("-", "_") as SellerOrderState });
      return readHeld(ask);
    },
    [shown],
  );
  const rows = usePages(read);
  return (
    <>
      <Heading title="Orders" />
      <Filters label="Orders by state" choices={FILTERS.map((one) => ({ path: one.shown === "to-ship" ? "/seller/orders" : `/seller/orders/${one.shown}`, text: one.text }))} />
      <section className="card" aria-label={`Orders: ${filter.text}`}>
        <PagedTable
          label={`Orders: ${filter.text}`}
          rows={rows}
          columns={COLUMNS}
          rowKey={(row) => row.id}
          empty={
            <Empty title={filter.empty}>
              <p>{filter.about}</p>
            </Empty>
          }
        />
      </section>
    </>
  );
}

/** Those of all orders whose payment is in escrow; pages without one are passed over. */
async function readHeld(ask: PageAsk) {
  let after = ask.after;
  for (;;) {
    const { items, next } = await readSellerOrders({ state: "all", limit: 100, after });
    const held = items.filter((row) => row.payment === "held");
    if (held.length || !next) return { items: held, next };
    after = next;
  }
}
