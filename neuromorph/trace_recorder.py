"""Recorders of one read: a bounded number of times, states and values of each series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ising import Float
from .run import energies_of_answers, versions
from .task import Sample, task_name
from .trace import MAX_CURVES, MAX_STATES, Series, Trace

if TYPE_CHECKING:
    from .run import Program
    from .task import Task


_VALUES, _POINTS = 100_000, (250, 8000)  # of a trace, and the times that it may keep
_BYTES = 1 << 28  # of the states that a recorder holds at once


class Recorder:
    """Keep what a simulator shows of one read, a few columns of each series.

    Where there are more times than :func:`most_times`, every second one is left out until they are that few.

    Parameters
    ----------
    program : Program             whose problem gives the energies
    series : {name: unit}         of the curves that :meth:`look` will be given
    columns : {name: str or [str]}    what columns are called: with {} for the number, or one by one; else "{}"
    states : str                  name of the series of states; empty: none is kept
    state : str or [str]          what one of them is called, alike
    """

    def __init__(
        self,
        program: Program,
        series: Mapping[str, str],
        *,
        columns: Mapping[str, str | Sequence[str]] | None = None,
        states: str = "spins",
        state: str | Sequence[str] = "spin {}",
    ) -> None:
        self._program, self._units = program, dict(series)
        self._labels: dict[str, str | Sequence[str]] = {**dict.fromkeys(series, "{}"), **(columns or {}), states: state}
        self._states = states
        self._chosen: dict[str, NDArray[np.int64]] = {}
        self._sizes: dict[str, int] = {}
        self._kept: list[_Look] = []
        self._last: _Look | None = None
        self._count, self._stride, self._most = 0, 1, 0

    def look(self, time: float, spins: NDArray[Any] | None, energy: float | None = None, /, **rows: ArrayLike) -> None:
        """Show the state ``spins`` (n,) at ``time``, and a row (k,) or a number for each series.

        energy : float or None     None: computed from the spins; given, the spins may be left out
        """
        few = {name: self._few(name, np.atleast_1d(np.asarray(row)), MAX_CURVES) for name, row in rows.items()}
        state = None if spins is None else np.array(spins, dtype=np.int8)
        if self._count == 0:
            shown = 0 if state is None or not self._states else min(state.size, MAX_STATES)
            self._most = most_times(shown + sum(row.size for row in few.values()))
            if state is not None:
                self._most = max(16, min(self._most, _BYTES // state.size))
        self._last = _Look(float(time), state, energy, few)
        if self._count % self._stride == 0:
            if len(self._kept) == self._most:
                self._kept = self._kept[::2]
                self._stride *= 2
            if self._count % self._stride == 0:
                self._kept.append(self._last)
        self._count += 1

    def finish(
        self,
        task: Task,
        spins: NDArray[Any] | None,
        *,
        answer: ArrayLike | None = None,
        time_unit: str = "s",
        converged: bool = True,
        scale: float = 1.0,
        schedules: Mapping[str, tuple[str, Callable[[float], float]]] | None = None,
        first: Sequence[str] = (),
        notes: Sequence[str] = (),
        provenance: Mapping[str, Any] | None = None,
    ) -> Trace:
        """Make the trace of a read that ended with ``spins`` (n,), ``answer`` or both, as of :func:`make_trace`.

        first : names                      of the series that tell most, in that order
        scale : float                      time units a unit of the times that were shown
        schedules : {name: (unit, f)}      more series of one column, functions of those times
        """
        if self._last is None:
            raise ValueError("nothing was looked at; a trace needs one time at least")
        looks = self._kept if self._kept[-1] is self._last else [*self._kept, self._last]
        series = [
            Series(name, unit, self._named(name), np.array([each.rows[name] for each in looks]))
            for name, unit in self._units.items()
        ]
        for name, (unit, value) in (schedules or {}).items():
            self._sizes[name] = 1
            series.append(Series(name, unit, (name,), np.array([[value(each.time)] for each in looks])))
        said = [*notes]
        if looks[0].spins is not None and self._states:
            states = np.array([self._few(self._states, each.spins, MAX_STATES) for each in looks])
            series.append(Series(self._states, "", self._named(self._states), states, "states"))
        series.sort(key=lambda each: (*first, each.name).index(each.name))
        for each in series:
            if self._sizes[each.name] > len(each.labels):
                said.append(f"{each.name}: {len(each.labels)} of {self._sizes[each.name]} are kept, evenly spread")
        if self._stride > 1:
            said.append(f"one in {self._stride} of {self._count} times is kept")
        return make_trace(
            self._program, task, scale * np.array([each.time for each in looks]), series, spins,
            answer=answer, energies=_energies(self._program.requested, looks), time_unit=time_unit, converged=converged,
            notes=said, provenance=provenance,
        )  # fmt: skip

    def _few(self, name: str, row: NDArray[Any], most: int) -> NDArray[Any]:
        if name not in self._chosen:
            self._sizes[name] = row.size
            self._chosen[name] = evenly_spread(row.size, most)
        chosen = self._chosen[name]
        return row[chosen]

    def _named(self, name: str) -> tuple[str, ...]:
        label = self._labels[name]
        return tuple(label.format(k) if isinstance(label, str) else label[k] for k in self._chosen[name])


@dataclass(frozen=True, eq=False)
class _Look:
    time: float
    spins: Any
    energy: float | None
    rows: Mapping[str, NDArray[Any]]


def _energies(asked: Any, looks: Sequence[_Look]) -> Float:
    if all(each.energy is not None for each in looks):
        return np.array([each.energy for each in looks], dtype=float)
    return np.asarray(asked.energy(np.array([each.spins for each in looks])), dtype=float)


def make_trace(
    program: Program,
    task: Task,
    times: ArrayLike,
    series: Sequence[Series],
    spins: ArrayLike | None,
    *,
    answer: ArrayLike | None = None,
    energies: ArrayLike,
    time_unit: str = "s",
    converged: bool = True,
    spikes: tuple[Any, Any] | None = None,
    neurons: int = 0,
    notes: Sequence[str] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Trace:
    """Make the Trace of one read of ``program``, as ``complete_run`` makes a Run.

    ``spins`` (n,) may be None where there is an ``answer`` (cities,); the energy is of the problem that was asked for.
    """
    final = np.empty(0, np.int8) if spins is None else np.asarray(spins, dtype=np.int8)
    if answer is None:
        energy = float(program.requested.energy(final))
    else:
        energy = float(energies_of_answers(program.requested, np.asarray(answer)[None])[0])
    return Trace(
        target=program.target,
        problem=str(getattr(program.requested, "name", "model")),
        task=task_name(task),
        beta=task.beta if isinstance(task, Sample) else None,
        times=times,
        time_unit=time_unit,
        energies=energies,
        series=tuple(series),
        spins=final,
        energy=energy,
        answer=answer,
        converged=bool(converged),
        spikes=spikes,
        neurons=neurons,
        notes=tuple(notes),
        provenance={**versions(), **(provenance or {})},
    )


def most_times(columns: int) -> int:
    """How many times a trace keeps that has so many columns."""
    return int(np.clip(_VALUES // max(1, columns), *_POINTS))


def evenly_spread(count: int, most: int) -> NDArray[np.int64]:
    """Numbers of at most ``most`` of ``count`` things, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
