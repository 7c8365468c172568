r"""Adiabatic simulated bifurcation on an FPGA, in words of 16 bits, with the cycles of the published machine.

.. math:: \dot y_i = -(x_i^2 + 1 - p(t))\, x_i + \xi \textstyle\sum_j J_{ij} x_j, \qquad \dot x_i = y_i, \qquad
          \text{cycles} = \frac n{P_c} + \frac n{P_r P_b} \max\Bigl(\frac n{P_c}, P_r\Bigr) + \lambda

with p from 0 to 2, steps of 1/2 (y first, x with the new y), xi = 0.5 / (rms(J) sqrt n). Words have 16 bits, 12 of them
behind the binary point, and saturate. Couplings have few bits: the published machine has one (+1 or -1), here are two,
so that pairs may be uncoupled. Biases are couplings to one more oscillator, whose sign counts as up.

P_b = 8 blocks of P_r = 32 rows and P_c = 32 columns are 8,192 multipliers, lambda = 48 cycles: 624 cycles for 2,048
spins and 2,224 for 4,096, as published. A row of J is at most n^(3/2) rms(J) in all, so that xi times its sum of
products is below n 2^34 <= 2^46 before it is shifted: within 64 bits.

Sources: Goto, Tatsumura and Dixon, Sci. Adv. 5, eaav2372 (2019); the machine: Tatsumura, Dixon and Goto, FPL 2019, 59:
8,192 processing elements, 1,873 and 2,027 GMAC/s (abstract); formula of the cycles: openising (KU Leuven), second-hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum, invert_datum, multiply_data
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising, mapping_error, require_support
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.target_constants import own_parameters
from neuromorph.task import Task

from .bifurcation_kernel import ONE, bifurcation_steps
from .sachi import PROCESSOR_DATA

_BLOCKS, _ROWS, _COLUMNS, _LATENCY = 8, 32, 32, 48
_NAMES = ("clock_hz", "fpga_power_w", "board_power_w")
_PART = 50_000_000  # products between two looks at the clock


def bifurcation_cycles(spins: int) -> float:
    """Compute the clock cycles of a step.

    Parameters
    ----------
    spins : int
        Oscillators.

    Returns
    -------
    float
        Cycles.
    """
    reads = max(1.0, spins / _COLUMNS)
    return reads + max(1.0, spins / (_ROWS * _BLOCKS)) * max(reads, _ROWS) + _LATENCY


@dataclass(frozen=True)
class FpgaSimulatedBifurcation:
    """Minimize by adiabatic bifurcation in fixed-point words.

    Parameters
    ----------
    steps : int
        Steps of a read.
    oscillators : int
        Oscillators that there is room for; biases take one.
    coupling_bits : int
        Bits of J, with the sign.
    constants : dict of Datum
        The table that it is priced by.
    """

    steps: int = 1000
    oscillators: int = 4096
    coupling_bits: int = 2
    constants: Mapping[str, Datum] = field(
        default_factory=lambda: {name: PROCESSOR_DATA[name] for name in _NAMES}, hash=False, repr=False, kw_only=True
    )

    name: ClassVar[str] = "fpga-simulated-bifurcation"
    summary: ClassVar[str] = "adiabatic bifurcation on an FPGA in 16-bit words, couplings of -1, 0 and 1: 4096 spins"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"minimize"})
    priced: ClassVar[frozenset[str]] = frozenset(_NAMES)
    read_length: ClassVar[str] = "steps"

    def __post_init__(self) -> None:
        for name, least, most in (("steps", 2, 10**7), ("oscillators", 2, 4096), ("coupling_bits", 2, 16)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}; it must be {least} to {most}")

    @property
    def limits(self) -> dict[str, Any]:
        """The largest problems, and what is refused."""
        return {"spins": self.oscillators, "refuses": "to sample and to recall: it is a deterministic descent"}

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Round ``problem`` to words; raise DoesNotFit for more spins than there are.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Words, and what they stand for.
        """
        if problem.size > self.oscillators:
            raise self._too_many(problem.size)
        asked = as_ising(problem)
        one_more = int(bool(asked.biases.any()))
        if asked.size + one_more > self.oscillators:
            raise self._too_many(asked.size + one_more)
        j = asked.dense_couplings()
        if one_more:
            j = np.block([[j, asked.biases[:, None]], [asked.biases[None, :], np.zeros((1, 1))]])
        top, largest = float(np.abs(j).max(initial=0.0)), (1 << (self.coupling_bits - 1)) - 1
        scale = largest / top if top > 0.0 else 1.0
        words = np.rint(scale * j).astype(np.int64)
        biases = words[:-1, -1] / scale if one_more else asked.biases
        held = Ising(words[: asked.size, : asked.size] / scale, biases, asked.offset)
        error = mapping_error(asked, held)
        note = "held exactly" if error == 0.0 else f"rounded to {self.coupling_bits} bits"
        return Program(self.name, problem, held, words, error, (note,))

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Let the oscillators bifurcate ``reads`` times.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Signs of the oscillators, with the counted events of each read.
        """
        require_support(self, task)
        words: NDArray[np.int64] = program.state
        n, seeds = len(words), read_seeds(rng, reads)
        strength, pumps = coupling_strength(words), pump_words(self.steps)
        part = max(1, _PART // (n * n))

        def read(k: int) -> NDArray[np.int64]:
            x, y = starting_words(np.random.default_rng(seeds[k]), n)
            room = np.empty(n, np.int64)
            for first in range(0, self.steps, part):
                checkpoint("bifurcation", k, reads)
                bifurcation_steps(words, strength, pumps[first : first + part], x, y, room)
            return x

        parts, status = whole_parts(map(read, range(reads)))
        signs = np.where(np.array(parts) < 0, -1, 1)
        size = program.programmed.size if program.programmed is not None else n
        spins = signs[:, :size] * (signs[:, size:] if n > size else 1)
        activity = {"cycles": self.steps * bifurcation_cycles(n), "updates": float(self.steps * n)}
        about = {"parameters": own_parameters(self)}
        return complete_run(program, task, spins, activity, status=status, provenance=about)

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        cycle = invert_datum(self.constants["clock_hz"], "s")
        fpga, board = (multiply_data(self.constants[name], cycle, "J") for name in _NAMES[1:])
        return (
            Cost("cycles", "the FPGA", fpga, cycle, idle=True),
            Cost("cycles", "board", board, None, "system", idle=True),
        )

    def _too_many(self, size: int) -> DoesNotFit:
        return DoesNotFit(
            f"needs {size} oscillators or more, the machine has {self.oscillators}; take parts of the problem, or "
            "cpu-simulated-bifurcation"
        )


def coupling_strength(words: NDArray[np.int64]) -> int:
    """Compute the coupling strength in a word.

    Parameters
    ----------
    words : (n, n) int64
        J.

    Returns
    -------
    int
        xi with 20 bits behind the binary point.
    """
    n = len(words)
    rms = float(np.sqrt((words.astype(float) ** 2).sum() / max(1, n * (n - 1))))
    return round(0.5 / (rms * np.sqrt(n)) * 2**20) if rms > 0.0 else 0


def pump_words(steps: int) -> NDArray[np.int64]:
    """Compute the pump amplitudes in words.

    Parameters
    ----------
    steps : int
        Steps.

    Returns
    -------
    (steps,) int64
        p with 12 bits behind the binary point, from 0 to 2.
    """
    return np.rint(np.linspace(0.0, 2.0, steps) * ONE).astype(np.int64)


def starting_words(rng: np.random.Generator, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the words that a read starts from.

    Parameters
    ----------
    rng : Generator
        Source of the read.
    n : int
        Oscillators.

    Returns
    -------
    x, y : (n,) int64
        Zero, and within a tenth.
    """
    return np.zeros(n, np.int64), rng.integers(-ONE // 10, ONE // 10 + 1, n)
