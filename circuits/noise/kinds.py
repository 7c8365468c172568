r"""Name the noise of a network's inputs, with its numbers, and draw its currents from a seed.

Thermal noise has S = 4 k T / R of the whole resistance of the node. A temperature that falls to ``final_k`` in a
straight line over the transient anneals the network; k T is then an energy of the capacitors, k T = C u^2, and far
above room temperature for signals of volts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.rng import RNG, child, seed_sequence

from ..netlist.sources import WAVES
from .sequences import BOLTZMANN_J_K, NoiseCurrents, flicker_currents, telegraph_currents, white_currents

SPICE_K = 300.15  # SPICE's 27 C
KNOTS_PER_TAU = 20.0  # knots in the shortest R C, by default
LARGEST_KNOTS = WAVES["pwl"][1] // 2
LARGEST_CURRENTS = 5_000_000  # knots of all neurons; 200 MB of text
_FORMS = "thermal[:K[:K_AT_THE_END]], flicker:CORNER_HZ[:K], telegraph:AMPERE:HZ[:HZ_DOWN]"


@dataclass(frozen=True)
class ThermalNoise:
    """White current noise of 4 k T / R at every input.

    Attributes
    ----------
    temperature_k : float
        Temperature at the start, K.
    final_k : float or None
        Temperature at the end, K; that of the start by default.
    """

    temperature_k: float = SPICE_K
    final_k: float | None = None

    def __post_init__(self) -> None:
        final = self.temperature_k if self.final_k is None else self.final_k
        if not (0.0 < self.temperature_k < float("inf") and 0.0 <= final < float("inf")):
            raise ValueError(
                f"thermal noise is of {self.temperature_k} K to {final} K; give finite temperatures above 0"
            )


@dataclass(frozen=True)
class FlickerNoise:
    """1/f current noise that equals the thermal noise of a temperature at a corner.

    Attributes
    ----------
    corner_hz : float
        Corner frequency, Hz.
    temperature_k : float
        Temperature of the thermal noise that it equals there, K.
    """

    corner_hz: float
    temperature_k: float = SPICE_K

    def __post_init__(self) -> None:
        if not all(0.0 < x < float("inf") for x in (self.corner_hz, self.temperature_k)):
            raise ValueError(f"flicker noise is of {self.corner_hz} Hz, {self.temperature_k} K; both must be positive")


@dataclass(frozen=True)
class TelegraphNoise:
    """A current that jumps between two values at every input, independently.

    Attributes
    ----------
    ampere : float
        Distance of the two values, A; they are +-ampere / 2.
    up_hz, down_hz : float
        Rates of the jumps, 1/s.
    """

    ampere: float
    up_hz: float
    down_hz: float

    def __post_init__(self) -> None:
        if not all(0.0 < x < float("inf") for x in (self.ampere, self.up_hz, self.down_hz)):
            raise ValueError(
                f"telegraph noise is of {self.ampere} A, {self.up_hz} and {self.down_hz} 1/s; all must be positive"
            )


NoiseKind = ThermalNoise | FlickerNoise | TelegraphNoise


def read_noise(text: str) -> tuple[NoiseKind, ...]:
    """Read kinds of noise such as ``thermal:300,telegraph:1e-9:1e4``.

    Parameters
    ----------
    text : str
        Kinds separated by commas, their numbers by colons.

    Returns
    -------
    tuple of NoiseKind
        The kinds, in order.

    Raises
    ------
    ValueError
        If a kind is not known or a number is missing.
    """
    return tuple(_kind(word.strip()) for word in text.split(","))


def _kind(word: str) -> NoiseKind:
    name, *rest = word.split(":")
    try:
        numbers = [float(number) for number in rest]
    except ValueError:
        numbers = [float("nan")]
    if all(map(isfinite, numbers)):
        match name, numbers:
            case "thermal", [] | [_] | [_, _]:
                return ThermalNoise(*numbers)
            case "flicker", [_] | [_, _]:
                return FlickerNoise(*numbers)
            case "telegraph", [ampere, hz]:
                return TelegraphNoise(ampere, hz, hz)
            case "telegraph", [_, _, _]:
                return TelegraphNoise(*numbers)
    raise ValueError(f"noise is {word[:40]!r}; write {_FORMS}")


def draw_noise(
    network: AnalogNetwork,
    kinds: Sequence[NoiseKind],
    duration_s: float,
    *,
    step_s: float | None = None,
    rng: RNG = 0,
) -> NoiseCurrents:
    """Draw the noise currents into the inputs of a network; a neuron's do not depend on how many there are.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    kinds : sequence of NoiseKind
        What is added up.
    duration_s : float
        Length of the transient, s.
    step_s : float, optional
        Largest distance of the knots, s; 1/20 of the shortest R C by default.
    rng : RNG, default 0
        Seed of the currents; a generator is not advanced.

    Returns
    -------
    NoiseCurrents
        Currents at knots that meet both ends of the transient.

    Raises
    ------
    ValueError
        If there is no kind, the step is too long, or there are more than 100,000 knots, or 5,000,000 of all neurons.
    """
    if not kinds:
        raise ValueError(f"no kind of noise is given; write {_FORMS}")
    tau, n = network.time_constants_s, network.size
    step = float(tau.min()) / KNOTS_PER_TAU if step_s is None else step_s
    if not (0.0 < duration_s < float("inf") and 0.0 < step < float("inf")):
        raise ValueError(f"duration_s is {duration_s} and step_s {step_s}; both must be finite and positive")
    steps = max(1, ceil(duration_s / step * (1.0 - 1e-12)))
    if steps >= LARGEST_KNOTS:
        raise ValueError(
            f"noise of {duration_s:g} s has {steps + 1} knots, {step:g} s apart; at most {LARGEST_KNOTS}: take a "
            "shorter transient or a longer step"
        )
    if steps * n > LARGEST_CURRENTS:
        raise ValueError(
            f"noise of {n} neurons has {steps + 1} knots each; at most {LARGEST_CURRENTS} in all: take a "
            "shorter transient or a longer step"
        )
    h, knots = duration_s / steps, steps + 1
    total = np.zeros((knots, n))
    for k, kind in enumerate(kinds):
        seeds = [child(seed_sequence(rng), "noise", k, i) for i in range(n)]
        match kind:
            case ThermalNoise(kelvin, final):
                drawn = white_currents(4.0 * BOLTZMANN_J_K * kelvin / network.resistances, tau, knots, h, seeds)
                if final is not None:
                    drawn = drawn * np.sqrt(np.linspace(1.0, final / kelvin, knots))[:, None]
            case FlickerNoise(corner, kelvin):
                white = 4.0 * BOLTZMANN_J_K * kelvin / network.resistances
                drawn = flicker_currents(white * corner, knots, h, seeds)
            case TelegraphNoise(ampere, up, down):
                drawn = telegraph_currents(ampere, up, down, knots, h, seeds)
            case _:
                raise TypeError(f"a kind of noise is {kind!r}; read_noise makes kinds of such words")
        total += drawn
    return NoiseCurrents(h, total)
