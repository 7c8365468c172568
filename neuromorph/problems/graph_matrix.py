"""A square matrix as the adjacency matrix of a graph."""

from __future__ import annotations

import numpy as np

from ..ising import Float
from .graph import Graph
from .matrices import symmetric_matrix
from .text_file import TextFile


def graph_of_matrix(source: TextFile, matrix: Float | None, names: tuple[str, ...] = ()) -> Graph:
    """Return the graph of a symmetric matrix, or of one triangle of it.

    Parameters
    ----------
    source : TextFile
        File.
    matrix : (n, n) float or None
        Weights, 0 where there is no edge.
    names : tuple of str
        Names of the nodes.

    Returns
    -------
    Graph
        Graph.

    Raises
    ------
    ProblemFileError
        If the matrix is neither, or has a diagonal.
    """
    weights = None if matrix is None else symmetric_matrix(matrix)
    if weights is None:
        raise source.error("the matrix is not symmetric, as the weights of a graph are; correct it")
    if weights.diagonal().any():
        raise source.error("the diagonal of the matrix is not 0; no cut has such weights: write 0 there")
    i, j = np.nonzero(np.triu(weights, 1))
    values = weights[i, j]
    given = np.full(len(values), bool((values != 1.0).any()))
    ends = np.column_stack([i, j]).astype(np.int64)
    return Graph.of(source, len(weights), ends, values, given=given, labels=names)
