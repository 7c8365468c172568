r"""Kinetic Monte Carlo of the hopping: currents with error bars, to a requested precision.

.. math:: I_e = e\, \frac{\sum_b N_{e,b}}{\sum_b t_b}, \qquad
          \sigma_e^2 = \frac{B}{B - 1}\, \frac{\sum_b (e N_{e,b} - I_e t_b)^2}{(\sum_b t_b)^2}

where N_{e,b} is the net number of holes into electrode e in batch b of B, and t_b the mean time of its hops, which has
the same expectation as drawn times with less noise. Batches double until they are long against the memory of the
network: sigma is then the same from batches twice as long. Few hops are transport (most go to and fro), so 1 % takes
millions.

The hops and their kernels: ``hopping_walk``. Source of the errors: Flyvbjerg and Petersen, J. Chem. Phys. 91, 461
(1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.rng import RNG

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from .hopping_walk import Kernel, Walk

_BATCHES = 64  # largest number of batches; then pairs are joined


@dataclass(frozen=True, eq=False)
class Currents:
    """Currents into the electrodes with their errors.

    Attributes
    ----------
    currents_a, errors_a : (k,) float
        Currents and one standard deviation, A.
    hops : int
        Number of hops after warming up.
    time_s : float
        Simulated time, s.
    converged : bool
        Whether every error is as small as requested, with batches long enough.
    kernel : str
        The kernel.
    """

    currents_a: Float
    errors_a: Float
    hops: int
    time_s: float
    converged: bool
    kernel: str


def measure_currents(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    relative_error: float = 0.02,
    absolute_a: float = 0.0,
    most_hops: int = 20_000_000,
    kernel: Kernel = "auto",
    rng: RNG = None,
) -> Currents:
    """Measure currents until every error is below ``relative_error`` of the largest current.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    temperature_k : float
        Temperature, K.
    relative_error : float
        Requested error over the largest current.
    absolute_a : float
        Error, A, that suffices too: a current of zero has no relative error.
    most_hops : int
        Number of hops after which ``converged`` is False.
    kernel : {"auto", "plain", "cached", "rejection"}
        One of the three kernels, or the choice of a probe.
    rng : RNG
        Seed or generator.

    Returns
    -------
    Currents
        Currents and errors.
    """
    if not (relative_error >= 0.0 and absolute_a >= 0.0 and relative_error + absolute_a > 0.0):
        raise ValueError(
            f"relative_error {relative_error}, absolute_a {absolute_a}: not negative, one of them positive"
        )
    walk = Walk(network, voltages_v, temperature_k=temperature_k, kernel=kernel, rng=rng)
    length = 1000 + 20 * network.sites
    walk.go(10 * length)
    net = np.zeros((0, network.electrodes))
    time = np.zeros(0)
    hops = 0
    while True:
        counts, seconds = walk.go(length)
        hops += length
        net, time = np.vstack([net, counts]), np.r_[time, seconds]
        if len(time) == _BATCHES:
            errors, longer = _errors(net, time), _errors(*_joined(net, time))
            asked = max(absolute_a, relative_error * float(np.abs(_currents(net, time)).max()))
            # The error of an error from B batches is 1 / sqrt(2 B): 13 % and 18 % here.
            settled = bool((longer <= 1.5 * errors + 0.1 * asked).all())
            converged = settled and bool((np.maximum(errors, longer) <= asked).all())
            if converged or hops >= most_hops:
                return Currents(
                    _currents(net, time), np.maximum(errors, longer), hops, float(time.sum()), converged, walk.kernel
                )
            net, time = _joined(net, time)
            length *= 2


def dwell_times(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    hops: int,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    rng: RNG = None,
) -> Float:
    """Measure the occupation: the fraction of time in each of the 2^n states.

    Parameters
    ----------
    network : HoppingNetwork
        The network, up to 20 acceptors.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    hops : int
        Number of hops.
    temperature_k, rng
        Temperature, K; seed or generator.

    Returns
    -------
    (2^n,) float
        Fractions; bit i of a state is set where acceptor i is full.
    """
    if network.sites > 20:
        raise ValueError(f"the device has {network.sites} acceptors; occupations are counted up to 20")
    walk = Walk(network, voltages_v, temperature_k=temperature_k, kernel="plain", rng=rng)
    walk.go(1000)
    dwell = np.zeros(1 << network.sites)
    walk.go(hops, dwell)
    return dwell / dwell.sum()


def _currents(net: Float, time: Float) -> Float:
    return np.asarray(elementary_charge * net.sum(axis=0) / time.sum())


def _errors(net: Float, time: Float) -> Float:
    away = elementary_charge * net - time[:, None] * _currents(net, time)
    count = len(time)
    # The error is one hole at least: an electrode that no hole has reached yet may still carry a current.
    return np.asarray(np.sqrt(count / (count - 1) * (away**2).sum(axis=0) + elementary_charge**2) / time.sum())


def _joined(net: Float, time: Float) -> tuple[Float, Float]:
    return net[0::2] + net[1::2], time[0::2] + time[1::2]
