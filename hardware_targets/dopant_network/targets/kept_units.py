"""Curves of the units of the first wafer, as ``select_trimmed_units`` finds them, in a file.

Finding them examines 144 pairs of terminals, exactly, for which code is compiled first: more than the rest of a short
command. ``python -m hardware_targets.dopant_network.targets.kept_units FILE`` makes the file anew where the physics or
the numbers of ``interfaces.toml`` have changed; a test holds it to the computed curves.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from neuromorph.files.npz import read_npz
from neuromorph.ising import Float

from ..transport.zero_bias_conductance import ConductionRegime
from .trimmed_units import TrimmedUnits

ACCEPTORS, WAFER = 6, 0  # what the file was made with

_ARRAYS = ("outputs", "noise", "powers_w", "spans_a", "rates_hz")
_REGIMES = ("temperatures_k", "conductances_s", "activations_v")


@lru_cache(maxsize=1)
def kept_units() -> TrimmedUnits:
    """Read the units of ``ACCEPTORS`` acceptors and wafer ``WAFER``.

    Returns
    -------
    TrimmedUnits
        The units.
    """
    found = read_npz(files(__package__).joinpath("trimmed_units.npz").read_bytes())
    rows = zip(*(found[name].tolist() for name in _REGIMES), found["exact"].tolist(), strict=True)
    regimes = tuple(ConductionRegime(tuple(k), tuple(s), tuple(v), bool(exact)) for k, s, v, exact in rows)
    outputs, noise, powers_w, spans_a, rates_hz = (found[name] for name in _ARRAYS)
    made, range_v = int(found["made"]), float(found["range_v"])
    return TrimmedUnits(range_v, outputs, noise, powers_w, spans_a, rates_hz, made, regimes=regimes)


def arrays_of_units(units: TrimmedUnits) -> dict[str, Float]:
    """Return what the file holds of units.

    Parameters
    ----------
    units : TrimmedUnits
        The units.

    Returns
    -------
    dict of str to array
        Curves, numbers and regimes by name.
    """
    found: dict[str, Any] = {name: getattr(units, name) for name in ("range_v", "made", *_ARRAYS)}
    found |= {name: np.array([getattr(each, name) for each in units.regimes]) for name in _REGIMES}
    found["exact"] = np.array([each.exact for each in units.regimes])
    return {name: np.asarray(each) for name, each in found.items()}


if __name__ == "__main__":
    from .transfer_curves import select_trimmed_units

    np.savez_compressed(sys.argv[1], **arrays_of_units(select_trimmed_units(acceptors=ACCEPTORS, seed=WAFER)))  # type: ignore[arg-type]
