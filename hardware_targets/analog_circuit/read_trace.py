"""One read of an analog network or of a board for tours from inside: potentials, outputs and what drives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork, Softassign
from neuromorph.ising import Float
from neuromorph.run import Program
from neuromorph.task import RecallFrom, Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .readout import Stream, run_networks

TourObserver: TypeAlias = Callable[[float, Float, Float], None]
"""Of t in tau, U and V (n, n), [city, position]; it changes nothing."""

_VOLTS = {"outputs": "V", "potentials": "V"}
_NEURON = {"outputs": "V{}", "potentials": "u{}"}


def trace_network(
    program: Program,
    task: Task,
    network: AnalogNetwork,
    seed: Stream,
    provenance: Mapping[str, Any],
    slower: float = 1.0,
) -> Trace:
    """Relax or anneal ``network`` once as ``run_networks`` does, and keep u and V.

    Parameters
    ----------
    program : Program
        Programmed device.
    task : Task
        Task of the read.
    network : AnalogNetwork
        Network of the read.
    seed : SeedSequence
        Stream of the read.
    provenance : dict
        Parameters of the target.
    slower : float
        Time of the device over the time of ``network``.

    Returns
    -------
    Trace
        Course of the read.
    """
    recorder = Recorder(program, _VOLTS, columns=_NEURON, states="")

    def look(t_s: float, u: Float, v: Float) -> None:
        recorder.look(t_s, network.spins(u[0]), outputs=v[0], potentials=u[0])

    ends = run_networks(task, 1, [(network, [seed])], observe=look)
    ramp = ends.ramp
    schedules = {} if ramp is None else {"relative gain": ("", ramp)}
    resting = "rests" if ends.settled[0] else "does not come to rest"
    notes = [f"the network {resting}; spins are the sides of the outputs"]
    if not isinstance(task, RecallFrom):
        notes.append("noise, which falls as the gain rises, makes reads differ")
    return recorder.finish(
        task, ends.spins[0], converged=bool(ends.settled[0]), scale=slower, schedules=schedules, notes=notes,
        provenance=provenance,
    )  # fmt: skip


def trace_tour(
    program: Program,
    task: Task,
    system: Softassign,
    seconds: float,
    provenance: Mapping[str, Any],
    anneal: Callable[[TourObserver], tuple[NDArray[np.int8], bool]],
) -> Trace:
    """Anneal one tour and keep U and V of its cells, and the temperature, against time.

    Parameters
    ----------
    program : Program
        Programmed device.
    task : Task
        Task of the read.
    system : Softassign
        Dynamics of the tour.
    seconds : float
        Duration of the whole read, s.
    provenance : dict
        Parameters of the target.
    anneal : callable
        Makes the read, shows its observer t in tau, U and V, and returns (spins (n^2,), converged).

    Returns
    -------
    Trace
        Course of the read.
    """
    cells = [f"{city}@{position}" for city in range(system.size) for position in range(system.size)]
    recorder = Recorder(
        program, {"outputs": "", "potentials": ""}, columns={"outputs": cells, "potentials": cells},
        states="outputs above 1/2", state=cells,
    )  # fmt: skip

    def look(t_tau: float, u: Float, v: Float) -> None:
        v = v.ravel()
        recorder.look(t_tau, np.where(v > 0.5, 1, -1), outputs=v, potentials=u.ravel())

    spins, converged = anneal(look)
    return recorder.finish(
        task,
        spins,
        converged=converged,
        scale=seconds / system.duration_tau,
        first=("outputs above 1/2", "outputs", "temperature"),
        schedules={"temperature": ("", lambda t: float(system.temperature(t)))},
        notes=["cells are named city@position, both from 0; potentials are in units of the largest mode of distances"],
        provenance=provenance,
    )
