import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { setSwitch } from "../state/switch";
import { Segments } from "../ui/Segments";

const TIMES = [
  { value: "0", text: "Never" },
  { value: "60", text: "1 minute" },
  { value: "300", text: "5 minutes" },
  { value: "900", text: "15 minutes" },
] as const;

export function TradingSettings() {
  const { cancelAfter } = useStore(settings);
  const chosen = TIMES.find(({ value }) => Number(value) === cancelAfter)?.value ?? "0";
  return (
    <section className="card" aria-label="Dead man's switch">
      <header>
        <div>
          <h2>Dead man's switch</h2>
          <p>
            When this browser is closed or loses its connection, the exchange cancels all your open orders after the time you choose. While a page is open here, the time
            starts anew by itself.
          </p>
        </div>
      </header>
      <div className="body">
        <Segments label="Cancel all open orders after" value={chosen} choices={TIMES} onChange={(value) => setSwitch(Number(value))} />
        <p className="field-hint">{cancelAfter ? "On in this browser." : "Off in this browser."}</p>
      </div>
    </section>
  );
}
