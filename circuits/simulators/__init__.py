"""The simulators that can run a circuit: each a module with NAME, version() and run(circuit, limits)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..netlist.circuit import Circuit
from . import neospice as embedded
from . import ngspice, pyspice
from .pool import each_in_order
from .process import TIMEOUT_S
from .process_limits import ProcessLimits, memory_share
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
    """Return the version of each engine, or why it is absent.

    Returns
    -------
    dict of str to str
        {engine: version, or "absent: " and the reason}.
    """
    found = {}
    for name, engine in _ENGINES.items():
        try:
            found[name] = engine.version()
        except EngineError as reason:
            found[name] = f"absent: {reason}"
    return found


def installed_engines() -> list[str]:
    """Return the engines that can run here, the preferred one first.

    Returns
    -------
    list of str
        Names of engines.
    """
    return [name for name, said in available_engines().items() if not said.startswith("absent: ")]


def require_engines(names: Iterable[str]) -> None:
    """Check that engines are known and installed, before anything runs.

    Parameters
    ----------
    names : iterable of str
        Names of engines.

    Raises
    ------
    ValueError
        If an engine is not known.
    EngineError
        If an engine is absent.
    """
    for name in map(_chosen, names):
        try:
            _ENGINES[name].version()
        except EngineError as reason:
            raise EngineError(f"{name} is {reason}") from None


def simulate_circuit(
    circuit: Circuit, engine: str = "auto", *, timeout_s: float = TIMEOUT_S, memory_bytes: int | None = None
) -> Waveforms:
    """Simulate the transient of a circuit in one engine.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is simulated.
    engine : str, default "auto"
        "ngspice", "neospice", "pyspice" (ngspice within this process, for small circuits), or "auto": the first of them
        that is installed.
    timeout_s : float, optional
        Time after which the simulator and all that it has started are ended, s.
    memory_bytes : int, optional
        Memory of the simulator's process, where the system can bound it; 80 % of the machine by default. A run within
        this process ("pyspice") is not bounded: :func:`simulate_circuits` does that.

    Returns
    -------
    Waveforms
        Node voltages over time; ``engine`` and ``version`` name the simulator.

    Raises
    ------
    ValueError
        If the engine is not known.
    EngineError
        If the engine is absent, fails, drops a device, stops early, returns NaN, or exceeds its limits.
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
    """Simulate many circuits, ``workers`` at a time.

    Every circuit runs in a process of its own, "pyspice" in one a worker (a script needs ``if __name__ == "__main__"``
    for it). Ctrl-C, and any other exception, ends all of them.

    Parameters
    ----------
    circuits : iterable of Circuit
        Circuits that are simulated.
    engine : str, default "auto"
        Engine, as for :func:`simulate_circuit`.
    workers : int, default 1
        Number of circuits that run at a time.
    timeout_s : float, optional
        Time limit of each circuit, s.
    memory_bytes : int, optional
        Memory of each process; 80 % of the machine, shared among the workers, by default.
    progress : callable, optional
        Function called with the number of circuits that are done.

    Returns
    -------
    list of Waveforms or EngineError
        The waveforms of each circuit, in order, or why there are none.

    Raises
    ------
    ValueError
        If the engine is not known or there is no worker.
    EngineError
        If the engine is absent; later failures are in the list.
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
    """Return the engine by its name, or the first installed one for "auto"."""
    if engine not in ("auto", *_ENGINES):
        raise ValueError(f"engine is {engine!r}; known are auto, {', '.join(_ENGINES)}")
    if engine != "auto":
        return engine
    installed = installed_engines()
    if not installed:
        raise EngineError("; ".join(f"{name} is {said}" for name, said in available_engines().items()))
    return installed[0]
