r"""One boundary for all rows: what of a ledger is counted, and the one host that is added to each.

=================  ====================================================================================================
boundary           what is counted
=================  ====================================================================================================
``core``           what computes
``chip``           and converters, memories, control, static power on the same chip or board
``system``         and board, supply, cooler, microscope, instruments
``system+host``    and the host: the computer that asks the questions and waits for the answers, the same one for all
=================  ====================================================================================================

.. math:: E_{host} = P_{host}\, t

for the time t of each read and of programming. The host is one :class:`.Datum` (``HOST``, from ``host.toml``), so that
what is not known of its power is the same for every row and cancels in their ratios as far as it can.

**A CPU is a host.** Of a processor's row, *core* is the busy core; *chip* is this core's share of what else is on the
processor: shared caches, memory controller, uncore; *system* is the machine around it, memory, board and supply, which
*is* the host. That cost says so (``needs="host"``) and is priced by the same constant ``host_power``; ``system+host``
then adds nothing, and the host is counted once in this row as in all others. Between ``system`` and ``system+host`` a
CPU's row does not change, all others get their host.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from typing import Literal, get_args

from ..cost import SCOPES, Entry, Ledger
from ..datum import KINDS, Datum, Kind, less_known, multiply_data, read_data
from ..estimate import Estimate

Boundary = Literal["core", "chip", "system", "system+host"]

BOUNDARIES: tuple[Boundary, ...] = get_args(Boundary)

HOST: Datum = read_data(files(__package__).joinpath("host.toml").read_text())["host_power"]


def at_boundary(ledger: Ledger, boundary: Boundary, host: Datum = HOST) -> Ledger:
    """Return what of a ledger lies within a boundary, with the host where that belongs to it.

    Parameters
    ----------
    ledger : Ledger
        Ledger of a run, as ``price`` makes it.
    boundary : {"core", "chip", "system", "system+host"}
        Boundary, as in the head of this module.
    host : Datum
        Power of the host, W.

    Returns
    -------
    Ledger
        Ledger of the counted entries; times are those of the whole read at every boundary. Hosts are entries beside
        each time, with ``needs`` of "host".

    Raises
    ------
    ValueError
        If there is no such boundary, or the host is not in watts.
    """
    if boundary not in BOUNDARIES:
        raise ValueError(f"boundary is {str(boundary)[:40]!r}; it is one of {', '.join(BOUNDARIES)}")
    if host.unit != "W" or host.low < 0.0:
        raise ValueError(f"host is {host.low:g} {host.unit[:20]} at least; give a power in W, 0 or above")
    scopes = SCOPES[: BOUNDARIES.index(boundary) + 1]
    entries = [entry for entry in ledger.entries if entry.scope in scopes]
    if boundary == "system+host" and not is_host(ledger):
        entries += [_host_during(time, host) for time in ledger.times]
    return replace(ledger, entries=tuple(entries))


def is_host(ledger: Ledger) -> bool:
    """Tell whether a row is of a device that is a host itself, as a processor is.

    Parameters
    ----------
    ledger : Ledger
        Ledger of a run, as ``price`` makes it.

    Returns
    -------
    bool
        Whether one of its prices is that of its own host.
    """
    return any(entry.needs == "host" for entry in ledger.entries)


def needs_of(ledger: Ledger) -> tuple[str, ...]:
    """List what a row needs beside its chip.

    Parameters
    ----------
    ledger : Ledger
        Ledger of a run, as ``price`` makes it.

    Returns
    -------
    tuple of str
        "host", or "is a host", and equipment such as "cryostat" and "microscope".
    """
    equipment = sorted({entry.needs for entry in ledger.entries} - {"", "host"})
    return ("is a host" if is_host(ledger) else "host", *equipment)


def known_shares(ledger: Ledger) -> dict[Kind, float]:
    """Return the shares of the energy that are measured, modelled, assumed and forecast.

    Parameters
    ----------
    ledger : Ledger
        Ledger at a boundary.

    Returns
    -------
    dict of str to float
        Share by kind, from best to least known; they add up to 1, or are all 0 where no energy is counted.
    """
    whole = ledger.energy().value or 0.0
    return {kind: (ledger.energy(kind=kind).value or 0.0) / whole if whole else 0.0 for kind in KINDS}


def entries_of_reads(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that are counted in each read.

    Parameters
    ----------
    entries : iterable of Entry
        Energies or times.

    Returns
    -------
    list of Entry
        Those not of programming.
    """
    return [entry for entry in entries if not entry.once]


def entries_of_setup(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that are counted once for all reads.

    Parameters
    ----------
    entries : iterable of Entry
        Energies or times.

    Returns
    -------
    list of Entry
        Those of programming.
    """
    return [entry for entry in entries if entry.once]


def _host_during(time: Entry, host: Datum) -> Entry:
    unit = multiply_data(host, time.unit, "J", f"host: {host.source}; for the time of: {time.unit.source}")
    ends = ((time.total.low, host.low), (time.total.high, host.high))
    total = Estimate(time.count * unit.value, *(None if s is None else s * power for s, power in ends))
    kind = less_known(time.kind, host.kind)
    what = f"host during {time.what}"
    return Entry(what, "system", time.count, unit, total, kind, time.once, time.event, True, "host")
