import { type Decimal } from "../lib/decimal";
import { show } from "../lib/format";
import { rulesOf } from "../state/venue";

const PLACES = 8;

/** "1,234.5", "0.00012345": up to eight places, two at least. */
export const amount8 = (value: Decimal): string => show(value, PLACES).replace(/(\.\d\d\d*?)0+$/, "$1");

/** "BTC/USDT" */
export function marketName(symbol: string): string {
  const rules = rulesOf(symbol);
  return rules ? `${rules.base}/${rules.quote}` : symbol;
}
