r"""Formats of Ising models: NumPy .npz, dimod's JSON and COO text, and a plain JSON.

- ``.npz``: ``couplings`` (n, n), or ``row``, ``column``, ``value`` (edges,) with each pair once; optionally ``biases``
  (n,) and ``offset``. E(s) = -1/2 s'Js - h's + offset, as everywhere in this package.
- JSON: ``{"couplings": [[i, j, J], ...], "biases": [...], "offset": c}``, same sign; or what dimod's
  ``bqm.to_serializable()`` gives, with dimod's: E = + sum h s + sum J s s.
- COO text, dimod's sign: ``# vartype=SPIN`` (or BINARY), then ``i j value`` a line, i = j for a bias.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from ..files.npz import ArrayFileError, read_npz
from ..ising import Ising
from .bqm_files import numbers_of, read_bqm, read_bqpjson, read_dimod_json, read_json
from .city_tables import named_matrix
from .format_detection import form_of
from .forms import Form
from .matrices import square_matrix
from .matrix_market import read_matrix_market_qubo
from .named_terms import read_python_model, terms_of_names
from .quadratic_model import MAX_FILE_SPINS, IsingFile, made, require_used
from .qubo_files import (
    read_biq_mac,
    read_coo,
    read_hfs,
    read_model_matrix,
    read_or_library,
    read_qbsolv,
    read_qubist,
)
from .tables import rows_of_names
from .text_file import ProblemFileError, TextFile, quote_text

_OURS = "-1/2 s'Js - h's + offset"


def read_model(source: TextFile, kind: str | None = None, form: Form | None = None) -> IsingFile:
    """Read the model of a file.

    Parameters
    ----------
    source : TextFile
        File.
    kind : "qubo", "ising" or None
        Domain of the variables, where the file does not say it.
    form : Form or None
        Form of the file; None: it is looked at.

    Returns
    -------
    IsingFile
        Model.

    Raises
    ------
    ProblemFileError
        If it is damaged, or no model.
    """
    form = form_of(source) if form is None else form
    reader = None if form is None else _READERS.get(form.family)
    if reader is None:
        raise source.error("is no model; give couplings as .npz, JSON or 'i j value' below '# vartype=SPIN'")
    try:
        with warnings.catch_warnings(action="ignore"):  # of the parsers, about what stands in the file
            return reader(source, kind)
    except ProblemFileError:
        raise
    except ArrayFileError as error:
        raise source.error(str(error)) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save it again") from None


def _listed(source: TextFile, kind: str | None) -> IsingFile:
    """Read entries that do not say their domain."""
    return read_coo(source, "BINARY" if kind == "qubo" else "SPIN")


def _counted(source: TextFile, kind: str | None) -> IsingFile:
    """Read entries below 'n m'."""
    return read_qubist(source) if kind == "ising" or source.ending == ".qh" else read_biq_mac(source)


def _matrix(source: TextFile, kind: str | None) -> IsingFile:
    matrix = square_matrix(source)
    assert matrix is not None
    return read_model_matrix(source, matrix, kind or "qubo")


def _named_matrix(source: TextFile, kind: str | None) -> IsingFile:
    matrix, names = named_matrix(source)
    return replace(read_model_matrix(source, matrix, kind or "qubo"), labels=names)


def _named_terms(source: TextFile, kind: str | None) -> IsingFile:
    rows = [row for row in rows_of_names(source) if len(row) > 1]
    if any(len(row) < 3 for row in rows):
        raise source.error("has rows without a value; write 'name name value'")
    items = [(row[0], row[1], row[2]) for row in rows]
    return terms_of_names(source, items, "BINARY" if kind == "qubo" else "SPIN")


_READERS: dict[str, Callable[[TextFile, str | None], IsingFile]] = {
    "couplings": lambda source, _: _from_npz(source),
    "JSON": lambda source, _: _from_json(source),
    "bqm": lambda source, _: read_bqm(source),
    "entries": lambda source, _: read_coo(source),
    "plain entries": _listed,
    "counted entries": _counted,
    "qbsolv": lambda source, _: read_qbsolv(source),
    "OR-Library": lambda source, _: read_or_library(source),
    "HFS": lambda source, kind: read_hfs(source, "SPIN" if kind == "ising" else "BINARY"),
    "matrix": _matrix,
    "named matrix": _named_matrix,
    "named edges": _named_terms,
    "Python": read_python_model,
    "MatrixMarket": lambda source, _: read_matrix_market_qubo(source),
}


def _from_npz(source: TextFile) -> IsingFile:
    arrays = read_npz(source.data, ("couplings", "row", "column", "value", "biases", "offset"))
    offset = float(arrays["offset"].reshape(())) if "offset" in arrays else 0.0
    biases = arrays.get("biases")
    if "couplings" in arrays:
        return IsingFile(made(source, lambda: Ising(arrays["couplings"], biases, offset)), _OURS)
    if not {"row", "column", "value"} <= arrays.keys():
        raise source.error(
            "has neither 'couplings' nor 'row', 'column', 'value' nor 'patterns'; save with "
            "numpy.savez(file, couplings=J, biases=h)"
        )
    columns = [arrays[name] for name in ("row", "column", "value")]
    if any(each.shape != (columns[0].size,) for each in columns):
        shapes = " and ".join(str(each.shape) for each in columns)
        raise source.error(f"'row', 'column' and 'value' have shapes {shapes}; give (edges,) each")
    return _of_edges(source, np.column_stack(columns).astype(float, copy=False), biases, offset)


def _from_json(source: TextFile) -> IsingFile:
    data = read_json(source)
    if data.get("type") == "BinaryQuadraticModel":
        return read_dimod_json(source, data)
    if "variable_domain" in data:
        return read_bqpjson(source, data)
    unknown = data.keys() - {"couplings", "biases", "offset"}
    if unknown or "couplings" not in data:
        what = f"has the key {quote_text(min(unknown))}" if unknown else "has no 'couplings'"
        raise source.error(f'{what}; write {{"couplings": [[i, j, J], ...], "biases": [...], "offset": c}}')
    if not isinstance(data["couplings"], list) or not all(isinstance(row, list) for row in data["couplings"]):
        raise source.error("couplings are no list of lists; list each pair once, as [i, j, J], spins from 0")
    if any(len(row) != 3 for row in data["couplings"]):
        raise source.error("a coupling is not of three numbers; list each pair once, as [i, j, J], spins from 0")
    edges = numbers_of(source, "couplings", [value for row in data["couplings"] for value in row]).reshape(-1, 3)
    biases = numbers_of(source, "biases", data["biases"]) if data.get("biases") is not None else None
    (offset,) = numbers_of(source, "offset", [data.get("offset", 0.0)])
    return _of_edges(source, edges, biases, float(offset))


def _of_edges(source: TextFile, edges: Any, biases: Any, offset: float) -> IsingFile:
    ends, value = edges[:, :2], edges[:, 2]
    if not (np.isfinite(ends).all() and (ends == np.round(ends)).all() and (ends >= 0).all()):
        raise source.error("spins of a coupling are not whole numbers from 0; number them so")
    n = max(float(ends.max(initial=-1)) + 1, 0 if biases is None else np.atleast_1d(biases).shape[0])
    if not 1 <= n <= MAX_FILE_SPINS:
        raise source.error(f"has {n:.7g} spins; from 1 to {MAX_FILE_SPINS} are supported")
    n = int(n)
    if biases is None:
        require_used(source, n, len(edges))
    i, j = np.sort(ends.astype(np.int64), axis=1).T
    if (i == j).any():
        raise source.error(f"spin {i[i == j][0]} is coupled to itself; put a bias into 'biases'")
    if len(np.unique(i * n + j)) < len(i):
        raise source.error("a pair of spins comes twice; give each once with its whole coupling")
    upper = sparse.coo_array((value, (i, j)), shape=(n, n))
    return IsingFile(made(source, lambda: Ising(sparse.csr_array(upper + upper.T), biases, offset)), _OURS)
