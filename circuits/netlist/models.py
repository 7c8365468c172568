"""Models of devices with the parameters of a ``.model`` card, typed by us rather than taken from a vendor.

Source: Shichman and Hodges, IEEE J. Solid-State Circuits 3, 285 (1968) for the transistor of level 1; Shockley, Bell
Syst. Tech. J. 28, 435 (1949) for the diode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias

from .card_devices import CardModel

_LABEL = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class MosModel:
    r"""A MOSFET of SPICE's level 1.

    .. math:: I = \frac{K_P}{2} \frac{W}{L} (v_{gs} - V_{th})^2 (1 + \lambda v_{ds})

    in saturation.

    Attributes
    ----------
    name : str
        Name of the card.
    channel : {"n", "p"}
        Polarity.
    threshold_v : float
        Threshold voltage V_th without body effect, V; negative for a p-channel.
    kp : float
        Transconductance parameter K_P, A/V^2.
    body_v : float
        Body-effect coefficient gamma, V^(1/2).
    surface_v : float
        Surface potential 2 phi_F, V.
    modulation : float
        Channel-length modulation lambda, 1/V.
    oxide_m : float
        Oxide thickness, m.
    overlap_f_m : float
        Overlap capacitance of the gate over source and drain, each, per width, F/m.
    """

    name: str
    channel: Literal["n", "p"]
    threshold_v: float
    kp: float
    body_v: float
    surface_v: float
    modulation: float
    oxide_m: float
    overlap_f_m: float

    def __post_init__(self) -> None:
        positive = (self.kp, self.surface_v, self.oxide_m)
        others = (self.body_v, self.modulation, self.overlap_f_m)
        if not (
            _LABEL.fullmatch(self.name)
            and self.channel in ("n", "p")
            and all(0.0 < x < float("inf") for x in positive)
            and all(0.0 <= x < float("inf") for x in others)
            and isfinite(self.threshold_v)
        ):
            raise ValueError(f"{self}: needs a name [a-z0-9_]+, channel n or p, finite values, none negative")


@dataclass(frozen=True, slots=True)
class DiodeModel:
    r"""A junction of SPICE's level 1, without breakdown.

    .. math:: i = I_S \big(e^{v_j / (n V_T)} - 1\big) + \dot q, \quad v = v_j + R_S i, \quad
        q = \tau_T i_j + \int_0^{v_j} C_0 (1 - v / V_J)^{-M} dv

    Attributes
    ----------
    name : str
        Name of the card.
    saturation_a : float
        Saturation current I_S at 300.15 K, A.
    emission : float
        Emission coefficient n.
    series_ohm : float
        Series resistance R_S, ohm.
    junction_f : float
        Junction capacitance C_0 without bias, F.
    barrier_v : float
        Built-in potential V_J, V.
    grading : float
        Grading coefficient M.
    transit_s : float
        Transit time tau_T, s.
    """

    name: str
    saturation_a: float
    emission: float = 1.0
    series_ohm: float = 0.0
    junction_f: float = 0.0
    barrier_v: float = 1.0
    grading: float = 0.5
    transit_s: float = 0.0

    def __post_init__(self) -> None:
        positive = (self.saturation_a, self.emission, self.barrier_v)
        others = (self.series_ohm, self.junction_f, self.transit_s)
        if not (
            _LABEL.fullmatch(self.name)
            and all(0.0 < x < float("inf") for x in positive)
            and all(0.0 <= x < float("inf") for x in others)
            and 0.0 < self.grading <= 0.9  # simulators cut it off there
        ):
            raise ValueError(f"{self}: needs a name [a-z0-9_]+, finite values, none negative, grading at most 0.9")


DeviceModel: TypeAlias = MosModel | DiodeModel | CardModel
