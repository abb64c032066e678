/** Whether there is a network, and how old the catalog on the page is when it comes from what was seen before. */
import { Store } from "../state/store";
import { place } from "../ui/route";

export interface Network {
  online: boolean;
  /** Milliseconds since 1970 at which the oldest kept part of this page was fetched; null: all is fresh. */
  seenAt: number | null;
}

export const network = new Store<Network>({ online: navigator.onLine, seenAt: null });

export function watchNetwork(): void {
  addEventListener("offline", () => network.update((present) => ({ ...present, online: false })));
  addEventListener("online", () => network.set({ online: true, seenAt: null }));
  place.subscribe(() => network.update((present) => (present.seenAt === null ? present : { ...present, seenAt: null })));
  navigator.serviceWorker?.addEventListener("message", (event: MessageEvent<{ kind?: string; at?: number }>) => {
    const { kind, at } = event.data;
    if (kind === "seen" && at) network.update((present) => ({ ...present, seenAt: Math.min(at, present.seenAt ?? at) }));
  });
}
