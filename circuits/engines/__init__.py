"""The simulators that can run a circuit: each a module with NAME, version() and run(circuit, timeout_s=...)."""

from __future__ import annotations

from ..netlist import Circuit
from . import embedded, ngspice, pyspice
from .waveforms import EngineError, Waveforms

__all__ = ["EngineError", "Waveforms", "available_engines", "installed_engines", "simulate_circuit"]

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


def simulate_circuit(circuit: Circuit, engine: str = "auto", *, timeout_s: float = 600.0) -> Waveforms:
    """Run a circuit's transient; ``Waveforms.engine`` and ``.version`` say what ran it.

    ``engine`` is "ngspice", "neospice", "pyspice" (ngspice within this process, for small circuits), or "auto": the
    first of them that is installed.
    Raises EngineError if it is not there, fails, drops a device, stops early or returns NaN.
    """
    if engine not in ("auto", *_ENGINES):
        raise ValueError(f"engine is {engine!r}; known are auto, {', '.join(_ENGINES)}")
    if engine == "auto":
        installed = installed_engines()
        if not installed:
            raise EngineError("; ".join(f"{name} is {said}" for name, said in available_engines().items()))
        engine = installed[0]
    return _ENGINES[engine].run(circuit, timeout_s=timeout_s)
