"""What one target is, as plain data and as text: its parameters, its limits, its constants with their sources."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, Literal, get_args, get_origin

from .installed_targets import parameters_of
from .protocol import Target, limits_of
from .target_constants import constants_of, datum_dict, priced_of
from .target_names import parse_target
from .task import TASK_NAMES

_WIDTH = 120


def describe(device: Target, text: str) -> dict[str, Any]:
    """Return what a target says of itself, as plain data for JSON.

    Parameters
    ----------
    device : Target
        Target.
    text : str
        As it was asked for, with or without parameters.

    Returns
    -------
    dict
        ``name``, ``summary``, ``supported_tasks``; ``parameters``, a list of name, default, given (None if not), values
        and meaning; ``limits``; ``constants``, by name a Datum and ``priced``, whether --cost can replace it.
    """
    given, priced = parse_target(text)[1], priced_of(device)
    parameters = []
    for each in parameters_of(device.name):
        needed = each.default is inspect.Parameter.empty
        about = {"name": each.name, "default": None if needed else _plain(each.default), "needed": needed}
        about |= {"given": given.get(each.name), "values": _values(each.annotation), "meaning": each.meaning}
        parameters.append(about)
    return {
        "name": device.name,
        "summary": device.summary,
        "supported_tasks": [name for name in TASK_NAMES if name in device.supported_tasks],
        "parameters": parameters,
        "limits": {name: _plain(each) for name, each in limits_of(device).items()},
        "constants": {
            name: {**datum_dict(datum), "priced": name in priced} for name, datum in constants_of(device).items()
        },
    }


def description_text(found: dict[str, Any]) -> str:
    """Return the data of :func:`describe` as text.

    Parameters
    ----------
    found : dict of str to object
        Result of :func:`describe`.

    Returns
    -------
    str
        Lines for a terminal.
    """
    lines = [f"{found['name']}: {found['summary']}", f"tasks: {', '.join(found['supported_tasks'])}", "", "parameters"]
    for each in found["parameters"]:
        value = each["default"] if each["given"] is None else each["given"]
        shown = "needed" if each["needed"] and each["given"] is None else _shown(value)
        rule = f" ({each['values']})" if each["values"] else ""
        lines += [f"  {each['name']} = {shown}{rule}", *_wrapped(each["meaning"].replace("``", ""), 6)]
    lines += [*([] if found["parameters"] else ["  none"]), "", "limits"]
    for name, limit in found["limits"].items():
        lines += _wrapped(f"{name}: {limit:,}" if isinstance(limit, int) else f"{name}: {limit}", 2)
    lines += [*([] if found["limits"] else ["  none told"]), "", "constants (* prices and times: --cost replaces them)"]
    for name, each in found["constants"].items():
        between = "" if each["low"] == each["high"] else f", {each['low']:.4g} .. {each['high']:.4g}"
        mark = "*" if each["priced"] else " "
        unit = "" if each["unit"] == "1" else f" {each['unit']}"
        lines.append(f"{mark} {name} = {each['value']:.6g}{unit}{between}, {each['kind']}")
        lines += _wrapped(each["source"], 6)
    return "\n".join([*lines, *([] if found["constants"] else ["  none told"])])


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * max(indent, 4))


def _values(annotation: Any) -> str:
    """List the kinds of value that a parameter takes, in the words of the text form."""
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    words = {int: "whole number", float: "number", bool: "on | off", str: "text", type(None): "none"}
    options = get_args(annotation) or (annotation,)
    return " | ".join(words[option] for option in options if option in words)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else str(value)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {True: "on", False: "off", None: "none"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
