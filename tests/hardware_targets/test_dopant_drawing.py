"""Current paths against the currents they must add up to, and pictures against what they should show."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.constants import elementary_charge

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.drawing import draw_curve, draw_device, draw_truth_table
from hardware_targets.dopant_network.learning.logic_gates import Terminals
from hardware_targets.dopant_network.targets.dopant_classifier import truth_table
from hardware_targets.dopant_network.targets.transfer_curves import transfer_curve
from hardware_targets.dopant_network.transport.current_paths import net_hopping_flow
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations
from hardware_targets.dopant_network.transport.mean_field import mean_field_occupations

V = np.array([0.6, -0.3, 0.0, 0.2])


@pytest.mark.parametrize("acceptors", [4, 12])
def test_paths_add_up(acceptors):
    """What flows into an acceptor flows out, and into the electrodes flow the currents of the same solver."""
    network = random_device(acceptors, 1, 4, rng=6).network
    flow, exact = net_hopping_flow(network, V)
    assert exact == (acceptors == 4)
    np.testing.assert_array_equal(flow, -flow.T)
    assert np.abs(flow[:acceptors].sum(axis=1)).max() < 1e-7 * np.abs(flow).max()
    currents = (stationary_occupations if exact else mean_field_occupations)(network, V).currents_a
    into = elementary_charge * flow[:, acceptors:].sum(axis=0)
    np.testing.assert_allclose(into, currents, atol=1e-7 * np.abs(currents).max())


def test_no_paths_in_equilibrium():
    network = random_device(5, 1, 4, rng=6).network
    flow, _ = net_hopping_flow(network, np.full(4, 0.3))
    assert np.abs(flow).max() < 1e-9 * net_hopping_flow(network, V)[0].max()


def test_a_device_shows_its_parts_and_paths():
    device = random_device(5, 2, 4, rng=6)
    figure = Figure()
    plain, driven = figure.subplots(1, 2)
    assert draw_device(plain, device) is plain
    assert draw_device(driven, device, V) is driven
    assert [text.get_text() for text in plain.texts] == ["0", "1", "2", "3"]
    assert driven.texts[0].get_text() == "0: +0.60 V"
    assert len(plain.patches) == 7
    flow, _ = net_hopping_flow(device.network, V)
    assert len(driven.patches) == 7 + (flow > 0.03 * flow.max()).sum()
    figure.canvas.draw()


def test_curves_and_truth_tables_show_their_errors():
    network, terminals = random_device(4, 1, 4, rng=6).network, Terminals((0, 1), 2)
    left, right = Figure().subplots(1, 2)
    curve = transfer_curve(network, (0, 2), np.linspace(-0.5, 0.5, 5))
    assert draw_curve(left, curve, seconds=1e-6) is left
    np.testing.assert_allclose(left.lines[0].get_ydata(), 1e9 * curve.currents_a)
    band = left.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(1e9 * (curve.currents_a + curve.errors_a(1e-6)).max())
    table = truth_table(network, terminals, [0.1], "AND")
    assert draw_truth_table(right, table) is right
    np.testing.assert_allclose([bar.get_height() for bar in right.patches], 1e9 * table.currents_a)
    bars = np.array(right.collections[0].get_segments())[:, :, 1]
    np.testing.assert_allclose(np.ptp(bars, axis=1), 2e9 * table.errors_a)


def test_the_example_draws_a_figure(tmp_path, capsys):
    example = Path(__file__).parents[2] / "examples" / "dopant_device.py"
    out = tmp_path / "device.png"
    quality = runpy.run_path(str(example))["main"](
        ["--acceptors", "4", "--generations", "2", "--points", "3", "--out", str(out)]
    )
    assert -1.0 <= quality <= 1.0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert f"Q = {quality:.2f}" in capsys.readouterr().out
