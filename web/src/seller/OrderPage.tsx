/** One order as its seller sees it: ship, refund, answer, and what happened so far. Only what may be done now is offered. */
import { type ReactNode, useCallback, useState } from "react";
import { answerReturn, cancelLines, readOrder, refund, replyToDispute, ship } from "../api/shop";
import type { LineQuantity, Order, OrderLine } from "../api/shop-types";
import { parse } from "../lib/decimal";
import { isZero, showMoney, tidyAmounts } from "../lib/money";
import { say } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { Moment } from "../ui/states";
import { countryName } from "../lib/countries";
import { isAmount } from "../lib/amounts";
import { Amount, amountText, Bones, Card, Check, Form, Heading, OrderTags, Read, Refused, StateTag, stateWords, TextField, Thumb } from "../ui/kit";
import { Messages } from "../ui/Messages";
import { useDeed, useRead } from "../state/reading";

export function OrderPage(props: { id: string }) {
  const read = useCallback(() => readOrder(props.id), [props.id]);
  const order = useRead(read);
  return (
    <Read of={order} bones={<OrderBones />}>
      {(value) => <Shown order={value} onChange={order.set} />}
    </Read>
  );
}

function OrderBones() {
  return (
    <>
      <Heading title={<span className="bone" style={{ width: 160, height: 20 }} />} />
      <div className="two">
        <section className="card"><Bones rows={6} /></section>
        <section className="card"><Bones rows={4} /></section>
      </div>
    </>
  );
}

interface Part {
  order: Order;
  onChange: (order: Order) => void;
}

const left = (line: OrderLine): number => line.quantity - line.shipped - line.canceled;

function Shown({ order, onChange }: Part) {
  const may = (action: string) => order.actions.includes(action);
  const [asking, setAsking] = useState<"refund" | "cancel" | null>(null);
  const close = () => setAsking(null);
  return (
    <>
      <Heading
        title={<>Order #{order.number} <OrderTags of={order} /></>}
        back={{ path: "/seller/orders", text: "Orders" }}
        about={<>Placed <Moment ms={order.placedAt} /></>}
      >
        {may("cancel_lines") && <button className="button" onClick={() => setAsking("cancel")}>Cancel lines</button>}
        {may("refund") && <button className="button" onClick={() => setAsking("refund")}>Refund</button>}
      </Heading>
      <div className="two">
        <div>
          <Dispute order={order} onChange={onChange} />
          <Lines order={order} />
          {may("ship") && <ShipForm order={order} onChange={onChange} />}
          <Returns order={order} onChange={onChange} />
          <Card title="Messages" about="The buyer reads them on the order's page.">
            <Messages orderId={order.id} mine="seller" />
          </Card>
        </div>
        <div>
          <Sums order={order} />
          <AddressCard order={order} />
          <Timeline order={order} mine="seller" />
        </div>
      </div>
      {asking === "refund" && <RefundDialog order={order} onChange={onChange} onClose={close} />}
      {asking === "cancel" && <CancelDialog order={order} onChange={onChange} onClose={close} />}
    </>
  );
}

// ---------------------------------------------------------------- what was ordered and where it goes

function Lines({ order }: { order: Order }) {
  return (
    <Card title="Goods">
      <div className="wide" tabIndex={0} role="region" aria-label="Goods">
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="right">Ordered</th>
              <th scope="col" className="right">Shipped</th>
              <th scope="col" className="right extra">Each</th>
              <th scope="col" className="right">Total</th>
            </tr>
          </thead>
          <tbody>
            {order.lines.map((line) => (
              <tr key={line.id}>
                <td>
                  <span className="with-thumb">
                    <Thumb image={line.image} />
                    <span>
                      <span className="clip">{line.title}</span>
                      <span className="quiet sub">{[...Object.values(line.options), line.sku].join(" · ")}</span>
                    </span>
                  </span>
                </td>
                <td className="right">{line.quantity}</td>
                <td className="right">
                  {line.shipped}
                  {line.canceled > 0 && <span className="quiet sub">{line.canceled} cancelled</span>}
                  {line.returned > 0 && <span className="quiet sub">{line.returned} returned</span>}
                </td>
                <td className="right extra">{amountText(line.unitPrice.amount)}</td>
                <td className="right"><Amount of={line.total} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Sums({ order }: { order: Order }) {
  const rows: [string, ReactNode][] = [["Goods", <Amount of={order.itemsTotal} />]];
  if (!isZero(order.discount)) rows.push(["Discount", <Amount of={order.discount} sign="−" />]);
  rows.push(["Shipping", <Amount of={order.shipping} />]);
  if (!isZero(order.tax)) rows.push(["Tax", <Amount of={order.tax} />]);
  return (
    <Card title="Money">
      <dl className="money-rows">
        {rows.map(([what, amount]) => (
          <div key={what}><dt>{what}</dt><dd>{amount}</dd></div>
        ))}
        <div className="total"><dt>Total</dt><dd><Amount of={order.total} /></dd></div>
        {!isZero(order.taxIncluded) && <div><dt>Tax contained</dt><dd><Amount of={order.taxIncluded} /></dd></div>}
      </dl>
      <dl className="money-rows">
        <div><dt>In escrow</dt><dd data-testid="held"><Amount of={order.held} /></dd></div>
        <div><dt>Released to you</dt><dd data-testid="released"><Amount of={order.released} /></dd></div>
        <div><dt>Refunded</dt><dd data-testid="refunded"><Amount of={order.refunded} /></dd></div>
      </dl>
      {order.autoReleaseAt !== null && order.payment === "held" && order.dispute !== "open" && (
        <p className="note foot">
          Released by itself on <Moment ms={order.autoReleaseAt} />, unless the buyer confirms before or opens a dispute.
        </p>
      )}
      {order.refunds.length > 0 && (
        <ul className="entries" aria-label="Refunds">
          {order.refunds.map((one) => (
            <li key={one.id}>
              <span>
                {one.reason || "Refund"} <StateTag state={one.state} />
                <span className="quiet sub"><Moment ms={one.at} /></span>
              </span>
              <Amount of={one.amount} sign="−" />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function AddressCard({ order: { address, shippingName, shipments, lines } }: { order: Order }) {
  const nameOf = (id: string) => lines.find((line) => line.id === id)?.title ?? "Goods";
  return (
    <Card title="Ship to" about={shippingName}>
      <address className="body">
        {address.name}<br />
        {address.line1}<br />
        {address.line2 && <>{address.line2}<br /></>}
        {[address.postcode, address.city, address.region].filter(Boolean).join(" ")}<br />
        {countryName(address.country)}
        {address.phone && <><br />{address.phone}</>}
      </address>
      {shipments.length > 0 && (
        <ul className="entries" aria-label="Shipments">
          {shipments.map((one) => (
            <li key={one.id}>
              <span>
                {one.carrier} {one.tracking && <code>{one.tracking}</code>}
                <span className="quiet sub">
                  {one.lines.map((line) => `${line.quantity} × ${nameOf(line.lineId)}`).join(", ")} · <Moment ms={one.shippedAt} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const ACTORS: Record<string, string> = { buyer: "Buyer", seller: "Seller", moderator: "Moderator", system: "By itself" };

export function Timeline({ order, mine }: { order: Pick<Order, "timeline">; mine: "seller" | "moderator" }) {
  return (
    <Card title="What happened">
      <ol className="trail">
        {order.timeline.map((one, index) => (
          <li key={index}>
            <span>{tidyAmounts(one.text) || `${stateWords(one.axis)}: ${stateWords(one.after)}`}</span>
            <span className="quiet sub">
              {one.actor === mine ? "You" : (ACTORS[one.actor] ?? one.actor)} · <Moment ms={one.at} />
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

// ---------------------------------------------------------------- what may be done

/** Quantities per line, at first all that may be chosen. */
function useQuantities(lines: { id: string; most: number }[]) {
  const [texts, setTexts] = useState<Record<string, string>>(() => Object.fromEntries(lines.map((line) => [line.id, String(line.most)])));
  const numberOf = (line: { id: string; most: number }): number | null => {
    const text = (texts[line.id] ?? "").trim();
    return /^\d{1,3}$/.test(text) && Number(text) <= line.most ? Number(text) : null;
  };
  const chosen: LineQuantity[] = lines.map((line) => ({ lineId: line.id, quantity: numberOf(line) ?? 0 })).filter((line) => line.quantity > 0);
  return {
    texts,
    put: (id: string, text: string) => setTexts((present) => ({ ...present, [id]: text })),
    valid: lines.every((line) => numberOf(line) !== null) && chosen.length > 0,
    whole: lines.every((line) => numberOf(line) === line.most),
    chosen,
  };
}

function Quantities(props: { lines: { line: OrderLine; most: number }[]; of: ReturnType<typeof useQuantities> }) {
  return (
    <ul className="quantities">
      {props.lines.map(({ line, most }) => (
        <li key={line.id}>
          <span>
            {line.title}
            <span className="quiet sub">{[...Object.values(line.options), line.sku].join(" · ")}</span>
          </span>
          <span className="input count-input">
            <input
              aria-label={`How many of ${line.title} ${Object.values(line.options).join(" ")}`.trim()}
              inputMode="numeric"
              autoComplete="off"
              value={props.of.texts[line.id] ?? ""}
              onChange={(event) => props.of.put(line.id, event.target.value)}
            />
            <span className="unit">of {most}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function ShipForm({ order, onChange }: Part) {
  const open = order.lines.filter((line) => left(line) > 0);
  // What was shipped meanwhile changes how many are left: the form starts anew.
  return <ShipFields key={open.map((line) => `${line.id}:${left(line)}`).join()} order={order} open={open} onChange={onChange} />;
}

function ShipFields({ order, open, onChange }: Part & { open: OrderLine[] }) {
  const [carrier, setCarrier] = useState("");
  const [tracking, setTracking] = useState("");
  const [partly, setPartly] = useState(false);
  const lines = open.map((line) => ({ line, id: line.id, most: left(line) }));
  const quantities = useQuantities(lines);
  const deed = useDeed(true);
  const pieces = (partly ? quantities.chosen : lines.map((line) => ({ quantity: line.most }))).reduce((all, line) => all + line.quantity, 0);
  const ready = carrier.trim() !== "" && (!partly || quantities.valid);
  const send = async () => {
    const shipment = { carrier: carrier.trim(), tracking: tracking.trim(), ...(partly ? { lines: quantities.chosen } : {}) };
    const changed = await deed.run({ id: order.id, shipment }, (key) => ship(order.id, shipment, key));
    if (!changed) return;
    say(changed.fulfilment === "shipped" ? "Shipped. The buyer was told." : "Part of the order is shipped");
    onChange(changed);
  };
  return (
    <Card title="Ship" about="The payment is released when the buyer confirms, or by itself after some days.">
      <Form className="body" label="Ship" onSubmit={() => ready && send()}>
        <div className="fields">
          <TextField label="Carrier" value={carrier} onChange={setCarrier} most={60} required list="carriers" />
          <TextField label="Tracking number (optional)" value={tracking} onChange={setTracking} most={100} />
          <datalist id="carriers">
            {["DHL", "DPD", "FedEx", "GLS", "La Poste", "PostNL", "Royal Mail", "UPS", "USPS"].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </div>
        {(open.length > 1 || lines.some((line) => line.most > 1)) && <Check label="Only a part of it" checked={partly} onChange={setPartly} />}
        {partly && <Quantities lines={lines} of={quantities} />}
        <Refused of={deed.refused} />
        <div className="form-end">
          <button className="button primary" disabled={!ready || deed.busy}>
            Ship {pieces} {pieces === 1 ? "piece" : "pieces"}
          </button>
        </div>
      </Form>
    </Card>
  );
}

function RefundDialog({ order, onChange, onClose }: Part & { onClose: () => void }) {
  const most = order.payment === "held" ? order.held : { asset: order.total.asset, amount: order.released.amount };
  const [amount, setAmount] = useState("");
  const [reason, setReason] = useState("");
  const deed = useDeed(true);
  const tooMuch = isAmount(amount) && parse(amount.trim()) > parse(most.amount);
  const error = amount && !isAmount(amount) ? "This is not an amount." : tooMuch ? `At most ${showMoney(most)} can be refunded.` : "";
  const ready = isAmount(amount) && !tooMuch && reason.trim() !== "";
  const send = async () => {
    const changed = await deed.run({ id: order.id, amount: amount.trim(), reason: reason.trim() }, (key) => refund(order.id, amount.trim(), reason.trim(), key));
    if (!changed) return;
    say(`Refunded ${amountText(amount.trim())} ${most.asset}`);
    onChange(changed);
    onClose();
  };
  return (
    <Dialog title={`Refund order #${order.number}`} onClose={onClose}>
      <Form onSubmit={() => ready && send()}>
        <p>{order.payment === "held" ? "It comes out of escrow and is the buyer's at once." : "It comes out of what is payable to you and is the buyer's at once."}</p>
        <TextField
          label="Amount" value={amount} onChange={setAmount} decimal unit={most.asset} error={error} required autoFocus
          hint={<>Up to <button type="button" className="link-button" onClick={() => setAmount(amountText(most.amount).replace(/[^\d.]/g, ""))}>{showMoney(most)}</button></>}
        />
        <TextField label="Reason, for the buyer" value={reason} onChange={setReason} most={1000} lines={2} required />
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={onClose}>Close</button>
          <button className="button primary" disabled={!ready || deed.busy}>
            {ready ? `Refund ${amountText(amount.trim())} ${most.asset}` : "Refund"}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

function CancelDialog({ order, onChange, onClose }: Part & { onClose: () => void }) {
  const lines = order.lines.filter((line) => left(line) > 0).map((line) => ({ line, id: line.id, most: left(line) }));
  const quantities = useQuantities(lines);
  const [reason, setReason] = useState("");
  const deed = useDeed(true);
  const ready = quantities.valid && reason.trim() !== "";
  const send = async () => {
    const changed = await deed.run({ id: order.id, lines: quantities.chosen, reason: reason.trim() }, (key) => cancelLines(order.id, quantities.chosen, reason.trim(), key));
    if (!changed) return;
    say("Cancelled and refunded");
    onChange(changed);
    onClose();
  };
  return (
    <Dialog title="Cancel what cannot be delivered" onClose={onClose}>
      <Form onSubmit={() => ready && send()}>
        <p>The buyer is refunded for these pieces at once. This cannot be taken back.</p>
        <Quantities lines={lines} of={quantities} />
        <TextField label="Reason, for the buyer" value={reason} onChange={setReason} most={1000} lines={2} required />
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={onClose}>Keep the order</button>
          <button className="button danger" disabled={!ready || deed.busy}>{quantities.whole ? "Cancel all and refund" : "Cancel these and refund"}</button>
        </div>
      </Form>
    </Dialog>
  );
}

export const DISPUTE_REASONS: Record<string, string> = {
  not_received: "Not received", not_as_described: "Not as described", damaged: "Damaged", other: "Another reason",
};

function Dispute({ order, onChange }: Part) {
  const dispute = order.disputeCase;
  const [text, setText] = useState("");
  const deed = useDeed(true);
  if (!dispute) return null;
  const reply = async () => {
    const changed = await deed.run({ id: order.id, text: text.trim() }, (key) => replyToDispute(order.id, text.trim(), key));
    if (!changed) return;
    say("Your reply was sent");
    setText("");
    onChange(changed);
  };
  return (
    <Card title={`Dispute: ${DISPUTE_REASONS[dispute.reason] ?? dispute.reason}`} about={<>Opened <Moment ms={dispute.openedAt} /></>} deeds={<StateTag state={order.dispute} />}>
      <div className="body said">
        <blockquote><cite>Buyer</cite>{dispute.text}</blockquote>
        {dispute.sellerReply && <blockquote><cite>You</cite>{dispute.sellerReply}</blockquote>}
        {dispute.decision && (
          <blockquote>
            <cite>Moderator{dispute.toBuyer && `: ${showMoney(dispute.toBuyer)} to the buyer`}</cite>
            {dispute.decision}
          </blockquote>
        )}
        {order.actions.includes("reply_dispute") && (
          <Form label="Reply to the dispute" onSubmit={() => text.trim() && reply()}>
            <TextField label="Your side" value={text} onChange={setText} lines={3} most={4000} hint="A moderator reads both sides and decides." required />
            <Refused of={deed.refused} />
            <div className="form-end">
              <button className="button primary" disabled={!text.trim() || deed.busy}>Send your side</button>
            </div>
          </Form>
        )}
      </div>
    </Card>
  );
}

function Returns({ order, onChange }: Part) {
  const deed = useDeed();
  if (!order.returns.length) return null;
  const may = order.actions.includes("decide_return");
  const nameOf = (id: string) => order.lines.find((line) => line.id === id)?.title ?? "Goods";
  const answer = async (id: string, how: "approve" | "decline" | "received") => {
    const changed = await deed.run({ id, how }, (key) => answerReturn(id, how, key));
    if (!changed) return;
    say({ approve: "Return approved. The buyer sends the goods back.", decline: "Return declined", received: "Received. The buyer was refunded." }[how]);
    onChange(changed);
  };
  return (
    <Card title="Returns">
      <ul className="entries">
        {order.returns.map((one) => (
          <li key={one.id}>
            <span>
              {one.lines.map((line) => `${line.quantity} × ${nameOf(line.lineId)}`).join(", ")} <StateTag state={one.state} />
              <span className="quiet sub">{one.reason}</span>
            </span>
            <span className="deeds">
              {may && one.state === "requested" && (
                <>
                  <button className="button small" disabled={deed.busy} onClick={() => answer(one.id, "decline")}>Decline</button>
                  <button className="button small primary" disabled={deed.busy} onClick={() => answer(one.id, "approve")}>Approve</button>
                </>
              )}
              {may && one.state === "approved" && (
                <button className="button small primary" disabled={deed.busy} onClick={() => answer(one.id, "received")}>Goods received, refund</button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

