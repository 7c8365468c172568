r"""Hopfield and Tank's tour network of 1985 with its published parameters, whose failures it reproduces.

.. math:: \dot u_{xi} = -\frac{u_{xi}}{\tau} - A \sum_{j \ne i} V_{xj} - B \sum_{y \ne x} V_{yi}
          - C \Big(\sum_{yj} V_{yj} - n_0\Big) - D \sum_y d_{xy} (V_{y,i+1} + V_{y,i-1}), \quad
          V = \tfrac12 \big(1 + \tanh(u / u_0)\big)

where

* V_xi belongs to city x at position i, and d_xy is the distance of two cities;
* A, B, C and D weigh rows, columns, the total and the length of the tour;
* n_0 is the target of the total, u_0 the width of the activation, tau the time constant of the leak.

The values published for 10 cities in the unit square are A = B = D = 500, C = 200, n0 = 15, u0 = 0.02, tau = 1.
Starting from V = 1 / n with 10 % of u0 of noise, about one start in ten ends in a tour.
Source: Hopfield, Tank, Biol. Cybern. 52, 141 (1985); failure: Wilson, Pawley, Biol. Cybern. 58, 63 (1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .activations import Logistic
from .assignments import Permutations, check_distances
from .network import AnalogNetwork


@dataclass(frozen=True, eq=False)
class HopfieldTank:
    """Hopfield-Tank dynamics for one matrix of distances, which any solver can integrate.

    Attributes
    ----------
    distances : (n, n) float
        d, in units in which the cities fill the unit square.
    a, b, c, d : float
        Weights of rows, columns, their total and the tour, in 1/s.
    surplus : float
        n0 - n, the excess over n ones that the amplifiers need to reach them.
    u0 : float
        Width of the activation.
    tau_s : float
        Time constant of the leak in s.
    """

    distances: Any
    a: float = 500.0
    b: float = 500.0
    c: float = 200.0
    d: float = 500.0
    surplus: float = 5.0
    u0: float = 0.02
    tau_s: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "distances", check_distances(self.distances))
        for name in ("a", "b", "c", "d", "surplus", "u0", "tau_s"):
            value = getattr(self, name)
            if not np.isfinite(value) or (name in ("u0", "tau_s") and value <= 0):
                raise ValueError(f"{name} is {value}; it must be finite, u0 and tau_s positive")

    @property
    def size(self) -> int:
        """Number of cities n."""
        return len(self.distances)

    def voltages(self, state: ArrayLike) -> Float:
        """Evaluate the outputs V of the potentials u.

        Returns
        -------
        ndarray of float
            V in the shape of ``state``.
        """
        return 0.5 * (1.0 + np.tanh(np.asarray(state, dtype=float) / self.u0))

    def rhs(self, t: float, state: ArrayLike) -> Float:
        """Evaluate du/dt; the system is autonomous.

        Parameters
        ----------
        t : float
            Time in s, which is ignored.
        state : array_like
            u, (..., n, n) or flat.

        Returns
        -------
        ndarray of float
            du/dt in 1/s, in the shape of ``state``.
        """
        u = np.asarray(state, dtype=float)
        v = self.voltages(u).reshape(-1, self.size, self.size)
        rows, columns = v.sum(axis=2, keepdims=True), v.sum(axis=1, keepdims=True)
        tour = self.distances @ (np.roll(v, 1, axis=2) + np.roll(v, -1, axis=2))
        total = rows.sum(axis=1, keepdims=True) - self.size - self.surplus
        force = self.a * (rows - v) + self.b * (columns - v) + self.c * total + self.d * tour
        return -u / self.tau_s - force.reshape(u.shape)

    def network(self) -> AnalogNetwork:
        """Build the network of n^2 neurons, C = 1 F, with the same equations and an energy.

        No passive circuit realizes this network: its synapses would load the neurons far more than 1 / R = 1 F / tau.

        Returns
        -------
        AnalogNetwork
            The network; neuron x n + i belongs to city x at position i.
        """
        one, other = np.eye(self.size), 1.0 - np.eye(self.size)
        shift = np.roll(one, 1, axis=1)
        conductances = -self.a * np.kron(one, other) - self.b * np.kron(other, one) - self.c
        conductances -= self.d * np.kron(self.distances, shift + shift.T)
        currents = self.c * (self.size + self.surplus)
        return AnalogNetwork(conductances, self.tau_s, 1.0, currents, Logistic(gain=2.0 / self.u0))

    def initial(self, seeds: Sequence[np.random.SeedSequence]) -> Float:
        """Draw initial potentials at which V = 1 / n, with noise of +-10 % of u0.

        Returns
        -------
        (reads, n, n) float
            u at t = 0, one draw for each of ``seeds``.
        """
        shape = (self.size, self.size)
        noise = [np.random.default_rng(seed).uniform(-0.1, 0.1, shape) for seed in seeds]
        return self.u0 * (np.arctanh(2.0 / self.size - 1.0) + np.array(noise))


@single_threaded_blas()
def hopfield_tank(
    system: HopfieldTank | ArrayLike,
    seeds: Sequence[np.random.SeedSequence],
    *,
    duration_tau: float = 0.01,
    step_tau: float = 1e-5,
) -> Permutations:
    """Integrate one start for each of ``seeds`` by Euler's method, as published.

    The default duration of 0.01 tau is 250 times u0 / A, in which A alone crosses the activation; three or ten times as
    long gives the same tours.

    Parameters
    ----------
    system : HopfieldTank or (n, n) array_like
        The dynamics, or distances for the published parameters.
    seeds : sequence of SeedSequence
        One seed for each read.
    duration_tau : float
        Duration in units of tau.
    step_tau : float
        Largest step in units of tau.

    Returns
    -------
    Permutations
        The final outputs of all reads.

    Raises
    ------
    ValueError
        If ``seeds`` are empty or 0 < step_tau <= duration_tau does not hold.
    """
    system = system if isinstance(system, HopfieldTank) else HopfieldTank(system)
    if not (0 < step_tau <= duration_tau < np.inf):
        raise ValueError(f"step_tau is {step_tau} and duration_tau {duration_tau}; expected 0 < step <= duration")
    if len(seeds) == 0:
        raise ValueError("seeds are empty; give one a read")
    steps = int(np.ceil(duration_tau / step_tau * (1.0 - 1e-12)))
    dt = duration_tau * system.tau_s / steps
    u = system.initial(seeds)
    for step in range(steps):
        checkpoint("Hopfield and Tank's dynamics", step, steps)
        u += dt * system.rhs(0.0, u)
    return Permutations(system.voltages(u), duration_tau, steps, np.zeros(len(seeds), np.int64))
