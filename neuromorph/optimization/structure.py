r"""Choice of the method from the structure of a problem.

.. math:: \frac{|B_{2r}|}{|B_r|} \approx 2^d

where B_r are the spins within r couplings of one spin: their number grows as r^d in d dimensions and exponentially in
random graphs. Clusters of differing spins do not percolate in thin graphs, up to about two dimensions.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from scipy.sparse.csgraph import breadth_first_order

from ..ising import Ising
from ..sampling.replicas.integer_couplings import field_bounds, integer_couplings
from .cluster_tempering import holds_on_bits
from .elimination import elimination_order
from .multispin_kernel import LARGEST_COUNT
from .planar import is_planar

NARROW = 18  # width up to which elimination takes milliseconds
_GROWTH = 5.5  # ratio of balls: 4 in two dimensions, 8 in three
_PROBES = 5
_SMALLEST = 64  # spins of a graph that has a dimension
_BONDS = 64.0  # mean |h_i| + sum_j |J_ij| up to which 512 anneals on bits are faster than 8 times 64 on bytes
_DEGREE = 12.0  # mean number of neighbors that no thin graph here exceeds


def choose_method(ising: Ising) -> str:
    """Choose a method of :func:`.minimize`.

    Narrow graphs are solved by elimination, planar ones by matching where PyMatching is installed; thin ones are
    tempered with cluster moves; small integers are annealed on bits, other couplings in the fastest kernel.

    Returns
    -------
    str
        Name of the method.
    """
    if elimination_order(ising, NARROW)[1] <= NARROW:
        return "elimination"
    if is_thin(ising):
        if find_spec("pymatching") and integer_couplings(ising) is not None and is_planar(ising):
            return "matching"
        return "cluster-tempering" if holds_on_bits(ising) else "tempering"
    found = integer_couplings(ising)
    bonds = np.zeros(0) if found is None else field_bounds(ising, found)
    return "multispin" if bonds.size and bonds.max() <= LARGEST_COUNT and bonds.mean() <= _BONDS else "annealing"


def is_thin(ising: Ising) -> bool:
    """Test whether balls of spins grow no faster than in about two dimensions.

    Returns
    -------
    bool
        True if the graph is thin.
    """
    j, n = ising.sparse_couplings(), ising.size
    if n < _SMALLEST or j.nnz > _DEGREE * n:
        return False
    ratios = []
    for start in np.linspace(0, n - 1, _PROBES).astype(int):
        order, before = breadth_first_order(j, start, directed=False)
        depth = np.zeros(n, np.int64)
        for k in order[1:].tolist():
            depth[k] = depth[before[k]] + 1
        within = np.cumsum(np.bincount(depth[order]))
        half = int(np.searchsorted(within, within[-1] / 4.0, side="right")) // 2  # the ball of twice this is a quarter
        if half < 2:
            return False
        ratios.append(within[2 * half] / within[half])
    return float(np.median(ratios)) <= _GROWTH
