r"""Arrays of atoms with two states, which switch at random under the fields of their neighbors.

.. math:: r_\uparrow = \gamma e^{\theta f}, \qquad r_\downarrow = \gamma e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta (h_i + \textstyle\sum_j J_{ij} s_j)

- ``atomic-spins``, the physical array: couplings come from the sites of the surface on which the atoms stand and from
  nothing else, so only a few atoms can hold what is asked (modules ``surface`` and ``site_search``); biases by a local
  gate at each atom. Larger problems are divided into such arrays, visited in turn, with the couplings between them set
  as fields (module ``tiling``). It samples, and that is all: the effective temperature belongs to atoms, bias and
  surface, is set once for a run and follows no schedule, and colder atoms switch exponentially more slowly instead of
  descending; writing a cue, atom by atom with the tip, is not modelled.
- ``atomic-spins-ideal``: the same physics if every coupling and the effective temperature could be set at will
  (module ``ideal_target``).

Physics and sources: modules ``telegraph`` and ``placement``; numbers: ``data.toml``; what is read and what is
assumed: the head of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, require_support
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.run import Program, Run
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.target_constants import own_parameters
from neuromorph.task import Sample, Task
from neuromorph.trace import Trace

from .atom_costs import DATA, IDEAL_CONSTANTS, attempt_costs, attempt_rate_of, placing_cost, visiting_cost
from .ideal_target import AtomicSpinsIdeal
from .law_uncertainty import blind_errors, draw_laws
from .placement import CouplingLaw, Placement, place_atoms
from .programmed_atoms import check_atoms, programmed_atoms, skewed_error
from .site_search import place_on_sites
from .surface import Surface
from .switching_reads import AtomArray, SwitchingSchedule, random_states, run_switching, trace_switching
from .tiled_reads import TiledSchedule, run_tiles, trace_tiles
from .tiling import AtomTiles, skewed_within, tiled_array, tiled_couplings, tiles_of

__all__ = ["AtomicSpins", "AtomicSpinsIdeal"]

MAX_PLACED = 7  # atoms of one array; the error of the couplings is 27 % there and grows
MAX_TILED = 512  # spins; each array is a search for sites
_SITE_STARTS, _FREE_STARTS, _MOST_STARTS = 16, 1024, 1_000_000
_LAWS = 200  # draws of the coupling law
_MOST_VISITS = 10_000_000  # tiles times rounds of one read


@dataclass(frozen=True)
class AtomicSpins:
    """Sample with atoms that are placed on a surface.

    Parameters
    ----------
    attempts : float
        When a read is taken, in attempt times 1 / gamma after a random start; of tiles, the time of each of them.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    asymmetry : float
        Under a tip w_ij and w_ji are J_ij (1 +- this times a normal number).
    attempt_rate_hz : float or None
        gamma, 1/s, if you know it; None takes the range of ``data.toml``.
    starts : int or None
        Random arrangements that ``program`` tries; None takes 16 on sites and 1024 between them.
    sites : bool
        Whether atoms stand on the sites of the surface, or anywhere.
    settable_fields : bool
        Whether gates can set the fields between arrays, so that a problem of more than 7 spins is sampled in tiles.
    tile : int
        Largest number of atoms of a tile.
    visit : float
        Duration of a visit to a tile, in attempt times, rounded so that visits make up ``attempts``.
    constants : dict of Datum
        The table that it is priced by.
    """

    attempts: float = 1000.0
    theta: float = 0.5
    asymmetry: float = 0.0
    attempt_rate_hz: float | None = None
    starts: int | None = None
    sites: bool = True
    settable_fields: bool = True
    tile: int = 3
    visit: float = 10.0
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "atomic-spins"
    summary: ClassVar[str] = (
        f"two-state atoms on sites of a surface, couplings by position: up to {MAX_PLACED}, more in tiles; samples"
    )
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"sample"})
    priced: ClassVar[frozenset[str]] = frozenset({*IDEAL_CONSTANTS, "placing_time_s", "tile_visit_s"})
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": f"{MAX_PLACED} in one array, {MAX_TILED} in tiles whose fields are set by gates",
        "refuses": "to minimize and to recall: the temperature follows no schedule, and writing a cue is not modelled",
    }

    def __post_init__(self) -> None:
        check_atoms(self)
        if self.starts is not None and not 1 <= self.starts <= _MOST_STARTS:
            raise ValueError(f"starts is {self.starts}; try one arrangement at least, {_MOST_STARTS:,} at most")
        if not 1 <= self.tile <= MAX_PLACED:
            raise ValueError(f"tile is {self.tile}; a tile has 1 to {MAX_PLACED} atoms")
        if not (np.isfinite(self.visit) and self.visit > 0.0):
            raise ValueError(f"visit is {self.visit} attempt times; it must be finite and positive")

    @single_threaded_blas()
    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Place atoms; raise DoesNotFit for more spins than the arrays can hold.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Sites of the atoms, and their couplings.
        """
        most = MAX_TILED if self.settable_fields else MAX_PLACED
        if problem.size > most:  # a problem has at least as many spins as its own size: do not build them
            raise _too_many(f"{problem.size} or more", self.settable_fields)
        asked = as_ising(problem)
        if asked.size > most:
            raise _too_many(str(asked.size), self.settable_fields)
        generator = np.random.default_rng(rng)
        if asked.size > MAX_PLACED:
            return self._program_tiles(problem, asked, generator)
        wanted = asked.dense_couplings()
        notes = ["biases by a local gate at each atom"]
        placement, held = None, asked
        if wanted.any():
            placement = self._place(wanted, generator)
            held = Ising(placement.scale * placement.couplings, asked.biases, asked.offset)
            notes += [self._freedom(asked.size), _temperature([placement]), _blind(wanted, placement)]
        return programmed_atoms(self, problem, asked, held, generator, placement, notes, {"atoms_placed": asked.size})

    def _program_tiles(self, problem: Ising | Problem, asked: Ising, rng: np.random.Generator) -> Program:
        tiles = tiles_of(asked.sparse_couplings(), self.tile)
        j = asked.sparse_couplings().tocsr()
        placements: list[Placement | None] = []
        inside: list[Float] = []
        for k, tile in enumerate(tiles):
            checkpoint("placing the atoms of each tile", k, len(tiles))
            wanted = np.asarray(j[tile][:, tile].toarray())
            placed = self._place(wanted, rng) if wanted.any() else None
            placements.append(placed)
            inside.append(wanted if placed is None else placed.scale * placed.couplings)
        held = Ising(tiled_couplings(asked, tiles, inside), asked.biases, asked.offset)
        within = sum(np.count_nonzero(each) for each in inside) // 2
        pairs = held.sparse_couplings().nnz // 2
        w = skewed_within(held, tiles, self.asymmetry, rng)
        error, more = skewed_error(asked, held, w)
        array = tiled_array(w, held.biases, tiles, tuple(placements))
        found = [placement for placement in placements if placement is not None]
        notes = [
            f"{len(tiles)} tiles of up to {self.tile} atoms x {self.rounds} rounds; gates set the fields of each "
            f"tile from the states of the others, {pairs - within} of {pairs} couplings: assumed, shown by nobody",
            *([_temperature(found)] if found else []),
        ]
        setup = {"atoms_placed": asked.size}
        about = {"tiles": len(tiles), "rounds": self.rounds, "atoms_of_a_tile": max(map(len, tiles))}
        return Program(self.name, problem, held, array, error, (*notes, *more), setup, one_chip=True, provenance=about)

    def _place(self, wanted: Float, rng: np.random.Generator) -> Placement:
        law = CouplingLaw.of(DATA)
        if self.sites:
            return place_on_sites(wanted, law, Surface.of(DATA), rng, self.starts or _SITE_STARTS)
        return place_atoms(wanted, law, rng, self.starts or _FREE_STARTS)

    def _freedom(self, n: int) -> str:
        where = "sites of the surface" if self.sites else "positions anywhere"
        return (
            f"{where} chosen for {n * (n - 1) // 2} couplings among {2 * n - 2} coordinates; the coupling law is "
            "illustrative"
        )

    @property
    def rounds(self) -> int:
        """Number of visits to each tile in a read."""
        return max(1, round(self.attempts / self.visit))

    @single_threaded_blas()
    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Read every atom once, ``attempts`` attempt times after a random start.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the counted events of each read.
        """
        about = {"parameters": own_parameters(self)}
        if isinstance(program.state, AtomTiles):
            return run_tiles(program, task, self._start_tiles(program, task, reads, rng), self.theta, about)
        return run_switching(program, task, self._start(program, task, reads, rng), self.theta, about)

    @single_threaded_blas()
    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Trace the telegraph of each atom in one read.

        :meth:`.TracingTarget.trace` documents the arguments.

        Returns
        -------
        Trace
            States of the atoms against time; of tiles, after each visit.
        """
        about, rate = {"parameters": own_parameters(self)}, self._attempt_rate()
        if isinstance(program.state, AtomTiles):
            schedule = self._start_tiles(program, task, 1, rng)
            pause_s = self.constants["tile_visit_s"].value + self.constants["readout_time_s"].value
            return trace_tiles(program, task, schedule, self.theta, rate, pause_s, about)
        return trace_switching(program, task, self._start(program, task, 1, rng), self.theta, rate, about)

    def _start(self, program: Program, task: Task, reads: int, rng: RNG) -> SwitchingSchedule:
        require_support(self, task)
        streams = kernel_states(read_seeds(rng, reads))
        state: AtomArray = program.state
        spins = random_states(streams, state.biases.size)
        betas = np.array([task.beta]) if isinstance(task, Sample) else np.empty(0)
        return SwitchingSchedule(spins, streams, betas, np.array([self.attempts]))

    def _start_tiles(self, program: Program, task: Task, reads: int, rng: RNG) -> TiledSchedule:
        require_support(self, task)
        state: AtomTiles = program.state
        if len(state.tiles) * self.rounds > _MOST_VISITS:
            raise ValueError(
                f"attempts / visit makes {self.rounds} rounds over {len(state.tiles)} tiles; at most {_MOST_VISITS} "
                "visits a read: take longer visits"
            )
        streams = kernel_states(read_seeds(rng, reads))
        spins = random_states(streams, state.biases.size)
        beta = task.beta if isinstance(task, Sample) else np.nan
        return TiledSchedule(spins, streams, beta, self.attempts / self.rounds, self.rounds)

    def _attempt_rate(self) -> Datum:
        return attempt_rate_of(self.constants, self.attempt_rate_hz)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return (
            *attempt_costs(self.constants, self._attempt_rate()),
            visiting_cost(self.constants),
            placing_cost(self.constants),
        )


def _temperature(placements: list[Placement]) -> str:
    kt = [1.0 / placement.scale for placement in placements]
    if len(kt) == 1:
        return f"kT_eff is {kt[0]:.3g} meV / beta"
    return f"kT_eff is {min(kt):.3g} to {max(kt):.3g} meV / beta, set anew for each tile: assumed"


def _blind(wanted: Float, placement: Placement) -> str:
    if len(wanted) < 3:
        return "one coupling: the scale takes up what is not known of the law, unless it turns the sign"
    low, middle, high = np.quantile(
        blind_errors(wanted, placement.positions, draw_laws(DATA, _LAWS)), [0.05, 0.5, 0.95]
    )
    return (
        f"with the constants of the law drawn from their ranges these positions hold the couplings to "
        f"{100 * middle:.0f} % ({100 * low:.0f} to {100 * high:.0f} %): measure the law before placing"
    )


def _too_many(spins: str, settable: bool) -> DoesNotFit:
    if settable:
        return DoesNotFit(
            f"{spins} spins; tiles of atoms are placed for at most {MAX_TILED}: atomic-spins-ideal (an idealisation, "
            "freely programmable) would hold it"
        )
    return DoesNotFit(
        f"{spins} spins; positions of atoms cannot set the couplings of more than {MAX_PLACED}: settable_fields would "
        "divide it into tiles, atomic-spins-ideal (an idealisation, freely programmable) would hold it"
    )
