"""Selectors in series with the cells: their law, the array's operating point against SPICE, and leakage."""

import numpy as np
import pytest

from circuits import Crossbar, Selector, installed_engines, read_cell, simulate_circuit
from circuits.crossbar.cell_reading import solve_operating_point

every_engine = pytest.mark.parametrize("engine", installed_engines())
WIRES = {"row_ohm": 2.0, "column_ohm": 3.0, "driver_ohm": 10.0, "sense_ohm": 20.0}


def array(rows, columns, seed=0, **wires):
    """Cells of 10 kohm to 1 Mohm, evenly in the logarithm; one in ten is open."""
    rng = np.random.default_rng(seed)
    g = 10.0 ** rng.uniform(-6, -4, (rows, columns)) * (rng.random((rows, columns)) < 0.9)
    return Crossbar(g, **{**WIRES, **wires})


# The law


def test_current_and_cell_share_the_voltage():
    """I / G + V0 arsinh(I / I0) = V over fourteen decades of current, odd in V, none through an open cell."""
    selector = Selector()
    rising = np.geomspace(1e-9, 5.0, 200)
    volts = np.concatenate([-rising[::-1], [0.0], rising])[:, None]
    siemens = np.array([1e-9, 1e-6, 1e-4, 1.0])
    i, slope = selector.currents(volts, siemens)
    back = i / siemens + selector.slope_v * np.arcsinh(i / selector.scale_a)
    np.testing.assert_allclose(back, np.broadcast_to(volts, back.shape), rtol=1e-12, atol=0)
    assert np.array_equal(i, -i[::-1])
    step = 1e-6
    measured = (selector.currents(volts + step, siemens)[0] - selector.currents(volts - step, siemens)[0]) / (2 * step)
    np.testing.assert_allclose(measured, slope, rtol=1e-6, atol=1e-7 * selector.scale_a / step)
    assert [float(x) for x in selector.currents(1.0, 0.0)] == [0.0, 0.0]


def test_a_decade_of_current_takes_the_slope_of_the_table():
    selector = Selector()
    ten = [float(selector.currents(v, 1e6)[0]) for v in (0.5, 0.5 + 0.120)]
    assert ten[1] / ten[0] == pytest.approx(10.0, rel=1e-6)


@pytest.mark.parametrize("change", [{"scale_a": 0.0}, {"slope_v": np.nan}, {"scale_a": -1e-12}])
def test_bad_selectors_are_refused(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))} is"):
        Selector(**change)


# The array


@every_engine
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (5, 9), (16, 16)])
@pytest.mark.parametrize("both_ends", [False, True])
def test_the_operating_point_is_what_spice_says(engine, size, both_ends):
    """Columns at voltages of their own: a sign, an end or half of the sinh wrong is far above 1e-6."""
    crossbar, selector = array(*size, both_ends=both_ends), Selector()
    rng = np.random.default_rng(1)
    rows = rng.uniform(0.6, 1.2, size[0]) * rng.choice(
        [-1, 1], size[0]
    )  # below, one cell's current is SPICE's own leak
    columns = rng.uniform(-0.2, 0.2, size[1])
    point = solve_operating_point(crossbar, rows, columns, selector)
    said = simulate_circuit(crossbar.circuit(rows, column_voltages=columns, selector=selector), engine).voltages[-1]
    found = point.columns
    assert point.converged
    np.testing.assert_allclose((said - columns) / crossbar.output_ohm, found, rtol=0, atol=1e-6 * np.abs(found).max())


def test_newton_converges_quadratically():
    """Wires of 200 ohm, so that cells and wires share the voltage: r <- C r^2 down to rounding."""
    crossbar = array(24, 24, row_ohm=200.0, column_ohm=200.0)
    point = solve_operating_point(crossbar, np.random.default_rng(2).uniform(-1.5, 1.5, 24), 0.0, Selector())
    r = np.log(point.residuals)
    assert point.converged
    assert len(r) >= 5
    order = np.diff(r)[1:] / np.diff(r)[:-1]
    assert order[-2] == pytest.approx(2.0, abs=0.35), point.residuals


def test_cells_without_selectors_take_one_step_to_the_linear_solve():
    crossbar = array(20, 12, both_ends=True)
    volts = np.random.default_rng(3).uniform(-0.2, 0.2, 20)
    point = solve_operating_point(crossbar, volts)
    assert point.converged
    assert len(point.residuals) <= 3  # a second step, of rounding, at most
    np.testing.assert_allclose(
        point.columns, crossbar.currents(volts), rtol=0, atol=1e-10 * np.abs(point.columns).max()
    )
    assert point.power_w == pytest.approx(float(crossbar.power(volts)), rel=1e-9)


@pytest.mark.parametrize("selector", [None, Selector()])
def test_currents_add_up_and_power_is_dissipated(selector):
    """Columns at a voltage: what flows in flows out, and the terminals' power is that of every element."""
    crossbar = array(9, 7)
    rng = np.random.default_rng(4)
    point = solve_operating_point(crossbar, rng.uniform(-1.0, 1.0, 9), rng.uniform(-1.0, 1.0, 7), selector)
    assert point.rows.sum() == pytest.approx(point.columns.sum(), rel=1e-7)
    np.testing.assert_allclose(point.cells.sum(axis=1), point.rows, rtol=0, atol=1e-9 * np.abs(point.rows).max())
    np.testing.assert_allclose(point.cells.sum(axis=0), point.columns, rtol=0, atol=1e-9 * np.abs(point.columns).max())
    row, column = point.potentials
    wires = (np.diff(row, axis=1) ** 2).sum() / 2.0 + (np.diff(column, axis=0) ** 2).sum() / 3.0
    ends = (point.rows**2).sum() * crossbar.input_ohm + (point.columns**2).sum() * crossbar.output_ohm
    assert point.power_w == pytest.approx((point.cells * (row - column)).sum() + wires + ends, rel=1e-7)


# Reading one cell


@every_engine
def test_floating_lines_float_in_spice_too(engine):
    """The sneak path of three cells: the largest error of reading, and the one that a grounded line would hide."""
    crossbar = array(6, 5)
    rows, columns = np.full(6, np.nan), np.full(5, np.nan)
    rows[2], columns[3] = 0.2, 0.0
    said = simulate_circuit(crossbar.circuit(rows, column_voltages=columns), engine).voltages[-1]
    point = solve_operating_point(crossbar, rows, columns)
    assert point.columns[3] == pytest.approx(said[3] / crossbar.output_ohm, rel=1e-6)
    assert np.count_nonzero(point.rows) == np.count_nonzero(point.columns) == 1
    read = read_cell(crossbar, 2, 3, 0.2, "float")
    assert read.current_a == pytest.approx(point.columns[3], rel=1e-9)
    assert read.sneak_a > 0.2 * read.alone_a


def test_three_cells_in_a_row_are_the_sneak_path():
    """2 x 2, ideal wires: beside G_00 conduct G_01, G_11 and G_10 in series."""
    g = np.array([[1e-6, 2e-5], [3e-5, 4e-5]])
    read = read_cell(Crossbar(g, 1e-4, 1e-4), 0, 0, 0.2, "float")
    series = 1.0 / (1 / 2e-5 + 1 / 3e-5 + 1 / 4e-5)
    assert read.alone_a == pytest.approx(0.2 * 1e-6)
    assert read.sneak_a == pytest.approx(0.2 * series, rel=1e-6)
    assert read.leakage_a == pytest.approx(3 * 0.2 * series, rel=1e-6)


def test_half_selected_cells_leak_at_half_of_the_voltage():
    """Ideal wires and equal cells: the n - 1 others of the column, and of the row, see V / 2; the rest sees none."""
    n, g, selector = 9, 1e-5, Selector()
    crossbar = Crossbar(np.full((n, n), g), 1e-4, 1e-4)
    half, full = (float(selector.currents(v, g)[0]) for v in (0.5, 1.0))
    read = read_cell(crossbar, 4, 2, 1.0, "half", selector)
    assert read.current_a == pytest.approx(full + (n - 1) * half, rel=1e-5)
    assert read.sneak_a == pytest.approx((n - 1) * half, rel=1e-5)
    assert read.leakage_a == pytest.approx(2 * (n - 1) * half, rel=1e-5)
    third = float(selector.currents(1.0 / 3.0, g)[0])
    read = read_cell(crossbar, 4, 2, 1.0, "third", selector)
    assert read.sneak_a == pytest.approx((n - 1) * third, rel=1e-5)
    assert read.leakage_a == pytest.approx((2 * (n - 1) + (n - 1) ** 2) * third, rel=1e-5)
    assert read_cell(crossbar, 4, 2, 1.0, "ground", selector).sneak_a == pytest.approx(0.0, abs=1e-9 * full)


def test_a_selector_keeps_the_half_selected_cells_quiet():
    """32 x 32, all others on, the selected off: without selectors leakage drowns the cell, with them it does not."""
    g = np.full((32, 32), 1e-4)
    g[0, 31] = 1e-6
    crossbar = Crossbar(g, 1.0, 1.0)
    plain, selected = (read_cell(crossbar, 0, 31, 1.0, "half", each) for each in (None, Selector()))
    assert plain.sneak_a > 1000.0 * plain.alone_a
    assert selected.sneak_a < selected.alone_a


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ((0, 0, 0.2, "quarter"), "scheme is 'quarter'; known are half, third, ground, float"),
        ((4, 0, 0.2), r"cell \(4, 0\) is not in an array of 4 x 3"),
        ((0, -1, 0.2), "count from 0"),
    ],
)
def test_bad_reads_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        read_cell(array(4, 3), *arguments)


def test_bad_voltages_are_refused():
    with pytest.raises(ValueError, match=r"row_volts have shape \(3,\)"):
        solve_operating_point(array(4, 3), np.ones(3))
    with pytest.raises(ValueError, match="column_volts"):
        solve_operating_point(array(4, 3), np.ones(4), [0.0, np.inf, 0.0])
    with pytest.raises(ValueError, match="every line floats"):
        solve_operating_point(array(4, 3), np.nan, np.nan)
