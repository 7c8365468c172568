r"""Joules of a processor from Linux' powercap counters, and the part of one busy core.

.. math:: P_{core} = \frac{E_{cores}}{\sum_c t_c^{busy}}

The counters (RAPL: of Intel since Sandy Bridge, of AMD since Linux 5.8) hold the energy of a whole package and of all
its cores together, not of one process. What one busy core draws is therefore the energy of the cores over the seconds
in which any core was busy, by the times of ``/proc/stat``. That charges idle cores' leakage to the busy ones; the low
end spreads the energy evenly over all cores.

What a target does with it::

    before = read_cpu_energy()
    ...                             # the reads
    after = read_cpu_energy()
    power = core_power(before, after)       # Datum in W, kind "measured"; None where nothing can be read
    beside = chip_power(before, after)      # likewise, what else is in the package, for one busy core

where None leaves the stated power of the table. Counters are read-only files; on most systems root alone may read them
since CVE-2020-8694. Sources: docs.kernel.org/power/powercap/powercap.html; proc(5).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from ..datum import Datum

POWERCAP = Path("/sys/class/powercap")
STAT = Path("/proc/stat")

_LEAST_S = 0.1  # shortest interval: counters move once in 1 ms, times of /proc/stat once in 10 ms
_BUSY = (0, 1, 2, 5, 6)  # of the times in a line of /proc/stat: user, nice, system, irq, softirq
_MOST_W = 2_000.0  # of a package: sockets of today draw up to 500 W, and a few times that for an instant
_INSTEAD = "a stated power is used"
_MOST_BYTES = 1 << 20  # of a file


@dataclass(frozen=True)
class CpuEnergy:
    """Counters of all packages at one moment.

    Attributes
    ----------
    joules : dict of str to (float, float)
        Energy, and the one at which its counter starts again from 0, J, by the name of a zone: "package-0",
        "package-0/core".
    busy_s : float
        Seconds in which cores were busy since the machine started, all cores added up.
    cores : int
        Cores that the operating system counts.
    clock_s : float
        Clock of this process, s.
    reason : str
        Why there are no counters, if there are none.
    """

    joules: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    busy_s: float = 0.0
    cores: int = 0
    clock_s: float = 0.0
    reason: str = ""


def read_cpu_energy(powercap: Path = POWERCAP, stat: Path = STAT) -> CpuEnergy:
    """Read the energy counters of the processor, if this user may.

    Parameters
    ----------
    powercap : Path
        Folder of the zones.
    stat : Path
        File with the times of the cores.

    Returns
    -------
    CpuEnergy
        Counters; none, and the reason, where they are not there, not readable or not numbers. It does not raise.
    """
    if not powercap.is_dir():
        return CpuEnergy(
            reason=f"energy counters cannot be read: this system has no {powercap}; a stated power is used"
        )
    try:
        zones = sorted(each for each in powercap.iterdir() if each.name.startswith("intel-rapl:"))
        if not zones:
            return CpuEnergy(
                reason=f"{powercap} has no zone intel-rapl:0; this machine counts no energy; a stated power is used"
            )
        names = {zone.name: _line(zone / "name") for zone in zones}
        joules = {}
        for zone in zones:
            top = ":".join(zone.name.split(":")[:2])
            name = names[top] if zone.name == top else f"{names[top]}/{names[zone.name]}"
            joules[name] = (_microjoules(zone / "energy_uj"), _microjoules(zone / "max_energy_range_uj"))
        return CpuEnergy(joules, *_busy(stat), perf_counter())
    except PermissionError as error:
        said = f"may be read by root alone; {_INSTEAD}"
        return CpuEnergy(reason=f"{error.filename} {said} (allow reading it, or state yours as power_w)")
    except (OSError, ValueError, KeyError, IndexError) as error:
        return CpuEnergy(reason=f"energy counters cannot be read: {str(error)[:120]}; {_INSTEAD}")


def core_power(before: CpuEnergy, after: CpuEnergy) -> Datum | None:
    """Return the power of one busy core between two readings.

    Parameters
    ----------
    before, after : CpuEnergy
        Readings, a tenth of a second apart at least.

    Returns
    -------
    Datum or None
        Power, W; where a package does not count its cores apart, that of the package for each busy core. None without
        counters, within too short a time, and where nothing was busy.
    """
    cores, packages = _spent(before, after, "/core"), _spent(before, after, "")
    if cores is not None:
        return _for_each_busy(cores, before, after, "energy of all cores (powercap, zone core)")
    return None if packages is None else _for_each_busy(packages, before, after, "energy of the packages (powercap)")


def chip_power(before: CpuEnergy, after: CpuEnergy) -> Datum | None:
    """Return the power of what is beside the cores in a package, for one busy core.

    Parameters
    ----------
    before, after : CpuEnergy
        Readings, a tenth of a second apart at least.

    Returns
    -------
    Datum or None
        Power, W; None where the package does not count its cores apart, and as of :func:`core_power`.
    """
    cores, packages = _spent(before, after, "/core"), _spent(before, after, "")
    if cores is None or packages is None or packages < cores:
        return None
    return _for_each_busy(packages - cores, before, after, "energy of the packages without cores (powercap)")


def _spent(before: CpuEnergy, after: CpuEnergy, part: str) -> float | None:
    """Joules between two readings of all packages, or of one part of each; counters that started again included.

    A counter that a sleep of the machine has set to 0 looks like one that started again, and would add its whole range
    (tens of minutes of work): more than a package can draw in the time is no reading.
    """
    zones = [name for name in after.joules if name.startswith("package") and name in before.joules]
    packages = [name for name in zones if "/" not in name]
    chosen = [name + part for name in packages if name + part in zones]
    if not packages or len(chosen) < len(packages):
        return None
    total = 0.0
    for name in chosen:
        (start, _), (end, turn) = before.joules[name], after.joules[name]
        joules = end - start if end >= start else end - start + turn
        if not 0.0 <= joules <= _MOST_W * (after.clock_s - before.clock_s):
            return None
        total += joules
    return total


def _for_each_busy(joules: float, before: CpuEnergy, after: CpuEnergy, what: str) -> Datum | None:
    seconds, busy = after.clock_s - before.clock_s, after.busy_s - before.busy_s
    if seconds < _LEAST_S or busy <= 0.0 or joules <= 0.0:
        return None
    power, even = joules / busy, joules / (seconds * max(1, after.cores))
    source = (
        f"{what} over the {busy:.3g} s in which cores were busy, within {seconds:.3g} s; low: spread evenly over "
        f"{after.cores} cores"
    )
    return Datum(power, "W", min(power, even), power, "measured", source)


def _busy(stat: Path) -> tuple[float, int]:
    """Busy seconds of all cores, and their number."""
    with stat.open(encoding="ascii", errors="replace") as lines:
        found = lines.read(_MOST_BYTES).splitlines()
    times = [line.split() for line in found if line.startswith("cpu")]
    ticks = [int(each) for each in times[0][1:]]
    return sum(ticks[k] for k in _BUSY) / os.sysconf("SC_CLK_TCK"), max(1, len(times) - 1)


def _microjoules(path: Path) -> float:
    return int(_line(path)) * 1e-6


def _line(path: Path) -> str:
    with path.open(encoding="ascii", errors="replace") as text:
        return text.read(128).strip()
