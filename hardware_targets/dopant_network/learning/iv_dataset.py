r"""I-V datasets of a device, measured or simulated: sampling, simulation, files.

Every electrode is swept by a sawtooth of its own frequency,

.. math:: V_e(t) = V_e^{low} + (V_e^{high} - V_e^{low})\, \mathrm{frac}(f_e t + \varphi_e),
          \qquad f_e \propto \sqrt{p_e}

where V_e is the voltage of electrode e, phi_e its phase, and p_e the e-th prime. Square roots of primes have no
rational relation, so the sweep fills the box of voltages evenly (Weyl), while each voltage moves slowly enough for a
device to follow. Source: Ruiz Euler et al., Nat. Nanotechnol. 15, 992 (2020).
"""

from __future__ import annotations

import hashlib
import io
import os
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.files.atomic_write import read_file, write_file
from neuromorph.files.npz import ArrayFileError, read_npz
from neuromorph.ising import Float
from neuromorph.problems.text_file import parse_number
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..transport.kinetic_monte_carlo import measure_currents
from ..transport.master_equation import stationary_occupations

_KEEP = 500  # number of points between two writings of an unfinished dataset
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


def sawtooth_voltages(
    points: int, low_v: ArrayLike, high_v: ArrayLike, *, cycles_per_point: float = 0.01, rng: RNG = None
) -> Float:
    """Sample voltages by sawtooth sweeps with random phases; equal limits hold an electrode.

    Parameters
    ----------
    points : int
        Number of settings.
    low_v, high_v : (k,) float
        Limits, V.
    cycles_per_point : float
        Frequency of the slowest sawtooth; the others have sqrt(p_e / 2) as many.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (points, k) float
        Settings, V.
    """
    low, high, generator = _box(points, low_v, high_v, rng)
    if not 0.0 < cycles_per_point < 0.5:
        raise ValueError(f"cycles_per_point is {cycles_per_point}; between 0 and 0.5, or a tooth has no points")
    turns = np.arange(points)[:, None] * cycles_per_point * np.sqrt(_primes(low.size) / 2.0)
    return low + (high - low) * ((turns + generator.random(low.size)) % 1.0)


def random_voltages(points: int, low_v: ArrayLike, high_v: ArrayLike, *, rng: RNG = None) -> Float:
    """Sample voltages (points, k), uniform and independent between ``low_v`` and ``high_v`` (k,), V."""
    low, high, generator = _box(points, low_v, high_v, rng)
    return low + (high - low) * generator.random((points, low.size))


def simulate_dataset(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    outputs: tuple[int, ...],
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    relative_error: float | None = None,
    rng: RNG = None,
    path: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> IvDataset:
    """Simulate the currents of a device at many settings.

    Parameters
    ----------
    network : HoppingNetwork
        The device.
    voltages_v : (m, k) float
        Settings, V.
    outputs : tuple of int
        Electrodes whose currents are kept.
    temperature_k : float
        Temperature, K.
    relative_error : float, optional
        Precision of kinetic Monte Carlo; None solves the master equation.
    rng : RNG
        Seed or generator.
    path : path-like, optional
        An .npz file that is written every 500 points, from which an interrupted simulation continues.
    progress : callable, optional
        Called with the points done and their number.

    Returns
    -------
    IvDataset
        The dataset.
    """
    v = np.atleast_2d(network.voltages(voltages_v))
    seeds = read_seeds(rng, len(v))
    how = "exact" if relative_error is None else f"kinetic Monte Carlo to {relative_error:g}, seed {seeds[0].entropy}"
    parts = (network.static_v, network.interaction_v, network.lever, network.attempts_hz)
    made = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()
    source = f"{how}, {temperature_k:g} K, network {made[:16]}"
    currents = np.empty((len(v), len(outputs)))
    done = 0
    if path is not None and Path(path).exists():
        kept = read_dataset(path)
        done = len(kept.voltages_v)
        if (kept.source, kept.outputs) != (source, outputs) or not np.array_equal(kept.voltages_v, v[:done]):
            raise ValueError(f"{path} holds another record ({kept.source}); remove it or name another file")
        currents[:done] = kept.currents_a
    for k in range(done, len(v)):
        checkpoint("recording", k, len(v))
        if relative_error is None:
            found = stationary_occupations(network, v[k], temperature_k=temperature_k).currents_a
        else:
            found = measure_currents(
                network, v[k], temperature_k=temperature_k, relative_error=relative_error, rng=seeds[k]
            ).currents_a
        currents[k] = found[list(outputs)]
        if (k + 1) % _KEEP == 0 or k + 1 == len(v):
            if path is not None:
                write_dataset(path, IvDataset(v[: k + 1], currents[: k + 1], outputs, source))
            if progress is not None:
                progress(k + 1, len(v))
    return IvDataset(v, currents, outputs, source)


def dissipated_w(voltages_v: ArrayLike, currents_a: ArrayLike) -> Float:
    """Compute the power -sum_e V_e I_e, W, of voltages and currents into all electrodes (..., k)."""
    return np.asarray(-(np.asarray(voltages_v, dtype=float) * np.asarray(currents_a, dtype=float)).sum(axis=-1))


def write_dataset(path: str | os.PathLike[str], record: IvDataset) -> Path:
    """Write a dataset as .npz or .csv.

    A .csv file has columns V0, V1, ... in V and I3, ... in A, after a comment line with the source.
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
    """Read a dataset from a .npz or .csv file of ``write_dataset``.

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
    """Check an array of a file as numbers of electrodes; raise ValueError for anything else."""
    if electrodes.ndim != 1 or electrodes.dtype.kind not in "iu" or electrodes.size > 1000:
        raise ValueError(f"outputs are {electrodes.shape} of {electrodes.dtype}; give a few whole numbers, (o,)")
    return tuple(electrodes.tolist())


def write_arrays(path: str | os.PathLike[str], **arrays: np.ndarray) -> Path:
    """Write an .npz file, whole or not at all."""
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
        The arrays.
    text : tuple of str
        Those of strings.

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


def _box(points: int, low_v: ArrayLike, high_v: ArrayLike, rng: RNG) -> tuple[Float, Float, np.random.Generator]:
    low, high = np.broadcast_arrays(np.asarray(low_v, dtype=float), np.asarray(high_v, dtype=float))
    if points < 1 or low.ndim != 1 or not (np.isfinite(low) & np.isfinite(high) & (low <= high)).all():
        raise ValueError(
            f"{points} points from {low_v!r} to {high_v!r} V; one at least, finite, low <= high, (k,) each"
        )
    return low, high, np.random.default_rng(read_seeds(rng, 1)[0])


def _primes(count: int) -> Float:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return np.array(found, dtype=float)
