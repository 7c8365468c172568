r"""Winner-take-all groups of escape-noise neurons under a sawtooth of gain: search for the best one-hot state.

.. math:: P(\text{spike in } dt) = \frac{r\, dt}{1 + e^{-\beta(t) u_i}}, \qquad
          u_i = 1 + \frac{1}{\kappa} \sum_j W'_{ij} y_j + \frac{Y}{\kappa} b'_i - \sum_{j \in g(i), j \ne i} y_j

where

* y is the trace of a neuron's spikes, one each, falling with tau_s, and Y its mean at the highest rate r;
* W', b' <= 0 are those of ``OneHot.inhibition``;
* kappa is ``strength`` times the mean over neurons of sqrt(sum_j W'_ij^2 + b'_i^2);
* beta rises from ``low`` to ``high`` in every period: at low beta the groups wander, at high beta they hold what fits.

The state is the last neuron that fired in each group. A search by spikes must beat uniform random states and Gibbs
sampling under the same sawtooth of beta: each gets as many decisions as the network had spikes, new states or updates
of one group.

Sources: Jonke, Habenschuss and Maass, Front. Neurosci. 10, 118 (2016) for constraints by spikes and winner-take-all;
escape noise: Gerstner et al., Neuronal Dynamics (2014), chapter 9. The sawtooth and all numbers are ours, by
measurement: r of 1 kHz lets rivals fire together, and finds half as many colorings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..ising import Float
from ..problems.one_hot import OneHot
from ..rng import RNG
from .brian.simulator import Backend, FractionProgress, build_simulator
from .brian.state_monitor import with_state_monitor
from .search_result import SearchResult, best_of_spikes

_HELD = 60.0  # u of a given neuron, and with the opposite sign of its rivals


@dataclass(frozen=True)
class WinnerTakeAll:
    """Parameters of winner-take-all networks.

    Where many constraints meet in a unit, and all can be kept, a lower ``strength`` makes each of them count: three
    Sudokus of 9 x 9 with 30 to 32 digits given were solved in 10 s by 13 of 30 networks at .1; by 7, 5 and 3 at .05, .2
    and .3; by none at .5 and 1.

    Attributes
    ----------
    tau_s, refractory_s : float
        Time constant of the trace, and refractory time, in s.
    rate_hz : float
        Highest rate r in Hz, at most 1 / dt.
    strength : float
        Strength of the competition relative to the constraints.
    low, high : float
        Ends of beta.
    period_s, dt_s : float
        Period of the sawtooth, and step, in s.
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
        """Mean time in s between the spikes of a neuron without inhibition."""
        return self.refractory_s + 1.0 / self.rate_hz - self.dt_s

    @property
    def level(self) -> float:
        """Mean trace Y of a neuron without inhibition."""
        return self.tau_s / self.interval_s

    def drives(self, problem: OneHot) -> tuple[Float, Float]:
        """Compute weights and biases in units of u, without the competition inside groups.

        Returns
        -------
        tuple of (n, n) float, (n,) float
            Weights and biases.
        """
        w, b = problem.inhibition
        _, power = np.frexp(max(abs(w).max(), abs(b).max()))
        w, b = np.ldexp(w, -power), np.ldexp(b, -power)  # keeps squares of tiny or huge numbers representable
        kappa = self.strength * float(np.sqrt((w**2).sum(axis=1) + b**2).mean()) or 1.0
        return w / kappa, b / kappa

    def network(self, problem: OneHot) -> tuple[Float, Float]:
        """Compute weights and biases in units of u, with competition and given units.

        Returns
        -------
        tuple of (n, n) float, (n,) float
            Weights and biases.
        """
        weights, biases = self.drives(problem)
        weights = weights - ((problem.groups[:, None] == problem.groups) & ~np.eye(problem.size, dtype=bool))
        biases = 1.0 + self.level * biases
        biases[np.isin(problem.groups, problem.groups[problem.given])] = -_HELD
        biases[problem.given] = _HELD
        return weights, biases


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
    """Search with independent winner-take-all networks, all on one random stream.

    Parameters
    ----------
    problem : OneHot
        The problem.
    duration_s : float
        Duration in s.
    chains : int
        Number of networks.
    neurons : WinnerTakeAll or None
        Parameters; None is the default.
    network : tuple of (n, n) float, (n,) float, or None
        Weights and biases as a device has them; None is ``neurons.network(problem)``.
    record : sequence of int
        Neurons whose potentials are recorded, chain after chain; the spikes stay the same.
    backend, rng, progress
        As in :func:`.build_simulator` and :meth:`.Simulator.run`.

    Returns
    -------
    SearchResult
        The best states.

    Raises
    ------
    ValueError
        If ``chains`` or ``duration_s`` is out of range.
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
    inside = None
    if len(record):
        inside = recording["inside.t"], recording["inside.y"].T + values["cells.b"][np.asarray(record, dtype=int)]
    return best_of_spikes(
        problem, duration_s, neurons.dt_s, weights, (step, chain, unit), chains, inside, recording.manifest
    )
