"""The pictures of the demo's goods, drawn from a few shapes: nothing is downloaded, and each product looks like what it is.

A drawing is a function of a Canvas and two colours. Coordinates run from 0 to 100 in both directions, y downwards; things stand on the
floor at y = 86. `picture` gives WebP bytes. Light falls from the left: what is round has a light stripe there and a darker right side.
"""

import io
import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = 720  # pixels of the finished picture
FLOOR = 86
_HORIZON = 71
_FINER = 3  # drawn so much larger, then scaled down for smooth edges
_SHADOW = "#20242c"
_SAMPLES = 10  # points of a curve between two that are given

Point = tuple[float, float]
Drawing = Callable[["Canvas", str, str], None]
DRAWINGS: dict[str, Drawing] = {}

STEEL, DARK_STEEL, INK, OAK, WALNUT, CREAM, LEAF, SOIL = (
    "#c9ced4", "#8d949d", "#2b2f36", "#d3a873", "#8a5a3c", "#f4ead8", "#4f8a5b", "#4a362a",
)  # fmt: skip


def picture(name: str, colour: str, accent: str, backdrop: str, *, zoom: float = 1.0, at: Point = (50, 50)) -> bytes:
    """WebP of a drawing, SIZE px square; colours as "#rrggbb"; `zoom` enlarges what is around `at`."""
    canvas = Canvas(backdrop, zoom, at)
    DRAWINGS[name](canvas, colour, accent)
    out = io.BytesIO()
    canvas.finished().save(out, "WEBP", quality=92, method=0)
    return out.getvalue()


def shade(colour: str, by: float) -> str:
    """Darker (by < 0) or lighter (by > 0), -1 … 1."""
    target = 255 if by > 0 else 0
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (target - part) * abs(by)):02x}" for part in parts)


class Canvas:
    """Flat shapes before a wall, on a floor if something stands there."""

    def __init__(self, backdrop: str, zoom: float, at: Point):
        self.backdrop = backdrop
        self._side = SIZE * _FINER
        self._scale = self._side / 100 * zoom
        self._left, self._top = (self._side / 2 - part * self._scale for part in at)
        self._image = Image.new("RGB", (self._side, self._side), backdrop)
        self._draw = ImageDraw.Draw(self._image)
        self._hangs = False

    def finished(self) -> Image.Image:
        image = self._image.reduce(_FINER)
        if not self._hangs:
            return image
        plain = Image.new("RGB", image.size, self.backdrop)
        covered = ImageChops.difference(image, plain).convert("L").point(lambda difference: 255 if difference > 3 else 0)
        offset = round(SIZE * 0.016)
        shadow = covered.reduce(8).filter(ImageFilter.GaussianBlur(1.6)).resize(image.size)
        plain.paste(_SHADOW, (offset // 2, offset), shadow.point(lambda cover: cover * 0.3))
        plain.paste(image, mask=covered)
        return plain

    def stand(self, x: float, width: float, y: float = FLOOR) -> None:
        """The floor, and on it a soft shadow that is `width` wide around x."""
        _, horizon = self._pixel((0, _HORIZON))
        if horizon < self._side:
            self._draw.rectangle((0, horizon, self._side, self._side), fill=shade(self.backdrop, -0.075))
        self._soft(x + 2, y + 0.3, width / 2 + 2, 3.1, 105)

    def hang(self) -> None:
        """On the wall, or lying: all that is drawn casts its own soft shadow there."""
        self._hangs = True

    def _soft(self, x: float, y: float, across: float, down: float, strength: int) -> None:
        coarse, margin = 8, 3.0
        left, top = self._pixel((x - across - margin, y - down - margin))
        right, bottom = self._pixel((x + across + margin, y + down + margin))
        size = (max(1, round(right - left)), max(1, round(bottom - top)))
        layer = Image.new("L", (size[0] // coarse + 1, size[1] // coarse + 1), 0)
        edge = margin * self._scale / coarse
        ImageDraw.Draw(layer).ellipse((edge, edge, layer.width - edge, layer.height - edge), fill=strength)
        layer = layer.filter(ImageFilter.GaussianBlur(edge * 0.45)).resize(size, Image.Resampling.BICUBIC)
        self._image.paste(_SHADOW, (round(left), round(top), round(left) + size[0], round(top) + size[1]), layer)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: str, radius: float = 0) -> None:
        self._draw.rounded_rectangle((*self._pixel((x0, y0)), *self._pixel((x1, y1))), radius * self._scale, fill=fill)

    def oval(self, x: float, y: float, across: float, down: float, fill: str) -> None:
        self._draw.ellipse((*self._pixel((x - across, y - down)), *self._pixel((x + across, y + down))), fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        self.oval(x, y, radius, radius, fill)

    def shape(self, points: Sequence[Point], fill: str) -> None:
        self._draw.polygon([self._pixel(point) for point in points], fill=fill)

    def smooth(self, points: Sequence[Point], fill: str) -> None:
        """A closed curve through the points."""
        self.shape(curve([points[-1], *points, *points[:2]]), fill)

    def turned(self, profile: Sequence[Point], fill: str, x: float = 50, *, shine: float = 0.22) -> None:
        """What a lathe makes: half-widths at heights, from the top down, with its light and dark sides."""
        self._band(profile, -1, 1, x, fill)
        self._band(profile, 0.42, 1, x, shade(fill, -0.09))
        if shine:
            self._band(profile, -0.80, -0.66, x, shade(fill, shine))

    def _band(self, profile: Sequence[Point], left: float, right: float, x: float, fill: str) -> None:
        down = [(x + right * half, y) for half, y in profile]
        self.shape([*down, *((x + left * half, y) for half, y in reversed(profile))], fill)

    def line(self, points: Sequence[Point], width: float, fill: str) -> None:
        """With round ends and joints."""
        self._draw.line([self._pixel(point) for point in points], fill=fill, width=max(1, round(width * self._scale)), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def bend(self, points: Sequence[Point], width: float, fill: str) -> None:
        """A curved line through the points."""
        self.line(curve([points[0], *points, points[-1]]), width, fill)

    def ring(self, x: float, y: float, across: float, down: float, width: float, fill: str, begin: float = 0, end: float = 360) -> None:
        """An arc; angles in degrees, clockwise from three o'clock; the width lies inside."""
        box = (*self._pixel((x - across, y - down)), *self._pixel((x + across, y + down)))
        self._draw.arc(box, begin, end, fill=fill, width=max(1, round(width * self._scale)))

    def _pixel(self, point: Point) -> Point:
        return self._left + point[0] * self._scale, self._top + point[1] * self._scale


def curve(points: Sequence[Point]) -> list[Point]:
    """Catmull-Rom: from the second to the last point but one, through all between."""
    path = []
    for p0, p1, p2, p3 in zip(points, points[1:], points[2:], points[3:], strict=False):
        for step in range(_SAMPLES):
            t = step / _SAMPLES
            weights = ((-t + 2 * t**2 - t**3) / 2, (2 - 5 * t**2 + 3 * t**3) / 2, (t + 4 * t**2 - 3 * t**3) / 2, (-(t**2) + t**3) / 2)
            path.append(tuple(sum(w * p[axis] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)) for axis in (0, 1)))
    return [*path, points[-2]]


def around(x: float, y: float, radius: float, degrees: float) -> Point:
    """The point at an angle, clockwise from twelve o'clock."""
    return x + radius * math.sin(math.radians(degrees)), y - radius * math.cos(math.radians(degrees))


def drawing(function: Drawing) -> Drawing:
    DRAWINGS[function.__name__] = function
    return function


# ---------------------------------------------------------------- kitchen


@drawing
def skillet(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.line([(64, 60), (90, 76)], 7.5, shade(colour, -0.1))
    c.disc(89, 75.4, 1.6, c.backdrop)
    c.smooth([(8, 47), (13, 41), (17, 46), (14, 53)], colour)
    c.disc(42, 48, 31, colour)
    c.disc(42, 48, 28, shade(colour, 0.16))
    c.disc(42.6, 49, 26.4, shade(colour, 0.07))
    c.ring(42, 48, 22, 22, 1.2, shade(colour, 0.2), 190, 250)
    c.smooth([(28, 46), (34, 36), (47, 35), (58, 43), (56, 56), (45, 61), (33, 58)], "#fdfaf2")
    c.disc(44, 48, 7, accent)
    c.oval(42, 45.4, 2.4, 1.5, shade(accent, 0.5))


@drawing
def saucepan(c: Canvas, colour: str, accent: str) -> None:
    c.stand(45, 50)
    c.line([(66, 58), (94, 54)], 5, accent)
    c.line([(66, 58), (72, 57.2)], 5, DARK_STEEL)
    c.turned([(26, 52), (26, 80), (24, 84), (20, FLOOR)], colour, 44)
    c.oval(44, 52, 26, 5, shade(colour, -0.12))
    c.turned([(4, 44), (18, 46.5), (25, 51), (25, 53)], shade(colour, 0.12), 44, shine=0)
    c.box(39, 38, 49, 42, accent, 2)
    c.box(42.5, 41, 45.5, 45, DARK_STEEL)


@drawing
def knife(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.smooth([(7, 61.5), (20, 53), (38, 48), (62, 46.5), (64, 47), (64, 60), (63, 61.5), (38, 62.4), (16, 62.2)], STEEL)
    c.shape([(10, 60.5), (63, 57), (63, 62), (30, 62.4), (14, 62)], shade(STEEL, 0.45))
    c.box(60, 46.5, 66, 60, DARK_STEEL, 1)
    c.smooth([(65, 47), (78, 47.5), (91, 47), (95, 51), (94, 57), (89, 58), (80, 55.5), (70, 56.5), (65, 57)], colour)
    c.line([(67, 49), (91, 49)], 1, shade(colour, 0.22))
    for x in (71, 80, 89):
        c.disc(x, 52, 1.2, accent)


@drawing
def board(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.box(10, 28, 76, 74, shade(colour, -0.16), 6)
    c.box(10, 26, 76, 72, colour, 6)
    c.box(70, 42, 92, 57, shade(colour, -0.16), 6)
    c.box(68, 41, 92, 55, colour, 6)
    c.disc(86, 48, 2.6, c.backdrop)
    for y, x0, x1 in ((33, 16, 66), (39, 14, 70), (45, 18, 60), (57, 15, 71), (63, 17, 66), (67, 22, 58)):
        c.bend([(x0, y), ((x0 + x1) / 2, y + 1.2), (x1, y)], 0.5, shade(colour, -0.12))
    c.disc(34, 50, 10, accent)
    c.smooth([(33, 40), (30, 36), (35, 38), (38, 35), (37, 40)], LEAF)
    c.oval(30.5, 46, 2.4, 3.2, shade(accent, 0.4))
    c.disc(53, 55, 7, accent)
    c.disc(53, 55, 5.6, shade(accent, 0.3))
    for degrees in range(0, 360, 72):
        c.disc(*around(53, 55, 3.2, degrees), 1.3, shade(accent, -0.12))


@drawing
def mug(c: Canvas, colour: str, accent: str) -> None:
    c.stand(47, 44)
    c.ring(66, 60, 15, 13.5, 4.6, shade(colour, -0.1))
    c.turned([(21, 38), (21, 78), (19, 83), (15, FLOOR)], colour, 46)
    c.turned([(21, 66), (21, 78), (19, 83), (15, FLOOR)], accent, 46)
    c.oval(46, 38, 21, 5.2, shade(colour, -0.14))
    c.oval(46, 39, 18.6, 4, "#4a2f20")
    for x in (40, 50):
        c.bend([(x, 31), (x - 2.4, 26), (x + 1.6, 21), (x - 1, 15)], 1.3, shade(c.backdrop, 0.6))


@drawing
def bowls(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 52)
    for y, wide, fill in ((70, 27, shade(colour, -0.12)), (58, 29, accent), (46, 31, colour)):
        c.turned([(wide, y), (wide * 0.93, y + 6), (wide * 0.72, y + 12), (wide * 0.42, y + 15), (wide * 0.4, y + 16)], fill)
    c.oval(50, 46, 31, 6.2, shade(colour, 0.25))
    c.oval(50, 46.7, 28.4, 5, shade(colour, -0.16))


# ---------------------------------------------------------------- coffee and tea


@drawing
def kettle(c: Canvas, colour: str, accent: str) -> None:
    c.stand(46, 46)
    c.bend([(60, 80), (74, 76), (74, 60), (80, 47), (89, 44)], 3.6, shade(colour, -0.12))
    c.bend([(26, 54), (12, 52), (8, 64), (13, 76)], 4.4, accent)
    c.turned([(10, 46), (16, 48), (19, 54), (23, 80), (23, 84), (20, FLOOR)], colour, 45)
    c.turned([(3, 41), (10, 43), (14, 47.6)], shade(colour, -0.12), 45, shine=0)
    c.disc(45, 39.5, 3, accent)


@drawing
def grinder(c: Canvas, colour: str, accent: str) -> None:
    c.stand(49, 32)
    c.line([(48, 27), (76, 21)], 2.6, DARK_STEEL)
    c.box(46.6, 25, 49.6, 34, DARK_STEEL)
    c.turned([(2, 12), (4.4, 16), (3.6, 22), (2, 23)], accent, 76)
    c.turned([(9, 32), (14, 34), (14, 60), (13, 61)], STEEL, 48)
    c.turned([(13.5, 61), (15, 63), (15, 82), (12, FLOOR)], colour, 48)
    c.box(33, 59, 63, 62, shade(colour, -0.25), 1)
    c.oval(48, 32, 9, 1.8, shade(STEEL, -0.2))


@drawing
def dripper(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 44)
    c.ring(66, 70, 12, 10, 2.6, shade(c.backdrop, -0.3))
    glass = shade(c.backdrop, 0.42)
    c.turned([(13, 50), (16, 56), (22, 70), (22, 82), (19, FLOOR)], glass, 48, shine=0.6)
    c.turned([(22, 70), (22, 82), (19, FLOOR)], "#5a3422", 48, shine=0.12)
    c.oval(48, 70, 22, 3.2, "#6d432d")
    c.box(30, 48, 66, 51.4, shade(colour, -0.14), 1.6)
    c.turned([(25, 22), (24, 25), (10, 46), (9, 49)], colour, 48)
    c.oval(48, 22, 25, 5, shade(colour, -0.1))
    c.turned([(21, 16), (20, 22)], CREAM, 48, shine=0)
    c.oval(48, 22, 20.5, 3.8, CREAM)
    c.oval(48, 16.2, 21, 3.8, "#fffaf0")
    c.oval(48, 17, 18, 2.8, accent)


@drawing
def moka(c: Canvas, colour: str, accent: str) -> None:
    c.stand(47, 38)
    c.shape([(60, 30), (80, 30), (82, 34), (76, 56), (71, 55), (74, 36), (60, 37)], accent)
    c.shape([(33, 32), (21, 27), (32, 40)], shade(colour, -0.06))
    c.shape([(33, 28), (61, 28), (57, 54), (38, 54)], colour)
    c.shape([(50, 28), (61, 28), (57, 54), (50, 54)], shade(colour, -0.12))
    c.shape([(36, 28), (41, 28), (42.5, 54), (39.5, 54)], shade(colour, 0.4))
    c.box(36, 53, 59, 58, shade(colour, -0.25), 1)
    c.shape([(38, 58), (57, 58), (65, FLOOR), (30, FLOOR)], colour)
    c.shape([(50, 58), (57, 58), (65, FLOOR), (51, FLOOR)], shade(colour, -0.12))
    c.shape([(40.5, 58), (43.5, 58), (41, FLOOR), (35, FLOOR)], shade(colour, 0.4))
    c.shape([(38, 24), (56, 24), (61, 28), (33, 28)], shade(colour, -0.06))
    c.box(45, 18, 49, 25, accent, 1.6)
    c.disc(47, 66, 1.7, DARK_STEEL)


@drawing
def beans(c: Canvas, colour: str, accent: str) -> None:
    c.stand(48, 50)
    c.shape([(27, 22), (69, 22), (72, 30), (72, 84), (70, FLOOR), (26, FLOOR), (24, 84), (24, 30)], colour)
    c.shape([(60, 22), (69, 22), (72, 30), (72, 84), (70, FLOOR), (60, FLOOR)], shade(colour, -0.12))
    c.box(26, 16, 70, 24, shade(colour, -0.22), 1.4)
    c.box(26, 19, 70, 20.4, shade(colour, 0.1))
    c.box(31, 38, 59, 70, accent, 2)
    for x, y, turn in ((41, 50, 25), (50, 57, -30)):
        bean(c, x, y, 6.4, turn, shade(colour, -0.3))
    c.box(36, 66, 54, 67.4, shade(colour, -0.2))
    c.box(38, 42, 52, 43.2, shade(colour, -0.2))
    for x, y, turn in ((79, 84, 60), (85, 87, -20), (17, 86, 35)):
        bean(c, x, y, 3.6, turn, "#4a2d1f")


def bean(c: Canvas, x: float, y: float, size: float, turn: float, fill: str) -> None:
    a, b = around(0, 0, size, turn), around(0, 0, size * 0.68, turn + 90)
    outline = [(x + a[0] * math.cos(t) + b[0] * math.sin(t), y + a[1] * math.cos(t) + b[1] * math.sin(t))
               for t in (math.radians(degrees) for degrees in range(0, 360, 15))]  # fmt: skip
    c.shape(outline, fill)
    c.bend([(x + a[0] * 0.85, y + a[1] * 0.85), (x + b[0] * 0.22 + a[0] * 0.3, y + b[1] * 0.22 + a[1] * 0.3),
            (x - b[0] * 0.22 - a[0] * 0.3, y - b[1] * 0.22 - a[1] * 0.3), (x - a[0] * 0.85, y - a[1] * 0.85)], size * 0.17,
           shade(fill, 0.25))  # fmt: skip


@drawing
def tea(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 40)
    c.turned([(19, 36), (19, 83), (17, FLOOR)], colour, 48)
    c.turned([(15, 24), (19.6, 26), (19.6, 37)], shade(colour, -0.18), 48)
    c.box(29, 50, 67, 72, accent)
    c.smooth([(48, 54), (55, 58), (54, 66), (48, 69), (42, 66), (41, 58)], LEAF)
    c.bend([(48, 70), (48, 63), (48, 56)], 0.8, shade(LEAF, 0.4))
    for x, y, turn in ((78, 85, 50), (84, 87, -30), (74, 88, 10)):
        a, b = around(0, 0, 3.6, turn), around(0, 0, 1.2, turn + 90)
        c.smooth([(x + a[0], y + a[1]), (x + b[0], y + b[1]), (x - a[0], y - a[1]), (x - b[0], y - b[1])], shade(LEAF, -0.3))


# ---------------------------------------------------------------- lighting


@drawing
def desk_lamp(c: Canvas, colour: str, accent: str) -> None:
    c.stand(42, 34)
    c.shape([(62, 34), (90, 50), (92, 83), (50, 83)], shade(c.backdrop, 0.45))
    c.oval(42, 84, 17, 3.4, shade(colour, -0.2))
    c.oval(42, 82.6, 17, 3.2, colour)
    c.line([(42, 81), (28, 50)], 2.4, accent)
    c.line([(28, 50), (62, 28)], 2.4, accent)
    c.disc(28, 50, 3, colour)
    c.disc(42, 80, 2.4, colour)
    c.shape([(60, 20), (70, 26), (87, 47), (56, 38)], colour)
    c.smooth([(56, 38), (64, 36), (80, 43), (87, 47), (78, 48), (64, 43)], "#fff1c4")
    c.disc(63.6, 24, 4, shade(colour, -0.15))


@drawing
def pendant(c: Canvas, colour: str, accent: str) -> None:
    c.shape([(24, 58), (76, 58), (92, 100), (8, 100)], shade(c.backdrop, 0.4))
    c.line([(50, -2), (50, 26)], 0.9, INK)
    c.turned([(3, 22), (3.4, 29)], accent, shine=0.3)
    c.turned([(4, 28), (8, 31), (19, 40), (27, 51), (30, 58)], colour)
    c.oval(50, 58, 30, 4.6, shade(colour, -0.25))
    c.oval(50, 58.4, 27, 3.5, "#fff3cf")
    c.oval(50, 60, 8, 5.4, "#fffaf0")


@drawing
def floor_lamp(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 32)
    c.line([(50, 84), (36, FLOOR)], 1.8, shade(accent, -0.12))
    c.line([(50, 34), (32, FLOOR)], 1.9, accent)
    c.line([(50, 34), (68, FLOOR)], 1.9, shade(accent, -0.12))
    c.line([(50, 34), (51, FLOOR - 2)], 1.9, shade(accent, -0.06))
    c.turned([(4, 33), (5, 37)], DARK_STEEL, shine=0)
    c.turned([(16, 8), (21, 34)], colour)
    c.oval(50, 34, 21, 2.4, "#fff1c4")
    c.oval(50, 8, 16, 1.8, shade(colour, 0.3))
    c.box(38, 62, 62, 63.4, shade(accent, -0.2), 0.6)


@drawing
def lantern(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 40)
    c.ring(50, 26, 15, 17, 2, DARK_STEEL, 180, 360)
    c.turned([(5, 22), (10, 24), (17, 32), (18, 36)], colour)
    c.turned([(16, 36), (19, 46), (19, 62), (16, 72)], "#fff1c4", shine=0.7)
    c.oval(50, 58, 8, 12, "#ffe08a")
    c.smooth([(50, 44), (54, 56), (53, 64), (50, 67), (47, 64), (46, 56)], "#f9a544")
    for x in (36, 64):
        c.line([(x, 36), (x, 72)], 1.4, DARK_STEEL)
    c.turned([(17, 72), (21, 76), (22, 83), (19, FLOOR)], colour)
    c.disc(50, 79, 2.2, accent)


# ---------------------------------------------------------------- furniture


@drawing
def chair(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 46, 88)
    dark = shade(colour, -0.16)
    c.line([(34, 58), (33, 83)], 2.4, dark)
    c.line([(65, 58), (68, 83)], 2.4, dark)
    c.line([(33, 12), (34, 56)], 3, colour)
    c.line([(65, 12), (65, 56)], 3, colour)
    c.box(30, 9, 68, 22, colour, 3.6)
    for x in (41, 49, 57):
        c.line([(x, 22), (x, 54)], 1.7, dark)
    c.smooth([(29, 55), (49, 52), (69, 55), (75, 62), (49, 66), (24, 62)], accent)
    c.smooth([(24, 62), (49, 63.5), (75, 62), (75, 65), (49, 68), (24, 65)], shade(accent, -0.2))
    c.line([(27, 64), (23, 89)], 3.2, colour)
    c.line([(72, 64), (77, 89)], 3.2, colour)
    c.line([(25.5, 77), (74.5, 77)], 1.7, dark)


@drawing
def stool(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 44)
    for x0, x1, fill in ((43, 36, -0.18), (57, 64, -0.18)):
        c.line([(x0, 44), (x1, 82)], 2.8, shade(colour, fill))
    c.line([(34, 68), (66, 68)], 1.8, shade(colour, -0.18))
    c.line([(35, 44), (25, FLOOR)], 3.2, colour)
    c.line([(65, 44), (75, FLOOR)], 3.2, colour)
    c.turned([(27, 38), (27, 43), (24, 45.6)], accent, shine=0)
    c.oval(50, 38, 27, 5, shade(accent, 0.14))
    c.oval(50, 37.8, 20, 3.2, shade(accent, 0.05))


@drawing
def armchair(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 66)
    for x0, x1 in ((28, 25), (72, 75)):
        c.line([(x0, 76), (x1, FLOOR - 1)], 2.6, accent)
    c.box(26, 24, 74, 70, colour, 14)
    c.box(60, 24, 74, 70, shade(colour, -0.07), 12)
    for x in (42, 58):
        for y in (36, 46):
            c.disc(x, y, 0.9, shade(colour, -0.25))
    c.box(30, 56, 70, 70, shade(colour, 0.1), 5)
    c.box(24, 67, 76, 79, shade(colour, -0.1), 3)
    c.box(13, 46, 31, 80, colour, 8)
    c.box(69, 46, 87, 80, shade(colour, -0.12), 8)
    c.box(15.5, 50, 18, 74, shade(colour, 0.2), 1)


@drawing
def bookshelf(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 56)
    c.box(24, 10, 76, FLOOR, colour)
    for top in (13, 38, 63):
        c.box(27, top, 73, top + 21, shade(colour, -0.32))
    palette = (accent, "#e3c27a", "#5b7f95", CREAM, "#86543f", "#8fa58b")
    for top, start, count in ((13, 29, 7), (38, 43, 6), (63, 29, 4)):
        x = start
        for number in range(count):
            wide, tall = (3.6, 4.4, 3.2, 4.8)[(number + start) % 4], (17, 14, 18, 15.5, 13)[(number * 2 + count) % 5]
            c.box(x, top + 21 - tall, x + wide, top + 21, palette[(number + top) % 6])
            x += wide + 0.5
    c.turned([(1.6, 47), (1.6, 50), (4.6, 54), (3, 59)], CREAM, 34)
    c.line([(34, 47), (32, 41)], 0.6, LEAF)
    c.line([(34, 47), (36.5, 40)], 0.6, LEAF)
    c.disc(32, 41, 1.6, LEAF)
    c.disc(36.5, 40.5, 1.6, LEAF)
    c.box(54, 76, 70, 84, CREAM, 1)
    c.box(54, 76, 70, 78, shade(CREAM, -0.2), 1)


@drawing
def side_table(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 46)
    for x0, x1, fill in ((50, 50, -0.2), (34, 27, 0.0), (66, 73, 0.0)):
        c.line([(x0, 50), (x1, FLOOR)], 2.6, shade(colour, fill))
    c.turned([(31, 46), (31, 50), (29, 52)], colour, shine=0)
    c.oval(50, 46, 31, 5.6, shade(colour, 0.16))
    c.turned([(2.6, 26), (2.8, 30), (6.4, 36), (6.4, 42), (4.4, 45.6)], accent, 42)
    c.bend([(42, 27), (41, 20), (36, 13)], 0.8, LEAF)
    c.bend([(42, 27), (44, 18), (48, 12)], 0.8, LEAF)
    for x, y, turn in ((36, 13, -40), (48, 11, 30), (40, 19, -60), (45, 18, 55)):
        a, b = around(0, 0, 5, turn), around(0, 0, 1.8, turn + 90)
        c.smooth([(x + a[0], y + a[1]), (x + b[0], y + b[1]), (x - a[0], y - a[1]), (x - b[0], y - b[1])], LEAF)
    c.box(54, 43, 70, 45.6, "#c98f6b", 0.5)
    c.box(55, 41, 69, 43, "#5b7f95", 0.5)


# ---------------------------------------------------------------- audio


@drawing
def headphones(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 62)
    c.ring(50, 46, 29, 34, 5.4, colour, 180, 360)
    c.ring(50, 46, 29, 34, 1.6, shade(colour, 0.2), 195, 260)
    for x, side in ((23, -1), (77, 1)):
        c.box(x - 2.2, 44, x + 2.2, 58, DARK_STEEL, 1)
        c.box(x - 8 - side, 52, x + 8 - side, FLOOR, shade(colour, -0.06 if side < 0 else -0.16), 8)
        c.box(x - side * 10 - 3.6, 54, x - side * 10 + 3.6, 84, accent, 3.4)
        c.oval(x + side * 2, 69, 3.2, 8, shade(colour, 0.16))


@drawing
def speakers(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 74)
    for x in (14, 54):
        c.box(x, 24, x + 32, FLOOR, colour, 2)
        c.box(x + 28, 24, x + 32, FLOOR, shade(colour, -0.18), 2)
        c.box(x + 2, 27, x + 27, 83, shade(colour, 0.1), 1.4)
        c.disc(x + 14.5, 38, 7, INK)
        c.disc(x + 14.5, 38, 4, "#5c626b")
        c.disc(x + 13.6, 37, 1.4, "#aab0b8")
        c.disc(x + 14.5, 64, 11.6, accent)
        c.disc(x + 14.5, 64, 10, INK)
        c.disc(x + 14.5, 64, 7.8, "#3d424a")
        c.disc(x + 14.5, 64, 3.4, "#6a717b")
        c.disc(x + 13.7, 63.2, 1.2, "#aab0b8")


@drawing
def turntable(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.box(8, 20, 92, 84, shade(colour, -0.18), 4)
    c.box(8, 18, 92, 81, colour, 4)
    c.disc(42, 50, 28, "#33373e")
    c.disc(42, 50, 26.6, "#17191d")
    for radius in (24, 20.5, 17, 13.5):
        c.ring(42, 50, radius, radius, 0.5, "#2d3138")
    c.ring(42, 50, 22.5, 22.5, 5, "#262a30", 205, 245)
    c.disc(42, 50, 9.4, accent)
    c.disc(42, 50, 1.1, CREAM)
    c.disc(80, 30, 6, DARK_STEEL)
    c.disc(80, 30, 4, STEEL)
    c.line([(80, 30), (79, 56), (65, 67)], 1.9, STEEL)
    c.line([(67, 65.6), (62.5, 69)], 4, INK)
    c.disc(83, 73, 3, DARK_STEEL)
    c.disc(15.5, 75, 2.2, accent)


@drawing
def radio(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 72)
    c.line([(76, 36), (90, 8)], 1.1, DARK_STEEL)
    c.disc(90, 8, 1.4, STEEL)
    c.ring(50, 36, 24, 14, 3, shade(WALNUT, -0.05), 180, 360)
    c.box(13, 35, 87, FLOOR, colour, 6)
    c.box(13, 76, 87, FLOOR, shade(colour, -0.14), 6)
    c.box(13, 74, 87, 81, colour)
    c.box(18, 41, 54, 79, shade(colour, -0.2), 4)
    for x in range(22, 52, 4):
        for y in range(45, 78, 4):
            c.disc(x + 0.3, y, 1.15, shade(colour, 0.35))
    c.box(58, 41, 82, 54, CREAM, 2)
    for x in range(61, 81, 3):
        c.line([(x, 44), (x, 47 if x % 2 else 49)], 0.45, INK)
    c.line([(70.5, 43), (70.5, 52)], 0.8, "#cf4b3e")
    c.disc(70, 67, 9, accent)
    c.disc(70, 67, 6.6, shade(accent, 0.15))
    c.line([(70, 67), (70, 61.6)], 1.3, INK)


# ---------------------------------------------------------------- desk and paper


@drawing
def notebook(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.box(25, 16, 79, 88, shade(CREAM, -0.1), 3)
    c.box(24, 14, 77, 86, "#fffaf0", 3)
    c.box(22, 13, 75, 85, colour, 3)
    c.box(22, 13, 29, 85, shade(colour, -0.16), 3)
    c.box(27, 13, 29, 85, shade(colour, -0.16))
    c.box(66, 13, 68.6, 85, accent)
    c.box(36, 30, 58, 41, CREAM, 1)
    c.line([(39, 34), (55, 34)], 0.7, INK)
    c.line([(39, 37.4), (50, 37.4)], 0.7, INK)
    c.shape([(44, 85), (47, 85), (47, 94), (45.5, 92), (44, 94)], accent)


@drawing
def pen(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.bend([(12, 82), (22, 74), (28, 84), (38, 77), (46, 84)], 0.8, shade(INK, 0.25))
    _slanted(c, 16, 78, 24, 73, 1.2, 5.4, accent)
    c.line([(16.5, 77.7), (22, 74.2)], 0.35, INK)
    _slanted(c, 23, 73.6, 29, 69.9, 5.2, 6.6, INK)
    _slanted(c, 28.6, 70.2, 56, 53, 7, 8, colour)
    _slanted(c, 55.6, 53.3, 58, 51.7, 8.6, 8.6, accent)
    _slanted(c, 58, 51.8, 84, 35.6, 8.2, 6.6, colour)
    c.disc(84.2, 35.5, 3.3, shade(colour, -0.2))
    c.line([(61, 44.8), (82, 31.6)], 1.5, accent)
    c.line([(31.5, 65.6), (54, 51)], 1, shade(colour, 0.35))


def _slanted(c: Canvas, x0: float, y0: float, x1: float, y1: float, w0: float, w1: float, fill: str) -> None:
    """A bar that grows from one width to another."""
    length = math.hypot(x1 - x0, y1 - y0)
    nx, ny = (y0 - y1) / length / 2, (x1 - x0) / length / 2
    c.shape([(x0 + nx * w0, y0 + ny * w0), (x1 + nx * w1, y1 + ny * w1), (x1 - nx * w1, y1 - ny * w1), (x0 - nx * w0, y0 - ny * w0)], fill)
    c.shape([(x0 + nx * w0, y0 + ny * w0), (x1 + nx * w1, y1 + ny * w1), (x1 + nx * w1 * 0.3, y1 + ny * w1 * 0.3),
             (x0 + nx * w0 * 0.3, y0 + ny * w0 * 0.3)], shade(fill, -0.14))  # fmt: skip


@drawing
def keyboard(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.box(5, 34, 95, 74, shade(colour, -0.28), 4)
    c.box(5, 32, 95, 71, colour, 4)
    rows = ((1,) * 14, (1.5, *(1,) * 11, 1.5), (1.8, *(1,) * 10, 2.2), (2.3, *(1,) * 9, 2.7), (1.4, 1.3, 1.4, 5.8, 1.4, 1.3, 1.4))
    for number, widths in enumerate(rows):
        x, y = 8.4, 35 + number * 6.9
        unit = 83.2 / sum(widths)
        for place, wide in enumerate(widths):
            special = (number, place) in ((0, 0), (2, 11), (4, 3))
            fill = accent if special else shade(colour, 0.45) if wide == 1 else shade(colour, 0.3)
            c.box(x + 0.35, y + 0.6, x + wide * unit - 0.35, y + 6.2, shade(fill, -0.22), 1)
            c.box(x + 0.7, y, x + wide * unit - 0.7, y + 5, fill, 0.9)
            x += wide * unit


@drawing
def clock(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.disc(50, 48, 36, shade(colour, -0.18))
    c.disc(49.4, 47.4, 35.2, colour)
    c.disc(50, 48, 31, "#fdfaf2")
    for hour in range(12):
        inner = 24.5 if hour % 3 == 0 else 26.5
        c.line([around(50, 48, inner, hour * 30), around(50, 48, 28, hour * 30)], 1.5 if hour % 3 == 0 else 0.8, INK)
    c.line([around(50, 48, -4, 305), around(50, 48, 16, 305)], 2.2, INK)
    c.line([around(50, 48, -4, 54), around(50, 48, 24, 54)], 1.6, INK)
    c.line([around(50, 48, -6, 170), around(50, 48, 25, 170)], 0.7, accent)
    c.disc(50, 48, 2, accent)


# ---------------------------------------------------------------- outdoor


@drawing
def tent(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 84, 84)
    c.line([(44, 30), (8, 86)], 0.6, INK)
    c.shape([(44, 30), (70, 34), (94, 80), (70, 85)], shade(colour, -0.18))
    c.shape([(44, 30), (16, 85), (70, 85)], colour)
    c.shape([(44, 30), (16, 85), (24, 85)], shade(colour, 0.16))
    c.shape([(44, 42), (33, 85), (56, 85)], shade(colour, -0.55))
    c.smooth([(44, 42), (42, 60), (34, 74), (30, 85), (33, 85), (40, 66)], accent)
    c.smooth([(44, 42), (46, 60), (53, 74), (59, 85), (56, 85), (48, 66)], accent)
    c.line([(44, 30), (70, 34)], 1, shade(colour, -0.3))
    c.line([(44, 27), (44, 31)], 1.4, INK)
    c.line([(70, 31), (70, 35)], 1.4, INK)
    c.line([(94, 80), (98, 84)], 0.6, INK)


@drawing
def backpack(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 50)
    c.ring(50, 18, 8, 8, 2.4, shade(colour, -0.3), 180, 360)
    c.box(20, 50, 32, 80, shade(colour, -0.2), 4)
    c.box(68, 50, 80, 80, shade(colour, -0.26), 4)
    c.turned([(24, 36), (26, 50), (26, 80), (22, FLOOR)], colour, shine=0)
    c.smooth([(25.6, 30), (30, 18), (50, 14), (70, 18), (74.4, 30), (73, 43), (50, 47), (27, 43)], shade(colour, 0.1))
    c.box(30, 56, 70, 82, shade(colour, -0.13), 5)
    c.line([(34, 61), (66, 61)], 1, shade(colour, -0.4))
    for x in (38, 59):
        c.box(x, 38, x + 3.2, 66, accent, 0.8)
        c.box(x - 0.7, 50, x + 3.9, 54, STEEL, 0.8)


@drawing
def bottle(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 30)
    c.ring(50, 14, 6, 6, 2, accent, 180, 360)
    c.turned([(7, 13), (7.6, 15), (7.6, 23)], accent)
    c.turned([(6.6, 23), (6.6, 26)], STEEL, shine=0.4)
    c.turned([(6.8, 26), (9, 29), (14.6, 36), (15, 40), (15, 82), (13, FLOOR)], colour)
    c.shape([(44, 64), (50, 52), (56, 64)], shade(colour, 0.6))
    c.shape([(49, 64), (54, 56.6), (59, 64)], shade(colour, 0.4))
    c.box(35, 79, 65, 80.4, shade(colour, -0.2))


@drawing
def bicycle(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 84)
    for x in (24, 76):
        c.ring(x, 66, 20, 20, 2.1, INK)
        c.ring(x, 66, 17.9, 17.9, 0.8, STEEL)
        for degrees in range(0, 180, 30):
            c.line([around(x, 66, 17.4, degrees), around(x, 66, -17.4, degrees)], 0.22, DARK_STEEL)
        c.disc(x, 66, 1.8, DARK_STEEL)
    rear, crank, seat, head, front = (24, 66), (46, 67), (39, 40), (66, 38), (76, 66)
    for ends in ((rear, crank), (rear, seat), (seat, crank), (seat, head), (head, crank)):
        c.line(ends, 2.2, colour)
    c.line([(64.6, 33), (66, 38), front], 2.2, colour)
    c.line([seat, (37.4, 34)], 1.5, STEEL)
    c.smooth([(29, 33), (32, 31), (40, 31.6), (47, 33), (40, 35), (32, 35.5)], accent)
    c.line([(64.6, 33), (64, 30), (69, 29)], 1.5, STEEL)
    c.bend([(69, 29), (74, 30), (74, 35), (69, 37)], 2.1, accent)
    c.disc(*crank, 5, DARK_STEEL)
    c.disc(*crank, 3.4, c.backdrop)
    c.line([crank, (51, 76)], 1.3, INK)
    c.line([(48.6, 76.4), (54, 76)], 1.6, INK)
    c.line([(24, 64.4), (46, 62.4)], 0.6, INK)
    c.line([(24, 67.6), (46, 71.6)], 0.6, INK)


# ---------------------------------------------------------------- plants


def pot(c: Canvas, colour: str, top: float = 62, wide: float = 17) -> None:
    c.turned([(wide, top), (wide, top + 5)], colour)
    c.turned([(wide - 1.5, top + 5), (wide - 5.6, FLOOR - 1), (wide - 6.4, FLOOR)], shade(colour, -0.05))
    c.oval(50, top, wide, 3, shade(colour, -0.16))
    c.oval(50, top + 0.4, wide - 2, 2.2, SOIL)


@drawing
def monstera(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 34)
    pot(c, accent)
    leaves = ((25, 45, 13.6, -62, -0.12), (74, 43, 14.4, 58, -0.16), (36, 25, 14.6, -26, 0.0), (62, 22, 15.4, 22, -0.06),
              (49, 42, 12.6, -4, 0.08))  # fmt: skip
    for x, y, *_ in leaves:
        c.bend([(50, 63), ((50 + x) / 2 + (50 - x) * 0.15, (63 + y) / 2), (x, y)], 1.1, shade(colour, -0.3))
    for x, y, size, turn, tone in leaves:
        _split_leaf(c, x, y, size, turn, shade(colour, tone))


def _split_leaf(c: Canvas, x: float, y: float, size: float, turn: float, fill: str) -> None:
    """A heart with slits from its rim, its tip towards `turn`."""
    outline = []
    for degrees in range(0, 360, 4):
        off = min(degrees, 360 - degrees)  # from the tip
        radius = size * (1.12 - 0.22 * (off / 90) if off < 90 else 0.9 + 0.16 * math.sin(math.radians((off - 90) * 2)))
        radius *= 0.66 if off > 172 else 1
        if off in (36, 68, 100, 132):
            radius *= 0.52
        outline.append(around(x, y, radius, turn + degrees))
    c.shape(outline, fill)
    c.line([around(x, y, size * 0.95, turn), around(x, y, size * 0.6, turn + 180)], 0.7, shade(fill, 0.3))


@drawing
def cactus(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 32)
    pot(c, accent, 66, 16)
    c.bend([(50, 52), (34, 52), (32, 46), (32, 36)], 7, shade(colour, -0.08))
    c.bend([(50, 46), (65, 46), (68, 41), (68, 30)], 7, shade(colour, -0.14))
    c.box(42, 16, 58, 67, colour, 8)
    c.box(52, 20, 58, 67, shade(colour, -0.1), 6)
    for x in (45, 49, 53):
        c.line([(x, 22 if x != 49 else 19.6), (x, 65)], 0.5, shade(colour, 0.25))
    for x, y in ((47, 28), (51, 34), (47, 42), (51, 50), (47, 58), (55, 44), (32, 40), (68, 36)):
        c.line([(x - 0.9, y), (x + 0.9, y)], 0.4, CREAM)
    for degrees in range(0, 360, 60):
        c.disc(*around(50, 15.4, 2.3, degrees), 1.9, "#e8798c")
    c.disc(50, 15.4, 1.5, "#f7d67a")


@drawing
def snake_plant(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 34)
    pot(c, accent, 62, 18)
    for x, tip, height, tone in ((40, 30, 26, -0.2), (60, 70, 24, -0.24), (45, 41, 10, -0.1), (56, 60, 14, -0.12), (50, 51, 6, 0.0)):
        fill = shade(colour, tone) if tone else colour
        c.smooth([(x - 3.4, 62.6), (x - 4.6, 45), (tip - 2, height + 8), (tip, height), (tip + 2, height + 8), (x + 4.6, 45),
                  (x + 3.4, 62.6)], "#d9cf86")  # fmt: skip
        c.smooth([(x - 2.2, 62.6), (x - 3.2, 45), (tip - 1, height + 10), (tip, height + 3), (tip + 1, height + 10), (x + 3.2, 45),
                  (x + 2.2, 62.6)], fill)  # fmt: skip
        for y in range(int(height) + 14, 60, 7):
            c.bend([(x - 2, y), (x, y + 1.4), (x + 2, y)], 0.7, shade(fill, -0.25))


@drawing
def watering_can(c: Canvas, colour: str, accent: str) -> None:
    c.stand(42, 48)
    c.ring(26, 62, 15, 15, 3, accent, 80, 285)
    c.ring(42, 45, 15, 15, 3, accent, 180, 360)
    c.shape([(56, 74), (82, 40), (86, 43), (60, 84)], shade(colour, -0.12))
    c.smooth([(78, 36), (91, 43), (90, 47), (76, 41)], shade(colour, -0.2))
    c.turned([(17, 48), (21, 82), (19, FLOOR)], colour, 42)
    c.oval(42, 48, 17, 3.4, shade(colour, -0.25))
    c.smooth([(25, 48), (34, 45.2), (44, 44.6), (42, 50.6), (32, 51)], shade(colour, 0.1))
    c.box(23, 74, 61.4, 75.6, shade(colour, -0.18))
    for x, y in ((94, 51), (90, 54), (96, 58), (91, 61)):
        c.oval(x, y, 0.8, 1.4, "#7fb4d6")


# ---------------------------------------------------------------- toys


@drawing
def train(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 82)
    c.box(10, 72, 91, 77, WALNUT, 1.6)
    c.box(58, 36, 88, 73, accent, 2)
    c.box(55, 31, 91, 37, shade(accent, -0.25), 2)
    c.box(64, 42, 82, 56, CREAM, 1.6)
    c.box(14, 50, 59, 73, colour, 6)
    c.box(14, 66, 59, 73, shade(colour, -0.12), 2)
    c.shape([(20, 50), (22, 36), (31, 36), (33, 50)], INK)
    c.box(19, 32, 34, 37.4, INK, 1.6)
    c.box(42, 43, 51, 51, "#e6b84f", 3)
    c.disc(14, 59, 3.2, "#f3d27a")
    for x, y, radius in ((22, 27, 3.6), (29, 21, 4.8), (39, 15, 6)):
        c.disc(x + 5, y, radius, shade(c.backdrop, 0.55))
    for x, radius in ((22, 8), (43, 8), (72, 11)):
        c.disc(x, FLOOR - radius + 1, radius, "#b5402f")
        c.disc(x, FLOOR - radius + 1, radius * 0.62, "#e6b84f")
        c.disc(x, FLOOR - radius + 1, radius * 0.22, INK)


@drawing
def blocks(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 68)
    _cube(c, 16, 62, 24, colour)
    _cube(c, 42, 62, 24, accent)
    _cube(c, 30, 36, 24, "#e6b84f")
    c.shape([(68, FLOOR), (91, FLOOR), (79.5, 64)], "#c75b4a")
    c.shape([(91, FLOOR), (94, FLOOR - 4), (82, 61.5), (79.5, 64)], shade("#c75b4a", -0.2))
    c.disc(45, 24.6, 9, OAK)
    c.disc(42, 21.5, 2.4, shade(OAK, 0.4))
    c.ring(28, 74, 6, 6, 2.2, CREAM)
    c.shape([(54, 68), (60.4, 80), (47.6, 80)], CREAM)
    c.box(37, 43, 47, 53, CREAM, 1)


def _cube(c: Canvas, x: float, y: float, size: float, fill: str) -> None:
    back = size * 0.14
    c.shape([(x, y), (x + back, y - back), (x + size + back, y - back), (x + size, y)], shade(fill, 0.25))
    c.shape([(x + size, y), (x + size + back, y - back), (x + size + back, y + size - back), (x + size, y + size)], shade(fill, -0.2))
    c.box(x, y, x + size, y + size, fill, 0.8)


@drawing
def kite(c: Canvas, colour: str, accent: str) -> None:
    for x, y, size in ((16, 26, 7), (80, 68, 8)):
        for offset, part in ((-1, 0.7), (0, 1), (1.1, 0.8)):
            c.oval(x + offset * size, y - part * 2, size * part, size * part * 0.62, shade(c.backdrop, 0.55))
    c.bend([(41, 70), (34, 78), (41, 86), (32, 93), (34, 103)], 0.7, INK)
    for x, y, fill in ((36.2, 77, accent), (40.4, 85, colour), (34, 92, accent)):
        c.shape([(x, y), (x - 5, y - 2.6), (x - 4, y + 2.8)], fill)
        c.shape([(x, y), (x + 5, y - 2), (x + 4.4, y + 3)], fill)
    top, right, bottom, left = (58, 8), (80, 40), (41, 70), (27, 29)
    cross = (52, 34.8)
    c.shape([top, right, cross], colour)
    c.shape([right, bottom, cross], accent)
    c.shape([bottom, left, cross], shade(colour, 0.14))
    c.shape([left, top, cross], shade(accent, 0.2))
    c.line([top, bottom], 0.8, WALNUT)
    c.line([left, right], 0.8, WALNUT)


@drawing
def bear(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 56)
    dark, light = shade(colour, -0.12), shade(colour, 0.35)
    for x in (32, 68):
        c.disc(x, 18, 8, colour)
        c.disc(x, 18.6, 4.8, light)
    c.smooth([(34, 50), (24, 55), (19, 66), (23, 71), (30, 68), (36, 60)], dark)
    c.smooth([(66, 50), (76, 55), (81, 66), (77, 71), (70, 68), (64, 60)], dark)
    c.oval(50, 66, 20, 19, colour)
    c.oval(50, 68, 12.6, 13, light)
    for x in (31, 69):
        c.oval(x, 79, 11, 8.4, dark)
        c.oval(x, 79.5, 6, 5, light)
    c.oval(50, 32, 22, 19, colour)
    c.oval(50, 39, 10, 7.6, light)
    c.oval(50, 35.6, 3.4, 2.5, INK)
    c.ring(46.8, 39, 3.2, 3, 0.8, INK, 10, 170)
    c.ring(53.2, 39, 3.2, 3, 0.8, INK, 10, 170)
    for x in (41.5, 58.5):
        c.disc(x, 29, 2.2, INK)
        c.disc(x - 0.6, 28.3, 0.7, "#ffffff")
    c.shape([(50, 52), (39, 47.5), (39, 57)], accent)
    c.shape([(50, 52), (61, 47.5), (61, 57)], accent)
    c.disc(50, 52, 2.6, shade(accent, -0.2))


# ---------------------------------------------------------------- to wear


@drawing
def watch(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.shape([(41, -2), (59, -2), (61, 34), (39, 34)], accent)
    c.shape([(39, 66), (61, 66), (59, 102), (41, 102)], accent)
    for y in (76, 82, 88, 94):
        c.oval(50, y, 1.1, 1.5, shade(accent, -0.35))
    for x in (42.4, 57.6):
        c.line([(x, -2), (x - 0.7 if x < 50 else x + 0.7, 32)], 0.4, shade(accent, 0.3))
        c.line([(x, 102), (x - 0.7 if x < 50 else x + 0.7, 68)], 0.4, shade(accent, 0.3))
    c.box(70, 46.4, 76, 53.6, DARK_STEEL, 1.4)
    c.disc(50, 50, 23, DARK_STEEL)
    c.disc(49.6, 49.6, 22, STEEL)
    c.disc(50, 50, 19.4, colour)
    for hour in range(12):
        inner, width = (15, 1) if hour % 3 == 0 else (16, 0.6)
        c.line([around(50, 50, inner, hour * 30), around(50, 50, 17.4, hour * 30)], width, CREAM)
    c.line([around(50, 50, -2, 306), around(50, 50, 9.4, 306)], 1.5, CREAM)
    c.line([around(50, 50, -2, 48), around(50, 50, 14.4, 48)], 1.1, CREAM)
    c.line([around(50, 50, -4, 200), around(50, 50, 15, 200)], 0.5, "#e2694f")
    c.disc(50, 50, 1.2, "#e2694f")


@drawing
def tshirt(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.shape([(38, 16), (62, 16), (75, 21), (93, 40), (80, 51), (72.5, 43), (73.5, 88), (26.5, 88), (27.5, 43), (20, 51), (7, 40), (25, 21)],
            colour)  # fmt: skip
    c.shape([(72.5, 43), (73.5, 88), (63, 88), (66, 40), (72, 30)], shade(colour, -0.08))
    c.line([(27.5, 44), (29, 34)], 0.6, shade(colour, -0.22))
    c.line([(72.5, 44), (71, 34)], 0.6, shade(colour, -0.22))
    c.oval(50, 16, 12, 8.4, shade(colour, -0.2))
    c.oval(50, 14.6, 10.2, 7, c.backdrop)
    c.box(36, 6, 64, 15.9, c.backdrop)
    c.line([(27, 85.4), (73, 85.4)], 0.5, shade(colour, -0.2))
    c.disc(50, 50, 9.4, accent)
    c.shape([(44, 53), (48.4, 44.6), (52, 50), (53.4, 48), (56.6, 53)], colour)


@drawing
def beanie(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.disc(50, 18, 10, accent)
    for degrees in range(0, 360, 30):
        c.disc(*around(50, 18, 8.4, degrees), 3, shade(accent, 0.12 if degrees > 180 else -0.1))
    c.smooth([(22, 72), (23, 48), (34, 30), (50, 24.6), (66, 30), (77, 48), (78, 72), (50, 76)], colour)
    for x, top in ((29, 42), (36, 32), (43, 27.6), (50, 26), (57, 27.6), (64, 32), (71, 42)):
        c.bend([(50 + (x - 50) * 0.6, top), (x, 50), (x, 66)], 0.8, shade(colour, -0.16))
    c.box(18, 62, 82, 82, shade(colour, 0.1), 5)
    for x in range(23, 80, 5):
        c.line([(x, 65), (x, 79)], 1, shade(colour, -0.1))
    c.box(60, 68, 72, 77, CREAM, 1)
    c.line([(63, 72.5), (69, 72.5)], 0.8, INK)


@drawing
def sneakers(c: Canvas, colour: str, accent: str) -> None:
    c.stand(50, 84)
    c.smooth([(12, 44), (20, 41), (29, 47), (36, 44), (44, 46), (58, 61), (76, 66), (90, 72), (92, 80), (50, 82), (11, 81), (9, 62)],
             colour)  # fmt: skip
    c.smooth([(64, 64), (78, 66.6), (90, 72), (92, 80), (72, 80), (66, 72)], shade(colour, 0.3))
    c.smooth([(9, 58), (15, 56), (21, 64), (22, 80), (11, 81)], accent)
    c.bend([(28, 78), (38, 70), (50, 68), (60, 74)], 2.6, accent)
    c.smooth([(12, 44), (20, 41), (29, 47), (26, 51), (18, 50)], shade(colour, -0.3))
    c.box(7, 78, 94, FLOOR, "#fdfaf2", 4)
    c.box(7, 83, 94, FLOOR, shade(WALNUT, 0.1), 1.5)
    for step in range(4):
        x, y = 40 + step * 5.6, 48 + step * 4.6
        c.line([(x, y), (x - 5, y + 6)], 1.5, "#fdfaf2")
    c.smooth([(34, 45), (38, 40), (43, 41), (47, 47), (42, 48)], shade(colour, 0.12))


@drawing
def sunglasses(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    for side in (-1, 1):
        c.bend([(50 + side * x, y) for x, y in ((42, 43), (38, 33), (20, 29), (-22, 33))], 2.4, shade(colour, -0.2))
    frame = ((5, 46), (14, 40), (32, 38.6), (43, 42), (42.6, 56), (36, 69), (22, 73), (10, 68), (5.4, 57))
    lens = ((9, 48), (15, 43.6), (31, 42.4), (39, 45), (38.6, 56), (33, 66), (22, 69.6), (12.6, 65), (9, 57))
    for side in (-1, 1):
        c.smooth([(50 + side * x, y) for x, y in frame], colour)
        c.smooth([(50 + side * x, y) for x, y in lens], accent)
    for x in (27, 71):
        c.shape([(x - 6, 62), (x + 2, 46), (x + 6, 46), (x - 2, 63)], shade(accent, 0.3))
    c.bend([(43, 49), (47, 46), (53, 46), (57, 49)], 3.4, colour)


@drawing
def tote(c: Canvas, colour: str, accent: str) -> None:
    c.hang()
    c.ring(50, 40, 16, 31, 2.8, shade(colour, -0.18), 180, 360)
    c.shape([(23, 38), (77, 38), (81, 88), (19, 88)], colour)
    c.shape([(66, 38), (77, 38), (81, 88), (68, 88)], shade(colour, -0.07))
    c.box(23, 38, 77, 41.4, shade(colour, -0.14))
    c.bend([(33, 54), (33, 40)], 2.8, shade(colour, -0.1))
    c.bend([(67, 54), (67, 40)], 2.8, shade(colour, -0.1))
    c.disc(50, 62, 12.4, accent)
    c.bend([(50, 72), (49, 64), (50, 55)], 1, colour)
    for y, size in ((66, 4.4), (61.4, 3.8), (57.6, 3)):
        for side in (-1, 1):
            x = 50 + side * size * 0.75
            c.smooth([(49.8, y + 1.6), (x, y - size * 0.75), (x + side * size * 0.55, y - size * 0.8), (x + side * 0.5, y + 0.4)], colour)
