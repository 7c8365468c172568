r"""The program of one LUCIDAC: which lane leads what, with what coefficient, where; and what the machine does with it.

.. math:: \dot y_k = s\, k_0 \sum_{l \to k} c_l\, z_{src(l)}, \qquad m = \sum_{l \to a} c_l z \cdot \sum_{l \to b} c_l z

with y the integrators, m the multipliers, z all of them and the constant 1, c_l the coefficient of lane l, s the sign
of the integrators and k_0 their speed. A cubic neuron takes one integrator and two multipliers, x^2 and x^3, so that
one machine holds two. All coefficients into integrators are divided by the largest, if it is above 1, which slows the
machine by as much: no lane needs the machine's upscaling. Time runs as t_machine = t / (k_0 tau_min) times that.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.datum import read_data
from neuromorph.ising import Float

from .cubic_network import CUBIC_BEND, CUBIC_SLOPE, CubicNetwork

DATA = read_data(files(__package__).joinpath("lucidac.toml").read_text())
MACHINE_INTEGRATORS, MACHINE_MULTIPLIERS, MACHINE_LANES = (
    int(DATA[name].value) for name in ("integrators", "multipliers", "lanes")
)
NEURONS_HELD = MACHINE_MULTIPLIERS // 2  # of one machine
CONSTANT_GIVER = -1  # source of a lane that leads the constant 1


@dataclass(frozen=True)
class Lane:
    """A lane of the machine.

    Attributes
    ----------
    source : int
        Integrator 0 to 7, multiplier 8 to 11, or -1 for the constant 1.
    target : int
        Integrator 0 to 7, or input 8 to 15 of a multiplier, two each.
    coefficient : float
        Coefficient from -1 to 1.
    """

    source: int
    target: int
    coefficient: float


@dataclass(frozen=True, eq=False)
class MachineProgram:
    """A program of one machine.

    Attributes
    ----------
    lanes : tuple of Lane
        Lanes in use.
    initial : (n,) float
        Initial values of the first n integrators.
    speed_hz : float
        Speed k_0 of the integrators, 1/s.
    sign : int
        Sign of the integrators, -1 or 1.
    slowdown : float
        Seconds of the machine for a second of the network.
    """

    lanes: tuple[Lane, ...]
    initial: Float
    speed_hz: float
    sign: int
    slowdown: float


@dataclass(frozen=True, eq=False)
class MachineRun:
    """Transient of a machine.

    Attributes
    ----------
    times : (m,) float
        Machine time, s.
    states : (m, n) float
        Integrators of neurons.
    largest : float
        Largest magnitude of any integrator, multiplier or input of one.
    is_overloaded : bool
        Whether it is above the machine's unit.
    """

    times: Float
    states: Float
    largest: float
    is_overloaded: bool


def compile_program(
    network: CubicNetwork, initial: ArrayLike, *, bits: float | None = None, sign: int | None = None
) -> MachineProgram:
    """Compile a network of one or two neurons for one machine.

    Parameters
    ----------
    network : CubicNetwork
        The network.
    initial : (n,) float
        States x at t = 0.
    bits : float, optional
        Resolution of coefficients from -1 to 1; that of ``lucidac.toml`` by default, infinite for exact ones.
    sign : int, optional
        Sign of the integrators; that of ``lucidac.toml`` by default.

    Returns
    -------
    MachineProgram
        The program.

    Raises
    ------
    ValueError
        If there are more neurons than one machine holds, or a start is beyond its unit.
    """
    n, x = network.size, np.asarray(initial, dtype=float)
    if n > NEURONS_HELD:
        raise ValueError(f"the network has {n} neurons; one LUCIDAC holds {NEURONS_HELD} cubic ones: see plan_devices")
    if x.shape != (n,) or not (np.abs(x) <= 1.0).all():
        raise ValueError(f"initial is {x}; give {n} states from -1 to 1")
    turn = int(DATA["sign"].value) if sign is None else sign
    if turn not in (-1, 1):
        raise ValueError(f"sign is {sign}; integrators have -1 or 1")
    tau = network.time_constants_s
    wanted: list[tuple[int, int, float]] = []
    for i in range(n):
        pace = tau.min() / tau[i]
        wanted.append((i, i, -pace))
        for j in np.flatnonzero(network.weights[i]).tolist():
            wanted += [
                (j, i, CUBIC_SLOPE * pace * network.weights[i, j]),
                (9 + 2 * j, i, CUBIC_BEND * pace * network.weights[i, j]),
            ]
        if network.biases[i]:
            wanted.append((CONSTANT_GIVER, i, pace * network.biases[i]))
    # A neuron's leak and what it has of itself are one coefficient.
    merged: dict[tuple[int, int], float] = {}
    for source, target, value in wanted:
        merged[source, target] = merged.get((source, target), 0.0) + value
    scale = max(1.0, *(abs(value) for value in merged.values()))
    lanes = [Lane(s, t, _rounded(turn * value / scale, bits)) for (s, t), value in merged.items()]
    for i in range(n):
        square, cube = 8 + 2 * i, 9 + 2 * i
        first, second = 8 + 2 * (square - 8), 8 + 2 * (cube - 8)
        lanes += [Lane(i, first, 1.0), Lane(i, first + 1, 1.0), Lane(square, second, 1.0), Lane(i, second + 1, 1.0)]
    speed = DATA["fast"].value
    return MachineProgram(tuple(lanes), x, speed, turn, scale / (speed * float(tau.min())))


def _rounded(value: float, bits: float | None) -> float:
    """Return a coefficient as a converter of so many bits from -1 to 1 has it."""
    resolution = DATA["bits"].value if bits is None else bits
    if not resolution > 1.0:
        raise ValueError(f"bits is {resolution}; a coefficient has two at least")
    if resolution == float("inf"):
        return value
    step = 2.0 ** (1.0 - resolution)
    return float(np.clip(np.round(value / step), -1.0 / step, 1.0 / step) * step)


def run_machine(program: MachineProgram, duration_s: float, samples: int = 201) -> MachineRun:
    """Integrate what ideal elements do with a program.

    Parameters
    ----------
    program : MachineProgram
        The program.
    duration_s : float
        Time of the machine, s.
    samples : int, default 201
        Number of equidistant samples.

    Returns
    -------
    MachineRun
        States over time, and whether the machine would report an overload.
    """
    from scipy.integrate import solve_ivp

    def elements(y: Float) -> tuple[Float, Float]:
        """Return integrators, multipliers and 1, and what flows into each input."""
        z = np.concatenate([y, np.zeros(MACHINE_MULTIPLIERS), [1.0]])
        inputs = np.zeros(MACHINE_INTEGRATORS + 2 * MACHINE_MULTIPLIERS)
        for _ in range(MACHINE_MULTIPLIERS):  # a multiplier may read another
            inputs[:] = 0.0
            for lane in program.lanes:
                inputs[lane.target] += lane.coefficient * z[lane.source]
            z[MACHINE_INTEGRATORS:-1] = inputs[MACHINE_INTEGRATORS::2] * inputs[MACHINE_INTEGRATORS + 1 :: 2]
        return z, inputs

    def slope(t: float, y: Float) -> Float:
        return np.asarray(program.sign * program.speed_hz * elements(y)[1][:MACHINE_INTEGRATORS])

    start = np.zeros(MACHINE_INTEGRATORS)
    start[: len(program.initial)] = program.initial
    times = np.linspace(0.0, duration_s, samples)
    solved = solve_ivp(slope, (0.0, duration_s), start, method="DOP853", t_eval=times, rtol=1e-9, atol=1e-12)
    largest = 0.0
    for y in solved.y.T:
        z, inputs = elements(y)
        largest = max(largest, float(np.abs(z[:-1]).max()), float(np.abs(inputs[MACHINE_INTEGRATORS:]).max()))
    states = solved.y.T[:, : len(program.initial)]
    return MachineRun(times, states, largest, largest > 1.0 + 1e-9)
