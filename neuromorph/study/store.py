"""Reads kept on disk, so that a study that was stopped goes on where it was.

``runs/<target>.npz`` holds the reads of one target and the fingerprint of all they depend on: problem, target and its
parameters, seed, versions and program code. Another fingerprint means other reads: the study starts again.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from ..files import write_file
from ..protocol import Target, Task
from ..run import Run, versions

FORMAT = 1

_DAMAGED = (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error)


def digest(value: Any) -> str:
    """sha256 of plain data: numbers, strings, arrays, sparse matrices, containers and frozen dataclasses of them."""
    sha = hashlib.sha256()
    _feed(sha, value)
    return sha.hexdigest()


def fingerprint(problem: Any, device: Target, seed: Any, task: str) -> dict[str, Any]:
    """What the reads of ``device`` depend on, as plain JSON data."""
    return {
        "format": FORMAT,
        "problem": problem_digest(problem),
        "target": digest(device),
        "seed": seed,
        "task": task,
        "versions": versions(),
        "code": [_code_digest(name) for name in sorted({"neuromorph", type(device).__module__.split(".")[0]})],
    }


def problem_digest(problem: Any) -> str:
    """sha256 of what is in the problem, but for the best value known: it may be learnt later."""
    return digest({**_parts(problem), "best_known": None})


def safe_name(text: str) -> str:
    """``text`` as the name of a file: no separators, no leading dot, nothing a shell or a browser reads otherwise."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "unnamed"


def save(path: Path, run: Run, mark: Mapping[str, Any]) -> None:
    """Write the reads of ``run``; they are packed to one bit a spin."""
    about = {"fingerprint": mark, "n": run.spins.shape[1], "status": run.status, "message": run.message}
    about |= {"setup": dict(run.setup), "provenance": dict(run.provenance)}
    arrays: dict[str, Any] = {f"activity {name}": count for name, count in run.activity.items()}
    arrays |= {"spins": np.packbits(run.spins > 0, axis=1), "energies": run.energies, "converged": run.converged}
    file = io.BytesIO()
    np.savez_compressed(file, about=np.array(json.dumps(about, default=str)), **arrays)
    write_file(path, file.getvalue())


def load(path: Path, mark: Mapping[str, Any], device: Target, task: Task) -> Run | None:
    """The reads kept in ``path``, or None if there are none, they belong to another study, or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            if about["fingerprint"] != json.loads(json.dumps(mark)):
                return None
            spins = np.unpackbits(file["spins"], axis=1, count=about["n"]).astype(np.int8)
            return Run(
                target=device.name,
                task=task,
                spins=2 * spins - 1,
                energies=file["energies"],
                activity={name[9:]: file[name] for name in file.files if name.startswith("activity ")},
                setup=about["setup"],
                converged=file["converged"],
                status=about["status"],
                message=about["message"],
                provenance=about["provenance"],
            )
    except _DAMAGED:
        return None


def kept_seed(directory: Path, problem: Any) -> int | None:
    """The seed of the reads of ``problem`` that ``directory`` holds; None if there are none."""
    for path in sorted((directory / "runs").glob("*.npz")):
        try:
            with np.load(path, allow_pickle=False) as file:
                mark = json.loads(str(file["about"]))["fingerprint"]
            if mark["problem"] == problem_digest(problem) and len(mark["seed"]) == 2:  # of a seed, not a Generator
                return int(mark["seed"][0])
        except _DAMAGED:
            continue
    return None


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
    """sha256 of the source files of a package: reads of other code are other reads."""
    spec = find_spec(package) if package != "__main__" else None
    if spec is None:
        return ""
    roots = [Path(folder) for folder in spec.submodule_search_locations or []]
    files = sorted(file for root in roots for file in root.rglob("*") if file.suffix in {".py", ".toml"})
    if not roots and spec.origin:
        files = [Path(spec.origin)]
    return digest([[file.name, file.read_bytes()] for file in files])
