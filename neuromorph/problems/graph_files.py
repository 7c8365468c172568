"""Graphs from files: DIMACS, GML, GraphML, Pajek, LEDA, GEXF, node-link JSON, plain lists of edges.

NetworkX reads the forms that it knows, once the file has shown that it is small and does no harm: XML with a document
type, which can define entities, is not parsed.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np

from .edge_list import read_pairs
from .graph import MAX_NODES, Graph, graph_of_pairs
from .text_file import ProblemFileError, TextFile, parse_number, quote_text

MAX_PARSED = 32 << 20  # bytes that are read by parsers in Python, which keep some 30 bytes of each

_WEIGHTS = ("weight", "value", "w")
_ENDS = (("source", "target"), ("from", "to"), ("u", "v"), ("head", "tail"))
_ENCODING = re.compile(rb"\A\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)")
_PLAIN = {"utf-8", "us-ascii", "ascii", "iso-8859-1"}  # in which '<!' is what it looks like


def read_dimacs(source: TextFile) -> Graph:
    """Read ``p edge n m`` and lines ``e i j`` or ``a i j weight``.

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
    lines, header = list(source.lines), None
    for k, line in enumerate(lines):
        word = line[:16].split(None, 1)[:1]
        letter = word[0].lower() if word else ""
        if letter == "p":
            words = line.split(None, 4)
            if header is not None or len(words) < 4 or not (words[2].isdecimal() and words[3].isdecimal()):
                raise source.error("is no header, or a second one; write 'p edge nodes edges' once", k + 1)
            header = k, int(words[2][:18]), int(words[3][:18])
            lines[k] = ""
        elif letter in ("e", "a"):
            lines[k] = line.strip()[1:]
        elif letter in ("c", "n", "d", "v", "x", "s", "t"):  # remarks; colors, sizes and places of nodes
            lines[k] = ""
    if header is None:
        raise source.error("has no header; write 'p edge nodes edges'")
    at, size, edges = header
    if not 1 <= size <= MAX_NODES:
        raise source.error(f"the header says {size} nodes; from 1 to {MAX_NODES} are supported", at + 1)
    pairs = read_pairs(source.rewritten(lines), 0, "node", 1, size)
    if len(pairs.values) not in (edges, 2 * edges):
        raise source.error(f"the file has {len(pairs.values)} edges but its header says {edges}; correct one", at + 1)
    return Graph.of(source, size, pairs.ends - 1, pairs.values, given=pairs.given, both=True)


def read_plain_edges(source: TextFile) -> Graph:
    """Read lines ``i j`` or ``i j weight`` without a header.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph.
    """
    pairs = read_pairs(source, 0, "node", 0, 10**9)
    here = np.unique(pairs.ends, axis=0)
    mirrored = 0 < len(here) == len(pairs.ends) and np.array_equal(here, np.unique(pairs.ends[:, ::-1], axis=0))
    return graph_of_pairs(pairs, both=mirrored and bool((here[:, 0] != here[:, 1]).all()))


def read_named_edges(source: TextFile, rows: Iterable[list[str]]) -> Graph:
    """Build the graph of rows of two names, and perhaps a weight.

    Parameters
    ----------
    source : TextFile
        File.
    rows : iterable of list of str
        Rows; those of no or one word are left out.

    Returns
    -------
    Graph
        Graph; its nodes stand in the order in which they are named.

    Raises
    ------
    ProblemFileError
        If a weight is no number.
    """
    numbers: dict[str, int] = {}
    ends, weights, given = [], [], []
    for words in rows:
        if len(words) < 2:
            continue
        value = parse_number(words[2]) if len(words) > 2 and words[2].strip() else 1.0
        if value is None:
            raise source.error(f"the weight of an edge is {quote_text(words[2])}; write a number")
        ends.append([numbers.setdefault(word, len(numbers)) for word in words[:2]])
        weights.append(value)
        given.append(len(words) > 2)
    if not ends:
        raise source.error("has no edges; write two names and perhaps a weight a line")
    found = Graph.of(
        source,
        len(numbers),
        np.array(ends, np.int64),
        np.array(weights),
        given=np.array(given, bool),
        labels=[*numbers],
    )
    return found.said(f"{found.size} named nodes and {len(found.ends)} edges")


def read_by_networkx(source: TextFile) -> Graph:
    """Read GML, GraphML, GEXF, Pajek, LEDA, or the edge list that NetworkX writes.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph, with the names of its nodes.

    Raises
    ------
    ProblemFileError
        If the file is damaged, too large, or XML that defines entities.
    """
    import networkx as nx

    if len(source.data) > MAX_PARSED:
        raise source.error(f"is larger than {MAX_PARSED >> 20} MB; write 'nodes edges', then 'i j weight' an edge")
    text = "\n".join(source.lines)
    start = text.lstrip().lower()
    parse: Callable[[], Any]
    if start.startswith("<") and re.search(r"<(?:\w+:)?gexf\b", start[:65536]):
        _check_xml(source)
        parse = lambda: nx.read_gexf(io.BytesIO(text.encode()))  # noqa: E731
    elif start.startswith("<"):
        _check_xml(source)
        parse = lambda: nx.parse_graphml(text if not text.startswith("<?xml") else text.partition("?>")[2].lstrip())  # noqa: E731
    elif start.startswith("leda.graph"):
        parse = lambda: nx.parse_leda(text)  # noqa: E731
    elif re.match(r"\*(vertices|network)", start):
        kept = "\n".join(line.strip() for line in source.lines if line.strip())
        parse = lambda: nx.parse_pajek(kept)  # noqa: E731
    elif re.search(r"\{[^\n]*\}[ \t]*$", text, re.MULTILINE) and not re.match(
        r"\s*(graph|creator|version|comment)", start
    ):
        parse = lambda: nx.parse_edgelist(text.splitlines())  # noqa: E731
    else:
        label = "label" if re.search(r"^\s*label\b", text, re.MULTILINE) else "id"
        parse = lambda: nx.parse_gml(source.lines, label=label)  # noqa: E731
    try:
        with warnings.catch_warnings(action="ignore"):
            found = parse()
        return _of_networkx(source, found)
    except ProblemFileError:
        raise
    except Exception as error:  # parsers of foreign text raise many kinds
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save it again") from None


def _check_xml(source: TextFile) -> None:
    encoding = _ENCODING.match(source.data[:4096].removeprefix(b"\xef\xbb\xbf"))
    if encoding and encoding[1].decode("latin-1").lower() not in _PLAIN and not source.packed:
        raise source.error("is XML in an unusual encoding; save it as UTF-8")
    if b"<!DOCTYPE" in source.data or b"<!ENTITY" in source.data:
        raise source.error("is XML with a document type, which can define entities; remove the line '<!DOCTYPE'")


def _of_networkx(source: TextFile, graph: Any) -> Graph:
    nodes = {node: k for k, node in enumerate(graph.nodes)}
    found = [(nodes[u], nodes[v], _weight(source, data)) for u, v, data in graph.edges(data=True)]
    directed = bool(graph.is_directed())
    made = _of_edges(source, list(nodes), found, both=directed)
    return made.said("its edges have directions, which a graph to be cut has not") if directed else made


def _weight(source: TextFile, data: dict[Any, Any]) -> float | None:
    """Return the weight among the data of an edge; None where there is none."""
    value = next((data[name] for name in _WEIGHTS if name in data), None)
    if value is None:
        return None
    number = parse_number(str(value)) if not isinstance(value, bool) else None
    if number is None:
        raise source.error(f"the weight of an edge is {quote_text(str(value))}; write a number")
    return number


def _of_edges(
    source: TextFile, nodes: list[Hashable], edges: list[tuple[int, int, float | None]], *, both: bool
) -> Graph:
    ends = np.array([edge[:2] for edge in edges], np.int64).reshape(-1, 2)
    weights = np.array([1.0 if edge[2] is None else edge[2] for edge in edges])
    given = np.array([edge[2] is not None for edge in edges], bool)
    names = [str(node) for node in nodes]
    plain = names == [str(k) for k in range(1, len(names) + 1)]
    return Graph.of(source, len(names), ends, weights, given=given, labels=() if plain else names, both=both)


def read_node_link(source: TextFile) -> Graph:
    """Read JSON of ``nodes`` and ``links`` or ``edges``, as NetworkX and D3 write it.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph, with the names of its nodes.

    Raises
    ------
    ProblemFileError
        If the file is damaged or too large.
    """
    if len(source.data) > MAX_PARSED:
        raise source.error(f"is larger than {MAX_PARSED >> 20} MB; write 'nodes edges', then 'i j weight' an edge")
    try:
        data = json.loads(source.data.decode("utf-8-sig"))
        # of Cytoscape, and the JSON Graph Format
        data = next((data[key] for key in ("elements", "graph") if "nodes" not in data and key in data), data)
        links = next((data[key] for key in ("links", "edges") if isinstance(data.get(key), list)), None)
        nodes, adjacency = data["nodes"], data.get("adjacency")
        nodes = list(nodes) if isinstance(nodes, dict) else nodes
        if not isinstance(nodes, list) or (links is None and not isinstance(adjacency, list)):
            raise source.error("has no lists 'nodes' and 'links'; save networkx.node_link_data(graph)")
        names = [_name(node, k) for k, node in enumerate(nodes)]
        places = {name: k for k, name in enumerate(names)}
        if links is None:
            links = [
                {**near, "source": names[k], "target": near["id"]} for k, row in enumerate(adjacency) for near in row
            ]
        found = []
        for link in links:
            link = link["data"] if isinstance(link, dict) and isinstance(link.get("data"), dict) else link
            values = [next((link[key] for key in pair if key in link), None) for pair in zip(*_ENDS, strict=True)]
            values = link[:2] if isinstance(link, list) else values
            at = [places.get(value, value) for value in values]  # D3's older links name a node by its place
            i, j = at[:2] if len(at) > 1 else (None, None)
            if not (isinstance(i, int) and isinstance(j, int) and min(i, j) >= 0 and max(i, j) < len(names)):
                raise source.error(f"a link joins {quote_text(str(values))}, which are no nodes; correct it")
            found.append((i, j, None if isinstance(link, list) else _weight(source, link)))
    except ProblemFileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save networkx.node_link_data(graph)") from None
    return _of_edges(source, names, found, both=adjacency is not None or bool(data.get("directed")))


def _name(node: Any, k: int) -> Hashable:
    """Return what links call a node."""
    if isinstance(node, dict):
        node = node["data"] if isinstance(node.get("data"), dict) else node
        node = next((node[key] for key in ("id", "name", "label") if key in node), k)
    return json.dumps(node) if isinstance(node, (list, dict)) else node
