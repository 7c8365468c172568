r"""Quantum annealing in real time: the Schroedinger equation of all 2^n amplitudes, and its classical counterpart.

.. math:: i \frac{d}{dt} |\psi\rangle = \Bigl[ E(\sigma^z) - \Gamma(t) \sum_i \sigma_i^x \Bigr] |\psi\rangle

from the ground state for Gamma to infinity, all amplitudes alike. A step dt is a half step of the phases
exp(-i E dt / 2), a rotation of every spin by Gamma dt, and another half step: unitary, and wrong by dt^2 in the end.

The classical counterpart is the master equation of one-spin heat-bath flips at a temperature T(t), each spin once a
unit of time on average,

.. math:: \frac{dp}{dt} = W(T)\, p, \qquad W(s \to s^{(i)}) = \frac{1}{1 + e^{(E(s^{(i)}) - E(s)) / T}},

from all states alike, in steps of the second order (midpoint). Here hbar = 1: time is in units of 1 / energy, and one
flip attempt a spin.
Source: Kadowaki and Nishimori, Phys. Rev. E 58, 5355 (1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..exact import all_energies
from ..ising import Float, Ising
from ..runtime.limits import checkpoint

Schedule = Callable[[float], float]
"""Transverse field, or temperature, at a time above 0; not negative."""

MAX_QUANTUM_SPINS = 16


@dataclass(frozen=True, eq=False)
class AnnealedDistribution:
    """Probabilities of all states in the course of an anneal.

    Attributes
    ----------
    times : (m,) float
        Times asked for.
    probabilities : (m, 2^n) float
        Of each state, numbered as in :mod:`.exact`.
    ground : (m,) float
        Probability of the ground states together.
    """

    times: Float
    probabilities: Float
    ground: Float


def schrodinger_annealing(
    ising: Ising, gamma: Schedule, times: ArrayLike, *, step: float = 0.01
) -> AnnealedDistribution:
    """Integrate the Schroedinger equation from t = 0 under a transverse field.

    Parameters
    ----------
    ising : Ising
        The problem, of at most ``MAX_QUANTUM_SPINS`` spins.
    gamma : callable
        Gamma(t), evaluated in the middle of each step, so that it may be infinite at t = 0.
    times : (m,) array_like
        Times at which probabilities are read, rising and not negative.
    step : float
        Longest step dt; errors fall as its square.

    Returns
    -------
    AnnealedDistribution
        Probabilities, the squared magnitudes of psi.

    Raises
    ------
    ValueError
        If there are too many spins, or an argument is out of range.
    """
    energies, when = _start(ising, times, step)
    amplitudes = np.full(energies.size, energies.size**-0.5, dtype=complex)

    def advance(t: float, dt: float) -> None:
        nonlocal amplitudes
        phases = np.exp(-0.5j * dt * energies)
        angle = _scheduled("gamma", gamma, t + dt / 2) * dt
        amplitudes *= phases
        for spin in range(ising.size):
            pair = amplitudes.reshape(-1, 2, 1 << spin)
            amplitudes = (np.cos(angle) * pair + 1j * np.sin(angle) * pair[:, ::-1]).ravel()
        amplitudes *= phases

    return _read(energies, when, step, advance, lambda: np.abs(amplitudes) ** 2)


def master_equation_annealing(
    ising: Ising, temperature: Schedule, times: ArrayLike, *, step: float = 0.01
) -> AnnealedDistribution:
    """Integrate the master equation of heat-bath flips from t = 0 under a temperature.

    Parameters
    ----------
    ising : Ising
        The problem, of at most ``MAX_QUANTUM_SPINS`` spins.
    temperature : callable
        T(t), evaluated in the middle of each step, so that it may be infinite at t = 0.
    times : (m,) array_like
        Times at which probabilities are read, rising and not negative.
    step : float
        Longest step dt, at most 1 / n; errors fall as its square.

    Returns
    -------
    AnnealedDistribution
        Probabilities.

    Raises
    ------
    ValueError
        If there are too many spins, or an argument is out of range.
    """
    energies, when = _start(ising, times, step)
    step = min(step, 1.0 / ising.size)
    p = np.full(energies.size, 1.0 / energies.size)
    rises = [_flipped(energies, spin) - energies for spin in range(ising.size)]

    def advance(t: float, dt: float) -> None:
        nonlocal p
        at = _scheduled("temperature", temperature, t + dt / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            chances = [np.where(rise == 0.0, 0.5, expit(-rise / at)) for rise in rises]

        def change(q: Float) -> Float:
            leaving = [chance * q for chance in chances]
            return np.asarray(sum(_flipped(each, spin) - each for spin, each in enumerate(leaving)))

        p = p + dt * change(p + 0.5 * dt * change(p))

    return _read(energies, when, step, advance, lambda: p)


def quantum_ground_probability(ising: Ising, gamma: float) -> float:
    """Compute the probability of the classical ground states in the ground state of H.

    An infinitely slow anneal has it at every moment.

    Parameters
    ----------
    ising : Ising
        The problem, of at most ``MAX_QUANTUM_SPINS`` spins.
    gamma : float
        Transverse field, above 0.

    Returns
    -------
    float
        The probability.

    Raises
    ------
    ValueError
        If there are too many spins, or ``gamma`` is not above 0.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    energies, _ = _start(ising, [0.0], 1.0)
    if not (np.isfinite(gamma) and gamma > 0.0):
        raise ValueError(f"gamma is {gamma}; it must be finite and above 0")

    def apply(x: Float) -> Float:
        x = x.ravel()
        return energies * x - gamma * sum(_flipped(x, spin) for spin in range(ising.size))

    h = LinearOperator((energies.size, energies.size), matvec=apply, dtype=float)
    if energies.size <= 4:
        vector = np.linalg.eigh(np.array([apply(x) for x in np.eye(energies.size)]))[1][:, 0]
    else:
        vector = eigsh(h, k=1, which="SA", v0=np.ones(energies.size))[1][:, 0]
    return float((vector[_ground(energies)] ** 2).sum())


def _start(ising: Ising, times: ArrayLike, step: float) -> tuple[Float, Float]:
    if ising.size > MAX_QUANTUM_SPINS:
        raise ValueError(f"ising has {ising.size} spins; all 2^n amplitudes are held to {MAX_QUANTUM_SPINS}: "
                         "use path_integral or quantum_annealing instead")  # fmt: skip
    when = np.atleast_1d(np.asarray(times, dtype=float))
    if when.ndim != 1 or not np.isfinite(when).all() or (when < 0.0).any() or (np.diff(when) < 0.0).any():
        raise ValueError("times must be finite, not negative, and rise")
    if not (np.isfinite(step) and step > 0.0):
        raise ValueError(f"step is {step}; it must be finite and above 0")
    energies = all_energies(ising)
    return energies - energies.min(), when


def _read(
    energies: Float, when: Float, step: float, advance: Callable[[float, float], None], read: Callable[[], Float]
) -> AnnealedDistribution:
    t, rows = 0.0, []
    for end in when:
        count = int(np.ceil((end - t) / step - 1e-9))
        for k in range(count):
            checkpoint("annealing", k, count)
            advance(t + (end - t) * k / count, (end - t) / count)
        t = float(end)
        rows.append(read().copy())
    probabilities = np.array(rows)
    return AnnealedDistribution(when, probabilities, probabilities[:, _ground(energies)].sum(axis=1))


def _ground(energies: Float) -> NDArray[np.int64]:
    return np.flatnonzero(energies <= 1e-9 * max(1e-300, float(energies.max())))


def _flipped(x: Float, spin: int) -> Float:
    """Entries of the states in which one spin is turned around."""
    return x.reshape(-1, 2, 1 << spin)[:, ::-1].reshape(x.shape)


def _scheduled(name: str, schedule: Schedule, t: float) -> float:
    value = float(schedule(t))
    if not value >= 0.0 or (name == "gamma" and not np.isfinite(value)):
        raise ValueError(f"{name}({t:g}) is {value}; it must be {'finite and ' if name == 'gamma' else ''}not negative")
    return value
