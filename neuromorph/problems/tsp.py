r"""The traveling salesman: the shortest closed tour through n cities, symmetric distances d_ij >= 0.

One-hot form over x_{ip} = 1 where city i stands at position p of the tour, s = 2x - 1, positions cyclic:

.. math:: E(x) = \sum_p \sum_{i \ne j} d_{ij} x_{ip} x_{j,p+1}
                 + A \sum_i \Bigl(1 - \sum_p x_{ip}\Bigr)^2 + A \sum_p \Bigl(1 - \sum_i x_{ip}\Bigr)^2

E is the length of every tour. **The ground states are exactly the shortest tours** for every A above
A* = max_i (d_i' + d_i'') / 2, where d_i' and d_i'' are the two largest distances of city i; A* <= max d, Lucas's bound.
Proof: take any state. While a position or a city has more than one spin up, put one of them down: no distance
is added, and one squared misfit falls by at least A while the other rises by at most A, so E does not rise. Each city
and each position now has at most one spin up. While a city i is missing, so is a position: put it there. Two misfits
vanish, -2A, and at most two distances from i to two different cities appear, so E falls. Thus E of the state is
at least E of some tour; equality needs that no city was added and that no misfit was there: the state was that tour.

Sources: Hopfield and Tank, Biol. Cybern. 52, 141 (1985), for the encoding; Lucas, Front. Phys. 2, 5 (2014), section 7,
for equal penalties on rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising, check_spins
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.pieces import pieces
from ..task import Minimize
from .problem import Solution
from .text_file import LARGEST
from .tour_warnings import tour_warnings
from .tsplib_distances import DISTANCE_RULES, check_geo, degrees

MAX_MATRIX = 10_000  # cities; 800 MB
NO_ROAD = "for 'no road' write a large distance, above the length of any tour"
MAX_ISING_CITIES = 200  # cities; n^2 spins, 4 n^3 couplings: 400 MB, and four times that on the way

_CHUNK = 1 << 22  # floats in flight while many reads are evaluated


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
    """

    name: str
    coordinates: Any = None
    weight_type: str = "EUC_2D"
    matrix: Any = None
    display: Any = None
    best_known: float | None = None
    penalty: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "tsp"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        explicit = self.weight_type == "EXPLICIT"
        if explicit != (self.matrix is not None) or explicit == (self.coordinates is not None):
            raise ValueError(
                f"weight_type is {self.weight_type}; give matrix with EXPLICIT, else coordinates, not both"
            )
        if explicit:
            object.__setattr__(self, "matrix", _checked_matrix(self.matrix))
        elif self.weight_type in DISTANCE_RULES:
            points = _checked_points("coordinates", self.coordinates, DISTANCE_RULES[self.weight_type][0])
            if self.weight_type == "GEO":
                check_geo(points)
            object.__setattr__(self, "coordinates", points)
        else:
            raise ValueError(f"weight_type is {self.weight_type}; known are EXPLICIT, {', '.join(DISTANCE_RULES)}")
        if self.size < 3:
            raise ValueError(f"there are {self.size} cities; a tour needs at least 3")
        if self.display is not None:
            object.__setattr__(self, "display", _checked_points("display", self.display, 2))
            if len(self.display) != self.size:
                raise ValueError(f"display has {len(self.display)} points for {self.size} cities; give one a city")
        if self.penalty is not None:
            _checked_penalty(self.penalty)
        said = tour_warnings(self.coordinates, self.matrix, self.weight_type, self.distance)
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
        name : str
            Name of the problem.
        weight_type : str
            TSPLIB's name of the distance.
        **more : object
            Other fields.

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
        name : str
            Name of the problem.
        **more : object
            Other fields.

        Returns
        -------
        Tsp
            Problem.
        """
        return cls(name, weight_type="EXPLICIT", matrix=distances, **more)

    # Distances and tours.

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
        """Compute all distances.

        Returns
        -------
        (n, n) float
            Matrix of distances.

        Raises
        ------
        ValueError
            Above MAX_MATRIX cities.
        """
        if self.size > MAX_MATRIX:
            raise ValueError(
                f"{self.name} has {self.size} cities; a distance matrix stops at {MAX_MATRIX}: use distance(i, j)"
            )
        if self.matrix is not None:
            return np.array(self.matrix)
        cities, d = np.arange(self.size), np.empty((self.size, self.size))
        for city in cities:
            checkpoint()
            d[city] = self.distance(city, cities)
        return d

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
        return float(np.sum(self.distance(order, np.roll(order, -1))))

    def answer_energies(self, answers: ArrayLike) -> Float:
        """Compute the energies of tours: their lengths, which E of the one-hot form equals.

        Parameters
        ----------
        answers : (reads, n) integers
            Permutations of 0 .. n - 1.

        Returns
        -------
        (reads,) float
            Lengths of the tours.

        Raises
        ------
        ValueError
            An answer is not a tour.
        """
        tours = np.asarray(answers)
        if tours.ndim != 2:
            raise ValueError(f"tours have shape {tours.shape}; give one a read, (reads, {self.size})")
        return np.array([self.length(tour) for tour in tours])

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the length of an answer.

        Parameters
        ----------
        solution : Solution or (n,) int
            Answer or tour.

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

    # The one-hot form.

    def default_penalty(self) -> float:
        """Return the default penalty, a little above A* of the module's text.

        It has five binary digits, so that integer sums stay exact.

        Returns
        -------
        float
            A.
        """
        return self._default_penalty

    @cached_property
    def _default_penalty(self) -> float:
        d, bound = self.distances(), 0.0
        for rows, _ in pieces(self.size, 1):
            largest_two = np.partition(d[rows], self.size - 2, axis=1)[:, -2:]
            bound = max(bound, float(largest_two.sum(axis=1).max()) / 2.0)
        if bound == 0.0:
            return 1.0
        unit = 2.0 ** (np.floor(np.log2(bound)) - 4.0)
        return float((np.floor(bound / unit) + 1.0) * unit)

    def _penalty(self, penalty: float | None) -> float:
        asked = self.penalty if penalty is None else penalty
        return self.default_penalty() if asked is None else _checked_penalty(asked)

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
        d, a = self.distances(), self._penalty(penalty)
        city = np.arange(n)
        others = np.arange(n - 1) + (np.arange(n - 1) >= city[:, None])  # row i: all but i
        # Row (i, p) of J in four runs: i elsewhere, others at p, others before and after.
        column = np.empty((n, n, 4, n - 1), dtype=np.int32)
        column[:, :, 0] = city[:, None, None] * n + others[None, :, :]
        for run, shift in ((1, 0), (2, 1), (3, -1)):
            column[:, :, run] = others[:, None, :] * n + ((city + shift) % n)[None, :, None]
        coupling = np.empty(column.shape)
        coupling[:, :, :2] = -a / 2.0
        coupling[:, :, 2:] = -np.take_along_axis(d, others, axis=1)[:, None, None, :] / 4.0
        start = np.arange(n * n + 1, dtype=np.int32) * (4 * (n - 1))
        couplings = sparse.csr_array((coupling.ravel(), column.ravel(), start), shape=(n * n, n * n))
        biases = np.repeat(-a * (n - 2) - d.sum(axis=1) / 2.0, n)
        return Ising(couplings, biases, a * n * ((n - 2) ** 2 + n) / 2.0 + n * float(d.sum()) / 4.0)

    def energy(self, spins: ArrayLike, penalty: float | None = None) -> Any:
        """Compute the energy of ``ising(penalty)`` from the distances.

        Parameters
        ----------
        spins : (n^2,) or (reads, n^2)
            One state, or many.
        penalty : float or None
            A; None takes :meth:`default_penalty`.

        Returns
        -------
        float or (reads,) float
            E.
        """
        n = self.size
        s = check_spins(spins, n * n)
        a = self._penalty(penalty)
        step = max(1, _CHUNK // (n * n))
        many = np.atleast_2d(s)
        parts = [self._energies(many[k : k + step].reshape(-1, n, n) > 0, a) for k in range(0, len(many), step)]
        energies = np.concatenate(parts) if parts else np.empty(0)
        return float(energies[0]) if s.ndim == 1 else energies

    def _energies(self, up: NDArray[np.bool_], penalty: float) -> Float:
        """Compute E (reads,) of states (reads, n, n); one city at every position takes n distances and no product."""
        here, visits = up.sum(axis=1), up.sum(axis=2)
        length = np.empty(len(up))
        plain = (here == 1).all(axis=1)
        order = up[plain].argmax(axis=1)
        length[plain] = self.distance(order, np.roll(order, -1, axis=1)).sum(axis=1)
        if not plain.all():
            x = up[~plain].astype(float)
            length[~plain] = np.einsum("rip,rip->r", self.distances() @ x, np.roll(x, -1, axis=2))
        return length + penalty * (((here - 1.0) ** 2).sum(axis=1) + ((visits - 1.0) ** 2).sum(axis=1))

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
        """Read the tour of one state.

        Parameters
        ----------
        spins : (n^2,) int
            State, -1 or +1.
        repair : bool
            Whether to complete a state that is no tour greedily; the answer says so.

        Returns
        -------
        Solution
            Tour, None where the state is none.

        Raises
        ------
        ValueError
            If the spins are not one state.
        """
        n = self.size
        s = check_spins(spins, n * n)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; decode one state ({n * n},) at a time")
        up = s.reshape(n, n) > 0
        if (up.sum(axis=0) == 1).all() and (up.sum(axis=1) == 1).all():
            return Solution(up.argmax(axis=0), feasible=True)
        return Solution(self._completed(up), False, repaired=True) if repair else Solution(None, False)

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task: to minimize.

        Parameters
        ----------
        reads : int
            Number of reads.
        rng : RNG
            Without effect here.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()

    def _completed(self, up: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Keep one city a position, the nearest to the one before; then fill the gaps with the nearest city left."""
        tour = np.full(self.size, -1)
        left = np.ones(self.size, dtype=bool)
        for filling in (False, True):
            for position in np.flatnonzero(tour < 0):
                choice = np.flatnonzero(left if filling else left & up[:, position])
                if choice.size == 0:
                    continue
                beside = [tour[position - 1], tour[(position + 1) % self.size]]
                added = np.sum([self.distance(choice, city) for city in beside if city >= 0], axis=0)
                tour[position] = choice[np.argmin(np.broadcast_to(added, choice.shape))]
                left[tour[position]] = False
        return tour


def check_tour(tour: ArrayLike, n: int) -> NDArray[np.int64]:
    """Require a permutation of 0 .. n - 1.

    Parameters
    ----------
    tour : (n,) int
        Tour.
    n : int
        Number of cities.

    Returns
    -------
    (n,) int64
        Tour.

    Raises
    ------
    ValueError
        If it is no permutation.
    """
    order = np.asarray(tour)
    if order.shape != (n,):
        raise ValueError(f"tour has shape {order.shape}; give all {n} cities once, ({n},)")
    if order.dtype.kind not in "iu":
        raise ValueError(f"tour holds {order.dtype}; give city numbers 0 .. {n - 1} as integers")
    order = order.astype(np.int64)
    outside = (order < 0) | (order >= n)
    if outside.any():
        raise ValueError(f"tour has city {order[np.argmax(outside)]}; number the cities 0 .. {n - 1}")
    visits = np.bincount(order, minlength=n)
    if (visits != 1).any():
        city = int(np.argmax(visits != 1))
        raise ValueError(f"tour visits city {city} {visits[city]} times; each of the {n} cities must come once")
    return order


def _checked_penalty(penalty: float) -> float:
    if not (np.isfinite(penalty) and penalty > 0):
        raise ValueError(f"penalty is {penalty}; it must be finite and positive, or None for the proven bound")
    return float(penalty)


def negative(distance: float) -> str:
    """Return the message for a distance below 0.

    A constant added to all distances would make missing roads short.

    Parameters
    ----------
    distance : float
        Distance.

    Returns
    -------
    str
        Message with the remedy.
    """
    if distance == -1.0:
        return f"a distance is -1, which reads as 'no road'; tours go by every road: {NO_ROAD}"
    return f"a distance is negative, {distance:g}; distances are 0 or more: correct it; {NO_ROAD}"


def _checked_points(what: str, points: Any, dimensions: int | None) -> Float:
    xy = np.array(points, dtype=float)
    if xy.ndim != 2 or xy.shape[1] == 0 or (dimensions is not None and xy.shape[1] != dimensions):
        raise ValueError(f"{what} have shape {xy.shape}; expected (cities, {dimensions or 'dimensions'})")
    if not (np.abs(xy) <= LARGEST).all():
        raise ValueError(f"{what} hold NaN, infinity or more than 1e15; rescale or remove them")
    xy.setflags(write=False)
    return xy


def _checked_matrix(matrix: Any) -> Float:
    d = np.array(matrix, dtype=float)
    if d.ndim != 2 or d.shape[0] != d.shape[1]:
        raise ValueError(f"matrix has shape {d.shape}; expected (n, n)")
    if len(d) > MAX_MATRIX:
        raise ValueError(f"matrix has {len(d)} cities; it stops at {MAX_MATRIX}: give coordinates")
    np.fill_diagonal(d, 0.0)
    if not (np.abs(d) <= LARGEST).all():
        raise ValueError(f"matrix holds NaN, infinity or more than 1e15; rescale it; {NO_ROAD}")
    if (d < 0.0).any():
        raise ValueError(negative(d.min()))
    if (d != d.T).any():
        i, j = np.argwhere(d != d.T)[0]
        raise ValueError(f"matrix[{i}, {j}] is {d[i, j]:g} but matrix[{j}, {i}] is {d[j, i]:g}; it must be symmetric")
    d.setflags(write=False)
    return d
