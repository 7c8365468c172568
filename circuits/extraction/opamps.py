r"""Identification of an op-amp by the numbers of its macro-model.

.. math:: A_0 = g_m R_p, \quad GBW = \frac{g_m}{2 \pi C_p}, \quad \text{slew} = \frac{I_{max}}{C_p}

with the symbols of ``synthesis.opamp``, which builds it again from these numbers to compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import atan, degrees, inf, log10, pi, sqrt
from typing import Any

from ..netlist.circuit import BehavioralCurrent, Element, Subcircuit, device_name
from ..netlist.elements import element_values
from ..netlist.expressions import Call, Expression, Number, Operation
from ..synthesis.opamp import COPY_S, FOUR_KT, LOWEST_HZ, OPAMPS, POLE_F, RATIO, OpAmp, noise_resistors
from .matching import alike, simplest

_DIGITS = 12  # digits of a number in decibels or degrees


def identify_opamp(subcircuit: Subcircuit, rail_v: float) -> OpAmp:
    """Identify the op-amp of a macro-model.

    Parameters
    ----------
    subcircuit : Subcircuit
        Macro-model.
    rail_v : float
        Supply of the amplifier, V.

    Returns
    -------
    OpAmp
        The amplifier in ``OPAMPS`` that it is, or else one of its numbers, without a spread of offsets.

    Raises
    ------
    ValueError
        If the subcircuit is wired otherwise than ``OpAmp.subcircuit``.
    """
    for part in OPAMPS.values():
        if part.rail_v == rail_v and alike(subcircuit, part.subcircuit):
            return part
    try:
        part = _numbers(subcircuit, rail_v)
    except (KeyError, AttributeError, TypeError) as missing:
        raise ValueError(f"subcircuit {subcircuit.name!r} is no op-amp of ours: {missing} does not fit") from None
    if not alike(subcircuit, part.subcircuit):
        raise ValueError(f"subcircuit {subcircuit.name!r} is wired as no op-amp of ours; take OpAmp.subcircuit")
    return part


def _numbers(subcircuit: Subcircuit, rail_v: float) -> OpAmp:
    found = {device_name(element): element for element in subcircuit.elements}
    drive, clamp, output = (_expression(found[name]) for name in ("bg", "bl", "bh"))
    most, steep = drive.left.value, drive.right.arguments[0].left.value  # type: ignore[union-attr]
    ohm = output.arguments[0].right.value  # type: ignore[union-attr]
    beyond, below = clamp.right.left.arguments[0].right, clamp.right.right.arguments[0].right  # type: ignore[union-attr]
    ratio, reach, source = _reach(beyond, ohm)
    bandwidth = simplest(steep * most / (2.0 * pi * POLE_F), steep, lambda x: 2.0 * pi * x * POLE_F / most)
    gm = 2.0 * pi * bandwidth * POLE_F
    pole = _value(found, "rp")
    return OpAmp(
        subcircuit.name,
        gain=simplest(pole * gm, pole, lambda x: x / gm),
        bandwidth_hz=bandwidth,
        slew_v_s=simplest(most / POLE_F, most, lambda x: x * POLE_F),
        offset_v=0.0,
        largest_offset_v=0.0,
        headroom_v=simplest(rail_v - reach, reach, lambda x: rail_v - x),
        output_ohm=ohm,
        input_f=_value(found, "ca"),
        supply_a=_value(found, "iq"),
        rail_v=rail_v,
        source_a=source,
        sink_a=_reach(below, ohm)[2],
        saturation_ohm=simplest(ohm / ratio, ratio, lambda x: ohm / x),
        bias_a=_value(found, "ia") if "ia" in found else 0.0,
        **_noise(found),
        **_second_pole(found, bandwidth),
        **_rejections(drive.right.arguments[0].right),  # type: ignore[union-attr]
    )


def _value(found: Mapping[str, Element], name: str) -> float:
    """Return the number of a resistor, capacitor or source."""
    return float(next(iter(element_values(found[name]))))


def _noise(found: Mapping[str, Element]) -> dict[str, float]:
    """Return the noise of an op-amp from its resistors."""
    numbers: dict[str, float] = {}
    if "rn" in found:
        white = _value(found, "rn")
        near = _value(found, "rn0") / white * LOWEST_HZ / RATIO if "rn0" in found else 0.0
        corner = _rounded(near)
        density = sqrt(white / noise_resistors(1.0, corner)[0])
        numbers = {"corner_hz": corner, "noise_v": simplest(density, white, lambda x: noise_resistors(x, corner)[0])}
    if "rea" in found:
        ohm = _value(found, "rea")
        numbers["current_noise_a"] = simplest(sqrt(ohm * FOUR_KT) * COPY_S, ohm, lambda x: x**2 / (FOUR_KT * COPY_S**2))
    return numbers


def _second_pole(found: Mapping[str, Element], bandwidth_hz: float) -> dict[str, float]:
    """Return the phase margin of an op-amp."""
    if "bf" not in found:
        return {}
    x = bandwidth_hz / (_expression(found["bf"]).left.value / (2.0 * pi * POLE_F))  # type: ignore[union-attr]
    return {"margin_deg": _rounded(90.0 - degrees(atan(sqrt((sqrt(1.0 + 4.0 * x * x) - 1.0) / 2.0))))}


def _rejections(across: Expression) -> dict[str, float]:
    """Return CMRR and PSRR from what is added to the difference of the inputs."""
    numbers: dict[str, float] = {}
    while isinstance(across, Operation) and across.symbol == "+":
        match across.right:
            case Operation("*", Number(part), Operation("+", _, _)):
                numbers["cmrr_db"] = _rounded(-20.0 * log10(2.0 * part))
            case Operation("*", Number(part), Operation("-", _, _)):
                numbers["psrr_db"] = _rounded(-20.0 * log10(part))
        across = across.left
    return numbers


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _reach(limit: Any, ohm: float) -> tuple[float, float, float]:
    r"""Return R_out / R_sat, V_reach and the short-circuit current of a limit.

    .. math:: \min\Big(\frac{R_{out}}{R_{sat}} (V_{reach} \mp v)^+, R_{out} I\Big)
    """
    if not isinstance(limit, Call):
        return limit.left.value, limit.right.arguments[0].left.value, inf
    far, short = limit.arguments
    volt: float = short.value  # type: ignore[union-attr]
    return (*_reach(far, ohm)[:2], simplest(volt / ohm, volt, lambda x: ohm * x))


def _expression(element: Element) -> Expression:
    if not isinstance(element, BehavioralCurrent):
        raise TypeError(device_name(element))
    return element.expression
