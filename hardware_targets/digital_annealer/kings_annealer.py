r"""A King's graph of 384 x 384 spins in CMOS, coefficients of 4 bits: colors updated in turn by the heat bath.

.. math:: P(s_i = 1) = \frac1{1 + e^{-2 f_i / T}}, \qquad f_i = h_i + \sum_{j \in 8\ \text{neighbors}} J_{ij} s_j

Sites of one of the four colors of a 2 x 2 pattern are not coupled and are updated together, which is Gibbs sampling
without error. Fields are integers of 7 + 8 x 7 = 63 at most, and P is a table of 32-bit integers for each temperature,
so that nothing overflows: draws are compared as integers.

A problem is placed a site a spin, row by row where its spins are numbered so, else by a bounded search. If not, a
sparse one is embedded by minorminer, if it is installed, and others as a complete graph of up to 384 spins, whose
chains need most of the 4 bits. Sampling on chains is refused: they may break.
Sources: 147,456 spins, King's graph of 384 x 384: annealing-cloud.com, "About CMOS Annealing Machine"; agreement with
the Gibbs distribution and 22 us an anneal: Takemoto et al., IEEE J. Solid-State Circuits 55, 145 (2020), abstract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, check_length, mapping_error, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.target_constants import own_parameters
from neuromorph.task import Sample, Task

from ..annealer_graphs.chains import ChainedProblem, gather_chains, spread_over_chains, vote
from ..annealer_graphs.embedding import Embedding, coupled_pairs, heuristic_chains, kings_clique, place_directly
from ..annealer_graphs.hardware_graphs import kings_graph
from .annealer_costs import annealer_costs, annealer_table
from .fixed_point import largest_word
from .site_words import SiteWords, heat_bath_reads, held_in_words

_SEARCHED = 400  # most spins that are placed by a search
_SPARSE = 2  # couplings a spin up to which chains are searched: beyond, complete graphs are as short and come at once
_SECONDS = 60.0  # of a search for chains


@dataclass(frozen=True)
class CmosAnnealer:
    """Anneal or sample on a King's graph with coefficients of few bits.

    Parameters
    ----------
    sweeps : int
        Updates of every site in a read.
    side : int
        Rows and columns.
    bits : int
        Bits of J and h, with the sign.
    constants : dict of Datum
        The table that it is priced by.
    """

    sweeps: int = 2000
    side: int = 384
    bits: int = 4
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: annealer_table("color_step_s"), hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "cmos-annealer"
    summary: ClassVar[str] = "King's graph of 384 x 384 spins in CMOS, coefficients of 4 bits, heat bath by color"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample"})
    priced: ClassVar[frozenset[str]] = frozenset(annealer_table("color_step_s"))
    read_length: ClassVar[str] = "sweeps"
    beside: ClassVar[str] = "digital-annealer"  # an anneal on chains takes its simulation seven times as long

    def __post_init__(self) -> None:
        check_length("sweeps", self.sweeps, 4)
        if not 2 <= self.side <= 4096:
            raise ValueError(f"side is {self.side}; it must be 2 to 4096")
        if not 2 <= self.bits <= 12:
            raise ValueError(f"bits is {self.bits}; it must be 2 to 12, for the table of probabilities")

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {
            "spins": self.side**2,
            "spins coupled to all": self.side,
            "refuses": "to sample on chains, which may break",
        }

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Place ``problem`` on the sites and round it; raise DoesNotFit if it cannot be placed.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Sites, words, and what they stand for.
        """
        if problem.size > self.side**2:
            raise DoesNotFit(f"needs {problem.size} spins or more, the chip has {self.side**2}; take parts of it")
        asked = as_ising(problem)
        embedding, columns = self._placed(asked)
        chained = spread_over_chains(asked, embedding, split=False)
        words = held_in_words(chained.physical, largest_word(self.bits))
        held = gather_chains(chained, words.held)
        error = mapping_error(asked, held)
        notes = [f"placed {embedding.how}: {embedding.qubits} sites, longest chain {embedding.longest}"]
        notes.append("held exactly" if error == 0.0 else f"rounded to {self.bits} bits")
        row, column = np.divmod([site for chain in embedding.chains for site in chain], columns)
        state = PlacedProblem(chained, words, 2 * (row % 2) + column % 2, embedding.longest)
        setup = {"coefficients": float(words.words.size // 2 + words.biases.size)}
        return Program(self.name, problem, held, state, error, tuple(notes), setup)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Anneal or sample ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the counted events of each read.
        """
        require_support(self, task)
        streams, placed = kernel_states(read_seeds(rng, reads)), program.state
        held = placed.words.held
        hot, cold = beta_range(held)
        if isinstance(task, Sample):
            if placed.chained.has_chains:
                raise DoesNotFit(
                    f"placed on chains of up to {program.state.longest} sites, which may break: reads "
                    "follow no stated law; minimize, or give a part of a King's graph"
                )
            warm = self.sweeps // 4
            betas = np.r_[geometric_ramp(hot, task.beta, warm), np.full(self.sweeps - warm, task.beta)]
        else:
            betas = geometric_ramp(hot, cold, self.sweeps)
        states, flips = heat_bath_reads(placed.words, placed.colors, betas, streams)
        spins, broken = vote(placed.chained, states)
        updates = float(self.sweeps * held.size)
        activity: dict[str, Any] = {
            "steps": 4.0 * self.sweeps,
            "updates": updates,
            "flips": flips,
            "row_words": 8.0 * updates,
            "broken_chains": broken,
        }
        status = "ok" if len(spins) == reads else "interrupted"
        about = {"parameters": own_parameters(self)}
        return complete_run(program, task, spins, activity, status=status, provenance=about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        trials, words, *rest = annealer_costs(self.constants, "color_step_s", self.bits)
        return (trials, replace(words, what="couplings of a site, read and added"), *rest)

    def _placed(self, asked: Ising) -> tuple[Embedding, int]:
        problem, side = coupled_pairs(asked), self.side
        columns = _row_length(problem, side)
        if columns:
            rows = -(-asked.size // columns)
            sites = tuple((k,) for k in range(asked.size))
            return Embedding(sites, kings_graph(rows, columns), "row by row"), columns
        if asked.size <= _SEARCHED:
            patch = min(side, int(np.ceil(np.sqrt(asked.size))) + 3)
            if found := place_directly(problem, kings_graph(patch, patch)):
                return found, patch
        if chains := self._sparse(problem):
            return chains
        if asked.size > side:
            raise DoesNotFit(
                f"{asked.size} spins that are no part of a King's graph; as a complete graph {side} fit at most: give "
                "a lattice numbered row by row, or take digital-annealer"
            )
        return _complete(asked.size), asked.size

    def _sparse(self, problem: Any) -> tuple[Embedding, int] | None:
        """Embed by minorminer, if it is there, in the smallest square that is likely to do; complete graphs are not."""
        n, pairs = len(problem), problem.number_of_edges()
        if n > _SEARCHED or pairs > _SPARSE * n:
            return None
        patch = min(self.side, 6 + int(np.ceil(np.sqrt(2.0 * n + 4.0 * pairs))))
        try:
            found = heuristic_chains(problem, kings_graph(patch, patch), _SECONDS)
        except DoesNotFit:  # not installed
            return None
        return None if found is None else (found, patch)


@lru_cache(maxsize=16)
def _complete(n: int) -> Embedding:
    return Embedding(kings_clique(n, n), kings_graph(n, n), "as a complete graph")


@dataclass(frozen=True, eq=False)
class PlacedProblem:
    """Problem on sites.

    Attributes
    ----------
    chained : ChainedProblem
        Sites of each spin.
    words : SiteWords
        Words of the sites.
    colors : (sites,) int64
        Color of each site, 0 to 3.
    longest : int
        Sites of the longest chain.
    """

    chained: ChainedProblem
    words: SiteWords
    colors: NDArray[np.int64]
    longest: int


def _row_length(problem: Any, side: int) -> int:
    """Columns for which spins, numbered row by row, are coupled to neighbors only; 0 if there are none."""
    n, edges = len(problem), np.array(problem.edges, dtype=np.int64).reshape(-1, 2)
    steps = {int(d) for d in np.unique(np.abs(edges[:, 1] - edges[:, 0]))}
    far = max(steps, default=1)
    for columns in sorted({c for c in (far - 1, far, far + 1, min(n, side)) if 1 <= c <= side}):
        rows, across = np.divmod(edges, columns)
        near = (np.abs(np.diff(rows)) <= 1) & (np.abs(np.diff(across)) <= 1)
        if bool(near.all()) and n <= columns * side:
            return columns
    return 0
