"""A model of a file: couplings and biases made of the terms that the file lists, with the signs of its field."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..ising import Ising
from .edge_list import Pairs, mostly_unused
from .text_file import TextFile

MAX_FILE_SPINS = 2_000_000

MEANINGS = {"SPIN": "sum h s + sum J s s, as in the file", "BINARY": "sum Q x x of the file, x = (1 + s) / 2"}


@dataclass(frozen=True, eq=False)
class IsingFile:
    """Model of a file.

    Attributes
    ----------
    ising : Ising
        Couplings and biases.
    energy : str
        Meaning of E in the words of the file's own field: "-cut".
    notes : tuple of str
        Content that was taken for granted, or is not kept.
    labels : tuple of str
        Names of the variables; empty: they have none.
    domain : str
        "spin" for -1 and +1, "binary" for variables 0 and 1 of the file.
    """

    ising: Ising
    energy: str
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    domain: str = "spin"


def model_of_terms(
    source: TextFile,
    size: int,
    ends: Any,
    values: Any,
    *,
    vartype: str,
    factor: float = 1.0,
    offset: float = 0.0,
    energy: str | None = None,
    notes: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
) -> IsingFile:
    """Build the model E = offset + sum of value s_i s_j, or x_i x_j; i = j is linear.

    Parameters
    ----------
    source : TextFile
        File.
    size : int
        Number of variables.
    ends : (m, 2) int
        Variables of each term, from 0, each pair once.
    values : (m,) float
        Values.
    vartype : "SPIN" or "BINARY"
        Domain of the variables.
    factor : float
        Factor of the values where i and j differ, as 2 for a symmetric Q of which the file lists one half.
    offset : float
        Constant.
    energy : str or None
        Meaning of E; None: dimod's.
    notes, labels : tuple of str
        Of the model.

    Returns
    -------
    IsingFile
        Model.
    """
    low, high = np.sort(np.asarray(ends, np.int64).reshape(-1, 2), axis=1).T
    values = np.asarray(values, float) * np.where(low == high, 1.0, factor)
    upper = sparse.csr_array(sparse.coo_array((values, (low, high)), shape=(size, size)))
    said = MEANINGS[vartype] if energy is None else energy
    if vartype == "BINARY":
        ising = made(source, lambda: Ising.from_qubo(upper, offset))
        return IsingFile(ising, said, notes, labels, "binary")
    between = sparse.csr_array(sparse.triu(upper, 1))
    return IsingFile(
        made(source, lambda: Ising(-(between + between.T), -upper.diagonal(), offset)), said, notes, labels
    )


def model_of_pairs(pairs: Pairs, size: int | None = None, **how: Any) -> IsingFile:
    """Build the model of lines ``i j value`` whose variables are numbered from 0.

    Parameters
    ----------
    pairs : Pairs
        Terms.
    size : int or None
        Number of variables; None: as many as are numbered.
    **how : object
        Arguments of :func:`model_of_terms`.

    Returns
    -------
    IsingFile
        Model.

    Raises
    ------
    ProblemFileError
        If there is no term, or a pair comes twice.
    """
    if not pairs.values.size:
        raise pairs.source.error("has no entries; write 'i j value' lines")
    again = pairs.repeated()
    if again is not None:
        pair = "{} {}".format(*np.sort(pairs.ends[again]))
        raise pairs.error(f"the pair {pair} comes a second time; give each once", again)
    size = int(pairs.ends.max()) + 1 if size is None else size
    require_used(pairs.source, size, len(pairs.values))
    return model_of_terms(pairs.source, size, pairs.ends, pairs.values, **how)


def require_used(source: TextFile, spins: int, pairs: int) -> None:
    """Refuse a model that would be mostly of spins in no term.

    Parameters
    ----------
    source : TextFile
        File.
    spins, pairs : int
        Numbers of spins and of terms.

    Raises
    ------
    ProblemFileError
        If they are out of proportion.
    """
    if mostly_unused(spins, pairs):
        raise source.error(f"numbers spins up to {spins - 1} in {pairs} entries; number only those that have some")


def made(source: TextFile, make: Any) -> Ising:
    """Build a model, whose rules become errors of the file.

    Parameters
    ----------
    source : TextFile
        File.
    make : callable
        Function that builds it.

    Returns
    -------
    Ising
        Model.

    Raises
    ------
    ProblemFileError
        If it breaks a rule.
    """
    try:
        ising: Ising = make()
    except ValueError as error:  # a rule of the model itself
        raise source.error(str(error)) from None
    if not isfinite(float(abs(ising.couplings).sum()) + float(abs(ising.biases).sum())):
        raise source.error("couplings are too large; rescale")
    return ising


def label_texts(labels: ArrayLike | list[Any]) -> tuple[str, ...]:
    """Return the names of variables as text; none where they are the numbers 0 .. n - 1.

    Parameters
    ----------
    labels : list
        Names: text, numbers, lists.

    Returns
    -------
    tuple of str
        Names.
    """
    names = list(labels)  # type: ignore[arg-type]
    return () if names == list(range(len(names))) else tuple(str(_tuples(name)) for name in names)


def _tuples(name: Any) -> Any:
    """Return a name as it was before JSON made lists of its tuples."""
    return tuple(_tuples(each) for each in name) if isinstance(name, list) else name
