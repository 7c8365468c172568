"""Every kernel on small models of all kinds, against what a few sweeps do to a distribution exactly.

No model has to be easy, since nothing has to be forgotten: from one state, after one to three sweeps, at any beta. 768
reads of one model see KL >= 0.05, those of all models of a kernel together 5e-4 in the mean. Under numba's bounds check
(``make test-bounds``) what is read or written behind an array is seen as well.
"""

import numpy as np
import pytest
from laws import Tally, after, borderline, flip_odds, small_model

from neuromorph import Ising, exact
from neuromorph.sampling.replicas import KERNELS, replicas
from neuromorph.sampling.replicas import bitpacked as bits
from neuromorph.sampling.replicas import int8_kernel as int8
from neuromorph.sampling.replicas import integer_couplings as integers
from neuromorph.sampling.replicas.int8 import Int8Layout

READS = 768
UPDATES = ("heat-bath", "metropolis")


def starts_of(ising, rng):
    """All up, or any state."""
    return np.ones(ising.size, np.int8) if rng.random() < 0.5 else rng.choice([-1, 1], ising.size).astype(np.int8)


def fuzz(models, seed, kernels=KERNELS):
    """Each of ``kernels`` that holds a model, with an update and a generator at random: (tally, {kernel: models})."""
    rng, tally, ran = np.random.default_rng(seed), Tally(2 * models * len(KERNELS)), dict.fromkeys(KERNELS, 0)
    for number in range(models):
        model = small_model(rng)
        ising, start = model.ising, starts_of(model.ising, rng)
        betas = model.beta * rng.choice([0.0, 0.5, 1.0, 2.0], (rng.integers(1, 4), rng.integers(1, 3)))
        for kernel in holders(ising):
            if kernel not in kernels:
                continue
            update = "heat-bath" if borderline(ising, betas) else UPDATES[rng.integers(2)]
            generator = ("xoshiro", "philox")[rng.integers(2)] if kernel in ("sparse", "int8", "dense") else "xoshiro"
            name = f"model {number} ({model.name}), betas {betas}, {kernel}, {update}, {generator}"
            spins, energies = swept(ising, betas, start, kernel, update, generator, number)
            right = ising.energy(spins[-energies.size :])
            if not np.allclose(energies, right, rtol=1e-9, atol=1e-9 * np.abs(right).max()):
                tally.found.append(f"{name}: energies are {energies[:3]} instead of {right[:3]}")
            for k, mine in enumerate(betas.T):
                hottest = betas.min(axis=1) if kernel == "packed" else mine
                law = after(ising, mine, update, start, hottest=hottest)
                tally.add(spins[k :: betas.shape[1]], law, name, f"{kernel}, {update}, {generator}")
            ran[kernel] += 1
    return tally, ran


def swept(ising, betas, start, kernel, update, generator, seed, reads=READS):
    """(spins (reads or more, n), energies of the last of them): a few replicas, again and again from ``start``.

    betas (sweeps, 1) for all, or (sweeps, 2) for replicas that take turns
    """
    count, parts = 512 if kernel == "packed" else 64, []
    lanes = replicas(ising, count, kernel=kernel, update=update, rng=seed, generator=generator)
    while len(parts) * count < reads:
        lanes.set_spins(start)
        lanes.sweep(betas[:, 0] if betas.shape[1] == 1 else np.tile(betas, count // 2))
        parts.append(lanes.spins())
    return np.concatenate(parts), lanes.energies()


def holders(ising):
    """The kernels that hold a model: what one of them should not refuse is never left out."""
    found = integers.integer_couplings(ising)
    most = integers.field_bounds(ising, found).max() if found else np.inf
    small = [
        kernel
        for kernel, reach in (("int8", Int8Layout.reach), ("packed", bits.BitPackedReplicas.reach))
        if most <= reach
    ]
    return ("plain", "sparse", "dense", *small)


def test_kernels_follow_their_law():
    tally, ran = fuzz(120, 1)
    tally.require()
    assert min(ran[kernel] for kernel in KERNELS[:-1]) > 20


@pytest.mark.slow
def test_kernels_follow_their_law_on_10_000_models():
    tally, ran = fuzz(10_000, 2)
    tally.require()
    assert sum(ran.values()) > 35_000


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("kernel", KERNELS[:-1])
def test_free_spins_and_one_level_of_fields(kernel, update):
    """What was wrong: rings, triangles and pairs with equal fields (int8), spins without any field (packed)."""
    ring = np.roll(np.eye(6), 1, axis=1) + np.roll(np.eye(6), -1, axis=1)
    models = (
        Ising(ring),
        Ising(-0.37 * (np.ones((3, 3)) - np.eye(3))),
        Ising([[0.0, 1.0], [1.0, 0.0]], [1.0, 1.0]),
        Ising(np.pad(ring, (0, 2))),
        Ising(np.zeros((3, 3))),
        Ising([[0.0]], [2.0]),
        Ising([[0.0]]),
    )
    tally = Tally(len(models))
    for k, ising in enumerate(models):
        start, betas = np.ones(ising.size, np.int8), np.array([[0.4], [0.7]])
        spins = swept(ising, betas, start, kernel, update, "xoshiro", k, 4096)[0]
        tally.add(spins, after(ising, betas, update, start), f"model {k}", kernel)
    tally.require()


def test_small_values_are_not_taken_for_nothing():
    """Two pairs a factor of 1e10 apart are no integers: at a beta for the weak pair it was uncoupled."""
    j = np.zeros((4, 4))
    j[0, 1] = j[1, 0] = 1.0
    j[2, 3] = j[3, 2] = 1e-10
    assert integers.integer_couplings(Ising(j)) is None
    noise = 3e-17 * (1.0 - np.eye(4))
    assert integers.integer_couplings(Ising(np.rint(j) + noise)) is not None  # what 0.1 + 0.2 - 0.3 leaves


# Mistakes, and that the checks above see them.


def test_a_wrong_step_between_levels_is_seen(monkeypatch):
    """As it was read behind the end of one level: whatever stands there, mostly 0."""
    right = int8.sweep_int8

    def sweep(starts, neighbors, bonds, lazy, levels, step, *rest):
        right(starts, neighbors, bonds, lazy, levels, 0 if levels.size == 1 else step, *rest)

    monkeypatch.setattr(int8, "sweep_int8", sweep)
    for update in UPDATES:
        with pytest.raises(AssertionError, match="model 2"):
            test_free_spins_and_one_level_of_fields("int8", update)


def broken(monkeypatch, mistake):
    odds = flip_odds
    if mistake == "odds 2 % off":
        monkeypatch.setattr("laws.flip_odds", lambda *arguments: 0.98 * odds(*arguments))
    if mistake == "small values dropped":
        monkeypatch.setattr(integers, "_NOTHING", 1e-9)
    if mistake == "never lazy":
        monkeypatch.setattr(
            "neuromorph.sampling.replicas.protocol.lazy_below", lambda ising, _: np.full(ising.size, -np.inf)
        )


@pytest.mark.parametrize(
    ("mistake", "models", "kernel"),
    [
        ("odds 2 % off", 100, "sparse"),
        ("never lazy", 100, "plain"),
        pytest.param("small values dropped", 4000, "int8", marks=pytest.mark.slow),
    ],
)
def test_mistakes_are_seen(monkeypatch, mistake, models, kernel):
    broken(monkeypatch, mistake)
    tally, _ = fuzz(models, 1, [kernel])
    with pytest.raises(AssertionError, match="wrong, as"):
        tally.require()


def test_the_law_itself_keeps_boltzmann():
    """The yardstick: detailed balance of both updates, lazy or not, on models of all kinds."""
    rng = np.random.default_rng(5)
    for _ in range(60):
        model = small_model(rng, 6)
        p = exact.boltzmann(model.ising, model.beta)
        for update in UPDATES:
            np.testing.assert_allclose(after(model.ising, [model.beta] * 2, update, p), p, atol=1e-12)
