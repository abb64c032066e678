/** Find goods and markets: "/" from anywhere, type, arrows, Enter. In the shop goods come first, elsewhere markets. */
import { Search as Glass } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { imageUrl, suggest } from "../api/shop";
import type { Suggestions } from "../api/shop-types";
import { show, showPercent } from "../lib/format";
import type { SymbolRules } from "../lib/rules";
import { useStore } from "../state/store";
import { tickers, venue } from "../state/venue";
import { go, place, query } from "./route";

interface Found {
  key: string;
  group: string;
  path: string;
  face: ReactNode;
}

const SUGGEST_AFTER_MS = 120;
const SUGGEST_FROM = 2;
const NOTHING: Suggestions = { products: [], categories: [], queries: [] };

export function Search() {
  const { markets } = useStore(venue);
  const inShop = useStore(place).startsWith("/shop");
  const asked = useStore(query);
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const words = text.trim();
  const suggested = useSuggestions(open ? words : "");

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("input:not([inputmode=decimal]):not([type=range]):not([type=radio]):not([type=checkbox]), textarea, dialog");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  // On the search page the field says what is being looked at.
  useEffect(() => setText(inShop ? (new URLSearchParams(asked).get("q") ?? "") : ""), [inShop, asked]);

  const wanted = words.replace(/[\s/-]/g, "").toUpperCase();
  const hits = !inShop || wanted ? markets.filter((market) => market.symbol.includes(wanted)) : [];
  const inMarkets = hits.map((market): Found => ({ key: market.symbol, group: "Markets", path: `/trade/${market.symbol}`, face: <MarketFace market={market} /> }));
  const inGoods = goods(words, suggested);
  const found = inShop ? [...inGoods, ...inMarkets] : [...inMarkets, ...inGoods];
  const groups = [...new Set(found.map(({ group }) => group))];
  const current = Math.min(at, found.length - 1);

  const pick = (path: string | undefined) => {
    if (!path) return;
    go(path);
    if (!inShop) setText("");
    input.current?.blur();
  };

  return (
    <div className="search">
      <div className="input">
        <Glass size={15} aria-hidden="true" />
        <input
          ref={input}
          role="combobox"
          aria-label="Search goods and markets"
          aria-expanded={open && found.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={open && found[current] ? `${list}-${found[current].key}` : undefined}
          placeholder={inShop ? "Search the shop" : "Find a market or goods"}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onFocus={(event) => {
            setOpen(true);
            event.target.select();
          }}
          onBlur={() => setOpen(false)}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") setAt(Math.min(current + 1, found.length - 1));
            else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
            else if (event.key === "Enter") pick(found[current]?.path);
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
      <div className="search-list" id={list} role="listbox" aria-label="Found" hidden={!open || (!found.length && !words)}>
        {open &&
          groups.map((group) => (
            <div key={group} role="group" aria-label={group}>
              <p className="search-group" aria-hidden="true">
                {group}
              </p>
              {found.map(
                ({ key, group: of, path, face }, index) =>
                  of === group && (
                    <div
                      key={key}
                      id={`${list}-${key}`}
                      role="option"
                      aria-selected={index === current}
                      onPointerDown={(event) => {
                        event.preventDefault();
                        pick(path);
                      }}
                    >
                      {face}
                    </div>
                  ),
              )}
            </div>
          ))}
        {open && !found.length && words && <p className="state">Nothing with that name</p>}
      </div>
    </div>
  );
}

function goods(words: string, { products, categories, queries }: Suggestions): Found[] {
  if (!words) return [];
  const searches = [words, ...queries.filter((one) => one.toLowerCase() !== words.toLowerCase())];
  return [
    ...searches.map((one, index) => ({ key: `q${index}`, group: "In the shop", path: `/shop/search?q=${encodeURIComponent(one)}`, face: <TextFace text={one} note="Search" /> })),
    ...categories.map(({ slug, name }) => ({ key: `c-${slug}`, group: "In the shop", path: `/shop/c/${slug}`, face: <TextFace text={name} note="Category" /> })),
    ...products.map(({ slug, title, image }) => ({
      key: `p-${slug}`,
      group: "In the shop",
      path: `/shop/p/${slug}`,
      face: (
        <span className="search-goods">
          {image ? <img src={imageUrl(image, "small")} alt="" width={28} height={28} /> : <span className="no-picture" />}
          {title}
        </span>
      ),
    })),
  ];
}

function TextFace({ text, note }: { text: string; note: string }) {
  return (
    <>
      <b>{text}</b>
      <span />
      <span className="right quiet">{note}</span>
    </>
  );
}

/** Answers while one types; an answer that comes after a newer question is not shown. */
function useSuggestions(words: string): Suggestions {
  const [answer, setAnswer] = useState<Suggestions>(NOTHING);
  useEffect(() => {
    if (words.length < SUGGEST_FROM) {
      setAnswer(NOTHING);
      return;
    }
    let outdated = false;
    const timer = setTimeout(() => {
      suggest(words).then(
        (found) => !outdated && setAnswer(found),
        () => undefined, // suggestions are a courtesy: Enter still searches
      );
    }, SUGGEST_AFTER_MS);
    return () => {
      outdated = true;
      clearTimeout(timer);
    };
  }, [words]);
  return answer;
}

function MarketFace({ market }: { market: SymbolRules }) {
  const ticker = useStore(tickers).get(market.symbol);
  const change = ticker?.open ? Number(ticker.last - ticker.open) / Number(ticker.open) : NaN;
  return (
    <>
      <span>
        <b>{market.base}</b>
        <span className="quiet">/{market.quote}</span>
      </span>
      <span className="right">{ticker ? show(ticker.last, market.pricePlaces) : "—"}</span>
      <span className={`right ${change > 0 ? "up" : change < 0 ? "down" : "quiet"}`}>{showPercent(change)}</span>
    </>
  );
}
