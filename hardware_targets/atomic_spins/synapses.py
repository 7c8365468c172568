r"""Fast neurons and slow synapses in one array of atoms, and how the synapses adapt.

.. math:: p(n, s) \propto e^{-\beta E(n, s)}, \qquad p(n \mid s) \propto
          \exp \beta \Bigl( \sum_i (h_i + \textstyle\sum_k J_{ik} s_k) n_i
          + \tfrac12 \sum_{ij} J_{ij} n_i n_j \Bigr), \qquad \gamma_s = \gamma_n / \text{slowness}

with neurons n and synapses s, both two-state atoms of one symmetric J. While a synapse stands still the neurons come
to p(n | s), a law of their own for each of its states: the synapses are a memory. Over many switches of the neurons
the synapses follow their mean field, and a change of bias moves them to another p(s) by themselves: self-adaption
with two time scales, which are the eigenvalues of the generator on either side of its gap.

That ensembles of cobalt on black phosphorus have two well separated time scales, conditional laws of the neurons for
given synapses, and synapses that reorganize under an electrical stimulus is read: Kiraly et al., Nat. Nanotechnol. 16,
414 (2021), abstract (arXiv 2005.01547). That one rate law with two attempt rates describes it, and the ratio of
10^2..10^3, are assumptions: ``synapse_slowness`` of ``data.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.exact import boltzmann, spins_of
from neuromorph.ising import Float, Ising
from neuromorph.rng import RNG, kernel_states, read_seeds

from .atom_costs import DATA
from .stationary import switching_rates
from .telegraph import simulate_switching

_GAP = 1e-9  # rates below this part of the largest one are round-off of the stationary state


@dataclass(frozen=True, eq=False)
class SynapticArray:
    """Atoms of which the last ones switch slowly.

    Attributes
    ----------
    ising : Ising
        Couplings and biases of all atoms, neurons first.
    synapses : int
        Number of slow atoms.
    slowness : float
        Attempt rate of the neurons over that of the synapses.
    beta, theta : float
        Inverse temperature; position of the barrier.
    """

    ising: Ising
    synapses: int
    slowness: float = DATA["synapse_slowness"].value
    beta: float = 1.0
    theta: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.synapses < self.ising.size:
            raise ValueError(f"synapses is {self.synapses}; of {self.ising.size} atoms take 1 to {self.ising.size - 1}")
        if not (np.isfinite(self.slowness) and self.slowness >= 1.0):
            raise ValueError(f"slowness is {self.slowness}; synapses switch at most as fast as neurons: 1 or more")

    @property
    def neurons(self) -> int:
        """Number of fast atoms."""
        return self.ising.size - self.synapses

    @property
    def speeds(self) -> Float:
        """Attempt rate of each atom over that of a neuron, (n,)."""
        return np.r_[np.ones(self.neurons), np.full(self.synapses, 1.0 / self.slowness)]

    @property
    def synapse_states(self) -> NDArray[np.int64]:
        """State of the synapses as a number in each state of all, (2**n,)."""
        return np.arange(1 << self.ising.size) >> self.neurons

    def rates(self) -> Float:
        """Compute the rate of every switch.

        Returns
        -------
        (2**n, 2**n) float
            Rates in units of the attempt rate of the neurons.
        """
        return switching_rates(self.ising.dense_couplings(), self.ising.biases, self.beta, self.theta, self.speeds)

    def joint(self) -> Float:
        """Compute the law of neurons and synapses together.

        Returns
        -------
        (synapse states, neuron states) float
            p(s, n), by enumeration.
        """
        return np.asarray(boltzmann(self.ising, self.beta)).reshape(1 << self.synapses, 1 << self.neurons)

    def conditional(self) -> Float:
        """Compute the law of the neurons for each state of the synapses.

        Returns
        -------
        (synapse states, neuron states) float
            p(n | s), by enumeration.
        """
        joint = self.joint()
        return joint / joint.sum(axis=1, keepdims=True)

    def relaxation_times(self) -> Float:
        """Compute the time scales of the joint dynamics.

        Returns
        -------
        (2**n - 1,) float
            Times in attempt times of the neurons, longest first: 2^synapses - 1 are those of the synapses.
        """
        rates = self.rates()
        p = self.joint().ravel()
        generator = rates - np.diag(rates.sum(axis=1))
        root = np.sqrt(p)
        decay = -np.linalg.eigvalsh(root[:, None] * generator / root)
        return 1.0 / np.sort(decay[decay > _GAP * decay.max()])

    def adiabatic_rates(self) -> Float:
        """Compute the rates of the synapses under the mean of neurons that follow at once.

        Returns
        -------
        (2**synapses, 2**synapses) float
            Rates in units of the attempt rate of the neurons, sum over n of p(n | s) r(s, n -> s'): the limit of large
            slowness.
        """
        shape = (1 << self.synapses, 1 << self.neurons)
        rates = self.rates().reshape(*shape, *shape)
        between = np.einsum("sn,snTm->sT", self.conditional(), rates)
        np.fill_diagonal(between, 0.0)
        return between

    def with_biases(self, biases: Float) -> SynapticArray:
        """Return the same atoms under other biases, as after a step of the voltage.

        Parameters
        ----------
        biases : (n,) float
            h.

        Returns
        -------
        SynapticArray
            Array.
        """
        return replace(self, ising=Ising(self.ising.couplings, biases, self.ising.offset))


def exact_response(before: SynapticArray, after: SynapticArray, times: Float) -> Float:
    """Compute the mean of every atom after a step from one equilibrium to another, exactly.

    Parameters
    ----------
    before, after : SynapticArray
        Array before and after the step.
    times : (k,) float
        Times after the step in attempt times of the neurons.

    Returns
    -------
    (k, n) float
        Mean spins.
    """
    rates = after.rates()
    root = np.sqrt(after.joint().ravel())
    decay, modes = np.linalg.eigh(root[:, None] * (rates - np.diag(rates.sum(axis=1))) / root)
    start = (before.joint().ravel() / root) @ modes
    laws = (start * np.exp(np.multiply.outer(np.asarray(times, dtype=float), decay))) @ modes.T * root
    return np.asarray(laws @ spins_of(np.arange(root.size), after.ising.size))


def simulate_response(
    before: SynapticArray, after: SynapticArray, times: Float, reads: int, rng: RNG = None
) -> NDArray[np.int8]:
    """Simulate atoms after a step from one equilibrium to another.

    Parameters
    ----------
    before, after : SynapticArray
        Array before and after the step.
    times : (k,) float
        Increasing times after the step in attempt times of the neurons.
    reads : int
        Number of independent trajectories.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (k, reads, n) int8
        States, started from the equilibrium before the step.

    Raises
    ------
    ValueError
        If the times do not increase from 0 on.
    """
    steps = np.diff(np.asarray(times, dtype=float), prepend=0.0)
    if not (np.isfinite(steps).all() and (steps >= 0.0).all()):
        raise ValueError("times must be finite, not negative and increasing")
    generator = np.random.default_rng(rng)
    n = after.ising.size
    spins = spins_of(generator.choice(1 << n, size=reads, p=before.joint().ravel()), n)
    streams = kernel_states(read_seeds(generator, reads))
    w = sparse.csc_array(after.ising.dense_couplings())
    seen = np.empty((steps.size, reads, n), np.int8)
    for k, step in enumerate(steps):
        if step > 0.0:
            simulate_switching(
                w, after.ising.biases, np.array([after.beta]), np.array([step]), spins, streams,
                theta=after.theta, speeds=after.speeds,
            )  # fmt: skip
        seen[k] = spins
    return seen
