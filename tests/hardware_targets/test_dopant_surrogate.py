"""Records of voltages and currents, and the surrogates fitted to them: files, plans, slopes, errors."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.learning.dataset_simulation import (
    random_voltages,
    sawtooth_voltages,
    simulate_dataset,
)
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset, dissipated_w, read_dataset, write_dataset
from hardware_targets.dopant_network.learning.surrogate import fit_surrogate
from hardware_targets.dopant_network.learning.surrogate_file import read_surrogate, write_surrogate
from hardware_targets.dopant_network.learning.training import NoisyDevice
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations

NETWORK = random_device(4, 1, 4, rng=2).network
LOW, HIGH = np.array([-0.5, -0.5, -0.5, 0.0]), np.array([0.5, 0.5, 0.5, 0.0])
MEASURED = IvDataset(np.arange(12.0).reshape(4, 3) / 7.0, np.array([[1e-9], [0.0], [-3e-12], [0.1]]), (2,), "bench 4")


def smooth(points: int, seed: int) -> IvDataset:
    """Two currents that are a smooth function of three voltages, a fourth electrode held."""
    v = random_voltages(points, LOW, HIGH, rng=seed)
    return IvDataset(v, 1e-9 * np.column_stack([np.tanh(3.0 * v[:, 0]) * v[:, 1], v[:, 2] + 0.2 * v[:, 0]]), (3, 1))


@pytest.mark.parametrize("name", ["record.csv", "record.npz"])
def test_records_are_read_as_written(name: str, tmp_path: Path) -> None:
    """Every bit of every number, the outputs and the source: a rounded CSV or a lost column fails."""
    read = read_dataset(write_dataset(tmp_path / name, MEASURED))
    assert np.array_equal(read.voltages_v, MEASURED.voltages_v)
    assert np.array_equal(read.currents_a, MEASURED.currents_a)
    assert (read.outputs, read.source) == (MEASURED.outputs, MEASURED.source)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("V0,V1,I1\n1,2,3\n1,x,3\n", "line 3: '1,x,3' is not numbers"),
        ("V0,V1,I1\n\n1,2\n", "line 3: give 3 finite numbers"),
        ("# lab\nV0,V1,I1\n1,2,nan\n", "line 3: give 3 finite numbers"),
        ("V0,V2,I1\n1,2,3\n", "line 1: the columns are 'V0,V2,I1'"),
        ("V0,V1\n1,2\n", "line 1: the columns"),
        ("V0,V1,I7\n1,2,3\n", "outputs are"),
        ("V0,V1,I1\n", "holds no settings"),
        ("", "holds no settings"),
    ],
)
def test_a_bad_table_is_answered_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_dataset(path)


@settings(max_examples=150)
@given(st.sampled_from(["record.csv", "record.npz", "surrogate.npz"]), st.integers(0, 2**32), st.booleans())
def test_any_bytes_are_read_or_refused(name: str, seed: int, cut: bool) -> None:
    """Files with changed, lost or added bytes give a result or a ValueError, never another error or a hang."""
    generator = np.random.default_rng(seed)
    content = bytearray(FILES[name])
    for _ in range(generator.integers(1, 5)):
        content[generator.integers(len(content))] = generator.integers(256)
    if cut:
        del content[generator.integers(len(content)) :]
    path = FOLDER / f"changed-{name}"
    path.write_bytes(bytes(content))
    try:
        read_surrogate(path) if name.startswith("surrogate") else read_dataset(path)
    except ValueError as reason:
        if path.name not in str(reason):
            raise AssertionError("the file is not named") from reason


@pytest.fixture(scope="module", autouse=True)
def _files(tmp_path_factory: pytest.TempPathFactory) -> None:
    global FOLDER, FILES
    FOLDER = tmp_path_factory.mktemp("files")
    fitted = fit_surrogate(smooth(40, 1), hidden=(3,), epochs=1, rng=1).surrogate
    paths = [write_dataset(FOLDER / f"record.{kind}", MEASURED) for kind in ("csv", "npz")]
    FILES = {path.name: path.read_bytes() for path in [*paths, write_surrogate(FOLDER / "surrogate.npz", fitted)]}


def test_sawteeth_fill_the_box_at_incommensurate_frequencies() -> None:
    """Teeth per record go as sqrt(2), sqrt(3), sqrt(5); no two electrodes repeat together; a held one stays."""
    v = sawtooth_voltages(20_000, LOW, HIGH, cycles_per_point=0.01, rng=1)
    teeth = (np.diff(v[:, :3], axis=0) < 0.0).sum(axis=0)
    assert np.abs(teeth - 200.0 * np.sqrt([1.0, 1.5, 2.5])).max() <= 1.0
    assert not v[:, 3].any()
    share = np.histogramdd(v[:, :3], bins=4, range=[(-0.5, 0.5)] * 3)[0] / len(v)
    assert np.abs(share * 64 - 1.0).max() < 0.05  # random points would be off by 0.17


def test_an_interrupted_collection_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """The same currents whether or not it was stopped at 500 points; another device is refused."""
    v = random_voltages(700, LOW, HIGH, rng=1)
    whole = simulate_dataset(NETWORK, v, (3, 0))
    path = tmp_path / "part.npz"

    def stop(done: int, asked: int) -> None:
        assert (done, asked) == (500, 700)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_dataset(NETWORK, v, (3, 0), path=path, progress=stop)
    assert len(read_dataset(path).voltages_v) == 500
    again = simulate_dataset(NETWORK, v, (3, 0), path=path)
    assert np.array_equal(again.currents_a, whole.currents_a)
    with pytest.raises(ValueError, match="another record"):
        simulate_dataset(random_device(4, 1, 4, rng=3).network, v, (3, 0), path=path)


def test_what_is_collected_is_what_flows() -> None:
    """The exact solver's currents into the electrodes asked for; Monte Carlo's within six of its own errors."""
    v = random_voltages(5, LOW, HIGH, rng=3)
    exact = np.array([stationary_occupations(NETWORK, row).currents_a for row in v])
    assert np.array_equal(simulate_dataset(NETWORK, v, (3, 0)).currents_a, exact[:, [3, 0]])
    hopped = simulate_dataset(NETWORK, v, (0, 1, 2, 3), relative_error=0.02, rng=1).currents_a
    assert (np.abs(hopped - exact).max(axis=1) < 6.0 * 0.02 * np.abs(exact).max(axis=1)).all()
    assert (dissipated_w(v, exact) > 0.0).all()
    assert dissipated_w([1.0, 0.0], [-2e-9, 2e-9]) == pytest.approx(2e-9)


def test_a_linear_device_is_fitted_exactly() -> None:
    """Least squares on a linear law: the law itself, slopes in A/V, no error."""
    v = random_voltages(60, LOW, HIGH, rng=4)
    law = np.array([[1e-9, -2e-9, 5e-10, 0.0]])
    fit = fit_surrogate(IvDataset(v, v @ law.T + 3e-9, (3,)), hidden=())
    assert np.allclose(fit.surrogate.slopes(v[0]), law, rtol=1e-9, atol=1e-20)
    assert fit.relative_rmse.max() < 1e-12


def test_slopes_are_those_of_the_currents() -> None:
    """Central differences, away from the kinks of ReLU, for both outputs and settings in any arrangement."""
    surrogate = fit_surrogate(smooth(300, 5), hidden=(20, 20), epochs=20, rng=1).surrogate
    v = random_voltages(6, LOW, HIGH, rng=6).reshape(2, 3, 4)
    step = 1e-7
    found = np.stack(
        [(surrogate.currents(v + step * e) - surrogate.currents(v - step * e)) / (2 * step) for e in np.eye(4)], axis=-1
    )
    slopes = surrogate.slopes(v)
    assert slopes.shape == (2, 3, 2, 4)
    assert np.abs(slopes - found).max() < 1e-6 * np.abs(found).max()
    assert not slopes[..., 3].any()  # the held electrode was never varied: nothing is known of it


def test_networks_beat_linear_models_and_learn_from_more_points() -> None:
    """Errors on settings that training did not see: 2000 points below 200, both below the linear model's."""
    errors = [
        fit_surrogate(smooth(n, 7), hidden=(40, 40), epochs=60, batch=32, rng=1).relative_rmse[2] for n in (200, 2000)
    ]
    linear = fit_surrogate(smooth(2000, 7), hidden=()).relative_rmse[2]
    assert errors[1] < 0.5 * errors[0] < 0.5 * linear


def test_noise_has_the_surrogates_own_error() -> None:
    """Standard deviation of 40,000 noisy currents at one setting: rmse_a, within 6 standard errors, for each output."""
    fit = fit_surrogate(smooth(200, 8), hidden=(10,), epochs=10, rng=1)
    v = np.zeros((40_000, 4))
    noise = NoisyDevice(fit.surrogate, fit.surrogate.rmse_a, 1).currents(v) - fit.surrogate.currents(v)
    assert np.abs(noise.std(axis=0) / fit.surrogate.rmse_a - 1.0).max() < 6.0 / np.sqrt(2 * len(v))
    assert np.abs(np.corrcoef(noise.T)[0, 1]) < 6.0 / np.sqrt(len(v))


def test_a_surrogate_is_read_as_written_and_repeats_with_its_seed(tmp_path: Path) -> None:
    first, second, other = (fit_surrogate(smooth(100, 9), hidden=(8, 8), epochs=5, rng=s).surrogate for s in (1, 1, 2))
    read = read_surrogate(write_surrogate(tmp_path / "device.npz", first))
    v = random_voltages(10, LOW, HIGH, rng=1)
    assert np.array_equal(read.currents(v), first.currents(v))
    assert np.array_equal(second.currents(v), first.currents(v))
    assert not np.array_equal(other.currents(v), first.currents(v))
    assert read.outputs == (3, 1)
    assert np.array_equal(read.rmse_a, first.rmse_a)


def test_wrong_input_is_refused() -> None:
    record = smooth(100, 1)
    for wrong in (
        {"epochs": 0},
        {"batch": 0},
        {"hidden": (0,)},
        {"split": (0.5, 0.5, 0.5)},
        {"split": (1.0, 0.0, 0.0)},
    ):
        with pytest.raises(ValueError):
            fit_surrogate(record, **wrong)
    with pytest.raises(ValueError, match="do not split"):
        fit_surrogate(smooth(3, 1))
    with pytest.raises(ValueError, match="never changes"):
        fit_surrogate(IvDataset(record.voltages_v, np.zeros((100, 1)), (3,)))
    with pytest.raises(ValueError, match="electrodes"):
        fit_surrogate(record, hidden=()).surrogate.currents(np.zeros(3))
    with pytest.raises(ValueError, match="low <= high"):
        sawtooth_voltages(10, HIGH, LOW)
    with pytest.raises(ValueError, match="finite"):
        IvDataset(np.array([[np.nan]]), np.array([[0.0]]), (0,))
