import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

export interface Column<R> {
  key: string;
  head: string;
  right?: boolean;
  /** Left out on narrow screens. */
  extra?: boolean;
  /** Stays in sight where the table is wider than its place. */
  stuck?: boolean;
  cell: (row: R) => ReactNode;
}

const ROW = 33;
const OVERSCAN = 8;
const BONES = 3;

/** A list of any length: only the rows in sight are in the document. `rows` null = loading, drawn with the final geometry. */
export function Table<R>(props: {
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[] | null;
  rowKey: (row: R) => string | number;
  rowClass?: (row: R) => string;
  empty: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);

  const rows = props.rows ?? [];
  const first = Math.max(0, Math.floor(view.top / ROW) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + OVERSCAN);
  const classOf = (column: Column<R>) => `${column.right ? "right" : ""} ${column.extra ? "extra" : ""} ${column.stuck ? "stuck" : ""}`;
  return (
    <div className="scroll" ref={box} tabIndex={0} role="region" aria-label={props.label}>
      {props.rows && !rows.length ? (
        props.empty
      ) : (
        <table className="grid" aria-rowcount={rows.length} aria-busy={!props.rows}>
          <thead>
            <tr>
              {props.columns.map((column) => (
                <th key={column.key} scope="col" className={classOf(column)}>
                  {column.head || <span className="visually-hidden">Actions</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {!props.rows &&
              Array.from({ length: BONES }, (_, i) => (
                <tr key={i}>
                  {props.columns.map((column) => (
                    <td key={column.key} className={classOf(column)}>
                      <span className="bone" style={{ width: 64, marginLeft: column.right ? "auto" : 0 }} />
                    </td>
                  ))}
                </tr>
              ))}
            {first > 0 && (
              <tr className="spacer" aria-hidden="true">
                <td colSpan={props.columns.length} style={{ height: first * ROW }} />
              </tr>
            )}
            {rows.slice(first, last).map((row) => (
              <tr key={props.rowKey(row)} className={props.rowClass?.(row)}>
                {props.columns.map((column) => (
                  <td key={column.key} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
            {last < rows.length && (
              <tr className="spacer" aria-hidden="true">
                <td colSpan={props.columns.length} style={{ height: (rows.length - last) * ROW }} />
              </tr>
            )}
          </tbody>
        </table>
      )}
    </div>
  );
}
