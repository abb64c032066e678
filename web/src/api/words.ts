/** Error codes in words: what happened, and what to do about it. The code stays visible so that it can be looked up. */

const BY_CODE: Record<string, string> = {
  UNREACHABLE: "The server cannot be reached. Check the connection; the page retries by itself.",
  TIMEOUT: "No answer within 10 seconds. Look at your open orders before you try again.",
  UNREADABLE: "The answer could not be read. Reload the page.",
  "-1003": "Too many requests. Wait a moment, then try again.",
  "-1006": "The outcome is unknown. Look at your open orders before you try again.",
  "-1007": "The outcome is unknown. Look at your open orders before you try again.",
  "-1008": "The exchange is busy. Try again in a moment.",
  "-1015": "Too many orders in a short time. Wait a few seconds, then try again.",
  "-1021": "The request arrived too late. Try again.",
  "-3003": "This margin account is not open yet. Move funds in to open it.",
  "-3006": "That is more than can be borrowed: your level or the asset's limit does not allow it.",
  "-3012": "This asset cannot be borrowed.",
  "-3013": "The amount is too small.",
  "-3014": "This account is frozen and cannot borrow. Ask the operator of the exchange.",
  "-3015": "Nothing is owed in this asset.",
  "-3016": "The amount is too small.",
  "-3017": "Margin accounts do not take this asset.",
  "-3018": "This account is frozen, so nothing can be moved in. Ask the operator of the exchange.",
  "-3019": "This account is frozen, so nothing can be moved out. Ask the operator of the exchange.",
  "-3020": "That is more than can leave: what backs your loans stays.",
  "-3021": "This account does not trade on this market.",
  "-3022": "This account is being liquidated; orders wait until that is done.",
  "-3037": "This account is being liquidated. Try again when that is done.",
  "-3041": "There is not enough in this account.",
  "-3042": "The index price of this market stands still. Try again when its sources agree.",
  "-3045": "The lending pool has not enough of this asset right now.",
  "-1121": "This market does not exist.",
  "-2011": "The order is no longer open: it was filled or cancelled already.",
  "-2013": "The order does not exist.",
  "-2014": "You are logged out, so nothing was done. Log in and try again.",
  "-2015": "You are not allowed to do this with the present login.",
};

const BY_MESSAGE: [RegExp, string][] = [
  [/cancel restrictions/i, "Meanwhile the order was filled further. Look at what is left of it, then change that."],
  [/trigger immediately/i, "The last price has reached the stop price already. Move the stop to the other side of it."],
  [/may not place or cancel orders/i, "This account is frozen: what is open can be cancelled, nothing new is taken. Ask the operator of the exchange."],
  [/relationship of the prices/i, "Of the two prices one must lie above the last price and one below it."],
  [/insufficient balance/i, "You do not have enough available for this order."],
  [/immediately match and take/i, "Post-only: the order would have traded at once, so it was not placed. Move the price away from the spread."],
  [/duplicate order/i, "The same order is open already."],
  [/market is closed/i, "This market is closed right now."],
  [/PERCENT_PRICE/, "The price is too far from the market."],
  [/PRICE_FILTER/, "The price does not fit this market's steps or limits."],
  [/LOT_SIZE/, "The amount does not fit this market's steps or limits."],
  [/NOTIONAL/, "The order is worth too little or too much for this market."],
  [/MAX_NUM_ALGO_ORDERS/, "You have as many waiting orders as allowed. Cancel one first."],
  [/MAX_NUM_ICEBERG_ORDERS/, "You have as many icebergs open as allowed. Cancel one first."],
  [/MAX_NUM_ORDER_LISTS/, "You have as many order pairs open as allowed. Cancel one first."],
  [/MAX_NUM_ORDER_AMENDS/, "This order was changed as often as allowed. Cancel it and place a new one."],
  [/MAX_NUM_ORDERS/, "You have as many open orders as allowed. Cancel one first."],
  [/MAX_POSITION/, "You would have more of this asset than one account may."],
  [/MAX_ASSET/, "The order is larger than one order of this asset may be."],
  [/ICEBERG_PARTS/, "The order would have too many parts. Show more of it."],
  [/TRAILING_DELTA/, "The distance is outside of what this market takes."],
  [/PEG/i, "The book has no such price to peg to right now."],
  [/unknown order/i, "The order is no longer open: it was filled or cancelled already."],
  [/could not be filled|FOK/i, "Fill-or-kill: the whole amount was not there, so nothing was traded."],
];

export function wordsFor(status: number, code: string, detail: string): string {
  const tag = /^-\d+$/.test(code) ? ` (${code})` : ""; // the dialect's numbers can be looked up; our own codes are words already
  for (const [pattern, words] of BY_MESSAGE) {
    if (pattern.test(detail)) return words + tag;
  }
  if (BY_CODE[code]) return BY_CODE[code] + tag;
  if (detail) return /[.!?]$/.test(detail) ? detail + tag : `${detail}.${tag}`;
  if (status === 401) return "You are logged out. Log in again.";
  if (status === 429) return "Too many requests. Wait a moment, then try again.";
  if (status >= 500) return "The exchange could not answer. Try again in a moment.";
  return `The request was refused (${code || status}).`;
}

/** Why an order ended without being filled or cancelled by its owner; "" where the status says it all. */
const EXPIRY_REASONS: Record<string, string> = {
  REJECTED: "Refused when its turn came",
  EXCHANGE_CANCELED: "Cancelled by the exchange",
  OCO_TRIGGER: "The other order of the pair started",
  OTO_PHASE_ONE_EXPIRED: "Its first order expired",
  UNFILLED_IOC_QUANTITY_EXPIRED: "The rest was not there at once",
  UNFILLED_FOK_ORDER_EXPIRED: "The whole amount was not there",
  INSUFFICIENT_LIQUIDITY: "Nobody left to trade with",
  EXECUTION_RULE_PRICE_RANGE_EXCEEDED: "The price ran too far",
  GOOD_TILL_DATE: "Its time was over",
};

export const expiryWords = (reason: string | undefined): string => (reason && reason !== "NONE" ? (EXPIRY_REASONS[reason] ?? reason.charAt(0) + reason.slice(1).toLowerCase().replaceAll("_", " ")) : "");
