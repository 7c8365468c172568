"""The figure of one read from inside: raster, states and curves against time, the energy below; and its files."""

from __future__ import annotations

import json
import os
from math import floor, log10
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files.atomic_write import write_file
from ..files.printable import printable
from ..plotting.axes import style_axes
from ..plotting.files import figure_bytes
from ..plotting.numbers import format_number
from ..plotting.style import INK, LINE, MUTED, SERIES_COLORS, series_color
from ..trace import Series, Trace, trace_dict
from ..trace_recorder import evenly_spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = 4
_PREFIXED = ("s", "V", "A", "W", "J", "K", "Hz")  # units that take a prefix
_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_ROWS = 24  # of states, parted by a broad line
_CURVES = len(SERIES_COLORS)  # in one panel
_CELLS, _MEANS = 1200, 60  # of the time: more times than the first are drawn by their means
_DECADE = 8.0  # energies that fall by more have a logarithmic axis, where they are positive
_STEEP = 8.0  # times the later range: an energy that falls from further is cut off


def write_trace(trace: Trace, directory: str | os.PathLike[str]) -> list[Path]:
    """Write trace.json, trace.png and trace.svg.

    Parameters
    ----------
    trace : Trace
        Course of one read.
    directory : path
        Folder, which is made if it is not there.

    Returns
    -------
    list of Path
        Files that were written.
    """
    return [write_file(Path(directory) / name, make()) for name, make in trace_files(trace).items()]


def trace_files(trace: Trace, about: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return functions that make the files of a trace, for a caller that keeps those it can.

    Parameters
    ----------
    trace : Trace
        Course of one read.
    about : dict of str to object, or None
        Content of trace.json; None takes that of ``trace_dict``.

    Returns
    -------
    dict of str to callable
        Function without arguments that returns text or bytes, by file name.
    """
    drawn: list[Axes] = []

    def picture(kind: str) -> bytes:
        if not drawn:
            drawn.append(draw_read(trace).axes[0])
        return figure_bytes(drawn[0], kind)

    def text() -> str:
        return json.dumps(trace_dict(trace) if about is None else about, allow_nan=False) + "\n"

    return {"trace.json": text, "trace.png": lambda: picture("png"), "trace.svg": lambda: picture("svg")}


def draw_read(trace: Trace) -> Figure:
    """Draw at most four panels over one time axis; a line below names what is not drawn.

    Parameters
    ----------
    trace : Trace
        Course of one read.

    Returns
    -------
    Figure
        Spikes, states and curves, and the energy below them.
    """
    from matplotlib.figure import Figure

    room = _PANELS - 1 - (trace.spikes is not None)
    shown = sorted(trace.series[:room], key=lambda each: each.style != "states")
    heights = [_height(trace.neurons)] if trace.spikes is not None else []
    heights += [_height(len(each.labels)) if each.style == "states" else 1.75 for each in shown] + [1.75]
    figure = Figure(figsize=(9.0, sum(heights) + 1.1), layout="constrained")
    axes = list(np.atleast_1d(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)))
    factor, unit = _scaled(trace.time_unit, trace.times)
    times = factor * trace.times
    places = iter(axes)
    if trace.spikes is not None:
        _raster(next(places), factor * trace.spikes[0], trace)
    for ax, each in zip(places, shown, strict=False):
        (_states if each.style == "states" else _curves)(ax, times, each)
    _energy(axes[-1], times, trace)
    figure.align_ylabels(axes)
    for ax in axes:
        style_axes(ax)
        ax.tick_params(labelsize=8.5)
    axes[-1].set_xlabel(f"time ({unit})" if trace.time_unit == "s" else trace.time_unit)
    axes[-1].set_xlim(0.0 if trace.spikes is not None else times[0], max(times[-1], times[0] + 1e-300))
    beta = "" if trace.beta is None else f" at beta = {trace.beta:g}"
    figure.suptitle(
        f"One read of {trace.target}: {trace.task} {_safe(trace.problem)}{beta}",
        fontsize=11,
        color=INK,
        x=0.01,
        ha="left",
    )
    left = [each.name for each in trace.series[room:]]
    left += [f"some {each.name}" for each in shown if each.style == "curves" and len(each.labels) > _CURVES]
    notes = [*trace.notes, *([f"only in trace.json: {', '.join(left)}"] if left else [])]
    if notes:
        said = fill("; ".join(_safe(note) for note in notes), 140)
        figure.supxlabel(said, fontsize=7.5, color=MUTED, x=0.01, ha="left")
    return figure


def _safe(text: str) -> str:
    """Without what matplotlib takes for mathematics."""
    return printable(text).replace("$", r"\$")


def _height(rows: int) -> float:
    return float(np.clip(0.35 + 0.14 * rows, 1.0, 2.8))


def _raster(ax: Axes, times: Any, trace: Trace) -> None:
    from matplotlib.ticker import MaxNLocator

    assert trace.spikes is not None
    size = min(10.0, 150.0 / trace.neurons)
    ax.scatter(times, trace.spikes[1], s=max(size, 1.5) ** 2, c=series_color(0), marker="|", linewidths=0.9)
    ax.set(ylabel="spikes of\nneuron", ylim=(trace.neurons - 0.3, -0.7))
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def _states(ax: Axes, times: Any, series: Series) -> None:
    """Each state in a row, held from its time to the next; where there are many times, the share of +1."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Patch

    k, values = len(series.labels), series.values
    edges = np.r_[times, times[-1] + max(times[-1] - times[0], 1e-300) / max(1, len(times) - 1) * 0.01]
    many = len(times) > _CELLS and times[-1] > times[0]
    if many:
        edges = np.linspace(times[0], times[-1], _CELLS + 1)
        values = time_means(times, values, edges)
    colors = LinearSegmentedColormap.from_list("states", [LINE, series_color(0)])
    ax.pcolormesh(edges, np.arange(k + 1) - 0.5, values.T, cmap=colors, vmin=-1, vmax=1, rasterized=True)
    for row in range(1, k):
        ax.axhline(row - 0.5, color="white", linewidth=0.8 if k <= _ROWS else 0.3)
    labeled = np.arange(0, k, -(-k // 12))
    ax.set_yticks(labeled, [series.labels[row] for row in labeled])
    ax.set(ylim=(k - 0.5, -0.5), ylabel=_label(series.name))
    between = [Patch(color=colors(0.5), label="half the time")] if many else []
    _legend(ax, handles=[Patch(color=colors(1.0), label="+1"), *between, Patch(color=colors(0.0), label="−1")])


def _curves(ax: Axes, times: Any, series: Series) -> None:
    factor, unit = _scaled(series.unit, series.values)
    width = 1.1 if len(times) < 400 else 0.8
    for color, k in enumerate(evenly_spread(len(series.labels), _CURVES)):
        ax.plot(times, factor * series.values[:, k], color=series_color(color), linewidth=width,
                label=_safe(series.labels[k]))  # fmt: skip
    ax.set_ylabel(_label(series.name, unit))
    ax.grid(axis="y", color=LINE, linewidth=0.7)
    if len(series.labels) > 1:
        _legend(ax)


def _energy(ax: Axes, times: Any, trace: Trace) -> None:
    energies, color = trace.energies, series_color(1)
    many = len(times) > _CELLS and times[-1] > times[0]
    ax.plot(times, energies, color=color, linewidth=0.5 if many else 1.2, alpha=0.4 if many else 1.0,
            drawstyle="steps-post", marker="o" if len(times) == 1 else None, label="of the state")  # fmt: skip
    if many:
        edges = np.linspace(times[0], times[-1], _MEANS + 1)
        means = time_means(times, energies[:, None], edges)[:, 0]
        ax.stairs(means, edges, baseline=None, color=color, linewidth=1.6, label=f"mean over 1/{_MEANS} of the time")
    said = f"read out: {format_number(trace.energy)}"
    ax.axhline(trace.energy, color=MUTED, linewidth=1.0, linestyle="--", label=said)
    ax.set_ylabel("energy of\nthe problem")
    ax.grid(axis="y", color=LINE, linewidth=0.7)
    low, high = min(float(energies.min()), trace.energy), float(energies.max())
    if low > 0.0 and high > _DECADE * low:
        _logarithmic(ax, low, high)
    else:
        later = np.r_[energies[len(times) // 4 :], trace.energy]
        room = float(later.max()) - low
        if 0.0 < _STEEP * room < high - low:
            ax.set_ylim(low - 0.08 * room, low + 1.6 * room)
            ax.annotate(f"from {format_number(high)}", (0.005, 0.98), xycoords="axes fraction", fontsize=8, color=MUTED,
                        va="top")  # fmt: skip
    _legend(ax)


def _logarithmic(ax: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    ax.set_yscale("log")
    ax.set_ylim(0.85 * low, 1.15 * high)
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(LogLocator(subs=()))


def time_means(times: Any, values: Any, edges: Any) -> Any:
    """Average values over intervals of time, each value held until the next time.

    Parameters
    ----------
    times : (m,) float
        Times in rising order.
    values : (m, k) float
        Values from each time on.
    edges : (bins + 1,) float
        Edges of the intervals.

    Returns
    -------
    (bins, k) float
        Means over the time between neighboring edges.
    """
    whole = np.vstack([np.zeros(values.shape[1]), np.cumsum(values[:-1] * np.diff(times)[:, None], axis=0)])
    at = np.column_stack([np.interp(edges, times, column) for column in whole.T])
    return np.diff(at, axis=0) / np.diff(edges)[:, None]


def _legend(ax: Axes, **options: Any) -> None:
    ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), frameon=False, fontsize=7.5, labelcolor=INK,
              handlelength=1.4, labelspacing=0.25, borderaxespad=0.0, **options)  # fmt: skip


def _label(name: str, unit: str = "") -> str:
    """Break a name into short lines, and add the unit."""
    return fill(_safe(name), 20) + (f"\n({unit})" if unit else "")


def _scaled(unit: str, values: Any) -> tuple[float, str]:
    """Factor and unit with a prefix, by the largest value."""
    largest = float(np.abs(values).max(initial=0.0))
    if unit not in _PREFIXED or not largest:
        return 1.0, unit
    power = 3 * floor(log10(2.0 * largest) / 3)
    return (10.0**-power, _PREFIXES[power] + unit) if power in _PREFIXES else (1.0, unit)
