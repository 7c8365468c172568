"""``neuromorph calibrate``: measured data of a device to its parameters."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.atomic_write import write_file
from ..files.printable import printable
from .arguments import Parser, add_time_limit, count, folder_or_file, positive, seed, user_errors
from .output_folder import OutFolder

if TYPE_CHECKING:
    from ..calibration import DeviceCalibration

KINDS_OF_DEVICE = (
    "telegraph",
    "memristor",
    "pbit",
    "dopant",
)  # of calibration.DEVICE_KINDS, which takes half a second to ask
SEPARATOR_NAMES = ("comma", "semicolon", "tab", "bar", "blank")


def add_calibrate_command(command: Callable[..., Parser]) -> None:
    """Add the command ``calibrate``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    about = "turn measured data of a device into its parameters, with intervals, for --cost and --targets"
    parser = command("calibrate", _calibrate, about, file=False)
    parser.add_argument("file", metavar="DATA", help="table of text as instruments write it; units stand in the header")
    parser.add_argument(
        "--device", required=True, choices=KINDS_OF_DEVICE, metavar="D", help=", ".join(KINDS_OF_DEVICE)
    )
    named = "role=column, by header or number, a unit behind a colon: 'time=1:ms,signal=I'; none leaves a role out"
    parser.add_argument("--columns", metavar="MAP", help=named)
    parser.add_argument(
        "--separator", choices=SEPARATOR_NAMES, metavar="S", help=f"{', '.join(SEPARATOR_NAMES)}; else found"
    )
    parser.add_argument("--decimal", choices=("comma", "point"), metavar="S", help="comma or point; else found")
    rate = "samples a second of a trace, in place of a column of time"
    parser.add_argument("--sample-rate", type=positive, metavar="HZ", help=rate)
    largest = "largest conductance of memory cells, S; default: the largest target"
    parser.add_argument("--g-max", type=positive, metavar="S", help=largest)
    parser.add_argument("--draws", type=count, default=1000, metavar="N", help="draws of the parameters; default: 1000")
    chips = "targets with parameters of a draw each, in targets.txt; default: 8"
    parser.add_argument("--chips", type=count, default=8, metavar="N", help=chips)
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of the draws; default: 0")
    add_time_limit(parser, "seconds for the fits")
    out = "write calibration.json, parameters.toml, costs.toml, draws.npz, targets.txt, figures"
    parser.add_argument("--out", type=folder_or_file, metavar="DIR", help=out)
    parser.add_argument("--json", action="store_true", help="print calibration.json instead of the tables")


def _calibrate(arguments: argparse.Namespace) -> int:
    import json
    import time
    from hashlib import sha256

    from ..calibration import (
        calibrate_device,
        dataset_csv,
        draws_npz,
        parameters_toml,
        parse_measured,
        targets_of_draws,
    )
    from ..calibration.column_roles import parse_columns
    from ..calibration.measured_table import measured_bytes
    from ..runtime.limits import time_limit
    from ..study.provenance import work_provenance

    limit = None if arguments.time_limit is None else time.monotonic() + arguments.time_limit
    name = printable(Path(arguments.file).name)
    with user_errors(ValueError, OSError, MemoryError), time_limit(limit):
        data = measured_bytes(arguments.file)
        table = parse_measured(data, name, separator=arguments.separator, decimal=arguments.decimal)
        columns = parse_columns(arguments.columns) if arguments.columns is not None else None
        found = calibrate_device(
            table,
            arguments.device,
            columns,
            sample_rate_hz=arguments.sample_rate,
            largest_s=arguments.g_max,
            draws=arguments.draws,
            rng=arguments.seed,
        )
    command = shlex.join(["neuromorph", *arguments.words])
    origin = {"command": command, "input": name, "input_sha256": sha256(data).hexdigest()}
    about = {
        **found.to_dict(),
        "form": table.form,
        "rows": table.rows,
        "provenance": work_provenance(arguments.seed, origin),
    }
    files = OutFolder(arguments.out)
    files.keep("calibration.json", partial(_write, lambda: json.dumps(about, indent=2, allow_nan=False) + "\n"))
    files.keep("parameters.toml", partial(_write, lambda: parameters_toml(found.parameters)))
    priced = {each: found.parameters[each] for each in found.priced}
    if priced:
        files.keep("costs.toml", partial(_write, lambda: parameters_toml(priced)))
    files.keep("draws.npz", partial(_write, lambda: draws_npz(found.draws)))
    if dataset := dataset_csv(found):
        files.keep("dataset.csv", partial(_write, lambda: dataset))
    targets = targets_of_draws(found, arguments.chips)
    if targets:
        files.keep("targets.txt", partial(_write, lambda: ",".join(targets) + "\n"))
    if arguments.out is not None and not files.stopped:
        _figures(found, files)
    if arguments.json:
        print(json.dumps(about, indent=2, allow_nan=False))
    else:
        _print(found, table.form, table.rows, about["tables"])
        if files.written:
            print(printable(f"written to {arguments.out}: {', '.join(files.written)}"))
            _next(arguments.out, files.written)
    return files.end("the parameters are shown")


def _figures(found: DeviceCalibration, files: OutFolder) -> None:
    from ..calibration import calibration_figures

    for name, draw in calibration_figures(found).items():
        if files.stopped:
            return
        files.keep(f"{name}.png", partial(_draw, draw))


def _draw(draw: Callable[[], Any], path: Path) -> None:
    from ..plotting.files import figure_bytes

    write_file(path, figure_bytes(draw(), "png"))


def _write(make: Callable[[], str | bytes], path: Path) -> None:
    write_file(path, make())


def _print(found: DeviceCalibration, form: str, rows: int, tables: Mapping[str, Any]) -> None:
    from ..estimate import Estimate
    from ..plotting.numbers import format_estimate
    from ..report.table import print_rows

    print(printable(f"{found.source}: {rows:,} rows, {form}"))
    print_rows(("column", "taken for"), [(column, role) for role, column in found.taken.items()])
    print()
    lines = []
    physical = {row["name"] for row in tables.get("physics", ())}
    for name, datum in found.parameters.items():
        if name in physical:
            continue
        unit = "" if datum.unit == "1" else datum.unit
        lines.append((name, *format_estimate(Estimate(datum.value, datum.low, datum.high), unit)))
    print_rows(("parameter", "value", "95 %"), lines)
    if tables.get("physics"):
        print()
        _print_physics(tables["physics"])
    if found.tests:
        print()
        print_rows(("test", "p"), [(name, f"{p:.2g}") for name, p in found.tests.items()])
    if found.device == "telegraph":
        print()
        _print_rates(tables["rates"])
    print()
    for note in found.notes:
        print(printable(f"note: {note}"))


def _print_rates(rows: list[dict[str, Any]]) -> None:
    """Print the rates at each setting beside what counting gives."""
    from ..estimate import Estimate
    from ..plotting.numbers import format_estimate, format_quantity
    from ..report.table import print_rows

    lines = []
    for row in rows:
        voltage = "" if row["voltage_v"] is None else format_quantity(row["voltage_v"], "V")
        told = [format_estimate(Estimate(**row[f"rate_{way}_hz"]), "1/s") for way in ("up", "down")]
        counted = [format_quantity(row[f"counted_{way}_hz"], "1/s") for way in ("up", "down")]
        lines.append((voltage, *told[0], *told[1], *counted))
    print_rows(("voltage", "rate up", "95 %", "rate down", "95 %", "counted up", "counted down"), lines)


def _print_physics(rows: list[dict[str, Any]]) -> None:
    """Print physical parameters beside what was known before the measurement."""
    from ..estimate import Estimate
    from ..plotting.numbers import format_estimate
    from ..report.table import print_rows

    lines = []
    for row in rows:
        unit = "" if row["unit"] == "1" else row["unit"]
        value, interval = format_estimate(Estimate(row["value"], row["low"], row["high"]), unit)
        _, before = format_estimate(Estimate(row["value"], row["low_before"], row["high_before"]), unit)
        told = (value, interval) if row["told"] else ("not told by these data", "")
        lines.append((row["name"], *told, before, f"{100 * max(row['narrowed'], 0.0):.0f} %"))
    print_rows(("physical parameter", "value", "95 %", "95 % before", "narrowed by"), lines)


def _next(folder: Path, written: list[str]) -> None:
    """Print the commands that take the files."""
    place = shlex.quote(str(folder))
    if "costs.toml" in written:
        print(printable(f"take them with: --cost {place}/costs.toml"))
    if "targets.txt" in written:
        print(printable(f'draws as chips: --targets "$(cat {place}/targets.txt)"'))
