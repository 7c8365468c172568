"""Circuits in SPICE: how far from their differential equation, which energies balance, how long and how large.

    python benchmarks/run.py spice

takes some five minutes of CPU, most for op-amps, 128 neurons, and the operating point of a 128 x 128 crossbar. CPU
seconds are those of this process and of the simulators that it started.
"""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np

from circuits import Crossbar, build_hopfield_circuit, certify, certify_problem, installed_engines, simulate_circuit
from circuits.simulators.ngspice import version
from circuits.simulators.process import run_program
from circuits.simulators.process_limits import ProcessLimits
from circuits.simulators.pyspice import to_pyspice
from circuits.simulators.rawfile import read_raw
from circuits.spice.dialects import NGSPICE
from circuits.spice.writer import netlist_lines, netlist_text
from neuromorph import Ising, Recall
from neuromorph.analog import AnalogNetwork, Tanh

FAST = [name for name in installed_engines() if name != "pyspice"]  # ngspice once more
Row = dict[str, Any]


def rows() -> list[Row]:
    return [
        *agreement(),
        *parts("opamp", 8, 50, "final error of the worst", 0.02),
        *parts("opamp", 32, 10, "final error of the worst", 0.02),
        *parts("transistor", 8, 50, "", None),
        *text(),
        *overlaps(),
        *in_process(),
        *crossbar(),
    ]


def memory(neurons: int, patterns: int = 3, seed: int = 0) -> Recall:
    return Recall("memory", np.random.default_rng(seed).choice([-1, 1], (patterns, neurons)))


def agreement() -> Iterator[Row]:
    """Ideal amplifiers, at tau/50 and tau/250."""
    for n, fraction, bound in ((8, 50, 1e-4), (32, 50, 1e-4), (128, 50, 1e-4), (8, 250, 3e-6), (32, 250, 3e-6)):
        seconds, made = timed(lambda n=n, k=fraction: certify_problem(memory(n), steps_per_tau=k, engines=FAST))
        for name, found in made.engines.items():
            at = f"N = {n}, tau/{fraction}, {name}"
            yield row(f"{at}: trajectory against the ODE, of full scale", found.trajectory_error, bound, seconds)
            yield row(f"{at}: energy balance", found.balance.imbalance, 1e-4, seconds)
            yield row(f"{at}: energy delivered against the ODE", found.supply_error, 1e-4, seconds)
        yield row(f"N = {n}: energy balance of the ODE", made.ode_balance.imbalance, 1e-12, seconds)


def parts(level: Any, n: int, seeds: int, what: str, bound: float | None) -> Iterator[Row]:
    """Amplifiers made of parts, over networks, starts and offsets."""
    network = [certified(level, n, seed) for seed in range(seeds)]
    seconds = sum(took for took, _ in network)
    found = [next(iter(made.engines.values())) for _, made in network]
    least = 1.0 if level == "opamp" else 0.95
    same = float(np.mean([each.same_attractor for each in found]))
    yield row(f"{level}, N = {n}, {seeds} seeds: other attractors, fraction", 1.0 - same, 1.0 - least, seconds)
    if bound is not None:
        worst = max(each.final_error for each in found)
        yield row(f"{level}, N = {n}, {seeds} seeds: {what}, of full scale", worst, bound, seconds)


def certified(level: Any, n: int, seed: int) -> tuple[float, Any]:
    """Couplings without ties: with them a neuron may rest in the middle of its rails, where offsets decide."""
    j = np.triu(np.random.default_rng(1000 + seed).normal(size=(n, n)), 1)
    network = AnalogNetwork.from_ising(Ising(j + j.T), Tanh(20.0))
    return timed(lambda: certify(network, level=level, rng=seed, engines=FAST[:1]))


def text() -> Iterator[Row]:
    """512 neurons, all with all, as text; the second run is traced and takes longer."""
    j = np.random.default_rng(0).normal(size=(512, 512))
    network = AnalogNetwork.from_ising(Ising((j + j.T) * (1.0 - np.eye(512))))
    seconds, written = timed(lambda: netlist_text(build_hopfield_circuit(network)))
    yield row(f"N = 512 dense: CPU s of the netlist, {len(written) / 1e6:.1f} MB", seconds, 3.0, seconds)
    tracemalloc.start()
    with TemporaryDirectory() as folder, (Path(folder) / "deck.cir").open("w") as file:
        file.writelines(line + "\n" for line in netlist_lines(build_hopfield_circuit(network)))
    yield row("N = 512 dense: memory at most, MB", tracemalloc.get_traced_memory()[1] / 1e6, 500.0, seconds)
    tracemalloc.stop()


def overlaps() -> Iterator[Row]:
    """A memory of 1024 neurons on its overlap bus."""
    seconds, made = timed(lambda: certify_problem(memory(1024, 8), synapses="overlaps", engines=FAST[:1]))
    error = next(iter(made.engines.values())).trajectory_error
    yield row("N = 1024, overlap bus, tau/50: CPU s with the ODE", seconds, 60.0, seconds)
    yield row("N = 1024, overlap bus: trajectory against the ODE, of full scale", error, 1e-4, seconds)


def in_process() -> Iterator[Row]:
    """PySpice's object against the text, and what 300 runs leave behind."""
    if "pyspice" not in installed_engines() or "ngspice" not in installed_engines():
        return
    for n in (32, 8):
        network = AnalogNetwork.from_ising(memory(n).ising(), Tanh(20.0))
        circuit = build_hopfield_circuit(network, np.random.default_rng(0).uniform(-0.1, 0.1, n))
        text, own = (simulate_circuit(circuit, engine) for engine in ("ngspice", "pyspice"))
        worst = float(np.abs(text.voltages - own.voltages).max())
        yield row(f"N = {n}: {type(to_pyspice(circuit)).__module__} against text, V", worst, 1e-9, float("nan"))
    for _ in range(5):
        simulate_circuit(circuit, "pyspice")
    before = resident_mb()
    seconds, _ = timed(lambda: [simulate_circuit(circuit, "pyspice") for _ in range(300)])
    yield row("300 runs in this process: MB left behind", resident_mb() - before, 20.0, seconds)


def crossbar(size: int = 128) -> Iterator[Row]:
    """Cells of 10 kohm to 1 Mohm on wires of 1 ohm: its currents, and its matrix."""
    cells = np.random.default_rng(0).uniform(1e-6, 1e-4, (size, size))
    array, volts = Crossbar(cells), np.random.default_rng(1).uniform(-0.2, 0.2, size)
    seconds, found = timed(lambda: array.currents(volts))
    whole, _ = timed(array.terminals)
    yield row(f"crossbar {size} x {size}: CPU s of one solve", seconds, None, seconds)
    yield row(f"crossbar {size} x {size}: CPU s of the whole matrix and of the power", whole, None, whole)
    if "ngspice" not in installed_engines():
        return
    circuit = array.circuit(volts)
    spoken = replace(NGSPICE, analysis=lambda circuit: iter([".op", *(f".save v({node})" for node in circuit.saved)]))
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "deck.cir").write_text(netlist_text(circuit, spoken))
        command = ["ngspice", "-n", "-b", "-r", "deck.raw", "deck.cir"]
        seconds, _ = timed(lambda: run_program("ngspice", command, folder, ProcessLimits(3600.0)))
        plot = read_raw(folder / "deck.raw")[0]
    said = np.array([plot[f"v({node})"][0] for node in circuit.saved]) / array.output_ohm
    yield row(
        f"crossbar {size} x {size}: currents against {version()}, of the largest",
        float(np.abs(said - found).max() / np.abs(found).max()),
        1e-6,
        seconds,
    )


def row(what: str, found: float, bound: float | None, seconds: float) -> Row:
    said = "-" if bound is None else "yes" if found <= bound * (1 + 1e-9) else "NO"
    return {"what": what, "found": found, "at most": bound, "holds": said, "CPU s": round(seconds, 2)}


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """(CPU seconds, what it returned)."""
    before = process_time() + children_s()
    result = run()
    return process_time() + children_s() - before, result


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
