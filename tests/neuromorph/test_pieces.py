"""Work in pieces: what they cover, how they follow the pace, and how limits and Ctrl-C reach work on threads."""

import threading
import time

import numpy as np
import pytest

from neuromorph.runtime import pieces as module
from neuromorph.runtime.limits import TimeLimitReached, checkpoint, time_limit
from neuromorph.runtime.pieces import each_on_threads, pieces, run_aside


@pytest.mark.parametrize("piece_s", [0.0, 1e-4, np.inf])
@pytest.mark.parametrize("together", [1, 3])
@pytest.mark.parametrize(("rows", "cells"), [(1, 1), (1, 1000), (7, 13), (1000, 1), (5, 0)])
def test_pieces_cover_everything_once_and_rows_in_order(monkeypatch, piece_s, together, rows, cells):
    monkeypatch.setattr(module, "PIECE_S", piece_s)
    seen = np.zeros((rows, cells), int)
    for some, part in pieces(rows, cells, together=together):
        assert (seen[some, : part.start] == 1).all(), "a row goes on where it stopped"
        assert (seen[some.stop :] == 0).all()
        seen[some, part] += 1
    assert (seen == 1).all()


def test_pieces_follow_the_pace(monkeypatch):
    """A hundredth of a second a cell: ten cells a piece, found within three pieces; slower work gets smaller ones."""
    clock, sizes, pace = [0.0], [], 0.01
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])
    for _, part in pieces(1, 100):
        sizes.append(part.stop - part.start)
        pace = 0.01 if part.start < 50 else 0.05
        clock[0] += pace * sizes[-1]
    assert sizes[0] == 1
    assert max(sizes[:5]) == 10
    assert sizes[-2] == 2


def test_looks_inside_a_step_do_not_name_it():
    heard = []
    with time_limit(report=lambda *about: heard.append(about)) as limit:
        checkpoint("draws", 3, 10)
        for _ in pieces(4, 4):
            limit.deadline = -np.inf
            with pytest.raises(TimeLimitReached, match="draws: 30 %"):
                checkpoint()
            break
    assert heard == [("draws", 3, 10)]


@pytest.mark.parametrize("workers", [1, 2])
def test_threads_work_on_every_item_within_the_limit_in_force(workers):
    done = []
    each_on_threads(done.append, range(9), workers)
    assert sorted(done) == list(range(9))

    def fail(item):
        if item == 1:
            raise ValueError("item 1")

    with pytest.raises(ValueError, match="item 1"):
        each_on_threads(fail, range(9), workers)
    with time_limit(time.monotonic() - 1.0), pytest.raises(TimeLimitReached):
        each_on_threads(done.append, range(9), workers)


@pytest.mark.parametrize("reason", [KeyboardInterrupt, TimeLimitReached])
def test_what_ends_the_wait_ends_the_threads(monkeypatch, reason):
    """Threads that would go on for ever, unless they are told at their next look."""
    begun, ended, before = [], [], threading.active_count()

    def endless(item):
        begun.append(item)
        try:
            while True:
                checkpoint()
                time.sleep(1e-3)
        finally:
            ended.append(item)

    def stop(*_):
        raise KeyboardInterrupt

    if reason is KeyboardInterrupt:
        monkeypatch.setattr(module, "wait", stop)
    with time_limit(time.monotonic() + 0.1 if reason is TimeLimitReached else None), pytest.raises(reason):
        each_on_threads(endless, range(5), 2)
    assert len(ended) == len(begun)
    assert threading.active_count() == before


def test_calls_that_cannot_be_interrupted_do_not_hold_up_a_limit():
    assert run_aside(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        run_aside(lambda: 1 / 0)
    hold = threading.Event()
    with time_limit(time.monotonic() + 0.05), pytest.raises(TimeLimitReached):
        run_aside(hold.wait)
    hold.set()
