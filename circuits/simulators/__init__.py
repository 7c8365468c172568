"""The simulators that can run a circuit: each a module with NAME, version() and run(circuit, limits)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..netlist.circuit import Circuit
from . import neospice as embedded
from . import ngspice, pyspice
from .pool import each_in_order
from .process import TIMEOUT_S, ProcessLimits, memory_share
from .waveforms import EngineError, Waveforms

__all__ = [
    "EngineError",
    "Waveforms",
    "available_engines",
    "installed_engines",
    "require_engines",
    "simulate_circuit",
    "simulate_circuits",
]

_ENGINES = {engine.NAME: engine for engine in (ngspice, embedded, pyspice)}  # in the order of preference


def available_engines() -> dict[str, str]:
    """{engine: its version, or "absent: " and the reason}."""
    found = {}
    for name, engine in _ENGINES.items():
        try:
            found[name] = engine.version()
        except EngineError as reason:
            found[name] = f"absent: {reason}"
    return found


def installed_engines() -> list[str]:
    """The engines that can run here, the preferred one first."""
    return [name for name, said in available_engines().items() if not said.startswith("absent: ")]


def require_engines(names: Iterable[str]) -> None:
    """ValueError or EngineError, before anything has run, if one of them is not known or not there."""
    for name in map(_chosen, names):
        try:
            _ENGINES[name].version()
        except EngineError as reason:
            raise EngineError(f"{name} is {reason}") from None


def simulate_circuit(
    circuit: Circuit, engine: str = "auto", *, timeout_s: float = TIMEOUT_S, memory_bytes: int | None = None
) -> Waveforms:
    """Run a circuit's transient; ``Waveforms.engine`` and ``.version`` say what ran it.

    Parameters
    ----------
    engine : str           "ngspice", "neospice", "pyspice" (ngspice within this process, for small circuits), or
                           "auto": the first of them that is installed
    timeout_s : float      after which the simulator and all that it has started are ended
    memory_bytes : int     of the simulator's process, where the system can bound it; 80 % of the machine if None. What
                           runs within this process ("pyspice") is not bounded: :func:`simulate_circuits` does that.

    Raises EngineError if it is not there, fails, drops a device, stops early, returns NaN, or takes more.
    """
    name = _chosen(engine)
    require_engines([name])
    run: Callable[[Circuit, ProcessLimits], Waveforms] = _ENGINES[name].run
    limits = ProcessLimits(timeout_s, memory_share(1) if memory_bytes is None else memory_bytes)
    try:
        return run(circuit, limits)
    except MemoryError:
        raise EngineError(
            f"the samples of {name} do not fit into memory; save fewer nodes or take a larger step"
        ) from None
    except OSError as error:  # a disk that is full, no folder for temporary files
        raise EngineError(f"{name} has no place for its files: {error}; set TMPDIR to a folder with room") from None


def simulate_circuits(
    circuits: Iterable[Circuit],
    engine: str = "auto",
    *,
    workers: int = 1,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Waveforms | EngineError]:
    """Run many circuits, ``workers`` at a time, and return in their order the waveforms of each or why there are none.

    Every circuit runs in a process of its own, "pyspice" in one a worker (a script needs ``if __name__ == "__main__"``
    for it). Ctrl-C, and any other exception, ends all of them.

    Parameters
    ----------
    timeout_s : float      of each circuit
    memory_bytes : int     of each process; 80 % of the machine, shared among the workers, if None
    progress :             called with the number of circuits that are done

    Raises EngineError if the engine is not there; what fails later is in the list.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; one is the least")
    name = _chosen(engine)
    require_engines([name])  # absent: once, and not in every place of the list
    limits = ProcessLimits(timeout_s, memory_share(workers) if memory_bytes is None else memory_bytes)
    if name == pyspice.NAME:
        from .pyspice_pool import PyspiceProcesses

        with PyspiceProcesses() as processes:
            return each_in_order(processes.run, circuits, workers, limits, progress)
    return each_in_order(_ENGINES[name].run, circuits, workers, limits, progress)


def _chosen(engine: str) -> str:
    """The engine by that name, or the first installed one for "auto"."""
    if engine not in ("auto", *_ENGINES):
        raise ValueError(f"engine is {engine!r}; known are auto, {', '.join(_ENGINES)}")
    if engine != "auto":
        return engine
    installed = installed_engines()
    if not installed:
        raise EngineError("; ".join(f"{name} is {said}" for name, said in available_engines().items()))
    return installed[0]
