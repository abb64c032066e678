/** The frame of every page. New places join by a line in PLACES. */
import { CircleUser, Gavel, Keyboard, KeyRound, LogOut, MonitorSmartphone, Package, ShoppingCart, Store, SunMoon, TriangleAlert, WifiOff, X } from "lucide-react";
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { showAge } from "../lib/format";
import { levelText, liquidationsPath } from "../lib/margin";
import { network } from "../pwa/network";
import { cartView } from "../state/cart";
import { marginCall } from "../state/marginCall";
import { dismiss, notices, sayError } from "../state/notices";
import { logOut, session } from "../state/session";
import { choose, settings } from "../state/settings";
import { useStore } from "../state/store";
import { link, venue } from "../state/venue";
import { Dialog } from "./Dialog";
import { place, query, to, toEntrance } from "./route";
import { Search } from "./Search";
import { Segments } from "./Segments";

const PLACES: readonly { path: string; text: string; margin?: boolean }[] = [
  { path: "/shop", text: "Shop" },
  { path: "/trade", text: "Trade" },
  { path: "/margin", text: "Margin", margin: true },
  { path: "/wallet", text: "Wallet" },
];

export function Shell(props: { children: ReactNode }) {
  const path = useStore(place);
  const { config, markets } = useStore(venue);
  const hasMargin = markets.some((market) => market.margin);
  const inShop = path.startsWith("/shop") || path.startsWith("/seller");
  return (
    <>
      <a className="skip" href="#page" onClick={skipToPage}>
        Skip to the page
      </a>
      <header className="shell-head" data-at={inShop ? "shop" : "venue"}>
        <a className="brand" {...to(inShop ? "/shop" : "/trade")} aria-label={inShop ? "CryptoShop, shop" : "CryptoShop, trade"}>
          <img src="/favicon.svg" alt="" />
          <span>CryptoShop</span>
        </a>
        <nav className="places" aria-label="Places">
          {PLACES.filter((one) => !one.margin || hasMargin).map(({ path: target, text }) => (
            <a key={target} {...to(target)} aria-current={path.startsWith(target) ? "page" : undefined} data-place={text}>
              {text}
            </a>
          ))}
        </nav>
        <Search />
        <div className="shell-end">
          {config.demo && (
            <span className="demo-tag" title="Play money and simulated traders on the real exchange">
              Demo
            </span>
          )}
          <CartLink />
          <KeysHelp />
          <Appearance />
          <Member />
        </div>
      </header>
      <LostLine />
      <MarginCallLine />
      {props.children}
      <Notices />
    </>
  );
}

/** The page's own first thing takes the focus, so that the header's links need not be walked through. */
function skipToPage(event: MouseEvent) {
  event.preventDefault();
  const page = document.querySelector("main");
  page?.setAttribute("tabindex", "-1");
  page?.focus();
}

function CartLink() {
  const count = useStore(cartView).cart?.count ?? 0;
  return (
    <a className="icon-button cart-link" {...to("/shop/cart")} aria-label={count ? `Cart, ${count} ${count === 1 ? "item" : "items"}` : "Cart, empty"} title="Cart">
      <ShoppingCart size={18} />
      {count > 0 && <span className="cart-count">{count > 99 ? "99+" : count}</span>}
    </a>
  );
}

function useMenu() {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !ref.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, [open]);
  return { open, setOpen, ref };
}

function Appearance() {
  const { open, setOpen, ref } = useMenu();
  const { theme, palette } = useStore(settings);
  return (
    <div className="menu" ref={ref}>
      <button className="icon-button" aria-label="Appearance" title="Appearance" aria-expanded={open} onClick={() => setOpen(!open)}>
        <SunMoon size={18} />
      </button>
      {open && (
        <div className="menu-list">
          <div className="menu-field">
            <span className="field-label">Theme</span>
            <Segments
              label="Theme"
              value={theme}
              onChange={(value) => choose({ theme: value })}
              choices={[
                { value: "system", text: "System" },
                { value: "light", text: "Light" },
                { value: "dark", text: "Dark" },
              ]}
            />
          </div>
          <div className="menu-field">
            <span className="field-label">Up and down</span>
            <Segments
              label="Up and down colours"
              value={palette}
              onChange={(value) => choose({ palette: value })}
              choices={[
                { value: "teal", text: "Teal / orange" },
                { value: "redgreen", text: "Green / red" },
              ]}
            />
          </div>
        </div>
      )}
    </div>
  );
}

function Member() {
  const present = useStore(session);
  const { open, setOpen, ref } = useMenu();
  const here = useStore(place) + useStore(query);
  if (present.state === "unknown") return <span className="bone" style={{ width: 92, height: 28 }} />;
  if (present.state === "anonymous") {
    const entrance = (how: "/login" | "/signup") => (here.startsWith("/shop") || here.startsWith("/seller") ? toEntrance(how, here) : to(how));
    return (
      <>
        <a className="button small" {...entrance("/login")}>
          Log in
        </a>
        <a className="button small primary sign-up" {...entrance("/signup")}>
          Sign up
        </a>
      </>
    );
  }
  return (
    <div className="menu" ref={ref}>
      <button className="icon-button" aria-label="Account" title={present.me.email} aria-expanded={open} onClick={() => setOpen(!open)}>
        <CircleUser size={18} />
      </button>
      {open && (
        <div className="menu-list" onClick={() => setOpen(false)}>
          <p className="menu-line">{present.me.email}</p>
          <a {...to("/shop/orders")}>
            <Package size={16} /> Orders
          </a>
          <a {...to("/seller")}>
            <Store size={16} /> Sell
          </a>
          {["moderator", "admin"].includes(present.me.role) && (
            <a {...to("/moderate")}>
              <Gavel size={16} /> Moderate
            </a>
          )}
          <hr />
          <a {...to("/settings/keys")}>
            <KeyRound size={16} /> API keys
          </a>
          <a {...to("/settings/sessions")}>
            <MonitorSmartphone size={16} /> Sessions
          </a>
          <hr />
          <button onClick={() => logOut().catch(sayError)}>
            <LogOut size={16} /> Log out
          </button>
        </div>
      )}
    </div>
  );
}

const KEYS: [string[], string][] = [
  [["/"], "Find goods and markets"],
  [["B"], "Buy"],
  [["S"], "Sell"],
  [["L"], "Limit order"],
  [["M"], "Market order"],
  [["P"], "Stop order"],
  [["T"], "Trailing stop"],
  [["O"], "Take profit and stop in one (OCO)"],
  [["↑", "↓"], "One tick or lot up, down"],
  [["Shift", "↑"], "Ten at once"],
  [["Enter"], "Send the order"],
  [["Esc"], "Clear the form, close what is open"],
  [["?"], "These keys"],
];

function KeysHelp() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "?" && !(event.target as HTMLElement).closest("input, textarea, dialog")) setOpen(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <button className="icon-button keys-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => setOpen(true)}>
        <Keyboard size={18} />
      </button>
      {open && (
        <Dialog title="Keyboard" onClose={() => setOpen(false)}>
          <dl className="keys-help">
            {KEYS.map(([keys, what]) => (
              <div key={what} style={{ display: "contents" }}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <div className="dialog-buttons">
            <button className="button small" onClick={() => setOpen(false)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Seconds since the connection was lost, or null while it holds. */
export function useLostAge(): number | null {
  const { state, since } = useStore(link);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (state !== "lost") return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [state]);
  return state === "lost" ? Math.max(0, now - since) : null;
}

function LostLine() {
  const age = useLostAge();
  const { online } = useStore(network);
  if (age === null || !online) return null;
  return (
    <div className="lost-line" role="status">
      <WifiOff size={14} aria-hidden="true" />
      <span>
        Connection lost. Prices are {showAge(age)} old; reconnecting<span aria-hidden="true">…</span>
      </span>
    </div>
  );
}

/** A margin account wants attention: told by the venue, until it is better or closed. */
function MarginCallLine() {
  const call = useStore(marginCall);
  if (!call) return null;
  const { symbol, state } = call;
  const account = symbol ? `isolated account of ${symbol}` : "cross account";
  const what = {
    called: `Margin call: the level of your ${account} is ${levelText(call.level)}.`,
    liquidating: `Your ${account} is being liquidated: orders are cancelled, and what it has is sold to repay what it owes.`,
    liquidated: `Your ${account} was liquidated: orders were cancelled, and what was needed was sold to repay what it owed.`,
  }[state];
  const [path, deed] =
    state === "called" ? [symbol ? "/margin/isolated" : "/margin", "Repay or add funds"] : [liquidationsPath(symbol), state === "liquidated" ? "See what was sold" : "See what happens"];
  return (
    <div className="call-line" role="alert">
      <TriangleAlert size={14} aria-hidden="true" />
      <span>
        {what}
        {call.simulated && " Its prices are simulated."} <a {...to(path!)}>{deed}</a>
      </span>
      <button className="icon-button small" aria-label="Close message" onClick={() => marginCall.set(null)}>
        <X size={14} />
      </button>
    </div>
  );
}

function Notices() {
  const present = useStore(notices);
  return (
    <div className="notices" aria-live="polite">
      {present.map(({ id, tone, text }) => (
        <div key={id} className={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
          <p>{text}</p>
          <button className="icon-button" aria-label="Close message" onClick={() => dismiss(id)}>
            <X size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
