"""Many circuits at a time: a thread waits for each simulator, which is a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from neuromorph.runtime.limits import checkpoint

from ..netlist.circuit import Circuit
from .process import LOOK_S, ProcessLimits
from .waveforms import EngineError, Waveforms


def each_in_order(
    run: Callable[[Circuit, ProcessLimits], Waveforms],
    circuits: Iterable[Circuit],
    workers: int,
    limits: ProcessLimits,
    progress: Callable[[int], None] | None,
) -> list[Waveforms | EngineError]:
    """What became of each circuit; whatever interrupts the wait sets ``limits.stop``, and all processes end."""

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
