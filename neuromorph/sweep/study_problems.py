"""Problems of a study: files and generated ones, each with the hash of its content.

A worker gets the bytes of a file rather than its path: it may run on another machine, and the file may change.
"""

from __future__ import annotations

import glob
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..problems import Problem, load
from ..problems.text_file import TextFile
from ..study.fingerprint import problem_digest
from .generated_problems import generated_problem
from .study_checks import as_list
from .study_file import StudyFile


@dataclass(frozen=True, eq=False)
class ProblemSource:
    """Recipe of a problem, for any machine.

    Attributes
    ----------
    name : str
        Name of the problem.
    sha256 : str
        Hash of its content, without the best value known.
    kind, sense : str
        tsp, maxcut, recall or ising; whether a low ("min") or a high score is good.
    size : int
        Cities, nodes, pixels or spins.
    file : TextFile or None
        Content of its file.
    arguments : dict of str to object
        Arguments of ``load``, or those of the generator under its name.
    best_known : float or None
        Best value known.
    rule : str or None
        Learning rule of a memory.
    """

    name: str
    sha256: str
    kind: str
    sense: str
    size: int
    file: TextFile | None
    arguments: Mapping[str, Any]
    best_known: float | None
    rule: str | None = None

    def problem(self) -> Problem:
        """Make the problem.

        Returns
        -------
        Problem
            Problem.
        """
        return _made(self.file, self.arguments, self.best_known, self.rule)


def problem_sources(study: StudyFile) -> tuple[ProblemSource, ...]:
    """Read all problems of a study.

    Parameters
    ----------
    study : StudyFile
        Study.

    Returns
    -------
    tuple of ProblemSource
        Problems in their order, each once.

    Raises
    ------
    ValueError
        If a file cannot be read, a pattern finds none, or a generator breaks its rule.
    """
    found: dict[str, ProblemSource] = {}
    for table in study.problems:
        for source in _sources(study, table):
            found.setdefault(source.sha256, source)
    return tuple(found.values())


def with_rule(source: ProblemSource, rule: str | None) -> ProblemSource:
    """Return a memory with another learning rule, which is another problem.

    Parameters
    ----------
    source : ProblemSource
        Problem.
    rule : str or None
        Learning rule; None keeps its own.

    Returns
    -------
    ProblemSource
        Problem with the hash of its new content.
    """
    if rule is None or source.kind != "recall":
        return source
    made = _made(source.file, source.arguments, source.best_known, rule)
    return replace(source, rule=rule, sha256=problem_digest(made))


def _sources(study: StudyFile, table: Mapping[str, Any]) -> Iterator[ProblemSource]:
    if "generate" in table:
        arguments = {key: as_list(value) for key, value in table.items() if key not in ("generate", "best_known")}
        for row in itertools.product(*arguments.values()):
            given = {"generate": table["generate"], **dict(zip(arguments, row, strict=True))}
            yield _source(None, given, table.get("best_known"))
        return
    for pattern in as_list(table["files"]):
        if not isinstance(pattern, str):
            raise ValueError(f"[[problems]]: files holds {pattern!r}; give names or patterns in quotes")
        paths = (
            sorted(glob.glob(pattern, root_dir=study.folder, recursive=True)) if glob.has_magic(pattern) else [pattern]
        )
        if not paths:
            raise ValueError(f"[[problems]]: no file is named {pattern!r} in {study.folder}; correct the pattern")
        for path in paths:
            given = {key: table[key] for key in ("kind", "rule") if key in table}
            yield _source(TextFile.read(study.folder / path), given, table.get("best_known"))


def _source(file: TextFile | None, arguments: Mapping[str, Any], best_known: float | None) -> ProblemSource:
    made = _made(file, arguments, best_known)
    content = None if file is None else TextFile(file.name, file.data)
    return ProblemSource(
        made.name, problem_digest(made), made.kind, made.sense, made.size, content, arguments, made.best_known
    )


def _made(
    file: TextFile | None, arguments: Mapping[str, Any], best_known: float | None, rule: str | None = None
) -> Problem:
    if file is not None:
        return load(file, best_known=best_known, **{**arguments, **({} if rule is None else {"rule": rule})})
    given = {key: value for key, value in arguments.items() if key != "generate"}
    made: Any = generated_problem(str(arguments["generate"]), given)
    if best_known is not None:
        made = replace(made, best_known=float(best_known))
    return made if rule is None else replace(made, rule=rule)
