"""Figures of samples, which take and return matplotlib Axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plotting.axes import new_axes, style_axes
from ..plotting.style import MUTED, series_color
from .diagnostics import autocorrelation, autocorrelation_time
from .samples import Samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 2000  # points of a trace, beyond which more cannot be seen
_ORDERED = ("population_annealing",)  # methods whose draws, members of a population, have no order in time


def energy_trace(samples: Samples, ax: Axes | None = None) -> Axes:
    """Draw the energy of every draw, a line a chain; the histogram where reads have no order.

    Parameters
    ----------
    samples : Samples
        The samples.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    if not _in_time(samples):
        ax.hist(samples.energies.ravel(), bins=40, color=series_color(0))
        ax.set(xlabel="energy", ylabel="reads")
    else:
        step = max(1, samples.energies.shape[1] // _POINTS)
        draws = np.arange(0, samples.energies.shape[1], step)
        for k, chain in enumerate(samples.energies):
            ax.plot(draws, chain[::step], color=series_color(k), linewidth=0.7, alpha=0.8, label=f"chain {k + 1}")
        ax.set(xlabel="draw", ylabel="energy")
    return style_axes(ax)


def energy_autocorrelation(samples: Samples, ax: Axes | None = None) -> Axes:
    """Draw the autocorrelation of the energy, or the energies of reads without order.

    Parameters
    ----------
    samples : Samples
        The samples.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    if not _in_time(samples):
        ordered = np.sort(samples.energies.ravel())
        ax.plot(ordered, np.linspace(0.0, 1.0, ordered.size), color=series_color(0))
        ax.set(xlabel="energy", ylabel="share of reads below")
        return style_axes(ax)
    tau = autocorrelation_time(samples.energies)
    if np.isfinite(tau):
        rho = autocorrelation(samples.energies)[: max(10, int(8 * tau) + 1)]
        ax.plot(rho, color=series_color(0), marker=".", markersize=3, linewidth=1.0)
        ax.set_title(f"integrated time {tau:.3g} draws", fontsize=10)
    else:
        ax.set_title("the energy never changes", fontsize=10)
    ax.axhline(0.0, color=MUTED, linewidth=0.8)
    ax.set(xlabel="draws apart", ylabel="autocorrelation of the energy")
    return style_axes(ax)


def _in_time(samples: Samples) -> bool:
    return samples.energies.ndim == 2 and samples.energies.shape[1] >= 4 and samples.method not in _ORDERED
