"""Graphs in rudy's form, as the G-set is found: ``n m`` and perhaps a word, then ``i j`` or ``i j w`` an edge.

Nodes are numbered from 1, a missing weight is 1; blank lines and comments are skipped. An edge from a node to itself
is in no cut: without a weight it is dropped, with one the file is no graph but a QUBO or a spin model, which is refused
unless a max-cut was asked for. An edge given twice is refused: whether its weights add or replace each other is not
known.
Source: rudy by G. Rinaldi, as used by Helmberg and Rendl, SIAM J. Optim. 10, 673 (2000).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .edge_list import is_comment, mostly_unused, read_pairs
from .graph import MAX_NODES, Graph
from .text_file import TextFile, parse_number


def read_rudy_header(source: TextFile) -> tuple[int, int, int] | None:
    """Read the header of a rudy file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    (int, int, int) or None
        Nodes, edges and 0-based line, if the first line that is not blank or a comment is a header; else None.
    """
    for k, line in enumerate(source.lines):
        if is_comment(line):
            continue
        words = line.split(None, 3)
        counts = words[:2]
        whole = all(word.isascii() and word.isdigit() and len(word) <= 18 for word in counts)
        # A word may follow, as the J in some copies of the G-set; a third number would make it an edge.
        if len(counts) < 2 or not whole or len(words) > 3 or (len(words) == 3 and parse_number(words[2]) is not None):
            return None
        return int(counts[0]), int(counts[1]), k
    return None


def read_rudy(source: TextFile) -> Graph:
    """Read the graph of a rudy file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph.

    Raises
    ------
    ProblemFileError
        If the file is damaged.
    """
    header = read_rudy_header(source)
    if header is None:
        raise source.error("has no header; begin with 'nodes edges', then 'i j weight' for each edge", 1)
    n, m, start = header
    if not 1 <= n <= MAX_NODES:
        raise source.error(f"the header says {n} nodes; from 1 to {MAX_NODES} are supported", start + 1)
    pairs = read_pairs(source, start + 1, "node", 0, n)
    found = len(pairs.values)
    if (pairs.ends == 0).any():
        k = int(np.argmax((pairs.ends == 0).any(axis=1)))
        raise pairs.error(f"node is 0; the header numbers them from 1 to {n}: add 1 to all, or correct it", k)
    if found != m:
        first = "" if pairs.given.any() else f", or, if the first line is an edge, put '{n} {found + 1}' above it"
        raise source.error(f"the file has {found} edges but its header says {m}; correct one of them{first}", start + 1)
    if mostly_unused(n, m):
        few = f"its header says {n} nodes, of which {m} edges join few; number only those that have edges"
        raise source.error(few, start + 1)
    kept = pairs.ends[:, 0] != pairs.ends[:, 1]
    edges = replace(pairs, ends=pairs.ends[kept], lines=pairs.lines[kept])
    again = edges.repeated()
    if again is not None:
        edge = "{} {}".format(*edges.ends[again])
        raise edges.error(f"edge {edge} comes a second time; give each edge once with its whole weight", again)
    graph = Graph.of(source, n, pairs.ends - 1, pairs.values, given=pairs.given)
    if m != n and m <= n + 1 and not pairs.given.any():  # beyond, as an edge it would skip nodes; n n is a loop
        taken = f"the first line, '{n} {m}', is taken for {n} nodes and {m} edges"
        return graph.said(f"{taken}; if it is an edge, put '{n} {m + 1}' above it")
    return graph
