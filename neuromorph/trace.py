"""One read of one target seen from inside: states, potentials, spikes, schedules and the energy against time.

A ``Trace`` is plain data: what a read went through, at the times of the device itself, or at the sweeps of software.
A :class:`Recorder` keeps the course of a read that a simulator shows it, in bounded memory; ``trace_dict`` is its JSON
(docs/trace-schema.md). The energy at each time is that of the problem asked for, never what the device reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from .ising import check_spins

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
    name : str
        Name of the quantity, as "membrane potential" or "gain".
    unit : str
        Unit, as "V"; empty for numbers without one.
    labels : tuple of str
        Labels of the columns, as "u0" or "spin 3".
    values : (m, k) float
        One row a time, one column a label.
    style : str
        Either "curves", or "states": -1 and +1, constant from each time to the next.
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
    """Course of one read: states, potentials, spikes and energies against time.

    Parameters
    ----------
    target, problem : str
        Names.
    task : str
        Name of the task: minimize, sample or recall.
    beta : float or None
        Inverse temperature of the task, where it samples.
    times : (m,) float
        Times in rising order.
    time_unit : str
        Unit "s", of the device's own time, or "sweep".
    energies : (m,) float
        Energy, in the problem asked for, of the state that the device shows at each time.
    series : tuple of Series
        Values inside the device, the most telling first.
    spins : (n,) int8
        Final state, as in ``Run``; (0,) if ``answer`` stands alone.
    energy : float
        Energy of ``spins``, or of ``answer``.
    converged : bool
        Whether the read settled, as in ``Run``.
    spikes : tuple of (spikes,) float, (spikes,) int, or None
        Time and neuron of each spike.
    neurons : int
        Number of neurons that could have fired.
    notes : tuple of str
        Sentences on what is left out, and on how times and states are to be understood.
    provenance : dict of str to object
        Seed, versions and parameters of the target.
    answer : array or None
        Final answer in the user's own terms, as in ``Run.answers``: a tour (cities,).

    Raises
    ------
    ValueError
        If lengths do not agree, times fall or values are not finite.
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
    """Return a trace as plain data for JSON, as in docs/trace-schema.md.

    Parameters
    ----------
    trace : Trace
        Course of one read.

    Returns
    -------
    dict of str to object
        Its fields; values of series have seven digits.
    """
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
