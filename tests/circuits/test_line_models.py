"""Models of the line resistance against the nodal solve and against closed forms."""

import numpy as np
import pytest

from circuits import Crossbar, compare_line_models
from circuits.crossbar.line_models import (
    first_order_model,
    fixed_point_currents,
    lumped_model,
    path_model,
    polynomial_currents,
)


def random_array(n, ohm, seed=0):
    rng = np.random.default_rng(seed)
    return Crossbar(25e-6 * rng.random((n, n)), ohm, ohm), 0.2 * rng.random((4, n))


def test_a_single_cell_is_a_series_of_resistors():
    """One cell: path and lumped are exact; 1 / (R + r + r)."""
    cell = Crossbar([[1e-4]], 50.0, 70.0, driver_ohm=5.0, sense_ohm=3.0)
    exact = 1.0 / (1e4 + 55.0 + 73.0)
    assert cell.effective()[0, 0] == pytest.approx(exact, rel=1e-12)
    assert path_model(cell)[0, 0] == pytest.approx(exact, rel=1e-12)
    assert lumped_model(cell)[0, 0] == pytest.approx(1e-4 / (1.0055 * 1.0073), rel=1e-12)
    assert fixed_point_currents(cell, np.array([0.2]), tolerance=1e-12)[0][0] == pytest.approx(0.2 * exact, rel=1e-9)


def test_one_cell_alone_in_an_array_sees_its_own_way():
    """The wires to the cell in row 2, column 3 of 5 x 6: 4 segments along, 3 down."""
    g = np.zeros((5, 6))
    g[2, 3] = 1e-3
    array = Crossbar(g, 10.0, 20.0)
    expected = 1.0 / (1e3 + 4 * 10.0 + 3 * 20.0)
    assert array.effective()[2, 3] == pytest.approx(expected, rel=1e-12)
    assert path_model(array)[2, 3] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("ohm", [0.35, 3.5])
def test_the_fixed_point_is_the_nodal_solve(ohm):
    """CrossSim's way of iterating ends where the exact solve is: every column within the tolerance of the voltages."""
    array, volts = random_array(24, ohm)
    currents, steps = fixed_point_currents(array, volts[0], tolerance=1e-10)
    np.testing.assert_allclose(currents, volts[0] @ array.effective(), rtol=1e-8)
    assert 2 < steps < 60


def test_long_wires_stop_the_fixed_point():
    """It diverges, as CrossSim says of itself, and says so; the nodal solve does not mind."""
    array, volts = random_array(32, 1e3)
    currents, steps = fixed_point_currents(array, volts[0])
    assert not np.isfinite(currents).any()
    assert steps < 500
    assert np.isfinite(array.effective()).all()


def test_models_stand_in_the_order_of_what_they_keep():
    """At .35 ohm: first order < 1 % of the ideal error; lumped, path and the polynomial between; second order in r."""
    errors = [compare_line_models(*random_array(48, ohm)) for ohm in (0.35, 0.7)]
    one = errors[0]
    assert one["fixed point"] < 1e-5 < one["first order"] < 0.01 * one["ideal"]
    assert one["first order"] < min(one["lumped"], one["path"], one["aihwkit"]) < one["ideal"]
    assert errors[1]["first order"] / one["first order"] == pytest.approx(4.0, rel=0.1)
    assert errors[1]["ideal"] / one["ideal"] == pytest.approx(2.0, rel=0.05)


def test_the_polynomial_is_that_of_aihwkit():
    """All cells and inputs at 1: y = n - c n (1 - mean (1 - j/n)^2), c = a (a (.05 a - .2) + .5), a = n^2 r / R."""
    n, ohm = 16, 2.0
    array = Crossbar(np.full((n, n), 25e-6), ohm, ohm)
    a = n * n * ohm * 25e-6
    c = a * (a * (0.05 * a - 0.2) + 0.5)
    near = np.sum(1.0 - (1.0 - np.arange(n) / n) ** 2)
    np.testing.assert_allclose(polynomial_currents(array, np.ones(n)), 25e-6 * (n - c * near), rtol=1e-12)


def test_first_order_keeps_open_cells_open():
    array, _ = random_array(8, 1.0)
    g = array.conductances.copy()
    g[3] = 0.0
    assert (first_order_model(Crossbar(g))[3] == 0.0).all()


@pytest.mark.parametrize("model", [path_model, lumped_model])
def test_a_second_driver_is_refused(model):
    both = Crossbar(np.ones((3, 3)), both_ends=True)
    with pytest.raises(ValueError, match="rows are driven at both ends"):
        model(both)
    with pytest.raises(ValueError, match="rows are driven at both ends"):
        compare_line_models(both, np.ones((1, 3)))
