"""One read of an analog network or of a board for tours from inside: potentials, outputs and what drives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neuromorph.analog import AnalogNetwork, Softassign, softassign
from neuromorph.ising import Float
from neuromorph.run import Program
from neuromorph.task import RecallFrom, Task
from neuromorph.trace import Recorder, Trace

from .readout import Stream, run_networks

_VOLTS = {"outputs": "V", "potentials": "V"}
_NEURON = {"outputs": "V{}", "potentials": "u{}"}


def trace_network(
    program: Program, task: Task, network: AnalogNetwork, seed: Stream, provenance: Mapping[str, Any]
) -> Trace:
    """Relax or anneal ``network`` once, as ``run_networks`` does, and keep u and V of its neurons against time."""
    recorder = Recorder(program, _VOLTS, columns=_NEURON)

    def look(t_s: float, u: Float, v: Float) -> None:
        recorder.look(t_s, network.spins(u[0]), outputs=v[0], potentials=u[0])

    ends = run_networks(task, 1, [(network, [seed])], observe=look)
    ramp = ends.ramp
    schedules = {} if ramp is None else {"gain, of the last one": ("", ramp)}
    resting = "rests" if ends.settled[0] else "does not come to rest"
    notes = [f"the network {resting}; spins are the sides of the outputs"]
    if not isinstance(task, RecallFrom):
        notes.append("noise, which falls as the gain rises, makes reads differ")
    return recorder.finish(
        task, ends.spins[0], converged=bool(ends.settled[0]), schedules=schedules, notes=notes, provenance=provenance
    )


def trace_tour(
    program: Program,
    task: Task,
    distances: Float,
    held: Float,
    seed: Stream,
    seconds: Float | float,
    provenance: Mapping[str, Any],
) -> Trace:
    """Anneal one tour, as ``softassign`` does, and keep U and V of its cells, temperature and self-coupling.

    held : (n, n)      the distances that the device has, in those of ``distances``
    seconds : float    that the whole read takes
    """
    system = Softassign(distances)
    n = system.size
    cells = [f"{city}@{position}" for city in range(n) for position in range(n)]
    recorder = Recorder(
        program, {"outputs": "", "potentials": ""}, columns={"outputs": cells, "potentials": cells},
        states="V > 1/2", state=cells,
    )  # fmt: skip

    def look(t_tau: float, u: Float, v: Float) -> None:
        up = np.where(v.ravel() > 0.5, 1, -1)
        recorder.look(t_tau, up, outputs=v.ravel(), potentials=u.ravel())

    tours = softassign(system, [seed], held=held, observe=look)
    return recorder.finish(
        task,
        tours.spins[0],
        converged=bool((tours.converged & tours.valid)[0]),
        scale=float(seconds) / system.duration_tau,
        schedules={"temperature": ("", lambda t: float(system.temperature(t)))},
        notes=["outputs V are named city@position, both from 0; potentials U in units of the largest distance mode"],
        provenance=provenance,
    )
