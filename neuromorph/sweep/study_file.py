"""STUDY.toml: problems x tasks x targets x parameters, chips, seeds and repeats.

Tables: ``[study]``, ``[[problems]]``, ``[[tasks]]``, ``[[targets]]`` with ``[targets.parameters]``, ``[search]``. Any
other key is answered with the nearest right one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..files.atomic_write import read_file
from ..files.toml import read_toml
from ..installed_targets import parameters_of, split_target_text
from ..target_names import check_names, converted, nearest, parse_target
from ..task import TASK_NAMES
from .parameter_points import DESIGNS, ParameterRange, parameter_points
from .study_checks import as_list, check_keys, finite_number, truth_value, whole_number

QUANTITIES = ("success", "quality", "energy", "latency")  # what a refinement may look at
OBJECTIVES = ("energy", "accuracy", "latency")

_STUDY = ("name", "reads", "chips", "seeds", "repeats", "success_gap", "keep_scores", "task_time_limit_s")
_PROBLEMS = ("files", "kind", "rule", "best_known", "generate")
_TASKS = ("task", "beta", "rule")
_TARGETS = ("target", "design", "points", "seed", "rounds", "of", "parameters")
_RANGE = ("low", "high", "points", "scale", "integer")
_SEARCH = ("trials", "objectives", "sampler", "seed", "together")
_TOP = ("study", "problems", "tasks", "targets", "search")
_SAMPLERS = ("nsga2", "tpe", "random")
_BYTES = 1 << 20


@dataclass(frozen=True)
class TargetSettings:
    """Settings of one target.

    Attributes
    ----------
    target : str
        Name of the target.
    parameters : dict of str to value, list or ParameterRange
        Parameters by name.
    design : str
        How settings are chosen, one of ``DESIGNS``.
    points, seed : int
        Number of random or Sobol points, and their seed.
    rounds : int
        Rounds of refinement of an adaptive design.
    of : str
        Quantity that a refinement looks at.
    """

    target: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    design: str = "grid"
    points: int = 0
    seed: int = 0
    rounds: int = 3
    of: str = "success"


@dataclass(frozen=True)
class SearchSettings:
    """Settings of a multi-objective search.

    Attributes
    ----------
    trials : int
        Number of settings that are tried for each target.
    objectives : tuple of str
        Some of ``OBJECTIVES``.
    sampler : str
        "nsga2", "tpe" or "random".
    seed : int
        Seed of the sampler.
    together : int
        Trials that run at the same time.
    """

    trials: int
    objectives: tuple[str, ...] = OBJECTIVES
    sampler: str = "nsga2"
    seed: int = 0
    together: int = 8


@dataclass(frozen=True)
class StudyFile:
    """A study as its file says it.

    Attributes
    ----------
    name : str
        Name of the study.
    problems, tasks : tuple of dict
        Tables of problems and of tasks; without tasks each problem has its own.
    targets : tuple of TargetSettings
        Targets.
    reads, chips, repeats : int
        Reads a task, devices drawn for each setting, tasks of new reads on each of them.
    seeds : tuple of int
        Seeds of the devices and their reads.
    success_gap : float
        Relative distance from the best value known up to which a read succeeds.
    keep_scores : bool
        Whether the score of each read is kept; those of problems without a best value known are kept always.
    task_time_limit_s : float or None
        Seconds after which a task has failed.
    search : SearchSettings or None
        Search instead of a table of settings.
    folder : Path
        Folder of the file, from which its paths start.
    """

    name: str
    problems: tuple[Mapping[str, Any], ...]
    tasks: tuple[Mapping[str, Any], ...]
    targets: tuple[TargetSettings, ...]
    reads: int = 20
    chips: int = 1
    seeds: tuple[int, ...] = (0,)
    repeats: int = 1
    success_gap: float = 0.0
    keep_scores: bool = False
    task_time_limit_s: float | None = None
    search: SearchSettings | None = None
    folder: Path = Path()


def read_study(source: str | os.PathLike[str] | Mapping[str, Any]) -> StudyFile:
    """Read a study.

    Parameters
    ----------
    source : path or dict
        STUDY.toml, or its tables.

    Returns
    -------
    StudyFile
        Study, each key of it checked.

    Raises
    ------
    ValueError
        For an unknown key or a wrong value; the message has the table, the rule and the remedy.
    OSError
        If the file cannot be read.
    """
    if isinstance(source, Mapping):
        return _study(source, "study", Path.cwd())
    path = Path(source)
    try:
        text = read_file(path, _BYTES).decode("utf-8-sig")
        return _study(read_toml(text), path.stem, path.resolve().parent)
    except FileNotFoundError:
        raise ValueError(f"{path.name}: there is no such file; check the path") from None
    except OSError as error:
        raise ValueError(f"{path.name} {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: is not UTF-8 text; give a STUDY.toml") from None
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _study(tables: Mapping[str, Any], name: str, folder: Path) -> StudyFile:
    check_keys("the file", tables, _TOP)
    study = tables.get("study", {})
    check_keys("[study]", study, _STUDY)
    problems = _tables(tables, "problems", _PROBLEMS, open_with="generate")
    tasks = _tables(tables, "tasks", _TASKS)
    if not problems:
        raise ValueError("has no [[problems]]; add a table with files = [...] or generate = NAME")
    for table in problems:
        if ("files" in table) == ("generate" in table):
            raise ValueError("[[problems]]: give either files = [...] or generate = NAME")
    for table in tasks:
        _check_task(table)
    targets = tuple(_target(table) for table in _tables(tables, "targets", _TARGETS))
    if not targets:
        raise ValueError("has no [[targets]]; add a table with target = NAME, as of 'neuromorph targets'")
    seeds = study.get("seeds", 0)
    found = StudyFile(
        str(study.get("name", name)),
        problems,
        tasks,
        targets,
        reads=whole_number("[study]", "reads", study.get("reads", 20)),
        chips=whole_number("[study]", "chips", study.get("chips", 1)),
        seeds=tuple(
            whole_number("[study]", "seeds", each, 0) for each in (seeds if isinstance(seeds, list) else [seeds])
        ),
        repeats=whole_number("[study]", "repeats", study.get("repeats", 1)),
        success_gap=finite_number("[study]", "success_gap", study.get("success_gap", 0.0), 0.0),
        keep_scores=truth_value("[study]", "keep_scores", study.get("keep_scores", False)),
        task_time_limit_s=_limit(study.get("task_time_limit_s")),
        search=_search(tables["search"], targets) if "search" in tables else None,
        folder=folder,
    )
    if not found.seeds:
        raise ValueError("[study]: seeds is empty; give one number at least")
    return found


def _limit(value: Any) -> float | None:
    return None if value is None else finite_number("[study]", "task_time_limit_s", value, 1e-3)


def _check_task(table: Mapping[str, Any]) -> None:
    name = table.get("task")
    if name not in TASK_NAMES:
        raise ValueError(
            f"[[tasks]]: task is {name!r}; {nearest(str(name), TASK_NAMES)}it is {' or '.join(TASK_NAMES)}"
        )
    if name == "sample" and "beta" not in table:
        raise ValueError("[[tasks]]: to sample needs beta = B or a list, inverse temperatures in 1 / energy")
    for key, whose in (("beta", "sample"), ("rule", "recall")):
        if key in table and name != whose:
            raise ValueError(f"[[tasks]]: {key} is of task = {whose!r}, and task is {name!r}; leave it out")
    for beta in as_list(table.get("beta", [])):
        finite_number("[[tasks]]", "beta", beta, 0.0)


def _target(table: Mapping[str, Any]) -> TargetSettings:
    text = table.get("target")
    if not isinstance(text, str):
        raise ValueError("[[targets]]: has no target = NAME; names are those of 'neuromorph targets'")
    name, _ = split_target_text(text)
    where = f"[[targets]] {name}"
    given = table.get("parameters", {})
    if not isinstance(given, Mapping):
        raise ValueError(f"{where}: parameters is no table; write [targets.parameters] with one line a parameter")
    known = parameters_of(name)
    parameters: dict[str, Any] = {}
    try:
        check_names(known or None, given)
        for key, value in {**parse_target(text)[1], **given}.items():
            if key == "constants":
                raise ValueError("constants are no parameter of a study; sweep the parameters of the device")

            def fit(each: Any, key: str = key) -> Any:
                return converted(known or None, {key: _word(each)})[key]

            if isinstance(value, list):
                if not value:
                    raise ValueError(f"{key} is an empty list; give a value at least")
                parameters[key] = [fit(each) for each in value]
            elif isinstance(value, Mapping):
                parameters[key] = _range(key, value)
                for end in parameters[key].values():
                    fit(end)
            else:
                parameters[key] = fit(value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    design = table.get("design", "grid")
    if design not in DESIGNS:
        raise ValueError(f"{where}: design is {design!r}; {nearest(str(design), DESIGNS)}it is {' or '.join(DESIGNS)}")
    of = table.get("of", "success")
    if of not in QUANTITIES:
        raise ValueError(f"{where}: of is {of!r}; {nearest(str(of), QUANTITIES)}it is {' or '.join(QUANTITIES)}")
    points = whole_number(where, "points", table.get("points", 0), 0)
    if design in ("random", "sobol") and not points:
        raise ValueError(f"{where}: design is {design!r} without a number of settings; add points = N")
    ranges = [key for key, value in parameters.items() if isinstance(value, ParameterRange)]
    if design == "adaptive" and len(ranges) != 1:
        raise ValueError(
            f"{where}: an adaptive design refines one range, and {len(ranges)} are given; make lists of others"
        )
    if design == "list":
        next(parameter_points(parameters, design), None)
    seed, rounds = (whole_number(where, key, table.get(key, value), 0) for key, value in (("seed", 0), ("rounds", 3)))
    return TargetSettings(name, parameters, design, points, seed, rounds, of)


def _word(value: Any) -> Any:
    """TOML has no word for none."""
    return None if isinstance(value, str) and value.lower() == "none" else value


def _range(key: str, table: Mapping[str, Any]) -> ParameterRange:
    check_keys(key, table, _RANGE)
    low, high = (finite_number(key, end, table.get(end)) for end in ("low", "high"))
    scale = table.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise ValueError(f"{key}: scale is {scale!r}; it is 'linear' or 'log'")
    if not low < high or (scale == "log" and low <= 0):
        raise ValueError(
            f"{key}: the range is {low} .. {high} on a {scale} scale; needs low < high, above 0 on a log scale"
        )
    integer = truth_value(
        key, "integer", table.get("integer", isinstance(table["low"], int) and isinstance(table["high"], int))
    )
    return ParameterRange(low, high, whole_number(key, "points", table.get("points", 5)), scale == "log", integer)


def _search(table: Any, targets: tuple[TargetSettings, ...]) -> SearchSettings:
    check_keys("[search]", table, _SEARCH)
    objectives = tuple(as_list(table.get("objectives", list(OBJECTIVES))))
    for each in objectives:
        if each not in OBJECTIVES:
            raise ValueError(
                f"[search]: objective is {each!r}; {nearest(str(each), OBJECTIVES)}known are {', '.join(OBJECTIVES)}"
            )
    sampler = table.get("sampler", "nsga2")
    if sampler not in _SAMPLERS:
        raise ValueError(
            f"[search]: sampler is {sampler!r}; {nearest(str(sampler), _SAMPLERS)}it is {' or '.join(_SAMPLERS)}"
        )
    for each in targets:
        if sum(other.target == each.target for other in targets) > 1:
            raise ValueError(f"[search]: {each.target} stands in two [[targets]]; give its parameters in one")
        if not any(isinstance(value, (list, ParameterRange)) for value in each.parameters.values()):
            raise ValueError(f"[search]: {each.target} has no parameter to search; give one as a range or a list")
    if "trials" not in table:
        raise ValueError("[search]: has no trials = N, the number of settings to try for each target")
    trials, together = (whole_number("[search]", key, table.get(key, 8)) for key in ("trials", "together"))
    seed = whole_number("[search]", "seed", table.get("seed", 0), 0)
    return SearchSettings(trials, objectives, sampler, seed, together)


def _tables(
    tables: Mapping[str, Any], key: str, known: tuple[str, ...], open_with: str = ""
) -> tuple[Mapping[str, Any], ...]:
    found = tables.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ValueError(f"{key} is no list of tables; write [[{key}]] above each")
    for each in found:
        if open_with not in each:  # the generator checks its own arguments
            check_keys(f"[[{key}]]", each, known)
    return tuple(found)
