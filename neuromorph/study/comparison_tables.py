"""A comparison as a table of a notebook: pandas, xarray, and the HTML that a cell shows.

One row a target, one column a number; the ends of an interval are columns of their own, ``_low`` and ``_high``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..estimate import Estimate
from ..plotting.numbers import format_estimate, format_number, format_percent, format_probability, printable
from ..problems.problem import Problem
from .result import Result

_ESTIMATES = ("success", "time_per_read_s", "energy_per_read_j", "tts_s", "ets_j")
_SCORES = ("kl", "kl_held", "effective_beta", "energy_error", "magnetization_error")
_UNITS = {"_s": "s", "_j": "J"}


def comparison_rows(results: Sequence[Result], sampled: bool = False) -> dict[str, list[Any]]:
    """Return the numbers of a comparison, column by column.

    Parameters
    ----------
    results : sequence of Result
        Results.
    sampled : bool
        Whether the task was to sample.

    Returns
    -------
    dict of str to list
        Values by column, one a target; None where there is none.
    """
    plain = ("target", "status", "reason", "reads", "feasible_fraction", "best", "gap", "gap_median", "mapping_error")
    columns: dict[str, list[Any]] = {name: [getattr(each, name) for each in results] for name in plain}
    names = [(name, [getattr(each, name) for each in results]) for name in _ESTIMATES]
    names += [
        (f"{scope}_energy_per_read_j", [_scoped(each, scope) for each in results])
        for scope in ("core", "chip", "system")
    ]
    if sampled:
        names += [(name, [getattr(each.sampling, name, None) for each in results]) for name in _SCORES]
    for name, estimates in names:
        for end, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            columns[name + suffix] = [None if each is None else getattr(each, end) for each in estimates]
    return columns


def comparison_frame(results: Sequence[Result], sampled: bool, about: Mapping[str, Any]) -> Any:
    """Return a comparison as a pandas table.

    Parameters
    ----------
    results : sequence of Result
        Results.
    sampled : bool
        Whether the task was to sample.
    about : dict of str to object
        Attributes, as ``plain_facts`` collects them.

    Returns
    -------
    pandas.DataFrame
        One row a target, by its name; provenance and problem are in ``attrs``.

    Raises
    ------
    ImportError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("tables need pandas: pip install 'neuromorph[tables]'") from None

    columns = comparison_rows(results, sampled)
    words = {name: columns.pop(name) for name in ("target", "status", "reason")}
    reads = columns.pop("reads")
    numbers = pd.DataFrame(columns, dtype=float)
    frame = pd.concat([pd.DataFrame({**words, "reads": reads}), numbers], axis=1).set_index("target")
    frame.attrs.update(about)
    return frame


def comparison_dataset(results: Sequence[Result], sampled: bool, about: Mapping[str, Any]) -> Any:
    """Return a comparison as an xarray dataset, with the score of every read.

    Parameters
    ----------
    results : sequence of Result
        Results.
    sampled : bool
        Whether the task was to sample.
    about : dict of str to object
        Attributes, as ``plain_facts`` collects them.

    Returns
    -------
    xarray.Dataset
        Numbers over ``target``, those with an interval over ``end`` ("value", "low", "high") as well; ``score`` and
        ``relative_gap`` over ``target`` and ``read``, NaN beyond the reads of a target and where a read is not
        feasible. Units are attributes.

    Raises
    ------
    ImportError
        If xarray is not installed.
    """
    try:
        import xarray as xr
    except ImportError:
        raise ImportError("datasets need xarray: pip install 'neuromorph[tables]'") from None
    import numpy as np

    columns = comparison_rows(results, sampled)
    found: dict[str, Any] = {name: ("target", columns.pop(name)) for name in ("status", "reason", "reads")}
    names = [name for name in columns if name != "target" and not name.endswith(("_low", "_high"))]
    for name in names:
        unit = {"units": _UNITS[name[-2:]]} if name[-2:] in _UNITS else {}
        if f"{name}_low" in columns:
            ends = [columns[name], columns[f"{name}_low"], columns[f"{name}_high"]]
            found[name] = (("target", "end"), np.array(ends, dtype=float).T, unit)
        else:
            found[name] = ("target", np.array(columns[name], dtype=float), unit)
    most = max((each.reads for each in results), default=0)
    for name, field in (("score", "scores"), ("relative_gap", "gaps")):
        values = np.full((len(results), most), np.nan)
        for row, each in zip(values, results, strict=True):
            row[: each.reads] = getattr(each, field)
        found[name] = (("target", "read"), values)
    coordinates = {"target": columns["target"], "end": ["value", "low", "high"], "read": np.arange(most)}
    return xr.Dataset(found, coordinates, dict(about))


def comparison_html(results: Sequence[Result], problem: Problem, beta: float | None) -> str:
    """Return the table that a cell of a notebook shows.

    It has no script and no style sheet: colors are the notebook's own.

    Parameters
    ----------
    results : sequence of Result
        Results.
    problem : Problem
        Problem.
    beta : float or None
        Inverse temperature of a sampling task.

    Returns
    -------
    str
        HTML element.
    """
    sampled = beta is not None
    heads = ["target", "status", *(["KL, nats", "effective beta"] if sampled else ["best", "gap", "success"])]
    heads += ["time a read", "energy a read", *([] if sampled else ["time to solution", "energy to solution"])]
    known = "" if problem.best_known is None else f", best known {format_number(problem.best_known)}"
    told = known if beta is None else f", sampled at beta {beta:g}"
    title = f"{printable(problem.name)}: {problem.kind}, size {problem.size:,}{told}"
    fits = [each for each in results if each.status != "does not fit"]
    lines = "".join(f"<tr>{_cells(each, sampled)}</tr>" for each in sorted(fits, key=_rank))
    left = [each for each in results if each.status == "does not fit"]
    unfit = "".join(f"<li>{escape(printable(f'{each.target}: {each.reason}'))}</li>" for each in left)
    names = ", ".join(printable(each.target) for each in left)
    below = f"<details><summary>does not fit: {escape(names)}</summary><ul>{unfit}</ul></details>" if left else ""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    return (
        f"<div><table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{lines}</tbody></table>{below}</div>"
    )


def _cells(result: Result, sampled: bool) -> str:
    spent = [(result.time_per_read_s, "s"), (result.energy_per_read_j, "J")]
    if sampled:
        quality = [_score(getattr(result.sampling, name, None)) for name in ("kl", "effective_beta")]
    else:
        quality = [
            (format_number(result.best), ""),
            (format_percent(result.gap), ""),
            format_probability(result.success),
        ]
        spent += [(result.tts_s, "s"), (result.ets_j, "J")]
    status = (result.status, printable(result.reason) if not result.reads else f"{result.reads} reads")
    cells = [status, *quality, *(format_estimate(value, unit) for value, unit in spent)]
    text = "".join(
        f"<td>{escape(value)}{f'<br><small>{escape(interval)}</small>' if interval else ''}</td>"
        for value, interval in cells
    )
    return f'<th scope="row">{escape(printable(result.target))}</th>{text}'


def _rank(result: Result) -> tuple[int, float]:
    """Values of the energy to solution first, then bounds, then the rest."""
    joules = result.ets_j if result.ets_j is not None else result.energy_per_read_j
    if joules is None or (joules.value is None and joules.low is None):
        return 2, 0.0
    return (0, joules.value) if joules.value is not None else (1, joules.low or 0.0)


def _scoped(result: Result, scope: Any) -> Estimate | None:
    return None if result.prices is None else result.prices.scope_energy_per_read_j(scope)


def _score(value: Estimate | None) -> tuple[str, str]:
    if value is None or value.value is None:
        return "–", ""
    ends = f"{value.low:.3g} to {value.high:.3g}" if value.low is not None and value.high is not None else ""
    return f"{value.value:.3g}", ends


def plain_facts(problem: Problem, provenance: Mapping[str, Any]) -> dict[str, str | int | float]:
    """Collect numbers and texts that may be attributes in files.

    Parameters
    ----------
    problem : Problem
        Problem.
    provenance : dict of str to object
        Where the results are from.

    Returns
    -------
    dict of str to str, int or float
        Problem, seed, command, date and hash, as far as they are known.
    """
    about = {"problem": problem.name, "kind": problem.kind, "size": problem.size, "best_known": problem.best_known}
    about |= {name: provenance.get(name) for name in ("seed", "command", "date", "problem_sha256")}
    return {name: value for name, value in about.items() if isinstance(value, (str, int, float))}
