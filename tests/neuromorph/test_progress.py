"""Progress where there is no terminal: a line now and then, and none of what is short."""

import re
import time

from numba import njit

from neuromorph.cli import progress
from neuromorph.runtime.limits import checkpoint, progress_text


def test_long_work_says_what_it_does(monkeypatch, capsys):
    monkeypatch.setattr(progress, "LINE_S", 0.05)
    with progress.progress_bars(show=True) as tell:
        tell("cpu\x1b[2J-anneal", "programming: wires 12 %", 0, 100)
        lines = []
        while not lines:
            time.sleep(0.01)
            lines = capsys.readouterr().err.splitlines()
        tell("cpu-anneal", "ok", 100, 100)
    assert re.fullmatch(r"cpu \[2J-anneal: programming: wires 12 %, 0 of 100, \d+ s so far", lines[0])


def test_short_and_silent_work_says_nothing(monkeypatch, capsys):
    with progress.progress_bars(show=True) as tell:
        tell("cpu-anneal", "running", 1, 100)
    with progress.progress_bars(show=False) as tell:
        assert tell is None
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_a_bar_a_target(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress_bars(show=True) as tell:
        tell("cpu-anneal", "programming: wires 12 %", 0, 100)
        tell("certify", "running: equation 3 %", 0, 0)
        tell("cpu-anneal", "ok", 100, 100)


def test_compiling_is_said_once_and_only_where_it_takes_long(monkeypatch):
    def kernel():  # without a cache
        return njit(lambda x: x + 1)

    for least, lines in ((0.0, [progress.COMPILING]), (60.0, [])):
        monkeypatch.setattr(progress, "COMPILING_S", least)
        told = []
        with progress.told_compiling(told.append):
            one, other = kernel(), kernel()
            assert (one(1), one(1.0), other(1)) == (2, 2.0, 2)
        kernel()(1)
        assert told == lines


def test_the_steps_of_a_command_are_told_with_its_counts():
    told = []
    with progress.steps_of(lambda *news: told.append(news), "search") as count:
        count(3, 16)
        checkpoint("compiling")
        checkpoint("simulating", 1, 4)
    assert told == [("search", "running", 3, 16), ("search", "running: compiling", 3, 16)]


def test_what_a_step_says():
    assert progress_text("running", "sweeping", 1, 8) == "running: sweeping 12 %"
    assert progress_text("running", "compiling", 0, 0) == "running: compiling"
    assert progress_text("running", "", 0, 0) == "running"
