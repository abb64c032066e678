/** One dispute: both sides, the order, and the decision, from all to the seller to all to the buyer. */
import { useCallback, useState } from "react";
import { decideDispute, readOrder } from "../api/shop";
import type { Order } from "../api/shop-types";
import { divide, multiply, ONE, parse, toNumber, toText } from "../lib/decimal";
import { showMoney } from "../lib/money";
import { isAmountOrZero } from "../lib/amounts";
import { amountText, Bones, Card, Form, Heading, OrderTags, Read, Refused, TextField } from "../ui/kit";
import { Messages } from "../ui/Messages";
import { DISPUTE_REASONS, Timeline } from "../seller/OrderPage";
import { useDeed, useRead } from "../state/reading";
import { say } from "../state/notices";
import { Segments } from "../ui/Segments";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";

export function DisputePage(props: { orderId: string; onDecided: () => void }) {
  const read = useCallback(() => readOrder(props.orderId), [props.orderId]);
  const order = useRead(read);
  return (
    <Read of={order} bones={<section className="card"><Bones rows={8} /></section>}>
      {(value) => (
        <Shown
          order={value}
          onChange={(changed) => {
            order.set(changed);
            props.onDecided();
          }}
        />
      )}
    </Read>
  );
}

function Shown({ order, onChange }: { order: Order; onChange: (order: Order) => void }) {
  const dispute = order.disputeCase;
  return (
    <>
      <Heading
        title={<>Order #{order.number} <OrderTags of={order} /></>}
        back={{ path: "/moderate/disputes", text: "Disputes" }}
        about={<>{order.seller.name} · placed <Moment ms={order.placedAt} /></>}
      >
        <a className="button" {...to(`/moderate/audit/${order.id}`)}>Audit</a>
      </Heading>
      <div className="two">
        <div>
          {dispute ? (
            <Card title={DISPUTE_REASONS[dispute.reason] ?? dispute.reason} about={<>Opened <Moment ms={dispute.openedAt} /></>}>
              <div className="body said">
                <blockquote><cite>Buyer</cite>{dispute.text}</blockquote>
                {dispute.sellerReply ? <blockquote><cite>Seller</cite>{dispute.sellerReply}</blockquote> : <p className="quiet">The seller has not answered yet.</p>}
                {dispute.decision && <blockquote><cite>Decision{dispute.toBuyer && `: ${showMoney(dispute.toBuyer)} to the buyer`}</cite>{dispute.decision}</blockquote>}
              </div>
            </Card>
          ) : (
            <section className="card"><Empty title="Nobody disputes this order" /></section>
          )}
          {order.actions.includes("decide") && <Decide order={order} onChange={onChange} />}
          <Card title="Messages" about="Buyer and seller read what you write here.">
            <Messages orderId={order.id} mine="moderator" />
          </Card>
        </div>
        <div>
          <Card title="Money">
            <dl className="money-rows">
              {order.lines.map((line) => <div key={line.id}><dt>{line.quantity} × {line.title}</dt><dd>{showMoney(line.total)}</dd></div>)}
              <div><dt>Shipping</dt><dd>{showMoney(order.shipping)}</dd></div>
              <div className="total"><dt>Total</dt><dd>{showMoney(order.total)}</dd></div>
            </dl>
            <dl className="money-rows">
              <div><dt>In escrow</dt><dd data-testid="held">{showMoney(order.held)}</dd></div>
              <div><dt>To the seller</dt><dd data-testid="released">{showMoney(order.released)}</dd></div>
              <div><dt>To the buyer</dt><dd data-testid="refunded">{showMoney(order.refunded)}</dd></div>
            </dl>
          </Card>
          {order.shipments.length > 0 && (
            <Card title="Shipments">
              <ul className="entries">
                {order.shipments.map((one) => <li key={one.id}><span>{one.carrier} <code>{one.tracking}</code><span className="quiet sub"><Moment ms={one.shippedAt} /></span></span></li>)}
              </ul>
            </Card>
          )}
          <Timeline order={order} mine="moderator" />
        </div>
      </div>
    </>
  );
}

type How = "seller" | "split" | "buyer";

const STEPS = 100;

function Decide({ order, onChange }: { order: Order; onChange: (order: Order) => void }) {
  const { held } = order;
  const whole = parse(held.amount);
  const [how, setHow] = useState<How>("split");
  const [typed, setTyped] = useState(toText(whole / 2n / (ONE / 100n) * (ONE / 100n)));
  const [text, setText] = useState("");
  const deed = useDeed(true);
  const amount = how === "seller" ? "0" : how === "buyer" ? held.amount : typed.trim();
  const fault = !isAmountOrZero(amount) ? "This is not an amount." : parse(amount) > whole ? `At most ${showMoney(held)}.` : "";
  const toBuyer = fault ? null : parse(amount);
  const toSeller = toBuyer === null ? null : whole - toBuyer;
  const share = toBuyer === null || whole === 0n ? 0 : Math.round(toNumber(divide(toBuyer, whole)) * STEPS);
  const slide = (step: number) => {
    const part = multiply(whole, (BigInt(step) * ONE) / BigInt(STEPS));
    // Cents are fine enough for a hand on a slider; the ends are exact.
    setTyped(step === STEPS ? toText(whole) : toText(part - (part % (ONE / 100n))));
  };
  const words = toBuyer === null ? "Decide" : toBuyer === whole ? `Refund ${showMoney(held)}` : toBuyer === 0n ? `Release ${showMoney(held)}` : "Divide it so";
  const send = async () => {
    if (fault || !text.trim()) return;
    const asked = toText(toBuyer!);
    const decided = await deed.run({ id: order.id, asked, text: text.trim() }, (key) => decideDispute(order.id, asked, text.trim(), key));
    if (!decided) return;
    say(`Order #${order.number} is decided`);
    onChange(decided);
  };
  return (
    <Card title="Decide" about="What is in escrow is given out at once. This cannot be taken back.">
      <Form className="body" label="Decide" onSubmit={send}>
        <Segments
          label="Who gets it" value={how} onChange={setHow}
          choices={[{ value: "seller", text: "All to the seller" }, { value: "split", text: "Divide" }, { value: "buyer", text: "All to the buyer" }]}
        />
        {how === "split" && (
          <div className="split">
            <TextField label="To the buyer" value={typed} onChange={setTyped} decimal unit={held.asset} error={fault} />
            <input type="range" min={0} max={STEPS} value={share} aria-label="Share of the buyer, in percent" aria-valuetext={`${share}%`} onChange={(event) => slide(Number(event.target.value))} />
          </div>
        )}
        <dl className="money-rows split-sums">
          <div><dt>To the buyer</dt><dd data-testid="to-buyer">{toBuyer === null ? "—" : `${amountText(toText(toBuyer))} ${held.asset}`}</dd></div>
          <div><dt>To the seller, less commission</dt><dd data-testid="to-seller">{toSeller === null ? "—" : `${amountText(toText(toSeller))} ${held.asset}`}</dd></div>
        </dl>
        <TextField label="Why, for both sides" value={text} onChange={setText} lines={3} most={4000} required />
        <Refused of={deed.refused} />
        <div className="form-end">
          <button className="button primary" disabled={fault !== "" || !text.trim() || deed.busy}>{words}</button>
        </div>
      </Form>
    </Card>
  );
}
