"""Networks of spikes sample Boltzmann distributions: against enumeration, an exact chain in discrete time, mutants."""

import runpy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuromorph import exact
from neuromorph.boltzmann import RBM, BoltzmannMachine, RestrictedBoltzmann
from neuromorph.ising import Ising
from neuromorph.spiking import (
    AbstractNeurons,
    BoltzmannSampler,
    Calibration,
    LifSamplerNeurons,
    SpikeStates,
    calibrate,
    exponential_neuron_divergence,
    mixing,
    relative_entropy,
)
from neuromorph.spiking import lif_sampler as calibration
from neuromorph.spiking.mixing import periods_to_settle
from neuromorph.testing import require_distribution


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory) -> Iterator[None]:
    """A calibration of this session: no test reads what another version left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("sampling")))
        calibrate.cache_clear()
        yield


def machine(seed: int, n: int, largest: float = 0.6) -> Ising:
    """W and b uniform in +-largest and +-0.6, in the 0/1 form."""
    rng = np.random.default_rng([seed, n])
    w = np.triu(rng.uniform(-largest, largest, (n, n)), 1)
    return Ising.from_binary(w + w.T, rng.uniform(-0.6, 0.6, n))


@dataclass(frozen=True)
class Changed:
    """Neurons that are told something else."""

    neurons: Any
    change: Callable[[Any, Any], tuple[Any, Any]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.neurons, name)

    def parameters(self, biases: Any, weights: Any) -> Any:
        return self.neurons.parameters(*self.change(biases, weights))


LOG = np.log(50.0)  # tau / dt of the default
GLASS = Ising(
    np.array([[0, 0.7, -0.4, 0.2], [0.7, 0, 0.5, 0], [-0.4, 0.5, 0, -0.8], [0.2, 0, -0.8, 0]]), [0.3, -0.2, 0, 0.4]
)
BOLTZMANN = exact.boltzmann(GLASS, 0.4)
MUTANTS = {
    "no log of the refractory time": lambda b, w: (b + LOG, w),
    "wrong sign of the weights": lambda b, w: (b, -w),
    "J in place of 4 J": lambda b, w: (b, w / 4.0),
    "doubled weights": lambda b, w: (b, 2.0 * w),
    "no bias": lambda b, w: (0.0 * b, w),
}


def last_states(neurons: Any, ising: Ising, chains: int, beta: float = 0.4, rng: int = 3) -> Any:
    states = BoltzmannSampler(ising, beta, neurons).run(neurons.tau_s, chains=chains, burn_in_s=0.15, rng=rng)
    return states.spins()[:, -1]


def test_independent_networks_of_abstract_neurons_follow_the_boltzmann_distribution():
    """8,000 networks read once each, at beta 0.4: fails by chance once in 10^6; KL >= 4e-3 is detected, as below."""
    require_distribution(last_states(AbstractNeurons(), GLASS, 8000), BOLTZMANN)


@cache
def mistaken_states(neurons: Any, names: tuple[str, ...], chains: int) -> dict[str, Any]:
    """Last states of so many networks of each mutant, all in one simulation."""

    def change(b: Any, w: Any) -> tuple[Any, Any]:
        each = zip(names, np.split(b, len(names)), np.split(w, len(names)), strict=True)
        b, w = zip(*(MUTANTS[name](*values) for name, *values in each), strict=True)
        return np.concatenate(b), np.concatenate(w)

    spins = last_states(Changed(neurons, change), GLASS, chains * len(names))
    return dict(zip(names, np.split(spins, len(names)), strict=True))


@pytest.mark.parametrize("name", MUTANTS)
def test_mistaken_abstract_neurons_are_detected(name):
    with pytest.raises(AssertionError, match="do not follow"):
        require_distribution(mistaken_states(AbstractNeurons(), tuple(MUTANTS), 1500)[name], BOLTZMANN)


def test_steps_are_those_of_the_discrete_chain():
    """At tau = 4 dt a pair does not follow exp(-E) but this chain: a pulse one step too long or late would fail."""
    b, w, last = np.array([0.5, -0.3]), 1.5, 4
    size = last + 1
    chain = np.zeros((size**2, size**2))
    for zeta in np.ndindex(size, size):
        for fired in np.ndindex(2, 2):
            p, after = 1.0, []
            for k in range(2):
                fires = (zeta[k] <= 1) / (1.0 + np.exp(-(b[k] + w * (zeta[1 - k] > 0) - np.log(last))))
                p *= fires if fired[k] else 1.0 - fires
                after.append(last if fired[k] else max(zeta[k] - 1, 0))
            chain[zeta[0] * size + zeta[1], after[0] * size + after[1]] += p
    stationary = np.linalg.matrix_power(chain, 4096)[0].reshape(size, size)
    p = [stationary[:1, :1].sum(), stationary[1:, :1].sum(), stationary[:1, 1:].sum(), stationary[1:, 1:].sum()]
    pair = Ising.from_binary([[0, w], [w, 0]], b)
    assert relative_entropy(p, exact.boltzmann(pair, 1.0)) > 2e-3
    require_distribution(last_states(AbstractNeurons(10e-3, 2.5e-3), pair, 30_000, beta=1.0), np.array(p))


PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("ising", [Ising(-PAIR), Ising(-PAIR, [1.0, 0.5]), Ising(PAIR, [1.0, 1.0]), GLASS])
def test_strongly_coupled_neurons_take_turns_and_are_exact(ising):
    """20,000 networks at beta 1.5: of two that inhibit each other, G = 166 with all in each step already at 1.2 and of
    5,000; of two that are nearly always on, G = 50 of 4,000 at 2."""
    neurons = BoltzmannSampler(ising, 1.5).cells
    assert neurons.cycle > 1
    require_distribution(last_states(neurons, ising, 20_000, beta=1.5), exact.boltzmann(ising, 1.5))


@pytest.mark.parametrize(("beta", "starts"), [(0.4, ""), (4.0, "not mixed: shares"), (1.2, "not mixed: ")])
def test_chains_that_have_not_mixed_say_so(beta, starts):
    """Two that want to be alike: at beta 4 all chains stay where they started, which only enumeration tells."""
    sampler = BoltzmannSampler(Ising(PAIR), beta)
    states = sampler.run(0.5, chains=8, burn_in_s=0.05, rng=1)
    assert sampler.verdict(states).startswith(starts)
    assert bool(sampler.verdict(states)) == bool(starts)


def test_neurons_whose_step_is_too_long_for_their_weights_are_told(recwarn):
    with pytest.warns(UserWarning, match=r"fire in one step of 0.0025 s .* leave neurons out"):
        BoltzmannSampler(Ising(-PAIR), 1.5, AbstractNeurons(dt_s=2.5e-3)).run(0.05, rng=1)
    recwarn.clear()
    BoltzmannSampler(Ising(-PAIR), 1.5).run(0.05, rng=1)
    assert not [warning for warning in recwarn if "exp(-beta E)" in str(warning.message)]


def test_clamped_neurons_leave_the_others_their_turns():
    """The middle of three held up: what is left is two that take the same one."""
    chain = Ising([[0, -1.5, 0], [-1.5, 0, 1.0], [0, 1.0, 0]], [0.5, 0, 0])
    sampler = BoltzmannSampler(chain, 1.5)
    assert sampler.cells.turns == (1, 0, 1)
    run = sampler.run(10e-3, chains=4000, burn_in_s=0.15, clamped=[0, 1, 0], rng=1)
    left = Ising(np.zeros((2, 2)), [-1.0, 1.0])
    require_distribution(run.spins()[:, -1][:, [0, 2]], exact.boltzmann(left, 1.5))


def test_weakly_coupled_neurons_are_the_default_ones_and_crowds_are_owned_to():
    """Weak couplings, biases alone; more colors than there are steps."""
    for ising, beta in ((GLASS, 0.1), (Ising(-PAIR), 0.3), (Ising(np.zeros((3, 3)), [50.0, -50.0, 1.0]), 1.0)):
        assert BoltzmannSampler(ising, beta).cells == AbstractNeurons()
    crowd = Ising(np.eye(900) - 1.0)
    sampler = BoltzmannSampler(crowd)
    assert sampler.cells == AbstractNeurons()
    assert not sampler.cells.suit(*sampler.network())


def test_time_to_settle_is_that_of_the_heat_bath():
    """A ferromagnetic pair at rest loses its sign at rate (1 - tanh beta) / tau; coupled chains say no less; nothing
    settles that is frozen."""
    weights, biases = BoltzmannSampler(Ising(PAIR), 2.0).network()
    periods, away = periods_to_settle(weights, biases, 0.01, 1000)
    assert away <= 0.01
    assert periods == pytest.approx(np.log(0.5 / 0.01) / (1.0 - np.tanh(2.0)), rel=0.05)
    assert periods_to_settle(*BoltzmannSampler(Ising(PAIR), 9.0).network(), 0.05, 100) == (
        100,
        pytest.approx(0.5, abs=0.01),
    )
    for seed in range(4):
        network = BoltzmannSampler(machine(seed, 8, 2.0)).network()
        exactly, _ = periods_to_settle(*network, 0.05, 300)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mixing, "MIXING_ENUMERATED", 0)
            assert periods_to_settle(*network, 0.05, 300)[0] >= exactly


def test_divergence_of_abstract_neurons_at_100_seconds():
    """K = 5, 1e5 ms in all; a step of 1 ms alone would exceed the bound (2e-3)."""
    found = []
    for seed in range(3):
        ising = machine(seed, 5)
        shares = BoltzmannSampler(ising).run(0.25, chains=400, burn_in_s=0.06, rng=seed).occupancy()
        found.append(relative_entropy(shares, exact.boltzmann(ising, 1.0)))
    assert np.median(found) <= 1e-3


@pytest.fixture(scope="module")
def lif() -> LifSamplerNeurons:
    return LifSamplerNeurons()


def test_integrate_and_fire_neurons_follow_the_boltzmann_distribution(lif):
    """As above, by neurons that only the calibration tells what to do; it leaves a KL of some 1e-4."""
    require_distribution(last_states(lif, GLASS, 8000), BOLTZMANN)


@pytest.mark.parametrize("name", tuple(MUTANTS)[1:])
def test_mistaken_integrate_and_fire_neurons_are_detected(lif, name):
    with pytest.raises(AssertionError, match="do not follow"):
        require_distribution(mistaken_states(lif, tuple(MUTANTS)[1:], 2000)[name], BOLTZMANN)


def test_divergence_of_integrate_and_fire_neurons_at_100_and_1000_seconds(lif):
    """K = 5: <= 5e-3 at 1e5 ms and <= 1.5e-3 at 1e6 ms, medians of three machines."""
    short, long = [], []
    for seed in range(3):
        ising = machine(seed, 5)
        each = BoltzmannSampler(ising, neurons=lif).run(0.5, chains=2000, burn_in_s=0.1, rng=seed).occupancies()
        p = exact.boltzmann(ising, 1.0)
        short.append(relative_entropy(each[:200].mean(axis=0), p))
        long.append(relative_entropy(each.mean(axis=0), p))
    assert np.median(short) <= 5e-3
    assert np.median(long) <= 1.5e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    "neurons",
    [AbstractNeurons(), AbstractNeurons(10e-3, 10e-3 / 3.0, (0, 2, 1, 2)), LifSamplerNeurons()],
    ids=["abstract", "in turn", "lif"],
)
def test_compiled_programs_agree_with_numpy_in_distribution(neurons):
    """Each back end against the same exact distribution; a program twice with a seed, and with another."""
    sampler = BoltzmannSampler(GLASS, 0.4, neurons, backend="cpp_standalone")
    runs = [sampler.run(10e-3, chains=8000, burn_in_s=0.15, rng=seed) for seed in (1, 1, 2)]
    assert np.array_equal(runs[0].steps, runs[1].steps)
    assert np.array_equal(runs[0].neurons, runs[1].neurons)
    assert not np.array_equal(runs[0].steps, runs[2].steps)
    for run in runs[1:]:
        require_distribution(run.spins()[:, -1], BOLTZMANN)


@pytest.mark.parametrize("neurons", [AbstractNeurons(), LifSamplerNeurons()], ids=["abstract", "lif"])
def test_divergence_of_ten_neurons_at_1000_seconds(neurons):
    ising = machine(7, 10)
    shares = BoltzmannSampler(ising, neurons=neurons).run(2.0, chains=500, burn_in_s=0.1, rng=1).occupancy()
    assert relative_entropy(shares, exact.boltzmann(ising, 1.0)) <= 1e-2


def test_calibration_holds_on_other_neurons(lif):
    """u0, alpha, g of one noise serve another: P(on) of single neurons, log odds of pairs, to their errors and fit."""
    found = calibrate(lif)
    assert found.rms < 0.01
    b = np.array([-1.5, -0.5, 0.5, 1.5])
    alone = BoltzmannSampler(Ising.from_binary(np.zeros((4, 4)), b), neurons=lif).run(
        0.4, chains=800, burn_in_s=0.1, rng=9
    )
    on = (alone.spins() > 0).mean(axis=(0, 1))
    assert on == pytest.approx(1.0 / (1.0 + np.exp(-b)), abs=0.02)  # the curve is logistic to .012 at worst
    for w in (-0.8, 0.8):
        pair = Ising.from_binary([[0, w], [w, 0]], [-w / 2, -w / 2])
        p = BoltzmannSampler(pair, neurons=lif).run(0.4, chains=1000, burn_in_s=0.1, rng=10).occupancy()
        assert np.log(p[3] * p[0] / (p[1] * p[2])) == pytest.approx(w, abs=0.08)


def test_a_calibration_is_kept_in_a_file_of_its_own_neurons(tmp_path, monkeypatch):
    """Measured once; again for other neurons, and where the file is damaged. Numbers stand for what is measured."""
    numbers = iter(range(100))
    monkeypatch.setattr(calibration, "measure_activation", _told(lambda: (next(numbers), 1e-3, 0.0)))
    monkeypatch.setattr(calibration, "measure_gain", _told(lambda: 1.0 / 3.0))
    fresh, neurons = calibrate.__wrapped__, LifSamplerNeurons()
    first = fresh(neurons, tmp_path)
    (path,) = tmp_path.iterdir()
    assert first == fresh(neurons, tmp_path) == Calibration(0.0, 1e-3, 1.0 / 3.0, 0.0)
    assert fresh(LifSamplerNeurons(sigma_v=1.5e-3), tmp_path).u0_v == 1.0
    assert len(list(tmp_path.iterdir())) == 2
    written = path.read_bytes()
    for number, junk in enumerate((b"", written[:-40], b"PK" + written[9:], np.random.default_rng(0).bytes(300)), 2):
        path.write_bytes(junk)
        assert fresh(neurons, tmp_path).u0_v == number
    assert fresh(neurons, tmp_path).u0_v == number


def _told(value: Callable[[], Any]) -> Callable[..., Any]:
    def measure(*_: Any, rng: Any = None) -> Any:
        return value()

    return measure


@pytest.mark.parametrize("neurons", [AbstractNeurons(), LifSamplerNeurons()], ids=["abstract", "lif"])
def test_clamped_neurons_leave_the_conditional_distribution(neurons):
    """Two neurons held, with other values in each half of the chains; states of the others given them."""
    held = np.zeros((6000, 4), int)
    held[:3000, [1, 3]], held[3000:, [1, 3]] = (1, -1), (-1, 1)
    spins = (
        BoltzmannSampler(GLASS, 0.4, neurons)
        .run(10e-3, chains=6000, burn_in_s=0.15, clamped=held, rng=2)
        .spins()[:, -1]
    )
    assert (spins[held != 0] == held[held != 0]).all()
    all_states = exact.spins_of(np.arange(16), 4)
    for half in (slice(0, 3000), slice(3000, 6000)):
        fits = (all_states[:, [1, 3]] == held[half][0, [1, 3]]).all(axis=1)
        wanted = np.zeros(4)
        np.add.at(wanted, exact.states_of(all_states[fits][:, [0, 2]]), BOLTZMANN[fits] / BOLTZMANN[fits].sum())
        require_distribution(spins[half][:, [0, 2]], wanted)


def test_machines_of_the_suite_become_networks_with_their_energies():
    """Ising, Boltzmann machine, RBM and its layer: z'Wz / 2 + b'z = -beta E + constant over all states."""
    x = np.random.default_rng(0).integers(0, 2, (40, 3))
    general = BoltzmannMachine(2, n_iter=3, random_state=0).fit(x)
    restricted = RBM(2, n_iter=3, random_state=0).fit(x)
    layer = RestrictedBoltzmann(np.array([[0.5, -1.0, 0.2]]), [0.1, 0.2, -0.3], [0.4])
    for model, ising, beta in (
        (GLASS, GLASS, 0.7),
        (general, general.ising(), 1.0),
        (restricted, restricted.layer.ising(), 1.0),
        (layer, layer.ising(), 1.0),
    ):
        w, b = BoltzmannSampler(model, beta).network()
        z = (exact.spins_of(np.arange(1 << ising.size), ising.size) + 1) / 2.0
        log_p = 0.5 * np.einsum("si,si->s", z @ w.toarray(), z) + z @ b
        assert np.ptp(log_p + beta * exact.all_energies(ising)) < 1e-9


def test_hidden_neurons_of_an_rbm_answer_clamped_data():
    """P(h | v) of a layer whose visible neurons are held at two data: each hidden mean within 5 standard errors."""
    layer = RestrictedBoltzmann(np.array([[1.5, -1.0, 0.5], [-0.7, 0.4, 1.1]]), [0.3, 0.0, -0.2], [0.2, -0.5])
    data = np.array([[1, 0, 1], [0, 1, 0]])
    held = np.zeros((4000, 5), int)
    held[:, :3] = np.repeat(2 * data - 1, 2000, axis=0)
    spins = BoltzmannSampler(layer).run(10e-3, chains=4000, burn_in_s=0.15, clamped=held, rng=4).spins()[:, -1]
    means = (spins[:, 3:].reshape(2, 2000, 2) > 0).mean(axis=1)
    wanted = layer.hidden_means(data)
    assert (np.abs(means - wanted) < 5.0 * np.sqrt(wanted * (1 - wanted) / 2000)).all()


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 60)), max_size=40), st.integers(1, 7))
def test_states_are_read_as_they_are_defined(events, stride):
    """Reads and shares against z_k(t) = 1 within tau / dt = 5 steps after a spike, step by step."""
    kept: list[tuple[int, int, int]] = []
    for chain, neuron, step in sorted(set(events)):  # refractory as neurons are
        if not any(c == chain and k == neuron and 0 <= step - s < 5 for c, k, s in kept):
            kept.append((chain, neuron, step))
    chains, neurons, steps = np.array(kept, dtype=np.int64).reshape(-1, 3).T
    states = SpikeStates(steps, chains, neurons, (2, 3), 1e-3, 5e-3, 10e-3, 61e-3, np.zeros((2, 3), np.int8))
    z = np.zeros((2, 3, 100), int)
    for c, k, s in kept:
        z[c, k, s + 1 : s + 6] = 1
    at = 10 + stride * np.arange(1, 51 // stride + 1)
    assert np.array_equal(states.spins(stride * 1e-3), 2 * z[:, :, at].transpose(0, 2, 1) - 1)
    numbers = (z[:, :, 10:61] << np.arange(3)[:, None]).sum(axis=1)
    assert np.allclose(states.occupancies(), [np.bincount(row, minlength=8) / 51 for row in numbers])


def test_floor_of_uncoupled_neurons():
    """Without coupling the relaxation rates are sums of (1 + e^b) / tau over subsets of neurons."""
    b = np.array([0.4, -1.0, 0.2])
    rates = (1.0 + np.exp(b)) / 0.01
    sums = [rates[[i for i in range(3) if s >> i & 1]].sum() for s in range(1, 8)]
    assert exponential_neuron_divergence(b, np.zeros((3, 3)), 0.01) == pytest.approx(sum(1.0 / np.array(sums)))


@pytest.mark.parametrize("cold", [100.0, 1e6])
def test_no_floor_is_told_where_rates_are_too_far_apart(cold):
    """Instead of noise of the eigenvalues, or an overflow; and states without probability are infinitely far."""
    w = cold * np.array([[0.0, 1.0], [1.0, 0.0]])
    assert np.isnan(exponential_neuron_divergence(np.full(2, -0.5 * cold), w, 0.01))
    assert relative_entropy([0.5, 0.5], [1.0, 0.0]) == np.inf


def test_same_seed_same_spikes():
    runs = [BoltzmannSampler(GLASS).run(0.1, chains=5, burn_in_s=0.02, rng=seed) for seed in (1, 1, 2)]
    assert np.array_equal(runs[0].steps, runs[1].steps)
    assert np.array_equal(runs[0].neurons, runs[1].neurons)
    assert not np.array_equal(runs[0].steps, runs[2].steps)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BoltzmannSampler(GLASS, -1.0), "beta is -1"),
        (lambda: AbstractNeurons(10e-3, 3e-3), "whole number of steps"),
        (lambda: AbstractNeurons(10e-3, 5e-3, (0, 2)), "turns are 0 to 2"),
        (lambda: LifSamplerNeurons(tau_m_s=0.0), "tau_m_s is 0"),
        (lambda: LifSamplerNeurons(reset_v=-0.04), "below threshold_v"),
        (lambda: BoltzmannSampler(GLASS).run(np.nan), "duration_s is nan"),
        (lambda: BoltzmannSampler(GLASS).run(1.0, chains=0), "chains is 0"),
        (lambda: BoltzmannSampler(GLASS).run(1.0, clamped=[1, 1, 1, 1]), "every neuron"),
        (lambda: BoltzmannSampler(GLASS).run(1.0, clamped=[1, 1, 2, 0]), "other than -1, 0 and"),
        (lambda: BoltzmannSampler(GLASS).run(1.0, clamped=[1, 1]), "shape"),
        (lambda: BoltzmannSampler(GLASS).run(1.0, chains=2, clamped=np.eye(2, 4)), "same ones"),
    ],
)
def test_bad_input_is_answered(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="give an Ising"):
        BoltzmannSampler(3)


def test_the_example_runs(tmp_path, capsys):
    """All of it, small; the divergence falls with time."""
    example = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples" / "spiking_sampling.py"))
    small = [
        "--neurons",
        "3",
        "--machines",
        "1",
        "--chains",
        "64",
        "--seconds",
        "0.2",
        "--out",
        str(tmp_path / "a.png"),
    ]
    for median in example["main"](small).values():
        assert median[-1] < median[0] / 4
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "exact, memoryless" in capsys.readouterr().out
