r"""METIS graphs: ``n m [fmt [ncon]]``, then line k lists the neighbors of node k, nodes from 1.

The last digit of ``fmt`` says that a weight follows each neighbor, the one before it that ``ncon`` weights of the node
stand first, the one before that that its size does.
Source: Karypis, METIS 5.1.0, manual, section 4.1.1.
"""

from __future__ import annotations

import numpy as np

from ..ising import Float
from .graph import Graph
from .text_file import Block, ProblemFileError, TextFile


def is_metis(source: TextFile) -> bool:
    """Return whether n lines list the neighbors of n nodes, edges at both ends.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True for a METIS graph.
    """
    return _edges(source) is not None


def read_metis(source: TextFile) -> Graph:
    """Read the graph whose line k lists the neighbors of node k.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph; weights of nodes are left out, and said.

    Raises
    ------
    ProblemFileError
        If the file is damaged.
    """
    found = _edges(source)
    if found is None:
        raise source.error("is no METIS graph; write 'nodes edges', then a line of neighbors a node")
    n, edges, weighted, left = found
    edges = edges[edges[:, 0] < edges[:, 1]]
    ends, weights = edges[:, :2].astype(np.int64) - 1, edges[:, 2]
    graph = Graph.of(source, n, ends, weights, given=np.full(len(ends), weighted))
    return graph.said("weights of nodes are left out") if left else graph


def _edges(source: TextFile) -> tuple[int, Float, bool, bool] | None:
    """Return the nodes, rows (near, far, weight) from 1 at both ends, and whether edges and nodes have weights."""
    start = next((k for k, line in enumerate(source.lines) if line.strip() and line.lstrip()[0] not in "#%"), None)
    words = [] if start is None else source.lines[start].split(None, 4)
    if start is None or not 2 <= len(words) <= 4 or not all(w.isascii() and w.isdigit() for w in words):
        return None
    fmt = words[2] if len(words) > 2 else "0"
    if max(map(len, words)) > 9 or len(fmt) > 3 or not set(fmt) <= {"0", "1"}:
        return None
    n, m, weighted = int(words[0]), int(words[1]), fmt[-1] == "1"
    of_nodes = (int(words[3]) if len(words) == 4 else 1) if fmt[-2:-1] == "1" else 0
    skip = of_nodes + (len(fmt) == 3 and fmt[0] == "1")
    body = source.lines[start + 1 :]
    if any(line.lstrip()[:1] == "%" for line in body[: n + 1]):
        body = [line for line in body if line.lstrip()[:1] != "%"]
    lines = body[:n]
    if n < 2 or not m or len(lines) < n or any(line.strip() for line in body[n:]):
        return None
    most = 2 * n + skip + 1
    counts = np.fromiter((len(line.split(None, most)) for line in lines), np.int64, n)
    width = 1 + weighted
    if counts.sum() != 2 * m * width + n * skip:
        return None
    try:
        numbers = Block(source, start + 2, lines).numbers()
    except ProblemFileError:
        return None
    if len(numbers) != counts.sum():  # a line of more words than there are nodes
        return None
    first = np.repeat(np.cumsum(counts) - counts, counts)
    numbers, here = numbers[np.arange(len(numbers)) - first >= skip], np.repeat(np.arange(1.0, n + 1), counts - skip)
    if len(numbers) % width or ((counts - skip) % width).any():
        return None
    there, weights = numbers[::width], numbers[1::2] if weighted else np.ones(len(numbers))
    here = here[::width]
    edges, backwards = np.sort(here * (n + 1) + there), np.sort(there * (n + 1) + here)
    if not (np.array_equal(edges, backwards) and len(np.unique(edges)) == 2 * m) or (there != np.floor(there)).any():
        return None
    return n, np.column_stack([here, there, weights]), weighted, skip > 0
