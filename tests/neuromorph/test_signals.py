"""Signals: what raises, what is noticed, what waits, and the alarm for work that does not look at the clock."""

import os
import signal
import threading
import time
from importlib import import_module

import pytest
from study_toys import press_ctrl_c

from neuromorph.runtime.limits import TimeLimitReached, checkpoint, time_limit, unlimited
from neuromorph.runtime.pieces import pieces
from neuromorph.runtime.signals import alarm, deferred, interrupts


def test_a_signal_is_told_from_an_exception_of_the_same_kind():
    before = signal.getsignal(signal.SIGINT)  # Brian2's, where a test before has imported it
    with interrupts() as seen:
        assert not seen.caused(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
        assert seen.number == signal.SIGINT
        assert seen.caused(KeyboardInterrupt())
        assert seen.caused(RuntimeError("made of it"))
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("kind", ["signal", "clock"])
def test_what_is_raised_where_python_drops_it_comes_again(kind, capsys):
    """In a finaliser, or a callback of LLVM while it compiles: a traceback would be printed, and Ctrl-C lost."""

    class Finalised:
        def __del__(self):
            if kind == "signal":
                press_ctrl_c()
            else:
                checkpoint()

    with interrupts() as seen, time_limit(time.monotonic() - 1.0 if kind == "clock" else None):
        thing = Finalised()
        del thing
        if kind == "signal":
            with pytest.raises(KeyboardInterrupt):
                time.sleep(10.0)
            assert seen.number == signal.SIGINT
    assert capsys.readouterr().err == ""


def test_outside_the_main_thread_every_interrupt_counts():
    found = []

    def work():
        with interrupts() as seen, deferred(), time_limit(time.monotonic() + 9.0) as limit, alarm(limit):
            found.append((seen.watched, seen.caused(KeyboardInterrupt()), seen.caused(ValueError())))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(False, True, False)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_the_command_line_ends_on_them_unless_they_are_ignored(name):
    number = getattr(signal, name)
    with interrupts(ending=True) as seen, interrupts() as within:
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            os.kill(os.getpid(), number)
            time.sleep(5.0)
        assert seen.number == within.number == number
    assert signal.getsignal(number) == signal.SIG_DFL
    signal.signal(number, signal.SIG_IGN)  # nohup
    try:
        with interrupts(ending=True) as seen:
            os.kill(os.getpid(), number)
            time.sleep(0.01)
        assert not seen.number
    finally:
        signal.signal(number, signal.SIG_DFL)


def test_a_signal_waits_for_the_end_of_what_is_short():
    done = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        with deferred():
            press_ctrl_c()
            done.append("written")
        done.append("gone on")
    assert done == ["written"]


def test_the_alarm_stops_work_that_does_not_look(monkeypatch):
    monkeypatch.setattr("neuromorph.runtime.signals._LATE_S", 0.1)
    with time_limit(time.monotonic() + 0.05) as limit:
        with pytest.raises(TimeLimitReached, match="compiling"), alarm(limit):  # noqa: PT012
            checkpoint("compiling")
            time.sleep(20.0)
        assert limit.reached
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_the_alarm_leaves_what_is_short_alone(monkeypatch):
    monkeypatch.setattr("neuromorph.runtime.signals._LATE_S", 0.05)
    with time_limit(time.monotonic()) as limit, alarm(limit), unlimited():
        time.sleep(0.2)


def test_the_alarm_does_not_cut_an_import_in_half(monkeypatch, tmp_path):
    """A module that half ran may not run again: it is waited for, unless it is the import itself that may hang."""
    monkeypatch.setattr("neuromorph.runtime.signals._LATE_S", 0.05)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("slow_module", "hanging_module"):
        (tmp_path / f"{name}.py").write_text("import time\nfor _ in range(60):\n    time.sleep(0.01)\n")
    with time_limit(time.monotonic()) as limit, alarm(limit):
        import_module("slow_module")
    with time_limit(time.monotonic()) as limit, pytest.raises(TimeLimitReached), alarm(limit, imports=True):
        import_module("hanging_module")


def test_the_alarm_waits_while_code_is_compiled(monkeypatch):
    """An exception within LLVM leaves it in pieces, and the process ends in a segmentation fault later on."""
    monkeypatch.setattr("neuromorph.runtime.signals._LATE_S", 0.05)
    inside = {"__name__": "numba.core.compiler", "time": time}
    exec("def compile():\n    for _ in range(40):\n        time.sleep(0.01)\n    return True", inside)
    with time_limit(time.monotonic()) as limit, alarm(limit):
        assert inside["compile"]()


def test_the_alarm_leaves_a_timer_of_somebody_else_alone():
    previous = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 50.0)
    try:
        with time_limit(time.monotonic() + 0.01) as limit, alarm(limit):
            pass
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 40.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)


def test_pieces_of_compiled_work_do_not_change_it(monkeypatch):
    """A tour, two-state atoms, hops of holes and softassign, in parts of any size."""
    import numpy as np
    from scipy import sparse

    from hardware_targets.atomic_spins.telegraph import simulate_switching
    from hardware_targets.cpu.annealer import CpuAnneal
    from hardware_targets.dopant_network.device.device import random_device
    from hardware_targets.dopant_network.transport.hopping_walk import Walk
    from neuromorph import Minimize, Tsp
    from neuromorph.analog import softassign
    from neuromorph.rng import kernel_states, read_seeds

    tsp = Tsp.from_coordinates(np.random.default_rng(0).random((9, 2)))
    w = np.triu(np.random.default_rng(1).normal(size=(12, 12)), 1)
    network = random_device(5, 1, 4, rng=2).network

    def everything():
        target = CpuAnneal(sweeps=60)
        yield target.run(target.program(tsp), Minimize(), 3, 5).spins
        yield softassign(tsp.distances(), read_seeds(4, 2)).values
        spins, streams = np.ones((3, 12), np.int8), kernel_states(read_seeds(6, 3))
        yield simulate_switching(
            sparse.csc_array(w + w.T), np.zeros(12), np.array([0.2, 0.4]), np.full(2, 9.0), spins, streams
        )[0]
        yield spins
        for kernel in ("plain", "cached", "rejection"):
            walk = Walk(network, [0.1, -0.1, 0.0, 0.2], kernel=kernel, rng=3)
            yield np.array([*walk.go(2000)[0], *walk.go(40)[0]])
            yield np.array(walk.go(500)[1])

    whole = list(everything())

    def small(rows, cells, step="", **about):
        for row, _ in pieces(rows, 1):
            for cell in range(0, cells, 37):
                yield row, slice(cell, min(cells, cell + 37))

    for module in ("cpu.annealer", "dopant_network.transport.hopping_walk", "atomic_spins.telegraph"):
        monkeypatch.setattr(f"hardware_targets.{module}.pieces", small)
    monkeypatch.setitem(softassign.__globals__, "pieces", small)
    for before, after in zip(whole, everything(), strict=True):
        assert np.array_equal(before, after)
