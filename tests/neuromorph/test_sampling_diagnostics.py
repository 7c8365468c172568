"""Diagnostics against other implementations and exact values; ln Z with intervals that hold; lattices, glasses."""

import runpy
import tracemalloc
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import brentq
from scipy.signal import lfilter
from scipy.special import expit
from scipy.stats import norm, rankdata

from neuromorph import Ising, exact, sampling
from neuromorph import ising as energies
from neuromorph.sampling import diagnostics
from neuromorph.sampling import effective_temperature as temperature
from neuromorph.study import chain_diagnostics
from neuromorph.study.sampling_score import SamplingReference, score_samples
from neuromorph.validate.glass_checks import glass_instance, lowest_energy

onsager = import_module("neuromorph.sampling.square_lattice")  # the page has the function of that name

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CHANCE_6 = 4.9  # sigma: two-sided 1e-6


def glass(n, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(scale=scale, size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(scale=0.5, size=n), -0.7)


def ring(n, seed):
    rng = np.random.default_rng(seed)
    upper = sparse.coo_array((rng.normal(size=n), (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    return Ising(sparse.csr_array(upper + upper.T), rng.normal(size=n), 2.0)


def autoregressive(phi, shape, seed):
    noise = np.random.default_rng(seed).normal(size=shape)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)


# Chains.


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, -0.4])
def test_chain_diagnostics_agree_with_arviz(phi):
    """To the last digits: another implementation of the same paper."""
    stats = import_module("arviz_stats.base").array_stats
    x = autoregressive(phi, (4, 1000), 3)
    x[0] += 0.2
    ours = sampling.effective_sample_size(x), sampling.split_rhat(x)
    theirs = (
        float(stats.ess(x, chain_axis=0, draw_axis=1, method="bulk")),
        float(stats.rhat(x, chain_axis=0, draw_axis=1, method="rank")),
    )
    assert ours == pytest.approx(theirs, rel=1e-9)


def test_autocorrelation_time_of_a_known_process():
    """(1 + phi) / (1 - phi) = 9 within 10 %, on 8 x 50,000 draws."""
    x = autoregressive(0.8, (8, 50_000), 1)
    assert sampling.autocorrelation_time(x) == pytest.approx(9.0, rel=0.1)
    assert sampling.autocorrelation(x)[:4] == pytest.approx(0.8 ** np.arange(4), abs=0.02)
    assert sampling.autocorrelation_time(autoregressive(0.0, (4, 20_000), 1)) == pytest.approx(1.0, abs=0.1)


def test_chains_that_disagree_are_seen():
    x = autoregressive(0.5, (4, 500), 1)
    assert sampling.split_rhat(x) < 1.02
    assert sampling.split_rhat(x + np.arange(4)[:, None]) > 1.3
    assert sampling.split_rhat(x * np.array([1.0, 1.0, 1.0, 6.0])[:, None]) > 1.1  # folded: same means, other spread
    drift = x + np.linspace(0.0, 3.0, 500)
    assert sampling.split_rhat(drift) > 1.1  # split: all chains alike, none at rest


def test_constant_quantities_have_no_effective_size():
    x = np.ones((4, 100))
    assert np.isnan(sampling.effective_sample_size(x))
    assert np.isnan(sampling.autocorrelation_time(x))
    many = np.stack([x, autoregressive(0.1, (4, 100), 1)], axis=2)
    assert np.isfinite(sampling.effective_sample_size(many)).tolist() == [False, True]


def test_summary_of_chains_and_of_reads():
    ising = glass(6, 1)
    chains = sampling.summary(sampling.gibbs(ising, 0.5, 500, rng=1))
    p, e = exact.boltzmann(ising, 0.5), exact.all_energies(ising)
    assert abs(chains["mean_energy"] - p @ e) < CHANCE_6 * chains["energy_error"]
    assert chains["worst_rhat"] < 1.02
    assert 200 < chains["least_ess"] < 2500
    reads = sampling.summary(sampling.simulated_annealing(ising, reads=20, rng=1))
    assert "energy_tau" not in reads
    assert reads["draws"] == 20


@pytest.mark.parametrize("x", [np.ones(5), np.ones((2, 3)), np.full((2, 8), np.nan)])
def test_chains_of_the_wrong_shape_are_refused(x):
    with pytest.raises(ValueError, match="x "):
        sampling.split_rhat(x)


# Distributions and temperatures.


def test_divergence_of_a_perfect_sampler_stays_at_its_floor():
    ising = glass(6, 2)
    p = exact.boltzmann(ising, 0.7)
    states = np.random.default_rng(1).choice(64, size=50_000, p=p)
    found = sampling.divergence(exact.spins_of(states, 6), ising, 0.7)
    assert found.floor == pytest.approx(63 / 100_000)
    assert found.kl < 2.5 * found.floor
    assert found.p_value > 1e-6
    wrong = sampling.divergence(exact.spins_of(states, 6), ising, 0.8)
    assert wrong.kl > 10 * wrong.floor
    assert wrong.p_value < 1e-6


def test_effective_beta_is_found_with_its_interval():
    """100 sets of 200 exact reads: the 95 % interval holds beta 85 times or more (chance: 3 in 10^5), without bias."""
    ising, beta = glass(8, 3, scale=0.5), 0.7
    states = np.random.default_rng(2).choice(256, size=(100, 200), p=exact.boltzmann(ising, beta))
    found = [sampling.effective_beta(ising, exact.spins_of(each, 8)) for each in states]
    assert sum(one.low < beta < one.high for one in found) >= 85
    spread = np.std([one.value for one in found])
    assert abs(np.mean([one.value for one in found]) - beta) < CHANCE_6 * spread / 10 + 0.01
    assert np.mean([one.high - one.low for one in found]) / 3.92 == pytest.approx(spread, rel=0.4)


def test_effective_beta_follows_units_and_signs():
    ising = glass(8, 3, scale=0.5)
    states = np.random.default_rng(2).choice(256, size=2000, p=exact.boltzmann(ising, 0.7))
    spins = exact.spins_of(states, 8)
    beta = sampling.effective_beta(ising, spins).value
    scaled = sampling.effective_beta(Ising(1e3 * ising.couplings, 1e3 * ising.biases), spins).value
    turned = sampling.effective_beta(Ising(-ising.couplings, -ising.biases), spins).value
    assert scaled == pytest.approx(beta / 1e3, rel=1e-6)
    assert turned == pytest.approx(-beta, rel=1e-6)
    with pytest.raises(ValueError, match="not bounded"):
        sampling.effective_beta(Ising([[0.0, 1.0], [1.0, 0.0]]), [[1, 1], [-1, -1]])


# ln Z.


@pytest.mark.parametrize(
    ("ising", "wanted"),
    [(glass(10, 4, 0.4), exact.log_partition), (ring(300, 5), exact.chain_log_partition)],
    ids=["enumeration", "transfer matrix"],
)
@pytest.mark.parametrize("method", ["importance", "population"])
def test_log_partitions_agree_with_exact_ones(ising, wanted, method):
    """Within 4.9 standard errors, and these small: a doubled step, a lost n ln 2 or offset, a wrong sign fails."""
    beta = 0.8
    if method == "importance":
        estimate = sampling.annealed_importance(ising, beta, 4000, sweeps=2, rng=2).estimate
    else:
        samples = sampling.population_annealing(ising, beta, 1000, runs=4, sweeps=4, rng=2)
        estimate = samples.diagnostics["log_partition"]
    error = (estimate.high - estimate.low) / 3.92
    assert error < 0.2
    assert abs(estimate.value - wanted(ising, beta)) < CHANCE_6 * error


@pytest.mark.parametrize("method", ["importance", "population"])
def test_intervals_of_log_partitions_hold(method):
    """Of 60 runs on one glass 48 or more (chance below 1e-5 at 95 %) hold the exact value."""
    ising, beta = glass(8, 6, 0.6), 1.0
    exact_value, held = exact.log_partition(ising, beta), 0
    for seed in range(60):
        if method == "importance":
            estimate = sampling.annealed_importance(ising, [0.2, 0.4, 0.6, 0.8, 1.0], 300, rng=seed).estimate
        else:
            path = [0.25, 0.5, 0.75, 1.0]
            samples = sampling.population_annealing(ising, path, 300, sweeps=3, rng=seed)
            estimate = samples.diagnostics["log_partition"]
        held += estimate.low <= exact_value <= estimate.high
    assert held >= 48


@pytest.mark.parametrize(
    "side", [8, pytest.param(16, marks=pytest.mark.slow), pytest.param(32, marks=pytest.mark.slow)]
)
def test_intervals_of_importance_hold_at_the_critical_point(side):
    """Of 40 runs 34 or more hold Kaufman's ln Z (chance 0.3 % at 95 %); weights alone held it in 23 and 5 at 16, 32."""
    ising, beta = sampling.square_lattice(side, side), sampling.CRITICAL_BETA
    wanted = sampling.lattice_log_partition(side, side, beta)
    runs = [sampling.annealed_importance(ising, beta, rng=seed) for seed in range(40)]
    assert sum(run.estimate.low <= wanted <= run.estimate.high for run in runs) >= 34
    assert all(run.method == "population_annealing" for run in runs if run.effective < 100.0)
    assert np.mean([run.estimate.high - run.estimate.low for run in runs]) < 0.8  # nats


def test_importance_says_how_many_replicas_carry_it():
    """One step to beta = 8 leaves the mean to a few of 1000; many steps do not."""
    ising = glass(10, 4)
    few = sampling.annealed_importance(ising, [8.0], 1000, rng=1)
    many = sampling.annealed_importance(ising, np.linspace(0.05, 8.0, 200), 1000, rng=1)
    assert few.effective < 30 < many.effective
    assert (few.method, many.method) == ("population_annealing", "annealed_importance")
    assert many.lower_bound <= many.estimate.value
    assert abs(many.estimate.value - exact.log_partition(ising, 8.0)) < 0.5


def test_families_of_a_population_dwindle_as_it_cools():
    ising = glass(20, 7, 0.4)
    hot, cold = (sampling.population_annealing(ising, beta, 2000, sweeps=2, rng=1).diagnostics for beta in (0.1, 2.0))
    assert hot["families"][0] > 1200 > cold["families"][0]
    assert 1.0 <= hot["rho_t"][0] < cold["rho_t"][0]


# The square lattice.


@pytest.mark.parametrize("shape", [(3, 3), (3, 4), (4, 3), (4, 4)])
@pytest.mark.parametrize("beta", [0.1, 0.3, onsager.CRITICAL_BETA, 0.6, 1.5])
def test_kaufman_agrees_with_enumeration(shape, beta):
    """Below, at and above T_c, where one of the four products changes sign."""
    lattice = sampling.square_lattice(*shape)
    table, p = exact.all_energies(lattice), exact.boltzmann(lattice, beta)
    assert sampling.lattice_log_partition(*shape, beta) == pytest.approx(exact.log_partition(lattice, beta), rel=1e-12)
    assert sampling.lattice_energy(*shape, beta) == pytest.approx(p @ table / lattice.size, rel=1e-11)


def test_large_lattices_come_near_onsagers_limit():
    """-sqrt 2 at T_c, nearer as 1 / L on the torus; Yang's m has its known values."""
    excess = [-np.sqrt(2.0) - sampling.lattice_energy(size, size, sampling.CRITICAL_BETA) for size in (64, 256, 1024)]
    assert 0.0 < excess[2] < 1e-3
    assert excess[0] / excess[1] == pytest.approx(4.0, rel=1e-3)
    assert excess[1] / excess[2] == pytest.approx(4.0, rel=1e-3)
    assert sampling.lattice_magnetization(0.5) == pytest.approx(0.9113193778774962)
    assert sampling.lattice_magnetization(0.44) == 0.0


def test_onsager_by_clusters_in_small(tmp_path, capsys):
    """Energy and magnetization at five temperatures within 4.9 sigma of the exact ones; crossing within 2 %."""
    main = runpy.run_path(str(EXAMPLES / "onsager.py"))["main"]
    options = ["--size", "24", "--draws", "400", "--sizes", "6", "12", "--out", str(tmp_path / "o.png")]
    found, crossings = main(options)
    assert [one.what for one in found].count("magnetization") == 3
    for one in found:
        finite = 0.01 if one.what == "magnetization" and one.temperature > 2.1 else 0.0  # Yang's is of the infinite one
        assert abs(one.value - one.exact) < CHANCE_6 * one.error + finite
        assert one.error < 0.02
    assert crossings[0].temperature == pytest.approx(1.0 / sampling.CRITICAL_BETA, rel=0.02)
    assert (tmp_path / "o.png").stat().st_size > 10_000
    assert "sigma" in capsys.readouterr().out


@pytest.mark.slow
def test_onsager_and_the_critical_temperature(tmp_path):
    """64 x 64: energy and magnetization within 3 sigma; every Binder crossing within half a percent of T_c."""
    main = runpy.run_path(str(EXAMPLES / "onsager.py"))["main"]
    found, crossings = main(["--out", str(tmp_path / "onsager.png")])
    assert all(one.sigmas < 3.0 for one in found)
    assert all(abs(one.temperature * sampling.CRITICAL_BETA - 1.0) < 0.005 for one in crossings)


def test_wolff_and_swendsen_wang_agree_with_kaufman():
    """At T_c on 16 x 16, where single flips are slowest: 4.9 sigma."""
    wanted = sampling.lattice_energy(16, 16, sampling.CRITICAL_BETA) * 256
    for method, thin in ((sampling.swendsen_wang, 1), (sampling.wolff, 3)):
        samples = method(sampling.square_lattice(16, 16), sampling.CRITICAL_BETA, 1000, burn_in=100, thin=thin, rng=3)
        about = sampling.summary(samples)
        assert abs(about["mean_energy"] - wanted) < CHANCE_6 * about["energy_error"]
        assert about["energy_tau"] < 15


# Spin glass.


def test_glass_ground_states_in_small(tmp_path):
    """A small instance is a ground state by enumeration; the fit finds Parisi's number within 5 errors."""
    module = runpy.run_path(str(EXAMPLES / "sk_ground.py"))
    seed = np.random.SeedSequence(5)
    energy, agreed = lowest_energy(14, 100, seed)
    instance = np.random.SeedSequence(5).spawn(2)[0]
    ising = glass_instance(14, np.random.default_rng(instance))
    assert agreed
    assert energy * 14 == pytest.approx(exact.ground_states(ising)[0])
    result = module["main"](["--sizes", "32", "48", "64", "--instances", "0.03", "--out", str(tmp_path / "sk.png")])
    assert abs(result.energy - module["PARISI"]) < 5 * result.error
    assert all(size.agreed > 0.9 for size in result.sizes)
    assert (tmp_path / "sk.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_glass_comes_to_parisis_energy(tmp_path):
    result = runpy.run_path(str(EXAMPLES / "sk_ground.py"))["main"](["--out", str(tmp_path / "sk.png")])
    assert result.energy == pytest.approx(-0.763, abs=0.005)


# Tables.


def test_samples_as_xarray_and_arviz():
    samples = sampling.gibbs(glass(5, 1), 0.5, 30, chains=3, rng=1)
    table = samples.to_xarray()
    assert table.sizes == {"chain": 3, "draw": 30, "site": 5}
    assert np.array_equal(table.spins.sel(chain=1, draw=7), samples.spins[1, 7])
    assert np.array_equal(table.energy, samples.energies)
    tree = samples.to_datatree()
    assert np.array_equal(tree["posterior"]["spins"], samples.spins)
    reads = sampling.simulated_annealing(glass(5, 1), reads=7, rng=1).to_xarray()
    assert reads.sizes == {"chain": 7, "draw": 1, "site": 5}


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    with pytest.raises(ImportError, match=r"neuromorph\[arviz\]"):
        sampling.simulated_annealing(glass(5, 1), reads=2, rng=1).to_xarray()


# By blocks.


def by_the_formulas(x):
    """(split R-hat, effective size) of one quantity (chain, draw), term by term as the papers have them."""
    half = x.shape[1] // 2
    halves = np.concatenate([x[:, :half], x[:, -half:]])
    chains, draws = halves.shape

    def scores(y):
        return norm.ppf((rankdata(y).reshape(y.shape) - 0.375) / (y.size + 0.25))

    def rhat(z):
        within = z.var(axis=1, ddof=1).mean()
        return np.sqrt((draws - 1) / draws + z.mean(axis=1).var(ddof=1) / within)

    with np.errstate(invalid="ignore", divide="ignore"):
        agreement = np.fmax(rhat(scores(halves)), rhat(scores(np.abs(halves - np.median(halves)))))
    z = scores(halves)
    centered = z - z.mean(axis=1, keepdims=True)
    covariance = np.array([(centered[:, : draws - t] * centered[:, t:]).sum(axis=1) / draws for t in range(draws)]).T
    within = covariance[:, 0].mean() * draws / (draws - 1)
    total = within * (draws - 1) / draws + z.mean(axis=1).var(ddof=1)
    if not total > 0:
        return agreement, np.nan
    rho = 1 - (within - covariance.mean(axis=0)) / total
    rho[0] = 1.0
    tau, least, pair = -1.0, np.inf, 0
    while 2 * pair + 1 < draws and rho[2 * pair] + rho[2 * pair + 1] >= 0:
        least = min(least, rho[2 * pair] + rho[2 * pair + 1])
        tau, pair = tau + 2 * least, pair + 1
    if 2 * pair + 1 < draws:
        tau += max(0.0, rho[2 * pair])
    return agreement, chains * draws / max(tau, 1 / np.log10(chains * draws))


@pytest.mark.parametrize("kind", ["fair", "lopsided", "slow", "real", "three values"])
def test_diagnostics_in_blocks_are_the_formulas(monkeypatch, kind):
    """To 1e-12, blocks of two quantities at a time, odd numbers of draws, spins that never change among others."""
    monkeypatch.setattr(diagnostics, "_VALUES", 2 * 3 * 41)
    rng = np.random.default_rng(7)
    shape = (3, 41, 9)
    x = {
        "fair": lambda: rng.choice(np.array([-1, 1], np.int8), shape),
        "lopsided": lambda: np.where(rng.random(shape) < rng.random(9) ** 4, 1, -1),
        "slow": lambda: np.where(rng.random(shape) < 0.1, -1, 1).cumprod(axis=1),
        "real": lambda: rng.normal(size=shape).cumsum(axis=1),
        "three values": lambda: rng.integers(-1, 2, shape),
    }[kind]()
    wanted = np.array([by_the_formulas(x[:, :, k].astype(float)) for k in range(9)])
    np.testing.assert_allclose(sampling.split_rhat(x), wanted[:, 0], rtol=1e-12)
    np.testing.assert_allclose(sampling.effective_sample_size(x), wanted[:, 1], rtol=1e-12)


def test_effective_beta_of_many_reads_is_that_of_all_at_once(monkeypatch):
    """Found from a twentieth of the reads and refined on all, a few at a time."""
    ising = glass(8, 3, scale=0.5)
    states = np.random.default_rng(2).choice(256, size=2000, p=exact.boltzmann(ising, 0.7))
    spins = exact.spins_of(states, 8)
    whole = sampling.effective_beta(ising, spins)
    monkeypatch.setattr(temperature, "_FEW", 800)
    for kept in (1 << 22, 800):
        monkeypatch.setattr(temperature, "_KEPT", kept)
        monkeypatch.setattr(energies, "_IN_FLIGHT", 8 * 64)
        parts = sampling.effective_beta(ising, spins)
        assert (parts.value, parts.low, parts.high) == pytest.approx((whole.value, whole.low, whole.high), rel=1e-9)


@pytest.mark.parametrize("turned", [1, 5, 30])
def test_effective_beta_of_reads_few_of_which_stand_against_their_fields(turned):
    """A few turned spins in 20,000 reads of 64: of a fraction of the reads they are none, or too many."""
    ising = Ising(np.roll(np.eye(64), 1, 1) + np.roll(np.eye(64), -1, 1))
    rng = np.random.default_rng(turned)
    spins = np.ones((20_000, 64), np.int8)
    spins[rng.integers(20_000, size=turned), rng.integers(64, size=turned)] = -1
    along = spins * ising.field(spins)
    of_all = brentq(lambda b: float((2 * along * expit(-2 * b * along)).sum()), 0, 9)
    assert sampling.effective_beta(ising, spins).value == pytest.approx(of_all, rel=1e-6)


def test_judging_takes_a_bounded_memory():
    """4 MB of draws: they were once copied to float64 several times over, 424 MB."""
    ising = ring(1000, 3)
    samples = sampling.gibbs(ising, 0.4, 1000, burn_in=10, rng=1)
    exact_or_not = SamplingReference("none", 0.4)
    tracemalloc.start()
    about = chain_diagnostics.diagnose(samples, ising, 0.4)
    spins, _ = chain_diagnostics.independent_reads(samples)
    found = score_samples(exact_or_not, ising, spins)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert about["worst_rhat"] < 1.1
    assert found.effective_beta.low < 0.4 < found.effective_beta.high
    assert most < 1.5e8, f"{most / 1e6:.0f} MB"


@pytest.mark.parametrize(
    ("rhat", "effective", "wanted"),
    [
        (1.01, 400.0, ""),
        (None, None, ""),
        (np.nan, np.nan, ""),
        (1.59, 400.0, "R-hat is 1.59"),
        (2.5e15, 400.0, "stand still"),
        (1.0, 6.5, "6.5 independent"),
    ],
)
def test_verdict_on_chains(rhat, effective, wanted):
    verdict = sampling.mixing_verdict(rhat, effective)
    assert wanted in verdict
    assert verdict.startswith("not mixed") == bool(wanted)


def test_samples_as_a_data_frame_and_in_a_notebook():
    pandas = pytest.importorskip("pandas")
    ising = glass(5, 1)
    chains, reads = sampling.gibbs(ising, 0.4, 20, chains=3, rng=1), sampling.simulated_annealing(ising, reads=7, rng=1)
    frame = chains.to_pandas()
    assert frame.index.names == ["chain", "draw"]
    assert frame.loc[(2, 7), "energy"] == chains.energies[2, 7]
    assert frame.loc[(2, 7)].to_numpy()[1:].tolist() == chains.spins[2, 7].tolist()
    assert reads.to_pandas().index.equals(pandas.RangeIndex(7))
    for samples in (chains, reads):
        assert samples._repr_html_().startswith("<table><tr><th>method</th>")
    assert "<th>chains</th><td>3</td>" in chains._repr_html_()
