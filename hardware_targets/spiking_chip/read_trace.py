r"""One read of a spiking chip from inside: spikes, potentials of some neurons, and the state that the spikes say.

- recall: x_i = 2 r_i / r - 1 of the rates over the last ``read_s``, in which before the start all are at rest, x = 0;
  spins are its signs, so that at the end they are what is read out.
- sample: a neuron is up for tau after each of its spikes.
- minimize: the last neuron that fired in each group. The host keeps the lowest state, which need not be the last.

Times are those of the chip: the seconds of the model, times what a read takes on the device over what it takes there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.run import Program
from neuromorph.spiking.search_result import states_of_spikes
from neuromorph.spiking.spike_states import SpikeStates
from neuromorph.task import Minimize, RecallFrom, Task
from neuromorph.trace import MAX_CURVES, MAX_STATES, Series, Trace
from neuromorph.trace_recorder import evenly_spread, make_trace, most_times

from .network_mapping import ChipNetwork
from .simulation import Ends, Inside, spins_of_winners


def watched_cells(state: ChipNetwork, task: Task) -> Inside:
    """Choose the neurons whose potentials are kept.

    Parameters
    ----------
    state : ChipNetwork
        Programmed chip.
    task : Task
        Task of the read.

    Returns
    -------
    Inside
        Neurons, evenly spread, without a record yet.
    """
    return Inside(evenly_spread(state.network(task).neurons, MAX_CURVES))


def trace_spikes(
    program: Program, task: Task, ends: Ends, inside: Inside, device_s: float, provenance: Mapping[str, Any]
) -> Trace:
    """Make the trace of the one read of ``ends``.

    Parameters
    ----------
    program : Program
        Programmed device.
    task : Task
        Task of the read.
    ends : Ends
        Results of the read.
    inside : Inside
        Recorded potentials and spikes.
    device_s : float
        Duration of the read on the chip, s.
    provenance : dict
        Parameters of the target.

    Returns
    -------
    Trace
        Course of the read.
    """
    state: ChipNetwork = program.state
    stride = -(-ends.steps // most_times(len(inside.cells) + min(MAX_STATES, ends.spins.shape[1])))
    steps = np.arange(ends.steps, 0, -stride)[::-1]  # the end of the read is among them
    curves: list[Series] = []
    notes: list[str] = []
    if isinstance(task, Minimize):
        steps, spins = _search_states(state, inside, steps)
        neurons = state.rivals
        phase = (steps * neurons.dt_s / neurons.period_s) % 1.0
        gain = neurons.low + (neurons.high - neurons.low) * phase
        curves.append(Series("gain beta", "", ("gain",), gain[:, None]))
        notes.append("the read ends with the lowest state that it came by, not with the last one")
    elif isinstance(task, RecallFrom):
        outputs = _outputs(state, inside, steps, ends.step_s)
        spins = np.where(outputs >= 0.0, 1, -1).astype(np.int8)
        shown = evenly_spread(outputs.shape[1], MAX_CURVES)
        curves.append(Series("outputs", "", tuple(f"x{k}" for k in shown), outputs[:, shown]))
        notes.append(f"outputs are rates over the last {state.times.read_s:g} s of the model; before the start at rest")
    else:
        plan = state.plan(task.beta)
        spins = _sampled_states(state, inside, steps, ends, plan.neurons.tau_s)
        notes += plan.doubts
    at = np.searchsorted(inside.times_s, steps * ends.step_s - 0.5 * ends.step_s).clip(max=len(inside.times_s) - 1)
    name, unit = _potential(state, task)
    potentials = Series(name, unit, tuple(f"neuron {k}" for k in inside.cells), inside.potentials[at])
    shown = evenly_spread(spins.shape[1], MAX_STATES)
    states = Series("spins", "", tuple(f"spin {k}" for k in shown), spins[:, shown], "states")
    # the most telling first
    series = [potentials, states, *curves] if isinstance(task, Minimize) else [*curves, potentials, states]
    scale = device_s / ends.steps
    neurons_there = state.network(task).neurons
    if neurons_there > len(inside.cells):
        notes.append(f"{name}: of {len(inside.cells)} of {neurons_there} neurons")
    if spins.shape[1] > shown.size:
        notes.append(f"spins: {shown.size} of {spins.shape[1]} are kept, evenly spread")
    if stride > 1:
        notes.append(f"one in {stride} of {ends.steps} steps is kept")
    if abs(scale / ends.step_s - 1.0) > 1e-9:
        notes.append(f"1 s of the model is {scale / ends.step_s:.4g} s of the chip")
    return make_trace(
        program, task, scale * steps, series, ends.spins[0],
        energies=program.requested.energy(spins), converged=bool(ends.settled[0]),
        spikes=(scale * inside.spike_steps, inside.spike_neurons), neurons=neurons_there, notes=notes,
        provenance=provenance,
    )  # fmt: skip


def _potential(state: ChipNetwork, task: Task) -> tuple[str, str]:
    if isinstance(task, RecallFrom) or (state.analog and not isinstance(task, Minimize)):
        return "membrane potentials", "V"
    return ("potentials", "") if isinstance(task, Minimize) else ("potentials, log odds", "")


def _outputs(state: ChipNetwork, inside: Inside, steps: NDArray[np.int64], step_s: float) -> Float:
    """Compute x (m, n) at the end of each of ``steps`` from the spikes in the window before, as they are read out."""
    memory = state.memory
    window = np.minimum(steps, round(state.times.read_s / step_s))
    counts = np.zeros((steps[-1] + 1, memory.neurons))
    np.add.at(counts, (inside.spike_steps.clip(max=steps[-1] - 1) + 1, inside.spike_neurons), 1.0)
    before = np.cumsum(counts, axis=0)  # spikes in steps before each
    rates = (before[steps] - before[steps - window])[:, : memory.size] / (window * step_s)[:, None]
    share = window / round(state.times.read_s / step_s)
    return np.asarray(share[:, None] * (2.0 * rates / memory.unit_hz - 1.0))


def _sampled_states(
    state: ChipNetwork, inside: Inside, steps: NDArray[np.int64], ends: Ends, tau: float
) -> NDArray[np.int8]:
    n, stride = state.size, int(steps[0]) if len(steps) < 2 else int(steps[1] - steps[0])
    dt = ends.step_s
    start = float(steps[0] - stride) * dt
    whole = SpikeStates(
        inside.spike_steps, np.zeros_like(inside.spike_steps), inside.spike_neurons, (1, n), dt, tau, start,
        float(steps[-1]) * dt, np.zeros((1, n), np.int8),
    )  # fmt: skip
    return whole.spins(stride * dt)[0]


def _search_states(
    state: ChipNetwork, inside: Inside, steps: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return (steps, spins) from the first state in which every group has fired; none on if there never was one."""
    times, winners = states_of_spikes(inside.spike_steps, inside.spike_neurons, state.groups)
    if not len(times):
        return steps, np.full((len(steps), state.size), -1, np.int8)
    steps = steps[steps > times[0]]
    return steps, spins_of_winners(state, winners[np.searchsorted(times, steps) - 1])
