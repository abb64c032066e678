/** What a person chose for this browser. public/appearance.js reads the same key before the first paint. */
import { Store } from "./store";

export interface Settings {
  theme: "system" | "dark" | "light";
  palette: "teal" | "redgreen";
  interval: string;
  /** The asset in which prices of the shop are estimated besides the seller's own. */
  showIn: string;
  /** Seconds after which the venue cancels the member's open orders when this browser is gone; 0 = never. */
  cancelAfter: number;
}

const KEY = "cryptoshop.settings";
const DEFAULTS: Settings = { theme: "system", palette: "teal", interval: "5m", showIn: "USDT", cancelAfter: 0 };

function read(): Settings {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

export const settings = new Store<Settings>(read());

export function choose(changes: Partial<Settings>): void {
  settings.update((present) => ({ ...present, ...changes }));
  localStorage.setItem(KEY, JSON.stringify(settings.get()));
  wear(settings.get());
}

function wear({ theme, palette }: Settings): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  if (palette === "redgreen") dataset.palette = palette;
  else delete dataset.palette;
  for (const listener of dressed) listener();
}

const dressed = new Set<() => void>();

/** Calls back when colours may have changed: the chart paints them itself. */
export function onAppearance(listener: () => void): () => void {
  dressed.add(listener);
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  return () => {
    dressed.delete(listener);
    system.removeEventListener("change", listener);
  };
}
