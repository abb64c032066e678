/** Debts are looked after wherever in the app their owner is; who has no margin here loads nothing of it. */
import { session } from "./session";
import { venue } from "./venue";

async function lookAfterMargin(): Promise<void> {
  if (session.get().state !== "member" || !venue.get().markets.some((market) => market.margin)) return;
  (await import("./margin")).lookAgain();
}

export function watchDebts(): void {
  session.subscribe(lookAfterMargin);
  venue.subscribe(lookAfterMargin);
}
