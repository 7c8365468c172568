"""The CPU baseline: its kernels against enumeration and permutation search, its limits, its price."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import neuromorph as nm
from hardware_targets.cpu.annealer import MAX_CITIES, CpuAnneal
from hardware_targets.cpu.core_time import lanes_filled
from hardware_targets.cpu.tour_annealing import anneal_tour
from neuromorph import DoesNotFit, Ising, Minimize, RecallFrom, Sample, Tsp, exact, load
from neuromorph.kernels.philox import HEAT_BATH
from neuromorph.pricing.boundary import HOST
from neuromorph.pricing.powercap import CpuEnergy
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.run import concatenate_runs
from neuromorph.sampling.replicas import reference_kernel as plain
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.sampling.single_spin_kernel import descend_kernel
from neuromorph.testing import require_distribution
from neuromorph.tours.city_distances import matrix_distances

CPU = CpuAnneal()


def glass(seed: int, n: int, filled: float = 1.0) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)) * (rng.random((n, n)) < filled), 1)
    return Ising(j + j.T, rng.normal(size=n) * rng.choice([0, 1]), 0.7)


def test_whole_rows_and_csr_are_the_same_dynamics():
    """Couplings of +-1 add up exactly, so both forms of the kernel must give the same spins, not only the same law."""
    rng = np.random.default_rng(0)
    j = np.triu(rng.choice([-1.0, 0.0, 1.0], (40, 40)), 1)
    ising = Ising(j + j.T, rng.choice([-1.0, 1.0], 40))
    csr = ising.sparse_couplings()
    sparse_form = (csr.indptr.astype(np.int64), csr.indices.astype(np.int64), csr.data.copy())
    forms = [ising.dense_couplings().copy(), sparse_form]
    ends = []
    for couplings in forms:
        spins, stream = np.ones(40, np.int8), kernel_states(read_seeds(1, 1))[0]
        fields = ising.biases[None].copy()
        plain.add_fields(couplings, spins[None], fields)
        betas, lazy = geometric_ramp(0.05, 2.0, 200)[:, None], np.full(40, -1.0)
        plain.sweep_reference(couplings, lazy, betas, HEAT_BATH, spins[None], fields, stream[None])
        swept = descend_kernel(couplings, 100, spins, fields[0], np.arange(40), stream)
        ends.append((spins.tolist(), swept, stream.tolist()))
    assert ends[0] == ends[1]


def test_sparse_couplings_are_sampled_right():
    """The conformance suite samples 4 dense spins; this is the CSR kernel: 20,000 reads of a ring of 9, KL >= 0.02."""
    rng = np.random.default_rng(3)
    i = np.arange(9)
    ring = np.zeros((9, 9))
    ring[i, (i + 1) % 9] = ring[(i + 1) % 9, i] = rng.normal(size=9)
    ising = Ising(sparse.csr_array(ring), 0.5 * rng.normal(size=9))
    run = CpuAnneal(sweeps=60).run(CPU.program(ising), Sample(0.8), 20_000, 4)
    require_distribution(run.spins, exact.boltzmann(ising, 0.8))


@given(seed=st.integers(0, 10**6), n=st.integers(1, 14), filled=st.sampled_from([0.1, 0.6, 1.0]))
@settings(max_examples=60)
def test_relaxing_ends_where_no_spin_wants_to_turn(seed, n, filled):
    ising = glass(seed, n, filled)
    cues = np.random.default_rng(seed).choice([-1, 1], (5, n))
    run = CPU.run(CPU.program(ising), RecallFrom(cues), 5, seed)
    assert run.converged.all()
    assert (run.spins * ising.field(run.spins) >= -1e-12).all()
    assert (run.energies <= ising.energy(cues) + 1e-12).all()
    idle = np.flatnonzero((ising.dense_couplings() == 0).all(axis=1) & (ising.biases == 0))
    assert (run.spins[:, idle] == cues[:, idle]).all(), "a spin in no field has no reason to turn"


@pytest.mark.parametrize("seed", range(5))
def test_minimize_finds_ground_states_of_16_spins(seed):
    ising = glass(seed, 16, 0.5 + 0.1 * seed)
    run = CPU.run(CPU.program(ising), Minimize(), 10, seed)
    assert run.energies.min() == pytest.approx(exact.ground_states(ising)[0])
    assert (run.spins * ising.field(run.spins) >= -1e-12).all()


def test_schedules_follow_the_couplings():
    """In other units the temperatures are others by the same factor; nothing to order gives no division by zero."""
    ising = glass(1, 12)
    hot, cold = beta_range(ising)
    assert hot < cold
    assert beta_range(Ising(1e3 * ising.couplings, 1e3 * ising.biases)) == pytest.approx((hot / 1e3, cold / 1e3))
    assert beta_range(Ising(np.zeros((3, 3)))) == (1.0, 1.0)
    assert beta_range(Ising([[0.0]], [-2.0])) == pytest.approx((0.1, 1.5))
    assert geometric_ramp(0.1, 10.0, 3) == pytest.approx([0.1, 1.0, 10.0])
    assert geometric_ramp(1.0, 0.0, 2).tolist() == [0.0, 0.0]


# Tours.


@given(seed=st.integers(0, 10**6), n=st.integers(4, 12), near=st.integers(1, 11))
@settings(max_examples=100)
def test_moves_keep_a_tour_and_count_its_length(seed, n, near):
    """A wrong reversal or shift loses a city; a wrong difference shows in the length gained."""
    rng = np.random.default_rng(seed)
    d = rng.random((n, n))
    d = np.triu(d, 1) + np.triu(d, 1).T
    neighbors = np.argsort(d + 9 * np.eye(n), axis=1)[:, : min(near, n - 1)].copy()
    tour = rng.permutation(n)
    before = d[tour, np.roll(tour, -1)].sum()
    stream = kernel_states(read_seeds(seed, 1))[0]
    accepted, gained = anneal_tour(matrix_distances(d), neighbors, np.full(30, 1.0), tour, stream)
    assert sorted(tour) == list(range(n))
    assert d[tour, np.roll(tour, -1)].sum() == pytest.approx(before + gained)
    assert accepted > 0


@pytest.mark.parametrize("n", [3, 4, 5, 8])
def test_small_tours_are_the_shortest(n):
    """Against all permutations."""
    xy = np.random.default_rng(n).random((n, 2))
    problem = Tsp.from_coordinates(xy)
    shortest = min(problem.length((0, *rest)) for rest in permutations(range(1, n)))
    run = CPU.run(CPU.program(problem), Minimize(), 10, 0)
    assert run.energies.min() == pytest.approx(shortest)
    solutions = [problem.decode(spins) for spins in run.spins]
    assert all(solution.feasible for solution in solutions)
    assert [problem.score(solution) for solution in solutions] == pytest.approx(run.energies)


def test_published_instances(shared_data):
    """berlin52 within 1 % in 20 reads, G1 within 0.2 % in 50: far off if a move, a sign or the schedule is wrong."""
    if shared_data is None:
        return
    for path, reads, gap in (
        (shared_data / "tsplib" / "berlin52.tsp", 20, 0.01),
        (shared_data / "gset/G1.txt", 50, 0.002),
    ):
        problem = load(path)
        run = CPU.run(CPU.program(problem), problem.task(reads), reads, 0)
        scores = [problem.score(problem.decode(spins)) for spins in run.spins]
        best = min(scores) if problem.sense == "min" else max(scores)
        assert problem.best_known is not None
        assert abs(best - problem.best_known) <= gap * problem.best_known


def test_what_does_not_fit_is_said():
    rng = np.random.default_rng(0)
    with pytest.raises(DoesNotFit, match=r"1000001 cities; tours up to 1000000.*400 bytes a city: split it"):
        CPU.program(Tsp.from_coordinates(rng.random((MAX_CITIES + 1, 2))))
    small = Tsp.from_coordinates(rng.random((5, 2)))
    for task in (Sample(1.0), RecallFrom(small.spins([0, 1, 2, 3, 4]))):
        with pytest.raises(DoesNotFit, match=r"program problem\.ising\(\)"):
            CPU.run(CPU.program(small), task, 1, 0)
    CPU.run(CPU.program(small.ising()), RecallFrom(small.spins([0, 1, 2, 3, 4])), 1, 0)


# Price.


def test_time_is_measured_for_each_read_and_priced_with_the_users_power():
    program = CPU.program(glass(0, 30))
    run = CPU.run(program, Sample(0.5), 8, 0)
    assert (run.activity["device_s"] > 0).all()
    assert (run.activity["updates"] == 2.5 * CPU.sweeps * 30).all()
    least = CPU.run(program, Minimize(), 3, 0).activity["updates"]
    assert (least > CPU.sweeps * 30).all(), "the descent takes a sweep at least"
    seconds = run.activity["device_s"].sum()
    mine = nm.price(run, CpuAnneal(power_w=7.0).costs())
    assert mine.energy("core").value == pytest.approx(7.0 * seconds)
    usual = nm.price(run, CPU.costs())
    joules = usual.energy("core")
    assert joules.low is not None
    unmetered = run.activity["unmetered_s"].sum()
    assert joules.value == pytest.approx(4.4 * unmetered + run.activity["core_j"].sum())
    assert unmetered in (0.0, seconds)  # where this user may read the counters, no second is priced by the table
    machine = next(entry for entry in usual.entries if entry.needs == "host")
    assert (machine.unit, machine.scope) == (HOST, "system")


def test_a_read_is_charged_its_lanes_and_the_rest_is_counted():
    """Of a batch of R reads 64 are paid for, 128 beyond 64: 20, 64 and 65 reads cost what a lane costs, not T / R."""
    for reads, held in ((1, 64), (20, 64), (64, 64), (65, 128)):
        program = CPU.program(glass(0, 30))
        assert any("64 reads at a time" in note for note in program.notes)
        for device in (CPU, nm.get_target("cpu-gibbs")):
            found = device.run(program, Minimize(), reads, 0).activity
            batch = found["latency_s"][0]
            assert found["device_s"] == pytest.approx(batch / held)
            paid = found["device_s"].sum() + found["empty_lane_s"].sum()
            assert paid == pytest.approx(batch), "a lane that was paid for is lost from the count"


def test_replicas_of_a_read_fill_lanes():
    """Ladders of K temperatures: a read has K lanes; reads one after the other, as of clusters, have none to spare."""
    assert [lanes_filled(reads) for reads in (1, 64, 65)] == [64, 64, 128]
    assert lanes_filled(3, 16) == 4
    assert lanes_filled(5, 16) == 8
    assert lanes_filled(1, 200) == pytest.approx(256 / 200)
    device = nm.get_target("cpu-swendsen-wang(sweeps=20)")
    found = device.run(device.program(glass(0, 20)), Sample(0.3), 5, 0).activity
    assert np.array_equal(found["latency_s"], found["device_s"])
    assert found["empty_lane_s"] == pytest.approx(np.zeros(5), abs=1e-12)


def test_one_timing_is_not_sixty_four():
    """One batch has no interval of its own, the clock's range stands for it; of two it is Student's, 12.7 s."""
    program = CPU.program(glass(0, 30))
    run = CPU.run(program, Minimize(), 64, 0)
    (time,) = nm.price(run, CPU.costs()).times
    clock = CPU.constants["clock"]
    ends = time.total.value * clock.low, time.total.value * clock.high
    assert (time.total.low, time.total.high) == pytest.approx(ends)
    two = np.r_[np.full(64, 1e-3), np.full(64, 2e-3)]
    both = concatenate_runs([run, run])
    again = replace(both, activity={**both.activity, "device_s": two})
    (time,) = nm.price(again, CPU.costs()).times
    half = 12.7062 * np.std([1e-3, 2e-3], ddof=1) / np.sqrt(2)
    assert time.total.high == pytest.approx(128 * (1.5e-3 + half) * clock.high, rel=1e-4)


def test_joules_are_read_where_they_can_be(monkeypatch):
    """Counters of a machine of two cores: 30 J of cores and 40 J of the package in 2 s, of which 3 s of cores busy."""
    at = iter([
        CpuEnergy({"package-0": (0.0, 1e9), "package-0/core": (0.0, 1e9)}, 0.0, 2, 0.0),
        CpuEnergy({"package-0": (40.0, 1e9), "package-0/core": (30.0, 1e9)}, 3.0, 2, 2.0),
    ])  # fmt: skip
    monkeypatch.setattr("hardware_targets.cpu.annealer.read_cpu_energy", lambda: next(at))
    monkeypatch.setattr("hardware_targets.cpu.core_time.read_cpu_energy", lambda: next(at))
    run = CPU.run(CPU.program(glass(0, 30)), Minimize(), 64, 0)
    seconds = run.activity["device_s"].sum()
    assert run.activity["core_j"].sum() == pytest.approx(10.0 * seconds)
    assert run.activity["uncore_j"].sum() == pytest.approx(10.0 / 3.0 * seconds)
    assert not run.activity["unmetered_s"].any()
    ledger = nm.price(run, CPU.costs())
    assert ledger.energy("core").value == pytest.approx(10.0 * seconds)
    assert ledger.energy("chip").value == pytest.approx(10.0 / 3.0 * seconds)
    assert ledger.energy("core", "measured").value == ledger.energy("core").value
    mine = nm.price(run, CpuAnneal(power_w=7.0).costs())
    assert mine.energy("core").value == pytest.approx(7.0 * seconds)


def test_relaxing_counts_the_sweeps_that_it_took():
    """A stored state takes one sweep to see that nothing wants to turn."""
    ferro = Ising(np.ones((6, 6)) - np.eye(6))
    run = CPU.run(CPU.program(ferro), RecallFrom(np.ones(6)), 3, 0)
    assert (run.activity["updates"] == 6).all()


@pytest.mark.parametrize(("wrong", "rule"), [({"sweeps": 1}, "sweeps is 1"), ({"power_w": 0.0}, r"power_w is 0\.0")])
def test_bad_parameters_are_refused(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        CpuAnneal(**wrong)
