"""The vectors of kernels.simd under numba's bounds check: where one is not wholly inside its array, IndexError."""

import numpy as np
import pytest
from numba import njit

from neuromorph.kernels.simd import load_vector, store_vector, transpose


@njit(boundscheck=True)
def copied(array, row, col, to, to_row, to_col):
    store_vector(to, to_row, to_col, load_vector(array, row, col, 4))


@njit(boundscheck=True)
def turned(array, row, col, to, to_row, to_col):
    transpose(array, row, col, to, to_row, to_col)


@pytest.mark.parametrize("where", [(0, 0, 0, 0), (2, 4, 1, 3)])
def test_inside_all_is_as_without_the_check(where):
    row, col, to_row, to_col = where
    array, to = np.arange(24.0, dtype=np.float32).reshape(3, 8), np.zeros((2, 7), np.float32)
    copied(array, row, col, to, to_row, to_col)
    assert np.array_equal(to[to_row, to_col : to_col + 4], array[row, col : col + 4])
    assert np.count_nonzero(to) == np.count_nonzero(array[row, col : col + 4])


@pytest.mark.parametrize(
    "where",
    [
        (3, 0, 0, 0),
        (-1, 0, 0, 0),
        (0, 5, 0, 0),
        (0, -1, 0, 0),
        (0, 0, 2, 0),
        (0, 0, -1, 0),
        (0, 0, 0, 4),
        (0, 0, 0, -3),
    ],
)
def test_a_step_outside_is_an_index_error(where):
    row, col, to_row, to_col = where
    array, to = np.ones((3, 8), np.float32), np.zeros((2, 7), np.float32)
    with pytest.raises(IndexError, match="out of the bounds"):
        copied(array, row, col, to, to_row, to_col)
    assert not to.any()


def test_blocks_are_looked_at_row_by_row():
    array, to = np.arange(20.0 * 17.0).reshape(20, 17), np.zeros((16, 16))
    turned(array, 4, 1, to, 0, 0)
    assert np.array_equal(to, array[4:, 1:].T)
    for row, col in ((5, 1), (4, 2)):
        with pytest.raises(IndexError, match="out of the bounds"):
            turned(array, row, col, to, 0, 0)
