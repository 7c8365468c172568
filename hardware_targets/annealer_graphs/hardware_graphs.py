"""Graphs of annealers: Chimera, Pegasus and Zephyr as D-Wave draws them, King's graphs, and the grid of Z1.

All are ideal: every qubit works. Chimera 16 has 2048 qubits and 6016 couplers, Pegasus 16 5640 and 40484, Zephyr 12
4800 and 45864. Nodes are integers; those of a grid are row * columns + column.
Sources: Boothby et al., Next-generation topology of D-Wave quantum processors, arXiv 2003.00133 (Pegasus); Boothby,
King and Raymond, Zephyr topology of D-Wave quantum processors (2021); the package dwave-graphs. Z1: the
displacements of arXiv 2608.01615, read second-hand.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from neuromorph.protocol import DoesNotFit

if TYPE_CHECKING:
    import networkx as nx  # half a second

QUANTUM_GRAPHS = {"chimera": 16, "pegasus": 16, "zephyr": 12}
Z1_MOVES = ((1, 0), (2, 1), (2, 3), (4, 1))


@lru_cache(maxsize=3)
def quantum_graph(name: str, size: int = 0) -> nx.Graph:
    """Return the graph of a quantum annealer.

    Parameters
    ----------
    name : str
        "chimera", "pegasus" or "zephyr".
    size : int
        Its parameter m; 0 for that of the largest machine: 16, 16, 12.

    Returns
    -------
    networkx.Graph
        Qubits and couplers; shared, not to be changed.

    Raises
    ------
    ValueError
        If the name is unknown.
    DoesNotFit
        If dwave-graphs is not installed.
    """
    if name not in QUANTUM_GRAPHS:
        raise ValueError(f"graph is {name!r}; known are {', '.join(QUANTUM_GRAPHS)}")
    graphs: Any = optional_package("dwave.graphs")
    return getattr(graphs, f"{name}_graph")(size or QUANTUM_GRAPHS[name])


def kings_graph(rows: int, columns: int) -> nx.Graph:
    """Build a King's graph: each site is coupled to the eight around it.

    Parameters
    ----------
    rows, columns : int
        Size.

    Returns
    -------
    networkx.Graph
        Graph.
    """
    return _grid(rows, columns, ((0, 1), (1, 0), (1, 1), (1, -1)))


def z1_grid(rows: int, columns: int) -> nx.Graph:
    """Build the grid of Z1, with sixteen neighbors a site.

    They stand at :data:`Z1_MOVES` and their rotations. Every displacement has an odd sum: the grid is bipartite.

    Parameters
    ----------
    rows, columns : int
        Size.

    Returns
    -------
    networkx.Graph
        Graph.
    """
    turned = {(a, b) for a, b in Z1_MOVES} | {(-b, a) for a, b in Z1_MOVES}
    return _grid(rows, columns, tuple(sorted(turned)))


def optional_package(name: str) -> Any:
    """Import a package that only annealer graphs need.

    Parameters
    ----------
    name : str
        Name of the module.

    Returns
    -------
    module
        Module.

    Raises
    ------
    DoesNotFit
        If it is not installed, with the remedy.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise DoesNotFit(
            f"problems are embedded by {name}, which is not installed: pip install 'neuromorph[annealers]'"
        ) from error


def _grid(rows: int, columns: int, moves: tuple[tuple[int, int], ...]) -> nx.Graph:
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(rows * columns))
    for row in range(rows):
        for column in range(columns):
            for down, right in moves:
                r, c = row + down, column + right
                if 0 <= r < rows and 0 <= c < columns:
                    graph.add_edge(row * columns + column, r * columns + c)
    return graph
