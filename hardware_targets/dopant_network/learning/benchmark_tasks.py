r"""Benchmark tasks for dopant networks: the ring, and the labeling capacity.

.. math:: \text{found} \iff \text{accuracy} \ge 1 - \frac{1}{2m}

Ring: points of a disc of radius r < 1/4 are class 0, those of 1/4 + g < r < 1 class 1, as many of each, where g is the
gap. Capacity: m points in the plane of two inputs have 2^m - 2 labelings; a labeling is found if a threshold on the
current has that accuracy, so that every point is right, in one of five attempts. The largest m at which all are found
is a lower bound of the Vapnik-Chervonenkis dimension. Source: Ruiz-Euler et al., Neuromorph. Comput. Eng. 1, 024002
(2021); Vapnik and Chervonenkis, Theory Probab. Appl. 16, 264 (1971).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from .logic_gates import GATES, Terminals
from .training import Differentiable, ElectrodeRoles, Loss, loss_and_gradient, train_by_gradient

_INNER = 0.25
# Corners of the inputs' square, then points on its axes; -1 is the low, 1 the high end of an input.
POINTS = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1], [-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]])


def ring_task(samples: int, gap: float, *, rng: RNG = None) -> tuple[Float, NDArray[np.bool_]]:
    """Draw points of the ring task, half of each class.

    Parameters
    ----------
    samples : int
        Number of points.
    gap : float
        g, 0 to 0.75: 0.4 leaves a wide gap between the classes, 0.00825 almost none.
    rng : RNG
        Seed or generator.

    Returns
    -------
    points : (samples, 2) float
        Points of the unit disc.
    outside : (samples,) bool
        Their classes.
    """
    if samples < 2 or not 0.0 <= gap < 1.0 - _INNER:
        raise ValueError(f"samples {samples}, gap {gap}; at least 2, and a gap from 0 to below {1.0 - _INNER}")
    generator = np.random.default_rng(read_seeds(rng, 1)[0])
    outside = np.arange(samples) % 2 == 1
    least, most = np.where(outside, _INNER + gap, 0.0), np.where(outside, 1.0, _INNER)
    radius = np.sqrt(least**2 + (most**2 - least**2) * generator.random(samples))
    angle = 2.0 * np.pi * generator.random(samples)
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), outside


def best_threshold(currents: ArrayLike, labels: ArrayLike) -> tuple[float, bool, float]:
    """Find the threshold on currents that is most accurate.

    Parameters
    ----------
    currents, labels : (m,) float, (m,) bool
        Currents and classes.

    Returns
    -------
    threshold : float
        The threshold.
    above : bool
        Whether class 1 is above it.
    accuracy : float
        Its fraction of right labels.
    """
    current, high = np.asarray(currents, dtype=float), np.asarray(labels, dtype=bool)
    order = np.argsort(current, kind="stable")
    ranked = current[order]
    # Right answers if the first k are called 0 and the others 1; k may not split equal currents.
    right = np.r_[0, np.cumsum(np.where(high[order], -1, 1))] + high.sum()
    cut = np.r_[True, ranked[1:] > ranked[:-1], True]
    for_above = np.where(cut, right, -1)
    for_below = np.where(cut, high.size - right, -1)
    above = bool(for_above.max() >= for_below.max())
    k = int(np.argmax(for_above if above else for_below))
    padded = np.r_[ranked[:1] - 1.0, ranked, ranked[-1:] + 1.0]
    return float(0.5 * (padded[k] + padded[k + 1])), above, float(max(for_above.max(), for_below.max()) / high.size)


def accuracy(currents: ArrayLike, labels: ArrayLike, at: float, above: bool) -> float:
    """Compute the fraction of labels that a threshold gives right.

    Parameters
    ----------
    currents, labels : (m,) float, (m,) bool
        Currents and classes.
    at : float
        The threshold.
    above : bool
        Whether class 1 is above it.

    Returns
    -------
    float
        The fraction.
    """
    return float(np.mean(((np.asarray(currents) > at) == above) == np.asarray(labels, dtype=bool)))


@dataclass(frozen=True, eq=False)
class LabelingCapacity:
    """Results of all labelings of m points.

    Attributes
    ----------
    labels : (2^m - 2, m) bool
        The labelings.
    found : (2^m - 2,) bool
        Whether the device separates each.
    accuracies : (2^m - 2,) float
        The best accuracies.
    controls_v : (2^m - 2, c) float
        The control voltages of these, V.
    """

    labels: NDArray[np.bool_]
    found: NDArray[np.bool_]
    accuracies: Float
    controls_v: Float

    @property
    def share(self) -> float:
        """Fraction of labelings that were found."""
        return float(self.found.mean())


def labeling_capacity(
    device: Differentiable,
    wiring: ElectrodeRoles,
    points: int,
    loss: Loss,
    *,
    input_range_v: tuple[float, float],
    control_range_v: tuple[float, float],
    attempts: int = 5,
    epochs: int = 400,
    learning_rate_v: float = 0.01,
    rng: RNG = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabelingCapacity:
    """Train controls for every labeling of a few points.

    Parameters
    ----------
    device : Differentiable
        The device.
    wiring : ElectrodeRoles
        Its electrodes.
    points : int
        Number of points, 2 to 8.
    loss : Loss
        The loss.
    input_range_v, control_range_v : (float, float)
        Ranges of inputs and controls, V.
    attempts : int
        Number of random starts for each labeling.
    epochs, learning_rate_v : int, float
        Steps of Adam and their size, V.
    rng : RNG
        Seed or generator.
    progress : callable, optional
        Called with the labelings done and their number.

    Returns
    -------
    LabelingCapacity
        The labelings that were found.
    """
    if not 2 <= points <= len(POINTS) or attempts < 1:
        raise ValueError(f"points is {points}, attempts {attempts}; from 2 to {len(POINTS)} points, at least 1 attempt")
    labels = (np.arange(1, 2**points - 1)[:, None] >> np.arange(points - 1, -1, -1)) & 1 == 1
    data = scaled(POINTS[:points], input_range_v)
    accuracies, controls = np.zeros(len(labels)), np.zeros((len(labels), len(wiring.controls)))
    for k, (high, seed) in enumerate(zip(labels, read_seeds(rng, len(labels)), strict=True)):
        start = np.random.default_rng(seed).uniform(*control_range_v, (attempts, len(wiring.controls)))
        of = loss_and_gradient(device, wiring, data, high, loss)
        low, top = (np.full(len(wiring.controls), v) for v in control_range_v)
        trained = train_by_gradient(of, start, low, top, epochs=epochs, learning_rate_v=learning_rate_v)
        currents = device.linearized(wiring.voltages(data, trained.controls_v))[0]
        reached = [best_threshold(row, high)[2] for row in currents[..., device.outputs.index(wiring.output)]]
        best = int(np.argmax(reached))
        accuracies[k], controls[k] = reached[best], trained.controls_v[best]
        if progress is not None:
            progress(k + 1, len(labels))
    return LabelingCapacity(labels, accuracies >= 1.0 - 0.5 / points, accuracies, controls)


def train_gates(
    device: Differentiable,
    terminals: Terminals,
    electrodes: int,
    loss: Loss,
    *,
    control_range_v: tuple[float, float],
    attempts: int = 20,
    epochs: int = 400,
    rng: RNG = None,
) -> dict[str, Float]:
    """Train controls for each of the six gates by gradient.

    Parameters
    ----------
    device : Differentiable
        The device.
    terminals : Terminals
        Inputs and output.
    electrodes : int
        Number of electrodes.
    loss : Loss
        The loss.
    control_range_v : (float, float)
        Range of the controls, V.
    attempts, epochs : int
        Number of random starts and of steps.
    rng : RNG
        Seed or generator.

    Returns
    -------
    dict of str to (attempts, c) float
        Control voltages of each gate, V, the best first.
    """
    wiring = ElectrodeRoles(terminals.inputs, terminals.output, electrodes)
    data = scaled(POINTS[:4], (terminals.low_v, terminals.high_v))
    c = len(wiring.controls)
    found = {}
    for (gate, high), seed in zip(GATES.items(), read_seeds(rng, len(GATES)), strict=True):
        start = np.random.default_rng(seed).uniform(*control_range_v, (attempts, c))
        of = loss_and_gradient(device, wiring, data, np.array(high), loss)
        trained = train_by_gradient(
            of, start, np.full(c, control_range_v[0]), np.full(c, control_range_v[1]), epochs=epochs
        )
        found[gate] = trained.controls_v[np.argsort(trained.loss, kind="stable")]
    return found


def scaled(data: ArrayLike, range_v: tuple[float, float]) -> Float:
    """Scale data from -1..1 to voltages.

    Parameters
    ----------
    data : (...) float
        Data, -1..1.
    range_v : (float, float)
        Voltages of -1 and 1.

    Returns
    -------
    (...) float
        Voltages, V.
    """
    return np.asarray(0.5 * (range_v[0] + range_v[1]) + 0.5 * (range_v[1] - range_v[0]) * np.asarray(data, dtype=float))
