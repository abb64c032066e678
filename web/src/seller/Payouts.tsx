/** The seller's money: what waits in escrow, what is kept in reserve, what can be paid out now, and every entry behind it. */
import { useState } from "react";
import { payOut, readPayouts, readSellerBalance, readSellerEntries } from "../api/shop";
import type { LedgerEntry, Payout, SellerBalance } from "../api/shop-types";
import { parse } from "../lib/decimal";
import { showAmount } from "../lib/money";
import { say } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { isAmount } from "../lib/amounts";
import { Amount, amountText, Card, type Cell, Form, Heading, PagedTable, Refused, StateTag, TextField } from "../ui/kit";
import { useDeed, usePages, useRead } from "../state/reading";

const RECORDED_AFTER_MS = 1_500;

const PAYOUTS: Cell<Payout>[] = [
  { head: "When", cell: (row) => <Moment ms={row.createdAt} /> },
  { head: "State", cell: (row) => <StateTag state={row.state} /> },
  { head: "Amount", right: true, cell: (row) => <Amount of={row.amount} /> },
];

const balanceText = (row: LedgerEntry): string =>
  row.balance === undefined ? "—" : typeof row.balance === "string" ? amountText(row.balance) : showAmount(row.balance);

const ENTRIES: Cell<LedgerEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.at} /> },
  { head: "What", cell: (row) => (row.orderId ? <a {...to(`/seller/orders/${row.orderId}`)}>{row.text}</a> : row.text) },
  { head: "Amount", right: true, cell: (row) => <span className={row.sign === "+" ? "up" : ""}><Amount of={row.amount} sign={row.sign === "+" ? "+" : "−"} /></span> },
  { head: "Payable after", right: true, extra: true, cell: balanceText },
];

export function Payouts() {
  const balances = useRead(readSellerBalance);
  const payouts = usePages(readPayouts);
  const entries = usePages(readSellerEntries);
  const [asked, setAsked] = useState<SellerBalance | null>(null);
  const columns: Cell<SellerBalance>[] = [
    { head: "Asset", cell: (row) => <b>{row.asset}</b> },
    { head: "In escrow", right: true, cell: (row) => <a {...to("/seller/orders/held")}>{amountText(row.held)}</a> },
    { head: "In reserve", right: true, extra: true, cell: (row) => amountText(row.reserve) },
    { head: "Payable", right: true, cell: (row) => <b data-testid={`payable-${row.asset}`}>{amountText(row.payable)}</b> },
    { head: "Paid out", right: true, extra: true, cell: (row) => amountText(row.paidOut) },
    {
      head: "(Pay out)", right: true,
      cell: (row) => (
        <button className="button small primary" disabled={parse(row.payable) <= 0n} onClick={() => setAsked(row)}>
          Pay out<span className="visually-hidden"> {row.asset}</span>
        </button>
      ),
    },
  ];
  const done = () => {
    balances.reload();
    payouts.reload();
    // The history is written a moment after the ledger has moved.
    setTimeout(entries.reload, RECORDED_AFTER_MS);
  };
  return (
    <>
      <Heading title="Payouts" about="What buyers paid waits in escrow, becomes payable when they have the goods, and goes to your trading account when you say so." />
      <Card title="Balance" about="The reserve comes back by itself after the days in your terms.">
        <PagedTable label="Balance by asset" rows={balances} columns={columns} rowKey={(row) => row.asset} empty={<Empty title="Nothing yet"><p>Your first sale shows here as soon as it is paid.</p></Empty>} />
      </Card>
      <Card title="Entries" about="Everything that changed what is payable to you." id="entries">
        <PagedTable label="Entries" rows={entries} columns={ENTRIES} rowKey={(row) => `${row.at}${row.text}${row.sign}${row.amount.amount}${row.amount.asset}`} empty={<Empty title="No entries yet" />} />
      </Card>
      <Card title="Payouts">
        <PagedTable label="Payouts" rows={payouts} columns={PAYOUTS} rowKey={(row) => row.id} empty={<Empty title="Nothing paid out yet" />} />
      </Card>
      {asked && <PayoutDialog balance={asked} onDone={done} onClose={() => setAsked(null)} />}
    </>
  );
}

function PayoutDialog(props: { balance: SellerBalance; onDone: () => void; onClose: () => void }) {
  const { asset, payable } = props.balance;
  const all = amountText(payable).replace(/[^\d.]/g, "");
  const [amount, setAmount] = useState(all);
  const deed = useDeed(true);
  const tooMuch = isAmount(amount) && parse(amount.trim()) > parse(payable);
  const error = !isAmount(amount) ? (amount ? "This is not an amount." : "") : tooMuch ? `${amountText(payable)} ${asset} are payable.` : "";
  const ready = isAmount(amount) && !tooMuch;
  const send = async () => {
    const paid = await deed.run({ asset, amount: amount.trim() }, (key) => payOut(asset, amount.trim(), key));
    if (!paid) return;
    say(`Paid out ${amountText(paid.amount.amount)} ${asset}. It is in your wallet.`);
    props.onDone();
    props.onClose();
  };
  return (
    <Dialog title={`Pay out ${asset}`} onClose={props.onClose}>
      <Form onSubmit={() => ready && send()}>
        <TextField
          label="Amount" value={amount} onChange={setAmount} decimal unit={asset} error={error} autoFocus
          hint={<>Payable: <button type="button" className="link-button" onClick={() => setAmount(all)}>{amountText(payable)} {asset}</button></>}
        />
        <p className="field-hint">It goes to your trading account, where you can trade or withdraw it.</p>
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={!ready || deed.busy}>{ready ? `Pay out ${amountText(amount.trim())} ${asset}` : "Pay out"}</button>
        </div>
      </Form>
    </Dialog>
  );
}
