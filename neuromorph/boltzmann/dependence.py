r"""Test of whether a machine has learned how units depend on each other, from free energies alone: ln Z cancels.

.. math:: G = \langle F(\tilde v) \rangle - \langle F(v) \rangle
            = \langle \ln p(v) \rangle - \langle \ln p(\tilde v) \rangle

where v are samples, and v~ the samples with the values of each unit in an order of their own, which keeps the means and
removes the dependence. F is a sum over units in a machine whose weights have not left 0 or whose hidden units are all
stuck; then G is 0 whatever the order. The deviation of G over orders measures chance (a permutation test). A machine
that equals the data has

.. math:: G = KL(p \,\|\, \tilde p) + KL(\tilde p \,\|\, p)

their total correlation and its converse: r^2 nats for a pair with small correlation r, 5 to 200 for digits.
Source: Watanabe, IBM J. Res. Dev. 4, 66 (1960); Fisher, The Design of Experiments, chapter 3 (1935), for the test.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning

from ..ising import Float

LEAST_NATS = 0.01  # value of a pair with correlation 0.1; initial weights have below 0.001
MORE = "raise n_iter or learning_rate, if features of X depend on each other at all"

_ROWS, _ORDERS, _DEVIATIONS = 200, 10, 4.0


def some_rows(v: NDArray[Any]) -> NDArray[Any]:
    """Select at most 200 of the rows, at even distances, which are enough for the test.

    Returns
    -------
    (rows, m) array
        The selected rows.
    """
    return v[:: -(-len(v) // _ROWS)]


def dependence(free_energy: Callable[[Float], Float], v: ArrayLike) -> tuple[float, float]:
    """Compare the free energy of samples with that of shuffled ones.

    Parameters
    ----------
    free_energy : callable
        F of (rows, m), (rows,).
    v : (rows, m) array_like
        Samples, of which :func:`some_rows` are used.

    Returns
    -------
    tuple of float
        G and its standard deviation over orders, in nats a sample.
    """
    v = some_rows(np.asarray(v))
    v = np.tile(v, (-(-_ROWS // len(v)), 1))  # shuffles of a few samples would often equal them
    rng = np.random.default_rng(0)  # the verdict must not depend on the user's seed
    own = float(free_energy(v).mean())
    gains = [float(free_energy(rng.permuted(v, axis=0)).mean()) - own for _ in range(_ORDERS)]
    return float(np.mean(gains)), float(np.std(gains, ddof=1))


def all_equal(v: NDArray[Any]) -> bool:
    """Test whether all rows of v are equal, so that nothing can be learned from them.

    Returns
    -------
    bool
        True if they are equal.
    """
    return bool((v == v[0]).all())


def verdict(free_energy: Callable[[Float], Float], v: NDArray[Any], remedy: str = MORE) -> str | None:
    """Explain why a machine learned nothing from v, with the remedy.

    Parameters
    ----------
    free_energy : callable
        F of (rows, m), (rows,).
    v : (rows, m) array
        Samples.
    remedy : str
        Advice that ends the explanation.

    Returns
    -------
    str or None
        The explanation; None if the machine learned something.
    """
    if all_equal(v):
        return "all samples are equal"
    gain, deviation = dependence(free_energy, v)
    if gain > max(LEAST_NATS, _DEVIATIONS * deviation):
        return None
    return (
        f"shuffling each feature by itself raises the free energy by {gain:.1g} +- {deviation:.1g} nats a sample only; "
        f"{remedy}"
    )


def warn_unlearned(who: str, why: str | None) -> None:
    """Give a ConvergenceWarning at the line that called ``fit``.

    Parameters
    ----------
    who : str
        Name of the machine.
    why : str or None
        Explanation; None gives no warning.
    """
    if why is not None:
        warnings.warn(f"{who} learned nothing: {why}", ConvergenceWarning, stacklevel=3)
