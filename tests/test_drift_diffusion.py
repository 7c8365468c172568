"""Holes at room temperature, against Ohm, Mott and Gurney, Airy functions, and refinement of the mesh."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import elementary_charge, epsilon_0
from scipy.optimize import brentq
from scipy.spatial import cKDTree
from scipy.special import airy

from hardware_targets.dopant_network.drift_diffusion import (
    HoleFlow,
    Layer,
    Steady,
    bernoulli,
    mott_gurney,
    silicon_layer,
)
from hardware_targets.dopant_network.field import solve_field
from hardware_targets.dopant_network.geometry import Disc, Electrode, Rectangle, around
from hardware_targets.dopant_network.hopping import thermal_voltage
from hardware_targets.dopant_network.mesh import device_mesh, slab_mesh

LENGTH, WIDTH = 1e-6, 1e-7
UNDOPED = replace(silicon_layer(), doping_m3=0.0)
DISC = Disc(150e-9)


def lines(cells: int, first: float = 3e-10) -> np.ndarray:
    """Places from 0 to LENGTH, finest at both ends, no two further apart than LENGTH / cells."""
    x = [0.0]
    step = first
    while x[-1] < LENGTH / 2.0:
        x.append(x[-1] + step)
        step = min(1.15 * step, LENGTH / cells)
    half = np.array(x) * (LENGTH / 2.0 / x[-1])
    return np.r_[half, (LENGTH - half[:-1])[::-1]]


def slab_density(layer: Layer, volts: float, cells: int) -> float:
    """J between two plates, A/m2."""
    state = HoleFlow(slab_mesh(lines(cells), [0.0, WIDTH]), layer).solve([volts, 0.0])
    assert state.converged
    assert abs(state.currents_a.sum()) < 1e-10 * state.currents_a[1]
    return float(state.currents_a[1]) / (WIDTH * layer.thickness_m)


def at_contacts(flow: HoleFlow, state: Steady) -> np.ndarray:
    """Currents once more, as the flux through the sides of the electrodes' own cells."""
    mesh, layer = flow.mesh, flow.layer
    thermal = thermal_voltage(layer.temperature_k)
    i, j = mesh.edges.T
    delta = (state.potentials_v[j] - state.potentials_v[i]) / thermal
    p = state.holes_m3
    flux = mesh.couplings * (bernoulli(delta)[0] * p[i] - bernoulli(-delta)[0] * p[j])
    into = np.bincount(j, flux, p.size) - np.bincount(i, flux, p.size)
    unit = elementary_charge * layer.mobility_m2_vs * thermal * layer.thickness_m
    return unit * np.array([into[mesh.owner == e].sum() for e in range(mesh.electrodes)])


def with_diffusion(volts_over_thermal: float) -> float:
    """J over Mott and Gurney's for contacts with holes without end: w'' = z w with E = -2 V_T w'/w, w = 0 at both."""

    def start(end: float) -> float:
        ratio = airy(end)[0] / airy(end)[2]
        return brentq(lambda z: airy(z)[0] - ratio * airy(z)[2], -2.5, -1.9)

    def volts(end: float) -> float:
        return 2.0 * np.log(airy(end)[2] / abs(airy(start(end))[2]))

    end = brentq(lambda z: volts(z) - volts_over_thermal, 3.0, 90.0)
    return 16.0 / 9.0 * (end - start(end)) ** 3 / volts_over_thermal**2


def test_mott_and_gurney():
    """Within 2 % at 400 V over 1 um, where diffusion adds 0.7 %; and the square of the voltage."""
    high = slab_density(UNDOPED, 400.0, 800)
    assert high == pytest.approx(mott_gurney(UNDOPED, 400.0, LENGTH), rel=0.02)
    assert high / slab_density(UNDOPED, 200.0, 800) == pytest.approx(4.0, rel=0.02)


@pytest.mark.parametrize("volts", [1.5, 5.0, 20.0])
def test_space_charge_with_diffusion_is_airys(volts):
    """Within 0.3 %: contacts of finite density stand for ones without end, a Debye length further out each."""
    thermal = thermal_voltage(UNDOPED.temperature_k)
    epsilon = UNDOPED.relative_permittivity * epsilon_0
    beyond = np.sqrt(2.0 * epsilon * thermal / (elementary_charge * UNDOPED.contact_m3))
    expected = with_diffusion(volts / thermal) * mott_gurney(UNDOPED, volts, LENGTH + 2.0 * beyond)
    assert slab_density(UNDOPED, volts, 800) == pytest.approx(expected, rel=3e-3)


def test_refining_the_slab_converges_at_first_order():
    """Scharfetter and Gummel's flux where drift rules: halving the cells halves the error, to 0.6 .. 1.6 of that."""
    found = np.array([slab_density(UNDOPED, 20.0, cells) for cells in (50, 100, 200, 400)])
    steps = -np.diff(found)
    assert (steps > 0.0).all()
    assert (np.abs(np.log2(steps[:-1] / steps[1:]) - 1.0) < 0.7).all()


def test_ohm_in_a_slab_and_in_a_disc():
    """As many acceptors as contact holes: J = e mu N V / L, and in a disc Maxwell's conductance of Laplace's field."""
    doped = replace(UNDOPED, doping_m3=-UNDOPED.contact_m3)
    sigma = elementary_charge * doped.mobility_m2_vs * doped.contact_m3
    assert slab_density(doped, 1e-3, 50) == pytest.approx(sigma * 1e-3 / LENGTH, rel=1e-8)
    electrodes = around(DISC, 3, width_m=0.1 * DISC.perimeter_m)
    v = np.array([1e-3, -2e-3, 0.5e-3])
    field = solve_field(DISC, electrodes, spacing_m=15e-9)
    expected = -sigma * doped.thickness_m * field.conductances @ v
    state = HoleFlow(device_mesh(DISC, electrodes, spacing_m=15e-9), doped).solve(v)
    np.testing.assert_allclose(state.currents_a, expected, rtol=5e-3)


def test_two_electrodes_converge_under_refinement():
    """Twice finer meshes: the change falls to less than 0.6 of the one before, and the last is below 2 %."""
    electrodes = around(DISC, 2, width_m=0.15 * DISC.perimeter_m)
    found = np.array(
        [
            HoleFlow(device_mesh(DISC, electrodes, spacing_m=s), silicon_layer()).solve([1.0, 0.0]).currents_a[1]
            for s in (15e-9, 7.5e-9, 3.75e-9)
        ]
    )
    change = np.abs(np.diff(found)) / found[1:]
    assert change[1] < 0.6 * change[0]
    assert change[1] < 0.02


def test_a_device_with_many_electrodes():
    """Currents add up, rise with the voltage of their electrode, are those from rest, and know differences only."""
    electrodes = tuple(
        Electrode(place * DISC.perimeter_m, width * DISC.perimeter_m)
        for place, width in ((0.02, 0.05), (0.21, 0.08), (0.40, 0.03), (0.66, 0.07), (0.85, 0.06))
    )
    flow = HoleFlow(device_mesh(DISC, electrodes, spacing_m=18e-9), silicon_layer())
    others = np.array([0.3, -0.2, 0.0, 0.1])
    state, curve = None, []
    for volts in np.linspace(-0.6, 0.6, 7):
        state = flow.solve(np.r_[volts, others], state)
        assert state.converged
        assert abs(state.currents_a.sum()) < 1e-10 * np.abs(state.currents_a).max()
        np.testing.assert_allclose(
            at_contacts(flow, state), state.currents_a, atol=1e-10 * np.abs(state.currents_a).max()
        )
        assert (state.holes_m3 > 0.0).all()
        curve.append(state.currents_a)
    assert (np.diff(np.array(curve)[:, 0]) < 0.0).all()
    assert np.ptp(np.diff(np.array(curve)[:, 0])) > 0.05 * np.abs(np.diff(np.array(curve)[:, 0])).max()  # not ohmic
    shifted = flow.solve(np.r_[0.6, others] + 2.0)
    np.testing.assert_allclose(shifted.currents_a, curve[-1], rtol=1e-7)


def test_at_equal_voltages_holes_are_boltzmanns():
    """p = p_c exp(-phi / V_T), no current, and background donors drive holes out."""
    electrodes = around(Rectangle(2e-7, 1e-7), 2, width_m=5e-8, first_m=1e-7)
    mesh = device_mesh(Rectangle(2e-7, 1e-7), electrodes, spacing_m=1e-8)
    densities = []
    for donors in (0.0, 1e23):
        layer = replace(silicon_layer(), doping_m3=donors)
        state = HoleFlow(mesh, layer).solve([0.7, 0.7])
        p = layer.contact_m3 * np.exp(-(state.potentials_v - 0.7) / thermal_voltage(layer.temperature_k))
        np.testing.assert_allclose(state.holes_m3, p, rtol=1e-7)
        driven = HoleFlow(mesh, layer).solve([0.7, 0.6]).currents_a
        assert np.abs(state.currents_a).max() < 1e-9 * np.abs(driven).max()
        densities.append(state.holes_m3.min())
    assert densities[1] < 0.5 * densities[0]


def test_bernoulli_and_its_slope():
    x = np.r_[-800.0, -30.0, -1.0, -1e-3, -1e-6, 0.0, 1e-6, 9e-5, 1.1e-4, 1e-3, 1.0, 30.0, 800.0]
    value, slope = bernoulli(x)
    wide = x.astype(np.longdouble)
    with np.errstate(all="ignore"):
        expected = np.where(x == 0.0, 1.0, wide / np.expm1(np.where(x == 0.0, 1.0, wide)))
    np.testing.assert_allclose(value, expected.astype(float), rtol=1e-12, atol=1e-300)
    step = 1e-6
    # by central differences; near 0 and far out these are good to 1e-9
    differences = (bernoulli(x + step)[0] - bernoulli(x - step)[0]) / (2.0 * step)
    np.testing.assert_allclose(slope, differences, atol=1e-7)


def test_cells_fill_the_device():
    """Areas, and levers that agree with the finite elements they share a mesh with."""
    slab = slab_mesh([0.0, 1.0, 3.0, 4.0], [0.0, 2.0, 3.0])
    assert slab.areas.sum() == pytest.approx(12.0, rel=1e-12)
    np.testing.assert_allclose(slab.levers()[:, 1], slab.points[:, 0] / 4.0, atol=1e-12)
    electrodes = around(DISC, 3, width_m=0.1 * DISC.perimeter_m)
    mesh = device_mesh(DISC, electrodes, spacing_m=15e-9)
    assert mesh.areas.sum() == pytest.approx(DISC.area_m2, rel=0.01)
    field = solve_field(DISC, electrodes, spacing_m=15e-9)
    away, there = cKDTree(field.points).query(mesh.points)
    assert away.max() == 0.0
    np.testing.assert_allclose(mesh.levers(), field.potentials[there], atol=0.01)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: replace(UNDOPED, mobility_m2_vs=-1.0), "mobility_m2_vs is -1"),
        (lambda: replace(UNDOPED, doping_m3=np.inf), "doping_m3 is inf"),
        (lambda: slab_mesh([0.0, 1.0], [0.0, 1.0]), "one at least must lie between"),
        (lambda: slab_mesh([0.0, 1.0, 1.0], [0.0, 1.0]), "x_m must be"),
        (lambda: slab_mesh([0.0, 1e-12, 1.0], [0.0, 1.0]), "lines 1e-12 m apart"),
        (lambda: HoleFlow(slab_mesh([0.0, 0.5, 1.0], [0.0, 1.0]), UNDOPED).solve([1.0]), "voltages have shape"),
        (lambda: HoleFlow(slab_mesh([0.0, 0.5, 1.0], [0.0, 1.0]), UNDOPED).solve([1.0, np.nan]), "finite one"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()
