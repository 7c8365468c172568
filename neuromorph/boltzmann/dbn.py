r"""Deep belief network, learned greedily: each restricted machine models the hidden means of the one below.

.. math:: p(v, h^1, .., h^L) = p(v | h^1) \cdots p(h^{L-2} | h^{L-1})\, p(h^{L-1}, h^L)

where v is the visible layer and h^l the l-th hidden one. The two top layers are a restricted Boltzmann machine; below
them all arrows point down. A layer that is added as the transpose of the one below does not lower a bound on ln p(v),
and its learning raises it.
Source: Hinton, Osindero and Teh, Neural Comput. 18, 1527 (2006).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from ..ising import Float
from ..rng import RNG
from ..runtime.threads import single_threaded_blas
from .dependence import some_rows, warn_unlearned
from .rbm import RBM
from .sklearn_inputs import layer_sizes, seed_from_random_state, sklearn_output, validated

_BATCH, _EPOCHS, _UPDATES = 50, 20, 6000  # of a layer where no template is given; the last two at least


class DBN(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Deep belief network of stacked restricted Boltzmann machines.

    Parameters
    ----------
    n_components : tuple of int
        Hidden units of each layer, from the bottom.
    rbm : RBM or None
        Template of the layers; None learns by CD-1 with momentum 0.9, in 20 epochs or as many more as make 6000
        updates: features that tell classes apart take longer than a good density. Its ``visible`` holds for the lowest
        layer, the others have Bernoulli units; its ``n_components`` and ``random_state`` are not used.
    random_state : int, RandomState, None or RNG
        Seed, as in scikit-learn or as ``rng`` of this package.

    Attributes
    ----------
    rbms_ : list of RBM
        The fitted machines.
    """

    def __init__(
        self, n_components: tuple[int, ...] = (256, 512), *, rbm: RBM | None = None, random_state: Any = None
    ) -> None:
        self.n_components = n_components
        self.rbm = rbm
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> DBN:
        """Learn the layers one after the other.

        A ConvergenceWarning is given if the lowest layer learned nothing.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        DBN
            The fitted estimator.
        """
        x = self._validated(X, reset=True)
        template = _default_layer(len(x)) if self.rbm is None else self.rbm
        with single_threaded_blas():
            self.rbms_ = train_stack(
                x, layer_sizes(self.n_components), template, seed_from_random_state(self.random_state)
            )
        rows = some_rows(x)
        for k, rbm in enumerate(self.rbms_, start=1):
            why = rbm._unlearned(rows)
            if why is not None:
                warn_unlearned(f"layer {k} of {len(self.rbms_)} of the DBN", why)
                break
            rows = np.asarray(rbm.transform(rows))
        return self

    def transform(self, X: ArrayLike, *, layers: int | None = None) -> NDArray[Any]:
        """Compute the means of a hidden layer, as each layer passes its means up.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        layers : int or None
            Number of the layer from the bottom; None is the top one.

        Returns
        -------
        (samples, units) array
            The means.

        Raises
        ------
        ValueError
            If the network has no such layer.
        """
        x = self._validated(X)
        if layers is not None and not 1 <= layers <= len(self.rbms_):
            raise ValueError(f"layers is {layers}; this network has 1 .. {len(self.rbms_)}")
        means: NDArray[Any] = x
        for rbm in self.rbms_[:layers]:
            means = np.asarray(rbm.transform(means))  # whatever set_output says
        return sklearn_output(means, x)

    def sample(self, n_samples: int = 1, *, n_steps: int = 1000, rng: RNG = None) -> Float:
        """Sample the visible means: chains in the two top layers, then one pass of states down.

        Parameters
        ----------
        n_samples : int
            Number of samples.
        n_steps : int
            Gibbs steps, as in :meth:`RBM.sample`.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        (n_samples, n_features) float
            Means of the visible units.
        """
        check_is_fitted(self)
        seed = seed_from_random_state(self.random_state if rng is None else rng)
        states = self.rbms_[-1].sample(n_samples, n_steps=n_steps, rng=seed)
        generator = np.random.default_rng(seed.spawn(1)[0])
        for rbm in self.rbms_[-2::-1]:
            means = rbm.layer.visible_means(states)
            states = (generator.random(means.shape) < means).astype(float)
        if len(self.rbms_) > 1:
            states = np.asarray(means * self.rbms_[0].scale_ + self.rbms_[0].mean_)
        return states

    def _validated(self, X: ArrayLike, reset: bool = False) -> NDArray[Any]:
        if not reset:
            check_is_fitted(self)
        return validated(self, X, reset=reset)

    @property
    def _n_features_out(self) -> int:  # for the names of scikit-learn
        return self.rbms_[-1]._n_features_out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _default_layer(samples: int) -> RBM:
    """Return the template of the layers where none is given."""
    updates = -(-samples // _BATCH)
    return RBM(method="cd", momentum=0.9, batch_size=_BATCH, n_iter=max(_EPOCHS, -(-_UPDATES // updates)))


def train_stack(x: NDArray[Any], sizes: tuple[int, ...], rbm: RBM, seed: np.random.SeedSequence) -> list[RBM]:
    """Train restricted machines one on top of the other.

    Parameters
    ----------
    x : (samples, m) array
        Data of the lowest machine.
    sizes : tuple of int
        Hidden units of each machine.
    rbm : RBM
        Template of the machines.
    seed : SeedSequence
        Seed, which is split over the machines.

    Returns
    -------
    list of RBM
        The fitted machines, each on the hidden means of the one below.
    """
    rbms: list[RBM] = []
    for n, child in zip(sizes, seed.spawn(len(sizes)), strict=True):
        layer = clone(rbm).set_params(n_components=n, random_state=child)
        if rbms:
            layer.set_params(visible="bernoulli")
        layer._learn(layer._validated(x, reset=True))
        rbms.append(layer)
        x = np.asarray(layer.transform(x))
    return rbms
