r"""Problems larger than one array of atoms: tiles that are visited in turn.

.. math:: p(s_T \mid s_{\bar T}) \propto \exp \beta \Bigl( \sum_{i \in T} \bigl(h_i
          + \textstyle\sum_{j \notin T} J_{ij} s_j\bigr) s_i + \tfrac12 \sum_{ij \in T} w_{ij} s_i s_j \Bigr)

Each tile T is an array of its own, placed by the couplings J within it (held as w); the couplings between tiles are
fields. In a round every tile is visited once: the gates set its fields from the states of the others as they were
read, it switches for a while, is read, and freezes. Each visit leaves exp(-beta E) of the held model as it is, for
any duration.

Assumed, and shown by nobody: that the gates of the atoms set any field exactly and independently; that a tile freezes
when the tip has left it (its rates fall as exp(kappa (V - V0)), module ``voltage``); that kT_eff can be set for each
tile; and that tiles stand so far apart that they do not couple. Tiles join the strongest couplings: those turn spins
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import checkpoint, whole_parts

from .placement import Placement
from .telegraph import skewed
from .tiling_kernel import visit_tiles

_PIECE = 100_000  # visited atoms between two looks at the clock


@dataclass(frozen=True, eq=False)
class AtomTiles:
    """Atoms in tiles, as they are programmed.

    Attributes
    ----------
    tiles : tuple of (m,) int64
        Spins of each tile.
    inside : (tiles, m, m) float
        Couplings w within each tile, padded with zeros.
    between : (n, n) sparse array
        Couplings to other tiles by rows.
    biases : (n,) float
        Biases.
    placements : tuple of Placement or None
        Positions of the atoms of each tile; None where no coupling is asked for within it.
    """

    tiles: tuple[NDArray[np.int64], ...]
    inside: Float
    between: sparse.csr_array
    biases: Float
    placements: tuple[Placement | None, ...]


def tiles_of(couplings: Any, most: int) -> tuple[NDArray[np.int64], ...]:
    """Divide spins into tiles, the strongest couplings within them.

    Parameters
    ----------
    couplings : (n, n) array or sparse array
        J.
    most : int
        Largest number of spins of a tile.

    Returns
    -------
    tuple of (m,) int64
        Spins of each tile, increasing; every spin is in one.
    """
    strength = abs(sparse.csr_array(couplings)).tolil()
    weights = [dict(zip(row, values, strict=True)) for row, values in zip(strength.rows, strength.data, strict=True)]
    free = set(range(len(weights)))
    first = sorted(free, key=lambda i: (-max(weights[i].values(), default=0.0), i))
    tiles: list[list[int]] = []
    for seed in first:
        if seed not in free:
            continue
        free.discard(seed)
        tile, pull = [seed], dict(weights[seed])
        while len(tile) < most:
            near = [(value, -j) for j, value in pull.items() if j in free and value > 0.0]
            if not near:
                break
            joined = -max(near)[1]
            free.discard(joined)
            tile.append(joined)
            for j, value in weights[joined].items():
                pull[j] = pull.get(j, 0.0) + value
        tiles.append(tile)
    return tuple(np.array(sorted(tile), np.int64) for tile in _joined(tiles, most))


def _joined(tiles: list[list[int]], most: int) -> list[list[int]]:
    """Fill tiles of lone spins, which no coupling draws anywhere, up to the largest size."""
    lone = [tile[0] for tile in tiles if len(tile) == 1]
    return [tile for tile in tiles if len(tile) > 1] + [lone[k : k + most] for k in range(0, len(lone), most)]


def tiled_couplings(asked: Ising, tiles: Iterable[NDArray[np.int64]], held: Iterable[Float]) -> sparse.csr_array:
    """Put the couplings that tiles hold in place of the requested ones.

    Parameters
    ----------
    asked : Ising
        Requested model.
    tiles : iterable of (m,) int64
        Spins of each tile.
    held : iterable of (m, m) float
        Couplings that each tile holds.

    Returns
    -------
    (n, n) sparse array
        Couplings between tiles as requested, within them as held.
    """
    j = sparse.lil_array(asked.sparse_couplings())
    for tile, inside in zip(tiles, held, strict=True):
        j[np.ix_(tile, tile)] = inside
    found = sparse.csr_array(j)
    found.eliminate_zeros()
    return found


def skewed_within(
    held: Ising, tiles: Sequence[NDArray[np.int64]], asymmetry: float, rng: np.random.Generator
) -> sparse.csc_array:
    """Make couplings within tiles asymmetric; those between them are set by gates and stay.

    Parameters
    ----------
    held : Ising
        Symmetric model that the tiles hold.
    tiles : sequence of (m,) int64
        Spins of each tile.
    asymmetry : float
        As of :func:`.telegraph.skewed`.
    rng : numpy.random.Generator
        The stream of the asymmetry.

    Returns
    -------
    (n, n) scipy.sparse.csc_array
        w.
    """
    of = np.empty(held.size, np.int64)
    for t, tile in enumerate(tiles):
        of[tile] = t
    j = held.sparse_couplings().tocoo()
    within = of[j.row] == of[j.col]
    inner, outer = (
        sparse.csc_array((j.data[kept], (j.row[kept], j.col[kept])), shape=j.shape) for kept in (within, ~within)
    )
    return sparse.csc_array(skewed(inner, asymmetry, rng) + outer)


def tiled_array(
    w: Any, biases: Float, tiles: tuple[NDArray[np.int64], ...], placements: tuple[Placement | None, ...]
) -> AtomTiles:
    """Divide couplings into those within tiles and those between them.

    Parameters
    ----------
    w : (n, n) sparse array
        Couplings as the atoms have them.
    biases : (n,) float
        Biases.
    tiles : tuple of (m,) int64
        Spins of each tile.
    placements : tuple of Placement or None
        Positions of the atoms of each tile.

    Returns
    -------
    AtomTiles
        The tiles.
    """
    rows = sparse.csr_array(w)
    widest = max(tile.size for tile in tiles)
    inside = np.zeros((len(tiles), widest, widest))
    of = np.empty(biases.size, np.int64)
    for t, tile in enumerate(tiles):
        inside[t, : tile.size, : tile.size] = rows[tile][:, tile].toarray()
        of[tile] = t
    between = rows.tocoo()
    apart = of[between.row] != of[between.col]
    kept = (between.data[apart], (between.row[apart], between.col[apart]))
    return AtomTiles(tiles, inside, sparse.csr_array(kept, shape=rows.shape), biases.copy(), placements)


def simulate_tiles(
    array: AtomTiles,
    beta: float,
    visit: float,
    rounds: int,
    spins: NDArray[np.int8],
    streams: NDArray[np.uint64],
    *,
    theta: float = 0.5,
    observe: Callable[[int, NDArray[np.int8]], None] | None = None,
) -> tuple[Float, NDArray[np.bool_]]:
    """Simulate rounds of visits of every tile, one read after the other.

    Parameters
    ----------
    array : AtomTiles
        The tiles.
    beta : float
        Inverse temperature.
    visit : float
        Duration of a visit in attempt times.
    rounds : int
        Number of visits of each tile.
    spins : (reads, n) int8
        Start states, changed in place.
    streams : (reads, 4) uint64
        Random states, changed in place.
    theta : float
        Position of the barrier, 0 to 1.
    observe : callable, optional
        Called with the number of finished rounds and spins (n,) of the first read, at its start and after each round.

    Returns
    -------
    events : (reads,) float
        Number of switching events; fewer than reads after Ctrl-C.
    ended : (reads,) bool
        Whether every visit reached its end.
    """
    order = np.concatenate(array.tiles)
    starts = np.cumsum([0, *(tile.size for tile in array.tiles)])
    rows = array.between
    matrices = (array.inside, rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data.copy())
    piece = 1 if observe is not None else max(1, int(_PIECE / (order.size * max(1.0, visit))))

    def read(k: int) -> tuple[int, bool]:
        events, ended = 0, True
        if observe is not None and k == 0:
            observe(0, spins[0])
        for done in range(0, rounds, piece):
            checkpoint("switching", k + done / rounds, len(spins))
            seen, whole = visit_tiles(
                order, starts, *matrices, array.biases, beta, theta, visit, min(piece, rounds - done), spins[k],
                streams[k],
            )  # fmt: skip
            events, ended = events + seen, ended and bool(whole)
            if observe is not None and k == 0:
                observe(done + 1, spins[0])
        return events, ended

    parts, _ = whole_parts(read(k) for k in range(len(spins)))
    return np.array([events for events, _ in parts], dtype=float), np.array([ended for _, ended in parts], dtype=bool)
