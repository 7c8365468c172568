"""Analog dynamics that end in tours, side by side behind one call, with the imperfections of a device.

==================  =================================================================================================
hopfield-tank       the network of 1985 with its published constants; one start in ten ends in a tour
projection          its dynamics within the subspace of valid assignments
potts               Potts mean field: rows are exact, columns a penalty
softassign          a leaky integrator with normalized rows and columns, adiabatically cooled
chaotic             neurons with transient chaos
==================  =================================================================================================

Schedules follow from the number of cities. ``analog.hopfield_tank``, ``analog.softassign``, ``projection``,
``potts_kernel`` and ``chaotic_kernel`` have the equations.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from ..analog import HopfieldTank, Permutations, Softassign, hopfield_tank, softassign
from ..analog.assignments import check_distances
from ..ising import Float
from ..rng import RNG, child, kernel_states, read_seeds
from ..runtime.limits import checkpoint
from .chaotic_kernel import chaotic_tour
from .imperfections import Imperfections
from .potts import potts_tours
from .projection import projected_tours

TourMethod = Literal["hopfield-tank", "projection", "potts", "softassign", "chaotic"]
TOUR_METHODS: tuple[TourMethod, ...] = get_args(TourMethod)


def analog_tours(
    distances: ArrayLike,
    method: TourMethod = "softassign",
    *,
    reads: int = 1,
    imperfections: Imperfections | None = None,
    effort: float = 1.0,
    rng: RNG = None,
) -> Permutations:
    """Run analog dynamics of a tour.

    Parameters
    ----------
    distances : (n, n) array_like
        Distances, n >= 3.
    method : str
        Dynamics, as in the head of this module.
    reads : int
        Starts.
    imperfections : Imperfections or None
        Bits and mismatch of the cells that hold the distances, one device for all reads; noise is added to that of the
        dynamics, in units of their own: of the temperature for softassign and potts, of the outputs for projection, of
        y for chaotic; the network of 1985 has none.
    effort : float
        Length of the schedule over that which is chosen for n cities.
    rng : RNG
        Source of one stream for each read, and of the device.

    Returns
    -------
    Permutations
        Final outputs: assignments, validity and tours.

    Raises
    ------
    ValueError
        If the method is unknown, or a number is out of range.
    """
    if method not in TOUR_METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(TOUR_METHODS)}")
    if not (np.isfinite(effort) and effort > 0):
        raise ValueError(f"effort is {effort}; it must be finite and positive")
    exact = check_distances(distances)
    device = imperfections or Imperfections()
    seeds = read_seeds(rng, reads)
    held = device.held(exact, np.random.default_rng(child(seeds[0], "device")))
    n, noise = len(exact), device.noise
    if method == "softassign":
        system = Softassign(exact, tau_per_city=effort * _tau_per_city(n), noise=_softassign_noise(n) + noise)
        return softassign(system, seeds, held=held)
    if method == "hopfield-tank":
        return hopfield_tank(HopfieldTank(in_unit_square(held)), seeds, duration_tau=0.01 * effort)
    scaled = Softassign(exact).scaled(held)
    if method == "projection":
        return projected_tours(scaled, seeds, steps=max(2, round(1600 * effort)), noise=noise)
    if method == "potts":
        return potts_tours(scaled, seeds, sweeps=max(2, round(100 * max(n, 6) * effort)), noise=noise)
    return _chaotic(in_unit_square(held), seeds, max(2, round(1500 * effort)), noise)


def in_unit_square(distances: Float) -> Float:
    """Scale distances as if the cities filled a unit square.

    Parameters
    ----------
    distances : (n, n) float
        Distances.

    Returns
    -------
    (n, n) float
        Distances; unchanged where the largest one is between 0.7 and sqrt(2), else it becomes 1.1.
    """
    top = float(distances.max()) or 1.0
    return distances if 0.7 <= top <= np.sqrt(2.0) else distances * (1.1 / top)


def _tau_per_city(n: int) -> float:
    """Length of the schedule by measurement: short tours need most, long ones grow with n as it is."""
    return 40.0 if n < 20 else (1280.0 if n < 80 else 160.0)


def _softassign_noise(n: int) -> float:
    """Noise by measurement: the best of four reads gains what the mean loses."""
    return 1.2 if 20 <= n < 80 else 1.5


def _chaotic(distances: Float, seeds: list[np.random.SeedSequence], sweeps: int, noise: float) -> Permutations:
    n = len(distances)
    values = np.empty((len(seeds), n, n))
    for read, stream in enumerate(kernel_states(seeds)):
        checkpoint("chaotic dynamics", read, len(seeds))
        chaotic_tour(distances, 0.7, 0.003 * 1500 / sweeps, sweeps, noise, stream, values[read])
    return Permutations(values, float(sweeps), sweeps, np.zeros(len(seeds), np.int64))
