"""Telegraph atoms against the master equation and enumeration; placement against its own law; what costs what."""

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import expm

import neuromorph as nm
from hardware_targets.atomic_spins.placement import CouplingLaw, _jacobian, _residual, place_atoms
from hardware_targets.atomic_spins.target import MAX_PLACED, AtomicSpins, AtomicSpinsIdeal
from hardware_targets.atomic_spins.telegraph import occupation, simulate_switching, skewed, telegraph_rates
from neuromorph import DoesNotFit, Ising, Minimize, Recall, RecallFrom, Sample, Tsp, exact, load
from neuromorph.protocol import mapping_error
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.testing import require_distribution

LAW = CouplingLaw(strength=10.0, kx=4.2, ky=2.6, decay=3.0, least=1.0)
THETAS = [0.0, 0.5, 1.0]


def normal_couplings(seed: int, n: int, scale: float = 1.0) -> np.ndarray:
    j = scale * np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    return j + j.T


def glass(seed: int, n: int, scale: float = 1.0) -> Ising:
    return Ising(normal_couplings(seed, n, scale), scale * np.random.default_rng([seed, 1]).normal(size=n), 0.5)


def generator_matrix(w: np.ndarray, h: np.ndarray, beta: float, theta: float) -> np.ndarray:
    """Q (2^n, 2^n) of the master equation dp/dt = p Q, in attempt times; written out from the rates alone."""
    n = h.size
    states = exact.spins_of(np.arange(2**n), n)
    up, down = telegraph_rates(2 * beta * (states @ w.T + h), attempt_rate_hz=1.0, theta=theta)
    q = np.zeros((2**n, 2**n))
    for k in range(2**n):
        for i in range(n):
            q[k, k ^ (1 << i)] = up[k, i] if states[k, i] < 0 else down[k, i]
    return q - np.diag(q.sum(axis=1))


# Switching.


@pytest.mark.parametrize("theta", [0.0, 0.3, 1.0])
def test_switching_follows_the_master_equation_on_the_way(theta):
    """20,000 reads stopped long before equilibrium, at two temperatures, w not symmetric, against expm.

    Detects KL >= 0.0015: theta or 1 - theta, w or its transpose, a rate off by a factor, time lost between steps.
    """
    rng = np.random.default_rng(5)
    w = rng.normal(size=(3, 3)) * (1 - np.eye(3))
    h, betas, durations = rng.normal(size=3), np.array([0.3, 0.7]), np.array([0.2, 0.4])
    spins = np.tile(np.array([-1, 1, -1], np.int8), (20_000, 1))
    streams = kernel_states(read_seeds(6, len(spins)))
    _, ended = simulate_switching(sparse.csc_array(w), h, betas, durations, spins, streams, theta=theta)
    start = np.zeros(8)
    start[0b010] = 1.0
    for beta, duration in zip(betas, durations, strict=True):
        start = start @ expm(duration * generator_matrix(w, h, beta, theta))
    assert ended.all()
    require_distribution(spins, start)


@pytest.mark.parametrize("theta", THETAS)
def test_one_atom_switches_as_often_as_its_rates_say(theta):
    """2 r_up r_down / (r_up + r_down) events an attempt time, within 6 standard deviations (below Poisson's)."""
    up, down = telegraph_rates(2 * 0.4 * np.array([1.1]), attempt_rate_hz=1.0, theta=theta)
    shares, events = occupation([[0.0]], [1.1], 2e5, beta=0.4, theta=theta, rng=1)
    expected = 2e5 * 2 * float(up[0] * down[0] / (up[0] + down[0]))
    assert abs(events - expected) < 6 * np.sqrt(expected)
    assert shares[1] == pytest.approx(float(up[0] / (up[0] + down[0])), abs=0.01)


@pytest.mark.parametrize("theta", THETAS)
@pytest.mark.parametrize("n", [3, 4, 7])
def test_states_are_boltzmanns_for_every_theta(n, theta):
    """KL of 20,000 independent reads <= 3 times its floor (2^n - 1) / (2 reads)."""
    ising, reads = glass(n, n, 0.7), 20_000
    target = AtomicSpins(attempts=30.0, theta=theta)
    state = AtomicSpinsIdeal(theta=theta).program(ising).state  # the wanted couplings, in the physical dynamics
    program = nm.Program(target.name, ising, ising, state)
    run = target.run(program, Sample(0.7), reads, 7)
    shares = np.bincount(exact.states_of(run.spins), minlength=2**n) / reads
    seen = shares > 0
    kl = np.sum(shares[seen] * np.log(shares[seen] / exact.boltzmann(ising, 0.7)[seen]))
    assert kl <= 3 * (2**n - 1) / (2 * reads)


@pytest.mark.parametrize("n", [7, 10])
def test_one_long_trajectory_spends_its_time_as_boltzmann_says(n):
    """Time in each state, KL <= 3 (2^n - 1) / (2 events): a wrong waiting time shows although the jumps are right."""
    ising = glass(n, n, 0.3)
    shares, events = occupation(ising.couplings, ising.biases, 4e5 / n, beta=0.8, rng=2)
    expected = exact.boltzmann(ising, 0.8)
    assert np.sum(shares * np.log(np.maximum(shares, 1e-300) / expected)) <= 3 * (2**n - 1) / (2 * events)


def test_asymmetric_couplings_leave_the_boltzmann_distribution():
    ising = glass(1, 4)
    w = skewed(ising.couplings, 0.5, np.random.default_rng(0)).toarray()
    np.testing.assert_allclose((w + w.T) / 2, ising.couplings, atol=1e-12)
    shares, _ = occupation(w, ising.biases, 2e5, rng=3)
    kl = np.sum(shares * np.log(np.maximum(shares, 1e-300) / exact.boltzmann(ising, 1.0)))
    assert kl > 1e-3
    program = AtomicSpins(asymmetry=0.5).program(ising, rng=0)
    assert program.mapping_error > 0.1
    assert any("no Boltzmann distribution" in note for note in program.notes)


def test_atoms_that_chase_each_other_are_stopped():
    """w_12 = -w_21, quenched: every switch wants the next one at once. It must end, and say that it did not settle."""
    w = sparse.csc_array(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    spins = np.ones((2, 2), np.int8)
    events, ended = simulate_switching(
        w, np.zeros(2), np.array([40.0]), np.array([10.0]), spins, kernel_states(read_seeds(0, 2))
    )
    assert not ended.any()
    assert np.isfinite(events).all()


def test_bad_parameters_are_refused():
    for wrong, rule in (
        ({"attempts": 0.0}, "attempts is 0"),
        ({"theta": 1.5}, "theta is 1.5"),
        ({"asymmetry": -1.0}, "asymmetry is -1"),
        ({"attempt_rate_hz": 0.0}, "attempt_rate_hz is 0"),
    ):
        with pytest.raises(ValueError, match=rule):
            AtomicSpins(**wrong)
        with pytest.raises(ValueError, match=rule):
            AtomicSpinsIdeal(**wrong)
    for wrong, rule in (
        ({"starts": 0}, "starts is 0"),
        ({"tile": 8}, "tile is 8"),
        ({"visit": 0.0}, "visit is 0"),
    ):
        with pytest.raises(ValueError, match=rule):
            AtomicSpins(**wrong)
    for speeds in ([1.0], [1.0, -1.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="speeds"):
            occupation(np.zeros((2, 2)), np.zeros(2), 1.0, speeds=speeds)
    with pytest.raises(ValueError, match="17 atoms"):
        occupation(np.zeros((17, 17)), np.zeros(17), 1.0)


# Placement.


def test_slopes_of_the_law_are_its_derivatives():
    z = 1.5 * np.random.default_rng(0).normal(size=(3, 9))
    target, jacobian = np.ones(6), _jacobian(z, LAW)
    for k in range(9):
        step = 1e-6 * np.eye(9)[k]
        numeric = (_residual(z + step, target, LAW) - _residual(z - step, target, LAW)) / 2e-6
        np.testing.assert_allclose(jacobian[:, :, k], numeric, rtol=1e-4, atol=1e-6 * np.abs(jacobian).max())


@pytest.mark.parametrize("n", [2, 3, 4])
def test_up_to_four_atoms_anywhere_hold_what_is_asked(n):
    """20 random problems between sites, which users compare with enumeration: right to 0.5 %."""
    for seed in range(20):
        ising = glass(100 + seed, n)
        program = AtomicSpins(sites=False).program(ising, rng=seed)
        assert program.mapping_error < 0.005
        assert mapping_error(ising, program.programmed) == pytest.approx(program.mapping_error, abs=1e-12)


@pytest.mark.parametrize("n", [3, 5, 7])
def test_held_couplings_are_the_law_at_the_positions(n):
    """Nothing but positions and one scale makes the couplings; no two atoms nearer than allowed."""
    wanted = normal_couplings(n, n)
    placed = place_atoms(wanted, LAW, np.random.default_rng(0), starts=128)
    for i in range(n):
        for j in range(i):
            x, y = placed.positions[i] - placed.positions[j]
            r = np.hypot(x, y)
            assert r >= LAW.least
            law = 10.0 * np.cos(4.2 * x) * np.cos(2.6 * y) * np.exp(-r / 3.0) / r
            assert placed.couplings[i, j] == pytest.approx(law)
    assert placed.scale > 0
    assert np.linalg.norm(placed.scale * placed.couplings - wanted) < 0.5 * np.linalg.norm(wanted)


def test_missing_couplings_are_held_too():
    """A ring and a star of 4: some couplings are 0, which only a node of the law or distance can give."""
    ring = np.array([[0, 1, 0, -1], [1, 0, 1, 0], [0, 1, 0, 1], [-1, 0, 1, 0]], float)
    star = np.array([[0, 1, -2, 1], [1, 0, 0, 0], [-2, 0, 0, 0], [1, 0, 0, 0]], float)
    for couplings in (ring, star):
        assert AtomicSpins(sites=False).program(Ising(couplings), rng=0).mapping_error < 0.005
        assert AtomicSpins().program(Ising(couplings), rng=0).mapping_error < 0.1


def test_seven_atoms_are_the_most_and_own_to_their_error():
    target = AtomicSpins(starts=8, settable_fields=False)
    program = target.program(glass(1, MAX_PLACED), rng=0)
    assert 0.01 < program.mapping_error < 0.5
    assert program.setup == {"atoms_placed": MAX_PLACED}
    for beyond in (glass(1, MAX_PLACED + 1), Tsp.from_coordinates(np.random.default_rng(0).random((3, 2)))):
        with pytest.raises(DoesNotFit, match="settable_fields would divide"):
            target.program(beyond)


def test_large_problems_are_refused_before_they_are_built():
    class Vast:
        size = 10**9

        def ising(self):
            raise AssertionError("built")

    with pytest.raises(DoesNotFit, match="1000000000 or more spins"):
        AtomicSpins().program(Vast())


# The idealised array.


@pytest.mark.parametrize("theta", THETAS)
def test_ideal_atoms_anneal_to_ground_states(theta):
    ising = glass(3, 14)
    target = AtomicSpinsIdeal(theta=theta)
    run = target.run(target.program(ising), Minimize(), 20, 0)
    assert run.converged.all()
    assert run.energies.min() == pytest.approx(exact.ground_states(ising)[0])


def test_a_cross_comes_back_from_a_quarter_of_noise():
    row, column = np.indices((11, 11))
    cross = np.where((row == 5) | (column == 5), 1, -1).ravel()
    problem = Recall("cross", cross[None], noise=0.25)
    target = AtomicSpinsIdeal()
    run = target.run(target.program(problem), problem.task(20, 1), 20, 0)
    assert (run.spins == cross).all()


def test_a_tour_of_2704_atoms_runs(shared_data):
    """One-hot berlin52: the anneal must leave one atom up in each row and column."""
    if shared_data is None:
        return
    problem = load(shared_data / "tsplib" / "berlin52.tsp")
    target = AtomicSpinsIdeal(attempts=50.0)
    run = target.run(target.program(problem), Minimize(), 2, 0)
    assert all(problem.decode(spins).feasible for spins in run.spins)


# Price.


def test_time_is_the_attempt_time_and_every_watt_is_assumed():
    """The attempt rate is known to four decades only: time and energy must say so."""
    ising = glass(1, 4)
    for target, attempts in ((AtomicSpins(attempts=50.0), 50.0), (AtomicSpinsIdeal(attempts=50.0), 300.0)):
        program = target.program(ising, rng=0)
        run = target.run(program, Sample(1.0), 5, 0)
        assert run.activity["attempts"] == pytest.approx(attempts)
        assert run.activity["atom_attempts"] == pytest.approx(4 * attempts)
        assert (run.activity["switches"] > 0).all()
        ledger = nm.price(run, target.costs())
        time = ledger.time_per_read
        look = type(target)().constants["readout_time_s"]
        ends = (attempts / 1e5 + look.low, attempts / 1e3 + look.value, attempts + look.high)
        assert (time.low, time.value, time.high) == pytest.approx(ends)
        assert ledger.energy("core").high > 1e4 * ledger.energy("core").low
        fast = nm.price(run, type(target)(attempts=50.0, attempt_rate_hz=1e6).costs())
        assert fast.time_per_read.value == pytest.approx(attempts / 1e6 + look.value)
        assert fast.time_per_read.low > look.low  # no read is faster than its amplifier, whatever the atoms are
        kind = "assumed" if target.name == "atomic-spins" else "forecast"  # nobody has built the ideal one
        assert all(entry.kind == kind for entry in (*ledger.entries, *ledger.times))
        assert ledger.energy("system").value > 1e6 * ledger.energy("core").value
    cue = np.ones(4)
    with pytest.raises(DoesNotFit, match="does not recall"):
        AtomicSpins().run(program, RecallFrom(cue), 1, 0)
