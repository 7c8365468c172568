"""Best states that chains of a search by spikes have visited, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..problems.one_hot import OneHot
from ..runtime.limits import checkpoint


@dataclass(frozen=True, eq=False)
class SearchResult:
    """Best state of each chain of a search.

    Attributes
    ----------
    energies : (chains,) float
        E of the best state; infinite where a group never had a winner.
    winners : (chains, groups) int
        Unit that is on in each group; -1 where there was none.
    found : (chains,) float
        Time when the best state was first reached, in s, or in updates of a baseline.
    updates : float
        Decisions a chain: spikes, or updates of a baseline.
    courses : tuple of (k, 2) float
        Time in s and E of every record of each chain; of spikes only.
    spikes : tuple or None
        Times in s, chains and units; of spikes only.
    potentials : tuple of (m,) float, (m, k) float, or None
        Times in s and u of the recorded neurons; of spikes only.
    activity : dict of str to (chains,) float
        Counts of spikes, synaptic_operations and membrane_updates; of spikes only.
    manifest : dict of str to Any
        Record of the run, see :class:`.Recording`; of spikes only.
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
        """Count the chains that reached ``target``, to 1e-9 of it.

        Returns
        -------
        int
            The number of chains.
        """
        return count_hits(self.energies, target)


def count_hits(energies: Float, target: float) -> int:
    """Count the energies that reach ``target``, to 1e-9 of it.

    Parameters
    ----------
    energies : (chains,) float
        Energies.
    target : float
        Energy to reach.

    Returns
    -------
    int
        The number of energies.
    """
    return int((energies <= target + 1e-9 * max(1.0, abs(target))).sum())


def best_of_spikes(
    problem: OneHot,
    duration_s: float,
    dt_s: float,
    weights: Float,
    spikes: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    chains: int,
    potentials: tuple[Float, Float] | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> SearchResult:
    """Find the best state that each chain visited, and count its events.

    Parameters
    ----------
    problem : OneHot
        Problem.
    duration_s, dt_s : float
        Duration and step in s.
    weights : (n, n) float
        Weights of the network; column j holds the synapses of neuron j.
    spikes : tuple of three (m,) int
        Step, chain and unit of each spike.
    chains : int
        Number of chains.
    potentials, manifest
        As :class:`SearchResult` holds them.

    Returns
    -------
    SearchResult
        The best states.
    """
    step, chain, unit = spikes
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
        winners[c], energies[c], found[c] = states[best], energy[best], (times[best] + 1) * dt_s
        lower = np.diff(np.minimum.accumulate(energy), prepend=np.inf) < 0
        courses[c] = np.column_stack([(times[lower] + 1) * dt_s, energy[lower]])
    fan_out = np.count_nonzero(weights, axis=0)
    activity = {
        "spikes": np.bincount(chain, minlength=chains).astype(float),
        "synaptic_operations": np.bincount(chain, fan_out[unit], minlength=chains),
        "membrane_updates": np.full(chains, float(round(duration_s / dt_s) * problem.size)),
    }
    times_s = np.asarray(step * dt_s, dtype=float)
    return SearchResult(
        energies, winners, found, len(unit) / chains, tuple(courses), (times_s, chain, unit), potentials, activity,
        manifest or {},
    )  # fmt: skip


def states_of_spikes(
    steps: NDArray[np.int64], units: NDArray[np.int64], problem: OneHot
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the states at the ends of the steps with a spike, once every group has fired.

    Parameters
    ----------
    steps, units : (spikes,) int
        Step and unit of each spike.
    problem : OneHot
        The groups.

    Returns
    -------
    steps : (k,) int
        The steps.
    states : (k, groups) int
        Unit that is on in each group.
    """
    times, row = np.unique(steps, return_inverse=True)
    last = np.full((len(times), problem.groups.max() + 1), -1)
    last[row, problem.groups[units]] = units
    seen = np.maximum.accumulate(np.where(last >= 0, np.arange(len(times))[:, None], -1), axis=0)
    states = np.take_along_axis(last, np.maximum(seen, 0), axis=0)
    whole = (seen >= 0).all(axis=1)
    return times[whole], states[whole]
