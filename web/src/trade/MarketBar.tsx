import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { show, showCompact, showPercent } from "../lib/format";
import { toNumber } from "../lib/decimal";
import type { SymbolRules } from "../lib/rules";
import { useStore } from "../state/store";
import { type MarketState, marketStates, stateOf, tickers, watchState } from "../state/venue";

export function MarketBar(props: { rules: SymbolRules | null; stale: boolean }) {
  const { rules } = props;
  const prices = useStore(tickers);
  const ticker = rules ? prices.get(rules.symbol) : undefined;
  const before = useRef({ last: 0n, direction: "" });
  if (ticker && ticker.last !== before.current.last) {
    const direction = !before.current.last ? "" : ticker.last > before.current.last ? "up" : "down";
    before.current = { last: ticker.last, direction };
  }
  const last = rules && ticker?.last ? show(ticker.last, rules.pricePlaces) : "";

  const states = useStore(marketStates);
  useEffect(() => (rules ? watchState(rules) : undefined), [rules]);

  useEffect(() => {
    document.title = rules ? `${last && `${last} · `}${rules.base}/${rules.quote} · CryptoShop` : "CryptoShop";
    return () => {
      document.title = "CryptoShop";
    };
  }, [rules, last]);

  if (!rules || !ticker) {
    return (
      <section className="market-bar" aria-label="Market" aria-busy="true">
        <p className="market-name">{rules ? `${rules.base}/${rules.quote}` : <span className="bone" style={{ width: 96 }} />}</p>
        {[88, 64, 64, 64, 64].map((width, i) => (
          <span key={i} className="bone" style={{ width }} />
        ))}
      </section>
    );
  }

  const state = stateOf(rules, states);
  const { direction } = before.current;
  const change = ticker.open ? toNumber(ticker.last - ticker.open) / toNumber(ticker.open) : NaN;
  const tone = change > 0 ? "up" : change < 0 ? "down" : "";
  return (
    <section className={`market-bar ${props.stale ? "stale" : ""}`} aria-label="Market">
      <p className="market-name">
        {rules.base}
        <span className="quiet">/{rules.quote}</span>
        <StateTag state={state} />
      </p>
      <p className={`market-last ${direction}`} data-testid="last-price">
        <span key={last} className={direction && `flash-${direction}`}>
          {last || "—"}
        </span>
        {direction === "up" && <ArrowUp size={15} aria-label="rising" />}
        {direction === "down" && <ArrowDown size={15} aria-label="falling" />}
      </p>
      <dl className="market-facts">
        {state.indicative && (
          <Fact head="Auction price now">
            <span data-testid="indicative">
              {show(state.indicative.price, rules.pricePlaces)} <span className="quiet">for {show(state.indicative.quantity, rules.quantityPlaces)} {rules.base}</span>
            </span>
          </Fact>
        )}
        <Fact head="24 h change">
          <span className={tone}>{showPercent(change)}</span>
        </Fact>
        <Fact head="24 h high">{show(ticker.high, rules.pricePlaces)}</Fact>
        <Fact head="24 h low">{show(ticker.low, rules.pricePlaces)}</Fact>
        <Fact head={`24 h volume (${rules.base})`} extra>
          {showCompact(toNumber(ticker.volume))}
        </Fact>
        <Fact head={`24 h volume (${rules.quote})`}>{showCompact(toNumber(ticker.quoteVolume))}</Fact>
      </dl>
    </section>
  );
}

const STATES: Record<string, { text: string; title: string; tone?: string }> = {
  AUCTION_MATCH: { text: "Auction", title: "Orders are collected and trade at one price when the auction ends", tone: "accent" },
  BREAK: { text: "Cancel only", title: "Orders can be cancelled, none placed" },
};

function StateTag({ state: { status } }: { state: MarketState }) {
  if (status === "TRADING") return null;
  const { text, title, tone } = STATES[status] ?? { text: "Halted", title: "Nothing trades right now" };
  return (
    <span className={`tag ${tone ?? ""}`} title={title}>
      {text}
    </span>
  );
}

function Fact(props: { head: string; extra?: boolean; children: ReactNode }) {
  return (
    <div className={props.extra ? "extra" : undefined}>
      <dt>{props.head}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
