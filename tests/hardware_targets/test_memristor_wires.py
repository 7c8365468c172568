"""The crossbar target with the resistance of its wires: what it holds, what makes up for it, what it draws."""

import runpy
import time
from pathlib import Path

import numpy as np
import pytest

from circuits import Crossbar, installed_engines, simulate_circuit
from hardware_targets.memristor_crossbar import MemristorCrossbar, PhaseChange
from hardware_targets.memristor_crossbar.differential_pairs import DifferentialPairs
from hardware_targets.memristor_crossbar.tiled_array import TiledArray
from neuromorph import DoesNotFit, Ising, Minimize, RecallFrom, Tsp, price
from neuromorph.runtime.limits import TimeLimitReached, time_limit

PERFECT = PhaseChange(programming=0.0, drift=0.0, read=0.0, levels=None)
NO_ERRORS = {"programming_error": 0.0, "drift": 0.0, "read_noise": 0.0, "levels": None}  # the same, of a target
GMAX = 25e-6


def glass(seed, n):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n))


def signed(n, seed=0):
    """-1 .. 1, not symmetric, none on the diagonal."""
    wanted = np.random.default_rng(seed).uniform(-1.0, 1.0, (n, n))
    np.fill_diagonal(wanted, 0.0)
    return wanted


def pairs_on(wanted, wires, compensate=False, cell=PERFECT):
    return DifferentialPairs.written(wanted, cell, wires, compensate, np.random.default_rng(0))


@pytest.mark.parametrize("engine", installed_engines()[:1])
@pytest.mark.parametrize("both_ends", [False, True])
def test_what_a_neuron_gets_is_what_spice_says_of_both_arrays(engine, both_ends):
    """Rows are inputs, columns outputs, the second array counts negative: a transpose, a sign or an end fails."""
    wanted = signed(9)
    pairs = pairs_on(wanted, TiledArray(20.0, both_ends, 256))
    volts = np.random.default_rng(1).uniform(-0.2, 0.2, 9)
    gets, drawn = np.zeros(9), np.zeros(9)
    for sign, g in ((1.0, np.maximum(wanted, 0.0)), (-1.0, np.maximum(-wanted, 0.0))):
        array = Crossbar(GMAX * g.T, 20.0, 20.0, both_ends=both_ends)
        gets += sign * simulate_circuit(array.circuit(volts), engine).voltages[-1] / 20.0
        row = array.potentials(volts)[0]
        drawn += (volts - row[:, 0] + both_ends * (volts - row[:, -1])) / 20.0
    held = GMAX * (pairs.wanted + pairs.error())
    np.testing.assert_allclose(held @ volts, gets, rtol=0, atol=1e-6 * np.abs(gets).max())
    np.testing.assert_allclose(pairs.drawn @ volts, drawn, rtol=0, atol=1e-9 * np.abs(drawn).max())


def test_the_device_holds_the_symmetric_part_of_that():
    asked = glass(1, 20)
    held = MemristorCrossbar(**NO_ERRORS, wire_ohm=30.0, compensate=False).program(asked, 0).programmed
    scale = np.abs(asked.couplings).max()
    sides = [np.maximum(sign * asked.couplings / scale, 0.0) for sign in (1.0, -1.0)]
    plus, minus = (Crossbar(GMAX * side, 30.0, 30.0).effective() / GMAX for side in sides)
    expected = scale * ((plus - minus) + (plus - minus).T) / 2.0
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(held.couplings, expected, rtol=0, atol=1e-9 * scale)
    assert np.array_equal(held.biases, asked.biases)


def test_weak_wires_are_nearly_ideal_and_strong_ones_are_not():
    asked = glass(2, 40)
    errors = [
        MemristorCrossbar(**NO_ERRORS, wire_ohm=ohm, compensate=False).program(asked, 0).mapping_error
        for ohm in (0.0, 1e-3, 1.0, 10.0, 100.0)
    ]
    assert errors[0] == 0.0 < errors[1] < 1e-4
    assert (np.diff(errors) > 0.0).all()
    assert errors[-1] > 0.2


@pytest.mark.parametrize("both_ends", [False, True])
def test_compensation_leaves_little_and_a_second_driver_less(both_ends):
    asked = glass(3, 64)
    plain, mended = (
        MemristorCrossbar(**NO_ERRORS, wire_ohm=5.0, both_ends=both_ends, compensate=each).program(asked, 0)
        for each in (False, True)
    )
    assert mended.mapping_error < 0.1 * plain.mapping_error
    one = MemristorCrossbar(**NO_ERRORS, wire_ohm=5.0, compensate=False).program(asked, 0).mapping_error
    assert plain.mapping_error < 0.75 * one or not both_ends
    assert f"driven at {'both ends' if both_ends else 'one end'}" in mended.notes[1]
    assert "targets scaled by 0." in mended.notes[1]
    assert "scaled" not in plain.notes[1]


def test_no_cell_is_asked_for_more_than_it_can_hold():
    """Compensation takes its room from the scale, which the amplifiers give back."""
    wires = TiledArray(10.0, False, 32)
    targets = np.stack([np.maximum(signed(50), 0.0), np.maximum(-signed(50), 0.0)])
    cells, scale = wires.compensated(targets)
    assert cells.max() == pytest.approx(1.0, rel=1e-9)
    assert np.array_equal(cells > 0.0, targets > 0.0)
    assert scale < 0.97
    for cell, target in zip(cells, targets, strict=True):
        left = np.linalg.norm(wires.terminals(cell)[0] / scale - target) / np.linalg.norm(target)
        assert left < 0.005


def test_tiles_are_arrays_of_their_own_whose_currents_add_up():
    """An array of 7 x 7 on tiles of 3: blocks of 2, 3 and 2, each with its own wires."""
    wanted = np.abs(signed(7))
    effective, drawn = TiledArray(50.0, False, 3).terminals(wanted)
    cuts = [slice(0, 2), slice(2, 5), slice(5, 7)]
    expected, power = np.zeros((7, 7)), np.zeros((7, 7))
    for outputs in cuts:
        for inputs in cuts:
            array = Crossbar(GMAX * wanted[outputs, inputs].T, 50.0, 50.0)
            w, q = array.terminals()
            expected[outputs, inputs] = w.T / GMAX
            power[inputs, inputs] += q
    np.testing.assert_allclose(effective, expected, rtol=1e-12)
    np.testing.assert_allclose(drawn, power, rtol=1e-12)
    whole = TiledArray(50.0, False, 256).terminals(wanted)[0]
    assert np.abs(effective - wanted).sum() < 0.7 * np.abs(whole - wanted).sum()  # shorter wires lose less


def test_programming_tells_how_far_it_is_and_stops_in_time():
    """All arrays together, two of each tile: a limit names what the whole would take, not one array."""
    asked, heard = glass(2, 60), []
    device = MemristorCrossbar(**NO_ERRORS, tile=20)
    with time_limit(None, lambda *progress: heard.append(progress)) as limit:
        limit.check = lambda *progress: heard.append(progress)  # every look, not ten a second
        device.program(asked, 0)
    assert heard[0][0] == "compensating for the wires"
    solving = [(done, total) for step, done, total in heard if step == "solving the wires of the crossbar"]
    assert solving == sorted(solving)
    assert {total for _, total in solving} == {2 * 3 * 3}
    assert solving[-1][0] == pytest.approx(18.0)
    with time_limit(time.monotonic()), pytest.raises(TimeLimitReached):
        device.program(asked, 0)


def test_more_tiles_need_more_amplifiers():
    """One for each column of a tile and one to add them: 3 + 1, and with two tiles across 3 + 2 + 1, for a neuron."""
    asked = Ising(np.ones((10, 10)) - np.eye(10))
    for tile, each in ((10, 4), (5, 6), (4, 7)):
        crossbar = MemristorCrossbar(**NO_ERRORS, tile=tile)
        run = crossbar.run(crossbar.program(asked, 0), RecallFrom(np.ones(10)), 1, 0)
        np.testing.assert_allclose(run.activity["amplifier_s"], each * 10 * run.activity["device_s"])


def test_stuck_cells_draw_and_disturb_through_the_wires_too():
    """Cells stuck on at the drivers take the voltage from those behind them: more than their own error."""
    n = 40
    wanted = np.full((n, n), 0.2) * (1.0 - np.eye(n))
    stuck = wanted.copy()
    stuck[: n // 2] = np.where(np.eye(n)[: n // 2] > 0, 0.0, 1.0)  # the first columns' cells
    wires = TiledArray(20.0, False, 256)
    clean, disturbed = (wires.terminals(cells)[0] for cells in (wanted, stuck))
    behind = slice(n // 2, None)
    lost, more = (wanted[behind].sum() - seen[behind].sum() for seen in (clean, disturbed))
    assert more > 1.3 * lost > 0.0
    lossy = PhaseChange(programming=0.0, drift=0.0, read=0.0, levels=None, stuck=0.2)
    assert pairs_on(wanted, wires, cell=lossy).drawn.sum() > pairs_on(wanted, wires).drawn.sum()


def test_drift_is_made_up_for_through_the_wires():
    """One factor for the sum of currents; it is computed to first order in the wires, which is good to 1e-3."""
    wanted = signed(60)
    cell = PhaseChange(programming=0.0, read=0.0, levels=None, drift=1.0, age_s=3600.0)
    pairs = pairs_on(wanted, TiledArray(3.0, False, 256), compensate=True, cell=cell)
    fresh = sum(TiledArray(3.0, False, 256).terminals(each)[0].sum() for each in pairs.fresh)
    assert pairs.gain * pairs.scale == pytest.approx(fresh / pairs.effective.sum(), rel=1e-3)
    assert np.linalg.norm(pairs.error()) < 0.1 * np.linalg.norm(wanted)


def test_read_noise_reaches_the_amplifiers_as_if_every_cell_were_alone():
    """To first order in the noise: against the matrix of the noisy cells themselves, a tenth of the noise at most."""
    wires = TiledArray(5.0, False, 256)
    pairs = pairs_on(signed(48), wires, cell=PhaseChange(programming=0.0, drift=0.0, levels=None))
    noisy = pairs.error(np.random.default_rng(5))
    factors = pairs.cell.read_factors(pairs.fresh, np.random.default_rng(5))
    plus, minus = (wires.terminals(each)[0] for each in pairs.aged * factors)
    exact = pairs.gain * (plus - minus) - pairs.wanted
    noise = np.linalg.norm(noisy - pairs.error())
    assert np.linalg.norm(noisy - exact) < 0.1 * noise


def test_what_is_drawn_is_what_the_nodal_solve_of_the_end_says():
    """All cells at 0.2 V, wires and drivers included, against the power of each array at the spins that were read."""
    crossbar = MemristorCrossbar(**NO_ERRORS, wire_ohm=10.0, compensate=False)
    asked = glass(4, 16)
    run = crossbar.run(crossbar.program(asked, 0), Minimize(), 3, 0)
    scale = np.abs(asked.couplings).max()
    for k, spins in enumerate(run.spins):
        arrays = [Crossbar(GMAX * np.maximum(sign * asked.couplings / scale, 0.0), 10.0, 10.0) for sign in (1.0, -1.0)]
        watt = sum(float(array.power(0.2 * spins)) for array in arrays)
        assert 0.04 * run.activity["siemens_s"][k] == pytest.approx(watt * run.activity["device_s"][k], rel=1e-9)
    entries = {e.what: e.total.value for e in price(run, crossbar.costs()).entries}
    ideal = GMAX / scale * np.abs(asked.couplings).sum() * 0.04 * run.activity["device_s"].sum()
    ideal *= 16  # cells in parallel, where they have no noise
    assert 0.8 * ideal < entries["cells and wires"] < ideal  # resistance in series: less current than the ideal bound
    assert entries["drivers of the rows"] == pytest.approx(1.5 * entries["cells and wires"], rel=0.01)


def test_a_tour_draws_two_rows_at_a_time():
    problem = Tsp.from_coordinates(np.random.default_rng(6).random((8, 2)))
    crossbar = MemristorCrossbar(**NO_ERRORS, wire_ohm=10.0, compensate=False)
    run = crossbar.run(crossbar.program(problem, 0), Minimize(), 2, 0)
    distances = problem.distances()
    array = Crossbar(GMAX * distances / distances.max(), 10.0, 10.0)
    for k, spins in enumerate(run.spins):
        order = np.argmax(spins.reshape(8, 8), axis=0)
        slots = np.zeros((8, 8))
        for p in range(8):
            slots[p, [order[p - 1], order[(p + 1) % 8]]] = 0.2
        watt = array.power(slots).mean()
        assert 0.04 * run.activity["siemens_s"][k] == pytest.approx(watt * run.activity["device_s"][k], rel=1e-9)


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"wire_ohm": -1.0}, r"wire_ohm is -1\.0; it must be finite and not negative, 0 for ideal wires"),
        ({"wire_ohm": np.nan}, "wire_ohm is nan"),
        ({"tile": 0}, "tile is 0"),
        ({"tile": 257}, "tile is 257; a core of 256 x 256"),
    ],
)
def test_bad_wires_are_refused(parameters, rule):
    with pytest.raises(ValueError, match=rule):
        MemristorCrossbar(**parameters)


def test_small_tiles_hold_no_more_than_the_chip():
    with pytest.raises(DoesNotFit, match=r"takes 529 cores of 96 x 96, the chip has 256 \(1536 spins at most\)"):
        MemristorCrossbar(tile=96).program(Ising(np.zeros((2200, 2200))))


def test_without_couplings_there_is_nothing_to_make_up_for():
    program = MemristorCrossbar(**NO_ERRORS).program(Ising(np.zeros((3, 3)), np.ones(3)), 0)
    assert program.mapping_error == 0.0


def test_the_example_runs(tmp_path, capsys):
    """A small array and memory: errors rise with the wire, compensation lowers them, weak wires do not hurt recall."""
    example = Path(__file__).parents[2] / "examples" / "crossbar_wires.py"
    out = tmp_path / "wires.png"
    options = ["--size", "16", "--neurons", "12", "--patterns", "1", "--reads", "4", "--out", str(out)]
    curves = runpy.run_path(str(example))["main"](options)
    assert all(points[0]["recalled"] == 1.0 for points in curves.values())
    plain, mended = (curves[name][-1]["error"] for name in ("as they are", "targets compensated"))
    assert mended < 0.6 * plain > curves["as they are"][0]["error"]
    assert out.read_bytes()[:4] == b"\x89PNG"
    assert "of the voltage" in capsys.readouterr().out
