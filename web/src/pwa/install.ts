/** Installs the service worker and notices when a newer version of the app is waiting. */
import { Store } from "../state/store";

/** The version that waits to be used, if there is one. */
export const waitingVersion = new Store<ServiceWorker | null>(null);

const CHECK_MS = 10 * 60_000;
const RELOAD_GUARD_MS = 30_000;
const RELOADED_KEY = "cryptoshop.reloaded";

export function installWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  addEventListener("vite:preloadError", reloadOnce);
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}

async function register(): Promise<void> {
  let first = !navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (first) tellSeen();
    else if (asked) location.reload(); // another tab's choice must not take away what is typed in this one
    first = false;
  });
  try {
    const registration = await navigator.serviceWorker.register("/worker.js");
    if (registration.waiting && registration.active) waitingVersion.set(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const coming = registration.installing;
      coming?.addEventListener("statechange", () => {
        if (coming.state === "installed" && registration.active) waitingVersion.set(coming);
      });
    });
    setInterval(() => registration.update().catch(() => undefined), CHECK_MS);
  } catch {
    // The app works without it: private windows of some browsers allow none.
  }
}

/** What this page loaded before the worker stood behind it belongs to what was seen. */
function tellSeen(): void {
  const urls = performance.getEntriesByType("resource").map((entry) => entry.name);
  navigator.serviceWorker.controller?.postMessage({ kind: "seen", urls });
}

let asked = false;

export function takeNewVersion(): void {
  asked = true;
  waitingVersion.get()?.postMessage({ kind: "take-over" });
}

/** A part of an older version is no longer there: the newest page names parts that are. */
function reloadOnce(event: Event): void {
  const last = Number(sessionStorage.getItem(RELOADED_KEY) ?? 0);
  if (!navigator.onLine || Date.now() - last < RELOAD_GUARD_MS) return;
  event.preventDefault();
  sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
  location.reload();
}
