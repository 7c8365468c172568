"""The second process that compiles: it is there where the cache is empty, changes nothing, and ends in any case."""

import os
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.cli import kernel_helper
from neuromorph.cli.kernel_helper import kernel_helper as helping
from neuromorph.kernels import aligned
from neuromorph.problems import IsingModel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process is copied on Linux only")


@pytest.fixture
def ring():
    j = np.roll(np.eye(8), 1, axis=1)
    return IsingModel("ring", nm.Ising(j + j.T))


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(kernel_helper.threading, "active_count", lambda: 1)
    monkeypatch.setattr(kernel_helper.os, "sched_getaffinity", lambda _: {0, 1})


def test_a_filled_cache_needs_no_helper(ring, two_cores, monkeypatch):
    monkeypatch.setattr(kernel_helper, "_cold", lambda: False)
    with helping(ring, None, ["cpu-anneal"]) as process:
        assert process == 0


@pytest.mark.parametrize(("threads", "cores"), [(2, 2), (1, 1)])
def test_no_helper_beside_other_threads_or_on_one_core(ring, monkeypatch, threads, cores):
    monkeypatch.setattr(kernel_helper, "_cold", lambda: True)
    monkeypatch.setattr(kernel_helper.threading, "active_count", lambda: threads)
    monkeypatch.setattr(kernel_helper.os, "sched_getaffinity", lambda _: set(range(cores)))
    with helping(ring, None, ["cpu-anneal"]) as process:
        assert process == 0


def ended(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_helper_ends_with_the_study_whatever_comes(ring, two_cores, monkeypatch, capfd, error):
    def endless(*_):
        print("not to be seen", flush=True)
        time.sleep(60)

    monkeypatch.setattr(kernel_helper, "_cold", lambda: True)
    monkeypatch.setattr(kernel_helper, "_read_each", endless)
    seen = []
    with suppress(ValueError, KeyboardInterrupt), helping(ring, None, None) as process:
        seen.append(process)
        assert process
        assert not ended(process)
        if error is not None:
            raise error
    assert ended(seen[0])
    assert capfd.readouterr().out == ""


def test_a_helper_that_fails_is_not_noticed(ring, two_cores, monkeypatch, capfd):
    def broken(*_):
        raise RuntimeError("of the helper alone")

    monkeypatch.setattr(kernel_helper, "_cold", lambda: True)
    monkeypatch.setattr(kernel_helper, "_read_each", broken)
    with helping(ring, None, None) as process:
        assert os.waitpid(process, 0)[0] == process
    assert "".join(capfd.readouterr()) == ""


def test_the_helper_reads_each_target_from_the_last_to_the_first(ring, monkeypatch):
    read = []

    class Recorder:
        summary, supported_tasks = "records", frozenset({"minimize"})

        def __init__(self, name):
            self.name = name

        def program(self, problem, rng=None):
            read.append(self.name)
            raise ValueError("a target that fails stops no other")

        run = costs = program

    kernel_helper._read_each(ring, None, [Recorder("a"), Recorder("b")], False)
    assert read == ["b", "a"]


def test_arrays_begin_at_a_line_of_the_cache_and_are_whole():
    from numba import njit

    @njit
    def filled(rows):
        made = aligned.aligned(rows, 7, np.uint32)
        for i in range(rows):
            for k in range(7):
                made[i, k] = 10 * i + k
        return made

    for made in [filled(3) for _ in range(20)]:
        assert made.tolist() == [[10 * i + k for k in range(7)] for i in range(3)]
        assert made.dtype == np.uint32
        assert made.flags.c_contiguous
        assert made.ctypes.data % 64 == 0
    made = aligned.empty((3, 5), np.int16)
    assert (made.shape, made.dtype, made.ctypes.data % 64) == ((3, 5), np.int16, 0)
