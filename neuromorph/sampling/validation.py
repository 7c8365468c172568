"""Rules that the arguments of every sampler keep, and random streams that stand beside those of the replicas."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, check_spins
from ..rng import child, kernel_states

_BESIDE = 1 << 31  # a child that nobody spawns: children are numbered from 0


def at_least(least: int, **values: int) -> None:
    """ValueError unless every value is a whole number from ``least``."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{name} is {value!r}; give a whole number from {least}")


def check_beta(beta: float, name: str = "beta") -> float:
    """An inverse temperature: finite and not negative."""
    if not (np.isfinite(beta) and beta >= 0):
        raise ValueError(f"{name} is {beta}; it must be finite and not negative")
    return float(beta)


def check_ladder(betas: ArrayLike, least: int = 1, *, rising: bool = False, name: str = "betas") -> Float:
    """Inverse temperatures (k,), k >= ``least``: finite, not negative, and in rising order if asked."""
    b = np.array(betas, dtype=float)
    if b.ndim != 1 or b.size < least:
        raise ValueError(f"{name} have shape {b.shape}; give {least} or more in one dimension")
    if not (np.isfinite(b).all() and (b >= 0).all()):
        raise ValueError(f"{name} hold {b[~(np.isfinite(b) & (b >= 0))][0]}; all must be finite and not negative")
    if rising and (np.diff(b) <= 0).any():
        raise ValueError(f"{name} do not rise at {b[1:][np.diff(b) <= 0][0]:g}; order them from hot to cold, each once")
    return b


def burn_in_betas(burn_in: int | ArrayLike, beta: float) -> Float:
    """Betas to go through before the first draw: so many sweeps at ``beta``, or the schedule that was given."""
    if np.ndim(burn_in):
        return check_ladder(burn_in, least=0, name="burn_in")
    at_least(0, burn_in=burn_in)  # type: ignore[arg-type]
    return np.full(int(np.asarray(burn_in)), beta)


def starting_spins(initial: ArrayLike, count: int, n: int) -> NDArray[np.int8]:
    """``initial`` (n,) or (count, n) as (count, n)."""
    spins = check_spins(initial, n).astype(np.int8)
    if spins.ndim == 2 and len(spins) != count:
        raise ValueError(f"initial has {len(spins)} rows for {count} chains or reads; give one state, or one each")
    return np.broadcast_to(spins, (count, n)).copy()


def decision_streams(sequence: np.random.SeedSequence, count: int, each: int = 1, tag: int = 0) -> NDArray[np.uint64]:
    """(count, 4) kernel states for decisions beside the spins, one for every ``each`` replicas still to be made.

    They are children of the streams that :func:`replicas` will next take from ``sequence``, so that a longer run
    begins with the decisions of a shorter one, and a run goes on where the last one stopped. Several such
    sets differ by their ``tag``.
    """
    first = sequence.n_children_spawned
    return kernel_states([child(sequence, first + k * each, _BESIDE + tag) for k in range(count)])
