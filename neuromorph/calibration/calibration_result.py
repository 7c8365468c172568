"""What a calibration tells: parameters as data with their sources, draws, what stayed open; its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from ..datum import Datum
from ..estimate import Estimate
from ..files.json_values import json_value
from ..ising import Float
from .measured_table import MeasuredColumn

POSTERIOR_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class DeviceCalibration:
    """Parameters of a device that was measured.

    Attributes
    ----------
    device : str
        Kind of device.
    source : str
        Name of the file.
    taken : dict of str to str
        What each column was taken for.
    parameters : dict of str to Datum
        Parameters with their 95 % intervals.
    draws : dict of str to (draws,) float
        Draws of them together: one draw is one device that the data allow.
    priced : tuple of str
        Parameters that are constants of targets under the same name, for ``--cost``.
    tests : dict of str to float
        p-values of what the model supposes.
    tables : dict of str to object
        Numbers against a setting, for JSON.
    notes : tuple of str
        Sentences: what the data do not tell, what was left out, what disagrees.
    fits : object
        What figures are drawn from.
    """

    device: str
    source: str
    taken: Mapping[str, str]
    parameters: Mapping[str, Datum]
    draws: Mapping[str, Float]
    priced: tuple[str, ...] = ()
    tests: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fits: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as plain data for JSON, without draws.

        Returns
        -------
        dict of str to object
            Fields by name.
        """
        parameters = {name: _table(datum) for name, datum in self.parameters.items()}
        return json_value(
            {
                "schema": "neuromorph-calibration-1", "device": self.device, "source": self.source,
                "columns": dict(self.taken), "parameters": parameters, "tests": dict(self.tests),
                "tables": dict(self.tables), "notes": list(self.notes),
            }
        )  # fmt: skip


def measured_datum(name: str, estimate: Estimate, unit: str, source: str, how: str) -> Datum:
    """Build the datum of a fitted parameter.

    Parameters
    ----------
    name : str
        Name.
    estimate : Estimate
        Value and 95 % interval, finite.
    unit : str
        SI unit.
    source : str
        Name of the file.
    how : str
        How it was fitted.

    Returns
    -------
    Datum
        Datum of kind "measured".

    Raises
    ------
    ValueError
        If the data leave the parameter without bounds.
    """
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None or not np.isfinite([value, low, high]).all():
        raise ValueError(f"the data leave {name} without bounds; measure more, or over a wider range")
    return Datum(value, unit or "1", low, high, "measured", f"measured: {source}, {how}; 95 % interval", name)


def taken_columns(columns: Mapping[str, MeasuredColumn]) -> dict[str, str]:
    """Describe what each column was taken for.

    Parameters
    ----------
    columns : dict of str to MeasuredColumn
        Column by role.

    Returns
    -------
    dict of str to str
        Name and unit by role.
    """
    return {
        role: f"{each.name} ({'words' if each.words else each.unit or 'no unit'})" for role, each in columns.items()
    }


def parameters_toml(parameters: Mapping[str, Datum]) -> str:
    """Write parameters as tables that ``read_data`` and ``--cost`` read.

    Parameters
    ----------
    parameters : dict of str to Datum
        Parameters.

    Returns
    -------
    str
        TOML.
    """
    tables = []
    for name, datum in parameters.items():
        lines = [f"{key} = {json.dumps(each, ensure_ascii=False)}" for key, each in _table(datum).items()]
        tables.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(tables) + "\n"


def draws_npz(draws: Mapping[str, Float]) -> bytes:
    """Pack draws as arrays, without pickles.

    Parameters
    ----------
    draws : dict of str to (draws,) float
        Draws.

    Returns
    -------
    bytes
        File.
    """
    file = BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(each, dtype=float) for name, each in draws.items()}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _table(datum: Datum) -> dict[str, Any]:
    return {key: getattr(datum, key) for key in ("value", "low", "high", "unit", "kind", "source")}
