/** What the ticket's order costs and brings, and what the member has of the market's two assets. */
import { postJson } from "../api/rest";
import { type Decimal, multiply, parse } from "../lib/decimal";
import { show } from "../lib/format";
import type { SymbolRules } from "../lib/rules";
import type { Checked, Means } from "../lib/ticket";
import { say, sayError } from "../state/notices";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { to } from "../ui/route";
import { useDesk } from "./useDesk";

export function Estimate(props: { checked: Checked; rules: SymbolRules; means: Means; buying: boolean; estimated: boolean }) {
  const { checked, rules, means, buying, estimated } = props;
  const available = buying ? means.availableQuote : means.availableBase;
  const places = (asset: string) => (asset === rules.base ? rules.basePlaces : rules.quotePlaces);
  const showIn = (value: Decimal | null, asset: string) => (value === null ? "—" : `${show(value, Math.min(places(asset), 8))} ${asset}`);
  const asset = buying ? rules.quote : rules.base;
  const received = checked.fee === null ? null : (buying ? checked.quantity! : checked.total!) - checked.fee;
  return (
    <dl className="estimate">
      <dt>Available</dt>
      <dd data-testid="available">{available === null ? "—" : `${show(available, buying ? Math.max(2, rules.pricePlaces) : rules.quantityPlaces)} ${asset}`}</dd>
      {estimated && (
        <>
          <dt>Average price</dt>
          <dd>{checked.averagePrice ? `≈ ${show(checked.averagePrice, rules.pricePlaces)} ${rules.quote}` : "—"}</dd>
        </>
      )}
      <dt>
        Fee ({show(multiply(checked.feeRate, parse("100")), 3).replace(/0$/, "")}% {checked.crosses ? "taker" : "maker"})
      </dt>
      <dd>{checked.fee === null ? "—" : `≈ ${showIn(checked.fee, checked.feeAsset)}`}</dd>
      <dt>You receive</dt>
      <dd>{received === null ? "—" : `≈ ${showIn(received, checked.feeAsset)}`}</dd>
      {checked.stopTotal !== null && (
        <>
          <dt>Total at the stop</dt>
          <dd>
            ≈ {show(checked.stopTotal, Math.max(2, rules.pricePlaces))} {rules.quote}
          </dd>
        </>
      )}
      <dt className="strong">Total</dt>
      <dd className="strong">{checked.total === null ? "—" : `${estimated ? "≈ " : ""}${show(checked.total, Math.max(2, rules.pricePlaces))} ${rules.quote}`}</dd>
    </dl>
  );
}

/** The two assets of this market, available and held. */
export function Pair({ rules }: { rules: SymbolRules }) {
  const desk = useDesk();
  const owned = useStore(desk.holdings);
  if (!owned) return null;
  return (
    <section className="pair" aria-label="Your assets here">
      <header>
        <h2>Assets</h2>
        {desk.kind === "SPOT" ? <a {...to("/wallet")}>Wallet</a> : <a {...to(desk.kind === "CROSS" ? "/margin" : "/margin/isolated")}>Margin</a>}
      </header>
      <dl>
        {[rules.base, rules.quote].map((asset) => {
          const { available, held, borrowed = 0n, interest = 0n } = owned.get(asset) ?? { available: 0n, held: 0n };
          return (
            <div key={asset} style={{ display: "contents" }} data-asset={asset}>
              <dt>{asset}</dt>
              <dd data-testid={`available-${asset}`}>{show(available, 8)}</dd>
              {held > 0n && (
                <>
                  <dt className="held">held by orders</dt>
                  <dd className="held">{show(held, 8)}</dd>
                </>
              )}
              {borrowed + interest > 0n && (
                <>
                  <dt className="held">owed</dt>
                  <dd className="held">{show(borrowed + interest, 8)}</dd>
                </>
              )}
            </div>
          );
        })}
      </dl>
    </section>
  );
}

export function LoginInstead() {
  const { config } = useStore(venue);
  return (
    <div className="login-instead">
      <a className="button primary" {...to("/login")}>
        Log in to trade
      </a>
      <p className="field-hint">
        New here? <a {...to("/signup")}>Sign up</a>
        {config.demo && ", it takes ten seconds and the money is play money"}.
      </p>
    </div>
  );
}

export function DemoFunds(props: { rules: SymbolRules; means: Means; buying: boolean }) {
  const { config } = useStore(venue);
  const asset = props.buying ? props.rules.quote : props.rules.base;
  const available = props.buying ? props.means.availableQuote : props.means.availableBase;
  if (!config.demo || available !== 0n) return null;
  return (
    <p className="field-hint">
      You have no {asset} yet.{" "}
      <button
        type="button"
        className="link-button"
        onClick={() =>
          postJson("/account/faucet", { asset })
            .then(() => say(`Demo ${asset} added`))
            .catch(sayError)
        }
      >
        Get demo {asset}
      </button>
    </p>
  );
}
