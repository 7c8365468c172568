"""The form in which a problem is searched: moves that hold what every answer must, or spins under penalties."""

from __future__ import annotations

from typing import Any, TypeAlias

from ..ising import Ising
from ..problems.assignment import Assignment
from ..problems.coloring import Coloring
from ..problems.independent_set import IndependentSet
from ..problems.problem import Problem
from .list_coloring import possible_colors
from .one_hot_moves import GroupMoves
from .permutation_moves import PermutationMoves
from .set_search import SetMoves

OneHotMoves: TypeAlias = GroupMoves | PermutationMoves
Moves: TypeAlias = OneHotMoves | SetMoves
GROUP_NAMES = ("one-hot-tempering", "one-hot-annealing", "one-hot-tabu")  # methods of these moves
SET_METHOD = "set-tabu"
_THIN = 3.0  # edges a node up to which reductions of spins leave little, or all is solved exactly
_SMALL = 19  # nodes of a graph of any density that elimination solves


def moves_of(problem: Any, *, all_states: bool = False) -> OneHotMoves | None:
    """Return the moves of a problem that has groups.

    Parameters
    ----------
    problem : Ising or Problem
        Problem; ``groups`` (n,) tells the group of each of its spins.
    all_states : bool
        Whether a coloring of which some nodes are given moves to all colors. Otherwise colors are left out that no
        coloring without a conflict can have, if there is one.

    Returns
    -------
    GroupMoves or PermutationMoves or None
        Moves; None where no group is known.
    """
    if isinstance(problem, Assignment):
        return PermutationMoves(problem.flows, problem.distances)
    groups = getattr(problem, "groups", None)
    if groups is None:
        return None
    allowed = possible_colors(problem) if isinstance(problem, Coloring) and not all_states else None
    return GroupMoves(problem.ising(), groups, None if allowed is None else allowed.ravel())


def searched_form(problem: Ising | Problem, method: str) -> Ising | Moves:
    """Return what a minimization searches: moves within groups or sets, or all spins.

    Parameters
    ----------
    problem : Ising or Problem
        Problem.
    method : str
        Its method. "auto" takes thin or small graphs as spins, of which elimination solves many exactly.

    Returns
    -------
    Ising or GroupMoves or PermutationMoves or SetMoves
        The form.

    Raises
    ------
    ValueError
        If the method needs a structure that the problem has not.
    """
    if isinstance(problem, IndependentSet):
        thick = problem.nodes > _SMALL and len(problem.edges) > _THIN * problem.nodes
        if method == SET_METHOD or (method == "auto" and thick):
            return SetMoves(problem)
    elif method == "auto" or method in GROUP_NAMES:
        moves = moves_of(problem)
        if moves is not None:
            return moves
    if method in GROUP_NAMES:
        raise ValueError(
            f"method is {method!r}, but the {type(problem).__name__} has no groups of which one spin is up; "
            "give an Assignment or a Coloring, or choose another method"
        )
    if method == SET_METHOD:
        raise ValueError(f"method is {method!r}, but the {type(problem).__name__} is no IndependentSet; choose another")
    return problem if isinstance(problem, Ising) else problem.ising()
