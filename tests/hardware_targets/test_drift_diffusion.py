"""Holes at room temperature, against conformal maps, Mott and Gurney, Airy functions, and refinement of the mesh."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import elementary_charge, epsilon_0
from scipy.optimize import brentq
from scipy.spatial import cKDTree
from scipy.special import ellipj, ellipk

from hardware_targets.checks.device_checks import space_charge_with_diffusion
from hardware_targets.dopant_network.device.electrode_potential import solve_potentials
from hardware_targets.dopant_network.device.geometry import Disc, Electrode, Rectangle, evenly_spaced_electrodes
from hardware_targets.dopant_network.device.hopping_network import thermal_voltage
from hardware_targets.dopant_network.device.mesh import device_mesh, slab_mesh
from hardware_targets.dopant_network.transport.drift_diffusion import (
    HoleFlow,
    SemiconductorLayer,
    SteadyState,
    bernoulli_function,
    mott_gurney,
    silicon_layer,
)
from hardware_targets.dopant_network.transport.mesh_convergence import MeshRefinement, refine_mesh

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


def slab_density(layer: SemiconductorLayer, volts: float, cells: int) -> float:
    """J between two plates, A/m2."""
    state = HoleFlow(slab_mesh(lines(cells), [0.0, WIDTH]), layer).solve([volts, 0.0])
    assert state.converged
    assert abs(state.currents_a.sum()) < 1e-10 * state.currents_a[1]
    return float(state.currents_a[1]) / (WIDTH * layer.thickness_m)


def at_contacts(flow: HoleFlow, state: SteadyState) -> np.ndarray:
    """Currents once more, as the flux through the sides of the electrodes' own cells."""
    mesh, layer = flow.mesh, flow.layer
    thermal = thermal_voltage(layer.temperature_k)
    i, j = mesh.edges.T
    delta = (state.potentials_v[j] - state.potentials_v[i]) / thermal
    p = state.holes_m3
    flux = mesh.couplings * (bernoulli_function(delta)[0] * p[i] - bernoulli_function(-delta)[0] * p[j])
    into = np.bincount(j, flux, p.size) - np.bincount(i, flux, p.size)
    unit = elementary_charge * layer.mobility_m2_vs * thermal * layer.thickness_m
    return unit * np.array([into[mesh.owner == e].sum() for e in range(mesh.electrodes)])


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
    assert pytest.approx(beyond, rel=1e-12) == UNDOPED.skin_m
    expected = space_charge_with_diffusion(volts / thermal) * mott_gurney(UNDOPED, volts, LENGTH + 2.0 * beyond)
    assert slab_density(UNDOPED, volts, 800) == pytest.approx(expected, rel=3e-3)


def test_refining_the_slab_converges_at_first_order():
    """Scharfetter and Gummel's flux where drift rules: halving the cells halves the error, to 0.6 .. 1.6 of that."""
    found = np.array([slab_density(UNDOPED, 20.0, cells) for cells in (50, 100, 200, 400)])
    steps = -np.diff(found)
    assert (steps > 0.0).all()
    assert (np.abs(np.log2(steps[:-1] / steps[1:]) - 1.0) < 0.7).all()


def test_ohm_in_a_slab():
    """As many acceptors as contact holes: J = e mu N V / L."""
    doped = replace(UNDOPED, doping_m3=-UNDOPED.contact_m3)
    sigma = elementary_charge * doped.mobility_m2_vs * doped.contact_m3
    assert slab_density(doped, 1e-3, 50) == pytest.approx(sigma * 1e-3 / LENGTH, rel=1e-8)


def outline_on_a_line(shape: Disc | Rectangle, places: np.ndarray) -> np.ndarray:
    """Conformal maps onto the upper half-plane, at the outline: tan of half the angle; Jacobi's sn."""
    if isinstance(shape, Disc):
        return np.tan((places / shape.radius_m - np.pi / 2.0) / 2.0)
    w, h = shape.width_m, shape.height_m
    m = brentq(lambda m: h / w - ellipk(1.0 - m) / (2.0 * ellipk(m)), 1e-12, 1.0 - 1e-12)
    found = []
    for place in places % shape.perimeter_m:
        x, y = shape.at(place) * 2.0 * ellipk(m) / w
        if place < w or w + h < place < 2.0 * w + h:  # lower and upper side: sn(x), 1 / (sqrt(m) sn(x))
            sn = ellipj(x, m)[0]
            found.append(sn if place < w else 1.0 / (np.sqrt(m) * sn))
        else:  # sn(+-K + i y) = +-1 / dn(y | 1 - m)
            found.append(np.sign(x) / ellipj(y + ellipk(1.0 - m) / 2.0, 1.0 - m)[2])
    return np.array(found)


def sheet_conductance(shape: Disc | Rectangle, electrodes: tuple[Electrode, ...]) -> float:
    """Of two electrodes, exactly: K(c) / K(1 - c), c the cross-ratio of their ends on the line."""
    a, b, c, d = outline_on_a_line(shape, np.array([[e.start_m, e.stop_m] for e in electrodes]).ravel())
    ratio = (b - a) * (d - c) / ((c - a) * (d - b))
    return float(ellipk(ratio) / ellipk(1.0 - ratio))


@pytest.mark.parametrize(
    ("shape", "electrodes"),
    [
        (DISC, (Electrode(3e-8, 8e-8), Electrode(3.5e-7, 2.2e-7))),
        (Rectangle(3e-7, 1.5e-7), (Electrode(1.1e-7, 6e-8), Electrode(5.2e-7, 1e-7))),
        (Rectangle(2e-7, 3e-7), (Electrode(2e-7, 7e-8), Electrode(9e-7, 9e-8))),  # around a corner, and a side
    ],
)
def test_ohms_current_is_the_conformal_maps(shape, electrodes):
    """As many acceptors as contact holes: the exact current within 0.1 %, its limit within 1e-4, second order."""
    assert sheet_conductance(DISC, evenly_spaced_electrodes(DISC, 2, width_m=DISC.perimeter_m / 4)) == pytest.approx(
        1.0, rel=1e-12
    )
    whole = (Electrode(3.5, 1.0), Electrode(7.5, 1.0))
    assert sheet_conductance(Rectangle(3.0, 1.0), whole) == pytest.approx(1.0 / 3.0, rel=1e-9)
    doped = replace(UNDOPED, doping_m3=-1e22, contact_m3=1e22)  # nothing to resolve in front of electrodes
    sheet = elementary_charge * doped.mobility_m2_vs * doped.contact_m3 * doped.thickness_m
    exact = 1e-3 * sheet * sheet_conductance(shape, electrodes)
    found = refine_mesh(shape, electrodes, doped, [1e-3, 0.0])
    errors = found.currents_a[:, 1] / exact - 1.0
    assert (errors > 0.0).all()  # linear elements bound the current from above
    assert errors[-1] < 1e-3
    assert np.abs(np.log2(errors[:-1] / errors[1:]) - 2.0).max() < 0.3
    assert found.limit_a[1] == pytest.approx(exact, rel=1e-4)


def test_space_charge_on_a_graded_mesh_is_airys():
    """Plates at the sides of a rectangle, on triangles: the current of the Airy functions at second order."""
    volts = 5.0
    shape = Rectangle(LENGTH, WIDTH)
    plates = (Electrode(LENGTH + WIDTH / 2.0, WIDTH), Electrode(2.0 * LENGTH + 1.5 * WIDTH, WIDTH))
    density = mott_gurney(UNDOPED, volts, LENGTH + 2.0 * UNDOPED.skin_m)
    exact = (
        WIDTH
        * UNDOPED.thickness_m
        * density
        * space_charge_with_diffusion(volts / thermal_voltage(UNDOPED.temperature_k))
    )
    found = refine_mesh(shape, plates, UNDOPED, [volts, 0.0])
    errors = found.currents_a[:, 1] / exact - 1.0
    assert errors[-1] < 3e-3
    assert (np.log2(errors[:-1] / errors[1:]) > 1.4).all()
    assert found.limit_a[1] == pytest.approx(exact, rel=5e-4)


def test_two_electrodes_converge_under_refinement():
    """Within 0.3 % of the limit at second order, and two coarser meshes foretell that limit within 0.1 %."""
    found = refine_mesh(
        DISC, evenly_spaced_electrodes(DISC, 2, width_m=0.15 * DISC.perimeter_m), silicon_layer(), [1.0, 0.0]
    )
    assert found.errors[-1] < 3e-3
    assert np.abs(found.orders - 2.0).max() < 0.2
    coarse = MeshRefinement(found.spacings_m[:-1], found.vertices[:-1], found.currents_a[:-1])
    np.testing.assert_allclose(coarse.limit_a, found.limit_a, rtol=1e-3)
    assert "limit" in str(found)


def test_the_example_sets_the_meshes_side_by_side(capsys):
    """A small disc: the resistor as exact as the mesh allows, and the three tables are there."""
    example = Path(__file__).parents[2] / "examples" / "dopant_refinement.py"
    error, estimate = runpy.run_path(str(example))["main"](["--radius", "50e-9", "--halvings", "1"])
    assert 0.0 < error < 2e-3
    assert 0.0 < estimate < 1e-2
    tables, closing = capsys.readouterr().out.rstrip().rsplit("\n", 1)
    assert tables.count("silicon") == 2
    assert "published" in closing


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
    electrodes = evenly_spaced_electrodes(Rectangle(2e-7, 1e-7), 2, width_m=5e-8, first_m=1e-7)
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
    value, slope = bernoulli_function(x)
    wide = x.astype(np.longdouble)
    with np.errstate(all="ignore"):
        expected = np.where(x == 0.0, 1.0, wide / np.expm1(np.where(x == 0.0, 1.0, wide)))
    np.testing.assert_allclose(value, expected.astype(float), rtol=1e-12, atol=1e-300)
    step = 1e-6
    # by central differences; near 0 and far out these are good to 1e-9
    differences = (bernoulli_function(x + step)[0] - bernoulli_function(x - step)[0]) / (2.0 * step)
    np.testing.assert_allclose(slope, differences, atol=1e-7)


def test_cells_fill_the_device():
    """Areas, and levers that agree with the finite elements they share a mesh with."""
    slab = slab_mesh([0.0, 1.0, 3.0, 4.0], [0.0, 2.0, 3.0])
    assert slab.areas.sum() == pytest.approx(12.0, rel=1e-12)
    np.testing.assert_allclose(slab.levers()[:, 1], slab.points[:, 0] / 4.0, atol=1e-12)
    electrodes = evenly_spaced_electrodes(DISC, 3, width_m=0.1 * DISC.perimeter_m)
    mesh = device_mesh(DISC, electrodes, spacing_m=15e-9)
    assert mesh.areas.sum() == pytest.approx(DISC.area_m2, rel=0.01)
    field = solve_potentials(DISC, electrodes, spacing_m=15e-9)
    away, there = cKDTree(field.points).query(mesh.points)
    assert away.max() == 0.0
    np.testing.assert_allclose(mesh.levers(), field.potentials[there], atol=0.01)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: replace(UNDOPED, mobility_m2_vs=-1.0), "mobility_m2_vs is -1"),
        (lambda: replace(UNDOPED, doping_m3=np.inf), "doping_m3 is inf"),
        (lambda: device_mesh(DISC, evenly_spaced_electrodes(DISC, 2, width_m=1e-8), skin_m=1e-12), "skin_m is 1e-12"),
        (
            lambda: refine_mesh(DISC, evenly_spaced_electrodes(DISC, 2, width_m=1e-8), UNDOPED, [1.0, 0.0], halvings=0),
            "halvings is 0",
        ),
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
