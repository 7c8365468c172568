"""Rate networks of spikes: the back ends, the neuron's curve against two equations, recall against the ODE."""

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from neuromorph import Ising, spiking
from neuromorph import associative_memory as memory
from neuromorph.analog import AnalogNetwork, Tanh, simulate
from neuromorph.spiking import LifNeuron, SpikingHopfield, measure_curve
from neuromorph.spiking.brian import simulator as backend
from neuromorph.spiking.rate_network_kernel import recall_compiled


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Calibrations and programs of this session, so that no test reads what another version left."""
    return tmp_path_factory.mktemp("spiking")


def task(n: int, load: float, trials: int, seed: int):
    """Patterns, the one that each trial means, and its cue with a quarter of the signs wrong."""
    rng = np.random.default_rng(seed)
    patterns = rng.choice([-1, 1], (max(1, round(load * n)), n))
    targets = patterns[np.arange(trials) % len(patterns)]
    wrong = np.argsort(rng.random(targets.shape), axis=1) < n // 4
    return patterns, targets, np.where(wrong, -targets, targets)


def three_cells(b2):
    """Noise, a refractory time, synapses with a delay, and both kinds of monitor."""
    cells = b2.NeuronGroup(
        3,
        "dv/dt = (a - v)/tau + s*xi*tau**-0.5 : volt (unless refractory)\na : volt\ns : volt",
        threshold="v > 1*volt", reset="v = 0*volt", refractory=2 * b2.ms, method="euler",
        namespace={"tau": 10 * b2.ms, "volt": b2.volt}, name="cells",
    )  # fmt: skip
    synapses = b2.Synapses(cells, cells, "w : volt", on_pre="v_post += w", delay=1 * b2.ms, name="synapses")
    synapses.connect(i=np.array([0, 1]), j=np.array([1, 2]))
    trace = b2.StateMonitor(cells, "v", record=[0, 2], name="trace")
    return [cells, synapses, b2.SpikeMonitor(cells, name="spikes"), trace]


CELLS = {"cells.a": [0.9, 2.0, 1.1], "cells.s": 0.3, "cells.v": [0.1, 0.2, 0.3], "synapses.w": [0.1, 0.2]}


def same_spikes(one, other) -> bool:
    return np.array_equal(one["spikes.t"], other["spikes.t"]) and np.array_equal(one["spikes.i"], other["spikes.i"])


def interrupt(done: float) -> None:
    """What Ctrl-C does, as soon as something has been simulated."""
    if done > 0:
        raise KeyboardInterrupt


# Back ends


def test_brian2_is_imported_when_something_runs():
    """And then does not take over what is said of errors that nobody catches."""
    code = """
import sys
from neuromorph.spiking import build_simulator
print("brian2" in sys.modules)
build_simulator(lambda b2: [b2.NeuronGroup(1, "v : 1", name="cells")], dt_s=1e-3)
print("brian2" in sys.modules, sys.excepthook is sys.__excepthook__)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert told.split() == ["False", "True", "True"]


def test_a_seed_decides_the_spikes_and_a_run_leaves_no_trace(folder):
    """Fails if noise is not reseeded, if a run starts where the last one ended, or if a parameter stays behind."""
    simulator = backend.build_simulator(three_cells, dt_s=1e-3, folder=folder)
    first = simulator.run(0.2, CELLS, rng=1, outputs=["cells.v"])
    simulator.run(0.1, {"cells.a": 3.0, "synapses.w": 0.9}, rng=2)
    assert len(first["spikes.t"]) > 10
    assert same_spikes(first, simulator.run(0.2, CELLS, rng=1))
    assert not same_spikes(first, simulator.run(0.2, CELLS, rng=2))
    assert first["trace.v"].shape == (2, 200)
    assert first["trace.t"][-1] == pytest.approx(0.199)
    assert first["cells.v"].shape == (3,)
    assert set(first.manifest["versions"]) >= {"brian2", "numpy", "neuromorph"}
    assert isinstance(first.manifest["seed"], int)
    without = simulator.run(0.01, rng=1, outputs=["synapses.w"])
    assert np.array_equal(without["synapses.w"], [0.0, 0.0])


def test_brian2_is_left_as_it_was_found(folder):
    """Fails if our step, target, device or generator leaks into the user's own Brian2 models."""
    import brian2 as b2

    b2.defaultclock.dt = 0.2 * b2.ms
    np.random.seed(5)  # noqa: NPY002  the global generator is what Brian2 uses
    before = b2.prefs["codegen.target"], np.random.get_state()[1].copy(), b2.get_device()  # noqa: NPY002
    backend.build_simulator(three_cells, dt_s=1e-3, folder=folder).run(0.05, CELLS, rng=1)
    with pytest.raises(ValueError):
        backend.build_simulator(lambda b2: [*three_cells(b2), *three_cells(b2)], dt_s=1e-3, folder=folder)
    after = b2.prefs["codegen.target"], np.random.get_state()[1], b2.get_device()  # noqa: NPY002
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1])
    assert before[2] is after[2]
    assert float(b2.defaultclock.dt) == pytest.approx(0.2e-3)


def test_progress_is_told_to_the_end(folder):
    told: list[float] = []
    backend.build_simulator(three_cells, dt_s=1e-3, folder=folder).run(0.05, CELLS, rng=1, progress=told.append)
    assert told[0] == 0.0
    assert told[-1] == 1.0


def test_an_interrupted_run_leaves_nothing_behind(folder):
    """Ctrl-C in the middle: Brian2 is as it was, and the next run is what it would have been."""
    import brian2 as b2

    simulator = backend.build_simulator(three_cells, dt_s=1e-3, folder=folder)
    first = simulator.run(0.2, CELLS, rng=1)
    before = b2.prefs["codegen.target"], b2.get_device(), float(b2.defaultclock.dt), gc.get_freeze_count()
    with pytest.raises(KeyboardInterrupt):
        simulator.run(1e3, CELLS, rng=1, progress=interrupt)
    assert (b2.prefs["codegen.target"], b2.get_device(), float(b2.defaultclock.dt), gc.get_freeze_count()) == before
    assert same_spikes(first, simulator.run(0.2, CELLS, rng=1))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"cells.b": 1.0}, "no variable"),
        ({"nobody.v": 1.0}, "no variable"),
        ({"cells.a": [1.0, 2.0]}, "shape"),
        ({"cells.a": np.nan}, "finite"),
        ({"cells.dt": 1.0}, "read-only"),
    ],
)
def test_wrong_parameters_are_named(folder, parameters, words):
    simulator = backend.build_simulator(three_cells, dt_s=1e-3, folder=folder)
    with pytest.raises(ValueError, match=words):
        simulator.run(0.01, parameters, rng=0)
    with pytest.raises(ValueError, match="duration_s"):
        simulator.run(0.0, rng=0)


def test_an_unknown_back_end_is_refused():
    with pytest.raises(ValueError, match="cpp_standalone"):
        backend.build_simulator(three_cells, dt_s=1e-3, backend="gpu")
    with pytest.raises(ValueError, match="dt_s"):
        backend.build_simulator(three_cells, dt_s=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cpp_standalone", "cython"])
def test_compiled_back_ends_spike_as_numpy_does(folder, name):
    """Fails if a program repeats its noise, ignores its parameters or length, or is compiled again for the same model.

    All three draw from the Mersenne twister; cpp draws in the order of numpy, so that these spikes agree one by one.
    """
    simulator, told = backend.build_simulator(three_cells, dt_s=1e-3, backend=name, folder=folder), []
    one, again, other = (simulator.run(1.0, CELLS, rng=seed, progress=told.append) for seed in (1, 1, 2))
    assert same_spikes(one, again)
    assert not same_spikes(one, other)
    assert told[-1] == 1.0
    reference = backend.build_simulator(three_cells, dt_s=1e-3, folder=folder).run(
        1.0, CELLS, rng=1, outputs=["synapses.w"]
    )
    assert abs(len(one["spikes.t"]) - len(reference["spikes.t"])) < 0.2 * len(reference["spikes.t"])
    assert one["trace.v"].shape == reference["trace.v"].shape
    with pytest.raises(ValueError, match=r"cells\.a"):
        simulator.run(0.1, {"cells.a": [1.0, 2.0]}, rng=0)
    if name == "cpp_standalone":
        assert same_spikes(one, reference)
        assert np.allclose(one["trace.v"], reference["trace.v"], atol=1e-9)
        programs = {path.name for path in folder.glob("program-*")}
        assert backend.build_simulator(three_cells, dt_s=1e-3, backend=name, folder=folder).program == simulator.program
        assert {path.name for path in folder.glob("program-*")} == programs
        assert len(simulator.run(2.0, CELLS, rng=1)["trace.t"]) == 2000
        with pytest.raises(KeyboardInterrupt):
            simulator.run(1e7, {"cells.s": 0.0}, progress=interrupt)  # hours, if the program were not killed


# The neuron


def steps_between_spikes(neuron: LifNeuron, bias: float) -> int:
    """Euler without noise: v tends to E_L + I by 1 - dt / tau_m a step; the step of the reset is the first to wait."""
    end, leak = neuron.rest_v + bias, 1.0 - neuron.step_s / neuron.membrane_s
    moves = np.ceil(np.log((end - neuron.threshold_v) / (end - neuron.reset_v)) / np.log(leak))
    return int(moves) + max(0, round(neuron.refractory_s / neuron.step_s) - 1)


def test_the_noiseless_neuron_fires_as_lapicque_says(folder):
    """Fails if the refractory time is off by a step, or a voltage has the wrong sign; dt -> 0 gives the formula."""
    biases = np.array([0.015, 0.0199, 0.0231, 0.03017, 0.0453])
    neuron = LifNeuron(noise_v=0.0)
    measured = measure_curve(neuron, biases, folder=folder).rates_hz
    expected = [1e3 / steps_between_spikes(neuron, bias) for bias in biases[2:]]
    assert np.array_equal(measured[:2], [0.0, 0.0])
    assert np.allclose(measured[2:], expected, atol=0.51)  # a count in 2 s
    fine = LifNeuron(noise_v=0.0, step_s=1e-6)
    limit = [1e6 / steps_between_spikes(fine, bias) for bias in biases[2:]]
    assert np.allclose(limit, neuron.rate_without_noise(biases[2:]), rtol=2e-4)
    assert np.array_equal(neuron.rate_without_noise(biases[:2]), [0.0, 0.0])


def test_the_measured_curve_solves_the_integral_equation(folder):
    """Fails if noise is scaled by sqrt(2), or if its step is forgotten (Siegert's limit lies several Hz higher).

    The variance of a count is at most its mean; residuals at one bias and their sum stay within six deviations.
    """
    neuron = LifNeuron()
    curve = measure_curve(neuron, folder=folder)
    expected = neuron.rate(curve.biases_v)
    variance = np.maximum(expected, 0.01) / 120.0
    residual = curve.rates_hz - expected
    assert np.abs(residual / np.sqrt(variance)).max() < 6.0
    assert abs(residual.sum()) < 6.0 * np.sqrt(variance.sum())
    assert np.allclose(neuron.rate(0.02, 200), neuron.rate(0.02, 800), rtol=1e-9)
    assert LifNeuron(step_s=1e-5, noise_v=1e-3).rate(0.03, 1600) == pytest.approx(
        neuron.rate_without_noise(0.03), rel=5e-3
    )
    assert np.all(np.diff(curve.rate(np.linspace(0.0, 0.2, 500))) >= 0)


def test_a_calibration_is_read_back_and_a_damaged_one_measured_again(tmp_path):
    neuron, biases = LifNeuron(step_s=2e-3), np.array([0.018, 0.022, 0.03])
    rates = measure_curve(neuron, biases, folder=tmp_path).rates_hz
    (path,) = tmp_path.glob("curve-*.npz")
    written = path.read_bytes()
    for junk in (b"", b"\x93NUMPY junk", written[: len(written) // 2], np.random.default_rng(0).bytes(500)):
        path.write_bytes(junk)
        assert np.array_equal(measure_curve(neuron, biases, folder=tmp_path).rates_hz, rates)
    stamp = path.stat().st_mtime_ns
    assert np.array_equal(measure_curve(neuron, biases, folder=tmp_path).rates_hz, rates)
    assert path.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("swing", [15e-3, 30e-3])
def test_the_working_point_gives_g_its_fixed_values(folder, swing):
    curve = measure_curve(LifNeuron(), folder=folder)
    bias, rate = curve.working_point(swing)
    assert 2 * curve.rate(bias) == pytest.approx(rate, abs=0.05)
    assert curve.rate(bias + swing) == pytest.approx(rate)
    assert 88 < rate < 100
    with pytest.raises(ValueError, match="swing_v"):
        curve.working_point(-1.0)


@pytest.mark.parametrize(
    "wrong",
    [{"noise_v": -1.0}, {"membrane_s": 0.0}, {"threshold_v": -0.08}, {"step_s": 0.01}, {"refractory_s": 1.5e-3},
     {"rest_v": np.nan}],
)  # fmt: skip
def test_impossible_neurons_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LifNeuron(**wrong)


# The network


@pytest.mark.parametrize("wiring", ["direct", "push-pull", "dale"])
def test_a_quarter_of_errors_is_repaired(folder, wiring):
    """alpha = .05, n = 100: overlap >= .98; the same seed, the same spikes; what is counted is what was recorded."""
    patterns, targets, cues = task(100, 0.05, 5, 1)
    network = SpikingHopfield.from_patterns(patterns, wiring=wiring, folder=folder)
    recalled = network.recall(cues, rng=3)
    assert recalled.overlaps(targets).mean() >= 0.98
    assert recalled.overlap_course(targets)[:, 0].max() < 0.7
    assert recalled.overlap_course(targets)[:, -1].min() > 0.95
    again = network.recall(cues, rng=3)
    assert np.array_equal(again.spike_times_s, recalled.spike_times_s)
    assert np.array_equal(again.spike_neurons, recalled.spike_neurons)
    assert not np.array_equal(network.recall(cues, rng=4).spike_times_s, recalled.spike_times_s)
    assert recalled.activity["spikes"].sum() == len(recalled.spike_times_s)
    assert np.all(recalled.activity["membrane_updates"] == 600 * network.neurons)
    weights = {"direct": 1, "push-pull": 2, "dale": 2}[wiring] * np.count_nonzero(network.weights, axis=0)
    if wiring != "dale":
        fan = weights[recalled.spike_neurons % 100]
        assert recalled.activity["synaptic_operations"].sum() == fan.sum()
    x = network.integrate(cues)[0]
    assert np.abs(recalled.outputs[:, -4:].mean(axis=(1, 2)) - x[:, -4:].mean(axis=(1, 2))).max() < 0.02
    assert np.abs(recalled.outputs[:, -4:].mean(axis=1) - x[:, -1]).mean() < 0.05  # shot noise: one spike is 0.1


def test_dales_law_holds_for_every_neuron(folder):
    patterns, _, _ = task(60, 0.1, 2, 2)
    network = SpikingHopfield.from_patterns(patterns, wiring="dale", folder=folder)
    source, sink, w = network.synapses
    assert np.all(w[source < 60] > 0)
    assert np.all(w[source >= 60] < 0)
    together = np.zeros((120, 60))
    np.add.at(together, (sink, source % 60), w)
    scale = 2 * network.swing_v / (network.unit_hz * network.neuron.synapse_s)
    assert np.allclose(together, scale * np.tile(network.weights, (2, 1)))


def test_spikes_follow_the_ode_near_capacity(folder):
    """|overlap - ODE| <= .03 at alpha = .10, J = 30 mV, n = 200, two networks of eight cues."""
    spikes, ode = [], []
    for seed in (0, 1):
        patterns, targets, cues = task(200, 0.10, 8, seed)
        network = SpikingHopfield.from_patterns(patterns, swing_v=30e-3, folder=folder)
        spikes.append(network.recall(cues, rng=seed).overlaps(targets))
        ode.append((network.integrate(cues)[1] * targets).mean(axis=1))
    assert abs(np.mean(spikes) - np.mean(ode)) <= 0.03
    assert np.mean(ode) > 0.9


def test_one_unit_relaxes_with_tau_s(folder):
    """du/dt = (-u + T g(u)) / tau_s with T = 0 and a bias: x = g(I) at once; feedback decays as exp(-t / tau_s)."""
    network = SpikingHopfield([[0.0, 0.0], [1.0, 0.0]], [1.0, 0.0], folder=folder)
    x, spins = network.integrate(np.zeros(2), duration_s=0.3, cue_s=0.0, bin_s=0.05)
    t = 0.05 * np.arange(1, 7)
    assert np.allclose(x[0, :, 0], 1.0, atol=1e-6)
    assert np.allclose(x[0, :, 1], network.output(1.0 - np.exp(-t / 0.05)), atol=1e-9)
    assert spins[0, 0] == 1
    recalled = network.recall(np.zeros(2), duration_s=2.0, cue_s=0.0, read_s=1.5, rng=0)
    assert np.abs(2 * recalled.rates_hz[0] / network.unit_hz - 1 - x[0, -1]).max() < 0.06


@pytest.mark.parametrize("wiring", ["direct", "push-pull", "dale"])
def test_graded_rates_rest_where_the_ode_rests(folder, wiring):
    """Weak, asymmetric T with rows that do not sum to 0: a wrong w or resting bias moves some x by .1 or more."""
    rng = np.random.default_rng(7)
    weights = rng.normal(0.006, 0.02, (24, 24))
    network = SpikingHopfield(weights, rng.uniform(-0.3, 0.3, 24), swing_v=15e-3, wiring=wiring, folder=folder)
    recalled = network.recall(np.zeros((60, 24)), duration_s=1.5, cue_s=0.0, rng=0)
    x = network.integrate(np.zeros(24), duration_s=1.5, cue_s=0.0)[0][0, -1]
    assert np.abs(x).max() < 0.9
    error = recalled.outputs[:, 10:].mean(axis=1).std(axis=0) / np.sqrt(60)
    assert error.max() < 0.02
    assert np.abs(recalled.outputs[:, 10:].mean(axis=(0, 1)) - x).max() < 0.1  # six errors, of 24 units
    assert np.abs(weights.sum(axis=1)).max() > 0.2


def test_any_analog_network_becomes_rates(folder):
    """The ODE of Hopfield's amplifiers and the spikes come to the same signs, biases and asymmetric rails included."""
    rng = np.random.default_rng(4)
    patterns = rng.choice([-1, 1], (3, 60))
    ising = Ising(memory.hebb(patterns), 0.2 * patterns[0])
    analog = AnalogNetwork.from_ising(ising, Tanh(gain=5.0, swing=2.0))
    cues = np.where(np.argsort(rng.random((3, 60)), axis=1) < 12, -patterns, patterns)
    settled = simulate(analog, 0.3 * cues, 20 * float(analog.time_constants_s.max()))
    network = SpikingHopfield.from_analog(analog, wiring="push-pull", folder=folder)
    assert network.gain() * network.weights.max() == pytest.approx(
        10.0 * (analog.resistances[:, None] * analog.conductances).max(), rel=1e-6
    )
    recalled = network.recall(cues, rng=0)
    assert np.array_equal(recalled.spins[0], analog.spins(settled.potentials[-1])[0])
    assert recalled.overlaps(patterns)[0] >= 0.98
    scaled = SpikingHopfield.from_ising(ising, folder=folder)
    assert np.linalg.eigvalsh(scaled.weights)[-1] == pytest.approx(1.0)
    assert np.allclose(scaled.biases / scaled.weights.max(), ising.biases / ising.couplings.max())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SpikingHopfield(np.ones((2, 3))), "weights"),
        (lambda: SpikingHopfield(np.full((2, 2), np.nan)), "weights"),
        (lambda: SpikingHopfield(np.ones((2, 2)), [np.inf, 0]), "biases"),
        (lambda: SpikingHopfield(np.ones((2, 2)), swing_v=0.0), "swing_v"),
        (lambda: SpikingHopfield(np.ones((2, 2)), wiring="ring"), "wiring"),
        (lambda: SpikingHopfield(np.ones((2, 2))).recall(np.ones(3)), "cues"),
        (lambda: SpikingHopfield(np.ones((2, 2))).recall(np.ones(2), cue_s=2.0), "cue_s"),
        (lambda: SpikingHopfield(np.ones((2, 2))).recall(np.ones(2), duration_s=0.63), "bin_s"),
        (lambda: SpikingHopfield(np.ones((2, 2))).recall(np.ones(2), read_s=0.0), "read_s"),
        (lambda: SpikingHopfield.from_ising(Ising(np.zeros((2, 2))), scale=-1.0), "scale"),
    ],
)
def test_wrong_networks_and_cues_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def recalls(network, cues, **options):
    """The same recall by compiled steps and by Brian2."""
    seeds = np.random.SeedSequence(5).spawn(len(cues))
    return recall_compiled(network, cues, seeds, **options), network.recall(cues, rng=5, **options)


@pytest.mark.parametrize("wiring", ["direct", "push-pull", "dale"])
def test_compiled_trials_are_those_of_brian_where_nothing_is_random(folder, wiring):
    neuron = LifNeuron(noise_v=0, reset_v=-52e-3, refractory_s=3e-3)
    patterns, _, cues = task(20, 0.1, 3, 2)
    network = SpikingHopfield.from_patterns(patterns, neuron=neuron, swing_v=20e-3, wiring=wiring, folder=folder)
    ours, theirs = recalls(network, cues, duration_s=0.3, record=[0, 7, 19])
    assert len(theirs.spike_times_s) > 500
    for name in ("spike_times_s", "spike_trials", "spike_neurons", "outputs", "rates_hz", "spins"):
        ordered = [getattr(each, name) for each in (ours, theirs)]
        if name.startswith("spike"):  # ours are trial after trial
            order = [np.lexsort((each.spike_neurons, each.spike_times_s, each.spike_trials)) for each in (ours, theirs)]
            ordered = [part[k] for part, k in zip(ordered, order, strict=True)]
        np.testing.assert_allclose(*ordered, atol=1e-9, err_msg=name)
    for one, other in zip(ours.potentials, theirs.potentials, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    for name, count in theirs.activity.items():
        assert np.array_equal(ours.activity[name], count)


def test_compiled_trials_draw_as_brian_does(folder):
    """Rates of 400 trials, each of 10 neurons that are cued alike, come from the same law."""
    network = SpikingHopfield(np.full((10, 10), 0.04) * (1.0 - np.eye(10)), folder=folder)
    ours, theirs = recalls(network, np.ones((400, 10)), duration_s=0.2, read_s=0.1)
    assert ks_2samp(ours.activity["spikes"], theirs.activity["spikes"]).pvalue > 1e-3
    means = [each.rates_hz.mean(axis=0) for each in (ours, theirs)]
    spread = np.sqrt(ours.rates_hz.var(axis=0) / 200)
    assert (np.abs(means[0] - means[1]) < 5.0 * spread).all()


def test_a_compiled_trial_is_the_same_in_any_company():
    network, seeds = SpikingHopfield.from_patterns(task(20, 0.1, 4, 2)[0]), np.random.SeedSequence(1).spawn(4)
    cues = task(20, 0.1, 4, 2)[2]
    together, alone = recall_compiled(network, cues, seeds), recall_compiled(network, cues[2:3], seeds[2:3])
    assert np.array_equal(alone.outputs[0], together.outputs[2])
    assert alone.activity["spikes"][0] == together.activity["spikes"][2]


def test_the_curve_in_the_package_is_that_of_the_default_neuron():
    """Its rates solve the integral equation: another neuron, or another step, would miss by tens of errors."""
    curve = measure_curve(LifNeuron())
    exact = LifNeuron().rate(curve.biases_v[10::4])
    # 60 neurons for 2 s: a count of 120 f spikes, less irregular than Poisson's, and a spike or so at the ends
    assert (np.abs(curve.rates_hz[10::4] - exact) < 5.0 * np.sqrt((exact + 1.0) / 120.0)).all()


def test_public_names_are_documented():
    assert spiking.__all__
    for name in spiking.__all__:
        assert getattr(spiking, name).__doc__, name
