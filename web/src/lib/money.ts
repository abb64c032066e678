/** Amounts with their asset, as people read them. Sums are exact; only what is shown "in another asset" is an estimate. */
import type { Money } from "../api/shop-types";
import { type Decimal, parse, toFixed, toText } from "./decimal";
import { group } from "./format";

const PLACES_MIN = 2;

const amountOf = (money: Money): Decimal => parse(money.amount);

/** Places that show the whole amount, two at least: "12.50000000" → 2, "0.01234567" → 8. */
export function placesOfMoney(money: Money): number {
  const text = toText(amountOf(money));
  const point = text.indexOf(".");
  return Math.max(PLACES_MIN, point < 0 ? 0 : text.length - point - 1);
}

/** Equal places for what stands in one column. */
export const columnPlaces = (column: readonly Money[]): number => Math.max(PLACES_MIN, ...column.map(placesOfMoney));

/** "1,234.50" */
export const showAmount = (money: Money, places = placesOfMoney(money)): string => group(toFixed(amountOf(money), places));

/** "1,234.50 USDT" */
export const showMoney = (money: Money, places?: number): string => `${showAmount(money, places)} ${money.asset}`;

const WHOLE_PLACES = 8;

/** For a glance: the larger the amount the fewer its places, cut and never rounded up. "999,841.78", "0.04867123" */
export function showGlance(money: Money): string {
  const whole = toFixed(amountOf(money), 0).replace(/^-?0?/, "").length;
  return showAmount(money, Math.min(placesOfMoney(money), Math.max(PLACES_MIN, WHOLE_PLACES - 2 * whole)));
}

export const showMonies = (monies: readonly Money[]): string => monies.map((money) => showMoney(money)).join(" + ") || "0";

export const isZero = (money: Money | null | undefined): boolean => !money || amountOf(money) === 0n;

export const compareMoney = (a: Money, b: Money): number => {
  const difference = amountOf(a) - amountOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

export const times = (money: Money, quantity: number): Money => ({ asset: money.asset, amount: toText(amountOf(money) * BigInt(quantity)) });

export function plus(a: Money, b: Money): Money {
  if (a.asset !== b.asset) throw new RangeError(`${a.asset} and ${b.asset} do not add up`);
  return { asset: a.asset, amount: toText(amountOf(a) + amountOf(b)) };
}

/** One sum per asset, in the order in which the assets come. */
export function sumByAsset(monies: readonly Money[]): Money[] {
  const sums = new Map<string, Money>();
  for (const money of monies) {
    const sum = sums.get(money.asset);
    sums.set(money.asset, sum ? plus(sum, money) : money);
  }
  return [...sums.values()];
}

/** Amounts inside a sentence of the shop's, without the zeros that say nothing. */
export const tidyAmounts = (text: string): string => text.replace(/(\.\d\d\d*?)0+(?= [A-Z])/g, "$1");

type RateOf = (asset: string, inAsset: string) => number | null;

/** What one unit is worth elsewhere: straight, else over one asset between; null where no two markets lead there. */
export function rateVia(asset: string, inAsset: string, between: readonly string[], rateOf: RateOf): number | null {
  const straight = rateOf(asset, inAsset);
  if (straight !== null) return straight;
  for (const bridge of between) {
    const there = rateOf(asset, bridge);
    const onward = there === null ? null : rateOf(bridge, inAsset);
    if (onward !== null) return there! * onward;
  }
  return null;
}

const ESTIMATE_DIGITS = 4;

/** An estimate with the digits that mean something: "≈ 0.001235 BTC", "≈ 1,234.57 USDT". */
export function showEstimate(money: Money, inAsset: string, rate: number | null): string {
  if (rate === null) return "";
  const value = Number(money.amount) * rate;
  if (!Number.isFinite(value)) return "";
  const size = value > 0 ? Math.floor(Math.log10(value)) : 0;
  const places = Math.min(8, Math.max(PLACES_MIN, ESTIMATE_DIGITS - 1 - size));
  return `≈ ${group(value.toFixed(places))} ${inAsset}`;
}
