"""Symbols of components at places in the plane: a thin layer over schemdraw, which is imported when it is drawn."""

from __future__ import annotations

from itertools import pairwise
from math import atan2, degrees, hypot
from typing import TYPE_CHECKING, Any, Literal

from neuromorph.plotting.numbers import format_quantity
from neuromorph.plotting.style import INK, MUTED, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place = tuple[float, float]
SMALL_POINTS = 9.0  # points
_INCHES = 0.4  # a unit
_ABOVE = 5  # what covers wires


class SymbolCanvas:
    """Collects symbols around ``origin``; ``onto`` draws them. A unit is schemdraw's: a zigzag is 1, an op-amp 2.2."""

    def __init__(self) -> None:
        import schemdraw
        import schemdraw.elements as symbols

        self.symbols: Any = symbols
        self.drawing: Any = schemdraw.Drawing(show=False, canvas="matplotlib")
        self.drawing.config(lw=1.2, fontsize=SMALL_POINTS, color=INK)
        self.origin: Place = (0.0, 0.0)

    def _at(self, place: Place) -> Place:
        return self.origin[0] + place[0], self.origin[1] + place[1]

    def wire(self, *places: Place) -> None:
        """Straight lines from place to place."""
        for a, b in pairwise(places):
            self.drawing.add(self.symbols.Line().at(self._at(a)).to(self._at(b)))

    def part(self, symbol: str, a: Place, b: Place, text: str = "", where: str = "top") -> None:
        """A symbol of two terminals, and its value on one side."""
        (x, y), (dx, dy) = self._at(a), (b[0] - a[0], b[1] - a[1])
        element = getattr(self.symbols, symbol)().at((x, y)).theta(degrees(atan2(dy, dx))).length(hypot(dx, dy))
        if text:
            element.label(text, where, fontsize=SMALL_POINTS, ofst=0.12)
        self.drawing.add(element)

    def put(self, symbol: str, anchor: str, at: Place, *, mirrored: bool = False) -> dict[str, Place]:
        """A symbol of any number of terminals, one of which is at a place; the places of all."""
        element = getattr(self.symbols, symbol)().theta(0).anchor(anchor).at(self._at(at))
        element = self.drawing.add(element.reverse() if mirrored else element)
        x, y = self.origin
        return {name: (float(place[0]) - x, float(place[1]) - y) for name, place in element.absanchors.items()}

    def dot(self, *places: Place, hollow: bool = False) -> None:
        for place in places:
            dot = self.symbols.Dot(radius=0.06).fill(PAPER if hollow else INK)
            self.drawing.add(dot.zorder(_ABOVE).at(self._at(place)))

    def ground(self, at: Place) -> None:
        self.drawing.add(self.symbols.GroundSignal().scale(0.7).theta(0).at(self._at(at)))

    def text(
        self,
        at: Place,
        said: str,
        align: Literal["left", "center", "right"] = "center",
        size: float = SMALL_POINTS,
        *,
        muted: bool = False,
    ) -> None:
        """The middle of its height is there; ``align`` says which of its ends."""
        from schemdraw.segments import SegmentText

        label = self.symbols.Element()
        color = MUTED if muted else INK
        label.segments.append(SegmentText((0.0, 0.0), said, align=(align, "center"), fontsize=size, color=color))
        self.drawing.add(label.theta(0).zorder(_ABOVE + 2).at(self._at(at)))

    def box(self, center: Place, width: float, height: float, said: str = "", fill: str = PAPER) -> None:
        from schemdraw.segments import SegmentPoly

        w, h = width / 2.0, height / 2.0
        element = self.symbols.Element()
        element.segments.append(SegmentPoly([(-w, -h), (w, -h), (w, h), (-w, h)], fill=fill, zorder=_ABOVE))
        self.drawing.add(element.theta(0).at(self._at(center)))
        if said:
            self.text(center, said)

    def triangle(self, tip: Place, said: str = "", *, down: bool = False, bubble: bool = False) -> None:
        """An amplifier 1 long that points right (or down) and ends at ``tip``, with the bubble of an inverter."""
        from schemdraw.segments import Segment, SegmentCircle

        element = self.symbols.Element()
        r = 0.1 if bubble else 0.0
        element.segments.append(Segment([(-2 * r, 0), (-1 - 2 * r, 0.6), (-1 - 2 * r, -0.6), (-2 * r, 0)], fill=PAPER))
        if bubble:
            element.segments.append(SegmentCircle((-r, 0.0), r, fill=PAPER))
        self.drawing.add(element.theta(-90 if down else 0).zorder(_ABOVE).at(self._at(tip)))
        if said:
            back = 0.66 + 2 * r
            self.text((tip[0], tip[1] + back) if down else (tip[0] - back, tip[1]), said, size=SMALL_POINTS - 1.0)

    def onto(self, ax: Axes) -> Axes:
        """Draw all onto ``ax``, whose figure takes the size of the drawing."""
        box = self.drawing.get_bbox()
        figure: Any = ax.figure
        figure.set_size_inches(_INCHES * (box.xmax - box.xmin), _INCHES * (box.ymax - box.ymin))
        ax.set_position((0.0, 0.0, 1.0, 1.0))
        self.drawing.draw(show=False, canvas=ax)
        ax.set_aspect("equal")
        ax.set_axis_off()
        return ax


def format_value(value: float, unit: str) -> str:
    """Three digits and no zeros at the end: "4.7 kΩ"."""
    number, _, name = format_quantity(value, unit).partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {name}"


def new_canvas_axes() -> Axes:
    from matplotlib.figure import Figure

    return Figure().add_subplot()
