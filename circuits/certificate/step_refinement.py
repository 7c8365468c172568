r"""Measure how the error of a simulator falls as its step is refined.

.. math:: \epsilon(h) \approx K h^2 \quad\Rightarrow\quad \epsilon(h) / \epsilon(h / 5) \approx 25

for the trapezoidal rule. An error that falls towards zero is the integration's; one that stays is a difference between
the circuit and its equation. A simulator also shortens its steps by itself where one of them would err by more than
``reltol``; that error goes with h^3, so ``reltol`` is refined with h^3 and the steps that it rules shrink alike.

Where amplifiers are made of parts, their error stays, and only its changes from step to step are the integration's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ..netlist.circuit import Circuit

REFINED_STEPS_PER_TAU = (10.0, 50.0, 250.0)
_RELTOL = 1e-5  # relative tolerance at the coarsest step
FINEST_RELTOL = 1e-10  # below this, rounding stops Newton's method
_FLOOR = 1e-7  # error below which the tolerances of the ODE show, of full scale
_SETTLED = 1e-4  # change that counts as none, of full scale: the error that ideal amplifiers may have


@dataclass(frozen=True)
class StepRefinement:
    """Trajectory errors of each engine at a sequence of finer steps.

    Attributes
    ----------
    steps_per_tau : (k,) float
        Shortest time constant over the largest step.
    reltols : (k,) float
        Relative error that SPICE allows in one step, at each refinement.
    errors : dict of str to (k,) float
        Trajectory errors of each engine, of full scale.
    ideal : bool
        Whether the amplifiers are ideal, so that errors fall towards zero.
    """

    steps_per_tau: tuple[float, ...]
    reltols: tuple[float, ...]
    errors: Mapping[str, tuple[float, ...]]
    ideal: bool = True

    def ratios(self, engine: str) -> tuple[float, ...]:
        """Return the ratio of each error to that of the next finer step.

        Parameters
        ----------
        engine : str
            Name of the engine.

        Returns
        -------
        (k - 1,) float
            About 25 for steps five times finer, as the trapezoidal rule is of second order.
        """
        return tuple(coarse / max(fine, 1e-300) for coarse, fine in pairwise(self.errors[engine]))

    def falls(self, engine: str) -> bool:
        """Return whether the errors of an engine fall with the step.

        With ideal amplifiers every step must be better than the one before, down to the accuracy of the ODE. With
        amplifiers of parts every step must change the error less than the one before, or hardly.

        Parameters
        ----------
        engine : str
            Name of the engine.

        Returns
        -------
        bool
            Whether they fall.
        """
        falling, floor = self.errors[engine], _FLOOR
        if not self.ideal:
            falling, floor = tuple(abs(fine - coarse) for coarse, fine in pairwise(falling)), _SETTLED
        return all(fine < coarse or fine <= floor for coarse, fine in pairwise(falling))

    def to_dict(self) -> dict[str, Any]:
        """Return the refinement as plain data for JSON.

        Returns
        -------
        dict of str to Any
            The keys are "steps_per_tau", "reltols" and "engines"; each engine has "trajectory_errors", "ratios" and
            "falls".
        """
        return {
            "steps_per_tau": list(self.steps_per_tau),
            "reltols": list(self.reltols),
            "engines": {
                name: {"trajectory_errors": list(e), "ratios": list(self.ratios(name)), "falls": self.falls(name)}
                for name, e in self.errors.items()
            },
        }


def refine_steps(
    circuit: Circuit,
    tau_s: float,
    measure: Callable[[Circuit], Mapping[str, float]],
    steps_per_tau: Sequence[float] = REFINED_STEPS_PER_TAU,
    ideal: bool = True,
) -> StepRefinement:
    """Measure the errors of a circuit at a sequence of finer steps.

    Parameters
    ----------
    circuit : Circuit
        Circuit whose analysis is refined.
    tau_s : float
        Shortest time constant, s.
    measure : callable
        Function from a circuit to its error of full scale in each engine; one that failed is left out from then on.
    steps_per_tau : sequence of float, default (10, 50, 250)
        Steps in the shortest time constant, the coarsest first.
    ideal : bool, default True
        Whether the amplifiers are ideal.

    Returns
    -------
    StepRefinement
        The errors at every step.
    """
    reltols = tuple(max(_RELTOL * (steps_per_tau[0] / fraction) ** 3, FINEST_RELTOL) for fraction in steps_per_tau)
    found = []
    for fraction, reltol in zip(steps_per_tau, reltols, strict=True):
        step = min(tau_s / fraction, circuit.analysis.stop_s)
        analysis = replace(circuit.analysis, step_s=step, reltol=reltol, largest_s=None, chgtol_c=None)
        found.append(measure(replace(circuit, analysis=analysis)))
    return StepRefinement(
        tuple(steps_per_tau), reltols, {name: tuple(e[name] for e in found) for name in found[-1]}, ideal
    )
