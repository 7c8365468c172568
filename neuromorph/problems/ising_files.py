"""Ising models from files: a model in any of its formats, and every problem file, as its ``ising()``.

The formats of models are those of module ``model_formats``; problem files are what ``neuromorph.load`` reads.
"""

from __future__ import annotations

import io
import os

import numpy as np
from scipy import sparse

from ..files.atomic_write import write_file
from ..ising import Ising
from .ising_model import IsingModel, energy_in_words
from .load import load
from .quadratic_model import IsingFile
from .text_file import TextFile


def read_ising(path: str | os.PathLike[str] | TextFile, kind: str | None = None) -> Ising:
    """Read the couplings and biases of :func:`read_ising_file`.

    Parameters
    ----------
    path : path-like or TextFile
        File.
    kind : str or None
        Kind of problem, as of :func:`neuromorph.load`.

    Returns
    -------
    Ising
        Model.

    Raises
    ------
    ProblemFileError
        If the file holds none; the message names the file, the rule and the remedy.
    """
    return read_ising_file(path, kind).ising


def read_ising_file(path: str | os.PathLike[str] | TextFile, kind: str | None = None) -> IsingFile:
    """Read the model of a file, or the Ising form of its problem.

    Parameters
    ----------
    path : path-like or TextFile
        File.
    kind : str or None
        Kind of problem, as of :func:`neuromorph.load`.

    Returns
    -------
    IsingFile
        Model, with the meaning of its energy and notes.

    Raises
    ------
    ProblemFileError
        If the file holds none; the message names the file, the rule and the remedy.
    """
    source = TextFile.read(path)
    problem = load(source, kind=kind, best_known=0.0)  # which is not looked for, nor enumerated
    if isinstance(problem, IsingModel):
        return IsingFile(problem.model, problem.meaning, problem.notes, problem.labels, problem.domain)
    try:
        ising, labels = problem.ising(), getattr(problem, "labels", ())
        return IsingFile(ising, energy_in_words(problem), problem.notes, labels if len(labels) == ising.size else ())
    except ValueError as error:
        raise source.error(str(error)) from None


def write_ising(path: str | os.PathLike[str], ising: Ising) -> None:
    """Write an .npz that :func:`read_ising` reads back exactly, with each coupling once.

    Parameters
    ----------
    path : path-like
        File.
    ising : Ising
        Model.
    """
    upper = sparse.coo_array(sparse.triu(ising.sparse_couplings(), 1))
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        row=upper.coords[0],
        column=upper.coords[1],
        value=upper.data,
        biases=ising.biases,
        offset=np.array(ising.offset),
    )
    write_file(path, stream.getvalue())
