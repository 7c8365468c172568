r"""A deep autoencoder: a stack of restricted machines, unrolled into an encoder and a decoder, then fine-tuned.

.. math:: a^{l} = \sigma(a^{l-1} W_l + c_l), \qquad
          L = -\frac1N \sum_{r,i} x_{ri} \ln y_{ri} + (1 - x_{ri}) \ln(1 - y_{ri}) + \frac\lambda2 \sum_l |W_l|^2

The code layer in the middle is linear; the decoder starts as the encoder's transpose. Gaussian visible units have a
linear output and half the squared error as L. Back-propagation gives the gradient; L-BFGS over all samples descends,
where Hinton and Salakhutdinov took conjugate gradients over batches of 1000.
Source: Hinton and Salakhutdinov, Science 313, 504 (2006); Liu and Nocedal, Math. Program. 45, 503 (1989).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .block_gibbs import RandomLanes
from .contrastive_divergence import RbmTrainer, TrainingOptions
from .dbn import train_stack
from .dependence import all_equal, warn_unlearned
from .rbm import RBM
from .rbm_model import Units, log_odds
from .sklearn_inputs import layer_sizes, seed_from_random_state, sklearn_output, validated

_LEAST_EXPLAINED = 0.01  # of the variance of X

Weights = list[tuple[Float, Float]]  # (inputs, outputs) and (outputs,) of each layer


class Autoencoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Deep autoencoder, pretrained as restricted machines.

    Parameters
    ----------
    n_components : tuple of int    units of each layer of the encoder; the last is the linear code
    rbm : RBM or None              how layers below the code are pretrained; None: ``RBM(method="cd")``. Its ``visible``
                                   says what X is
    code_rate, code_iter           learning rate and epochs of the code layer, Gaussian hidden units, by CD-1, from
                                   weights of deviation 1 / sqrt(units below), which pass on the scale of their input
    alpha : float                  lambda, weight decay of the fine-tuning
    max_iter : int                 iterations of L-BFGS; 0 leaves the pretrained stack
    random_state : int, RandomState, None, or anything that ``rng`` of this package may be

    Attributes
    ----------
    layers_ : list of (W (inputs, outputs), c (outputs,)), encoder and then decoder
    mean_, scale_ (n_features,)    of the data (0 and 1 for Bernoulli units)
    loss_ : float, n_iter_ : int   at the end of the fine-tuning
    """

    def __init__(
        self,
        n_components: tuple[int, ...] = (128, 16),
        *,
        rbm: RBM | None = None,
        code_rate: float = 0.001,
        code_iter: int = 20,
        alpha: float = 0.0,
        max_iter: int = 200,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.rbm = rbm
        self.code_rate = code_rate
        self.code_iter = code_iter
        self.alpha = alpha
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Autoencoder:
        """Pretrain, unroll and fine-tune on X (samples, n_features).

        Warns (ConvergenceWarning) where reconstructions of X are no better than its mean.
        """
        x = validated(self, X, reset=True)
        if self.alpha < 0.0 or self.code_rate < 0.0 or min(self.code_iter, self.max_iter) < 0:
            raise ValueError(
                f"alpha is {self.alpha}, code_rate {self.code_rate}, code_iter {self.code_iter}, max_iter "
                f"{self.max_iter}; none may be negative"
            )
        with single_threaded_blas():
            self._learn(x)
        warn_unlearned("Autoencoder", self._unlearned(x))
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Codes (samples, n_components[-1])."""
        check_is_fitted(self)
        x = validated(self, X, reset=False)
        return sklearn_output(forward(self.layers_, self._units(x), self._output)[len(self.layers_) // 2], x)

    def inverse_transform(self, X: ArrayLike) -> Float:
        """X (samples, n_features) of codes (samples, n_components[-1])."""
        check_is_fitted(self)
        code = np.asarray(X, dtype=float)
        half = len(self.layers_) // 2
        width = self.layers_[half][0].shape[0]
        if code.ndim != 2 or code.shape[1] != width:
            raise ValueError(f"X has shape {code.shape}; codes are (samples, {width})")
        with single_threaded_blas(len(code) * max(w.size for w, _ in self.layers_)):
            for k, (w, c) in enumerate(self.layers_[half:], start=half):
                code = _activate(code @ w + c, k, len(self.layers_), self._output)
        return np.asarray(code * self.scale_ + self.mean_)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Minus the mean over samples of the squared error of their reconstruction."""
        check_is_fitted(self)
        return -self._error(validated(self, X, reset=False))

    def _error(self, x: NDArray[Any]) -> float:
        reconstruction = forward(self.layers_, self._units(x), self._output)[-1] * self.scale_ + self.mean_
        return float(((reconstruction - x) ** 2).sum(axis=1).mean())

    def _learn(self, x: NDArray[Any]) -> None:
        *below, code = layer_sizes(self.n_components)
        template = RBM(method="cd") if self.rbm is None else self.rbm
        self._output: Units = template.visible
        seed = seed_from_random_state(self.random_state)
        rbms = train_stack(x, tuple(below), template, seed)
        self.mean_ = rbms[0].mean_ if rbms else np.zeros(x.shape[1])
        self.scale_ = rbms[0].scale_ if rbms else np.ones(x.shape[1])
        if not rbms and self._output == "gaussian":
            self.mean_, deviation = x.mean(axis=0, dtype=float), x.std(axis=0, dtype=float)
            self.scale_ = template.sigma * np.where(deviation > 0.0, deviation, 1.0)
        v = self._units(x)
        parts = [(rbm.components_, rbm.intercept_visible_, rbm.intercept_hidden_) for rbm in rbms]
        top = v
        for rbm in rbms:
            top = rbm.layer.hidden_means(top)
        parts.append(self._code(top, code, "bernoulli" if rbms else self._output, seed))
        encoder = [(w.T.astype(float), c.astype(float)) for w, _, c in parts]
        decoder = [(w.astype(float), b.astype(float)) for w, b, _ in reversed(parts)]
        self._fine_tune(encoder + decoder, v)

    @single_threaded_blas()
    def _code(self, v: Float, n: int, visible: Units, seed: np.random.SeedSequence) -> tuple[Any, Any, Any]:
        """(W, b, c) of the restricted machine with Gaussian hidden units: the code layer before fine-tuning."""
        stream = RandomLanes.of(seed)
        w = np.float32(1.0 / np.sqrt(v.shape[1])) * stream.generator.standard_normal((n, v.shape[1]), np.float32)
        b, c = log_odds(v, visible).astype(np.float32), np.zeros(n, np.float32)
        learner = RbmTrainer(w, b, c, b.copy(), TrainingOptions("cd", momentum=0.9), stream, visible, "gaussian")
        single, size = v.astype(np.float32), 100
        for epoch in range(self.code_iter):
            order = stream.generator.permutation(len(v))
            for start in range(0, len(v), size):
                checkpoint("learning of the code layer", epoch * len(v) + start, self.code_iter * len(v))
                learner.learn(single, self.code_rate, order[start : start + size])
        return w, b, c

    def _fine_tune(self, start: Weights, v: Float) -> None:
        shapes = [w.shape for w, _ in start]
        if self._output == "bernoulli":
            v = np.clip(v, 0.0, 1.0)  # the cross-entropy has no lower bound outside

        def evaluated(flat: Float) -> tuple[float, Float]:
            checkpoint("fine-tuning of the autoencoder")
            return autoencoder_loss_and_gradient(flat, shapes, v, self._output, self.alpha)

        with single_threaded_blas(len(v) * max(w.size for w, _ in start)):
            found = minimize(
                evaluated,
                flatten_parameters(start),
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": self.max_iter, "maxfun": 10 * self.max_iter + 10, "maxcor": 20},
            )
        if not np.isfinite(found.fun):
            warnings.warn(f"fine-tuning stopped: {found.message}", ConvergenceWarning, stacklevel=4)
        self.layers_, self.loss_, self.n_iter_ = unflatten_parameters(found.x, shapes), float(found.fun), int(found.nit)

    def _unlearned(self, x: NDArray[Any]) -> str | None:
        """Why the codes of x are worth nothing, and what to do; None if they are worth something."""
        if all_equal(x):
            return "all samples are equal"
        error, spread = self._error(x), float(x.var(axis=0, dtype=float).sum())
        if error < (1.0 - _LEAST_EXPLAINED) * spread:
            return None
        return (
            f"a reconstruction is off by {error:.3g} (squared, a sample), the mean of X by {spread:.3g}; raise "
            "max_iter, or n_iter or learning_rate of rbm"
        )

    def _units(self, x: NDArray[Any]) -> Float:
        return np.asarray((x - self.mean_) / self.scale_, dtype=float)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def forward(layers: Weights, v: Float, output: Units) -> list[Float]:
    """Activations of every layer, the input v (rows, m) first."""
    activations = [v]
    with single_threaded_blas(len(v) * max(w.size for w, _ in layers)):
        for k, (w, c) in enumerate(layers):
            activations.append(_activate(activations[-1] @ w + c, k, len(layers), output))
    return activations


def autoencoder_loss_and_gradient(
    flat: Float, shapes: list[tuple[int, int]], v: Float, output: Units, alpha: float
) -> tuple[float, Float]:
    """L and its gradient in the order of ``flat``, by back-propagation; v (rows, m) is input and target."""
    layers = unflatten_parameters(flat, shapes)
    a = forward(layers, v, output)
    y, code = a[-1], len(layers) // 2
    if output == "bernoulli":  # from the argument of the logistic, which has no logarithm of 0
        z = a[-2] @ layers[-1][0] + layers[-1][1]
        loss = float((np.logaddexp(0.0, z) - v * z).sum())
    else:
        loss = 0.5 * float(((y - v) ** 2).sum())
    loss = loss / len(v) + 0.5 * alpha * sum(float((w * w).sum()) for w, _ in layers)
    delta = (y - v) / len(v)  # for both kinds of output
    parts: Weights = []
    for k in range(len(layers) - 1, -1, -1):
        w = layers[k][0]
        parts.append((a[k].T @ delta + alpha * w, delta.sum(axis=0)))
        if k:
            delta = delta @ w.T
            if k != code:
                delta *= a[k] * (1.0 - a[k])
    return loss, flatten_parameters(parts[::-1])


def _activate(z: Float, k: int, layers: int, output: Units) -> Float:
    """Layer k of ``layers``: the code in the middle is linear, and so is a Gaussian output; the others are logistic."""
    linear = k == layers // 2 - 1 or (k == layers - 1 and output == "gaussian")
    return z if linear else np.asarray(expit(z))


def flatten_parameters(layers: Weights) -> Float:
    return np.concatenate([part.ravel() for layer in layers for part in layer])


def unflatten_parameters(flat: Float, shapes: list[tuple[int, int]]) -> Weights:
    layers: Weights = []
    at = 0
    for n, m in shapes:
        layers.append((flat[at : at + n * m].reshape(n, m), flat[at + n * m : at + n * m + m]))
        at += n * m + m
    return layers
