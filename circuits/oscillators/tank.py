r"""An LC tank with a negative resistance that is pumped at twice its frequency, and what that does to its phase.

.. math:: C \dot v_i + i_{L,i} + g_3 v_i^3 - \bigl(g_1 + g_s(t) \cos 2\omega_r t\bigr) v_i
          = \sum_j G |J_{ij}| (\sigma_{ij} v_j - v_i) + G |h_i| (\sigma_i A \cos\omega_r t - v_i),
          \qquad L\, \dot i_{L,i} = v_i

With v = A cos(omega_r t + phi), sqrt(L/C) i_L = A sin(omega_r t + phi) and f the current out of the tank beside coil
and capacitor, the mean over a cycle is (averaging; Adler's equation)

.. math:: \dot\phi = \frac{\langle f \sin\theta \rangle}{A C}, \qquad \dot A = -\frac{\langle f \cos\theta \rangle}{C}

.. math:: \dot\phi_i = \omega_i - \omega_r - K \sum_j J_{ij} \sin(\phi_i - \phi_j) - K h_i \sin\phi_i
          - K_s(t) \sin 2\phi_i, \qquad K = \frac{G}{2 C}, \quad K_s = \frac{g_s}{4 C}

for equal amplitudes, in rad/s: Kuramoto's phases with a second harmonic. A current at 2 omega_r into a tank whose
resistance is odd in v makes no sin 2 phi; the pump is the tail current of a cross-coupled pair, which changes its
conductance. A tank alone has A = sqrt(4 g_1 / (3 g_3)) and omega = (1 - (g_1 sqrt(L/C))^2 / 16) / sqrt(L C), as van der
Pol's oscillator. g_1 is what is left of the pair's conductance beside the losses of the coil and the loads of the
resistors, which each cell makes up for.

Sources: Adler, Proc. IRE 34, 351 (1946); Wang and Roychowdhury, arXiv 1709.08102 (2017) and arXiv 1903.07163 (2019);
Chou et al., Sci. Rep. 9, 14786 (2019). The cubic is the simplest such resistance. Numbers: ``tank.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import isfinite, pi, sqrt

from neuromorph.datum import read_data

DATA = read_data(files(__package__).joinpath("tank.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Tank:
    """Parts of an LC tank and of its negative resistance.

    Attributes
    ----------
    henry, farad : float
        L and C, between the two nodes of the tank.
    quality : float
        Quality of the tank without its negative resistance.
    amplitude_v : float
        A, between the two nodes.
    growth : float
        g_1 sqrt(L / C).
    """

    henry: float = DATA["inductance"].value
    farad: float = DATA["capacitance"].value
    quality: float = DATA["quality"].value
    amplitude_v: float = DATA["amplitude"].value
    growth: float = DATA["growth"].value

    def __post_init__(self) -> None:
        for name in ("henry", "farad", "quality", "amplitude_v", "growth"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0.0):
                raise ValueError(f"{name} is {value}; it must be finite and positive")
        if self.growth > 1.0:
            raise ValueError(f"growth is {self.growth}; above 1 a tank relaxes rather than oscillates: give less")

    @property
    def wave_ohm(self) -> float:
        """Wave resistance sqrt(L / C)."""
        return sqrt(self.henry / self.farad)

    @property
    def frequency_hz(self) -> float:
        """Frequency of a tank alone, which is that of the reference, omega_r / (2 pi)."""
        return (1.0 - self.growth**2 / 16.0) / (2.0 * pi * sqrt(self.henry * self.farad))

    @property
    def period_s(self) -> float:
        """Period of the reference."""
        return 1.0 / self.frequency_hz

    @property
    def loss_s(self) -> float:
        """Conductance of the losses."""
        return 1.0 / (self.quality * self.wave_ohm)

    @property
    def negative_s(self) -> float:
        """Conductance g_1."""
        return self.growth / self.wave_ohm

    @cached_property
    def cubic(self) -> float:
        """Coefficient g_3, A/V^3."""
        return 4.0 * self.negative_s / (3.0 * self.amplitude_v**2)

    def pull(self, siemens: float) -> float:
        """Return the pull of a resistor on a phase.

        Parameters
        ----------
        siemens : float
            Conductance G.

        Returns
        -------
        float
            K, rad a cycle.
        """
        return siemens / (2.0 * self.farad) * self.period_s

    def harmonic(self, siemens: float) -> float:
        """Return the pull of the pump on a phase.

        Parameters
        ----------
        siemens : float
            Change g_s of the conductance.

        Returns
        -------
        float
            K_s, rad a cycle.
        """
        return siemens / (4.0 * self.farad) * self.period_s
