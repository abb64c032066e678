/** Margin accounts in words: where a level stands, what happens at its thresholds, how far a price may go. Pure; ratios are plain numbers for showing. */

/** Levels: value of what is there ÷ value of what is owed. */
export interface Bars {
  /** Below it nothing more can be borrowed. */
  borrow: number;
  /** At or below it the owner is called. */
  call: number;
  /** At or below it the account is sold to repay its loans. */
  liquidation: number;
}

export type Zone = "free" | "safe" | "tight" | "call" | "liquidation";

/** A level as the API tells it; of who owes nothing there is none. */
export const readLevel = (text: string, owes: boolean): number => (owes ? Number(text) : Infinity);

/** A liquidation goes on until the level is above the margin call. */
export function zoneOf(level: number, bars: Bars, liquidating = false): Zone {
  if (level === Infinity) return "free";
  if (liquidating) return "liquidation";
  if (level <= bars.liquidation) return "liquidation";
  if (level <= bars.call) return "call";
  return level < bars.borrow ? "tight" : "safe";
}

const barText = (bar: number): string => bar.toFixed(2);

/** Cut, never rounded up: a level that is shown is there. */
const cut = (value: number, places: number): string => (Math.floor(value * 10 ** places + 1e-9) / 10 ** places).toFixed(places);

export const levelText = (level: number): string => (level === Infinity ? "No debt" : level >= 100 ? "over 100" : cut(level, level < 10 ? 3 : 1));

const ZONES: Record<Zone, string> = { free: "No debt", safe: "Safe", tight: "No more borrowing", call: "Margin call", liquidation: "Liquidation" };

export const zoneText = (zone: Zone): string => ZONES[zone];

/** What the level means and what can be done about it. */
export function zoneWords(zone: Zone, level: number, bars: Bars): string {
  switch (zone) {
    case "free":
      return "Nothing is borrowed, so nothing can be liquidated.";
    case "safe":
      return `You have ${cut(level, 2)} for each 1 you owe. Below ${barText(bars.borrow)} nothing more can be borrowed.`;
    case "tight":
      return `Nothing more can be borrowed. At ${barText(bars.call)} you are called; repay or add funds before that.`;
    case "call":
      return `Repay or add funds now: at ${barText(bars.liquidation)} the exchange sells what you have to repay what you owe.`;
    case "liquidation":
      return "The exchange is selling what this account has to repay what it owes. Orders and withdrawals wait until that is done.";
  }
}

/** Where it is told what was sold of an account. */
export const liquidationsPath = (symbol: string | null): string => `/margin/history/liquidations${symbol ? `?account=${symbol}` : ""}`;

/** The thresholds, from the lowest, in words. */
export const barWords = (bars: Bars): { at: number; name: string; words: string }[] => [
  { at: bars.liquidation, name: "Liquidation", words: "orders are cancelled and what you have is sold, part by part, until the level is above the margin call again" },
  { at: bars.call, name: "Margin call", words: "you are told to repay or to add funds" },
  { at: bars.borrow, name: "Borrowing ends", words: "nothing more can be borrowed" },
];

const GAUGE_TOP = 3; // of the liquidation threshold; above it the gauge is full

/** Where a level lies on the gauge, 0 to 1: 1 (all is owed) at its left end, three times the liquidation threshold at its right. */
export function gaugePlace(level: number, bars: Bars): number {
  const top = bars.liquidation * GAUGE_TOP;
  if (level >= top) return 1;
  return Math.max(0, Math.log(level) / Math.log(top));
}

/** How far the price is from where the account is liquidated, as a signed ratio; null without such a price. */
export function distanceTo(liquidation: number, price: number): number | null {
  return liquidation > 0 && price > 0 ? liquidation / price - 1 : null;
}

/** A rate a day as yearly percent: simple interest, as it is charged. */
export const yearly = (daily: number): number => daily * 365;

const RATE_DIGITS = 2;

/** "0.0123%": rates are small, two digits that mean something. */
export function rateText(rate: number): string {
  if (!rate) return "0%";
  const percent = rate * 100;
  const places = Math.max(2, Math.min(8, RATE_DIGITS - 1 - Math.floor(Math.log10(Math.abs(percent)))));
  return `${percent.toFixed(places).replace(/(\.\d\d\d*?)0+$/, "$1")}%`;
}
