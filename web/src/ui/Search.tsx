/** Find a market: "/" from anywhere, type, arrows, Enter. */
import { Search as Glass } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { show, showPercent } from "../lib/format";
import { useStore } from "../state/store";
import { tickers, venue } from "../state/venue";
import { go } from "./route";

export function Search() {
  const { markets } = useStore(venue);
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("input:not([inputmode=decimal]):not([type=range]):not([type=radio]), textarea, dialog");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const wanted = text.replace(/[\s/-]/g, "").toUpperCase();
  const found = markets.filter((market) => market.symbol.includes(wanted));
  const current = Math.min(at, found.length - 1);
  const pick = (symbol: string | undefined) => {
    if (!symbol) return;
    go(`/trade/${symbol}`);
    setText("");
    input.current?.blur();
  };

  return (
    <div className="search">
      <div className="input">
        <Glass size={15} aria-hidden="true" />
        <input
          ref={input}
          role="combobox"
          aria-label="Find a market"
          aria-expanded={open}
          aria-controls={list}
          aria-activedescendant={open && found[current] ? `${list}-${found[current].symbol}` : undefined}
          placeholder="Find a market"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") setAt(Math.min(current + 1, found.length - 1));
            else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
            else if (event.key === "Enter") pick(found[current]?.symbol);
            else if (event.key === "Escape") {
              setText("");
              input.current?.blur();
            } else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <div className="search-list" id={list} role="listbox" aria-label="Markets" hidden={!open}>
        {open && <Found symbols={found.map((market) => market.symbol)} current={current} list={list} onPick={pick} />}
        {open && !found.length && <p className="state">No market with that name</p>}
      </div>
    </div>
  );
}

function Found(props: { symbols: string[]; current: number; list: string; onPick: (symbol: string) => void }) {
  const prices = useStore(tickers);
  const { markets } = useStore(venue);
  return props.symbols.map((symbol, index) => {
    const market = markets.find((one) => one.symbol === symbol)!;
    const ticker = prices.get(symbol);
    const change = ticker?.open ? Number(ticker.last - ticker.open) / Number(ticker.open) : NaN;
    return (
      <div
        key={symbol}
        id={`${props.list}-${symbol}`}
        role="option"
        aria-selected={index === props.current}
        onPointerDown={(event) => {
          event.preventDefault();
          props.onPick(symbol);
        }}
      >
        <span>
          <b>{market.base}</b>
          <span className="quiet">/{market.quote}</span>
        </span>
        <span className="right">{ticker ? show(ticker.last, market.pricePlaces) : "—"}</span>
        <span className={`right ${change > 0 ? "up" : change < 0 ? "down" : "quiet"}`}>{showPercent(change)}</span>
      </div>
    );
  });
}
