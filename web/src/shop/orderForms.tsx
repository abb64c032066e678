/** What a buyer may ask of an order, each as one dialog. */
import { Star } from "lucide-react";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { openDispute, postReview, requestReturn } from "../api/shop";
import type { DisputeReason, Order, OrderLine } from "../api/shop-types";
import type { Deed } from "../state/reading";
import { say } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { optionsText, Stepper } from "./parts";

interface Shared {
  deed: Deed;
  onClose: () => void;
}

type Run = (request: object, post: (key: string) => Promise<Order>) => void;

const TEXT_MAX = 2_000;

function DialogForm(props: Shared & { title: string; yes: string; no?: string; danger?: boolean; ready: boolean; onYes: () => void; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (props.ready && !props.deed.busy) props.onYes();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form className="form" onSubmit={submit} noValidate>
        {props.children}
        {props.deed.refused && (
          <p className="note refusal" role="alert">
            {props.deed.refused.message} <code className="code">{props.deed.refused.code}</code>
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>
            {props.no ?? "Back"}
          </button>
          <button className={`button ${props.danger ? "sell" : "primary"}`} disabled={!props.ready || props.deed.busy}>
            {props.deed.busy ? "One moment…" : props.yes}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function Ask(props: Shared & { title: string; text: string; yes: string; onYes: () => void }) {
  return (
    <DialogForm {...props} ready no="Not yet">
      <p>{props.text}</p>
    </DialogForm>
  );
}

const REASONS: { value: DisputeReason; text: string }[] = [
  { value: "not_received", text: "It did not arrive" },
  { value: "not_as_described", text: "It is not as described" },
  { value: "damaged", text: "It is damaged" },
  { value: "other", text: "Something else" },
];

function LongText(props: { label: string; value: string; onChange: (text: string) => void; hint?: string }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <div className="input tall">
        <textarea id={id} rows={4} maxLength={TEXT_MAX} value={props.value} onChange={(event) => props.onChange(event.target.value)} />
      </div>
      {props.hint && <span className="field-hint">{props.hint}</span>}
    </div>
  );
}

export function DisputeForm(props: Shared & { order: Order; run: Run }) {
  const { order, run } = props;
  const [reason, setReason] = useState<DisputeReason>("not_received");
  const [text, setText] = useState("");
  const group = useId();
  return (
    <DialogForm {...props} title="What is wrong?" yes="Open a dispute" danger ready={text.trim() !== ""} onYes={() => run({ reason, text }, (key) => openDispute(order.id, reason, text.trim(), key))}>
      <p className="quiet">Your payment stays held. The seller answers first; if you do not agree, a moderator decides.</p>
      <div role="radiogroup" aria-label="What is wrong" className="choices">
        {REASONS.map((one) => (
          <label key={one.value} className="choice">
            <input type="radio" name={group} checked={reason === one.value} onChange={() => setReason(one.value)} />
            <span>{one.text}</span>
          </label>
        ))}
      </div>
      <LongText label="Tell what happened" value={text} onChange={setText} hint="The seller and the moderator read this." />
    </DialogForm>
  );
}

export function ReturnForm(props: Shared & { order: Order; run: Run }) {
  const { order, run } = props;
  const left = (line: OrderLine) => line.quantity - line.canceled - line.returned;
  const lines = order.lines.filter((line) => left(line) > 0);
  const [quantities, setQuantities] = useState<Record<string, number>>(lines.length === 1 ? { [lines[0]!.id]: left(lines[0]!) } : {});
  const [reason, setReason] = useState("");
  const wanted = Object.entries(quantities)
    .filter(([, quantity]) => quantity > 0)
    .map(([lineId, quantity]) => ({ lineId, quantity }));
  return (
    <DialogForm {...props} title="What do you send back?" yes="Ask for the return" ready={wanted.length > 0 && reason.trim() !== ""} onYes={() => run({ wanted, reason }, (key) => requestReturn(order.id, wanted, reason.trim(), key))}>
      <ul className="return-lines">
        {lines.map((line) => (
          <li key={line.id}>
            <span>
              {line.title} <span className="quiet">{optionsText(line.options)}</span>
            </span>
            <Stepper label={`How many of ${line.title}`} least={0} value={quantities[line.id] ?? 0} most={left(line)} onChange={(quantity) => setQuantities({ ...quantities, [line.id]: Math.min(quantity, left(line)) })} />
          </li>
        ))}
      </ul>
      <LongText label="Why" value={reason} onChange={setReason} hint="The seller agrees first, then you send it, then the money comes back." />
    </DialogForm>
  );
}

export function ReviewForm(props: Shared & { order: Order; onDone: () => void }) {
  const lines = props.order.lines.filter((line) => !line.reviewed);
  const [lineId, setLineId] = useState(lines[0]?.id ?? "");
  const [rating, setRating] = useState(0);
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const id = useId();
  const line = lines.find((one) => one.id === lineId);
  const send = async () => {
    if (!line) return;
    const review = { lineId, rating, ...(title.trim() ? { title: title.trim() } : {}), ...(text.trim() ? { text: text.trim() } : {}) };
    const posted = await props.deed.run(review, (key) => postReview(line.productSlug, review, key));
    if (!posted) return;
    say("Thank you for the review");
    props.onDone();
  };
  return (
    <DialogForm {...props} title={lines.length > 1 ? "Review" : `Review ${line?.title ?? ""}`} yes="Publish the review" ready={rating > 0 && !!line} onYes={send}>
      {lines.length > 1 && (
        <div className="field">
          <label htmlFor={`${id}-line`}>Product</label>
          <div className="input">
            <select id={`${id}-line`} value={lineId} onChange={(event) => setLineId(event.target.value)}>
              {lines.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.title} {optionsText(one.options)}
                </option>
              ))}
            </select>
          </div>
        </div>
      )}
      <div role="radiogroup" aria-label="Stars" className="star-input">
        {[1, 2, 3, 4, 5].map((star) => (
          <label key={star} className={star <= rating ? "on" : ""}>
            <input type="radio" name={`${id}-stars`} checked={rating === star} onChange={() => setRating(star)} />
            <Star size={24} fill={star <= rating ? "currentColor" : "none"} aria-hidden="true" />
            <span className="visually-hidden">
              {star} {star === 1 ? "star" : "stars"}
            </span>
          </label>
        ))}
      </div>
      <div className="field">
        <label htmlFor={`${id}-title`}>In one line</label>
        <div className="input">
          <input id={`${id}-title`} maxLength={100} value={title} onChange={(event) => setTitle(event.target.value)} />
        </div>
      </div>
      <LongText label="More, if you like" value={text} onChange={setText} hint="Shown as written by a verified buyer, by the first letter of your name." />
    </DialogForm>
  );
}
