import type { ReactNode } from "react";
import { showMoment, showTime } from "../lib/format";

/** Nothing here: what this is, and one thing to do. */
export function Empty(props: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <strong>{props.title}</strong>
      {props.children}
    </div>
  );
}

export function Moment(props: { ms: number }) {
  return (
    <time dateTime={new Date(props.ms).toISOString()} title={showMoment(props.ms)}>
      {showTime(props.ms)}
    </time>
  );
}
