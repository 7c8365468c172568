"""Dopant networks as targets, against enumeration, counting statistics done by hand, matrix exponentials, all tours."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.constants import elementary_charge
from scipy.linalg import expm
from scipy.special import expit, ndtr
from scipy.stats import chi2, kstest

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.hopping_network import HoppingNetwork
from hardware_targets.dopant_network.learning.logic_gates import Terminals
from hardware_targets.dopant_network.learning.training import ElectrodeRoles
from hardware_targets.dopant_network.targets.coulomb_glass import MAX_GLASS_SPINS, DopantGlass
from hardware_targets.dopant_network.targets.dopant_classifier import train_readout, truth_table
from hardware_targets.dopant_network.targets.dopant_neurons import DopantNeurons
from hardware_targets.dopant_network.targets.kept_units import ACCEPTORS, WAFER, arrays_of_units, kept_units
from hardware_targets.dopant_network.targets.noise_thresholds import noise_thresholds
from hardware_targets.dopant_network.targets.settling_kernel import settle_steps
from hardware_targets.dopant_network.targets.transfer_curves import current_noise, select_trimmed_units, transfer_curve
from hardware_targets.dopant_network.transport.markov_chain import rate_table, walk_chain
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations, transitions
from hardware_targets.dopant_network.transport.telegraph_noise import current_trace
from neuromorph import DoesNotFit, Ising, Minimize, Recall, RecallFrom, Sample, Tsp, exact, price
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.testing import FALSE_FAILURE, require_distribution

PERFECT = DopantNeurons(couplings="memory")


def glass_of(seed: int, n: int) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n))


# The Coulomb glass.


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_what_the_glass_says_it_holds_is_the_energy_of_its_holes(n):
    """sigma H(n) = E(s) + constant over all states: a wrong factor, sign, order or missing field fails."""
    program = DopantGlass(devices=64).program(glass_of(n, n), rng=1)
    glass, spins = program.state, exact.spins_of(np.arange(1 << n), n)
    holes = (1 + glass.signs * spins) / 2
    difference = program.programmed.energy(spins) - glass.scale_per_v * glass.network.energy(holes, glass.voltages_v)
    assert np.ptp(difference) < 1e-9 * (1.0 + np.ptp(program.programmed.energy(spins)))


@pytest.mark.parametrize(("n", "beta"), [(3, 1.3), (5, 0.4)])
def test_the_glass_samples_what_it_holds(n, beta):
    """20,000 reads: KL of 0.002 or more fails, as from walks that stop at a number of hops and not at a time."""
    device = DopantGlass(devices=256)
    program = device.program(glass_of(7 * n, n), rng=2)
    run = device.run(program, Sample(beta), 20_000, 3)
    require_distribution(run.spins, exact.boltzmann(program.programmed, beta))
    assert run.converged.all()
    assert run.provenance["temperature_k"] * beta == pytest.approx(program.state.temperature_k(1.0))


def test_insulated_gates_carry_no_current():
    """The master equation finds detailed balance although the gates differ in voltage."""
    glass = DopantGlass(devices=64).program(glass_of(1, 4), rng=0).state
    assert np.ptp(glass.voltages_v) > 0.01
    found = stationary_occupations(glass.network, glass.voltages_v)
    assert np.abs(found.currents_a).max() < 1e-20
    assert (
        stationary_occupations(glass.device.network, glass.voltages_v).currents_a.max() > 1e-15
    )  # with the insulator gone it would conduct


def test_only_repulsion_fits():
    """Equal repulsion of three spins fits, turned spins too; a triangle that cannot be turned into it does not."""
    device = DopantGlass(devices=512)
    repel = -(np.ones((3, 3)) - np.eye(3))
    turned = repel * np.outer([1, -1, 1], [1, -1, 1])
    errors = [device.program(Ising(j, [0.3, -0.2, 0.1]), rng=0).mapping_error for j in (repel, turned, -repel)]
    assert errors[0] < 0.1
    assert errors[1] < 0.1
    # nearest of the others has one coupling missing: 1/sqrt(3) of the whole, less for sigma
    assert errors[2] > 0.5


def test_more_devices_fit_better():
    errors = [DopantGlass(devices=count).program(glass_of(11, 5), rng=0).mapping_error for count in (1, 1000)]
    assert errors[1] < errors[0]


def test_the_glass_owns_to_temperatures_beyond_the_model():
    device = DopantGlass(devices=64)
    run = device.run(device.program(glass_of(2, 3), rng=0), Sample(0.0), 50, 0)
    assert not run.converged.any()
    assert "hopping is not the whole physics" in run.message


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: DopantGlass().program(Ising(np.zeros((MAX_GLASS_SPINS + 1,) * 2))), "at most 5"),
        (lambda: DopantGlass(devices=0), "devices is 0"),
        (lambda: DopantGlass(gate_range_v=np.nan), "gate_range_v is nan"),
        (lambda: DopantGlass(radius_m=1e-9), "radius_m is 1e-09"),
        (lambda: DopantNeurons(acceptors=20), "acceptors is 20"),
        (
            lambda: DopantNeurons(integrators=50).program(Tsp("t", np.random.default_rng(0).random((10, 2)))),
            "100 units",
        ),
        (lambda: transfer_curve(random_device(3, 0, 4, rng=0).network, (1, 1), [0.0]), "two different electrodes"),
        (
            lambda: truth_table(random_device(3, 0, 4, rng=0).network, Terminals((0, 1), 2), [0.0], "NOT"),
            "gate is 'NOT'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


def test_walks_follow_the_master_equation_in_time():
    """20,000 walks, long before equilibrium, against expm: a walk with one hop too many or a wrong clock fails."""
    network = random_device(3, 1, 4, rng=5).network
    source, target, rates, *_ = transitions(network, [0.1, 0.0, -0.05, 0.0], 77.0)
    generator = np.zeros((8, 8))
    np.add.at(generator, (source, target), rates)
    generator -= np.diag(generator.sum(axis=1))
    time = 1.5 / np.median(-np.diag(generator))
    states = np.zeros(20_000, np.int64)
    walk_chain(*rate_table(source, target, rates, 8), states, time, 10**6, kernel_states(read_seeds(1, states.size)))
    expected = expm(generator * time)[0] * states.size
    seen = np.bincount(states, minlength=8)
    kept = expected > 5.0
    assert kept.sum() > 2
    statistic = ((seen - expected)[kept] ** 2 / expected[kept]).sum()
    assert statistic < chi2.isf(FALSE_FAILURE, kept.sum() - 1)


# Units.


@pytest.mark.parametrize("ratio", [1.0, 0.3, 5.0])
def test_noise_of_one_acceptor_is_that_of_a_double_barrier(ratio):
    """I = e a b / (a + b) and S = 2 e I (a^2 + b^2) / (a + b)^2 far downhill; shot noise 2 e I would fail."""
    a, b = 1e8, 1e8 * ratio
    attempts = np.zeros((3, 3))
    attempts[0, 1:] = attempts[1:, 0] = [a, b]
    network = HoppingNetwork(np.zeros(1), np.zeros((1, 1)), np.array([[0.5, 0.5]]), attempts)
    current, noise, power = current_noise(network, [1.0, -1.0], 1)
    assert current == pytest.approx(elementary_charge * a * b / (a + b), rel=1e-9)
    assert noise == pytest.approx(2.0 * elementary_charge * current * (a * a + b * b) / (a + b) ** 2, rel=1e-9)
    assert power == pytest.approx(2.0 * current, rel=1e-9)


def test_noise_of_a_unit_is_that_of_its_hops():
    """Holes in 400 windows, hopped one by one: their variance within 5 sigma (18 %), their distribution normal."""
    network = random_device(6, 1, 5, rng=10).network
    v = np.array([0.5, 0.0, 0.0, 0.0, 0.0])
    current, noise, _ = current_noise(network, v, 2)
    window = 200 * elementary_charge / abs(current)
    trace = current_trace(network, v, 2, interval_s=window, intervals=400, segments=4, rng=3)
    expected = noise / (2.0 * window)
    assert trace.currents_a.var(ddof=1) == pytest.approx(expected, rel=5.0 * np.sqrt(2.0 / 400))
    z = (trace.currents_a - current) / np.sqrt(expected)
    assert abs(z.mean()) < 5.0 / np.sqrt(400)
    assert kstest(z, "norm").pvalue > FALSE_FAILURE


def test_equilibrium_noise_is_johnsons():
    """S = 4 k T G at zero voltage (fluctuation-dissipation), with G by difference: factors of two fail."""
    network = random_device(5, 1, 4, rng=3).network
    zero, step = np.zeros(4), 1e-5
    current, noise, power = current_noise(network, zero, 1)
    plus, minus = (current_noise(network, zero + sign * step * np.eye(4)[1], 1)[0] for sign in (1, -1))
    conductance = -(plus - minus) / (2.0 * step)
    assert noise == pytest.approx(4.0 * 1.380649e-23 * 77.0 * conductance, rel=1e-4)
    assert abs(current) < 1e-9 * noise / elementary_charge
    assert abs(power) < 1e-20


def test_kept_units_are_those_that_are_computed():
    """A change of the physics, or of its numbers, that is not in the file fails."""
    units = kept_units()
    kept, made = (arrays_of_units(each) for each in (units, select_trimmed_units(acceptors=ACCEPTORS, seed=WAFER)))
    assert kept.keys() == made.keys()
    for name, part in made.items():
        np.testing.assert_allclose(kept[name], part, rtol=1e-6, atol=1e-9 * np.abs(part).max(), err_msg=name)
    assert DopantNeurons().units is units
    assert DopantNeurons(wafer=1).units is not units


def test_kept_units_are_trimmed_and_looked_up():
    units = kept_units()
    m = units.outputs.shape[1]
    grid = np.linspace(-units.range_v, units.range_v, m)
    assert np.abs(units.outputs[:, m // 2]).max() < 1e-12
    assert np.abs(units.outputs[:, [0, -1]]).min() > 0.9
    assert 0.0 < units.spread() < 0.5
    which, volts = np.arange(len(units.outputs))[None], np.random.default_rng(0).uniform(-0.4, 0.4, (7, 1))
    expected = np.array([[np.interp(v, grid, row) for row in units.outputs] for v in volts[:, 0]])
    np.testing.assert_allclose(units.look_up(units.outputs, which, volts), expected, atol=1e-12)


def test_compiled_steps_are_those_of_the_formula():
    """Three steps of two reads with couplings of their own, the second of which has settled, against NumPy."""
    units, rng, reads, n = kept_units(), np.random.default_rng(4), 2, 5
    w, biases, which = rng.normal(size=(reads, n, n)), rng.normal(size=n), rng.integers(12, size=n)
    bound, blur, load, approach, step_s = 2.0, 40.0, 3.0, 0.2, 1e-8
    kicks, factors, shakes = rng.normal(size=(3, reads, 2, n)), np.array([0.2, 0.5, 1.0]), np.array([0.3, 0.1, 0.0])
    u, active = rng.normal(size=(reads, n)), np.array([1.0, 0.0])
    mine, up, still, joules = u.copy(), u > 0.0, np.ones(reads, np.int64), np.zeros(reads)
    state = mine, np.zeros_like(u), up, still, joules, active
    network = np.array(w.swapaxes(1, 2), order="C"), biases, which
    curves, numbers = (units.outputs, units.noise, units.powers_w), (bound, units.range_v, blur, load, approach, step_s)
    settle_steps(state, network, curves, numbers, kicks, factors, shakes, np.empty(n))
    spent, kept = np.zeros(reads), np.ones(reads, bool)
    for kick, factor, shake in zip(kicks, factors, shakes, strict=True):
        at = bound * factor * u
        x = units.look_up(units.outputs, which, at) + blur * np.sqrt(units.look_up(units.noise, which, at)) * kick[:, 0]
        spent += active * units.look_up(units.powers_w, which, at).sum(axis=1) * step_s
        rest = (np.einsum("rij,rj->ri", w, x) + biases) / load - u
        u = u + active[:, None] * approach * rest + shake * kick[:, 1]
        kept &= ((u > 0.0) == up).all(axis=1)
    np.testing.assert_allclose(mine, u, rtol=1e-12)
    np.testing.assert_allclose(state[1], rest, rtol=1e-12)
    np.testing.assert_allclose(joules, spent, rtol=1e-12)
    assert np.array_equal(still == 1, kept)


# Neurons.


def test_thresholds_make_a_normal_noise_logistic():
    """P(theta + xi > 0) is the heat bath's to the steps of a 10-bit converter (0.4 of 9 / 1024)."""
    betas, largest = np.array([0.0, 0.7, 3.0]), 2.5
    table = noise_thresholds(betas, largest, 10)
    fields = largest * ((np.arange(1024) + 0.5) / 512 - 1.0)
    assert np.abs(ndtr(table) - expit(2.0 * betas[:, None] * fields)).max() < 2e-3


@pytest.mark.parametrize(("device", "beta"), [(PERFECT, 0.8), (DopantNeurons(), 0.3)])
def test_firing_neurons_sample(device, beta):
    """20,000 reads of 5 neurons: couplings in memory exactly, those in cells as what the program says it holds."""
    program = device.program(glass_of(21, 5), rng=4)
    run = device.run(program, Sample(beta), 20_000, 5)
    require_distribution(run.spins, exact.boltzmann(program.programmed, beta))


def test_cells_of_a_pair_that_differ_do_not_drive_the_samples():
    """A frustrated triangle, 20,000 reads of two crossbars: W as read one way alone (6 % antisymmetric) had G = 154."""
    triangle, device = Ising(np.eye(3) - 1.0), DopantNeurons()
    for made in (0, 1):
        program = device.program(triangle, rng=made)
        require_distribution(
            device.run(program, Sample(0.6), 20_000, 19).spins, exact.boltzmann(program.programmed, 0.6)
        )


def test_couplings_in_memory_are_exact_and_those_in_cells_are_not():
    asked = glass_of(3, 12)
    assert PERFECT.program(asked, rng=0).mapping_error == 0.0
    fresh = DopantNeurons(drift=0.0, read_noise=0.0).program(asked, rng=0).mapping_error
    worn = DopantNeurons(age_s=3e7, drift=5.0).program(asked, rng=0).mapping_error
    assert 0.0 < fresh < worn


def test_reads_do_not_depend_on_their_company():
    """The crossbar's noise of the first read must not reach the others: reads 3 .. 7 alone equal those of 7."""
    device = DopantNeurons()
    asked = glass_of(5, 8)
    program = device.program(asked, rng=0)
    for task in (Minimize(), Sample(0.5), RecallFrom(np.ones(8, np.int8))):
        whole = device.run(program, task, 7, 9)
        sequence = np.random.SeedSequence(9)
        parts = [device.run(program, task, count, sequence) for count in (3, 4)]
        assert np.array_equal(np.concatenate([part.spins for part in parts]), whole.spins)
        for name, counts in whole.activity.items():
            np.testing.assert_allclose(np.concatenate([part.activity[name] for part in parts]), counts, rtol=1e-9)


def test_recall_with_energy_of_the_simulation():
    """Four patterns of 64 pixels, a fifth flipped, come back; the units took no more than their curves allow."""
    patterns = np.random.default_rng(1).choice([-1, 1], (4, 64))
    problem = Recall("memory", patterns, noise=0.2)
    device = DopantNeurons()
    program = device.program(problem, rng=0)
    run = device.run(program, problem.task(16, 2), 16, 3)
    overlaps = (run.spins @ patterns.T / 64).max(axis=1)
    assert (overlaps > 0.97).mean() >= 0.9
    assert run.converged.mean() >= 0.9
    most = device.units.powers_w.max() * 64 * run.activity["device_s"]
    assert (run.activity["unit_j"] > 0.0).all()
    assert (run.activity["unit_j"] <= most).all()
    entry = next(e for e in price(run, device.costs()).entries if "V_k I_k" in e.what)
    assert entry.total.value == pytest.approx(run.activity["unit_j"].sum())


def test_times_are_as_uncertain_as_the_constants_they_are_multiples_of():
    """A read of 14 cities is 560 time constants of 20 us, assumed, 2 us to 2 ms: 1.1 ms to 1.1 s, and so its energy."""
    device = DopantNeurons()
    problem = Tsp("fourteen", np.random.default_rng(4).random((14, 2)))
    ledger = price(device.run(device.program(problem, rng=0), Minimize(), 1, 1), device.costs())
    assert [entry.kind for entry in ledger.times if not entry.once] == ["assumed"]
    read = ledger.time_per_read
    assert (read.low, read.value, read.high) == pytest.approx((1.12e-3, 11.2e-3, 1.12))
    assert "2e-06 to 0.002 s" in ledger.times[0].source
    power = {entry.what: entry.unit for entry in ledger.entries}
    assert power["cooler for 77 K"].low == pytest.approx(10.0 * 0.1)
    assert power["cooler for 77 K"].high == pytest.approx(1e3 * 100.0)
    assert power["control"].high == pytest.approx(50e-3 * 100.0)
    assert power["dopant units, sum of V_k I_k"].kind == "assumed"


def test_a_glass_is_as_slow_as_its_attempt_rate_is_known():
    """1e12 attempts a second, assumed, 1e10 to 1e13: a hundred times slower, or ten times faster."""
    times = {cost.what: cost.time for cost in DopantGlass().costs() if cost.time is not None}
    second = times["coming to equilibrium"]
    assert (second.low, second.high, second.kind) == (pytest.approx(0.1), pytest.approx(100.0), "assumed")


@pytest.mark.parametrize("device", [PERFECT, DopantNeurons()])
def test_tours(device):
    """Ten reads of 8 cities: all are tours, and the best is the shortest of all 2520."""
    problem = Tsp("eight", np.random.default_rng(4).random((8, 2)))
    d = problem.distances()
    shortest = min(d[np.array(p), np.roll(p, 1)].sum() for p in permutations(range(8)) if p[0] == 0)
    program = device.program(problem, rng=0)
    run = device.run(program, Minimize(), 10, 1)
    found = [problem.decode(spins) for spins in run.spins]
    assert all(tour.feasible for tour in found)
    assert min(problem.score(tour) for tour in found) == pytest.approx(shortest)
    assert (program.mapping_error == 0.0) == (device.cell is None)
    with pytest.raises(DoesNotFit, match="only minimizes"):
        device.run(program, Sample(1.0), 1, 0)


# dopant-classifier.


def test_a_truth_table_knows_its_errors_and_joules():
    """Against currents and voltages of the master equation, and answers drawn with the stated noise."""
    network, terminals, controls = random_device(5, 1, 5, rng=2).network, Terminals((0, 1), 2), [0.4, -0.3]
    table = truth_table(network, terminals, controls, "OR", collect_s=1e-7)
    voltages = terminals.voltages(controls)
    flows = np.array([stationary_occupations(network, v).currents_a for v in voltages])
    np.testing.assert_allclose(table.currents_a, flows[:, 2], rtol=1e-9)
    joules = -(voltages * flows).sum() / 4.0 * 1e-7
    assert table.ledger.entries[0].total.value == pytest.approx(joules, rel=1e-9)
    drawn = table.currents_a + table.errors_a * np.random.default_rng(0).standard_normal((40_000, 4))
    wrong = ((drawn > table.threshold_a) != np.array([False, True, True, True])).mean()
    assert wrong == pytest.approx(table.wrong, abs=5.0 * np.sqrt(0.25 / 160_000))
    assert {entry.scope for entry in table.ledger.entries} == {"core", "chip", "system"}


def test_units_and_a_readout_tell_a_ring_from_its_inside():
    """Twelve units, where a linear readout of the data is near chance; less time to collect, more mistakes."""
    rng = np.random.default_rng(0)
    radius = np.where(np.arange(80) % 2, 0.45, 0.12)
    angle = rng.uniform(0.0, 2.0 * np.pi, 80)
    data, labels = np.c_[radius * np.cos(angle), radius * np.sin(angle)], np.arange(80) % 2
    networks = tuple(random_device(5, 1, 5, rng=seed).network for seed in range(12))
    trained = train_readout(networks, ElectrodeRoles((0, 1), 2, 5), rng.uniform(-0.3, 0.3, (12, 2)), data, labels)
    slow = trained.answer(data, rng=1)
    assert (slow.classes == labels).mean() > 0.8
    assert slow.errors_a.shape == (80, 12)
    hasty = replace(trained, collect_s=1e-9).answer(data, rng=1)
    assert (hasty.classes == labels).mean() < (slow.classes == labels).mean()
    straight = np.linalg.lstsq(np.c_[data, np.ones(80)], labels - 0.5, rcond=None)[0]
    assert ((np.c_[data, np.ones(80)] @ straight > 0.0) == labels).mean() < 0.7


def test_large_units_are_measured_by_hopping():
    """The same network through kinetic Monte Carlo: current within 5 sigma, noise within 5 times its 18 %."""
    from hardware_targets.dopant_network.targets import dopant_classifier as inference

    network, v = random_device(6, 1, 5, rng=10).network, np.array([0.5, 0.0, 0.0, 0.0, 0.0])
    exact_read = current_noise(network, v, 2)
    big = inference.MAX_EXACT_ACCEPTORS
    try:
        inference.MAX_EXACT_ACCEPTORS = 0
        seen = inference._read(network, v, 2, 77.0, np.random.SeedSequence(4))
    finally:
        inference.MAX_EXACT_ACCEPTORS = big
    assert seen[0] == pytest.approx(exact_read[0], rel=0.1)
    assert seen[1] == pytest.approx(exact_read[1], rel=0.9)


def test_targets_tell_how_their_devices_conduct():
    """The glass of its contacts, the neurons of all units: activated, with energies."""
    asked = glass_of(4, 3)
    glass, neurons = (device.program(asked, rng=0).notes for device in (DopantGlass(devices=64), DopantNeurons()))
    assert any("between its contacts activated: activation energy" in note for note in glass)
    assert any("12 of 12 units activated from 77 to 300 K; activation energies" in note for note in neurons)
