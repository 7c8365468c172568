r"""Cells of other materials as tables over the conductance: ReRAM, ECRAM, and those that a user has measured.

.. math:: G_p = G_T + N(0, \sigma_p), \qquad G_d = (G_p + N(0, \sigma_r(t)))\, (t / t_c)^{-\nu}, \qquad
          \sigma_r^2(t) = \sigma^2(t) - \sigma_p^2, \qquad G_r = G_d + N(0, \sigma_{read})

where sigma_p is the deviation from the target at the first reading, t_c after writing, sigma(t) that at age t, and
sigma_read that of one read. Between points all are linear, in g = G / G_max and in ln t; beyond the last age sigma
stays. A table of one's own is a file:

.. code-block:: text

    g_s, sigma_s, nu, nu_spread, read_s        # .csv: S, S, 1, 1, S; all but the first two may be left out
    4e-7, 3e-7, 0.01, 0.003, 1e-7

    maximum_s = 40e-6                          # .toml: the same columns as lists, and more
    minimum_s = 0.4e-6
    first_s = 20.0
    activation_ev = 0.1
    g_s = [0.4e-6, 20e-6, 40e-6]
    sigma_s = [0.3e-6, 1.2e-6, 1.0e-6]

Sources of the presets: ``reram.toml`` and ``ecram.toml``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from neuromorph.datum import Datum, read_data
from neuromorph.files.atomic_write import read_file
from neuromorph.files.toml import read_toml
from neuromorph.ising import Float

PRESETS = ("reram", "ecram")
_POINTS, _MOST_BYTES, _MOST_ROWS = 201, 1 << 20, 10_000
_COLUMNS = ("g_s", "sigma_s", "nu", "nu_spread", "read_s")
_NUMBERS = ("maximum_s", "minimum_s", "first_s", "activation_ev")


@dataclass(frozen=True)
class CellTable:
    """Statistics of a cell over its conductance g, 0 .. 1 of the largest one.

    Attributes
    ----------
    name : str
        Material, or the file and its hash.
    maximum_s : float
        Largest conductance, S.
    least : float
        Smallest conductance over the largest one.
    first_s : float
        Age of the first reading t_c, s.
    activation_ev : float
        Activation energy of the conductance of an off cell, eV.
    g : tuple of float
        Conductances of the table, over the largest one, rising.
    ages_s : tuple of float
        Ages of the spreads, rising, the first is ``first_s``.
    spreads : tuple of tuple of float
        Deviation from the target for each age, over the largest conductance.
    exponent, exponent_spread, read : tuple of float
        Mean and deviation of the drift exponent, and deviation of a read over the largest conductance.
    pulse_step : float
        Change by one pulse over the largest conductance, where pulses add up; 0 where each sets a value anew.
    """

    name: str
    maximum_s: float
    least: float
    first_s: float
    activation_ev: float
    g: tuple[float, ...]
    ages_s: tuple[float, ...]
    spreads: tuple[tuple[float, ...], ...]
    exponent: tuple[float, ...]
    exponent_spread: tuple[float, ...]
    read: tuple[float, ...]
    pulse_step: float = 0.0

    def spread(self, g: Float, age_s: float | None = None) -> Float:
        """Interpolate the deviation from the target.

        Parameters
        ----------
        g : (...) float
            Conductances, over the largest one.
        age_s : float, optional
            Age, s; the first reading by default.

        Returns
        -------
        (...) float
            Deviation over the largest conductance.
        """
        each = np.array([np.interp(g, self.g, row) for row in self.spreads])
        if age_s is None or len(each) == 1:
            return np.asarray(each[0])
        place = float(np.interp(np.log(age_s), np.log(self.ages_s), np.arange(len(each))))
        below = min(int(place), len(each) - 2)
        return np.asarray(each[below] + (place - below) * (each[below + 1] - each[below]))

    def along(self, name: str, g: Float) -> Float:
        """Interpolate ``exponent``, ``exponent_spread`` or ``read``.

        Parameters
        ----------
        name : str
            Which.
        g : (...) float
            Conductances, over the largest one.

        Returns
        -------
        (...) float
            Values.
        """
        return np.asarray(np.interp(g, self.g, getattr(self, name)))


def cell_table(name: str) -> CellTable:
    """Return a preset, or read the table of a cell from a file.

    Parameters
    ----------
    name : str
        ``reram``, ``ecram`` or the path of a .toml or .csv file.

    Returns
    -------
    CellTable
        Statistics of the cell.

    Raises
    ------
    ValueError
        If there is no such file, or it is no table; names the file, the column and the rule.
    """
    if name in PRESETS:
        return _preset(name)
    path = Path(name)
    if path.suffix.lower() not in (".toml", ".csv"):
        raise ValueError(f"material is {name!r}; give pcm, {', '.join(PRESETS)}, or a .toml or .csv file of a table")
    try:
        raw = read_file(path, _MOST_BYTES)
        text = raw.decode()
        found = _columns_of_csv(text) if path.suffix.lower() == ".csv" else dict(read_toml(text))
        return _table(f"{path.name} (sha256 {sha256(raw).hexdigest()[:12]})", found)
    except OSError as error:
        raise ValueError(f"material: cannot read {name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"material: {name} is no text; give a .toml or .csv file") from error
    except ValueError as error:
        raise ValueError(f"material: {name}: {error}") from error


@lru_cache
def preset_data(name: str) -> Mapping[str, Datum]:
    """Read the constants of a preset.

    Parameters
    ----------
    name : str
        ``reram`` or ``ecram``.

    Returns
    -------
    dict of str to Datum
        Constants by name.
    """
    return read_data(files(__package__).joinpath(f"{name}.toml").read_text())


def constants_of_material(material: str, given: Mapping[str, Datum], usual: Mapping[str, Datum]) -> dict[str, Datum]:
    """Return the constants of a target whose cells are of a material.

    Parameters
    ----------
    material : str
        Material of the cells.
    given : dict of str to Datum
        Constants of the target, some of them perhaps replaced by a user.
    usual : dict of str to Datum
        Constants of phase-change cells.

    Returns
    -------
    dict of str to Datum
        Constants, where the material has others those in place of the usual ones.
    """
    preset = preset_data(material) if material in PRESETS else {}
    return {**given, **{name: datum for name, datum in preset.items() if given.get(name) == usual.get(name)}}


@lru_cache
def _preset(name: str) -> CellTable:
    value = {key: datum.value for key, datum in preset_data(name).items()}
    g, largest = np.linspace(0.0, 1.0, _POINTS), value["maximum_conductance"]
    if name == "reram":
        ages = [value[f"spread_{when}"] for when in ("first", "day", "last")]
        spreads = [
            sum(value[f"spread_{when}_{k}"] / largest * g**k for k in range(5)) for when in ("first", "day", "last")
        ]
    else:  # a pulse too many or too few, of a step that fluctuates; and a random walk in ln t
        step = value["pulse_step"] * np.sqrt(1.0 / 12.0 + value["pulse_fluctuation"] ** 2 / 2.0)
        decades = np.arange(10)
        ages = (value["first_reading"] * 10.0**decades).tolist()
        spreads = [np.full(_POINTS, np.hypot(step, value["relaxation"] * d)) for d in decades]
    return CellTable(
        name,
        largest,
        value["minimum_conductance"] / largest,
        ages[0],
        value["activation"],
        tuple(g.tolist()),
        tuple(ages),
        tuple(tuple(np.maximum(row, 0.0).tolist()) for row in spreads),
        (0.0,) * _POINTS,
        (0.0,) * _POINTS,
        (value["read_deviation"],) * _POINTS,
        value.get("pulse_step", 0.0),
    )


def _columns_of_csv(text: str) -> dict[str, Any]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row and any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError("it is empty; its first line names the columns: g_s, sigma_s")
    names = [cell.strip() for cell in rows[0]]
    columns: dict[str, list[float]] = {name: [] for name in names}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise ValueError(f"row {number} has {len(row)} cells, the first has {len(names)}")
        for name, cell in zip(names, row, strict=True):
            try:
                columns[name].append(float(cell))
            except ValueError:
                raise ValueError(f"row {number}, {name}: {cell.strip()[:40]!r} is no number") from None
    return dict(columns)


def _table(name: str, given: Mapping[str, Any]) -> CellTable:
    for key in given:
        if key not in (*_COLUMNS, *_NUMBERS):
            raise ValueError(f"has {key!r}; known are {', '.join((*_COLUMNS, *_NUMBERS))}")
    columns = {key: _floats(key, given[key]) for key in _COLUMNS if key in given}
    for key in ("g_s", "sigma_s"):
        if key not in columns:
            raise ValueError(f"has no {key}; it needs g_s and sigma_s, in S")
    g = columns["g_s"]
    if not (2 <= len(g) <= _MOST_ROWS and (np.diff(g) > 0.0).all()):
        raise ValueError(f"g_s has {len(g)} points; it needs 2 to {_MOST_ROWS}, rising")
    for key, points in columns.items():
        if len(points) != len(g):
            raise ValueError(f"{key} has {len(points)} points, g_s {len(g)}; give as many")
    numbers = {key: float(_floats(key, [given[key]])[0]) for key in _NUMBERS if key in given}
    largest = numbers.get("maximum_s", float(g[-1]))
    least = numbers.get("minimum_s", float(g[0]) if g[0] < largest else 0.0) / (largest or 1.0)
    first = numbers.get("first_s", 1.0)
    if not (largest > 0.0 and least < 1.0 and first > 0.0):
        raise ValueError(
            f"maximum_s is {largest:g}, minimum_s {least * largest:g} and first_s {first:g}; the smallest conductance "
            "lies below the largest, and first_s above 0"
        )
    nothing = np.zeros(len(g))

    def column(key: str, unit: float) -> tuple[float, ...]:
        return tuple((columns.get(key, nothing) / unit).tolist())

    return CellTable(
        name,
        largest,
        least,
        first,
        numbers.get("activation_ev", 0.0),
        column("g_s", largest),
        (first,),
        (column("sigma_s", largest),),
        column("nu", 1.0),
        column("nu_spread", 1.0),
        column("read_s", largest),
    )


def _floats(name: str, values: Any) -> Float:
    try:
        found = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} holds something else than numbers") from None
    if isinstance(values, (str, bool)) or found.ndim != 1 or not (np.isfinite(found).all() and (found >= 0.0).all()):
        raise ValueError(f"{name} must be a list of numbers, finite and not negative")
    return found
