/**
 * The member's margin accounts: levels and debts, read again every few seconds while somebody looks, and at once after each deed or
 * event; and the accounts as such, which trade like the spot account does.
 */
import { useEffect, useMemo } from "react";
import { type CrossAccount, forgetBars, type IsolatedAccount, LIQUIDATING, readBars, readCross, readIsolated } from "../api/margin";
import { ApiError, get } from "../api/rest";
import type { MarginAssetRow, UserEvent } from "../api/types";
import { parse } from "../lib/decimal";
import { type Bars, zoneOf } from "../lib/margin";
import type { AccountKind } from "../lib/ticket";
import { spot } from "./account";
import { marginCall } from "./marginCall";
import { session } from "./session";
import { Store, useStore } from "./store";
import { type Holding, TradingAccount } from "./trading";

export interface MarginState {
  bars: Bars;
  cross: CrossAccount;
  isolated: ReadonlyMap<string, IsolatedAccount>;
}

/** null until the first answer; `error` where there was none. */
export const margin = new Store<MarginState | null>(null);
export const marginFault = new Store<{ error: string; at: number }>({ error: "", at: 0 });

const UNREADABLE = "The answer could not be read. Reload the page.";
const LOOK_MS = 5_000;
const NUDGE_MS = 300;

let watchers = 0;
let timer = 0;
let asked = 0;

async function look(): Promise<void> {
  clearTimeout(timer);
  const mine = ++asked;
  try {
    const [bars, cross, isolated] = await Promise.all([readBars(), readCross(), readIsolated()]);
    if (mine !== asked || session.get().state !== "member") return;
    const state = { bars, cross, isolated: new Map(isolated.map((one) => [one.symbol, one])) };
    margin.set(state);
    marginFault.set({ error: "", at: Date.now() });
    noteCall(state);
    followDebts(state);
    noteDebts(state);
  } catch (error) {
    if (mine === asked) marginFault.update(({ at }) => ({ error: error instanceof ApiError ? error.message : UNREADABLE, at }));
  }
  if (watchers && mine === asked) timer = window.setTimeout(look, LOOK_MS);
}

let lastCall = "";

/** The account that wants attention most; told once, and again when it got worse. That one was liquidated stays until it is read. */
function noteCall({ bars, cross, isolated }: MarginState): void {
  const accounts = [{ symbol: null, ...cross }, ...isolated.values()].map(({ symbol, level, liquidating, simulated }) => ({
    symbol, level, simulated, zone: zoneOf(level, bars, liquidating),
  }));
  const worst = accounts.sort((a, b) => a.level - b.level).find(({ zone }) => zone === "call" || zone === "liquidation");
  const told = marginCall.get();
  if (!worst) {
    lastCall = "";
    marginCall.set(told && told.state !== "called" ? { ...told, state: "liquidated" } : null);
    return;
  }
  const { zone, ...of } = worst;
  const key = `${of.symbol} ${zone}`;
  if (key !== lastCall || told) marginCall.set({ ...of, state: zone === "liquidation" ? "liquidating" : "called" });
  lastCall = key;
}

/** Who owes something hears of their account wherever they are in the app. */
function followDebts({ cross: present, isolated: all }: MarginState): void {
  if (present.level !== Infinity && !cross.isOpen) cross.open();
  for (const one of all.values()) {
    if (one.level !== Infinity && !isolatedAccount(one.symbol).isOpen) isolatedAccount(one.symbol).open();
  }
}

/** What is owed grows by itself, and no event of a balance tells it. */
function noteDebts({ cross: present, isolated: all }: MarginState): void {
  cross.noteOwed(present.rows);
  for (const { symbol, base, quote } of all.values()) isolated.get(symbol)?.noteOwed([base, quote]);
}

/** Something changed: look again in a moment, once for many changes. */
function nudgeMargin(): void {
  clearTimeout(timer);
  timer = window.setTimeout(look, NUDGE_MS);
}

export const lookAgain = (): Promise<void> => look();

function watch(): () => void {
  if (!watchers++) look();
  return () => {
    if (--watchers) return;
    clearTimeout(timer);
    asked++;
  };
}

/** The margin accounts, kept fresh while the component is there and somebody is logged in. */
export function useMargin(wanted = true): MarginState | null {
  const member = useStore(session).state === "member";
  const present = useStore(margin);
  useEffect(() => (member && wanted ? watch() : undefined), [member, wanted]);
  return present;
}

// ---------------------------------------------------------------- the accounts that trade

const toHolding = (row: MarginAssetRow): Holding => ({
  asset: row.asset, available: parse(row.free), held: parse(row.locked), borrowed: parse(row.borrowed), interest: parse(row.interest),
});

/** A liquidation may begin and end between two looks, so that it is noted as soon as it is told. */
const listener = (symbol: string | null) => (event: UserEvent): void => {
  if (event.e === "MARGIN_LEVEL_STATUS_CHANGE") {
    forgetBars();
    if (event.s === LIQUIDATING) marginCall.set({ symbol, state: "liquidating", level: Number(event.l), simulated: event.sim ?? false });
  }
  nudgeMargin();
};

const cross = new TradingAccount(
  {
    kind: "CROSS",
    base: "/sapi/v1/margin",
    naming: { isIsolated: "FALSE" },
    stream: { path: "/sapi/v1/userDataStream", params: {} },
    readHoldings: async () => (await get<{ userAssets: MarginAssetRow[] }>("/sapi/v1/margin/account")).userAssets.map(toHolding),
  },
  listener(null),
);

const isolated = new Map<string, TradingAccount>();

function isolatedAccount(symbol: string): TradingAccount {
  const present = isolated.get(symbol);
  if (present) return present;
  const made = new TradingAccount(
    {
      kind: "ISOLATED",
      base: "/sapi/v1/margin",
      naming: { isIsolated: "TRUE", symbol },
      stream: { path: "/sapi/v1/userDataStream/isolated", params: { symbol } },
      readHoldings: async () => {
        const { assets } = await get<{ assets: { baseAsset: MarginAssetRow; quoteAsset: MarginAssetRow }[] }>("/sapi/v1/margin/isolated/account", { symbols: symbol });
        return assets.flatMap((one) => [toHolding(one.baseAsset), toHolding(one.quoteAsset)]);
      },
    },
    listener(symbol),
  );
  isolated.set(symbol, made);
  return made;
}

/** Whether the account is there: margin accounts are opened when money first goes to them. */
export const isCreated = (state: MarginState | null, kind: AccountKind, symbol: string): boolean =>
  kind === "SPOT" || (kind === "CROSS" ? (state?.cross.created ?? false) : (state?.isolated.get(symbol)?.created ?? false));

/** The account of a kind that trades on `symbol`; its stream is opened once the account is there. */
export function useTrading(kind: AccountKind, symbol: string): TradingAccount {
  const state = useMargin(kind !== "SPOT");
  const account = useMemo(() => (kind === "SPOT" ? spot : kind === "CROSS" ? cross : isolatedAccount(symbol)), [kind, symbol]);
  const created = isCreated(state, kind, symbol);
  useEffect(() => {
    if (kind !== "SPOT" && created && !account.isOpen) account.open();
  }, [kind, created, account]);
  return account;
}

session.subscribe(() => {
  if (session.get().state === "member") return;
  cross.close();
  for (const account of isolated.values()) account.close();
  isolated.clear();
  margin.set(null);
  marginCall.set(null);
  lastCall = "";
});
