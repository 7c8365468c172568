"""The memristor crossbar: its cells against the published formulas, and what they do to a problem."""

import numpy as np
import pytest

from hardware_targets.analog_circuit.target import AnalogCircuit
from hardware_targets.memristor_crossbar import MemristorCrossbar, PhaseChange
from hardware_targets.memristor_crossbar.differential_pairs import DifferentialPairs
from hardware_targets.memristor_crossbar.tiled_array import TiledArray
from neuromorph import DoesNotFit, Ising, Minimize, Recall, RecallFrom, Tsp, load, price

PERFECT = {"programming_error": 0.0, "drift": 0.0, "read_noise": 0.0, "levels": None}
IDEAL = 0.0  # ohm: what wires do is tested in test_memristor_wires.py
CELLS = 200_000
Z = 5.0  # standard errors: two-sided false failure 6e-7


def cells_at(g, n=CELLS):
    return np.full(n, g)


def glass(seed, n):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), 0.5)


def cross():
    picture = -np.ones((11, 11), np.int8)
    picture[5, :] = picture[:, 5] = 1
    return Recall("cross", picture.reshape(1, -1), shape=(11, 11))


# Cells. The formulas are written out here as Nandakumar et al. (2019) and IBM's aihwkit have them, in uS and G / 25 uS.


@pytest.mark.parametrize("g", [0.2, 0.5, 0.8, 1.0])
def test_programming_noise_is_the_published_polynomial(g):
    """Mean to 0.05 % and standard deviation to 0.8 % of G: a unit, a coefficient or an order swapped fails."""
    made = 25.0 * PhaseChange(levels=None).programmed(cells_at(g), np.random.default_rng(1))
    sigma = -1.1731 * g**2 + 1.9650 * g + 0.2635
    assert abs(made.mean() - 25.0 * g) < Z * sigma / np.sqrt(CELLS)
    assert abs(made.std() / sigma - 1.0) < Z / np.sqrt(2 * CELLS)


def test_a_cell_that_is_off_keeps_half_of_its_noise():
    """No conductance is negative: at g = 0 the mean is sigma / sqrt(2 pi) with sigma = 0.2635 uS."""
    made = 25.0 * PhaseChange(levels=None).programmed(cells_at(0.0), np.random.default_rng(2))
    assert made.min() == 0.0
    assert made.mean() == pytest.approx(0.2635 / np.sqrt(2 * np.pi), rel=0.02)


@pytest.mark.parametrize(("g", "mean", "spread"), [(1.0, 0.049, 0.008), (0.15, 0.0538, 0.0178), (0.004, 0.1, 0.045)])
def test_drift_exponents_have_the_published_mean_and_spread(g, mean, spread):
    """ln(G / G_p) = -nu ln(t / 20 s), nu = |N(mean, spread)|: both clips and the slope between them."""
    cell = PhaseChange(age_s=20.0 * np.e)
    nu = -np.log(cell.aged(cells_at(g), cells_at(g), np.random.default_rng(3)) / g)
    drawn = np.abs(mean + spread * np.random.default_rng(4).standard_normal(10**6))
    assert abs(nu.mean() - drawn.mean()) < Z * spread * np.sqrt(1 / CELLS + 1e-6) + 5e-5  # of the rounded mean above
    assert abs(nu.std() / drawn.std() - 1.0) < 0.012


def test_drift_is_a_power_of_time():
    """The same cells at 20 s, 200 s and 2e6 s: none, one and five decades at one exponent each."""
    at = {
        age: PhaseChange(age_s=age).aged(cells_at(0.5, 1000), cells_at(0.5, 1000), np.random.default_rng(5))
        for age in (20.0, 200.0, 2e6)
    }
    assert np.array_equal(at[20.0], cells_at(0.5, 1000))
    np.testing.assert_allclose((at[200.0] / 0.5) ** 5, at[2e6] / 0.5, rtol=1e-9)


@pytest.mark.parametrize("g", [0.01, 0.3, 1.0])
def test_read_noise_is_the_published_flicker_noise(g):
    cell = PhaseChange(age_s=3600.0)
    factors = cell.read_factors(cells_at(g), np.random.default_rng(6))
    expected = min(0.0088 / g**0.65, 0.2) * np.sqrt(np.log((3600.0 + 250e-9) / (2 * 250e-9)))
    middle = np.quantile(factors, [0.25, 0.75])  # below 0 the factors are cut, which the quartiles do not see
    assert (middle[1] - middle[0]) / 1.34898 == pytest.approx(expected, rel=0.02)
    assert np.median(factors) == pytest.approx(1.0, abs=0.01)


def test_levels_are_what_the_programming_circuit_can_ask_for():
    wanted = np.linspace(0.0, 1.0, 1001)
    made = PhaseChange(programming=0.0, levels=5).programmed(wanted, np.random.default_rng(0))
    assert np.unique(made).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert np.abs(made - wanted).max() <= 0.125


def test_stuck_cells_are_off_or_on():
    made = PhaseChange(programming=0.0, levels=None, stuck=0.1).programmed(cells_at(0.3), np.random.default_rng(7))
    for value, share in ((0.0, 0.05), (1.0, 0.05), (0.3, 0.9)):
        assert abs((made == value).mean() - share) < Z * np.sqrt(share * (1 - share) / CELLS)


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"programming": -1.0}, "programming is -1.0; it is a factor"),
        ({"read": np.nan}, "read is nan"),
        ({"levels": 1}, "levels is 1"),
        ({"stuck": 1.5}, "stuck is 1.5"),
        ({"age_s": 1.0}, "age_s is 1.0; the fits begin 20 s"),
    ],
)
def test_bad_cells_are_refused(parameters, rule):
    with pytest.raises(ValueError, match=rule):
        PhaseChange(**parameters)


# What they do to a problem.


def test_perfect_cells_hold_what_perfect_resistors_hold():
    """Bit for bit, and the dynamics are then the same: a gauge, a scale or a transpose lost on the way fails."""
    asked = Ising(glass(1, 12).couplings.round(1), glass(1, 12).biases)
    crossbar, board = MemristorCrossbar(**PERFECT, tau_s=20e-6, wire_ohm=IDEAL), AnalogCircuit(series=None)
    held = crossbar.program(asked, 0).programmed
    assert np.array_equal(held.couplings, asked.couplings)
    assert np.array_equal(held.biases, asked.biases)
    assert crossbar.program(asked, 0).mapping_error == 0.0
    np.testing.assert_allclose(board.program(asked).programmed.couplings, held.couplings, atol=1e-12)
    cues = np.random.default_rng(1).choice([-1, 1], (20, 12))
    ends = [device.run(device.program(asked, 0), RecallFrom(cues), 20, 0).spins for device in (crossbar, board)]
    assert np.array_equal(*ends)


def test_perfect_cells_find_the_tours_that_perfect_resistors_find():
    problem = Tsp.from_coordinates(np.random.default_rng(2).random((9, 2)))
    devices = (MemristorCrossbar(**PERFECT, wire_ohm=IDEAL), AnalogCircuit(series=None))
    ends = [device.run(device.program(problem, 0), Minimize(), 10, 3).spins for device in devices]
    assert np.array_equal(*ends)


def test_one_seed_is_one_device():
    asked, crossbar = glass(3, 10), MemristorCrossbar()
    first, again, other = (crossbar.program(asked, seed).programmed.couplings for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    runs = [crossbar.run(crossbar.program(asked, 5), Minimize(), 4, 7).spins for _ in range(2)]
    assert np.array_equal(*runs)


@pytest.mark.parametrize("problem", [glass(4, 40), Tsp.from_coordinates(np.random.default_rng(0).random((30, 2)))])
def test_worse_cells_hold_the_problem_worse(problem):
    """Of one device: programming noise, coarse levels, spread of drift, stuck cells, each alone and growing."""

    def errors(name, values):
        cells = [{**PERFECT, name: value} for value in values]
        return [MemristorCrossbar(**cell, wire_ohm=IDEAL).program(problem, 0).mapping_error for cell in cells]

    for name, values in {
        "programming_error": (0.0, 0.5, 1.0, 2.0),
        "drift": (0.0, 0.5, 1.0, 2.0),
        "levels": (None, 64, 16, 4),
        "stuck": (0.0, 0.01, 0.05, 0.2),
    }.items():
        found = errors(name, values)
        assert found[0] == 0.0
        assert (np.diff(found) > 0.0).all(), name


def test_held_is_the_symmetric_part_of_what_the_cells_are():
    """The two cells of a coupling err on their own, so the error of their mean is 1 / sqrt 2 of one cell's."""
    n = 60
    j = np.where(np.triu(np.random.default_rng(0).random((n, n)) < 0.5, 1), 1.0, -1.0)
    j = np.triu(j, 1) + np.triu(j, 1).T
    program = MemristorCrossbar(drift=0.0, levels=None, wire_ohm=IDEAL).program(Ising(j), 0)
    error = (program.programmed.couplings - j)[np.triu_indices(n, 1)]
    # G+ - G- with sigma 1.0554 and 0.2635 uS, the latter cut at 0, which leaves the variance (1/2 - 1/(2 pi)) sigma^2
    spread = np.sqrt(1.0554**2 + 0.2635**2 * (0.5 - 0.5 / np.pi)) / 25.0 / np.sqrt(2.0)
    assert abs((error * j[np.triu_indices(n, 1)]).std() / spread - 1.0) < Z / np.sqrt(n * n)
    assert np.array_equal(np.diag(program.programmed.couplings), np.zeros(n))
    assert np.array_equal(program.programmed.couplings, program.programmed.couplings.T)


def test_the_mean_drift_is_compensated():
    """After a year all cells have lost a third; one factor brings the couplings back to what their spread leaves."""
    wanted = np.where(np.eye(100), 0.0, np.random.default_rng(0).choice([-1.0, 1.0], (100, 100)))
    pairs = DifferentialPairs.written(
        wanted, PhaseChange(programming=0.0, age_s=3.2e7), TiledArray(IDEAL, False, 256), True, np.random.default_rng(1)
    )
    lost = (20.0 / 3.2e7) ** 0.049
    assert pairs.aged.sum() / pairs.fresh.sum() == pytest.approx(lost, rel=0.02)
    assert pairs.gain == pytest.approx(1.0 / lost, rel=0.02)
    # nu spreads by 0.008, so G by 0.008 ln(t / t_c) = 0.114
    assert np.linalg.norm(pairs.error()) / np.linalg.norm(wanted) == pytest.approx(0.114, rel=0.05)


def test_read_noise_is_drawn_for_each_read():
    """From one cue every read ends alike without it; with strong read noise they do not."""
    asked, cue = glass(8, 30), np.random.default_rng(0).choice([-1, 1], 30)
    kinds = []
    for factor in (0.0, 5.0):
        crossbar = MemristorCrossbar(read_noise=factor)
        ends = crossbar.run(crossbar.program(asked, 0), RecallFrom(cue), 20, 0).spins
        kinds.append(len(np.unique(ends, axis=0)))
    assert kinds[0] == 1 < kinds[1]


def test_the_cross_comes_back():
    problem, crossbar = cross(), MemristorCrossbar()
    run = crossbar.run(crossbar.program(problem, 0), problem.task(100, 0), 100, 0)
    assert np.mean([problem.score(problem.decode(s)) == 1.0 for s in run.spins]) >= 0.95


def test_tours_are_tours(shared_data):
    """Errors of the distances make tours longer, never invalid."""
    problems = [Tsp.from_coordinates(np.random.default_rng(1).random((15, 2)))]
    if shared_data is not None:
        problems.append(load(shared_data / "tsplib" / "berlin52.tsp"))
    crossbar = MemristorCrossbar()
    for problem in problems:
        run = crossbar.run(crossbar.program(problem, 0), Minimize(), 5, 0)
        assert all(problem.decode(spins).feasible for spins in run.spins)
        assert run.converged.all()


def test_what_does_not_fit_is_refused_with_what_would():
    many = Ising(np.zeros((2049, 2049)))
    with pytest.raises(DoesNotFit, match=r"2049 x 2049 pairs takes 81 cores .* has 64 \(2048 spins at most\)"):
        MemristorCrossbar().program(many)
    tour = Tsp.from_coordinates(np.arange(300.0).reshape(150, 2) ** 1.1)
    with pytest.raises(DoesNotFit, match=r"22500 integrators, there are 20000; take tours of fewer cities"):
        MemristorCrossbar().program(tour)
    small = MemristorCrossbar().program(Tsp.from_coordinates(np.eye(5)[:, :2]))
    with pytest.raises(DoesNotFit, match="only minimizes"):
        MemristorCrossbar().run(small, RecallFrom(np.ones(25)))
    with pytest.raises(ValueError, match="tau_s is 1e-07"):
        MemristorCrossbar(tau_s=1e-7)


# What it costs.


def test_writing_is_paid_once():
    """3.004 pulses for each cell of a pattern (one pair of all levels at G_max) and one for its partner that is off, of
    20 pJ and a microsecond each, whatever the number of reads."""
    problem, crossbar = cross(), MemristorCrossbar()
    program = crossbar.program(problem, 0)
    assert program.setup["pulses"] == pytest.approx(121 * 120 * (3.00404 + 1.0), rel=1e-5)
    for reads in (1, 4):
        ledger = price(crossbar.run(program, problem.task(reads, 0), reads, 0), crossbar.costs())
        writing = next(e for e in ledger.entries if e.what.startswith("programming"))
        assert writing.once
        assert writing.total.value == pytest.approx(program.setup["pulses"] * 20e-12)
        assert ledger.programming_time.value == pytest.approx(program.setup["pulses"] * 1e-6)
        assert (writing.total.low, writing.total.high) == pytest.approx(
            (0.35 * program.setup["pulses"] * 0.2e-12, 3.5 * program.setup["pulses"] * 100e-12)
        )


def test_cells_conduct_while_they_are_read():
    """A network: all cells for the whole read, at 0.2 V, and the rest of half a supply of 1 V in their drivers, of 16
    cells in parallel for they have no noise; a tour: two rows at a time, n slots of 250 ns a step. Amplifiers: two
    stages, an inverter and the sum of a column for each neuron.
    """
    crossbar = MemristorCrossbar(**PERFECT, wire_ohm=IDEAL)
    network = crossbar.run(crossbar.program(Ising(np.ones((9, 9)) - np.eye(9)), 0), RecallFrom(np.ones(9)), 1, 0)
    assert network.activity["siemens_s"] == pytest.approx(72 * 25e-6 * network.activity["device_s"])
    np.testing.assert_allclose(network.activity["amplifier_s"], (3 + 1) * 9 * network.activity["device_s"])
    assert network.activity["driver_siemens_s"] == pytest.approx(network.activity["siemens_s"])
    for what, power in (("cells and wires", 16 * 0.2 * 0.2), ("drivers of the rows", 16 * 0.2 * (0.5 - 0.2))):
        entry = next(e for e in price(network, crossbar.costs()).entries if e.what == what)
        conducted = network.activity["siemens_s"][0]
        assert (entry.total.value, entry.total.low) == (pytest.approx(conducted * power), 0.0)
        assert entry.kind == "assumed"

    problem = Tsp.from_matrix(3.0 * (np.ones((8, 8)) - np.eye(8)))
    tour = crossbar.run(crossbar.program(problem, 0), Minimize(), 2, 0)
    np.testing.assert_allclose(tour.activity["device_s"], 40 * 8 / 0.5 * 8 * 250e-9)
    np.testing.assert_allclose(tour.activity["siemens_s"], 2 * 7 * 25e-6 * tour.activity["device_s"])
    np.testing.assert_allclose(tour.activity["amplifier_s"], (128 + 32) * tour.activity["device_s"])


def test_the_seconds_name_what_they_are_made_of():
    crossbar = MemristorCrossbar(**PERFECT, wire_ohm=IDEAL)
    run = crossbar.run(crossbar.program(glass(1, 4), 0), Minimize(), 1, 0)
    entry, writing = price(run, crossbar.costs()).times
    assert (writing.what, writing.once) == ("programming, shared by all reads", True)
    assert (entry.kind, entry.total.value) == ("assumed", run.activity["device_s"][0])
    assert "R C of 5e-06 s, chosen" in entry.source
    assert "a slot of 2.5e-07 s" in entry.source
