/** Short messages in the corner: successes leave by themselves, errors stay until they are closed. */
import { ApiError } from "../api/rest";
import { Store } from "./store";

export interface Notice {
  id: number;
  tone: "good" | "bad";
  text: string;
}

const STAY_MS = 4_000;
const KEPT = 3;

let nextId = 1;
export const notices = new Store<Notice[]>([]);

export function dismiss(id: number): void {
  notices.update((present) => present.filter((notice) => notice.id !== id));
}

function add(tone: Notice["tone"], text: string): void {
  const id = nextId++;
  notices.update((present) => [...present.filter((notice) => notice.text !== text), { id, tone, text }].slice(-KEPT));
  if (tone === "good") setTimeout(() => dismiss(id), STAY_MS);
}

export const say = (text: string): void => add("good", text);
/** Something went against the member's wish without their doing; it stays until it is closed. */
export const sayBad = (text: string): void => add("bad", text);

export function sayError(error: unknown): void {
  add("bad", error instanceof ApiError ? error.message : "Something in the page went wrong. Reload it; your orders are safe.");
  if (!(error instanceof ApiError)) console.error(error);
}
