/** Candle widths that the chart offers, by the dialect's names. */
export const INTERVALS = [
  { value: "1m", text: "1m", title: "1 minute" },
  { value: "5m", text: "5m", title: "5 minutes" },
  { value: "15m", text: "15m", title: "15 minutes" },
  { value: "1h", text: "1h", title: "1 hour" },
  { value: "4h", text: "4h", title: "4 hours" },
  { value: "1d", text: "1D", title: "1 day" },
  { value: "1w", text: "1W", title: "1 week" },
] as const;

export type Interval = (typeof INTERVALS)[number]["value"];

export const isInterval = (text: string): text is Interval => INTERVALS.some((interval) => interval.value === text);
