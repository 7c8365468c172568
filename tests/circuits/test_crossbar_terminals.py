"""Crossbars driven from both ends, what their drivers deliver, and targets that make up for the wires."""

import time
from collections import defaultdict
from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from circuits import Crossbar, compensate_ir_drop, installed_engines, simulate_circuit
from circuits.crossbar import nested_dissection as dissection
from circuits.crossbar.ir_drop_compensation import first_order_attenuation
from neuromorph.runtime.limits import TimeLimitReached, time_limit

every_engine = pytest.mark.parametrize("engine", installed_engines())
WIRES = {"row_ohm": 2.0, "column_ohm": 3.0, "driver_ohm": 10.0, "sense_ohm": 20.0}


def array(rows, columns, seed=0, **wires):
    """Cells of 10 kohm to 1 Mohm; one in ten is open."""
    rng = np.random.default_rng(seed)
    g = rng.uniform(1e-6, 1e-4, (rows, columns)) * (rng.random((rows, columns)) < 0.9)
    return Crossbar(g, **{**WIRES, **wires})


@every_engine
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (6, 1), (1, 6), (7, 5), (16, 16)])
@pytest.mark.parametrize("both_ends", [False, True])
def test_either_way_of_driving_is_what_spice_says(engine, rows, columns, both_ends):
    """A far driver left out, put at the wrong column or without its resistance is far above 1e-6."""
    crossbar = array(rows, columns, both_ends=both_ends)
    volts = np.random.default_rng(1).uniform(-0.2, 0.2, rows)
    said = simulate_circuit(crossbar.circuit(volts), engine).voltages[-1] / crossbar.output_ohm
    found = crossbar.currents(volts)
    np.testing.assert_allclose(said, found, rtol=0, atol=1e-6 * np.abs(found).max())


@pytest.mark.parametrize("both_ends", [False, True])
@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (1, 9), (9, 1), (30, 20), (20, 30), (64, 64), (3, 400), (400, 3), (1, 700), (90, 37)]
)
def test_the_matrices_of_the_terminals_are_what_currents_and_power_are(rows, columns, both_ends):
    """W and Q against solves at given voltages: currents transposed, a driver's share left out."""
    crossbar = array(rows, columns, both_ends=both_ends)
    w, q = crossbar.terminals()
    volts = np.random.default_rng(2).normal(size=(3, rows))
    np.testing.assert_allclose(volts @ w, crossbar.currents(volts), rtol=0, atol=1e-9 * w.max())
    np.testing.assert_allclose(((volts @ q) * volts).sum(-1), crossbar.power(volts), rtol=1e-8)
    np.testing.assert_allclose(q, q.T, rtol=0, atol=1e-12 * q.max())
    np.testing.assert_allclose(crossbar.effective(), w, rtol=0, atol=1e-10 * w.max())


def exact_terminals(crossbar):
    """(W, Q) in rational numbers: nodes taken out of the network one after the other."""
    g = crossbar.conductances
    rows, columns = g.shape
    links = defaultdict(lambda: defaultdict(Fraction))

    def link(a, b, siemens):
        links[a][b] += Fraction(siemens)
        links[b][a] += Fraction(siemens)

    for i, j in product(range(rows), range(columns)):
        link(
            ("source", i) if j == 0 else ("row", i, j - 1),
            ("row", i, j),
            1 / (crossbar.row_ohm if j else crossbar.input_ohm),
        )
        below = ("column", i + 1, j) if i < rows - 1 else ("ground", j)
        link(("column", i, j), below, 1 / (crossbar.column_ohm if i < rows - 1 else crossbar.output_ohm))
        link(("row", i, j), ("column", i, j), g[i, j])
    for i in range(rows if crossbar.both_ends else 0):
        link(("source", i), ("row", i, columns - 1), 1 / crossbar.input_ohm)
    for node in [node for node in links if node[0] in ("row", "column")]:
        around = links.pop(node)
        total = sum(around.values())
        for a in around:
            del links[a][node]
        for (a, x), (b, y) in combinations(around.items(), 2):
            link(a, b, x * y / total)
    w = [[float(links["source", i]["ground", j]) for j in range(columns)] for i in range(rows)]
    q = [[-links["source", i]["source", k] for k in range(rows)] for i in range(rows)]
    for i in range(rows):
        q[i][i] = sum(links["source", i].values())
    return np.array(w), np.array(q, dtype=float)


@pytest.mark.parametrize(("rows", "columns", "both_ends"), [(5, 5, False), (4, 5, True), (1, 7, True), (7, 1, True)])
@pytest.mark.parametrize("ohms", [(2.0, 3.0), (1e-9, 1e-9), (1e12, 1e12), (1e-9, 1e9), (1e9, 1e-9)])
def test_every_entry_is_good_to_its_last_digits(monkeypatch, rows, columns, both_ends, ohms):
    """Whatever the wires, by blocks of any size; elimination with subtractions keeps 8 digits of wires of 1e12 ohm."""
    rng = np.random.default_rng(rows)
    g = 10 ** rng.uniform(-9, -3, (rows, columns)) * (rng.random((rows, columns)) < 0.8)
    crossbar = Crossbar(g, *ohms, 2 * ohms[0], 3 * ohms[1], both_ends)
    exact = exact_terminals(crossbar)
    monkeypatch.setattr(dissection, "_PANEL", 3)
    for cells in (1, 6, 128):
        monkeypatch.setattr(dissection, "_CELLS", cells)
        for found, true in zip(crossbar.terminals(), exact, strict=True):
            np.testing.assert_allclose(found, true, rtol=1e-13, atol=0)


def test_open_cells_let_nothing_through():
    w, q = Crossbar(np.zeros((30, 20)), **WIRES).terminals()
    assert not w.any()
    assert not q.any()


def test_solving_reports_its_progress_on_one_thread_of_blas_and_stops_in_time():
    crossbar, heard, threads = array(60, 70), [], set()

    def report(part):
        heard.append(part)
        threads.update(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")

    crossbar.terminals(report)
    assert threads == {1}
    assert heard == sorted(heard)
    assert len(heard) > 20
    assert heard[-1] == pytest.approx(1.0)
    with time_limit(time.monotonic()), pytest.raises(TimeLimitReached, match="solving the wires"):
        crossbar.terminals()


@pytest.mark.parametrize("both_ends", [False, True])
def test_what_the_drivers_deliver_is_what_every_resistor_dissipates(both_ends):
    """Element by element: a cell, a segment or a terminal missing from the balance shows."""
    crossbar = array(12, 9, both_ends=both_ends)
    volts = np.random.default_rng(3).uniform(-0.2, 0.2, 12)
    row, column = crossbar.potentials(volts)
    parts = {
        "cells": (crossbar.conductances * (row - column) ** 2).sum(),
        "rows": (np.diff(row, axis=1) ** 2).sum() / crossbar.row_ohm,
        "columns": (np.diff(column, axis=0) ** 2).sum() / crossbar.column_ohm,
        "drivers": ((volts - row[:, 0]) ** 2).sum() / crossbar.input_ohm,
        "far drivers": both_ends * ((volts - row[:, -1]) ** 2).sum() / crossbar.input_ohm,
        "senses": (column[-1] ** 2).sum() / crossbar.output_ohm,
    }
    assert crossbar.power(volts) == pytest.approx(sum(parts.values()), rel=1e-9)
    assert parts["rows"] > 0 < parts["columns"]


def test_a_second_driver_halves_the_way_and_loses_a_quarter():
    """Equal cells, weak wires: the mean drop along a row is r g (n + 1) (2 n + 1) / 6, or r g (n + 1) (n + 2) / 12."""
    n, ohm, g = 60, 1e-3, 1e-5
    kinds = [
        1.0 - Crossbar(np.full((1, n), g), ohm, 1e-6, both_ends=both).effective().sum() / (n * g)
        for both in (False, True)
    ]
    assert kinds[0] == pytest.approx(ohm * g * (n + 1) * (2 * n + 1) / 6.0, rel=1e-4)
    assert kinds[1] == pytest.approx(ohm * g * (n + 1) * (n + 2) / 12.0, rel=1e-4)


def test_no_voltages_and_many_are_solved_alike():
    crossbar = array(5, 4)
    assert crossbar.potentials(np.zeros((0, 5))).shape == (0, 2, 5, 4)
    many = np.random.default_rng(4).normal(size=(2, 7, 5))
    np.testing.assert_allclose(crossbar.potentials(many)[1, 6], crossbar.potentials(many[1, 6]), rtol=1e-12, atol=1e-15)


# Compensation


def test_one_row_is_first_order_exact_by_the_book():
    """One cell: u y = 1 / (1 + g R_in) / (1 + g R_out), W = g / (1 + g (R_in + R_out))."""
    one = Crossbar([[1e-4]], **WIRES)
    assert first_order_attenuation(one)[0, 0] == pytest.approx(1 / (1 + 1e-4 * 12.0) / (1 + 1e-4 * 23.0), rel=1e-12)


@pytest.mark.parametrize("both_ends", [False, True])
def test_the_first_order_is_first_order(both_ends):
    """Half the wire, a quarter of its error; a swapped end or axis leaves an error that halves."""
    errors = []
    for ohm in (0.2, 0.1, 0.05):
        rng = np.random.default_rng(5)
        crossbar = Crossbar(rng.uniform(0.0, 1e-4, (24, 16)), ohm, 2 * ohm, ohm, 3 * ohm, both_ends)
        w = crossbar.effective()
        errors.append(np.abs(w - crossbar.conductances * first_order_attenuation(crossbar)).max() / w.max())
    assert all(np.log2(a / b) == pytest.approx(2.0, abs=0.1) for a, b in pairwise(errors))


def test_compensated_arrays_hold_what_was_asked_in_proportion():
    """Two arrays of one matrix on wires of 3 ohm: what one factor leaves of the error, 4 %, falls tenfold."""
    rng = np.random.default_rng(6)
    sign = rng.random((100, 100)) < 0.5
    asked = [rng.uniform(0.0, 1.0, (100, 100)) * side for side in (sign, ~sign)]

    def build(g):
        return Crossbar(g, 3.0, 3.0)

    cells, factor = compensate_ir_drop(asked, build, 25e-6)
    assert max(each.max() for each in cells) == pytest.approx(25e-6, rel=1e-9)
    assert all(np.array_equal(cell == 0.0, each == 0.0) for cell, each in zip(cells, asked, strict=True))
    for cell, each in zip(cells, asked, strict=True):
        held = build(cell).effective() / factor
        plain = build(25e-6 * each).effective() / 25e-6
        plain *= each.sum() / plain.sum()  # what one factor for the whole array could do
        left, was = (np.linalg.norm(x - each) / np.linalg.norm(each) for x in (held, plain))
        assert left < 0.004 < 0.03 < was


def test_nothing_to_hold_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        compensate_ir_drop([np.zeros((2, 2))], Crossbar, 1e-5)
    with pytest.raises(ValueError, match="highest_s is 0"):
        compensate_ir_drop([np.ones((2, 2))], Crossbar, 0.0)
