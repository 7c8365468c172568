"""Figures of a surface of currents: slices with bands, and currents that were held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plotting.axes import new_axes, style_axes
from ..plotting.style import INK, MARKERS, MUTED, series_color
from .dopant_calibration import DopantFits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SLICES = 6


def draw_current_slices(fits: DopantFits, ax: Axes | None = None) -> Axes:
    """Draw the current against each voltage, the others at zero, with 95 % bands.

    Parameters
    ----------
    fits : DopantFits
        Fit.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    surface = fits.surface
    high = surface.low + 2.0 * surface.span
    rest = np.where((surface.low <= 0.0) & (high >= 0.0), 0.0, surface.low + surface.span)
    volts = [k for k, name in enumerate(fits.names) if name != "temperature"][:_SLICES]
    for k in volts:
        points = np.tile(rest, (80, 1))
        points[:, k] = np.linspace(surface.low[k], high[k], 80)
        mean, sd = surface.predict(points)
        ax.plot(points[:, k], 1e9 * mean, color=series_color(k), lw=1.2, label=fits.names[k])
        ends = (1e9 * (mean - 1.96 * sd), 1e9 * (mean + 1.96 * sd))
        ax.fill_between(points[:, k], *ends, color=series_color(k), alpha=0.2, lw=0)
    ax.set(xlabel="voltage (V), others at zero", ylabel="current (nA)")
    ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)


def draw_held_out_currents(fits: DopantFits, ax: Axes | None = None) -> Axes:
    """Draw measured currents against those predicted from other blocks, with 95 % bands.

    Parameters
    ----------
    fits : DopantFits
        Fit.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    s = fits.surface
    bars = 1e9 * 1.96 * s.spread * s.held_out_sd
    ax.errorbar(
        1e9 * s.held_out_a, 1e9 * s.currents_a, xerr=bars, fmt=MARKERS[0], ms=2.5, lw=0.6, color=MUTED, label="settings"
    )
    ends = 1e9 * np.array([s.currents_a.min(), s.currents_a.max()])
    ax.plot(ends, ends, color=INK, lw=1.0, label="equal")
    ax.set(xlabel="predicted from other settings (nA)", ylabel="measured (nA)")
    ax.legend(
        fontsize=8, frameon=False, title=f"error {100.0 * s.relative_error:.2g} % of the spread", title_fontsize=8
    )
    return style_axes(ax)
