r"""Roof duality: spins whose value in some minimum a maximum flow decides.

.. math:: J_{ij} > 0: \; i^\pm - j^\pm, \qquad J_{ij} < 0: \; i^\pm - j^\mp, \qquad
          h_i > 0: \; i^\pm - t^\pm, \qquad h_i < 0: \; i^\pm - t^\mp

is the signed double cover: each spin i and its negative are two nodes, each coupling two edges of capacity |J_ij|, and
the bias is the spin t that is +1, so that t+ is the source and t- the sink. What the source still reaches when the flow
is greatest is on its side of a smallest cut: s_i = +1 for i+ and -1 for i- in *every* minimum.

Sources: Hammer, Hansen and Simeone, Math. Program. 28, 121 (1984); Boros and Hammer, Discrete Appl. Math. 123, 155
(2002); Rother et al., CVPR 2007, 10.1109/CVPR.2007.383203 (QPBO).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from ..ising import Ising
from ..runtime.limits import checkpoint
from ..sampling.replicas.integer_couplings import integer_couplings

_LARGEST = 1 << 30  # sum of the capacities of a node, in the 32 bits of SciPy's flows


def persistent_spins(kept: NDArray[np.int64], ising: Ising) -> list[tuple[int, int]]:
    """Find the spins on which the roof dual is persistent.

    Parameters
    ----------
    kept : (n,) int64
        Names of the spins.
    ising : Ising
        The problem.

    Returns
    -------
    list of tuple
        Names and values; empty where couplings are no multiples of one unit or too many digits long.
    """
    found = integer_couplings(ising)
    if found is None or not kept.size or not ising.biases.any():
        return []
    _, weights, biases = found
    n, j = ising.size, sparse.coo_array(ising.sparse_couplings())
    rows, columns = j.coords
    at = np.flatnonzero(biases)
    # Nodes: i+ is i, i- is n + 1 + i; spin n is that of the biases.
    rows, columns = np.r_[rows, at, np.full(at.size, n)], np.r_[columns, np.full(at.size, n), at]
    signed = np.r_[weights, biases[at], biases[at]]
    if np.abs(signed).sum() > _LARGEST:
        return []
    over = np.where(signed > 0, 0, n + 1)
    ends = np.r_[rows, n + 1 + rows], np.r_[columns + over, columns + (n + 1 - over)]
    capacity = np.abs(np.r_[signed, signed]).astype(np.int32)
    network = sparse.csr_array(sparse.coo_array((capacity, ends), shape=(2 * n + 2, 2 * n + 2)))
    checkpoint("roof duality")
    flow = maximum_flow(sparse.csr_matrix(network), n, 2 * n + 1).flow
    residual = sparse.csr_array(network - flow)
    residual.eliminate_zeros()
    reached = breadth_first_order(residual, n, return_predecessors=False)
    return [(int(kept[k % (n + 1)]), 1 if k <= n else -1) for k in reached.tolist() if k % (n + 1) != n]
