"""Replicas in strips of 64 lanes, each lane with a stream of its own: replica r of 10 equals replica r of 1000."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...ising import Float, check_spins
from ...kernels.aligned import empty
from ...kernels.philox import LANES, ROWS
from ...runtime.pieces import each_on_threads, pieces
from . import blocks_kernel as strips
from .dense import DenseLayout
from .int8 import Int8Layout
from .sparse import SPAN, SparseLayout

_LARGEST = 1e30  # largest 2 beta in units of the couplings; float32 ends at 3e38


class BlockReplicas:
    """Replicas in strips of 64 lanes, spins (strips, n, 64) in one of the layouts.

    :class:`.Replicas` documents the methods.

    Parameters
    ----------
    layout : SparseLayout or Int8Layout or DenseLayout
        Layout of the couplings with its kernel.
    size : int
        Number of spins n.
    count : int
        Number of replicas R.
    rule : int
        Metropolis or heat bath.
    states : ndarray of uint32
        States of the generator.
    workers : int
        Number of threads.
    """

    def __init__(
        self,
        layout: SparseLayout | Int8Layout | DenseLayout,
        size: int,
        count: int,
        rule: int,
        states: NDArray[np.uint32],
        workers: int,
    ) -> None:
        self._layout, self._rule, self._states, self._workers = layout, rule, states, workers
        self._size, self._count, self._done = size, count, 0
        rows = empty((len(states), layout.rows(size), LANES), layout.dtype)
        # A layout may keep further rows behind the spins; kernels are given them all, so that one layout is compiled.
        self._rows, self._spins = rows, rows[:, :size]
        self._each(lambda k: strips.randomize_block(self._spins[k], states[k]), range(len(states)))

    @property
    def count(self) -> int:
        """Number of replicas R."""
        return self._count

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self._size

    @property
    def kernel(self) -> str:
        """Name of the inner loop."""
        return self._layout.kernel

    def _each(self, work: Callable[[int], object], strips_: range) -> None:
        each_on_threads(work, strips_, self._workers)

    def sweep(self, betas: ArrayLike, step: str = "") -> None:
        """Sweep all replicas; :meth:`.Replicas.sweep` documents the arguments."""
        given, first = check_betas(betas, self._count), 0
        blocks, whole = -(-self._size // ROWS), len(self._states)
        while first < len(given):
            rows = np.minimum(2.0 * self._layout.scale * given[first : first + SPAN - self._done % SPAN], _LARGEST)
            every, before = whole * blocks * len(given), whole * blocks * first
            for some, cells in pieces(
                whole, len(rows) * blocks, step, together=self._workers, before=before, total=every
            ):
                start = cells.start // blocks
                mine = rows[start : -(-cells.stop // blocks)]
                part = slice(cells.start - start * blocks, cells.stop - start * blocks)

                def one(k: int, mine: Float = mine, done: int = self._done + start, part: slice = part) -> None:
                    two_betas = block_betas(mine, k, LANES, np.float32)
                    self._layout.sweep(k, two_betas, self._rule, done, part, self._rows[k], self._states[k])

                self._each(one, range(some.start, some.stop))
            self._done += len(rows)
            first += len(rows)

    def spins(self, lanes: ArrayLike | None = None) -> NDArray[np.int8]:
        """Copy the spins.

        Returns
        -------
        (R, n) or (k, n) int8
            The spins, of the replicas ``lanes`` if given.
        """
        if lanes is not None:
            some = check_lanes(lanes, self._count)
            out = np.empty((some.size, self._size), np.int8)
            for part, _ in pieces(some.size, 1):
                out[part] = self._spins[some[part] // LANES, :, some[part] % LANES]
            return out
        out = np.empty((self._count, self._size), np.int8)
        for part, _ in pieces(len(self._states), 1):
            for strip in range(part.start, part.stop):
                mine = out[strip * LANES : (strip + 1) * LANES]
                mine[:] = self._spins[strip, :, : len(mine)].T
        return out

    def set_spins(self, spins: ArrayLike) -> None:
        """Set the spins to (n,) or (R, n)."""
        given = check_start(spins, self._count, self._size)
        for part, _ in pieces(len(self._states), 1):
            for strip in range(part.start, part.stop):
                mine = given[strip * LANES : (strip + 1) * LANES]
                self._spins[strip, :, : len(mine)] = mine.T
        self._layout.touched()

    def energies(self, exact: bool = True) -> Float:
        """Compute the energies, in float32 where that is faster and ``exact`` is False.

        Returns
        -------
        (R,) float
            E of each replica.
        """
        out = np.empty((len(self._states), LANES))

        def one(k: int) -> None:
            out[k] = self._layout.energies(k, self._rows[k], exact)

        self._each(one, range(len(out)))
        return out.reshape(-1)[: self._count]

    def take(self, sources: ArrayLike) -> None:
        """Copy replica ``sources[r]`` to replica r."""
        from_, before = check_sources(sources, self._count), self._spins.copy()
        for strip, _ in pieces(len(self._states), 1):
            strips.resample_blocks(before, from_[strip.start * LANES : strip.stop * LANES], self._rows[strip])
        self._layout.touched()


def xoshiro_states(seeds: list[np.random.SeedSequence]) -> NDArray[np.uint32]:
    """Generate the states of xoshiro128++: lane k of strip s has the stream of seed 64 s + k.

    Returns
    -------
    (strips, 4, LANES) uint32
        The states; lanes beyond the last seed repeat the first.
    """
    each = np.array([seed.generate_state(4, np.uint32) for seed in seeds], np.uint32)
    each[:, 0] |= np.uint32(1)  # never all zero
    return _by_strips(each)


def philox_states(seeds: list[np.random.SeedSequence]) -> NDArray[np.uint32]:
    """Generate the states of Philox: place of each lane's seed, and the common key.

    Returns
    -------
    (strips, 2, LANES) uint32
        The states.
    """
    parent = np.random.SeedSequence(seeds[0].entropy, spawn_key=seeds[0].spawn_key[:-1])
    states = _by_strips(np.array([[seed.spawn_key[-1], 0] for seed in seeds], np.uint32))
    states[:, 1, :2] = parent.generate_state(2, np.uint32)
    return states


def _by_strips(each: NDArray[np.uint32]) -> NDArray[np.uint32]:
    padded = np.concatenate([each, np.repeat(each[:1], -len(each) % LANES, axis=0)])
    return np.ascontiguousarray(padded.reshape(-1, LANES, each.shape[1]).swapaxes(1, 2))


def block_betas(rows: Float, strip: int, lanes: int, dtype: Any) -> NDArray[Any]:
    """Select the betas of one strip from (sweeps, 1 or R).

    Parameters
    ----------
    rows : (sweeps, 1 or R) float
        Inverse temperatures.
    strip : int
        Number of the strip.
    lanes : int
        Lanes of a strip.
    dtype : Any
        Type of the result.

    Returns
    -------
    (sweeps, lanes) array
        The betas; lanes beyond the last replica repeat it.
    """
    mine = rows if rows.shape[1] == 1 else rows[:, strip * lanes : (strip + 1) * lanes]
    out = np.empty((len(rows), lanes), dtype)
    out[:, : mine.shape[1]] = mine
    out[:, mine.shape[1] :] = mine[:, -1:]
    return out


def check_betas(betas: ArrayLike, count: int) -> Float:
    """Validate the inverse temperatures of sweeps.

    Parameters
    ----------
    betas : (sweeps,) or (sweeps, R) array_like
        Inverse temperatures.
    count : int
        Number of replicas R.

    Returns
    -------
    (sweeps, 1) or (sweeps, R) float
        The values.

    Raises
    ------
    ValueError
        If the shape is wrong or a value is negative or not finite.
    """
    b = np.asarray(betas, dtype=float)
    if b.ndim not in (1, 2) or (b.ndim == 2 and b.shape[1] != count):
        raise ValueError(f"betas have shape {b.shape}; expected (sweeps,) or (sweeps, {count})")
    if b.size and not (b.min() >= 0 and b.max() < np.inf):  # NaN fails both comparisons
        raise ValueError(f"betas hold {b[~(np.isfinite(b) & (b >= 0))][0]}; every beta must be finite and not negative")
    return b[:, None] if b.ndim == 1 else b


def check_lanes(lanes: ArrayLike, count: int) -> NDArray[np.int64]:
    """Validate numbers of replicas.

    Parameters
    ----------
    lanes : (k,) array_like
        Numbers.
    count : int
        Number of replicas.

    Returns
    -------
    (k,) int64
        The numbers.

    Raises
    ------
    ValueError
        If one is no number of a replica.
    """
    s = np.asarray(lanes)
    if s.ndim != 1 or s.dtype.kind not in "iu" or (s.size and not 0 <= s.min() <= s.max() < count):
        raise ValueError(f"lanes are {lanes!r}; expected integers from 0 to {count - 1}")
    return s.astype(np.int64)


def check_sources(sources: ArrayLike, count: int) -> NDArray[np.int64]:
    """Validate the sources of a resampling.

    Parameters
    ----------
    sources : (R,) array_like
        Numbers of replicas.
    count : int
        Number of replicas R.

    Returns
    -------
    (R,) int64
        The numbers.

    Raises
    ------
    ValueError
        If one is no number of a replica, or there are not R of them.
    """
    s = np.asarray(sources)
    if s.shape != (count,) or s.dtype.kind not in "iu" or s.min() < 0 or s.max() >= count:
        raise ValueError(f"sources are {sources!r}; expected {count} integers from 0 to {count - 1}, one a replica")
    return s.astype(np.int64)


def check_start(spins: ArrayLike, count: int, size: int) -> NDArray[np.int8]:
    """Broadcast initial spins to all replicas.

    Parameters
    ----------
    spins : (n,) or (R, n) array_like
        Spins.
    count : int
        Number of replicas R.
    size : int
        Number of spins n.

    Returns
    -------
    (R, n) int8
        The spins.

    Raises
    ------
    ValueError
        If the number of states is neither 1 nor R.
    """
    s = check_spins(spins, size)
    if s.ndim == 2 and len(s) != count:
        raise ValueError(f"spins hold {len(s)} states for {count} replicas; give one for all, or one for each")
    return np.ascontiguousarray(np.broadcast_to(s, (count, size)), dtype=np.int8)
