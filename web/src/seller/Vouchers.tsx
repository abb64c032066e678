/** Vouchers, of a seller or of the platform: made once, switched off and on. */
import { useState } from "react";
import { addSellerVoucher, changeSellerVoucher, readSellerVouchers } from "../api/shop";
import type { Voucher, VoucherForm } from "../api/shop-types";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { Empty, Moment } from "../ui/states";
import { isAmount } from "../lib/amounts";
import { tidyAmounts } from "../lib/money";
import { amountText, type Cell, Form, Heading, PagedTable, Refused, SelectField, TextField } from "../ui/kit";
import { useAssets } from "./NewProduct";
import { useDeed, useRead } from "../state/reading";
import { isCount } from "./variants";

interface Room {
  read: () => Promise<Voucher[]>;
  add: (form: VoucherForm, key: string) => Promise<Voucher>;
  change: (id: string, changes: { active: boolean }) => Promise<Voucher>;
  about: string;
}

const SELLER_ROOM: Room = {
  read: readSellerVouchers, add: addSellerVoucher, change: changeSellerVoucher,
  about: "A code takes something off your goods. You bear it: the discount is part of your price.",
};

export const SellerVouchers = () => <Vouchers room={SELLER_ROOM} />;

const worth = (one: Voucher): string =>
  tidyAmounts(one.text) ||
  (one.kind === "percent" ? `${one.percent}% off` : one.kind === "amount" ? `${amountText(one.amount ?? "0")} ${one.asset} off` : "Free shipping");

export function Vouchers({ room }: { room: Room }) {
  const vouchers = useRead(room.read);
  const [adding, setAdding] = useState(false);
  const [busy, setBusy] = useState("");
  const toggle = async (one: Voucher) => {
    setBusy(one.id);
    try {
      const changed = await room.change(one.id, { active: !one.active });
      vouchers.set((vouchers.value ?? []).map((other) => (other.id === one.id ? changed : other)));
      say(changed.active ? `${one.code} can be used again` : `${one.code} can no longer be used`);
    } catch (error) {
      sayError(error);
    }
    setBusy("");
  };
  const columns: Cell<Voucher>[] = [
    { head: "Code", cell: (row) => <code>{row.code}</code> },
    { head: "What it gives", cell: worth },
    { head: "Used", right: true, cell: (row) => `${row.uses}${row.usesMax ? ` of ${row.usesMax}` : ""}` },
    { head: "From", extra: true, cell: (row) => (row.startsAt ? <Moment ms={row.startsAt} /> : <span className="quiet">at once</span>) },
    { head: "Until", extra: true, cell: (row) => (row.endsAt ? <Moment ms={row.endsAt} /> : <span className="quiet">no end</span>) },
    { head: "State", cell: (row) => <span className={`tag ${row.active ? "good" : ""}`}>{row.active ? "Usable" : "Off"}</span> },
    {
      head: "(Actions)", right: true,
      cell: (row) => (
        <button className="button small" disabled={busy === row.id} onClick={() => toggle(row)}>
          {row.active ? "Switch off" : "Switch on"}<span className="visually-hidden"> {row.code}</span>
        </button>
      ),
    },
  ];
  return (
    <>
      <Heading title="Vouchers" about={room.about}>
        <button className="button primary" onClick={() => setAdding(true)}>Add a voucher</button>
      </Heading>
      <section className="card" aria-label="Vouchers">
        <PagedTable
          label="Vouchers" rows={vouchers} columns={columns} rowKey={(row) => row.id}
          empty={<Empty title="No vouchers yet"><p>Give a code to buyers you want to see again.</p></Empty>}
        />
      </section>
      {adding && (
        <VoucherDialog
          room={room}
          onAdded={(added) => vouchers.set([added, ...(vouchers.value ?? [])])}
          onClose={() => setAdding(false)}
        />
      )}
    </>
  );
}

const KINDS = [
  { value: "percent", text: "Percentage off" },
  { value: "amount", text: "Amount off" },
  { value: "free_shipping", text: "Free shipping" },
];

const moment = (text: string): number | undefined => (text ? new Date(text).getTime() : undefined);

function VoucherDialog(props: { room: Room; onAdded: (voucher: Voucher) => void; onClose: () => void }) {
  const assets = useAssets();
  const [form, setForm] = useState({ code: "", kind: "percent", percent: "10", amount: "", asset: "", itemsMin: "", usesMax: "", usesPerUser: "1", startsAt: "", endsAt: "" });
  const [tried, setTried] = useState(false);
  const deed = useDeed(true);
  const put = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const asset = form.asset || (assets.includes("USDT") ? "USDT" : (assets[0] ?? ""));
  const code = form.code.trim().toUpperCase();
  const empty = (text: string) => !text.trim();
  const faults: Record<string, string> = {
    code: /^[A-Z0-9_-]{3,40}$/.test(code) ? "" : "3 to 40 letters, digits, - or _.",
    percent: form.kind !== "percent" || (isAmount(form.percent) && Number(form.percent) <= 100) ? "" : "Above 0, at most 100.",
    amount: form.kind !== "amount" || isAmount(form.amount) ? "" : "An amount above 0.",
    itemsMin: empty(form.itemsMin) || isAmount(form.itemsMin) ? "" : "An amount, or nothing.",
    usesMax: empty(form.usesMax) || (isCount(form.usesMax) && Number(form.usesMax) > 0) ? "" : "A number above 0, or nothing.",
    usesPerUser: empty(form.usesPerUser) || (isCount(form.usesPerUser) && Number(form.usesPerUser) > 0) ? "" : "A number above 0, or nothing.",
    endsAt: form.startsAt && form.endsAt && form.endsAt <= form.startsAt ? "It ends before it starts." : "",
  };
  const told = (name: string) => (tried ? (faults[name] ?? "") : "");
  const save = async () => {
    setTried(true);
    if (Object.values(faults).some(Boolean)) return;
    const asked: VoucherForm = { code, kind: form.kind };
    if (form.kind === "percent") asked.percent = form.percent.trim();
    if (form.kind === "amount") asked.amount = form.amount.trim();
    if (!empty(form.itemsMin)) asked.itemsMin = form.itemsMin.trim();
    if (asked.amount || asked.itemsMin) asked.asset = asset;
    if (!empty(form.usesMax)) asked.usesMax = Number(form.usesMax);
    if (!empty(form.usesPerUser)) asked.usesPerUser = Number(form.usesPerUser);
    if (form.startsAt) asked.startsAt = moment(form.startsAt);
    if (form.endsAt) asked.endsAt = moment(form.endsAt);
    const added = await deed.run(asked, (key) => props.room.add(asked, key));
    if (!added) return;
    say(`${added.code} can be used`);
    props.onAdded(added);
    props.onClose();
  };
  return (
    <Dialog title="Add a voucher" onClose={props.onClose}>
      <Form onSubmit={save}>
        <TextField label="Code" value={form.code} onChange={put("code")} most={40} placeholder="WELCOME10" error={told("code")} autoFocus />
        <SelectField label="What it gives" value={form.kind} onChange={put("kind")} choices={KINDS} />
        <div className="fields">
          {form.kind === "percent" && <TextField label="Percentage" value={form.percent} onChange={put("percent")} decimal unit="%" error={told("percent")} />}
          {form.kind === "amount" && <TextField label="Amount" value={form.amount} onChange={put("amount")} decimal unit={asset} error={told("amount")} />}
          <TextField label="For orders from (optional)" value={form.itemsMin} onChange={put("itemsMin")} decimal unit={asset} error={told("itemsMin")} />
          {(form.kind === "amount" || !empty(form.itemsMin)) && (
            <SelectField label="Amounts in" value={asset} onChange={put("asset")} choices={assets.map((one) => ({ value: one, text: one }))} />
          )}
          <TextField label="Uses in all (optional)" value={form.usesMax} onChange={put("usesMax")} decimal error={told("usesMax")} />
          <TextField label="Uses per buyer (optional)" value={form.usesPerUser} onChange={put("usesPerUser")} decimal error={told("usesPerUser")} />
          <TextField label="From (optional)" value={form.startsAt} onChange={put("startsAt")} type="datetime-local" />
          <TextField label="Until (optional)" value={form.endsAt} onChange={put("endsAt")} type="datetime-local" error={told("endsAt")} />
        </div>
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={deed.busy}>Add the voucher</button>
        </div>
      </Form>
    </Dialog>
  );
}
