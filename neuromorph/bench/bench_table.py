"""The table of a bench, and its plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..estimate import Estimate
from ..files.json_values import json_value
from ..plotting.numbers import format_estimate, format_number, format_percent, format_quantity, printable
from .race import Bench
from .time_to_target import TargetTime, equal_time_s, goal_of, over_bench, target_time

if TYPE_CHECKING:
    from rich.console import Console

MEANING = (
    "time to target: CPU seconds until a run reached it with 99 %, below it the 95 % interval over runs; > is a bound "
    "where none did. Answers at equal time are read at the CPU time that "
    "every solver had, – is none by then; each answer is scored on the problem. Peers are called again and again with "
    "efforts that double"
)


def bench_times(bench: Bench, gap: float = 0.0) -> dict[str, TargetTime]:
    """Estimate the time to target of every solver.

    Parameters
    ----------
    bench : Bench
        Courses.
    gap : float
        Fraction of the best value by which the target is worse.

    Returns
    -------
    dict of str to TargetTime
        Time by solver; empty where no run had an answer.
    """
    goal, _ = goal_of(bench, gap)
    if goal is None:
        return {}
    maximize, at = bench.problem.sense == "max", equal_time_s(bench)
    return {name: target_time(each, goal, maximize, at) for name, each in bench.courses.items() if each}


def _ahead(times: dict[str, TargetTime], name: str) -> float | None:
    """Return the time of a solver over ours, where both reached the target."""
    ours = times.get("neuromorph")
    value, own = times[name].tts_s.value, None if ours is None else ours.tts_s.value
    return None if value is None or not own else value / own


def bench_dict(benches: Sequence[Bench], gap: float, provenance: dict[str, Any]) -> dict[str, Any]:
    """Return the plain data of ``bench.json``.

    Parameters
    ----------
    benches : sequence of Bench
        One an instance.
    gap : float
        Fraction of the best value by which the target is worse.
    provenance : dict of str to object
        Command, seed, versions.

    Returns
    -------
    dict of str to object
        Courses, times to target, and those over instances.
    """
    instances = []
    for bench in benches:
        goal, known = goal_of(bench, gap)
        times = bench_times(bench, gap)
        instances.append(
            {
                "instance": bench.problem.name,
                "kind": bench.problem.kind,
                "size": bench.problem.size,
                "target": goal,
                "target_of": "best value known" if known else "best of these runs",
                "budget_s": bench.budget_s,
                "equal_time_s": equal_time_s(bench),
                "absent": list(bench.absent),
                "refused": dict(bench.refused),
                "interrupted": bench.interrupted,
                "solvers": {
                    name: {
                        **(vars(times[name]) | {"tts_s": times[name].tts_s.to_dict()} if name in times else {}),
                        "courses": [
                            {"seconds": c.seconds.tolist(), "scores": c.scores.tolist(), "spent_s": c.spent_s}
                            for c in each
                        ],
                    }
                    for name, each in bench.courses.items()
                },
            }
        )
    return {
        "instances": json_value(instances),
        "over_instances": {
            name: {"tts_s": mean.to_dict(), "over_ours": ratio.to_dict(), "reached": reached, "instances": count}
            for name, mean, ratio, reached, count in over_rows(benches, gap)
        },
        "provenance": json_value(provenance),
    }


def over_rows(benches: Sequence[Bench], gap: float) -> list[tuple[str, Estimate, Estimate, int, int]]:
    """Combine the times of each solver over instances.

    Parameters
    ----------
    benches : sequence of Bench
        One an instance.
    gap : float
        Fraction of the best value by which the target is worse.

    Returns
    -------
    list of (str, Estimate, Estimate, int, int)
        Solver, geometric mean of its times and of their ratio to ours, over the instances where they are known; number
        of these, and of all that it ran on.
    """
    every = [bench_times(bench, gap) for bench in benches]
    rows = []
    for name in dict.fromkeys(name for times in every for name in times):
        own = [times for times in every if name in times]
        reached = [times[name].tts_s.value for times in own]
        ratios = [_ahead(times, name) for times in own]
        mean = over_bench([value for value in reached if value is not None])
        ratio = over_bench([value for value in ratios if value is not None])
        rows.append((name, mean, ratio, sum(value is not None for value in reached), len(own)))
    return rows


def print_bench(benches: Sequence[Bench], console: Console, gap: float = 0.0) -> None:
    """Print a table for each instance and, of several, one over all.

    Parameters
    ----------
    benches : sequence of Bench
        One an instance.
    console : Console
        Terminal.
    gap : float
        Fraction of the best value by which the target is worse.
    """
    from rich.text import Text

    from ..report.table_layout import Column, RowName, print_columns

    for bench in benches:
        goal, known = goal_of(bench, gap)
        of = "the best value known" if known else "the best of these runs"
        within = f" within {format_percent(gap)} of" if gap else ""
        head = f"{printable(bench.problem.name)} · {bench.problem.kind} · size {bench.problem.size}"
        aim = f"target {format_number(goal)},{within} {of}" if goal is not None else "no run had a feasible answer"
        console.print(Text(f"{head} · {aim}", style="bold"))
        times = bench_times(bench, gap)
        if times:
            equal = format_quantity(equal_time_s(bench), "s")
            columns = [
                Column("time\nto target", [list(format_estimate(t.tts_s, "s")) for t in times.values()]),
                Column("runs that\nreached it", [[f"{t.hits} of {t.runs}"] for t in times.values()]),
                Column("time\nover ours", [[_times(_ahead(times, name))] for name in times]),
                Column(f"median\nat {equal}", [[format_number(t.median)] for t in times.values()]),
                Column(f"best\nat {equal}", [[format_number(t.best)] for t in times.values()], 2),
            ]
            print_columns(console, "solver", [RowName(name) for name in times], columns)
        for name, why in bench.refused.items():
            console.print(Text(f"{name} was left out: {printable(why)}"))
        if bench.absent:
            console.print(Text(f"not installed, so absent: {', '.join(bench.absent)}"))
    if len(benches) > 1:
        rows = over_rows(benches, gap)
        console.print(Text(f"over {len(benches)} instances: geometric means, 95 % interval over instances", "bold"))
        columns = [
            Column("time\nto target", [list(format_estimate(mean, "s")) for _, mean, *_ in rows]),
            Column("instances\nreached", [[f"{reached} of {count}"] for *_, reached, count in rows]),
            Column("time\nover ours", [_ratio_cell(ratio) for _, _, ratio, *_ in rows]),
        ]
        print_columns(console, "solver", [RowName(name) for name, *_ in rows], columns)
    console.print(Text(MEANING, style="dim"))


def _ratio_cell(ratio: Estimate) -> list[str]:
    value, interval = format_estimate(ratio, "")
    return [f"{value}x" if ratio.value is not None else value, interval]


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{format_quantity(ratio, '', 2)}x"
