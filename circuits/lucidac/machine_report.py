"""Report a problem on LUCIDACs: the plan, and for one machine its program beside the differential equation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..synthesis.problem_circuit import problem_components
from .cubic_network import CubicNetwork, cubic_network
from .device_plan import plan_devices
from .machine_program import (
    CONSTANT_GIVER,
    DATA,
    MACHINE_INTEGRATORS,
    MACHINE_LANES,
    NEURONS_HELD,
    MachineProgram,
    compile_program,
    run_machine,
)
from .pybrid_circuit import pybrid_circuit

_SHOWN_TAU = 12.0  # transient that is compared, in the network's longest time constants


@dataclass(frozen=True)
class MachineReport:
    """Lines for a reader, and the configuration of one machine.

    Attributes
    ----------
    lines : tuple of str
        Lines.
    config : bytes or None
        Configuration as pybrid-computing serializes it, if it was asked for.
    """

    lines: tuple[str, ...]
    config: bytes | None


def lucidac_report(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    bits: float | None = None,
    sign: int | None = None,
    config: bool = False,
) -> MachineReport:
    """Plan a problem's network on LUCIDACs; program one machine if it suffices, and compare it with the equation.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : RNG, default 0
        Seed of the start.
    bits : float, optional
        Resolution of the coefficients.
    sign : int, optional
        Sign of the machine's integrators.
    config : bool, default False
        Whether the configuration is wanted.

    Returns
    -------
    MachineReport
        The report.

    Raises
    ------
    ValueError
        If the network has no cubic form, or a configuration is wanted of more than one machine.
    ImportError
        If a configuration is wanted and pybrid-computing is not installed.
    """
    made, start = problem_components(problem, rng=rng, series=None)
    network = cubic_network(made.network)
    plan = plan_devices(network)
    lines = [
        f"{network.size} cubic neurons on {len(plan.machines)} LUCIDAC; one holds {NEURONS_HELD}, by its multipliers",
        f"unit 1 is {network.unit_v:.4g} V; the fullest machine takes {plan.lanes} of {MACHINE_LANES} lanes, "
        f"{plan.ports_in} ports in, {plan.ports_out} out",
    ]
    if plan.obstacle:
        lines.append(f"it does not fit: {plan.obstacle}")
    elif len(plan.machines) > 1:
        lines += [f"machine {k}: neurons {' '.join(map(str, pair))}" for k, pair in enumerate(plan.machines)]
        lines.append("planned on paper: several machines are not programmed here")
    if len(plan.machines) > 1:
        if config:
            raise ValueError(
                f"a configuration is of one LUCIDAC, and the network takes {len(plan.machines)}; leave it out"
            )
        return MachineReport(tuple(lines), None)
    states = np.clip(start / network.unit_v, -1.0, 1.0)
    program = compile_program(network, states, bits=bits, sign=sign)
    lines += _program_lines(network, program, states, DATA["bits"].value if bits is None else bits)
    return MachineReport(tuple(lines), pybrid_circuit(program).to_config().SerializeToString() if config else None)


def _program_lines(network: CubicNetwork, program: MachineProgram, states: Float, bits: float) -> Iterator[str]:
    """Yield the lanes, and how the machine compares with the equation of exact coefficients."""
    from scipy.integrate import solve_ivp

    names = {CONSTANT_GIVER: "1"} | {k: f"x{k}" for k in range(MACHINE_INTEGRATORS)}
    for i in range(network.size):
        names |= {8 + 2 * i: f"x{i}^2", 9 + 2 * i: f"x{i}^3"}
    yield f"{len(program.lanes)} lanes:"
    for number, lane in enumerate(program.lanes):
        inputs = lane.target - MACHINE_INTEGRATORS
        target = f"integrator {lane.target}" if inputs < 0 else f"multiplier {inputs // 2} {'ab'[inputs % 2]}"
        yield f"  {number:2d}  {names[lane.source]:>4} -> {target}  {lane.coefficient:+.6f}"
    duration = _SHOWN_TAU * float(network.time_constants_s.max())
    run = run_machine(program, duration * program.slowdown)
    solved = solve_ivp(
        lambda t, x: network.slopes(x), (0.0, duration), states, method="DOP853", rtol=1e-9, atol=1e-12,
        t_eval=np.linspace(0.0, duration, len(run.times)),
    )  # fmt: skip
    error = float(np.abs(run.states - solved.y.T).max())
    ends = "the same signs" if (np.sign(run.states[-1]) == np.sign(solved.y[:, -1])).all() else "OTHER SIGNS"
    yield (
        f"machine time is {program.slowdown:.4g} of the network's, integrators at {program.speed_hz:g}/s of sign "
        f"{program.sign:+d} (say --sign where yours differ)"
    )
    yield (
        f"beside the equation: largest difference {error:.2g} of the unit, by coefficients of {bits:g} bits; {ends} at "
        "the end"
    )
    over = "OVERLOAD" if run.is_overloaded else "no overload"
    yield f"largest signal {run.largest:.4g} of the unit: {over}"
