"""The figure of a run of a NIR network: a raster for each population, what the outputs show below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..files.printable import printable
from ..plotting.axes import style_axes
from ..plotting.style import INK, MUTED, SERIES_COLORS, series_color
from ..spiking.nir_network import NirNetwork
from ..spiking.nir_run import NirRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RASTERS = 6  # populations that are drawn
_MARKS = 200_000  # spikes of one


def draw_nir_run(network: NirNetwork, run: NirRun, title: str = "") -> Figure:
    """Draw spikes of each population, and means of the outputs over 20 steps.

    Parameters
    ----------
    network : NirNetwork
        Network.
    run : NirRun
        Its run.
    title : str
        Title.

    Returns
    -------
    Figure
        At most six rasters, the first neurons of the outputs below.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = list(run.spikes.items())[:_RASTERS]
    outputs = {name: each for name, each in run.outputs.items() if each.size}
    rows = len(shown) + len(outputs)
    figure = Figure(figsize=(9.0, 1.9 * max(rows, 1) + 0.8), layout="constrained")
    axes = list(np.atleast_1d(figure.subplots(max(rows, 1), 1, sharex=True)))
    steps = len(next(iter((*run.spikes.values(), *run.outputs.values()))))
    scale, unit = (1e3, "ms") if steps * network.step_s < 10.0 else (1.0, "s")
    times = scale * network.step_s * np.arange(steps)
    for k, (ax, (name, fired)) in enumerate(zip(axes, shown, strict=False)):
        at, neuron = np.nonzero(fired)
        size = max(min(10.0, 150.0 / fired.shape[1]), 1.5)
        ax.scatter(times[at[:_MARKS]], neuron[:_MARKS], s=size**2, c=series_color(k), marker="|", linewidths=0.9)
        ax.set(ylabel=f"neuron of\n{_safe(name)}", ylim=(fired.shape[1] - 0.3, -0.7))
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    for ax, (name, values) in zip(axes[len(shown) :], outputs.items(), strict=True):
        window = np.ones(min(20, steps)) / min(20, steps)
        for k in range(min(values.shape[1], len(SERIES_COLORS))):
            ax.plot(times, np.convolve(values[:, k], window, "same"), color=series_color(k), lw=1.0, label=str(k))
        ax.set_ylabel(f"{_safe(name)}\n(mean)")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=7.5)
    for ax in axes:
        style_axes(ax)
        ax.tick_params(labelsize=8.5)
    axes[-1].set(xlabel=f"time ({unit})", xlim=(0.0, max(scale * network.step_s * steps, 1e-300)))
    figure.suptitle(_safe(title), fontsize=11, color=INK, x=0.01, ha="left")
    if len(run.spikes) > len(shown):
        left = f"{len(run.spikes) - len(shown)} more populations are in spikes.csv"
        figure.supxlabel(left, fontsize=7.5, color=MUTED, x=0.01, ha="left")
    return figure


def _safe(text: str) -> str:
    """Without what matplotlib takes for mathematics."""
    return printable(text)[:60].replace("$", r"\$")
