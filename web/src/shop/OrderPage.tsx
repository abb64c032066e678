/** One order as its buyer sees it: where it stands, what can be done, what was bought, how it was paid, what happened when. */
import { Lock, MapPin, Truck } from "lucide-react";
import { useEffect, useState } from "react";
import { cancelOrder, confirmReceipt, readOrder, withdrawDispute } from "../api/shop";
import type { Money, Order, OrderAction } from "../api/shop-types";
import { showMoment } from "../lib/format";
import { columnPlaces, isZero, showMoney, tidyAmounts } from "../lib/money";
import { moneyWords, sentence, standingWords } from "../lib/orderWords";
import { useDeed } from "../state/reading";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { AddressText } from "./AddressForm";
import { forget, useKept } from "./kept";
import { Messages } from "./Messages";
import { Ask, DisputeForm, ReturnForm, ReviewForm } from "./orderForms";
import { orderDay, StandingTag } from "./OrdersPage";
import { Bone, Failure, Members, optionsText, Picture, ShopPage, Shown } from "./parts";
import { ReceiptCard } from "./ReceiptCard";

const SETTLING_MS = 1_000;

export default function OrderPage({ name: id }: { name: string }) {
  return (
    <Members what="this order">
      <OneOrder id={id} />
    </Members>
  );
}

function OneOrder({ id }: { id: string }) {
  const order = useKept(`order ${id}`, () => readOrder(id));
  const { value, reload } = order;
  useEffect(() => {
    if (!value?.settling) return;
    const timer = setTimeout(reload, SETTLING_MS);
    return () => clearTimeout(timer);
  }, [value, reload]);
  if (!order.value && order.error) {
    return (
      <ShopPage title="Order" back={{ path: "/shop/orders", text: "Orders" }}>
        <Failure of={order.error} what="This order" onRetry={order.reload}>
          <a className="button" {...to("/shop/orders")}>
            See your orders
          </a>
        </Failure>
      </ShopPage>
    );
  }
  return (
    <ShopPage
      title={order.value ? `Order ${order.value.number}` : "Order"}
      className="order-page"
      back={{ path: "/shop/orders", text: "Orders" }}
      about={
        order.value ? (
          <span className="facts">
            <a {...to(`/shop/s/${encodeURIComponent(order.value.seller.slug)}`)}>{order.value.seller.name}</a>
            <time title={showMoment(order.value.placedAt)}>{orderDay.format(order.value.placedAt)}</time>
          </span>
        ) : (
          <Bone width={180} />
        )
      }
      head={order.value && <StandingTag order={order.value} />}
    >
      <Shown of={order} what="This order" bones={<OrderBones />}>
        {(value) => (
          <Facts
            order={value}
            set={(changed) => {
              forget("orders");
              order.set(changed);
            }}
            reload={order.reload}
          />
        )}
      </Shown>
    </ShopPage>
  );
}

function Facts({ order, set, reload }: { order: Order; set: (order: Order) => void; reload: () => void }) {
  return (
    <div className="order-body">
      <div className="order-main">
        <Now order={order} set={set} reload={reload} />
        <Lines order={order} />
        {order.disputeCase && <DisputeFacts order={order} />}
        <Returns order={order} />
        {order.receipt && <ReceiptCard receipt={{ ...order.receipt, escrows: order.receipt.escrows.filter(({ orderId }) => orderId === order.id) }} held={order.held} />}
        <Messages order={order} />
      </div>
      <div className="order-side">
        <MoneyFacts order={order} />
        <section className="card side-card" aria-label="Delivery">
          <h2>
            <MapPin size={14} aria-hidden="true" /> Delivery
          </h2>
          <AddressText of={order.address} />
          {order.shippingName && <p className="quiet">{order.shippingName}</p>}
          {order.shipments.map((shipment) => (
            <p key={shipment.id} className="shipment">
              <Truck size={14} aria-hidden="true" />
              <span>
                {shipment.carrier} <code>{shipment.tracking}</code>
                <span className="quiet">
                  {" "}
                  sent <time title={showMoment(shipment.shippedAt)}>{orderDay.format(shipment.shippedAt)}</time>
                </span>
              </span>
            </p>
          ))}
        </section>
        <Timeline order={order} />
      </div>
    </div>
  );
}

// ---------------------------------------------------------------- what can be done

const NOW_WORDS: Record<string, string> = {
  unfulfilled: "The seller is preparing your order. Until it is sent you can cancel it, and get everything back.",
  partially_shipped: "A part is on its way, the rest is being prepared.",
  shipped: "On its way. Confirm once you have it: that pays the seller.",
  received: "You have it, and the seller has been paid.",
  canceled: "It was cancelled; what you paid is back.",
  returned: "You sent it back.",
};

function nowWords(order: Order): string {
  if (order.settling) return "Money of this order is being moved at this moment.";
  if (order.dispute === "open") return "You and the seller disagree. The payment stays held until one of you gives way or a moderator decides.";
  if (order.payment === "pending") return "The payment is being made. This takes a moment.";
  if (order.payment === "failed") return "The payment was refused. Nothing was charged.";
  if (order.payment === "divided") return `${showMoney(order.refunded)} came back to you, ${showMoney(order.released)} went to the seller.`;
  if (order.payment === "refunded") return `${showMoney(order.refunded)} came back to you.`;
  return NOW_WORDS[order.fulfilment] ?? standingWords(order)[0];
}

type Form = "" | "cancel" | "confirm" | "dispute" | "withdraw" | "return" | "review";

function Now({ order, set, reload }: { order: Order; set: (order: Order) => void; reload: () => void }) {
  const [form, setForm] = useState<Form>("");
  const deed = useDeed(true);
  const may = (action: OrderAction) => order.actions.includes(action);
  const close = () => {
    setForm("");
    deed.clear();
  };
  const run = async (request: object, post: (key: string) => Promise<Order>) => {
    const changed = await deed.run(request, post);
    if (changed) {
      set(changed);
      setForm("");
    }
  };
  const shared = { deed, onClose: close };
  return (
    <section className="card now" aria-label="Where it stands">
      <p className="now-words">{nowWords(order)}</p>
      {order.autoReleaseAt !== null && order.payment === "held" && order.dispute !== "open" && (
        <p className="quiet">
          Without a word from you the seller is paid on <time title={showMoment(order.autoReleaseAt)}>{orderDay.format(order.autoReleaseAt)}</time>.
        </p>
      )}
      <p className="ways">
        {may("confirm_receipt") && (
          <button className="button primary" onClick={() => setForm("confirm")}>
            I have received it
          </button>
        )}
        {may("review") && (
          <button className="button primary" onClick={() => setForm("review")}>
            Review it
          </button>
        )}
        {may("withdraw_dispute") && (
          <button className="button" onClick={() => setForm("withdraw")}>
            Withdraw the dispute
          </button>
        )}
        {may("request_return") && (
          <button className="button" onClick={() => setForm("return")}>
            Send something back
          </button>
        )}
        {may("cancel") && (
          <button className="button" onClick={() => setForm("cancel")}>
            Cancel the order
          </button>
        )}
        {may("open_dispute") && (
          <button className="button danger" onClick={() => setForm("dispute")}>
            Something is wrong
          </button>
        )}
      </p>
      {form === "confirm" && (
        <Ask
          {...shared}
          title="Have you received everything?"
          text={`This pays ${showMoney(order.held)} to ${order.seller.name}. It cannot be taken back.`}
          yes={`Yes, pay ${showMoney(order.held)}`}
          onYes={() => run({ receipt: order.id }, (key) => confirmReceipt(order.id, key))}
        />
      )}
      {form === "cancel" && (
        <Ask
          {...shared}
          title="Cancel the order?"
          text={`${showMoney(order.held)} comes back to you at once, in ${order.held.asset}.`}
          yes="Cancel the order"
          onYes={() => run({ cancel: order.id }, (key) => cancelOrder(order.id, "", key))}
        />
      )}
      {form === "withdraw" && (
        <Ask {...shared} title="Withdraw the dispute?" text="The order goes on as before. You can open another one later." yes="Withdraw it" onYes={() => run({ withdraw: order.id }, () => withdrawDispute(order.id))} />
      )}
      {form === "dispute" && <DisputeForm {...shared} order={order} run={run} />}
      {form === "return" && <ReturnForm {...shared} order={order} run={run} />}
      {form === "review" && (
        <ReviewForm
          {...shared}
          order={order}
          onDone={() => {
            close();
            forget("product");
            forget("reviews");
            reload();
          }}
        />
      )}
    </section>
  );
}

// ---------------------------------------------------------------- what it is

function Lines({ order }: { order: Order }) {
  return (
    <section className="card" aria-label="Goods">
      <ul className="order-lines">
        {order.lines.map((line) => {
          const notes = [
            line.shipped > 0 && line.shipped < line.quantity && `${line.shipped} of ${line.quantity} sent`,
            line.canceled > 0 && `${line.canceled} cancelled`,
            line.returned > 0 && `${line.returned} returned`,
          ].filter(Boolean);
          return (
            <li key={line.id}>
              <Picture image={line.image} alt="" />
              <span className="order-line-text">
                <a {...to(`/shop/p/${line.productSlug}`)}>{line.title}</a>
                <span className="quiet">
                  {[optionsText(line.options), `${line.quantity} × ${showMoney(line.unitPrice)}`].filter(Boolean).join(" · ")}
                </span>
                {notes.length > 0 && <span className="quiet">{notes.join(", ")}</span>}
              </span>
              <span className="right">{showMoney(line.total)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Sum(props: { text: string; of: Money; places: number; minus?: boolean; strong?: boolean }) {
  return (
    <div className={`sum ${props.strong ? "strong" : ""}`}>
      <dt>{props.text}</dt>
      <dd>
        {props.minus && "−"}
        {showMoney(props.of, props.places)}
      </dd>
    </div>
  );
}

function MoneyFacts({ order }: { order: Order }) {
  const { itemsTotal, discount, shipping, tax, taxIncluded, total, held, released, refunded } = order;
  const places = columnPlaces([itemsTotal, discount, shipping, tax, total, held, released, refunded]);
  return (
    <section className="card side-card" aria-label="Money">
      <h2>
        <Lock size={14} aria-hidden="true" /> {moneyWords(order.payment)}
      </h2>
      <dl className="sums">
        <Sum text="Goods" of={itemsTotal} places={places} />
        {!isZero(discount) && <Sum text="Voucher" of={discount} places={places} minus />}
        <Sum text="Shipping" of={shipping} places={places} />
        {!isZero(tax) && <Sum text="Tax" of={tax} places={places} />}
        <Sum text="Total" of={total} places={places} strong />
        {!isZero(taxIncluded) && <Sum text="of which tax" of={taxIncluded} places={places} />}
      </dl>
      <dl className="sums where">
        <Sum text="Held in escrow" of={held} places={places} />
        <Sum text="Paid to the seller" of={released} places={places} />
        <Sum text="Given back to you" of={refunded} places={places} />
      </dl>
      {order.paidWith && order.paidWith.asset !== total.asset && (
        <p className="quiet">
          The purchase cost you <b>{showMoney(order.paidWith)}</b>.
        </p>
      )}
      {order.refunds.map((refund) => (
        <p key={refund.id} className="refund" data-testid="refund">
          <b>{showMoney(refund.amount)}</b> given back <time title={showMoment(refund.at)}>{orderDay.format(refund.at)}</time>
          {refund.reason && <span className="quiet">: {refund.reason}</span>}
        </p>
      ))}
    </section>
  );
}

const REASONS: Record<string, string> = { not_received: "It did not arrive", not_as_described: "It is not as described", damaged: "It is damaged", other: "Something else" };

function DisputeFacts({ order }: { order: Order }) {
  const dispute = order.disputeCase!;
  return (
    <section className="card side-card" aria-label="Dispute">
      <h2>Dispute</h2>
      <p>
        <b>{REASONS[dispute.reason] ?? sentence(dispute.reason)}.</b> {dispute.text}
      </p>
      <p className="quiet">
        Opened <time title={showMoment(dispute.openedAt)}>{orderDay.format(dispute.openedAt)}</time>
      </p>
      {dispute.sellerReply && (
        <p className="reply">
          <b>The seller:</b> {dispute.sellerReply}
        </p>
      )}
      {dispute.decidedAt !== null && (
        <p className="reply" data-testid="decision">
          <b>Decision:</b> {dispute.decision}
          {dispute.toBuyer && ` ${showMoney(dispute.toBuyer)} to you.`}
        </p>
      )}
    </section>
  );
}

function Returns({ order }: { order: Order }) {
  if (!order.returns.length) return null;
  const titleOf = (lineId: string) => order.lines.find((line) => line.id === lineId)?.title ?? "";
  return (
    <section className="card side-card" aria-label="Returns">
      <h2>Returns</h2>
      {order.returns.map((one) => (
        <p key={one.id}>
          <span className="tag">{sentence(one.state)}</span> {one.lines.map((line) => `${line.quantity} × ${titleOf(line.lineId)}`).join(", ")}
          {one.reason && <span className="quiet">: {one.reason}</span>}
        </p>
      ))}
    </section>
  );
}

function Timeline({ order }: { order: Order }) {
  if (!order.timeline.length) {
    return (
      <section className="card side-card" aria-label="What happened">
        <Empty title="Nothing has happened yet" />
      </section>
    );
  }
  return (
    <section className="card side-card" aria-label="What happened">
      <h2>What happened</h2>
      <ol className="timeline">
        {order.timeline.map((step, index) => (
          <li key={`${step.at} ${step.axis} ${step.event} ${index}`} data-axis={step.axis}>
            <span>{step.text ? tidyAmounts(step.text) : sentence(step.after)}</span>
            <time className="quiet" title={showMoment(step.at)}>
              {stepTime.format(step.at)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}

const stepTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const OrderBones = () => (
  <div className="order-body" aria-busy="true">
    <div className="order-main">
      <div className="card now">
        <Bone width="70%" className="line" />
        <Bone width={180} height={36} className="line" />
      </div>
      <div className="card side-card">
        <Bone width="80%" height={56} className="line" />
      </div>
    </div>
    <div className="order-side">
      <div className="card side-card">
        {[0, 1, 2, 3].map((row) => (
          <Bone key={row} width="90%" className="line" />
        ))}
      </div>
    </div>
  </div>
);
