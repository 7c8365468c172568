"""Graphs in graph6 and sparse6, one a line, as nauty and House of Graphs give them.

Source: McKay, Description of graph6, sparse6 and digraph6 encodings, users.cecs.anu.edu.au/~bdm/data/formats.txt.
"""

from __future__ import annotations

import re

import numpy as np

from .edge_list import mostly_unused
from .graph import MAX_NODES, Graph
from .text_file import TextFile, quote_text

_HEADER = re.compile(rb"\A>>(?:graph6|sparse6)<<")
_SPARSE = re.compile(rb"\A:[?-~]++\r?\n?(?::[?-~]++\r?\n?)*+\Z")
_ENDINGS = (".g6", ".s6", ".graph6", ".sparse6")


def is_graph6(source: TextFile) -> bool:
    """Return whether a file is in graph6 or sparse6.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True by its header, by the colon of sparse6, or by its ending.
    """
    if _HEADER.match(source.data):
        return True
    if source.data[:1] == b":" or source.ending in _ENDINGS:
        lines = source.data.split()
        return bool(lines) and (source.ending in _ENDINGS or _SPARSE.match(source.data) is not None)
    return False


def read_graph6(source: TextFile) -> Graph:
    """Read one graph: that of ``FILE#k``, or the only one.

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
        If it is damaged, or there are several and none is meant.
    """
    import networkx as nx

    lines = _HEADER.sub(b"", source.data).split()
    if not lines:
        raise source.error("has no graph behind its header; copy it again")
    if source.part is None and len(lines) > 1:
        raise source.error(f"holds {len(lines)} graphs; say which: {source.name}#1 to #{len(lines)}")
    part = source.part or 1
    if not 1 <= part <= len(lines):
        raise source.error(f"holds {len(lines)} graphs, and #{part} is none of them; say #1 to #{len(lines)}")
    line = lines[part - 1]
    sparse = line[:1] == b":"
    size = _size(line[sparse:])
    if size is None or not 1 <= size <= MAX_NODES or (sparse and mostly_unused(size, len(line))):
        raise source.error(f"{quote_text(line[:20].decode(errors='replace'))} is no graph in graph6; copy it again")
    try:
        found = nx.from_sparse6_bytes(line) if sparse else nx.from_graph6_bytes(line)
    except (ValueError, IndexError, nx.NetworkXError) as error:
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); copy it again") from None
    ends = np.array(list(found.edges()), np.int64).reshape(-1, 2)
    labels = tuple(map(str, range(size)))
    graph = Graph.of(source, size, ends, np.ones(len(ends)), given=np.zeros(len(ends), bool), labels=labels)
    said = (f"graph {part} of {len(lines)}",) if len(lines) > 1 else ()
    return graph.said(*said, f"{size} nodes, numbered from 0, and {len(ends)} edges")


def _size(line: bytes) -> int | None:
    """Return the number of nodes: one sign, or 3 or 6 behind one or two of 126."""
    code = [value - 63 for value in line[:8]]
    if not code or min(code) < 0:
        return None
    if code[0] < 63:
        return code[0]
    digits = code[2:8] if code[1:2] == [63] else code[1:4]
    if len(digits) < 3:
        return None
    size = 0
    for digit in digits:
        size = size << 6 | digit
    return size
