/**
 * The dead man's switch: while the app is open it tells the venue again and again that somebody is there; when that stops, the venue
 * cancels every open order of the member. Chosen in the settings, for this browser.
 */
import { postForm } from "../api/rest";
import { sayError } from "./notices";
import { choose, settings } from "./settings";

let timer = 0;

const tell = (seconds: number) => postForm("/api/v3/countdownCancelAll", { countdownTime: seconds * 1_000 });

/** Called when a member is there; renews three times before the venue would act. */
export function keepSwitch(): void {
  leaveSwitch();
  const { cancelAfter } = settings.get();
  if (!cancelAfter) return;
  const renew = () => tell(cancelAfter).catch(() => undefined);
  renew();
  timer = window.setInterval(renew, (cancelAfter * 1_000) / 3);
}

/** The member is gone; the venue's time runs out. */
export const leaveSwitch = (): void => clearInterval(timer);

/** Sets the switch, or takes it off; back to what it was where the venue does not take it. */
export async function setSwitch(cancelAfter: number): Promise<void> {
  const before = settings.get().cancelAfter;
  choose({ cancelAfter });
  try {
    await tell(cancelAfter);
    keepSwitch();
  } catch (error) {
    choose({ cancelAfter: before });
    sayError(error);
  }
}
