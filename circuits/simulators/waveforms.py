"""Waveforms of a simulator, and the checks that every engine's result passes before it is returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float

from ..netlist.circuit import Circuit


class EngineError(RuntimeError):
    """A simulator is missing, failed, or returned something else than the transient."""


@dataclass(frozen=True, eq=False)
class Waveforms:
    """Node voltages over time.

    Attributes
    ----------
    engine, version : str
        Simulator that computed them.
    times : (m,) float
        Increasing times, s; the first is after 0 if the simulator starts with ``uic``.
    nodes : tuple of str
        Nodes that were saved.
    voltages : (m, len(nodes)) float
        Voltages, V.
    """

    engine: str
    version: str
    times: Float
    nodes: tuple[str, ...]
    voltages: Float

    def of(self, nodes: Sequence[str]) -> Float:
        """Return the voltages of some nodes.

        Parameters
        ----------
        nodes : sequence of str
            Names of saved nodes.

        Returns
        -------
        (m, len(nodes)) float
            Voltages, V.

        Raises
        ------
        ValueError
            If a node was not saved.
        """
        place = {node: k for k, node in enumerate(self.nodes)}
        unknown = [node for node in nodes if node not in place]
        if unknown:
            raise ValueError(f"node {unknown[0]!r} was not saved; saved are {', '.join(self.nodes[:8])} ...")
        return np.ascontiguousarray(self.voltages[:, [place[node] for node in nodes]])


def validate_waveforms(
    circuit: Circuit, engine: str, version: str, times: NDArray[np.float64], signals: dict[str, NDArray[np.float64]]
) -> Waveforms:
    """Check the result of an engine and return it as waveforms.

    Parameters
    ----------
    circuit : Circuit
        Circuit that was simulated.
    engine, version : str
        Simulator that computed the result.
    times : (m,) float
        Times, s.
    signals : dict of str to (m,) float
        Voltages of the nodes, V.

    Returns
    -------
    Waveforms
        Waveforms of the nodes that ``circuit`` saves.

    Raises
    ------
    EngineError
        If a saved node is missing, a value is not finite, or the end of the analysis is not reached.
    """
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
