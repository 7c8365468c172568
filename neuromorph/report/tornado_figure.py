"""The figure of what moves a price: one bar a constant, from the energy at its low end to that at its high end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..plotting.axes import new_axes, style_axes
from ..plotting.numbers import format_quantity, printable
from ..plotting.style import INK, KIND_COLORS, MUTED
from .comparison_figures import empty_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..pricing import Swing

_LEAST = 1.01  # over the smaller end: what moves the price by less is not drawn
_SMALLEST = 1e-6  # of the value: a logarithmic axis has no 0


def draw_tornado(swings: Sequence[Swing], ax: Axes | None = None, *, unit: str = "J", most: int = 8) -> Axes:
    """Draw the effect of each constant on the energy or the time of a read, largest first.

    Bars go from the price with the constant at one end of its range to that at the other, on a logarithmic axis, in the
    color of how the constant is known. The line is the price with all constants at their values.

    Parameters
    ----------
    swings : sequence of Swing
        Effects, as ``energy_swings`` and ``time_swings`` return them.
    ax : Axes or None
        Axes to draw into; None makes new ones.
    unit : str
        "J" or "s".
    most : int
        Number of constants.

    Returns
    -------
    Axes
        Axes.
    """
    from matplotlib.patches import Patch
    from matplotlib.ticker import LogLocator, NullFormatter

    shown = [swing for swing in swings if swing.value > 0.0 and swing.factor >= _LEAST][:most]
    ax = new_axes(height=1.3 + 0.36 * max(2, len(shown))) if ax is None else ax
    if not shown:
        return empty_axes(ax, "no constant with a range")
    value = shown[0].value
    bars = [[max(end, _SMALLEST * value) for end in sorted((swing.low, swing.high))] for swing in shown]
    for row, (swing, (low, high)) in enumerate(zip(shown, bars, strict=True)):
        ax.barh(row, high - low, 0.6, low, color=KIND_COLORS[swing.constant.kind])
    least, largest = min(low for low, _ in bars), max(high for _, high in bars)
    room = (largest / least) ** 0.06
    ax.axvline(value, color=INK, linewidth=1.2)
    ax.set_xscale("log")
    ax.set_xlim(least / room, largest * room)
    if largest < 30.0 * least:
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.set_ylim(len(shown) - 0.4, -0.6)
    names = [printable(swing.name.replace("_", " ")) for swing in shown]
    ax.set_yticks(range(len(shown)), names, parse_math=False)
    ax.xaxis.set_major_formatter(lambda x, _: format_quantity(x, unit, 1))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("energy of a read" if unit == "J" else "time of a read")
    kinds = [kind for kind in KIND_COLORS if any(swing.constant.kind == kind for swing in shown)]
    marks = [Patch(facecolor=KIND_COLORS[kind], label=kind) for kind in kinds]
    ax.legend(handles=marks, frameon=False, fontsize=9, labelcolor=MUTED, loc="lower right")
    return style_axes(ax)
