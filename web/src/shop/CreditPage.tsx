/** Store credit and gift cards: what there is, redeem a code, buy a card. */
import { Copy } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { ApiError } from "../api/rest";
import { buyGiftCard, readCredit, readGiftCards, redeemGiftCard } from "../api/shop";
import type { Credit, GiftCard, NewGiftCard } from "../api/shop-types";
import { parseTyped, toText } from "../lib/decimal";
import { showMoment } from "../lib/format";
import { Intention } from "../lib/intention";
import { isZero, showMoney } from "../lib/money";
import { sentence } from "../lib/orderWords";
import { say } from "../state/notices";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { Empty } from "../ui/states";
import { forget, useKept } from "./kept";
import { orderDay } from "./OrdersPage";
import { Bone, Estimate, Members, ShopPage, Shown } from "./parts";

/** The history is written a moment after the money has moved. */
const HISTORY_MS = [0, 1_000, 4_000];

export default function CreditPage() {
  return (
    <Members what="your credit and gift cards">
      <Page />
    </Members>
  );
}

function Page() {
  const credit = useKept("credit", readCredit);
  const cards = useKept("gift cards", readGiftCards);
  const changed = () => {
    forget("credit");
    for (const wait of HISTORY_MS) setTimeout(credit.reload, wait);
    cards.reload();
  };
  return (
    <ShopPage title="Gift cards and credit" className="narrow" about="Credit pays before anything else at checkout. A gift card turns into credit for whoever has its code.">
      <div className="credit-body">
        <section className="card" aria-label="Store credit">
          <header>
            <h2>Store credit</h2>
          </header>
          <div className="body">
            <Shown of={credit} what="Your credit" bones={<Bone width={140} height={28} />}>
              {(value) => <Balances of={value} />}
            </Shown>
            <Redeem onDone={changed} />
          </div>
        </section>
        <section className="card" aria-label="Buy a gift card">
          <header>
            <h2>Buy a gift card</h2>
          </header>
          <div className="body">
            <Buy onDone={changed} />
          </div>
        </section>
      </div>
      <section className="card" aria-label="Your gift cards">
        <header>
          <h2>Gift cards you bought</h2>
        </header>
        <Shown of={cards} what="Your gift cards" bones={<Bone width="40%" className="line" />}>
          {(items) => <Cards of={items} />}
        </Shown>
      </section>
      <section className="card" aria-label="History of your credit">
        <header>
          <h2>History</h2>
        </header>
        <Shown of={credit} what="The history" bones={<Bone width="40%" className="line" />}>
          {(value) => <History of={value} />}
        </Shown>
      </section>
    </ShopPage>
  );
}

function Balances({ of }: { of: Credit }) {
  const shown = of.balances.filter((money) => !isZero(money));
  if (!shown.length) return <p className="quiet">None yet. Refunds to credit and gift cards appear here.</p>;
  return shown.map((money) => (
    <p key={money.asset} className="price large">
      <b>{showMoney(money)}</b>
      <Estimate of={money} />
    </p>
  ));
}

function Redeem({ onDone }: { onDone: () => void }) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [intention] = useState(() => new Intention());
  const id = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = code.trim();
    if (!wanted || busy) return;
    setBusy(true);
    setRefusal("");
    try {
      const { amount } = await intention.send({ wanted }, (key) => redeemGiftCard(wanted, key));
      say(`${showMoney(amount)} added to your credit`);
      setCode("");
      onDone();
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <form className="form redeem" onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>Have a code?</label>
        <div className="voucher">
          <div className={`input ${refusal ? "bad" : ""}`}>
            <input id={id} autoComplete="off" spellCheck={false} maxLength={64} placeholder="Gift card code" value={code} onChange={(event) => setCode(event.target.value)} />
          </div>
          <button className="button" disabled={busy || !code.trim()}>
            Redeem
          </button>
        </div>
        <p className="field-error" role="status">
          {refusal}
        </p>
      </div>
    </form>
  );
}

function Buy({ onDone }: { onDone: () => void }) {
  const { markets } = useStore(venue);
  const assets = [...new Set(markets.flatMap((market) => [market.quote, market.base]))].sort();
  const [asset, setAsset] = useState("USDT");
  const [amount, setAmount] = useState("");
  const [payAsset, setPayAsset] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [bought, setBought] = useState<NewGiftCard | null>(null);
  const [intention] = useState(() => new Intention());
  const id = useId();
  const value = parseTyped(amount);
  const valid = value !== null && value > 0n;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!valid || busy) return;
    const request = { asset, amount: toText(value), ...(payAsset && payAsset !== asset ? { payAsset } : {}) };
    setBusy(true);
    setRefusal("");
    try {
      setBought(await intention.send(request, (key) => buyGiftCard(request, key)));
      setAmount("");
      onDone();
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
  };
  if (bought) {
    return (
      <div className="form" role="status">
        <p>
          A card of <b>{showMoney(bought.amount)}</b>. Its code is shown this once: keep it, or give it away.
        </p>
        <p className="secret">
          <code data-testid="gift-code">{bought.code}</code>
          <button className="icon-button" aria-label="Copy the code" title="Copy" onClick={() => navigator.clipboard.writeText(bought.code).then(() => say("Copied"), () => undefined)}>
            <Copy size={16} />
          </button>
        </p>
        <button className="button" onClick={() => setBought(null)}>
          I have it
        </button>
      </div>
    );
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <div className="gift-fields">
        <div className="field">
          <label htmlFor={`${id}-amount`}>Worth</label>
          <div className="input number">
            <input id={`${id}-amount`} inputMode="decimal" autoComplete="off" placeholder="50" value={amount} onChange={(event) => setAmount(event.target.value)} />
          </div>
        </div>
        <div className="field">
          <label htmlFor={`${id}-asset`}>In</label>
          <div className="input">
            <select id={`${id}-asset`} value={asset} onChange={(event) => setAsset(event.target.value)}>
              {(assets.length ? assets : [asset]).map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </div>
        </div>
        <div className="field">
          <label htmlFor={`${id}-pay`}>Pay with</label>
          <div className="input">
            <select id={`${id}-pay`} value={payAsset || asset} onChange={(event) => setPayAsset(event.target.value)}>
              {(assets.length ? assets : [asset]).map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </div>
        </div>
      </div>
      {refusal && (
        <p className="note refusal" role="alert">
          {refusal}
        </p>
      )}
      <button className="button primary" disabled={busy || !valid}>
        {valid ? `Buy a card of ${showMoney({ asset, amount: toText(value) })}` : "Buy a gift card"}
      </button>
    </form>
  );
}

function Cards({ of }: { of: GiftCard[] }) {
  if (!of.length) {
    return (
      <Empty title="No gift cards yet">
        <p>A card you buy is listed here until it is redeemed.</p>
      </Empty>
    );
  }
  return (
    <div className="wide" tabIndex={0} role="region" aria-label="Your gift cards">
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">Bought</th>
            <th scope="col">State</th>
            <th scope="col" className="right">
              Worth
            </th>
          </tr>
        </thead>
        <tbody>
          {of.map((card) => (
            <tr key={card.id}>
              <td>
                <time title={showMoment(card.createdAt)}>{orderDay.format(card.createdAt)}</time>
              </td>
              <td>{sentence(card.state)}</td>
              <td className="right">{showMoney(card.amount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function History({ of }: { of: Credit }) {
  if (!of.history.length) {
    return (
      <Empty title="Nothing has moved yet">
        <p>Each time credit comes or goes, a line here says why.</p>
      </Empty>
    );
  }
  return (
    <div className="wide" tabIndex={0} role="region" aria-label="History of your credit">
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col" className="right">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {of.history.map((entry) => (
            <tr key={`${entry.at} ${entry.text} ${entry.amount.amount}`}>
              <td>
                <time title={showMoment(entry.at)}>{orderDay.format(entry.at)}</time>
              </td>
              <td>{entry.text}</td>
              <td className={`right ${entry.sign === "+" ? "up" : ""}`}>
                {entry.sign === "+" ? "+" : "−"}
                {showMoney(entry.amount)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
