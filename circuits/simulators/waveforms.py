"""What an engine hands back, and the checks that every engine's result passes before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float

from ..netlist.circuit import Circuit


class EngineError(RuntimeError):
    """A simulator is missing, failed, or returned something that is not the circuit's transient."""


@dataclass(frozen=True, eq=False)
class Waveforms:
    """Node voltages over time.

    engine, version : str           which simulator this comes from
    times : (m,) float              seconds, increasing; the first is after 0 where the simulator starts with ``uic``
    nodes : tuple of str
    voltages : (m, len(nodes)) float
    """

    engine: str
    version: str
    times: Float
    nodes: tuple[str, ...]
    voltages: Float

    def of(self, nodes: Sequence[str]) -> Float:
        """The voltages of some nodes, (m, len(nodes))."""
        place = {node: k for k, node in enumerate(self.nodes)}
        unknown = [node for node in nodes if node not in place]
        if unknown:
            raise ValueError(f"node {unknown[0]!r} was not saved; saved are {', '.join(self.nodes[:8])} ...")
        return np.ascontiguousarray(self.voltages[:, [place[node] for node in nodes]])


def validate_waveforms(
    circuit: Circuit, engine: str, version: str, times: NDArray[np.float64], signals: dict[str, NDArray[np.float64]]
) -> Waveforms:
    """Waveforms, if all saved signals are there, finite, and reach the end of the analysis; else EngineError."""
    missing = [node for node in circuit.saved if node not in signals]
    if missing:
        raise EngineError(f"{engine} returned no voltage of node {missing[0]!r} ({len(missing)} missing)")
    voltages = np.stack([signals[node] for node in circuit.saved], axis=1)
    stop = circuit.analysis.stop_s
    if times.size == 0 or times[-1] < stop * (1 - 1e-9):
        reached = times[-1] if times.size else 0.0
        raise EngineError(f"{engine} stopped at {reached:g} s of {stop:g} s; use a smaller step_s or a larger reltol")
    if not (np.isfinite(times).all() and np.isfinite(voltages).all()):
        node = circuit.saved[int(np.argmin(np.isfinite(voltages).all(axis=0)))]
        raise EngineError(f"{engine} returned NaN or infinity, first at node {node!r}; the circuit diverges")
    forward = np.r_[True, np.diff(times) > 0.0]  # a breakpoint may be written twice
    return Waveforms(engine, version, times[forward], circuit.saved, voltages[forward])
