"""Values of an HDF5 file, which ``nir_worker`` reads in a process that may hang, crash or run out of memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from ..files.npz import read_npz
from ..runtime.limits import checkpoint, remaining_seconds
from .nir_worker import MOST_BYTES, Flat

_WAIT_S = 20.0  # time for a small file on a busy machine; the process itself computes for less than a second
_OUT_OF_TIME = -getattr(signal, "SIGPROF", 27)


def read_values(data: bytes) -> Flat:
    """Read the values of an HDF5 file that holds a NIR graph.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    dict of str to ndarray
        Arrays by their path, with strings as text.

    Raises
    ------
    ValueError
        If there are none; the message gives the cause and the remedy.
    """
    code, packed = _answer(data)
    if code:
        over = "takes too long to read" if code == _OUT_OF_TIME else "ends the process that reads it"
        raise ValueError(f"{over}: it is damaged, or made to; write it again")
    about = read_npz(packed, ("reason", "text"), text=("reason", "text"))
    if "reason" in about:
        raise ValueError(str(about["reason"]))
    values = read_npz(packed, text=[*about["text"].tolist(), "text"], limit=2 * MOST_BYTES)
    return {path: value for path, value in values.items() if path != "text"}


def _answer(data: bytes) -> tuple[int, bytes]:
    """Run ``nir_worker`` and return its exit code and output; whatever ends this call ends the process."""
    paths = os.pathsep.join(place for place in sys.path if place)
    wait_s = min(_WAIT_S + len(data) / 1e6, remaining_seconds())
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("nir_worker.py"))],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches this process only, which ends the worker
    )
    with process:
        try:
            packed = process.communicate(data, timeout=wait_s)[0]
            return process.returncode, packed
        except subprocess.TimeoutExpired:
            process.kill()
            checkpoint("reading NIR")
            return _OUT_OF_TIME, b""
        except BaseException:
            process.kill()
            raise
