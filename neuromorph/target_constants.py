r"""Constants of targets, and a file that replaces what prices and times depend on.

.. code-block:: toml

    [core_power_w]                              # in every target of the study that has it
    value = 6.5
    unit = "W"
    kind = "measured"
    source = "RAPL of my laptop, 3 May"
    [memristor-crossbar.pulse_energy]           # in one target
    value = 2e-12                               # ...

A target tells ``constants``, its table {name: Datum}, and ``priced``, the names of those that decide what its reads
cost and how long they take but not what they are. Those alone can be replaced here: the same seed then draws the same
spins, and joules and seconds follow. Whatever decides the reads is a parameter of the target.

``host_power`` is the power of the host that all rows of a study share (``neuromorph.pricing.HOST``): given at the top
level it replaces that of the study, and that of each target that is a host itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from .datum import Datum, data_of_tables
from .files.atomic_write import read_file
from .files.toml import read_toml
from .installed_targets import available_targets
from .pricing.boundary import HOST
from .protocol import Target, TargetError
from .target_names import nearest

Constants: TypeAlias = Mapping[str, Datum]
_T = TypeVar("_T")
_MOST_BYTES = 1 << 20
_DIVISORS = ("s", "1/s", "s/s", "Hz")  # units of times and rates, by which something is divided


@dataclass(frozen=True)
class Replacements:
    """Constants to be used in place of those of the tables.

    Attributes
    ----------
    everywhere : dict of str to Datum
        Constants by name, for every target that has one of that name.
    of_target : dict of str to dict
        Constants by name for one target, by its name.
    """

    everywhere: Constants = field(default_factory=dict)
    of_target: Mapping[str, Constants] = field(default_factory=dict)


def constants_of(device: Target) -> dict[str, Datum]:
    """Return the table of constants of a target.

    Parameters
    ----------
    device : Target
        Target.

    Returns
    -------
    dict of str to Datum
        Constants by name; empty if the target states none.

    Raises
    ------
    TargetError
        If a package of somebody else states something else.
    """
    return _told(device, "constants", lambda table: {str(name): _datum(datum) for name, datum in table.items()}, {})


def priced_of(device: Target) -> frozenset[str]:
    """Return the names of constants on which prices and times depend, but no read.

    Parameters
    ----------
    device : Target
        Target.

    Returns
    -------
    frozenset of str
        Names; empty if the target states none.

    Raises
    ------
    TargetError
        If a package of somebody else states something else.
    """
    return _told(device, "priced", frozenset, frozenset())


def read_replacements(costs: str | Path | Mapping[str, Any]) -> Replacements:
    """Read constants that replace those of targets.

    Parameters
    ----------
    costs : path or mapping
        A .toml file as in the head of this module; or {name: Datum} and {target: {name: Datum}}.

    Returns
    -------
    Replacements
        Constants for all targets, and for single ones.

    Raises
    ------
    ValueError
        If the file cannot be read, or has something else than constants; names the file, the table and the rule.
    """
    if isinstance(costs, Mapping):
        return _of_mapping(costs)
    try:
        tables = read_toml(read_file(Path(costs), _MOST_BYTES).decode())
        sections = {name: data_of_tables(table) for name, table in tables.items() if _is_section(table)}
        plain = data_of_tables({name: table for name, table in tables.items() if name not in sections})
    except OSError as error:
        raise ValueError(f"cannot read {costs}: {error.strerror or error}; give a .toml file of constants") from error
    except ValueError as error:
        raise ValueError(f"{costs}: {error}") from error
    if not plain and not any(sections.values()):
        raise ValueError(f"{costs} has no constant; give a table for each, as neuromorph targets NAME lists them")
    return Replacements(plain, sections)


def host_of(replacements: Replacements) -> Datum:
    """Return the host that all rows of a study share.

    Parameters
    ----------
    replacements : Replacements
        Constants for all targets, and for single ones.

    Returns
    -------
    Datum
        Power of the host, W: the one that was given, or that of the table.

    Raises
    ------
    ValueError
        If it is given in another unit, or negative.
    """
    given = replacements.everywhere.get(HOST.name)
    if given is None:
        return HOST
    _check("study", HOST.name, given, {HOST.name: HOST}, {HOST.name})
    return replace(given, name=HOST.name)


def replace_constants(device: Target, given: Constants) -> Target:
    """Replace constants of a device: its reads stay, their prices and times follow.

    Parameters
    ----------
    device : Target
        Target.
    given : dict of str to Datum
        Constants by name, with names, units and signs as in its table.

    Returns
    -------
    Target
        Device of the same reads with the given constants.

    Raises
    ------
    ValueError
        If the device has no such constant, has it in another unit, or if its reads depend on it.
    """
    table, priced = constants_of(device), priced_of(device)
    for name, datum in given.items():
        _check(device.name, name, datum, table, priced)
    if not given:
        return device
    given = {name: replace(datum, name=name) for name, datum in given.items()}  # draws are shared by name
    any_device: Any = device
    if hasattr(device, "with_constants"):
        changed: Target = any_device.with_constants(dict(given))
    elif "constants" in getattr(type(device), "__dataclass_fields__", {}):
        changed = replace(any_device, constants={**table, **given})
    else:
        raise ValueError(f"{device.name} tells its constants, but not how to replace them (no member with_constants)")
    try:
        changed.costs()
    except ValueError as error:
        raise ValueError(f"constants of {device.name} do not go together: {error}") from error
    return changed


def replace_in_all(
    devices: list[tuple[str, Target]], replacements: Replacements
) -> tuple[dict[str, Target], dict[str, dict[str, Datum]]]:
    """Every device with its replacements.

    Parameters
    ----------
    devices : list of (label, Target)
        As of a study; those that tell no constants stay as they are.
    replacements : Replacements
        Constants for all targets, and for single ones.

    Returns
    -------
    dict
        {label: Target}, of those that something was replaced in.
    dict
        {label: {name: Datum}}, what was replaced.

    Raises
    ------
    ValueError
        If a constant is in no target, or a target is unknown; with the nearest right name.
    """
    known = {device.name for _, device in devices}
    for target in replacements.of_target:
        if target not in known and target not in available_targets():
            near = nearest(target, known | set(available_targets()))
            raise ValueError(f"costs: no target {target!r}; {near}targets are {', '.join(sorted(known))}")
    if not replacements.everywhere and not replacements.of_target:
        return {}, {}
    host_of(replacements)  # is checked here, whether or not a target has it
    every = {name for _, device in devices for name in priced_of(device)} | {HOST.name}
    found: dict[str, Target] = {}
    replaced: dict[str, dict[str, Datum]] = {}
    used = {HOST.name}
    for label, device in devices:
        table = constants_of(device)
        here = {name: datum for name, datum in replacements.everywhere.items() if name in table}
        used |= here.keys()
        here |= dict(replacements.of_target.get(device.name, {}))
        if here:
            found[label], replaced[label] = replace_constants(device, here), here
    for name in replacements.everywhere:
        if name not in used:
            raise ValueError(
                f"costs: no target of this study has a constant {name!r}; {nearest(name, every)}"
                f"constants are {', '.join(sorted(every)) or 'none'}; "
                "those of other targets stand below [target.constant]"
            )
    return found, replaced


def own_parameters(device: Any) -> dict[str, Any]:
    """Return the parameters of a device that is a dataclass, for provenance.

    Parameters
    ----------
    device : object
        Target.

    Returns
    -------
    dict of str to object
        Value by name, without the constants.
    """
    vars(bare := copy(device))["constants"] = {}  # asdict would copy each of them
    return {name: each for name, each in asdict(bare).items() if name != "constants"}


def refuse_both(constants: Constants, table: Constants, name: str, parameter: str, value: Any) -> None:
    """Refuse a changed constant beside the parameter that stands for it.

    Parameters
    ----------
    constants, table : Constants
        Constants of the device, and those of its table.
    name : str
        Name of the constant.
    parameter : str
        Name of the parameter.
    value : object
        Value of the parameter; None if it is not given.

    Raises
    ------
    ValueError
        If both are given.
    """
    if value is not None and constants[name] != table[name]:
        raise ValueError(f"constant {name} is given and so is the parameter {parameter}={value}; give one of them")


def datum_dict(datum: Datum) -> dict[str, Any]:
    """Return a Datum as plain data for JSON.

    Parameters
    ----------
    datum : Datum
        Number.

    Returns
    -------
    dict of str to object
        Its fields by name.
    """
    return {each.name: getattr(datum, each.name) for each in fields(datum) if each.compare}


def _told(device: Target, member: str, read: Callable[[Any], _T], nothing: _T) -> _T:
    try:
        told = getattr(device, member, None)
        return nothing if told is None else read(told)
    except Exception as error:
        raise TargetError(f"{member} of {device.name} cannot be read: {type(error).__name__}: {error}") from error


def _datum(value: Any) -> Datum:
    if not isinstance(value, Datum):
        raise TypeError(f"{value!r} is no Datum")
    return value


def _check(target: str, name: str, datum: Datum, table: Constants, priced: Collection[str]) -> None:
    if name not in table:
        listed = ", ".join(sorted(priced)) or "none"
        raise ValueError(f"costs: {target} has no constant {name!r}; {nearest(name, priced)}it has {listed}")
    if not isinstance(datum, Datum):
        raise ValueError(f"costs: {name} of {target} is a {type(datum).__name__}; give a Datum: value, unit, source")
    if name not in priced:
        raise ValueError(
            f"costs: {name} of {target} decides its reads, not what they cost: where there is a parameter for it, "
            f"'neuromorph targets {target}' shows it; costs are {', '.join(sorted(priced)) or 'none'}"
        )
    if datum.unit != table[name].unit:
        raise ValueError(f"costs: {name} of {target} is in {datum.unit[:20]!r}; give it in {table[name].unit!r}")
    if datum.low < 0.0 or (datum.unit in _DIVISORS and datum.low <= 0.0):
        rule = "above 0" if datum.unit in _DIVISORS else "0 or above"
        raise ValueError(f"costs: {name} of {target} is {datum.low:g} at least; it must be {rule}")


def _is_section(table: Any) -> bool:
    """Whether a table of a file is that of a target: it holds tables, and no constant does."""
    return isinstance(table, dict) and bool(table) and all(isinstance(each, dict) for each in table.values())


def _of_mapping(costs: Mapping[str, Any]) -> Replacements:
    for name, each in costs.items():
        if not isinstance(each, (Datum, Mapping)):
            raise ValueError(f"costs: {name!r} is a {type(each).__name__}; give a Datum, or a table of them")
    everywhere = {name: each for name, each in costs.items() if isinstance(each, Datum)}
    return Replacements(everywhere, {name: each for name, each in costs.items() if not isinstance(each, Datum)})
