r"""An op-amp as its vendor models it: a subcircuit of a library behind a wrapper with our ports.

.. code-block:: text

    .subckt wrapper plus minus out vdd vss params: offset=0
    Boffset inside plus V={offset}
    Xmodel <inside, minus, out, vdd and vss in the order of the model's header> MODEL
    .ends

The model is data: its text is read and written again, so that nothing of it runs but its elements. The order of its
pins is that of its header, checked against the names that stand there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..netlist.circuit import BehavioralVoltage, Instance, Parameter, Subcircuit
from ..netlist.expressions import Reference
from ..spice.foreign.library import read_library_subcircuit
from .opamp import VDD, VSS

ROLES = ("in+", "in-", "v+", "v-", "out")
USUAL_RAIL_V = 5.0  # +-5 V: amplifiers of 10 V and of 30 V run on it
_TWICE = ("v+", "v-")  # pins of shut-down and the like are tied to a rail
_NAMES = {
    "in+": ("in+", "+in", "inp", "in_p", "vin+", "vinp", "plus", "noninv", "nonin", "+", "inplus"),
    "in-": ("in-", "-in", "inn", "in_n", "inm", "vin-", "vinn", "vinm", "minus", "inv", "-", "inminus"),
    "v+": ("v+", "vcc", "vdd", "vs+", "vpos", "vplus", "vcc+", "vdd+", "avdd"),
    "v-": ("v-", "vee", "vss", "vs-", "vneg", "vminus", "vcc-", "vee-", "gnd", "avss"),
    "out": ("out", "vout", "output", "vo"),
}  # fmt: skip
_ROLE = {name: role for role, names in _NAMES.items() for name in names}


@dataclass(frozen=True, eq=False)
class VendorOpAmp:
    """An op-amp by a macro-model from outside, whose offset and limits are the model's own.

    Attributes
    ----------
    model : Subcircuit
        The macro-model.
    roles : tuple of str
        Role of each of its ports, of ``ROLES``.
    rail_v : float
        Supply +-rail_v, V.
    source : str
        Where the model is from, for comments.
    notes : tuple of str
        What was left out of the library.
    """

    model: Subcircuit
    roles: tuple[str, ...]
    rail_v: float = USUAL_RAIL_V
    source: str = "a library"
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not 0.0 < self.rail_v < 1e3:
            raise ValueError(f"rail_v is {self.rail_v}; it must be positive, and below 1000 V")
        check_roles(self.roles, self.model.ports)

    @property
    def name(self) -> str:
        """Name of the macro-model."""
        return self.model.name

    @property
    def reach_v(self) -> float:
        """Rail, beyond which no output goes; how far below it the model stays is its own affair, V."""
        return self.rail_v

    @property
    def offset_v(self) -> float:
        """Standard deviation of offsets between parts, V: 0, for a macro-model is one part."""
        return 0.0

    @property
    def largest_offset_v(self) -> float:
        """Largest offset of a part, V: 0, as ``offset_v``."""
        return 0.0

    @cached_property
    def subcircuit(self) -> Subcircuit:
        """Subcircuit of ``plus``, ``minus``, ``out`` and the rails, as ``OpAmp.subcircuit`` has it."""
        wires = {"in+": "inside", "in-": "minus", "v+": VDD, "v-": VSS, "out": "out"}
        nodes = tuple(wires[role] for role in self.roles)
        elements = (
            BehavioralVoltage("offset", "inside", "plus", Reference("offset")),
            Instance("model", self.model, nodes),
        )
        label = f"opamp_{self.name}"
        return Subcircuit(label, ("plus", "minus", "out", VDD, VSS), elements, (Parameter("offset", 0.0, unit="V"),))

    @property
    def account(self) -> str:
        """Line that tells a reader of the netlist what the amplifiers are."""
        pins = ", ".join(f"{port}={role}" for port, role in zip(self.model.ports, self.roles, strict=True))
        return f"amplifiers: {self.name} of {self.source}, pins {pins}, rails +-{self.rail_v:g} V"


def read_vendor_opamp(
    library: str | os.PathLike[str],
    name: str | None = None,
    pins: Sequence[str] | None = None,
    *,
    rail_v: float = USUAL_RAIL_V,
    include: Sequence[str | os.PathLike[str]] = (),
) -> VendorOpAmp:
    """Read the macro-model of an op-amp from a vendor's library.

    Parameters
    ----------
    library : str or PathLike
        File of the library.
    name : str, optional
        Name of the subcircuit; that of the only one by default.
    pins : sequence of str, optional
        Role of each port in the order of the header: "in+", "in-", "v+", "v-", "out"; by the names of the ports, or, of
        five numbered ones, in this order, by default.
    rail_v : float, default 5.0
        Supply +-rail_v, V.
    include : sequence of str or PathLike, optional
        Files that the library may open; none by default.

    Returns
    -------
    VendorOpAmp
        The op-amp.

    Raises
    ------
    NetlistError
        If the library cannot be read or holds what is refused.
    ValueError
        If the pins are not those of an op-amp, or contradict the names of the ports.
    """
    found = read_library_subcircuit(library, name, include=include)
    roles = (
        _default_roles(found.ports, name or found.subcircuit.name)
        if pins is None
        else tuple(pin.strip().lower() for pin in pins)
    )
    check_roles(roles, found.ports)
    return VendorOpAmp(found.subcircuit, roles, rail_v, os.path.basename(os.fspath(library)), found.notes)


def check_roles(roles: Sequence[str], ports: Sequence[str]) -> None:
    """Check that ports are the pins of an op-amp.

    Parameters
    ----------
    roles : sequence of str
        Role of each port.
    ports : sequence of str
        Names of the ports.

    Raises
    ------
    ValueError
        If there are too many or too few, a role is not known, lacks or occurs twice, or a port is named for another.
    """
    order = ",".join(ROLES)
    if len(roles) != len(ports):
        raise ValueError(
            f"pins name {len(roles)} ports, the subcircuit has {len(ports)}: {' '.join(ports)}; name each in this order"
        )
    for role in roles:
        if role not in ROLES:
            raise ValueError(f"pins hold {role!r}; each is one of {order}")
    for role in ROLES:
        count = list(roles).count(role)
        if count == 0 or (count > 1 and role not in _TWICE):
            raise ValueError(
                f"pins name {role} {count} times; name each of {order} once (further ports as v+ or v-, to tie them)"
            )
    for role, port in zip(roles, ports, strict=True):
        said = _ROLE.get(port)
        if said is not None and said != role:
            raise ValueError(f"pins say that port {port!r} is {role}, but its name says {said}; check their order")


def _default_roles(ports: Sequence[str], name: str) -> tuple[str, ...]:
    known = tuple(_ROLE.get(port, "") for port in ports)
    if all(known):
        return known
    if len(ports) == len(ROLES) and not any(known):
        return ROLES
    raise ValueError(
        f"the ports of {name!r} are {' '.join(ports)}, whose names do not tell all pins; say which is which in this "
        f"order, as in {','.join(ROLES)}"
    )
