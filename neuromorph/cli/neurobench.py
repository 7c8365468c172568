"""``bench --neurobench N``: NeuroBench's independent sets up to N nodes, and its report with joules."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from .arguments import INTERRUPTED, NO_ANSWER, BadInput
from .output_folder import OutFolder, made_folder

if TYPE_CHECKING:
    from ..bench import WorkloadRun
    from ..datum import Datum

_REPORT = "neurobench.json"


def neurobench_command(arguments: argparse.Namespace) -> int:
    """Run the sets, and write the report.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of ``bench``.

    Returns
    -------
    int
        Exit code.
    """
    from ..bench import largest_complete, neurobench_report, run_workloads
    from ..files.atomic_write import write_file
    from ..problems import neurobench_names
    from ..problems.instance_sets import NEUROBENCH_SIZES
    from ..study.provenance import work_provenance
    from .common import output_kept_clean
    from .neurobench_courses import Courses
    from .progress import progress_bars, steps_of

    if arguments.files or arguments.peers not in (None, ["none"]) or arguments.format != "table":
        raise BadInput("--neurobench makes its own problems, for our solver alone; leave out files, --peers, --format")
    least, most = min(NEUROBENCH_SIZES), max(NEUROBENCH_SIZES)
    if not least <= arguments.neurobench <= most:
        raise BadInput(
            f"--neurobench is {arguments.neurobench}; its graphs have {least} to {most} nodes, give {most} for all"
        )
    out = made_folder(arguments.out)
    shown = not (arguments.json or arguments.quiet)
    workloads = neurobench_names(arguments.neurobench)
    provenance = work_provenance(arguments.seed, {"command": "bench", "neurobench": arguments.neurobench})
    asked = {"time_s": arguments.time, "seed": arguments.seed, "versions": provenance.get("versions")}
    courses = Courses(out.folder, asked)
    earlier = courses.earlier()
    wanted = len(workloads)
    with progress_bars(show=shown) as tell, steps_of(tell, "neurobench") as count, output_kept_clean():
        before = _counters()
        complete = largest_complete(arguments.seed)

        def keep(run: WorkloadRun, done: int) -> None:
            courses.keep(run)
            if count is not None:
                count(done, wanted)

        runs = run_workloads(workloads, arguments.time, arguments.seed, done=earlier, keep=keep)
        power = _power(before)
    if not runs:
        print("interrupted: no workload was complete", file=sys.stderr)
        return INTERRUPTED
    report = neurobench_report(runs, power, arguments.time, complete)
    report["provenance"] = {**provenance, "time_s": arguments.time}
    text = json.dumps(report, indent=1, allow_nan=False) + "\n"
    out.keep(_REPORT, lambda path: write_file(path, text))
    if arguments.json:
        sys.stdout.write(text)
    elif shown:
        _print(report, out)
    code = out.end("what was complete is kept")
    if len(runs) < wanted:
        more = "; the same command goes on with the others" if out.folder is not None else ""
        print(f"interrupted: {len(runs)} of {wanted} workloads are in the report{more}", file=sys.stderr)
        return INTERRUPTED
    return code or (0 if any(run.course.scores.size for run in runs) else NO_ANSWER)


def _counters() -> Any:
    from ..pricing.powercap import read_cpu_energy

    return read_cpu_energy()


def _power(before: Any) -> Datum:
    """Return the power of a core by the counters of the processor, else as the targets of the CPU are priced."""
    from ..installed_targets import get_target
    from ..pricing.powercap import core_power

    measured = core_power(before, _counters()) if before.joules else None
    if measured is not None:
        return measured
    priced = next(cost.energy for cost in get_target("cpu-optimize").costs() if cost.event == "unmetered_s")
    assert priced is not None
    return priced


def _print(report: dict[str, Any], out: OutFolder) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..files.printable import printable
    from ..plotting.numbers import format_quantity

    console = Console(highlight=False)
    console.width = max(console.width, 130)
    table = Table(title=report["benchmark"], title_justify="left")
    times = [each["timeout_s"] for each in report["workloads"][0]["fixed_timeout"]]
    table.add_column("nodes", justify="right")
    table.add_column("density", justify="right")
    for seconds in times:
        table.add_column(f"gap at {format_quantity(seconds, 's')}", justify="right")
    for gap in report["workloads"][0]["time_to_solution"]:
        table.add_column(f"to {100 * gap['bks_gap']:g} %", justify="right")
    table.add_column("energy", justify="right")
    for each in report["workloads"]:
        row = [str(each["nodes"]), f"{100 * each['density']:g} %"]
        for timed in each["fixed_timeout"]:
            gap = timed["mean_bks_gap"]
            row.append("-" if gap is None else f"{100 * gap:.2f} %")
        for reached in each["time_to_solution"]:
            latency = reached["mean_latency_s"]
            row.append("-" if latency is None else format_quantity(latency, "s"))
        joules = each["time_to_solution"][-1]["mean_energy_j"]
        row.append("-" if joules is None else format_quantity(joules["value"], "J"))
        table.add_row(*row)
    watts = report["power_measurement"]["average_power_w"]
    with console.capture() as captured:
        console.print(table)
        console.print(
            f"average power {watts['value']:.3g} W ({watts['low']:.3g} to {watts['high']:.3g}, {watts['kind']})",
            "gaps are means over seeds, below 0 where the published best is beaten",
            sep="; ",
        )
    sys.stdout.write(captured.get())
    if out.written:
        print(printable(f"written to {out.folder}: {', '.join(out.written)}"))
