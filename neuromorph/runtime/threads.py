"""Single-threaded BLAS around small products.

BLAS spins while it waits for its other threads: on a machine whose cores are busy, factors of a 200 x 200 matrix take
35 times as long with two threads as with one, products of 100 x 784 with 784 x 500 numbers 40 times. On an idle machine
the second thread saves less than half of the time. The last digits of products of more than 64^3 multiplications, and
of factors of more than some 100 rows, depend on the number of threads; with one they are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_LARGE = 1 << 29  # multiplications of a product above which more threads pay even where cores are busy


@contextmanager
def single_threaded_blas(multiplications: float = 0.0) -> Iterator[None]:
    """Let BLAS use one thread inside the ``with`` statement or decorated function.

    Parameters
    ----------
    multiplications : float
        Multiplications of each product inside; above half a billion BLAS keeps its threads.
    """
    if multiplications > _LARGE:
        yield
        return
    with _controller(_loaded()).limit(limits=1, user_api="blas"):
        yield


@cache
def _controller(loaded: int) -> Any:
    """Find the loaded BLAS libraries, which takes milliseconds; repeat when a package has loaded another one."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _loaded() -> int:
    import sys

    import scipy.linalg  # noqa: F401  brings a BLAS of its own, which what is inside may be the first to import

    return sum(name in sys.modules for name in ("numpy", "scipy.linalg", "sklearn", "torch"))
