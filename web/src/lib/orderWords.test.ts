import { describe, expect, it } from "vitest";
import { moneyWords, standingWords } from "./orderWords";

const standing = (payment: string, fulfilment: string, dispute = "none") => standingWords({ payment, fulfilment, dispute })[0];

describe("where an order stands", () => {
  it("tells trouble before money, and money before parcels", () => {
    expect(standing("held", "shipped")).toBe("On its way");
    expect(standing("held", "shipped", "open")).toBe("In dispute");
    expect(standing("failed", "unfulfilled")).toBe("Payment refused");
    expect(standing("refunded", "canceled")).toBe("Cancelled, refunded");
    expect(standing("divided", "shipped", "divided")).toBe("Settled in parts");
    expect(standing("released", "received", "withdrawn")).toBe("Received");
  });

  it("has words for what it does not know", () => {
    expect(standing("held", "partially_lost")).toBe("Partially lost");
    expect(moneyWords("held")).toBe("Held until you confirm receipt");
    expect(moneyWords("something_else")).toBe("Something else");
  });
});
