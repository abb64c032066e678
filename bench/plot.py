"""A plot of lines over a logarithmic axis, as SVG: all that the benchmarks draw."""

from math import ceil, log10
from typing import NamedTuple

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 230, 44, 48
COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777")


class Line(NamedTuple):
    label: str
    points: list[tuple[float, float]]  # by rising first number, which is positive


def draw(title: str, across: str, up: str, lines: list[Line]) -> str:
    """The plot as text of an SVG file. The axis up starts at zero, the one across counts powers of ten."""
    first = min(x for line in lines for x, _ in line.points)
    last = max(x for line in lines for x, _ in line.points)
    low, high = int(log10(first)), ceil(log10(last))
    step = _step(max(y for line in lines for _, y in line.points))
    top = step * ceil(max(y for line in lines for _, y in line.points) / step)

    def place(x: float, y: float) -> tuple[float, float]:
        inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + inner_width * (log10(x) - low) / max(high - low, 1), TOP + inner_height * (1 - y / top)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600">{title}</text>',
    ]
    for mark in range(0, int(top / step) + 1):
        x, y = place(10.0**low, mark * step)
        parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#374151">{mark * step:g}</text>')
    for power in range(low, high + 1):
        x, y = place(10.0**power, 0)
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" fill="#374151">{10**power:,}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle" fill="#374151">{across}</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 6}" text-anchor="end" fill="#374151">{up}</text>')
    for number, (line, colour) in enumerate(zip(lines, COLOURS, strict=False)):
        spots = [place(x, y) for x, y in line.points]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in spots)}"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
        y = TOP + 14 + 20 * number
        parts.append(f'<rect x="{WIDTH - RIGHT + 20}" y="{y - 8}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 36}" y="{y + 1}" fill="#111827">{line.label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _step(highest: float) -> float:
    """A round distance between marks, so that there are four to ten of them."""
    power = 10.0 ** int(log10(highest / 4)) if highest >= 4 else 1.0
    return next(power * factor for factor in (1, 2, 5, 10) if highest / (power * factor) <= 8)
