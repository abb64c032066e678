/** Every step of an order as it was written down: who, when, from what to what. */
import { useCallback, useState } from "react";
import { readAudit } from "../api/shop";
import type { PageAsk, Transition } from "../api/shop-types";
import { type Cell, Form, Heading, PagedTable, StateTag, stateWords, TextField } from "../ui/kit";
import { usePages } from "../state/reading";
import { go, to } from "../ui/route";
import { Empty, Moment } from "../ui/states";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function Audit(props: { orderId: string }) {
  const { orderId } = props;
  const read = useCallback((ask: PageAsk) => readAudit({ ...ask, orderId: orderId || undefined }), [orderId]);
  const rows = usePages(read);
  const [wanted, setWanted] = useState(orderId);
  const fault = wanted.trim() && !UUID.test(wanted.trim()) ? "An order's id looks like 123e4567-e89b-12d3-a456-426614174000." : "";
  const columns: Cell<Transition>[] = [
    { head: "When", cell: (row) => <Moment ms={row.at} /> },
    ...(orderId ? [] : [{ head: "Order", cell: (row: Transition) => (row.orderId ? <a {...to(`/moderate/audit/${row.orderId}`)}><code>{row.orderId.slice(0, 8)}</code></a> : "—") }]),
    { head: "Axis", cell: (row) => stateWords(row.axis) },
    { head: "Event", cell: (row) => <code>{row.event}</code> },
    { head: "Before", extra: true, cell: (row) => (row.before ? <StateTag state={row.before} /> : <span className="quiet">—</span>) },
    { head: "After", cell: (row) => <StateTag state={row.after} /> },
    { head: "By", cell: (row) => row.actor },
  ];
  return (
    <>
      <Heading title="Audit" about="Every change of an order's three states. Nothing here is ever changed or removed." />
      <Form className="find" label="Find an order" onSubmit={() => !fault && go(wanted.trim() ? `/moderate/audit/${wanted.trim()}` : "/moderate/audit")}>
        <TextField label="Order id" value={wanted} onChange={setWanted} error={fault} />
        <button className="button" disabled={fault !== ""}>{wanted.trim() ? "Show the order" : "Show all"}</button>
      </Form>
      <section className="card" aria-label="Audit">
        <PagedTable label="Audit" rows={rows} columns={columns} rowKey={(row) => row.id ?? `${row.at}${row.axis}${row.event}`} empty={<Empty title="Nothing happened yet" />} />
      </section>
    </>
  );
}
