"""Fingerprint of a study: everything on which its reads depend, and sha256 digests of plain data.

Problem, target and its parameters, seed, task, versions and program code are part of it: reads with another fingerprint
are other reads.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from ..protocol import Target
from ..run import versions
from ..task import Task, task_data

FORMAT = 4


def digest(value: Any) -> str:
    """Compute the sha256 of plain data.

    Parameters
    ----------
    value : object
        Numbers, strings, arrays, sparse matrices, containers and frozen dataclasses of them.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    sha = hashlib.sha256()
    _feed(sha, value)
    return sha.hexdigest()


def fingerprint(problem: Any, device: Target, seed: Any, task: Task, chips: int = 1) -> dict[str, Any]:
    """Return everything on which the reads of a device depend, as plain JSON data.

    Parameters
    ----------
    problem : object
        Problem.
    device : Target
        Target.
    seed : object
        Seed of the reads.
    task : Task
        Task.
    chips : int
        Number of chips that reads are spread over.

    Returns
    -------
    dict of str to object
        Data that differ if the reads may.
    """
    return {
        "format": FORMAT,
        "problem": problem_digest(problem),
        "target": digest(device),
        "seed": seed,
        "task": " ".join(str(value) for value in task_data(task).values()),
        "chips": chips,
        "versions": versions(),
        "code": [_code_digest(name) for name in sorted({"neuromorph", type(device).__module__.split(".")[0]})],
    }


def problem_digest(problem: Any) -> str:
    """Compute the sha256 of a problem.

    Parameters
    ----------
    problem : object
        Problem.

    Returns
    -------
    str
        Hexadecimal digits, without the best value known, which may be learnt later.
    """
    return digest({**_parts(problem), "best_known": None})


def _parts(value: Any) -> dict[str, Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value) if f.compare}
    return dict(vars(value)) if hasattr(value, "__dict__") else {"repr": re.sub(r" at 0x[0-9a-f]+", "", repr(value))}


def _feed(sha: Any, value: Any) -> None:
    if isinstance(value, np.ndarray) and value.dtype != object:
        sha.update(f"array {value.dtype.str} {value.shape} ".encode() + np.ascontiguousarray(value).tobytes())
    elif value is None or isinstance(value, (str, bytes, int, float, complex, np.generic)):
        sha.update(f"{type(value).__name__} {value!r} ".encode())
    elif isinstance(value, type) or hasattr(value, "__qualname__"):
        sha.update(f"{value.__module__}.{value.__qualname__} ".encode())
    elif isinstance(value, (list, tuple, np.ndarray)):
        sha.update(f"list {len(value)} ".encode())
        for item in value:
            _feed(sha, item)
    elif isinstance(value, (set, frozenset)):
        _feed(sha, sorted(map(repr, value)))
    elif isinstance(value, Mapping):
        _feed(sha, [[str(key), value[key]] for key in sorted(value, key=str)])
    elif sparse.issparse(value):
        csr = sparse.csr_array(value)
        _feed(sha, [csr.shape, csr.indptr.astype(np.int64), csr.indices.astype(np.int64), csr.data])
    else:
        _feed(sha, [type(value), _parts(value)])


@cache
def _code_digest(package: str) -> str:
    """Compute the sha256 of the source files of a package: reads of other code are other reads."""
    spec = find_spec(package) if package != "__main__" else None
    if spec is None:
        return ""
    roots = [Path(folder) for folder in spec.submodule_search_locations or []]
    files = sorted(file for root in roots for file in root.rglob("*") if file.suffix in {".py", ".toml"})
    if not roots and spec.origin:
        files = [Path(spec.origin)]
    return digest([[file.name, file.read_bytes()] for file in files])
