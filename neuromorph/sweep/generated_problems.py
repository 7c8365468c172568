"""Problems that a study draws by name and seed, as the field draws its benchmarks.

- ``maxcut-regular``: random regular graph, unit weights (the 3-regular graphs of QAOA and Ising-machine papers).
- ``maxcut-gnp``: Erdos-Renyi graph G(n, p), unit weights.
- ``maxcut-weighted``: G(n, p) with whole weights 0 to 10, the "pw" instances of Biq Mac (Rendl, Rinaldi and Wiegele,
  Math. Program. 121, 307 (2010)).
- ``sk``: Sherrington and Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975): J_ij normal with variance 1 / n.
- ``spin-glass-2d``: +-1 couplings on a periodic square lattice (Edwards and Anderson, J. Phys. F 5, 965 (1975)).
- ``tsp-uniform``: cities in the unit square, unrounded distances.
- ``patterns``: random patterns for an associative memory, cues with a fraction ``noise`` of pixels flipped.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from ..problems import IsingModel, MaxCut, Recall, Tsp
from ..target_names import nearest


def generated_problem(generator: str, arguments: Mapping[str, Any]) -> MaxCut | IsingModel | Tsp | Recall:
    """Draw a problem.

    Parameters
    ----------
    generator : str
        Name of the generator.
    arguments : dict of str to number
        ``size``, ``seed`` and what else the generator takes.

    Returns
    -------
    Problem
        The same for the same arguments; its name lists them.

    Raises
    ------
    ValueError
        If there is no such generator or argument, or a value breaks its rule.
    """
    make = _GENERATORS.get(generator)
    if make is None:
        raise ValueError(
            f"generate is {generator!r}; {nearest(generator, _GENERATORS)}known are {', '.join(_GENERATORS)}"
        )
    known = list(inspect.signature(make).parameters)[1:]
    for name, value in arguments.items():
        if name not in known:
            raise ValueError(f"{generator} has no {name!r}; {nearest(name, known)}known are {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{generator}: {name} is {value!r}; give a number")
        if not 0 <= value <= _LARGEST:
            raise ValueError(f"{generator}: {name} is {value}; give a number from 0 to {_LARGEST}")
        if name in ("size", "seed", "degree", "patterns") and not float(value).is_integer():
            raise ValueError(f"{generator}: {name} is {value}; give a whole number")
    if not arguments.get("size"):
        raise ValueError(f"{generator} has no size; give size = N, a whole number from 1")
    label = "-".join([generator, *(f"{name}{value:g}" for name, value in arguments.items())])
    return make(label, **arguments)


_LARGEST = 1_000_000


def _regular(label: str, size: int, degree: int = 3, seed: int = 0) -> MaxCut:
    import networkx as nx

    if not 0 < degree < size or size * degree % 2:
        raise ValueError(f"degree is {degree} of {size} nodes; it must be below size, and size * degree even")
    return MaxCut.from_edges(
        size, list(nx.random_regular_graph(int(degree), int(size), seed=int(seed)).edges), name=label
    )


def _gnp(label: str, size: int, density: float = 0.5, seed: int = 0) -> MaxCut:
    if not 0.0 < density <= 1.0:
        raise ValueError(f"density is {density}; it is a share of all pairs, above 0 and up to 1")
    pairs = np.argwhere(np.triu(np.random.default_rng(seed).random((size, size)) < density, 1))
    return MaxCut.from_edges(size, pairs, name=label)


def _weighted(label: str, size: int, density: float = 0.5, seed: int = 0) -> MaxCut:
    graph = _gnp(label, size, density, seed)
    rng = np.random.default_rng([seed, 1])
    upper = sparse.triu(graph.weights, format="coo")
    return MaxCut.from_edges(size, np.stack(upper.coords, 1), rng.integers(0, 11, upper.nnz), name=label)


def _sk(label: str, size: int, seed: int = 0) -> IsingModel:
    upper = np.triu(np.random.default_rng(seed).standard_normal((size, size)), 1) / np.sqrt(size)
    return IsingModel.from_arrays(upper + upper.T, name=label)


def _lattice(label: str, size: int, seed: int = 0) -> IsingModel:
    if size < 3:
        raise ValueError(f"size is {size}; it is the side of a periodic lattice, from 3")
    site = np.arange(size * size).reshape(size, size)
    ends = np.concatenate([np.stack([site, np.roll(site, -1, axis)], -1).reshape(-1, 2) for axis in (0, 1)])
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], len(ends))
    upper = sparse.coo_array((signs, (ends[:, 0], ends[:, 1])), shape=(size * size, size * size))
    return IsingModel.from_arrays(sparse.csr_array(upper + upper.T), name=label)


def _cities(label: str, size: int, seed: int = 0) -> Tsp:
    return Tsp.from_coordinates(np.random.default_rng(seed).random((size, 2)), name=label)


def _patterns(label: str, size: int, patterns: int = 3, noise: float = 0.2, seed: int = 0) -> Recall:
    return Recall(label, np.random.default_rng(seed).choice([-1, 1], (patterns, size)), noise=noise)


_GENERATORS: dict[str, Callable[..., Any]] = {
    "maxcut-regular": _regular, "maxcut-gnp": _gnp, "maxcut-weighted": _weighted,
    "sk": _sk, "spin-glass-2d": _lattice, "tsp-uniform": _cities,
    "patterns": _patterns,
}  # fmt: skip
