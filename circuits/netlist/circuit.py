r"""A circuit as plain frozen data: elements between named nodes, parameters, initial voltages, one analysis.

A node within an instance is named by its path, as ngspice does: ``x0.xa.pole`` is the node ``pole`` of the instance
``a`` in the instance ``0``. ``hierarchy.flatten`` takes subcircuits and parameters out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

from .devices import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Diode,
    Mosfet,
    Resistor,
    Transconductor,
)
from .elements import (
    Element,
    Instance,
    Subcircuit,
    check_nodes,
    device_name,
    element_models,
    read_nodes,
    references_inside,
    references_to,
    subcircuit_instances,
    terminals,
    wired_nodes,
)
from .models import DeviceModel, DiodeModel, MosModel
from .names import GROUND, Parameter, check_label, check_node

__all__ = [
    "GROUND", "BehavioralCurrent", "BehavioralVoltage", "Capacitor", "Circuit", "CurrentSource", "Diode",
    "DiodeModel", "Element", "Instance", "MosModel", "Mosfet", "Parameter", "Resistor", "Subcircuit", "Transconductor",
    "Transient", "check_label", "check_node", "device_name", "is_inside", "read_nodes", "subcircuit_instances",
    "terminals",
]  # fmt: skip


@dataclass(frozen=True)
class Transient:
    """Integrate from 0 to stop_s with steps of at most step_s.

    With ``uic`` the circuit starts at the initial voltages as given; otherwise it first looks for an operating point
    that holds them. ``reltol``, ``vntol_v`` and ``abstol_a`` bound the error of one step, relative and absolute.
    """

    step_s: float
    stop_s: float
    uic: bool = True
    reltol: float = 1e-8
    vntol_v: float = 1e-9
    abstol_a: float = 1e-15

    def __post_init__(self) -> None:
        if not 0.0 < self.step_s <= self.stop_s < float("inf"):
            raise ValueError(f"step_s is {self.step_s} and stop_s {self.stop_s}; need 0 < step_s <= stop_s, finite")
        if not (1e-12 <= self.reltol < 1.0 and self.vntol_v > 0.0 and self.abstol_a > 0.0):
            raise ValueError(
                f"reltol is {self.reltol}, vntol_v {self.vntol_v}, abstol_a {self.abstol_a}; "
                "need 1e-12 <= reltol < 1 and positive floors"
            )


@dataclass(frozen=True)
class Circuit:
    """Elements, the analysis, the nodes whose voltages are wanted, initial voltages {node: V}, and parameters.

    ``title`` and ``comments`` are free text for people; the dialects make them harmless.
    """

    title: str
    elements: tuple[Element, ...]
    analysis: Transient
    saved: tuple[str, ...]
    initial: Mapping[str, float] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        for name in ("elements", "saved", "parameters"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "initial", MappingProxyType({k: float(v) for k, v in self.initial.items()}))
        nodes, instances = check_nodes(self.elements, self.parameters), subcircuit_instances(self.elements)
        self.models()
        unknown = references_to(self.elements).union(references_inside(self.elements)) - {
            parameter.name for parameter in self.parameters
        }
        if unknown:
            raise ValueError(f"parameter {min(unknown)!r} is referred to, but not among parameters; add it")
        for what, names in (("saved", self.saved), ("initial", self.initial)):
            for name in names:
                if (name not in nodes or name == GROUND) and not is_inside(name, instances):
                    raise ValueError(f"{what} names node {name!r}, which no element touches")
        if not self.saved:
            raise ValueError("saved is empty; name at least one node to look at")
        if not all(isfinite(value) for value in self.initial.values()):
            raise ValueError("initial holds NaN or infinity; every voltage must be finite")

    def subcircuits(self) -> tuple[Subcircuit, ...]:
        """Those of its instances, each once, what one is made of before it; ValueError if two have one name."""
        found: dict[str, Subcircuit] = {}

        def collect(elements: tuple[Element, ...]) -> None:
            for element in elements:
                if isinstance(element, Instance):
                    known = found.get(element.subcircuit.name)
                    if known is None:
                        collect(element.subcircuit.elements)
                        known = found.setdefault(element.subcircuit.name, element.subcircuit)
                    if known is not element.subcircuit and known != element.subcircuit:
                        raise ValueError(f"two subcircuits have the name {known.name!r}; give each its own")

        collect(self.elements)
        return tuple(found.values())

    def models(self) -> tuple[DeviceModel, ...]:
        """The model cards that its transistors and diodes need, each once; ValueError if two have one name."""
        found: dict[str, DeviceModel] = {}
        for model in self._models():
            if found.setdefault(model.name, model) != model:
                raise ValueError(f"model {model.name!r} occurs with two sets of values; give each its own name")
        return tuple(found.values())

    def _models(self) -> Iterator[DeviceModel]:
        for subcircuit in self.subcircuits():
            yield from element_models(subcircuit.elements)
        yield from element_models(self.elements)

    def nodes(self) -> set[str]:
        """All nodes that an element connects, ground included, those inside of instances not."""
        return wired_nodes(self.elements)


def is_inside(path: str, instances: Mapping[str, Instance]) -> bool:
    """Whether ``path`` leads to a node within instances."""
    *names, node = path.split(".")
    inside: frozenset[str] = frozenset()
    for name in names:
        if name not in instances:
            return False
        subcircuit = instances[name].subcircuit
        inside, instances = subcircuit.inside, subcircuit.instances
    return node in inside
