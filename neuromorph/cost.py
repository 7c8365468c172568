"""Joules and seconds: every hardware number with its source, every sum with its interval.

A target's ``costs()`` say what each event of its activity costs; ``price(run, costs)`` adds them up. One run can be
priced again with other costs. Core and system stay apart, and so do measured, modelled, assumed and forecast numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .printable import printable
from .toml import read_toml

if TYPE_CHECKING:
    from .run import Run

Kind = Literal["measured", "modelled", "assumed", "forecast"]
Scope = Literal["core", "system"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Datum:
    """A number about hardware: SI value, its range, where it is from and how it is known.

    kind: measured (read off real hardware), modelled (computed from a physical model), assumed (a usual value, not
    checked), forecast (a projection of its authors).
    """

    value: float
    unit: str
    low: float
    high: float
    kind: Kind
    source: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.value <= self.high):
            raise ValueError(
                f"datum {self.value} {self.unit[:20]}: needs finite low <= value <= high, has {self.low}..{self.high}"
            )
        if self.kind not in KINDS:
            raise ValueError(f"datum kind is {str(self.kind)[:40]!r}; expected one of {', '.join(KINDS)}")
        if not self.source.strip():
            raise ValueError(f"datum {self.value} {self.unit[:20]} has no source; say where the number is from")


def multiply(a: Datum, b: Datum, unit: str) -> Datum:
    """a b of two data that are not negative, as a power for a time; known as well as the less well known of the two."""
    source = f"{a.value:g} {a.unit} ({a.source}) times {b.value:g} {b.unit} ({b.source})"
    return Datum(a.value * b.value, unit, a.low * b.low, a.high * b.high, less_known(a.kind, b.kind), source)


def lasting(power: Datum, second: Datum) -> Datum:
    """``power`` over simulated seconds that are known to a factor, ``second`` (s/s): its range is joined with theirs.

    The kind stays that of the power; a cost says by ``counted`` how the seconds are known.
    """
    source = f"{power.source}. The range is joined with that of the time of a read"
    return replace(power, low=power.low * second.low, high=power.high * second.high, source=source)


def less_known(a: Kind, b: Kind) -> Kind:
    """A product is known no better than its worse factor; KINDS stand from best to worst."""
    return max(a, b, key=KINDS.index)


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval. ``None``: not defined, or (low or high) unbounded."""

    value: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Cost:
    """What one event of ``Run.activity[event]`` costs.

    energy : Datum      J for each event (W where the event counts seconds), or None
    time : Datum        s of latency for each event, or None where it runs beside the rest
    scope : str         core: the array itself; system: converters, control, host, cooling
    counted : str       how the count is known: modelled, as in every simulation, measured on a machine that ran, or
                        assumed where it is a multiple of an assumed time
    """

    event: str
    what: str
    energy: Datum | None = None
    time: Datum | None = None
    scope: Scope = "core"
    counted: Kind = "modelled"


@dataclass(frozen=True)
class Entry:
    """One line of a ledger: ``count`` events at ``unit`` make ``total`` joules, or seconds, over the whole run.

    kind : how the total is known: as well as the less well known of count and unit. A power from a data sheet times a
    simulated time is modelled.
    """

    what: str
    scope: Scope
    count: float
    unit: Datum
    total: Estimate
    kind: Kind

    @property
    def source(self) -> str:
        return self.unit.source


@dataclass(frozen=True)
class Ledger:
    """What a run cost over all its reads: ``entries`` in joules, ``times`` in seconds of latency."""

    target: str
    reads: int
    entries: tuple[Entry, ...]
    times: tuple[Entry, ...]

    @property
    def time_per_read(self) -> Estimate:
        """Latency of one read, s."""
        return scale_estimate(add_estimates(entry.total for entry in self.times), 1.0 / self.reads)

    def energy(self, scope: Scope | None = None, kind: Kind | None = None) -> Estimate:
        """Joules of the whole run, or of one scope or kind of it; ends of the intervals are added (no cancelling)."""
        chosen = [e.total for e in self.entries if scope in (None, e.scope) and kind in (None, e.kind)]
        return add_estimates(chosen)

    def energy_per_read(self, scope: Scope | None = None, kind: Kind | None = None) -> Estimate:
        """Joules of one read; what is spent once for all reads (programming) is shared among them."""
        return scale_estimate(self.energy(scope, kind), 1.0 / self.reads)


_SIMULATED = Datum(1.0, "s/s", 1.0, 1.0, "modelled", "duration of the dynamics, as the model of the device ran them")


def price(run: Run, costs: Iterable[Cost]) -> Ledger:
    """Add up what ``run`` cost. Activity ``device_s`` is time itself; other events add time where their cost says so.

    The interval of an entry joins the 95 % bootstrap interval of its mean count over reads with the range of its unit.
    """
    costs = tuple(costs)
    entries: list[Entry] = []
    times: list[Entry] = []
    if "device_s" in run.activity and not any(cost.event == "device_s" and cost.time for cost in costs):
        costs = (*costs, Cost("device_s", "a read", time=_SIMULATED))
    for cost in costs:
        if cost.event in run.activity:
            count = scale_estimate(_mean_interval(run.activity[cost.event]), run.reads)
        elif cost.event in run.setup:
            once = float(run.setup[cost.event])
            count = Estimate(once, once, once)
        else:
            raise ValueError(
                f"run of {run.target!r} counts no {cost.event!r}; it counts {sorted({*run.activity, *run.setup})}"
            )
        for unit, lines in ((cost.energy, entries), (cost.time, times)):
            if unit is not None:
                kind = less_known(unit.kind, cost.counted)
                lines.append(Entry(cost.what, cost.scope, count.value or 0.0, unit, _times(count, unit), kind))
    return Ledger(run.target, run.reads, tuple(entries), tuple(times))


def read_data(toml: str) -> dict[str, Datum]:
    """Read the data of a device: one TOML table a number.

    Parameters
    ----------
    toml : str      tables of ``value``, ``unit``, ``kind``, ``source``; ``low`` and ``high`` if they differ

    Raises
    ------
    ValueError      names the table and the rule, for any other text
    """
    return {name: _datum(name, table) for name, table in read_toml(toml).items()}


def _datum(name: str, table: Any) -> Datum:
    what = repr(name[:40])
    if not isinstance(table, dict):
        raise ValueError(f"{what} is no table; write value, unit, kind and source below its name in brackets")
    words: dict[str, Any] = {key: table.get(key) for key in ("unit", "kind", "source")}
    numbers: dict[str, Any] = {key: table.get(key, table.get("value")) for key in ("value", "low", "high")}
    if unknown := sorted(table.keys() - words.keys() - numbers.keys()):
        raise ValueError(f"{what} has {unknown[0][:40]!r}; known are value, low, high, unit, kind and source")
    for key, value in words.items():
        if not isinstance(value, str):
            raise ValueError(f"{what}: {key} is {_shown(value)}; give it in quotes")
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
            raise ValueError(f"{what}: {key} is {_shown(value)}; give a finite number, within 1.8e308")
    try:
        return Datum(**words, **{key: float(value) for key, value in numbers.items()})  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"{what}: {printable(str(error))}") from None


def _shown(value: Any) -> str:
    if isinstance(value, (bool, float, str)):
        return repr(value)[:40]
    return "missing" if value is None else f"of type {type(value).__name__}"


def add_estimates(parts: Iterable[Estimate]) -> Estimate:
    """Sum of values and of interval ends; undefined as soon as one part is."""
    chosen = list(parts)

    def total(values: list[float | None]) -> float | None:
        return None if any(v is None for v in values) else math.fsum(v for v in values if v is not None)

    return Estimate(*(total([getattr(p, end) for p in chosen]) for end in ("value", "low", "high")))


def scale_estimate(estimate: Estimate, factor: float) -> Estimate:
    """``factor`` >= 0 times an estimate."""
    return Estimate(*(None if v is None else v * factor for v in (estimate.value, estimate.low, estimate.high)))


def _times(count: Estimate, unit: Datum) -> Estimate:
    return Estimate((count.value or 0.0) * unit.value, (count.low or 0.0) * unit.low, (count.high or 0.0) * unit.high)


def _mean_interval(counts: NDArray[np.float64]) -> Estimate:
    """Mean over reads with its 95 % bootstrap interval (percentile, 2000 resamples, fixed stream)."""
    mean = float(np.mean(counts))
    if np.ptp(counts) == 0:
        return Estimate(mean, mean, mean)
    draws = np.random.default_rng(0).integers(0, len(counts), size=(2000, len(counts)))
    low, high = np.quantile(counts[draws].mean(axis=1), [0.025, 0.975])
    return Estimate(mean, min(mean, float(low)), max(mean, float(high)))
