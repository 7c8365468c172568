"""The shares of a time limit, on a clock that nothing but sleep moves."""

import time
from dataclasses import dataclass, field

import pytest
from numba.core import event

from neuromorph import compare
from neuromorph.runtime.limits import TimeLimitReached, checkpoint, time_limit
from neuromorph.runtime.work_clock import clock, standing_while_compiling
from neuromorph.study.time_shares import GROWTH
from tests.support.study_toys import Descent, Ring, Slow, clock_of_sleep


def compile_for(seconds):
    """What numba tells of a kernel that calls another one."""
    with event.trigger_event("numba:compile"), event.trigger_event("numba:compile"):
        time.sleep(seconds)


@dataclass(frozen=True)
class Fresh(Slow):
    """A target on a fresh machine: its first read compiles for ``compiling_s``."""

    compiling_s: float = 0.0
    compiled: list = field(default_factory=list, compare=False)

    def run(self, program, task, reads=1, rng=None):
        if not self.compiled:
            compile_for(self.compiling_s)
            self.compiled.append(True)
        return super().run(program, task, reads, rng)


def fresh(name, compiling_s, read_s=0.2):
    return Fresh(name, read_s=read_s, compiling_s=compiling_s)


def test_the_clock_stands_while_kernels_compile_and_goes_on_after_the_end(monkeypatch):
    clock_of_sleep(monkeypatch)
    with standing_while_compiling() as timer:
        timer.until = 10.0
        time.sleep(1.0)
        compile_for(5.0)
        assert (clock(), timer.seconds) == (1.0, 5.0)
        with event.trigger_event("numba:compile"):  # it stands on the way, too
            time.sleep(2.0)
            assert clock() == 1.0
        compile_for(7.0)
        assert (clock(), timer.seconds, timer.seconds_after) == (6.0, 9.0, 5.0)
    assert clock() == time.monotonic() == 15.0
    compile_for(1.0)
    assert clock() == 16.0


def test_a_limit_is_one_of_work(monkeypatch):
    clock_of_sleep(monkeypatch)
    with standing_while_compiling(), time_limit(clock() + 1.0):
        compile_for(9.0)
        checkpoint()
        time.sleep(1.0)
        with pytest.raises(TimeLimitReached):
            checkpoint()


def test_compiling_costs_a_target_nothing_of_its_share(monkeypatch):
    """8 s among 4 targets: a first read that compiles for 2 s and takes .2 s would come too late."""
    clock_of_sleep(monkeypatch)
    found = compare(Ring(), [fresh(name, 2.0) for name in "abc"] + [Slow("d", read_s=0.2)], 5, 1, time_limit=8.0)
    assert all(row.reads for row in found.results)
    assert time.monotonic() <= (1.0 + GROWTH) * 8.0


def test_the_whole_limit_grows_by_a_quarter_at_most(monkeypatch):
    """But for the kernel that compiles then; a target that had no time left has a tenth of a second at the end."""
    clock_of_sleep(monkeypatch)
    found = compare(
        Ring(), [fresh(name, 6.0, read_s=0.05) for name in "ab"] + [Slow("c", read_s=0.05)], 400, 1, time_limit=8.0
    )
    assert all(row.reads for row in found.results)
    assert time.monotonic() <= (1.0 + GROWTH) * 8.0 + 5.0


def test_without_compiling_the_limit_is_kept(monkeypatch):
    clock_of_sleep(monkeypatch)
    compare(Ring(), [Slow(name, read_s=0.05) for name in "abc"], 1000, 1, time_limit=6.0)
    assert time.monotonic() == pytest.approx(6.0, abs=0.2)


def test_reads_do_not_depend_on_compiling(monkeypatch):
    clock_of_sleep(monkeypatch)
    one, other = (compare(Ring(), [fresh("a", seconds)], 20, 1, time_limit=30.0) for seconds in (0.0, 5.0))
    assert (one.results[0].run.spins == other.results[0].run.spins).all()
    assert (one.results[0].run.spins == compare(Ring(), [Descent("a")], 20, 1).results[0].run.spins).all()
