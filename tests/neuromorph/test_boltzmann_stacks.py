"""Deep belief networks and autoencoders, and scikit-learn's own checks of every estimator."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

import neuromorph.boltzmann as bm
from neuromorph import exact
from neuromorph.boltzmann import DBN, RBM, Autoencoder, BoltzmannMachine
from neuromorph.boltzmann.autoencoder_layers import (
    autoencoder_loss_and_gradient,
    flatten_parameters,
    forward,
    unflatten_parameters,
)
from neuromorph.testing import require_distribution

ESTIMATORS = [
    RBM(8, n_iter=3),
    RBM(8, visible="gaussian", n_iter=3),
    RBM(5, method="tempering", n_temperatures=3, n_iter=2),
    RBM(5, method="cd", momentum=0.5, weight_decay=0.01, n_iter=2),
    RBM(20, n_iter=1),
    BoltzmannMachine(2, n_iter=5, n_chains=20),
    DBN((4, 3), rbm=RBM(n_iter=2)),
    DBN((4,), rbm=RBM(n_iter=2, visible="gaussian")),
    Autoencoder((5, 2), rbm=RBM(n_iter=2), max_iter=10),
    Autoencoder((5, 2), rbm=RBM(n_iter=2, visible="gaussian"), max_iter=10),
]


@pytest.mark.filterwarnings("ignore:X ranges from", "ignore:.*lbfgs", "ignore:.*learned nothing")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_scikit_learn_accepts_the_estimator(estimator):
    """All its checks; the one that it leaves out needs SCIPY_ARRAY_API in the environment."""
    results = check_estimator(estimator, on_skip=None)
    others = [result["check_name"] for result in results if result["status"] != "passed"]
    assert len(results) > 40
    assert set(others) <= {"check_array_api_input"}


def test_names_of_the_package_are_there_documented_and_lazy():
    for name in bm.__all__:
        assert getattr(bm, name).__doc__, name
    code = "import sys, neuromorph.boltzmann as bm; bm.ais; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.filterwarnings("ignore:.*learned nothing")  # in so few epochs
def test_the_example_runs_and_tells_digits_at_five_places_apart(tmp_path, capsys):
    """All of it, small; no moved digit may be lost at the frame, or be in both parts."""
    path = Path(__file__).resolve().parents[2] / "examples" / "rbm_digits.py"
    spec = importlib.util.spec_from_file_location("rbm_digits", path)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    corner = np.zeros((1, 9))
    corner[0, 4] = 1.0
    assert np.array_equal(np.argmax(example.shifted(corner), axis=1), [4, 7, 1, 5, 3])
    out = tmp_path / "digits.png"
    small = ["--samples", "150", "--seeds", "2", "--epochs", "3", "--units", "8", "--iterations", "3", "--out"]
    numbers = example.main([*small, str(out)])
    assert out.read_bytes().startswith(b"\x89PNG")
    assert set(numbers["likelihoods"]) == {"CD-1", "PCD", "tempering"}
    assert "wrote" in capsys.readouterr().out
    np.savez(tmp_path / "others.npz", z=np.zeros(3))
    with pytest.raises(SystemExit, match="it needs x_train and y_train"):
        example.main(["--mnist", str(tmp_path / "others.npz")])


# Deep belief networks.


def patterns(samples=300):
    rng = np.random.default_rng(0)
    x = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0.0]])[rng.integers(0, 3, samples)]
    return np.where(rng.random(x.shape) < 0.03, 1 - x, x)


def test_each_layer_is_a_machine_of_the_means_below():
    x = patterns()
    network = DBN((6, 3), rbm=RBM(n_iter=20, learning_rate=0.1), random_state=0).fit(x)
    first = network.rbms_[0].transform(x)
    assert np.array_equal(network.transform(x, layers=1), first)
    assert np.array_equal(network.transform(x), network.rbms_[1].transform(first))
    assert network.transform(x.astype(np.float32)).dtype == np.float32
    again = DBN((6, 3), rbm=RBM(n_iter=20, learning_rate=0.1), random_state=0).fit(x)
    assert np.array_equal(again.transform(x), network.transform(x))
    with pytest.raises(ValueError, match="layers is 3"):
        network.transform(x, layers=3)
    with pytest.raises(ValueError, match="n_components is"):
        DBN((4, 0)).fit(x)


@pytest.mark.filterwarnings("ignore:.*learned nothing")
def test_samples_of_a_network_follow_its_directed_model():
    """p(v) = sum_h p(v | h) p_top(h), enumerated; the means that sample returns are turned into states here."""
    network = DBN((3, 2), rbm=RBM(n_iter=60, learning_rate=0.2), random_state=0).fit(patterns())
    h = (exact.spins_of(np.arange(8), 3) + 1) / 2.0
    top = np.exp(network.rbms_[1].score_samples(h))
    v = exact.spins_of(np.arange(16), 4) > 0
    means = network.rbms_[0].layer.visible_means(h)
    expected = top @ np.prod(np.where(v[None], means[:, None], 1 - means[:, None]), axis=2)
    drawn = network.sample(20_000, n_steps=60, rng=1)
    states = np.random.default_rng(2).random(drawn.shape) < drawn
    require_distribution(2 * states.astype(int) - 1, expected)


# Autoencoders.


@pytest.mark.parametrize("output", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("shapes", [[(6, 5), (5, 2), (2, 5), (5, 6)], [(6, 3), (3, 6)]])
def test_back_propagation_is_the_gradient_of_the_loss(output, shapes):
    """Finite differences of every parameter, with weight decay."""
    rng = np.random.default_rng(0)
    flat = flatten_parameters([(rng.normal(size=shape), rng.normal(size=shape[1])) for shape in shapes])
    v, eps = rng.random((7, 6)), 1e-5
    found = autoencoder_loss_and_gradient(flat, shapes, v, output, 0.3)[1]
    slopes = [
        (
            autoencoder_loss_and_gradient(flat + step, shapes, v, output, 0.3)[0]
            - autoencoder_loss_and_gradient(flat - step, shapes, v, output, 0.3)[0]
        )
        / (2 * eps)
        for step in eps * np.eye(flat.size)
    ]
    assert np.allclose(found, slopes, atol=1e-8)


def test_the_loss_is_the_cross_entropy_of_what_comes_out():
    rng, shapes = np.random.default_rng(1), [(4, 2), (2, 4)]
    layers = [(rng.normal(size=shape), rng.normal(size=shape[1])) for shape in shapes]
    v = rng.random((5, 4))
    y = forward(layers, v, "bernoulli")[-1]
    entropy = -(v * np.log(y) + (1 - v) * np.log(1 - y)).sum(axis=1).mean()
    assert autoencoder_loss_and_gradient(flatten_parameters(layers), shapes, v, "bernoulli", 0.0)[0] == pytest.approx(
        entropy
    )
    again = unflatten_parameters(flatten_parameters(layers), shapes)
    assert all(np.array_equal(a, b) for p, q in zip(layers, again, strict=True) for a, b in zip(p, q, strict=True))


def test_an_autoencoder_beats_pca_on_a_curve_and_fine_tuning_is_what_does_it():
    """A circle of bumps in 16 pixels has one parameter; PCA of the same two numbers cannot follow it."""
    where = np.linspace(0, 2 * np.pi, 300, endpoint=False)[:, None]
    x = np.exp(4.0 * (np.cos(where - np.linspace(0, 2 * np.pi, 16, endpoint=False)) - 1.0))
    centered = x - x.mean(axis=0)
    s = np.linalg.svd(centered, compute_uv=False)
    pca = (s[2:] ** 2).sum() / len(x)
    rbm = RBM(method="cd", learning_rate=0.1, n_iter=30, batch_size=20)
    model = Autoencoder((32, 2), rbm=rbm, max_iter=300, random_state=0)
    tuned, pretrained = model.fit(x).score(x), Autoencoder((32, 2), rbm=rbm, max_iter=0, random_state=0).fit(x).score(x)
    assert -tuned < 0.5 * pca
    assert tuned > pretrained
    assert model.transform(x).shape == (300, 2)
    assert np.allclose(model.inverse_transform(model.transform(x)), forward(model.layers_, x, "bernoulli")[-1])
    with pytest.raises(ValueError, match=r"codes are \(samples, 2\)"):
        model.inverse_transform(np.zeros((3, 5)))
    with pytest.raises(ValueError, match="alpha is -1"):
        Autoencoder((4, 2), alpha=-1).fit(x)


def test_a_gaussian_autoencoder_gives_back_the_units_of_the_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 6)) * [1, 10, 100, 1, 1, 1] + 1000
    model = Autoencoder(2, rbm=RBM(visible="gaussian"), max_iter=300, random_state=0).fit(x)
    assert -model.score(x) < 1e-3 * x.var(axis=0).sum()
