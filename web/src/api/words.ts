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
  "-1121": "This market does not exist.",
  "-2011": "The order is no longer open: it was filled or cancelled already.",
  "-2013": "The order does not exist.",
  "-2015": "You are not allowed to do this with the present login.",
};

const BY_MESSAGE: [RegExp, string][] = [
  [/insufficient balance/i, "You do not have enough available for this order."],
  [/immediately match and take/i, "Post-only: the order would have traded at once, so it was not placed. Move the price away from the spread."],
  [/duplicate order/i, "The same order is open already."],
  [/market is closed/i, "This market is closed right now."],
  [/PERCENT_PRICE/, "The price is too far from the market."],
  [/PRICE_FILTER/, "The price does not fit this market's steps or limits."],
  [/LOT_SIZE/, "The amount does not fit this market's steps or limits."],
  [/NOTIONAL/, "The order is worth too little or too much for this market."],
  [/MAX_NUM_ORDERS/, "You have as many open orders as this market allows. Cancel one first."],
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
