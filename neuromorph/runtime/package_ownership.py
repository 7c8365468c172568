"""Check that the import name ``circuits`` leads to the package of this distribution.

An unrelated project of the package index has the same import name. The one that is installed last overwrites the
other's ``__init__.py``; uninstalling the other one then takes that file away from ours. The check imports nothing, for
that would run the code of the other project.
"""

from __future__ import annotations

import re
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

_REINSTALL = "pip install --force-reinstall --no-deps neuromorph"
_OWN = re.compile(r"\bcertify_problem\b")  # a name that no other package has


class CircuitsMissing(ImportError):
    """Error of a ``circuits`` that is missing, incomplete, or another project's."""


def require_circuits() -> None:
    """Raise unless ``circuits`` is the package of this distribution.

    Raises
    ------
    CircuitsMissing
        If it is not.
    """
    said = circuits_missing()
    if said:
        raise CircuitsMissing(said)


def circuits_missing() -> str | None:
    """Explain why ``circuits`` cannot be used and what to do, in one line.

    Returns
    -------
    str or None
        The explanation; None if it can be used.
    """
    spec = find_spec("circuits")
    if spec is None or spec.origin is None:
        return f"neuromorph's package 'circuits' is not whole, as if another of that name was uninstalled; {_REINSTALL}"
    try:
        if _OWN.search(Path(spec.origin).read_text(errors="replace")):
            return None
    except OSError:  # the package is in an archive, which pip does not overwrite
        return None
    foreign = _foreign_owners("circuits")
    if foreign:
        return f"{_shared('circuits', foreign)}, and leads there; {_remedy(foreign)}"
    return f"the import name 'circuits' leads to {spec.origin}, which is not neuromorph's; rename that"


def ownership_warnings() -> list[str]:
    """Warn of import names that another distribution has too or that are incomplete.

    Returns
    -------
    list of str
        One line for each name.
    """
    missing = circuits_missing()
    found = [missing] if missing else []
    for package in ("neuromorph", "circuits", "hardware_targets"):
        foreign = _foreign_owners(package)
        if foreign and not (missing and package == "circuits"):
            found.append(f"{_shared(package, foreign)}; {_remedy(foreign)}")
    return found


def _foreign_owners(package: str) -> list[str]:
    return sorted(set(packages_distributions().get(package, [])) - {"neuromorph"})


def _shared(package: str, foreign: list[str]) -> str:
    return f"the import name {package!r} also belongs to {', '.join(foreign)}"


def _remedy(foreign: list[str]) -> str:
    """Describe both steps of the remedy: after the first alone, files of ours are gone."""
    return f"pip uninstall {' '.join(foreign)}; {_REINSTALL}"
