"""Held and Karp's bound: below every tour at any prices, and near the shortest one."""

from itertools import permutations

import networkx as nx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.tours import PathMacro, one_tree_bound, solve_by_macros
from neuromorph.tours.city_distances import matrix_distances
from neuromorph.tours.one_tree import _complete_bound


def cities(n: int, seed: int = 0) -> nm.Tsp:
    return nm.Tsp.from_coordinates(np.random.default_rng(seed).random((n, 2)))


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_is_below_the_shortest_tour_at_any_prices(seed):
    problem = cities(8, seed)
    shortest = min(problem.length([0, *rest]) for rest in permutations(range(1, 8)))
    rng = np.random.default_rng(seed)
    distances = matrix_distances(problem.distances())
    for scale in (0.0, 0.03, 0.3, 3.0):
        assert _complete_bound(distances, scale * rng.standard_normal(8)) < shortest
    found = one_tree_bound(problem)
    assert 0.97 * shortest < found <= shortest
    assert one_tree_bound(problem, iterations=5) <= found


def test_without_prices_it_is_the_tree_and_a_link_of_a_leaf():
    problem = cities(30)
    d = problem.distances()
    tree = nx.minimum_spanning_tree(nx.from_numpy_array(d))
    leaves = [city for city, degree in tree.degree if degree == 1]
    second = [np.sort(d[leaf][np.arange(30) != leaf])[1] for leaf in leaves]
    found = _complete_bound(matrix_distances(d), np.zeros(30)) - tree.size("weight")
    assert min(abs(found - link) for link in second) < 1e-6


def test_links_that_the_ascent_does_not_see_count_all_the_same():
    """Prices of a wrong graph make a lower bound, never a wrong one: 300 cities see 200 neighbors, here only 16."""
    rng = np.random.default_rng(0)
    centers = rng.random((6, 2)) * 100.0
    points = (centers[:, None] + 0.01 * rng.random((6, 60, 2))).reshape(-1, 2)  # neighbors are all in the own heap
    problem = nm.Tsp.from_coordinates(points)
    tour = solve_by_macros(problem, PathMacro(), trials=3000, rng=1)
    assert one_tree_bound(problem, iterations=300) <= tour.length


def test_the_bound_of_random_cities_is_near_the_shortest_tour():
    problem = cities(250)
    tour = solve_by_macros(problem, PathMacro(), trials=20_000, rng=1)
    bound = one_tree_bound(problem)
    assert 0.975 * tour.length < bound <= tour.length
    three = nm.Tsp.from_coordinates([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    assert one_tree_bound(three) == pytest.approx(12.0)
    assert one_tree_bound(nm.Tsp.from_matrix(np.zeros((5, 5)))) == 0.0
