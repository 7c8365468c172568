"""Tabu moves within groups; :mod:`.one_hot_tabu` has the equations."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from numba import njit

from ..kernels.xoshiro import below

_RANDOM, _SHARE = 10, 0.6  # tenure: so much at random, and this share of the number of groups in conflict
_ROUNDING = 1e-9


@njit(cache=True, nogil=True)
def tabu_moves(
    indptr, indices, data, members, sizes, top, steps, stop, winners, field, until, best, energies, counts, state
):
    """Make some moves, each the best of the groups in conflict that is not forbidden.

    Parameters
    ----------
    indptr, indices, data : arrays
        W in CSR form, 0 or less between groups, zero inside groups.
    members, sizes : (groups, largest), (groups,) int
        Units of each group, and their numbers.
    top : (groups,) float
        Largest field that a unit of the group can have.
    steps : int
        Number of moves.
    stop : float
        Energy at which to end.
    winners, field : (groups,), (n,)
        State and its fields, in place.
    until : (n,) int
        Step up to which a unit may not go on, in place.
    best : (groups,) int
        State of lowest energy that was met, in place.
    energies : (2,) float
        Energy of the state, and the lowest, in place.
    counts : (1,) int
        Moves made, in place.
    state : (4,) uint64
        Generator, in place.
    """
    for _ in range(steps):
        if energies[1] <= stop:
            return
        step = counts[0]
        counts[0] += 1
        group, unit, least, equal, clashes = -1, -1, 1e300, 0, 0
        for g in range(winners.size):
            here = field[winners[g]]
            if here >= top[g] - _ROUNDING:
                continue
            clashes += 1
            for k in range(sizes[g]):
                new = members[g, k]
                delta = here - field[new]
                if delta > least or new == winners[g]:
                    continue
                if until[new] > step and energies[0] + delta >= energies[1] - _ROUNDING:
                    continue
                if delta < least:
                    least, equal = delta, 0
                equal += 1
                if equal == 1 or below(state, equal) == 0:
                    group, unit = g, new
        if group < 0:
            continue
        old = winners[group]
        winners[group] = unit
        until[old] = step + 1 + below(state, _RANDOM) + int(_SHARE * clashes)
        energies[0] += least
        for at in range(indptr[old], indptr[old + 1]):
            field[indices[at]] -= data[at]
        for at in range(indptr[unit], indptr[unit + 1]):
            field[indices[at]] += data[at]
        if energies[0] < energies[1] - _ROUNDING:
            energies[1] = energies[0]
            for g in range(winners.size):
                best[g] = winners[g]
