r"""Telegraph and shot noise: a current against time and its power spectrum.

.. math:: S(f) = \frac{2}{T} \Big| \sum_m q_m e^{2 \pi i f t_m} \Big|^2

where q_m is the charge of hole m at time t_m, drawn from the hopping itself, and T the duration. The one-sided spectrum
is white at 2 e I for independent holes (shot noise); where one acceptor blocks or opens a path, telegraph noise of the
path shows as a Lorentzian on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork

_CHUNK = 1 << 16  # number of hops that are recorded at a time


@dataclass(frozen=True, eq=False)
class CurrentTrace:
    """A current against time with its spectrum.

    Attributes
    ----------
    interval_s : float
        Averaging time of one value, s.
    currents_a : (m,) float
        Mean current of each interval, A.
    frequencies_hz, spectrum_a2_hz : (f,) float
        Frequencies, Hz, and one-sided power spectrum, A^2/Hz.
    """

    interval_s: float
    currents_a: Float
    frequencies_hz: Float
    spectrum_a2_hz: Float


def current_trace(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    electrode: int,
    *,
    interval_s: float,
    intervals: int,
    temperature_k: float = LIQUID_NITROGEN_K,
    segments: int = 16,
    rng: RNG = None,
) -> CurrentTrace:
    """Simulate a current against time, with shot and telegraph noise, hop by hop.

    The spectrum is the mean of ``segments`` equal stretches of time without window: each value has a relative standard
    deviation of 1 / sqrt(segments). It counts holes in intervals, and is good to a third of 1 / interval.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    electrode : int
        The electrode into which the current flows.
    interval_s, intervals : float, int
        Duration, s, and number of intervals.
    temperature_k : float
        Temperature, K.
    segments : int
        Number of segments of the spectrum.
    rng : RNG
        Seed or generator.

    Returns
    -------
    CurrentTrace
        The current and its spectrum.
    """
    from .hopping_walk import Walk

    if not 0 <= electrode < network.electrodes:
        raise ValueError(f"electrode is {electrode}; the device has {network.electrodes}, from 0")
    if not (interval_s > 0.0 and segments >= 1 and intervals >= 2 * segments):
        raise ValueError(
            f"{intervals} intervals of {interval_s} s in {segments} segments; positive, and two intervals a segment"
        )
    walk_seed, time_seed = read_seeds(rng, 2)
    walk = Walk(network, voltages_v, temperature_k=temperature_k, kernel="plain", rng=walk_seed)
    generator = np.random.default_rng(time_seed)
    walk.go(1000 + 20 * network.sites)
    counts, now, end = np.zeros(intervals), 0.0, intervals * interval_s
    while now < end:
        checkpoint("counting holes", now, end)
        dwell, at = walk.record(_CHUNK)
        times = now + np.cumsum(dwell * generator.exponential(size=_CHUNK))
        now = float(times[-1])
        here = (np.abs(at) == electrode + 1) & (times < end)
        counts += np.bincount((times[here] / interval_s).astype(np.int64), np.sign(at[here]), intervals)[:intervals]
    length = intervals // segments
    parts = counts[: length * segments].reshape(segments, length)
    power = np.abs(np.fft.rfft(parts - counts.mean(), axis=1)[:, 1:]) ** 2
    spectrum = 2.0 * elementary_charge**2 * power.mean(axis=0) / (length * interval_s)
    frequencies = np.asarray(np.fft.rfftfreq(length, interval_s)[1:], dtype=float)
    return CurrentTrace(interval_s, elementary_charge * counts / interval_s, frequencies, spectrum)
