/** Orders that wait for the last price: which type waits for which direction, and how far behind a trailing stop follows. */
import { ceilTo, type Decimal, floorTo, ONE, parseTyped, toText } from "./decimal";

export type Side = "BUY" | "SELL";
export type Executes = "LIMIT" | "MARKET";

const BPS = 10_000n;

export const isContingent = (type: string): boolean => /^(STOP_LOSS|TAKE_PROFIT)(_LIMIT)?$/.test(type);

/** Whether the last price must rise to the stop price, or fall to it. */
export const waitsForRise = (type: string, side: Side): boolean => (side === "BUY") === type.startsWith("STOP_LOSS");

/** The dialect's name of an order that waits for a rise or a fall. */
export function contingentType(side: Side, rise: boolean, executes: Executes): string {
  const name = (side === "BUY") === rise ? "STOP_LOSS" : "TAKE_PROFIT";
  return executes === "LIMIT" ? `${name}_LIMIT` : name;
}

/** "2.5" percent → 250 basis points; null where that is no whole number of them, or not between nothing and all. */
export function deltaOf(percent: string): number | null {
  const value = parseTyped(percent.replace(/%\s*$/, ""));
  if (value === null || value <= 0n || value >= 100n * ONE || (value * 100n) % ONE !== 0n) return null;
  return Number((value * 100n) / ONE);
}

/** 250 basis points → "2.5" */
export const percentOfDelta = (delta: number): string => toText((BigInt(delta) * ONE) / 100n);

/** Where a trailing stop would trigger after the price's best was `extreme`: the first tick that is far enough behind it. */
export function trailedPrice(side: Side, extreme: Decimal, delta: number, tick: Decimal): Decimal {
  if (side === "SELL") return floorTo((extreme * (BPS - BigInt(delta))) / BPS, tick);
  return ceilTo((extreme * (BPS + BigInt(delta)) + BPS - 1n) / BPS, tick);
}
