r"""Two LC tanks that lock through a resistor, as a circuit and by their phases.

.. math:: C \dot v_i + i_{L,i} + g_3 v_i^3 - g_1 v_i = G_c (\sigma v_j - v_i), \qquad L \dot i_{L,i} = v_i

.. math:: \dot\psi = -\sigma \frac{G_c}{C} \sin \psi, \qquad
          \tan\frac{\psi(t)}{2} = \tan\frac{\psi(0)}{2}\, e^{-\sigma G_c t / C}

for the difference psi of the phases, to first order in G_c / (omega C) (averaging; van der Pol's oscillator). Each tank
rests at an amplitude A = sqrt(4 (g_1 - G_c (1 - sigma cos psi)) / (3 g_3)). A negative coupling is a transconductor of
-G_c beside the resistor G_c that loads the tank. Source: Chou et al., Sci. Rep. 9, 14786 (2019), for coupled LC tanks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.ising import Float

if TYPE_CHECKING:
    from circuits import Circuit


@dataclass(frozen=True)
class TankPair:
    """Two LC tanks and what couples them.

    Attributes
    ----------
    henry, farad : float
        L and C.
    negative_s : float
        g_1, S.
    cubic : float
        g_3, A/V^3.
    coupling_s : float
        G_c, S.
    sign : int
        sigma, +1 or -1.
    """

    henry: float = 1e-3
    farad: float = 1e-6
    negative_s: float = 3e-3
    cubic: float = 4e-3
    coupling_s: float = 3e-4
    sign: int = 1

    def __post_init__(self) -> None:
        numbers = (self.henry, self.farad, self.negative_s, self.cubic, self.coupling_s)
        if not all(np.isfinite(each) and each > 0.0 for each in numbers) or self.sign not in (-1, 1):
            raise ValueError(f"{self} has a number that is not above 0, or a sign other than +1 and -1")

    @property
    def frequency_hz(self) -> float:
        """Frequency 1 / (2 pi sqrt(L C))."""
        return float(1.0 / (2.0 * np.pi * np.sqrt(self.henry * self.farad)))

    @property
    def amplitude_v(self) -> float:
        """Amplitude of a tank that is locked."""
        return float(np.sqrt(4.0 * self.negative_s / (3.0 * self.cubic)))

    def phase_difference(self, start: float, times: Float) -> Float:
        """Return the difference of the phases over time by the phase model.

        Parameters
        ----------
        start : float
            psi at t = 0, rad, within -pi to pi.
        times : (m,) float
            Times, s.

        Returns
        -------
        (m,) float
            psi, rad.
        """
        rate = self.sign * self.coupling_s / self.farad
        return np.asarray(2.0 * np.arctan(np.tan(start / 2.0) * np.exp(-rate * times)))


def tank_pair_circuit(pair: TankPair, start: float, cycles: float) -> Circuit:
    """Build the circuit of a pair, started at its amplitude.

    Parameters
    ----------
    pair : TankPair
        Tanks.
    start : float
        Difference of their phases at t = 0, rad.
    cycles : float
        Length of the transient, cycles.

    Returns
    -------
    Circuit
        Circuit with the voltages v0 and v1, and x0, x1 of R_x times the currents of the coils, R_x = sqrt(L / C).
    """
    from .. import circuits_needed  # noqa: F401  before circuits, which these targets need for netlists alone

    # isort: split
    from circuits.netlist.circuit import (
        GROUND,
        BehavioralCurrent,
        Capacitor,
        Circuit,
        Resistor,
        Transconductor,
        Transient,
    )
    from circuits.netlist.expressions import Voltage

    elements: list[Any] = []
    wave = float(np.sqrt(pair.henry / pair.farad))
    for i in range(2):
        v = Voltage(f"v{i}")
        # A coil by a gyrator, whose current is a voltage that can be started: i_L = x / R_x, C_x x' = v / R_x.
        elements += [
            Capacitor(f"{i}", f"v{i}", GROUND, pair.farad),
            Transconductor(f"coil{i}", f"v{i}", GROUND, f"x{i}", GROUND, 1.0 / wave),
            Capacitor(f"coil{i}", f"x{i}", GROUND, pair.henry / wave**2),
            Transconductor(f"back{i}", GROUND, f"x{i}", f"v{i}", GROUND, 1.0 / wave),
            BehavioralCurrent(f"{i}", f"v{i}", GROUND, pair.cubic * v * v * v - pair.negative_s * v),
        ]
    if pair.sign > 0:
        elements.append(Resistor("c", "v0", "v1", 1.0 / pair.coupling_s))
    else:
        for i in range(2):
            elements.append(Resistor(f"c{i}", f"v{i}", GROUND, 1.0 / pair.coupling_s))
            elements.append(Transconductor(f"c{i}", f"v{i}", GROUND, f"v{1 - i}", GROUND, pair.coupling_s))
    period = 1.0 / pair.frequency_hz
    initial = {}
    for i, phase in enumerate((0.0, start)):
        initial[f"v{i}"] = pair.amplitude_v * float(np.cos(phase))
        initial[f"x{i}"] = pair.amplitude_v * float(np.sin(phase))
    return Circuit(
        f"two LC tanks, coupling {pair.sign:+d}", tuple(elements),
        Transient(period / 100.0, cycles * period, uic=True, reltol=1e-5), ("v0", "v1", "x0", "x1"), initial,
    )  # fmt: skip
