/** Disputes by what they wait for. */
import { useCallback } from "react";
import { readDisputes } from "../api/shop";
import type { ModeratedDispute, PageAsk } from "../api/shop-types";
import { Amount, type Cell, Filters, Heading, PagedTable, Thumb } from "../ui/kit";
import { DISPUTE_REASONS } from "../seller/OrderPage";
import { usePages } from "../state/reading";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";

export const isDisputeFilter = (text: string): text is "open" | "decided" => text === "open" || text === "decided";

const COLUMNS: Cell<ModeratedDispute>[] = [
  { head: "Order", cell: (row) => <a {...to(`/moderate/disputes/${row.order.id}`)}>#{row.order.number}</a> },
  { head: "Goods", cell: (row) => <span className="with-thumb"><Thumb image={row.order.image} size={32} /><span className="clip">{row.order.title}</span></span> },
  { head: "Reason", cell: (row) => DISPUTE_REASONS[row.reason] ?? row.reason },
  { head: "Seller", extra: true, cell: (row) => row.order.seller.name },
  { head: "Answered", extra: true, cell: (row) => (row.sellerReply ? "Yes" : <span className="quiet">Not yet</span>) },
  { head: "Opened", extra: true, cell: (row) => <Moment ms={row.openedAt} /> },
  { head: "Total", right: true, cell: (row) => <Amount of={row.order.total} /> },
];

const DECIDED: Cell<ModeratedDispute>[] = [...COLUMNS, { head: "To the buyer", right: true, cell: (row) => (row.toBuyer ? <Amount of={row.toBuyer} /> : <span className="quiet">—</span>) }];

export function Disputes(props: { state: "open" | "decided" }) {
  const { state } = props;
  const read = useCallback((ask: PageAsk) => readDisputes({ ...ask, state }), [state]);
  const rows = usePages(read);
  return (
    <>
      <Heading title="Disputes" about="The money stays in escrow until you decide." />
      <Filters label="Disputes by state" choices={[{ path: "/moderate/disputes", text: "Open" }, { path: "/moderate/disputes/decided", text: "Decided" }]} />
      <section className="card" aria-label="Disputes">
        <PagedTable
          label="Disputes" rows={rows} columns={state === "open" ? COLUMNS : DECIDED} rowKey={(row) => row.id}
          empty={<Empty title={state === "open" ? "No open disputes" : "None decided yet"} />}
        />
      </section>
    </>
  );
}
