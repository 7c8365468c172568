"""Many circuits at a time: a thread waits for each simulator, which is a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from neuromorph.runtime.limits import checkpoint

from ..netlist.circuit import Circuit
from .process import LOOK_S
from .process_limits import ProcessLimits
from .waveforms import EngineError, Waveforms


def each_in_order(
    run: Callable[[Circuit, ProcessLimits], Waveforms],
    circuits: Iterable[Circuit],
    workers: int,
    limits: ProcessLimits,
    progress: Callable[[int], None] | None,
) -> list[Waveforms | EngineError]:
    """Run many circuits in threads that each wait for a simulator.

    Any interruption of the wait sets ``limits.stop``, and all processes end.

    Parameters
    ----------
    run : callable
        Function that simulates one circuit.
    circuits : iterable of Circuit
        Circuits that are simulated.
    workers : int
        Number of circuits that run at a time.
    limits : ProcessLimits
        Limits of each process.
    progress : callable or None
        Function called with the number of circuits that are done.

    Returns
    -------
    list of Waveforms or EngineError
        The waveforms of each circuit, in order, or why there are none.
    """

    def attempt(circuit: Circuit) -> Waveforms | EngineError:
        try:
            return run(circuit, limits)
        except EngineError as error:
            return error
        except (ValueError, OSError, MemoryError) as error:  # a circuit that cannot be written, a disk that is full
            return EngineError(f"{circuit.title[:40]!r}: {error or 'its samples do not fit into memory'}")

    pool = ThreadPoolExecutor(workers)
    try:
        futures = [pool.submit(attempt, circuit) for circuit in circuits]
        done, left = 0, set(futures)
        while left:
            checkpoint("circuits", done, len(futures))
            finished, left = wait(left, LOOK_S, FIRST_COMPLETED)
            for _ in finished:
                done += 1
                if progress is not None:
                    progress(done)
        return [future.result() for future in futures]
    except BaseException:
        limits.stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
