"""The icon's pictures, drawn at run time: shape first, colour second.

Everything is described on a grid of 16 units. Straight edges snap to whole pixels at every size; curves are drawn
eight times larger and averaged down. A frame is the memory, the block in it is what fills it: room to spare, nearly
full; overload leaves the frame for a warning sign. Of a memory that is seen in part the frame is drawn in part.
"""

from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from tray_app.core.menu.screen import Shape

GRID = 16
OVERSAMPLE = 8
Colour = tuple[int, int, int]

# Each stands out by at least 3:1 (WCAG 2.2, 1.4.11) from white and from a dark panel (#202020) alike.
COLOURS: dict[Shape, Colour] = {
    Shape.CALM: (122, 128, 136),
    Shape.TIGHT: (178, 124, 8),
    Shape.OVERLOADED: (222, 58, 48),
    Shape.UNKNOWN: (122, 128, 136),
    Shape.WORKING: (46, 124, 214),
    Shape.PARTLY: (122, 128, 136),
}
BLACK: Colour = (0, 0, 0)


class _Pen:
    """Draws a mask: white is the shape. Coordinates are grid units, (0, 0) the upper left corner."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.scale = size * OVERSAMPLE / GRID
        self.mask = Image.new("L", (size * OVERSAMPLE, size * OVERSAMPLE))
        self.draw = ImageDraw.Draw(self.mask)

    def snap(self, units: float) -> int:
        """The nearest whole pixel of the finished picture, in drawn pixels."""
        return round(units * self.size / GRID) * OVERSAMPLE

    def box(self, left: float, top: float, right: float, bottom: float, *, radius: float = 0, ink: int = 255) -> None:
        """A filled rectangle with its edges on whole pixels."""
        x0, y0, x1, y1 = self.snap(left), self.snap(top), self.snap(right), self.snap(bottom)
        self.draw.rounded_rectangle((x0, y0, x1 - 1, y1 - 1), radius * self.scale, fill=ink)

    def frame(self) -> None:
        line = max(1, round(1.75 * self.size / GRID)) * GRID / self.size
        self.box(1, 1, 15, 15, radius=3.5)
        self.box(1 + line, 1 + line, 15 - line, 15 - line, radius=2, ink=0)

    def polygon(self, *points: tuple[float, float], ink: int = 255) -> None:
        self.draw.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=ink)

    def arc(self, centre: tuple[float, float], radius: float, start: float, end: float, *, width: float) -> None:
        """Degrees clockwise from three o'clock; the line lies inside the radius."""
        x, y = centre
        box = [(side * self.scale) for side in (x - radius, y - radius, x + radius, y + radius)]
        self.draw.arc(box, start, end, fill=255, width=round(width * self.scale))

    def disc(self, centre: tuple[float, float], radius: float, *, ink: int = 255) -> None:
        x, y = centre
        box = [(side * self.scale) for side in (x - radius, y - radius, x + radius, y + radius)]
        self.draw.ellipse(box, fill=ink)

    def finished(self) -> Image.Image:
        return self.mask.resize((self.size, self.size), Image.Resampling.BOX)


def _calm(pen: _Pen) -> None:
    pen.frame()
    pen.box(6, 6, 10, 10)


def _partly(pen: _Pen) -> None:
    _calm(pen)
    pen.box(4.7, 0, 11.3, 4.7, ink=0)
    pen.box(4.7, 11.3, 11.3, 16, ink=0)
    pen.box(0, 4.7, 4.7, 11.3, ink=0)
    pen.box(11.3, 4.7, 16, 11.3, ink=0)


def _tight(pen: _Pen) -> None:
    pen.frame()
    pen.box(4, 4, 12, 12)


def _overloaded(pen: _Pen) -> None:
    pen.polygon((8, 0.5), (15.8, 15), (0.2, 15))
    pen.box(7, 5, 9, 10.4, ink=0)
    pen.box(7, 11.6, 9, 13.6, ink=0)


def _unknown(pen: _Pen) -> None:
    pen.arc((8, 5.5), 4.9, 170, 450, width=2.6)
    pen.box(7, 7.8, 9, 11.4)
    pen.box(7, 12.9, 9, 15.2)


def _mark(pen: _Pen) -> None:
    """A dot in the corner, apart from the frame: a model is answering."""
    pen.disc((12.4, 12.4), 4.6, ink=0)
    pen.disc((12.4, 12.4), 3.1)


def _working(pen: _Pen) -> None:
    pen.arc((8, 8), 6.8, 20, 300, width=2.2)
    pen.polygon((9.2, 0.2), (9.2, 6.4), (14.6, 3.6))


DRAWN = {
    Shape.CALM: _calm,
    Shape.TIGHT: _tight,
    Shape.OVERLOADED: _overloaded,
    Shape.UNKNOWN: _unknown,
    Shape.WORKING: _working,
    Shape.PARTLY: _partly,
}


@lru_cache(maxsize=64)
def mask(shape: Shape, size: int, *, works: bool = False) -> Image.Image:
    """The shape alone, white on black, `size` pixels square. `works`: with the mark of a model that answers."""
    pen = _Pen(size)
    DRAWN[shape](pen)
    if works:
        _mark(pen)
    return pen.finished()


@lru_cache(maxsize=64)
def draw(shape: Shape, size: int, *, template: bool = False, works: bool = False) -> Image.Image:
    """RGBA. `template`: black with transparency, which macOS recolours for light and dark menu bars."""
    picture = Image.new("RGBA", (size, size), (*(BLACK if template else COLOURS[shape]), 0))
    picture.putalpha(mask(shape, size, works=works))
    return picture


def app_icon(size: int) -> Image.Image:
    """The app's own icon for docks, stores and installers: the calm shape in white on a rounded plate."""
    plate = Image.new("L", (size * 4, size * 4))
    edge = size * 4 // 12
    ImageDraw.Draw(plate).rounded_rectangle((edge, edge, size * 4 - edge - 1, size * 4 - edge - 1), size * 3 // 4, 255)
    alpha = plate.resize((size, size), Image.Resampling.BOX)
    glyph = Image.new("L", (size, size))
    inner = max(8, round(size * 0.55))
    glyph.paste(mask(Shape.CALM, inner), ((size - inner) // 2, (size - inner) // 2))
    base = Image.new("RGB", (size, size), (38, 70, 110))
    base.paste((255, 255, 255), mask=ImageChops.multiply(glyph, alpha))
    base.putalpha(alpha)
    return base
