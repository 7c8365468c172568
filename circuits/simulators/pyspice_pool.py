"""Processes that each hold ngspice as a library: it is one per process and not for threads.

A process serves one circuit after the other. One that failed, took too long or was ended by ngspice is not used again.
"""

from __future__ import annotations

import queue
import signal
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType, TracebackType

from ..netlist.circuit import Circuit
from . import pyspice
from .process import LOOK_S, end_with_parent
from .process_limits import ProcessLimits, limit_memory
from .waveforms import EngineError, Waveforms

_GRACE_S = 30.0  # wait for a process to start, and to end by itself at its time limit


class PyspiceProcesses:
    """Idle processes that hold ngspice; all of them end with the ``with`` block."""

    def __init__(self) -> None:
        self._idle: queue.SimpleQueue[tuple[BaseProcess, Connection]] = queue.SimpleQueue()

    def __enter__(self) -> PyspiceProcesses:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(queue.Empty):
            while True:
                _end(*self._idle.get_nowait())

    def run(self, circuit: Circuit, limits: ProcessLimits) -> Waveforms:
        """Simulate the transient of a circuit in an idle process or a new one, from any thread.

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
            If the simulation fails or exceeds its limits.
        """
        try:
            process, connection = self._idle.get_nowait()
        except queue.Empty:
            process, connection = _start(limits)
        try:
            answer = _ask(process, connection, circuit, limits)
        except BaseException:
            _end(process, connection)
            raise
        self._idle.put((process, connection))
        return answer


def _start(limits: ProcessLimits) -> tuple[BaseProcess, Connection]:
    context = get_context("spawn")  # a fork would copy this process's threads' locks
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, limits.memory_bytes), daemon=True)
    process.start()
    there.close()  # so that the process's end ends the connection
    return process, here


def _ask(process: BaseProcess, connection: Connection, circuit: Circuit, limits: ProcessLimits) -> Waveforms:
    try:
        connection.send((circuit, limits.timeout_s))
        end = time.monotonic() + limits.timeout_s + _GRACE_S
        while not connection.poll(LOOK_S):
            if limits.stop.is_set():
                raise EngineError(f"{pyspice.NAME} was stopped")
            if time.monotonic() > end:
                raise limits.too_long(pyspice.NAME)
        answer: Waveforms | str = connection.recv()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        process.join(_GRACE_S)
        raise EngineError(f"{pyspice.NAME} ended its process (code {process.exitcode}) without a result") from None
    if isinstance(answer, str):
        limits.check_memory(pyspice.NAME, answer)
        raise EngineError(answer)
    return answer


def _end(process: BaseProcess, connection: Connection) -> None:
    connection.close()
    process.kill()
    process.join()


def _serve(connection: Connection, memory_bytes: int | None) -> None:
    """Serve in the process: receive circuits, send waveforms or errors."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process ends this one
    end_with_parent()
    limit_memory(0, memory_bytes)
    with suppress(EOFError):
        while True:
            circuit, timeout_s = connection.recv()
            try:
                answer: Waveforms | str = pyspice.run(circuit, ProcessLimits(timeout_s, memory_bytes))
            except (EngineError, ValueError) as error:
                answer = str(error)
            except MemoryError:
                answer = "MemoryError"
            connection.send(answer)


def _proxy(values: dict[str, float]) -> MappingProxyType[str, float]:
    return MappingProxyType(values)


ForkingPickler.register(MappingProxyType, lambda proxy: (_proxy, (dict(proxy),)))  # circuits hold one
