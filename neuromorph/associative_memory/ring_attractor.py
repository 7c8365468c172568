r"""A ring of neurons with cosine weights: a continuous attractor, which holds an angle.

.. math:: \tau \frac{du_i}{dt} = -u_i + I + \frac1n \sum_j \bigl[ J_0 + J_1 \cos(\theta_i - \theta_j) \bigr] g(u_j)
          + \sqrt\tau\, \sigma \xi_i(t), \qquad g(u) = \max(u, 0)

with angles theta_i = 2 pi i / n. For J_1 > 2 the uniform state is unstable and activity gathers in a bump
u = A (cos(theta - psi) - cos theta_c), which may stand at any angle psi:

.. math:: 1 = \frac{J_1}{2 \pi} \bigl( \theta_c - \tfrac12 \sin 2 \theta_c \bigr), \qquad
          A = \frac{-I}{\cos \theta_c + \tfrac{J_0}{\pi} (\sin \theta_c - \theta_c \cos \theta_c)}

Noise moves psi along the ring, where nothing holds it. Projected on that direction it gives a random walk,

.. math:: \langle (\psi(t) - \psi(0))^2 \rangle = \frac{\sigma^2 J_1}{n A^2} \frac{t}{\tau} ,

so that the memory of an angle decays as 1 / n: the price of a continuum of attractors.
Sources: Amari, Biol. Cybern. 27, 77 (1977); Ben-Yishai, Bar-Or and Sompolinsky, PNAS 92, 3844 (1995); diffusion: Wu,
Hamaguchi and Amari, Neural Comput. 20, 994 (2008); Burak and Fiete, PNAS 109, 17645 (2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ..ising import Float
from ..rng import RNG, seed_sequence
from ..runtime.limits import checkpoint


@dataclass(frozen=True)
class RingAttractor:
    """Ring of threshold-linear neurons; time is in units of tau.

    Parameters
    ----------
    size : int
        n, at least 8.
    tuned : float
        J_1, above 2: then there is a bump.
    uniform : float
        J_0, low enough that activity does not run away.
    drive : float
        I, above 0.
    """

    size: int
    tuned: float = 6.0
    uniform: float = -4.0
    drive: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, (int, np.integer)) or self.size < 8:
            raise ValueError(f"size is {self.size!r}; give a whole number from 8")
        if not (np.isfinite(self.tuned) and self.tuned > 2.0):
            raise ValueError(f"tuned is {self.tuned}; a bump needs a J_1 above 2")
        if not (np.isfinite(self.drive) and self.drive > 0.0):
            raise ValueError(f"drive is {self.drive}; it must be finite and above 0")
        if not (np.isfinite(self.uniform) and self._denominator < 0.0):
            raise ValueError(
                f"uniform is {self.uniform}; activity runs away unless J_0 is lower, such as -{self.tuned:g}"
            )

    @cached_property
    def half_width(self) -> float:
        """Half width theta_c of the bump in radians."""
        return float(brentq(lambda x: self.tuned / (2 * np.pi) * (x - np.sin(2 * x) / 2) - 1.0, 1e-3, np.pi))

    @property
    def _denominator(self) -> float:
        c = self.half_width
        return float(np.cos(c) + self.uniform / np.pi * (np.sin(c) - c * np.cos(c)))

    @property
    def amplitude(self) -> float:
        """Amplitude A of the bump."""
        return -self.drive / self._denominator

    @property
    def angles(self) -> Float:
        """Preferred angles theta_i in radians, (n,)."""
        return 2.0 * np.pi * np.arange(self.size) / self.size

    def diffusion(self, noise: float) -> float:
        """Compute the variance that the angle gains a unit of time.

        Parameters
        ----------
        noise : float
            sigma.

        Returns
        -------
        float
            sigma^2 J_1 / (n A^2) in radians squared.
        """
        return noise**2 * self.tuned / (self.size * self.amplitude**2)

    def bump(self, angles: ArrayLike) -> Float:
        """Evaluate the potentials of bumps at given angles.

        Parameters
        ----------
        angles : (trials,) array_like
            psi in radians.

        Returns
        -------
        (trials, n) float
            u.
        """
        psi = np.atleast_1d(np.asarray(angles, dtype=float))
        return self.amplitude * (np.cos(self.angles - psi[:, None]) - np.cos(self.half_width))

    def simulate(
        self, potentials: ArrayLike, duration: float, *, noise: float = 0.0, step: float = 0.05, rng: RNG = None
    ) -> Float:
        """Integrate the dynamics by Euler and Maruyama's method.

        Parameters
        ----------
        potentials : (trials, n) array_like
            u at the start.
        duration : float
            Time in units of tau.
        noise : float
            sigma.
        step : float
            Longest step in units of tau, at most 0.5.
        rng : RNG
            Source of the noise.

        Returns
        -------
        (trials, n) float
            u at the end.

        Raises
        ------
        ValueError
            If a value is out of range, or the shape of ``potentials`` is wrong.
        """
        u = np.array(potentials, dtype=float)
        if u.ndim != 2 or u.shape[1] != self.size or not np.isfinite(u).all():
            raise ValueError(f"potentials have shape {u.shape}; expected finite values (trials, {self.size})")
        if not (np.isfinite(duration) and duration >= 0 and np.isfinite(noise) and noise >= 0 and 0 < step <= 0.5):
            raise ValueError(
                f"duration is {duration}, noise {noise}, step {step}; none may be negative, step at most 0.5"
            )
        draw = np.random.default_rng(seed_sequence(rng))
        waves = np.stack([np.cos(self.angles), np.sin(self.angles)])
        count = int(np.ceil(duration / step))
        for k in range(count):
            checkpoint("ring attractor", k, count)
            dt = duration / count
            rates = np.maximum(u, 0.0)
            field = self.drive + self.uniform * rates.mean(axis=1, keepdims=True)
            field = field + self.tuned / self.size * (rates @ waves.T) @ waves
            u += dt * (field - u)
            if noise:
                u += noise * np.sqrt(dt) * draw.normal(size=u.shape)
        return u

    def decode(self, potentials: ArrayLike) -> Float:
        """Read the angle of a bump by the population vector.

        Parameters
        ----------
        potentials : (trials, n) array_like
            u.

        Returns
        -------
        (trials,) float
            psi from -pi to pi.
        """
        rates = np.maximum(np.asarray(potentials, dtype=float), 0.0)
        return np.asarray(np.angle(rates @ np.exp(1j * self.angles)))
