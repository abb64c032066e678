/**
 * Requests to the venue's own origin. One function for all: it carries the session's CSRF token on everything but GET, gives up
 * after ten seconds, and turns every failure into an ApiError with words a person can act on.
 */
import { wordsFor } from "./words";

const TIMEOUT_MS = 10_000;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** What the shop adds to a refusal so that it can be mended: stock left, a new quote. */
    readonly more: Record<string, unknown> = {},
  ) {
    super(wordsFor(status, code, detail));
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Params = Record<string, string | number | undefined>;

let csrfToken = "";

export function setCsrf(token: string): void {
  csrfToken = token;
}

/** What to do when the venue says that the session has ended. */
let onSignedOut = (): void => {};

export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

async function send(method: Method, url: string, body?: BodyInit, type?: string, key?: string): Promise<unknown> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (type) headers["Content-Type"] = type;
  if (key) headers["Idempotency-Key"] = key;
  if (method !== "GET" && csrfToken) headers["X-CSRF-Token"] = csrfToken;
  let response: Response;
  try {
    response = await fetch(url, { method, headers, body, credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    throw new ApiError(0, timedOut ? "TIMEOUT" : "UNREACHABLE", "");
  }
  const text = await response.text();
  let answer: unknown = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    if (response.ok) throw new ApiError(response.status, "UNREADABLE", "");
  }
  if (response.ok) return answer;
  // A page that was loaded without a connection does not know its session's token yet. Such a refusal did nothing.
  if (response.status === 403 && method !== "GET" && !csrfToken && (await learnCsrf())) return send(method, url, body, type, key);
  const said = (answer ?? {}) as { code?: string | number; msg?: string; message?: string; detail?: Record<string, unknown>; data?: { newOrderResponse?: { code: number; msg: string }; cancelResponse?: { code: number; msg: string } } };
  const inner = [said.data?.newOrderResponse, said.data?.cancelResponse].find((part) => typeof part?.code === "number");
  const error = inner
    ? new ApiError(response.status, String(inner.code), inner.msg)
    : new ApiError(response.status, String(said.code ?? ""), said.msg ?? said.message ?? "", said.detail);
  if (response.status === 401) onSignedOut();
  throw error;
}

/** Whether there is a session, and with it a token. */
async function learnCsrf(): Promise<boolean> {
  try {
    csrfToken = ((await send("GET", "/account/me")) as { csrf: string }).csrf;
    return csrfToken !== "";
  } catch {
    return false;
  }
}

function encode(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.toString();
}

export function get<T>(path: string, params: Params = {}): Promise<T> {
  const query = encode(params);
  return send("GET", query ? `${path}?${query}` : path) as Promise<T>;
}

/** Trading requests are form-encoded, as in the dialect. */
export function postForm<T>(path: string, params: Params = {}): Promise<T> {
  return send("POST", path, encode(params), "application/x-www-form-urlencoded") as Promise<T>;
}

export function putForm<T>(path: string, params: Params = {}): Promise<T> {
  return send("PUT", path, encode(params), "application/x-www-form-urlencoded") as Promise<T>;
}

/** The house's own APIs, of accounts and of the shop, speak JSON. A request sent again under the same `key` is done once. */
export function postJson<T>(path: string, body: object = {}, key?: string): Promise<T> {
  return send("POST", path, JSON.stringify(body), "application/json", key) as Promise<T>;
}

export function putJson<T>(path: string, body: object = {}): Promise<T> {
  return send("PUT", path, JSON.stringify(body), "application/json") as Promise<T>;
}

export function patchJson<T>(path: string, body: object = {}): Promise<T> {
  return send("PATCH", path, JSON.stringify(body), "application/json") as Promise<T>;
}

/** A file as it is: the body is its bytes. */
export function postFile<T>(path: string, file: Blob, key?: string): Promise<T> {
  return send("POST", path, file, file.type || "application/octet-stream", key) as Promise<T>;
}

export function remove<T>(path: string, params: Params = {}): Promise<T> {
  const query = encode(params);
  return send("DELETE", query ? `${path}?${query}` : path) as Promise<T>;
}
