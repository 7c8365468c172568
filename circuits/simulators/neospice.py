"""neospice, the engine that comes as a Python wheel: used where ngspice is not installed.

It leaves out what it does not understand and says so at most on stderr. So a circuit is looked at before (``lint``),
its devices are counted after reading, and any warning is an error. It gets no subcircuits, and clamps where an
operating point is to hold initial voltages.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import metadata, util
from pathlib import Path

import numpy as np

from ..netlist.circuit import Circuit, device_name
from ..netlist.hierarchy import flatten_circuit
from ..spice.dialects import NEOSPICE
from ..synthesis.initial_clamps import clamp_initial
from .process import brief, run_program, write_deck
from .process_limits import ProcessLimits
from .waveforms import EngineError, Waveforms, validate_waveforms

NAME = "neospice"


def version() -> str:
    """Return the installed version, such as ``neospice-0.2.0``.

    Returns
    -------
    str
        Name and version.

    Raises
    ------
    EngineError
        If neospice is not installed.
    """
    if util.find_spec("neospice") is None:
        raise EngineError("not installed; pip install neospice (there is no wheel for Windows or Intel Macs)")
    return f"neospice-{metadata.version('neospice')}"


def check_neospice(circuit: Circuit) -> None:
    """Check that neospice computes a circuit right.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is checked.

    Raises
    ------
    EngineError
        If it would silently compute it wrong.
    """
    refused = NEOSPICE.refusal(circuit)
    if refused:
        raise EngineError(refused)


def run(circuit: Circuit, limits: ProcessLimits) -> Waveforms:
    """Simulate the transient of a circuit in neospice.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is simulated.
    limits : ProcessLimits
        Limits of its process.

    Returns
    -------
    Waveforms
        Node voltages over time.

    Raises
    ------
    EngineError
        If neospice is absent, fails, or builds other devices.
    """
    known = version()
    flat = flatten_circuit(circuit)
    built = clamp_initial(flat)
    check_neospice(built)
    with tempfile.TemporaryDirectory(prefix="neuromorph-") as name:
        folder = Path(name)
        write_deck(built, folder / "deck.cir")
        worker = str(Path(__file__).with_name("neospice_worker.py"))
        command = [sys.executable, "-P", worker, "deck.cir", "out.npz"]
        code, said = run_program(NAME, command, folder, limits.of(circuit))
        if code or said.strip():
            reason = (said.strip().splitlines() or [f"it ended with code {code}"])[-1]
            raise EngineError(f"neospice failed: {brief(reason)}")
        with np.load(folder / "out.npz", allow_pickle=False) as stored:
            results = {key: stored[key] for key in stored.files}
    expected = [device_name(element) for element in built.elements]
    lost = set(expected).symmetric_difference(results.pop("devices").tolist())
    if lost:
        raise EngineError(f"neospice built other devices than asked: {min(lost)!r} and {len(lost) - 1} more differ")
    times = results.pop("time")
    named = zip(circuit.saved, flat.saved, strict=True)
    signals = {path: results[f"v({node})"] for path, node in named if f"v({node})" in results}
    return validate_waveforms(circuit, NAME, known, times, signals)
