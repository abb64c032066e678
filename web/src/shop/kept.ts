/**
 * What the shop answered, kept while one walks about: going back shows the page as it was left, and looks again behind it. What could
 * not be read again stays with its error, and is tried again by itself while the fault is the connection's or the server's.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/rest";
import type { Listed, PageAsk } from "../api/shop-types";
import { session } from "../state/session";

const KEPT_MAX = 50;
const FRESH_MS = 30_000;
const RETRY_MS = 4_000;

const kept = new Map<string, { value: unknown; at: number }>();

function keep(key: string, value: unknown): void {
  kept.delete(key);
  kept.set(key, { value, at: Date.now() });
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!);
}

// What one person saw is not shown to the next.
let who = session.get().state;
session.subscribe(() => {
  const { state } = session.get();
  if (who !== "unknown" && who !== state) kept.clear();
  who = state;
});

/** After a change that other pages show too. */
export function forget(beginning: string): void {
  for (const key of kept.keys()) if (key.startsWith(beginning)) kept.delete(key);
}

export interface Kept<T> {
  /** null until the first answer. */
  value: T | null;
  /** Why the newest attempt failed. */
  error: ApiError | null;
  at: number;
  reload: () => void;
  set: (value: T) => void;
}

const asApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  console.error(error);
  return new ApiError(0, "UNREADABLE", "");
};

const mayPass = (error: ApiError): boolean => error.status === 0 || error.status >= 500;

/** One answer under its key; `key` null: nothing to read yet. */
export function useKept<T>(key: string | null, read: () => Promise<T>): Kept<T> {
  const [, paint] = useState(0);
  const errors = useRef<{ key: string | null; error: ApiError | null }>({ key, error: null });
  const asked = useRef(0);
  const reader = useRef(read);
  reader.current = read;

  const reload = useCallback(() => {
    if (key === null) return;
    const mine = ++asked.current;
    reader.current().then(
      (value) => {
        if (mine !== asked.current) return;
        keep(key, value);
        errors.current = { key, error: null };
        paint((count) => count + 1);
      },
      (error: unknown) => {
        if (mine !== asked.current) return;
        errors.current = { key, error: asApiError(error) };
        paint((count) => count + 1);
      },
    );
  }, [key]);

  const set = useCallback(
    (value: T) => {
      asked.current++;
      if (key !== null) keep(key, value);
      errors.current = { key, error: null };
      paint((count) => count + 1);
    },
    [key],
  );

  useEffect(() => {
    if (key !== null && Date.now() - (kept.get(key)?.at ?? 0) > FRESH_MS) reload();
    return () => void asked.current++;
  }, [key, reload]);

  const present = key === null ? undefined : kept.get(key);
  const error = errors.current.key === key ? errors.current.error : null;
  useEffect(() => {
    if (!error || !mayPass(error)) return;
    const timer = setTimeout(reload, RETRY_MS);
    return () => clearTimeout(timer);
  }, [error, reload]);

  return { value: (present?.value as T | undefined) ?? null, error, at: present?.at ?? 0, reload, set };
}

export interface KeptList<P extends Listed<unknown>> extends Kept<P> {
  loading: boolean;
  /** Why more could not be loaded. */
  moreError: ApiError | null;
  loadMore: () => void;
}

/** A list that grows page by page, its first page with whatever else that brings. */
export function useKeptList<P extends Listed<unknown>>(key: string | null, read: (ask: PageAsk) => Promise<P>): KeptList<P> {
  const list = useKept(key, () => read({}));
  const [more, setMore] = useState<{ key: string | null; loading: boolean; error: ApiError | null }>({ key, loading: false, error: null });
  const mine = more.key === key ? more : { key, loading: false, error: null };
  const { value, set } = list;
  const loadMore = async () => {
    if (!value?.next || mine.loading) return;
    setMore({ key, loading: true, error: null });
    try {
      const { items, next } = await read({ after: value.next });
      set({ ...value, items: [...value.items, ...items], next });
      setMore({ key, loading: false, error: null });
    } catch (error) {
      setMore({ key, loading: false, error: asApiError(error) });
    }
  };
  return { ...list, loading: mine.loading, moreError: mine.error, loadMore };
}
