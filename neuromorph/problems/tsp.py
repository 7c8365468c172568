"""The traveling salesman: the shortest closed tour through n cities, symmetric distances d_ij >= 0.

Distances follow TSPLIB (``tsplib_distances``); the couplings over n^2 spins are those of ``tour_one_hot``. Tours that
must hold given edges, and one-way tours, are such problems too (``forced_links``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising, check_spins
from ..rng import RNG
from ..task import Minimize
from .city_checks import MAX_MATRIX, check_tour, checked_cities, checked_display, checked_penalty, distance_matrix
from .problem import Solution
from .tour_links import holds_links
from .tour_one_hot import completed_tour, held_tour, one_hot_energies, one_hot_ising, one_state, sufficient_penalty
from .tour_warnings import tour_warnings
from .tsplib_distances import DISTANCE_RULES, degrees

MAX_ISING_CITIES = 200  # cities; n^2 spins, 4 n^3 couplings: 400 MB, and four times that on the way


@dataclass(frozen=True, eq=False)
class Tsp:
    """A symmetric traveling salesman problem of at least three cities.

    Parameters
    ----------
    name : str
        Name of the problem.
    coordinates : (n, 2) or (n, 3) float, or None
        Places that ``weight_type`` turns into distances.
    weight_type : str
        EDGE_WEIGHT_TYPE of TSPLIB, or "EUCLIDEAN", unrounded (see ``distances``).
    matrix : (n, n) float, or None
        Distances themselves if weight_type is EXPLICIT; the diagonal is ignored.
    display : (n, 2) float, or None
        Points at which to draw the cities, if not at their coordinates.
    best_known : float, or None
        Length of the best tour known.
    penalty : float, or None
        A of the one-hot form; None: the smallest that makes the ground states the shortest tours, rounded up (a lower
        one: fewer but shorter tours).
    notes : tuple of str
        Content that the reader of the file took for granted; doubtful content (see ``tour_warnings``) is added here.
    labels : tuple of str
        Names of the cities; empty: they are called 1 .. n.
    links : (k, 2) int, or None
        Edges that a tour must hold, and that ``forced_links`` made cheap.
    offset : float
        Constant of every length.
    one_way : bool
        Whether city k + n / 2 is the double of city k, which stands behind it.
    """

    name: str
    coordinates: Any = None
    weight_type: str = "EUC_2D"
    matrix: Any = None
    display: Any = None
    best_known: float | None = None
    penalty: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)
    links: Any = None
    offset: float = 0.0
    one_way: bool = False

    kind: ClassVar[str] = "tsp"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        coordinates, matrix = checked_cities(self.weight_type, self.coordinates, self.matrix)
        object.__setattr__(self, "coordinates", coordinates)
        object.__setattr__(self, "matrix", matrix)
        if self.size < 3:
            cities = "is 1 city" if self.size == 1 else f"are {self.size} cities"
            raise ValueError(f"there {cities}; a tour needs at least 3")
        if self.display is not None:
            object.__setattr__(self, "display", checked_display(self.display, self.size))
        if self.penalty is not None:
            checked_penalty(self.penalty)
        checked = self.links is None  # lengths that are made are no doubtful ones
        said = tour_warnings(self.coordinates, self.matrix, self.weight_type, self.distance) if checked else ()
        object.__setattr__(self, "notes", tuple(dict.fromkeys((*self.notes, *said))))

    @property
    def size(self) -> int:
        """Number of cities n."""
        return len(self.coordinates if self.matrix is None else self.matrix)

    @classmethod
    def from_coordinates(
        cls, coordinates: ArrayLike, *, name: str = "cities", weight_type: str = "EUCLIDEAN", **more: Any
    ) -> Tsp:
        """Build a problem from points, by default with unrounded distances.

        Parameters
        ----------
        coordinates : (n, d) float
            Cities.
        name, weight_type, **more : object
            Fields of the class.

        Returns
        -------
        Tsp
            Problem.
        """
        return cls(name, coordinates=coordinates, weight_type=weight_type, **more)

    @classmethod
    def from_matrix(cls, distances: ArrayLike, *, name: str = "cities", **more: Any) -> Tsp:
        """Build a problem from distances.

        Parameters
        ----------
        distances : (n, n) float
            Symmetric and not negative.
        name, **more : object
            Fields of the class.

        Returns
        -------
        Tsp
            Problem.
        """
        return cls(name, weight_type="EXPLICIT", matrix=distances, **more)

    def distance(self, i: ArrayLike, j: ArrayLike) -> Any:
        """Compute the distances of pairs of cities; no matrix is built.

        Parameters
        ----------
        i, j : int array_like
            Cities, 0-based; the arrays broadcast.

        Returns
        -------
        float or ndarray
            Distances.
        """
        a, b = np.asarray(i), np.asarray(j)
        if self.matrix is not None:
            return self.matrix[a, b]
        return np.where(a == b, 0.0, DISTANCE_RULES[self.weight_type][1](self.coordinates[a], self.coordinates[b]))[()]

    def distances(self) -> Float:
        """Compute all distances, up to MAX_MATRIX cities.

        Returns
        -------
        (n, n) float
            Matrix of distances.
        """
        if self.size > MAX_MATRIX:
            raise ValueError(
                f"{self.name} has {self.size} cities; a distance matrix stops at {MAX_MATRIX}: use distance(i, j)"
            )
        if self.matrix is not None:
            return np.array(self.matrix)
        return distance_matrix(self.distance, self.size)

    def length(self, tour: ArrayLike) -> float:
        """Compute the length of a closed tour.

        Parameters
        ----------
        tour : (n,) int
            Permutation of 0 .. n - 1.

        Returns
        -------
        float
            Length.

        Raises
        ------
        ValueError
            If it is no permutation.
        """
        order = check_tour(tour, self.size)
        return float(np.sum(self.distance(order, np.roll(order, -1)))) + self.offset

    def answer_energies(self, answers: ArrayLike) -> Float:
        """Compute the energies of tours (reads, n), their lengths.

        Returns
        -------
        (reads,) float
            Lengths of the tours.
        """
        tours = np.asarray(answers)
        if tours.ndim != 2:
            raise ValueError(f"tours have shape {tours.shape}; give one a read, (reads, {self.size})")
        return np.array([self.length(tour) for tour in tours])

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the length of an answer; :meth:`.Problem.score` documents the argument.

        Returns
        -------
        float
            Length; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        return float("nan") if value is None else self.length(value)

    def drawing(self) -> Float | None:
        """Return points at which to draw the cities, x to the right and y up.

        Returns
        -------
        (n, 2) float or None
            Points; None if the file gives none.
        """
        if self.display is not None:
            return np.array(self.display)
        if self.coordinates is None or self.coordinates.shape[1] < 2:
            return None
        if self.weight_type == "GEO":  # latitude first
            return degrees(self.coordinates[:, ::-1])
        return np.array(self.coordinates[:, :2])

    def default_penalty(self) -> float:
        """Return the default penalty, a little above A* of ``tour_one_hot``.

        It has five binary digits, so that integer sums stay exact.

        Returns
        -------
        float
            A.
        """
        return self._default_penalty

    @cached_property
    def _default_penalty(self) -> float:
        return sufficient_penalty(self.distances())

    def _penalty(self, penalty: float | None) -> float:
        asked = self.penalty if penalty is None else penalty
        return self.default_penalty() if asked is None else checked_penalty(asked)

    def ising(self, penalty: float | None = None) -> Ising:
        """Return the one-hot form over n^2 spins.

        ``spins.reshape(n, n)[city, position]`` is up where the city has the position.

        Parameters
        ----------
        penalty : float or None
            A; None takes :meth:`default_penalty`.

        Returns
        -------
        Ising
            Couplings, biases and offset.

        Raises
        ------
        DoesNotFit
            If there are too many cities.
        """
        n = self.size
        if n > MAX_ISING_CITIES:
            raise ValueError(
                f"{self.name} has {n} cities; its one-hot form would have {4 * n**2 * (n - 1)} couplings and stops at "
                f"{MAX_ISING_CITIES} cities: use a target that holds tours (softassign, swaps) or a smaller instance"
            )
        return one_hot_ising(self.distances(), self._penalty(penalty), self.offset)

    def energy(self, spins: ArrayLike, penalty: float | None = None) -> Any:
        """Compute the energy of ``ising(penalty)``, as :meth:`.Problem.energy` documents.

        Returns
        -------
        float or (reads,) float
            E.
        """
        s = check_spins(spins, self.size**2)
        energies = (
            one_hot_energies(np.atleast_2d(s), self._penalty(penalty), self.distance, self.distances) + self.offset
        )
        return float(energies[0]) if s.ndim == 1 else energies

    def spins(self, tour: ArrayLike) -> NDArray[np.int8]:
        """Convert a tour to its state.

        Parameters
        ----------
        tour : (n,) int
            Permutation of 0 .. n - 1.

        Returns
        -------
        (n^2,) int8
            Spins, -1 or +1.
        """
        order = check_tour(tour, self.size)
        state = np.full((self.size, self.size), -1, dtype=np.int8)
        state[order, np.arange(self.size)] = 1
        return state.ravel()

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the tour of one state; :meth:`.Problem.decode` documents the arguments.

        A repair is greedy, and the answer says so.

        Returns
        -------
        Solution
            Tour, None where the state is none.

        Raises
        ------
        ValueError
            If the spins are not one state.
        """
        up = one_state(spins, self.size)
        tour = held_tour(up)
        if tour is not None:
            return Solution(tour, feasible=holds_links(tour, self.links))
        return Solution(completed_tour(up, self.distance), False, repaired=True) if repair else Solution(None, False)

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()
