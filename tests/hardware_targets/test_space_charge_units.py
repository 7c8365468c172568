"""Units at 300 K: their table against the solver, their noise against Johnson's, and the target made of them."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

import neuromorph as nm
from hardware_targets import dopant_neurons_300k
from hardware_targets.dopant_network.device.hopping_network import thermal_voltage
from hardware_targets.dopant_network.targets.space_charge_table import (
    INPUT,
    SETTINGS,
    UNITS,
    input_curve,
    shot_noise,
    space_charge_data,
    surface_currents,
    unit_charges,
    unit_flow,
)
from hardware_targets.dopant_network.targets.space_charge_units import (
    mean_power,
    select_space_charge_units,
    space_charge_table,
)
from hardware_targets.dopant_network.transport.drift_diffusion import HoleFlow
from neuromorph import Ising, Minimize, Recall, Sample, exact, price
from neuromorph.testing import require_distribution

DATA = space_charge_data()


def test_the_table_is_what_the_solver_says():
    """Three settings of the surface and five voltages of one unit, computed anew, to single precision."""
    table, free = space_charge_table(), DATA["free_fraction"].value
    rows = [0, 411, SETTINGS - 1]
    found = free * surface_currents(unit_flow(), table.settings_v[rows])
    np.testing.assert_allclose(found, table.surface_a[rows], rtol=1e-5, atol=1e-6 * np.abs(found).max())
    unit, places = 5, [0, 8, 16, 24, 32]
    assert np.array_equal(unit_charges(UNITS), table.charges_m3)
    currents, noise = input_curve(unit_flow(table.charges_m3[unit]), table.inputs_v[places])
    np.testing.assert_allclose(free * currents, table.currents_a[unit, places], rtol=1e-5, atol=1e-16)
    np.testing.assert_allclose(free * noise, table.noise_a2_hz[unit, places], rtol=1e-5)


def test_power_and_activation_energy_are_the_measured_ones():
    """1.9 nW +- 1 % over random voltages, and .36 to .43 eV between opposite electrodes; neighbors have far less."""
    assert mean_power() == pytest.approx(DATA["unit_power"].value, rel=0.01)
    flow, volts = unit_flow(spacing_m=20e-9), np.r_[0.01, np.zeros(7)]
    currents = []
    for kelvin in (290.0, 310.0):
        warm = HoleFlow(flow.mesh, replace(flow.layer, temperature_k=kelvin))
        currents.append(np.abs(warm.solve(volts).currents_a))
    activation = Boltzmann / elementary_charge * np.log(currents[1] / currents[0]) / (1 / 290.0 - 1 / 310.0)
    assert 0.36 < activation[4] < 0.43
    assert 0.1 < activation[INPUT] < 0.2


def test_holes_alone_are_the_whole_current():
    """The barrier at rest is below the built-in potential of contact and layer: electrons do not reach the layer."""
    flow = unit_flow(spacing_m=20e-9)
    barrier = flow.solve(np.zeros(8)).potentials_v.max()
    layer, intrinsic = flow.layer, 1e16
    built_in = thermal_voltage(300.0) * np.log(layer.contact_m3 * layer.doping_m3 / intrinsic**2)
    assert barrier < built_in - 0.2


def test_shot_noise_at_rest_is_johnsons():
    """S = 4 k T G at every electrode (fluctuation-dissipation), G by difference; flows add up to the currents."""
    flow = unit_flow(spacing_m=20e-9)
    rest = flow.solve(np.zeros(8))
    step = 1e-4
    for electrode in (0, 3):
        volts = np.zeros(8)
        volts[electrode] = step
        conductance = -flow.solve(volts).currents_a[electrode] / step
        assert shot_noise(rest, electrode) == pytest.approx(4.0 * Boltzmann * 300.0 * conductance, rel=0.01)
    driven = flow.solve(np.r_[0.4, np.zeros(7)])
    np.testing.assert_allclose((driven.flows_a - driven.flows_a.T).sum(axis=1), driven.currents_a, rtol=1e-9)
    assert shot_noise(driven, 0) == pytest.approx(2.0 * elementary_charge * abs(driven.currents_a[0]), rel=1e-3)


def test_units_are_sigmoids_that_differ_by_their_charges():
    units = select_space_charge_units()
    m = units.outputs.shape[1]
    assert (np.diff(units.outputs, axis=1) >= 0.0).all()
    assert np.abs(units.outputs[:, m // 2]).max() < 1e-6
    assert units.outputs[:, [0, -1]] == pytest.approx(np.sign([[-1.0, 1.0]]) * np.ones((12, 2)), abs=0.1)
    middle = np.diff(units.outputs, axis=1)[:, m // 2 - 8 : m // 2 + 8].mean()
    ends = np.diff(units.outputs, axis=1)[:, [5, -5]].mean()
    assert middle > 4.0 * ends
    assert 0.0 < units.spread() < 0.3
    assert 0.05 < np.std(space_charge_table().charges_m3) / DATA["fixed_charge"].value < 0.12  # 1 / sqrt(141)
    assert (1.0 / units.rates_hz < units.window_s).all()
    assert not np.array_equal(select_space_charge_units(1).outputs, units.outputs)


def test_no_cooler_and_no_hopping_is_paid():
    device = dopant_neurons_300k()
    cold = nm.get_target("dopant-neurons")
    assert {cost.needs for cost in device.costs()} == {""}
    assert {cost.needs for cost in cold.costs()} == {"", "cryostat"}
    assert not {"cryostat_power", "hopping_joule", "attempt_rate_hz"} & set(device.constants)
    problem = Recall("memory", np.random.default_rng(1).choice([-1, 1], (4, 64)), noise=0.2)
    run = device.run(device.program(problem, rng=0), problem.task(16, 2), 16, 3)
    assert "acceptors" not in run.provenance["parameters"]
    overlaps = (run.spins @ problem.patterns.T / 64).max(axis=1)
    assert (overlaps > 0.97).mean() >= 0.9
    watts = run.activity["unit_j"] / run.activity["device_s"] / 64
    assert (watts < DATA["unit_power"].value).all()  # one electrode of eight is driven
    entry = next(e for e in price(run, device.costs()).entries if "V_k I_k" in e.what)
    assert entry.unit.kind == "modelled"


def test_room_temperature_neurons_sample_and_minimize():
    """20,000 reads of 5 neurons with couplings in memory, and the ground state of 12 in most anneals."""
    device = dopant_neurons_300k(couplings="memory")
    rng = np.random.default_rng(21)
    j = np.triu(rng.normal(size=(5, 5)), 1)
    small = Ising(j + j.T, rng.normal(size=5))
    run = device.run(device.program(small, rng=4), Sample(0.8), 20_000, 5)
    require_distribution(run.spins, exact.boltzmann(small, 0.8))
    j = np.triu(rng.normal(size=(12, 12)), 1)
    larger = Ising(j + j.T)
    anneals = device.run(device.program(larger, rng=4), Minimize(), 20, 5)
    assert (anneals.energies < exact.ground_states(larger)[0] + 1e-9).mean() > 0.5


def test_the_example_measures_a_unit_as_a_reservoir(capsys, tmp_path):
    """Small: it remembers no more than its delay line keeps, and the figure is there."""
    example = Path(__file__).parents[2] / "examples" / "unit_reservoir.py"
    words = ["--nodes", "20", "--steps", "600", "--settings", "128", "--out", str(tmp_path / "figure.png")]
    found = runpy.run_path(str(example))["main"](words)
    assert 0.0 < found["unit"]["memory"] < found["delay line"]["memory"] + 0.1
    assert found["delay line"]["memory"] == pytest.approx(11, abs=0.1)
    assert found["unit"]["kernel rank"] > found["unit"]["generalization rank"]
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert "NARMA-10" in capsys.readouterr().out
