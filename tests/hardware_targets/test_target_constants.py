"""Constants of targets: all are told, prices and times follow those that are replaced, and no spin does."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.analog_circuit import AnalogCircuit
from hardware_targets.cpu.annealer import CpuAnneal
from neuromorph.cli import main
from neuromorph.protocol import TargetError
from neuromorph.target_constants import constants_of, priced_of, read_replacements, replace_constants

TARGETS = nm.available_targets()
GLASS = np.triu(np.random.default_rng(3).normal(size=(4, 4)), 1)
PROBLEM = nm.Ising(GLASS + GLASS.T, [0.1, -0.3, 0.2, 0.4])
RING = "6 6\n" + "\n".join(f"{k + 1} {(k + 1) % 6 + 1} 1" for k in range(6)) + "\n"
DATUM = '[{}]\nvalue = {}\nunit = "{}"\nkind = "measured"\nsource = "mine"\n'


def reads(device, count=3):
    claims = device.supported_tasks
    task = nm.Minimize() if "minimize" in claims else nm.Sample(0.5)
    task = task if claims & {"minimize", "sample"} else nm.RecallFrom(np.ones(4, np.int8))
    return device.run(device.program(PROBLEM, 1), task, count, 2)


def doubled(datum):
    return replace(datum, value=2.0 * datum.value, low=2.0 * datum.low, high=2.0 * datum.high)


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_tells_its_constants_with_their_sources(name):
    device = nm.get_target(name)
    table, priced = constants_of(device), priced_of(device)
    assert table
    assert all(isinstance(datum, nm.Datum) and datum.source.strip() for datum in table.values())
    assert priced
    assert priced <= table.keys()


@pytest.mark.parametrize("name", [name for name in TARGETS if not name.startswith("spiking")])
def test_prices_are_all_in_the_table(name):
    """Doubling every priced energy and power, and nothing else, doubles the joules of a run."""
    device = nm.get_target(name)
    table = constants_of(device)
    watts = {each for each in priced_of(device) if table[each].unit in ("W", "J", "J/J", "W/W", "V^2", "1")}
    run = reads(device)
    before = nm.price(run, device.costs())
    changed = replace_constants(device, {each: doubled(table[each]) for each in watts})
    after = nm.price(run, changed.costs())
    names = {entry.what for entry in before.entries}
    assert names == {entry.what for entry in after.entries}
    for old, new in zip(before.entries, after.entries, strict=True):
        assert new.total.value >= old.total.value
    assert after.energy().value >= 1.2 * before.energy().value


@pytest.mark.parametrize("name", TARGETS)
def test_no_spin_depends_on_a_constant_that_can_be_replaced(name):
    """All at once by 1.5, and rates of simulated clocks too: spins to the bit, seconds and joules not."""
    device = nm.get_target(name)
    larger = {
        each: replace(datum, value=1.5 * datum.value, low=1.5 * datum.low, high=1.5 * datum.high)
        for each, datum in constants_of(device).items()
        if each in priced_of(device)
    }
    changed = replace_constants(device, larger)
    before, after = reads(device), reads(changed)
    assert np.array_equal(before.spins, after.spins)
    assert np.array_equal(before.energies, after.energies)
    a, b = nm.price(before, device.costs()), nm.price(after, changed.costs())
    assert (a.energy().value, a.time_per_read.value) != (b.energy().value, b.time_per_read.value)


def test_a_time_constant_scales_seconds_and_joules_and_nothing_else():
    device = AnalogCircuit()
    slower = replace_constants(device, {"time_constant": doubled(constants_of(device)["time_constant"])})
    a, b = reads(device), reads(slower)
    assert np.array_equal(a.spins, b.spins)
    assert np.array_equal(2.0 * a.activity["device_s"], b.activity["device_s"])
    assert np.array_equal(2.0 * a.activity["synapse_j"], b.activity["synapse_j"])
    assert np.array_equal(a.activity["conversions"], b.activity["conversions"])
    asked = AnalogCircuit(tau_s=4e-5)
    # of capacitors that one can buy
    assert reads(asked).activity["device_s"] == pytest.approx(b.activity["device_s"], rel=0.02)


@pytest.mark.parametrize(
    ("name", "constant"), [("atomic-spins", "attempt_rate_hz"), ("dopant-glass", "attempt_rate_hz")]
)
def test_a_clock_twice_as_fast_halves_the_time_of_a_read(name, constant):
    device = nm.get_target(name)
    faster = replace_constants(device, {constant: doubled(constants_of(device)[constant])})
    run = reads(device)
    slow, fast = ({e.what: e.total.value for e in nm.price(run, d.costs()).times} for d in (device, faster))
    what = next(iter(slow))
    assert fast[what] == pytest.approx(slow[what] / 2.0, rel=1e-12)
    assert np.array_equal(run.spins, reads(faster).spins)


def test_steps_of_a_chip_count():
    device = nm.get_target("spiking-generic")
    step = constants_of(device)["step_time"]
    slower = replace_constants(
        device, {"step_time": nm.Datum(3 * step.value, "s", step.value, 9 * step.value, "assumed", "m")}
    )
    second = slower.constants["device_second"]
    assert (second.low, second.high) == pytest.approx((1 / 3, 3.0))
    program = device.program(PROBLEM, 1)
    a, b = (each.run(program, nm.Sample(0.5), 2, 1) for each in (device, slower))
    assert np.array_equal(a.spins, b.spins)
    assert b.activity["device_s"] == pytest.approx(3.0 * a.activity["device_s"])


@pytest.mark.parametrize(
    ("target", "constant", "unit", "value", "said"),
    [
        ("cpu-anneal", "core_power", "W", 5.0, "has no constant 'core_power'; did you mean core_power_w?"),
        ("cpu-anneal", "core_power_w", "J", 5.0, "core_power_w of cpu-anneal is in 'J'; give it in 'W'"),
        ("cpu-anneal", "core_power_w", "W", -5.0, "is -5 at least; it must be 0 or above"),
        ("atomic-spins", "attempt_rate_hz", "1/s", 0.0, "must be above 0"),
        ("memristor-crossbar", "flicker", "1", 0.1, "flicker of memristor-crossbar decides its reads"),
        ("memristor-crossbar", "read_voltage", "V", 50.0, "do not go together"),
        ("analog-circuit", "supply", "V", 0.5, "supply is 0.5 V"),
        ("analog-circuit", "time_constant", "s", 1e-9, "tau_s is 1e-09"),
    ],
)
def test_what_cannot_be_replaced_says_why(target, constant, unit, value, said):
    datum = nm.Datum(value, unit, value, value, "assumed", "a test")
    with pytest.raises(ValueError, match=said):
        replace_constants(nm.get_target(target), {constant: datum})


def test_a_constant_and_the_parameter_that_stands_for_it_are_not_both_given():
    datum = nm.Datum(5.0, "W", 5.0, 5.0, "measured", "a test")
    with pytest.raises(ValueError, match="power_w=4"):
        replace_constants(nm.get_target("cpu-anneal(power_w=4)"), {"core_power_w": datum})
    with pytest.raises(ValueError, match="power_w=4"):
        replace_constants(nm.get_target("cpu-gibbs(power_w=4)"), {"core_power_w": datum})
    with pytest.raises(ValueError, match="tau_s"):
        replace_constants(AnalogCircuit(tau_s=3e-5), {"time_constant": replace(datum, unit="s")})


def test_a_target_without_constants_stays_as_it_is():
    class Bare:
        name, summary, supported_tasks = "bare", "none", frozenset({"minimize"})

        def program(self, problem, rng=None): ...

        def run(self, program, task, reads=1, rng=None): ...

        def costs(self):
            return ()

    assert constants_of(Bare()) == {}
    device = Bare()
    assert replace_constants(device, {}) is device


class Odd(CpuAnneal):
    """Another package's, whose constants are none."""

    def __getattribute__(self, name):
        if name == "constants":
            raise RuntimeError("no table today")
        return super().__getattribute__(name)


def test_constants_that_cannot_be_read_matter_only_where_they_are_asked_for(ring, monkeypatch):
    monkeypatch.setattr(Odd, "costs", lambda self: CpuAnneal().costs())
    odd = Odd.__new__(Odd)
    for name, value in (("sweeps", 5), ("power_w", None)):
        object.__setattr__(odd, name, value)
    with pytest.raises(TargetError, match="constants of cpu-anneal cannot be read: RuntimeError: no table today"):
        constants_of(odd)
    problem = nm.load(ring)
    (plain,) = nm.compare(problem, [odd], 2, 1).results
    assert plain.target == "cpu-anneal"
    with pytest.raises(TargetError, match="no table today"):
        nm.compare(problem, [odd], 2, 1, costs={"core_power_w": constants_of(CpuAnneal())["core_power_w"]})


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.txt"
    path.write_text(RING)
    return path


@pytest.fixture
def costs(tmp_path):
    def write(*tables):
        path = tmp_path / "cost.toml"
        path.write_text("\n".join(DATUM.format(*table) for table in tables))
        return path

    return write


def test_a_file_replaces_a_constant_everywhere_or_in_one_target(ring, costs):
    path = costs(
        ("counted_joule", 0.9, "J/J"), ("cpu-gibbs.core_power_w", 3.0, "W"), ("spiking-loihi.chip_power", 1.0, "W")
    )
    texts = ["cpu-anneal(sweeps=20)", "cpu-gibbs(sweeps=20)"]
    plain = nm.compare(nm.load(ring), texts, 4, 1)
    rows = nm.compare(nm.load(ring), texts, 4, 1, costs=path).results
    units = [{entry.what: entry.unit.value for entry in row.ledger.entries} for row in rows]
    counted = {"one busy core, by its counters": 0.9, "caches and memory controller, by counters": 0.9}
    assert units[0] == {"one busy core": 4.4, "rest of the machine": 10.0, **counted}
    once = {"finding temperatures, once": 3.0, "rest of the machine, finding temperatures, once": 10.0}
    assert units[1] == {"one busy core": 3.0, "rest of the machine": 10.0, **counted, **once}
    assert [sorted(row.run.provenance["replaced_constants"]) for row in rows] == [
        ["counted_joule"],
        ["core_power_w", "counted_joule"],
    ]
    assert rows[1].run.provenance["replaced_constants"]["core_power_w"] == {
        "value": 3.0, "unit": "W", "low": 3.0, "high": 3.0, "kind": "measured", "source": "mine",
    }  # fmt: skip
    assert "core_power_w = 3 W" in rows[1].notes[-1]
    for a, b in zip(plain.results, rows, strict=True):
        assert np.array_equal(a.run.spins, b.run.spins)
        assert "replaced_constants" not in a.run.provenance


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[cpu-anneal]\n"])
def test_a_file_without_a_constant_is_refused(tmp_path, text):
    (tmp_path / "empty.toml").write_text(text)
    with pytest.raises(ValueError, match=r"empty\.toml"):
        read_replacements(tmp_path / "empty.toml")


def test_python_takes_data_as_well(ring):
    datum = nm.Datum(3.0, "W", 2.0, 4.0, "measured", "mine")
    for costs in ({"core_power_w": datum}, {"cpu-anneal": {"core_power_w": datum}}):
        (row,) = nm.compare(nm.load(ring), "cpu-anneal(sweeps=20)", 2, 1, costs=costs).results
        assert row.ledger.entries[0].unit == datum
    with pytest.raises(ValueError, match="'core_power_w' is a float; give a Datum"):
        read_replacements({"core_power_w": 3.0})


def test_kept_reads_are_made_again_for_other_times(ring, costs, tmp_path):
    problem, folder = nm.load(ring), tmp_path / "kept"
    path = costs(("core_power_w", 7.0, "W"))
    counts = [
        nm.compare(problem, "cpu-anneal(sweeps=20)", 2, 1, directory=folder, costs=each).results[0].resumed
        for each in (None, None, path, path)
    ]
    assert counts == [0, 2, 0, 2]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([("core_power", 7.0, "W")], "no target of this study has a constant 'core_power'; did you mean core_power_w?"),
        ([("pulse_energy", 7.0, "J")], "those of other targets stand below [target.constant]"),
        ([("cpu-aneal.core_power_w", 7.0, "W")], "no target 'cpu-aneal'; did you mean cpu-anneal?"),
        ([("cpu-anneal.sweeps", 7, "1")], "cpu-anneal has no constant 'sweeps'"),
        ([("core_power_w", 7.0, "J")], "give it in 'W'"),
        ([("core_power_w", '"7"', "W")], "core_power_w': value is '7'; give a finite number"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "solve"])
def test_a_wrong_file_is_one_line_and_exit_code_2(ring, costs, capsys, command, tables, said):
    option = {"compare": "--targets", "solve": "--target"}[command]
    words = [command, str(ring), option, "cpu-anneal", "--reads", "2", "--cost", str(costs(*tables))]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_file_that_is_not_there(ring, capsys):
    assert main(["compare", str(ring), "--cost", "nowhere.toml", "--targets", "cpu-anneal"]) == 2
    assert "cannot read nowhere.toml" in capsys.readouterr().err


def test_the_command_line_prices_anew(ring, costs, capsys):
    path = costs(("core_power_w", 1000.0, "W"))
    words = ["compare", str(ring), "--targets", "cpu-anneal(sweeps=20)", "--reads", "2", "--seed", "1", "--json"]
    assert main([*words, "--cost", str(path)]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["ledger"][0]["unit_energy_j"] == 1000.0
    assert row["ledger"][0]["source"] == "mine"
    assert row["replaced_constants"]["core_power_w"]["value"] == 1000.0


@pytest.mark.parametrize("name", ["memristor-crossbar(levels=16)", "spiking-generic", "dopant-neurons"])
def test_targets_name_shows_parameters_limits_and_constants(name, capsys):
    assert main(["targets", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    device = nm.get_target(name)
    assert found["name"] == device.name
    assert found["provenance"]["command"] == shlex.join(["neuromorph", "targets", name, "--json"])
    assert {"versions", "machine", "date"} <= found["provenance"].keys()
    assert set(found["constants"]) == set(constants_of(device))
    assert {each for each, datum in found["constants"].items() if datum["priced"]} == priced_of(device)
    assert all(each["meaning"] for each in found["parameters"])
    assert main(["targets", name]) == 0
    text = capsys.readouterr().out
    for each in (*found["parameters"], *({"name": constant} for constant in found["constants"])):
        assert f" {each['name']} = " in text
    assert "spins: " in text
    if "levels=16" in name:
        assert "levels = 16 (whole number | none)" in text


def test_the_generic_chip_still_takes_a_table_of_its_own(tmp_path):
    path = tmp_path / "chip.toml"
    path.write_text(DATUM.format("weight_bits", 4, "bit"))
    chip = nm.get_target(f"spiking-generic(table={path})")
    assert chip.constants["weight_bits"].value == 4
    assert CpuAnneal().constants.keys() == {"core_power_w", "counted_joule", "clock", "host_power"}
