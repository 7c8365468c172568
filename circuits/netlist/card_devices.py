"""Diodes, transistors and switches of ``.model`` cards as others typed them: what a card leaves out has the default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, TypeAlias

from .sources import Coupling, CurrentGain, Inductor, Transresistance, VoltageSource, WaveCurrent

MODEL_KINDS = ("d", "npn", "pnp", "njf", "pjf", "nmos", "pmos", "sw")
_LABEL = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class CardModel:
    """A ``.model`` card with the parameters that were typed.

    Attributes
    ----------
    name : str
        Name of the card.
    kind : str
        Type of the device, of ``MODEL_KINDS``.
    numbers : tuple of (str, float)
        Parameters.
    """

    name: str
    kind: str
    numbers: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        keys = [key for key, _ in self.numbers]
        if self.kind not in MODEL_KINDS or not _LABEL.fullmatch(self.name) or len(set(keys)) < len(keys):
            raise ValueError(
                f"model {self.name!r} of kind {self.kind!r}: needs a kind of {', '.join(MODEL_KINDS)}, each key once"
            )
        if not all(_LABEL.fullmatch(key) and isfinite(value) for key, value in self.numbers):
            raise ValueError(f"model {self.name!r}: keys are [a-z0-9_]+ and values finite")


@dataclass(frozen=True, slots=True)
class Bipolar:
    """A bipolar transistor.

    Attributes
    ----------
    name : str
        Name without the letter.
    collector, base, emitter, substrate : str
        Nodes.
    model : CardModel
        Model card.
    area : float
        Number of such transistors side by side.
    """

    letter: ClassVar[str] = "q"
    ends: ClassVar[tuple[str, ...]] = ("collector", "base", "emitter", "substrate")
    values: ClassVar[tuple[str, ...]] = ("area",)
    name: str
    collector: str
    base: str
    emitter: str
    substrate: str
    model: CardModel
    area: float = 1.0


@dataclass(frozen=True, slots=True)
class Jfet:
    """A junction field-effect transistor.

    Attributes
    ----------
    name : str
        Name without the letter.
    drain, gate, source : str
        Nodes.
    model : CardModel
        Model card.
    area : float
        Number of such transistors side by side.
    """

    letter: ClassVar[str] = "j"
    ends: ClassVar[tuple[str, ...]] = ("drain", "gate", "source")
    values: ClassVar[tuple[str, ...]] = ("area",)
    name: str
    drain: str
    gate: str
    source: str
    model: CardModel
    area: float = 1.0


@dataclass(frozen=True, slots=True)
class Switch:
    """A resistor that a voltage switches.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes that it connects.
    plus, minus : str
        Nodes that control it.
    model : CardModel
        Model card with the threshold and both resistances.
    """

    letter: ClassVar[str] = "s"
    ends: ClassVar[tuple[str, ...]] = ("a", "b", "plus", "minus")
    values: ClassVar[tuple[str, ...]] = ()
    name: str
    a: str
    b: str
    plus: str
    minus: str
    model: CardModel


@dataclass(frozen=True, slots=True)
class CardDiode:
    """A diode of a model card as it was typed.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Anode and cathode.
    model : CardModel
        Model card.
    area : float
        Number of such junctions side by side.
    """

    letter: ClassVar[str] = "d"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("area",)
    name: str
    a: str
    b: str
    model: CardModel
    area: float = 1.0


@dataclass(frozen=True, slots=True)
class CardMosfet:
    """A MOS transistor of a model card as it was typed.

    Attributes
    ----------
    name : str
        Name without the letter.
    drain, gate, source, bulk : str
        Nodes.
    model : CardModel
        Model card.
    width_m, length_m : float
        Size of the channel, m.
    count : float
        Number of such transistors side by side.
    """

    letter: ClassVar[str] = "m"
    ends: ClassVar[tuple[str, ...]] = ("drain", "gate", "source", "bulk")
    values: ClassVar[tuple[str, ...]] = ("width_m", "length_m", "count")
    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    model: CardModel
    width_m: float
    length_m: float
    count: float = 1.0


ForeignPart: TypeAlias = (
    VoltageSource
    | WaveCurrent
    | CurrentGain
    | Transresistance
    | Inductor
    | Coupling
    | Bipolar
    | Jfet
    | Switch
    | CardDiode
    | CardMosfet
)
