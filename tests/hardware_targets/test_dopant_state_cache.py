"""The state cache of kinetic Monte Carlo: right intervals in its nodes, and the plain hops whatever it holds."""

import dataclasses

import numpy as np
import pytest

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.transport import hopping_walk
from hardware_targets.dopant_network.transport.hopping_walk import Walk
from hardware_targets.dopant_network.transport.master_equation import transitions

VOLTAGES = np.random.default_rng(4).uniform(-0.4, 0.4, 8)
KEPT, PARTS = 15, 65535


@pytest.mark.parametrize("temperature_k", [77.0, 300.0])
@pytest.mark.parametrize("nodes", [4, 64, 1 << 17])
def test_full_tables_give_the_plain_hops(nodes: int, temperature_k: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nodes for fewer states than are visited, for some, and for all: the same holes, hop for hop.

    Catches the node of another state taken for one's own, what an old node leaves behind in a new one, and an interval
    that reaches into its neighbor (by 10^-4 of u or more: 20,000 hops).
    """
    monkeypatch.setattr(hopping_walk, "_NODES", nodes)
    for n, donors in ((24, 2), (60, 12)):
        network = random_device(n, donors, rng=n).network
        plain, cached = (
            Walk(network, VOLTAGES, temperature_k=temperature_k, kernel=kernel, rng=5) for kernel in ("plain", "cached")
        )
        for hops in [1] * 50 + [1000] * 20:
            (net, seconds), (net_cached, seconds_cached) = plain.go(hops), cached.go(hops)
            assert np.array_equal(net, net_cached)
            assert seconds == pytest.approx(seconds_cached, rel=1e-9)
            assert np.array_equal(plain._filled, cached._filled)


@pytest.mark.parametrize(("temperature_k", "power"), [(77.0, 1.0), (300.0, 1.0), (300.0, 0.2)])
def test_nodes_hold_the_likeliest_transitions(temperature_k: float, power: float) -> None:
    """Against the rates of the master equation: each state's mean wait, and of each transition kept its probability.

    An interval may fall short by the two roundings to 1 / 65535, never reach too far; those left out are no likelier
    than those kept; intervals do not overlap. A power of the attempt rates makes more of them likely than a node holds.
    """
    n = 7
    network = random_device(n, 2, rng=3).network
    network = dataclasses.replace(network, attempts_hz=network.attempts_hz**power)
    source, target, rates, electrode, sign = transitions(network, VOLTAGES, temperature_k)
    filled = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    moved = filled[target] - filled[source]
    a = np.where(sign < 0, n + electrode, np.argmin(moved, axis=1))  # into an electrode: sign 1
    b = np.where(sign > 0, n + electrode, np.argmax(moved, axis=1))
    walk = Walk(network, VOLTAGES, temperature_k=temperature_k, kernel="cached", rng=6)
    walk.go(30_000)
    nodes = walk._cache[1]
    seen = nodes[nodes["key"] > 0]
    assert len(seen) >= 30
    assert (seen["begin"][:, KEPT - 1] < PARTS).mean() == pytest.approx(float(power < 1.0), abs=0.1)
    assert nodes.ctypes.data % nodes.itemsize == 0
    for node in seen:
        here = source == int(node["key"]) >> 1
        total = rates[here].sum()
        assert node["wait"] == pytest.approx(1.0 / total, rel=1e-9)
        share = dict(zip(zip(a[here], b[here], strict=True), rates[here] / total, strict=True))
        begin, end = node["begin"].astype(int), node["end"].astype(int)
        kept = int((begin < PARTS).sum())
        assert kept <= KEPT
        assert (begin[kept:] == PARTS).all()
        assert (end[kept:] == PARTS).all()
        assert (begin[1:kept] >= end[: kept - 1]).all()
        for k in range(kept):
            exact = share.pop((int(node["source"][k]), int(node["target"][k]))) * PARTS
            assert exact - 2.0 < end[k] - begin[k] <= exact + 1e-6
        least = 1.0 / 256.0 if kept < KEPT else (end - begin)[:kept].min() / PARTS + 2.0 / PARTS
        assert max(share.values()) <= least


def test_more_sites_than_nodes_can_name_are_refused() -> None:
    """Sites are a byte each in a node; the kernel chosen by itself is then another."""
    network = random_device(250, 10, rng=0).network
    with pytest.raises(ValueError, match="it takes up to 256"):
        Walk(network, VOLTAGES, kernel="cached", rng=0).go(1)
    assert Walk(network, VOLTAGES, rng=0).kernel != "cached"
