"""Installed targets: found by the entry points of the group ``neuromorph.targets``, made by name and parameters."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .protocol import Target, TargetError
from .target_names import TargetParameter, callable_parameters, check_names, converted, nearest, parse_target

_OURS = "neuromorph"  # the distribution whose targets no other can replace

_RENAMED = {"cpu-cluster": "cpu-swendsen-wang", "cpu-population": "cpu-population-annealing"}  # until the next release


def current_name(name: str) -> str:
    """Replace the former name of a target by today's.

    A former name gives a DeprecationWarning.

    Parameters
    ----------
    name : str
        Name of a target.

    Returns
    -------
    str
        Name by which it is installed.
    """
    if name not in _RENAMED or name in _offers():
        return name
    message = f"target {name} is now {_RENAMED[name]}; the old name goes with the next release"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return _RENAMED[name]


def available_targets() -> list[str]:
    """List the names of all installed targets.

    Returns
    -------
    list of str
        Names in alphabetical order.
    """
    return sorted(_offers())


def get_target(name: str, **parameters: Any) -> Target:
    """Make the installed target of a name.

    Parameters
    ----------
    name : str
        As of :func:`available_targets`, or with parameters: ``"cpu-anneal(sweeps=300)"``.
    **parameters
        More of its parameters, as Python objects.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        If there is no such target, parameter or value; with the nearest right name.
    TargetError
        If what the entry point makes is no target.
    """
    plain, given = parse_target(name)
    plain = current_name(plain)
    point = _entry_point(plain)
    about = f"entry point {point.value} of target {plain!r}"
    try:
        make = point.load()
        known = callable_parameters(make)
        if "constants" in given:
            raise ValueError("constants are no text; give a file by --cost, or costs= in Python")
        check_names(known, [*given, *parameters])
        if twice := given.keys() & parameters.keys():
            raise ValueError(f"{min(twice)} is given twice, in the name and beside it; give it once")
        made = make(**converted(known, given), **parameters)
    except ValueError as error:
        if not (given or parameters):
            raise
        raise ValueError(f"{plain}: {error}") from error  # one of several targets, perhaps
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit, say: a package must not end us
        raise TargetError(f"{about} raises {type(error).__name__}: {error}") from error
    return _checked(made, plain, about)


def target_maker(name: str) -> Callable[..., Target]:
    """Return a function that makes the installed target of a name from its parameters.

    :func:`get_target` looks at all installed packages, for 10 ms; this does so once for any number of settings.

    Parameters
    ----------
    name : str
        Name without parameters.

    Returns
    -------
    callable
        Function of the parameters, as Python objects.
    """
    plain = current_name(name)
    point = _entry_point(plain)
    make = point.load()

    def made(**parameters: Any) -> Target:
        return _checked(make(**parameters), plain, f"entry point {point.value} of target {plain!r}")

    return made


def _checked(made: Any, plain: str, about: str) -> Target:
    if not isinstance(made, Target):
        raise TargetError(f"{about} lacks a member of neuromorph.Target")
    if made.name != plain:
        raise TargetError(f"{about} makes one that names itself {made.name!r}; both names must be the same")
    return made


def split_target_text(text: str) -> tuple[str, str]:
    """Split the text form of a target into its name and its label.

    Parameters
    ----------
    text : str
        Name, alone or with parameters in parentheses.

    Returns
    -------
    (str, str)
        Plain name of the installed target, and its label: ``text`` under today's name.

    Raises
    ------
    ValueError
        If the text cannot be read or no target of that name is installed. Its parameters are not looked at: that needs
        the package of the target.
    """
    given, _ = parse_target(text)
    name = current_name(given)
    _entry_point(name)
    return name, name + text.strip()[len(given) :]


def parameters_of(name: str) -> tuple[TargetParameter, ...]:
    """List the parameters of an installed target.

    Parameters
    ----------
    name : str
        Name of the target, with or without parameters.

    Returns
    -------
    tuple of TargetParameter
        Name, default, annotation and meaning of each; empty where Python cannot tell.
    """
    return callable_parameters(_entry_point(current_name(parse_target(name)[0])).load()) or ()


def _entry_point(name: str) -> EntryPoint:
    points = _offers().get(name)
    if points is None:
        known = available_targets()
        listed = f"installed are {', '.join(known) or 'none'}"
        raise ValueError(f"target is {name!r}; {nearest(name, known)}{listed}")
    return points[0]


def hidden_targets() -> dict[str, list[str]]:
    """Find targets that another package of the same name hides.

    Returns
    -------
    dict of str to list of str
        Hidden packages by the name of their entry point; neuromorph itself, or a package named before, hides them.
    """
    return {name: [_package(point) for point in points[1:]] for name, points in _offers().items() if len(points) > 1}


def _offers() -> dict[str, list[EntryPoint]]:
    """All entry points by name, the one that counts first."""
    return _offers_on(tuple(sys.path))


@lru_cache(maxsize=4)  # a look through all installed packages takes 50 ms
def _offers_on(path: tuple[str, ...]) -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group="neuromorph.targets"), key=lambda p: (_package(p) != _OURS, _package(p))):
        found.setdefault(point.name, []).append(point)
    return found


def _package(point: EntryPoint) -> str:
    return "" if point.dist is None else str(point.dist.name)
