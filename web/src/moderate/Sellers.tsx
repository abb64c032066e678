/** Applications to decide, and the terms of those who sell. */
import { useCallback, useState } from "react";
import { ApiError } from "../api/rest";
import { changeSellerTerms, decideSeller, readModeratedSellers } from "../api/shop";
import type { ModeratedSeller, PageAsk } from "../api/shop-types";
import { countryName } from "../lib/countries";
import { percentText, ppmOf } from "../lib/amounts";
import { Bones, Filters, Form, Heading, Read, Refused, StateTag, TextField } from "../ui/kit";
import { useDeed, usePages } from "../state/reading";
import { isCount } from "../seller/variants";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";

type State = "applied" | "approved" | "rejected" | "suspended";

const FILTERS: { state: State; text: string }[] = [
  { state: "applied", text: "Waiting" },
  { state: "approved", text: "Approved" },
  { state: "suspended", text: "Suspended" },
  { state: "rejected", text: "Rejected" },
];

export const isSellerFilter = (text: string): text is State => FILTERS.some((one) => one.state === text);

type Decision = "approve" | "reject" | "suspend";

const DECISIONS: Record<State, Decision[]> = {
  applied: ["reject", "approve"], approved: ["suspend"], rejected: ["approve"], suspended: ["approve"], 
};

const WORDS: Record<Decision, { ask: string; done: string; tone: string }> = {
  approve: { ask: "Approve", done: "can sell now", tone: "primary" },
  reject: { ask: "Reject", done: "was turned down", tone: "danger" },
  suspend: { ask: "Suspend", done: "is suspended", tone: "danger" },
};

export function Sellers(props: { state: State; onDecided: () => void }) {
  const { state } = props;
  const read = useCallback((ask: PageAsk) => readModeratedSellers({ ...ask, state }), [state]);
  const sellers = usePages(read);
  const [deciding, setDeciding] = useState<{ seller: ModeratedSeller; decision: Decision } | null>(null);
  const [terms, setTerms] = useState<ModeratedSeller | null>(null);
  return (
    <>
      <Heading title="Sellers" />
      <Filters label="Sellers by state" choices={FILTERS.map((one) => ({ path: one.state === "applied" ? "/moderate/sellers" : `/moderate/sellers/${one.state}`, text: one.text }))} />
      <Read of={sellers} bones={<section className="card"><Bones rows={5} /></section>}>
        {(all) =>
          all.length === 0 ? (
            <section className="card"><Empty title={state === "applied" ? "Nobody waits" : "None"}>{state === "applied" && <p>New applications appear here.</p>}</Empty></section>
          ) : (
            all.map((seller) => (
              <section key={seller.id} className="card" aria-label={seller.name}>
                <header>
                  <div>
                    <h2>{seller.name} <StateTag state={seller.state} /></h2>
                    <p>
                      {countryName(seller.country)}
                      {seller.email && ` · ${seller.email}`}
                      {seller.createdAt && <> · applied <Moment ms={seller.createdAt} /></>}
                    </p>
                  </div>
                  <span className="deeds">
                    {seller.state === "approved" && <a className="button small" {...to(`/shop/s/${seller.slug}`)}>See the shop</a>}
                    {seller.state === "approved" && <button className="button small" onClick={() => setTerms(seller)}>Terms</button>}
                    {DECISIONS[state].map((decision) => (
                      <button key={decision} className={`button small ${WORDS[decision].tone}`} onClick={() => setDeciding({ seller, decision })}>{WORDS[decision].ask}</button>
                    ))}
                  </span>
                </header>
                {(seller.about || seller.note) && (
                  <div className="body said">
                    {seller.about && <p className="prose">{seller.about}</p>}
                    {seller.note && <blockquote><cite>Moderator</cite>{seller.note}</blockquote>}
                  </div>
                )}
                {seller.state !== "applied" && (
                  <dl className="office-facts">
                    <div><dt>Commission</dt><dd>{percentText(seller.commissionPpm)}%</dd></div>
                    <div><dt>Reserve</dt><dd>{seller.reservePpm ? `${percentText(seller.reservePpm)}% for ${seller.reserveDays} days` : "None"}</dd></div>
                  </dl>
                )}
              </section>
            ))
          )
        }
      </Read>
      {sellers.more && <div className="more"><button className="button small" disabled={sellers.loading} onClick={sellers.loadMore}>Show more</button></div>}
      {deciding && (
        <DecisionDialog
          {...deciding}
          onDone={() => {
            sellers.set((sellers.value ?? []).filter((one) => one.id !== deciding.seller.id));
            props.onDecided();
          }}
          onClose={() => setDeciding(null)}
        />
      )}
      {terms && (
        <TermsDialog seller={terms} onDone={(changed) => sellers.set((sellers.value ?? []).map((one) => (one.id === changed.id ? changed : one)))} onClose={() => setTerms(null)} />
      )}
    </>
  );
}

function DecisionDialog(props: { seller: ModeratedSeller; decision: Decision; onDone: () => void; onClose: () => void }) {
  const { seller, decision } = props;
  const words = WORDS[decision];
  const [note, setNote] = useState("");
  const deed = useDeed(true);
  const needsNote = decision !== "approve";
  const ready = !needsNote || note.trim() !== "";
  const send = async () => {
    const decided = await deed.run({ id: seller.id, decision, note: note.trim() }, (key) => decideSeller(seller.id, decision, note.trim(), key));
    if (!decided) return;
    say(`${seller.name} ${words.done}`);
    props.onDone();
    props.onClose();
  };
  return (
    <Dialog title={`${words.ask} ${seller.name}`} onClose={props.onClose}>
      <Form onSubmit={() => ready && send()}>
        <TextField label={needsNote ? "Why, for the seller" : "A word to the seller (optional)"} value={note} onChange={setNote} lines={3} most={1000} required={needsNote} autoFocus />
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className={`button ${words.tone}`} disabled={!ready || deed.busy}>{words.ask}</button>
        </div>
      </Form>
    </Dialog>
  );
}

function TermsDialog(props: { seller: ModeratedSeller; onDone: (seller: ModeratedSeller) => void; onClose: () => void }) {
  const { seller } = props;
  const [commission, setCommission] = useState(seller.ownCommissionPpm == null ? "" : percentText(seller.ownCommissionPpm));
  const [reserve, setReserve] = useState(percentText(seller.reservePpm));
  const [days, setDays] = useState(String(seller.reserveDays));
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const commissionPpm = commission.trim() ? ppmOf(commission) : undefined;
  const reservePpm = ppmOf(reserve);
  const daysFault = isCount(days) && Number(days) <= 180 ? "" : "0 to 180 days.";
  const ready = commissionPpm !== null && reservePpm !== null && !daysFault;
  const save = async () => {
    setBusy(true);
    try {
      const changed = await changeSellerTerms(seller.id, { commissionPpm: commissionPpm ?? null, reservePpm: reservePpm!, reserveDays: Number(days) });
      say("Saved");
      props.onDone({ ...seller, ...changed });
      props.onClose();
    } catch (error) {
      if (error instanceof ApiError) setRefused(error);
      else sayError(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Terms of ${seller.name}`} onClose={props.onClose}>
      <Form onSubmit={() => ready && save()}>
        <TextField label="Commission of their own" value={commission} onChange={setCommission} decimal unit="%" error={commissionPpm === null ? "0 to 100." : ""} hint={`Empty: the category's or the platform's, ${percentText(seller.commissionPpm)}% now. Open orders keep theirs.`} autoFocus />
        <TextField label="Reserve" value={reserve} onChange={setReserve} decimal unit="%" error={reservePpm === null ? "0 to 100." : ""} hint="Kept back of each release." />
        <TextField label="For" value={days} onChange={setDays} decimal unit="days" error={daysFault} />
        <Refused of={refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={!ready || busy}>Save</button>
        </div>
      </Form>
    </Dialog>
  );
}
