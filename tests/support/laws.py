"""Small models as textbooks and files bring them, what sweeps do to a distribution exactly, and verdicts on counts."""

from collections.abc import Callable
from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.special import expit
from scipy.stats import chi2, norm, poisson

from neuromorph import Ising, exact
from neuromorph.kernels.philox import FREE
from neuromorph.sampling.lazy_metropolis import lazy_below
from neuromorph.testing import FALSE_FAILURE


def _graph(kind, n, rng):
    if kind == "random":
        return nx.gnp_random_graph(n, rng.choice([0.15, 0.4, 0.8]), seed=int(rng.integers(1 << 31)))
    if kind == "tree":
        return nx.random_labeled_tree(n, seed=int(rng.integers(1 << 31)))
    if kind == "parts":
        return nx.disjoint_union_all([nx.complete_graph(int(k)) for k in rng.integers(1, 4, max(1, n // 2))])
    if kind == "torus":  # 2 rows: each column is bound twice
        return nx.grid_2d_graph(2, max(3, n // 2), periodic=True)
    if kind == "bipartite":
        return nx.complete_bipartite_graph(max(1, n // 2), n - max(1, n // 2))
    make = {"ring": nx.cycle_graph, "path": nx.path_graph, "complete": nx.complete_graph, "nothing": nx.empty_graph}
    return make[kind](n)


GRAPHS = ("random", "tree", "parts", "torus", "bipartite", "ring", "path", "complete", "nothing")
WEIGHTS: dict[str, Callable] = {
    "equal": lambda rng, m: np.ones(m),
    "opposed": lambda rng, m: -np.ones(m),
    "signs": lambda rng, m: rng.choice([-1.0, 1.0], m),
    "small": lambda rng, m: rng.integers(-3, 4, m).astype(float),
    "large": lambda rng, m: rng.integers(-60, 61, m).astype(float),
    "real": lambda rng, m: rng.normal(size=m),
    "nearly equal": lambda rng, m: 1.0 + 1e-4 * rng.normal(size=m),
}
BIASES: dict[str, Callable] = {
    "none": lambda rng, n: np.zeros(n),
    "equal": lambda rng, n: np.ones(n),
    "signs": lambda rng, n: rng.integers(-1, 2, n).astype(float),
    "real": lambda rng, n: rng.normal(size=n),
    "one": lambda rng, n: 2.0 * (np.arange(n) == rng.integers(n)),
    "huge": lambda rng, n: 40.0 * rng.choice([-1.0, 1.0], n),
}
UNITS = (1.0, 1.0, 0.37, 1e-9, 1e12, 1e-180, 1e180)
COLD = (0.0, 1e-3, 0.03, 0.3, 0.3, 1.0, 1.0, 3.0, 3.0, 10.0, 100.0, 1e4)  # beta times the strongest field of a part


@dataclass(frozen=True, eq=False)
class Model:
    """A small model, a beta that suits one of its parts, and what it is."""

    ising: Ising
    beta: float
    graph: str
    name: str


def small_model(rng, most=12):
    """Any model of up to ``most`` spins: parts in scales of their own, couplings given twice, in any unit."""
    kinds = [rng.choice(list(part)) for part in (GRAPHS, WEIGHTS, BIASES)]
    graph = nx.convert_node_labels_to_integers(_graph(kinds[0], int(rng.integers(1, most + 1)), rng))
    graph.remove_nodes_from([i for i in graph if i >= most])
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    n, edges = len(graph), np.array(list(graph.edges), int).reshape(-1, 2)
    scale = np.ones(n)
    if rng.random() < 0.15:
        for part in nx.connected_components(graph):
            scale[list(part)] = 10.0 ** rng.integers(-12, 1)
    unit = rng.choice(UNITS)
    biases = unit * scale * BIASES[kinds[2]](rng, n)
    weights = unit * scale[edges[:, 0]] * WEIGHTS[kinds[1]](rng, len(edges))
    if kinds[0] == "torus" or rng.random() < 0.1:
        edges, weights = np.repeat(edges, 2, axis=0), np.repeat(weights, 2)
    order = rng.permutation(n) if rng.random() < 0.5 else np.arange(n)
    both = np.concatenate([order[edges], order[edges][:, ::-1]])
    j = sparse.csr_array((np.tile(weights, 2), (both[:, 0], both[:, 1])), shape=(n, n))
    offset = unit * rng.choice([0.0, 1.5]) if scale.min() == 1.0 else 0.0
    ising = Ising(j if rng.random() < 0.5 else j.toarray(), biases, offset)
    strongest = np.asarray(abs(j).sum(axis=1)).ravel() + np.abs(biases)
    some = rng.choice(strongest[strongest > 0.0]) if strongest.any() else unit
    return Model(ising, float(rng.choice(COLD) / some), kinds[0], f"{'-'.join(kinds)} n={n} unit={unit:g}")


def flip_odds(ising, beta, update, limit, states, i, hottest):
    """P(spin i turns) in each of ``states`` (m, n); ``hottest`` beta decides what is lazy."""
    x = 2.0 * beta * states[:, i] * (states @ ising.dense_couplings()[i] + ising.biases[i])
    if update == "heat-bath":
        return expit(-x)
    odds = np.exp(-np.maximum(x, 0.0))
    free = np.abs(x) * (hottest / beta if beta else 1.0) <= FREE
    return np.where(free & (hottest <= limit[i]), 0.5 * odds, odds)


def borderline(ising, betas):
    """Whether it is left to rounding which flips Metropolis takes for free."""
    states = exact.spins_of(np.arange(1 << ising.size), ising.size)
    costs = 2.0 * np.unique(np.abs(ising.field(states)))[:, None] * np.ravel(betas)
    return bool((np.abs(costs / FREE - 1.0) < 2e-3).any())


def after(ising, betas, update, start, order=None, hottest=None):
    """p (2^n,) after a sweep at each of ``betas``, from probabilities (2^n,) float or a state (n,) int ``start``."""
    n, betas = ising.size, np.ravel(betas)
    p = np.array(start) if start.dtype.kind == "f" else (np.arange(1 << n) == exact.states_of(start)).astype(float)
    limit = lazy_below(ising) if update == "metropolis" else np.full(n, -np.inf)
    states, numbers = exact.spins_of(np.arange(1 << n), n).astype(float), np.arange(1 << n)
    for beta, hot in zip(betas, betas if hottest is None else hottest, strict=True):
        for i in range(n) if order is None else order:
            moved = p * flip_odds(ising, beta, update, limit, states, i, hot)
            p = p - moved + moved[numbers ^ (1 << i)]
    return np.maximum(p, 0.0)


@dataclass
class Tally:
    """Counts against probabilities, each alone and all that have one name together.

    Alone: the G test of cells with 10 expected or more, and the Poisson law of all rarer ones together. Together: the
    sum of Pearson's X^2, whose mean and variance are known exactly at any expectation, as a normal number.
    """

    tests: int
    found: list[str] = field(default_factory=list)
    sums: dict[str, list[float]] = field(default_factory=dict)

    def add(self, spins, p, name, group):
        counts, reads = np.bincount(exact.states_of(spins), minlength=p.size), len(spins)
        level = FALSE_FAILURE / 4.0 / self.tests
        common = p * reads >= 10.0
        if common.any():
            seen, wanted = counts[common].astype(float), p[common] * reads
            rest = reads - wanted.sum()
            if rest >= 10.0:
                seen, wanted = np.append(seen, reads - seen.sum()), np.append(wanted, rest)
            g = 2.0 * float(np.sum(seen * np.log(np.where(seen > 0, seen, 1.0) / wanted) - seen + wanted))
            if g > chi2.isf(level, max(1, wanted.size - 1)):
                self.found.append(f"{name}: G = {g:.0f} of {wanted.size} states")
        rare, expected = counts[~common].sum(), float(p[~common].sum()) * reads
        if poisson.sf(rare - 1, expected + 1e-6) < level:
            self.found.append(f"{name}: {rare} reads in states of which {expected:.2g} are expected")
        kept = p * reads >= 1.0
        cells, q = (
            np.append(counts[kept], reads - counts[kept].sum()),
            np.append(p[kept], max(0.0, 1.0 - p[kept].sum())),
        )
        cells, q = (cells, q) if q[-1] * reads >= 1.0 else (cells[:-1], q[:-1] / q[:-1].sum())
        if q.size > 1 and cells.sum() == reads:
            x2 = float(np.sum((cells - reads * q) ** 2 / (reads * q)))
            freedom = q.size - 1.0
            spread = 2.0 * freedom + (np.sum(1.0 / q) - q.size**2 - 2.0 * q.size + 2.0) / reads
            total = self.sums.setdefault(group, [0.0, 0.0])
            total[0] += x2 - freedom
            total[1] += spread

    def require(self):
        limit = norm.isf(FALSE_FAILURE / 4.0 / max(1, len(self.sums)))
        for group, (excess, spread) in self.sums.items():
            if abs(excess) > limit * np.sqrt(spread):
                self.found.append(f"{group}, all together: X^2 is {excess / np.sqrt(spread):.1f} sigma away")
        assert not self.found, f"{len(self.found)} wrong, as {'; '.join(self.found[:8])}"


TEXTBOOK = (
    "pair", "ring", "triangle", "2 x 2 torus", "torus", "ferromagnet", "antiferromagnet", "+-J", "field only",
    "nothing", "one spin", "chain", "bipartite",
)  # fmt: skip


def textbook(kind, rng):
    """(model of a textbook, beta): equal couplings, of any size and strength; beta leaves nothing frozen."""
    graphs = {
        "pair": lambda: nx.path_graph(2),
        "ring": lambda: nx.cycle_graph(rng.integers(3, 11)),
        "triangle": lambda: nx.cycle_graph(3),
        "2 x 2 torus": lambda: nx.cycle_graph(4),
        "torus": lambda: nx.grid_2d_graph(3, rng.integers(3, 5), periodic=True),
        "ferromagnet": lambda: nx.complete_graph(rng.integers(3, 9)),
        "antiferromagnet": lambda: nx.complete_graph(rng.integers(3, 9)),
        "+-J": lambda: nx.complete_graph(rng.integers(3, 9)),
        "field only": lambda: nx.empty_graph(rng.integers(2, 7)),
        "nothing": lambda: nx.empty_graph(rng.integers(2, 7)),
        "one spin": lambda: nx.empty_graph(1),
        "chain": lambda: nx.path_graph(rng.integers(3, 11)),
        "bipartite": lambda: nx.complete_bipartite_graph(rng.integers(1, 5), rng.integers(2, 6)),
    }
    j = nx.to_numpy_array(graphs[kind]())
    n = len(j)
    if kind == "antiferromagnet" or (kind in ("ring", "triangle", "torus", "chain") and rng.random() < 0.4):
        j = -j
    if kind == "+-J" or (kind in ("ring", "torus", "chain") and rng.random() < 0.3):
        signs = np.triu(rng.choice([-1.0, 1.0], (n, n)), 1)
        j = j * (signs + signs.T)
    biased = kind in ("field only", "one spin") or (kind != "nothing" and rng.random() < 0.4)
    biases = np.full(n, rng.choice([-1.0, 1.0, 2.0])) if biased else np.zeros(n)
    unit = rng.choice([1.0, 1.0, 0.5, 0.37, 3.0])
    strongest = np.abs(j).sum(axis=1).max() + np.abs(biases).max() or 1.0
    return Ising(unit * j, unit * biases), float(rng.uniform(0.2, 1.6) / unit / strongest)
