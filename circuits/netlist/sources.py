"""Sources and coils of netlists that others wrote, beside the ``devices``: they are read, simulated, written again."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from operator import le
from typing import ClassVar, Literal

from .expressions import Value

WAVES = {"pulse": (2, 8), "sin": (2, 6), "exp": (2, 6), "pwl": (2, 200_000)}  # least and most numbers of a wave


@dataclass(frozen=True, slots=True)
class Wave:
    """A function of time of a source, by its numbers.

    Attributes
    ----------
    kind : {"pulse", "sin", "exp", "pwl"}
        Function, as SPICE names it.
    numbers : tuple of float
        Its numbers, in SPICE's order.
    """

    kind: Literal["pulse", "sin", "exp", "pwl"]
    numbers: tuple[float, ...]

    def __post_init__(self) -> None:
        least, most = WAVES[self.kind]
        if not least <= len(self.numbers) <= most or not all(map(isfinite, self.numbers)):
            raise ValueError(f"{self.kind} has {len(self.numbers)} numbers; it takes {least} to {most}, all finite")
        times = self.numbers[::2]
        if self.kind == "pwl" and (len(self.numbers) % 2 or any(map(le, times[1:], times))):
            raise ValueError("pwl takes pairs of time and value, the times increasing")


@dataclass(frozen=True, slots=True)
class VoltageSource:
    """A voltage source v_a - v_b, constant or of a wave; its current can control others.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    volt : Value
        Voltage where there is no wave, V.
    wave : Wave or None
        Voltage over time, V.
    """

    letter: ClassVar[str] = "v"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("volt",)
    name: str
    a: str
    b: str
    volt: Value
    wave: Wave | None = None


@dataclass(frozen=True, slots=True)
class WaveCurrent:
    """A current of a wave out of node ``a`` into node ``b``.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    ampere : float
        Current of the operating point, A.
    wave : Wave
        Current over time, A.
    """

    letter: ClassVar[str] = "i"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("ampere",)
    name: str
    a: str
    b: str
    ampere: float
    wave: Wave


@dataclass(frozen=True, slots=True)
class CurrentGain:
    """A current source of a multiple of the current through a voltage source.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    source : str
        Device whose current controls it, such as ``v1``.
    gain : float
        Ratio of the currents.
    """

    letter: ClassVar[str] = "f"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("gain",)
    devices: ClassVar[tuple[str, ...]] = ("source",)
    name: str
    a: str
    b: str
    source: str
    gain: float


@dataclass(frozen=True, slots=True)
class Transresistance:
    """A voltage source of a multiple of the current through a voltage source.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    source : str
        Device whose current controls it, such as ``v1``.
    ohm : float
        Voltage over current, ohm.
    """

    letter: ClassVar[str] = "h"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("ohm",)
    devices: ClassVar[tuple[str, ...]] = ("source",)
    name: str
    a: str
    b: str
    source: str
    ohm: float


@dataclass(frozen=True, slots=True)
class Inductor:
    """A coil.

    Attributes
    ----------
    name : str
        Name without the letter.
    a, b : str
        Nodes.
    henry : float
        Inductance, H.
    """

    letter: ClassVar[str] = "l"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("henry",)
    name: str
    a: str
    b: str
    henry: float

    def __post_init__(self) -> None:
        if not 0.0 < self.henry < float("inf"):
            raise ValueError(f"inductor {self.name!r} has {self.henry} H; give a positive, finite value")


@dataclass(frozen=True, slots=True)
class Coupling:
    """The coupling k = M / sqrt(L_1 L_2) of two coils.

    Attributes
    ----------
    name : str
        Name without the letter.
    first, second : str
        Devices, such as ``l1``.
    coefficient : float
        Coupling k, between 0 and 1.
    """

    letter: ClassVar[str] = "k"
    ends: ClassVar[tuple[str, ...]] = ()
    values: ClassVar[tuple[str, ...]] = ("coefficient",)
    devices: ClassVar[tuple[str, ...]] = ("first", "second")
    name: str
    first: str
    second: str
    coefficient: float

    def __post_init__(self) -> None:
        if not 0.0 < abs(self.coefficient) <= 1.0 or self.first == self.second:
            raise ValueError(f"coupling {self.name!r} is {self.coefficient}; couple two coils by 0 < |k| <= 1")
