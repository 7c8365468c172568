"""Times of spikes: memory in phases, recognition by delays, synchrony and avalanches, the fit of a power law."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.special import zeta
from scipy.stats import chi2

from neuromorph import spiking
from neuromorph.spiking import (
    DelayCodeMemory,
    PhaseMemory,
    PulseNetwork,
    complete_size_distribution,
    fit_power_law,
    phase_overlaps,
)
from neuromorph.spiking.rate_recall import patterns_for
from neuromorph.testing import FALSE_FAILURE

# Phases


def bipolar_task(n: int, load: float, trials: int, seed: int):
    rng = np.random.default_rng(seed)
    patterns = rng.choice([-1, 1], (round(load * n), n))
    wrong = np.argsort(rng.random((trials, n)), axis=1) < n // 4
    return patterns, np.where(wrong, -patterns[:trials], patterns[:trials])


def test_locked_phases_recall_bipolar_patterns():
    """alpha = .10, n = 400, a quarter wrong: overlap >= .99, in phases of 0 and pi."""
    patterns, cues = bipolar_task(400, 0.10, 4, 3)
    network = PhaseMemory.from_patterns(patterns)
    recalled = network.recall(cues)
    assert recalled.overlaps(patterns[:4]).mean() >= 0.99
    assert (recalled.spins * patterns[:4]).mean() >= 0.99
    silent = (recalled.phasors == 0).mean(axis=1)
    course = recalled.overlap_course(patterns[:4])
    assert np.all(np.abs(course[:, -1] - recalled.overlaps(patterns[:4])) <= silent + 1e-9)
    assert np.all(course[:, 0] < 0.95)
    assert np.abs(recalled.activity["spikes"] / (400 * 25) - 1).max() < 0.02  # one spike a cycle
    assert (
        recalled.activity["synaptic_operations"].sum()
        == np.count_nonzero(network.weights, axis=0)[recalled.spike_neurons].sum()
    )


def test_without_locking_phases_leave_the_axis():
    """Fails if the pump does nothing: free phases recall bipolar patterns less exactly at the same load."""
    patterns, cues = bipolar_task(200, 0.08, 4, 1)
    free = PhaseMemory.from_patterns(patterns, locking=0.0).recall(cues)
    locked = PhaseMemory.from_patterns(patterns).recall(cues)
    assert locked.overlaps(patterns[:4]).mean() > free.overlaps(patterns[:4]).mean() + 0.01
    assert np.abs(locked.phasors.imag).mean() < np.abs(free.phasors.imag).mean()


def test_phasor_patterns_agree_with_the_discrete_network():
    """The two differ by steps of 2 pi f dt = .126 in a spike's phase, and by spikes that act within a cycle."""
    rng = np.random.default_rng(2)
    patterns = np.exp(2j * np.pi * rng.random((4, 200)))
    cues = np.where(rng.random((4, 200)) < 0.25, np.exp(2j * np.pi * rng.random((4, 200))), patterns)
    network = PhaseMemory.from_patterns(patterns)
    assert network.locking == 0.0
    spikes = network.recall(cues).overlaps(patterns)
    assert np.abs(spikes - phase_overlaps(network.phasor_network(cues), patterns)).max() < 0.004
    assert spikes.min() > 0.95
    bipolar, cues = bipolar_task(120, 0.04, 4, 5)
    locked = PhaseMemory.from_patterns(bipolar)
    assert np.array_equal(locked.recall(cues).spins, np.sign(locked.phasor_network(cues).real))


def test_one_pattern_is_a_fixed_point_of_period_t():
    """Two coupled neurons in antiphase: spikes half a period apart, every period, whichever way round."""
    network = PhaseMemory.from_patterns([[1, -1]], frequency_hz=40.0)
    recalled = network.recall([1, -1], cycles=20)
    for neuron in (0, 1):
        times = recalled.spike_times_s[recalled.spike_neurons == neuron]
        assert np.allclose(np.diff(times)[2:], 0.025, atol=0.51e-3)
    assert recalled.overlaps([1, -1])[0] > 0.99
    assert recalled.overlaps([1, 1])[0] < 0.1
    silent = PhaseMemory(np.zeros((2, 2))).recall([0, 0])
    assert np.array_equal(silent.phasors, [[0, 0]])
    assert len(silent.spike_times_s) == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PhaseMemory(np.ones((2, 3))), "weights"),
        (lambda: PhaseMemory(np.ones((2, 2)), locking=1.0), "locking"),
        (lambda: PhaseMemory(np.ones((2, 2)), step_s=2e-3), "step_s"),
        (lambda: PhaseMemory(np.ones((2, 2)), decay_s=-1.0), "decay_s"),
        (lambda: PhaseMemory.from_patterns([[1.0, 0.5]]), "patterns"),
        (lambda: PhaseMemory(np.ones((2, 2))).recall([1, 1, 1]), "cues"),
        (lambda: PhaseMemory(np.ones((2, 2))).recall([1, 1], cycles=1), "cycles"),
        (lambda: DelayCodeMemory([[1.0, -1.0]]), "templates"),
        (lambda: DelayCodeMemory([[1.0, 1.0]], levels=0), "levels"),
        (lambda: DelayCodeMemory([[1.0, 1.0]]).recognize([[1.0, 0.0]]), "values"),
        (lambda: DelayCodeMemory([[1.0, 1.0]]).recognize([[1.0, 1e9]]), "latest_s"),
        (lambda: PulseNetwork.lattice(4, 1.0), "weight"),
        (lambda: PulseNetwork.lattice(2, 0.5), "side"),
        (lambda: PulseNetwork([0, 1], [3], 0.1), "targets"),
        (lambda: PulseNetwork([1, 0], [0], 0.1), "offsets"),
        (lambda: PulseNetwork.lattice(4, 0.5, drive_hz=1.0, leak_hz=2.0), "drive_hz"),
        (lambda: PulseNetwork.lattice(4, 0.5).run(0), "avalanches"),
        (lambda: PulseNetwork.lattice(4, 0.5).run(1, start=np.ones(16)), "start"),
        (lambda: PulseNetwork.lattice(4, 0.5).run(1, kick=1.0), "kick"),
        (lambda: complete_size_distribution(10, 1.0), "strength"),
        (lambda: fit_power_law([0, 1, 2]), "sizes"),
        (lambda: fit_power_law([1.5, 2.5]), "sizes"),
        (lambda: fit_power_law([5] * 500), "s_min"),
    ],
)
def test_bad_input_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# Delays


def test_a_pattern_is_recognized_at_any_strength():
    """15 trials a noise, scales .5 to 2, all right; fails if strength changes more than the moment of the answer."""
    rng = np.random.default_rng(1)
    templates = np.exp(rng.uniform(-1.5, 1.5, (10, 60)))
    code = DelayCodeMemory(templates)
    scales = np.geomspace(0.5, 2.0, 15)
    for noise in (0.0, 0.25, 0.5):
        which = rng.integers(0, 10, 15)
        values = scales[:, None] * templates[which] * np.exp(noise * rng.standard_normal((15, 60)))
        found = code.recognize(values)
        assert np.array_equal(found.labels, which), noise
        assert np.array_equal(code.coincidence(values).argmax(axis=1), which)
        if noise == 0:
            assert np.all(found.scores[np.arange(15), which] >= code.levels - 1)
            moments = found.times_s[np.arange(15), which]
            slope = np.polyfit(np.log(scales), moments, 1)[0]
            assert slope == pytest.approx(-code.code_s, rel=0.05)
    flat = code.recognize(np.exp(rng.uniform(-1.5, 1.5, (5, 60))))  # patterns that no template knows
    assert flat.scores.max() < code.levels // 2


def test_detectors_count_what_the_equation_says():
    """At a step of .05 ms the number of detectors is that of thresholds below the highest v, to one."""
    rng = np.random.default_rng(6)
    templates = np.exp(rng.uniform(-1.0, 1.0, (3, 30)))
    code = DelayCodeMemory(templates, step_s=0.05e-3)
    values = templates * np.exp(0.3 * rng.standard_normal((3, 30)))
    expected = np.floor(code.coincidence(values) * (code.levels + 1))
    assert np.abs(code.recognize(values).scores - expected).max() <= 1


# Synchrony and avalanches


def test_every_unit_fires_once_a_period():
    """No leak, u - 1, periodic borders: the period is (1 - A) / I and groups stay together (Hopfield and Herz)."""
    network = PulseNetwork.lattice(12, 0.8, drive_hz=10.0)
    run = network.run(4000, rng=3)
    ends = np.searchsorted(run.times_s, run.times_s[-1] - 0.02 * np.arange(4) - 1e-9)
    for late, early in pairwise(ends):
        assert run.sizes[early:late].sum() == network.size
        assert np.array_equal(run.sizes[early:late], run.sizes[ends[1] : ends[0]])
    assert run.sizes.max() > 5
    assert network.synchrony(run.last) > 0.2


def test_brian2_and_the_event_loop_fire_the_same_spikes():
    """From the same start, in steps of 10 us: avalanches of the same sizes, in the same order, at the same times."""
    start = np.random.default_rng(0).random(36)
    for options in ({}, {"leak_hz": 6.0}, {"after": "zero", "leak_hz": 2.0}):
        network = PulseNetwork.lattice(6, 0.8, **options)
        run = network.run(60, start=start)
        times, units = network.spikes(0.04, start=start, step_s=1e-5)
        begins = np.flatnonzero(np.diff(times, prepend=-1.0) > 2.5e-5)  # a generation takes one step
        sizes = np.diff(np.append(begins, len(times)))[:-1]
        assert len(sizes) >= 5
        assert np.array_equal(sizes, run.sizes[: len(sizes)]), options
        assert np.abs(times[begins[:-1]] - run.times_s[: len(sizes)]).max() < 1e-4, options
        assert set(units) <= set(range(36))


def test_leak_moves_the_time_of_the_first_spike():
    """One unit alone: u = (I / l)(1 - exp(-l t)), so the interval is ln(I / (I - l)) / l."""
    lonely = PulseNetwork([0, 0], [], 0.5, drive_hz=10.0, leak_hz=8.0, after="zero")
    run = lonely.run(5, start=[0.0])
    assert np.allclose(np.diff(run.times_s), np.log(10.0 / 2.0) / 8.0)
    assert run.times_s[0] == pytest.approx(np.log(5.0) / 8.0)
    assert np.array_equal(run.sizes, np.ones(5))


def test_avalanches_of_the_complete_network_follow_their_law():
    """G-test of every 40th avalanche, for successive ones are not independent; n = 20, strength .7 and .9.

    10,000 avalanches detect a strength that is wrong by .02.
    """
    for strength in (0.7, 0.9):
        expected = complete_size_distribution(20, strength)
        assert expected.sum() == pytest.approx(1.0, abs=1e-12)
        run = PulseNetwork.complete(20, strength).run(400_000, warm_up=4000, kick=0.0137, rng=5)
        counts = np.bincount(run.sizes[::40], minlength=21)[1:].astype(float)
        wanted = expected * counts.sum()
        rare = wanted < 5
        seen, wanted = (np.append(x[~rare], x[rare].sum()) for x in (counts, wanted))
        g = 2 * np.sum(seen * np.log(np.maximum(seen, 1e-300) / np.maximum(wanted, 1e-300)))
        assert g < chi2.isf(FALSE_FAILURE, len(seen) - 1)


def test_the_same_seed_gives_the_same_avalanches():
    network = PulseNetwork.lattice(8, 0.9, periodic=False, after="zero")
    one, again, other = (network.run(500, warm_up=50, rng=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.sizes, again.sizes)
    assert np.array_equal(one.potentials, again.potentials)
    assert not np.array_equal(one.sizes, other.sizes)
    assert np.all(one.durations <= one.sizes)
    assert np.all(one.potentials < 1)


# Power laws


def test_the_exponent_is_that_of_largest_likelihood():
    """Against a grid over the likelihood itself, with and without an upper end; the error is that of the curvature."""
    sizes = np.random.default_rng(1).zipf(2.2, 3000)
    for end in (None, 50):
        fit = fit_power_law(sizes, smallest=2, largest=end)
        s = sizes[(sizes >= 2) & (sizes <= (end or sizes.max()))]
        grid = np.linspace(1.5, 3.0, 3001)
        norm = zeta(grid, 2.0) - (zeta(grid, end + 1.0) if end else 0.0)
        likelihood = -grid * np.log(s).sum() - len(s) * np.log(norm)
        best = int(likelihood.argmax())
        assert fit.exponent == pytest.approx(grid[best], abs=6e-4)
        curvature = (likelihood[best + 40] - 2 * likelihood[best] + likelihood[best - 40]) / (40 * 0.0005) ** 2
        assert fit.error == pytest.approx(1 / np.sqrt(-curvature), rel=0.02)
        assert abs(fit.exponent - 2.2) < 5 * fit.error
        assert fit.tail == len(s)


def test_a_flat_law_over_a_finite_range_is_found():
    """Exponents below 1 exist only with an upper end: p(s) = s^-0.5, drawn by weights, within five errors."""
    s = np.arange(1, 101)
    sizes = np.random.default_rng(3).choice(s, 4000, p=s**-0.5 / (s**-0.5).sum())
    fit = fit_power_law(sizes, smallest=1, largest=100, samples=40, rng=1)
    assert abs(fit.exponent - 0.5) < 5 * fit.error
    assert fit.error < 0.02
    assert fit.p_value > 0.01
    with pytest.raises(ValueError, match="largest"):
        fit_power_law(sizes, largest=10**7)


def test_a_power_law_is_kept_and_an_exponential_thrown_out():
    """The p-value of true power laws is uniform (mean .5 of 20 within 5 deviations); a geometric law's is 0."""
    draw = np.random.default_rng(8)
    p = [fit_power_law(draw.zipf(2.0, 400), smallest=1, largest=300, samples=30, rng=k).p_value for k in range(20)]
    assert abs(np.mean(p) - 0.5) < 5 * np.sqrt((1 / 12 + 0.25 / 30) / 20)
    assert fit_power_law(draw.geometric(0.2, 2000), smallest=1, samples=30, rng=0).p_value == 0.0
    bent = np.concatenate([draw.integers(1, 6, 4000), 6 * draw.zipf(2.5, 4000)])
    assert fit_power_law(bent[bent >= 1]).smallest >= 6
    same = [fit_power_law(draw.zipf(2.0, 10) * 0 + [1, 1, 2, 3, 1, 1, 4, 9, 1, 2], least_tail=2, samples=20, rng=3)] * 2
    assert same[0] == same[1]


# Examples


def load_example(name: str):
    path = Path(__file__).resolve().parents[2] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options = ["--size", "40", "--loads", "0.05", "--swings", "30", "--seeds", "1", "--trials", "2"]
    table = load_example("spiking_recall").main([*options, "--out", str(tmp_path / "recall.png")])
    assert table[0.05, "spiking J=30"][0] > 0.9
    options = ["--side", "8", "--strengths", "0.9", "--avalanches", "2000", "--warm-up", "500", "--samples", "5"]
    fits = load_example("spiking_avalanches").main([*options, "--out", str(tmp_path / "avalanches.png")])
    assert 0.3 < fits["square, A = 0.9"].exponent < 3
    options = ["--size", "100", "--loads", "0.05", "--noises", "0.25", "--seeds", "1", "--trials", "3"]
    times = load_example("spiking_timing").main(options)
    assert times["locked", 0.05][0] > 0.95 > times["free", 0.05][0]
    assert times["delays", 0.25][0] == 1.0
    assert (tmp_path / "recall.png").stat().st_size > 1000
    assert (tmp_path / "avalanches.png").stat().st_size > 1000
    assert "exponent" in capsys.readouterr().out


def test_units_without_connections_fire_alone():
    """Each in its own period 1 / I, in Brian2 as in the jumps; no pair is in synchrony, and one neuron is no memory."""
    network = PulseNetwork([0, 0, 0], [], 0.5)
    times, units = network.spikes(0.33, start=[0.0, 0.5])
    assert units.tolist() == [1, 0, 1, 0, 1, 0]
    assert times == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25, 0.3], abs=3e-4)
    assert network.run(6, start=[0.0, 0.5]).sizes.tolist() == [1] * 6
    assert np.isnan(network.synchrony([0, 1]))
    with pytest.raises(ValueError, match="n >= 2"):
        PhaseMemory([[1.0]])


@pytest.mark.parametrize("shape", [(10, 6), (4, 5), (6, 4)])
def test_overlaps_name_the_shapes(shape):
    """Four cues and ten patterns: which belong together cannot be told."""
    states = np.ones((4, 6))
    phases = spiking.PhaseRecall(
        np.empty(0), np.empty(0, int), np.empty(0, int), states + 0j, states[:, None] + 0j, {}, {}
    )
    for overlaps in (phases.overlaps, phases.overlap_course):
        with pytest.raises(
            ValueError, match=rf"patterns have shape \({shape[0]}, {shape[1]}\) for 4 trials of 6 neurons"
        ):
            overlaps(np.ones(shape))
        assert np.allclose(overlaps(np.ones(6)), 1.0)
    with pytest.raises(ValueError, match="for 4 trials of 6 neurons"):
        patterns_for(np.ones(shape), (4, 6))
