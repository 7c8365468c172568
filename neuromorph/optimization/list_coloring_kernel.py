"""Backtracking over colorings: the choice with the fewest options first, and only options that are left."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from numba import njit

FOUND, NONE, GAVE_UP = 1, 0, -1


@njit(cache=True, nogil=True)
def assign(starts, near, colors, met, left, v, c):
    """Color a node.

    Parameters
    ----------
    starts, near : arrays
        Neighbors of each node.
    colors : (n,) int
        Color of each node, -1 for none, in place.
    met : (n, k) int
        Number of a node's neighbors of each color, in place.
    left : (n,) int
        Number of colors that no neighbor has, in place.
    v, c : int
        Node and its color.
    """
    colors[v] = c
    for at in range(starts[v], starts[v + 1]):
        u = near[at]
        met[u, c] += 1
        if met[u, c] == 1:
            left[u] -= 1


@njit(cache=True, nogil=True)
def _take_back(starts, near, colors, met, left, v):
    c = colors[v]
    colors[v] = -1
    for at in range(starts[v], starts[v + 1]):
        u = near[at]
        met[u, c] -= 1
        if met[u, c] == 0:
            left[u] += 1


@njit(cache=True, nogil=True)
def fewest_options(starts, colors, met, left, units, used, nodes, shades):
    """List the options of the choice that has the fewest.

    A choice is the color of a node, or the node that a color takes in a unit.

    Parameters
    ----------
    starts : (n + 1,) int
        Where the neighbors of each node begin.
    colors, met, left : arrays
        As of :func:`assign`.
    units : (units, k) int
        Nodes that are all joined to one another, as many as colors.
    used : int
        Colors up to this one are tried: the others are alike.
    nodes, shades : (k,) int
        The options, in place.

    Returns
    -------
    int
        Their number, 0 at a dead end; -1 if no node is without a color.
    """
    k, found, best, degree = met.shape[1], -1, met.shape[1] + 1, -1
    for v in range(colors.size):
        if colors[v] < 0 and (left[v] < best or (left[v] == best and starts[v + 1] - starts[v] > degree)):
            found, best, degree = v, left[v], starts[v + 1] - starts[v]
    if found < 0:
        return -1
    unit, shade = -1, -1
    for u in range(units.shape[0]):
        if best <= 1:
            break
        for c in range(k):
            count, there = 0, False
            for v in units[u]:
                if colors[v] == c:
                    there = True
                    break
                if colors[v] < 0 and met[v, c] == 0:
                    count += 1
            if not there and count < best:
                unit, shade, best = u, c, count
    count = 0
    if unit >= 0:
        for v in units[unit]:
            if colors[v] < 0 and met[v, shade] == 0:
                nodes[count], shades[count] = v, shade
                count += 1
        return count
    for c in range(min(k, used + 1)):
        if met[found, c] == 0:
            nodes[count], shades[count] = found, c
            count += 1
    return count


@njit(cache=True, nogil=True)
def propagate(starts, near, colors, met, left, units, nodes, shades):
    """Color what has one option, until nothing has.

    Parameters
    ----------
    starts, near, colors, met, left, units, nodes, shades : arrays
        As of :func:`assign` and :func:`fewest_options`, in place.

    Returns
    -------
    bool
        False if something has no option left.
    """
    while True:
        count = fewest_options(starts, colors, met, left, units, met.shape[1], nodes, shades)
        if count != 1:
            return count != 0
        assign(starts, near, colors, met, left, nodes[0], shades[0])


@njit(cache=True, nogil=True)
def backtrack(starts, near, colors, met, left, units, alike, limit, depth, at, used, counts, nodes, shades):
    """Search a coloring, from where the last call ended.

    Parameters
    ----------
    starts, near, colors, met, left, units : arrays
        As of :func:`fewest_options`, in place.
    alike : bool
        Whether colors that no node has are alike.
    limit : int
        Number of nodes to color in this call.
    depth : (1,) int
        Number of choices made, -1 before the first, in place.
    at, used, counts : (n + 1,) int
        Of each choice: the option taken, the colors in use before, the number of options, in place.
    nodes, shades : (n + 1, k) int
        Options of each choice, in place.

    Returns
    -------
    int
        FOUND, NONE (it is proven) or GAVE_UP (call it again).
    """
    k, d = met.shape[1], depth[0]
    if d < 0:
        d = 0
        used[0] = 0 if alike else k
        counts[0] = fewest_options(starts, colors, met, left, units, used[0], nodes[0], shades[0])
        at[0] = 0
    for _ in range(limit):
        if counts[d] < 0:
            return FOUND
        if at[d] >= counts[d]:
            if d == 0:
                return NONE
            d -= 1
            _take_back(starts, near, colors, met, left, nodes[d, at[d]])
            at[d] += 1
            continue
        v, c = nodes[d, at[d]], shades[d, at[d]]
        assign(starts, near, colors, met, left, v, c)
        d += 1
        used[d] = max(used[d - 1], c + 1)
        at[d] = 0
        counts[d] = fewest_options(starts, colors, met, left, units, used[d], nodes[d], shades[d])
    depth[0] = d
    return GAVE_UP
