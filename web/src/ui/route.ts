/** Where we are. Addresses are plain paths; the server answers every unknown one with the app. */
import type { MouseEvent } from "react";
import { Store } from "../state/store";

export const place = new Store(location.pathname);

addEventListener("popstate", () => place.set(location.pathname));

export function go(path: string, replace = false): void {
  if (path === location.pathname) return;
  if (replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  place.set(path);
  scrollTo(0, 0);
}

/** Props of a link that stays inside the app; new tabs and the like are left to the browser. */
export function to(path: string) {
  return {
    href: path,
    onClick(event: MouseEvent) {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(path);
    },
  };
}
