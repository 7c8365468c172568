r"""Replicas: R copies of the spins of one problem, swept side by side, each at a beta of its own.

.. math:: P(s_i = +1) = \frac{1}{1 + e^{-2 \beta f_i}} \;\text{(heat bath)}, \qquad
          P(s_i \to -s_i) = \min(1, e^{-2 \beta s_i f_i}) \;\text{(Metropolis)}, \qquad f_i = h_i + \sum_j J_{ij} s_j

where f_i is the field on spin s_i. Every sampler of this package is written in terms of :class:`Replicas`; the kernels
differ in layout and precision only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...ising import Float, Ising
from ...kernels.philox import HEAT_BATH, LANES, METROPOLIS
from ...rng import RNG, read_seeds
from ..lazy_metropolis import lazy_below
from .bitpacked import BitPackedReplicas
from .blocks import BlockReplicas, philox_states, xoshiro_states
from .dense import DenseLayout
from .int8 import Int8Layout
from .integer_couplings import field_bounds, integer_couplings
from .lattice import LatticeReplicas, is_torus
from .reference import ReferenceReplicas
from .sparse import SparseLayout

Update: TypeAlias = Literal["heat-bath", "metropolis"]
Generator: TypeAlias = Literal["xoshiro", "philox"]

_RULES = {"heat-bath": HEAT_BATH, "metropolis": METROPOLIS}
_LAYOUTS: dict[str, type[SparseLayout] | type[Int8Layout] | type[DenseLayout]] = {
    "sparse": SparseLayout,
    "int8": Int8Layout,
    "dense": DenseLayout,
}
KERNELS = ("plain", "sparse", "int8", "dense", "packed", "lattice")


class Replicas(Protocol):
    """R replicas of n spins, changed in place."""

    @property
    def count(self) -> int:
        """Number of replicas R."""
        ...

    @property
    def size(self) -> int:
        """Number of spins n."""
        ...

    @property
    def kernel(self) -> str:
        """Name of the inner loop."""
        ...

    def sweep(self, betas: ArrayLike, step: str = "") -> None:
        """Sweep over all spins once at each row of ``betas``.

        An interruption leaves some replicas further than others.

        Parameters
        ----------
        betas : (sweeps,) or (sweeps, R) array_like
            Inverse temperatures, for all replicas or for each.
        step : str
            Name of the work for progress and time limits, if the caller names none.
        """
        ...

    def spins(self, lanes: ArrayLike | None = None) -> NDArray[np.int8]:
        """Copy the spins.

        Returns
        -------
        (R, n) or (k, n) int8
            The spins, of the replicas ``lanes`` (k,) if given.
        """
        ...

    def set_spins(self, spins: ArrayLike) -> None:
        """Set the spins to (n,) or (R, n)."""
        ...

    def energies(self, exact: bool = True) -> Float:
        """Compute the energies, in float32 if ``exact`` is False and that is faster.

        Returns
        -------
        (R,) float
            E of each replica.
        """
        ...

    def take(self, sources: ArrayLike) -> None:
        """Copy replica ``sources[r]`` to replica r; every replica keeps its own stream."""
        ...


def replicas(
    ising: Ising,
    count: int,
    *,
    kernel: str = "auto",
    update: Update = "heat-bath",
    rng: RNG = None,
    workers: int = 1,
    generator: Generator = "xoshiro",
    sampled: bool = True,
) -> Replicas:
    """Make replicas of a problem at random spins, replica r with the r-th stream of ``rng``.

    Parameters
    ----------
    ising : Ising
        The problem.
    count : int
        Number of replicas.
    kernel : str
        "plain" (float64, one replica after another), "sparse" (float32, any problem), "int8" (small integers), "dense"
        (float32, fields kept), "packed" (very small integers, 512 replicas on bits that share a stream), "lattice" (one
        +-J, periodic borders, 16 x 128 spins and more, on bits). "auto" chooses sparse, int8 or dense by the problem
        alone, so that a run of 1000 begins with the replicas of a run of 10; "fastest" chooses among all by problem and
        count.
    update : str
        "heat-bath" or "metropolis", the latter with half of its odds as :mod:`.lazy_metropolis` requires.
    rng : RNG
        Source of the streams.
    workers : int
        Number of threads, on which the spins do not depend.
    generator : str
        "xoshiro", or "philox": a random number is a function of (rng, replica, sweep, spin) alone, so that kernels
        agree to rounding; half as fast; for sparse, int8, dense.
    sampled : bool
        Whether states must follow the distribution; False suits Metropolis that only has to end low, whose free spins
        may flip at every sweep.

    Returns
    -------
    Replicas
        The replicas.

    Raises
    ------
    ValueError
        If an argument is unknown or out of range, or the kernel cannot hold the problem.
    """
    if update not in _RULES:
        raise ValueError(f"update is {update!r}; expected one of {', '.join(_RULES)}")
    if generator not in ("xoshiro", "philox"):
        raise ValueError(f"generator is {generator!r}; expected xoshiro or philox")
    if count < 1:
        raise ValueError(f"count is {count}; ask for at least one replica")
    if workers < 1:
        raise ValueError(f"workers is {workers}; give at least one")
    if kernel not in ("auto", "fastest", *KERNELS):
        raise ValueError(f"kernel is {kernel!r}; expected auto, fastest, {', '.join(KERNELS)}")
    chosen = kernel
    if kernel in ("auto", "fastest"):
        by_problem_alone = kernel == "auto" or generator == "philox"
        chosen = _quickest(ising, LANES, _LAYOUTS) if by_problem_alone else _quickest(ising, count, KERNELS)
    if generator == "philox" and chosen not in _LAYOUTS:
        raise ValueError(f"kernel {chosen!r} has a generator of its own; use {', '.join(_LAYOUTS)} with philox")
    lazy = lazy_below(ising, sampled) if update == "metropolis" else np.full(ising.size, -np.inf)
    if chosen == "plain":
        return ReferenceReplicas(ising, read_seeds(rng, count), _RULES[update], lazy)
    if chosen in ("packed", "lattice"):
        bits = BitPackedReplicas if chosen == "packed" else LatticeReplicas
        return bits(ising, read_seeds(rng, count), _RULES[update], lazy, workers)
    layout = _LAYOUTS[chosen](ising, -(-count // LANES), lazy)
    states: Callable[[list[np.random.SeedSequence]], NDArray[np.uint32]]
    states = philox_states if generator == "philox" else xoshiro_states
    return BlockReplicas(layout, ising.size, count, _RULES[update], states(read_seeds(rng, count)), workers)


def compile_sweep(ising: Ising) -> None:
    """Compile the sweep that :func:`replicas` chooses for a problem, without replicas.

    Parameters
    ----------
    ising : Ising
        The problem.
    """
    layout = _LAYOUTS[_quickest(ising, LANES, _LAYOUTS)](ising, 1, np.full(ising.size, -np.inf))
    spins = np.ones((layout.rows(ising.size), LANES), layout.dtype)
    (state,) = xoshiro_states([np.random.SeedSequence(0)])
    layout.sweep(0, np.zeros((1, LANES), np.float32), HEAT_BATH, 0, slice(0, 1), spins, state)


def _quickest(ising: Ising, count: int, among: Iterable[str]) -> str:
    """Choose the kernel with the least time a sweep, by a fit to ns an update measured on one core with AVX-512."""
    n, degree = ising.size, ising.sparse_couplings().nnz / ising.size
    ns = {"plain": 20.0 + 0.5 * degree, "sparse": 0.42 + 0.04 * degree}
    if n <= DenseLayout.largest:
        ns["dense"] = 1.2 + 0.009 * n
    found = integer_couplings(ising)
    if found is not None:
        each = field_bounds(ising, found)
        if each.max() <= Int8Layout.reach:
            ns["int8"] = 0.25 + 0.016 * each.mean()
        if each.max() <= BitPackedReplicas.reach:
            ns["packed"] = 0.12 + 0.006 * each.mean()
    if "lattice" in among and is_torus(ising):
        ns["lattice"] = 0.25
    lanes = {"plain": 1, "lattice": 1, "packed": BitPackedReplicas.lanes}
    return min(set(among) & set(ns), key=lambda k: ns[k] * lanes.get(k, LANES) * -(-count // lanes.get(k, LANES)))
