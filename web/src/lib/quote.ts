/** A quote's life and what the button that accepts it says. */
import type { Checkout, Money, PayChoice, Receipt } from "../api/shop-types";
import { parse, toText } from "./decimal";
import { isZero, showMoney } from "./money";

/** Whole seconds left, never below 0. */
export const secondsLeft = (until: number, now: number): number => Math.max(0, Math.ceil((until - now) / 1000));

/** What is left of a life of `whole` ms: 1 … 0. */
export const partLeft = (until: number, now: number, whole: number): number => Math.min(1, Math.max(0, (until - now) / whole));

/** "9:59" */
export const showMinutes = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export const choiceOf = (checkout: Checkout): PayChoice | undefined => checkout.choices.find(({ asset }) => asset === checkout.payAsset);

/** Without a conversion the price is fixed; with one, what is promised is a limit. */
export function payWords(checkout: Checkout): string {
  if (isZero(checkout.most)) return checkout.credit.some((money) => !isZero(money)) ? "Pay with store credit" : "Place the order";
  return checkout.conversions.length ? `Pay at most ${showMoney(checkout.most)}` : `Pay ${showMoney(checkout.most)}`;
}

/** Markets trade in steps, so a conversion may buy a little more than is owed: what stays with the buyer. For a whole purchase's receipt. */
export function leftOver(receipt: Receipt, credit: readonly Money[]): Money[] {
  const left = new Map(receipt.conversions.map(({ bought }) => [bought.asset, 0n]));
  const count = (money: Money, sign: bigint) => left.has(money.asset) && left.set(money.asset, left.get(money.asset)! + sign * parse(money.amount));
  for (const { bought, cost } of receipt.conversions) {
    count(bought, 1n);
    count(cost, -1n);
  }
  for (const { amount } of receipt.escrows) count(amount, -1n);
  for (const money of credit) count(money, 1n);
  return [...left].filter(([, amount]) => amount > 0n).map(([asset, amount]) => ({ asset, amount: toText(amount) }));
}

const REASONS: Record<string, string> = {
  INSUFFICIENT_BALANCE: "You hold less than this takes",
  NO_LIQUIDITY: "The market cannot sell that much now",
  TOO_SMALL: "Less than the market trades",
  MARKET_CLOSED: "The market is closed now",
  UNKNOWN_ASSET: "No market leads from it to the price",
  NO_MARKET: "No market leads from it to the price",
};

export const reasonWords = (code: string): string => REASONS[code] ?? `Not possible now (${code})`;
