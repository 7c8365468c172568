"""Reader of the HDF5 file of a NIR graph in a process of its own: ``python -P nir_worker.py < file.nir > arrays.npz``.

libhdf5 trusts its input: a file can name other files as its storage, claim any size, close a circle of groups, and one
flipped bit can hold it in an endless loop in C. The layout of every dataset is therefore checked before it is read, and
the process limits its own time and memory. The output is an .npz of plain arrays by their path, or of the one string
``reason``. The script, which is imported for :func:`nested` only, imports nothing of this package, and starts soon.
Source: The HDF Group, HDF5 File Format Specification Version 4.0.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import suppress
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Flat = dict[str, NDArray[Any]]

MOST_BYTES = 128 << 20  # size of all values together, such as two matrices of 2,896 neurons in double precision
_MOST_OBJECTS = 1000
_MOST_STRINGS, _LONGEST = 10_000, 1000  # largest number of strings, and of letters of one
_DEEPEST = 16  # largest depth of nested groups
_SPARE_BYTES = 64 << 20
_SPARE_S = 0.3  # computing time of any file; a small one takes 5 ms
_BYTES_PER_S = 20e6  # lowest allowed speed of unpacking, a tenth of the usual one


class Refused(Exception):
    """Refusal of a file; the message gives the cause and the remedy."""


def _read(data: bytes) -> Flat:
    """Read all datasets below ``node`` by path, with strings as text; raise Refused, and whatever h5py raises."""
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        found = _datasets(file)
        if not found:
            raise Refused("has nothing in a group 'node'; write it with nir.write")
        total = sum(prod(each.shape) * max(each.dtype.itemsize, 1) for each in found.values())
        if total > MOST_BYTES:
            raise Refused(f"claims {total} bytes of values; at most {MOST_BYTES} are read: write fewer neurons")
        limit(_SPARE_S + total / _BYTES_PER_S, _SPARE_BYTES + 3 * total)
        return {path: _value(path, dataset) for path, dataset in found.items()}


def _datasets(file: Any) -> dict[str, Any]:
    """Find all datasets below ``node`` by path and check them; no link is followed out of the file, none twice."""
    import h5py

    found: dict[str, Any] = {}
    seen: set[int] = set()
    groups = [("", file)]
    while groups:
        path, group = groups.pop()
        if len(group) + len(seen) > _MOST_OBJECTS:
            raise Refused(f"has more than {_MOST_OBJECTS} groups and datasets; write fewer nodes")
        names = group if path else ["node"] if group.id.links.exists(b"node") else []  # ``in`` would follow a link
        for name in names:
            inner = f"{path}/{name}" if path else name
            link = group.id.links.get_info(name.encode("utf-8", "surrogateescape"))
            if link.type != h5py.h5l.TYPE_HARD:
                raise Refused(f"links {_shown(inner)} to another place or file; write the values themselves")
            if link.u in seen:
                raise Refused(f"links {_shown(inner)} a second time, or in a circle; write each value once")
            seen.add(link.u)
            item = group[name]
            if isinstance(item, h5py.Dataset):
                _check(_shown(inner), item)
                found[inner] = item
            elif not isinstance(item, h5py.Group):
                raise Refused(f"has a type of its own at {_shown(inner)}; write numbers and text only")
            elif inner.count("/") == _DEEPEST:
                raise Refused(f"nests groups more than {_DEEPEST} deep; write a flat graph")
            else:
                groups.append((inner, item))
    return found


def _check(path: str, dataset: Any) -> None:
    """Raise Refused unless the values are numbers or text, stand in this file, and are complete."""
    import h5py

    made = dataset.id.get_create_plist()
    layout, dtype, shape = made.get_layout(), dataset.dtype, dataset.shape
    if layout == h5py.h5d.VIRTUAL or made.get_external_count():
        raise Refused(f"keeps {path} in other files; write the values themselves")
    if layout not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
        raise Refused(f"keeps {path} in an unknown layout; write it with nir.write")
    usual = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_LZF)
    if any(made.get_filter(k)[0] not in usual for k in range(made.get_nfilters())):
        raise Refused(f"packs {path} in an unusual way; write it with compression='gzip'")
    if dtype.kind == "c":
        raise Refused(f"has complex numbers in {path}; write real ones")
    if shape is None or not (dtype.kind in "biufS" or h5py.check_string_dtype(dtype)):
        raise Refused(f"has in {path} neither real numbers nor text; write it with nir.write")
    if dtype.kind in "OS" and prod(shape) > _MOST_STRINGS:
        raise Refused(f"has {prod(shape)} strings in {path}; at most {_MOST_STRINGS} are read")
    if layout == h5py.h5d.CHUNKED:
        if prod(dataset.chunks) * dtype.itemsize > MOST_BYTES:
            raise Refused(f"packs {path} in pieces of {prod(dataset.chunks)} values; write smaller ones")
        there = dataset.id.get_num_chunks() >= prod(
            ceil(n / size) for n, size in zip(shape, dataset.chunks, strict=True)
        )
    else:
        there = dataset.id.get_storage_size() >= prod(shape) * dtype.itemsize
    if not there:
        raise Refused(f"says how large {path} is, but not all its values; write it whole")


def _value(path: str, dataset: Any) -> NDArray[Any]:
    value = dataset[()]
    if dataset.dtype.kind not in "OS":
        return np.asarray(value)
    words = [bytes(word).decode() if isinstance(word, bytes) else str(word) for word in np.ravel(value).tolist()]
    if max(map(len, words), default=0) > _LONGEST:
        raise Refused(f"has more than {_LONGEST} letters in {_shown(path)}; write less")
    return np.array(words, dtype=str).reshape(dataset.shape)


def nested(flat: Flat) -> dict[str, Any]:
    """Nest values by path into dictionaries for ``nir.dict2NIRNode``.

    Returns
    -------
    dict of str to Any
        The nested values.
    """
    root: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split("/")[1:]
        inner = root
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value[()]
    return root


def limit(cpu_s: float, more_bytes: int) -> None:
    """Limit the further computing time, also inside C, and memory of this process.

    Parameters
    ----------
    cpu_s : float
        Computing time in s.
    more_bytes : int
        Memory in bytes.
    """
    with suppress(ImportError, AttributeError, OSError, ValueError):  # not every system has these limits
        signal.setitimer(signal.ITIMER_PROF, cpu_s)  # SIGPROF has no handler and ends the process
        import resource

        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + more_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))


def answer(data: bytes) -> Flat:
    """Read all values of a file, if they make a graph; else give the ``reason``.

    Returns
    -------
    dict of str to ndarray
        The values; ``text`` lists the paths of strings.
    """
    try:
        import nir

        limit(_SPARE_S + len(data) / _BYTES_PER_S, _SPARE_BYTES)
        flat = _read(data)
        nir.dict2NIRNode({**nested(flat), "type_check": True})
        return {**flat, "text": np.array([path for path, value in flat.items() if value.dtype.kind == "U"], dtype=str)}
    except Refused as error:
        reason = str(error)
    except MemoryError:
        reason = f"unpacks to more than the {MOST_BYTES >> 20} MB that are read; write it again"
    except Exception as error:  # h5py and nir raise many kinds on damaged files
        said = str(error).partition("\n")[0] or type(error).__name__
        reason = f"is damaged or no NIR graph ({_shown(said)}); write it again"
    return {"reason": np.array(reason)}


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else f"{text[:77]}...")


def main() -> None:
    """Read the file on the standard input and write the answer to the standard output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of libraries must not mix with the answer
    found: dict[str, Any] = answer(sys.stdin.buffer.read())
    with out:
        np.savez(out, **found)


if __name__ == "__main__":
    main()
