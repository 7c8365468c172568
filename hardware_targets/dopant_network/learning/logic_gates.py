r"""Logic gates in a dopant network: two electrodes as inputs, one as output, the others as controls.

.. math:: Q = \frac{\min_{1} I - \max_{0} I}{I_{\max} - I_{\min}}

over the currents I out of the output electrode for the inputs 00, 01, 10, 11: Q > 0 where a threshold separates the
inputs that should give 1 from those that should give 0, Q = 1 where each of the two groups gives one current.
Gates by control voltages: Chen et al., Nature 577, 341 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..transport.master_equation import stationary_occupations

GATES: dict[str, tuple[bool, bool, bool, bool]] = {  # for the inputs 00, 01, 10, 11
    "AND": (False, False, False, True),
    "OR": (False, True, True, True),
    "NAND": (True, True, True, False),
    "NOR": (True, False, False, False),
    "XOR": (False, True, True, False),
    "XNOR": (True, False, False, True),
}


@dataclass(frozen=True)
class Terminals:
    """Which electrode does what: ``inputs`` at low_v or high_v, ``output`` at 0 V, the rest at the control voltages."""

    inputs: tuple[int, int]
    output: int
    low_v: float = 0.0
    high_v: float = 0.5

    def __post_init__(self) -> None:
        if len({*self.inputs, self.output}) != 3 or min(*self.inputs, self.output) < 0:
            raise ValueError(f"inputs {self.inputs} and output {self.output} must be three electrodes, from 0")
        if not (np.isfinite(self.low_v) and np.isfinite(self.high_v) and self.low_v != self.high_v):
            raise ValueError(f"inputs at {self.low_v} and {self.high_v} V; give two finite, different voltages")

    def controls(self, electrodes: int) -> list[int]:
        """The electrodes left for control."""
        if max(*self.inputs, self.output) >= electrodes:
            raise ValueError(f"inputs {self.inputs}, output {self.output}: the device has {electrodes} electrodes")
        return [e for e in range(electrodes) if e not in (*self.inputs, self.output)]

    def voltages(self, controls_v: ArrayLike) -> Float:
        """(4, electrodes) for the inputs 00, 01, 10, 11 from the (controls,) voltages."""
        controls = np.asarray(controls_v, dtype=float)
        electrodes = controls.size + 3
        table = np.zeros((4, electrodes))
        table[:, self.controls(electrodes)] = controls
        levels = np.array([self.low_v, self.high_v])
        table[:, self.inputs[0]], table[:, self.inputs[1]] = levels[[0, 0, 1, 1]], levels[[0, 1, 0, 1]]
        return table


@dataclass(frozen=True, eq=False)
class GateSearch:
    """controls_v (controls,), the output's currents (4,), A, their quality Q, and how many settings were tried."""

    gate: str
    controls_v: Float
    currents_a: Float
    quality: float
    settings: int


def separation(currents_a: ArrayLike, gate: str) -> Float:
    """Q of ``gate`` for currents (..., 4): -1 to 1; -1 where all currents are equal."""
    if gate not in GATES:
        raise ValueError(f"gate is {gate!r}; known: {', '.join(GATES)}")
    currents, high = np.asarray(currents_a, dtype=float), np.array(GATES[gate])
    if currents.shape[-1:] != (4,):
        raise ValueError(f"currents have shape {currents.shape}; give those for the inputs 00, 01, 10, 11 last")
    gap = currents[..., high].min(axis=-1) - currents[..., ~high].max(axis=-1)
    span = np.ptp(currents, axis=-1)
    return np.asarray(np.where(span > 0.0, gap / np.where(span > 0.0, span, 1.0), -1.0))


def truth_currents(
    network: HoppingNetwork, terminals: Terminals, controls_v: ArrayLike, *, temperature_k: float = LIQUID_NITROGEN_K
) -> Float:
    """Exact currents out of the output electrode for 00, 01, 10, 11, (4,), A; up to 14 acceptors."""
    table = terminals.voltages(controls_v)
    return np.array(
        [
            stationary_occupations(network, v, temperature_k=temperature_k).currents_a[terminals.output]
            for v in network.voltages(table)
        ]
    )


def find_gate(
    network: HoppingNetwork,
    terminals: Terminals,
    gate: str,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    range_v: float = 1.0,
    least_span_a: float = 10e-12,
    population: int = 40,
    generations: int = 40,
    enough: float = 0.95,
    rng: RNG = None,
) -> GateSearch:
    """Control voltages within +-``range_v`` for ``gate``, by differential evolution on the exact solver.

    least_span_a : what I_max - I_min should be at least: Q of a smaller span counts in proportion, since a gate that
                   nobody can measure is none
    enough : Q at which to stop
    Source: Storn and Price, J. Global Optim. 11, 341 (1997), rand/1/bin with dithered weight.
    """
    from scipy.optimize import OptimizeResult, differential_evolution

    separation(np.arange(4.0), gate)  # the name is known
    count = len(terminals.controls(network.electrodes))
    if count == 0 or not range_v > 0.0:
        raise ValueError(f"{count} control electrodes within +-{range_v} V; give one at least and a positive range")
    if population < 5 or generations < 1:
        raise ValueError(f"population {population}, generations {generations}; at least 5 and 1")

    def currents(controls: Float) -> Float:
        return truth_currents(network, terminals, controls, temperature_k=temperature_k)

    def loss(controls: Float) -> float:
        now = currents(controls)
        quality = float(separation(now, gate))
        return -quality * min(1.0, float(np.ptp(now)) / least_span_a) if quality > 0.0 else -quality

    def good(intermediate_result: OptimizeResult) -> bool:
        return bool(intermediate_result.fun <= -enough)

    generator = np.random.default_rng(read_seeds(rng, 1)[0])
    best = differential_evolution(
        loss,
        [(-range_v, range_v)] * count,
        strategy="rand1bin",
        maxiter=generations,
        init=generator.uniform(-range_v, range_v, (population, count)),
        seed=generator,
        polish=False,
        tol=0.0,
        callback=good,
    )
    found = currents(best.x)
    return GateSearch(gate, best.x, found, float(separation(found, gate)), int(best.nfev))


def gate_abundance(
    networks: list[HoppingNetwork],
    terminals: Terminals,
    settings: int,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    range_v: float = 1.0,
    least_span_a: float = 10e-12,
    rng: RNG = None,
) -> dict[str, Float]:
    """Q of every gate at ``settings`` random control voltages of each network, {gate: (networks, settings)}; chance.

    Q is -1 where the span is below ``least_span_a``.
    """
    currents = np.empty((len(networks), settings, 4))
    for k, (network, seed) in enumerate(zip(networks, read_seeds(rng, len(networks)), strict=True)):
        count = len(terminals.controls(network.electrodes))
        for s, controls in enumerate(np.random.default_rng(seed).uniform(-range_v, range_v, (settings, count))):
            currents[k, s] = truth_currents(network, terminals, controls, temperature_k=temperature_k)
    seen = np.ptp(currents, axis=-1) >= least_span_a
    return {gate: np.where(seen, separation(currents, gate), -1.0) for gate in GATES}


def measured_quality(
    currents_a: ArrayLike, errors_a: ArrayLike, gate: str, *, draws: int = 10_000, rng: RNG = None
) -> tuple[float, float]:
    """Q of measured currents (4,) and its standard deviation, by drawing currents within their errors (4,)."""
    currents, errors = np.asarray(currents_a, dtype=float), np.asarray(errors_a, dtype=float)
    if currents.shape != (4,) or errors.shape != (4,) or not (errors >= 0.0).all():
        raise ValueError(f"currents {currents.shape} and errors {errors.shape}: (4,) each, errors not negative")
    generator = np.random.default_rng(read_seeds(rng, 1)[0])
    drawn = separation(generator.normal(currents, errors, (draws, 4)), gate)
    return float(separation(currents, gate)), float(drawn.std())
