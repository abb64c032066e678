import { Segments } from "../ui/Segments";

/** Where there is no room for book and trades at once, this chooses. */
export function GlanceTabs(props: { glance: "book" | "trades"; onGlance: (glance: "book" | "trades") => void }) {
  return (
    <div className="narrow-only">
      <Segments
        label="Book or trades"
        className="plain"
        value={props.glance}
        onChange={props.onGlance}
        choices={[
          { value: "book", text: "Book" },
          { value: "trades", text: "Trades" },
        ]}
      />
    </div>
  );
}
