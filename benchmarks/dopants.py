"""Kinetic Monte Carlo of dopant networks at 77 K: our kernels beside plain recomputes of all energies and rates.

``plain`` is the formulas as they stand, compiled too: after each hop the energies of all acceptors from all distances
and the rates exp(-2 r / a) min(1, exp(-dE / kT)) of all pairs. ``tuned`` is plain with what does not change computed
once (distances, their exponentials, levers), rates of possible hops only, and no exponential downhill. All walk the
same device at the same voltages from the same state. CPU microseconds a hop, the median of alternating runs.
"""

from __future__ import annotations

import math
from time import process_time

import numpy as np
from numba import njit

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.hopping_network import LIQUID_NITROGEN_K, thermal_voltage
from hardware_targets.dopant_network.transport.hopping_walk import Walk
from neuromorph.kernels.xoshiro import uniform

CASES = ((30, 3), (100, 10), (100, 50), (200, 100))  # acceptors, donors
HOPS, RUNS = 1_000_000, 3


@njit(cache=True)
def plain_recompute(
    acceptors, donors, reach, lever, coulomb, localization, attempt, v, beta, filled, hops, net, stream
):
    """Simulated time of ``hops`` hops, s; ``reach`` (n, k): distances to electrodes."""
    n, k = lever.shape
    energy = np.empty(n + k)
    cumulative = np.empty((n + k) * (n + k))
    time = 0.0
    for _ in range(hops):
        for i in range(n):
            energy[i] = 0.0
            for e in range(k):
                energy[i] += lever[i, e] * v[e]
            for d in range(len(donors)):
                energy[i] += coulomb / math.hypot(acceptors[i, 0] - donors[d, 0], acceptors[i, 1] - donors[d, 1])
            for j in range(n):
                if j != i and not filled[j]:
                    away = math.hypot(acceptors[i, 0] - acceptors[j, 0], acceptors[i, 1] - acceptors[j, 1])
                    energy[i] -= coulomb / away
        energy[n:] = v
        total = 0.0
        for a in range(n + k):
            for b in range(n + k):
                rate = 0.0
                if a != b and not (a >= n and b >= n):
                    change = energy[b] - energy[a]
                    if a < n and b < n:
                        r = math.hypot(acceptors[a, 0] - acceptors[b, 0], acceptors[a, 1] - acceptors[b, 1])
                        change -= coulomb / r
                    else:
                        r = reach[a, b - n] if a < n else reach[b, a - n]
                    rate = attempt * math.exp(-2.0 * r / localization) * min(1.0, math.exp(-beta * change))
                    if (a < n and not filled[a]) or (b < n and filled[b]):
                        rate = 0.0
                total += rate
                cumulative[a * (n + k) + b] = total
        time -= math.log(1.0 - uniform(stream)) / total
        move(np.searchsorted(cumulative, uniform(stream) * total, side="right"), filled, net)
    return time


@njit(cache=True)
def tuned_recompute(static, interaction, attempts, v, beta, filled, hops, net, stream):
    """Recompute with ``static`` (n,), ``interaction`` (n, n) and ``attempts`` (n + k, n + k) computed before."""
    n, k = static.size, v.size
    energy = np.empty(n + k)
    energy[n:] = v
    cumulative = np.empty((n + k) * (n + k))
    time = 0.0
    for _ in range(hops):
        for i in range(n):
            energy[i] = static[i]
            for j in range(n):
                if not filled[j]:
                    energy[i] -= interaction[i, j]
        total = 0.0
        for a in range(n + k):
            for b in range(n + k):
                if (a >= n or filled[a]) and (b >= n or not filled[b]) and not (a >= n and b >= n):
                    change = energy[b] - energy[a]
                    if a < n and b < n:
                        change -= interaction[a, b]
                    total += attempts[a, b] * (math.exp(-beta * change) if change > 0.0 else 1.0)
                cumulative[a * (n + k) + b] = total
        time -= math.log(1.0 - uniform(stream)) / total
        move(np.searchsorted(cumulative, uniform(stream) * total, side="right"), filled, net)
    return time


@njit(cache=True)
def move(chosen, filled, net):
    n, size = filled.size, filled.size + net.size
    a, b = chosen // size, chosen % size
    if a < n:
        filled[a] = False
    else:
        net[a - n] -= 1
    if b < n:
        filled[b] = True
    else:
        net[b - n] += 1


def seconds(kernel, numbers: tuple, filled: np.ndarray, electrodes: int, hops: int) -> float:
    """CPU s of a hop."""
    net = np.zeros(electrodes, np.int64)
    start = process_time()
    kernel(*numbers, filled.copy(), hops, net, np.array([1, 2, 3, 4], np.uint64))
    return (process_time() - start) / hops


def rows() -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    beta = 1.0 / thermal_voltage(LIQUID_NITROGEN_K)
    for n, donors in CASES:
        device = random_device(n, donors, rng=0)
        network, material = device.network, device.material
        v = np.random.default_rng(1).uniform(-0.5, 0.5, network.electrodes)
        walk = Walk(network, v, rng=2)
        walk.go(HOPS // 4)  # compiles, and leaves the start behind
        reach = -0.5 * material.localization_m * np.log(network.attempts_hz[:n, n:] / material.attempt_rate_hz)
        lengths = (device.coulomb_v_m, material.localization_m, material.attempt_rate_hz)
        plain = (device.acceptors, device.donors, reach, network.lever, *lengths, v, beta)
        tuned = (network.site_energies(v), network.interaction_v, network.attempts_hz, v, beta)
        hops = 20_000_000 // (n + 8) ** 2
        times: dict[str, list[float]] = {"ours": [], "plain": [], "tuned": []}
        for run in range(RUNS + 1):
            start = process_time()
            walk.go(HOPS)
            times["ours"].append((process_time() - start) / HOPS)
            for name, kernel, numbers in (("plain", plain_recompute, plain), ("tuned", tuned_recompute, tuned)):
                times[name].append(seconds(kernel, numbers, walk._filled, network.electrodes, hops if run else 2))
        us = {name: 1e6 * float(np.median(each[1:])) for name, each in times.items()}  # the first compiles
        table.append(
            {
                "acceptors / donors": f"{n} / {donors}",
                "kernel": walk.kernel,
                "ours: us a hop": us["ours"],
                "plain: us a hop": us["plain"],
                "tuned: us a hop": us["tuned"],
                "plain / ours": us["plain"] / us["ours"],
                "tuned / ours": us["tuned"] / us["ours"],
            }
        )
    return table
