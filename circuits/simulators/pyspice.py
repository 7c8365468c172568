"""PySpice, both ways: a circuit as its ``Circuit`` object, and ngspice as a library inside this process.

>>> from circuits.simulators.pyspice import shared_ngspice, to_pyspice
>>> simulator = to_pyspice(circuit).simulator(ngspice_shared=shared_ngspice())
>>> simulator.initial_condition(**circuit.initial)
>>> waves = simulator.transient(step_time=1e-6, end_time=1e-3, use_initial_condition=True)

PySpice 1.5 takes any note of ngspice for a failure, never asks it to forget what it has run, and cannot stop it. So its
class is adapted: only errors count; plots and circuits are dropped after each run; ngspice runs in the thread of its
own that it brings for this, so that it can be halted. The library is one per process and not for several threads.

PySpice is imported when first used. The library is what NGSPICE_LIBRARY_PATH names, or what the system's linker finds.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from neuromorph.runtime.limits import checkpoint

from ..netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Resistor,
    Transconductor,
)
from ..netlist.hierarchy import flatten_circuit
from ..spice.dialects import NGSPICE
from ..spice.lines import comment
from ..spice.writer import element_line, expression_text, model_line
from .ngspice import LISTING, check_devices, error_lines
from .process import LOOK_S
from .process_limits import ProcessLimits
from .waveforms import EngineError, Waveforms, validate_waveforms

NAME = "pyspice"
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # PySpice warns of each ngspice newer than itself


def to_pyspice(circuit: Circuit) -> Any:
    """Convert a circuit to PySpice; initial voltages and analysis belong to its simulator.

    Subcircuits and parameters are replaced by elements and values (:func:`circuits.netlist.hierarchy.flatten_circuit`).

    Parameters
    ----------
    circuit : Circuit
        Circuit that is converted.

    Returns
    -------
    PySpice.Spice.Netlist.Circuit
        The elements and models.
    """
    try:
        from PySpice.Spice.Netlist import Circuit as PySpiceCircuit
    except ImportError as error:
        raise ImportError("to_pyspice needs PySpice; pip install 'neuromorph[pyspice]'") from error

    circuit = flatten_circuit(circuit)
    raw: list[str] = []  # lines of elements that PySpice cannot express
    made = PySpiceCircuit(comment(circuit.title).removeprefix("*").strip())
    for element in circuit.elements:
        match element:
            case Resistor(name, a, b, ohm):
                made.R(name, a, b, float(ohm))
            case Capacitor(name, a, b, farad):
                made.C(name, a, b, float(farad))
            case CurrentSource(name, a, b, ampere):
                made.I(name, a, b, float(ampere))
            case Transconductor(name, a, b, plus, minus, siemens):
                made.VCCS(name, a, b, plus, minus, transconductance=float(siemens))
            case BehavioralVoltage(name, a, b, expression):
                made.BehavioralSource(name, a, b, voltage_expression=f"{{{expression_text(expression)}}}")
            case BehavioralCurrent(name, a, b, expression):
                made.BehavioralSource(name, a, b, current_expression=f"{{{expression_text(expression)}}}")
            case _:
                raw.append(element_line(element, NGSPICE))
    made.raw_spice = "\n".join([*raw, *(model_line(model) for model in circuit.models())])
    return made


def version() -> str:
    """Return the versions, such as ``PySpice-1.5 libngspice.so.0``.

    Returns
    -------
    str
        Names and versions.

    Raises
    ------
    EngineError
        If either is not installed.
    """
    if util.find_spec("PySpice") is None:
        raise EngineError("not installed; pip install 'neuromorph[pyspice]'")
    return f"PySpice-{metadata.version('PySpice')} {Path(_library()).name}"


def run(circuit: Circuit, limits: ProcessLimits) -> Waveforms:
    """Simulate the transient of a circuit in this process.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is simulated.
    limits : ProcessLimits
        Limits of time and memory.

    Returns
    -------
    Waveforms
        Node voltages over time.

    Raises
    ------
    EngineError
        If PySpice is absent, ngspice fails, or it builds other devices.
    """
    known, shared, flat = version(), shared_ngspice(), flatten_circuit(circuit)
    deck = "\n".join([str(to_pyspice(flat)).rstrip(), *NGSPICE.analysis(flat), ".end"])
    with _loaded(shared, deck):
        try:
            plot = shared.simulate(limits.timeout_s)
            listed = shared.exec_command(LISTING)
        except TimeoutError:
            raise limits.too_long(NAME) from None
        except NameError as error:  # the base class of all that PySpice raises
            limits.check_memory(NAME, shared.said())
            raise EngineError(f"{NAME} failed: {shared.complaint() or error}") from None
    check_devices(flat, NAME, listed)
    signals = {name: np.array(vector.to_waveform(to_float=True)) for name, vector in plot.items()}
    named = {path: signals[node] for path, node in zip(circuit.saved, flat.saved, strict=True) if node in signals}
    return validate_waveforms(circuit, NAME, known, signals["time"], named)


@contextmanager
def _loaded(shared: Any, deck: str) -> Iterator[None]:
    """Hold a deck in ngspice for the ``with`` block; then remove it and its results."""
    before = set(shared.plot_names)
    try:
        try:
            shared.load_circuit(deck)
            said = shared.complaint()
        except NameError as error:
            said = shared.complaint() or str(error)
        if said:
            raise EngineError(f"{NAME} failed: {said}")
        yield
    finally:
        for plot in set(shared.plot_names) - before:
            shared.destroy(plot)
        with suppress(NameError):  # a circuit that could not be read is not there to be removed
            shared.remove_circuit()


def shared_ngspice() -> Any:
    """Return the one ngspice of this process; PySpice's own simulators then find it too.

    Returns
    -------
    PySpice.Spice.NgSpice.Shared.NgSpiceShared
        Library of ngspice.

    Raises
    ------
    EngineError
        If there is none, or it cannot be used any more.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EngineError(
            f"{NAME} runs in the main thread only, as its library crashes on several; use processes, or engine ngspice"
        )
    shared = _shared_class().new_instance()
    if not hasattr(shared, "complaint"):
        raise EngineError("PySpice has started its own ngspice before; call simulators.pyspice.shared_ngspice first")
    if shared.ended:
        raise EngineError("ngspice ended itself after an earlier failure in this process; start a new one")
    return shared


@cache
def _library() -> str:
    path = os.environ.get("NGSPICE_LIBRARY_PATH") or find_library("ngspice")
    if not path:
        raise EngineError(
            "no libngspice; apt-get install libngspice0, brew install libngspice, or set NGSPICE_LIBRARY_PATH to it"
        )
    return path


@cache
def _shared_class() -> Any:
    from PySpice.Spice.NgSpice import Shared

    class NgSpice(Shared.NgSpiceShared):  # type: ignore[misc]
        """ngspice whose notes are no errors and whose runs end in time."""

        LIBRARY_PATH = _library().replace("{", "{{").replace("}", "}}")  # it is formatted with the number of a copy
        _logger = _log

        def __init__(self, **options: Any) -> None:
            self.ended = False
            self._idle = threading.Event()
            try:
                super().__init__(**options)
            except OSError as error:
                raise EngineError(f"the library of ngspice cannot be loaded: {error}") from None
            self.exec_command("set num_threads=1")  # concerns transistor models

        def complaint(self) -> str:
            """Return what ngspice said of errors since the last command."""
            return " | ".join(error_lines(self.said())[:3])

        def said(self) -> str:
            """Return all that ngspice said since the last command."""
            return "\n".join([*self._stdout, *self._stderr])

        def simulate(self, timeout_s: float) -> Any:
            """Run what is loaded and return its plot; TimeoutError if it had to be halted."""
            before = set(self.plot_names)
            self._idle.clear()
            try:
                self.exec_command("bg_run")
                end = time.monotonic() + timeout_s
                while not (in_time := self._idle.wait(min(LOOK_S, max(0.0, end - time.monotonic())))):
                    checkpoint(NAME)
                    if time.monotonic() >= end:
                        break
            finally:  # also after Ctrl-C
                if not self._idle.is_set():
                    with suppress(NameError):  # it calls the pause an error
                        self.exec_command("bg_halt")
            if not in_time:
                raise TimeoutError
            made = [name for name in self.plot_names if name not in before]
            if self.complaint() or self.ended or not made:
                raise Shared.NgSpiceCommandError("it ended without a transient")
            return self.plot(None, made[0])

        @staticmethod
        def _send_char(message: Any, number: int, handle: Any) -> int:
            self = Shared.ffi.from_handle(handle)
            stream, _, text = Shared.ffi.string(message).decode("utf-8", "replace").partition(" ")
            (self._stderr if stream == "stderr" else self._stdout).append(text)
            if error_lines(text):
                self._error_in_stdout = True  # load_circuit and exec_command look here
            return 0

        @staticmethod
        def _background_thread_running(ended: bool, number: int, handle: Any) -> int:
            if ended:
                Shared.ffi.from_handle(handle)._idle.set()
            return 0

        @staticmethod
        def _exit(status: int, unload: bool, by_quit: bool, number: int, handle: Any) -> int:
            self = Shared.ffi.from_handle(handle)
            self.ended = True
            self._idle.set()
            return status

    return NgSpice
