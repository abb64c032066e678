/** Buying, on one page: where to, how it is sent, what to pay with. The total and the one button stay in sight. */
import { Check, Clock, Pencil, ShieldCheck, TriangleAlert } from "lucide-react";
import { type FormEvent, type ReactNode, useCallback, useEffect, useId, useRef, useState } from "react";
import { ApiError } from "../api/rest";
import { checkVoucher, readAddresses, readCredit } from "../api/shop";
import type { Address, Checkout, CheckoutForm, CheckoutOrder, Money, PayChoice } from "../api/shop-types";
import { columnPlaces, isZero, showAmount, showGlance, showMonies, showMoney } from "../lib/money";
import { choiceOf, leftOver, partLeft, payWords, reasonWords, secondsLeft, showMinutes } from "../lib/quote";
import { cartView } from "../state/cart";
import { useStore } from "../state/store";
import { go, query, to } from "../ui/route";
import { Empty } from "../ui/states";
import { AddressForm, AddressText } from "./AddressForm";
import { type CheckoutDesk, useCheckout } from "./checkout";
import { useKept } from "./kept";
import { Bone, Estimate, Failure, Members, optionsText, Picture, ShopPage } from "./parts";
import { ReceiptCard } from "./ReceiptCard";

const LAST_PAY_ASSET = "cryptoshop.payAsset";
const LAST_ADDRESS = "cryptoshop.address";

export default function CheckoutPage() {
  return (
    <Members what="your checkout">
      <Desk />
    </Members>
  );
}

type Form = Omit<CheckoutForm, "addressId"> & { addressId: string };

function Desk() {
  const id = new URLSearchParams(useStore(query)).get("id") ?? "";
  const { cart, error: cartError } = useStore(cartView);
  const addresses = useKept("addresses", readAddresses);
  const desk = useCheckout(
    id,
    useCallback((opened: string) => go(`/shop/checkout?id=${opened}`, true), []),
  );
  const { checkout } = desk;
  const [form, setForm] = useState<Form>({ addressId: "", shipping: {}, payAsset: "", useCredit: false });
  const [voucherWords, setVoucherWords] = useState("");

  const apply = useCallback(
    async (changes: Partial<Form>) => {
      const next = { ...form, ...changes };
      setForm(next);
      if (next.addressId) await desk.open(next);
    },
    [form, desk.open],
  );

  // What was opened before this page was loaded says what was chosen.
  useEffect(() => {
    if (!checkout || form.addressId) return;
    const shipping = Object.fromEntries(checkout.orders.map(({ seller, shippingMethod }) => [seller.slug, shippingMethod.id]));
    setForm({ addressId: checkout.address.id, shipping, payAsset: checkout.payAsset, useCredit: checkout.credit.length > 0, voucher: checkout.voucher?.code });
  }, [checkout, form.addressId]);

  // With an address kept and goods in the cart everything else has a default, so the price is there at once.
  const due = cart?.totals[0]?.asset ?? "";
  useEffect(() => {
    if (id || checkout || form.addressId || !due || !addresses.value?.length) return;
    const last = addresses.value.find((one) => one.id === localStorage.getItem(LAST_ADDRESS)) ?? addresses.value[0]!;
    apply({ addressId: last.id, payAsset: localStorage.getItem(LAST_PAY_ASSET) ?? due });
  }, [id, checkout, form.addressId, due, addresses.value, apply]);

  // Who has not chosen and cannot pay with the first asset begins with one that they hold enough of.
  const settledOn = useRef(false);
  useEffect(() => {
    if (settledOn.current || desk.busy || checkout?.state !== "open") return;
    settledOn.current = true;
    const better = choiceOf(checkout)?.enough === false && checkout.choices.find(({ enough }) => enough);
    if (!better) return;
    setForm((present) => ({ ...present, payAsset: better.asset }));
    desk.quote(better.asset, checkout.credit.length > 0);
  }, [checkout, desk.busy, desk.quote]);

  if (checkout?.state === "paid") return <Paid checkout={checkout} />;
  if (checkout && checkout.state !== "open" && checkout.state !== "confirming") return <Ended checkout={checkout} again={() => form.addressId && apply({})} />;
  if (!id && cart && !cart.count) {
    return (
      <ShopPage title="Checkout">
        <Empty title="There is nothing to pay for">
          <p>Your cart is empty.</p>
          <a className="button primary" {...to("/shop")}>
            Look around
          </a>
        </Empty>
      </ShopPage>
    );
  }
  if (!cart && cartError) {
    return (
      <ShopPage title="Checkout">
        <Failure of={cartError} what="The cart" onRetry={() => location.reload()} />
      </ShopPage>
    );
  }

  const chooseAddress = (address: Address) => {
    localStorage.setItem(LAST_ADDRESS, address.id);
    apply({ addressId: address.id, shipping: {}, payAsset: form.payAsset || due });
  };
  const choosePayAsset = async (payAsset: string) => {
    settledOn.current = true;
    localStorage.setItem(LAST_PAY_ASSET, payAsset);
    setForm({ ...form, payAsset });
    await (checkout ? desk.quote(payAsset, !!form.useCredit) : apply({ payAsset }));
  };
  const chooseCredit = async (useCredit: boolean) => {
    setForm({ ...form, useCredit });
    await (checkout ? desk.quote(form.payAsset, useCredit) : apply({ useCredit }));
  };
  const chooseVoucher = async (code: string) => {
    setVoucherWords("");
    if (!code) return apply({ voucher: undefined });
    try {
      const found = await checkVoucher(code);
      if (found.valid) await apply({ voucher: code });
      else setVoucherWords(found.reason || "This voucher does not hold here.");
    } catch (error) {
      setVoucherWords(error instanceof ApiError ? error.message : String(error));
    }
  };

  return (
    <ShopPage title="Checkout" className="checkout-page" back={{ path: "/shop/cart", text: "Cart" }}>
      <div className="checkout-body">
        <div className="checkout-steps">
          <AddressStep addresses={addresses.value} chosen={form.addressId} onChoose={chooseAddress} onSaved={(list) => addresses.set(list)} />
          <ShippingStep checkout={checkout} waiting={!form.addressId} onChoose={(seller, method) => apply({ shipping: { ...form.shipping, [seller]: method } })} />
          <VoucherStep applied={checkout?.voucher ?? null} words={voucherWords} onApply={chooseVoucher} useCredit={!!form.useCredit} onCredit={chooseCredit} disabled={!checkout} />
          <PayStep desk={desk} chosen={form.payAsset} fallback={due} waiting={!form.addressId} onChoose={choosePayAsset} />
        </div>
        <Total desk={desk} waiting={!form.addressId} again={() => apply({})} />
      </div>
    </ShopPage>
  );
}

function Step(props: { number: number; title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className="card step" aria-labelledby={id}>
      <h2 id={id}>
        <span className="step-number" aria-hidden="true">
          {props.number}
        </span>
        {props.title}
      </h2>
      {props.children}
    </section>
  );
}

// ---------------------------------------------------------------- where to

function AddressStep(props: { addresses: Address[] | null; chosen: string; onChoose: (address: Address) => void; onSaved: (list: Address[]) => void }) {
  const { addresses, chosen } = props;
  const [form, setForm] = useState<"" | "new" | Address>("");
  const group = useId();
  const done = (address: Address) => {
    setForm("");
    props.onSaved([...(addresses ?? []).filter((one) => one.id !== address.id), address]);
    props.onChoose(address);
  };
  if (!addresses) {
    return (
      <Step number={1} title="Deliver to">
        <Bone width="50%" className="line" />
        <Bone width="70%" className="line" />
      </Step>
    );
  }
  return (
    <Step number={1} title="Deliver to">
      {form || !addresses.length ? (
        <AddressForm of={typeof form === "object" ? form : undefined} onDone={done} onCancel={addresses.length ? () => setForm("") : undefined} />
      ) : (
        <>
          <div role="radiogroup" aria-label="Address" className="choices">
            {addresses.map((address) => (
              <div key={address.id} className="choice">
                <label>
                  <input type="radio" name={group} checked={address.id === chosen} onChange={() => props.onChoose(address)} />
                  <AddressText of={address} />
                </label>
                <button className="icon-button" aria-label={`Change the address of ${address.name}, ${address.line1}`} title="Change" onClick={() => setForm(address)}>
                  <Pencil size={14} />
                </button>
              </div>
            ))}
          </div>
          <button className="link-button" onClick={() => setForm("new")}>
            Another address
          </button>
        </>
      )}
    </Step>
  );
}

// ---------------------------------------------------------------- how it is sent

const days = ({ daysMin, daysMax }: { daysMin: number; daysMax: number }): string => (daysMin === daysMax ? `${daysMin} ${daysMin === 1 ? "day" : "days"}` : `${daysMin}–${daysMax} days`);

function ShippingStep(props: { checkout: Checkout | null; waiting: boolean; onChoose: (seller: string, method: string) => void }) {
  const { checkout, waiting } = props;
  return (
    <Step number={2} title="Goods and shipping">
      {!checkout && waiting && <p className="quiet">Shipping is known once there is an address.</p>}
      {!checkout && !waiting && (
        <>
          <Bone width="60%" height={40} className="line" />
          <Bone width="80%" className="line" />
        </>
      )}
      {checkout?.orders.map((order) => (
        <Parcel key={`${order.seller.slug} ${order.asset}`} order={order} onChoose={(method) => props.onChoose(order.seller.slug, method)} />
      ))}
    </Step>
  );
}

function Parcel({ order, onChoose }: { order: CheckoutOrder; onChoose: (method: string) => void }) {
  const group = useId();
  // The choice shows at once; what the shop then answers wins.
  const [wished, setWished] = useState("");
  useEffect(() => setWished(""), [order]);
  const chosen = wished || order.shippingMethod.id;
  const choose = (method: string) => {
    setWished(method);
    onChoose(method);
  };
  return (
    <div className="parcel" role="group" aria-label={`From ${order.seller.name}`}>
      <h3>From {order.seller.name}</h3>
      <ul className="parcel-lines">
        {order.lines.map((line) => (
          <li key={line.variantId}>
            <Picture image={line.image} alt="" />
            <span>
              {line.quantity} × {line.title} <span className="quiet">{optionsText(line.options)}</span>
            </span>
            <span className="right">{showMoney(line.total)}</span>
          </li>
        ))}
      </ul>
      <div role="radiogroup" aria-label={`Shipping from ${order.seller.name}`} className="choices">
        {order.shippingChoices.map((choice) => (
          <label key={choice.id} className="choice">
            <input type="radio" name={group} checked={choice.id === chosen} onChange={() => choose(choice.id)} />
            <span>
              {choice.name} <span className="quiet">{days(choice)}</span>
            </span>
            <span className="right">{isZero(choice.price) ? "Free" : showMoney(choice.price)}</span>
          </label>
        ))}
      </div>
    </div>
  );
}

// ---------------------------------------------------------------- voucher and credit

function VoucherStep(props: {
  applied: { code: string; text: string } | null;
  words: string;
  onApply: (code: string) => Promise<void>;
  useCredit: boolean;
  onCredit: (use: boolean) => void;
  disabled: boolean;
}) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const credit = useKept("credit", readCredit).value?.balances.filter((money) => !isZero(money)) ?? [];
  const id = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!code.trim() || busy) return;
    setBusy(true);
    await props.onApply(code.trim().toUpperCase());
    setBusy(false);
  };
  return (
    <Step number={3} title="Voucher and credit">
      {props.applied ? (
        <p className="applied">
          <Check size={16} aria-hidden="true" />
          <span>
            <b>{props.applied.code}</b> {props.applied.text}
          </span>
          <button className="link-button" onClick={() => props.onApply("")}>
            Remove
          </button>
        </p>
      ) : (
        <form className="voucher" onSubmit={submit}>
          <div className={`input ${props.words ? "bad" : ""}`}>
            <label className="visually-hidden" htmlFor={id}>
              Voucher code
            </label>
            <input id={id} placeholder="Voucher code" autoComplete="off" maxLength={40} value={code} aria-describedby={`${id}-words`} onChange={(event) => setCode(event.target.value)} />
          </div>
          <button className="button" disabled={busy || props.disabled || !code.trim()}>
            Apply
          </button>
        </form>
      )}
      <p className="field-error" id={`${id}-words`} role="status">
        {props.words}
      </p>
      {credit.length > 0 && (
        <label className="check">
          <input type="checkbox" checked={props.useCredit} disabled={props.disabled} onChange={(event) => props.onCredit(event.target.checked)} />
          <span>Use store credit first ({showMonies(credit)})</span>
        </label>
      )}
    </Step>
  );
}

// ---------------------------------------------------------------- what to pay with

function PayStep(props: { desk: CheckoutDesk; chosen: string; fallback: string; waiting: boolean; onChoose: (asset: string) => void }) {
  const { checkout, busy } = props.desk;
  const group = useId();
  if (!checkout) {
    return (
      <Step number={4} title="Pay with">
        {props.waiting && <p className="quiet">What each coin would pay is known once there is an address.</p>}
        {!props.waiting && busy && [0, 1, 2].map((row) => <Bone key={row} width="100%" height={48} className="line" />)}
        {!props.waiting && !busy && props.chosen !== props.fallback && (
          <button className="button" onClick={() => props.onChoose(props.fallback)}>
            Try {props.fallback} instead
          </button>
        )}
      </Step>
    );
  }
  const order = (choice: PayChoice) => (choice.most === null ? 2 : choice.enough ? 0 : 1);
  const choices = checkout.choices.toSorted((a, b) => order(a) - order(b));
  return (
    <Step number={4} title="Pay with">
      <div role="radiogroup" aria-label="Pay with" className="choices pay-choices" aria-busy={busy === "quoting"}>
        <p className="pay-head" aria-hidden="true">
          <span>Asset</span>
          <span className="right">You pay at most</span>
          <span className="right">You hold</span>
        </p>
        {choices.map((choice) => (
          <label key={choice.asset} className={`choice pay-choice ${choice.most === null ? "closed" : ""}`} data-asset={choice.asset}>
            <input type="radio" name={group} checked={choice.asset === props.chosen} disabled={choice.most === null} onChange={() => props.onChoose(choice.asset)} />
            <b>{choice.asset}</b>
            <span className="right">{choice.most ? showAmount(choice.most) : "—"}</span>
            <span className="right quiet">{showGlance(choice.available)}</span>
            <span className={`pay-note ${choice.enough ? "good" : "bad"}`}>{choice.enough ? "" : reasonWords(choice.reason || "INSUFFICIENT_BALANCE")}</span>
          </label>
        ))}
      </div>
    </Step>
  );
}

// ---------------------------------------------------------------- the total and the button

const CART_CODES = new Set(["OUT_OF_STOCK", "PRICE_CHANGED", "CART_EMPTY", "OWN_GOODS"]);
const RING = 9;
const ROUND = 2 * Math.PI * RING;

function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The quote's life as a ring that runs out. */
function QuoteRing({ until }: { until: number }) {
  const now = useNow(250);
  const born = useRef({ until: 0, whole: 1 });
  if (born.current.until !== until) born.current = { until, whole: Math.max(1, until - Date.now()) };
  const left = partLeft(until, now, born.current.whole);
  return (
    <p className="quote-ring" role="timer">
      <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r={RING} className="ring-whole" />
        <circle cx="12" cy="12" r={RING} className="ring-left" strokeDasharray={ROUND} strokeDashoffset={ROUND * (1 - left)} transform="rotate(-90 12 12)" />
      </svg>
      <span>Quote holds for {secondsLeft(until, now)} s, then it is renewed</span>
    </p>
  );
}

function Reserved({ until }: { until: number }) {
  const seconds = secondsLeft(until, useNow(1000));
  return (
    <p className="reserved">
      <Clock size={14} aria-hidden="true" /> {seconds ? `Set aside for you for ${showMinutes(seconds)}` : "No longer set aside for you"}
    </p>
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

function OrderSums({ order, title }: { order: CheckoutOrder; title: string }) {
  const { itemsTotal, discount, shipping, tax, taxIncluded, total } = order;
  const places = columnPlaces([itemsTotal, discount, shipping, tax, total]);
  return (
    <div className="order-sums">
      <h3>{title}</h3>
      <dl className="sums">
        <Sum text="Goods" of={itemsTotal} places={places} />
        {!isZero(discount) && <Sum text="Voucher" of={discount} places={places} minus />}
        <Sum text="Shipping" of={shipping} places={places} />
        {!isZero(tax) && <Sum text="Tax" of={tax} places={places} />}
        <Sum text="Sum" of={total} places={places} strong />
        {!isZero(taxIncluded) && <Sum text="of which tax" of={taxIncluded} places={places} />}
      </dl>
    </div>
  );
}

/** A seller with prices in two assets gets two orders. */
const titleOf = (order: CheckoutOrder, all: CheckoutOrder[]): string =>
  all.filter(({ seller }) => seller.slug === order.seller.slug).length > 1 ? `${order.seller.name}, in ${order.asset}` : order.seller.name;

function Total(props: { desk: CheckoutDesk; waiting: boolean; again: () => void }) {
  const { checkout, busy, refusal, refusedAt, requoted, pay } = props.desk;
  const now = useNow(1000);
  if (!checkout) {
    return (
      <aside className="card summary" aria-label="Total">
        <h2>Total</h2>
        {refusal ? (
          <Refused of={refusal} requoted={false} again={props.again} />
        ) : (
          <>
            <Bone width="80%" className="line" />
            <Bone width="60%" className="line" />
            <Bone width="90%" height={24} className="line" />
          </>
        )}
        <button className="button primary pay" disabled>
          {busy ? "Getting a quote…" : props.waiting ? "Choose an address first" : "No quote yet"}
        </button>
      </aside>
    );
  }
  const choice = choiceOf(checkout);
  const enough = choice?.enough ?? true;
  const over = now >= checkout.reservedUntil;
  const paying = busy === "paying" || checkout.state === "confirming";
  return (
    <aside className="card summary" aria-label="Total">
      <h2>Total</h2>
      {checkout.orders.map((order) => (
        <OrderSums key={`${order.seller.slug} ${order.asset}`} order={order} title={titleOf(order, checkout.orders)} />
      ))}
      {checkout.taxText && <p className="quiet">{checkout.taxText}</p>}
      {checkout.credit.length > 0 && (
        <dl className="sums">
          {checkout.credit.map((money) => (
            <Sum key={money.asset} text="Store credit" of={money} places={columnPlaces([money])} minus />
          ))}
        </dl>
      )}
      <div className="most" aria-live="polite" aria-busy={busy === "quoting"}>
        <span className="quiet">{checkout.conversions.length ? "You pay at most" : "You pay"}</span>
        <b data-testid="most">{showMoney(checkout.most)}</b>
        {checkout.conversions.length > 0 && <span className="quiet">about {showMoney(checkout.expected)} at the market now</span>}
        <Estimate of={checkout.most} />
      </div>
      {!over && checkout.conversions.length > 0 && <QuoteRing until={checkout.expiresAt} />}
      {refusal && <Refused of={refusal} requoted={requoted} paying={refusedAt === "paying"} again={props.again} most={checkout.most} />}
      {!enough && choice && !refusal && (
        <p className="note warn" role="status">
          You hold {showMoney(choice.available)}. Choose another asset, or <a {...to("/wallet")}>add funds</a>.
        </p>
      )}
      {over ? (
        <button className="button primary pay" onClick={props.again} disabled={!!busy}>
          Set aside again
        </button>
      ) : (
        <button className="button primary pay" onClick={pay} disabled={!!busy || !enough || paying}>
          {paying ? "Paying…" : busy ? "Getting a quote…" : payWords(checkout)}
        </button>
      )}
      <p className="promise">
        <ShieldCheck size={14} aria-hidden="true" /> Your payment is held until you confirm receipt.
      </p>
      <Reserved until={checkout.reservedUntil} />
    </aside>
  );
}

function Refused(props: { of: ApiError; requoted: boolean; paying?: boolean; again: () => void; most?: Money }) {
  const { of, requoted, most } = props;
  const inCart = CART_CODES.has(of.code);
  // Nobody answered: the same button asks for the same payment again, and the shop makes it once.
  const unanswered = props.paying && (of.status === 0 || of.status >= 500);
  return (
    <div className={`note ${requoted ? "warn" : "refusal"}`} role="alert">
      <p>
        {requoted && <TriangleAlert size={14} aria-hidden="true" />} {of.message} <code className="code">{of.code}</code>
      </p>
      {requoted && most && (
        <p>
          <b>Nothing was charged.</b> The new quote is {showMoney(most)} at most.
        </p>
      )}
      {unanswered && (
        <p>
          <b>Pay again without worry:</b> however often you press, you are charged once.
        </p>
      )}
      {!requoted && !unanswered && (
        <p className="ways">
          {inCart ? (
            <a className="button small" {...to("/shop/cart")}>
              Look at the cart
            </a>
          ) : (
            <button className="button small" onClick={props.again}>
              Get a new quote
            </button>
          )}
        </p>
      )}
    </div>
  );
}

// ---------------------------------------------------------------- afterwards

function Paid({ checkout }: { checkout: Checkout }) {
  const count = checkout.orders.length;
  return (
    <ShopPage title="Thank you" className="paid-page" about={`${count === 1 ? "Your order is" : `Your ${count} orders are`} placed. ${count === 1 ? "The seller has" : "The sellers have"} been told; your payment is held until you confirm receipt.`}>
      {checkout.receipt && <ReceiptCard receipt={checkout.receipt} credit={checkout.credit} left={leftOver(checkout.receipt, checkout.credit)} />}
      <section className="card placed" aria-label="Orders">
        {checkout.orders.map((order) => (
          <div key={order.orderId ?? order.seller.slug} className="placed-order">
            <Picture image={order.lines[0]?.image ?? null} alt="" />
            <span>
              <b>{order.orderId ? <a {...to(`/shop/orders/${order.orderId}`)}>Order {order.number}</a> : "Order"}</b>
              <span className="quiet">
                {order.seller.name}, arrives in {days(order.shippingMethod)}
              </span>
            </span>
            <span className="right">{showMoney(order.total)}</span>
          </div>
        ))}
      </section>
      <p className="ways">
        <a className="button primary" {...to("/shop/orders")}>
          See your orders
        </a>
        <a className="button" {...to("/shop")}>
          Go on shopping
        </a>
      </p>
    </ShopPage>
  );
}

const ENDINGS: Record<string, string> = {
  expired: "The goods were set aside for a while, and that while is over. Nothing was charged.",
  abandoned: "This checkout was given up. Nothing was charged.",
  failed: "The payment was refused. Nothing was charged.",
};

function Ended({ checkout, again }: { checkout: Checkout; again: () => void }) {
  return (
    <ShopPage title="Checkout">
      <Empty title={checkout.state === "failed" ? "The payment did not go through" : "This checkout has ended"}>
        <p>
          {ENDINGS[checkout.state]} {checkout.failure && <code className="code">{checkout.failure}</code>}
        </p>
        <p className="ways">
          <button className="button primary" onClick={again}>
            Start again
          </button>
          <a className="button" {...to("/shop/cart")}>
            Look at the cart
          </a>
        </p>
      </Empty>
    </ShopPage>
  );
}
