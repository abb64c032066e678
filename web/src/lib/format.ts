/**
 * How numbers and times read. The decimal sign is always a point, because that is what the inputs take; thousands are grouped
 * with the locale's sign, or with a narrow space where that sign is itself a point.
 */
import { type Decimal, toFixed } from "./decimal";

const localeGroup = new Intl.NumberFormat().formatToParts(1234567).find((part) => part.type === "group")?.value ?? ",";
const GROUP = localeGroup === "." ? "\u202f" : localeGroup;

export function group(text: string): string {
  const point = text.indexOf(".");
  const whole = point < 0 ? text : text.slice(0, point);
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, GROUP) + (point < 0 ? "" : text.slice(point));
}

/** Fixed places, grouped. */
export const show = (value: Decimal, places: number): string => group(toFixed(value, places));

const TENFOLD = 10;

/** Signed percentage with two places, none where they would say nothing; the sign says the direction to those who see no colour. */
export function showPercent(ratio: number): string {
  if (!Number.isFinite(ratio)) return "—";
  const text = group((Math.abs(ratio) * 100).toFixed(Math.abs(ratio) < TENFOLD ? 2 : 0));
  if (text === "0.00") return "0.00%";
  return `${ratio > 0 ? "+" : "\u2212"}${text}%`;
}

/** Large totals for headers: 12,345,678.9 → 12.35M. */
export function showCompact(value: number): string {
  if (!Number.isFinite(value)) return "—";
  for (const [limit, unit] of [[1e9, "B"], [1e6, "M"]] as const) {
    if (value >= limit) return `${(value / limit).toFixed(2)}${unit}`;
  }
  return group(value.toFixed(value < 100 ? 2 : 0));
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

export const showClock = (ms: number): string => clock.format(ms);

/** Today's times as a clock, older ones with their day. */
export function showTime(ms: number): string {
  const sameDay = new Date(ms).toDateString() === new Date().toDateString();
  return sameDay ? clock.format(ms) : `${day.format(ms)} ${clock.format(ms)}`;
}

/** For hovering: the whole moment with its zone. */
export const showMoment = (ms: number): string => `${full.format(ms)} (${ZONE})`;

/** "12 s", "3 min", "5 h", "2 d". */
export function showAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}
