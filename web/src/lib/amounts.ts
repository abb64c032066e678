/** What a person typed, held to be an amount or a percentage. */
import { toFixed, tryParse } from "./decimal";

export const isAmount = (text: string): boolean => {
  const value = tryParse(text.trim());
  return value !== null && value > 0n && !/^[+-]/.test(text.trim());
};

export const isAmountOrZero = (text: string): boolean => isAmount(text) || /^0(\.0*)?$/.test(text.trim());

/** Parts per million as a percentage, and back; null where the text is none. */
export const percentText = (ppm: number): string => `${+(ppm / 10_000).toFixed(4)}`;

export function ppmOf(text: string): number | null {
  const value = tryParse(text.trim());
  if (value === null || value < 0n) return null;
  const ppm = Number(toFixed(value * 10_000n, 0));
  return ppm <= 1_000_000 ? ppm : null;
}
