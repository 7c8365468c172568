r"""The certificate of a circuit: the errors of each engine, and how large they may be.

.. math:: \epsilon = \max_{t,i} \frac{|V_i^{SPICE}(t) - V_i^{ODE}(t)|}{V_{high} - V_{low}}, \qquad
          \text{rise} = \max_{t' < t} \frac{E(t) - E(t')}{\max E - \min E}

where

- V_i are the outputs of the circuit, between the rails V_low and V_high,
- E is the energy of a symmetric network, which never rises: what rises along a simulated trajectory is the simulator's
  error.

With amplifiers that are not ideal, the error is the parts' too: near a saddle, where trajectories part, the least
offset decides when they leave. Then the end counts, and the way there once it is aligned (``alignment``). Measured
values without a bound are listed as such.
Source: Hopfield, PNAS 81, 3088 (1984) for the energy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from neuromorph.ising import Float

from ..energy.ode_energy import Energy
from .alignment import Alignment, PartsForecast
from .step_refinement import StepRefinement

SCHEMA = 1
TRAJECTORY, BALANCE, RISE = 1e-4, 1e-4, 1e-6
END = {"ideal": 1e-4, "opamp": 0.02}  # limits of the final error; sensitivity.end_bound gives that of transistors


@dataclass(frozen=True)
class Balance:
    r"""Energy balance of a circuit over its whole transient.

    .. math:: \text{imbalance} = \frac{|E_{del} - E_{dis} - E_{st}|}{\sum_k |\Delta E_k|}

    Attributes
    ----------
    delivered_j : float
        Energy that the sources deliver, J.
    dissipated_j : float
        Energy that the elements turn into heat, J.
    stored_j : float
        Change of the energy that capacitors hold, J.
    imbalance : float
        Difference of the three over all energy that moved.
    """

    delivered_j: float
    dissipated_j: float
    stored_j: float
    imbalance: float

    @classmethod
    def of(cls, energy: Energy) -> Balance:
        """Return the balance of an energy account.

        Parameters
        ----------
        energy : Energy
            Energy account.

        Returns
        -------
        Balance
            The totals of the account.
        """
        return cls(energy.delivered_j, energy.dissipated_j, energy.stored_j, energy.imbalance)


@dataclass(frozen=True)
class EngineResult:
    """Errors of one engine against the ODE.

    Attributes
    ----------
    trajectory_error : float
        Largest difference of any output at any time, of full scale.
    final_error : float
        Largest difference of any output at the end, of full scale.
    same_attractor : bool
        Whether every output ends on the same side of the middle; one that the ODE leaves in the middle takes neither.
    energy_error : float or None
        Largest error of E, of its range; None if T is not symmetric or an anneal moves E.
    energy_rise : float or None
        Largest rise of E above an earlier value; None as above, and for amplifiers that are not ideal.
    balance : Balance or None
        What the sources of the circuit deliver, and what becomes of it.
    supply_error : float or None
        |delivered - delivered in the ODE| over the latter; None if only one of the two has it.
    alignment : Alignment or None
        The way after the escape from a saddle is aligned, for amplifiers that are not ideal.
    """

    trajectory_error: float
    final_error: float
    same_attractor: bool
    energy_error: float | None
    energy_rise: float | None = None
    balance: Balance | None = None
    supply_error: float | None = None
    alignment: Alignment | None = None


@dataclass(frozen=True, eq=False)
class OutputTrace:
    """Output voltages over time, of an engine and of the ODE.

    Attributes
    ----------
    times : (m,) float
        Times that the engine chose, s.
    voltages : (m, n) float
        Outputs in the engine, V.
    expected : (m, n) float
        Outputs of the ODE at the same times, V.
    rails : (low, high)
        Lowest and highest output of an amplifier, V.
    aligned : (m, n) float or None
        Outputs of the ODE after alignment, V, for amplifiers that are not ideal.
    """

    times: Float
    voltages: Float
    expected: Float
    rails: tuple[float, float]
    aligned: Float | None = None


@dataclass(frozen=True)
class Check:
    """Comparison of one measured value with its limit.

    Attributes
    ----------
    of : str
        The engine, or "ode".
    what : str
        The quantity; a yes-or-no question counts 0 if it holds and 1 if it does not.
    value : float
        The value that was measured.
    limit : float
        The largest value that passes.
    """

    of: str
    what: str
    value: float
    limit: float

    @property
    def ok(self) -> bool:
        """True if the value is a number and within its limit."""
        return self.value <= self.limit  # NaN is not


@dataclass(frozen=True)
class Unbounded:
    """A measured value that no limit applies to.

    Attributes
    ----------
    of : str
        The engine.
    what : str
        The quantity.
    value : float
        The value that was measured.
    """

    of: str
    what: str
    value: float


@dataclass(frozen=True)
class Certificate:
    """Agreement of engines with the ODE on one circuit.

    Attributes
    ----------
    neurons : int
        Number of outputs that are compared.
    engines : dict of str to EngineResult
        Result of each engine.
    duration_s : float
        Length of the transient, s.
    step_s : float
        Largest step that the engines may take, s.
    reltol : float
        Relative error that SPICE allows in one step.
    versions : dict of str to str
        Exact name and version of each engine.
    tau_s : float
        Shortest time constant of the circuit, s.
    level, amplifier, synapses : str
        What the circuit is built of.
    ode_balance : Balance or None
        Energy balance of the ODE itself.
    ode_rise : float or None
        Energy rise of the ODE itself.
    refinement : StepRefinement or None
        Errors at finer steps, if they were asked for.
    bound : float
        Largest trajectory error that passes at level "ideal".
    energy_bound : float or None
        Largest energy error that passes at level "ideal", as the ideal network predicts it.
    end_bound : float or None
        Largest final error that passes at level "transistor", as the ideal network predicts it.
    traces : dict of str to OutputTrace
        Outputs of each engine, for figures.
    failures : dict of str to str
        Reason of each engine that failed, in the first run or in a finer one.
    forecast : PartsForecast or None
        What the equation of the parts says of the way, for amplifiers that are not ideal.
    """

    neurons: int
    engines: Mapping[str, EngineResult]
    duration_s: float
    step_s: float
    reltol: float
    versions: Mapping[str, str]
    tau_s: float = float("nan")
    level: str = "ideal"
    amplifier: str = "ideal"
    synapses: str = "resistors"
    ode_balance: Balance | None = None
    ode_rise: float | None = None
    refinement: StepRefinement | None = None
    bound: float = TRAJECTORY
    energy_bound: float | None = None
    end_bound: float | None = None
    traces: Mapping[str, OutputTrace] = field(default_factory=dict, repr=False, compare=False)
    failures: Mapping[str, str] = field(default_factory=dict)
    forecast: PartsForecast | None = None

    def checks(self) -> tuple[Check, ...]:
        """Return all checks of this level with their limits.

        Returns
        -------
        tuple of Check
            One check per engine and bounded quantity, those of the ODE first.
        """
        found = []
        if self.ode_balance is not None:
            found.append(Check("ode", "imbalance", self.ode_balance.imbalance, 1e-12))
        if self.ode_rise is not None:
            found.append(Check("ode", "energy_rise", self.ode_rise, RISE))
        limits = self._limits()
        for name, result in self.engines.items():
            known = ((what, value, limits[what]) for what, value in _measured(result).items())
            found += [Check(name, what, value, limit) for what, value, limit in known if limit is not None]
            found.append(Check(name, "another_attractor", float(not result.same_attractor), 0.0))
            way = result.alignment
            if way is not None and way.bound is not None and result.same_attractor:
                found.append(Check(name, "aligned_error", way.after, way.bound))
            if self.refinement is not None and name in self.refinement.errors:
                found.append(Check(name, "not_refined", float(not self.refinement.falls(name)), 0.0))
        found += [Check(name, "failed", 1.0, 0.0) for name in self.failures]
        return tuple(found)

    def unbounded(self) -> tuple[Unbounded, ...]:
        """Return the measured values that no check bounds.

        Returns
        -------
        tuple of Unbounded
            One entry per engine and quantity without a limit at this level.
        """
        limits = self._limits()
        return tuple(
            Unbounded(name, what, value)
            for name, result in self.engines.items()
            for what, value in _unbounded(result).items()
            if limits.get(what) is None
        )

    def _limits(self) -> dict[str, float | None]:
        """Return the limit of each measured quantity, or None if it has none."""
        ideal = self.level == "ideal"
        return {
            "trajectory_error": self.bound if ideal else None,
            "final_error": END.get(self.level, self.end_bound),
            "energy_error": self.energy_bound if ideal else None,
            "energy_rise": RISE,
            "imbalance": BALANCE,
            "supply_error": BALANCE,
        }

    @property
    def passed(self) -> bool:
        """True if every check holds; ``unbounded`` lists what no check looks at."""
        return all(check.ok for check in self.checks())

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain data for JSON.

        Returns
        -------
        dict of str to Any
            The fields that ``docs/certificate-schema.md`` describes.
        """
        return {
            "schema": SCHEMA,
            "neurons": self.neurons,
            "level": self.level,
            "amplifier": self.amplifier,
            "synapses": self.synapses,
            "duration_s": self.duration_s,
            "tau_s": self.tau_s,
            "step_s": self.step_s,
            "reltol": self.reltol,
            "ode": {"balance": self.ode_balance and asdict(self.ode_balance), "energy_rise": self.ode_rise},
            "engines": {name: {"version": self.versions[name], **asdict(of)} for name, of in self.engines.items()},
            "forecast": self.forecast and asdict(self.forecast),
            "failures": dict(self.failures),
            "refinement": self.refinement and self.refinement.to_dict(),
            "checks": [{**asdict(check), "ok": check.ok} for check in self.checks()],
            "unbounded": [asdict(each) for each in self.unbounded()],
            "passed": self.passed,
            "exit_status": int(not self.passed),
        }


def _unbounded(result: EngineResult) -> dict[str, float]:
    """Return the quantities of a result that may have no limit: the trajectory once it is aligned, if it is."""
    found, way = _measured(result), result.alignment
    if way is None:
        return found
    del found["trajectory_error"]
    return found | ({"aligned_error": way.after} if way.bound is None else {})


def _measured(result: EngineResult) -> dict[str, float]:
    """Return the quantities of a result that exist."""
    found = {
        "trajectory_error": result.trajectory_error,
        "final_error": result.final_error,
        "energy_error": result.energy_error,
        "energy_rise": result.energy_rise,
        "imbalance": result.balance.imbalance if result.balance else None,
        "supply_error": result.supply_error,
    }
    return {what: value for what, value in found.items() if value is not None}
