"""The crossbar with wires: its nodal solve against SPICE, another elimination and Kirchhoff's law; its cells."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest

from circuits import Crossbar, installed_engines, netlist_text, program_cells, simulate_circuit
from circuits.simulators.rawfile import read_raw
from circuits.spice.dialects import NGSPICE

every_engine = pytest.mark.parametrize("engine", installed_engines())


def array(rows, columns, seed=0, **wires):
    """Cells of 10 kohm to 1 Mohm; one in ten is open."""
    rng = np.random.default_rng(seed)
    g = rng.uniform(1e-6, 1e-4, (rows, columns)) * (rng.random((rows, columns)) < 0.9)
    return Crossbar(g, **wires)


def through_spice(crossbar, voltages, engine):
    waves = simulate_circuit(crossbar.circuit(voltages), engine)
    return waves.voltages[-1] / crossbar.output_ohm


def column_by_column(crossbar):
    """W without a sparse matrix: columns are folded in from the far end, as a ladder of dense blocks."""
    g = crossbar.conductances
    rows, columns = g.shape
    wire, eye = 1.0 / crossbar.row_ohm, np.eye(rows)
    chain = (np.diag(np.full(rows, 2.0)) - np.eye(rows, k=1) - np.eye(rows, k=-1)) / crossbar.column_ohm
    chain[0, 0] -= 1.0 / crossbar.column_ohm
    chain[-1, -1] += 1.0 / crossbar.output_ohm - 1.0 / crossbar.column_ohm
    beyond, steps, outputs = np.zeros((rows, rows)), [], []
    for j in reversed(range(columns)):
        inner = np.linalg.solve(chain + np.diag(g[:, j]), np.diag(g[:, j]))
        before = 1.0 / crossbar.input_ohm if j == 0 else wire
        step = before * np.linalg.inv(before * eye + np.diag(g[:, j]) - g[:, [j]] * inner + beyond)
        beyond = before * (eye - step)
        steps.append(step)
        outputs.append(inner[-1] / crossbar.output_ohm)
    found, along = [], eye
    for step, output in zip(reversed(steps), reversed(outputs), strict=True):
        along = step @ along
        found.append(output @ along)
    return np.array(found).T


@every_engine
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 6), (6, 1), (7, 5), (16, 24)])
@pytest.mark.parametrize("ohm", [0.5, 50.0])
def test_the_solve_is_what_spice_says(engine, rows, columns, ohm):
    """A segment at the wrong end, a swapped axis, a driver's resistance counted twice: each is far above 1e-6."""
    crossbar = array(rows, columns, row_ohm=ohm, column_ohm=1.5 * ohm, driver_ohm=3.0 * ohm, sense_ohm=0.7 * ohm)
    volts = np.random.default_rng(1).uniform(-0.2, 0.2, rows)
    found = crossbar.currents(volts)
    np.testing.assert_allclose(through_spice(crossbar, volts, engine), found, rtol=0, atol=1e-6 * np.abs(found).max())


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("engine", [name for name in installed_engines() if name == "ngspice"])
def test_128_by_128_cells_on_wires_of_1_ohm_are_what_spice_says(engine, size, tmp_path):
    """One operating point, which takes ngspice minutes at 128; a transient would take fifty of them."""
    crossbar = array(size, size)
    volts = np.random.default_rng(1).uniform(-0.2, 0.2, size)
    circuit = crossbar.circuit(volts)
    point = replace(NGSPICE, analysis=lambda circuit: iter([".op", *(f".save v({node})" for node in circuit.saved)]))
    (tmp_path / "deck.cir").write_text(netlist_text(circuit, point))
    subprocess.run([engine, "-n", "-b", "-r", "deck.raw", "deck.cir"], cwd=tmp_path, capture_output=True, check=False)
    plot = read_raw(tmp_path / "deck.raw")[0]
    said = np.array([plot[f"v({node})"][0] for node in circuit.saved]) / crossbar.output_ohm
    found = crossbar.currents(volts)
    np.testing.assert_allclose(said, found, rtol=0, atol=1e-6 * np.abs(found).max())


@pytest.mark.parametrize(
    ("rows", "columns"), [(5, 3), (3, 5), (40, 25), pytest.param(128, 128, marks=pytest.mark.slow)]
)
def test_the_effective_matrix_is_that_of_a_ladder_of_blocks(rows, columns):
    """An elimination in another order, dense, also at full size."""
    crossbar = array(rows, columns, row_ohm=2.0, driver_ohm=5.0, sense_ohm=3.0)
    w = crossbar.effective()
    assert w.shape == (rows, columns)
    np.testing.assert_allclose(w, column_by_column(crossbar), rtol=0, atol=1e-10 * w.max())
    volts = np.random.default_rng(2).normal(size=(2, 3, rows))
    np.testing.assert_allclose(crossbar.currents(volts), volts @ w, rtol=0, atol=1e-9 * w.max())


def test_one_cell_is_a_voltage_divider_and_short_wires_are_none():
    one = Crossbar([[1e-4]], row_ohm=100.0, column_ohm=200.0, driver_ohm=300.0, sense_ohm=400.0)
    assert one.effective()[0, 0] == pytest.approx(1.0 / (1e4 + 1000.0), rel=1e-12)
    short = array(20, 30, row_ohm=1e-6, column_ohm=1e-6)
    np.testing.assert_allclose(short.effective(), short.conductances, rtol=0, atol=1e-6 * 1e-4)


def test_what_flows_in_flows_out_and_wires_only_take_away():
    crossbar = array(30, 20, row_ohm=5.0, column_ohm=5.0)
    volts = np.random.default_rng(3).uniform(0.0, 0.2, 30)
    potentials = crossbar.potentials(volts)
    assert potentials.shape == (2, 30, 20)
    into = (volts - potentials[0, :, 0]).sum() / crossbar.input_ohm
    assert crossbar.currents(volts).sum() == pytest.approx(into, rel=1e-9)
    w = crossbar.effective()
    assert (w >= -1e-18).all()
    assert (w.sum(axis=0) <= crossbar.conductances.sum(axis=0) * (1 + 1e-9)).all()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"conductances": [[1.0, -1.0]]}, "negative; put a signed weight into two arrays"),
        ({"conductances": [1.0, 2.0]}, r"shape \(2,\)"),
        ({"row_ohm": 0.0}, r"row_ohm is 0\.0"),
        ({"sense_ohm": np.nan}, "sense_ohm is nan"),
    ],
)
def test_bad_arrays_are_refused(change, rule):
    with pytest.raises(ValueError, match=rule):
        Crossbar(**{"conductances": [[1e-6]], **change})


def test_bad_voltages_are_refused():
    with pytest.raises(ValueError, match="one a row"):
        array(3, 4).currents(np.ones(4))
    with pytest.raises(ValueError, match="one a row"):
        array(3, 4).circuit(np.ones((1, 3)))


# Cells

RANGE = {"lowest_s": 1e-6, "highest_s": 1e-4}
CELLS = 200_000
Z = 5.0  # standard errors: two-sided false failure 6e-7


def test_perfect_cells_hold_what_they_are_asked_within_their_range():
    asked = np.array([[0.0, 1e-6, 3e-5], [9.9e-5, 1e-4, 1.0]])
    np.testing.assert_array_equal(program_cells(asked, **RANGE), np.clip(asked, 1e-6, 1e-4))


def test_levels_are_even_and_the_nearest_is_taken():
    asked = np.linspace(1e-6, 1e-4, 1001)
    held = program_cells(asked, **RANGE, levels=4)
    np.testing.assert_allclose(np.unique(held), [1e-6, 3.4e-5, 6.7e-5, 1e-4], rtol=1e-12)
    assert np.abs(held - asked).max() <= 3.3e-5 / 2 * (1 + 1e-9)


def test_spread_is_that_of_the_logarithm():
    """Mean and standard deviation of ln G to 5 standard errors of 200,000 cells."""
    logs = np.log(program_cells(np.full(CELLS, 2e-5), **RANGE, spread=0.1, rng=1) / 2e-5)
    assert abs(logs.mean()) < Z * 0.1 / np.sqrt(CELLS)
    assert abs(logs.std() / 0.1 - 1.0) < Z / np.sqrt(2 * CELLS)


def test_stuck_cells_stay_at_their_end_of_the_range():
    held = program_cells(np.full(CELLS, 2e-5), **RANGE, stuck_low=0.03, stuck_high=0.01, rng=2)
    assert set(np.unique(held)) == {1e-6, 2e-5, 1e-4}
    for value, fraction in ((1e-6, 0.03), (1e-4, 0.01)):
        assert abs((held == value).mean() - fraction) < Z * np.sqrt(fraction * (1 - fraction) / CELLS)


def test_one_seed_gives_one_array():
    asked = np.full((4, 5), 2e-5)
    options = {**RANGE, "spread": 0.2, "stuck_low": 0.1}
    np.testing.assert_array_equal(program_cells(asked, **options, rng=3), program_cells(asked, **options, rng=3))
    assert not np.array_equal(program_cells(asked, **options, rng=3), program_cells(asked, **options, rng=4))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"lowest_s": 1e-3}, "lowest_s < highest_s"),
        ({"levels": 1}, "levels is 1"),
        ({"spread": -0.1}, r"spread is -0\.1"),
        ({"stuck_low": 0.7, "stuck_high": 0.4}, "together at most 1"),
        ({"targets": [np.nan]}, "NaN"),
    ],
)
def test_bad_cells_are_refused(change, rule):
    with pytest.raises(ValueError, match=rule):
        program_cells(**{"targets": [2e-5], **RANGE, **change})
