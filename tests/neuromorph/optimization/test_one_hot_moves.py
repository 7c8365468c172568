"""Moves that keep one-hot groups: the law on the constrained space, optima by enumeration, targets, bad input."""

from dataclasses import replace
from itertools import permutations, product

import networkx as nx
import numpy as np
import pytest
from scipy.stats import chi2

from hardware_targets.cpu.annealer import CpuAnneal
from hardware_targets.cpu.optimizers import CpuOptimize
from neuromorph import Ising
from neuromorph.optimization import (
    GroupMoves,
    PermutationMoves,
    minimize,
    moves_of,
    one_hot_annealing,
    one_hot_range,
    one_hot_tempering,
)
from neuromorph.problems.assignment import Assignment
from neuromorph.problems.coloring import Coloring
from neuromorph.problems.sudoku import sudoku
from neuromorph.task import Minimize, Sample

READS = 8_000


def group_model():
    """Groups of 2, 3 and 1 spins, not in order, with couplings inside the groups too, which drop out."""
    rng = np.random.default_rng(3)
    j = np.triu(rng.normal(size=(6, 6)), 1)
    return GroupMoves(Ising(j + j.T, rng.normal(size=6), 0.7), [1, 0, 1, 2, 1, 0])


def assignment(n, seed=0, symmetric=False):
    rng = np.random.default_rng(seed)
    f, d = rng.integers(0, 9, (2, n, n)).astype(float)
    if symmetric:
        f, d = f + f.T, d + d.T
    return Assignment("own", f, d)


def every_state(moves):
    if isinstance(moves, PermutationMoves):
        return np.array(list(permutations(range(len(moves.flows)))))
    members = [np.flatnonzero(moves.groups == g) for g in range(moves.groups.max() + 1)]
    return np.array(list(product(*members)))


def require_boltzmann(moves, beta, spins):
    """G = 2 N KL is chi^2 with K - 1 degrees of freedom; chance fails once in 10**6."""
    states = every_state(moves)
    energies = moves.energy(states)
    weights = np.exp(-beta * (energies - energies.min()))
    expected = weights / weights.sum() * len(spins)
    names = {tuple(state): k for k, state in enumerate(states)}
    counts = np.bincount([names[tuple(state)] for state in moves.places(spins)], minlength=len(states)).astype(float)
    rare = expected < 5
    if rare.any():
        counts, expected = (np.append(x[~rare], x[rare].sum()) for x in (counts, expected))
    seen = counts > 0
    g = 2.0 * (counts[seen] * np.log(counts[seen] / expected[seen])).sum()
    assert g < chi2.isf(1e-6, len(counts) - 1)


MODELS = [group_model(), moves_of(assignment(4, 1)), moves_of(assignment(3, 2, symmetric=True))]


@pytest.mark.parametrize(("moves", "beta"), [(MODELS[0], 0.6), (MODELS[1], 0.02), (MODELS[2], 0.01)])
def test_reads_at_one_beta_follow_boltzmanns_law(moves, beta):
    """A difference of energy that forgets a term, a sign or the diagonals, or a field that is not kept, fails."""
    found = one_hot_annealing(moves, np.full(80, beta), READS, rng=1)
    require_boltzmann(moves, beta, found.spins)
    assert np.allclose(found.energies, moves.energy(moves.places(found.spins)))


@pytest.mark.parametrize(("moves", "ladder"), [(MODELS[0], (0.2, 1.1)), (MODELS[1], (0.005, 0.03))])
def test_tempering_follows_it_at_every_rung(moves, ladder):
    last = np.array([one_hot_tempering(moves, 25, betas=ladder, rng=k).diagnostics["last_spins"] for k in range(1500)])
    for rung, beta in enumerate(ladder):
        require_boltzmann(moves, beta, last[:, rung])


def test_two_groups_of_two_that_nothing_couples_are_no_clock():
    """Were a move always made at beta = 0, every sweep would end in the same half of the states."""
    moves = GroupMoves(Ising(np.zeros((4, 4))), [0, 0, 1, 1])
    for sweeps in (20, 21):
        require_boltzmann(moves, 1.0, one_hot_annealing(moves, np.ones(sweeps), 2000, rng=2).spins)
    hot, cold = one_hot_range(moves)
    assert hot == cold


def test_energies_are_those_of_the_penalized_form():
    for problem in (assignment(4, 5), Coloring("path", 3, [[0, 1], [1, 2]], 2), sudoku(np.eye(4, dtype=int))):
        moves = moves_of(problem)
        found = one_hot_annealing(moves, 5, 3, rng=1)
        assert np.allclose(found.energies, problem.energy(found.spins))
        assert np.allclose(found.energies, [problem.score(problem.decode(spins)) for spins in found.spins])
        assert (moves.spins(moves.places(found.spins)) == found.spins).all()


@pytest.mark.parametrize("method", ["auto", "one-hot-annealing"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_assignments_are_solved(method, symmetric):
    problem = assignment(6, 7, symmetric)
    best = min(problem.score(p) for p in permutations(range(6)))
    found = minimize(problem, method=method, batches=2, rng=1)
    assert found.energy == best == problem.score(problem.decode(found.spins))
    assert found.methods == ("one-hot-tempering" if method == "auto" else method,)
    assert found.left == 36


def test_colorings_are_solved_with_the_chromatic_number():
    petersen, mycielski = nx.petersen_graph(), nx.mycielski_graph(5)
    for graph, colors in ((petersen, 3), (mycielski, 5)):
        edges = np.array(list(nx.convert_node_labels_to_integers(graph).edges))
        problem = Coloring("own", len(graph), edges, colors)
        found = minimize(problem, goal=0.0, rng=1)
        assert found.energy == 0.0
        assert problem.decode(found.spins).feasible
    worst = Coloring("triangle", 3, [[0, 1], [1, 2], [0, 2]], 2)
    assert minimize(worst, batches=1, rng=1).energy == 1.0


def test_a_sudoku_is_solved():
    rows = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
    problem = sudoku(np.array(list(map(int, rows))).reshape(9, 9))
    found = minimize(problem, goal=0.0, rng=1)
    digits = problem.decode(found.spins).value.reshape(9, 9) + 1
    assert found.energy == 0.0
    assert (np.arange(1, 10) == np.sort(digits, axis=0).T).all()
    assert (np.sort(digits, axis=1) == np.arange(1, 10)).all()


def test_the_answer_depends_on_the_seed_and_not_on_workers():
    problem = assignment(12, 3)
    one, two, other = (minimize(problem, batches=4, workers=w, rng=s) for w, s in ((1, 5), (2, 5), (1, 6)))
    assert (one.spins == two.spins).all()
    assert one.energy == two.energy
    begun = minimize(problem, batches=1, rng=other.batches, initial=other.spins)
    assert begun.energy <= other.energy


@pytest.mark.parametrize("target", [CpuAnneal(sweeps=300), CpuOptimize(batches=1)])
def test_targets_hold_groups(target):
    problem = assignment(6, 7)
    best = min(problem.score(p) for p in permutations(range(6)))
    program = target.program(problem)
    run = target.run(program, Minimize(), 5, rng=1)
    assert "group" in program.notes[-1]
    assert all(problem.decode(spins).feasible for spins in run.spins)
    assert run.energies.min() == best
    again = target.run(program, Minimize(), 3, rng=1)
    assert (again.spins == run.spins[:3]).all()


def test_a_trace_shows_groups_held_at_every_sweep():
    problem, target = assignment(4, 7), CpuAnneal(sweeps=40)
    program = target.program(problem)
    shown = target.trace(program, Minimize(), rng=3)
    read = target.run(program, Minimize(), 1, rng=3)
    assert (shown.spins == read.spins[0]).all()


def test_to_sample_takes_all_spins():
    """Sampling is of exp(-beta E) over all 2^n states, penalties included: groups are no part of that law."""
    target, problem = CpuAnneal(sweeps=50), Coloring("pair", 2, [[0, 1]], 2)
    run = target.run(target.program(problem), Sample(0.05), 50, rng=1)
    assert not all(problem.decode(spins).feasible for spins in run.spins)


def test_bad_input_is_named():
    ising = Ising(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="groups are not whole numbers"):
        GroupMoves(ising, [0, 0, 2, 2])
    with pytest.raises(ValueError, match="has no groups of which one spin is up"):
        minimize(ising, method="one-hot-tempering")
    with pytest.raises(ValueError, match="has no groups"):
        one_hot_annealing(ising)
    moves = GroupMoves(ising, [0, 0, 1, 1])
    with pytest.raises(ValueError, match="2 spins up in group 1"):
        moves.places([[1, -1, 1, 1]])
    with pytest.raises(ValueError, match="no permutation of 3"):
        minimize(assignment(3), initial=np.ones(9, int))
    for betas in ([], [-1.0], [np.nan], [[1.0]]):
        with pytest.raises(ValueError, match="betas have shape"):
            one_hot_annealing(moves, betas)
    for betas in ([1.0], [2.0, 1.0], [1.0, np.inf]):
        with pytest.raises(ValueError, match="betas have shape"):
            one_hot_tempering(moves, betas=betas)


def test_a_penalty_does_not_matter():
    problem = assignment(5, 2)
    ours = [minimize(replace(problem, penalty=a), batches=1, rng=1) for a in (0.01, 1e6)]
    assert (ours[0].spins == ours[1].spins).all()
