r"""Reads of analog networks made of electronics: start, settle, compare.

.. math:: \tau_i \dot u_i = R_i \Big(\sum_j T_{ij} V_j + I_i\Big) - u_i, \qquad s_i = \mathrm{sign}(u_i)

where u are the neurons' potentials, V = g(u) their outputs, T the conductances of the synapses, I the bias currents,
R the total resistance at a neuron, and s the spins that the comparators read. A board of resistors and a memristor
crossbar share these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits.energy.class_power import ClassMeter
from circuits.energy.ode_energy import Rails
from neuromorph.analog import AnalogNetwork, can_batch, mean_field_anneal, simulate, simulate_batch
from neuromorph.analog.mean_field_annealing import GainRamp
from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Float
from neuromorph.protocol import DoesNotFit
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.task import Minimize, RecallFrom, Task

from .sampled_loop import relax_sampled
from .trajectory_energy import PowerProbe, energies_by_event, energy_of_window

Stream: TypeAlias = np.random.SeedSequence
NetworkObserver: TypeAlias = Callable[[float, Float, Float], None]
"""Of t in s, u and V (reads, n), V; it is shown states in the order of time and changes nothing."""

STAGES = 2  # gain stages of a neuron: two amplifiers of sqrt(gain) are faster than one
AMPLIFIERS = STAGES + 1  # amplifiers of a neuron: its gain stages and an inverter
CUE = 0.9  # outputs at the start of a recall, as a fraction of the swing

_REST = 1e-3  # largest distance of a resting potential from its equilibrium, over the largest potential or the swing
_WINDOW, _WINDOWS, _LOOKS = 10.0, 40, 41  # length of a window in R C, largest number of windows, samples in each
_RTOL, _ATOL_V = 1e-4, 1e-6
_FLOATS = 1 << 17  # number of potentials that are annealed in one batch


@dataclass(frozen=True, eq=False)
class NetworkReads:
    """Results of reads.

    Attributes
    ----------
    spins : (reads, n) int8
        The spins that the comparators read.
    seconds : (reads,) float
        Duration of each read.
    settled : (reads,) bool
        Whether the network was at rest.
    joules : dict of str to (reads,) float
        Energy by event, or empty.
    status : str
        The status of a Run: ``interrupted`` where there are fewer reads than requested.
    ramp : GainRamp or None
        The ramp of the gain, if the reads were annealed.
    """

    spins: NDArray[np.int8]
    seconds: Float
    settled: NDArray[np.bool_]
    joules: Mapping[str, Float] = field(default_factory=dict)
    status: str = "ok"
    ramp: GainRamp | None = None

    def slowed(self, factor: float) -> NetworkReads:
        """Scale all capacitors, which changes nothing but time and joules.

        Parameters
        ----------
        factor : float
            Factor on all capacitors.

        Returns
        -------
        NetworkReads
            Reads that take ``factor`` times as long.
        """
        joules = {name: factor * each for name, each in self.joules.items()}
        return replace(self, seconds=factor * self.seconds, joules=joules)


def check_speed(tau_s: float, gain: float, bandwidth_hz: float, swing_v: float, slew_v_per_s: float) -> None:
    """Check that the amplifiers are fast enough for the ODE, which neglects their delay.

    Parameters
    ----------
    tau_s : float
        R C of a neuron, s.
    gain, bandwidth_hz : float
        Gain of a neuron and gain-bandwidth product of its amplifiers.
    swing_v, slew_v_per_s : float
        Output swing and slew rate.

    Raises
    ------
    ValueError
        Unless R C is at least ten times the delay of a neuron's amplifiers.
    """
    need = 10.0 * (STAGES * gain ** (1.0 / STAGES) / (2.0 * pi * bandwidth_hz) + 2.0 * swing_v / slew_v_per_s)
    if not (np.isfinite(tau_s) and tau_s >= need):
        raise ValueError(f"tau_s is {tau_s:g}; it must be at least {need:.2g} s, ten times what the amplifiers need")


def read_time(tau: Datum, tau_s: float | None, slot: Datum | None = None) -> Cost:
    """Return the latency of a read, with the uncertainty of its time constant.

    Parameters
    ----------
    tau : Datum
        The usual time constant.
    tau_s : float or None
        The user's time constant, s.
    slot : Datum, optional
        The duration of one slot of a tour.

    Returns
    -------
    Cost
        The price of ``device_s`` in seconds.
    """
    constant = f"tau_s = {tau_s:g} s, as given by the user" if tau_s is not None else f"{tau.value:g} s, {tau.source}"
    source = f"simulated dynamics; R C of {constant}"
    if slot is not None:
        source += f"; for tours a slot of {slot.value:g} s, {slot.source}"
    return Cost("device_s", "a read", time=Datum(1.0, "s/s", 1.0, 1.0, tau.kind, source))


def count_activity(
    task: Task, ends: NetworkReads, *, cells: int, biases: int, amplifiers: int, siemens: float
) -> dict[str, Float | float]:
    """Count the events that have a price.

    A cue needs a DAC conversion for each cell, and an anneal needs a noise source for each cell.

    Parameters
    ----------
    task : Task
        The task of the reads.
    ends : NetworkReads
        Their results.
    cells, biases, amplifiers : int
        Neurons or integrators; bias currents; amplifiers.
    siemens : float
        Conductance of all synapses that conduct at full swing at one time, S.

    Returns
    -------
    dict of str to float or (reads,) float
        Number of events by name.
    """
    relaxes = isinstance(task, RecallFrom)
    return {
        "device_s": ends.seconds,
        "amplifier_s": amplifiers * ends.seconds,
        "siemens_s": siemens * ends.seconds,
        "noise_s": np.zeros_like(ends.seconds) if relaxes else cells * ends.seconds,
        "conversions": float(biases + (cells if relaxes else 0)),
        "comparisons": float(cells),
    }


def require_minimize(device: str, task: Task) -> None:
    """Require the task to minimize, the only one of a board for tours.

    Parameters
    ----------
    device : str
        Name of the target.
    task : Task
        Task.

    Raises
    ------
    DoesNotFit
        If the task is another one.
    """
    if not isinstance(task, Minimize):
        raise DoesNotFit(
            f"{device} holds a tour as a permutation, which it only minimizes; program problem.ising() instead"
        )


def run_networks(
    task: Task,
    reads: int,
    networks: Iterable[tuple[AnalogNetwork, Sequence[Stream]]],
    rails: Rails | None = None,
    observe: NetworkObserver | None = None,
) -> NetworkReads:
    """Run the reads of each network, relaxed from their cues or annealed.

    Parameters
    ----------
    task : Task
        Recall relaxes from its cues; any other task anneals.
    reads : int
        Number of reads in all.
    networks : iterable of (AnalogNetwork, sequence of SeedSequence)
        Each network with the streams of its reads.
    rails : Rails, optional
        The supply; with it the energy of each read is computed, for networks of resistors.
    observe : callable, optional
        Called with t in s, u and V (reads, n) in the order of time; for a single read. It changes nothing.

    Returns
    -------
    NetworkReads
        All reads in order.
    """
    parts, status = whole_parts(_one_by_one(task, reads, networks, rails, observe))
    return NetworkReads(
        np.concatenate([part.spins for part in parts]),
        np.concatenate([part.seconds for part in parts]),
        np.concatenate([part.settled for part in parts]),
        {name: np.concatenate([part.joules[name] for part in parts]) for name in parts[0].joules},
        status,
        parts[0].ramp,
    )


def _one_by_one(
    task: Task,
    reads: int,
    networks: Iterable[tuple[AnalogNetwork, Sequence[Stream]]],
    rails: Rails | None,
    observe: NetworkObserver | None,
) -> Iterator[NetworkReads]:
    done = 0
    for network, seeds in networks:
        meter = None if rails is None else ClassMeter(network, rails)
        step = 1 if isinstance(task, RecallFrom) else max(1, _FLOATS // network.size)
        for k in range(0, len(seeds), step):
            checkpoint("reads", done, reads)
            if isinstance(task, RecallFrom):
                yield relax_networks(network, task.cues(reads, network.size)[done], meter, observe)
            else:
                yield _annealed(network, seeds[k : k + step], meter, observe)
            done += len(seeds[k : k + step])


def relax_networks(
    network: AnalogNetwork,
    cue: NDArray[np.int8],
    meter: ClassMeter | None = None,
    observe: NetworkObserver | None = None,
) -> NetworkReads:
    """Relax the network from one cue until it rests or 400 R C have passed.

    A network with a product of its own, one between converters, is sampled and held (``sampled_loop``).

    The network rests from the first sample after which ``|u - R (T V + I)|`` stays below a thousandth of the swing
    or of the largest ``|u|``.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    cue : (n,) int8
        Start state.
    meter : ClassMeter, optional
        Computes the energy.
    observe : callable, optional
        Called as of :func:`run_networks`.

    Returns
    -------
    NetworkReads
        One read.
    """
    swing = network.activation.swing
    window = _WINDOW * float(network.time_constants_s.max())
    u = network.activation.inverse(CUE * swing * cue)
    if network.product is not None:
        u, seconds, rests = relax_sampled(network, u, _REST, observe)
        return NetworkReads(network.spins(u)[None], np.array([seconds]), np.array([rests]))
    integrate = simulate_batch if can_batch(network) else simulate
    spent: list[Float] = []
    seconds = 0.0
    if observe is not None:  # outputs of a high gain turn within the first sample of a window
        start = integrate(network, u, window / (_LOOKS - 1), samples=_LOOKS, rtol=_RTOL, atol=_ATOL_V)
        for k in range(_LOOKS - 1):
            observe(float(start.times[k]), start.potentials[k], start.voltages[k])
    for _ in range(_WINDOWS):
        path = integrate(network, u, window, samples=_LOOKS, rtol=_RTOL, atol=_ATOL_V)
        u = path.final[0]
        bound = _REST * max(swing, float(np.abs(u).max()))
        restless = np.flatnonzero(network.mean_field_residual(path.potentials[:, 0]) > bound)
        first = 1 if restless.size == 0 else int(restless[-1]) + 1
        rests = path.status == "ok" and first < _LOOKS
        if meter is not None:
            spent.append(energy_of_window(meter, path, first + 1 if rests else len(path.times)))
        if observe is not None:
            for k in range(1, first + 1 if rests else len(path.times)):
                observe(seconds + float(path.times[k]), path.potentials[k], path.voltages[k])
        seconds += float(path.times[first]) if rests else window
        if rests:
            break
    joules = {}
    if meter is not None:
        joules = energies_by_event(
            np.sum(spent, axis=0)[:, None], meter.stored(path.potentials[first] if rests else u[None])
        )
    return NetworkReads(network.spins(u)[None], np.array([seconds]), np.array([rests]), joules)


def _annealed(
    network: AnalogNetwork, seeds: Sequence[Stream], meter: ClassMeter | None, observe: NetworkObserver | None
) -> NetworkReads:
    looks = None if meter is None else PowerProbe(network, meter)

    def watch(t_s: float, u: Float, v: Float) -> None:
        for each in (looks, observe):
            if each is not None:
                each(t_s, u, v)

    ends = mean_field_anneal(network, seeds, observe=None if looks is None and observe is None else watch)
    if observe is not None:
        observe(ends.duration_s, ends.potentials, network.voltages(ends.potentials))
    joules = {} if looks is None else looks.joules(ends.duration_s, ends.potentials)
    return NetworkReads(ends.spins, np.full(len(ends.spins), ends.duration_s), ends.converged, joules, ramp=ends.ramp)
