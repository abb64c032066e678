"""What a replay found: figures with what they are out of, and the explanation of what differs."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Figure(NamedTuple):
    name: str
    value: int
    out_of: int | None = None  # None: a plain count

    def text(self, width: int) -> str:
        if self.out_of is None:
            return f"  {self.name:<{width}}  {self.value:>9,}"
        share = f"{100 * self.value / self.out_of:6.2f} %" if self.out_of else ""
        return f"  {self.name:<{width}}  {self.value:>9,} of {self.out_of:>9,}  {share}"


@dataclass
class Report:
    """`problem` is not empty where the core itself failed: an invariant is broken or an event was not accepted."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    state_hash: int = 0
    problem: str = ""

    def add(self, name: str, value: int, out_of: int | None = None) -> None:
        self.figures.append(Figure(name, value, out_of))

    def __getitem__(self, name: str) -> Figure:
        return next(figure for figure in self.figures if figure.name == name)

    def text(self) -> str:
        width = max(len(figure.name) for figure in self.figures)
        lines = [self.title, *(figure.text(width) for figure in self.figures), *self.notes]
        lines.append(f"state hash {self.state_hash:016x}, " + (self.problem or "every invariant holds"))
        return "\n".join(lines)

    def plain(self) -> dict:
        """For JSON."""
        figures = [{"name": figure.name, "value": figure.value, "outOf": figure.out_of} for figure in self.figures]
        return {"title": self.title, "figures": figures, "notes": self.notes, "stateHash": f"{self.state_hash:016x}",
                "problem": self.problem}  # fmt: skip
