r"""I-V datasets of a device, measured or simulated, and their files.

.. math:: P = -\sum_e V_e I_e

where V_e and I_e are the voltages and currents of the electrodes, and P is the dissipated power. A dataset is kept as
.npz, or as .csv for people and other programs.
"""

from __future__ import annotations

import io
import os
from array import array
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.files.atomic_write import read_file, write_file
from neuromorph.files.npz import ArrayFileError, read_npz
from neuromorph.ising import Float
from neuromorph.problems.text_file import parse_number

_MOST_BYTES = 1 << 30  # largest size of a file, and of its arrays
_LONGEST = 100_000  # largest number of bytes of a line, for some thousand electrodes


@dataclass(frozen=True, eq=False)
class IvDataset:
    """Voltages and currents at m settings.

    Attributes
    ----------
    voltages_v : (m, k) float
        Voltages of every electrode, V.
    currents_a : (m, o) float
        Currents out of the device into electrodes ``outputs``, A.
    outputs : tuple of int
        The o electrodes.
    source : str
        The origin: a measurement or a simulation.
    """

    voltages_v: Float
    currents_a: Float
    outputs: tuple[int, ...]
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("voltages_v", "currents_a"):
            value = np.array(getattr(self, name), dtype=float)
            if value.ndim != 2 or not np.isfinite(value).all():
                raise ValueError(f"{name} has shape {value.shape}; give finite numbers, one row a setting")
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        m, k = self.voltages_v.shape
        if self.currents_a.shape != (m, len(self.outputs)):
            raise ValueError(f"currents_a has shape {self.currents_a.shape}; expected {(m, len(self.outputs))}")
        if len(set(self.outputs)) != len(self.outputs) or not all(0 <= e < k for e in self.outputs):
            raise ValueError(
                f"outputs are {str(self.outputs)[:80]}; they must be different electrodes from 0 to {k - 1}"
            )


def dissipated_w(voltages_v: ArrayLike, currents_a: ArrayLike) -> Float:
    """Compute the dissipated power -sum_e V_e I_e.

    Parameters
    ----------
    voltages_v, currents_a : (..., k) float
        Voltages of all electrodes, V, and currents into them, A.

    Returns
    -------
    (...) float
        Power, W.
    """
    return np.asarray(-(np.asarray(voltages_v, dtype=float) * np.asarray(currents_a, dtype=float)).sum(axis=-1))


def write_dataset(path: str | os.PathLike[str], record: IvDataset) -> Path:
    """Write a dataset as .npz or .csv.

    A .csv file has columns V0, V1, ... in V and I3, ... in A, after a comment line with the source.

    Parameters
    ----------
    path : path-like
        The file, .npz or .csv.
    record : IvDataset
        The dataset.

    Returns
    -------
    pathlib.Path
        The file.
    """
    if Path(path).suffix == ".npz":
        return write_arrays(path, voltages_v=record.voltages_v, currents_a=record.currents_a,
                            outputs=np.array(record.outputs), source=np.array(record.source))  # fmt: skip
    _known(path)
    names = [f"V{e}" for e in range(record.voltages_v.shape[1])] + [f"I{e}" for e in record.outputs]
    rows = np.hstack([record.voltages_v, record.currents_a]).tolist()
    lines = [f"# {' '.join(record.source.split())}", ",".join(names), *(",".join(map(repr, row)) for row in rows)]
    return write_file(path, "\n".join(lines) + "\n")


def read_dataset(path: str | os.PathLike[str]) -> IvDataset:
    """Read a dataset from a file of ``write_dataset``.

    Parameters
    ----------
    path : path-like
        The file, .npz or .csv.

    Returns
    -------
    IvDataset
        The dataset.

    Raises
    ------
    ValueError
        For any other file, with the line at fault.
    """
    try:
        return _from_npz(path) if Path(path).suffix == ".npz" else _from_csv(path)
    except ValueError as reason:  # The rules of IvDataset name no file.
        raise reason if str(path) in str(reason) else ValueError(f"{path}: {reason}") from None


def _from_npz(path: str | os.PathLike[str]) -> IvDataset:
    arrays = read_arrays(path, ("voltages_v", "currents_a", "outputs", "source"), text=("source",))
    return IvDataset(arrays["voltages_v"], arrays["currents_a"], as_outputs(arrays["outputs"]), str(arrays["source"]))


def _from_csv(path: str | os.PathLike[str]) -> IvDataset:
    _known(path)
    content = _content(path)
    _check_lines(path, content)
    names: list[str] = []
    source, values = Path(path).name, array("d")  # a list of floats would take four times as much
    try:
        for number, line in enumerate(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig"), 1):
            if line.isspace() or line.startswith("#"):
                source = line[1:].strip() if number == 1 and line.startswith("#") else source
                continue
            fields = [field.strip() for field in line.split(",")]
            if not names:
                names = _columns(fields, f"{path}, line {number}")
                continue
            row = [value for field in fields if (value := parse_number(field)) is not None]
            if len(row) < len(fields):
                raise ValueError(f"{path}, line {number}: {line.strip()[:60]!r} is not numbers between commas")
            if len(row) != len(names) or not all(map(isfinite, row)):
                raise ValueError(f"{path}, line {number}: give {len(names)} finite numbers ({_listed(names)})")
            values.extend(row)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text; save the table as CSV in UTF-8") from None
    if not values:
        raise ValueError(f"{path} holds no settings; give a line 'V0,V1,...,I7' and one line of numbers for each")
    electrodes = sum(name[0] == "V" for name in names)
    table = np.frombuffer(values).reshape(-1, len(names))
    outputs = tuple(int(name[1:]) for name in names[electrodes:])
    return IvDataset(table[:, :electrodes], table[:, electrodes:], outputs, source)


def as_outputs(electrodes: np.ndarray) -> tuple[int, ...]:
    """Require numbers of electrodes in an array of a file.

    Parameters
    ----------
    electrodes : (o,) int
        Array.

    Returns
    -------
    tuple of int
        Numbers of the output electrodes.

    Raises
    ------
    ValueError
        For anything else.
    """
    if electrodes.ndim != 1 or electrodes.dtype.kind not in "iu" or electrodes.size > 1000:
        raise ValueError(f"outputs are {electrodes.shape} of {electrodes.dtype}; give a few whole numbers, (o,)")
    return tuple(electrodes.tolist())


def write_arrays(path: str | os.PathLike[str], **arrays: np.ndarray) -> Path:
    """Write an .npz file, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file.
    **arrays : array
        The arrays by name.

    Returns
    -------
    pathlib.Path
        The file.
    """
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **arrays)
    return write_file(path, held.getvalue())


def read_arrays(
    path: str | os.PathLike[str], names: tuple[str, ...], *, text: tuple[str, ...] = ()
) -> dict[str, np.ndarray]:
    """Read arrays from an .npz file.

    Parameters
    ----------
    path : path-like
        The file.
    names : tuple of str
        Names of the arrays.
    text : tuple of str
        Names of those that hold strings.

    Returns
    -------
    dict of str to array
        The arrays.

    Raises
    ------
    ValueError
        With the path, for any other file.
    """
    try:
        arrays = read_npz(_content(path), names, text=text, limit=_MOST_BYTES)
    except ArrayFileError as reason:
        raise ValueError(f"{path} is not an .npz file with {', '.join(names)}: {reason}") from None
    if missing := [name for name in names if name not in arrays]:
        raise ValueError(f"{path} is not an .npz file with {', '.join(names)}: {missing[0]!r} is missing")
    return arrays


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        return read_file(path, _MOST_BYTES)
    except FileNotFoundError:
        raise
    except OSError as reason:
        raise ValueError(
            f"{path} {reason if reason.strerror is None else f'cannot be read: {reason.strerror}'}"
        ) from None


def _check_lines(path: str | os.PathLike[str], content: bytes) -> None:
    """Raise ValueError for a line that would be split into more parts than memory should hold."""
    at = 0
    while at + _LONGEST < len(content):
        end = max(content.rfind(mark, at, at + _LONGEST) for mark in (b"\n", b"\r"))
        if end < 0:
            raise ValueError(f"{path} has a line of more than {_LONGEST} bytes; give one line a setting")
        at = end + 1


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 20 else f"{names[0]}, {names[1]}, ..., {names[-1]}"


def _columns(fields: list[str], where: str) -> list[str]:
    electrodes = sum(field.startswith("V") for field in fields)
    currents = fields[electrodes:]
    good = electrodes > 0 and fields[:electrodes] == [f"V{e}" for e in range(electrodes)]
    good = good and bool(currents) and all(f[:1] == "I" and f[1:].isascii() and f[1:].isdigit() for f in currents)
    if not good or any(len(f) > 5 for f in currents):
        raise ValueError(f"{where}: the columns are {','.join(fields)[:60]!r}; they must be V0,V1,...,I0 or the like")
    return fields


def _known(path: str | os.PathLike[str]) -> None:
    if Path(path).suffix != ".csv":
        raise ValueError(f"{path}: a record is a .csv or .npz file; rename it")
