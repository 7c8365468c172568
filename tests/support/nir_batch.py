"""One process that reads many NIR files in turn, for tests: starting one for each takes longer than reading.

It runs ``nir_worker.answer`` with its limits; where a file ends it, the next begins another one.
"""

import subprocess
import sys
from pathlib import Path

from neuromorph.spiking import nir_worker

WORKER = Path(nir_worker.__file__)
SERVE = """
import importlib.util, io, os, sys
import numpy as np
spec = importlib.util.spec_from_file_location("worker", sys.argv[1])
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
while size := sys.stdin.buffer.read(8):
    packed = io.BytesIO()
    np.savez(packed, **worker.answer(sys.stdin.buffer.read(int.from_bytes(size, "big"))))
    out.write(packed.tell().to_bytes(8, "big") + packed.getvalue())
    out.flush()
"""


class Batch:
    """``answer`` takes the place of ``nir_values._answer``; ``ended`` counts the processes that a file has ended."""

    def __init__(self):
        self.ended = 0
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._process is not None:
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()

    def answer(self, data: bytes) -> tuple[int, bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", SERVE, str(WORKER)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        process = self._process
        process.stdin.write(len(data).to_bytes(8, "big") + data)
        process.stdin.flush()
        size = process.stdout.read(8)
        if size:
            return 0, process.stdout.read(int.from_bytes(size, "big"))
        self.__exit__()
        self._process, self.ended = None, self.ended + 1
        return process.returncode, b""
