"""One thread of BLAS around small products.

BLAS spins while it waits for its other threads: on a machine whose cores are busy, factors of a 200 x 200 matrix take
35 times as long with two threads as with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let BLAS use one thread inside the ``with`` statement (or the decorated function), in the whole process."""
    with _controller(_loaded()).limit(limits=1, user_api="blas"):
        yield


@cache
def _controller(loaded: int) -> Any:
    """Looking for the libraries takes milliseconds: once, and again when scipy has brought another one."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _loaded() -> int:
    import sys

    return sum(name in sys.modules for name in ("numpy", "scipy.linalg", "sklearn", "torch"))
