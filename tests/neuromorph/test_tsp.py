"""Tours: distances against TSPLIB's text, the one-hot form over every state, ground states against brute force."""

from itertools import permutations, product
from math import acos, ceil, cos, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuromorph import Minimize, Problem, Tsp, exact, load
from neuromorph.problems.tsp import MAX_ISING_CITIES


def random_matrix(seed: int, n: int) -> np.ndarray:
    """Integers with zeros and large outliers: no triangle inequality to lean on."""
    rng = np.random.default_rng(seed)
    d = np.triu(rng.integers(0, 10, (n, n)) ** rng.integers(1, 4, (n, n)), 1)
    return (d + d.T).astype(float)


def length_of(d: np.ndarray, tour) -> float:
    return sum(d[tour[k - 1], tour[k]] for k in range(len(tour)))


def shortest(d: np.ndarray) -> float:
    """Held and Karp, SIAM J. 10, 196 (1962): best[set, last] from city 0, by the bits of the other n - 1 cities."""
    n = len(d) - 1
    best = np.full((1 << n, n), np.inf)
    for k in range(n):
        best[1 << k, k] = d[n, k]
    for cities in range(1, 1 << n):
        for last in range(n):
            if cities >> last & 1 and (rest := cities ^ (1 << last)):
                best[cities, last] = (best[rest] + d[:n, last]).min()
    return float((best[-1] + d[n, :n]).min())


def nint(x: float) -> int:
    return int(x + 0.5)


def geo(a, b) -> int:
    def radians(x: float) -> float:
        whole = int(x)
        return 3.141592 * (whole + 5.0 * (x - whole) / 3.0) / 180.0

    (lat_a, lon_a), (lat_b, lon_b) = map(radians, a), map(radians, b)
    q1, q2, q3 = cos(lon_a - lon_b), cos(lat_a - lat_b), cos(lat_a + lat_b)
    return int(6378.388 * acos(max(-1.0, min(1.0, 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)))) + 1.0)


def att(a, b) -> int:
    r = sqrt(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / 10.0)
    return nint(r) + (nint(r) < r)


def xray(a, b, scale) -> int:
    dx = abs(a[0] - b[0])
    apart = (min(dx, abs(dx - 360.0)), abs(a[1] - b[1]), abs(a[2] - b[2]))
    return nint(100.0 * max(x / by for x, by in zip(apart, scale, strict=True)))


def apart(a, b) -> list[float]:
    return [abs(x - y) for x, y in zip(a, b, strict=True)]


BY_THE_BOOK = {
    "EUC_2D": (2, lambda a, b: nint(sqrt(sum(x * x for x in apart(a, b))))),
    "EUC_3D": (3, lambda a, b: nint(sqrt(sum(x * x for x in apart(a, b))))),
    "MAN_2D": (2, lambda a, b: nint(sum(apart(a, b)))),
    "MAN_3D": (3, lambda a, b: nint(sum(apart(a, b)))),
    "MAX_2D": (2, lambda a, b: max(map(nint, apart(a, b)))),
    "MAX_3D": (3, lambda a, b: max(map(nint, apart(a, b)))),
    "CEIL_2D": (2, lambda a, b: ceil(sqrt(sum(x * x for x in apart(a, b))))),
    "GEO": (2, geo),
    "ATT": (2, att),
    "XRAY1": (3, lambda a, b: xray(a, b, (1.0, 1.0, 1.0))),
    "XRAY2": (3, lambda a, b: xray(a, b, (1.25, 1.5, 1.15))),
    "EUCLIDEAN": (2, lambda a, b: sqrt(sum(x * x for x in apart(a, b)))),
}


@pytest.mark.parametrize("weight_type", BY_THE_BOOK)
def test_distances_are_those_of_the_text(weight_type):
    """One city at a time, in plain Python: a rounding rule, a sign of the minutes or a wrong axis shows."""
    dimensions, rule = BY_THE_BOOK[weight_type]
    rng = np.random.default_rng(7)
    points = np.round(rng.uniform(-80, 80, (30, dimensions)), 2)
    points[:4] = np.floor(points[:4])  # integers, where ties of rounding are met
    p = Tsp.from_coordinates(points, weight_type=weight_type)
    d = p.distances()
    for i, j in product(range(30), repeat=2):
        expected = 0.0 if i == j else rule(points[i], points[j])
        assert d[i, j] == pytest.approx(expected, rel=1e-14)
        assert p.distance(i, j) == d[i, j]
    np.testing.assert_array_equal(p.distance(np.arange(30)[:, None], np.arange(30)), d)
    np.testing.assert_array_equal(d, d.T)
    if weight_type != "EUCLIDEAN":
        np.testing.assert_array_equal(d, np.floor(d))


def test_every_weight_type_is_compared_with_the_text():
    from neuromorph.problems.tsplib_distances import DISTANCE_RULES

    assert set(DISTANCE_RULES) == set(BY_THE_BOOK)


def test_att_and_ceil_round_up_where_the_others_do_not():
    """sqrt(10 / 10) = 1 stays, sqrt(20 / 10) = 1.41 becomes 2; ceil(sqrt 2) = 2 while nint is 1."""
    points = [[0, 0], [3, 1], [4, 2], [1, 1]]
    assert Tsp.from_coordinates(points, weight_type="ATT").distance(0, [1, 2]).tolist() == [1, 2]
    assert Tsp.from_coordinates(points, weight_type="CEIL_2D").distance(0, 3) == 2
    assert Tsp.from_coordinates(points, weight_type="EUC_2D").distance(0, 3) == 1


def test_xray_angle_goes_the_short_way_round():
    p = Tsp.from_coordinates([[1, 0, 0], [359, 0, 0], [0, 1, 1]], weight_type="XRAY1")
    assert p.distance(0, 1) == 200


@given(seed=st.integers(0, 10**6), n=st.integers(3, 4), factor=st.sampled_from([None, 0.3, 5.0]))
def test_one_hot_form_over_every_state(seed, n, factor):
    """All 2^9 or 2^16 states: the energy without couplings is that of the couplings, and a tour's energy its length."""
    d = random_matrix(seed, n)
    p = Tsp.from_matrix(d)
    penalty = None if factor is None else factor * p.default_penalty()
    ising = p.ising(penalty)
    assert ising.size == n * n
    k = np.arange(2 ** (n * n)) if n == 3 or seed % 5 == 0 else np.random.default_rng(seed).integers(0, 2**16, 2000)
    states = exact.spins_of(k, n * n)
    energies = p.energy(states, penalty)
    np.testing.assert_allclose(energies, ising.energy(states), rtol=0, atol=1e-9 * max(1.0, abs(energies).max()))
    for tour in permutations(range(n)):
        assert p.energy(p.spins(tour), penalty) == length_of(d, tour) == p.length(tour)
        if factor is None:  # the default penalty keeps integer distances exact in the couplings, too
            assert ising.energy(p.spins(tour)) == length_of(d, tour)


@pytest.mark.parametrize(("n", "seeds"), [(3, 60), (4, 12)])
def test_ground_states_are_exactly_the_shortest_tours(n, seeds):
    """Enumeration of all states against all tours: a penalty too low, or a tour lost, shows."""
    for seed in range(seeds):
        d = random_matrix(seed, n)
        p = Tsp.from_matrix(d)
        lengths = {tour: length_of(d, tour) for tour in permutations(range(n))}
        energy, ground = exact.ground_states(p.ising())
        assert energy == pytest.approx(min(lengths.values()), abs=1e-9)
        best = {tour for tour, length in lengths.items() if length == min(lengths.values())}
        assert {tuple(p.decode(state).value.tolist()) for state in ground} == best


def test_the_bound_on_the_penalty_is_tight():
    """Three cities at distance 1: A* = 1. Just above, tours are the ground states; just below, a city is left out."""
    p = Tsp.from_matrix(np.ones((3, 3)))
    assert 1.0 < p.default_penalty() <= 1.0 + 2**-4
    _, ground = exact.ground_states(p.ising(1.01))
    assert len(ground) == 6
    assert all(p.decode(state).feasible for state in ground)
    energy, ground = exact.ground_states(p.ising(0.99))
    assert energy < 3.0
    assert not any(p.decode(state).feasible for state in ground)


@pytest.mark.parametrize("n", [5, 8, 21])
def test_one_hot_form_of_larger_problems(n):
    """Random states from empty to full, tours, and tours with one spin wrong, against the couplings."""
    rng = np.random.default_rng(n)
    p = Tsp.from_coordinates(rng.uniform(0, 100, (n, 2)), weight_type="EUC_2D")
    ising = p.ising()
    states = [np.where(rng.random(n * n) < up, 1, -1) for up in (0, 1 / n, 0.1, 0.5, 1) for _ in range(4)]
    for _ in range(10):
        tour = rng.permutation(n)
        assert p.energy(p.spins(tour)) == p.length(tour) == ising.energy(p.spins(tour))
        broken = p.spins(tour)
        broken[rng.integers(n * n)] *= -1
        states.append(broken)
        assert p.energy(broken) > p.length(tour)  # one wrong spin never pays
    np.testing.assert_allclose(p.energy(states), ising.energy(states), rtol=1e-12)
    assert p.energy(states[0]) == 2 * n * p.default_penalty()


@given(seed=st.integers(0, 10**6), n=st.integers(3, 9))
def test_no_state_is_below_the_shortest_tour(seed, n):
    """Sparse random states of up to 9 cities against Held-Karp: what enumeration cannot reach."""
    d = random_matrix(seed, n)
    p = Tsp.from_matrix(d)
    rng = np.random.default_rng(seed)
    states = np.where(rng.random((200, n * n)) < rng.uniform(0.5, 1.5) / n, 1, -1)
    assert p.energy(states).min() >= shortest(d) - 1e-9


@given(seed=st.integers(0, 10**6), n=st.integers(3, 6))
def test_held_karp_agrees_with_all_tours(seed, n):
    d = random_matrix(seed, n)
    assert shortest(d) == min(length_of(d, tour) for tour in permutations(range(n)))


def test_burma14_has_its_published_optimum():
    """Held-Karp on the file the repository carries gives 3323: a slip in a coordinate or in the GEO rule shows."""
    p = load(Path(__file__).parents[2] / "examples" / "data" / "burma14.tsp")
    assert shortest(p.distances()) == p.best_known == 3323


@given(seed=st.integers(0, 10**6), n=st.integers(3, 12))
def test_tours_survive_their_spins(seed, n):
    p = Tsp.from_matrix(random_matrix(seed, n))
    tour = np.random.default_rng(seed).permutation(n)
    spins = p.spins(tour)
    assert spins.dtype == np.int8
    assert spins.reshape(n, n)[tour[1], 1] == 1  # [city, position]
    solution = p.decode(spins)
    assert solution.feasible
    assert not solution.repaired
    np.testing.assert_array_equal(solution.value, tour)
    assert p.score(solution) == p.score(tour) == p.length(tour)


@given(seed=st.integers(0, 10**6), n=st.integers(3, 12), up=st.floats(0, 1))
def test_what_is_no_tour_is_said_to_be_none_even_if_repaired(seed, n, up):
    p = Tsp.from_matrix(random_matrix(seed, n))
    state = np.where(np.random.default_rng(seed).random(n * n) < up, 1, -1)
    x = state.reshape(n, n) > 0
    valid = (x.sum(0) == 1).all() and (x.sum(1) == 1).all()
    as_found, mended = p.decode(state), p.decode(state, repair=True)
    assert as_found.feasible == mended.feasible == valid
    assert mended.repaired == (not valid)
    assert np.array_equal(np.sort(mended.value), np.arange(n))
    if not valid:
        assert as_found.value is None
        assert np.isnan(p.score(as_found))


def test_repair_keeps_what_is_right_and_fills_greedily():
    """Cities on a line, one spin lost: the only city left goes to the only gap."""
    p = Tsp.from_coordinates(np.c_[np.arange(7.0), np.zeros(7)])
    spins = p.spins(np.arange(7))
    spins[3 * 7 + 3] = -1
    np.testing.assert_array_equal(p.decode(spins, repair=True).value, np.arange(7))
    empty = p.decode(-np.ones(49), repair=True)
    assert p.length(empty.value) == 12.0


def test_a_tsp_is_a_problem():
    p = Tsp.from_coordinates(np.eye(3), name="corner", weight_type="EUC_3D", best_known=3.0)
    assert isinstance(p, Problem)
    assert (p.kind, p.sense, p.size, p.name, p.best_known) == ("tsp", "min", 3, "corner", 3.0)
    assert p.task(10, 0) == Minimize()
    assert p.length([0, 1, 2]) == 3
    assert Tsp.from_matrix(np.zeros((3, 3))).default_penalty() == 1.0
    assert Tsp.from_matrix(np.ones((3, 3)), penalty=0.25).energy(-np.ones(9)) == 1.5


def test_drawings_have_east_to_the_right():
    p = Tsp.from_coordinates([[48.30, 11.0], [52.0, 13.15], [0.0, -1.30]], weight_type="GEO")
    np.testing.assert_allclose(p.drawing(), [[11, 48.5], [13.25, 52], [-1.5, 0]])
    assert Tsp.from_matrix(np.ones((3, 3))).drawing() is None
    shown = Tsp.from_matrix(np.ones((3, 3)), display=[[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(shown.drawing(), [[0, 1], [2, 3], [4, 5]])


@pytest.mark.parametrize(
    ("tour", "rule"),
    [
        ([0, 1], r"shape \(2,\)"),
        ([0, 1, 2, 2], "city 2 2 times|city 3 0 times"),
        ([0, 1, 2, 4], "city 4"),
        ([0, 1, 2, -1], "city -1"),
        ([0.0, 1.0, 2.0, 3.0], "float64"),
    ],
)
def test_tours_that_are_none_are_refused(tour, rule):
    p = Tsp.from_matrix(np.ones((4, 4)))
    for use in (p.length, p.spins, p.score):
        with pytest.raises(ValueError, match=rule):
            use(tour)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({"matrix": [[0, 1], [1, 0]], "weight_type": "EXPLICIT"}, "at least 3"),
        ({"matrix": np.ones((3, 2)), "weight_type": "EXPLICIT"}, "matrix has shape"),
        ({"matrix": [[0, 1, 2], [1, 0, 3], [9, 3, 0]], "weight_type": "EXPLICIT"}, r"matrix\[0, 2\] is 2"),
        ({"matrix": -np.ones((3, 3)), "weight_type": "EXPLICIT"}, "write a large distance, above"),
        ({"matrix": np.full((3, 3), np.nan), "weight_type": "EXPLICIT"}, "NaN"),
        ({"matrix": np.ones((3, 3))}, "else coordinates, not both"),
        ({"coordinates": np.ones((3, 3))}, r"expected \(cities, 2\)"),
        ({"coordinates": [[0, 0], [1, 1], [2, np.inf]]}, "infinity"),
        ({"coordinates": [[0, 0], [1, 1], [2, 2]], "weight_type": "EUC_4D"}, "known are EXPLICIT"),
        ({"coordinates": np.ones((3, 2)), "display": np.ones((2, 2))}, "one a city"),
        ({"coordinates": np.ones((3, 2)), "penalty": 0.0}, "finite and positive"),
        ({}, "else coordinates, not both"),
    ],
)
def test_bad_data_is_refused_with_the_rule(data, rule):
    with pytest.raises(ValueError, match=rule):
        Tsp("bad", **data)


def test_what_does_not_fit_in_memory_is_refused_with_a_remedy():
    large = Tsp.from_coordinates(np.random.default_rng(0).random((10_001, 2)))
    with pytest.raises(ValueError, match=r"use distance\(i, j\)"):
        large.distances()
    with pytest.raises(ValueError, match="use a target that holds tours"):
        large.ising()
    with pytest.raises(ValueError, match="one-hot form"):
        Tsp.from_matrix(np.ones((MAX_ISING_CITIES + 1, MAX_ISING_CITIES + 1))).ising()
    assert large.length(np.arange(10_001)) > 0


def test_arrays_do_not_change_under_the_caller():
    xy = np.random.default_rng(0).random((4, 2))
    p = Tsp.from_coordinates(xy)
    before = p.length(np.arange(4))
    xy[:] = 0
    p.distances()[:] = 0
    assert p.length(np.arange(4)) == before
    with pytest.raises(ValueError, match="read-only"):
        p.coordinates[0, 0] = 1
