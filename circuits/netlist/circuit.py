"""A circuit as plain frozen data: elements between named nodes, parameters, initial voltages, one analysis.

A node within an instance is named by its path, as ngspice does: ``x0.xa.pole`` is the node ``pole`` of the instance
``a`` in the instance ``0``. ``hierarchy.flatten_circuit`` replaces subcircuits and parameters by their elements and
values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

from .card_devices import Bipolar, CardDiode, CardMosfet, Jfet, Switch
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


ROOM_C = 27.0  # SPICE's own temperature, degrees Celsius


@dataclass(frozen=True)
class Transient:
    """A transient analysis from 0 to ``stop_s``.

    Attributes
    ----------
    step_s : float
        Largest step, s; where ``largest_s`` is given, the first step and that of the output only.
    stop_s : float
        End of the analysis, s.
    uic : bool
        Whether the circuit starts at the initial voltages as given; otherwise it first looks for an operating point
        that holds them.
    reltol : float
        Relative error that is allowed in one step.
    vntol_v : float
        Absolute error of a voltage that is allowed in one step, V.
    abstol_a : float
        Absolute error of a current that is allowed in one step, A.
    temperature_c : float
        Temperature of all devices, degrees Celsius.
    largest_s : float or None
        Largest step where the error of a step allows more than ``step_s``, s.
    chgtol_c : float or None
        Charge below which the error that one step allows stops to fall, C; ngspice only. None for its own, 1e-14.
    """

    step_s: float
    stop_s: float
    uic: bool = True
    reltol: float = 1e-8
    vntol_v: float = 1e-9
    abstol_a: float = 1e-15
    temperature_c: float = ROOM_C
    largest_s: float | None = None
    chgtol_c: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.step_s <= self.stop_s < float("inf"):
            raise ValueError(f"step_s is {self.step_s} and stop_s {self.stop_s}; need 0 < step_s <= stop_s, finite")
        if not (1e-12 <= self.reltol < 1.0 and self.vntol_v > 0.0 and self.abstol_a > 0.0):
            raise ValueError(
                f"reltol is {self.reltol}, vntol_v {self.vntol_v}, abstol_a {self.abstol_a}; "
                "need 1e-12 <= reltol < 1 and positive floors"
            )
        if not -273.15 < self.temperature_c < 1e3:
            raise ValueError(f"temperature_c is {self.temperature_c:g}; it must lie above -273.15 and below 1000 C")
        if self.largest_s is not None and not self.step_s <= self.largest_s < float("inf"):
            raise ValueError(f"largest_s is {self.largest_s}; it must be finite and at least step_s, {self.step_s}")
        if self.chgtol_c is not None and not 0.0 < self.chgtol_c < float("inf"):
            raise ValueError(f"chgtol_c is {self.chgtol_c}; it must be positive and finite")


@dataclass(frozen=True)
class Circuit:
    """A circuit: elements, the analysis, and the nodes whose voltages are wanted.

    Attributes
    ----------
    title : str
        Free text for people; the dialects make it harmless.
    elements : tuple of Element
        Elements of the circuit.
    analysis : Transient
        Transient analysis that is run.
    saved : tuple of str
        Nodes whose voltages are wanted.
    initial : dict of str to float
        Initial voltages {node: V}.
    comments : tuple of str
        Lines of free text for people, as the title.
    parameters : tuple of Parameter
        Parameters that the values of elements refer to.
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
        """Return the subcircuits of the instances, each once, after those that it consists of.

        Returns
        -------
        tuple of Subcircuit
            Subcircuits in the order of their definition.

        Raises
        ------
        ValueError
            If two subcircuits have one name.
        """
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
        """Return the model cards that transistors and diodes need, each once.

        Returns
        -------
        tuple of DeviceModel
            Models in the order of their use.

        Raises
        ------
        ValueError
            If two models have one name.
        """
        found: dict[str, DeviceModel] = {}
        for model in self._models():
            if found.setdefault(model.name, model) != model:
                raise ValueError(f"model {model.name!r} occurs with two sets of values; give each its own name")
        return tuple(found.values())

    def _models(self) -> Iterator[DeviceModel]:
        for subcircuit in self.subcircuits():
            yield from _element_models(subcircuit.elements)
        yield from _element_models(self.elements)

    def nodes(self) -> set[str]:
        """Return the nodes that an element connects.

        Returns
        -------
        set of str
            Names of nodes, with ground and without the nodes inside of instances.
        """
        return wired_nodes(self.elements)


def is_inside(path: str, instances: Mapping[str, Instance]) -> bool:
    """Return whether a path leads to a node within instances.

    Parameters
    ----------
    path : str
        Names of instances and a node, joined by dots.
    instances : dict of str to Instance
        Instances of the circuit by the names of their devices.

    Returns
    -------
    bool
        Whether there is such a node.
    """
    *names, node = path.split(".")
    inside: frozenset[str] = frozenset()
    for name in names:
        if name not in instances:
            return False
        subcircuit = instances[name].subcircuit
        inside, instances = subcircuit.inside, subcircuit.instances
    return node in inside


def _element_models(elements: Iterable[Element]) -> Iterator[DeviceModel]:
    """Return the models of diodes and transistors in the order of elements."""
    kinds = Diode | Mosfet | Bipolar | Jfet | Switch | CardDiode | CardMosfet
    return (element.model for element in elements if isinstance(element, kinds))
