"""The figure of a sampling task: joules a read against how well the reads sample. Takes and returns matplotlib Axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..plotting.axes import new_axes, style_axes
from ..plotting.numbers import format_quantity
from ..plotting.style import INK, LINE, MARKERS, MUTED, PAPER, SERIES_COLORS, series_color
from .comparison_figures import empty_axes, legend_label
from .sampling_text import counts_states

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..study import Comparison

_DECADES = 30.0  # largest over smallest value from which the axis is logarithmic beyond the smallest interval


def draw_sampling_score(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the energy of a read against divergence, or against effective beta.

    Effective beta stands where states are not counted. Bars are 95 % intervals. Low and left is good; the line is the
    requested value.

    Parameters
    ----------
    comparison : Comparison
        Results.
    ax : Axes or None
        Axes to draw into; None makes new ones.

    Returns
    -------
    Axes
        Axes.
    """
    from matplotlib.ticker import NullFormatter

    own = ax is None
    ax = new_axes() if ax is None else ax
    counted, drawn = counts_states(comparison), []
    for k, result in enumerate(comparison.results):
        score, joules = result.sampling, result.energy_per_read_j
        value = None if score is None else score.kl if counted else score.effective_beta
        if value is None or value.value is None or joules is None or not joules.value:
            continue
        low, high = (value.value if end is None else end for end in (value.low, value.high))
        least, most = (joules.low or joules.value / 10), (joules.high or joules.value)
        bars: Any = ([[joules.value - least], [most - joules.value]], [[value.value - low], [high - value.value]])
        color, again = series_color(k), k >= len(SERIES_COLORS)
        ax.errorbar(
            [joules.value], [value.value], xerr=bars[0], yerr=bars[1], color=color, zorder=4, elinewidth=1.2,
            fmt=MARKERS[k % len(MARKERS)], markersize=7, capsize=3, label=legend_label(result),
            markerfacecolor=PAPER if again else color,
        )  # fmt: skip
        drawn.append((value.value, high))
    if not drawn:
        return empty_axes(ax, "no samples with a known energy")
    ax.axhline(0.0 if counted else comparison.beta or 0.0, color=MUTED, linewidth=5, alpha=0.25, zorder=0)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: format_quantity(x, "J", 1))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("energy a read")
    ax.set_ylabel("KL divergence from what was asked (nats)" if counted else "effective beta")
    floor = min(high for _, high in drawn)
    if counted and 0.0 < _DECADES * floor < max(high for _, high in drawn):
        ax.set_yscale("symlog", linthresh=floor, linscale=0.6)
        ax.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
    if own:
        ax.figure.set_figheight(3.6 + 0.11 * len(drawn))  # type: ignore[union-attr]
    legend = ax.legend(
        facecolor=PAPER, framealpha=0.8, edgecolor="none", fontsize=9, labelcolor=INK,
        loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=2, columnspacing=1.0,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
    ax.grid(color=LINE, linewidth=0.8)
    return style_axes(ax)
