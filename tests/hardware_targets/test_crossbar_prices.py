"""Prices of the crossbar: converters against the published fit, products against NeuRRAM, what parameters move."""

from dataclasses import replace
from math import erf, sqrt

import numpy as np
import pytest

from hardware_targets.memristor_crossbar import MemristorCrossbar, PhaseChange, adc_energy, dac_energy, product_energy
from hardware_targets.memristor_crossbar.converters import CONVERTERS
from hardware_targets.memristor_crossbar.phase_change_cell import programming_spread
from hardware_targets.memristor_crossbar.product_energy import phases_of
from hardware_targets.memristor_crossbar.write_verify import cells_in_parallel, pulses_to_write, verifying_bits
from neuromorph import Ising, Minimize, RecallFrom, Tsp, price
from neuromorph.analog.mean_field_annealing import sampling_interval
from neuromorph.pricing import at_boundary
from neuromorph.target_constants import replace_constants

# Computed by hwcomponents-adc itself (get_energy of its model of 2026-03), pJ.
PUBLISHED_ADC = {
    (4, 1e6, 14): 0.19524486937875268, (8, 1e6, 14): 0.36221240730878806, (8, 1e6, 130): 23.905170760819995,
    (8, 1e9, 65): 6.494479409727838, (8, 5e9, 65): 18.001368916896343, (10, 2e5, 130): 46.16777360043821,
    (12, 1e8, 65): 110.11998198550931, (6, 1e9, 22): 0.5265676824400688,
}  # fmt: skip
# (output, input bits): TOPS/W of Wan et al., Nature 608, 504 (2022), as digitised in CiMLoop's tests.
NEURRAM = {
    (3, 1): 43.07875866, (4, 2): 40.33412834, (5, 3): 23.09069279, (6, 4): 15.95409517, (8, 6): 8.257196816,
    (10, 8): 6.437388185,
}  # fmt: skip
# The same chip's fJ a MAC: word lines, neurons, input pulses.
BREAKDOWN = {(3, 1): (8.990, 10.619, 3.446), (6, 4): (21.756, 29.108, 11.507), (10, 8): (50.525, 75.857, 27.510)}


@pytest.mark.parametrize(("bits", "rate_hz", "node_nm"), PUBLISHED_ADC)
def test_converters_take_what_the_published_fit_says(bits, rate_hz, node_nm):
    """Where bits limit, where the rate does (5e9 Hz), across nodes: a wrong logarithm or a branch lost fails."""
    found = adc_energy(bits, rate_hz, node_nm * 1e-9)
    assert found.value * 1e12 == pytest.approx(PUBLISHED_ADC[bits, rate_hz, node_nm], rel=1e-6)
    assert (found.low / found.value, found.high / found.value) == pytest.approx((0.12, 4.35))


def test_converters_have_limits():
    assert adc_energy(1, 1e6, 14e-9).value == adc_energy(4, 1e6, 14e-9).value  # the fit begins at 4 bits
    assert dac_energy(9).value == 2.0 * dac_energy(8).value == 512e-15
    assert dac_energy(8).low <= 37.5e-15 * (1 + 1e-9) * 1.03  # TIMELY
    assert dac_energy(1).high == pytest.approx(0.417e-12, rel=0.01)  # ISAAC
    for wrong in ((0, 1e6, 14e-9), (21, 1e6, 14e-9), (8, 0.0, 14e-9), (8, 1e6, np.inf)):
        with pytest.raises(ValueError, match=r"bits is|rate_hz is"):
            adc_energy(*wrong)
    with pytest.raises(ValueError, match="bits is 0"):
        dac_energy(0)


@pytest.mark.parametrize(("output_bits", "input_bits"), NEURRAM)
def test_products_take_what_neurram_took(output_bits, input_bits):
    """Six published points within 20 %, one operation a multiply-accumulate; the model is at most 11 % off."""
    array, neurons = product_energy(input_bits, output_bits)
    tops_a_watt = 1e-12 / (array.value + neurons.value)
    assert tops_a_watt == pytest.approx(NEURRAM[output_bits, input_bits], rel=0.2)


@pytest.mark.parametrize(("output_bits", "input_bits"), BREAKDOWN)
def test_parts_of_a_product_are_those_of_neurram(output_bits, input_bits):
    """Word lines with pulses, and neurons, each within 25 %: two wrong parts that make up for each other fail."""
    array, neurons = product_energy(input_bits, output_bits)
    lines, converted, pulses = BREAKDOWN[output_bits, input_bits]
    assert array.value * 1e15 == pytest.approx(lines + pulses, rel=0.25)
    assert neurons.value * 1e15 == pytest.approx(converted, rel=0.25)
    assert neurons.low < converted * 1e-15 * 1.1


def test_more_than_three_bits_take_two_phases():
    assert [phases_of(bits) for bits in (1, 2, 4, 5, 6, 8)] == [(1,), (1,), (3,), (2, 2), (3, 2), (4, 3)]
    for wrong in ((0, 4), (9, 4), (4, 0), (4, 13)):
        with pytest.raises(ValueError, match="bits are"):
            product_energy(*wrong)


def test_pulses_follow_the_asked_error():
    """NeuRRAM: 8.52 pulses for +-1 uS in 40 uS; by drawing: the mean number, and the error that is left."""
    sigma = CONVERTERS["single_pulse_spread"].value
    assert 1.0 / erf(1.0 / 40.0 / (sqrt(2.0) * sigma)) == pytest.approx(8.52, rel=0.01)
    rng, goal = np.random.default_rng(0), 0.5
    for factor in (0.5, 1.0, 2.0):
        asked = factor * float(programming_spread(np.array(goal)))
        drawn = sigma * rng.standard_normal((20_000, 400))
        within = np.abs(drawn) <= sqrt(3.0) * asked
        first = within.argmax(axis=1)
        mean, cells = float(pulses_to_write(goal, PhaseChange(programming=factor))), np.arange(20_000)
        assert (first + 1).mean() == pytest.approx(mean, abs=6.0 * mean / np.sqrt(20_000))
        assert drawn[cells, first].std() == pytest.approx(asked, rel=0.05)
    assert pulses_to_write(0.0, PhaseChange()) == 1.0
    assert pulses_to_write(0.7, PhaseChange(programming=0.0)) == 100.0
    assert pulses_to_write(0.7, PhaseChange(stuck=1.0)) == 100.0


def test_bits_follow_levels_and_the_asked_error():
    assert [verifying_bits(PhaseChange(levels=levels)) for levels in (None, 4, 32, 33, 256)] == [4, 4, 6, 6, 9]
    assert [verifying_bits(PhaseChange(programming=factor, levels=None)) for factor in (4.0, 1.0, 0.5, 0.0)] == [
        2,
        4,
        5,
        9,
    ]
    assert [cells_in_parallel(PhaseChange(read=read)) for read in (2.0, 1.0, 0.71, 0.5, 0.25, 0.1, 0.0)] == [
        1, 1, 2, 4, 16, 16, 16,
    ]  # fmt: skip


# What each parameter moves.


def glass(n=24):
    rng = np.random.default_rng(1)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n))


CUE = np.random.default_rng(2).choice([-1, 1], 24)


def joules(boundary="system", **parameters):
    """Joules of programming, watts of a read (whose length is another matter), joules by what they are for."""
    crossbar = MemristorCrossbar(**parameters)
    run = crossbar.run(crossbar.program(glass(), 0), RecallFrom(CUE), 4, 0)
    ledger = at_boundary(price(run, crossbar.costs()), boundary)
    parts = {entry.what.split(" of ")[0]: entry.total.value for entry in ledger.entries}
    watts = ledger.energy_per_read().value / run.activity["device_s"].mean()
    return ledger.programming_energy().value, watts, parts


@pytest.mark.parametrize(
    ("cheap", "dear", "part"),
    [
        ({"levels": 8}, {"levels": 256}, "ADC"),
        ({"levels": 8}, {"levels": 256}, "DACs"),
        ({"programming_error": 2.0}, {"programming_error": 1.0}, "programming, shared by all reads"),
        ({"programming_error": 1.0}, {"programming_error": False}, "programming, shared by all reads"),
        ({"levels": None}, {"levels": None, "programming_error": 0.1}, "ADC"),
        ({"stuck": 0.0}, {"stuck": 0.05}, "programming, shared by all reads"),
        ({"read_noise": True}, {"read_noise": False}, "cells and wires"),
        ({"read_noise": True}, {"read_noise": False}, "programming, shared by all reads"),
        ({"age_s": 3.2e7}, {"age_s": 20.0}, "cells and wires"),
        ({"age_s": 3.2e7}, {"age_s": 20.0}, "writing the cells again once in their age"),
        ({"tile": 256}, {"tile": 8}, "amplifiers"),
        ({"digital_bits": 4}, {"digital_bits": 8}, "neurons that convert to 8 bits"),
    ],
)
def test_each_parameter_moves_the_price(cheap, dear, part):
    """In the direction of what it asks for: finer, less noisy, fresher costs more."""
    (_, _, less), (_, _, more) = joules(**cheap), joules(**dear)
    low = less[part.replace("8 bits", "4 bits")]
    assert 0.0 < low < more[part]


def test_the_whole_price_moves_too():
    """Not one part against another: writing of a better matrix, and a read of a quieter one, as a whole."""
    plain = joules()
    assert joules(programming_error=0.3)[0] > 2.0 * plain[0]
    assert joules(levels=256)[0] > plain[0] > joules(levels=4)[0]
    assert joules(read_noise=0.5)[1] > plain[1]
    assert joules(digital_bits=10)[1] > joules(digital_bits=6)[1] > joules(digital_bits=3)[1]


def test_a_digital_loop_is_priced_by_its_products():
    """n (n - 1) products in each interval of half an R C or less, and no amplifiers; a note says what is rounded."""
    crossbar = MemristorCrossbar(digital_bits=6)
    program = crossbar.program(glass(), 0)
    assert any("between converters: inputs of 4 bits, outputs of 6" in note for note in program.notes)
    run = crossbar.run(program, Minimize(), 2, 0)
    interval = sampling_interval(program.state.read(None))
    assert 0.2 < interval <= 0.5
    np.testing.assert_allclose(run.activity["macs"], 24 * 23 * run.activity["device_s"] / (interval * 5e-6))
    np.testing.assert_allclose(run.activity["updates"], 24 * run.activity["device_s"] / (interval * 5e-6))
    found = {entry.what: entry for entry in price(run, crossbar.costs()).entries}
    array, neurons = product_energy(4, 6)
    total = run.activity["macs"].sum()
    assert found["word lines, inputs and cells of digital products"].total.value == pytest.approx(total * array.value)
    assert found["neurons that convert to 6 bits"].total.value == pytest.approx(total * neurons.value)
    assert not {"amplifiers", "cells and wires"} & found.keys()
    with pytest.raises(ValueError, match="digital_bits is 2; give 3 to 10"):
        MemristorCrossbar(digital_bits=2)


def test_a_tour_is_written_and_worked_on_too():
    """Two rows drive the integrators of one position in each slot of 250 ns."""
    problem, crossbar = Tsp.from_coordinates(np.random.default_rng(0).random((7, 2))), MemristorCrossbar()
    program = crossbar.program(problem, 0)
    run = crossbar.run(program, Minimize(), 2, 0)
    slots = run.activity["device_s"] / 250e-9
    np.testing.assert_allclose(run.activity["macs"], 2 * 7 * slots)
    assert 7 * 6 * 2 < program.setup["pulses"] < 7 * 6 * 8
    np.testing.assert_allclose(
        run.activity["rewriting_pulses"], program.setup["pulses"] * run.activity["device_s"] / 3600
    )


def test_converters_can_be_priced_anew():
    """By one's own node, rate and factor on the fit; the reads stay."""
    crossbar = MemristorCrossbar()
    run = crossbar.run(crossbar.program(glass(), 0), RecallFrom(CUE), 2, 0)

    def verifying(device):
        return next(e for e in price(run, device.costs()).entries if e.what.startswith("ADC of 6 bits")).total.value

    table = crossbar.constants
    node = replace_constants(
        crossbar, {"converter_node": replace(table["converter_node"], value=28e-9, low=28e-9, high=28e-9)}
    )
    assert verifying(node) / verifying(crossbar) == pytest.approx(2.0**1.88, rel=1e-3)
    half = replace(table["adc_over_fit"], value=0.5)
    assert verifying(replace_constants(crossbar, {"adc_over_fit": half})) == pytest.approx(0.5 * verifying(crossbar))
