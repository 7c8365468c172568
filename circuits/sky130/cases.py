"""A problem in one of the cells of SKY130: its circuit at a corner, and the outputs at which its equation ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from neuromorph.analog import simulate
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import as_ising
from neuromorph.rng import RNG

from ..certificate.sensitivity import end_bound, ends_on_saddle
from ..netlist.circuit import Circuit
from ..simulators import Waveforms
from ..synthesis.opamp import VDD, VSS
from ..synthesis.problem_network import problem_start
from .bistable import START_V, bistable_ends, bistable_sky130_circuit
from .cell import DATA, SENSE_OHM
from .network import HeldWeights, hold_weights, sky130_circuit, sky130_network

CellKind = Literal["neuron", "bistable"]
END_ERRORS = {"neuron": 0.05, "bistable": 0.1}  # largest of a cell at its rail in a corner, of full scale
CELL_KINDS: tuple[str, ...] = get_args(CellKind)


@dataclass(frozen=True, eq=False)
class Sky130Case:
    """A problem held in cells of one kind.

    Attributes
    ----------
    cell : str
        Kind of the cells: "neuron" or "bistable".
    held : HeldWeights
        Weights.
    start : (n,) float
        Voltages of the inputs, or of the bistable nodes, at t = 0, V.
    """

    cell: str
    held: HeldWeights
    start: Float

    @property
    def swing_v(self) -> float:
        """Largest output, V."""
        return float(DATA["swing" if self.cell == "neuron" else "rail"].value)

    def circuit(
        self,
        corner: str,
        rng: np.random.Generator | None = None,
        *,
        title: str = "a problem in SKY130",
        comments: Sequence[str] = (),
    ) -> Circuit:
        """Build the circuit.

        Parameters
        ----------
        corner : str
            Corner of the process.
        rng : Generator, optional
            Draws the mismatch; none by default.
        title : str, optional
            Title of the circuit.
        comments : sequence of str, optional
            Comments of the circuit.

        Returns
        -------
        Circuit
            The circuit, ready to run.
        """
        build = sky130_circuit if self.cell == "neuron" else bistable_sky130_circuit
        return build(self.held, self.start, corner, rng=rng, title=title, comments=tuple(comments))

    def expected(self) -> Float:
        """Integrate the differential equation.

        Returns
        -------
        (n,) float
            Outputs at the end, V.
        """
        if self.cell == "bistable":
            return bistable_ends(self.held, self.start)
        return np.asarray(sky130_network(self.held).activation.value(self._rest()))

    def bound(self) -> float | None:
        """Bound the error of an output at the end that errors of the cells explain.

        Returns
        -------
        float or None
            Largest error, of full scale: that of a cell, and of a neuron that its errors move between the rails
            what they make of it; None if that is half the scale, where the attractor alone is to be compared.
        """
        if self.cell == "bistable":
            return END_ERRORS[self.cell]
        return end_bound(sky130_network(self.held), self._rest(), END_ERRORS[self.cell])

    def is_undecided(self, expected: Float) -> bool:
        """Return whether the differential equation ends where offsets of the parts decide.

        Parameters
        ----------
        expected : (n,) float
            Outputs at which it ends, V.

        Returns
        -------
        bool
            Whether neurons rest on a saddle, or a millionth of the start sends bistable nodes elsewhere.
        """
        if self.cell == "neuron":
            return ends_on_saddle(sky130_network(self.held), self._rest())
        nudge = 1.0 + 1e-6 * np.cos(np.arange(1.0, len(self.start) + 1.0))  # of both signs, the same every time
        return bool((np.abs(bistable_ends(self.held, nudge * self.start) - expected) > 0.5 * self.swing_v).any())

    def _rest(self) -> Float:
        """Return the potentials at the end of the differential equation, V."""
        network = sky130_network(self.held)
        span = 20.0 * float(network.time_constants_s.max())
        return np.asarray(simulate(network, self.start, span, samples=2).final[0])

    def ends(self, waves: Waveforms) -> Float:
        """Return the outputs at the end of a run.

        Parameters
        ----------
        waves : Waveforms
            Waveforms of the circuit.

        Returns
        -------
        (n,) float
            Outputs, V.
        """
        n = len(self.start)
        if self.cell == "neuron":
            return np.asarray(waves.of([f"v{i}" for i in range(n)])[-1])
        sides = [waves.of([f"{side}{i}" for i in range(n)])[-1] for side in "pm"]
        return np.asarray(0.5 * (sides[0] - sides[1]))


def sky130_case(problem: Problem | Ising, cell: str = "neuron", rng: RNG = 0) -> Sky130Case:
    """Hold a problem in cells, started where its task says.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    cell : str, default "neuron"
        Kind of the cells, of ``CELL_KINDS``.
    rng : Generator, SeedSequence or int, default 0
        Seed of the start and of a cue.

    Returns
    -------
    Sky130Case
        The problem in its cells.

    Raises
    ------
    DoesNotFit
        If the problem is too large.
    ValueError
        If the kind is not known.
    """
    if cell not in CELL_KINDS:
        raise ValueError(f"cell is {cell!r}; known are {', '.join(CELL_KINDS)}")
    held = hold_weights(as_ising(problem))
    start = problem_start(problem, sky130_network(held), rng)
    if cell == "bistable":
        start = START_V * start / (float(np.abs(start).max()) or 1.0)
    return Sky130Case(cell, held, start)


def mean_power_w(waves: Waveforms) -> float:
    """Return the mean power that both supplies deliver over a run.

    Parameters
    ----------
    waves : Waveforms
        Waveforms of a circuit of this package.

    Returns
    -------
    float
        Power, W.
    """
    volts = waves.of([VDD, VSS])
    ampere = -waves.of([f"i_{VDD}", f"i_{VSS}"]) / SENSE_OHM  # that of a source flows into its upper end
    watt = (volts * ampere).sum(axis=1)
    span = float(waves.times[-1] - waves.times[0])
    return float(np.sum(0.5 * (watt[1:] + watt[:-1]) * np.diff(waves.times)) / span)
