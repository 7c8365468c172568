"""Gaussian processes in place of devices: error, bands that cover, and what they refuse."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.learning.dataset_simulation import random_voltages, simulate_dataset
from hardware_targets.dopant_network.learning.gaussian_process import fit_gaussian_process
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset
from hardware_targets.dopant_network.learning.surrogate import fit_surrogate

LOW, HIGH = np.array([-0.5, -0.5, -0.5, 0.0]), np.array([0.5, 0.5, 0.5, 0.0])


def smooth(points, seed, noise=0.0):
    v = random_voltages(points, LOW, HIGH, rng=seed)
    currents = 1e-9 * np.column_stack([np.tanh(3.0 * v[:, 0]) * v[:, 1], v[:, 2] + 0.2 * v[:, 0]])
    return IvDataset(v, currents + noise * np.random.default_rng(seed).normal(size=currents.shape), (3, 1))


def test_it_follows_a_device_closer_than_a_network_and_its_bands_cover():
    """The exact solver, 5 acceptors: 300 random settings, 300 others; 95 % bands cover 90 to 99 % of these."""
    network = random_device(5, 1, 4, rng=2).network
    v = random_voltages(600, LOW, HIGH, rng=1)
    currents = simulate_dataset(network, v, (3,)).currents_a
    record, unseen = IvDataset(v[:300], currents[:300], (3,)), slice(300, 600)
    process = fit_gaussian_process(record, rng=0)
    mean, sd = process.predict(v[unseen])
    miss = mean - currents[unseen]
    other = fit_surrogate(record, rng=0).surrogate.currents(v[unseen]) - currents[unseen]
    assert np.sqrt((miss**2).mean()) < 0.7 * np.sqrt((other**2).mean())
    assert 0.90 < (np.abs(miss) < 1.96 * sd).mean() < 0.99


def test_noise_of_the_record_is_in_the_bands():
    """Currents with noise of 5e-11 A: bands are as wide, and wider where nothing was recorded."""
    process = fit_gaussian_process(smooth(200, 3, noise=5e-11), rng=0)
    _, sd = process.predict(np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -3.0, 3.0, 0.0]]))
    assert sd[0] == pytest.approx(5e-11, rel=0.5)
    assert (sd[1] > 2.0 * sd[0]).any()


def test_outputs_and_shapes_are_those_of_the_record():
    process = fit_gaussian_process(smooth(150, 4), rng=0)
    v = random_voltages(6, LOW, HIGH, rng=5).reshape(2, 3, 4)
    mean, sd = process.predict(v)
    assert mean.shape == sd.shape == (2, 3, 2)
    assert np.abs(mean[..., 1] / 1e-9 - v[..., 2] - 0.2 * v[..., 0]).max() < 0.02
    assert process.outputs == (3, 1)
    again = fit_gaussian_process(smooth(150, 4), rng=0)
    assert np.array_equal(again.predict(v)[0], mean)


def test_wrong_records_are_refused():
    with pytest.raises(ValueError, match="19 settings"):
        fit_gaussian_process(smooth(19, 1))
    with pytest.raises(ValueError, match="never changes"):
        fit_gaussian_process(IvDataset(smooth(30, 1).voltages_v, np.zeros((30, 1)), (3,)))
    with pytest.raises(ValueError, match="has 4 electrodes"):
        fit_gaussian_process(smooth(30, 1), rng=0).predict(np.zeros(3))


def test_the_example_sets_process_network_and_line_side_by_side(capsys):
    """A small device: from random settings the process is ahead of the linear model, and its bands cover."""
    example = Path(__file__).parents[2] / "examples" / "device_bands.py"
    found = runpy.run_path(str(example))["main"](["--acceptors", "4", "--electrodes", "4", "--points", "150"])
    process, _, linear, inside = found["random", 150]
    assert process < 0.6 * linear
    assert inside > 0.88
    *table, closing = capsys.readouterr().out.splitlines()
    assert len(table) == 3
    assert "published" in closing
