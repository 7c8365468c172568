r"""Losses of two classes of currents, with their slopes.

.. math:: L_{corrsig} = \frac{1.1 - \rho}{\sigma\big((\min_1 I - \max_0 I - c) / s\big)}, \qquad
          L_{margin} = \Big\langle \max\Big(0,\, 1 - \frac{y\,(I - \bar I)}{m}\Big) \Big\rangle, \quad y = \pm 1, \qquad
          L_{Fisher} = \ln \frac{\sigma_0^2 + \sigma_1^2}{(\bar I_1 - \bar I_0)^2}

where I are the currents, rho is Pearson's correlation of I with the labels 0 and 1, sigma() the logistic function, c
and s the wanted separation and its sharpness, I-bar the middle between the mean currents of the classes, m the margin,
and sigma_0, sigma_1 the deviations within the classes.
Source: Ruiz Euler et al., Nat. Nanotechnol. 15, 992 (2020), corrsig; Cortes and Vapnik, Mach. Learn. 20, 273 (1995);
Fisher, Ann. Eugen. 7, 179 (1936).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float


def corrsig(
    currents_a: Float, labels: NDArray[np.bool_], *, center_a: float, scale_a: float, shift: float = 1.1
) -> tuple[Float, Float]:
    """Compute the corrsig loss; rho is 0 where all currents are equal.

    Parameters
    ----------
    currents_a, labels : (..., m) float, (m,) bool
        Currents, A, and classes.
    center_a, scale_a : float
        c and s, A (5 nA and 3 nA in the source).
    shift : float
        The 1.1 of the equation.

    Returns
    -------
    loss : (...) float
        L.
    gradient : (..., m) float
        dL/dI, 1/A.
    """
    high = classes(currents_a, labels)
    if not (scale_a > 0.0 and np.isfinite(center_a) and shift > 1.0):
        raise ValueError(f"center_a {center_a}, scale_a {scale_a}, shift {shift}: finite, positive, above 1")
    x = currents_a - currents_a.mean(axis=-1, keepdims=True)
    y = high - high.mean()
    length = np.sqrt((x**2).sum(axis=-1, keepdims=True))
    safe = np.where(length > 0.0, length, np.inf)
    rho = x @ y / (safe[..., 0] * np.sqrt(y @ y))
    by_rho = y / (safe * np.sqrt(y @ y)) - rho[..., None] * x / safe**2
    lowest = np.flatnonzero(high)[currents_a[..., high].argmin(axis=-1)]
    highest = np.flatnonzero(~high)[currents_a[..., ~high].argmax(axis=-1)]
    places = np.arange(high.size)
    by_gap = (places == lowest[..., None]).astype(float) - (places == highest[..., None])
    gap = (currents_a * by_gap).sum(axis=-1)
    missing = np.exp(np.minimum(-(gap - center_a) / scale_a, 500.0))  # 1 / sigma - 1
    loss = (shift - rho) * (1.0 + missing)
    gradient = -by_rho * (1.0 + missing)[..., None] - ((shift - rho) * missing / scale_a)[..., None] * by_gap
    return loss, gradient


def margin(currents_a: Float, labels: NDArray[np.bool_], *, margin_a: float) -> tuple[Float, Float]:
    """Compute the margin loss, 0 where all currents keep ``margin_a`` from I-bar.

    Parameters
    ----------
    currents_a, labels : (..., m) float, (m,) bool
        Currents, A, and classes.
    margin_a : float
        m, A.

    Returns
    -------
    loss : (...) float
        L.
    gradient : (..., m) float
        dL/dI, 1/A.
    """
    high = classes(currents_a, labels)
    if not margin_a > 0.0:
        raise ValueError(f"margin_a is {margin_a}; it must be positive")
    share = np.where(high, 0.5 / high.sum(), 0.5 / (~high).sum())
    sign = np.where(high, 1.0, -1.0)
    left = 1.0 - sign * (currents_a - (currents_a @ share)[..., None]) / margin_a
    pull = np.where(left > 0.0, -sign, 0.0) / (margin_a * high.size)
    return np.maximum(left, 0.0).mean(axis=-1), pull - pull.sum(axis=-1, keepdims=True) * share


def fisher(currents_a: Float, labels: NDArray[np.bool_]) -> tuple[Float, Float]:
    """Compute Fisher's loss, which does not depend on scale and sign of the current.

    Parameters
    ----------
    currents_a, labels : (..., m) float, (m,) bool
        Currents, A, and classes.

    Returns
    -------
    loss : (...) float
        L.
    gradient : (..., m) float
        dL/dI, 1/A.
    """
    high = classes(currents_a, labels)
    one, zero = np.where(high, 1.0 / high.sum(), 0.0), np.where(high, 0.0, 1.0 / (~high).sum())
    apart = currents_a @ (one - zero)
    away = currents_a - np.where(high, (currents_a @ one)[..., None], (currents_a @ zero)[..., None])
    spread = (away**2) @ (one + zero)
    apart = np.where(apart == 0.0, 1e-18, apart)  # The loss stays finite where the classes have one mean.
    safe = np.where(spread > 0.0, spread, 1e-36)
    slope = 2.0 * away * (one + zero) / safe[..., None] - 2.0 * (one - zero) / apart[..., None]
    return np.log(safe / apart**2), slope


def classes(currents: Float, labels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Check labels against currents.

    Parameters
    ----------
    currents : (..., m) float
        Currents.
    labels : (m,) bool
        Classes.

    Returns
    -------
    (m,) bool
        The labels as booleans.

    Raises
    ------
    ValueError
        If their numbers differ, or only one class is present.
    """
    high = np.asarray(labels, dtype=bool)
    if currents.shape[-1:] != high.shape or high.all() or not high.any():
        raise ValueError(f"labels have shape {high.shape}, currents {currents.shape}; one each, of both classes")
    return high
