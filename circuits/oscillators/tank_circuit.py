r"""The circuit of tanks: differential LC cells, resistors in parallel or crossed, a reference and its pump, mixers.

- Cell i is the pair p_i, m_i with v_i = v(p_i) - v(m_i): a capacitor 2 C, a coil L / 2 and the losses from each to
  ground, and between them the current g_3 v^3 - (g + g_s v(pump)) v, with g = g_1 + losses + loads of the resistors.
- J > 0 is a resistor p_i-p_j and one m_i-m_j, J < 0 crosses them; each is 1 / (2 G |J|), for two stand in series
  between the tanks. Biases go to the pair high, low, which is the reference of A.
- A triangle of current, of the charge C A, starts tank i at the time of its phase, in the second cycle.
- A mixer with the reference and an RC of three cycles makes v(s_i) = 1 V (A_i / A) cos phi_i; its sign is the spin.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import as_ising
from neuromorph.rng import RNG, read_seeds
from neuromorph.task import RecallFrom

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    Element,
    Instance,
    Parameter,
    Resistor,
    Subcircuit,
    Transient,
)
from ..netlist.expressions import Expression, Reference, Time, Voltage, call
from ..netlist.sources import Inductor, Wave, WaveCurrent
from ..simulators.waveforms import Waveforms
from ..spice.dialects import DIALECTS
from ..spice.writer import netlist_text
from .tank import Tank
from .tank_array import TankArray, design_tank_array

FIRST_CYCLE = 2  # in which every tank swings
_STEPS = 200  # in a cycle, at least: the trapezoidal rule is .008 % slow
_WIDTH = 0.05  # of a kick, cycles
_MIXER_OHM = 1e4
_MIXER_CYCLES = 3.0


def tank_circuit(
    array: TankArray,
    phases: ArrayLike,
    *,
    detuning: ArrayLike | None = None,
    constant_pump: bool = False,
    title: str = "LC tanks",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build the circuit of an array, with the nodes p0, m0, s0, p1, ...

    Parameters
    ----------
    array : TankArray
        Array.
    phases : (n,) float
        Phases at the start, rad.
    detuning : (n,) float, optional
        Frequencies against that of the reference, relative; none by default.
    constant_pump : bool, default False
        Whether the pump is at its end from the start.
    title : str, optional
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        Circuit, ready to run.

    Raises
    ------
    ValueError
        If phases or detuning have another shape, or detuning is not above -1.
    """
    n, tank = array.ising.size, array.tank
    start = np.asarray(phases, dtype=float)
    off = np.zeros(n) if detuning is None else np.asarray(detuning, dtype=float)
    if start.shape != (n,) or off.shape != (n,):
        raise ValueError(f"phases and detuning have shapes {start.shape} and {off.shape}; expected ({n},)")
    if not (np.isfinite(start).all() and np.isfinite(off).all() and (off > -1.0).all()):
        raise ValueError("phases and detuning must be finite, and detuning above -1")
    period = tank.period_s
    stop = array.cycles * period
    elements = (*_signals(array, stop, constant_pump), *_cells(array, start, off), *_resistors(array))
    nodes = tuple(f"{name}{i}" for i in range(n) for name in "pms")
    said = ("spin i is the sign of v(s_i), which is cos phi_i, at the end; tank i is the pair p_i, m_i", *array.notes)
    transient = Transient(period / _STEPS, stop, uic=True, reltol=1e-4)
    return Circuit(title, elements, transient, ("ref", *nodes), {}, (*comments, *said))


def oscillator_netlist(problem: Problem | Ising, *, dialect: str = "ngspice", rng: RNG = 0) -> str:
    """Return the netlist of LC tanks that anneal a problem, or recall from a cue.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    dialect : str, default "ngspice"
        Name of a simulator's dialect.
    rng : Generator, SeedSequence or int, default 0
        Draws the phases at the start, or a cue.

    Returns
    -------
    str
        Text of the netlist.

    Raises
    ------
    ValueError
        If the dialect is not known.
    DoesNotFit
        If the problem is too large.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"dialect is {dialect!r}; known are {', '.join(DIALECTS)}")
    array = design_tank_array(as_ising(problem))
    name = "Ising problem" if isinstance(problem, Ising) else f"{problem.name} ({problem.kind}, {problem.size})"
    return tank_netlist(task_circuit(problem, array, rng, title=f"neuromorph: {name}, LC tanks"), dialect)


def task_circuit(
    problem: Problem | Ising,
    array: TankArray,
    rng: RNG = 0,
    *,
    detuning: ArrayLike | None = None,
    title: str = "LC tanks",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build the circuit of an array that starts as a problem's task does.

    An anneal starts from random phases and the pump rises. A recall starts from 0 and pi of its cue, under the whole
    pump: tanks that agree swing more and are slower, so that without it all would turn to the opposite of the cue.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    array : TankArray
        Its array.
    rng : Generator, SeedSequence or int, default 0
        Draws the phases, or a cue.
    detuning : (n,) float, optional
        Frequencies against that of the reference, relative; none by default.
    title : str, optional
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        Circuit, ready to run.
    """
    n = array.ising.size
    task = None if isinstance(problem, Ising) else problem.task(1, rng)
    recalls = isinstance(task, RecallFrom)
    seed = read_seeds(rng, 1)[0]
    phases = (
        np.where(task.cues(1, n)[0] > 0, 0.0, np.pi)
        if isinstance(task, RecallFrom)
        else 2.0 * np.pi * np.random.default_rng(seed).random(n)
    )
    said = ("starts from a cue, under the whole pump" if recalls else "starts from random phases",)
    return tank_circuit(
        array, phases, detuning=detuning, constant_pump=recalls, title=title, comments=(*comments, *said)
    )


def tank_netlist(circuit: Circuit, dialect: str = "ngspice") -> str:
    """Return the netlist of tanks; ``ngspice -b`` prints the spin of each, v(s_i) at the end.

    Parameters
    ----------
    circuit : Circuit
        Circuit of :func:`tank_circuit`.
    dialect : str, default "ngspice"
        Name of a simulator's dialect.

    Returns
    -------
    str
        Text of the netlist.
    """
    text = netlist_text(circuit, DIALECTS[dialect])
    if dialect != "ngspice":
        return text
    mixers = (node for node in circuit.saved if node.startswith("s"))
    found = [f".meas tran spin{node[1:]} find v({node}) at={circuit.analysis.stop_s!r}\n" for node in mixers]
    return "".join([text.removesuffix(".end\n"), *found, ".end\n"])


def read_tank_phases(waves: Waveforms, tank: Tank, n: int) -> tuple[Float, Float]:
    r"""Read the phases of tanks from the voltages of a run, cycle by cycle.

    .. math:: \phi_i = \arg \int v_i e^{-j \omega_r t} dt

    Parameters
    ----------
    waves : Waveforms
        Waveforms with the nodes p0, m0, ...
    tank : Tank
        Parts of each tank.
    n : int
        Number of tanks.

    Returns
    -------
    (m,) float
        Middles of the cycles, from the first in which every tank swings, cycles of the reference.
    (m, n) float
        Phases, rad, continuous over the cycles.
    """
    v = waves.of([f"p{i}" for i in range(n)]) - waves.of([f"m{i}" for i in range(n)])
    now = waves.times / tank.period_s
    turning = v * np.exp(-2j * np.pi * now)[:, None]
    total = np.concatenate(
        [np.zeros((1, n)), np.cumsum(0.5 * (turning[1:] + turning[:-1]) * np.diff(now)[:, None], axis=0)]
    )
    edges = np.arange(FIRST_CYCLE, int(now[-1]) + 1)
    at = np.stack([np.interp(edges, now, part) for each in total.T for part in (each.real, each.imag)], axis=1)
    means = np.diff(at[:, 0::2] + 1j * at[:, 1::2], axis=0)
    return np.asarray(edges[:-1] + 0.5, dtype=float), np.asarray(np.unwrap(np.angle(means), axis=0))


def _signals(array: TankArray, stop_s: float, constant: bool) -> Iterator[Element]:
    """Return the reference, 1 V, the pump, 1 V at the end, and the rails of the biases."""
    angular = 2.0 * np.pi * array.tank.frequency_hz
    yield BehavioralVoltage("ref", "ref", GROUND, call("cos", angular * Time()))
    second: Expression = call("cos", 2.0 * angular * Time())
    yield BehavioralVoltage("pump", "pump", GROUND, second if constant else Time() * second / stop_s)
    if array.ising.biases.any():
        half = array.tank.amplitude_v / 2.0
        yield BehavioralVoltage("high", "high", GROUND, half * Voltage("ref"))
        yield BehavioralVoltage("low", "low", GROUND, -half * Voltage("ref"))


def _cells(array: TankArray, phases: Float, detuning: Float) -> Iterator[Element]:
    tank, ising = array.tank, array.ising
    v = Voltage("p") - Voltage("m")
    negative = Reference("negative") + array.pump_s * Voltage("pump")
    cell = Subcircuit(
        "lc_tank",
        ("p", "m", "pump"),
        (
            Capacitor("p", "p", GROUND, 2.0 * Reference("farad")),
            Capacitor("m", "m", GROUND, 2.0 * Reference("farad")),
            Inductor("p", "p", GROUND, tank.henry / 2.0),
            Inductor("m", "m", GROUND, tank.henry / 2.0),
            Resistor("p", "p", GROUND, 0.5 / tank.loss_s),
            Resistor("m", "m", GROUND, 0.5 / tank.loss_s),
            BehavioralCurrent("n", "p", "m", (tank.cubic * v * v - negative) * v),
        ),
        (Parameter("negative", tank.negative_s + tank.loss_s), Parameter("farad", tank.farad)),
    )
    loads = np.asarray(abs(ising.sparse_couplings()).sum(axis=1)).ravel() + np.abs(ising.biases)
    period, width = tank.period_s, _WIDTH * tank.period_s
    for i in range(ising.size):
        farad = tank.farad / (1.0 + detuning[i]) ** 2
        own = {"negative": float(tank.negative_s + tank.loss_s + array.unit_s * loads[i]), "farad": float(farad)}
        yield Instance(f"{i}", cell, (f"p{i}", f"m{i}", "pump"), own)
        at = period * (FIRST_CYCLE - 1 + float(-phases[i] / (2.0 * np.pi)) % 1.0)
        peak = farad * tank.amplitude_v / width
        kick = Wave("pwl", (0.0, 0.0, at - width, 0.0, at, float(peak), at + width, 0.0))
        yield WaveCurrent(f"kick{i}", f"m{i}", f"p{i}", 0.0, kick)
        product = (Voltage(f"p{i}") - Voltage(f"m{i}")) * Voltage("ref")
        yield BehavioralCurrent(f"mix{i}", GROUND, f"s{i}", 2.0 / (_MIXER_OHM * tank.amplitude_v) * product)
        yield Resistor(f"s{i}", f"s{i}", GROUND, _MIXER_OHM)
        yield Capacitor(f"s{i}", f"s{i}", GROUND, _MIXER_CYCLES * period / _MIXER_OHM)


def _resistors(array: TankArray) -> Iterator[Resistor]:
    upper = sparse.triu(array.ising.sparse_couplings(), 1, format="coo")
    for i, j, value in zip(upper.row.tolist(), upper.col.tolist(), upper.data.tolist(), strict=True):
        yield from _crossed(f"{i}_{j}", i, array.unit_s * value, (f"p{j}", f"m{j}"))
    for i in np.flatnonzero(array.ising.biases).tolist():
        yield from _crossed(f"h{i}", i, array.unit_s * float(array.ising.biases[i]), ("high", "low"))


def _crossed(name: str, i: int, siemens: float, other: tuple[str, str]) -> Iterator[Resistor]:
    """Return the two resistors from tank i to another pair, crossed where the coupling is negative."""
    if siemens != 0.0:
        a, b = other if siemens > 0.0 else other[::-1]
        yield Resistor(f"{name}p", f"p{i}", a, 0.5 / abs(siemens))
        yield Resistor(f"{name}m", f"m{i}", b, 0.5 / abs(siemens))
