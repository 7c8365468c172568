"""BLAS takes one thread inside the block, and has its own number again after it."""

import numpy as np
import scipy.linalg  # noqa: F401  (brings a BLAS of its own)
from threadpoolctl import threadpool_info

from neuromorph.threads import single_threaded_blas


def blas_threads() -> list[int]:
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def test_blas_takes_one_thread_inside_and_its_own_number_after():
    before = blas_threads()
    assert before  # numpy and scipy bring theirs
    with single_threaded_blas():
        assert set(blas_threads()) == {1}
        with single_threaded_blas():
            assert np.linalg.norm(np.eye(3) @ np.eye(3)) > 0
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_it_is_a_decorator_too():
    assert set(single_threaded_blas()(blas_threads)()) == {1}
