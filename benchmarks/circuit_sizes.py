"""Count the neurons that each engine takes in a minute of CPU: the ODE, and ngspice at every level of the amplifiers.

    python benchmarks/run.py circuit_sizes

A memory of three patterns recalls one from a cue with a fifth of wrong bits for 30 R C, at gain 50; sparse networks
store one pattern on a torus of four neighbors or on a random graph of three. Sizes double until a run takes more than
a minute, or until the largest that is tried: "at least" then. Errors are of the outputs, of full scale, against the
ODE at 1e-9; those of amplifiers made of parts are the parts' own, along the way, and have no bound. All of it takes
some ten minutes of CPU, and as many seconds of wall time as the machine's other work allows.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from time import process_time
from typing import Any

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.integrate import solve_ivp

from circuits import EngineError, build_hopfield_circuit, installed_engines, simulate_circuit
from circuits.simulators.ngspice import version
from circuits.synthesis.component_values import fit_to_components
from circuits.synthesis.problem_circuit import default_components
from circuits.synthesis.synapses import overlap_circuit, transconductor_circuit
from neuromorph import Ising
from neuromorph.analog import AnalogNetwork, Tanh, simulate_batch

MINUTE_S = 60.0
LENGTH = 30.0  # longest time constants
GAIN = 50.0
LONGEST_S = 600.0  # wall time after which a run is ended: other processes may take most of the machine
Row = dict[str, Any]
Instance = tuple[AnalogNetwork, Any, Any]  # network, patterns, initial potentials
Run = Callable[[Instance, float], tuple[Any, Any]]  # -> times, outputs


def rows() -> list[Row]:
    found = [largest("ODE, this suite", "dense", dense, ode, 64, 4096)]
    found.append(largest("ODE, this suite", "torus, 4 neighbors", torus, ode, 256, 65536))
    if "ngspice" not in installed_engines():
        return found
    fed, name = spice(transconductor_circuit), version()
    return [
        *found,
        largest(f"{name}, ideal, resistors", "dense", dense, spice(build_hopfield_circuit), 64, 1024),
        largest(f"{name}, ideal, transconductors", "dense", dense, fed, 64, 1024),
        largest(f"{name}, ideal, overlap bus", "dense", dense, spice(on_bus), 64, 2048),
        largest(f"{name}, ideal, transconductors", "torus, 4 neighbors", torus, fed, 256, 16384),
        largest(f"{name}, ideal, transconductors", "random, 3 neighbors", cubic, fed, 256, 4096),
        largest(f"{name}, op-amps", "dense", dense, spice(at_level("opamp")), 8, 512),
        largest(f"{name}, transistors", "dense", dense, spice(at_level("transistor")), 8, 512),
    ]


def largest(engine: str, kind: str, make: Callable[[int], Instance], run: Run, first: int, last: int) -> Row:
    """Double N until a run takes more than a minute; the row is that of the largest within it."""
    best: Row = {"engine": engine, "network": kind, "N in a minute": 0, "CPU s": None, "error": None, "then": ""}
    n = first
    while n <= last:
        instance = make(n)
        end = LENGTH * float(instance[0].time_constants_s.max())
        before = process_time() + children_s()
        try:
            times, outputs = run(instance, end)
        except (EngineError, ValueError) as error:
            return {**best, "then": f"N = {n}: {str(error)[:60]}"}
        seconds = process_time() + children_s() - before
        if seconds > MINUTE_S:
            return {**best, "then": f"N = {n}: {seconds:.0f} s"}
        error = difference(instance, end, times, outputs)
        best |= {"N in a minute": n, "CPU s": round(seconds, 2), "error": error}
        n *= 2
    return {**best, "then": "the largest that was tried"}


def dense(n: int) -> Instance:
    rng = np.random.default_rng(0)
    patterns = rng.choice([-1.0, 1.0], (3, n))
    j = patterns.T @ patterns / n
    np.fill_diagonal(j, 0.0)
    return started(AnalogNetwork.from_ising(Ising(j), Tanh(GAIN)), patterns, rng)


def torus(n: int) -> Instance:
    side = int(n**0.5)
    return stored(nx.convert_node_labels_to_integers(nx.grid_2d_graph(side, n // side, periodic=True)))


def cubic(n: int) -> Instance:
    return stored(nx.random_regular_graph(3, n, seed=0))


def stored(graph: nx.Graph) -> Instance:
    """One pattern in the bonds of a graph."""
    rng = np.random.default_rng(0)
    bonds = sparse.coo_array(nx.to_scipy_sparse_array(graph, dtype=float))
    pattern = rng.choice([-1.0, 1.0], graph.number_of_nodes())
    values = pattern[bonds.row] * pattern[bonds.col]
    j = sparse.csr_array((values, (bonds.row, bonds.col)), shape=bonds.shape)
    return started(AnalogNetwork.from_ising(Ising(j), Tanh(GAIN)), pattern[None], rng)


def started(network: AnalogNetwork, patterns: Any, rng: np.random.Generator) -> Instance:
    cue = patterns[0] * np.where(rng.random(network.size) < 0.2, -1.0, 1.0)
    return network, patterns, network.activation.inverse(0.9 * cue)


def ode(instance: Instance, end: float) -> tuple[Any, Any]:
    path = simulate_batch(instance[0], instance[2], end, samples=101, rtol=1e-7, atol=1e-9)
    return path.times, path.voltages[:, 0]


def spice(build: Callable[..., Any]) -> Run:
    def run(instance: Instance, end: float) -> tuple[Any, Any]:
        network, patterns, start = instance
        more = {"patterns": patterns} if build is on_bus else {}
        circuit = build(network, initial=start, duration_s=end, **more)
        nodes = tuple(f"v{i}" for i in range(network.size))
        waves = simulate_circuit(replace(circuit, saved=nodes), "ngspice", timeout_s=LONGEST_S)
        return waves.times, waves.of(nodes)

    return run


def on_bus(network: AnalogNetwork, *, patterns: Any, initial: Any, duration_s: float) -> Any:
    return overlap_circuit(network, patterns, initial, duration_s=duration_s)


def at_level(level: Any) -> Callable[..., Any]:
    def build(network: AnalogNetwork, *, initial: Any, duration_s: float) -> Any:
        made = fit_to_components(network, default_components(network, level)).network
        stretched = duration_s * float(made.time_constants_s.max() / network.time_constants_s.max())
        return build_hopfield_circuit(made, initial, level=level, duration_s=stretched)

    return build


def difference(instance: Instance, end: float, times: Any, outputs: Any) -> float | None:
    """Largest difference of the outputs from the ODE over the run; None where the circuit is in other units of time."""
    network, _, start = instance
    if times[-1] > end * (1 + 1e-6):
        return None
    exact = solve_ivp(network.rhs, (0.0, end), start, method="DOP853", rtol=1e-9, atol=1e-12, dense_output=True).sol
    worst = 0.0
    for k in range(0, len(times), 50):  # a block of samples at a time: 10,000 of 16,384 neurons do not fit
        expected = network.voltages(exact(np.minimum(times[k : k + 50], end)).T)
        worst = max(worst, float(np.abs(outputs[k : k + 50] - expected).max()) / 2.0)
    return worst


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
