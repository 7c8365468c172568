r"""Logic gates in a dopant network: two electrodes as inputs, one as output, the others as controls.

.. math:: Q = \frac{\min_{1} I - \max_{0} I}{I_{\max} - I_{\min}}

where I are the currents out of the output electrode for the inputs 00, 01, 10, 11, and the minimum and maximum are over
the inputs that should give 1 and 0. Q > 0 where a threshold separates the two groups, Q = 1 where each group gives one
current.
Source: Chen et al., Nature 577, 341 (2020), gates by control voltages.
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
    """The roles of the electrodes of a gate; all other electrodes are controls.

    Attributes
    ----------
    inputs : (int, int)
        Electrodes at ``low_v`` or ``high_v``.
    output : int
        Electrode at 0 V.
    low_v, high_v : float
        Voltages of the inputs 0 and 1.
    """

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
        """List the electrodes left for control.

        Parameters
        ----------
        electrodes : int
            Number of electrodes of the device.

        Returns
        -------
        list of int
            Numbers of the control electrodes.

        Raises
        ------
        ValueError
            If an input or the output is no electrode of the device.
        """
        if max(*self.inputs, self.output) >= electrodes:
            raise ValueError(f"inputs {self.inputs}, output {self.output}: the device has {electrodes} electrodes")
        return [e for e in range(electrodes) if e not in (*self.inputs, self.output)]

    def voltages(self, controls_v: ArrayLike) -> Float:
        """Build the voltages of the inputs 00, 01, 10, 11.

        Parameters
        ----------
        controls_v : (controls,) float
            Control voltages, V.

        Returns
        -------
        (4, electrodes) float
            Voltages, V.
        """
        controls = np.asarray(controls_v, dtype=float)
        electrodes = controls.size + 3
        table = np.zeros((4, electrodes))
        table[:, self.controls(electrodes)] = controls
        levels = np.array([self.low_v, self.high_v])
        table[:, self.inputs[0]], table[:, self.inputs[1]] = levels[[0, 0, 1, 1]], levels[[0, 1, 0, 1]]
        return table


@dataclass(frozen=True, eq=False)
class GateSearch:
    """The result of a search for a gate.

    Attributes
    ----------
    gate : str
        Name of the gate.
    controls_v : (controls,) float
        The best control voltages, V.
    currents_a : (4,) float
        The output's currents there, A.
    quality : float
        Q.
    settings : int
        Number of settings that were tried.
    """

    gate: str
    controls_v: Float
    currents_a: Float
    quality: float
    settings: int


def separation(currents_a: ArrayLike, gate: str) -> Float:
    """Compute the separation Q of a gate.

    Parameters
    ----------
    currents_a : (..., 4) float
        Currents for the inputs 00, 01, 10, 11, A.
    gate : str
        Name of the gate.

    Returns
    -------
    (...) float
        Q, -1 to 1; -1 where all currents are equal.
    """
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
    """Compute the exact output currents of a gate.

    Parameters
    ----------
    network : HoppingNetwork
        The network, up to 14 acceptors.
    terminals : Terminals
        Inputs and output.
    controls_v : (controls,) float
        Control voltages, V.
    temperature_k : float
        Temperature, K.

    Returns
    -------
    (4,) float
        Currents for the inputs 00, 01, 10, 11, A.
    """
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
    """Find control voltages for a gate by differential evolution on the exact solver.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    terminals : Terminals
        Inputs and output.
    gate : str
        Name of the gate.
    temperature_k : float
        Temperature, K.
    range_v : float
        Largest control voltage, V.
    least_span_a : float
        Least I_max - I_min, A: Q of a smaller span counts in proportion, for it could not be measured.
    population, generations : int
        Size of the search.
    enough : float
        Q at which the search stops.
    rng : RNG
        Seed or generator.

    Returns
    -------
    GateSearch
        The best setting.

    References
    ----------
    Storn and Price, J. Global Optim. 11, 341 (1997), rand/1/bin with dithered weight.
    """
    from scipy.optimize import OptimizeResult, differential_evolution

    separation(np.arange(4.0), gate)  # This raises ValueError for an unknown name.
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
    """Compute Q of every gate at random control voltages: what chance finds.

    Parameters
    ----------
    networks : list of HoppingNetwork
        The networks.
    terminals : Terminals
        Inputs and output.
    settings : int
        Number of random settings of each network.
    temperature_k : float
        Temperature, K.
    range_v : float
        Largest control voltage, V.
    least_span_a : float
        Q is -1 where the span is below this, A.
    rng : RNG
        Seed or generator.

    Returns
    -------
    dict of str to (networks, settings) float
        Q by gate.
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
    """Compute Q of measured currents and its standard deviation.

    Parameters
    ----------
    currents_a, errors_a : (4,) float
        Currents and their errors, A.
    gate : str
        Name of the gate.
    draws : int
        Number of currents that are drawn within their errors.
    rng : RNG
        Seed or generator.

    Returns
    -------
    quality, error : float
        Q and its standard deviation.
    """
    currents, errors = np.asarray(currents_a, dtype=float), np.asarray(errors_a, dtype=float)
    if currents.shape != (4,) or errors.shape != (4,) or not (errors >= 0.0).all():
        raise ValueError(f"currents {currents.shape} and errors {errors.shape}: (4,) each, errors not negative")
    generator = np.random.default_rng(read_seeds(rng, 1)[0])
    drawn = separation(generator.normal(currents, errors, (draws, 4)), gate)
    return float(separation(currents, gate)), float(drawn.std())
