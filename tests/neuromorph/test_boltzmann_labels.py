"""Boltzmann machines with labels, TAP learning, quantum and Born machines: against enumeration, and their examples."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import logsumexp
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import check_estimator

from neuromorph.boltzmann import (
    RBM,
    BornMachine,
    DBNClassifier,
    LabeledBoltzmann,
    LabeledLearning,
    QuantumBoltzmann,
    RestrictedBoltzmann,
    bernoulli_mixture,
    learn_born_machine,
    learn_by_tap,
    learn_labeled,
    learn_quantum_boltzmann,
    rbm_tap,
    tap_gradient,
)
from neuromorph.boltzmann.dbn_classifier import fine_tuning_gradient
from neuromorph.boltzmann.rbm_model import all_states

EXAMPLES = Path(__file__).parents[2] / "examples"


def labeled(rng: np.random.Generator, n: int = 3, m: int = 4, c: int = 3) -> LabeledBoltzmann:
    return LabeledBoltzmann(*(rng.normal(size=shape) for shape in ((n, m), (n, c), m, c, n)))


def numeric(f, parameters, step=1e-5):
    """Derivatives of f by every entry of a list of arrays."""
    found = []
    for k, each in enumerate(parameters):
        slope = np.zeros_like(each)
        for at in np.ndindex(each.shape):
            ends = []
            for sign in (1.0, -1.0):
                moved = [np.array(other) for other in parameters]
                moved[k][at] += sign * step
                ends.append(f(moved))
            slope[at] = (ends[0] - ends[1]) / (2 * step)
        found.append(slope)
    return found


@pytest.mark.filterwarnings("ignore:X ranges from", "ignore:.*learned nothing")
def test_scikit_learn_accepts_the_classifier():
    estimator = DBNClassifier(
        (8, 8), rbm=RBM(n_iter=2), pretraining=LabeledLearning(10), fine_tuning=150, learning_rate=0.02
    )
    results = check_estimator(estimator, on_skip=None)
    others = [result["check_name"] for result in results if result["status"] != "passed"]
    assert len(results) > 40
    assert set(others) <= {"check_array_api_input"}


def test_posterior_of_a_labeled_machine_is_that_of_enumeration():
    rng = np.random.default_rng(0)
    machine, v = labeled(rng), rng.integers(0, 2, (5, 4)).astype(float)
    h = all_states(3)
    energies = -(
        (v @ machine.visible_biases)[:, None, None] + machine.label_biases[None, :, None]
        + (h @ machine.hidden_biases)[None, None] + (v @ machine.weights.T @ h.T)[:, None]
        + (machine.label_weights.T @ h.T)[None]
    )  # fmt: skip
    free = -logsumexp(-energies, axis=2)
    assert machine.free_energies(v) == pytest.approx(free, rel=1e-12)
    assert machine.log_posterior(v) == pytest.approx(-free - logsumexp(-free, axis=1)[:, None], rel=1e-10)


def test_fine_tuning_follows_the_gradient_through_all_layers():
    rng = np.random.default_rng(1)
    top, layers = labeled(rng, 3, 2), [(rng.normal(size=(4, 5)), rng.normal(size=4)),
                                       (rng.normal(size=(2, 4)), rng.normal(size=2))]  # fmt: skip
    x, labels = rng.random((6, 5)), rng.integers(0, 3, 6)
    flat = [np.array(each) for layer in layers for each in layer] + [np.array(each) for each in top.parameters]

    def loss(p):
        return fine_tuning_gradient([(p[0], p[1]), (p[2], p[3])], LabeledBoltzmann(*p[4:]), x, labels)[0]

    for slope, want in zip(fine_tuning_gradient(layers, top, x, labels)[1], numeric(loss, flat), strict=True):
        assert slope == pytest.approx(want, abs=1e-8)


def test_contrastive_divergence_learns_how_labels_and_pixels_go_together():
    """Label = XOR of two pixels, which no machine without hidden units can name."""
    rng = np.random.default_rng(2)
    v = rng.integers(0, 2, (400, 2)).astype(float)
    labels = (v.sum(axis=1) == 1).astype(np.intp)
    machine = learn_labeled(v, labels, 8, LabeledLearning(300, 20, 0.1), rng)
    assert (machine.free_energies(v).argmin(axis=1) == labels).mean() == 1.0


@pytest.mark.parametrize(
    ("layers", "pretraining", "fine_tuning", "least"),
    [((64,), LabeledLearning(30), 15, 0.95), pytest.param((128, 256), None, 40, None, marks=pytest.mark.slow)],
)
def test_machines_with_labels_name_digits(layers, pretraining, fine_tuning, least):
    """The default beats raw pixels; a small machine, learnt in seconds, is near them."""
    x, y = load_digits(return_X_y=True)
    train, test, labels, hidden = train_test_split(x / 16.0, y, random_state=0)
    model = DBNClassifier(layers, pretraining=pretraining, fine_tuning=fine_tuning, random_state=0).fit(train, labels)
    least = LogisticRegression(max_iter=1000).fit(train, labels).score(test, hidden) if least is None else least
    assert model.score(test, hidden) > least
    assert model.predict_proba(test).sum(axis=1) == pytest.approx(1.0)


def test_a_classifier_refuses_what_it_cannot_learn():
    x, y = np.random.default_rng(0).random((10, 4)), np.arange(10) % 2
    for options, says in (({"fine_tuning": -1}, "fine_tuning is -1"), ({"rbm": RBM(visible="gaussian")}, "bernoulli")):
        with pytest.raises(ValueError, match=says):
            DBNClassifier(**options).fit(x, y)
    with pytest.raises(ValueError, match="one class"):
        DBNClassifier().fit(x, np.zeros(10))


def test_tap_is_close_where_couplings_are_weak_and_naive_mean_field_is_not():
    """ln Z of 8 x 6 units by enumeration: TAP is off in the third order of W, naive in the second."""
    rng = np.random.default_rng(0)
    w, b, c = rng.normal(size=(6, 8)), rng.normal(size=8), rng.normal(size=6)
    errors = []
    for scale in (0.05, 0.1, 0.2):
        layer = RestrictedBoltzmann(scale * w, b, c)
        both = [rbm_tap(layer, np.full((1, 8), 0.5), second_order=second, tolerance=1e-12) for second in (True, False)]
        errors.append([abs(layer.log_partition() + each.free_energy[0]) for each in both])
        assert errors[-1][0] < 0.05 * errors[-1][1]
    assert errors[-1][1] / errors[0][1] == pytest.approx(16.0, rel=0.3)  # second order: 4 to the power of 2


@pytest.mark.parametrize("second_order", [True, False])
def test_tap_gradient_is_that_of_its_free_energy(second_order):
    rng = np.random.default_rng(1)
    layer = RestrictedBoltzmann(0.5 * rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3))
    v, start = rng.integers(0, 2, (7, 4)).astype(float), np.full((1, 4), 0.5)

    def solve(machine):
        return rbm_tap(machine, start, second_order=second_order, iterations=3000, tolerance=1e-14)

    def likelihood(p):
        machine = RestrictedBoltzmann(*p)
        return -machine.free_energy(v).mean() + solve(machine).free_energy[0]

    slope = tap_gradient(layer, v, solve(layer), second_order=second_order)
    for name, want in zip(("weights", "visible_biases", "hidden_biases"),
                          numeric(likelihood, [layer.weights, layer.visible_biases, layer.hidden_biases]),
                          strict=True):  # fmt: skip
        assert getattr(slope, name) == pytest.approx(want, abs=1e-8)


def test_learning_by_tap_raises_the_exact_likelihood():
    rng = np.random.default_rng(3)
    shared = rng.integers(0, 2, (300, 1))
    v = (shared ^ (rng.random((300, 6)) < 0.1)).astype(float)
    start = RestrictedBoltzmann(0.01 * rng.normal(size=(3, 6)), np.zeros(6), np.zeros(3))
    learnt = learn_by_tap(start, v, epochs=60, learning_rate=0.1, batch_size=50, points=50, rng=rng)
    before, after = (float(-each.free_energy(v).mean() - each.log_partition()) for each in (start, learnt))
    assert after > before + 0.5
    with pytest.raises(ValueError, match="means in 0"):
        rbm_tap(start, np.full((1, 5), 0.5))


def hamiltonian(machine: QuantumBoltzmann) -> np.ndarray:
    """From Kronecker products, qubit 0 the last factor."""
    n = len(machine.fields)
    x, z = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([-1.0, 1.0])

    def at(operator, i):
        return np.kron(np.kron(np.eye(1 << (n - 1 - i)), operator), np.eye(1 << i))

    h = -sum(
        g * at(x, i) + b * at(z, i) for i, (g, b) in enumerate(zip(machine.transverse, machine.fields, strict=True))
    )
    for w, (i, j) in zip(machine.couplings, zip(*np.triu_indices(n, 1), strict=True), strict=True):
        h = h - w * at(z, i) @ at(z, j)
    return h


def test_quantum_machine_is_the_exponential_of_its_hamiltonian():
    rng = np.random.default_rng(4)
    machine = QuantumBoltzmann(rng.normal(size=3), rng.normal(size=3), rng.normal(size=3))
    rho = np.diag(expm(-hamiltonian(machine)))
    assert machine.probabilities() == pytest.approx(rho / rho.sum(), rel=1e-10)


def test_quantum_gradients_are_those_of_likelihood_and_bound():
    rng = np.random.default_rng(5)
    data = bernoulli_mixture(3, 2, 0.9, rng)
    assert data.sum() == pytest.approx(1.0)
    parameters = [rng.normal(size=3), rng.normal(size=3), 1.0 + rng.random(3)]
    machine = QuantumBoltzmann(*parameters)
    likelihood, slope = machine.log_likelihood_gradient(data)
    bound, bound_slope = machine.bound_gradient(data)
    exact = numeric(lambda p: QuantumBoltzmann(*p).log_likelihood_gradient(data)[0], parameters)
    below = numeric(lambda p: QuantumBoltzmann(*p).bound_gradient(data)[0], parameters)
    assert slope == pytest.approx(np.concatenate(exact), abs=1e-7)
    assert bound_slope == pytest.approx(np.concatenate(below[:2]), abs=1e-7)
    assert bound <= likelihood
    flat = QuantumBoltzmann(*parameters[:2], np.zeros(3))
    assert flat.bound_gradient(data)[0] == pytest.approx(flat.log_likelihood_gradient(data)[0], rel=1e-10)


def test_quantum_machine_learns_at_least_what_the_classical_one_does():
    data = bernoulli_mixture(5, 6, 0.9, np.random.default_rng(6))
    ends = [learn_quantum_boltzmann(data, iterations=80, **options)[1][-1]
            for options in ({}, {"transverse": 2.0}, {"transverse": 2.0, "method": "bound"})]  # fmt: skip
    assert ends[1] < ends[0]
    assert ends[1] <= ends[2] + 1e-9
    with pytest.raises(ValueError, match="sum to 1"):
        learn_quantum_boltzmann(np.ones(8))
    with pytest.raises(ValueError, match="method is"):
        learn_quantum_boltzmann(data, method="other")


def test_born_machine_is_a_unitary_circuit_and_learns_along_its_gradient():
    rng = np.random.default_rng(7)
    data = bernoulli_mixture(3, 2, 0.9, rng)
    parameters = [rng.normal(size=(2, 3)), rng.normal(size=(2, 6))]
    machine = BornMachine(*parameters)
    assert machine.probabilities().sum() == pytest.approx(1.0, abs=1e-12)
    slope = machine.divergence_gradient(data)[1]
    want = numeric(lambda p: BornMachine(*p).divergence_gradient(data)[0], parameters)
    assert slope.rotations == pytest.approx(want[0], abs=1e-7)
    assert slope.phases == pytest.approx(want[1], abs=1e-7)
    learnt, path = learn_born_machine(data, layers=3, iterations=200)
    assert path[-1] < 0.01 < path[0]
    assert learnt.divergence_gradient(data)[0] == pytest.approx(path[-1], rel=1e-6)


@pytest.mark.filterwarnings("ignore:.*learned nothing")
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("faces_landscapes", "--hidden 1 32 --samples 500 --epochs 50"),
        ("quantum_boltzmann", "--qubits 4 --modes 5 --sets 1 --iterations 20"),
        ("rbm_phases", "--updates 150 --epochs 6"),
        pytest.param("dbn_digits", "--splits 1 --layers 32 64", marks=pytest.mark.slow),
    ],
)
def test_examples_end_in_a_figure_and_a_comparison(name, options, tmp_path, capsys):
    out = tmp_path / "figure.png"
    ours = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]([*options.split(), "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert "published" in capsys.readouterr().out.splitlines()[-1]
    if name == "faces_landscapes":
        assert ours[32] < 0.2 < 0.35 < ours[0]
    if name == "rbm_phases":
        assert [ours["slope 1"], ours["slope 2"]] == pytest.approx([1.0, 1.0], abs=0.1)
        assert 3.5 < ours["threshold"] < 5.0
    if name == "quantum_boltzmann":
        assert ours["quantum"] < ours["classical"]


@pytest.mark.parametrize(
    ("rotations", "phases", "says"),
    [
        (np.zeros((1, 2)), np.full((1, 3), np.nan), "every angle must be finite"),
        (np.full((1, 2), np.inf), np.zeros((1, 3)), "every angle must be finite"),
        (np.zeros((1, 2)), np.zeros((1, 2)), "phases \\(1, 2\\); expected"),
        (1.0, 1.0, "rotations have shape \\(\\)"),
    ],
)
def test_a_born_machine_of_what_is_no_circuit(rotations, phases, says):
    with pytest.raises(ValueError, match=says):
        BornMachine(rotations, phases)
