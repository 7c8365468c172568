r"""Deep autoencoder: a stack of restricted machines, unrolled into an encoder and a decoder, then fine-tuned.

.. math:: a^{l} = \sigma(a^{l-1} W_l + c_l), \qquad
          L = -\frac1N \sum_{r,i} x_{ri} \ln y_{ri} + (1 - x_{ri}) \ln(1 - y_{ri}) + \frac\lambda2 \sum_l |W_l|^2

where a^l is the activation of layer l with weights W_l and biases c_l, x_r a sample, y_r its reconstruction, and L the
loss.

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
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .autoencoder_layers import (
    Weights,
    activate,
    autoencoder_loss_and_gradient,
    flatten_parameters,
    forward,
    unflatten_parameters,
)
from .block_gibbs import RandomLanes
from .contrastive_divergence import RbmTrainer, TrainingOptions
from .dbn import train_stack
from .dependence import all_equal, warn_unlearned
from .rbm import RBM
from .rbm_model import Units, log_odds
from .sklearn_inputs import layer_sizes, leaves_unit_interval, seed_from_random_state, sklearn_output, validated

_LEAST_EXPLAINED = 0.01  # least share of the variance of X that reconstructions must explain


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Deep autoencoder that is pretrained as a stack of restricted Boltzmann machines.

    Parameters
    ----------
    n_components : tuple of int
        Units of each layer of the encoder; the last is the linear code.
    rbm : RBM or None
        Template for the layers below the code; None is ``RBM(method="cd")``. Its ``visible`` is the type of the units
        of X.
    code_rate, code_iter : float, int
        Learning rate and epochs of the code layer, which has Gaussian hidden units and learns by CD-1 from weights of
        deviation 1 / sqrt(units below), which preserve the scale of their input.
    alpha : float
        lambda, weight decay of the fine-tuning.
    max_iter : int
        Iterations of L-BFGS; 0 leaves the pretrained stack.
    random_state : int, RandomState, None or RNG
        Seed, as in scikit-learn or as ``rng`` of this package.

    Attributes
    ----------
    layers_ : list of tuple
        Weights (inputs, outputs) and biases (outputs,) of the encoder and then of the decoder.
    mean_, scale_ : (n_features,) float
        Mean and deviation of the data (0 and 1 for Bernoulli units).
    loss_, n_iter_ : float, int
        Loss and iterations at the end of the fine-tuning.
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
        """Pretrain, unroll and fine-tune the layers.

        A ConvergenceWarning is given where reconstructions of X are no better than its mean.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        Autoencoder
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of range.
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
        """Encode samples.

        Returns
        -------
        (samples, n_components[-1]) array
            The codes.
        """
        check_is_fitted(self)
        x = validated(self, X, reset=False)
        return sklearn_output(forward(self.layers_, self._units(x), self._output)[len(self.layers_) // 2], x)

    def inverse_transform(self, X: ArrayLike) -> Float:
        """Decode codes (samples, n_components[-1]).

        Returns
        -------
        (samples, n_features) float
            The reconstructions.

        Raises
        ------
        ValueError
            If the codes have the wrong shape.
        """
        check_is_fitted(self)
        code = np.asarray(X, dtype=float)
        half = len(self.layers_) // 2
        width = self.layers_[half][0].shape[0]
        if code.ndim != 2 or code.shape[1] != width:
            raise ValueError(f"X has shape {code.shape}; codes are (samples, {width})")
        with single_threaded_blas(len(code) * max(w.size for w, _ in self.layers_)):
            for k, (w, c) in enumerate(self.layers_[half:], start=half):
                code = activate(code @ w + c, k, len(self.layers_), self._output)
        return np.asarray(code * self.scale_ + self.mean_)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Compute minus the mean squared error of the reconstructions.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        float
            The score; the squared error is summed over features and averaged over samples.
        """
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
        """Pretrain the code layer: (W, b, c) of a restricted machine with Gaussian hidden units."""
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
        """Explain why the codes of x carry no information, with the remedy; None if they carry some."""
        if all_equal(x):
            return "all samples are equal"
        error, spread = self._error(x), float(x.var(axis=0, dtype=float).sum())
        if error < (1.0 - _LEAST_EXPLAINED) * spread:
            return None
        remedy = "raise max_iter, or n_iter or learning_rate of rbm"
        if self._output == "bernoulli" and leaves_unit_interval(x):
            remedy = "X leaves 0 .. 1: scale it"
        return f"a reconstruction is off by {error:.3g} (squared, a sample), the mean of X by {spread:.3g}; {remedy}"

    def _units(self, x: NDArray[Any]) -> Float:
        return np.asarray((x - self.mean_) / self.scale_, dtype=float)

    @property
    def _n_features_out(self) -> int:  # for the names of scikit-learn
        return int(self.layers_[len(self.layers_) // 2][0].shape[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
