"""Figures of a certificate: outputs over time, their error, its fall with the step. They take and return Axes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.files.atomic_write import write_file
from neuromorph.plotting.axes import new_axes, style_axes
from neuromorph.plotting.files import figure_bytes
from neuromorph.plotting.numbers import format_quantity
from neuromorph.plotting.style import INK, MARKERS, MUTED, SERIES_COLORS, series_color

from .certificate import Certificate, OutputTrace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVES = 6  # outputs that are drawn
_SETTLED = 1e-3  # distance from the end below which an output has settled, of full scale
_DOTS = 25  # marks of an engine along a curve
_FLOOR = 1e-12  # least error that is drawn, of full scale: a logarithmic axis has no 0


def write_certificate(certificate: Certificate, folder: Path, about: Mapping[str, Any] | None = None) -> list[Path]:
    """Write a certificate as JSON, SVG and PNG into a folder.

    Parameters
    ----------
    certificate : Certificate
        Certificate that is written.
    folder : Path
        Folder that receives certificate.json, certificate.svg and certificate.png.
    about : Mapping or None
        Further fields of the JSON, as the provenance.

    Returns
    -------
    list of Path
        The files that were written.
    """
    text = json.dumps({**certificate.to_dict(), **(about or {})}, indent=2, allow_nan=False) + "\n"
    written = [write_file(folder / "certificate.json", text)]
    axes = certificate_figure(certificate)
    for kind in ("svg", "png"):
        written.append(write_file(folder / f"certificate.{kind}", figure_bytes(axes[0], kind)))
    return written


def certificate_figure(certificate: Certificate) -> list[Axes]:
    """Draw the figures of a certificate side by side.

    Parameters
    ----------
    certificate : Certificate
        Certificate with traces.

    Returns
    -------
    list of Axes
        Axes of the trajectories, of the errors, and of the refinement if there is one.
    """
    from matplotlib.figure import Figure

    drawings = [draw_trajectories, draw_errors, *([draw_refinement] if certificate.refinement else [])]
    axes = Figure(figsize=(4.4 * len(drawings), 3.6), layout="constrained").subplots(1, len(drawings))
    return [draw(certificate, ax) for draw, ax in zip(drawings, axes, strict=True)]


def draw_trajectories(certificate: Certificate, ax: Axes | None = None) -> Axes:
    """Draw the outputs that move most, until they settle.

    The ODE is drawn as lines, as it is aligned with the first engine as dashes, every engine as marks.

    Parameters
    ----------
    certificate : Certificate
        Certificate with traces.
    ax : Axes, optional
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    ax = new_axes() if ax is None else ax
    for k, (name, trace) in enumerate(certificate.traces.items()):
        chosen = np.argsort(-np.ptp(trace.expected, axis=0), kind="stable")[:_CURVES]
        end = _until(trace)
        if k == 0:
            ax.plot(trace.times, trace.expected[:, chosen], color=MUTED, linewidth=1.2)
            ax.plot([], [], color=MUTED, linewidth=1.2, label="ODE")
            if trace.aligned is not None:
                ax.plot(trace.times, trace.aligned[:, chosen], "--", color=MUTED, linewidth=0.8)
                ax.plot([], [], "--", color=MUTED, linewidth=0.8, label="ODE, aligned")
            ax.set_xlim(-0.03 * end, 1.03 * end)
        # The marks of engines are apart in time, so that none hides another.
        at = (np.arange(_DOTS) + (k + 0.5) / len(certificate.traces)) * end / _DOTS
        marks = np.unique(np.searchsorted(trace.times, at).clip(max=len(trace.times) - 1))
        color, mark = series_color(k), MARKERS[k % len(MARKERS)]
        ax.plot(trace.times[marks], trace.voltages[np.ix_(marks, chosen)], mark, color=color, markersize=3)
        ax.plot([], [], mark, color=color, markersize=4, label=name)
    ax.set_title(f"{certificate.neurons} outputs, amplifiers: {certificate.amplifier}", fontsize=10, color=INK)
    ax.set_ylabel("V")
    return _over_time(ax)


def draw_errors(certificate: Certificate, ax: Axes | None = None) -> Axes:
    """Draw the largest difference of any output from the ODE over time.

    Parameters
    ----------
    certificate : Certificate
        Certificate with traces.
    ax : Axes, optional
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    ax = new_axes() if ax is None else ax
    for k, (name, trace) in enumerate(certificate.traces.items()):
        error = np.abs(trace.voltages - trace.expected).max(axis=1) / (trace.rails[1] - trace.rails[0])
        style = ("-", "--", ":")[k % 3]
        ax.plot(trace.times, np.maximum(error, _FLOOR), style, color=series_color(k), linewidth=1.4, label=name)
        if trace.aligned is not None:
            left = np.abs(trace.voltages - trace.aligned).max(axis=1) / (trace.rails[1] - trace.rails[0])
            curve = np.maximum(left, _FLOOR)
            ax.plot(trace.times, curve, style, color=series_color(k), linewidth=0.7, label=f"{name}, aligned")
            ax.set_xlim(-0.03 * _until(trace), 1.03 * _until(trace))
    ways = [result.alignment for result in certificate.engines.values() if result.alignment]
    bound = certificate.bound if certificate.level == "ideal" else ways[0].bound if ways else None
    if bound is not None:
        said = "bound" if certificate.level == "ideal" else "bound, aligned"
        ax.axhline(bound, color=SERIES_COLORS[1], linewidth=0.8)
        ax.text(1.0, bound, said, transform=ax.get_yaxis_transform(), ha="right", va="bottom", fontsize=8)
    ax.set_yscale("log")
    ax.set_title("largest difference from the ODE", fontsize=10, color=INK)
    ax.set_ylabel("of full scale")
    return _over_time(ax)


def draw_refinement(certificate: Certificate, ax: Axes | None = None) -> Axes:
    """Draw the trajectory error against the step, with the slope 2 of the trapezoidal rule.

    Parameters
    ----------
    certificate : Certificate
        Certificate with a refinement.
    ax : Axes, optional
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If the certificate has no refinement.
    """
    if certificate.refinement is None:
        raise ValueError("the certificate has no refinement; certify with refine=True")
    ax = new_axes() if ax is None else ax
    refinement = certificate.refinement
    step = 1.0 / np.array(refinement.steps_per_tau)
    for k, (name, errors) in enumerate(refinement.errors.items()):
        style = ("-", "--", ":")[k % 3] + MARKERS[k % len(MARKERS)]
        ax.plot(step, np.maximum(errors, _FLOOR), style, color=series_color(k), markersize=5, label=name)
    first = max(errors[0] for errors in refinement.errors.values())
    ax.plot(step, first * (step / step[0]) ** 2, color=MUTED, linewidth=4, alpha=0.25, label="step squared")
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(step, [f"τ/{fraction:g}" for fraction in refinement.steps_per_tau])
    ax.minorticks_off()
    ax.set_title("error against step", fontsize=10, color=INK)
    ax.set_xlabel("largest step")
    ax.set_ylabel("of full scale")
    return _styled(ax)


def _until(trace: OutputTrace) -> float:
    """Return a time by which the outputs of the ODE rest."""
    away = np.abs(trace.expected - trace.expected[-1]).max(axis=1) > _SETTLED * (trace.rails[1] - trace.rails[0])
    return float(min(1.5 * trace.times[away].max(initial=trace.times[1]), trace.times[-1]))


def _over_time(ax: Axes) -> Axes:
    ax.xaxis.set_major_formatter(lambda x, _: format_quantity(x, "s", 2) if x else "0")
    ax.locator_params(axis="x", nbins=4)
    ax.set_xlabel("time")
    return _styled(ax)


def _styled(ax: Axes) -> Axes:
    ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    return style_axes(ax)
