"""Weights of a coupling circuit: levels, strength of the field on a node, dense arrays apart from sparse ones."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from neuromorph.ising import Float, Ising

_MOST_LEVELS = 1 << 20


def check_levels(levels: int | None) -> None:
    """Require a number of levels, or none.

    Parameters
    ----------
    levels : int or None
        Largest weight, in steps.

    Raises
    ------
    ValueError
        If it is below 1 or too large.
    """
    if levels is not None and not 1 <= levels <= _MOST_LEVELS:
        raise ValueError(f"weight_levels is {levels}; give 1 to {_MOST_LEVELS}, or none for weights as asked")


def levels_text(levels: int | None) -> str:
    """Describe the weights of a chip for its notes.

    Parameters
    ----------
    levels : int or None
        Largest weight, in steps.

    Returns
    -------
    str
        Sentence.
    """
    return "weights as asked" if levels is None else f"weights from -{levels} to {levels}"


def weights_written(held: Ising) -> dict[str, float]:
    """Count the weights that programming writes.

    Parameters
    ----------
    held : Ising
        Model on the chip.

    Returns
    -------
    dict of str to float
        Setup of a program.
    """
    return {"weights": float(held.sparse_couplings().nnz / 2 + np.count_nonzero(held.biases))}


def quantized_ising(asked: Ising, levels: int | None) -> Ising:
    """Round couplings and biases to levels: whole steps of the largest over their number.

    Parameters
    ----------
    asked : Ising
        Model.
    levels : int or None
        Largest weight, in steps; b bits with the sign are 2^(b - 1) - 1. None keeps the weights.

    Returns
    -------
    Ising
        Model on the chip.
    """
    j = asked.sparse_couplings()
    largest = max(float(abs(j).max()) if j.nnz else 0.0, float(np.abs(asked.biases).max(initial=0.0)))
    if levels is None or largest == 0.0:
        return asked
    step = largest / levels
    rounded = sparse.csr_array(j, copy=True)
    rounded.data = np.round(rounded.data / step) * step
    rounded.eliminate_zeros()
    return Ising(rounded, np.round(asked.biases / step) * step, asked.offset)


def strongest_field(ising: Ising) -> float:
    """Return the largest spread of the field on a spin over random states.

    Parameters
    ----------
    ising : Ising
        Model.

    Returns
    -------
    float
        max_i sqrt(sum_j J_ij^2 + h_i^2); 1 where there is nothing.
    """
    squares: Float = np.asarray(ising.sparse_couplings().power(2).sum(axis=1)).ravel() + ising.biases**2
    return float(np.sqrt(squares.max())) or 1.0
