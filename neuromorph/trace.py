"""One read of one target seen from inside: states, potentials, spikes, schedules and the energy against time.

A ``Trace`` is plain data: what a read went through, at the times of the device itself, or at the sweeps of software.
A :class:`Recorder` keeps the course of a read that a simulator shows it, in bounded memory; ``trace_dict`` is its JSON
(docs/trace-schema.md). The energy at each time is that of the problem asked for, never what the device reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from .ising import check_spins

if TYPE_CHECKING:
    pass

TRACE_SCHEMA = 1
MAX_CURVES, MAX_STATES = 16, 64
"""Columns of a series of curves, and of one of states; of more, as many are kept, evenly spread."""

_MOST_SPINS = 1 << 20  # of the final state in JSON
_DIGITS = 7  # of the values of series in JSON

Style: TypeAlias = Literal["curves", "states"]


@dataclass(frozen=True, eq=False)
class Series:
    """Values of one kind against the times of a trace.

    Parameters
    ----------
    name : str                 "membrane potential", "gain"
    unit : str                 "V"; empty for numbers without one
    labels : tuple of str      of the columns: "u0", "spin 3"
    values : (m, k) float      one column each
    style : str                "curves", or "states": -1 and +1, constant from each time to the next
    """

    name: str
    unit: str
    labels: tuple[str, ...]
    values: Any
    style: Style = "curves"

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(self.labels) or not len(self.labels):
            raise ValueError(
                f"series {self.name!r} has values of shape {values.shape} for {len(self.labels)} labels; give "
                "(times, labels)"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"series {self.name!r} holds NaN or infinity; every value must be finite")
        if self.style == "states" and not np.isin(values, (-1.0, 1.0)).all():
            raise ValueError(f"series {self.name!r} of states holds other values than -1 and +1")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, eq=False)
class Trace:
    """One read from inside.

    Parameters
    ----------
    target, problem : str       names
    task : str                  minimize, sample or recall
    beta : float or None        of the task, where it samples
    times : (m,) float          in rising order
    time_unit : str             "s", the device's own time, or "sweep"
    energies : (m,) float       of the problem asked for, of the state that the device shows at each time
    series : tuple of Series    what is inside, the most telling first
    spins : (n,) int8           what the read ends with: the same as those of ``Run``; (0,) if ``answer`` stands alone
    answer : array or None      what the read ends with in the user's own terms, as in ``Run.answers``: a tour (cities,)
    energy : float              of ``spins``, or of ``answer``
    converged : bool            as of ``Run``
    spikes : (times, neurons) or None     (spikes,) each: when, and which neuron
    neurons : int               how many could have fired
    notes : tuple of str        what is left out, and how times and states are to be understood
    provenance : dict           seed, versions, parameters of the target

    Raises
    ------
    ValueError     for lengths that do not agree, times that fall, values that are not finite
    """

    target: str
    problem: str
    task: str
    beta: float | None
    times: Any
    time_unit: str
    energies: Any
    series: tuple[Series, ...]
    spins: Any
    energy: float
    converged: bool = True
    spikes: tuple[Any, Any] | None = None
    neurons: int = 0
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    answer: Any = None

    def __post_init__(self) -> None:
        times, energies = (np.array(x, dtype=float) for x in (self.times, self.energies))
        if times.ndim != 1 or not times.size or energies.shape != times.shape:
            raise ValueError(f"times have shape {times.shape}, energies {energies.shape}; give (m,) each, m >= 1")
        if not (np.isfinite(times).all() and np.isfinite(energies).all() and np.isfinite(self.energy)):
            raise ValueError("times or energies hold NaN or infinity; every value must be finite")
        if (np.diff(times) < 0.0).any():
            raise ValueError(f"times fall at {times[1:][np.diff(times) < 0.0][0]:g}; give them in rising order")
        for each in self.series:
            if len(each.values) != times.size:
                raise ValueError(f"series {each.name!r} has {len(each.values)} rows for {times.size} times; make them "
                                 "agree")  # fmt: skip
        names = [each.name for each in self.series]
        if len(set(names)) < len(names):
            raise ValueError(f"series are named {', '.join(names)}; give each its own name")
        spins = check_spins(self.spins, np.size(self.spins)).astype(np.int8)
        if spins.ndim != 1:
            raise ValueError(f"spins have shape {spins.shape}; a trace is of one read, (n,)")
        if self.answer is not None:
            answer = np.array(self.answer, dtype=np.int32)
            answer.setflags(write=False)
            object.__setattr__(self, "answer", answer)
        if self.spikes is not None:
            at, neurons = np.array(self.spikes[0], dtype=float), np.array(self.spikes[1], dtype=np.int64)
            if at.ndim != 1 or at.shape != neurons.shape or not np.isfinite(at).all():
                raise ValueError(f"spikes have shapes {at.shape} and {neurons.shape}; give finite times and a neuron "
                                 "each")  # fmt: skip
            if neurons.size and not 0 <= neurons.min() <= neurons.max() < self.neurons:
                raise ValueError(f"spikes are of neurons {neurons.min()} to {neurons.max()}; neurons says that there "
                                 f"are {self.neurons}, counted from 0")  # fmt: skip
            object.__setattr__(self, "spikes", (at, neurons))
        for name, value in (("times", times), ("energies", energies), ("spins", spins)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)


def trace_dict(trace: Trace) -> dict[str, Any]:
    """Return the trace as plain data for JSON, as in docs/trace-schema.md; values of series to seven digits."""
    spikes = trace.spikes
    return {
        "schema": TRACE_SCHEMA,
        "target": trace.target,
        "problem": trace.problem,
        "task": trace.task,
        "beta": trace.beta,
        "time_unit": trace.time_unit,
        "times": trace.times.tolist(),
        "energies": trace.energies.tolist(),
        "series": [
            {"name": each.name, "unit": each.unit, "style": each.style, "labels": list(each.labels),
             "values": _rounded(each)}
            for each in trace.series
        ],
        "spikes": None if spikes is None else {"times": spikes[0].tolist(), "neurons": spikes[1].tolist()},
        "neurons": trace.neurons or None,
        "spins": trace.spins.tolist() if trace.spins.size <= _MOST_SPINS else None,
        "answer": None if trace.answer is None else trace.answer.tolist(),
        "energy": trace.energy,
        "converged": trace.converged,
        "notes": list(trace.notes),
        "provenance": dict(trace.provenance),
    }  # fmt: skip


def _rounded(series: Series) -> list[list[float]]:
    if series.style == "states":
        rows: list[list[float]] = series.values.astype(int).tolist()
        return rows
    return [[float(f"{value:.{_DIGITS}g}") for value in row] for row in series.values.tolist()]
