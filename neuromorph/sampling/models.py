r"""Ising models from files: NumPy .npz, dimod's JSON and COO text, a plain JSON, and every problem file.

- ``.npz``: ``couplings`` (n, n), or ``row``, ``column``, ``value`` (edges,) with each pair once; optionally ``biases``
  (n,) and ``offset``. E(s) = -1/2 s'Js - h's + offset, as everywhere in this package.
- JSON: ``{"couplings": [[i, j, J], ...], "biases": [...], "offset": c}``, same sign; or what dimod's
  ``bqm.to_serializable()`` gives, with dimod's: E = + sum h s + sum J s s.
- COO text, dimod's sign: ``# vartype=SPIN`` (or BINARY), then ``i j value`` a line, i = j for a bias.
- what ``neuromorph.load`` reads (TSPLIB, rudy, patterns), as its ``ising()``.
"""

from __future__ import annotations

import io
import json
import os
import warnings
from math import isfinite
from typing import Any

import numpy as np
from scipy import sparse

from ..files import write_file
from ..ising import Ising
from ..npz import ArrayFileError, npz_names, read_npz
from ..problems import ProblemFileError, load
from ..problems.pictures import NPZ
from ..problems.source import LARGEST, Source, as_number, shown

MAX_SPINS = 2_000_000


def read_ising(path: str | os.PathLike[str], kind: str | None = None) -> Ising:
    """The model of a file; ``kind`` as of :func:`neuromorph.load`. ProblemFileError names the file, rule and remedy."""
    source = Source.read(path)
    reader = None if kind else _reader(source)
    if reader is None:
        problem = load(path, kind=kind)
        try:
            return problem.ising()
        except ValueError as error:
            raise source.error(str(error)) from None
    try:
        with warnings.catch_warnings(action="ignore"):
            return reader(source)
    except ProblemFileError:
        raise
    except ArrayFileError as error:
        raise source.error(str(error)) from None
    except Exception as error:  # numpy and json raise many kinds on damaged files
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise source.error(f"is damaged or not usable ({shown(reason)}); save it again") from None


def write_ising(path: str | os.PathLike[str], ising: Ising) -> None:
    """An .npz that :func:`read_ising` reads back exactly, with each coupling once."""
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


def _reader(source: Source) -> Any:
    if source.data.startswith(NPZ):
        try:
            return None if "patterns" in npz_names(source.data) else _from_npz
        except ArrayFileError:  # the reader of patterns says so
            return None
    if source.data.lstrip()[:1] == b"{":
        return _from_json
    head = source.data[:4096].split(b"\n", 1)[0].replace(b" ", b"").lower()
    return _from_coo if head.startswith(b"#vartype=") else None


def _from_npz(source: Source) -> Ising:
    arrays = read_npz(source.data, ("couplings", "row", "column", "value", "biases", "offset"))
    offset = float(arrays["offset"].reshape(())) if "offset" in arrays else 0.0
    biases = arrays.get("biases")
    if "couplings" in arrays:
        return _made(source, Ising, arrays["couplings"], biases, offset)
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


def _from_json(source: Source) -> Ising:
    data = json.loads(source.data.decode("utf-8-sig"))
    if data.get("type") == "BinaryQuadraticModel":
        return _from_dimod(source, data)
    unknown = data.keys() - {"couplings", "biases", "offset"}
    if unknown or "couplings" not in data:
        what = f"has the key {shown(min(unknown))}" if unknown else "has no 'couplings'"
        raise source.error(f'{what}; write {{"couplings": [[i, j, J], ...], "biases": [...], "offset": c}}')
    edges = np.array(data["couplings"], dtype=float)
    if edges.size and (edges.ndim != 2 or edges.shape[1] != 3):
        raise source.error(f"couplings have shape {edges.shape}; list each pair once, as [i, j, J], spins from 0")
    edges = edges.reshape(-1, 3)
    biases = data.get("biases")
    return _of_edges(source, edges, None if biases is None else np.array(biases, float), float(data.get("offset", 0.0)))


def _from_dimod(source: Source, data: dict[str, Any]) -> Ising:
    """Read here and not by dimod, which trusts its files: a damaged index ends the interpreter."""
    if data.get("use_bytes"):
        raise source.error("holds packed bytes; write it with bqm.to_serializable(use_bytes=False)")
    vartype = data["variable_type"]
    if vartype not in ("SPIN", "BINARY"):
        raise source.error(f"the variable_type is {shown(str(vartype))}; SPIN and BINARY are supported")
    linear, head, tail, quadratic = (
        np.array(data[key], dtype=float).ravel()
        for key in ("linear_biases", "quadratic_head", "quadratic_tail", "quadratic_biases")
    )
    n, offset = linear.size, float(data["offset"])
    if n < 1 or not len(head) == len(tail) == len(quadratic):
        raise source.error(f"has {n} variables, and {len(head)}, {len(tail)}, {len(quadratic)} entries of its pairs")
    if max(head.max(initial=0), tail.max(initial=0)) >= n:
        raise source.error(f"a pair names a variable beyond the {n} there are; correct it")
    between = _of_edges(source, np.column_stack([head, tail, -quadratic]), np.zeros(n), 0.0).couplings
    if vartype == "BINARY":
        return _made(source, Ising.from_binary, between, -linear, offset)
    return _made(source, Ising, between, -linear, offset)


def _from_coo(source: Source) -> Ising:
    vartype = source.lines[0].partition("=")[2].strip().upper()
    if vartype not in ("SPIN", "BINARY"):
        raise source.error(f"the vartype is {shown(vartype)}; write '# vartype=SPIN' or '# vartype=BINARY'", 1)
    entries: dict[tuple[int, int], float] = {}
    for number, line in enumerate(source.lines[1:], 2):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        values = [as_number(word) for word in words]
        if len(values) != 3 or any(v is None or not abs(v) <= LARGEST for v in values):
            raise source.error(f"{shown(line.strip())} is not 'i j value'; write two spins and a number", number)
        i, j, value = (float(v) for v in values if v is not None)
        if not (i.is_integer() and j.is_integer() and min(i, j) >= 0 and max(i, j) < MAX_SPINS):
            raise source.error(f"spins are {i:g} and {j:g}; number them 0 .. {MAX_SPINS - 1}", number)
        pair = (int(min(i, j)), int(max(i, j)))
        if pair in entries:
            raise source.error(f"the pair {pair[0]} {pair[1]} comes a second time; give each once", number)
        entries[pair] = value
    if not entries:
        raise source.error("has no entries; write 'i j value' lines")
    pairs, values_ = np.array(list(entries)), np.array(list(entries.values()))
    n = int(pairs.max()) + 1
    upper = sparse.csr_array(sparse.coo_array((values_, (pairs[:, 0], pairs[:, 1])), shape=(n, n)))
    if vartype == "BINARY":
        return _made(source, Ising.from_qubo, upper)
    biases = upper.diagonal()
    between = sparse.csr_array(sparse.triu(upper, 1))
    return _made(source, Ising, -(between + between.T), -biases)


def _of_edges(source: Source, edges: Any, biases: Any, offset: float) -> Ising:
    ends, value = edges[:, :2], edges[:, 2]
    if not (np.isfinite(ends).all() and (ends == np.round(ends)).all() and (ends >= 0).all()):
        raise source.error("spins of a coupling are not whole numbers from 0; number them so")
    n = max(int(ends.max(initial=-1)) + 1, 0 if biases is None else len(np.atleast_1d(biases)))
    if not 1 <= n <= MAX_SPINS:
        raise source.error(f"has {n} spins; from 1 to {MAX_SPINS} are supported")
    i, j = np.sort(ends.astype(np.int64), axis=1).T
    if (i == j).any():
        raise source.error(f"spin {i[i == j][0]} is coupled to itself; put a bias into 'biases'")
    if len(np.unique(i * n + j)) < len(i):
        raise source.error("a pair of spins comes twice; give each once with its whole coupling")
    upper = sparse.coo_array((value, (i, j)), shape=(n, n))
    return _made(source, Ising, sparse.csr_array(upper + upper.T), biases, offset)


def _made(source: Source, make: Any, *arguments: Any) -> Ising:
    try:
        ising: Ising = make(*arguments)
    except ValueError as error:  # a rule of the model itself
        raise source.error(str(error)) from None
    if not isfinite(float(abs(ising.couplings).sum())):
        raise source.error("couplings are too large; rescale")
    return ising
