"""Validation of the arguments of every sampler, and random streams beside those of the replicas."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, check_spins
from ..rng import child, kernel_states

_BESIDE = 1 << 31  # number of a child that spawn, which counts from 0, never reaches


def at_least(least: int, **values: int) -> None:
    """Validate that every value is a whole number of at least ``least``.

    Parameters
    ----------
    least : int
        Smallest value.
    **values : int
        Values by the name of their argument.

    Raises
    ------
    ValueError
        If a value is below ``least`` or not whole.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{name} is {value!r}; give a whole number from {least}")


def check_beta(beta: float, name: str = "beta") -> float:
    """Validate an inverse temperature.

    Parameters
    ----------
    beta : float
        Inverse temperature.
    name : str
        Name of the argument in the error message.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ValueError
        If it is negative or not finite.
    """
    if not (np.isfinite(beta) and beta >= 0):
        raise ValueError(f"{name} is {beta}; it must be finite and not negative")
    return float(beta)


def check_ladder(betas: ArrayLike, least: int = 1, *, rising: bool = False, name: str = "betas") -> Float:
    """Validate a sequence of inverse temperatures.

    Parameters
    ----------
    betas : (k,) array_like
        Inverse temperatures.
    least : int
        Smallest number of values.
    rising : bool
        Whether they must rise.
    name : str
        Name of the argument in the error message.

    Returns
    -------
    (k,) float
        The values.

    Raises
    ------
    ValueError
        If there are too few, one is negative or not finite, or they do not rise.
    """
    b = np.array(betas, dtype=float)
    if b.ndim != 1 or b.size < least:
        raise ValueError(f"{name} have shape {b.shape}; give {least} or more in one dimension")
    if not (np.isfinite(b).all() and (b >= 0).all()):
        raise ValueError(f"{name} hold {b[~(np.isfinite(b) & (b >= 0))][0]}; all must be finite and not negative")
    if rising and (np.diff(b) <= 0).any():
        raise ValueError(f"{name} do not rise at {b[1:][np.diff(b) <= 0][0]:g}; order them from hot to cold, each once")
    return b


def burn_in_betas(burn_in: int | ArrayLike, beta: float) -> Float:
    """Compute the betas of the burn-in: sweeps at ``beta``, or the given schedule.

    Parameters
    ----------
    burn_in : int or (k,) array_like
        Number of sweeps, or a schedule.
    beta : float
        Inverse temperature of the chain.

    Returns
    -------
    (k,) float
        The betas.
    """
    if np.ndim(burn_in):
        return check_ladder(burn_in, least=0, name="burn_in")
    at_least(0, burn_in=burn_in)  # type: ignore[arg-type]
    return np.full(int(np.asarray(burn_in)), beta)


def starting_spins(initial: ArrayLike, count: int, n: int) -> NDArray[np.int8]:
    """Broadcast initial states to all chains or reads.

    Parameters
    ----------
    initial : (n,) or (count, n) array_like
        Spins.
    count : int
        Number of chains or reads.
    n : int
        Number of spins.

    Returns
    -------
    (count, n) int8
        The states.

    Raises
    ------
    ValueError
        If the number of states is neither 1 nor ``count``.
    """
    spins = check_spins(initial, n).astype(np.int8)
    if spins.ndim == 2 and len(spins) != count:
        raise ValueError(f"initial has {len(spins)} rows for {count} chains or reads; give one state, or one each")
    return np.broadcast_to(spins, (count, n)).copy()


def decision_streams(sequence: np.random.SeedSequence, count: int, each: int = 1, tag: int = 0) -> NDArray[np.uint64]:
    """Spawn kernel states for decisions beside the spins, such as swaps.

    The streams are children of those that :func:`.replicas` will next take from ``sequence``, so that a longer run
    begins with the decisions of a shorter one, and a run continues where the last one stopped.

    Parameters
    ----------
    sequence : SeedSequence
        Source of the streams.
    count : int
        Number of streams.
    each : int
        Number of replicas, still to be made, that share a stream.
    tag : int
        Label by which several sets of streams differ.

    Returns
    -------
    (count, 4) uint64
        The states.
    """
    first = sequence.n_children_spawned
    return kernel_states([child(sequence, first + k * each, _BESIDE + tag) for k in range(count)])
