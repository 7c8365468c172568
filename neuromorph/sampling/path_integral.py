r"""Path-integral Monte Carlo of the Ising problem in a transverse field, and quantum annealing by lowering that field.

.. math:: H = E(\sigma^z) - \Gamma \sum_i \sigma_i^x, \qquad
          Z \approx A^{nP} \sum_{s^1 \ldots s^P} \exp\Bigl[-\frac{\beta}{P} \sum_k E(s^k)
                     + K \sum_{ik} s_i^k s_i^{k+1}\Bigr], \qquad K = -\tfrac12 \ln \tanh \frac{\beta \Gamma}{P}

where

* Gamma is the transverse field;
* s^k is slice k of P slices of imaginary time, whose error is of order (beta / P)^2;
* K couples neighboring slices, and A^2 = sinh(2 beta Gamma / P) / 2.

Moves are clusters along imaginary time, which do not slow down as K grows. The simulation reaches the equilibrium of H
and is not the dynamics of a device: an anneal here is an algorithm "inspired by" quantum annealing.
Sources: Suzuki, Prog. Theor. Phys. 56, 1454 (1976); Santoro, Martonak, Tosatti and Car, Science 295, 2427 (2002);
Martonak, Santoro and Tosatti, Phys. Rev. B 66, 094203 (2002); clusters: Rieger and Kawashima, Eur. Phys. J. B 9, 233
(1999).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising, power_of_two
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.pieces import pieces
from .path_integral_kernel import worldline_sweeps
from .replicas.reference import toss_all
from .samples import Samples, SamplingProgress, SweepObserver, one_sweep_at_a_time, record_chains
from .schedules import default_range
from .simulated_annealing import descend_to_minimum
from .validation import at_least, burn_in_betas, check_beta, starting_spins


def trotter(ising: Ising, beta: float, gamma: float, slices: int) -> Ising:
    """Build the classical problem of P n spins that the Trotter decomposition gives.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature, above 0.
    gamma : float
        Transverse field in the units of ``ising``, above 0.
    slices : int
        P.

    Returns
    -------
    Ising
        The problem, with site i of slice k at k n + i, whose p ~ exp(-beta E) is that of the slices.

    Raises
    ------
    ValueError
        If ``beta`` or ``gamma`` is not above 0.
    """
    beta, gamma = check_beta(beta), _field(gamma)
    at_least(1, slices=slices)
    if beta == 0.0 or gamma == 0.0:
        raise ValueError(f"beta is {beta:g} and gamma {gamma:g}; slices are coupled at values above 0 only")
    bond = -0.5 * np.log(np.tanh(beta * gamma / slices)) / beta
    ring = np.zeros((slices, slices))
    for k in range(slices if slices > 1 else 0):
        ring[k, (k + 1) % slices] += bond
        ring[(k + 1) % slices, k] += bond
    inside = sparse.kron(sparse.eye_array(slices), ising.sparse_couplings() / slices)
    between = sparse.kron(sparse.csr_array(ring), sparse.eye_array(ising.size))
    return Ising(sparse.csr_array(inside + between), np.tile(ising.biases, slices) / slices, ising.offset)


def path_integral(
    ising: Ising,
    beta: float,
    gamma: float,
    draws: int = 1000,
    *,
    slices: int = 32,
    chains: int = 4,
    burn_in: int = 1000,
    thin: int = 1,
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample chains at a constant transverse field; a draw is the first slice, a measurement.

    gamma = 0 is the classical problem. Diagnostics: ``slices``; ``transverse``, the mean of sigma_x over sites and
    draws (0 for gamma = 0); ``classical_energy``, the mean of E over slices and draws.

    Parameters
    ----------
    ising, beta, draws, chains, burn_in, thin, rng, progress
        As in :func:`gibbs`.
    gamma : float
        Transverse field in the units of ``ising``.
    slices : int
        Slices of imaginary time.

    Returns
    -------
    Samples
        The chains.
    """
    beta, gamma = check_beta(beta), _field(gamma)
    at_least(1, thin=thin)
    world = _Worldlines(ising, beta, slices, chains, rng)
    transverse, classical, count = 0.0, 0.0, 0

    def read() -> NDArray[np.int8]:
        nonlocal transverse, classical, count
        product = world.spins * np.roll(world.spins, 1, axis=2)
        t = np.tanh(beta * gamma / slices)
        transverse += float(np.where(product > 0, t, 1.0 / t if t else 0.0).mean())
        classical += float(np.mean(ising.energy(np.moveaxis(world.spins, 1, 2).reshape(-1, ising.size))))
        count += 1
        return world.slice(0)

    spins, energies, *ending = record_chains(
        ising, world.sweep, read,
        chains=chains, draws=draws, warm=burn_in_betas(burn_in, gamma), thin=np.full(thin, gamma), progress=progress,
    )  # fmt: skip
    about = {"slices": slices, "transverse": transverse / count, "classical_energy": classical / count}
    return Samples(spins, energies, np.array([beta]), "path_integral", about, *ending)


def quantum_annealing(
    ising: Ising,
    gammas: ArrayLike | None = None,
    reads: int = 10,
    *,
    beta: float | None = None,
    slices: int = 16,
    descend: bool = True,
    initial: ArrayLike | None = None,
    rng: RNG = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Minimize by independent anneals of the transverse field, a sweep at each of ``gammas``.

    Diagnostics: ``slices``; ``broken``, the share of reads in which the slices still differed.

    Parameters
    ----------
    ising : Ising
        The problem.
    gammas : (sweeps,) array_like or None
        Transverse fields; None is 1000 in equal steps down to 0 (:func:`transverse_field_schedule`).
    reads : int
        Number of anneals.
    beta : float or None
        Inverse temperature of the quantum system; None is the cold end of :func:`.default_range`.
    slices : int
        Slices of imaginary time.
    descend : bool
        Whether the lowest slice is returned after single flips that lower E; otherwise the first slice as it is, which
        at gammas[-1] = 0 follows exp(-beta E) once it has mixed.
    initial : (n,) or (reads, n) array_like, or None
        Initial state of all slices; None is random.
    rng : RNG
        Source of one stream for each read.
    observe : callable, optional
        Called as ``observe(gamma, spins)`` with all slices (reads, n, slices) at the start and after every sweep.
        What is drawn does not depend on it.

    Returns
    -------
    Samples
        The final states.
    """
    beta = default_range(ising)[1] if beta is None else check_beta(beta)
    at_least(1, reads=reads)
    path = (
        transverse_field_schedule(ising, 1000)
        if gammas is None
        else np.array([_field(g) for g in np.ravel(np.asarray(gammas))])
    )
    world = _Worldlines(ising, beta, slices, reads, rng)
    if initial is not None:
        world.spins[:] = starting_spins(initial, reads, ising.size)[:, :, None]
    one_sweep_at_a_time(world.sweep, lambda: world.spins, observe)(path, "annealing")
    every = np.moveaxis(world.spins, 1, 2)
    broken = float((every != every[:, :1]).any(axis=(1, 2)).mean())
    spins = world.slice(0)
    if descend:
        energies = ising.energy(every.reshape(-1, ising.size)).reshape(reads, slices)
        spins = every[np.arange(reads), energies.argmin(axis=1)].copy()
        descend_to_minimum(ising, spins, world.states)
    about = {"slices": slices, "broken": broken, "gammas": path}
    return Samples(spins, ising.energy(spins), np.array([beta]), "quantum_anneal", about)


def transverse_field_schedule(ising: Ising, sweeps: int) -> Float:
    """Compute transverse fields in equal steps from 3 times the largest spread to 0.

    Parameters
    ----------
    ising : Ising
        The problem.
    sweeps : int
        Number of fields.

    Returns
    -------
    (sweeps,) float
        The fields.
    """
    at_least(1, sweeps=sweeps)
    j, unit = ising.sparse_couplings(), power_of_two(ising.sparse_couplings().data, ising.biases)
    spread = np.sqrt(np.asarray((j / unit).power(2).sum(axis=1)).ravel() + (ising.biases / unit) ** 2)
    return 3.0 * float(spread.max()) * unit * np.linspace(1.0, 0.0, sweeps)


class _Worldlines:
    """Spins (R, n, P) of all replicas with one stream each."""

    def __init__(self, ising: Ising, beta: float, slices: int, count: int, rng: RNG) -> None:
        at_least(1, slices=slices, chains=count)
        j = ising.sparse_couplings()
        self._problem = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.copy(), ising.biases, beta)
        self.states = kernel_states(read_seeds(rng, count))
        self.spins = toss_all((count, ising.size, slices), self.states)

    def sweep(self, gammas: Float, step: str = "") -> None:
        n = self.spins.shape[1]
        for some, sites in pieces(len(self.spins), gammas.size * n, step):
            first = sites.start // n
            mine, begin, end = gammas[first : -(-sites.stop // n)], sites.start - first * n, sites.stop - first * n
            worldline_sweeps(*self._problem, mine, begin, end, self.spins[some], self.states[some])

    def slice(self, k: int) -> NDArray[np.int8]:
        return self.spins[:, :, k].copy()


def _field(gamma: float) -> float:
    if not (np.isfinite(gamma) and gamma >= 0):
        raise ValueError(f"gamma is {gamma}; a transverse field must be finite and not negative")
    return float(gamma)
