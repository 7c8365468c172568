r"""A dopant device: outline, electrodes, acceptors and donors in silicon.

.. math:: C_{ij} = \frac{e}{4 \pi \epsilon} \Big( \frac{1}{r_{ij}} - g_{ij} \Big), \qquad
          \phi_i = \sum_d \frac{e}{4 \pi \epsilon r_{id}} \;\text{(donors, without images)}, \qquad
          \nu_{ab} = \nu_0 \frac{T}{T_0} e^{-2 r_{ab} / a}

where r are distances between dopants, g the induced potential of the images (if they are on), nu_0 the attempt rate at
the temperature T_0 and a the localization length. ``hopping_network`` says what C, phi and nu do; constants with their
sources are in ``data.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge, epsilon_0

from neuromorph.datum import Datum, read_data
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from .electrode_potential import ElectrodePotentials, solve_potentials
from .geometry import Disc, Electrode, Shape, evenly_spaced_electrodes, find_overlap
from .hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from .image_charges import induced_potential

_potentials = lru_cache(maxsize=2)(solve_potentials)  # many networks on one outline differ in their dopants alone
_CLOSEST_M = read_data(files(__package__).joinpath("data.toml").read_text())["closest_dopants"].value


@dataclass(frozen=True)
class Material:
    """The material of the layer; ``silicon()`` has the defaults of ``data.toml``.

    Attributes
    ----------
    relative_permittivity : float
        Permittivity over that of vacuum.
    localization_m : float
        a of exp(-2 r / a), m.
    attempt_rate_hz : float
        nu_0 at 77 K, 1/s.
    attempt_k : float
        T_0, to whose temperature nu_0 belongs, K; attempts go in proportion to temperature.
    """

    relative_permittivity: float
    localization_m: float
    attempt_rate_hz: float
    attempt_k: float = LIQUID_NITROGEN_K

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value > 0.0):
                raise ValueError(f"{name} is {value}; it must be finite and positive")


def device_data() -> dict[str, Datum]:
    """Read the numbers of ``data.toml``.

    Returns
    -------
    dict of str to Datum
        Constants by name.
    """
    return read_data(files(__package__).joinpath("data.toml").read_text())


def silicon() -> Material:
    """Return boron in silicon.

    Returns
    -------
    Material
        Material.
    """
    d = device_data()
    names = ("relative_permittivity", "localization_length", "attempt_rate_hz", "attempt_temperature")
    return Material(*(d[name].value for name in names))


@dataclass(frozen=True, eq=False)
class Device:
    """Geometry of a dopant device (all lengths in m).

    Attributes
    ----------
    shape : Disc or Rectangle
        Outline of the active area.
    electrodes : tuple of Electrode
        Contacts on the outline.
    acceptors, donors : (n, 2), (m, 2) float
        Positions, inside the outline.
    material : Material
        Permittivity, localization length and attempt rate.
    images : bool
        Whether metal electrodes induce image charges of the dopants.

    Raises
    ------
    ValueError
        If electrodes touch or are fewer than two, a dopant is outside, or there is no acceptor.
    """

    shape: Shape
    electrodes: tuple[Electrode, ...]
    acceptors: Float
    donors: Float
    material: Material
    images: bool = False

    def __post_init__(self) -> None:
        touching = find_overlap(self.shape, self.electrodes)
        if touching is not None:
            raise ValueError(f"electrodes {touching[0]} and {touching[1]} touch; narrow them or move them apart")
        if len(self.electrodes) < 2:
            raise ValueError(f"there are {len(self.electrodes)} electrodes; a current needs two at least")
        for name in ("acceptors", "donors"):
            points = np.array(getattr(self, name), dtype=float).reshape(-1, 2)
            outside = ~self.shape.contains(points) | ~np.isfinite(points).all(axis=1)
            if outside.any():
                raise ValueError(f"{name}[{int(np.argmax(outside))}] is not inside the device; move it inside")
            points.setflags(write=False)
            object.__setattr__(self, name, points)
        if len(self.acceptors) == 0:
            raise ValueError("acceptors are none; holes need at least one site to hop to")

    @cached_property
    def field(self) -> ElectrodePotentials:
        """The potentials of the electrodes."""
        return _potentials(self.shape, self.electrodes)

    @cached_property
    def network(self) -> HoppingNetwork:
        """Energies and attempt rates of the hopping."""
        coulomb = self.coulomb_v_m
        sites, between = self.acceptors, _distances(self.acceptors, self.acceptors)
        interaction = coulomb / (between + np.diag(np.full(len(sites), np.inf)))
        static = (coulomb / _distances(sites, self.donors)).sum(axis=1)
        if self.images:
            mirrored = coulomb * induced_potential(self.shape, self.electrodes, np.concatenate([sites, self.donors]))
            near = mirrored[: len(sites), : len(sites)]
            static += 0.5 * np.diag(near) - mirrored[: len(sites), len(sites) :].sum(axis=1)
            interaction -= near - np.diag(np.diag(near))
        contact = np.stack([self._reach(sites, electrode) for electrode in self.electrodes], axis=1)
        n, k = contact.shape
        lengths = np.full((n + k, n + k), np.inf)
        lengths[:n, :n] = between
        np.fill_diagonal(lengths, np.inf)
        lengths[:n, n:], lengths[n:, :n] = contact, contact.T
        attempts = self.material.attempt_rate_hz * np.exp(-2.0 * lengths / self.material.localization_m)
        return HoppingNetwork(static, interaction, self.field.levers(sites), attempts, self.material.attempt_k)

    @property
    def coulomb_v_m(self) -> float:
        """Coulomb interaction C_ij times r_ij, e / 4 pi eps, V m."""
        return elementary_charge / (4.0 * np.pi * epsilon_0 * self.material.relative_permittivity)

    def _reach(self, points: Float, electrode: Electrode) -> Float:
        """Compute distances (n,), m, to the nearest point of an electrode."""
        along = self.shape.at(electrode.start_m + np.linspace(0.0, electrode.width_m, 65))
        return np.asarray(_distances(points, along).min(axis=1))


def random_device(
    acceptors: int = 30,
    donors: int | None = None,
    electrodes: int = 8,
    *,
    shape: Shape | None = None,
    width_m: float | None = None,
    material: Material | None = None,
    images: bool = False,
    rng: RNG = None,
) -> Device:
    """Draw a device with dopants at uniformly random positions and equal electrodes.

    Parameters
    ----------
    acceptors, electrodes : int
        Numbers.
    donors : int, optional
        Number; None is the usual compensation, half as many as acceptors.
    shape : Disc or Rectangle, optional
        The outline; None is a disc of the usual acceptor density.
    width_m : float, optional
        Width of an electrode; None is the usual part, 0.4, of the outline's share of each.
    material : Material, optional
        The material; None is silicon.
    images : bool
        Whether electrodes induce image charges.
    rng : RNG
        Seed or generator of the positions.

    Returns
    -------
    Device
        The device.
    """
    data = device_data()
    if donors is None:
        donors = round(data["compensation"].value * acceptors)
    if acceptors < 1 or donors < 0:
        raise ValueError(f"{acceptors} acceptors and {donors} donors; give at least one acceptor and no negative")
    if shape is None:
        shape = Disc(float(np.sqrt(acceptors / data["acceptor_density"].value / np.pi)))
    share = data["electrode_share"].value * shape.perimeter_m
    width = share / electrodes if width_m is None and electrodes > 0 else width_m or 0.0
    generator = np.random.default_rng(read_seeds(rng, 1)[0])
    points = _scatter(shape, acceptors + donors, generator)
    contacts = evenly_spaced_electrodes(shape, electrodes, width_m=width)
    return Device(shape, contacts, points[:acceptors], points[acceptors:], material or silicon(), images)


def _scatter(shape: Shape, count: int, generator: np.random.Generator) -> Float:
    if count * _CLOSEST_M**2 > 0.2 * shape.area_m2:
        raise ValueError(f"{count} dopants do not fit into {shape.area_m2:g} m2; take a larger device or fewer dopants")
    points = np.empty((0, 2))
    while len(points) < count:
        tried = generator.uniform(-0.5, 0.5, 2) * shape.extent_m
        if shape.contains(tried) and (_distances(points, tried[None]) > _CLOSEST_M).all():
            points = np.vstack([points, tried])
    return points


def _distances(a: ArrayLike, b: ArrayLike) -> Float:
    return np.asarray(np.linalg.norm(np.asarray(a)[:, None] - np.asarray(b)[None], axis=-1))
