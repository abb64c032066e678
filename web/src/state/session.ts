/** Who is logged in. "unknown" only until the first answer. */
import { ApiError, get, postJson, setCsrf, whenSignedOut } from "../api/rest";
import type { Me } from "../api/types";
import { closeAccount, openAccount } from "./account";
import { Store } from "./store";
import { keepSwitch, leaveSwitch } from "./switch";

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
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) leave();
    else setTimeout(loadSession, 3_000);
  }
}

export async function enter(how: "login" | "signup", email: string, password: string): Promise<void> {
  await postJson(`/account/${how}`, { email, password });
  await loadSession();
}

export async function logOut(): Promise<void> {
  await postJson("/account/logout");
  leave();
}
