r"""Tasks for dopant networks: the ring, and the capacity to tell any labels of a few points apart.

Ring: points of a disc of radius r < 1/4 are class 0, those of 1/4 + g < r < 1 class 1, as many of each. Capacity:
m points in the plane of two inputs, all 2^m - 2 labelings; a labeling is found if a threshold on the current gives
an accuracy of 1 - 1/(2m) or more, that is every point, in one of five attempts. The largest m at which all are found
is a lower bound of the Vapnik-Chervonenkis dimension.
Source: Ruiz-Euler et al., Neuromorph. Comput. Eng. 1, 024002 (2021); Vapnik and Chervonenkis, Theory Probab. Appl. 16,
264 (1971).
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
    """``samples`` points (samples, 2) in the unit disc and whether they are outside, half of each; ``gap`` 0 to 0.75.

    0.4 leaves a wide gap between the classes, 0.00825 almost none.
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
    """(threshold, whether class 1 is above it, accuracy): the most accurate of all, on (m,) currents and labels."""
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
    """Share of ``labels`` that the threshold gives."""
    return float(np.mean(((np.asarray(currents) > at) == above) == np.asarray(labels, dtype=bool)))


@dataclass(frozen=True, eq=False)
class LabelingCapacity:
    """Of one number of points m: all labelings (2^m - 2, m), which were found, with which controls (2^m - 2, c), V."""

    labels: NDArray[np.bool_]
    found: NDArray[np.bool_]
    accuracies: Float
    controls_v: Float

    @property
    def share(self) -> float:
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
    """Train controls for every labeling of 2 to 8 ``points``, from ``attempts`` random starts each."""
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
    """Controls (attempts, c), V, for each of the six gates by gradient, the best first."""
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
    """Data from -1..1 to ``range_v``, V."""
    return np.asarray(0.5 * (range_v[0] + range_v[1]) + 0.5 * (range_v[1] - range_v[0]) * np.asarray(data, dtype=float))
