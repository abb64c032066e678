/**
 * One figure per day as bars: read by pointing, by the arrow keys, or as the table that screen readers get. Drawn as SVG in the
 * app's own colours; the numbers become pixels here, so floats are fine.
 */
import { type KeyboardEvent, type PointerEvent, useId, useLayoutEffect, useRef, useState } from "react";

const HEIGHT = 132;
const FOOT = 18;
const GAP = 0.25;

const dayName = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const nameOf = (day: string): string => dayName.format(new Date(`${day}T00:00:00Z`));

export interface Day {
  day: string;
  value: number;
  /** The figure in full. */
  text: string;
}

export function DayChart(props: { title: string; total: string; days: readonly Day[]; path?: string }) {
  const { days } = props;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  const [at, setAt] = useState<number | null>(null);
  const title = useId();
  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => setWidth(element.clientWidth);
    look();
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);

  const most = Math.max(...days.map((one) => one.value), 0);
  const step = width / Math.max(1, days.length);
  const plot = HEIGHT - FOOT;
  const heightOf = (value: number) => (most > 0 && value > 0 ? Math.max(2, (value / most) * (plot - 8)) : 0);
  const shown = at === null ? null : days[Math.min(at, days.length - 1)];
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    setAt(Math.max(0, Math.min(days.length - 1, Math.floor((event.clientX - left) / step))));
  };
  const onKey = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -days.length, End: days.length };
    if (event.key === "Escape") setAt(null);
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    setAt((present) => Math.max(0, Math.min(days.length - 1, (present ?? days.length) + move)));
  };

  return (
    <figure className="day-chart">
      <figcaption>
        <span id={title}>{props.title}</span>
        <strong aria-live="polite">{shown ? shown.text : props.total}</strong>
        <span className="quiet">{shown ? nameOf(shown.day) : `${days.length} days`}</span>
      </figcaption>
      <div ref={box} className="day-chart-box" tabIndex={0} role="group" aria-labelledby={title} aria-roledescription="chart, arrow keys read the days" onKeyDown={onKey} onBlur={() => setAt(null)}>
        <svg width={width} height={HEIGHT} aria-hidden="true" onPointerMove={point} onPointerLeave={() => setAt(null)}>
          <line x1={0} x2={width} y1={plot + 0.5} y2={plot + 0.5} className="axis" />
          {days.map((one, index) => {
            const height = heightOf(one.value);
            return (
              <g key={one.day} className={index === at ? "day-bar at" : "day-bar"}>
                <rect x={index * step} y={0} width={step} height={plot} className="slot" />
                <rect x={index * step + (step * GAP) / 2} y={plot - height} width={Math.max(1, step * (1 - GAP))} height={height} rx={Math.min(2, step / 4)} />
              </g>
            );
          })}
          {days.length > 1 && (
            <>
              <text x={0} y={HEIGHT - 3}>{nameOf(days[0]!.day)}</text>
              <text x={width} y={HEIGHT - 3} textAnchor="end">{nameOf(days.at(-1)!.day)}</text>
            </>
          )}
        </svg>
      </div>
      <table className="visually-hidden">
        <caption>{props.title}</caption>
        <tbody>
          {days.map((one) => (
            <tr key={one.day}>
              <th scope="row">{nameOf(one.day)}</th>
              <td>{one.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
