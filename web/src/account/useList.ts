import { useCallback, useEffect, useState } from "react";
import { sayError } from "../state/notices";

/** A list that is read on opening and again after each change; null = loading. */
export function useList<T>(read: () => Promise<T[]>): [T[] | null, () => void] {
  const [rows, setRows] = useState<T[] | null>(null);
  const load = useCallback(() => {
    read().then(setRows, (error) => {
      setRows([]);
      sayError(error);
    });
  }, [read]);
  useEffect(load, [load]);
  return [rows, load];
}
