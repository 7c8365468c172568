r"""Restricted Boltzmann machine with label units: one of c classes is a visible unit of c states beside the others.

.. math:: E(v, y, h) = -b^\top v - d_y - c^\top h - h^\top W v - h^\top U_{\cdot y}, \qquad
          F(v, y) = -b^\top v - d_y - \sum_j \ln(1 + e^{c_j + W_j v + U_{j y}})

A picture v is named by the class of lowest free energy: F costs no sampling, and

.. math:: P(y | v) = \frac{e^{-F(v, y)}}{\sum_k e^{-F(v, k)}}

is exact. Learning is generative, by contrastive divergence over v and y, or discriminative, along the exact gradient of
ln P(y | v).
Source: Hinton, Osindero and Teh, Neural Comput. 18, 1527 (2006), section 6; discriminative: Larochelle and Bengio, ICML
(2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_softmax

from ..ising import Float
from ..runtime.limits import checkpoint
from .rbm_model import log_odds

_FIRST_SPREAD = 0.01  # of the weights before learning


@dataclass(frozen=True, eq=False)
class LabeledBoltzmann:
    """Restricted Boltzmann machine of n hidden units over m visible units and c classes.

    Attributes
    ----------
    weights : (n, m) float
        W.
    label_weights : (n, c) float
        U.
    visible_biases, label_biases, hidden_biases : (m,) float, (c,) float, (n,) float
        b, d and c.
    """

    weights: Float
    label_weights: Float
    visible_biases: Float
    label_biases: Float
    hidden_biases: Float

    def __post_init__(self) -> None:
        shapes = self.weights.shape[1], self.label_weights.shape[1], len(self.weights)
        given = tuple(each.size for each in (self.visible_biases, self.label_biases, self.hidden_biases))
        if shapes != given or len(self.label_weights) != len(self.weights):
            raise ValueError(
                f"weights have shape {self.weights.shape}, label_weights {self.label_weights.shape}, biases of visible "
                f"units, classes and hidden units {given}; expected (n, m), (n, c), m, c and n"
            )
        if not all(np.isfinite(each).all() for each in self.parameters):
            raise ValueError("parameters hold NaN or infinity; train with a smaller learning rate")

    @property
    def parameters(self) -> tuple[Float, Float, Float, Float, Float]:
        """W, U, b, d and c."""
        return self.weights, self.label_weights, self.visible_biases, self.label_biases, self.hidden_biases

    def free_energies(self, v: ArrayLike) -> Float:
        """Compute the free energy F(v, y) of every class.

        Returns
        -------
        (rows, c) float
            F.
        """
        v = np.asarray(v, dtype=float)
        z = v @ self.weights.T + self.hidden_biases
        by_class = [np.logaddexp(0.0, z + column).sum(axis=1) for column in self.label_weights.T]
        return -(v @ self.visible_biases)[:, None] - self.label_biases - np.column_stack(by_class)

    def log_posterior(self, v: ArrayLike) -> Float:
        """Compute ln P(y | v).

        Returns
        -------
        (rows, c) float
            The logarithms.
        """
        return np.asarray(log_softmax(-self.free_energies(v), axis=1))

    def label_gradient(self, v: Float, labels: NDArray[np.intp]) -> tuple[float, Float, tuple[Float, ...]]:
        """Compute the mean of -ln P(label | v) and its gradient by v and by the parameters.

        Parameters
        ----------
        v : (rows, m) float
            Visible units.
        labels : (rows,) int
            Numbers of the classes.

        Returns
        -------
        loss : float
            The mean.
        by_v : (rows, m) float
            The derivatives by v.
        by_parameters : tuple
            The derivatives in the order of ``parameters``; those by b are 0, as it cancels.
        """
        logs = self.log_posterior(v)
        rows = np.arange(len(v))
        off = np.exp(logs)
        off[rows, labels] -= 1.0
        off /= len(v)
        z = v @ self.weights.T + self.hidden_biases
        means = expit(z[:, :, None] + self.label_weights)
        back = np.einsum("rjc,rc->rj", means, off)
        by_labels = np.einsum("rjc,rc->jc", means, off)
        steps = back.T @ v, by_labels, np.zeros_like(self.visible_biases), off.sum(axis=0), back.sum(axis=0)
        return float(-logs[rows, labels].mean()), back @ self.weights, steps


@dataclass(frozen=True)
class LabeledLearning:
    """Schedule of contrastive divergence over visible and label units.

    Attributes
    ----------
    epochs, batch_size : int
        Epochs, and samples in an update.
    learning_rate : float
        First rate; it falls linearly to 0.
    momentum, weight_decay : float
        Momentum, and decay rate of the weights.
    """

    epochs: int = 50
    batch_size: int = 50
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4


def learn_labeled(
    v: Float, labels: NDArray[np.intp], hidden: int, plan: LabeledLearning, rng: np.random.Generator
) -> LabeledBoltzmann:
    """Train a labeled machine by CD-1 from small random weights.

    Parameters
    ----------
    v : (samples, m) float
        Data in [0, 1]: probabilities, of which a state is drawn each time.
    labels : (samples,) int
        Numbers of the classes, all of which occur.
    hidden : int
        Hidden units.
    plan : LabeledLearning
        Schedule.
    rng : Generator
        Random numbers.

    Returns
    -------
    LabeledBoltzmann
        The machine.
    """
    one_hot = np.eye(int(labels.max()) + 1)[labels]
    m, classes = v.shape[1], one_hot.shape[1]
    w = _FIRST_SPREAD * rng.standard_normal((hidden, m + classes))  # W and U side by side
    b = np.r_[log_odds(v, "bernoulli"), np.log(one_hot.mean(axis=0))]
    c = np.zeros(hidden)
    velocity: list[Any] = [np.zeros_like(each) for each in (w, b, c)]
    batches = -(-len(v) // plan.batch_size)
    for k in range(plan.epochs * batches):
        checkpoint("learning of the labeled machine", k, plan.epochs * batches)
        if k % batches == 0:
            order = rng.permutation(len(v))
        rows = order[k % batches * plan.batch_size :][: plan.batch_size]
        x = np.column_stack([rng.random((len(rows), m)) < v[rows], one_hot[rows]])
        up = expit(x @ w.T + c)
        down = (rng.random(up.shape) < up) @ w + b
        # The largest of ln p + Gumbel noise is a draw from p: one class is on.
        class_of = (down[:, m:] + rng.gumbel(size=(len(rows), classes))).argmax(axis=1)
        y = np.column_stack([rng.random((len(rows), m)) < expit(down[:, :m]), np.eye(classes)[class_of]])
        again = expit(y @ w.T + c)
        rate = plan.learning_rate * (1.0 - k / (plan.epochs * batches)) / len(rows)
        slopes = up.T @ x - again.T @ y - plan.weight_decay * len(rows) * w, (x - y).sum(0), (up - again).sum(0)
        for held, slope, parameter in zip(velocity, slopes, (w, b, c), strict=True):
            held *= plan.momentum
            held += rate * slope
            parameter += held
    return LabeledBoltzmann(w[:, :m], w[:, m:], b[:m], b[m:], c)
