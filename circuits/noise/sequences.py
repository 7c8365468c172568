r"""Noise currents as straight lines between equidistant knots: thermal, 1/f, and random telegraph noise.

.. math:: i(t) = \sum_k x_k \Lambda(t / h - k), \qquad S(f) = 2 \sigma^2 h \, \mathrm{sinc}^4(f h)

for independent knots x_k of variance sigma^2, h apart, Lambda the triangle of base 2. White noise of the one-sided
density S_0 thus has sigma^2 = S_0 / (2 h). Of the charge that white noise brings onto R || C the lines lose what is
above 1 / h: averaged over time

.. math:: \overline{u^2} = q(h / R C) \frac{S_0 R}{4 C}, \qquad q(r) = \int_{-2}^2 B(s)\, e^{-r |s|}\, ds
    = 1 - \frac{7}{15} r + \frac{r^2}{6} - ...

where B, the triangle folded with itself, is the cubic B-spline: the autocovariance of i, averaged over time, is
sigma^2 B(t / h), and the variance of u its integral with exp(-|t| / R C) R / (2 C). So sigma^2 = S_0 / (2 h q) leaves
k T / C at an RC element as it is, and the density at low frequencies is 1 / q of S_0: 2.4 % more at h = R C / 20. Steps
above R C / 5 are refused.

- thermal: S_0 = 4 k T / R, of all resistors at a node together, R that of the network;
- 1/f: S(f) = S_0 f_c / f, by normal amplitudes of the frequencies (Timmer and Koenig), twice as long as what is used;
- telegraph: two values, +-A/2, with the rates up and down; the chain is sampled at the knots with the exact
  probabilities of its master equation, so that occupation and memory are those of the process; a jump takes h.

Sources: Nyquist, Phys. Rev. 32, 110 (1928); Timmer and Koenig, Astron. Astrophys. 300, 707 (1995); Machlup, J. Appl.
Phys. 25, 341 (1954).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float

BOLTZMANN_J_K = 1.380649e-23
COARSEST = 5.0  # knots in one R C at least
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True, eq=False)
class NoiseCurrents:
    """Currents of noise into the inputs of neurons, straight lines between knots.

    Attributes
    ----------
    step_s : float
        Distance of the knots h, s; the first is at 0.
    amperes : (m, n) float
        Currents at the knots, A, one column a neuron.
    """

    step_s: float
    amperes: Float

    def __post_init__(self) -> None:
        x = np.array(self.amperes, dtype=float)
        if x.ndim != 2 or len(x) < 2 or not np.isfinite(x).all():
            raise ValueError(f"amperes have shape {x.shape}; give (m, n), two knots at least, all finite")
        if not 0.0 < self.step_s < float("inf"):
            raise ValueError(f"step_s is {self.step_s}; it must be finite and positive")
        x.setflags(write=False)
        object.__setattr__(self, "amperes", x)

    @property
    def times(self) -> Float:
        """Times of the knots, s, (m,)."""
        return np.asarray(self.step_s * np.arange(len(self.amperes)), dtype=np.float64)


def interpolation_factor(ratio: ArrayLike) -> Float:
    """Return q, the part of k T / C that white knots leave to an RC element, averaged over time.

    Parameters
    ----------
    ratio : array_like
        h / R C, not negative.

    Returns
    -------
    ndarray of float
        q, 1 at 0.
    """
    r = np.asarray(ratio, dtype=float)[..., None]
    near, far = 0.5 * (_NODES + 1.0), 0.5 * (_NODES + 3.0)  # exact for the cubic pieces of B times the exponential
    inner = (2.0 / 3.0 - near**2 + near**3 / 2.0) * np.exp(-r * near)
    outer = (2.0 - far) ** 3 / 6.0 * np.exp(-r * far)
    return np.asarray(((inner + outer) * _WEIGHTS).sum(axis=-1), dtype=np.float64)


def white_currents(
    density: ArrayLike, time_constants_s: ArrayLike, knots: int, step_s: float, seeds: Sequence[np.random.SeedSequence]
) -> Float:
    """Draw white noise that leaves the variance of RC elements as it is.

    Parameters
    ----------
    density : (n,) float
        One-sided density S_0, A^2/Hz.
    time_constants_s : (n,) float
        R C of the nodes, s.
    knots : int
        Number of knots m.
    step_s : float
        Distance of the knots, s.
    seeds : sequence of SeedSequence
        One for each node.

    Returns
    -------
    (m, n) float
        Currents, A.

    Raises
    ------
    ValueError
        If the step is above a fifth of the shortest time constant.
    """
    tau = np.asarray(time_constants_s, dtype=float)
    if step_s > tau.min() / COARSEST * (1.0 + 1e-9):
        raise ValueError(
            f"the knots of noise are {step_s:g} s apart and the shortest R C is {tau.min():g} s; take a step of at "
            f"most {tau.min() / COARSEST:g} s"
        )
    deviation = np.sqrt(np.asarray(density, dtype=float) / (2.0 * step_s * interpolation_factor(step_s / tau)))
    drawn = np.stack([np.random.default_rng(seed).standard_normal(knots) for seed in seeds], axis=1)
    return np.asarray(deviation * drawn)


def flicker_currents(
    density_1hz: ArrayLike, knots: int, step_s: float, seeds: Sequence[np.random.SeedSequence]
) -> Float:
    """Draw 1/f noise from 1 / (2 m h) to 1 / (2 h), without a constant part.

    Its lines have the density times sinc^4(f h): 10 % less at f = 1 / (8 h).

    Parameters
    ----------
    density_1hz : (n,) float
        One-sided density at 1 Hz, A^2/Hz.
    knots : int
        Number of knots m.
    step_s : float
        Distance of the knots h, s.
    seeds : sequence of SeedSequence
        One for each node.

    Returns
    -------
    (m, n) float
        Currents, A.
    """
    length = 2 * knots
    f = np.fft.rfftfreq(length, step_s)[1:]
    root = np.sqrt(length / (4.0 * step_s) / f)  # of E|X|^2 / 2, X the transform of the knots
    columns = []
    for scale, seed in zip(np.sqrt(np.asarray(density_1hz, dtype=float)), seeds, strict=True):
        normal = np.random.default_rng(seed).standard_normal((2, len(f)))
        transform = np.r_[0.0, root * (normal[0] + 1j * normal[1])]
        transform[-1] = np.sqrt(2.0) * transform[-1].real
        columns.append(scale * np.fft.irfft(transform, length)[:knots])
    return np.stack(columns, axis=1)


def telegraph_currents(
    ampere: float, up_hz: float, down_hz: float, knots: int, step_s: float, seeds: Sequence[np.random.SeedSequence]
) -> Float:
    """Draw random telegraph noise between -A/2 and A/2, started in equilibrium.

    Parameters
    ----------
    ampere : float
        Distance A of the two currents, A.
    up_hz, down_hz : float
        Rates of switching up and down, 1/s.
    knots : int
        Number of knots m.
    step_s : float
        Distance of the knots, s; a jump takes as long.
    seeds : sequence of SeedSequence
        One for each node.

    Returns
    -------
    (m, n) float
        Currents, A.
    """
    total = up_hz + down_hz
    high = up_hz / total
    kept = np.exp(-total * step_s)
    columns = []
    for seed in seeds:
        drawn = np.random.default_rng(seed).random(knots)
        # With probability ``kept`` the state stays; otherwise it is drawn anew: the chain's exact transition.
        fresh, value = drawn >= kept, (drawn - kept) / (1.0 - kept)
        fresh[0], value[0] = True, drawn[0]
        last = np.maximum.accumulate(np.where(fresh, np.arange(knots), 0))
        columns.append(np.where(value[last] < high, 0.5 * ampere, -0.5 * ampere))
    return np.stack(columns, axis=1)
