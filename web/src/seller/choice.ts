/** Small choices of how a page shows things, kept in this browser. */
const KEY = "cryptoshop.seller";

function all(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

export const choose = {
  read<T extends string>(name: string, otherwise: T, allowed: readonly T[]): T {
    const kept = all()[name] as T | undefined;
    return kept !== undefined && allowed.includes(kept) ? kept : otherwise;
  },
  write(name: string, value: string): void {
    localStorage.setItem(KEY, JSON.stringify({ ...all(), [name]: value }));
  },
};
