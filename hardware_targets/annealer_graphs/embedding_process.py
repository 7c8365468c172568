"""The search of minorminer in a process of its own: it looks neither at its clock nor at Ctrl-C before a whole try."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from neuromorph.runtime.limits import checkpoint

from .hardware_graphs import optional_package

if TYPE_CHECKING:
    import networkx as nx

_SMALL = 200_000  # spins times qubits below which a try takes less time than a process
_LOOK_S = 0.1
# On Linux the child is killed with its parent, however that ends.
_SEARCH = """
import ctypes, json, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
from minorminer import find_embedding
problem, graph, seconds = json.load(sys.stdin)
found = find_embedding(problem, graph, random_seed=0, timeout=seconds, tries=3, threads=1)
json.dump([[spin, list(chain)] for spin, chain in found.items()], sys.stdout)
"""


def search_chains(problem: nx.Graph, graph: nx.Graph, seconds: float) -> dict[int, list[int]]:
    """Search for chains of qubits until they are found or the time is over.

    Parameters
    ----------
    problem, graph : networkx.Graph
        Couplings asked for, and those of the machine.
    seconds : float
        Time after which the search ends.

    Returns
    -------
    dict of int to list of int
        Qubits of each spin; empty if none were found.
    """
    find_embedding = optional_package("minorminer").find_embedding
    if len(problem) * len(graph) <= _SMALL:
        found = find_embedding(problem, graph, random_seed=0, timeout=seconds, tries=3, threads=1)
        return {int(spin): list(map(int, chain)) for spin, chain in found.items()}
    begun = time.monotonic()  # what is written for the child is part of the time
    edges = [[list(map(int, pair)) for pair in each.edges] for each in (problem, graph)]
    asked: str | None = json.dumps([*edges, seconds])
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", _SEARCH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C comes to this process, which ends the child
    )
    try:
        while (spent := time.monotonic() - begun) < seconds:
            checkpoint("searching for an embedding", spent, seconds)
            with suppress(subprocess.TimeoutExpired):
                said, _ = child.communicate(asked, timeout=_LOOK_S)
                return {int(spin): chain for spin, chain in json.loads(said)} if child.returncode == 0 else {}
            asked = None
        return {}
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
