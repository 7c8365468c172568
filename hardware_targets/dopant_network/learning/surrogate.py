r"""A neural network in place of a device: currents and their slopes in microseconds.

.. math:: x = \frac{2V - V^{high} - V^{low}}{V^{high} - V^{low}}, \qquad
          h_0 = x, \quad h_{l+1} = \max(0, h_l W_l + b_l), \qquad I = \bar I + \sigma_I \odot (h_L W_L + b_L)

where V are the voltages, h the layers with weights W and biases b, I the currents with mean I-bar and deviation sigma_I
in the dataset. Adam fits them to recorded voltages and currents on the mean squared error of I / sigma_I; the weights
of the epoch that does best on the validation part are kept. The surrogate does not know currents below ``rmse_a``:
controls that are trained through it without that noise (``training.NoisyDevice``) exploit its errors, and even with the
noise they must be verified on the device itself. Inference and training are plain numpy: five layers of 90 need nothing
larger. Source: Ruiz Euler et al., Nat. Nanotechnol. 15, 992 (2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from .adam import Adam
from .iv_dataset import IvDataset


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A network of L ReLU layers and a linear one; without hidden layers it is a linear model.

    Attributes
    ----------
    weights : tuple of (in, out) float
        W.
    biases : tuple of (out,) float
        b.
    low_v, high_v : (k,) float
        Range of each electrode in the dataset, V; outside, the surrogate extrapolates.
    mean_a, scale_a : (o,) float
        Mean and standard deviation of the recorded currents, A.
    rmse_a : (o,) float
        Error on settings that training did not see, A.
    outputs : tuple of int
        The o electrodes.
    """

    weights: tuple[Float, ...]
    biases: tuple[Float, ...]
    low_v: Float
    high_v: Float
    mean_a: Float
    scale_a: Float
    rmse_a: Float
    outputs: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("low_v", "high_v", "mean_a", "scale_a", "rmse_a"):
            object.__setattr__(self, name, _kept(name, getattr(self, name), 1))
        for name in ("weights", "biases"):
            held = getattr(self, name)
            dimensions = 2 if name == "weights" else 1
            object.__setattr__(self, name, tuple(_kept(f"{name}[{i}]", w, dimensions) for i, w in enumerate(held)))
        if not self.weights:
            raise ValueError("weights are none; a linear model has one matrix")
        sizes = [self.low_v.size, *(w.shape[1] for w in self.weights)]
        fits = [w.shape for w in self.weights] == list(pairwise(sizes))
        fits = fits and [b.size for b in self.biases] == sizes[1:] and self.high_v.size == sizes[0]
        fits = fits and {a.size for a in (self.mean_a, self.scale_a, self.rmse_a)} | {len(self.outputs)} == {sizes[-1]}
        if not fits:
            raise ValueError(f"layers of {sizes} do not fit biases of {[b.size for b in self.biases]} or the ranges")
        if (self.low_v > self.high_v).any() or (self.rmse_a < 0.0).any():
            raise ValueError("low_v is above high_v, or rmse_a negative; was the file changed?")

    def currents(self, voltages_v: ArrayLike) -> Float:
        """Compute the currents.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., o) float
            Currents, A.
        """
        return np.asarray(self.mean_a + self.scale_a * self._layers(voltages_v)[-1])

    def linearized(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]:
        """Compute the currents and the map from a loss's dl/dI to its dl/dV.

        Parameters
        ----------
        voltages_v : (..., k) float
            Settings, V.

        Returns
        -------
        currents_a : (..., o) float
            Currents, A.
        back : callable
            Turns dl/dI (..., o) into dl/dV (..., k).
        """
        layers = self._layers(voltages_v)

        def back(gradient: Float) -> Float:
            flow = gradient * self.scale_a
            for layer in range(len(self.weights) - 1, -1, -1):
                flow = flow @ self.weights[layer].T
                if layer > 0:
                    flow *= layers[layer] > 0.0
            return np.asarray(flow * self._per_volt)

        return self.mean_a + self.scale_a * layers[-1], back

    def slopes(self, voltages_v: ArrayLike) -> Float:
        """Compute the slopes dI/dV.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., o, k) float
            Slopes, A/V.
        """
        currents, back = self.linearized(voltages_v)
        return np.stack([back(np.broadcast_to(row, currents.shape)) for row in np.eye(len(self.outputs))], axis=-2)

    @property
    def _per_volt(self) -> Float:
        """Slope dx/dV; 0 for an electrode that was held."""
        span = self.high_v - self.low_v
        return np.where(span > 0.0, 2.0 / np.where(span > 0.0, span, 1.0), 0.0)

    def _layers(self, voltages_v: ArrayLike) -> list[Float]:
        v = np.asarray(voltages_v, dtype=float)
        if v.shape[-1:] != self.low_v.shape:
            raise ValueError(f"voltages have shape {v.shape}; the surrogate has {self.low_v.size} electrodes")
        return _forward((v - 0.5 * (self.low_v + self.high_v)) * self._per_volt, self.weights, self.biases)


@dataclass(frozen=True, eq=False)
class SurrogateFit:
    """A surrogate with the quality of its fit.

    Attributes
    ----------
    surrogate : Surrogate
        The surrogate.
    relative_rmse : (3,) float
        RMSE over sigma_I of the training, validation and test part, root mean square over outputs.
    history : (epochs, 2) float
        The same of training (during the epoch) and validation (after it).
    """

    surrogate: Surrogate
    relative_rmse: Float
    history: Float


@single_threaded_blas()
def fit_surrogate(
    record: IvDataset,
    *,
    hidden: tuple[int, ...] = (90,) * 5,
    epochs: int = 100,
    batch: int = 256,
    learning_rate: float = 1e-3,
    split: tuple[float, float, float] = (0.8, 0.1, 0.1),
    rng: RNG = None,
    progress: Callable[[int, float], None] | None = None,
) -> SurrogateFit:
    """Fit a surrogate to a dataset by Adam in batches of random settings.

    Parameters
    ----------
    record : IvDataset
        The dataset.
    hidden : tuple of int
        Units of each hidden layer; () is the best linear model, found by least squares.
    epochs, batch : int
        Number of epochs; settings in a batch.
    learning_rate : float
        Step of Adam.
    split : (float, float, float)
        Parts for training, validation and test, in the dataset's order: neighbors on a sweep are alike, and a random
        split would let the test see what training saw.
    rng : RNG
        Seed or generator.
    progress : callable, optional
        Called with the epochs done and the relative RMSE on the validation part.

    Returns
    -------
    SurrogateFit
        The surrogate and its errors.

    Raises
    ------
    ValueError
        If an option is out of range, or a current never changes.
    """
    if epochs < 1 or batch < 1 or not learning_rate > 0.0 or any(width < 1 for width in hidden):
        raise ValueError(f"epochs {epochs}, batch {batch}, learning_rate {learning_rate}, hidden {hidden}: positive")
    if min(split) <= 0.0 or abs(sum(split) - 1.0) > 1e-9:
        raise ValueError(f"split is {split}; three positive parts that sum to 1")
    start_seed, order_seed = read_seeds(rng, 2)
    m = len(record.voltages_v)
    bounds = np.round(np.cumsum(split)[:2] * m).astype(int)
    parts = np.split(np.arange(m), bounds)
    if min(len(part) for part in parts) == 0:
        raise ValueError(f"{m} settings do not split into {split}; record more")
    scale = record.currents_a.std(axis=0)
    if not (scale > 0.0).all():
        raise ValueError(f"electrode {record.outputs[int(np.argmin(scale))]}'s current never changes; leave it out")
    blank = _start(record, hidden, scale, np.random.default_rng(start_seed))
    x = (record.voltages_v - 0.5 * (blank.low_v + blank.high_v)) * blank._per_volt
    y = (record.currents_a - blank.mean_a) / scale
    if hidden:
        fitted, history = _descend(blank, x, y, parts, epochs, batch, learning_rate, order_seed, progress)
    else:
        fitted, history = _least_squares(blank, x[parts[0]], y[parts[0]]), np.empty((0, 2))
    errors = [(_forward(x[p], fitted.weights, fitted.biases)[-1] - y[p]) ** 2 for p in parts]
    relative = np.array([np.sqrt(error.mean()) for error in errors])
    return SurrogateFit(replace(fitted, rmse_a=scale * np.sqrt(errors[2].mean(axis=0))), relative, history)


def _kept(name: str, value: ArrayLike, dimensions: int) -> Float:
    array = np.array(value, dtype=float)
    if array.ndim != dimensions or not np.isfinite(array).all():
        raise ValueError(f"{name} has shape {array.shape}; give finite numbers in {dimensions} dimension(s)")
    array.setflags(write=False)
    return array


def _start(record: IvDataset, hidden: tuple[int, ...], scale: Float, generator: np.random.Generator) -> Surrogate:
    """Draw He's random weights: each layer of ReLU keeps the variance of the one before."""
    v, outputs = record.voltages_v, record.outputs
    sizes = [v.shape[1], *hidden, len(outputs)]
    weights = [generator.normal(0.0, np.sqrt(2.0 / a), (a, b)) for a, b in pairwise(sizes)]
    biases = tuple(np.zeros(b) for b in sizes[1:])
    mean = record.currents_a.mean(axis=0)
    return Surrogate(tuple(weights), biases, v.min(axis=0), v.max(axis=0), mean, scale, np.zeros_like(scale), outputs)


def _least_squares(blank: Surrogate, x: Float, y: Float) -> Surrogate:
    found = np.asarray(np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0], dtype=float)
    return replace(blank, weights=(found[:-1],), biases=(found[-1],))


def _forward(x: Float, weights: tuple[Float, ...], biases: tuple[Float, ...]) -> list[Float]:
    """Compute x, every hidden layer, and the output."""
    layers = [x]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        layers.append(np.maximum(layers[-1] @ w + b, 0.0))
    return [*layers, layers[-1] @ weights[-1] + biases[-1]]


def _descend(
    blank: Surrogate,
    x: Float,
    y: Float,
    parts: list[NDArray[np.int64]],
    epochs: int,
    batch: int,
    rate: float,
    seed: np.random.SeedSequence,
    progress: Callable[[int, float], None] | None,
) -> tuple[Surrogate, Float]:
    # Single precision: twice as fast, and its rounding is far below any RMSE that is reached.
    x, y = x.astype(np.float32), y.astype(np.float32)
    sizes = [w.shape for w in blank.weights] + [b.shape for b in blank.biases]
    ends = np.cumsum([0, *(int(np.prod(size)) for size in sizes)])
    depth = len(blank.weights)

    def views(flat: Any) -> tuple[tuple[Float, ...], tuple[Float, ...]]:
        """Cut one array into weights and biases, so that one step moves them all."""
        arrays = [flat[a:b].reshape(size) for a, b, size in zip(ends[:-1], ends[1:], sizes, strict=True)]
        return tuple(arrays[:depth]), tuple(arrays[depth:])

    flat = np.concatenate([a.ravel() for a in (*blank.weights, *blank.biases)]).astype(np.float32)
    weights, biases = views(flat)
    gradient, adam = np.zeros_like(flat), Adam(flat, rate)
    by_weights, by_biases = views(gradient)
    train, validation, _ = parts
    generator = np.random.default_rng(seed)
    best, best_error, history = flat.copy(), np.inf, np.empty((epochs, 2))
    for epoch in range(epochs):
        order = generator.permutation(train)
        total = 0.0
        for at in range(0, len(order), batch):
            checkpoint("training the surrogate", epoch + at / len(order), epochs)
            some = order[at : at + batch]
            layers = _forward(x[some], weights, biases)
            error = layers[-1] - y[some]
            total += float((error**2).sum())
            back = error * np.float32(2.0 / error.size)
            for layer in range(depth - 1, -1, -1):
                np.matmul(layers[layer].T, back, out=by_weights[layer])
                np.sum(back, axis=0, out=by_biases[layer])
                if layer > 0:
                    back = (back @ weights[layer].T) * (layers[layer] > 0.0)
            flat += adam.change(gradient)
        missed = float(((_forward(x[validation], weights, biases)[-1] - y[validation]) ** 2).mean())
        history[epoch] = np.sqrt(total / (len(train) * y.shape[1])), np.sqrt(missed)
        if missed < best_error:
            best, best_error = flat.copy(), missed
        if progress is not None:
            progress(epoch + 1, float(history[epoch, 1]))
    kept = views(best.astype(float))
    return replace(blank, weights=kept[0], biases=kept[1]), history
