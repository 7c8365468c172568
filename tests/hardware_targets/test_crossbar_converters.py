"""Converters that round and clip: against closed forms, the definitions of CrossSim and aihwkit, and what they do."""

import numpy as np
import pytest

from hardware_targets.memristor_crossbar import MemristorCrossbar
from hardware_targets.memristor_crossbar.digitized_products import Converters, DigitizedProduct, converter_ranges
from hardware_targets.memristor_crossbar.quantizers import (
    gaussian_quantization_error,
    input_bit_planes,
    quantized,
    quantizer_step,
)
from neuromorph import Ising, Minimize, Recall, RecallFrom, Tsp, testing

PERFECT = {"programming_error": 0.0, "drift": 0.0, "read_noise": 0.0, "levels": None, "wire_ohm": 0.0}
DRAWS = 400_000
Z = 5.0  # standard errors


def glass(n=24, seed=1):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n))


@pytest.mark.parametrize("bits", [4, 7, 9])
def test_rounding_leaves_a_twelfth_of_a_step_squared(bits):
    """Uniform inputs in the range: mean 0 and variance Delta^2 / 12 within sampling error, Delta = 2 X / (2^b - 2)."""
    x = np.random.default_rng(bits).uniform(-1.5, 1.5, DRAWS)
    error, step = quantized(x, bits, 1.5) - x, 3.0 / (2**bits - 2)
    assert quantizer_step(bits, 1.5) == step
    assert abs(error.mean()) < Z * step / np.sqrt(12 * DRAWS)
    assert abs(error.var() / (step**2 / 12) - 1.0) < Z * np.sqrt(0.8 / DRAWS)  # kurtosis 1.8
    assert np.abs(error).max() <= step / 2 * (1 + 1e-12)


@pytest.mark.parametrize(("bits", "largest"), [(6, 3.0), (6, 1.5), (8, 2.0), (8, 4.5)])
def test_clipping_leaves_what_the_closed_form_says(bits, largest):
    x = 0.7 * np.random.default_rng(bits).standard_normal(DRAWS)
    square = (quantized(x, bits, 0.7 * largest) - x) ** 2
    expected = gaussian_quantization_error(bits, 0.7 * largest, 0.7)
    assert abs(square.mean() - expected) < Z * square.std() / np.sqrt(DRAWS) + 2e-3 * expected


def test_codes_are_those_of_crosssim_and_aihwkit():
    """SignMagnitudeADC: 2^b - 1 levels with 0 among them; aihwkit: 254 steps of 1 / (2^8 - 2) of the range."""
    x = np.linspace(-2.0, 2.0, 100_001)
    for bits in (2, 3, 8):
        codes = np.unique(quantized(x, bits, 1.0).round(12))
        assert len(codes) == 2**bits - 1
        np.testing.assert_allclose(np.diff(codes), 2.0 / (2**bits - 2), rtol=1e-9)
        assert 0.0 in codes
    assert np.unique(quantized(x, 1, 1.0)).tolist() == [-1.0, 1.0]
    assert np.array_equal(quantized(x, None, 1.0), x)


@pytest.mark.parametrize("bits", [1, 2, 5, 8])
def test_bits_of_inputs_add_up(bits):
    x = np.random.default_rng(0).uniform(-1.2, 1.2, (3, 50))
    planes, weights = input_bit_planes(x, bits, 1.0)
    assert set(np.unique(planes)) <= {-1.0, 0.0, 1.0}
    np.testing.assert_allclose(np.tensordot(weights, planes, 1), quantized(x, bits, 1.0), atol=1e-12)


def test_serial_bits_change_nothing_but_the_rounding():
    """Without rounding of the outputs serial and parallel inputs give the same product; with it they differ."""
    rng = np.random.default_rng(3)
    columns, x = rng.uniform(-1, 1, (1, 12, 12)), rng.uniform(-1, 1, (20, 12))
    full = np.abs(columns).sum(axis=2).max(axis=1)

    def product(adc, serial):
        return DigitizedProduct(columns, np.ones(1), False, Converters(adc, 6, 100.0, serial), full)(x)

    np.testing.assert_allclose(product(None, True), product(None, False), atol=1e-12)
    assert not np.allclose(product(6, True), product(6, False))
    error = product(8, False) - quantized(x, 6, 1.0) @ columns[0].T
    assert error.std() == pytest.approx(2 * full[0] / 254 / np.sqrt(12), rel=0.15)


def test_ranges_never_clip_at_100_and_clip_what_was_asked_below():
    rng = np.random.default_rng(4)
    weights = rng.normal(size=(40, 40))
    converters = {p: Converters(6, 4, p) for p in (100.0, 99.0, 60.0)}
    found = {
        p: converter_ranges(weights[None], each, weights, np.zeros(40), np.random.default_rng(0))[0]
        for p, each in converters.items()
    }
    assert found[100.0] == np.abs(weights).sum(axis=1).max()
    assert found[100.0] > found[99.0] > found[60.0] > 0.0


def test_fine_converters_hold_what_the_analog_loop_holds():
    """10 bits around perfect cells: from the same cues the same memories; 3 bits with signs as inputs recall too."""
    patterns = np.random.default_rng(5).choice([-1, 1], (3, 60))
    problem = Recall("memory", patterns, noise=0.15)
    task = problem.task(12, 0)
    ends = []
    for given in ({}, {"digital_bits": 10, "dac_bits": 8}, {"digital_bits": 3}):
        device = MemristorCrossbar(**PERFECT, **given)
        run = device.run(device.program(problem, 0), task, 12, 0)
        assert run.converged.all()
        ends.append(run.spins)
    assert np.array_equal(ends[0], ends[1])
    assert np.mean([problem.score(problem.decode(s)) == 1.0 for s in ends[2]]) >= 0.9


def test_reads_follow_the_bits():
    """Of one device and the same seeds: coarse outputs end in other states, and higher, than fine ones."""
    asked, means = glass(60, 7), {}
    for bits, inputs, percentile in ((3, 1, 100.0), (8, 6, 99.9)):
        device = MemristorCrossbar(**PERFECT, digital_bits=bits, dac_bits=inputs, adc_percentile=percentile)
        run = device.run(device.program(asked, 0), Minimize(), 20, 0)
        means[bits] = run.energies.mean()
    assert means[3] > 0.9 * means[8]
    assert means[3] - means[8] > 0.03 * abs(means[8])


def test_every_code_works_between_converters():
    asked = glass(12)
    cue = np.ones(12)
    plain = MemristorCrossbar(**{**PERFECT, "levels": 16}, digital_bits=10, dac_bits=8, adc_percentile=100.0)
    expected = plain.run(plain.program(asked, 0), RecallFrom(cue), 1, 0).spins
    for given in ({"slices": 2}, {"slices": 2, "offset_columns": True}, {"bit_serial": True}):
        device = MemristorCrossbar(
            **{**PERFECT, "levels": 16}, digital_bits=10, dac_bits=8, adc_percentile=100.0, **given
        )
        assert np.array_equal(device.run(device.program(asked, 0), RecallFrom(cue), 1, 0).spins, expected)


@pytest.mark.parametrize("check", [testing.check_run, testing.check_minimize, testing.check_answers])
def test_a_digital_loop_with_every_part_keeps_its_word(check):
    check(MemristorCrossbar(digital_bits=6, slices=2, levels=16, offset_columns=True))


def test_a_tour_says_that_its_forces_are_not_rounded():
    problem = Tsp.from_coordinates(np.random.default_rng(0).random((5, 2)))
    digital, analog = (MemristorCrossbar(digital_bits=bits).program(problem, 0) for bits in (6, None))
    said = "forces of a tour are priced so, and not rounded"
    assert said in digital.notes
    assert said not in analog.notes


def test_a_trace_is_the_read_between_converters():
    device = MemristorCrossbar(digital_bits=5)
    program = device.program(glass(10), 0)
    for task in (Minimize(), RecallFrom(np.ones(10))):
        trace = device.trace(program, task, 3)
        assert np.array_equal(trace.spins, device.run(program, task, 1, 3).spins[0])


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"digital_bits": 11}, "digital_bits is 11; give 3 to 10"),
        ({"digital_bits": 6, "dac_bits": 0}, "dac_bits is 0; give 1 to 8"),
        ({"dac_bits": 4}, "give digital_bits too"),
        ({"bit_serial": True}, "give digital_bits too"),
        ({"digital_bits": 6, "adc_percentile": 20.0}, "adc_percentile is 20.0; give 50 to 100"),
    ],
)
def test_bad_converters_are_refused(given, rule):
    with pytest.raises(ValueError, match=rule):
        MemristorCrossbar(**given)
