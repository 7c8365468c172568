r"""Images through dopant-network units into a linear classifier.

Every electrode but the output takes a weighted sum of all pixels, as a crossbar gives it,

.. math:: V = \tfrac12 (V^{low} + V^{high}) + \tfrac12 (V^{high} - V^{low}) \tanh(W x + b), \qquad
          p \propto \exp\Big(A\, \frac{I(V) - \bar I}{\sigma_I} + c\Big)

where x are the pixels, W and b the weights and biases of the inputs, V^low and V^high the range of voltages, I the
units' currents with mean I-bar and deviation sigma_I, p the probabilities of the classes, A and c the linear readout.
Training follows the slope of the cross entropy by W, b, A, c through the device.

Features without training: a small window slides over the image; its pixels are the voltages of the input electrodes of
every unit, and the currents at all places are the features. The control voltages stay as they were drawn.
Source: Ruiz-Euler et al., Neuromorph. Comput. Eng. 1, 024002 (2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from .adam import Adam
from .training import Differentiable, ElectrodeRoles


def windows(images: ArrayLike, side: int, stride: int) -> Float:
    """Cut images into windows.

    Parameters
    ----------
    images : (m, height, width) float
        The images.
    side, stride : int
        Side of a window and distance of two, in pixels.

    Returns
    -------
    (m, places, side * side) float
        Pixels of each window, row by row.
    """
    pixels = np.asarray(images, dtype=float)
    if pixels.ndim != 3 or not 1 <= side <= min(pixels.shape[1:]) or stride < 1:
        raise ValueError(
            f"images {pixels.shape}, side {side}, stride {stride}; (m, height, width), windows that fit in"
        )
    view: Any = np.lib.stride_tricks.sliding_window_view  # numpy's stubs know no pair of axes
    seen = view(pixels, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    return np.asarray(seen.reshape(len(pixels), -1, side * side))


def window_features(
    device: Callable[[Float], Float],
    wiring: ElectrodeRoles,
    images: ArrayLike,
    controls_v: ArrayLike,
    *,
    input_range_v: tuple[float, float],
    side: int = 2,
    stride: int = 2,
) -> Float:
    """Compute the currents of units that look at windows of images.

    Parameters
    ----------
    device : callable
        Gives currents (rows,), A, at voltages (rows, electrodes), V.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    images : (m, height, width) float
        Images with pixels from 0 to 1.
    controls_v : (units, controls) float
        Control voltages, V.
    input_range_v : (float, float)
        Voltages of pixels 0 and 1.
    side, stride : int
        Side and distance of windows, in pixels.

    Returns
    -------
    (m, places * units) float
        Currents, A.
    """
    seen = windows(images, side, stride)
    data = input_range_v[0] + (input_range_v[1] - input_range_v[0]) * seen
    rows = data.reshape(-1, data.shape[-1])
    found = [device(wiring.voltages(rows, controls)) for controls in np.atleast_2d(np.asarray(controls_v, dtype=float))]
    return np.stack(found, axis=-1).reshape(len(seen), -1)


@dataclass(frozen=True, eq=False)
class ImageClassifier:
    """Units whose driven electrodes are all but ``output``, with a linear readout.

    Attributes
    ----------
    weights : (pixels, units, k - 1) float
        W.
    biases : (units, k - 1) float
        b.
    readout : (units, classes) float
        A.
    offset : (classes,) float
        c.
    mean_a, deviation_a : (units,) float
        I-bar and sigma_I, from the training images before training, A.
    output : int
        The output electrode.
    range_v : (float, float)
        V^low and V^high.
    """

    weights: Float
    biases: Float
    readout: Float
    offset: Float
    mean_a: Float
    deviation_a: Float
    output: int
    range_v: tuple[float, float]

    def voltages(self, images: ArrayLike) -> Float:
        """Compute the voltages of images.

        Parameters
        ----------
        images : (m, pixels) float
            Images.

        Returns
        -------
        (m, units, electrodes) float
            Voltages, V.
        """
        return _driven(np.asarray(images, dtype=float), self.weights, self.biases, self.output, self.range_v)

    def predict(self, device: Callable[[Float], Float], images: ArrayLike) -> NDArray[np.int64]:
        """Predict the classes of images.

        Parameters
        ----------
        device : callable
            Gives currents (rows,), A, at voltages (rows, electrodes), V.
        images : (m, pixels) float
            The images.

        Returns
        -------
        (m,) int
            Classes.
        """
        v = self.voltages(images)
        currents = device(v.reshape(-1, v.shape[-1])).reshape(v.shape[:2])
        scores = (currents - self.mean_a) / self.deviation_a @ self.readout + self.offset
        return np.asarray(scores.argmax(axis=1))


@single_threaded_blas()
def train_classifier(
    device: Differentiable,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    output: int,
    electrodes: int,
    range_v: tuple[float, float],
    units: int = 10,
    epochs: int = 60,
    batch: int = 64,
    learning_rate: float = 0.01,
    decay: float = 1e-4,
    rng: RNG = None,
    progress: Callable[[int, float], None] | None = None,
) -> ImageClassifier:
    """Train an image classifier by Adam on the cross entropy.

    Parameters
    ----------
    device : Differentiable
        The device.
    images : (m, pixels) float
        Images, 0 to 1.
    labels : (m,) int
        Classes from 0.
    output, electrodes : int
        The output electrode, and the number of electrodes.
    range_v : (float, float)
        Range of the driven electrodes, V.
    units : int
        Number of units.
    epochs, batch : int
        Number of epochs; images in a batch.
    learning_rate : float
        Step of Adam.
    decay : float
        Penalty on the squares of W and A.
    rng : RNG
        Seed or generator.
    progress : callable, optional
        Called with the epochs done and the mean cross entropy.

    Returns
    -------
    ImageClassifier
        The classifier.
    """
    x, y = np.asarray(images, dtype=float), np.asarray(labels, dtype=np.int64)
    if x.ndim != 2 or y.shape != x.shape[:1] or y.min() < 0 or units < 1 or epochs < 1 or batch < 1:
        raise ValueError(f"images {x.shape}, labels {y.shape}, units {units}, epochs {epochs}: (m, p), (m,), positive")
    start_seed, order_seed = read_seeds(rng, 2)
    generator, classes, place = np.random.default_rng(start_seed), int(y.max()) + 1, device.outputs.index(output)
    shapes = [(x.shape[1], units, electrodes - 1), (units, electrodes - 1), (units, classes), (classes,)]
    spread = [1.0 / np.sqrt(x.shape[1]), 0.5, 1.0 / np.sqrt(units), 0.0]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    flat = np.concatenate(
        [s * generator.standard_normal(n) for s, n in zip(spread, np.diff(ends, prepend=0), strict=True)]
    )
    w, b, a, c = (part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True))
    first = device.linearized(_driven(x, w, b, output, range_v))[0][..., place]
    mean, deviation = first.mean(axis=0), np.maximum(first.std(axis=0), 1e-18)
    driven = [e for e in range(electrodes) if e != output]
    half = 0.5 * (range_v[1] - range_v[0])
    adam, shuffle = Adam(flat, learning_rate), np.random.default_rng(order_seed)
    for epoch in range(epochs):
        order, total = shuffle.permutation(len(x)), 0.0
        for at in range(0, len(order), batch):
            checkpoint("training", epoch + at / len(order), epochs)
            some = order[at : at + batch]
            v = _driven(x[some], w, b, output, range_v)
            found, back = device.linearized(v)
            z = (found[..., place] - mean) / deviation
            scores = z @ a + c
            scores -= scores.max(axis=1, keepdims=True)
            p = np.exp(scores)
            p /= p.sum(axis=1, keepdims=True)
            total -= float(np.log(p[np.arange(len(some)), y[some]] + 1e-300).sum())
            p[np.arange(len(some)), y[some]] -= 1.0
            p /= len(some)
            gradient = np.zeros_like(found)
            gradient[..., place] = p @ a.T / deviation
            inside = (v[..., driven] - 0.5 * (range_v[0] + range_v[1])) / half
            by_sum = back(gradient)[..., driven] * half * (1.0 - inside**2)
            slopes = [np.tensordot(x[some], by_sum, (0, 0)) + decay * w, by_sum.sum(0), z.T @ p + decay * a, p.sum(0)]
            flat += adam.change(np.concatenate([slope.ravel() for slope in slopes]))  # w, b, a, c are views of it
        if progress is not None:
            progress(epoch + 1, total / len(x))
    return ImageClassifier(w, b, a, c, mean, deviation, output, range_v)


def _driven(x: Float, w: Float, b: Float, output: int, range_v: tuple[float, float]) -> Float:
    """Compute the voltages (m, units, electrodes), with the output at 0 V."""
    inside = np.tanh(np.tensordot(x, w, 1) + b)
    return np.insert(0.5 * (range_v[0] + range_v[1]) + 0.5 * (range_v[1] - range_v[0]) * inside, output, 0.0, axis=-1)
