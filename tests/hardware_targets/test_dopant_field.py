"""Levers of electrodes: an exact conformal map as oracle, order of convergence, images of charges in electrodes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from hardware_targets.dopant_network.device.device import Device, random_device, silicon
from hardware_targets.dopant_network.device.electrode_potential import solve_potentials
from hardware_targets.dopant_network.device.geometry import (
    Disc,
    Electrode,
    Rectangle,
    evenly_spaced_electrodes,
    find_overlap,
)
from hardware_targets.dopant_network.device.image_charges import induced_potential

DISC = Disc(1.0)
QUARTERS = evenly_spaced_electrodes(DISC, 2, width_m=np.pi / 2)  # arcs of 90 degrees, to the right and to the left


def onto_square(points: np.ndarray) -> np.ndarray:
    """The disc's conformal map onto a square, corners at the ends of QUARTERS: the potential is linear there."""
    z = points[:, 0] + 1j * points[:, 1]
    return np.asarray(z * hyp2f1(0.25, 0.5, 1.25, -(z**4)))


def test_two_quarter_arcs_conduct_as_a_square() -> None:
    """A disc between two quarter arcs is a square: one sheet conductance, and a lever linear in the square."""
    field = solve_potentials(DISC, QUARTERS, spacing_m=2.0 / 80)
    assert field.conductances[0, 0] == pytest.approx(1.0, abs=1e-3)
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.7, 0.7, (400, 2))
    exact = 0.5 + 0.5 * onto_square(points).real / onto_square(np.array([[1.0, 0.0]])).real
    assert np.abs(field.levers(points)[:, 0] - exact).max() < 1e-3


def test_the_mesh_converges_with_the_square_of_its_spacing() -> None:
    """Halving the spacing quarters the error of the conductance, in spite of the singular ends of electrodes."""
    errors = [solve_potentials(DISC, QUARTERS, spacing_m=2.0 / m).conductances[0, 0] - 1.0 for m in (40, 80, 160)]
    assert all(error > 0.0 for error in errors)  # linear elements bound the energy from above
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.abs(orders - 2.0).max() < 0.1
    assert errors[-1] < 1e-4


def test_a_rectangle_between_its_sides_is_linear() -> None:
    """Electrodes over the whole of two opposite sides: a linear potential, which linear elements hold exactly."""
    shape = Rectangle(3.0, 2.0)
    field = solve_potentials(shape, (Electrode(4.0, 2.0), Electrode(9.0, 2.0)))
    assert field.conductances[0, 0] == pytest.approx(2.0 / 3.0, rel=1e-9)
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (200, 2)) * [3.0, 2.0]
    assert np.allclose(field.levers(points)[:, 0], points[:, 0] / 3.0 + 0.5, atol=1e-9)


@settings(max_examples=6)
@given(
    st.integers(2, 9), st.floats(0.1, 0.9), st.floats(0.0, 6.0), st.sampled_from([Disc(50e-9), Rectangle(90e-9, 40e-9)])
)
def test_levers_of_any_electrodes(count: int, filled: float, first: float, shape: Disc | Rectangle) -> None:
    """Rows sum to 1, lie in [0, 1], and Maxwell's matrix is symmetric with rows that sum to 0: no charge is lost."""
    width = filled * shape.perimeter_m / count
    field = solve_potentials(
        shape,
        evenly_spaced_electrodes(shape, count, width_m=width, first_m=first * 1e-9),
        spacing_m=shape.extent_m / 20,
    )
    points = np.random.default_rng(count).uniform(-0.5, 0.5, (60, 2)) * shape.extent_m
    levers = field.levers(points[shape.contains(points)])
    assert np.allclose(levers.sum(axis=1), 1.0, atol=1e-12)
    assert levers.min() > -1e-3
    assert levers.max() < 1.0 + 1e-3
    scale = np.abs(field.conductances).max()
    assert np.allclose(field.conductances, field.conductances.T, atol=1e-9 * scale)
    assert np.allclose(field.conductances.sum(axis=1), 0.0, atol=1e-9 * scale)


def test_a_wide_straight_electrode_mirrors_charges() -> None:
    """g of panels tends to that of the mirror charge, 1 / |r - mirror of r'|, self-image and pairs alike.

    Finer panels come nearer; what is left of 1 % is the electrode's finite width.
    """
    shape, wall = Rectangle(1.0, 4.0), (Electrode(8.0, 3.9),)  # all of the left side, at x = -1/2
    points = np.array([[-0.2, 0.0], [-0.1, 0.3], [0.0, -0.2]])
    mirrored = points * [-1.0, 1.0] - [1.0, 0.0]
    exact = 1.0 / np.linalg.norm(points[:, None] - mirrored[None], axis=-1)
    errors = [np.abs(induced_potential(shape, wall, points, refine=r) / exact - 1.0).max() for r in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.01


def test_images_in_many_arcs_stay_physical() -> None:
    """Symmetric, positive, never more than the charges themselves, converged to 2 % in a usual device."""
    device = random_device(12, 2, rng=0)
    points = np.concatenate([device.acceptors, device.donors])
    g, fine = (induced_potential(device.shape, device.electrodes, points, refine=r) for r in (1, 2))
    assert np.array_equal(g, g.T)
    assert np.linalg.eigvalsh(g).min() > 0.0
    assert np.abs(g / fine - 1.0).max() < 0.02
    away = np.linalg.norm(points[:, None] - points[None], axis=-1) + np.diag(np.full(len(points), np.inf))
    off = ~np.eye(len(points), dtype=bool)
    assert (g > 0.0).all()
    assert (g[off] < 1.0 / away[off]).all()


def test_image_charges_enter_the_energies() -> None:
    """C loses g, acceptors gain half of their own image, donors' images count: all against the bare device."""
    bare = random_device(6, 2, rng=4)
    device = random_device(6, 2, images=True, rng=4)
    g = bare.coulomb_v_m * induced_potential(bare.shape, bare.electrodes, np.concatenate([bare.acceptors, bare.donors]))
    one, other = bare.network, device.network
    off = ~np.eye(6, dtype=bool)
    assert np.allclose((one.interaction_v - other.interaction_v)[off], g[:6, :6][off])
    assert np.allclose(other.static_v - one.static_v, 0.5 * np.diag(g)[:6] - g[:6, 6:].sum(axis=1))
    assert np.array_equal(one.attempts_hz, other.attempts_hz)


def test_a_device_answers_bad_geometry() -> None:
    """Touching electrodes, dopants outside, no acceptors, too many dopants: named, not simulated."""
    assert find_overlap(DISC, (Electrode(0.0, 1.0), Electrode(6.0, 1.0))) == (0, 1)
    two = evenly_spaced_electrodes(DISC, 2, width_m=0.5)
    inside = np.array([[0.0, 0.1]])
    with pytest.raises(ValueError, match="touch"):
        Device(DISC, (Electrode(0.0, 1.0), Electrode(6.0, 1.0)), inside, np.empty((0, 2)), silicon())
    with pytest.raises(ValueError, match=r"donors\[0\] is not inside"):
        Device(DISC, two, inside, np.array([[2.0, 0.0]]), silicon())
    with pytest.raises(ValueError, match="acceptors are none"):
        Device(DISC, two, np.empty((0, 2)), inside, silicon())
    with pytest.raises(ValueError, match="needs two at least"):
        Device(DISC, two[:1], inside, inside, silicon())
    with pytest.raises(ValueError, match="do not fit"):
        random_device(30, 3, shape=Disc(2e-9), rng=0)
    with pytest.raises(ValueError, match="do not fit"):
        evenly_spaced_electrodes(DISC, 8, width_m=1.0)
    with pytest.raises(ValueError, match="spacing_m"):
        solve_potentials(DISC, two, spacing_m=-1.0)
    with pytest.raises(ValueError, match="radius_m"):
        Disc(float("nan"))


def test_a_device_is_the_same_for_the_same_seed() -> None:
    """Also for a generator; another seed gives another device."""
    a, b, c = (random_device(10, 2, rng=seed) for seed in (3, 3, 4))
    assert np.array_equal(a.acceptors, b.acceptors)
    assert np.array_equal(a.donors, b.donors)
    assert not np.array_equal(a.acceptors, c.acceptors)
    assert len(a.electrodes) == 8
