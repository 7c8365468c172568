r"""What a certificate says of each engine, and how much of it is enough.

.. math:: \epsilon = \max_{t,i} \frac{|V_i^{SPICE}(t) - V_i^{ODE}(t)|}{V_{high} - V_{low}}, \qquad
          \text{rise} = \max_{t' < t} \frac{E(t) - E(t')}{\max E - \min E}

The energy E of a symmetric network never rises (Hopfield, PNAS 81, 3088 (1984)); what rises along a simulated
trajectory is the simulator's error. With amplifiers that are not ideal, the error is the parts' too: then the end
counts. The way there has no bound: near a saddle, where trajectories part, the least offset decides when they leave.
What is measured and has no bound is listed as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from neuromorph.ising import Float

from ..energy.ode_energy import Energy
from .step_refinement import StepRefinement

SCHEMA = 1
TRAJECTORY, BALANCE, RISE = 1e-4, 1e-4, 1e-6
END = {"ideal": 1e-4, "opamp": 0.02}  # at level "transistor" it follows from the ideal network, if at all


@dataclass(frozen=True)
class Balance:
    """J in all, and |delivered - dissipated - stored| over all that moved."""

    delivered_j: float
    dissipated_j: float
    stored_j: float
    imbalance: float

    @classmethod
    def of(cls, energy: Energy) -> Balance:
        return cls(energy.delivered_j, energy.dissipated_j, energy.stored_j, energy.imbalance)


@dataclass(frozen=True)
class EngineResult:
    """One engine against the ODE; errors of V as fractions of full scale, of E as fractions of its range on the way.

    energy_error : float or None     None where there is no energy: T is not symmetric, or an anneal moves it
    energy_rise : float or None      the same, and where amplifiers are not ideal
    balance : Balance or None        of what the circuit's sources deliver
    supply_error : float or None     |delivered - delivered in the ODE| over the latter; None where only one has it
    """

    trajectory_error: float
    final_error: float
    same_attractor: bool
    energy_error: float | None
    energy_rise: float | None = None
    balance: Balance | None = None
    supply_error: float | None = None


@dataclass(frozen=True, eq=False)
class OutputTrace:
    """Outputs over time: ``times`` (m,) s, those of the engine and of the ODE (m, n) V, and the rails (low, high) V."""

    times: Float
    voltages: Float
    expected: Float
    rails: tuple[float, float]


@dataclass(frozen=True)
class Check:
    """``value`` of an engine (or of the ODE) must be at most ``limit``; a yes or no is 0 or 1 short of what is due."""

    of: str
    what: str
    value: float
    limit: float

    @property
    def ok(self) -> bool:
        return self.value <= self.limit  # NaN is not


@dataclass(frozen=True)
class Unbounded:
    """``value`` of an engine was measured, and nothing says how large it may be."""

    of: str
    what: str
    value: float


@dataclass(frozen=True)
class Certificate:
    """Agreement of engines with the ODE on one circuit.

    neurons : int                          outputs that are compared
    level, amplifier, synapses : str       what the circuit is built of
    versions : {engine: str}               names the engines exactly
    ode_balance, ode_rise : or None        what the energies do in the ODE itself
    refinement : Refinement or None        if it was asked for
    bound : float                          of the trajectory error at level "ideal"
    energy_bound, end_bound : or None      of the energy error at level "ideal", and of the final error at level
                                           "transistor", as the ideal network predicts them
    traces : {engine: Trace}               for figures
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

    def checks(self) -> tuple[Check, ...]:
        """What must hold at this level, with its limits."""
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
            if self.refinement is not None:
                found.append(Check(name, "not_refined", float(not self.refinement.falls(name)), 0.0))
        return tuple(found)

    def unbounded(self) -> tuple[Unbounded, ...]:
        """What was measured and no check bounds, at this level or of this circuit."""
        limits = self._limits()
        return tuple(
            Unbounded(name, what, value)
            for name, result in self.engines.items()
            for what, value in _measured(result).items()
            if limits[what] is None
        )

    def _limits(self) -> dict[str, float | None]:
        """Of all that is measured; None where there is none."""
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
        """Whether every check holds; ``unbounded`` says what none of them looks at."""
        return all(check.ok for check in self.checks())

    def to_dict(self) -> dict[str, Any]:
        """As ``docs/certificate-schema.md`` lists it; plain data for JSON."""
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
            "refinement": self.refinement and self.refinement.to_dict(),
            "checks": [{**asdict(check), "ok": check.ok} for check in self.checks()],
            "unbounded": [asdict(each) for each in self.unbounded()],
            "passed": self.passed,
            "exit_status": int(not self.passed),
        }


def _measured(result: EngineResult) -> dict[str, float]:
    """The numbers of a result, without those that there are not."""
    found = {
        "trajectory_error": result.trajectory_error,
        "final_error": result.final_error,
        "energy_error": result.energy_error,
        "energy_rise": result.energy_rise,
        "imbalance": result.balance.imbalance if result.balance else None,
        "supply_error": result.supply_error,
    }
    return {what: value for what, value in found.items() if value is not None}
