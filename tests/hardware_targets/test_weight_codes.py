"""Weights over slices and offset columns: exact for integers, their noise against closed forms; compensated wires."""

import numpy as np
import pytest

from hardware_targets.memristor_crossbar import MemristorCrossbar, PhaseChange
from hardware_targets.memristor_crossbar.differential_pairs import DifferentialPairs
from hardware_targets.memristor_crossbar.tiled_array import TiledArray
from hardware_targets.memristor_crossbar.weight_code import WeightCode
from neuromorph import DoesNotFit, Ising, Minimize, Tsp, price

IDEAL = TiledArray(0.0, False, 256)
CODES = [(s, offset, levels) for s, levels in ((1, 16), (2, 16), (2, 4), (4, 4), (3, 5), (8, 2)) for offset in (0, 1)]


def quiet(levels):
    return PhaseChange(0.0, 0.0, 0.0, levels)


def signed(n, seed=0):
    wanted = np.random.default_rng(seed).uniform(-1.0, 1.0, (n, n))
    np.fill_diagonal(wanted, 0.0)
    return wanted


def written(wanted, cell, code, wires=IDEAL, seed=0, **options):
    return DifferentialPairs.written(wanted, cell, wires, True, np.random.default_rng(seed), code=code, **options)


@pytest.mark.parametrize(("slices", "offset", "levels"), CODES)
def test_integer_weights_are_held_exactly(slices, offset, levels):
    """Products of integers come out as the integers they are: a base, a digit order or an offset off by one fails."""
    code = WeightCode(slices, bool(offset))
    largest = (levels**slices - 1) // (2 if offset else 1)
    rng = np.random.default_rng(slices)
    integers = rng.integers(-largest, largest + 1, (13, 13))
    integers[0, 1], integers[1, 0] = largest, -largest
    np.fill_diagonal(integers, 0)
    pairs = written(integers / largest, quiet(levels), code)
    x = rng.integers(-7, 8, 13)
    held = largest * (pairs.wanted + pairs.error())
    np.testing.assert_allclose(held @ x, integers @ x, rtol=0, atol=1e-9 * largest)
    assert np.array_equal(np.rint(held), integers)


@pytest.mark.parametrize(("slices", "offset", "levels"), CODES[:6])
def test_rounding_leaves_half_a_step_of_the_whole_number(slices, offset, levels):
    code = WeightCode(slices, bool(offset))
    largest = (levels**slices - 1) // (2 if offset else 1)
    error = written(signed(60), quiet(levels), code).error()[~np.eye(60, dtype=bool)]
    assert np.abs(error).max() <= 0.5 / largest * (1 + 1e-9)
    assert error.std() == pytest.approx(1.0 / largest / np.sqrt(12.0), rel=0.03)


def test_cells_are_counted():
    for slices, offset, cells in ((1, False, 2 * 20 * 19), (3, False, 6 * 20 * 19), (1, True, 21 * 20)):
        assert written(signed(20), quiet(16), WeightCode(slices, offset)).cells == cells
    assert WeightCode(2).arrays == 4
    assert WeightCode(2, True).arrays == 2


def test_noise_of_slices_counts_by_their_significance():
    """Cells at half of G_max, sigma 0.953 uS each: sqrt(sum c_k^2) of one cell's; of an offset column twice one's."""
    n, sigma = 80, (-1.1731 * 0.25 + 1.9650 * 0.5 + 0.2635) / 25.0
    cell = PhaseChange(drift=0.0, read=0.0, levels=None)
    error = written(np.zeros((n, n)), cell, WeightCode(1, True)).error()
    shared = error.mean(axis=0)  # that of the reference column, which all outputs of an input share
    assert (error - shared).std() == pytest.approx(2.0 * sigma, rel=0.03)
    assert shared.std() == pytest.approx(2.0 * sigma, rel=0.3)
    # levels 3: digit 1 is half of G_max; both slices at 1 are 4 of 8
    sliced = written(0.5 * (1 - np.eye(n)), PhaseChange(drift=0.0, levels=3), WeightCode(2)).error()
    off = 0.26348 / 25.0 * np.sqrt(0.5 - 0.5 / np.pi)
    counts = np.hypot(3.0 * 2.0 / 8.0, 2.0 / 8.0)
    assert sliced[~np.eye(n, dtype=bool)].std() == pytest.approx(counts * np.hypot(sigma, off), rel=0.03)


def test_bad_codes_are_refused():
    for given, rule in (
        ({"slices": 0}, "slices is 0"),
        ({"slices": 2, "levels": None}, "levels is None; 2 slices hold digits"),
        ({"slices": 8, "levels": 64}, "levels is 64; 8 slices"),
        ({"offset_columns": True, "levels": 2}, "levels is 2; an offset column needs 3"),
        ({"compensation_steps": 1, "compensate": False}, "compensation_steps is 1; it refines compensate=on"),
        ({"compensation_steps": 1, "slices": 2}, "compensation_steps is 1"),
        ({"compensation_steps": -1}, "compensation_steps is -1"),
    ):
        with pytest.raises(ValueError, match=rule):
            MemristorCrossbar(**given)


def test_slices_take_cores_and_energy():
    """A second slice: half of the tiles, twice the products and more pulses; a reference takes a column."""
    assert MemristorCrossbar().limits["spins"] == 2048
    assert MemristorCrossbar(slices=4).limits["spins"] == 1024
    assert MemristorCrossbar(offset_columns=True).limits["spins"] == 2047
    with pytest.raises(DoesNotFit, match="weights takes"):
        MemristorCrossbar(slices=4).program(Ising(np.zeros((1100, 1100))))
    asked = Ising(signed(12) + signed(12).T)
    one, two = (MemristorCrossbar(levels=16, digital_bits=6, slices=s) for s in (1, 2))
    programs = [device.program(asked, 0) for device in (one, two)]
    assert programs[1].setup["pulses"] > 1.5 * programs[0].setup["pulses"]
    runs = [device.run(p, Minimize(), 1, 0) for device, p in zip((one, two), programs, strict=True)]
    rates = [run.activity["macs"] / run.activity["updates"] for run in runs]
    assert rates[1] == pytest.approx(2.0 * rates[0])
    assert (
        price(runs[1], two.costs()).programming_energy().value > price(runs[0], one.costs()).programming_energy().value
    )


@pytest.mark.parametrize("given", [{"slices": 2, "levels": 16}, {"offset_columns": True, "programming_error": 0.1}])
def test_a_tour_stands_in_any_code(given):
    problem = Tsp.from_coordinates(np.random.default_rng(1).random((8, 2)))
    device = MemristorCrossbar(read_noise=0.0, drift=0.0, **given)
    run = device.run(device.program(problem, 0), Minimize(), 2, 0)
    assert all(problem.decode(spins).feasible for spins in run.spins)


def test_each_step_against_the_exact_solve_takes_most_of_what_is_left():
    """128 x 128 of +-1 at 1 ohm: first order leaves some, a step takes three quarters of it at least, two 95 %."""
    n = 128
    wanted = np.where(np.eye(n), 0.0, np.random.default_rng(0).choice([-1.0, 1.0], (n, n)))
    off, left = ~np.eye(n, dtype=bool), []
    for steps in (0, 1, 2):
        pairs = written(wanted, quiet(None), WeightCode(), TiledArray(1.0, False, 256), refinements=steps)
        assert pairs.targets.min() >= 0.0
        assert pairs.targets.max() <= 1.0 + 1e-12
        left.append(np.linalg.norm(pairs.error()[off]) / np.linalg.norm(wanted))
    assert left[1] < 0.25 * left[0]
    assert left[2] < 0.05 * left[0]


def test_cells_that_conduct_when_off_are_refined_too():
    """Perfect ReRAM cells, whose off cells draw through the wires: no target leaves the window, two steps take 95 %."""
    wanted, left = signed(48), []
    cell = PhaseChange(0.0, 0.0, 0.0, None, material="reram")
    for steps in (0, 2):
        wires = TiledArray(3.0, False, 256, cell.maximum_s)
        pairs = written(wanted, cell, WeightCode(), wires, refinements=steps)
        off = ~np.eye(48, dtype=bool)
        assert pairs.targets[:, off].min() >= cell.least * (1 - 1e-12)
        left.append(np.linalg.norm(pairs.error()[off]) / np.linalg.norm(wanted))
    assert left[1] < 0.05 * left[0]


def test_the_step_is_a_parameter_of_the_target():
    asked = Ising(signed(40) + signed(40).T)
    perfect = {"programming_error": 0.0, "drift": 0.0, "read_noise": 0.0, "levels": None, "wire_ohm": 10.0}
    errors = [MemristorCrossbar(**perfect, compensation_steps=k).program(asked, 0).mapping_error for k in (0, 1)]
    assert errors[1] < 0.2 * errors[0]


def test_digits_are_those_of_crosssim():
    """BitslicedCore: the unit column is 0 in the lower slices and 2^(b-1) / (2^b - 1) in the top one; 1 is all ones."""
    wanted = np.array([[0.0, 1.0], [-1.0, 0.0]])
    offset = WeightCode(2, True).planes(wanted, 16)
    np.testing.assert_allclose(offset[:, -1, 0], [0.0, 8.0 / 15.0])
    np.testing.assert_allclose(offset[:, 0, 1], [1.0, 1.0])
    np.testing.assert_allclose(offset[:, 1, 0], [1.0 / 15.0, 0.0])  # the lowest level is unused
    pairs = WeightCode(2).planes(wanted, 16)
    assert pairs[0::2, 0, 1].tolist() == [1.0, 1.0] == pairs[1::2, 1, 0].tolist()
    assert pairs[0::2, 1, 0].tolist() == [0.0, 0.0]
