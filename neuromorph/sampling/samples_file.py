"""Writing of samples.npz in blocks: without a copy in memory, and with an answer to Ctrl-C while it is written."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from math import inf
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ..files.atomic_write import write_file
from ..runtime.limits import checkpoint, time_limit
from .samples import Samples

_BLOCK = 1 << 20  # bytes that are written at once
_FAST = 1  # level of zlib: files of spins grow little, and take a tenth of the time of the best level
_PATIENCE_S = 1.0  # time after Ctrl-C in which a nearly complete file may be finished


def write_samples(samples: Samples, path: Path, labels: Sequence[str] = ()) -> None:
    """Write ``spins``, ``energies`` and ``betas``, after Ctrl-C without compression.

    A thread writes, so that an interruption leaves no half of a block: the file gets a second more to become complete
    before KeyboardInterrupt propagates.

    Parameters
    ----------
    samples : Samples
        The samples.
    path : Path
        Path of the file.
    labels : sequence of str
        Names of the spins, written as ``labels``; empty: they have none.
    """
    arrays: dict[str, NDArray[Any]] = {"energies": samples.energies, "betas": samples.betas, "spins": samples.spins}
    arrays |= {"labels": np.array(labels)} if len(labels) else {}
    kind = zipfile.ZIP_STORED if samples.status == "interrupted" else zipfile.ZIP_DEFLATED
    with time_limit() as limit, ThreadPoolExecutor(1) as pool:
        task = pool.submit(copy_context().run, write_file, path, lambda file: _write(file, arrays, kind))
        try:
            task.result()
        except KeyboardInterrupt:
            wait([task], _PATIENCE_S)
            limit.deadline = -inf  # ends the thread at its next checkpoint
            raise


def _write(file: BinaryIO, arrays: dict[str, NDArray[Any]], kind: int) -> None:
    total = sum(array.nbytes for array in arrays.values())
    done = 0
    with zipfile.ZipFile(file, "w", kind, compresslevel=_FAST) as archive:
        for name, array in arrays.items():
            whole = np.ascontiguousarray(array)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                header = npy.header_data_from_array_1_0(whole)  # type: ignore[no-untyped-call]
                npy.write_array_header_1_0(member, header)  # type: ignore[no-untyped-call]
                bytes_ = whole.reshape(-1).view(np.uint8)
                for start in range(0, bytes_.size, _BLOCK):
                    checkpoint("writing samples.npz", done, total)
                    member.write(bytes_[start : start + _BLOCK].tobytes())
                    done += _BLOCK
