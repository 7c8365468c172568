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
    program : Program
        Program, whose problem gives the energies.
    series : dict of str to str
        Unit by name of the curves that :meth:`look` will be given.
    columns : dict of str to (str or sequence of str), or None
        Labels of the columns of a series: text with {} for the number, or one by one; "{}" where none are given.
    states : str
        Name of the series of states; empty keeps none.
    state : str or sequence of str
        Labels of the states, alike.
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
        """Record the state at one time, with a row of each series.

        Parameters
        ----------
        time : float
            Time, not before the last one.
        spins : (n,) int or None
            State; None where ``energy`` is given and no states are kept.
        energy : float or None
            Energy in the problem asked for; None computes it from the spins.
        **rows : (k,) float or float
            Values of each series at that time.
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
        """Make the trace of the read that was shown.

        Parameters
        ----------
        task : Task
            Task of the read.
        spins : (n,) int or None
            Final state; None where there is an ``answer``.
        answer : array_like or None
            Final answer in the user's own terms, as a tour (cities,).
        time_unit : str
            Unit of the times of the trace: "s" or "sweep".
        converged : bool
            Whether the read settled.
        scale : float
            Factor from the times that were shown to those of the trace.
        schedules : dict of str to (str, callable), or None
            More series of one column: unit, and function of the times that were shown.
        first : sequence of str
            Names of the series that tell most, in their order.
        notes : sequence of str
            Sentences for the reader of the trace.
        provenance : dict of str to object, or None
            Seed and parameters.

        Returns
        -------
        Trace
            Course of the read, at the times that were kept.

        Raises
        ------
        ValueError
            If nothing was shown.
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
    """Make the trace of one read of a program.

    The final energy is that of the answer, or else of the spins, in the problem that was asked for.

    Parameters
    ----------
    program : Program
        Program on the target.
    task : Task
        Task of the read.
    times : (m,) float
        Times in rising order.
    series : sequence of Series
        Values inside the device, the most telling first.
    spins : (n,) int or None
        Final state; None where there is an ``answer``.
    answer : array_like or None
        Final answer in the user's own terms, as a tour (cities,).
    energies : (m,) float
        Energies of the states at those times.
    time_unit : str
        Unit of the times: "s" or "sweep".
    converged : bool
        Whether the read settled.
    spikes : tuple of (spikes,) float, (spikes,) int, or None
        Time and neuron of each spike.
    neurons : int
        Number of neurons that could have fired.
    notes : sequence of str
        Sentences for the reader of the trace.
    provenance : dict of str to object, or None
        Seed and parameters; versions are added.

    Returns
    -------
    Trace
        Course of the read.
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
    """Return the largest number of times that a trace keeps.

    Parameters
    ----------
    columns : int
        Number of columns of all its series.

    Returns
    -------
    int
        Number of times.
    """
    return int(np.clip(_VALUES // max(1, columns), *_POINTS))


def evenly_spread(count: int, most: int) -> NDArray[np.int64]:
    """Choose indices that are evenly spread, the first and the last among them.

    Parameters
    ----------
    count : int
        Number of things to choose from.
    most : int
        Largest number of them.

    Returns
    -------
    (k,) int64
        Indices 0 .. count - 1 in rising order.
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
