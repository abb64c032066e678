/** A margin level as a gauge: where it stands between its thresholds, and in words what happens at each. */
import { type Bars, barWords, gaugePlace, levelText, zoneOf, zoneText, zoneWords } from "../lib/margin";

const TONES = { free: "good", safe: "good", tight: "warn", call: "bad", liquidation: "bad" } as const;

export function Gauge(props: { level: number; liquidating: boolean; simulated: boolean; bars: Bars; label: string }) {
  const { level, bars } = props;
  const zone = zoneOf(level, bars, props.liquidating);
  const place = gaugePlace(level, bars);
  const share = (at: number): string => `${(gaugePlace(at, bars) * 100).toFixed(2)}%`;
  return (
    <div className="gauge" data-zone={zone}>
      <p className="gauge-level">
        <strong data-testid="margin-level">{levelText(level)}</strong>
        {zone !== "free" && <span className={`tag ${TONES[zone]}`}>{zoneText(zone)}</span>}
        {zone !== "free" && props.simulated && <SimulatedTag />}
      </p>
      <div
        className="gauge-bar"
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(place * 100)}
        aria-valuetext={`${levelText(level)}: ${zoneText(zone)}`}
        style={{ "--liquidation": share(bars.liquidation), "--call": share(bars.call), "--borrow": share(bars.borrow) } as React.CSSProperties}
      >
        <span className="gauge-mark" style={{ left: `${(place * 100).toFixed(2)}%` }} />
      </div>
      <div className="gauge-scale" aria-hidden="true">
        {barWords(bars).map(({ at }) => (
          <span key={at} style={{ left: share(at) }}>
            {at.toFixed(2)}
          </span>
        ))}
      </div>
      <p className="gauge-words">{zoneWords(zone, level, bars)}</p>
    </div>
  );
}

/** Beside whatever goes by an index price of which a source is made up. */
export function SimulatedTag() {
  return (
    <span className="tag" title="A source of the index prices behind this is made up">
      Simulated prices
    </span>
  );
}

/** The thresholds, explained once. */
export function BarsExplained({ bars }: { bars: Bars }) {
  return (
    <dl className="bars-explained">
      {barWords(bars).map(({ at, name, words }) => (
        <div key={name}>
          <dt>
            {name} <b>{at.toFixed(2)}</b>
          </dt>
          <dd>At this level {words}.</dd>
        </div>
      ))}
    </dl>
  );
}
