r"""Winner-take-all groups of escape-noise neurons under a sawtooth of gain: search for the best one-hot state.

.. math:: P(\text{spike in } dt) = \frac{r\, dt}{1 + e^{-\beta(t) u_i}}, \qquad
          u_i = 1 + \frac{1}{\kappa} \sum_j W'_{ij} y_j + \frac{Y}{\kappa} b'_i - \sum_{j \in g(i), j \ne i} y_j

y is the trace of a neuron's spikes, one each, falling with tau_s; Y its mean at the highest rate. W', b' <= 0 as of
``OneHot.inhibition``, kappa ``strength`` times the mean over neurons of sqrt(sum_j W'_ij^2 + b'_i^2). beta rises from
``low`` to ``high`` in every period: low, the groups wander; high, they hold what fits. The state is the last neuron
that fired in each group.

A search by spikes must beat uniform random states and Gibbs sampling under the same sawtooth of beta: each is given as
many decisions as the network had spikes, new states or updates of one group.

Sources: Jonke, Habenschuss and Maass, Front. Neurosci. 10, 118 (2016) for constraints by spikes and winner-take-all;
escape noise: Gerstner et al., Neuronal Dynamics (2014), chapter 9. The sawtooth and all numbers are ours, by
measurement: r of 1 kHz lets rivals fire together, and finds half as many colorings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..problems.one_hot import OneHot
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.limits import checkpoint
from ..runtime.pieces import pieces
from .brian.simulator import Backend, FractionProgress, build_simulator, with_state_monitor

_HELD = 60.0  # u of a given neuron, and of its rivals with the opposite sign


@dataclass(frozen=True)
class WinnerTakeAll:
    """Neurons: tau_s, refractory_s, period_s, dt_s (s); rate_hz, at most 1 / dt; strength; low, high: ends of beta.

    Where many constraints meet in a unit, and all can be kept, a lower ``strength`` makes each of them count: three
    Sudokus of 9 x 9 with 30 to 32 digits given were solved in 10 s by 13 of 30 networks at .1; by 7, 5 and 3 at .05,
    .2 and .3; by none at .5 and 1.
    """

    tau_s: float = 10e-3
    refractory_s: float = 5e-3
    rate_hz: float = 300.0
    strength: float = 1.0
    low: float = 0.5
    high: float = 6.0
    period_s: float = 0.5
    dt_s: float = 1e-3

    def __post_init__(self) -> None:
        for each in fields(self):
            if not (np.isfinite(getattr(self, each.name)) and getattr(self, each.name) > 0):
                raise ValueError(f"{each.name} is {getattr(self, each.name)}; it must be finite and positive")
        if self.rate_hz * self.dt_s > 1.0 + 1e-9:
            raise ValueError(f"rate_hz is {self.rate_hz}; at dt_s = {self.dt_s} it may be {1.0 / self.dt_s:g} at most")

    @property
    def interval_s(self) -> float:
        """Mean time between the spikes of a neuron that nothing holds back."""
        return self.refractory_s + 1.0 / self.rate_hz - self.dt_s

    @property
    def level(self) -> float:
        """Y, the mean trace of such a neuron."""
        return self.tau_s / self.interval_s

    def drives(self, problem: OneHot) -> tuple[Float, Float]:
        """(weights, biases) in units of u, without the competition inside groups."""
        w, b = problem.inhibition
        _, power = np.frexp(max(abs(w).max(), abs(b).max()))
        w, b = np.ldexp(w, -power), np.ldexp(b, -power)  # squares of tiny or huge numbers would be lost
        kappa = self.strength * float(np.sqrt((w**2).sum(axis=1) + b**2).mean()) or 1.0
        return w / kappa, b / kappa

    def network(self, problem: OneHot) -> tuple[Float, Float]:
        """(weights (n, n), biases (n,)) of the neurons in units of u, competition and given units with them."""
        weights, biases = self.drives(problem)
        weights = weights - ((problem.groups[:, None] == problem.groups) & ~np.eye(problem.size, dtype=bool))
        biases = 1.0 + self.level * biases
        biases[np.isin(problem.groups, problem.groups[problem.given])] = -_HELD
        biases[problem.given] = _HELD
        return weights, biases


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The best state of each chain; E is infinite, winners -1, where a group never had one.

    energies : (chains,)            E of it
    winners : (chains, groups) int  the unit that is on in each group
    found : (chains,)               when it was first there: s, or updates of a baseline
    updates : float                 decisions a chain: spikes, or updates of a baseline

    Of spikes only:

    courses : (k, 2) a chain        s and E of every state that was lower than all before
    spikes : (times_s, chains, units)
    potentials : (times_s (m,), u (m, k)) of the neurons that were to be recorded, or None
    activity : {event: (chains,)}   spikes, synaptic_operations, membrane_updates
    """

    energies: Float
    winners: NDArray[np.int64]
    found: Float
    updates: float
    courses: tuple[Float, ...] = ()
    spikes: tuple[Float, NDArray[np.int64], NDArray[np.int64]] | None = None
    potentials: tuple[Float, Float] | None = None
    activity: Mapping[str, Float] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def hits(self, target: float) -> int:
        """Chains that reached ``target``, to 1e-9 of it."""
        return count_hits(self.energies, target)


def count_hits(energies: Float, target: float) -> int:
    """How many of ``energies`` reach ``target``, to 1e-9 of it."""
    return int((energies <= target + 1e-9 * max(1.0, abs(target))).sum())


def solve_by_spikes(
    problem: OneHot,
    duration_s: float,
    *,
    chains: int = 1,
    neurons: WinnerTakeAll | None = None,
    network: tuple[Float, Float] | None = None,
    backend: Backend = "numpy",
    rng: RNG = None,
    progress: FractionProgress | None = None,
    record: Sequence[int] = (),
) -> SearchResult:
    """Let ``chains`` independent networks search for ``duration_s``; one stream for all of them together.

    network : (weights, biases) as a device has them, if not exactly ``neurons.network(problem)``
    record : neurons whose potentials are kept, chain after chain; the spikes stay
    """
    n, neurons = problem.size, neurons or WinnerTakeAll()
    if chains < 1 or not (np.isfinite(duration_s) and duration_s >= neurons.dt_s):
        raise ValueError(f"chains is {chains}, duration_s {duration_s}; give 1 and a step, {neurons.dt_s:g}, at least")
    weights, biases = neurons.network(problem) if network is None else network
    post, pre = np.nonzero(weights)
    offset = np.arange(chains)[:, None] * n

    def model(b2: Any) -> list[Any]:
        cells = b2.NeuronGroup(
            chains * n,
            """dy/dt = -y / tau : 1
            b : 1 (constant)
            beta = low + (high - low) * ((t / period) % 1.0) : 1""",
            method="exact",
            threshold="rand() < chance / (1 + exp(clip(-beta * (b + y), -500, 500)))",
            refractory=neurons.refractory_s * b2.second,
            namespace={
                "tau": neurons.tau_s * b2.second,
                "period": neurons.period_s * b2.second,
                "low": neurons.low,
                "high": neurons.high,
                "chance": neurons.rate_hz * neurons.dt_s,
            },
            name="cells",
        )
        objects = [cells, b2.SpikeMonitor(cells, name="spikes")]
        if len(pre):
            synapses = b2.Synapses(cells, cells, "w : 1 (constant)", on_pre="y_post += w", name="synapses")
            synapses.connect(i=(offset + pre).ravel(), j=(offset + post).ravel())
            objects.append(synapses)
        return objects

    values = {"cells.b": np.tile(biases, chains)}
    if len(pre):
        values["synapses.w"] = np.tile(weights[post, pre], chains)
    watched = with_state_monitor(model, "cells", "y", record)
    recording = build_simulator(watched, dt_s=neurons.dt_s, backend=backend).run(
        duration_s, values, rng=rng, progress=progress
    )
    chain, unit = np.divmod(np.asarray(recording["spikes.i"], dtype=np.int64), n)
    step = np.rint(recording["spikes.t"] / neurons.dt_s).astype(np.int64)
    winners = np.full((chains, problem.groups.max() + 1), -1)
    energies, found = np.full(chains, np.inf), np.full(chains, np.nan)
    courses = [np.empty((0, 2))] * chains
    for c in range(chains):
        checkpoint("energies of the states", c, chains)
        mine = chain == c
        times, states = states_of_spikes(step[mine], unit[mine], problem)
        if not len(times):
            continue
        energy = problem.energy(states)
        best = int(np.argmin(energy))
        winners[c], energies[c], found[c] = states[best], energy[best], (times[best] + 1) * neurons.dt_s
        lower = np.diff(np.minimum.accumulate(energy), prepend=np.inf) < 0
        courses[c] = np.column_stack([(times[lower] + 1) * neurons.dt_s, energy[lower]])
    activity = {
        "spikes": np.bincount(chain, minlength=chains).astype(float),
        "synaptic_operations": np.bincount(chain, np.bincount(pre, minlength=n)[unit], minlength=chains),
        "membrane_updates": np.full(chains, float(round(duration_s / neurons.dt_s) * n)),
    }
    spikes = np.asarray(step * neurons.dt_s), chain.astype(np.int64), unit.astype(np.int64)
    inside = None
    if len(record):
        inside = recording["inside.t"], recording["inside.y"].T + values["cells.b"][np.asarray(record, dtype=int)]
    return SearchResult(
        energies, winners, found, len(unit) / chains, tuple(courses), spikes, inside, activity, recording.manifest
    )


def states_of_spikes(
    steps: NDArray[np.int64], units: NDArray[np.int64], problem: OneHot
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(steps (k,), states (k, groups)) at the end of each step with a spike, once every group has fired."""
    times, row = np.unique(steps, return_inverse=True)
    last = np.full((len(times), problem.groups.max() + 1), -1)
    last[row, problem.groups[units]] = units
    seen = np.maximum.accumulate(np.where(last >= 0, np.arange(len(times))[:, None], -1), axis=0)
    states = np.take_along_axis(last, np.maximum(seen, 0), axis=0)
    whole = (seen >= 0).all(axis=1)
    return times[whole], states[whole]


def solve_by_gibbs(
    problem: OneHot, updates: int, *, chains: int = 1, neurons: WinnerTakeAll | None = None, rng: RNG = None
) -> SearchResult:
    """Heat bath of one random group an update, at the beta, W and b of ``neurons``.

    One sawtooth takes as many sweeps over all groups as winners at their highest rate fire in a period.
    """
    neurons = neurons or WinnerTakeAll()
    sweeps = neurons.period_s / neurons.interval_s
    phase = np.arange(max(0, updates)) / (sweeps * (problem.groups.max() + 1))
    return _search(problem, neurons, neurons.low + (neurons.high - neurons.low) * (phase % 1.0), chains, rng)


def sample_uniformly(problem: OneHot, updates: int, *, chains: int = 1, rng: RNG = None) -> SearchResult:
    """The best of ``updates`` uniform states."""
    return _search(problem, WinnerTakeAll(), np.full(max(0, updates), -1.0), chains, rng)


def _search(problem: OneHot, neurons: WinnerTakeAll, betas: Float, chains: int, rng: RNG) -> SearchResult:
    from .one_hot_gibbs_kernel import one_hot_gibbs

    if not betas.size:
        raise ValueError("updates is 0; ask for at least one")
    weights, biases = neurons.drives(problem)
    weights, biases = weights * neurons.level, biases * neurons.level
    winners = np.empty((chains, problem.groups.max() + 1), np.int64)
    found = np.empty(chains)
    for chain, state in enumerate(kernel_states(read_seeds(rng, chains))):
        best, fields, course = np.empty_like(winners[0]), np.empty(biases.size), np.full(4, -1.0)
        for _, part in pieces(1, betas.size, "baselines", before=chain * betas.size, total=chains * betas.size):
            one_hot_gibbs(weights, biases, problem.members, betas[part], winners[chain], best, fields, course, state)
        winners[chain], found[chain] = best, course[2]
    return SearchResult(problem.energy(winners), winners, found, float(betas.size))
