/**
 * Exact decimals. Every price, quantity and amount in the app is a bigint counting 10^-12, made from the text the API sent and
 * written back as text; no money ever passes through a float. `toNumber` is for pixels only.
 */

export const SCALE = 12;
export const ONE = 10n ** BigInt(SCALE);

export type Decimal = bigint;

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)$/;

/** Text to decimal; null when it is not a plain decimal or has more places than the scale holds. */
export function tryParse(text: string): Decimal | null {
  if (!PLAIN.test(text)) return null;
  const negative = text.startsWith("-");
  const [whole = "", fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const kept = fraction.replace(/0+$/, "");
  if (kept.length > SCALE) return null;
  const value = BigInt(whole || "0") * ONE + BigInt(kept.padEnd(SCALE, "0"));
  return negative ? -value : value;
}

/** Text that the API sent, which is always a decimal; throws otherwise. */
export function parse(text: string): Decimal {
  const value = tryParse(text);
  if (value === null) throw new RangeError(`not a decimal: ${text}`);
  return value;
}

/**
 * What a person typed: spaces are ignored and commas are taken as thousands separators only where they can be nothing else
 * ("1,234.5"). null means it is not a number we would bet money on ("1,5" could be either).
 */
export function parseTyped(text: string): Decimal | null {
  const squeezed = text.replace(/[\s\u00a0\u202f']/g, "");
  if (!squeezed.includes(",")) return tryParse(squeezed);
  return /^\d{1,3}(,\d{3})+\.\d*$/.test(squeezed) ? tryParse(squeezed.replaceAll(",", "")) : null;
}

/** Shortest text: no trailing zeros, no exponent. What requests carry. */
export function toText(value: Decimal): string {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(SCALE + 1, "0");
  const fraction = digits.slice(-SCALE).replace(/0+$/, "");
  return sign + digits.slice(0, -SCALE) + (fraction && `.${fraction}`);
}

/** Text with exactly `places` decimals, cut (never rounded up: what is shown is there). */
export function toFixed(value: Decimal, places: number): string {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(SCALE + 1, "0");
  const whole = digits.slice(0, -SCALE);
  return places > 0 ? `${sign}${whole}.${digits.slice(-SCALE).slice(0, places)}` : sign + whole;
}

export const toNumber = (value: Decimal): number => Number(toText(value));

/** a × b, cut towards zero at the scale. */
export const multiply = (a: Decimal, b: Decimal): Decimal => (a * b) / ONE;

/** a ÷ b, cut towards zero at the scale; b must not be zero. */
export const divide = (a: Decimal, b: Decimal): Decimal => (a * ONE) / b;

/** The largest multiple of `step` that is ≤ value (value ≥ 0). */
export const floorTo = (value: Decimal, step: Decimal): Decimal => (step > 0n ? value - (value % step) : value);

/** The smallest multiple of `step` that is ≥ value (value ≥ 0). */
export const ceilTo = (value: Decimal, step: Decimal): Decimal => floorTo(value + step - 1n, step);

export const isMultiple = (value: Decimal, step: Decimal): boolean => step <= 0n || value % step === 0n;

export const min = (a: Decimal, b: Decimal): Decimal => (a < b ? a : b);
export const max = (a: Decimal, b: Decimal): Decimal => (a > b ? a : b);

/** Decimal places that a step needs: 0.01 → 2, 5 → 0. */
export function placesOf(step: Decimal): number {
  const text = toText(step);
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}
