r"""A grid of thermodynamic sampling units, as announced for Z1: block Gibbs sampling of two colors, sixteen neighbors.

.. math:: P(s_i = 1) = \frac1{1 + e^{-2 \beta f_i}}, \qquad f_i = h_i + \sum_{j \in 16\ \text{neighbors}} J_{ij} s_j

Neighbors stand at (1, 0), (2, 1), (2, 3), (4, 1) and their rotations. All displacements have an odd sum, so that the
grid is bipartite: its two colors are updated in turn, each at once. Weights are written once a problem; an anneal
has to write all of them again at each of its temperatures, which is counted and dominates what it costs.

A problem is placed a unit a spin, by a bounded search; whatever has a loop of odd length cannot be, and is embedded in
chains by minorminer, on the smallest part of the grid that takes it. A read is then the majority of each chain. What it
follows is stated by enumeration up to 16 units, and sampling is refused beyond, since chains may break.

Prices are the makers' projections, read second-hand: the target is a forecast.
Sources: arXiv 2608.01615 (grid and prices, second-hand); arXiv 2510.23972; ``z1.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum, multiply_data, read_data
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, check_length, require_support
from neuromorph.rng import RNG, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import whole_parts
from neuromorph.sampling import block_gibbs
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.target_constants import own_parameters
from neuromorph.task import Sample, Task

from ..annealer_graphs.chains import MOST_VOTED, ChainedProblem, spread_over_chains, vote, voted_law
from ..annealer_graphs.embedding import Embedding, coupled_pairs, heuristic_chains, place_directly
from ..annealer_graphs.hardware_graphs import z1_grid

Z1_DATA = read_data(files(__package__).joinpath("z1.toml").read_text())
_SEARCHED = 400  # most spins that are placed by a search
_COMPLETE = 32  # most spins of a complete graph; the search for more takes minutes
_TEMPERATURES = 32  # of an anneal
_PART = 50_000_000  # updates of one batch of reads


@dataclass(frozen=True)
class ThermodynamicGrid:
    """Sample or anneal on a grid of stochastic units.

    Parameters
    ----------
    sweeps : int
        Updates of every unit in a read.
    side : int
        Rows and columns of the grid; the size of Z1 is not known, and this is assumed.
    embedding_s : float
        Time after which the search for chains gives up, s.
    complete : bool
        Whether problems are placed as complete graphs of at most 32 spins, which are searched for once.
    constants : dict of Datum
        The table that it is priced by.
    """

    sweeps: int = 320
    side: int = 512
    embedding_s: float = 60.0
    complete: bool = False
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(Z1_DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "thermodynamic-grid"
    summary: ClassVar[str] = "grid of stochastic units with 16 neighbors (Z1): block Gibbs sampling of two colors"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample"})
    priced: ClassVar[frozenset[str]] = frozenset(Z1_DATA)
    read_length: ClassVar[str] = "sweeps"
    forecast: ClassVar[str] = "prices are its makers' projections, read second-hand"

    def __post_init__(self) -> None:
        check_length("sweeps", self.sweeps, _TEMPERATURES)
        if not 8 <= self.side <= 4096:
            raise ValueError(f"side is {self.side}; it must be 8 to 4096")
        if not (np.isfinite(self.embedding_s) and self.embedding_s > 0.0):
            raise ValueError(f"embedding_s is {self.embedding_s}; it must be finite and positive")

    def for_macros(self) -> ThermodynamicGrid:
        """Return the grid that holds parts of a problem, one after the other.

        Returns
        -------
        ThermodynamicGrid
            The same grid, with chains of complete graphs: a search for each part would take minutes.
        """
        return replace(self, complete=True)

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {
            "spins": "as many as can be embedded",
            "refuses": f"to sample on chains of more than {MOST_VOTED} units in all",
        }

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Place ``problem`` on the grid; raise DoesNotFit where no place is found.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Units, and the law that is read from them.
        """
        if problem.size > self.side**2:
            raise DoesNotFit(f"needs {problem.size} units or more, the grid has {self.side**2}; take parts of it")
        asked = as_ising(problem)
        edges = np.array(coupled_pairs(asked).edges, dtype=np.int64).tobytes()
        embedding = (
            _complete(asked.size, self.side, self.embedding_s)
            if self.complete
            else _placed(asked.size, edges, self.side, self.embedding_s)
        )
        chained = spread_over_chains(asked, embedding)
        notes = [f"placed {embedding.how}: {embedding.qubits} units, longest chain {embedding.longest}"]
        sampled = None
        if chained.has_chains:
            notes.append(f"couplers within chains are {chained.strength:.4g}")
            if embedding.qubits <= MOST_VOTED:
                sampled = partial(voted_law, chained, chained.physical)
                notes.append("to sample: the law of the majority of chains that may break, not exp(-beta E)")
        row, column = np.divmod([u for chain in embedding.chains for u in chain], int(np.sqrt(len(embedding.graph))))
        state = GridProblem(chained, (row + column) % 2)
        weights = float(embedding.qubits + chained.physical.sparse_couplings().nnz // 2)
        about = {"units": embedding.qubits, "longest_chain": embedding.longest, "chain_strength": chained.strength}
        return Program(
            self.name, problem, asked, state, 0.0, tuple(notes), {"writes": weights}, sampled=sampled, provenance=about
        )

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Sample or anneal ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the counted events of each read.
        """
        require_support(self, task)
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        sequence, colors, chained = seed_sequence(rng), program.state.colors, program.state.chained
        n = chained.physical.size
        if isinstance(task, Sample):
            if chained.has_chains and program.sampled is None:
                raise DoesNotFit(
                    f"{n} units with chains, which may break; what is read is stated for {MOST_VOTED} units at "
                    "most: minimize, or give a problem without loops of odd length"
                )
            betas, again = np.full(self.sweeps, task.beta), 0.0
        else:
            ramp = geometric_ramp(*beta_range(chained.physical), _TEMPERATURES)
            betas, again = ramp[np.arange(self.sweeps) * _TEMPERATURES // self.sweeps], float(_TEMPERATURES - 1)
        each = max(1, _PART // (self.sweeps * n))

        def part(done: int) -> Any:
            count = min(each, reads - done)
            return block_gibbs(
                chained.physical, betas[-1], 1, chains=count, burn_in=betas[:-1], colors=colors, rng=sequence
            ).spins[:, 0]

        parts, status = whole_parts(map(part, range(0, reads, each)))
        spins, broken = vote(chained, np.concatenate(parts))
        activity: dict[str, Any] = {
            "color_updates": 2.0 * self.sweeps,
            "updates": float(self.sweeps * n),
            "units_read": float(n),
            "rewrites": again * program.setup["writes"],
            "broken_chains": broken,
        }
        about = {"parameters": own_parameters(self)}
        return complete_run(program, task, spins, activity, status=status, provenance=about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data = self.constants
        settle, write = data["color_update_s"], data["weight_write_s"]
        standby = partial(multiply_data, data["standby_w"], unit="J")
        return (
            Cost("updates", "stochastic units", data["update_j"], counted="forecast"),
            Cost("units_read", "reading units", data["read_j"], scope="chip", counted="forecast"),
            Cost("rewrites", "writing weights for each temperature", data["write_j"], write, "chip", "forecast"),
            Cost("writes", "writing weights", data["write_j"], write, "chip", "forecast"),
            Cost("color_updates", "bias, clock, supply", standby(settle), settle, "system", "forecast", idle=True),
            Cost(
                "rewrites", "bias, clock, supply while writing", standby(write), None, "system", "forecast", idle=True
            ),
        )


@lru_cache(maxsize=16)
def _complete(n: int, side: int, seconds: float) -> Embedding:
    """Place n spins that are all coupled; the same place for every part that has as many."""
    import networkx as nx

    side = min(side, 6 + int(np.ceil(np.sqrt(n * (2.0 + (n - 1) / 2.0)))))
    found = heuristic_chains(nx.complete_graph(n), z1_grid(side, side), seconds) if n <= _COMPLETE else None
    if found is None:
        raise DoesNotFit(f"holds no complete graph of {n} spins (parameter 'complete'); take parts of it")
    return found


@dataclass(frozen=True, eq=False)
class GridProblem:
    """Problem on units.

    Attributes
    ----------
    chained : ChainedProblem
        Units of each spin.
    colors : (units,) int64
        Color of each unit, 0 or 1.
    """

    chained: ChainedProblem
    colors: NDArray[np.int64]


@lru_cache(maxsize=16)
def _placed(n: int, edges: bytes, most: int, seconds: float) -> Embedding:
    """Place a graph of ``n`` spins; the same place for every problem with these couplings."""
    import networkx as nx

    problem = nx.Graph()
    problem.add_nodes_from(range(n))
    problem.add_edges_from(map(tuple, np.frombuffer(edges, np.int64).reshape(-1, 2).tolist()))
    side = min(most, int(np.ceil(np.sqrt(n))) + 9)
    if (
        n <= _SEARCHED
        and nx.is_bipartite(problem)  # as the grid is
        and (found := place_directly(problem, z1_grid(side, side)))
    ):
        return found
    density = problem.number_of_edges() / n
    side = min(most, 6 + int(np.ceil(np.sqrt(n * (2.0 + density)))))
    while True:
        if found := heuristic_chains(problem, z1_grid(side, side), seconds):
            return found
        if side >= min(most, 64):
            raise DoesNotFit(
                f"no place for {n} spins and {problem.number_of_edges()} couplings was found in {side} x {side} "
                f"units within {seconds:g} s (parameter 'embedding_s') or half of the time limit; take parts of it, "
                "or cpu-gibbs"
            )
        side = min(most, 2 * side)
