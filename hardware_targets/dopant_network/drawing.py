"""Pictures of dopant networks: each function draws on an ``ax`` of matplotlib and returns it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.plotting.axes import style_axes
from neuromorph.plotting.style import INK, MUTED, PAPER, SERIES_COLORS

from .device.device import Device
from .device.hopping_network import LIQUID_NITROGEN_K
from .learning.logic_gates import GATES
from .targets.dopant_classifier import TruthTable
from .targets.transfer_curves import TransferCurve
from .transport.current_paths import net_hopping_flow

_NM = 1e9
_FAINT = 0.03  # smallest flow that is drawn, over the largest


def draw_device(
    ax: Any,
    device: Device,
    voltages_v: ArrayLike | None = None,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    paths: bool = True,
) -> Any:
    """Draw outline, electrodes and dopants, and with voltages potential and current paths.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    device : Device
        The device.
    voltages_v : (k,) float, optional
        Voltages of the electrodes; None draws the device alone.
    temperature_k : float
        Temperature of the hopping.
    paths : bool
        Whether to draw the current paths.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Circle

    shape, k = device.shape, len(device.electrodes)
    v = None if voltages_v is None else device.network.voltages(voltages_v)
    outline = _NM * shape.at(np.linspace(0.0, shape.perimeter_m, 721))
    if v is not None:
        field = device.field
        x, y = _NM * field.points.T
        # Equal voltages have one color, and no voltage is at an end of the scale.
        span = max(float(np.ptp(v)), 1e-3)
        levels = np.linspace(v.min() - 0.05 * span, v.max() + 0.05 * span, 25)
        pale = LinearSegmentedColormap.from_list("pale", [SERIES_COLORS[0], PAPER, SERIES_COLORS[1]])
        shades = ax.tricontourf(x, y, field.potentials @ v, levels=levels, cmap=pale)
        bar = ax.figure.colorbar(shades, ax=ax, shrink=0.75, pad=0.02, ticks=np.linspace(v.min(), v.max(), 5))
        bar.set_label("potential of the electrodes (V)", color=INK)
        bar.ax.yaxis.set_major_formatter("{x:.2f}")
    ax.plot(*outline.T, color=MUTED, lw=1.0, zorder=2)
    middles = np.empty((k, 2))
    for e, electrode in enumerate(device.electrodes):
        along = electrode.start_m + np.linspace(0.0, electrode.width_m, 60)
        ax.plot(*(_NM * shape.at(along)).T, color=INK, lw=6.0, solid_capstyle="butt", zorder=4)
        middles[e] = shape.at(electrode.middle_m)
        name = f"{e}" if v is None else f"{e}: {v[e]:+.2f} V"
        side = middles[e, 0] / shape.extent_m
        align = "left" if side > 0.2 else "right" if side < -0.2 else "center"
        ax.annotate(name, _NM * middles[e] * 1.09, ha=align, va="center", fontsize=8, color=INK, annotation_clip=False)
    if v is not None and paths:
        flow, exact = net_hopping_flow(device.network, v, temperature_k=temperature_k)
        _draw_paths(ax, flow, device)
        ax.set_xlabel("current paths: net hops, " + ("exact" if exact else "mean field"), color=MUTED, fontsize=8)
    size = 0.018 * _NM * shape.extent_m
    for points, face, edge in ((device.acceptors, PAPER, INK), (device.donors, SERIES_COLORS[1], INK)):
        for point in points:
            ax.add_patch(Circle(_NM * point, size, fc=face, ec=edge, lw=1.2, zorder=6))
    ax.set_aspect("equal")
    extent = _NM * shape.extent_m
    ax.set_xlim(-0.76 * extent, 0.76 * extent)
    ax.set_ylim(-0.62 * extent, 0.62 * extent)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _draw_paths(ax: Any, flow: Any, device: Device) -> None:
    """Draw arrows along net hops, as wide as the flow; at an electrode they end at its nearest point."""
    from matplotlib.patches import FancyArrowPatch

    n = len(device.acceptors)
    largest = float(flow.max())
    if largest <= 0.0:
        return

    def place(a: int, other: int) -> Any:
        if a < n:
            return device.acceptors[a]
        electrode = device.electrodes[a - n]
        along = device.shape.at(electrode.start_m + np.linspace(0.05, 0.95, 41) * electrode.width_m)
        return along[np.linalg.norm(along - device.acceptors[other], axis=1).argmin()]

    for a, b in zip(*np.nonzero(flow > _FAINT * largest), strict=True):
        part = float(flow[a, b]) / largest
        ax.add_patch(
            FancyArrowPatch(
                _NM * place(a, b),
                _NM * place(b, a),
                arrowstyle=f"-|>,head_length={2.0 + 3.0 * part},head_width={1.0 + 2.0 * part}",
                lw=0.6 + 4.0 * part,
                color=SERIES_COLORS[2],
                alpha=0.35 + 0.6 * part,
                shrinkA=5,
                shrinkB=5,
                zorder=5,
            )
        )


def draw_curve(
    ax: Any, curve: TransferCurve, *, seconds: float, label: str | None = None, color: str = SERIES_COLORS[0]
) -> Any:
    """Draw I-V with the standard deviation of the current averaged over ``seconds``.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    curve : TransferCurve
        The curve.
    seconds : float
        Averaging time of the noise, s.
    label, color : str
        Label and color of the line.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``.
    """
    current, error = 1e9 * curve.currents_a, 1e9 * curve.errors_a(seconds)
    ax.fill_between(curve.inputs_v, current - error, current + error, color=color, alpha=0.3, lw=0)
    ax.plot(curve.inputs_v, current, color=color, label=label)
    ax.set_xlabel("input voltage (V)")
    ax.set_ylabel("output current (nA)")
    return style_axes(ax, grid="y")


def draw_truth_table(ax: Any, table: TruthTable) -> Any:
    """Draw the currents of a gate for its four inputs, with error bars and the threshold.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    table : TruthTable
        The gate.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``.
    """
    high = np.array(GATES[table.gate])
    places = np.arange(4)
    colors = np.where(high, SERIES_COLORS[0], MUTED)
    ax.bar(places, 1e9 * table.currents_a, color=colors, width=0.62, zorder=2)
    ax.errorbar(
        places, 1e9 * table.currents_a, 1e9 * table.errors_a, fmt="none", ecolor=INK, capsize=5, lw=1.4, zorder=3
    )
    ax.axhline(1e9 * table.threshold_a, color=SERIES_COLORS[1], lw=1.2, ls="--", label="threshold", zorder=4)
    ax.axhline(0.0, color=INK, lw=0.8)
    ax.set_xticks(
        places, [f"{a}{b}\n→ {int(one)}" for (a, b), one in zip(((0, 0), (0, 1), (1, 0), (1, 1)), high, strict=True)]
    )
    ax.set_ylabel("output current (nA)")
    ax.set_title(f"{table.gate}: Q = {table.quality:.2f}", fontsize=10)
    ax.legend(frameon=False, fontsize=8)
    return style_axes(ax, grid="y")
