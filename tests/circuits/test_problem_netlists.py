"""A problem's netlist at every level runs, and says which amplifier it has and where its numbers are from."""

import re
from dataclasses import replace

import numpy as np
import pytest

from circuits import DIALECTS, OPAMPS, installed_engines, problem_netlist, read_netlist, simulate_circuit
from circuits.synthesis.problem_circuit import default_components
from neuromorph import Recall, Tsp
from neuromorph.analog import AnalogNetwork

ENGINES = installed_engines()
MEMORY = Recall("memory", np.random.default_rng(0).choice([-1, 1], (2, 9)))


def comments(text):
    return " ".join(line[2:] for line in text.splitlines() if line.startswith("* "))


@pytest.mark.parametrize("name", sorted(OPAMPS))
def test_a_preset_is_named_with_the_sources_of_its_numbers(name):
    said = comments(problem_netlist(MEMORY, level="opamp", opamp=name))
    assert f"amplifiers: {name}" in said
    assert "where the numbers of the amplifiers are from" in said
    assert re.search(r"gain.*: (measured|assumed|modelled), ", said)
    for other in set(OPAMPS) - {name}:
        assert other not in said.replace("MCP6001/2/4", "")


def test_the_default_is_the_part_that_is_priced_and_other_parts_are_as_given():
    assert problem_netlist(MEMORY, level="opamp") == problem_netlist(MEMORY, level="opamp", opamp="lmv824")
    assert problem_netlist(MEMORY, level="opamp") == problem_netlist(MEMORY, level="opamp", opamp=OPAMPS["lmv824"])
    own = replace(OPAMPS["opa192"], name="mine", gain=1e4)
    assert "amplifier mine: numbers as given" in comments(problem_netlist(MEMORY, level="opamp", opamp=own))


def test_ideal_amplifiers_and_transistors_say_so():
    assert "amplifiers: ideal" in comments(problem_netlist(MEMORY))
    said = comments(problem_netlist(MEMORY, level="transistor"))
    assert "CMOS, 16 transistors a neuron" in said
    assert "Razavi" in said


@pytest.mark.parametrize("level", ["ideal", "opamp", "transistor"])
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_level_is_written_in_every_dialect(level, dialect):
    """To the simulator that does not hold initial voltages with clamps that do."""
    lines = problem_netlist(MEMORY, level=level, dialect=dialect).splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[-1] == ".end"
    held = [line for line in lines if line.startswith("bclamp_u")]
    assert len(held) == 9 * ((level, dialect) == ("transistor", "neospice"))
    assert bool(held) != any(line.startswith(".ic") for line in lines)


@pytest.mark.parametrize("level", ["ideal", "opamp", "transistor"])
def test_what_is_written_runs_and_recalls_the_same(level):
    """Read back and simulated, each level ends in one and the same state."""
    engine = "ngspice" if "ngspice" in ENGINES else None
    if engine is None:
        return
    ends = []
    for each in ("ideal", level):
        waves = simulate_circuit(read_netlist(problem_netlist(MEMORY, level=each, rng=4)), engine)
        ends.append(waves.of([f"v{i}" for i in range(9)])[-1] > 0.0)
    np.testing.assert_array_equal(*ends)


def test_tours_that_anneal_have_no_levels_and_larger_ones_do():
    cities = np.random.default_rng(0).random((7, 2))
    for options in ({"level": "opamp"}, {"level": "transistor"}):
        with pytest.raises(ValueError, match=r"7 cities becomes a circuit that anneals.*leave level at 'ideal'"):
            problem_netlist(Tsp.from_coordinates(cities), **options)
    assert "amplifiers: tl072" in problem_netlist(Tsp.from_coordinates(cities[:3]), level="opamp", opamp="tl072")


def test_an_amplifier_without_its_level_is_refused():
    with pytest.raises(ValueError, match="opamp is given, but level is 'ideal'"):
        problem_netlist(MEMORY, opamp="tl072")
    with pytest.raises(ValueError, match="opamp is '741'; known are lmv824, opa192, tl072, mcp6001"):
        problem_netlist(MEMORY, level="opamp", opamp="741")


def test_transistors_get_resistors_that_they_can_drive():
    """Three patterns in 120 pixels, of 100 kohm: an output would need transistors of several millimetres."""
    large = Recall("memory", np.random.default_rng(0).choice([-1, 1], (3, 120)))
    low, high = default_components(AnalogNetwork.from_ising(large.ising()), "transistor").resistors_ohm
    assert 2e5 < low < high
    sizes = re.findall(r" w=([0-9.e-]+)", problem_netlist(large, level="transistor"))
    assert 1e-5 < max(map(float, sizes)) <= 2e-3  # as wide as they may be
