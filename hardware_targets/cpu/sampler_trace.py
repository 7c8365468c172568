"""What the samplers of the CPU show of one read, sweep by sweep; each is called by its sampler and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.problems.tsp import MAX_ISING_CITIES
from neuromorph.run import Program
from neuromorph.task import Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

Shown: TypeAlias = tuple[NDArray[np.int8], dict[str, Any]]  # spins (n,), and a row for each series

_BETA, _FIELD, _ENERGIES, _PUMP = "inverse temperature", "transverse field", "energies", "pump"


class SweepWatcher:
    """Keep what a sampler shows after each sweep, and the descent that may follow.

    Parameters
    ----------
    program : Program
        Programmed device.
    series : dict of str to str
        Unit of each series by name.
    read : callable
        Map from what the sampler shows to (spins (n,), {series: row}).
    notes : str
        Notes for people.
    columns : dict of str to str, optional
        Names of the columns of each series, with {} for the number.
    time_unit : str
        Name of a step.
    """

    def __init__(
        self,
        program: Program,
        series: Mapping[str, str],
        read: Callable[..., Shown],
        *notes: str,
        columns: Mapping[str, str] | None = None,
        time_unit: str = "sweep",
    ) -> None:
        self._program, self._series, self._columns = program, series, columns
        self._read, self._notes, self._unit = read, notes, time_unit
        self._recorder: Recorder | None = None
        self._rows: dict[str, Any] = {}
        self._sweeps = self._descends = 0

    def look(self, *shown: Any) -> None:
        """Keep the state that the sampler shows; the first time is the start.

        Parameters
        ----------
        shown : object
            Arguments of ``read``.
        """
        self._keep(*self._read(*shown))

    def descent(self, _: int, spins: NDArray[np.int8]) -> None:
        """Keep the spins (n,) after a sweep downhill; what else was seen last stays as it is."""
        self._descends += 1
        self._keep(spins, self._rows)

    def _keep(self, spins: NDArray[np.int8], rows: dict[str, Any]) -> None:
        if self._recorder is None:
            self._recorder = Recorder(self._program, self._series if rows else {}, columns=self._columns)
        self._rows = rows
        self._recorder.look(self._sweeps, spins, **rows)
        self._sweeps += 1

    def finish(
        self, task: Task, spins: NDArray[np.int8], provenance: Mapping[str, Any], converged: bool = True
    ) -> Trace:
        """Make the trace of the read.

        Parameters
        ----------
        task : Task
            Task of the read.
        spins : (n,) int8
            Final state.
        provenance : dict
            Parameters of the target.
        converged : bool
            Whether the read converged.

        Returns
        -------
        Trace
            Course of the read.
        """
        assert self._recorder is not None
        notes = list(self._notes)
        if self._descends and self._rows:
            notes.append(f"{self._unit}s at the end in which spins only go downhill: {self._descends}")
        return self._recorder.finish(
            task, spins, time_unit=self._unit, converged=converged, first=("spins", _ENERGIES, _BETA), notes=notes,
            provenance=provenance,
        )  # fmt: skip


Watch: TypeAlias = Callable[[Program, bool], SweepWatcher]  # program, to minimize?


def watch_chain(program: Program, minimize: bool) -> SweepWatcher:
    """Watch one chain: its spins, and beta.

    Parameters
    ----------
    program : Program
        Programmed device.
    minimize : bool
        Whether the task is to minimize, or else to sample.

    Returns
    -------
    SweepWatcher
        Watcher of one read.
    """

    def read(beta: float, spins: NDArray[np.int8]) -> Shown:
        return spins[0], {_BETA: beta}

    return SweepWatcher(program, {_BETA: "1/energy"}, read)


def watch_pump(program: Program, minimize: bool) -> SweepWatcher:
    """Watch a continuous solver: the signs of its positions, and the parameter that it ramps.

    Parameters
    ----------
    program : Program
        Programmed device.
    minimize : bool
        Whether the task is to minimize.

    Returns
    -------
    SweepWatcher
        Watcher of one read.
    """

    def read(pump: float, spins: NDArray[np.int8]) -> Shown:
        return spins[0], {_PUMP: pump}

    return SweepWatcher(program, {_PUMP: ""}, read, time_unit="step")


def watch_ladder(program: Program, minimize: bool) -> SweepWatcher:
    """Watch parallel tempering: coldest spins, energies of the replicas, and their rungs.

    Parameters
    ----------
    program : Program
        Programmed device.
    minimize : bool
        Whether the task is to minimize, or else to sample.

    Returns
    -------
    SweepWatcher
        Watcher of one read.
    """

    def read(spins: NDArray[np.int8], energies: Float, holder: NDArray[np.int64]) -> Shown:
        return spins[0], {"rung": np.argsort(holder[0]), _ENERGIES: energies[0].copy()}

    notes = ["spins and energy are those of the coldest rung, the last; rung 0 is the hottest"]
    if minimize:
        notes.append("the read ends with the lowest state that was met on any rung, taken downhill")
    columns = {"rung": "replica {}", _ENERGIES: "replica {}"}
    return SweepWatcher(program, {"rung": "", _ENERGIES: ""}, read, *notes, columns=columns)


def watch_population(program: Program, minimize: bool) -> SweepWatcher:
    """Watch population annealing: the member read, all energies, families left, and beta.

    Parameters
    ----------
    program : Program
        Programmed device.
    minimize : bool
        Whether the task is to minimize, or else to sample.

    Returns
    -------
    SweepWatcher
        Watcher of one read.
    """

    def read(beta: float, spins: NDArray[np.int8], energies: Float, family: NDArray[np.int64]) -> Shown:
        rows = {_ENERGIES: energies[0].copy(), "families left": np.unique(family[0]).size, _BETA: beta}
        return spins[0, energies[0].argmin() if minimize else 0], rows

    member = "the lowest member" if minimize else "the first member, which is read"
    return SweepWatcher(
        program, {_ENERGIES: "", "families left": "", _BETA: "1/energy"}, read,
        f"spins are those of {member}; a step is all sweeps at one temperature, or one sweep of a descent",
        columns={_ENERGIES: "member {}"}, time_unit="step",
    )  # fmt: skip


def watch_worldlines(program: Program, minimize: bool) -> SweepWatcher:
    """Watch path-integral annealing: the slice read, all energies, and the field.

    Parameters
    ----------
    program : Program
        Programmed device.
    minimize : bool
        Whether the task is to minimize, or else to sample.

    Returns
    -------
    SweepWatcher
        Watcher of one read.
    """

    def read(gamma: float, spins: NDArray[np.int8]) -> Shown:
        slices = spins[0].T
        energies = np.asarray(program.requested.energy(slices))
        return slices[energies.argmin() if minimize else 0], {_ENERGIES: energies, _FIELD: gamma}

    of = "the lowest slice" if minimize else "the first slice, which is read"
    return SweepWatcher(
        program, {_ENERGIES: "", _FIELD: "energy"}, read, f"spins are those of {of} of imaginary time",
        columns={_ENERGIES: "slice {}"},
    )  # fmt: skip


class TourWatcher:
    """Keep the length of an annealed tour, the temperature, and the moves accepted."""

    def __init__(self, program: Program) -> None:
        self._recorder = Recorder(program, {"moves accepted": "", "temperature": "length"}, states="")
        self._problem: Any = program.requested
        self._sweeps = 0

    def look(self, beta: float, length: float, accepted: float) -> None:
        """Keep the length and the accepted moves after a sweep.

        Parameters
        ----------
        beta : float
            Inverse temperature of the sweep.
        length : float
            Length of the tour.
        accepted : float
            Accepted moves a proposal.
        """
        self._sweeps += 1
        self._recorder.look(self._sweeps, None, length, **{"moves accepted": accepted, "temperature": 1.0 / beta})

    def finish(
        self, task: Task, tour: NDArray[np.int32], provenance: Mapping[str, Any], converged: bool = True
    ) -> Trace:
        """Make the trace of the read; the n x n spins of the tour are added where they are few.

        Parameters
        ----------
        task : Task
            Task of the read.
        tour : (n,) int32
            Final tour.
        provenance : dict
            Parameters of the target.
        converged : bool
            Whether the read converged.

        Returns
        -------
        Trace
            Course of the read.
        """
        notes = ["held as a permutation: the energy of a tour is its length"]
        if not self._sweeps:  # three cities, or all in one place
            notes.append("all tours are equally long: there is nothing to anneal")
            self._recorder.look(0, None, self._problem.length(tour), **{"moves accepted": 0.0, "temperature": 0.0})
        spins = self._problem.spins(tour) if tour.size <= MAX_ISING_CITIES else None
        return self._recorder.finish(
            task, spins, answer=tour, time_unit="sweep", converged=converged, notes=notes, provenance=provenance
        )
