/** Where an order stands, in the buyer's words: the three axes of its state as one sentence and a tone. */

export interface Standing {
  payment: string;
  fulfilment: string;
  dispute: string;
}

export type Tone = "good" | "warn" | "bad" | "accent" | "";

const DISPUTES: Record<string, string> = { for_buyer: "Decided for you", for_seller: "Decided for the seller", divided: "Settled in parts" };

const FULFILMENTS: Record<string, [string, Tone]> = {
  unfulfilled: ["Being prepared", "accent"],
  partially_shipped: ["Partly on its way", "accent"],
  shipped: ["On its way", "accent"],
  received: ["Received", "good"],
  canceled: ["Cancelled", ""],
  returned: ["Returned", ""],
};

/** The one thing to know first: trouble before money, money before parcels. */
export function standingWords({ payment, fulfilment, dispute }: Standing): [string, Tone] {
  if (dispute === "open") return ["In dispute", "bad"];
  if (payment === "failed") return ["Payment refused", "bad"];
  if (payment === "pending") return ["Paying", "warn"];
  if (DISPUTES[dispute]) return [DISPUTES[dispute], ""];
  if (fulfilment === "canceled") return ["Cancelled, refunded", ""];
  if (payment === "refunded") return ["Refunded", ""];
  return FULFILMENTS[fulfilment] ?? [sentence(fulfilment), ""];
}

const PAYMENTS: Record<string, string> = {
  pending: "Payment is being made",
  held: "Held until you confirm receipt",
  released: "Paid to the seller",
  refunded: "Given back to you",
  divided: "Partly given back to you",
  failed: "Nothing was charged",
};

export const moneyWords = (payment: string): string => PAYMENTS[payment] ?? sentence(payment);

/** "partially_shipped" → "Partially shipped" */
export const sentence = (code: string): string => code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " ");
