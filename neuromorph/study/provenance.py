"""Where numbers are from: versions, seed, command, hash of the input, machine and date."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import numpy as np

from ..installed_targets import available_targets, hidden_targets
from ..problems.problem import Problem
from ..run import versions
from ..runtime.package_ownership import ownership_warnings
from .fingerprint import problem_digest
from .installed import hidden_reason


def provenance(problem: Problem, stream: np.random.SeedSequence, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that reproduces the numbers of a comparison, for JSON.

    Parameters
    ----------
    problem : Problem
        Problem.
    stream : np.random.SeedSequence
        Seed of the study.
    about : dict of str to object
        Command, input with its hash, and the other requests.

    Returns
    -------
    dict of str to object
        Plain data.
    """
    entropy: Any = stream.entropy
    seed = int(entropy) if isinstance(entropy, (int, np.integer)) else [int(word) for word in entropy]
    key = [int(word) for word in stream.spawn_key]
    given = {**({"spawn_key": key} if key else {}), **about, "problem_sha256": problem_digest(problem)}
    return work_provenance(seed, given)


def work_provenance(seed: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that reproduces the numbers of any command, for JSON.

    Parameters
    ----------
    seed : int or list of int
        Seed.
    about : dict of str to object
        Command, input with its hash, and the other requests.

    Returns
    -------
    dict of str to object
        Plain data, with versions, machine and date.
    """
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return {"seed": seed, **about, "versions": dict(versions()), "machine": machine(), "date": date}


def installation() -> dict[str, Any]:
    """Return the installed versions and targets.

    Returns
    -------
    dict of str to object
        Plain data, with warnings where another distribution stands in the way.
    """
    names = [re.split(r"[^\w.-]", line)[0] for line in requires("neuromorph") or [] if "extra ==" not in line]
    found = {"python": platform.python_version(), "neuromorph": version("neuromorph")}
    for name in sorted(set(names), key=str.lower):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    hidden = [hidden_reason(each, name) for name, packages in hidden_targets().items() for each in packages]
    return {
        "versions": found,
        "machine": machine(),
        "targets": available_targets(),
        "warnings": [*ownership_warnings(), *hidden],
    }


def machine() -> dict[str, Any]:
    """Describe the computer on which times were measured.

    Returns
    -------
    dict of str to object
        Plain data.
    """
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(errors="replace").splitlines() if cpus.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "system": platform.platform(terse=True),
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }
