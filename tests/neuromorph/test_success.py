"""Success rates and time to solution: a wrong tail, a lost factor or a swapped interval end shows here."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from neuromorph.estimate import Estimate, wilson_interval
from neuromorph.study.time_to_solution import reads_to_solution, to_solution


@given(n=st.integers(1, 500), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.999]))
def test_wilson_is_the_score_interval_of_scipy(n, share, confidence):
    k = round(share * n)
    expected = binomtest(k, n).proportion_ci(confidence, method="wilson")
    estimate = wilson_interval(k, n, confidence)
    assert estimate.value == k / n
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0


def test_wilson_without_success_has_its_textbook_bound():
    """z^2 / (n + z^2), with exact ends: -1e-17 would turn into a negative time."""
    z2 = 1.959963984540054**2
    assert wilson_interval(0, 20) == Estimate(0.0, 0.0, pytest.approx(z2 / (20 + z2)))
    assert wilson_interval(20, 20) == Estimate(1.0, pytest.approx(20 / (20 + z2)), 1.0)


def test_reads_to_solution_have_closed_forms():
    assert reads_to_solution(0.9) == pytest.approx(2.0)  # two reads leave 1 % of failure
    assert reads_to_solution(0.5) == pytest.approx(math.log2(100))
    assert reads_to_solution(1e-12) == pytest.approx(math.log(100) * 1e12)
    assert reads_to_solution(0.0) == math.inf
    assert reads_to_solution(0.99) == reads_to_solution(0.999) == reads_to_solution(1.0) == 1.0
    assert reads_to_solution(0.75, confidence=0.75) == 1.0


def test_that_many_reads_do_find_a_solution():
    """20,000 trials of R independent reads: one read more or fewer than R = 7 would be seen (0.98 or 0.995)."""
    p = 1.0 - 0.01 ** (1.0 / 7.0)
    assert reads_to_solution(p) == pytest.approx(7.0)
    found = (np.random.default_rng(3).random((20_000, 7)) < p).any(axis=1).sum()
    assert binomtest(int(found), 20_000, 0.99).pvalue > 1e-6


def test_to_solution_joins_the_intervals_of_price_and_chance():
    joined = to_solution(Estimate(2.0, 1.0, 4.0), Estimate(0.9, 0.5, 0.99))
    assert joined.value == pytest.approx(4.0)
    assert joined.low == pytest.approx(1.0)
    assert joined.high == pytest.approx(4.0 * math.log2(100))


def test_no_success_gives_a_bound_and_no_value():
    p = wilson_interval(0, 50)
    bound = to_solution(Estimate(2.0, 1.0, 4.0), p)
    assert bound == Estimate(None, pytest.approx(2.0 * math.log(0.01) / math.log(1.0 - p.high)), None)


@given(
    reads=st.integers(1, 10_000),
    amount=st.floats(1e-12, 1e12),
    low=st.floats(0.0, 1.0),
    high=st.floats(1.0, 1e3),
)
def test_a_bound_is_never_below_one_read(reads, amount, low, high):
    """The low end of a price that is known to a factor of 1000 made "> 17 J" beside 660 J a read."""
    bound = to_solution(Estimate(amount, low * amount, high * amount), wilson_interval(0, reads))
    assert bound.low >= amount
    assert bound.value is bound.high is None


def test_certain_success_takes_one_read():
    p = wilson_interval(10, 10)
    estimate = to_solution(Estimate(2.0, 1.0, 4.0), p)
    assert (estimate.value, estimate.low) == (2.0, 1.0)
    assert estimate.high == pytest.approx(4.0 * math.log(0.01) / math.log(1 - p.low))


def test_undefined_stays_undefined():
    nothing = Estimate(None, None, None)
    assert to_solution(nothing, wilson_interval(1, 2)) == nothing
    assert to_solution(Estimate(1.0, 1.0, 1.0), nothing) == nothing


@pytest.mark.parametrize(("p", "reads"), [(0.02, 50), (0.2, 20), (0.5, 30), (0.9, 50)])
def test_intervals_of_time_to_solution_cover_the_truth(p, reads):
    """4,000 studies each, at least 92 % cover; with the normal interval only 64 % would at p = 0.02."""
    rng = np.random.default_rng([int(1000 * p), reads])
    truth = 3.0 * reads_to_solution(p)
    covered = 0
    for k in rng.binomial(reads, p, size=4000):
        estimate = to_solution(Estimate(3.0, 3.0, 3.0), wilson_interval(int(k), reads))
        covered += estimate.low <= truth * (1 + 1e-12) and (estimate.high is None or truth <= estimate.high)
    assert 0.92 <= covered / 4000 <= 0.995


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: wilson_interval(3, 2), "3 of 2 reads"),
        (lambda: wilson_interval(0, 0), "and a read"),
        (lambda: wilson_interval(-1, 2), "-1 of 2"),
        (lambda: wilson_interval(1, 2, confidence=1.0), "confidence is 1.0"),
        (lambda: reads_to_solution(1.5), "p is 1.5"),
        (lambda: reads_to_solution(math.nan), "p is nan"),
        (lambda: reads_to_solution(0.5, confidence=0.0), "confidence is 0.0"),
    ],
)
def test_what_is_no_probability_is_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()
