/** The cross account: everything in it backs everything that is owed. */
import { useState } from "react";
import type { MarginState } from "../state/margin";
import { Card, Heading } from "../ui/kit";
import { Empty } from "../ui/states";
import { BorrowDialog, RepayDialog, TransferDialog } from "./dialogs";
import { BarsExplained, Gauge } from "./Gauge";
import { AssetsTable, LastLiquidation, WithMargin } from "./parts";

type Doing = { what: "in" | "out" | "borrow" | "repay"; asset?: string } | null;

export function CrossPage() {
  const [doing, setDoing] = useState<Doing>(null);
  return (
    <>
      <Heading title="Cross margin" about="One account for all pairs: everything in it backs everything you owe.">
        <button className="button" onClick={() => setDoing({ what: "out" })}>
          Move out
        </button>
        <button className="button primary" onClick={() => setDoing({ what: "in" })}>
          Move funds in
        </button>
      </Heading>
      <WithMargin>{(state) => <Cross state={state} doing={doing} onDo={setDoing} />}</WithMargin>
    </>
  );
}

function Cross({ state, doing, onDo }: { state: MarginState; doing: Doing; onDo: (doing: Doing) => void }) {
  const { cross, bars } = state;
  const used = cross.rows.filter((row) => row.free || row.locked || row.borrowed || row.interest);
  const shown = used.length ? [...used, ...cross.rows.filter((row) => !used.includes(row))] : cross.rows;
  const close = () => onDo(null);
  return (
    <>
      <LastLiquidation symbol={null} />
      <Card title="Margin level" about="The value of what is in the account, for each 1 that is owed.">
        <div className="body margin-level">
          <Gauge {...cross} bars={bars} label="Margin level of the cross account" />
          <BarsExplained bars={bars} />
        </div>
      </Card>
      <Card title="Assets" about={aboutAssets(cross)}>
        {cross.rows.length ? (
          <AssetsTable label="Assets of the cross account" rows={shown} onBorrow={(asset) => onDo({ what: "borrow", asset })} onRepay={(asset) => onDo({ what: "repay", asset })} />
        ) : (
          <Empty title="No asset is set up for margin yet" />
        )}
      </Card>
      {doing?.what === "in" && <TransferDialog from="SPOT" to="CROSS" onClose={close} />}
      {doing?.what === "out" && <TransferDialog from="CROSS" to="SPOT" onClose={close} />}
      {doing?.what === "borrow" && <BorrowDialog where={{ symbol: null }} assets={cross.rows.map((row) => row.asset)} asset={doing.asset} onClose={close} />}
      {doing?.what === "repay" && <RepayDialog where={{ symbol: null }} rows={cross.rows} asset={doing.asset} onClose={close} />}
    </>
  );
}

function aboutAssets(cross: MarginState["cross"]): string | undefined {
  if (!cross.created) return "The account opens with the first funds that you move in.";
  return cross.trades ? undefined : "Orders wait while this account is frozen or being liquidated.";
}
