r"""Deep belief network with labels: greedy pretraining, classes by free energy, supervised fine-tuning.

.. math:: p(v, h^1, .., h^{L-1}, y) = p(v | h^1) \cdots p(h^{L-2} | h^{L-1})\, p(h^{L-1}, y), \qquad
          P(y | v) \approx \frac{e^{-F(\bar h^{L-1}(v), y)}}{\sum_k e^{-F(\bar h^{L-1}(v), k)}}

Each machine below the top models the hidden means of the one below it without knowing any label; the top one,
:class:`.LabeledBoltzmann`, models the uppermost means h-bar together with the class y. Fine-tuning descends along the
gradient of -ln P(y | v) through all layers, from where pretraining ended, by Adam.
Source: Hinton, Osindero and Teh, Neural Comput. 18, 1527 (2006), who fine-tune by the up-down algorithm; by gradient:
Hinton and Salakhutdinov, Science 313, 504 (2006); Adam: Kingma and Ba, ICLR (2015).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..associative_memory.class_labels import number_classes
from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .dbn import _default_layer, train_stack
from .labeled_rbm import LabeledBoltzmann, LabeledLearning, learn_labeled
from .rbm import RBM
from .sklearn_inputs import check_unit_interval, layer_sizes, seed_from_random_state, validated

_UPDATES = 3000  # of the top machine at least
_BATCH = 50
_MEAN_DECAY, _SQUARE_DECAY, _TINY = 0.9, 0.999, 1e-8  # of Adam


class DBNClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Deep belief network whose top machine models the class as well; X in [0, 1].

    Parameters
    ----------
    n_components : tuple of int
        Hidden units of each layer, from the bottom; the last is the top machine's. One layer is a restricted machine
        of pixels and labels.
    rbm : RBM or None
        Template of the layers below the top, as in :class:`.DBN`.
    pretraining : LabeledLearning or None
        Schedule of the top machine; None is 50 epochs, or as many more as make 3000 updates.
    fine_tuning : int
        Epochs of fine-tuning; 0 leaves the machines as they were pretrained.
    learning_rate : float
        First rate of fine-tuning; it falls linearly to 0.
    random_state : int, RandomState, None or RNG
        Seed, as in scikit-learn or as ``rng`` of this package.

    Attributes
    ----------
    classes_ : (c,) array
        Labels.
    stack_ : list of RBM
        The layers below the top as they were pretrained, which lead down again.
    layers_ : list of (weights, biases)
        Their weights and hidden biases after fine-tuning.
    top_ : LabeledBoltzmann
        The top machine.

    References
    ----------
    Hinton, Osindero and Teh, Neural Comput. 18, 1527 (2006).
    """

    def __init__(
        self,
        n_components: tuple[int, ...] = (128, 256),
        *,
        rbm: RBM | None = None,
        pretraining: LabeledLearning | None = None,
        fine_tuning: int = 40,
        learning_rate: float = 1e-3,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.rbm = rbm
        self.pretraining = pretraining
        self.fine_tuning = fine_tuning
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> DBNClassifier:
        """Learn the layers one after the other, the top with the labels, and fine-tune all.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data in [0, 1].
        y : (samples,) array_like
            Labels of at least two classes.

        Returns
        -------
        DBNClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of range or there is one class only.
        """
        if self.fine_tuning < 0 or not (np.isfinite(self.learning_rate) and self.learning_rate > 0.0):
            raise ValueError(
                f"fine_tuning is {self.fine_tuning}, learning_rate {self.learning_rate}; the first must not be "
                "negative, the second finite and above 0"
            )
        if self.rbm is not None and self.rbm.visible != "bernoulli":
            raise ValueError(f"rbm has visible={self.rbm.visible!r}; the layers of a DBNClassifier are bernoulli")
        given, labels = validate_data(self, X, y, dtype=float, accept_sparse="csr")
        x = np.asarray(given.toarray() if issparse(given) else given)
        check_unit_interval(x, other="")  # layers of labels are bernoulli
        self.classes_, numbers = number_classes(labels)
        sizes, seed = layer_sizes(self.n_components), seed_from_random_state(self.random_state)
        of_stack, of_top, of_tuning = seed.spawn(3)
        template = _default_layer(len(x)) if self.rbm is None else self.rbm
        epochs = max(50, -(-_UPDATES * _BATCH // len(x)))
        plan = LabeledLearning(epochs, _BATCH) if self.pretraining is None else self.pretraining
        with single_threaded_blas():
            self.stack_ = train_stack(x, sizes[:-1], template, of_stack)
            self.layers_ = [(np.array(rbm.layer.weights), np.array(rbm.layer.hidden_biases)) for rbm in self.stack_]
            top = _means(self.layers_, x)[-1]
            self.top_ = learn_labeled(top, numbers, sizes[-1], plan, np.random.default_rng(of_top))
            self._fine_tune(x, numbers, np.random.default_rng(of_tuning))
        return self

    def free_energies(self, X: ArrayLike) -> Float:
        """Compute the free energy of the top machine for every class.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.

        Returns
        -------
        (samples, c) float
            F.
        """
        check_is_fitted(self)
        x = np.asarray(validated(self, X, reset=False), dtype=float)
        return self.top_.free_energies(_means(self.layers_, x)[-1])

    def predict_proba(self, X: ArrayLike) -> Float:
        """Compute P(y | v) from the free energies.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.

        Returns
        -------
        (samples, c) float
            The probabilities.
        """
        free = self.free_energies(X)
        weights = np.exp(free.min(axis=1, keepdims=True) - free)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Name the class of lowest free energy.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.

        Returns
        -------
        (samples,) array
            Labels.
        """
        lowest = self.free_energies(X).argmin(axis=1)
        return np.asarray(self.classes_[lowest])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _fine_tune(self, x: Float, numbers: NDArray[np.intp], rng: np.random.Generator) -> None:
        """Descend along the gradient of -ln P(y | v), in batches."""
        flat = [np.array(each) for layer in self.layers_ for each in layer]
        flat += [np.array(each) for each in self.top_.parameters]
        below = 2 * len(self.layers_)
        first, second = [[np.zeros_like(each) for each in flat] for _ in range(2)]
        batches = -(-len(x) // _BATCH)
        total = self.fine_tuning * batches
        for k in range(total):
            checkpoint("fine-tuning", k, total)
            if k % batches == 0:
                order = rng.permutation(len(x))
            rows = order[k % batches * _BATCH :][:_BATCH]
            layers = list(zip(flat[:below:2], flat[1:below:2], strict=True))
            _, slopes = fine_tuning_gradient(layers, LabeledBoltzmann(*flat[below:]), x[rows], numbers[rows])
            rate = self.learning_rate * (1.0 - k / total)
            scale = np.sqrt(1.0 - _SQUARE_DECAY ** (k + 1)) / (1.0 - _MEAN_DECAY ** (k + 1))
            for parameter, slope, mean, square in zip(flat, slopes, first, second, strict=True):
                mean *= _MEAN_DECAY
                mean += (1.0 - _MEAN_DECAY) * slope
                square *= _SQUARE_DECAY
                square += (1.0 - _SQUARE_DECAY) * slope**2
                parameter -= rate * scale * mean / (np.sqrt(square) + _TINY)
        self.layers_ = list(zip(flat[:below:2], flat[1:below:2], strict=True))
        self.top_ = LabeledBoltzmann(*flat[below:])


def fine_tuning_gradient(
    layers: list[tuple[Float, Float]], top: LabeledBoltzmann, x: Float, labels: NDArray[np.intp]
) -> tuple[float, list[Float]]:
    """Compute the mean of -ln P(label | x) and its gradient through all layers.

    Parameters
    ----------
    layers : list of (weights, biases)
        Layers below the top.
    top : LabeledBoltzmann
        The top machine.
    x : (rows, m) float
        Data.
    labels : (rows,) int
        Numbers of the classes.

    Returns
    -------
    loss : float
        The mean.
    gradient : list of array
        Derivatives by weights and biases of each layer from the bottom, and by the parameters of the top.
    """
    means = _means(layers, x)
    loss, back, of_top = top.label_gradient(means[-1], labels)
    slopes: list[Float] = []
    for (weights, _), low, high in zip(layers[::-1], means[-2::-1], means[:0:-1], strict=True):
        back = back * high * (1.0 - high)
        slopes = [back.T @ low, back.sum(axis=0), *slopes]
        back = back @ weights
    return loss, [*slopes, *of_top]


def _means(layers: list[tuple[Float, Float]], x: Float) -> list[Float]:
    """Compute the hidden means of every layer below the top, after the data."""
    means = [x]
    for weights, biases in layers:
        means.append(expit(means[-1] @ weights.T + biases))
    return means
