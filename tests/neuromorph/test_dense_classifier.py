"""The trained dense memory: its equation, its gradient, digits beside raw pixels, and its example."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import minmax_scale
from sklearn.utils.estimator_checks import check_estimator

from neuromorph.associative_memory import DenseClassifier
from neuromorph.associative_memory.dense_classifier import _cost


def test_scikit_learn_accepts_the_estimator():
    results = check_estimator(DenseClassifier(30, n_iter=40), on_skip=None)
    others = [result["check_name"] for result in results if result["status"] != "passed"]
    assert len(results) > 40
    assert set(others) <= {"check_array_api_input"}


def test_features_of_other_ranges_are_told_and_how_they_are_mended(recwarn):
    """Wine as it comes, in which one feature of thirteen goes to 1,680: it names what the most frequent class does."""
    x, y = load_wine(return_X_y=True)
    assert DenseClassifier(random_state=0).fit(minmax_scale(x), y).score(minmax_scale(x), y) > 0.9
    assert not recwarn
    with pytest.warns(ConvergenceWarning, match="learned nothing: .* scale each, as MinMaxScaler does"):
        DenseClassifier(random_state=0).fit(x, y)


@pytest.mark.parametrize("power", [2, 3, 7])
def test_gradient_is_that_of_the_cost(power):
    rng = np.random.default_rng(power)
    memories, v = rng.uniform(-1, 1, (4, 8)), rng.uniform(-1, 1, (5, 5))
    targets = 2.0 * np.eye(3)[rng.integers(0, 3, 5)] - 1.0
    _, slope = _cost(memories, v, targets, 3.0, power, 2)
    for at in np.ndindex(memories.shape):
        shift = np.zeros_like(memories)
        shift[at] = 1e-6
        ends = [_cost(memories + sign * shift, v, targets, 3.0, power, 2)[0] for sign in (1, -1)]
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slope[at], abs=1e-6)


def test_decision_is_the_fall_of_the_energy_of_the_whole_memory():
    """E = -sum F over memories of pixels and class units, evaluated twice, once with unit a turned over."""
    rng = np.random.default_rng(1)
    x, y = rng.random((40, 6)), np.arange(40) % 3
    model = DenseClassifier(7, power=4, scale=0.5, n_iter=5, random_state=0).fit(x, y)
    v = (x - model.middle_) / model.half_range_

    def energy(pixels, of_class):
        argument = (model.memories_ @ pixels + model.class_memories_ @ of_class) / (0.5 * 9)
        return -(np.maximum(0.0, argument) ** 4).sum()

    for pixels, falls in zip(v[:5], model.decision_function(x[:5]), strict=True):
        off = -np.ones(3)
        want = [energy(pixels, off) - energy(pixels, off + 2 * np.eye(3)[a]) for a in range(3)]
        assert falls == pytest.approx(want, rel=1e-9, abs=1e-9)


def test_defaults_beat_raw_pixels_on_digits():
    train, test, labels, hidden = train_test_split(*load_digits(return_X_y=True), random_state=0)
    ours = DenseClassifier(n_iter=25, random_state=0).fit(train, labels).score(test, hidden)
    raw = LogisticRegression(C=0.1, max_iter=1000).fit(train, labels).score(test, hidden)
    assert ours > max(0.965, raw)


def test_bad_parameters_are_refused():
    x, y = np.random.default_rng(0).random((10, 4)), np.arange(10) % 2
    for options, says in (
        ({"power": 1}, "power is 1"),
        ({"scale": 0.0}, "scale is 0"),
        ({"momentum": 1.0}, "momentum 1"),
        ({"learning_rate": (0.1, 0.0)}, "learning_rate is"),
        ({"n_memories": 0}, "n_memories is 0"),
    ):
        with pytest.raises(ValueError, match=says):
            DenseClassifier(**options).fit(x, y)
    with pytest.raises(ValueError, match="one class"):
        DenseClassifier().fit(x, np.zeros(10))


def test_example_turns_features_into_prototypes(tmp_path, capsys):
    out = tmp_path / "dense.png"
    path = Path(__file__).parents[2] / "examples" / "dense_classifier.py"
    options = ["--powers", "2", "20", "--splits", "1", "--epochs", "15", "--memories", "50", "--out", str(out)]
    ours = runpy.run_path(str(path))["main"](options)
    assert out.stat().st_size > 10_000
    assert ours["likeness 20"] > ours["likeness 2"] + 0.15
    assert max(ours[2], ours[20]) < 8.0
    assert "published" in capsys.readouterr().out.splitlines()[-1]
