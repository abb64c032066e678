/** Money that was decided to move and has not: why, and another attempt. */
import { useCallback } from "react";
import { readSettlements, retrySettlement } from "../api/shop";
import type { PageAsk, Settlement } from "../api/shop-types";
import { type Cell, Filters, Heading, PagedTable, StateTag } from "../ui/kit";
import { useDeed, usePages } from "../state/reading";
import { say } from "../state/notices";
import { Empty, Moment } from "../ui/states";

export function Settlements(props: { state: "stuck" | "pending"; onRetried: () => void }) {
  const { state } = props;
  const read = useCallback((ask: PageAsk) => readSettlements({ ...ask, state }), [state]);
  const rows = usePages(read);
  const deed = useDeed();
  const retry = async (row: Settlement) => {
    const answer = await deed.run({ id: row.id, attempts: row.attempts }, (key) => retrySettlement(row.id, key));
    if (!answer) return;
    say(answer.state === "stuck" ? "It is stuck still" : "Tried again");
    rows.reload();
    props.onRetried();
  };
  const columns: Cell<Settlement>[] = [
    { head: "Purpose", cell: (row) => row.purpose },
    { head: "Of", extra: true, cell: (row) => <code title={row.subjectId}>{row.subjectId.slice(0, 8)}</code> },
    { head: "State", cell: (row) => <StateTag state={row.state} /> },
    { head: "Cause", cell: (row) => <span className="clip" title={row.cause}>{row.cause || "—"}</span> },
    { head: "Attempts", right: true, cell: (row) => row.attempts },
    { head: "Since", extra: true, cell: (row) => <Moment ms={row.createdAt} /> },
    { head: "(Actions)", right: true, cell: (row) => <button className="button small" disabled={deed.busy} onClick={() => retry(row)}>Try again</button> },
  ];
  return (
    <>
      <Heading title="Settlements" about="Each is a chain of transfers that happens as a whole or not at all; a stuck one has moved nothing." />
      <Filters label="Settlements by state" choices={[{ path: "/moderate/settlements", text: "Stuck" }, { path: "/moderate/settlements/pending", text: "Under way" }]} />
      <section className="card" aria-label="Settlements">
        <PagedTable label="Settlements" rows={rows} columns={columns} rowKey={(row) => row.id} empty={<Empty title={state === "stuck" ? "Nothing is stuck" : "Nothing is under way"} />} />
      </section>
    </>
  );
}
