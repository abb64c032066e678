/** Where we are. Addresses are plain paths; the server answers every unknown one with the app. */
import type { MouseEvent } from "react";
import { Store } from "../state/store";

export const place = new Store(location.pathname);
/** What follows the path: "" or "?…". */
export const query = new Store(location.search);

const AFTER_LOGIN = "cryptoshop.afterLogin";

function look(): void {
  if (query.get() !== location.search) query.set(location.search);
  if (place.get() !== location.pathname) place.set(location.pathname);
}

addEventListener("popstate", look);

export function go(path: string, replace = false): void {
  if (path === location.pathname + location.search) return;
  if (replace) window.history.replaceState(null, "", path);
  else window.history.pushState(null, "", path);
  look();
  if (!replace) scrollTo(0, 0);
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

/** A link to the entrance that comes back here afterwards. */
export function toEntrance(how: "/login" | "/signup", comeBackTo: string) {
  return {
    href: how,
    onClick(event: MouseEvent) {
      sessionStorage.setItem(AFTER_LOGIN, comeBackTo);
      to(how).onClick(event);
    },
  };
}

/** Where who has just logged in wanted to be; told once. */
export function placeAfterLogin(): string {
  const wanted = sessionStorage.getItem(AFTER_LOGIN) ?? "/trade";
  sessionStorage.removeItem(AFTER_LOGIN);
  return wanted;
}
