/** The pools that margin traders borrow from: what is in them, what they earn, and what of them is one's own. */
import { useState } from "react";
import { type Pool, readPools } from "../api/margin";
import { showCompact } from "../lib/format";
import { toNumber } from "../lib/decimal";
import { rateText, yearly } from "../lib/margin";
import { useRead } from "../state/reading";
import { Card, type Cell, Heading, PagedTable } from "../ui/kit";
import { Empty } from "../ui/states";
import { LendDialog } from "./dialogs";
import { amount8 } from "./words";

export function Lending() {
  const pools = useRead(readPools);
  const [doing, setDoing] = useState<{ asset: string; out: boolean } | null>(null);
  const pool = pools.value?.find((one) => one.asset === doing?.asset);
  const columns: Cell<Pool>[] = [
    { head: "Asset", cell: (row) => <b>{row.asset}</b> },
    { head: "Yours", right: true, cell: (row) => (row.mine ? amount8(row.mine) : <span className="quiet">—</span>) },
    { head: "Earns a year", right: true, cell: (row) => rateText(yearly(row.lendRate)) },
    { head: "Borrowers pay", right: true, extra: true, cell: (row) => rateText(yearly(row.borrowRate)) },
    { head: "In the pool", right: true, extra: true, cell: (row) => showCompact(toNumber(row.lent)) },
    { head: "Borrowed", right: true, extra: true, cell: (row) => `${(row.utilization * 100).toFixed(1)}%` },
    {
      head: "(Actions)",
      right: true,
      cell: (row) => (
        <span className="row-tools">
          {row.mine > 0n && (
            <button className="button small" aria-label={`Take out ${row.asset}`} onClick={() => setDoing({ asset: row.asset, out: true })}>
              Take out
            </button>
          )}
          <button className="button small" aria-label={`Lend ${row.asset}`} onClick={() => setDoing({ asset: row.asset, out: false })}>
            Lend
          </button>
        </span>
      ),
    },
  ];
  return (
    <>
      <Heading title="Lending" about="Lend what you hold to margin traders. Interest is added to what is yours every hour; take it out whenever it is not lent." />
      <Card title="Pools">
        <PagedTable label="Pools" rows={pools} columns={columns} rowKey={(row) => row.asset} empty={<Empty title="No pools yet" />} />
      </Card>
      {doing && pool && <LendDialog pool={pool} out={doing.out} onClose={() => setDoing(null)} onDone={pools.reload} />}
    </>
  );
}
