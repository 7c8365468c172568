"""Time limits: what a checkpoint raises, reports and estimates, and how limits nest."""

import time
from contextlib import suppress

import pytest

from neuromorph.runtime.limits import (
    TimeLimitReached,
    checkpoint,
    readable_seconds,
    remaining_seconds,
    time_limit,
    unlimited,
    whole_parts,
)


def test_without_a_limit_a_checkpoint_does_nothing():
    checkpoint("sweeping", 1, 10)
    assert remaining_seconds() == float("inf")


def test_a_reached_limit_says_the_step_and_what_it_would_take():
    with time_limit(time.monotonic() - 1.0) as limit:
        with pytest.raises(TimeLimitReached, match="programming") as caught:
            checkpoint("programming", 0, 8)
        assert limit.reached
    assert caught.value.needed_s != caught.value.needed_s  # nothing was done: unknown


def test_the_time_of_a_step_is_estimated_from_its_pace(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with time_limit(105.0):
        checkpoint("solving", 0, 20)
        clock[0] = 104.0
        checkpoint("solving", 4, 20)
        clock[0] = 105.0
        with pytest.raises(TimeLimitReached, match=r"solving: 25 % done after 5 s; it would take about 20 s") as caught:
            checkpoint("solving", 5, 20)
    assert caught.value.needed_s == pytest.approx(20.0)


def test_the_pace_is_that_of_late_and_not_of_compiling(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with time_limit(110.0):
        checkpoint("sweeping", 0, 1e4)
        for clock[0], done in ((105.0, 1), (106.0, 1001), (110.0, 5001)):  # 5 s to compile, then 1000 a second
            with suppress(TimeLimitReached):
                checkpoint("sweeping", done, 1e4)
        with pytest.raises(TimeLimitReached) as caught:
            checkpoint()
    assert caught.value.needed_s == pytest.approx(10.0 + 5.0, rel=1e-3)
    with time_limit(115.0):
        checkpoint("sweeping", 0, 1e4)
        clock[0] = 115.0
        with pytest.raises(TimeLimitReached, match=r"sweeping: 0 % done after 5 s$"):
            checkpoint("sweeping", 1, 1e4)


def test_an_outer_limit_that_ends_earlier_stays_in_force():
    with time_limit(time.monotonic() - 1.0) as outer:
        with time_limit(time.monotonic() + 1e3) as inner, pytest.raises(TimeLimitReached):
            checkpoint()
        assert inner.reached
        assert outer.remaining_s == 0.0


def test_what_is_short_comes_to_its_end():
    with time_limit(time.monotonic() - 1.0):
        with unlimited():
            checkpoint("evaluating the last batch")
        with pytest.raises(TimeLimitReached):
            checkpoint()


def test_whole_parts_stay_when_the_limit_is_reached():
    def parts(upto):
        for k in range(5):
            if k == upto:
                with time_limit(time.monotonic() - 1.0):
                    checkpoint()
            yield k

    assert whole_parts(parts(9)) == ([0, 1, 2, 3, 4], "ok")
    assert whole_parts(parts(3)) == ([0, 1, 2], "interrupted")
    with pytest.raises(TimeLimitReached):
        whole_parts(parts(0))


def test_the_limit_ends_with_its_block():
    with time_limit(time.monotonic() - 1.0):
        pass
    checkpoint()


def test_progress_reaches_the_nearest_listener():
    heard = []
    with time_limit(report=lambda *about: heard.append(about)), time_limit():
        checkpoint("sweeping", 3, 10)
    assert heard == [("sweeping", 3, 10)]


def test_what_keeps_results_on_ctrl_c_keeps_them_when_the_time_is_over():
    assert issubclass(TimeLimitReached, KeyboardInterrupt)
    assert not issubclass(TimeLimitReached, Exception)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.21, "0.2 s"), (7.2, "8 s"), (119.0, "119 s"), (130.0, "3 min"), (1e4, "3 h")]
)
def test_times_are_readable(seconds, text):
    assert readable_seconds(seconds) == text
