/** Reading the shop: one thing or a list in pages, kept on the page while it is read again, with what went wrong in words. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/rest";
import type { Listed, PageAsk } from "../api/shop-types";
import { Intention } from "../lib/intention";
import { sayError } from "./notices";

export interface Reading<T> {
  /** null until the first answer. */
  value: T | null;
  /** Why the newest attempt failed; "" when it did not. */
  error: string;
  /** When the value was read. */
  at: number;
  reload: () => void;
  /** What a change answered is newer than what was read. */
  set: (value: T) => void;
}

const wordsOf = (error: unknown): string => (error instanceof ApiError ? error.message : "The answer could not be read. Reload the page.");

/** `read` is the same function from render to render, else it is read again. */
export function useRead<T>(read: () => Promise<T>): Reading<T> {
  const [state, setState] = useState<{ of: unknown; value: T | null; error: string; at: number }>({ of: read, value: null, error: "", at: 0 });
  const asked = useRef(0);
  const reload = useCallback(() => {
    const mine = ++asked.current;
    read().then(
      (value) => mine === asked.current && setState({ of: read, value, error: "", at: Date.now() }),
      (error: unknown) => {
        if (mine !== asked.current) return;
        if (!(error instanceof ApiError)) console.error(error);
        setState((present) => ({ of: read, value: present.of === read ? present.value : null, error: wordsOf(error), at: present.at }));
      },
    );
  }, [read]);
  const set = useCallback((value: T) => {
    asked.current++;
    setState({ of: read, value, error: "", at: Date.now() });
  }, [read]);
  useEffect(reload, [reload]);
  useWhenBack(reload);
  const current = state.of === read;
  return { value: current ? state.value : null, error: current ? state.error : "", at: state.at, reload, set };
}

export interface Pages<T> extends Reading<T[]> {
  /** There is more to load. */
  more: boolean;
  loading: boolean;
  loadMore: () => void;
}

export function usePages<T>(read: (ask: PageAsk) => Promise<Listed<T>>): Pages<T> {
  const first = useCallback(() => read({}), [read]);
  const head = useRead(first);
  const [tail, setTail] = useState<{ of: unknown; items: T[]; next: string }>({ of: null, items: [], next: "" });
  const [loading, setLoading] = useState(false);
  const mine = tail.of === head.value ? tail : { items: [], next: head.value?.next ?? "" };
  const loadMore = async () => {
    const of = head.value;
    if (!of || !mine.next || loading) return;
    setLoading(true);
    try {
      const { items, next } = await read({ after: mine.next });
      setTail({ of, items: [...mine.items, ...items], next });
    } catch (error) {
      sayError(error);
    }
    setLoading(false);
  };
  return {
    ...head,
    value: head.value && [...head.value.items, ...mine.items],
    set: (items) => head.set({ items, next: mine.next }),
    more: mine.next !== "",
    loading,
    loadMore,
  };
}

/** Somebody who comes back to the window, or whose network does, looks at what is true now. */
function useWhenBack(reload: () => void): void {
  useEffect(() => {
    let left = 0;
    const onVisible = () => {
      if (document.hidden) left = Date.now();
      else if (left && Date.now() - left > 30_000) reload();
    };
    document.addEventListener("visibilitychange", onVisible);
    addEventListener("online", reload);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      removeEventListener("online", reload);
    };
  }, [reload]);
}

export interface Deed {
  busy: boolean;
  /** Why the last attempt was refused. */
  refused: ApiError | null;
  clear: () => void;
  /** Does it once for one click; the answer, or null where it was refused (which is then said). */
  run: <T>(request: object, post: (key: string) => Promise<T>) => Promise<T | null>;
}

/** `quietly`: the form shows the refusal itself. */
export function useDeed(quietly = false): Deed {
  const [intention] = useState(() => new Intention());
  const [state, setState] = useState<{ busy: boolean; refused: ApiError | null }>({ busy: false, refused: null });
  const running = useRef(false);
  const run = async <T,>(request: object, post: (key: string) => Promise<T>): Promise<T | null> => {
    if (running.current) return null;
    running.current = true;
    setState({ busy: true, refused: null });
    try {
      const answer = await intention.send(request, post);
      setState({ busy: false, refused: null });
      return answer;
    } catch (error) {
      setState({ busy: false, refused: error instanceof ApiError ? error : null });
      if (!quietly || !(error instanceof ApiError)) sayError(error);
      return null;
    } finally {
      running.current = false;
    }
  };
  return { ...state, run, clear: () => setState({ busy: false, refused: null }) };
}
