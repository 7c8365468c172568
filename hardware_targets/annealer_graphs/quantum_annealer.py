r"""A quantum annealer: a problem on chains of qubits, annealed by path-integral Monte Carlo on the machine's graph.

.. math:: H = A \Bigl[E(\sigma^z) - \Gamma \sum_a \sigma_a^x\Bigr], \qquad
          J_\perp = -\frac1{2 \beta} \ln \tanh \frac{\beta \Gamma}{P}

with couplings in units of the full range of a coupler, at the inverse temperature at which qubits freeze, and P slices
of imaginary time that J_perp couples (``neuromorph.sampling.quantum_annealing``). Gamma falls in equal ratios, as
that of A(s) and B(s) does roughly, and is then 0; the curves of a machine are not modelled, and the sweeps are those of
the simulation, not of the machine's clock.

Couplings and biases are spread over chains (``chains``), scaled so that chains, couplings and biases are within their
ranges, and held with a random error each, drawn once a programming. Spins are majorities; broken chains are counted.
To sample is refused: the effective temperature of such a machine is not set, but found out.

Time: programming once, then anneal, read-out and delay for each read. Energy: the power of the whole system, which does
not depend on what it does. Numbers and sources: ``quantum_annealer.toml``.
Sources: Kadowaki and Nishimori, Phys. Rev. E 58, 5355 (1998); Santoro et al., Science 295, 2427 (2002).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from neuromorph.cost import Cost
from neuromorph.datum import Datum, add_data, multiply_data, read_data
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, check_length, mapping_error, require_support
from neuromorph.rng import RNG, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import whole_parts
from neuromorph.sampling import quantum_annealing
from neuromorph.target_constants import own_parameters
from neuromorph.task import Task

from .chains import ChainedProblem, chain_strength, gather_chains, spread_over_chains, vote
from .embedding import Embedding, clique_chains, coupled_pairs, heuristic_chains, place_directly
from .hardware_graphs import QUANTUM_GRAPHS, quantum_graph

QUANTUM_DATA = read_data(files(__package__).joinpath("quantum_annealer.toml").read_text())
_PRICED = frozenset({"anneal_s", "readout_s", "delay_s", "programming_s", "system_power_w", "processor_power_w"})
_DENSE = 0.3  # share of pairs coupled, from which a complete graph is embedded at once
_SEARCHED = 400  # most spins that are placed by a search
_MOST_SLICES = 1024  # of imaginary time
_PART = 50_000_000  # updates of slices of one batch of reads


@dataclass(frozen=True)
class QuantumAnnealer:
    """Anneal a transverse field on the graph of a machine.

    Parameters
    ----------
    graph : str
        "chimera", "pegasus" or "zephyr".
    size : int
        Its parameter m; 0 for that of the largest machine: 16, 16, 12.
    sweeps : int
        Sweeps of the simulated anneal.
    slices : int
        Slices of imaginary time.
    control_error : float
        Multiple of the errors of h and J; 0 for a machine without.
    chain_prefactor : float
        Multiple of the strength of couplers within chains, 1.414 rms(J) sqrt(mean degree).
    embedding_s : float
        Time after which the search for an embedding gives up, s.
    complete : bool
        Whether problems are embedded as complete graphs, at once, and never searched for.
    constants : dict of Datum
        The table that it is priced by.
    """

    graph: str = "pegasus"
    size: int = 0
    sweeps: int = 1000
    slices: int = 4
    control_error: float = 1.0
    chain_prefactor: float = 1.0
    embedding_s: float = 20.0
    complete: bool = False
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: dict(QUANTUM_DATA), hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "quantum-annealer"
    summary: ClassVar[str] = (
        "minor embedding in Pegasus, Zephyr or Chimera; path-integral annealing; chains by majority"
    )
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize"})
    priced: ClassVar[frozenset[str]] = _PRICED
    read_length: ClassVar[str] = "sweeps"
    beside: ClassVar[str] = "digital-annealer"  # an anneal on chains takes its simulation five times as long

    def __post_init__(self) -> None:
        if self.graph not in QUANTUM_GRAPHS:
            raise ValueError(f"graph is {self.graph!r}; known are {', '.join(QUANTUM_GRAPHS)}")
        if not 0 <= self.size <= 64 or self.size == 1:
            raise ValueError(f"size is {self.size}; it must be 2 to 64, or 0 for that of the largest machine")
        check_length("sweeps", self.sweeps, 2)
        if not 1 <= self.slices <= _MOST_SLICES:
            raise ValueError(f"slices is {self.slices}; it must be at least 1, {_MOST_SLICES} at most")
        if not (np.isfinite(self.control_error) and self.control_error >= 0.0):
            raise ValueError(f"control_error is {self.control_error}; it must be finite and not negative")
        for name in ("chain_prefactor", "embedding_s"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0.0):
                raise ValueError(f"{name} is {value}; it must be finite and positive")

    def for_macros(self) -> QuantumAnnealer:
        """Return the annealer that holds parts of a problem, one after the other.

        Returns
        -------
        QuantumAnnealer
            The same machine, with chains of complete graphs: a search for each part would take minutes.
        """
        return replace(self, complete=True)

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        cliques = {"chimera": 64, "pegasus": 180, "zephyr": 184}
        known = {} if self.size else {"spins coupled to all": cliques[self.graph]}
        return {
            **known,
            "spins": "as many as can be embedded",
            "refuses": "to sample: its temperature is not set; embedding needs neuromorph[annealers]",
        }

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Embed ``problem`` and scale it; raise DoesNotFit where no embedding is found.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Chains of qubits, and what they hold.
        """
        machine = quantum_graph(self.graph, self.size)
        if problem.size > len(machine):
            raise DoesNotFit(f"needs {problem.size} spins or more; the graph has {len(machine)} qubits: take parts")
        asked = as_ising(problem)
        pairs = asked.sparse_couplings().nnz // 2
        if pairs > machine.number_of_edges():
            raise DoesNotFit(f"has {pairs} couplings; the graph has {machine.number_of_edges()} at most: take parts")
        edges = np.array(coupled_pairs(asked).edges, dtype=np.int64).tobytes()
        embedding = (
            _complete(asked.size, self.graph, self.size)
            if self.complete
            else _embedded(asked.size, edges, self.graph, self.size, self.embedding_s)
        )
        chained = spread_over_chains(asked, embedding, self.chain_prefactor * chain_strength(asked))
        scale = self._scale(chained)
        physical = self._with_errors(chained, scale, np.random.default_rng(rng))
        held = _unscaled(gather_chains(chained, physical), scale, asked.offset)
        about = {"qubits": embedding.qubits, "longest_chain": embedding.longest, "chain_strength": chained.strength}
        notes = [
            f"embedded {embedding.how}: {embedding.qubits} qubits of {len(machine)}, longest chain {embedding.longest}",
            f"full range of a coupler is {1.0 / scale:.4g}; couplers within chains are {chained.strength:.4g}",
        ]
        state = QubitProblem(chained, physical, about)
        error, drawn = mapping_error(asked, held), self.control_error > 0.0
        return Program(
            self.name, problem, held, state, error, tuple(notes), {"programmings": 1.0}, one_chip=drawn,
            provenance=about,
        )  # fmt: skip

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Anneal ``reads`` times and read majorities.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the share of broken chains of each read.
        """
        require_support(self, task)
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        sequence, state = seed_sequence(rng), program.state
        beta, first, last = (QUANTUM_DATA[each].value for each in ("inverse_temperature", "first_field", "last_field"))
        gammas = np.r_[np.geomspace(first, last, self.sweeps - 1), 0.0]
        each = max(1, _PART // (self.sweeps * self.slices * state.physical.size))

        def part(done: int) -> Any:
            count = min(each, reads - done)
            return quantum_annealing(
                state.physical, gammas, count, beta=beta, slices=self.slices, descend=False, rng=sequence
            ).spins

        parts, status = whole_parts(map(part, range(0, reads, each)))
        spins, broken = vote(state.chained, np.concatenate(parts))
        about = {"parameters": own_parameters(self), "embedding": {**state.about, "broken": float(broken.mean())}}
        activity: dict[str, Any] = {"anneals": 1.0, "broken_chains": broken}
        return complete_run(program, task, spins, activity, status=status, provenance=about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data = self.constants
        time = add_data(add_data(data["anneal_s"], data["readout_s"]), data["delay_s"])
        chip, system = (multiply_data(data[name], time, "J") for name in ("processor_power_w", "system_power_w"))
        programming = multiply_data(data["system_power_w"], data["programming_s"], "J")
        return (
            Cost("anneals", "the superconducting chip", chip, counted="assumed", idle=True),
            Cost("anneals", "anneal, read-out, delay: the system", system, time, "system", "assumed", True, "cryostat"),
            Cost("programmings", "programming", programming, data["programming_s"], "system", needs="cryostat"),
        )

    def _scale(self, chained: ChainedProblem) -> float:
        """Full ranges of a coupler in a unit of energy."""
        j, inside = chained.physical.sparse_couplings(), chained.inside
        between = j - chained.strength * inside
        tops = [
            (float(np.abs(between.data).max(initial=0.0)), 1.0),
            (float(np.abs(chained.physical.biases).max(initial=0.0)), QUANTUM_DATA["bias_range"].value),
            (chained.strength if inside.nnz else 0.0, QUANTUM_DATA["chain_range"].value),
        ]
        return min((most / top for top, most in tops if top > 0.0), default=1.0)

    def _with_errors(self, chained: ChainedProblem, scale: float, rng: np.random.Generator) -> Ising:
        """Couplings and biases of the qubits in units of the full range, with what they miss by."""
        j = chained.physical.sparse_couplings().tocoo()
        upper = j.coords[0] < j.coords[1]
        a, b, values = j.coords[0][upper], j.coords[1][upper], scale * j.data[upper]
        wrong = self.control_error * QUANTUM_DATA["coupling_error"].value * rng.normal(size=values.size)
        off = self.control_error * QUANTUM_DATA["bias_error"].value * rng.normal(size=chained.owner.size)
        couplings = np.r_[values + wrong, values + wrong], (np.r_[a, b], np.r_[b, a])
        return Ising(sparse.csr_array(couplings, shape=j.shape), scale * chained.physical.biases + off)


@dataclass(frozen=True, eq=False)
class QubitProblem:
    """Problem as the machine holds it.

    Attributes
    ----------
    chained : ChainedProblem
        Qubits of each spin.
    physical : Ising
        Couplings and biases of the qubits, in units of the full range of a coupler.
    about : dict of str to number
        Qubits, longest chain and chain strength.
    """

    chained: ChainedProblem
    physical: Ising
    about: Mapping[str, float]


def _unscaled(held: Ising, scale: float, offset: float) -> Ising:
    return Ising(held.couplings / scale, held.biases / scale, offset)


@lru_cache(maxsize=16)
def _embedded(n: int, edges: bytes, name: str, size: int, seconds: float) -> Embedding:
    """Embed a graph of ``n`` spins; the same one for every chip that is programmed with it."""
    import networkx as nx

    machine, problem = quantum_graph(name, size), nx.Graph()
    problem.add_nodes_from(range(n))
    problem.add_edges_from(map(tuple, np.frombuffer(edges, np.int64).reshape(-1, 2).tolist()))
    if n <= _SEARCHED and (found := place_directly(problem, machine)):
        return found
    dense = problem.number_of_edges() >= _DENSE * n * (n - 1) / 2.0
    found = _clique(n, name, size) if dense else heuristic_chains(problem, machine, seconds)
    found = found or (heuristic_chains(problem, machine, seconds) if dense else _clique(n, name, size))
    if found is None:
        raise DoesNotFit(
            f"no embedding of {n} spins and {problem.number_of_edges()} couplings in {name} was found within "
            f"{seconds:g} s (parameter 'embedding_s') or half of the time limit; take parts of the problem, or "
            "digital-annealer"
        )
    return found


def _complete(n: int, name: str, size: int) -> Embedding:
    found = _clique(n, name, size)
    if found is None:
        raise DoesNotFit(f"holds no complete graph of {n} spins in {name} (parameter 'complete'); take parts of it")
    return found


@lru_cache(maxsize=16)
def _clique(n: int, name: str, size: int) -> Embedding | None:
    machine = quantum_graph(name, size)
    most = 4 * (size or QUANTUM_GRAPHS[name]) if name == "chimera" else len(machine) // 20
    return clique_chains(n, machine) if n <= most else None
