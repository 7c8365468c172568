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
SMALL_POINTS = 9.0  # size of the font, points
_INCHES = 0.4  # length of a unit, inches
_ABOVE = 5  # zorder of symbols, above the wires


class SymbolCanvas:
    """A canvas that collects symbols around ``origin``; ``onto`` draws them.

    A unit is schemdraw's: a resistor's zigzag is 1 long, an op-amp 2.2.

    Attributes
    ----------
    origin : (x, y)
        Place of the drawing to which all places are relative.
    symbols, drawing : module, Drawing
        Elements of schemdraw, and those collected so far.
    """

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
        """Draw straight lines from place to place.

        Parameters
        ----------
        *places : Place
            Corners of the line.
        """
        for a, b in pairwise(places):
            self.drawing.add(self.symbols.Line().at(self._at(a)).to(self._at(b)))

    def part(self, symbol: str, a: Place, b: Place, text: str = "", where: str = "top") -> None:
        """Draw a symbol of two terminals with its value on one side.

        Parameters
        ----------
        symbol : str
            Name of an element of schemdraw.
        a, b : Place
            Places of the terminals.
        text : str, default ""
            Value beside the symbol.
        where : str, default "top"
            Side of the value, as schemdraw names it.
        """
        (x, y), (dx, dy) = self._at(a), (b[0] - a[0], b[1] - a[1])
        element = getattr(self.symbols, symbol)().at((x, y)).theta(degrees(atan2(dy, dx))).length(hypot(dx, dy))
        if text:
            element.label(text, where, fontsize=SMALL_POINTS, ofst=0.12)
        self.drawing.add(element)

    def put(self, symbol: str, anchor: str, at: Place, *, mirrored: bool = False) -> dict[str, Place]:
        """Draw a symbol of any number of terminals, one of which is at a given place.

        Parameters
        ----------
        symbol : str
            Name of an element of schemdraw.
        anchor : str
            Terminal whose place is given.
        at : Place
            Place of this terminal.
        mirrored : bool, default False
            Whether the symbol is mirrored.

        Returns
        -------
        dict of str to Place
            Places of all terminals.
        """
        element = getattr(self.symbols, symbol)().theta(0).anchor(anchor).at(self._at(at))
        element = self.drawing.add(element.reverse() if mirrored else element)
        x, y = self.origin
        return {name: (float(place[0]) - x, float(place[1]) - y) for name, place in element.absanchors.items()}

    def dot(self, *places: Place, hollow: bool = False) -> None:
        """Draw dots where wires join or end.

        Parameters
        ----------
        *places : Place
            Places of the dots.
        hollow : bool, default False
            Whether they are terminals, drawn hollow.
        """
        for place in places:
            dot = self.symbols.Dot(radius=0.06).fill(PAPER if hollow else INK)
            self.drawing.add(dot.zorder(_ABOVE).at(self._at(place)))

    def ground(self, at: Place) -> None:
        """Draw the symbol of ground.

        Parameters
        ----------
        at : Place
            Place of the terminal.
        """
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
        """Write text whose height is centered at a place.

        Parameters
        ----------
        at : Place
            Place of the text.
        said : str
            The text.
        align : {"left", "center", "right"}, default "center"
            Which end of the text the place is.
        size : float, default 9.0
            Size of the font, points.
        muted : bool, default False
            Whether the text recedes.
        """
        from schemdraw.segments import SegmentText

        label = self.symbols.Element()
        color = MUTED if muted else INK
        label.segments.append(SegmentText((0.0, 0.0), said, align=(align, "center"), fontsize=size, color=color))
        self.drawing.add(label.theta(0).zorder(_ABOVE + 2).at(self._at(at)))

    def box(self, center: Place, width: float, height: float, said: str = "", fill: str = PAPER) -> None:
        """Draw a box, with text in it.

        Parameters
        ----------
        center : Place
            Place of the center.
        width, height : float
            Size.
        said : str, default ""
            Text in the box.
        fill : str, optional
            Color of the box.
        """
        from schemdraw.segments import SegmentPoly

        w, h = width / 2.0, height / 2.0
        element = self.symbols.Element()
        element.segments.append(SegmentPoly([(-w, -h), (w, -h), (w, h), (-w, h)], fill=fill, zorder=_ABOVE))
        self.drawing.add(element.theta(0).at(self._at(center)))
        if said:
            self.text(center, said)

    def triangle(self, tip: Place, said: str = "", *, down: bool = False, bubble: bool = False) -> None:
        """Draw an amplifier as a triangle 1 long that points right or down.

        Parameters
        ----------
        tip : Place
            Place where it ends.
        said : str, default ""
            Text in the triangle.
        down : bool, default False
            Whether it points down.
        bubble : bool, default False
            Whether it has the bubble of an inverter at its tip.
        """
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
        """Draw all symbols onto axes, whose figure takes the size of the drawing.

        Parameters
        ----------
        ax : Axes
            Axes to draw on.

        Returns
        -------
        Axes
            The axes drawn on.
        """
        box = self.drawing.get_bbox()
        figure: Any = ax.figure
        figure.set_size_inches(_INCHES * (box.xmax - box.xmin), _INCHES * (box.ymax - box.ymin))
        ax.set_position((0.0, 0.0, 1.0, 1.0))
        self.drawing.draw(show=False, canvas=ax)
        ax.set_aspect("equal")
        ax.set_axis_off()
        return ax


def format_value(value: float, unit: str) -> str:
    """Format a value with three digits and without zeros at the end, such as "4.7 kΩ".

    Parameters
    ----------
    value : float
        The value.
    unit : str
        Its unit.

    Returns
    -------
    str
        Text of number, prefix and unit.
    """
    number, _, name = format_quantity(value, unit).partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {name}"


def new_canvas_axes() -> Axes:
    """Return axes on a new figure that is free of pyplot.

    Returns
    -------
    Axes
        The only axes of the figure.
    """
    from matplotlib.figure import Figure

    return Figure().add_subplot()
