"""Energy counters of a processor, from a folder that looks like /sys/class/powercap: wraps, refusals, nonsense."""

import json
import os
from dataclasses import replace

import pytest

from neuromorph.cli import main
from neuromorph.pricing import chip_power, core_power, read_cpu_energy

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def machine(tmp_path):
    """Write zones {name: (zone, microjoules)} and the busy seconds of 4 cores; return both places."""
    root, stat = tmp_path / "powercap", tmp_path / "stat"

    def write(zones, busy_s=0.0, turn=1_000_000_000):
        for zone, (name, microjoules) in zones.items():
            folder = root / zone
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "name").write_text(f"{name}\n")
            (folder / "energy_uj").write_text(f"{microjoules}\n")
            (folder / "max_energy_range_uj").write_text(f"{turn}\n")
        half = int(busy_s * TICKS / 2)
        cores = "".join(f"cpu{k} 0 0 0 0 0 0 0\n" for k in range(4))
        stat.write_text(f"cpu  {half} 0 {half} 987654 33 0 0\n{cores}intr 5\n")
        return root, stat

    return write


def readings(machine, first, second, busy=(10.0, 12.0), seconds=2.0, **more):
    before = read_cpu_energy(*machine(first, busy[0], **more))
    after = read_cpu_energy(*machine(second, busy[1], **more))
    return replace(before, clock_s=0.0), replace(after, clock_s=seconds)


def zones(package, core=None):
    found = {"intel-rapl:0": ("package-0", package), "intel-rapl-mmio:0": ("package-0", 7)}
    return found if core is None else found | {"intel-rapl:0:0": ("core", core)}


def test_the_power_of_a_busy_core_by_hand(machine):
    """In 2 s the cores took 16 J and the package 26 J; one core was busy all the time."""
    both = readings(machine, zones(5_000_000, 1_000_000), zones(31_000_000, 17_000_000))
    core, chip = core_power(*both), chip_power(*both)
    assert (core.value, core.high, core.low) == pytest.approx((8.0, 8.0, 2.0))  # low: 16 J over 2 s of 4 cores
    assert (core.kind, core.unit) == ("measured", "W")
    assert chip.value == pytest.approx(5.0)
    assert "2 s in which cores were busy" in core.source


def test_a_counter_that_started_again(machine):
    both = readings(machine, zones(999_000_000, 998_000_000), zones(19_000_000, 8_000_000))
    assert core_power(*both).value == pytest.approx(10.0 / 2.0)
    assert chip_power(*both).value == pytest.approx(10.0 / 2.0)


def test_a_counter_that_a_sleep_has_set_to_zero_is_no_reading(machine):
    """It would add nearly its whole range: 250 kJ in 2 s."""
    turn = 262_143_328_850
    both = readings(machine, zones(10_000_000_000, 9_000_000_000), zones(2_000_000, 1_000_000), turn=turn)
    assert core_power(*both) is None
    assert chip_power(*both) is None


def test_a_start_beyond_its_range_is_no_reading(machine):
    """Microjoules that fall by more than the range that the file states: of two packages, one makes both void."""
    second = {"intel-rapl:1": ("package-1", 0)}
    later = {"intel-rapl:1": ("package-1", 900_000_000)}
    both = readings(machine, zones(990_000_000) | second, zones(1) | later, turn=100_000_000)
    assert core_power(*both) is None


def test_one_of_two_packages_starts_again(machine):
    first = {"intel-rapl:0": ("package-0-die-0", 995_000_000), "intel-rapl:1": ("package-0-die-1", 1_000_000)}
    later = {"intel-rapl:0": ("package-0-die-0", 5_000_000), "intel-rapl:1": ("package-0-die-1", 9_000_000)}
    assert core_power(*readings(machine, first, later)).value == pytest.approx((10.0 + 8.0) / 2.0)


def test_a_package_that_came_or_went_is_left_out(machine):
    """A socket that is switched on between the readings has no beginning; one that has no cores apart counts whole."""
    later = zones(20_000_000, 8_000_000) | {"intel-rapl:1": ("package-1", 5_000_000)}
    both = readings(machine, zones(10_000_000, 2_000_000), later)
    assert core_power(*both).value == pytest.approx(6.0 / 2.0)
    mixed = zones(0, 0) | {"intel-rapl:1": ("package-1", 0)}
    both = readings(machine, mixed, zones(20_000_000, 8_000_000) | {"intel-rapl:1": ("package-1", 4_000_000)})
    assert core_power(*both).value == pytest.approx(24.0 / 2.0)
    assert chip_power(*both) is None


@pytest.mark.parametrize("name", ["name", "energy_uj", "max_energy_range_uj"])
@pytest.mark.parametrize("zone", ["intel-rapl:0", "intel-rapl:0:0"])
def test_a_file_that_is_not_there_or_fails_says_why(machine, zone, name):
    root, stat = machine(zones(5, 3))
    (root / zone / name).unlink()
    found = read_cpu_energy(root, stat)
    assert found.joules == {}
    assert "cannot be read" in found.reason
    (root / zone / name).mkdir()
    assert "cannot be read" in read_cpu_energy(root, stat).reason


def test_a_package_that_does_not_tell_its_cores_apart(machine):
    both = readings(machine, zones(0), zones(26_000_000))
    assert core_power(*both).value == pytest.approx(13.0)
    assert chip_power(*both) is None


def test_two_packages_add_up(machine):
    second = {"intel-rapl:1": ("package-1", 0), "intel-rapl:1:0": ("core", 0)}
    later = {"intel-rapl:1": ("package-1", 9_000_000), "intel-rapl:1:0": ("core", 4_000_000)}
    both = readings(machine, zones(0, 0) | second, zones(10_000_000, 6_000_000) | later)
    assert (core_power(*both).value, chip_power(*both).value) == pytest.approx((5.0, 4.5))


@pytest.mark.parametrize("case", [{"seconds": 0.01}, {"busy": (3.0, 3.0)}])
def test_too_short_or_idle_gives_no_power(machine, case):
    assert core_power(*readings(machine, zones(0, 0), zones(10, 10), **case)) is None


def test_nothing_to_read_says_why(tmp_path, machine):
    _, stat = machine({})
    none = read_cpu_energy(tmp_path / "nowhere", stat)
    assert "cannot be read" in none.reason
    (tmp_path / "powercap").mkdir()
    assert "counts no energy" in read_cpu_energy(tmp_path / "powercap", stat).reason
    assert core_power(none, none) is None


def test_a_counter_of_root_alone_says_so(machine, monkeypatch):
    root, stat = machine(zones(5, 3))

    def refuse(self, *args, **named):
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **named)

    real = type(root).open
    monkeypatch.setattr(type(root), "open", refuse)
    found = read_cpu_energy(root, stat)
    assert found.joules == {}
    assert "energy_uj may be read by root alone; a stated power is used" in found.reason
    assert "state yours as power_w" in found.reason


@pytest.mark.parametrize("nonsense", [b"", b"\xff\x00\xfe", b"12.5 joules", b"9" * 5000])
@pytest.mark.parametrize("where", ["energy_uj", "max_energy_range_uj", "stat"])
def test_nonsense_is_no_counter(machine, nonsense, where):
    root, stat = machine(zones(5, 3))
    path = stat if where == "stat" else root / "intel-rapl:0" / where
    path.write_bytes(nonsense)
    found = read_cpu_energy(root, stat)
    assert not found.joules or nonsense == b"9" * 5000
    assert core_power(found, found) is None


def test_info_says_whether_joules_are_measured(machine, monkeypatch, capsys):
    root, stat = machine(zones(5, 3))
    found = read_cpu_energy(root, stat)
    for each, said in (
        (found, "joules of this CPU: measured (package-0, package-0/core)\n"),
        (read_cpu_energy(root / "nowhere", stat), "; a stated power is used\n"),
    ):
        monkeypatch.setattr("neuromorph.pricing.read_cpu_energy", lambda each=each: each)
        assert main(["info"]) == 0
        assert said in capsys.readouterr().out
        assert main(["info", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["cpu_joules"]


def test_this_machine_answers_without_an_error():
    before, after = read_cpu_energy(), read_cpu_energy()
    assert bool(before.joules) != bool(before.reason)
    assert core_power(before, after) is None
