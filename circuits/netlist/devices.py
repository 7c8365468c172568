r"""The devices of a circuit as plain frozen data: passive parts, sources, diodes, transistors.

A value is a number or an expression of parameters, ``2.0 * Reference("ohm")``. Current sources push their current from
``a`` through themselves to ``b``, so ``CurrentSource("bias", "0", "u", 1e-6)`` feeds 1 uA into u. The class variables
``letter``, ``ends`` and ``values`` name the type's letter in SPICE and the fields that hold nodes and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from .expressions import Expression, Number, Reference, Value, is_expression, leaves
from .models import DiodeModel, MosModel


@dataclass(frozen=True, slots=True)
class Resistor:
    """A resistor.

    .. math:: i = (v_a - v_b) / R

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    ohm : Value
        Resistance R, ohm.
    """

    letter: ClassVar[str] = "r"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("ohm",)
    name: str
    a: str
    b: str
    ohm: Value

    def __post_init__(self) -> None:
        number = constant_value(self.name, self.ohm)
        if number is not None and not 0.0 < number < float("inf"):
            raise ValueError(
                f"resistor {self.name!r} has {self.ohm} ohm; give a positive, finite value or leave it out"
            )


@dataclass(frozen=True, slots=True)
class Capacitor:
    r"""A capacitor.

    .. math:: i = C \frac{d}{dt} (v_a - v_b)

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    farad : Value
        Capacitance C, F.
    """

    letter: ClassVar[str] = "c"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("farad",)
    name: str
    a: str
    b: str
    farad: Value

    def __post_init__(self) -> None:
        number = constant_value(self.name, self.farad)
        if number is not None and not 0.0 < number < float("inf"):
            raise ValueError(f"capacitor {self.name!r} has {self.farad} F; give a positive, finite value")


@dataclass(frozen=True, slots=True)
class CurrentSource:
    """A constant current out of node ``a`` into node ``b``.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    ampere : Value
        Current, A.
    """

    letter: ClassVar[str] = "i"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("ampere",)
    name: str
    a: str
    b: str
    ampere: Value

    def __post_init__(self) -> None:
        number = constant_value(self.name, self.ampere)
        if number is not None and not isfinite(number):
            raise ValueError(f"current source {self.name!r} has {self.ampere} A; it must be finite")


@dataclass(frozen=True, slots=True)
class Transconductor:
    """A voltage-controlled current source.

    .. math:: i = g_m (v_+ - v_-)

    out of node ``a`` into node ``b``.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes that carry the current.
    plus, minus : str
        Nodes that control it.
    siemens : Value
        Transconductance g_m, S.
    """

    letter: ClassVar[str] = "g"
    ends: ClassVar[tuple[str, ...]] = ("a", "b", "plus", "minus")
    values: ClassVar[tuple[str, ...]] = ("siemens",)
    name: str
    a: str
    b: str
    plus: str
    minus: str
    siemens: Value

    def __post_init__(self) -> None:
        number = constant_value(self.name, self.siemens)
        if number is not None and not isfinite(number):
            raise ValueError(f"transconductor {self.name!r} has {self.siemens} S; it must be finite")


@dataclass(frozen=True, slots=True)
class BehavioralVoltage:
    """A voltage source v_a - v_b = expression, whatever the current.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    expression : Expression
        Voltage, V.
    """

    letter: ClassVar[str] = "b"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("expression",)
    name: str
    a: str
    b: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class BehavioralCurrent:
    """A current source of an expression, out of node ``a`` into node ``b``.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    expression : Expression
        Current, A.
    """

    letter: ClassVar[str] = "b"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("expression",)
    name: str
    a: str
    b: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Diode:
    """A junction that conducts from ``a`` to ``b``.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Anode and cathode.
    model : DiodeModel
        Model card.
    area : Value
        Number of such junctions side by side.
    """

    letter: ClassVar[str] = "d"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("area",)
    name: str
    a: str
    b: str
    model: DiodeModel
    area: Value = 1.0

    def __post_init__(self) -> None:
        number = constant_value(self.name, self.area)
        if number is not None and not 0.0 < number < float("inf"):
            raise ValueError(f"diode {self.name!r} has area {self.area}; give how many of its model it is, above 0")


@dataclass(frozen=True, slots=True)
class Mosfet:
    """A MOS transistor, whose currents are those of its model.

    Attributes
    ----------
    name : str
        Name without the letter.
    drain, gate, source, bulk : str
        Nodes.
    model : MosModel
        Model card.
    width_m, length_m : Value
        Size of the channel, m.
    """

    letter: ClassVar[str] = "m"
    ends: ClassVar[tuple[str, ...]] = ("drain", "gate", "source", "bulk")
    values: ClassVar[tuple[str, ...]] = ("width_m", "length_m")
    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    model: MosModel
    width_m: Value
    length_m: Value

    def __post_init__(self) -> None:
        for size in (self.width_m, self.length_m):
            number = constant_value(self.name, size)
            if number is not None and not 0.0 < number < 1.0:
                raise ValueError(
                    f"transistor {self.name!r} is {self.width_m} x {self.length_m} m; give W and L in metres"
                )


def constant_value(name: str, value: Value) -> float | None:
    """Return the value of an element if it is a number.

    Parameters
    ----------
    name : str
        Name of the element, for errors.
    value : Value
        Number, or expression of parameters.

    Returns
    -------
    float or None
        The number; None for an expression of parameters.

    Raises
    ------
    ValueError
        If the expression reads voltages or the time, or has no parameter.
    """
    if not is_expression(value):
        return float(value)
    found = list(leaves(value))
    if any(isinstance(leaf, Reference) for leaf in found) and all(isinstance(x, Reference | Number) for x in found):
        return None
    raise ValueError(f"a value of element {name!r} is neither a number nor an expression of parameters; give one")
