"""Global parameters of dopant networks from their currents: the table, its laws, calibration, what is not told."""

import tomllib

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import kstest

from hardware_targets.dopant_network.device.device import Device, Material
from hardware_targets.dopant_network.inference import global_parameters
from hardware_targets.dopant_network.inference.chord_table import (
    KELVINS,
    NETWORKS,
    VOLTS,
    chord_table,
    device_chords,
    make_chord_table,
    prior_ranges,
    similar_device,
    simulate_row,
)
from hardware_targets.dopant_network.inference.global_parameters import chord_summaries, infer_parameters
from hardware_targets.dopant_network.inference.regression_abc import likeness, regression_abc
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations
from neuromorph.calibration import MeasuredChords, calibrate_device, parameters_toml, parse_measured
from neuromorph.calibration.physical_parameters import TOLD, installed_inference
from neuromorph.cli import main

ENOUGH = 89  # of 100: a 95 % interval covers less often once in 100 trials
WARM, SIZES = np.array([85.0, 140.0, 230.0]), np.array([0.16, 0.49])
ALWAYS = ("spacing_over_localization", "neighbor_energy_ev", "neighbor_rate_hz")
NEVER = ("compensation", "relative_permittivity")


def quantities(shares):
    return {name: float(each[0]) for name, each in global_parameters._quantities(np.asarray(shares)[None]).items()}


def fresh(seed):
    """A network that is not in the table."""
    rng = np.random.default_rng([1, seed])
    shares = rng.random(5)
    return similar_device(shares, int(rng.integers(5, 9)), rng), quantities(shares), rng


def measured(device, rng, kelvins=WARM, inputs=5, error=1e-3):
    chords = device_chords(device, rng.permutation(7)[:inputs], kelvins, SIZES)
    errors = np.full(chords.shape, error * chords.max())
    noisy = np.abs(chords + errors * rng.standard_normal(chords.shape))
    return MeasuredChords(tuple("abcdefg"[:inputs]), np.asarray(kelvins), SIZES, noisy, errors)


def sweeps_text(device, rng, kelvins=WARM, points=21, noise=0.003):
    """Sweeps of five electrodes, one at a time, the others at 0 V."""
    inputs, rows = rng.permutation(7)[:5], []
    for kelvin in kelvins:
        for electrode in inputs:
            for x in np.linspace(-0.5, 0.5, points):
                v = np.zeros(8)
                v[electrode] = x
                current = stationary_occupations(device.network, v, temperature_k=kelvin).currents_a[-1]
                rows.append([*v[inputs], kelvin, 1e9 * current])
    table = np.array(rows)
    table[:, -1] += noise * table[:, -1].std() * rng.standard_normal(len(table))
    lines = ["V1 (V),V2 (V),V3 (V),V4 (V),V5 (V),T (K),I (nA)", *(",".join(f"{x:.6g}" for x in row) for row in table)]
    return "\n".join(lines) + "\n"


def calibrated(text, draws=400, rng=1):
    return calibrate_device(parse_measured(text.encode(), "data.csv"), "dopant", draws=draws, rng=rng)


@pytest.fixture(scope="module")
def sweeps():
    device, truth, rng = fresh(0)
    return sweeps_text(device, rng, points=13), truth


def test_the_table_is_what_the_solver_says():
    """Three rows computed anew; values are kept in steps of 1 / 16."""
    shares, logs = chord_table()
    assert shares.shape == (NETWORKS, 5)
    for row in (0, 1234, NETWORKS - 1):
        share, log = simulate_row(row)
        np.testing.assert_array_equal(share.astype(np.float16), shares[row])
        np.testing.assert_allclose(log.astype(np.float16), logs[row], atol=0.07, rtol=1e-3)
    made = make_chord_table(1)
    assert made["log_chords"].shape == (1, *logs.shape[1:])
    assert kstest(shares.ravel(), "uniform").pvalue > 1e-4


def test_currents_do_not_tell_lengths_from_the_permittivity():
    """All lengths doubled and eps_r halved, and a device of its own size: the same currents; nu_0 scales them.

    Meshes of two sizes differ in a few triangles by the rounding of their points.
    """
    shares = np.array([0.6, 0.4, 0.7, 0.5, 0.3])
    table, own = (similar_device(shares, 6, np.random.default_rng(3), radius_m=r) for r in (30e-9, None))
    m = own.material
    twice = Device(
        type(own.shape)(2.0 * own.shape.radius_m),
        tuple(type(e)(2.0 * e.middle_m, 2.0 * e.width_m) for e in own.electrodes),
        2.0 * own.acceptors, 2.0 * own.donors,
        Material(m.relative_permittivity / 2.0, 2.0 * m.localization_m, 3.0 * m.attempt_rate_hz),
    )  # fmt: skip
    a, b, c = (device_chords(each, (0, 3), (77.0, 200.0), (0.3,)) for each in (table, own, twice))
    np.testing.assert_allclose(b, a, rtol=5e-3)
    np.testing.assert_allclose(c, 3.0 * a, rtol=5e-3)


def test_between_the_nodes_the_table_is_interpolated():
    """At temperatures and voltages between its own, ln of conductances differs far less than between networks (8)."""
    errors = []
    for seed in range(6):
        device, _, rng = fresh(seed)
        inputs = rng.permutation(7)[:2]
        nodes = np.log(device_chords(device, inputs, KELVINS, VOLTS))[None]
        exact = np.log(device_chords(device, inputs, (110.0, 220.0), (0.12, 0.5)))
        between = global_parameters._at(nodes, np.array([110.0, 220.0]), np.array([0.12, 0.5]))[0]
        errors.append(between - exact)
    assert np.median(np.abs(errors)) < 0.1
    assert np.quantile(np.abs(errors), 0.9) < 0.5


def test_regression_finds_a_posterior_that_is_known():
    """A logit with normal noise: quantiles of the exact posterior within a twentieth of the prior."""
    rng = np.random.default_rng(0)
    u = rng.random((20000, 1))
    y = logit(u) + 0.5 * rng.standard_normal(u.shape)
    grid = np.linspace(0.001, 0.999, 2000)
    for seen in (-1.5, 0.0, 2.0):
        draws = regression_abc(u, np.c_[y, y**2], np.array([seen, seen**2]), kept=1000, draws=4000, rng=rng)[:, 0]
        weight = np.cumsum(np.exp(-0.5 * ((logit(grid) - seen) / 0.5) ** 2))
        for q in (0.025, 0.5, 0.975):
            assert np.quantile(draws, q) == pytest.approx(grid[np.searchsorted(weight / weight[-1], q)], abs=0.05)
    assert expit(0.0) == 0.5
    nothing = regression_abc(u, np.zeros((20000, 2)), np.zeros(2), kept=1000, draws=500, rng=rng)
    assert kstest(nothing[:, 0], "uniform").pvalue > 1e-3
    assert likeness(y, np.array([0.3])) > 0.1
    assert likeness(y, np.array([40.0])) < 0.01


def ranks_of_rows(rows, draws=400):
    """Each row of the table measured anew with the row itself left out: rank, cover and contraction by parameter."""
    shares, logs = chord_table()
    found = {}
    for row in rows:
        rng = np.random.default_rng([2, row])
        drawn = shares[row].copy()
        drawn[3] = rng.random()
        truth = quantities(drawn)
        chords = np.exp(global_parameters._at(logs[[row]], WARM, SIZES)[0]) * truth["attempt_rate_hz"]
        errors = np.full(chords.shape, 1e-3 * chords.max())
        noisy = np.abs(chords + errors * rng.standard_normal(chords.shape))
        told = infer_parameters(MeasuredChords(tuple("abcde"), WARM, SIZES, noisy, errors), draws, rng, leave_out=row)
        keep(found, told, truth)
    return found


def keep(found, told, truth):
    for each in told.parameters:
        true = truth[each.name]
        inside = each.estimate.low <= true <= each.estimate.high
        found.setdefault(each.name, []).append((float((each.draws < true).mean()), inside, each.contraction))


def test_ranks_of_a_few_networks():
    """Of 16, intervals hold the truth in 12 at least (a right one fails once in 1,000), and combinations are told."""
    found = {name: np.array(rows) for name, rows in ranks_of_rows(range(16)).items()}
    assert min(rows[:, 1].sum() for rows in found.values()) >= 12, found
    for name in ALWAYS:
        assert np.median(found[name][:, 2]) > TOLD
    for name in NEVER:
        assert np.median(found[name][:, 2]) < TOLD


@pytest.mark.slow
def test_ranks_are_uniform():
    """Simulation-based calibration (Talts et al., arXiv 1804.06788): 300 networks, each parameter fails once in 1e4."""
    found = {name: np.array(rows) for name, rows in ranks_of_rows(range(0, 2400, 8)).items()}
    for name, rows in found.items():
        assert kstest(rows[:, 0], "uniform").pvalue > 1e-4, name
        assert rows[:, 1].mean() > 0.91, name


@pytest.mark.slow
def test_intervals_cover_in_a_hundred_networks():
    """Networks that are not in the table, solved at temperatures and voltages that are not in it either."""
    found = {}
    for seed in range(100):
        device, truth, rng = fresh(seed)
        keep(found, infer_parameters(measured(device, rng), 400, rng), truth)
    hits = {name: int(np.sum([inside for _, inside, _ in rows])) for name, rows in found.items()}
    assert min(hits.values()) >= ENOUGH, hits


@pytest.mark.slow
def test_intervals_cover_in_files():
    """The same through 120 files of noisy sweeps and the Gaussian process; refused networks are rare."""
    found = {}
    refused = 0
    for seed in range(120):
        device, truth, rng = fresh(seed)
        physics = calibrated(sweeps_text(device, rng), draws=1000, rng=0).fits.physics
        refused += not physics.parameters
        keep(found, physics, truth)
    assert refused <= 6
    hits = {name: np.mean([inside for _, inside, _ in rows]) for name, rows in found.items()}
    assert min(hits.values()) >= ENOUGH / 100.0, hits


def test_currents_in_the_noise_tell_nothing():
    """Errors as large as a thousand conductances: posterior and prior are one, and nothing is told."""
    device, _, rng = fresh(4)
    seen = measured(device, rng)
    lost = MeasuredChords(seen.electrodes, WARM, SIZES, seen.chords_s, np.full(seen.errors_s.shape, 1.0))
    assert not any(each.told for each in infer_parameters(lost, 1000, rng).parameters)


def test_summaries_do_not_depend_on_the_order_of_electrodes():
    device, _, rng = fresh(5)
    seen = measured(device, rng)
    turned = seen.chords_s[::-1]
    a, b = chord_summaries(seen.chords_s, seen.errors_s), chord_summaries(turned, seen.errors_s)
    np.testing.assert_allclose(a, b, rtol=1e-12)
    one = chord_summaries(seen.chords_s[:1, :1], seen.errors_s[:1, :1])
    assert np.isfinite(one).all()
    assert len(one) < len(a)


def test_a_file_of_sweeps_gives_told_parameters(sweeps):
    text, truth = sweeps
    found = calibrated(text)
    told = {each.name for each in found.fits.physics.parameters if each.told}
    assert set(ALWAYS) <= told
    assert not told & set(NEVER)
    for name in ALWAYS:
        datum = found.parameters[name]
        assert datum.low < truth[name] < datum.high
        assert "simulation-based inference" in datum.source
    assert "compensation" not in found.parameters
    assert any(note.startswith("not told by these data: ") and "compensation" in note for note in found.notes)
    assert found.draws["compensation"].shape == found.draws["slope_v1"].shape == (400,)
    assert found.tests["one of the simulated networks"] > 0.01
    assert tomllib.loads(parameters_toml(found.parameters))["neighbor_rate_hz"]["unit"] == "1/s"
    ratio = found.draws["acceptor_spacing_m"] / found.draws["localization_length_m"]
    np.testing.assert_allclose(ratio, found.draws["spacing_over_localization"], rtol=1e-12)
    for name, prior in prior_ranges().items():
        draws = found.draws["acceptor_spacing_m" if name == "spacing_m" else name]
        assert prior.low <= draws.min() <= draws.max() <= prior.high, name


def test_the_command_says_what_is_not_told(sweeps, tmp_path, capsys):
    data = tmp_path / "sweeps.csv"
    data.write_text(sweeps[0])
    assert main(["calibrate", str(data), "--device", "dopant", "--draws", "300"]) == 0
    said = capsys.readouterr().out
    line = next(each for each in said.splitlines() if each.startswith("compensation"))
    assert "not told by these data" in line
    line = next(each for each in said.splitlines() if each.startswith("spacing_over_localization"))
    assert "not told" not in line


def test_what_the_simulations_are_not_like_is_said(sweeps):
    """No temperature, one beyond the table, a gate that is held, currents of amperes: a note, and no parameters."""
    lines = [line.split(",") for line in sweeps[0].splitlines() if ",140," in line or line.startswith("V1")]

    def said(change):
        text = "\n".join(",".join(change(k, list(cells))) for k, cells in enumerate(lines)) + "\n"
        found = calibrated(text)
        assert "neighbor_rate_hz" not in found.parameters
        return " ".join(found.notes)

    assert "there is no temperature" in said(lambda k, cells: cells[:5] + cells[6:])
    assert "beyond those that were simulated" in said(
        lambda k, cells: [*cells[:5], cells[5] if k == 0 else "4.2", cells[6]]
    )
    assert "V6 is not at 0 V" in said(lambda k, cells: [*cells, "V6 (V)" if k == 0 else "0.3"])
    assert "none of the simulated networks" in said(lambda k, cells: [*cells[:6], "I (A)" if k == 0 else cells[6]])
    assert "swept through 0 V" in said(
        lambda k, cells: [cells[0] if k == 0 else f"{float(cells[0]) + 1:.4f}", *cells[1:]]
    )
    chords = np.ones((1, 1, 2, 2))
    far = MeasuredChords(("a",), np.array([77.0]), np.array([5.0, 6.0]), chords, chords)
    with pytest.raises(ValueError, match="voltages of 5 to 6 V are beyond"):
        infer_parameters(far, 10, np.random.default_rng(0))


def test_other_kinds_of_devices_have_no_inference():
    assert installed_inference("memristor") is None
    assert installed_inference("dopant") is infer_parameters
