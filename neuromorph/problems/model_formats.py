r"""Formats of Ising models: NumPy .npz, dimod's JSON and COO text, and a plain JSON.

- ``.npz``: ``couplings`` (n, n), or ``row``, ``column``, ``value`` (edges,) with each pair once; optionally ``biases``
  (n,) and ``offset``. E(s) = -1/2 s'Js - h's + offset, as everywhere in this package.
- JSON: ``{"couplings": [[i, j, J], ...], "biases": [...], "offset": c}``, same sign; or what dimod's
  ``bqm.to_serializable()`` gives, with dimod's: E = + sum h s + sum J s s.
- COO text, dimod's sign: ``# vartype=SPIN`` (or BINARY), then ``i j value`` a line, i = j for a bias.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from scipy import sparse

from ..files.npz import ArrayFileError, read_npz
from ..ising import Float, Ising
from .edge_list import mostly_unused, read_pairs
from .format_detection import COUPLINGS, ENTRIES, JSON, form_of
from .text_file import ProblemFileError, TextFile, quote_text

MAX_FILE_SPINS = 2_000_000
MAX_JSON = 4_000_000  # values; Python keeps some 100 bytes of each


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
    """

    ising: Ising
    energy: str
    notes: tuple[str, ...] = ()


_DIMOD = {"SPIN": "sum h s + sum J s s, as in the file", "BINARY": "sum Q x x of the file, x = (1 + s) / 2"}


def is_model(source: TextFile) -> bool:
    """Return whether a file is a model by its content.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        False for a problem that has an Ising form.
    """
    return _reader(source) is not None


def read_model(source: TextFile) -> IsingFile:
    """Read a file that :func:`is_model`.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingFile
        Model.

    Raises
    ------
    ProblemFileError
        If the file is none; the message names the file, the rule and the remedy.
    """
    reader = _reader(source)
    if reader is None:
        raise source.error("is no model; give .npz or JSON with couplings and biases, dimod's JSON or COO text")
    try:
        with warnings.catch_warnings(action="ignore"):
            found = reader(source)
    except ProblemFileError:
        raise
    except ArrayFileError as error:
        raise source.error(str(error)) from None
    except Exception as error:  # numpy and json raise many kinds on damaged files
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise source.error(f"is damaged or not usable ({quote_text(reason)}); save it again") from None
    return found if isinstance(found, IsingFile) else IsingFile(found, "-1/2 s'Js - h's + offset")


def _reader(source: TextFile) -> Callable[[TextFile], Ising | IsingFile] | None:
    """Find the reader of a file that is a model; None for a problem and for any other file."""
    form = form_of(source) if source.data else None
    return next(
        (read for each, read in ((COUPLINGS, _from_npz), (JSON, _from_json), (ENTRIES, _from_coo)) if each is form),
        None,
    )


def _from_npz(source: TextFile) -> Ising:
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


def _from_json(source: TextFile) -> Ising | IsingFile:
    if (count := source.data.count(b",")) > MAX_JSON:
        raise source.error(f"has some {count} values; JSON is read up to {MAX_JSON}: save numpy.savez instead")
    data = json.loads(source.data.decode("utf-8-sig"), object_pairs_hook=lambda pairs: _once(source, pairs))
    if data.get("type") == "BinaryQuadraticModel":
        return _from_dimod(source, data)
    unknown = data.keys() - {"couplings", "biases", "offset"}
    if unknown or "couplings" not in data:
        what = f"has the key {quote_text(min(unknown))}" if unknown else "has no 'couplings'"
        raise source.error(f'{what}; write {{"couplings": [[i, j, J], ...], "biases": [...], "offset": c}}')
    if not isinstance(data["couplings"], list) or not all(isinstance(row, list) for row in data["couplings"]):
        raise source.error("couplings are no list of lists; list each pair once, as [i, j, J], spins from 0")
    if any(len(row) != 3 for row in data["couplings"]):
        raise source.error("a coupling is not of three numbers; list each pair once, as [i, j, J], spins from 0")
    edges = _numbers(source, "couplings", [value for row in data["couplings"] for value in row]).reshape(-1, 3)
    biases = _numbers(source, "biases", data["biases"]) if data.get("biases") is not None else None
    (offset,) = _numbers(source, "offset", [data.get("offset", 0.0)])
    return _of_edges(source, edges, biases, float(offset))


def _once(source: TextFile, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of JSON whose keys differ: readers disagree on which of two counts."""
    if again := _repeated(key for key, _ in pairs):
        raise source.error(f"has the key {quote_text(again[0])} twice in one object; keep one")
    return dict(pairs)


def _repeated(words: Iterable[str]) -> list[str]:
    """Those that come more than once."""
    return [word for word, count in Counter(words).items() if count > 1]


def _numbers(source: TextFile, key: str, values: Any) -> Float:
    """Numbers of JSON as an array: no strings, no true and false."""
    wrong = [value for value in values if type(value) not in (int, float)] if isinstance(values, list) else [values]
    if wrong:
        raise source.error(f"{key} hold {quote_text(json.dumps(wrong[0]))}; write a list of numbers, without quotes")
    return np.array([float(value) for value in values])


def _from_dimod(source: TextFile, data: dict[str, Any]) -> IsingFile:
    """Read here and not by dimod, which trusts its files: a damaged index ends the interpreter."""
    if data.get("use_bytes"):
        raise source.error("holds packed bytes; write it with bqm.to_serializable(use_bytes=False)")
    vartype = data["variable_type"]
    if vartype not in ("SPIN", "BINARY"):
        raise source.error(f"the variable_type is {quote_text(str(vartype))}; SPIN and BINARY are supported")
    linear, head, tail, quadratic = (
        _numbers(source, key, data[key])
        for key in ("linear_biases", "quadratic_head", "quadratic_tail", "quadratic_biases")
    )
    n, (offset,) = linear.size, _numbers(source, "offset", [data["offset"]])
    if n < 1 or not len(head) == len(tail) == len(quadratic):
        counts = f"{len(head)}, {len(tail)} and {len(quadratic)}"
        raise source.error(f"has {n} variables, and {counts} entries of its pairs; save it again")
    labels = data.get("variable_labels", list(range(n)))
    for key, said, found in (
        ("num_variables", data.get("num_variables", n), n),
        ("num_interactions", data.get("num_interactions", len(quadratic)), len(quadratic)),
        ("the count of variable_labels", len(labels), n),
    ):
        if said != found:
            raise source.error(f"{key} is {quote_text(str(said))}, but there are {found}; save it again")
    if again := _repeated(json.dumps(label) for label in labels):
        raise source.error(f"two of its variables are named {quote_text(again[0])}; give each a name of its own")
    if max(head.max(initial=0), tail.max(initial=0)) >= n:
        raise source.error(f"a pair names a variable beyond the {n} there are; correct it")
    between = _of_edges(source, np.column_stack([head, tail, -quadratic]), np.zeros(n), 0.0).couplings
    make = Ising.from_binary if vartype == "BINARY" else Ising
    notes = () if labels == list(range(n)) else (_named(labels),)
    return IsingFile(_made(source, make, between, -linear, float(offset)), _DIMOD[vartype], notes)


def _named(labels: list[Any]) -> str:
    """Note that spins are known by their places, not by the names that the file gives."""
    few = ", ".join(str(label)[:20] for label in labels[:3]) + (", ..." if len(labels) > 3 else "")
    return f"the names of the variables ({few}) are not kept: spins stand in the order of variable_labels"


def _from_coo(source: TextFile) -> IsingFile:
    start = next(k for k, line in enumerate(source.lines) if line.strip())
    vartype = source.lines[start].partition("=")[2].strip().upper()
    if vartype not in ("SPIN", "BINARY"):
        raise source.error(
            f"the vartype is {quote_text(vartype)}; write '# vartype=SPIN' or '# vartype=BINARY'", start + 1
        )
    pairs = read_pairs(source, start + 1, "spin", 0, MAX_FILE_SPINS - 1, weighted=True)
    if not pairs.values.size:
        raise source.error("has no entries; write 'i j value' lines")
    again = pairs.repeated()
    if again is not None:
        pair = "{} {}".format(*np.sort(pairs.ends[again]))
        raise pairs.error(f"the pair {pair} comes a second time; give each once", again)
    n = int(pairs.ends.max()) + 1
    _require_used(source, n, len(pairs.values))
    low, high = np.sort(pairs.ends, axis=1).T
    upper = sparse.csr_array(sparse.coo_array((pairs.values, (low, high)), shape=(n, n)))
    if vartype == "BINARY":
        return IsingFile(_made(source, Ising.from_qubo, upper), _DIMOD[vartype])
    between = sparse.csr_array(sparse.triu(upper, 1))
    return IsingFile(_made(source, Ising, -(between + between.T), -upper.diagonal()), _DIMOD[vartype])


def _of_edges(source: TextFile, edges: Any, biases: Any, offset: float) -> Ising:
    ends, value = edges[:, :2], edges[:, 2]
    if not (np.isfinite(ends).all() and (ends == np.round(ends)).all() and (ends >= 0).all()):
        raise source.error("spins of a coupling are not whole numbers from 0; number them so")
    n = max(float(ends.max(initial=-1)) + 1, 0 if biases is None else np.atleast_1d(biases).shape[0])
    if not 1 <= n <= MAX_FILE_SPINS:
        raise source.error(f"has {n:.7g} spins; from 1 to {MAX_FILE_SPINS} are supported")
    n = int(n)
    if biases is None:
        _require_used(source, n, len(edges))
    i, j = np.sort(ends.astype(np.int64), axis=1).T
    if (i == j).any():
        raise source.error(f"spin {i[i == j][0]} is coupled to itself; put a bias into 'biases'")
    if len(np.unique(i * n + j)) < len(i):
        raise source.error("a pair of spins comes twice; give each once with its whole coupling")
    upper = sparse.coo_array((value, (i, j)), shape=(n, n))
    return _made(source, Ising, sparse.csr_array(upper + upper.T), biases, offset)


def _require_used(source: TextFile, spins: int, pairs: int) -> None:
    if mostly_unused(spins, pairs):
        raise source.error(f"numbers spins up to {spins - 1} in {pairs} entries; number only those that have some")


def _made(source: TextFile, make: Any, *arguments: Any) -> Ising:
    try:
        ising: Ising = make(*arguments)
    except ValueError as error:  # a rule of the model itself
        raise source.error(str(error)) from None
    if not isfinite(float(abs(ising.couplings).sum())):
        raise source.error("couplings are too large; rescale")
    return ising
