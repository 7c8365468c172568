"""Inputs in scikit-learn's conventions that the estimators of this package take: seeds, rates, types, ranges."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from ..rng import seed_sequence

_ROUND_OFF = 1e-6


def seed_from_random_state(random_state: Any) -> np.random.SeedSequence:
    """Convert scikit-learn's ``random_state`` or this package's ``rng`` to a new SeedSequence.

    A RandomState is advanced. None is fresh entropy; the global random state is never touched.

    Returns
    -------
    SeedSequence
        The sequence.
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.SeedSequence(random_state.randint(2**31, size=4).tolist())
    return seed_sequence(random_state).spawn(1)[0]


def learning_rates(learning_rate: Any, updates: int) -> Iterator[float]:
    """Yield one learning rate an update, constant or falling linearly.

    Parameters
    ----------
    learning_rate : float or (first, last)
        The rates.
    updates : int
        Number of updates.

    Yields
    ------
    Iterator of float
        The rate of each update.

    Raises
    ------
    ValueError
        If a rate is negative or not finite.
    """
    rates = np.atleast_1d(np.asarray(learning_rate, dtype=float))
    if rates.shape not in ((1,), (2,)) or not (np.isfinite(rates).all() and (rates >= 0.0).all()):
        raise ValueError(f"learning_rate is {learning_rate}; give a finite rate >= 0, or the first and the last")
    if rates.size == 1:
        return repeat(float(rates[0]))
    return iter(np.linspace(rates[0], rates[1], max(1, updates)).tolist())


def validated(estimator: Any, X: Any, *, reset: bool) -> NDArray[Any]:
    """Validate X by scikit-learn's rules, in float64 or float32; sparse X is made dense.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator that takes X.
    X : array_like
        Data.
    reset : bool
        Whether X sets the number of features.

    Returns
    -------
    (samples, n_features) array
        The data.
    """
    x = validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32], accept_sparse="csr")
    return np.asarray(x.toarray() if issparse(x) else x)


def leaves_unit_interval(x: NDArray[Any]) -> bool:
    """Test whether values lie outside [0, 1] beyond the round-off of scaling.

    Parameters
    ----------
    x : array
        Data.

    Returns
    -------
    bool
        True if one does.
    """
    return bool(x.size and (x.min() < -_ROUND_OFF or x.max() > 1.0 + _ROUND_OFF))


def check_unit_interval(x: NDArray[Any], other: str = ", or set visible='gaussian'") -> None:
    """Warn of values outside [0, 1].

    Parameters
    ----------
    x : (samples, n_features) array
        Data.
    other : str
        Remedy beside scaling, which ends the warning.
    """
    if leaves_unit_interval(x):
        warnings.warn(
            f"X ranges from {x.min():g} to {x.max():g}, but Bernoulli units take 0 .. 1: scale X{other}",
            stacklevel=4,
        )


def sklearn_output(values: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """Convert values to the float type of ``like``.

    Parameters
    ----------
    values : array
        The values.
    like : array
        Data whose type is taken.

    Returns
    -------
    array
        The converted values.
    """
    return values.astype(like.dtype, copy=False)


def layer_sizes(n_components: Any) -> tuple[int, ...]:
    """Convert the hidden units of each layer to a tuple; one number is one layer.

    Returns
    -------
    tuple of int
        The sizes.

    Raises
    ------
    ValueError
        If a size is no whole number of at least 1.
    """
    sizes = np.atleast_1d(np.asarray(n_components))
    if sizes.ndim != 1 or not sizes.size or sizes.dtype.kind not in "iu" or (sizes < 1).any():
        raise ValueError(f"n_components is {n_components!r}; give the hidden units of each layer, each at least 1")
    return tuple(int(n) for n in sizes)
