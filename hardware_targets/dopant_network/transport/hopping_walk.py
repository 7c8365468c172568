r"""The random walk of holes by kinetic Monte Carlo, hop by hop.

Three kernels give the same dynamics: ``plain`` computes all rates of a state, ``cached`` keeps the likeliest hops of
states seen before, ``rejection`` draws a hop by distance alone and takes it back if energy forbids. ``auto`` probes how
often the two shortcuts succeed.
Source: Gillespie, J. Comput. Phys. 22, 403 (1976).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.runtime.pieces import pieces

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork, thermal_voltage
from .kinetic_monte_carlo_kernel import alias_table, hop, hop_rejected
from .state_cache import MOST_SITES, hop_cached, new_nodes

Kernel: TypeAlias = Literal["auto", "plain", "cached", "rejection"]
_NODES = 1 << 17  # number of cached states, 16 MB
_PROBE = 4000  # number of hops of a probe
_NO_WAITS, _NOWHERE = np.empty(0), np.empty(0, np.int64)  # Empty arrays record nothing.
# Measured ns of a hop, by which the kernel is chosen.
_TRIAL_NS, _RATE_NS, _STORE_NS, _STEP_NS, _FOUND_NS = 26.0, 0.26, 1.0, 120.0, 40.0


class Walk:
    """A random walk of one network at fixed voltages, continued from call to call.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    temperature_k : float
        Temperature, K.
    kernel : {"auto", "plain", "cached", "rejection"}
        One of the three kernels, or the choice of a probe.
    rng : RNG
        Seed or generator.
    """

    def __init__(
        self,
        network: HoppingNetwork,
        voltages_v: ArrayLike,
        *,
        temperature_k: float = LIQUID_NITROGEN_K,
        kernel: Kernel = "auto",
        rng: RNG = None,
    ) -> None:
        v, beta = network.voltages(voltages_v), 1.0 / thermal_voltage(temperature_k)
        if v.ndim != 1:
            raise ValueError(f"voltages have shape {v.shape}; one setting at a time, ({network.electrodes},)")
        n, size = network.sites, network.sites + network.electrodes
        common = 0.5 * float(v.max() + v.min())  # so that weights stay far from overflow
        coulomb = beta * network.interaction_v
        span = beta * (
            float(np.ptp(v)) + float(np.abs(network.static_v).max()) + float(network.interaction_v.sum(0).max())
        )
        if span > 600.0:
            raise ValueError(
                f"energies differ by up to {span:.0f} kT at {temperature_k:g} K, rates by more than a float holds; "
                f"take {temperature_k * span / 600.0:.0f} K or more"
            )
        self._stream = kernel_states(read_seeds(rng, 1))[0]
        self._filled = np.random.default_rng(read_seeds(int(self._stream[0] >> np.uint64(1)), 1)[0]).random(n) < 0.5
        self._electrodes = network.electrodes
        most = np.zeros((size, -(-size // 8) * 8))
        most[:, :size] = network.attempts_at(temperature_k)
        ratio = most.copy()
        ratio[:n, :n] *= np.exp(coulomb)
        self._rates = (most, ratio)
        self._moves = (
            np.exp(coulomb),
            np.exp(-coulomb),
            np.exp(-beta * (network.site_energies(v) - common)),
            np.exp(-beta * (v - common)),
        )
        self._pairs: Any = None
        self._cache: Any = None
        self.kernel: str = kernel
        if kernel == "auto":
            self.kernel = self._choose()

    def go(self, hops: int, dwell: Float | None = None) -> tuple[NDArray[np.int64], float]:
        """Continue for ``hops`` hops.

        Parameters
        ----------
        hops : int
            Number of hops.
        dwell : (2^n,) float, optional
            Time in each state, added to; only with the plain kernel.

        Returns
        -------
        net : (k,) int
            Net number of holes into each electrode.
        time_s : float
            Mean time of the hops, s.
        """
        return self._kernel(self.kernel)(hops, np.empty(0) if dwell is None else dwell)[:2]

    def record(self, hops: int) -> tuple[Float, NDArray[np.int64]]:
        """Record hops.

        Parameters
        ----------
        hops : int
            Number of hops.

        Returns
        -------
        (hops,) float
            Mean time before each hop, s.
        (hops,) int64
            Electrode of each hop: e + 1 for a hop into electrode e, -e - 1 for a hop out of it, 0 for a hop inside.
        """
        waits, where = np.empty(hops), np.zeros(hops, np.int64)
        self._plain(hops, np.empty(0), waits, where)
        return waits, where

    def _kernel(self, name: str) -> Callable[[int, Float], tuple[NDArray[np.int64], float, float]]:
        kernels = {"plain": self._plain, "cached": self._cached, "rejection": self._rejection}
        if name not in kernels:
            raise ValueError(f"kernel is {name!r}; it is auto, {', '.join(kernels)}")
        return kernels[name]

    def _plain(
        self, hops: int, dwell: Float, waits: Float = _NO_WAITS, where: NDArray[np.int64] = _NOWHERE
    ) -> tuple[NDArray[np.int64], float, float]:
        net, time = np.zeros(self._electrodes, np.int64), np.zeros(1)
        work = self._work()
        for _, part in pieces(1, hops):
            now: list[Any] = [part.stop - part.start, net, dwell, self._stream, waits[part], where[part], *work, time]
            hop(*[*self._rates, *self._moves, self._filled, *now])
        return net, float(time[0]), 1.0

    def _work(self) -> tuple[Float, Float, NDArray[np.int64]]:
        """Allocate the state that a walk carries from part to part."""
        size, width = self._rates[0].shape
        return np.zeros(size), np.zeros(width), np.zeros(1, np.int64)

    def _cached(self, hops: int, dwell: Float) -> tuple[NDArray[np.int64], float, float]:
        if self._cache is None:
            n, size = self._filled.size, len(self._rates[0])
            if size > MOST_SITES:
                raise ValueError(
                    f"kernel is 'cached', acceptors and electrodes are {size}; it takes up to {MOST_SITES}, plain and "
                    "rejection any number"
                )
            labels = np.zeros(size, np.uint64)
            labels[:n] = np.random.default_rng(n).integers(2, 1 << 63, n, dtype=np.uint64)
            if 2 << n <= _NODES:  # a node for every state
                labels[:n] = np.uint64(2) << np.arange(n, dtype=np.uint64)
            self._cache = (labels, new_nodes(min(2 << n, _NODES)))
        net, time, computed = np.zeros(self._electrodes, np.int64), np.zeros(1), 0
        up, _, alone, outside = self._moves
        for _, part in pieces(1, hops):
            now: list[Any] = [part.stop - part.start, net, self._stream, *self._cache, time]
            computed += hop_cached(*[*self._rates, up, alone, outside, self._filled, *now])
        return net, float(time[0]), computed / max(hops, 1)

    def _rejection(self, hops: int, dwell: Float) -> tuple[NDArray[np.int64], float, float]:
        if self._pairs is None:
            most, ratio = self._rates
            sources, ends = np.nonzero(most)
            weights = most[sources, ends]
            gain = ratio[sources, ends] / weights
            table: Any = alias_table(weights)
            self._pairs = (sources, ends, table[0], table[1], gain, float(weights.sum()))
        net = np.zeros(self._electrodes, np.int64)
        limit = 1 << 62
        done, trials = self._try(hops, limit, net)
        return net, trials / self._pairs[-1], done / max(trials, 1)

    def _try(self, hops: int, trials: int, net: NDArray[np.int64]) -> tuple[int, int]:
        done = tried = 0
        work = self._work()
        for _, part in pieces(1, trials):
            now: list[Any] = [hops - done, part.stop - part.start, net, self._stream, *work]
            more, by = hop_rejected(*[*self._pairs, *self._moves, self._filled, *now])
            done, tried = done + more, tried + by
            if done >= hops:
                break
        return done, tried

    def _choose(self) -> str:
        """Choose the kernel with the cheapest hop, by probed acceptance and misses: the same for the same stream."""
        n, size = self._filled.size, len(self._rates[0])
        work = (n / 2 + self._electrodes) * size
        self._plain(_PROBE, np.empty(0))
        cost = {"plain": _STEP_NS + _RATE_NS * work}
        if size <= MOST_SITES:
            self._cached(_PROBE, np.empty(0))
            computed = self._cached(_PROBE, np.empty(0))[2]
            cost["cached"] = _FOUND_NS + computed * (_STEP_NS + _STORE_NS * work)
        self._rejection(0, np.empty(0))
        net = np.zeros(self._electrodes, np.int64)
        done, trials = self._try(_PROBE, 64 * _PROBE, net)
        cost["rejection"] = _STEP_NS + _TRIAL_NS * trials / max(done, 1)
        return min(cost, key=lambda name: cost[name])
