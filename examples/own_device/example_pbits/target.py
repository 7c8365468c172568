r"""An array of probabilistic bits whose slopes and offsets differ, with weights of a few bits.

.. math:: m_i = \operatorname{sgn}\bigl(\tanh(a_i (\beta f_i + o_i)) + U(-1, 1)\bigr), \qquad
          f_i = h_i + \textstyle\sum_j J_{ij} m_j

updated one after the other. a_i = 1 +- slope_spread and o_i = +-offset_spread are drawn for each chip, J and h are
rounded to weight_bits. Slopes that differ leave no symmetric couplings, so that no Boltzmann distribution describes the
chip: ``Program.sampled`` states what it samples instead, the same updates of a distribution over all states.
Source: Camsari, Faria, Sutton and Datta, Phys. Rev. X 7, 031014 (2017). Numbers: ``constants.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, ClassVar

import numpy as np

import neuromorph as nm

DATA = nm.read_data(files(__package__).joinpath("constants.toml").read_text(encoding="utf-8"))
SPINS = 512
_STATED = 10  # spins up to which the distribution of a chip is computed
_AT_ONCE = 1 << 22  # random numbers in memory
_PHYSICS = ("slope_spread", "offset_spread")  # of the constants, those that decide the reads


@dataclass(frozen=True, eq=False)
class Chip:
    """One chip with the problem that it holds.

    Attributes
    ----------
    held : Ising
        Rounded couplings and biases.
    slopes, offsets : (n,) float
        a and o of each bit.
    """

    held: nm.Ising
    slopes: np.ndarray
    offsets: np.ndarray

    def chances(self, beta: float, i: int, spins: np.ndarray) -> np.ndarray:
        """Return P(m_i = +1) of each state (reads, n); spin i itself has no part in it."""
        couplings = self.held.dense_couplings()[i]
        fields = self.held.biases[i] + spins @ couplings
        return 0.5 + 0.5 * np.tanh(self.slopes[i] * (beta * fields + self.offsets[i]))

    def distribution(self, betas: np.ndarray) -> np.ndarray:
        """Return the exact distribution (2^n,) after these sweeps from a random state."""
        n = self.held.size
        states = np.arange(1 << n)
        spins = nm.exact.spins_of(states, n).astype(float)
        p = np.full(1 << n, 0.5**n)
        for beta in betas:
            for i in range(n):
                pair = p + p[states ^ (1 << i)]  # the bit is drawn anew, the others stay
                up = self.chances(beta, i, spins)
                p = pair * np.where(spins[:, i] > 0.0, up, 1.0 - up)
        return p


@dataclass(frozen=True)
class ExamplePbits:
    """Update p-bits one after the other.

    Parameters
    ----------
    sweeps : int
        Updates of each bit in a read.
    weight_bits : int
        Bits of a weight, with its sign.
    spread : float
        Factor on the spreads of slopes and offsets of the table; 0: all bits alike.
    constants : dict of Datum
        The table that it is modelled and priced by.
    """

    sweeps: int = 100
    weight_bits: int = 8
    spread: float = 1.0
    constants: Mapping[str, nm.Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "example-pbits"
    summary: ClassVar[str] = "an example: probabilistic bits with spread of slope and offset, weights of a few bits"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize", "sample"})
    priced: ClassVar[frozenset[str]] = frozenset(DATA) - {*_PHYSICS}
    limits: ClassVar[Mapping[str, Any]] = {"spins": SPINS, "refuses": "to recall: a cue is not written"}
    read_length: ClassVar[str] = "sweeps"
    forecast: ClassVar[str] = "an example of a package, with assumed prices"

    def __post_init__(self) -> None:
        if self.sweeps < 1:
            raise ValueError(f"sweeps is {self.sweeps}; it must be at least 1")
        if not 2 <= self.weight_bits <= 24:
            raise ValueError(f"weight_bits is {self.weight_bits}; it must be 2 to 24, with the sign")
        if not (np.isfinite(self.spread) and self.spread >= 0.0):
            raise ValueError(f"spread is {self.spread}; it must be finite and not negative")

    def program(self, problem: nm.Ising | nm.Problem, rng: Any = None) -> nm.Program:
        """Round a problem and draw a chip; raise DoesNotFit if it is too large.

        :meth:`neuromorph.Target.program` documents the arguments.

        Returns
        -------
        Program
            What the chip holds.
        """
        if problem.size > SPINS:  # before its couplings are built
            raise nm.DoesNotFit(f"{problem.size} spins or more; {self.name} holds {SPINS} at most: take parts")
        asked = nm.as_ising(problem)
        if asked.size > SPINS:
            raise nm.DoesNotFit(f"{asked.size} spins; {self.name} holds {SPINS} at most: take parts of the problem")
        steps = 2 ** (self.weight_bits - 1) - 1
        couplings, biases = asked.dense_couplings(), asked.biases
        step = max(float(np.abs(couplings).max(initial=0.0)), float(np.abs(biases).max(initial=0.0))) / steps or 1.0
        held = nm.Ising(np.round(couplings / step) * step, np.round(biases / step) * step, asked.offset)
        stream = np.random.default_rng(nm.read_seeds(rng, 1)[0])  # of the chip: all its reads share it
        slope, offset = (self.spread * self.constants[name].value for name in _PHYSICS)
        slopes = np.exp(slope * stream.normal(size=asked.size))
        chip = Chip(held, slopes, offset * stream.normal(size=asked.size))

        def sampled(beta: float) -> np.ndarray:
            return chip.distribution(np.full(self.sweeps, beta))

        return nm.Program(
            self.name,
            problem,
            held,
            chip,
            nm.mapping_error(asked, held),
            (f"weights of {self.weight_bits} bits; slopes and offsets differ from bit to bit",),
            {"weights_written": float(held.sparse_couplings().nnz + held.size)},
            one_chip=self.spread > 0.0,
            sampled=sampled if asked.size <= _STATED else None,
            provenance={"weight_bits": self.weight_bits},
        )

    def run(self, program: nm.Program, task: Any, reads: int = 1, rng: Any = None) -> nm.Run:
        """Anneal, or sample at beta, from random states.

        :meth:`neuromorph.Target.run` documents the arguments.

        Returns
        -------
        Run
            Final states, with the number of updates.
        """
        nm.require_support(self, task)
        chip, streams = program.state, nm.read_seeds(rng, reads)  # a stream of its own for each read
        if isinstance(task, nm.Sample):
            betas = np.full(self.sweeps, task.beta)
        else:
            betas = nm.sampling.geometric_schedule(*nm.sampling.default_range(chip.held), self.sweeps)
        n = chip.held.size
        most = max(1, _AT_ONCE // ((self.sweeps + 1) * n))
        parts = [_updated(chip, betas, streams[k : k + most]) for k in range(0, reads, most)]
        counts = {"updates": float(self.sweeps * n)}
        about = {"parameters": nm.own_parameters(self)}
        return nm.complete_run(program, task, np.concatenate(parts), counts, provenance=about)

    def costs(self) -> tuple[nm.Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        data = self.constants
        bit, control = (
            nm.multiply_data(data[name], data["update_s"], "J") for name in ("p_bit_power_w", "control_power_w")
        )
        return (
            nm.Cost("updates", "junctions and comparators", bit, data["update_s"], idle=True),
            nm.Cost("updates", "adding the field of a bit", data["field_energy_j"]),
            nm.Cost("updates", "clock and control", control, scope="chip", idle=True),
            nm.Cost("weights_written", "writing weights", data["write_energy_j"], data["write_s"], scope="chip"),
        )


def _updated(chip: Chip, betas: np.ndarray, streams: list[Any]) -> np.ndarray:
    """Return the states of several reads side by side."""
    n = chip.held.size
    draws = np.stack([np.random.default_rng(each).random((len(betas) + 1, n)) for each in streams])
    spins = np.where(draws[:, 0] < 0.5, -1.0, 1.0)
    for k, beta in enumerate(betas):
        nm.checkpoint("updating", k, len(betas))  # a time limit and Ctrl-C end it here
        for i in range(n):
            spins[:, i] = np.where(draws[:, k + 1, i] < chip.chances(beta, i, spins), 1.0, -1.0)
    return spins.astype(np.int8)
