r"""Learning of a restricted Boltzmann machine by its TAP free energy: no sampling, and a likelihood to watch.

.. math:: -\ln Z \approx \Gamma(m, n) = -H(m) - H(n) - b^\top m - c^\top n - n^\top W m
          - \tfrac12 \sum_{ji} W_{ji}^2 (n_j - n_j^2)(m_i - m_i^2), \qquad
          H(x) = -\sum_i [x_i \ln x_i + (1 - x_i) \ln(1 - x_i)]

where m and n are the means of visible and hidden units where Gamma is stationary,

.. math:: m_i = \sigma\Bigl(b_i + \sum_j W_{ji} n_j - \sum_j W_{ji}^2 (m_i - \tfrac12)(n_j - n_j^2)\Bigr)

and the same with the layers exchanged. The negative phase of a weight is then

.. math:: -\frac{\partial \Gamma}{\partial W_{ji}} = n_j m_i + W_{ji} (n_j - n_j^2)(m_i - m_i^2)

averaged over the solutions that a set of persistent magnetizations has found. Without the terms of W^2 it is the naive
mean field. ln p(v) = -F(v) + Gamma costs one solution. TAP is the second order of an expansion in W: it is close while
couplings are weak, and no bound.
Source: Gabrie, Tramel and Krzakala, NIPS 28 (2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr, expit

from ..ising import Float
from ..runtime.limits import checkpoint
from .rbm_model import RestrictedBoltzmann

_DAMPING = 0.5  # part of the old means that is kept in an iteration


@dataclass(frozen=True, eq=False)
class RbmMagnetizations:
    """Means of the units at stationary points of the TAP free energy.

    Attributes
    ----------
    visible : (points, m) float
        m.
    hidden : (points, n) float
        n.
    free_energy : (points,) float
        Gamma, an estimate of -ln Z.
    residual : float
        Largest change of a mean in the last iteration.
    """

    visible: Float
    hidden: Float
    free_energy: Float
    residual: float


def rbm_tap(
    layer: RestrictedBoltzmann,
    start: Float,
    *,
    second_order: bool = True,
    iterations: int = 200,
    tolerance: float = 1e-8,
) -> RbmMagnetizations:
    """Find stationary points of the TAP free energy of a machine by damped iteration.

    Parameters
    ----------
    layer : RestrictedBoltzmann
        The machine, of Bernoulli units.
    start : (points, m) float
        Means of the visible units at the start, 0 to 1.
    second_order : bool
        Whether the terms of W^2 are there; without them it is the naive mean field.
    iterations : int
        Most iterations.
    tolerance : float
        Change of the means at which the iteration ends.

    Returns
    -------
    RbmMagnetizations
        The points, one of each start.

    Raises
    ------
    ValueError
        If the visible units are Gaussian, or ``start`` has another number of them.
    """
    if layer.visible != "bernoulli":
        raise ValueError("visible is gaussian; the TAP equations here are those of Bernoulli units")
    m = np.array(start, dtype=float, ndmin=2)
    if m.shape[1] != layer.weights.shape[1] or not ((m >= 0.0) & (m <= 1.0)).all():
        raise ValueError(f"start has shape {m.shape}; give means in 0 .. 1, (points, {layer.weights.shape[1]})")
    w, b, c = layer.weights, layer.visible_biases, layer.hidden_biases
    square = w**2 if second_order else np.zeros_like(w)
    n, residual = layer.hidden_means(m), np.inf
    for k in range(iterations):
        checkpoint("TAP iteration", k, iterations)
        new_n = _blend(n, expit(c + m @ w.T - (n - 0.5) * ((m - m * m) @ square.T)))
        new_m = _blend(m, expit(b + new_n @ w - (m - 0.5) * ((new_n - new_n * new_n) @ square)))
        residual = max(float(np.abs(new_m - m).max()), float(np.abs(new_n - n).max()))
        m, n = new_m, new_n
        if residual < tolerance:
            break
    entropies = (entr(m) + entr(1.0 - m)).sum(axis=1) + (entr(n) + entr(1.0 - n)).sum(axis=1)
    energies = m @ b + n @ c + ((n @ w) * m).sum(axis=1)
    onsager = 0.5 * (((n - n * n) @ square) * (m - m * m)).sum(axis=1)
    return RbmMagnetizations(m, n, -entropies - energies - onsager, residual)


def tap_gradient(
    layer: RestrictedBoltzmann, v: Float, points: RbmMagnetizations, *, second_order: bool = True
) -> RestrictedBoltzmann:
    """Compute the gradient of <ln p(v)> with the negative phase at TAP points.

    Parameters
    ----------
    layer : RestrictedBoltzmann
        The machine.
    v : (samples, m) float
        Data.
    points : RbmMagnetizations
        Points over which the negative phase is averaged.
    second_order : bool
        As in :func:`rbm_tap`.

    Returns
    -------
    RestrictedBoltzmann
        The derivatives by W, b and c.
    """
    p, m, n = layer.hidden_means(v), points.visible, points.hidden
    negative = n.T @ m
    if second_order:
        negative = negative + layer.weights * ((n - n * n).T @ (m - m * m))
    return RestrictedBoltzmann(
        p.T @ v / len(v) - negative / len(m), v.mean(axis=0) - m.mean(axis=0), p.mean(axis=0) - n.mean(axis=0)
    )


def learn_by_tap(
    layer: RestrictedBoltzmann,
    v: Float,
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int = 100,
    points: int = 100,
    steps: int = 3,
    second_order: bool = True,
    rng: np.random.Generator,
) -> RestrictedBoltzmann:
    """Train a machine by TAP gradients, whose magnetizations persist from update to update.

    Parameters
    ----------
    layer : RestrictedBoltzmann
        The machine before learning.
    v : (samples, m) float
        Data in 0 .. 1.
    epochs : int
        Epochs.
    learning_rate : float
        Rate.
    batch_size : int
        Samples in an update.
    points : int
        Persistent magnetizations, at first samples of the data.
    steps : int
        Iterations of the magnetizations in an update.
    second_order : bool
        As in :func:`rbm_tap`.
    rng : Generator
        Order of the samples.

    Returns
    -------
    RestrictedBoltzmann
        The trained machine.
    """
    means = v[rng.integers(0, len(v), points)]
    batches = -(-len(v) // batch_size)
    for k in range(epochs * batches):
        checkpoint("learning by TAP", k, epochs * batches)
        if k % batches == 0:
            order = rng.permutation(len(v))
        rows = order[k % batches * batch_size :][:batch_size]
        found = rbm_tap(layer, means, second_order=second_order, iterations=steps)
        means = found.visible
        slope = tap_gradient(layer, v[rows], found, second_order=second_order)
        layer = RestrictedBoltzmann(
            layer.weights + learning_rate * slope.weights,
            layer.visible_biases + learning_rate * slope.visible_biases,
            layer.hidden_biases + learning_rate * slope.hidden_biases,
        )
    return layer


def _blend(old: Float, new: Float) -> Float:
    return _DAMPING * old + (1.0 - _DAMPING) * new
