"""Training control voltages: slopes of losses against differences, evolution, confirmation, layers, tasks."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.learning.benchmark_tasks import (
    POINTS,
    accuracy,
    best_threshold,
    labeling_capacity,
    ring_task,
    scaled,
    train_gates,
)
from hardware_targets.dopant_network.learning.dataset_simulation import random_voltages, simulate_dataset
from hardware_targets.dopant_network.learning.evolution import kmc_loss, train_by_evolution, verify
from hardware_targets.dopant_network.learning.image_classifier import train_classifier, window_features, windows
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset
from hardware_targets.dopant_network.learning.layered_units import LayeredUnits, layered_loss_and_gradient, train_layers
from hardware_targets.dopant_network.learning.logic_gates import GATES, Terminals, separation, truth_currents
from hardware_targets.dopant_network.learning.losses import corrsig, fisher, margin
from hardware_targets.dopant_network.learning.surrogate import Surrogate, fit_surrogate
from hardware_targets.dopant_network.learning.training import (
    ElectrodeRoles,
    NoisyDevice,
    loss_and_gradient,
    train_by_gradient,
)
from hardware_targets.dopant_network.transport.batched_mean_field import MeanFieldDevice
from hardware_targets.dopant_network.transport.mean_field import mean_field_occupations

NETWORK = random_device(4, 1, 5, rng=2).network
WIRING = ElectrodeRoles((0, 1), 4, 5)
LABELS = np.array([False, True, True, False, True, False])
RANGE = (-0.5, 0.5)


def wiggly(seed: int = 1) -> Surrogate:
    """A surrogate of five electrodes with a smooth enough random network in it: nA over tenths of a volt."""
    g = np.random.default_rng(seed)
    shapes = [(5, 30), (30, 30), (30, 1)]
    weights = tuple(g.normal(0.0, np.sqrt(2.0 / a), (a, b)) for a, b in shapes)
    biases = tuple(g.normal(0.0, 0.3, b) for _, b in shapes)
    low = np.array([-0.5, -0.5, -0.5, -0.5, 0.0])
    return Surrogate(weights, biases, low, -low, np.zeros(1), np.full(1, 1e-9), np.full(1, 1e-10), (4,))


def corr(currents, labels):
    return corrsig(currents, labels, center_a=0.5e-9, scale_a=0.3e-9)


def hinge(currents, labels):
    return margin(currents, labels, margin_a=0.7e-9)


def differences(loss, x: np.ndarray, step: float) -> np.ndarray:
    """Central differences of a loss of rows (a, c), one column at a time."""
    return np.stack([(loss(x + step * e)[0] - loss(x - step * e)[0]) / (2 * step) for e in np.eye(x.shape[1])], axis=1)


def test_corrsig_is_its_formula() -> None:
    """(1.1 - rho) / sigma((min of ones - max of zeros - 5 nA) / 3 nA), by numpy's own correlation."""
    i = 1e-9 * np.random.default_rng(0).normal(3.0, 5.0, LABELS.size)
    gap = i[LABELS].min() - i[~LABELS].max()
    rho = np.corrcoef(i, LABELS)[0, 1]
    expected = (1.1 - rho) * (1.0 + np.exp(-(gap - 5e-9) / 3e-9))
    assert corrsig(i, LABELS, center_a=5e-9, scale_a=3e-9)[0] == pytest.approx(expected, rel=1e-12)
    assert corr(np.full(6, 1e-9), LABELS)[0] == pytest.approx(1.1 * (1.0 + np.exp(5.0 / 3.0)))


def test_margin_is_zero_where_all_keep_away_and_one_where_nothing_moves() -> None:
    """Each class 0.8 nA from the middle: no loss at 0.7 nA; equal currents: 1; half as far: 1 - 0.4 / 0.7."""
    i = np.where(LABELS, 3.8e-9, 2.2e-9)
    assert hinge(i, LABELS)[0] == 0.0
    assert hinge(np.full(6, 3e-9), LABELS)[0] == pytest.approx(1.0)
    assert hinge(0.5 * i, LABELS)[0] == pytest.approx(1.0 - 0.4 / 0.7)


def test_fisher_is_the_ratio_of_spread_and_distance() -> None:
    """ln((var_0 + var_1) / (mean_1 - mean_0)^2), whatever the current's scale and sign; finite where nothing moves."""
    i = 1e-9 * np.random.default_rng(13).normal(3.0, 5.0, LABELS.size)
    expected = np.log((i[LABELS].var() + i[~LABELS].var()) / (i[LABELS].mean() - i[~LABELS].mean()) ** 2)
    assert fisher(i, LABELS)[0] == pytest.approx(expected, rel=1e-12)
    assert fisher(-7.0 * i, LABELS)[0] == pytest.approx(expected, rel=1e-12)
    value, slope = fisher(np.zeros(6), LABELS)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("loss", [corr, hinge, fisher])
def test_slopes_of_the_losses(loss) -> None:
    """Against central differences, for a stack of currents."""
    i = 1e-9 * np.random.default_rng(1).normal(0.5, 1.0, (20, LABELS.size))
    found = differences(lambda x: loss(x, LABELS), i, 1e-15)
    assert np.abs(loss(i, LABELS)[1] - found).max() < 1e-5 * np.abs(found).max()


@pytest.mark.parametrize("loss", [corr, hinge, fisher])
@pytest.mark.parametrize(
    "device", [wiggly(), NoisyDevice(wiggly(), 1e-10, 3), MeanFieldDevice(NETWORK)], ids=["net", "noisy", "mean"]
)
def test_slopes_by_the_controls(device, loss) -> None:
    """dl/dV through a surrogate, a noisy one and the mean field, against differences of the whole chain."""
    data = np.random.default_rng(2).uniform(*RANGE, (LABELS.size, 2))
    of = loss_and_gradient(device, WIRING, data, LABELS, loss)
    x = np.random.default_rng(3).uniform(*RANGE, (3, 2))
    found = differences(of, x, 1e-6)
    assert np.abs(of(x)[1] - found).max() < 2e-4 * np.abs(found).max()


@pytest.mark.parametrize("widths", [(1,), (2, 1), (2, 2, 1)])
def test_slopes_through_layers(widths: tuple[int, ...]) -> None:
    """Back through normalization and clipping, one to three layers: a lost term of either fails."""
    data = np.random.default_rng(4).uniform(*RANGE, (LABELS.size, 2))
    of = layered_loss_and_gradient(wiggly(), WIRING, widths, data, LABELS, corr, input_range_v=RANGE)
    x = np.random.default_rng(5).uniform(*RANGE, (2, 2 * sum(widths)))
    found = differences(of, x, 1e-7)
    assert np.abs(of(x)[1] - found).max() < 1e-4 * np.abs(found).max()


def test_trained_layers_give_the_loss_that_was_reached() -> None:
    """The layers that come back, run as a device would be, have the loss reported; same seed, same layers."""
    device, data = wiggly(), np.random.default_rng(6).uniform(*RANGE, (LABELS.size, 2))
    trained = [
        train_layers(device, WIRING, (2, 2, 1), data, LABELS, corr, input_range_v=RANGE, control_range_v=RANGE,
                     attempts=3, epochs=30, rng=1) for _ in range(2)
    ]  # fmt: skip
    layers, loss = trained[0]
    currents = layers.currents(lambda v: device.currents(v)[..., 0], data)
    assert corr(currents, LABELS)[0] == pytest.approx(loss, rel=1e-9)
    assert all(np.array_equal(a, b) for a, b in zip(layers.controls_v, trained[1][0].controls_v, strict=True))
    start = layered_loss_and_gradient(device, WIRING, (2, 2, 1), data, LABELS, corr, input_range_v=RANGE)(
        np.zeros((1, 10))
    )[0]
    assert loss < start[0]
    with pytest.raises(ValueError, match="widths are"):
        train_layers(device, WIRING, (3, 1), data, LABELS, corr, input_range_v=RANGE, control_range_v=RANGE)


def test_adam_finds_the_lowest_point_of_the_box() -> None:
    """A paraboloid with its bottom outside: the nearest point of the box, from every start, and the best passed."""
    bottom = np.array([0.3, 2.0])
    found = train_by_gradient(
        lambda x: (((x - bottom) ** 2).sum(axis=1), 2 * (x - bottom)), [[-1, -1], [1, 0]], [-1, -1], [1, 1]
    )
    assert np.allclose(found.controls_v, [0.3, 1.0], atol=1e-3)
    assert np.allclose(found.loss, 1.0, atol=1e-5)
    assert (np.diff(found.history, axis=0) <= 0.0).all()


def rippled(x: np.ndarray) -> np.ndarray:
    """Rastrigin's function in three dimensions, its lowest point 0 at 0.2 among thousands of others."""
    y = 5.0 * (x - 0.2)
    return np.asarray((y**2 - 2.0 * np.cos(2.0 * np.pi * y) + 2.0).sum(axis=1))


def test_evolution_finds_the_lowest_of_many_valleys() -> None:
    """Below 0.1 where a random search of as many candidates is above 1; never outside the box; repeatable."""
    asked = []

    def loss(x: np.ndarray) -> np.ndarray:
        asked.append(x)
        return rippled(x)

    found = train_by_evolution(loss, [-1] * 3, [1] * 3, rng=1)
    tried = np.vstack(asked)
    assert len(tried) == 26 + 100 * 22
    assert np.abs(tried).max() <= 1.0
    assert found.loss < 0.1 < rippled(np.random.default_rng(1).uniform(-1, 1, tried.shape)).min()
    assert np.array_equal(found.controls_v, train_by_evolution(rippled, [-1] * 3, [1] * 3, rng=1).controls_v)
    assert (np.diff(found.history) <= 0.0).all()


def test_an_interrupted_evolution_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Stopped after 7 of 20 generations and called again: the same result; a file of another one is refused."""
    path = tmp_path / "evolution.npz"

    def stop(generation: int, best: float) -> None:
        if generation == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_by_evolution(rippled, [-1] * 3, [1] * 3, generations=20, rng=1, path=path, progress=stop)
    counted: list[int] = []
    found = train_by_evolution(
        rippled, [-1] * 3, [1] * 3, generations=20, rng=1, path=path, progress=lambda g, _: counted.append(g)
    )
    whole = train_by_evolution(rippled, [-1] * 3, [1] * 3, generations=20, rng=1)
    assert counted == list(range(8, 21))
    assert np.array_equal(found.controls_v, whole.controls_v)
    assert np.array_equal(found.history, whole.history)
    with pytest.raises(ValueError, match="another evolution"):
        train_by_evolution(rippled, [-1] * 3, [1] * 3, generations=20, rng=2, path=path)


def test_candidates_hop_on_common_random_numbers() -> None:
    """Equal controls have equal losses, wherever they stand among others; another seed gives another."""
    data = scaled(POINTS[:4], RANGE)
    x = np.random.default_rng(7).uniform(*RANGE, (2, 2))
    one, other = (kmc_loss(NETWORK, WIRING, data, [0, 1, 1, 1], corr, hops=500, rng=seed) for seed in (1, 2))
    assert np.array_equal(one(x), one(x[::-1])[::-1])
    assert np.array_equal(one(x), one(x))
    assert (one(x) != other(x)).all()


def test_luck_is_found_out_and_a_real_gate_holds() -> None:
    """Best of 40 by 200 hops where both classes have the very same inputs: no contrast when measured again. Classes
    that differ by 0.8 V at one input: a contrast beyond 5 errors, of the exact solver's sign."""
    same = np.zeros((4, 2))
    labels = np.array([0, 1, 0, 1], dtype=bool)
    search = kmc_loss(NETWORK, WIRING, same, labels, corr, hops=200, rng=1)
    tried = np.random.default_rng(8).uniform(*RANGE, (40, 2))
    lucky = tried[int(np.argmin(search(tried)))]
    assert search(lucky[None])[0] < 0.5 * np.median(search(tried))
    assert not verify(NETWORK, WIRING, same, labels, lucky, hops=20_000, rng=2).holds
    apart = np.array([[-0.4, 0.0], [0.4, 0.0]])
    real = verify(NETWORK, WIRING, apart, [False, True], lucky, hops=100_000, rng=3)
    exact = simulate_dataset(NETWORK, WIRING.voltages(apart, lucky), (4,)).currents_a[:, 0]
    assert real.holds == (exact[1] > exact[0])
    assert (np.abs(real.currents_a - exact) < 6.0 * real.errors_a).all()


@given(arrays(float, 9, elements=st.integers(-3, 3)), arrays(bool, 9))
def test_the_threshold_is_the_best_of_all(currents: np.ndarray, labels: np.ndarray) -> None:
    """Against every threshold in both directions, with ties; and it reaches the accuracy that it claims."""
    at, above, reached = best_threshold(currents, labels)
    every = [accuracy(currents, labels, t, up) for t in np.arange(-4.5, 4.0) for up in (True, False)]
    assert reached == pytest.approx(max(every))
    assert accuracy(currents, labels, at, above) == pytest.approx(reached)


def test_the_ring_is_where_it_should_be() -> None:
    """Half the points in each class, uniform in area, none in the gap: a radius drawn evenly fails."""
    x, outside = ring_task(20_000, 0.4, rng=1)
    radius = np.hypot(*x.T)
    assert outside.sum() == 10_000
    assert radius[~outside].max() < 0.25
    assert radius[outside].min() > 0.65
    for part, low, high in ((radius[~outside], 0.0, 0.25), (radius[outside], 0.65, 1.0)):
        assert np.mean(part**2) == pytest.approx(
            0.5 * (low**2 + high**2), abs=6.0 * (high**2 - low**2) / np.sqrt(120_000)
        )
    with pytest.raises(ValueError, match="gap"):
        ring_task(10, 0.75)


def test_a_linear_device_has_the_capacity_of_a_line() -> None:
    """I = a V0 + b V1 + c V2 with a > b > 0 orders the four corners one way: 3 cuts, 2 signs, 6 of 14 labelings."""
    flat = Surrogate(
        (np.array([[2.0], [1.0], [0.5], [0.0], [0.0]]),), (np.zeros(1),), np.full(5, -0.5), np.full(5, 0.5),
        np.zeros(1), np.full(1, 1e-9), np.zeros(1), (4,),
    )  # fmt: skip
    found = labeling_capacity(flat, WIRING, 4, corr, input_range_v=RANGE, control_range_v=RANGE, epochs=3, rng=1)
    assert len(found.labels) == 14
    assert found.found.sum() == 6
    assert found.share == pytest.approx(6 / 14)
    assert not found.found[(found.labels == np.array(GATES["XOR"])).all(axis=1)][0]


def test_gates_trained_through_a_surrogate_are_gates_of_the_device() -> None:
    """AND and OR by gradient through 1500 recorded points, are separated on the exact solver."""
    v = random_voltages(1500, np.r_[np.full(4, -0.8), 0.0], np.r_[np.full(4, 0.8), 0.0], rng=1)
    record = simulate_dataset(NETWORK, v, (4,))
    fit = fit_surrogate(record, hidden=(40, 40), epochs=60, batch=64, rng=1)
    sigma = float(record.currents_a.std())
    terminals = Terminals((0, 1), 4, -0.6, 0.6)
    found = train_gates(
        NoisyDevice(fit.surrogate, fit.surrogate.rmse_a, 1), terminals, 5,
        lambda i, y: corrsig(i, y, center_a=0.3 * sigma, scale_a=0.2 * sigma),
        control_range_v=(-0.8, 0.8), attempts=10, epochs=100, rng=1,
    )  # fmt: skip
    assert set(found) == set(GATES)
    for gate in ("AND", "OR"):
        qualities = [float(separation(truth_currents(NETWORK, terminals, x), gate)) for x in found[gate][:3]]
        assert max(qualities) > 0.1


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        corr(np.zeros(6), np.zeros(6, dtype=bool))
    with pytest.raises(ValueError, match="margin_a"):
        margin(np.zeros(6), LABELS, margin_a=0.0)
    with pytest.raises(ValueError, match="different"):
        ElectrodeRoles((0, 0), 1, 5)
    with pytest.raises(ValueError, match="wired for"):
        WIRING.voltages(np.zeros((4, 3)), np.zeros(2))
    with pytest.raises(ValueError, match="low below high"):
        train_by_evolution(rippled, [1], [0])
    with pytest.raises(ValueError, match="elite"):
        train_by_evolution(rippled, [0], [1], elite=30)
    with pytest.raises(ValueError, match="from 2 to 8"):
        labeling_capacity(wiggly(), WIRING, 9, corr, input_range_v=RANGE, control_range_v=RANGE)
    assert IvDataset(np.zeros((1, 2)), np.zeros((1, 1)), (0,)).source == ""


@pytest.mark.parametrize("acceptors", [1, 4, 12])
def test_settings_together_have_the_mean_field_of_each(acceptors: int) -> None:
    """Currents and slopes of 12 settings at once against one after another, and against differences."""
    network = random_device(acceptors, 1, 4, rng=3).network
    device, v = MeanFieldDevice(network), np.random.default_rng(9).uniform(-0.7, 0.7, (3, 4, 4))
    currents, back = device.linearized(v)
    slopes = np.stack([back(np.broadcast_to(e, v.shape)) for e in np.eye(4)], axis=-2)
    for at in np.ndindex(3, 4):
        one = mean_field_occupations(network, v[at])
        assert one.converged
        assert np.abs(currents[at] - one.currents_a).max() < 1e-6 * np.abs(one.currents_a).max()
        assert np.abs(slopes[at] - one.conductances_s).max() < 1e-6 * np.abs(one.conductances_s).max()


def test_steps_too_bold_are_taken_again_smaller() -> None:
    """A setting at which Newton's method went in a circle of four until a training ended with an error."""
    network = random_device(8, 1, 8, rng=11).network
    v = [0.74854277, -0.01401217, 0.11805146, 0.20823867, -0.34271543, -0.51026389, 0.04977965, 0.0]
    one = mean_field_occupations(network, v)
    assert one.converged
    assert np.allclose(MeanFieldDevice(network).currents(v), one.currents_a, rtol=1e-6, atol=0.0)


def test_windows_and_features_stand_where_they_should() -> None:
    """Pixels of a window row by row, places row by row, units last; a device that adds voltages adds pixels."""
    image = np.arange(16.0).reshape(1, 4, 4) / 16.0
    assert np.array_equal(
        windows(image, 2, 2)[0] * 16.0, [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    )
    assert windows(image, 3, 1).shape == (1, 4, 9)
    wiring = ElectrodeRoles((0, 1, 2, 3), 5, 6)
    found = window_features(lambda v: v.sum(axis=1), wiring, image, [[0.0], [7.0]], input_range_v=(0.0, 2.0))
    assert np.allclose(found.reshape(4, 2), 2.0 * windows(image, 2, 2)[0].sum(axis=1)[:, None] + [0.0, 7.0])
    with pytest.raises(ValueError, match="windows that fit"):
        windows(image, 5, 1)


def test_a_classifier_is_trained_through_the_device() -> None:
    """Two of three classes differ by XOR of two pixels: least squares on the pixels is below 0.7, units are above 0.85
    on images not seen; the same seed gives the same weights."""
    generator = np.random.default_rng(10)
    x = generator.random((600, 9))
    y = np.where(x[:, 0] > 0.6, 2, ((x[:, 4] > 0.5) != (x[:, 8] > 0.5)).astype(int))
    device = wiggly()
    options = dict(output=4, electrodes=5, range_v=RANGE, units=8, epochs=60, learning_rate=0.03)
    trained, again = (train_classifier(device, x[:400], y[:400], rng=1, **options) for _ in range(2))
    assert np.array_equal(trained.weights, again.weights)
    right = trained.predict(lambda v: device.currents(v)[..., 0], x[400:]) == y[400:]
    assert right.mean() > 0.85
    wide = np.column_stack([x, np.ones(600)])
    linear = np.linalg.lstsq(wide[:400], np.eye(3)[y[:400]], rcond=None)[0]
    assert ((wide[400:] @ linear).argmax(axis=1) == y[400:]).mean() < 0.7
    assert np.abs(trained.voltages(x)).max() <= 0.5
    assert not trained.voltages(x)[..., 4].any()


def test_layers_start_where_they_are_told() -> None:
    """One step from given controls has a loss no higher than theirs; layers of other widths are refused."""
    device, data = wiggly(), np.random.default_rng(11).uniform(*RANGE, (LABELS.size, 2))
    controls = tuple(np.random.default_rng(12).uniform(*RANGE, (units, 2)) for units in (2, 1))
    given = LayeredUnits(WIRING, controls, (), (), *RANGE)
    options = dict(input_range_v=RANGE, control_range_v=RANGE, attempts=1, epochs=1, rng=1)
    found, loss = train_layers(device, WIRING, (2, 1), data, LABELS, corr, start=[given], **options)
    flat = np.concatenate([each.ravel() for each in controls])[None]
    assert (
        loss == layered_loss_and_gradient(device, WIRING, (2, 1), data, LABELS, corr, input_range_v=RANGE)(flat)[0][0]
    )
    assert all(np.array_equal(a, b) for a, b in zip(found.controls_v, controls, strict=True))
    with pytest.raises(ValueError, match="start has layers"):
        train_layers(device, WIRING, (2, 2, 1), data, LABELS, corr, start=[given], **options)
