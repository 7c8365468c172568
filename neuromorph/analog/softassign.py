r"""Adiabatic softassign: a leaky integrator, a normalizer of rows and columns, and a falling temperature.

.. math:: \dot U = -U - \hat d\, V (S + S^\top) + \frac{\gamma(t)}{n} V + \sigma T \dot W, \qquad
          V = \mathrm{Sinkhorn}\,e^{U / T(t)}

where

* U_xi belongs to city x at position i of the tour, and V is doubly stochastic;
* S shifts the positions cyclically;
* d^ is the doubly centered matrix of distances over its largest absolute eigenvalue; centering adds constants to rows
  and columns of U, which do not change V;
* gamma / n is the self-coupling, and sigma W is noise in the exponent U / T, which makes the reads differ;
* time is in units of the leak's time constant tau.

T falls geometrically from 0.9 to 0.02 of Tc = (2 cos(2 pi / n) + gamma(0) / n) / n, where the first tour-like mode
grows. gamma rises as the eighth power of time: late enough to leave the choice of the tour alone, high enough to make V
a permutation.

Source: Rangarajan, Gold, Mjolsness, Neural Comput. 8, 1041 (1996), softassign; Van den Bout, Miller, Biol. Cybern. 62,
129 (1989), Tc of a normalized network. The course of gamma and the noise are ours, chosen by measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from ..rng import kernel_states
from ..runtime.pieces import pieces
from ..runtime.threads import single_threaded_blas
from .assignments import Permutations, check_distances
from .doubly_stochastic import sinkhorn

_POWER = 8
_STEP_TAU = 0.5
_SCATTER = 1e-3  # deviation of U(0), which only breaks the symmetry of tours that differ by a shift or in direction


@dataclass(frozen=True, eq=False)
class Softassign:
    """Softassign dynamics for one matrix of distances, which any solver can integrate.

    Attributes
    ----------
    distances : (n, n) float
        d[x, y], n >= 3, finite; it may be slightly asymmetric, as a device holds it.
    tau_per_city : float
        Length of the schedule over n, in tau.
    gamma_start, gamma_end : float
        Self-coupling at both ends. Much more than 3 before the end spoils tours; less than about 5 at the end leaves
        some reads without a tour.
    hot, cold : float
        T at both ends in units of Tc.
    noise : float
        sigma in units of min(2, 80 / n) tau^(-1/2), of which 1 serves from 10 to 100 cities; 0 is no noise.
    """

    distances: Any
    tau_per_city: float = 40.0
    gamma_start: float = 0.0
    gamma_end: float = 10.0
    hot: float = 0.9
    cold: float = 0.02
    noise: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "distances", check_distances(self.distances))
        for name in ("tau_per_city", "hot", "cold"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")
        for name in ("gamma_start", "gamma_end"):
            if not np.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite")
        if not (np.isfinite(self.noise) and self.noise >= 0):
            raise ValueError(f"noise is {self.noise}; it must be finite and not negative")

    @property
    def size(self) -> int:
        """Number of cities n."""
        return len(self.distances)

    @property
    def duration_tau(self) -> float:
        """Length of the schedule in tau."""
        return self.tau_per_city * self.size

    @property
    def sigma(self) -> float:
        """Noise amplitude sigma in U / T, in tau^(-1/2)."""
        return self.noise * min(2.0, 80.0 / self.size)

    @cached_property
    def unit(self) -> float:
        """Unit of distance, 1 in d^: the largest absolute eigenvalue, centered and symmetric."""
        centered = _centered(self.distances)
        return float(np.abs(np.linalg.eigvalsh((centered + centered.T) / 2.0)).max()) or 1.0

    def scaled(self, distances: ArrayLike | None = None) -> Float:
        """Center and scale distances to d^.

        Parameters
        ----------
        distances : array_like or None
            d, (n, n); None takes the system's own.

        Returns
        -------
        (n, n) float
            d^.
        """
        return _centered(self.distances if distances is None else np.asarray(distances, dtype=float)) / self.unit

    @property
    def critical_temperature(self) -> float:
        """Critical temperature Tc; for n < 6, where the formula fails, that of n = 6."""
        return float((2.0 * np.cos(2.0 * np.pi / max(6, self.size)) + self.gamma_start / self.size) / self.size)

    def temperature(self, t: ArrayLike) -> Float:
        """Evaluate the temperature T at time t in tau.

        Returns
        -------
        ndarray of float
            T in the shape of ``t``.
        """
        s = np.asarray(t, dtype=float) / self.duration_tau
        return np.asarray(self.critical_temperature * self.hot * (self.cold / self.hot) ** s)

    def coupling(self, t: ArrayLike) -> Float:
        """Evaluate the self-coupling gamma / n at time t in tau.

        Returns
        -------
        ndarray of float
            gamma / n in the shape of ``t``.
        """
        s = np.asarray(t, dtype=float) / self.duration_tau
        return np.asarray((self.gamma_start + (self.gamma_end - self.gamma_start) * s**_POWER) / self.size)

    def assignment(self, t: float, state: ArrayLike) -> Float:
        """Evaluate the assignment V of U, doubly stochastic to 1e-12.

        Parameters
        ----------
        t : float
            Time in tau, which sets T.
        state : array_like
            U, (..., n, n) or flat.

        Returns
        -------
        ndarray of float
            V in the shape of ``state``.
        """
        u = np.asarray(state, dtype=float)
        return sinkhorn(u.reshape(-1, self.size, self.size) / self.temperature(t)).reshape(u.shape)

    def rhs(self, t: float, state: ArrayLike) -> Float:
        """Evaluate dU/dt without the noise.

        Parameters
        ----------
        t : float
            Time in tau.
        state : array_like
            U, (..., n, n) or flat.

        Returns
        -------
        ndarray of float
            dU/dt in 1/tau, in the shape of ``state``.
        """
        u = np.asarray(state, dtype=float)
        v = self.assignment(t, u).reshape(-1, self.size, self.size)
        force = self.scaled() @ (np.roll(v, 1, axis=-1) + np.roll(v, -1, axis=-1)) - self.coupling(t) * v
        return -u - force.reshape(u.shape)


@single_threaded_blas()
def softassign(
    system: Softassign | ArrayLike,
    seeds: Sequence[np.random.SeedSequence],
    *,
    held: ArrayLike | None = None,
    step_tau: float = _STEP_TAU,
    tolerance: float = 0.1,
    passes: int = 8,
    observe: Callable[[float, NDArray[Any], NDArray[Any]], None] | None = None,
) -> Permutations:
    """Anneal one read for each of ``seeds`` by Euler's method, in single precision.

    The noise is two-valued, +-sigma T sqrt(dt), which is weakly equivalent to a Gaussian to first order.

    Parameters
    ----------
    system : Softassign or (n, n) array_like
        The dynamics, or distances for the default parameters.
    seeds : sequence of SeedSequence
        One seed for each read.
    held : (n, n) or (reads, n, n) array_like, or None
        Distances that a device holds instead, one matrix for all reads or one for each; schedule and unit of distance
        stay those of ``system``.
    step_tau : float
        Step in tau. From 0.25 to 0.5 tours are equally good, at 0.75 they are longer by about 0.5 %, and at 1 many
        reads end without a tour.
    tolerance, passes : float, int
        Error and number of passes at which the normalization within a step stops. It starts from the potentials of the
        step before, so that 0.1 gives tours as good as 1e-2 in half the time; the last normalization goes to 1e-4.
    observe : callable, optional
        Called with t in tau, U and V (n, n) [city, position] of the first read: at the start of every step, with U
        after it, and at the end. It changes nothing.

    Returns
    -------
    Permutations
        The final outputs of all reads.

    Raises
    ------
    ValueError
        If ``seeds`` are empty, ``held`` has the wrong shape, or a number is out of range.
    """
    from .softassign_kernel import SOFTASSIGN_LANES, anneal_softassign, finish, start_softassign

    system = system if isinstance(system, Softassign) else Softassign(system)
    n, reads = system.size, len(seeds)
    if reads < 1:
        raise ValueError("seeds are empty; give one a read")
    matrices = np.asarray(system.distances if held is None else held, dtype=float)
    if matrices.shape not in ((n, n), (reads, n, n)) or not np.isfinite(matrices).all():
        raise ValueError(f"held has shape {matrices.shape}; expected finite ({n}, {n}) or ({reads}, {n}, {n})")
    if not 0 < step_tau <= 1:
        raise ValueError(
            f"step_tau is {step_tau}; choose it above 0 and at most 1, beyond which Euler's method is unstable"
        )
    if not (0 < tolerance < 1 and passes >= 1):
        raise ValueError(f"tolerance is {tolerance} and passes {passes}; expected 0 < tolerance < 1 <= passes")
    steps = softassign_steps(system, step_tau)
    times = np.linspace(0.0, system.duration_tau, steps + 1)
    dt = np.float32(system.duration_tau / steps)
    temperatures = system.temperature(times).astype(np.float32)
    couplings = system.coupling(times[:-1]).astype(np.float32)
    width = -(-n // SOFTASSIGN_LANES) * SOFTASSIGN_LANES
    padded, out = np.zeros((n, width), np.float32), np.empty((n, width), np.float32)
    values, counts = np.empty((reads, n, n), np.float32), np.empty(reads, np.int64)
    for read, stream in enumerate(kernel_states(list(seeds))):
        if read == 0 or matrices.ndim == 3:
            padded[:, :n] = system.scaled(matrices[read] if matrices.ndim == 3 else matrices).T
        u, row, column = start_softassign(n, width, np.float32(_SCATTER), stream)
        options = (dt, np.float32(system.sigma), np.float32(tolerance), passes, stream, u, row, column, out)
        counts[read] = 0
        watched = observe if read == 0 else None
        for part in _parts(steps, read * steps, reads * steps, watched is not None):
            counts[read] += anneal_softassign(padded, temperatures[part], couplings[part], *options)
            if watched is not None:
                watched(float(times[part.start]), u[:, :n].T, out[:, :n].T)
        counts[read] += finish(u, row, column, temperatures[steps], out)
        values[read] = out[:, :n].T
        if watched is not None:
            watched(system.duration_tau, u[:, :n].T, out[:, :n].T)
    return Permutations(values, system.duration_tau, steps, counts)


def softassign_steps(system: Softassign, step_tau: float = _STEP_TAU) -> int:
    """Count the steps of :func:`softassign`.

    Parameters
    ----------
    system : Softassign
        The dynamics.
    step_tau : float
        Step in tau, at most.

    Returns
    -------
    int
        The number of steps.
    """
    return max(1, int(np.ceil(system.duration_tau / step_tau * (1.0 - 1e-12))))


def _parts(steps: int, before: int, total: int, single: bool) -> Iterator[slice]:
    """Pieces of the steps of one read, or every step alone."""
    for _, part in pieces(1, steps, "softassign", before=before, total=total):
        if single:
            yield from (slice(k, k + 1) for k in range(part.start, part.stop))
        else:
            yield part


def _centered(d: Float) -> Float:
    return np.asarray(d - d.mean(axis=0) - d.mean(axis=1, keepdims=True) + d.mean())
