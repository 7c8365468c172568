"""Joules and seconds: every hardware number with its source, every sum with its interval.

A target's ``costs()`` say what each event of its activity costs; ``price(run, costs)`` adds them up. One run can be
priced again with other costs. Three scopes stay apart, and so do measured, modelled, assumed and forecast numbers:

- *core*: what computes, the array with its drivers, amplifiers and comparators, or the busy core of a processor;
- *chip*: what stands beside it on the same chip or board and has to work for each answer: converters, memories of
  tables, control and clock, static power;
- *system*: what the device itself needs beside the chip: board and supply, cooler, microscope, instruments.

The host that asks the questions belongs to none of them. It is the same one for all devices and is added by
``neuromorph.pricing.at_boundary``; a processor's own board and memory *are* a host and say so (``Cost.needs``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .datum import Datum, Kind, less_known, multiply_data
from .estimate import Estimate, add_estimates, scale_estimate

if TYPE_CHECKING:
    from .run import Run

Scope = Literal["core", "chip", "system"]

SCOPES: tuple[Scope, ...] = get_args(Scope)


def lasting(power: Datum, second: Datum) -> Datum:
    """Return the energy per simulated second of a power, with the ranges of both joined.

    The kind stays that of the power; a cost says by ``counted`` how the seconds are known.

    Parameters
    ----------
    power : Datum
        Power, W.
    second : Datum
        Duration of a simulated second, s/s, known to a factor.

    Returns
    -------
    Datum
        Power whose range includes that of the time.
    """
    joint = multiply_data(power, second, power.unit)
    source = f"{power.source}. The range is joined with that of the time of a read"
    return Datum(joint.value, power.unit, joint.low, joint.high, power.kind, source, terms=joint.terms)


@dataclass(frozen=True)
class Cost:
    """Energy and latency of one event of ``Run.activity``.

    Attributes
    ----------
    event : str
        Name of the event.
    what : str
        Its meaning, for people.
    energy : Datum or None
        Energy of an event, J (W where the event counts seconds).
    time : Datum or None
        Latency of an event, s; None where it runs beside the rest.
    scope : Scope
        "core", "chip" or "system", as in the head of this module.
    counted : Kind
        How the count is known: modelled, as in every simulation, measured on a machine that ran, or assumed where it
        is a multiple of an assumed time.
    idle : bool
        Whether it is drawn also while the device waits for a question, at the mean power that it has during a read.
    needs : str
        Equipment that this is the price of: "cryostat", "microscope"; "host" where a device is a host itself, as a
        processor is, and no other one is to be counted. Empty for parts of the device.
    """

    event: str
    what: str
    energy: Datum | None = None
    time: Datum | None = None
    scope: Scope = "core"
    counted: Kind = "modelled"
    idle: bool = False
    needs: str = ""


@dataclass(frozen=True)
class Entry:
    """Line of a ledger: ``count`` events at ``unit`` make ``total`` over the whole run.

    Attributes
    ----------
    what : str
        Meaning of the event, for people.
    scope : Scope
        "core", "chip" or "system".
    count : float
        Number of events.
    unit : Datum
        Energy or time of one event, J or s.
    total : Estimate
        Energy or time of all events, J or s.
    kind : Kind
        How the total is known: as well as the less well known of count and unit. A power from a data sheet times a
        simulated time is modelled.
    once : bool
        Whether it is spent on programming, once for all reads of a chip, and not in every read.
    event : str
        Name of the event in ``Run.activity`` or ``Run.setup``.
    idle, needs
        As of :class:`Cost`.
    """

    what: str
    scope: Scope
    count: float
    unit: Datum
    total: Estimate
    kind: Kind
    once: bool = False
    event: str = ""
    idle: bool = False
    needs: str = ""

    @property
    def source(self) -> str:
        """Source of the unit."""
        return self.unit.source


@dataclass(frozen=True)
class Ledger:
    """Energy and time of a run over all its reads.

    Attributes
    ----------
    target : str
        Name of the target.
    reads : int
        Number of reads.
    entries : tuple of Entry
        Energies, J.
    times : tuple of Entry
        Latencies, s.
    chips : int
        Number of chips that were programmed.
    """

    target: str
    reads: int
    entries: tuple[Entry, ...]
    times: tuple[Entry, ...]
    chips: int = 1

    @property
    def time_per_read(self) -> Estimate:
        """Time of one read, s, without programming, which is in ``programming_time``."""
        return scale_estimate(add_estimates(entry.total for entry in self.times if not entry.once), 1.0 / self.reads)

    @property
    def programming_time(self) -> Estimate:
        """Time of programming one chip, s."""
        return scale_estimate(add_estimates(entry.total for entry in self.times if entry.once), 1.0 / self.chips)

    def energy(self, scope: Scope | None = None, kind: Kind | None = None) -> Estimate:
        """Sum the energy of the whole run with its programming, or of one scope or kind of it.

        Ends of the intervals are added, without cancelling.

        Parameters
        ----------
        scope : Scope or None
            Scope; None takes all.
        kind : Kind or None
            Kind; None takes all.

        Returns
        -------
        Estimate
            Energy, J.
        """
        return add_estimates(entry.total for entry in self._chosen(scope, kind))

    def energy_per_read(self, scope: Scope | None = None, kind: Kind | None = None) -> Estimate:
        """Compute the energy of one read, without programming.

        Parameters
        ----------
        scope : Scope or None
            Scope; None takes all.
        kind : Kind or None
            Kind; None takes all.

        Returns
        -------
        Estimate
            Energy, J.
        """
        reads = (entry.total for entry in self._chosen(scope, kind) if not entry.once)
        return scale_estimate(add_estimates(reads), 1.0 / self.reads)

    def programming_energy(self, scope: Scope | None = None, kind: Kind | None = None) -> Estimate:
        """Compute the energy of programming one chip.

        Energy to solution is that of programming over the number of problems that it serves, plus that of the reads.

        Parameters
        ----------
        scope : Scope or None
            Scope; None takes all.
        kind : Kind or None
            Kind; None takes all.

        Returns
        -------
        Estimate
            Energy, J.
        """
        once = (entry.total for entry in self._chosen(scope, kind) if entry.once)
        return scale_estimate(add_estimates(once), 1.0 / self.chips)

    def _chosen(self, scope: Scope | None, kind: Kind | None) -> list[Entry]:
        return [entry for entry in self.entries if scope in (None, entry.scope) and kind in (None, entry.kind)]


_SIMULATED = Datum(1.0, "s/s", 1.0, 1.0, "modelled", "duration of the dynamics, as the model of the device ran them")


def price(run: Run, costs: Iterable[Cost]) -> Ledger:
    """Price a run.

    Activity ``device_s`` is time itself; other events add time where their cost says so. The interval of an entry
    joins that of its mean count over reads with the range of its unit: over chips where there are several, over timings
    where the count is measured, for reads of one batch have one timing in common, else over reads. A single timing has
    no interval, and the range of the clock stands for what is not known.

    Parameters
    ----------
    run : Run
        Run.
    costs : iterable of Cost
        Costs of its events.

    Returns
    -------
    Ledger
        Energies and times of the whole run.
    """
    costs = tuple(costs)
    entries: list[Entry] = []
    times: list[Entry] = []
    if "device_s" in run.activity and not any(cost.event == "device_s" and cost.time for cost in costs):
        costs = (*costs, Cost("device_s", "a read", time=_SIMULATED))
    for cost in costs:
        once = cost.event not in run.activity
        if not once:
            count = scale_estimate(_mean_interval(run, cost), run.reads)
        elif cost.event in run.setup:
            whole = float(run.setup[cost.event]) * run.chips
            count = Estimate(whole, whole, whole)
        else:
            raise ValueError(
                f"run of {run.target!r} counts no {cost.event!r}; it counts {sorted({*run.activity, *run.setup})}"
            )
        for unit, lines in ((cost.energy, entries), (cost.time, times)):
            if unit is not None:
                kind = less_known(unit.kind, cost.counted)
                lines.append(
                    Entry(
                        cost.what, cost.scope, count.value or 0.0, unit, _times(count, unit), kind,
                        once, cost.event, cost.idle, cost.needs,
                    )
                )  # fmt: skip
    return Ledger(run.target, run.reads, tuple(entries), tuple(times), run.chips)


def _times(count: Estimate, unit: Datum) -> Estimate:
    ends = ((count.value, unit.value), (count.low, unit.low), (count.high, unit.high))
    return Estimate(*(None if number is None else number * each for number, each in ends))


def _mean_interval(run: Run, cost: Cost) -> Estimate:
    """Mean count of a read with its 95 % interval."""
    counts = run.activity[cost.event]
    mean = float(np.mean(counts))
    if run.chip is not None and run.chips > 1:
        return _clustered(counts, run.chip) if np.ptp(counts) else Estimate(mean, mean, mean)
    if cost.counted == "measured":  # reads of one batch have one timing, and thus equal counts
        return _clustered(counts, np.unique(counts, return_inverse=True)[1])
    if np.ptp(counts) == 0:
        return Estimate(mean, mean, mean)
    draws = np.random.default_rng(0).integers(0, len(counts), size=(2000, len(counts)))
    low, high = np.quantile(counts[draws].mean(axis=1), [0.025, 0.975])
    return Estimate(mean, min(mean, float(low)), max(mean, float(high)))


def _clustered(counts: NDArray[np.float64], cluster: NDArray[np.integer[Any]]) -> Estimate:
    """Mean with Student's interval over clusters, whose reads are not independent; of width 0 for one alone.

    The error is that of a ratio of sums over clusters; sizes n_b that differ count as (sum n_b)^2 / sum n_b^2 of them.
    """
    from scipy.special import stdtrit  # scipy.stats takes half a second

    mean = float(np.mean(counts))
    _, place, sizes = np.unique(cluster, return_inverse=True, return_counts=True)
    worth = float(sizes.sum() ** 2 / (sizes**2).sum())
    if len(sizes) < 2:
        return Estimate(mean, mean, mean)
    apart = np.bincount(place, weights=counts - mean)
    half = float(stdtrit(worth - 1.0, 0.975)) * float((apart**2).sum() * worth / (worth - 1.0)) ** 0.5 / len(counts)
    return Estimate(mean, max(0.0, mean - half), mean + half)
