"""Machines as a user meets them: with no options they beat the trivial baseline, and say so where they do not."""

import importlib.util
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import BernoulliRBM
from sklearn.preprocessing import minmax_scale, scale

from neuromorph.boltzmann import DBN, RBM, Autoencoder, BoltzmannMachine, model_correlations
from neuromorph.boltzmann.dependence import dependence, some_rows
from neuromorph.runtime.limits import TimeLimitReached, time_limit

UNTRAINED = {"method": "cd", "learning_rate": 0.05, "batch_size": 100, "n_iter": 10}  # 140 updates on digits


@pytest.fixture(scope="module")
def digits():
    """(train, test, their labels): 1,347 and 450 images."""
    x, y = load_digits(return_X_y=True)
    return train_test_split(x / 16.0, y, random_state=0)


def accuracy(model, digits):
    """Of logistic regression on the features of ``model``; chance is 0.1, raw pixels have 0.96."""
    train, test, labels, hidden = digits
    features = model.fit(train).transform(train)
    return LogisticRegression(max_iter=1000).fit(features, labels).score(model.transform(test), hidden)


def dependence_learned(machine, x):
    return dependence(machine.free_energy, x)[0]


# Defaults.


def test_features_of_rbm_and_dbn_are_worth_more_than_those_of_scikit_learn(digits, recwarn):
    peer = accuracy(BernoulliRBM(random_state=0), digits)
    assert 0.8 < peer < 0.93
    assert accuracy(RBM(random_state=0), digits) > peer + 0.02
    assert accuracy(DBN(random_state=0), digits) > peer + 0.02
    assert not recwarn.list


@pytest.mark.slow
def test_the_table_beside_scikit_learn():
    """Five splits: DBN no worse than raw pixels within the error, RBM above BernoulliRBM, codes above PCA's."""
    found = example("digits_defaults").main([])
    (pixels, error), (network, spread) = found["accuracy: raw pixels"], found["accuracy: DBN()"]
    assert network >= pixels - np.hypot(error, spread)
    assert found["accuracy: RBM()"][0] > found["accuracy: scikit-learn BernoulliRBM()"][0] + 0.02
    assert found["error: Autoencoder((128, 8))"][0] < 0.7 * found["error: scikit-learn PCA(8)"][0]
    assert found["error: Autoencoder(), 16 codes"][0] < found["error: scikit-learn PCA(16)"][0]


def test_an_autoencoder_beats_the_mean_and_pca_on_digits_it_has_not_seen(digits, recwarn):
    train, test, _, _ = digits
    pca, model = PCA(16).fit(train), Autoencoder(random_state=0).fit(train)
    linear = ((pca.inverse_transform(pca.transform(test)) - test) ** 2).sum(axis=1).mean()
    mean = ((test - train.mean(axis=0)) ** 2).sum(axis=1).mean()
    assert -model.score(test) < 0.9 * linear < 0.2 * mean
    assert model.transform(test).std(axis=0).min() > 0.1
    assert not recwarn.list


@pytest.mark.parametrize("method", ["pcd", "cd"])
@pytest.mark.parametrize(
    ("name", "least"), [("iris", 0.1), ("cancer", 0.3), ("few digits", 5.0), ("dark digits on light", 5.0)]
)
def test_an_rbm_learns_small_sets(name, least, method, recwarn):
    x = {
        "iris": lambda: minmax_scale(load_iris().data),  # 1.0000000000000002 is nothing to warn of
        "cancer": lambda: minmax_scale(load_breast_cancer().data),
        "few digits": lambda: load_digits().data[:20] / 16.0,
        "dark digits on light": lambda: 1.0 - load_digits().data[:500] / 16.0,
    }[name]()
    assert dependence_learned(RBM(method=method, random_state=0).fit(x), x) > least
    assert not recwarn.list


def test_wide_sets_do_not_kill_the_hidden_units():
    """Five factors in 600 pixels, half of them on: the rate that is right for digits takes every unit out of range."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 600)) > 0.0).astype(float)
    assert RBM(n_iter=30, random_state=0).fit(x).transform(x).std(axis=0).mean() > 0.3
    with pytest.warns(ConvergenceWarning, match=r"always on or always off: lower learning_rate$"):
        dead = RBM(n_iter=30, learning_rate=(0.15, 0.0), random_state=0).fit(x)
    assert dead.transform(x).std(axis=0).max() < 0.01


@pytest.mark.parametrize("units", [8, 256, 1000])
def test_gaussian_units_do_not_run_away(units, recwarn):
    """A rate that is right for 8 hidden units diverges with 1,000."""
    x = scale(load_iris().data)
    machine = RBM(units, visible="gaussian", random_state=0).fit(x)
    assert dependence_learned(machine, x) > 0.5
    assert not recwarn.list


def test_a_general_machine_beats_independent_units(recwarn):
    x = (load_digits().data[:400, 18:32] > 7.0).astype(float)
    p = (x.sum(axis=0) + 1.0) / (len(x) + 2.0)
    independent = (x * np.log(p) + (1.0 - x) * np.log(1.0 - p)).sum(axis=1).mean()
    assert BoltzmannMachine(random_state=0).fit(x).score(x) > independent + 1.0
    assert not recwarn.list


def test_updates_of_partial_fit_learn_too(digits):
    train, test, labels, hidden = digits
    machine, rng = RBM(64, random_state=0), np.random.default_rng(0)
    for _ in range(1500):
        machine.partial_fit(train[rng.choice(len(train), 50)])
    features = LogisticRegression(max_iter=1000).fit(machine.transform(train), labels)
    assert features.score(machine.transform(test), hidden) > 0.88


def test_weights_leave_zero_at_the_rate_that_the_covariance_gives(digits):
    """rate * l / 4 an update along the leading eigenvector: why what counts is the number of updates."""
    train, rate, updates = digits[0][:600], 0.05, 300
    covariance = np.cov(train.T)
    np.fill_diagonal(covariance, 0.0)
    values, vectors = np.linalg.eigh(covariance)
    lengths = []
    for n in (0, updates):
        machine = RBM(64, learning_rate=rate, batch_size=len(train), n_iter=n, random_state=0).fit(train)
        lengths.append(np.linalg.norm(machine.components_ @ vectors[:, -1]))
    assert np.log(lengths[1] / lengths[0]) / updates == pytest.approx(rate * values[-1] / 4.0, rel=0.05)


# The encoder problem.


def example(name):
    path = Path(__file__).resolve().parents[2] / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_encoder_finds_a_code_for_each_of_four_patterns():
    encoder = example("encoder")
    codes = [len(np.unique(encoder.learned_codes(4, 2, seed), axis=0)) for seed in range(8)]
    assert codes.count(4) >= 7


@pytest.mark.slow
def test_the_encoder_is_solved_as_often_as_published():
    """Ackley, Hinton and Sejnowski: 4-2-4 in all of 250 runs, 8-3-8 in 16 of 20."""
    found = example("encoder").main(["--seeds", "40"])
    assert found["4-2-4 noisy"] >= 38
    assert found["8-3-8 noisy"] >= 32


@pytest.mark.parametrize("noise", [None, (0.2, 0.1)])
def test_centered_learning_goes_where_the_likelihood_does(noise):
    """No hidden units, pairs of one-hot patterns: moments of the machine become those of the (noisy) data."""
    x = np.tile(np.c_[np.eye(3), np.eye(3)], (40, 1))
    machine = BoltzmannMachine(0, noise=noise, learning_rate=(0.2, 0.002), n_iter=3000, random_state=0).fit(x)
    off, on = noise or (0.0, 0.0)
    means = (1.0 - off) / 3.0 + 2.0 * on / 3.0
    assert model_correlations(machine.ising()).first == pytest.approx(np.full(6, 2.0 * means - 1.0), abs=0.03)
    if noise:  # <s_0 s_3> of equal units that flip independently, averaged over on and off
        pair = (1.0 - 2.0 * off) ** 2 / 3.0 + 2.0 * (1.0 - 2.0 * on) ** 2 / 3.0
        assert model_correlations(machine.ising()).second[0, 3] == pytest.approx(pair, abs=0.05)


def test_weight_decay_shrinks_the_couplings():
    x = (load_digits().data[:200, 18:26] > 7.0).astype(float)
    plain, decayed = (BoltzmannMachine(0, weight_decay=w, random_state=0).fit(x).couplings_ for w in (0.0, 0.3))
    assert np.abs(decayed).max() < 0.6 * np.abs(plain).max()


@pytest.mark.parametrize(
    ("wrong", "match"),
    [({"noise": (0.6, 0.1)}, "noise is"), ({"noise": 0.1}, "noise is"), ({"weight_decay": -1.0}, "weight_decay is -1")],
    ids=str,
)
def test_noise_and_decay_are_checked(wrong, match):
    with pytest.raises(ValueError, match=match):
        BoltzmannMachine(**wrong).fit(np.eye(3))


# Warnings.


def noise():
    return (np.random.default_rng(0).random((3000, 12)) < 0.4).astype(float)


@pytest.mark.parametrize(
    ("model", "x", "message"),
    [
        (RBM(8, n_iter=5), np.full((30, 4), 0.3), "^RBM learned nothing: all samples are equal$"),
        (RBM(8), noise(), "^RBM learned nothing: shuffling .*; raise n_iter or learning_rate"),
        (RBM(8, visible="gaussian", n_iter=20), scale(noise()), "^RBM learned nothing: shuffling"),
        (RBM(n_iter=1), None, "^RBM learned nothing: shuffling"),
        (RBM(learning_rate=8.0, n_iter=5), None, "always on or always off: lower learning_rate$"),
        (DBN(rbm=RBM(n_iter=1)), None, "^layer 1 of 2 of the DBN learned nothing: shuffling"),
        (DBN(rbm=RBM(learning_rate=0.05, n_iter=12)), None, "^layer 2 of 2 of the DBN learned nothing: shuffling"),
        (
            Autoencoder((4, 2), max_iter=3),
            np.full((30, 4), 0.3),
            "^Autoencoder learned nothing: all samples are equal$",
        ),
        (
            Autoencoder((128, 64, 16), rbm=RBM(**UNTRAINED), max_iter=40),
            None,
            "^Autoencoder learned nothing: a reconstruction is",
        ),
        (Autoencoder(max_iter=1), noise(), "^Autoencoder learned nothing: .*; raise max_iter"),
        (BoltzmannMachine(), np.ones((30, 4)), "^BoltzmannMachine learned nothing: all samples are equal$"),
        (BoltzmannMachine(1, n_iter=1), noise(), "^BoltzmannMachine learned nothing: shuffling"),
    ],
    ids=lambda value: str(value)[:40].replace("\n", " ") if not isinstance(value, np.ndarray) else "",
)
def test_a_fit_that_learned_nothing_says_so_once_and_where_it_was_called(model, x, message, digits):
    """The defaults before: scores of the mean and of chance, and no word of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.set_params(random_state=0).fit(digits[0] if x is None else x)
    (warning,) = caught
    assert warning.category is ConvergenceWarning
    assert warning.filename == __file__
    with pytest.warns(ConvergenceWarning, match=message):
        warnings.warn(warning.message, stacklevel=1)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (RBM(random_state=0), "X leaves 0 .. 1: scale it"),
        (Autoencoder((16, 2), random_state=0), "X leaves 0 .. 1: scale it"),
        (BoltzmannMachine(2, n_iter=3), "binarize=0.5 makes 9 of 13 features constant that vary in X, which ranges"),
    ],
)
def test_data_that_are_not_scaled_are_the_first_remedy(model, says, recwarn):
    model.fit(load_wine().data)
    told = [str(each.message) for each in recwarn]
    assert any(says in each for each in told), told
    assert not any("lower learning_rate" in each for each in told)


@pytest.mark.parametrize("model", [RBM(n_iter=0), DBN(rbm=RBM(n_iter=0)), BoltzmannMachine(n_iter=0)], ids=str)
def test_who_asks_for_no_learning_is_not_told_that_there_was_none(model, recwarn):
    model.fit(noise())
    assert not recwarn.list


def test_the_gain_is_the_total_correlation_and_its_converse():
    """Two spins of correlation r, F = -J s s': G = J r; F of one unit at a time gives 0 whatever the order."""
    r, j = 0.6, np.arctanh(0.6)
    same, other = round(100 * (1 + r)), round(100 * (1 - r))
    s = np.repeat([[1, 1], [-1, -1], [1, -1], [-1, 1]], [same // 2, same // 2, other // 2, other // 2], axis=0)
    gain, deviation = dependence(lambda rows: -j * rows[:, 0] * rows[:, 1], s)
    assert len(some_rows(s)) == 200
    assert gain == pytest.approx(j * r, abs=4.0 * deviation)
    assert 0.01 < deviation < 0.1  # J / sqrt(200) on average
    single = dependence(lambda rows: np.exp(rows[:, 0]) - 3.0 * rows[:, 1] ** 3, s)
    assert np.abs(single).max() < 1e-12
    assert dependence(lambda rows: rows.sum(axis=1), s[:1])[0] == 0.0
    assert [len(some_rows(np.zeros((n, 2)))) for n in (1, 200, 201, 1000)] == [1, 200, 101, 200]


# Input and limits.


@pytest.mark.parametrize(
    "model",
    [RBM(4, n_iter=2), DBN((4, 3), rbm=RBM(n_iter=2)), Autoencoder((4, 2), max_iter=5), BoltzmannMachine(2, n_iter=9)],
)
@pytest.mark.filterwarnings("ignore:.*learned nothing")
def test_sparse_samples_are_those_of_their_dense_array(model):
    x = noise()[:100]
    dense = model.set_params(random_state=0).fit(x).transform(x)
    assert np.array_equal(model.fit(csr_array(x)).transform(csr_array(x)), dense)
    if hasattr(model, "score"):
        assert model.score(csr_array(x)) == model.score(x)


@pytest.mark.parametrize(
    "model", [RBM(4), DBN((4,)), Autoencoder((4, 2)), Autoencoder(4), BoltzmannMachine(2)], ids=str
)
def test_learning_obeys_the_time_limit(model):
    with time_limit(time.monotonic()), pytest.raises(TimeLimitReached, match=r"learning of|fine-tuning of"):
        model.fit(noise())


@pytest.mark.filterwarnings("ignore:.*learned nothing")
@pytest.mark.parametrize(
    ("model", "names"),
    [
        (RBM(3, n_iter=2), ["rbm0", "rbm1", "rbm2"]),
        (DBN((4, 2), rbm=RBM(n_iter=2)), ["dbn0", "dbn1"]),
        (Autoencoder((4, 2), max_iter=5), ["autoencoder0", "autoencoder1"]),
        (BoltzmannMachine(2, n_iter=9), ["boltzmannmachine0", "boltzmannmachine1"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_features_have_names_and_may_be_data_frames(model, names):
    pandas = pytest.importorskip("pandas")
    x = noise()[:100]
    plain = model.set_params(random_state=0).fit(x).transform(x)
    assert model.get_feature_names_out().tolist() == names
    with config_context(transform_output="pandas"):  # which holds for the layers inside as well
        framed = model.fit(x).transform(x)
    assert isinstance(framed, pandas.DataFrame)
    assert framed.columns.tolist() == names
    assert np.array_equal(framed.to_numpy(), plain)
