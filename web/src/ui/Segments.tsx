import { useId } from "react";

interface Choice<T extends string> {
  value: T;
  text: string;
  title?: string;
}

/** One of few, all visible: a radio group, so arrows move in it. */
export function Segments<T extends string>(props: {
  label: string;
  choices: readonly Choice<T>[];
  value: T;
  onChange: (value: T) => void;
  className?: string;
}) {
  const name = useId();
  return (
    <div className={`segments ${props.className ?? ""}`} role="radiogroup" aria-label={props.label}>
      {props.choices.map(({ value, text, title }) => (
        <label key={value} title={title} data-value={value}>
          <input type="radio" name={name} value={value} checked={value === props.value} onChange={() => props.onChange(value)} />
          <span>{text}</span>
        </label>
      ))}
    </div>
  );
}
