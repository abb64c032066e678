/** Who is logged in. "unknown" only until the first answer. */
import { ApiError, get, postJson, setCsrf, whenSignedOut } from "../api/rest";
import type { Me } from "../api/types";
import { closeAccount, openAccount } from "./account";
import { Store } from "./store";
import { keepSwitch, leaveSwitch } from "./switch";
import { venue } from "./venue";

export type Session = { state: "unknown" } | { state: "anonymous" } | { state: "member"; me: Me };

export const session = new Store<Session>({ state: "unknown" });

function leave(): void {
  setCsrf("");
  closeAccount();
  leaveSwitch();
  session.set({ state: "anonymous" });
}

whenSignedOut(() => {
  if (session.get().state === "member") leave();
});

export async function loadSession(): Promise<void> {
  try {
    const me = await get<Me>("/account/me");
    setCsrf(me.csrf);
    session.set({ state: "member", me });
    openAccount();
    keepSwitch();
    lookAfterMargin();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) leave();
    else setTimeout(loadSession, 3_000);
  }
}

/** Debts are looked after wherever in the app their owner is; who has no margin here loads nothing of it. */
async function lookAfterMargin(): Promise<void> {
  while (venue.get().state === "loading") await new Promise((resolve) => setTimeout(resolve, 100));
  if (venue.get().markets.some((market) => market.margin)) (await import("./margin")).lookAgain();
}

export async function enter(how: "login" | "signup", email: string, password: string): Promise<void> {
  await postJson(`/account/${how}`, { email, password });
  await loadSession();
}

export async function logOut(): Promise<void> {
  await postJson("/account/logout");
  leave();
}
