"""Safe reading of .npz and .npy files: no pickle is read, and no byte is unpacked before its size is known.

An .npz is a zip archive of .npy files; an .npy is a magic string, a header (a Python literal of dtype, order and shape)
and the bytes of one array. Each of these can lie: the directory of the archive about the size of a member, a member
about what it inflates to, the header about what follows it.
Source: numpy.lib.format; PKWARE, .ZIP File Format Specification (APPNOTE) 6.3.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIMIT = 256 << 20  # default bytes of all arrays together
_SMALL = 128 << 20  # bytes that a file of any size may claim
_RATIO = 16  # largest ratio of compression of a larger file; numbers rarely pack tighter
_MOST_MEMBERS = 1000
_MOST_HEADER = 1000  # largest number of bytes of the header of one array
_SIGNATURE = b"PK\x01\x02"  # signature of an entry in the directory

_npy: Any = np.lib.format  # numpy leaves it untyped


class ArrayFileError(ValueError):
    """Error of an array file that breaks a rule.

    The message is one line, which continues the name of the file and ends with the remedy.
    """


def read_npz(
    data: bytes, names: Collection[str] | None = None, *, text: Collection[str] = (), limit: int = LIMIT
) -> dict[str, NDArray[Any]]:
    """Read arrays of an .npz file.

    Parameters
    ----------
    data : bytes
        The whole file.
    names : names
        Names of the arrays to read, of which some may be missing; None is all.
    text : names
        Names of the arrays of strings; all others are numbers or truth values.
    limit : int
        Largest number of bytes of all arrays together.

    Returns
    -------
    dict of str to ndarray
        Arrays in the byte order of the machine; every floating point type is float64.

    Raises
    ------
    ArrayFileError
        If the bytes are anything else.
    """
    with _one_line(), zipfile.ZipFile(_archive(data)) as archive:
        members = _members(archive)
        wanted = {name: members[name] for name in (members if names is None else names) if name in members}
        _check_sizes(wanted, min(limit, max(_SMALL, _RATIO * len(data))))
        return {name: _array(repr(name), _unpacked(name, archive, info), name in text) for name, info in wanted.items()}


def npz_names(data: bytes) -> list[str]:
    """List the names of the arrays in an .npz file.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    ArrayFileError
        If the bytes are no .npz file.
    """
    with _one_line(), zipfile.ZipFile(_archive(data)) as archive:
        return list(_members(archive))


def read_npy(data: bytes, *, text: bool = False) -> NDArray[Any]:
    """Read the array of an .npy file as :func:`read_npz` reads its members.

    Parameters
    ----------
    data : bytes
        The whole file.
    text : bool
        Whether the array holds strings.

    Returns
    -------
    ndarray
        The array.

    Raises
    ------
    ArrayFileError
        If the bytes are no .npy file.
    """
    with _one_line():
        return _array("the array", data, text)


def _archive(data: bytes) -> io.BytesIO:
    """Open ``data`` if its directory is short: zipfile makes an object of every entry before anybody can ask."""
    entries = data.count(_SIGNATURE)
    if entries > _MOST_MEMBERS:
        raise ArrayFileError(f"has {entries} members; at most {_MOST_MEMBERS} are read: save fewer arrays")
    return io.BytesIO(data)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name in members:
            raise ArrayFileError(f"has the array {name[:40]!r} twice; save it once")
        if name != info.filename:  # members that are no arrays are ignored
            members[name] = info
    return members


def _check_sizes(wanted: Mapping[str, zipfile.ZipInfo], limit: int) -> None:
    total = 0
    for name, info in wanted.items():
        if info.file_size > limit - total:
            beside = f" beside the {total} of other arrays" if total else ""
            raise ArrayFileError(
                f"{name!r} claims {info.file_size} bytes{beside}; of this file at most {limit} are read: save less"
            )
        total += info.file_size


def _unpacked(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.flag_bits & 1:
        raise ArrayFileError(f"{name!r} is encrypted; save with numpy.savez_compressed")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArrayFileError(f"{name!r} is packed in an unusual way; save with numpy.savez_compressed")
    with archive.open(info) as stream:
        return stream.read(info.file_size)  # read() without a size would inflate everything before cutting it off


def _array(what: str, packed: bytes, text: bool) -> NDArray[Any]:
    stream = io.BytesIO(packed)
    version = _npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ArrayFileError(f"{what} is in array format {version}; save it with numpy.savez")
    read = _npy.read_array_header_1_0 if version == (1, 0) else _npy.read_array_header_2_0
    shape, fortran, dtype = read(stream, max_header_size=_MOST_HEADER)
    if dtype.hasobject:
        raise ArrayFileError(f"{what} is of pickled objects, which are not read; save numbers")
    if text != (dtype.kind == "U") or not (text or dtype.kind in "biuf"):
        wanted = "are no text" if text else "hold no numbers"
        raise ArrayFileError(f"entries of {what} {wanted} but are {str(dtype)[:40]}; save it as such")
    if min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(packed) - stream.tell():
        raise ArrayFileError(f"{what} is damaged: its header says more values than there are, or fewer; save it again")
    if not prod(shape):
        return np.empty(shape, _native(dtype))
    values = np.frombuffer(packed, dtype, offset=stream.tell()).reshape(shape, order="F" if fortran else "C")
    if dtype.kind == "b":
        return values.view(np.uint8) != 0  # a byte other than 0 and 1 must count as true
    return np.array(values, _native(dtype))


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(float) if dtype.kind == "f" else dtype.newbyteorder("=")


@contextmanager
def _one_line() -> Iterator[None]:
    """Convert the errors of zipfile, zlib, struct, tokenize and numpy's header parser to one line."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except ArrayFileError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ArrayFileError(f"is damaged ({reason[:80]!r}); save it again") from None
