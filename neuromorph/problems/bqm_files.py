"""Models of other tools' packages: dimod's JSON and its binary .bqm, bqpjson. Read here, and not by those packages.

dimod trusts its files: a damaged index ends the interpreter. The layout of .bqm is that of ``BQM.to_file``: magic,
version, a JSON header, then offset, (start of the neighborhood, bias) a variable, (neighbor, bias) an interaction seen
from both of its ends, and in version 2 the names as JSON.
Sources: dimod 0.12, dimod/binary/binary_quadratic_model.py; bqpjson 0.5, github.com/lanl-ansi/bqpjson.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..ising import Float
from .quadratic_model import MAX_FILE_SPINS, IsingFile, label_texts, model_of_terms
from .text_file import ProblemFileError, TextFile, quote_text

MAX_JSON = 4_000_000  # values; Python keeps some 100 bytes of each

_KINDS = {"float64": "<f8", "float32": "<f4", "int8": "<i1", "int16": "<i2", "int32": "<i4", "int64": "<i8",
          "uint8": "<u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8"}  # fmt: skip


def read_json(source: TextFile) -> dict[str, Any]:
    """Parse an object of JSON whose keys differ: readers disagree on which of two counts.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    dict
        Object.

    Raises
    ------
    ProblemFileError
        If there are too many values, or a key comes twice.
    ValueError
        If it is no JSON.
    """
    if (count := source.data.count(b",")) > MAX_JSON:
        raise source.error(f"has some {count} values; JSON is read up to {MAX_JSON}: save numpy.savez instead")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if again := _repeated(key for key, _ in pairs):
            raise source.error(f"has the key {quote_text(again[0])} twice in one object; keep one")
        return dict(pairs)

    data = json.loads(source.data.decode("utf-8-sig"), object_pairs_hook=once)
    if not isinstance(data, dict):
        raise source.error("is no object of JSON; write {...}")
    return data


def numbers_of(source: TextFile, key: str, values: Any) -> Float:
    """Return numbers of JSON as an array: no strings, no true and false.

    Parameters
    ----------
    source : TextFile
        File.
    key : str
        Name of the numbers.
    values : object
        List.

    Returns
    -------
    (k,) float
        Numbers.

    Raises
    ------
    ProblemFileError
        If they are anything else.
    """
    wrong = [value for value in values if type(value) not in (int, float)] if isinstance(values, list) else [values]
    if wrong:
        raise source.error(f"{key} hold {quote_text(json.dumps(wrong[0]))}; write a list of numbers, without quotes")
    return np.array([float(value) for value in values])


def _repeated(words: Iterable[str]) -> list[str]:
    """Those that come more than once."""
    return [word for word, count in Counter(words).items() if count > 1]


def read_dimod_json(source: TextFile, data: dict[str, Any]) -> IsingFile:
    """Read what dimod's ``bqm.to_serializable()`` gives.

    Parameters
    ----------
    source : TextFile
        File.
    data : dict
        Its object.

    Returns
    -------
    IsingFile
        Model, with the names of its variables.

    Raises
    ------
    ProblemFileError
        If counts or names contradict each other.
    """
    if data.get("use_bytes"):
        raise source.error("holds packed bytes; write it with bqm.to_serializable(use_bytes=False)")
    vartype = _vartype(source, data["variable_type"])
    linear, head, tail, quadratic = (
        numbers_of(source, key, data[key])
        for key in ("linear_biases", "quadratic_head", "quadratic_tail", "quadratic_biases")
    )
    n, (offset,) = linear.size, numbers_of(source, "offset", [data["offset"]])
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
    return _model(source, linear, head, tail, quadratic, vartype, float(offset), labels)


def read_bqpjson(source: TextFile, data: dict[str, Any]) -> IsingFile:
    """Read a bqpjson document: E = scale (sum of linear and quadratic terms + offset).

    Parameters
    ----------
    source : TextFile
        File.
    data : dict
        Its object.

    Returns
    -------
    IsingFile
        Model; its variables are named by their ids.

    Raises
    ------
    ProblemFileError
        If an id has no variable.
    """
    domains = {"spin": "SPIN", "boolean": "BINARY"}
    if data["variable_domain"] not in domains:
        raise source.error(f"variable_domain is {quote_text(str(data['variable_domain']))}; write spin or boolean")
    scale, offset = numbers_of(source, "scale and offset", [data.get("scale", 1.0), data.get("offset", 0.0)])
    if not scale > 0.0:
        raise source.error(f"scale is {scale:g}; it must be positive")
    labels = data["variable_ids"]
    place = {each: k for k, each in enumerate(labels)}
    terms = [(term["id"], term["id"], term["coeff"]) for term in data["linear_terms"]]
    terms += [(term["id_head"], term["id_tail"], term["coeff"]) for term in data["quadratic_terms"]]
    unknown = [each for term in terms for each in term[:2] if each not in place]
    if unknown:
        raise source.error(
            f"a term names variable {quote_text(str(unknown[0]))}, which is not in variable_ids; correct it"
        )
    values = scale * numbers_of(source, "coefficients", [term[2] for term in terms])
    ends = np.array([(place[i], place[j]) for i, j, _ in terms], np.int64).reshape(-1, 2)
    linear, k = np.zeros(len(labels)), len(data["linear_terms"])
    np.add.at(linear, ends[:k, 0], values[:k])
    head, tail = ends[k:].T
    domain = domains[data["variable_domain"]]
    return _model(source, linear, head, tail, values[k:], domain, float(scale * offset), labels)


def read_bqm(source: TextFile) -> IsingFile:
    """Read a .bqm file of dimod, version 1 or 2.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingFile
        Model, with the names of its variables.

    Raises
    ------
    ProblemFileError
        If the file is damaged.
    """
    try:
        return _from_bqm(source)
    except ProblemFileError:
        raise
    except (ValueError, KeyError, TypeError, struct.error, RecursionError, OverflowError):
        raise source.error("is damaged: it begins as dimod's .bqm, but is none; save it again") from None


def _from_bqm(source: TextFile) -> IsingFile:
    data = source.data
    (length,) = struct.unpack("<I", data[10:14])
    header, at = json.loads(data[14 : 14 + length]), 14 + length
    n, m = (int(each) for each in header["shape"])
    bias, index, start = (np.dtype(_KINDS[header[key]]) for key in ("dtype", "itype", "ntype"))
    linear_of, quadratic_of = np.dtype([("start", start), ("bias", bias)]), np.dtype([("to", index), ("bias", bias)])
    needed = bias.itemsize + n * linear_of.itemsize + 2 * m * quadratic_of.itemsize
    if data[8] not in (1, 2) or not 1 <= n <= MAX_FILE_SPINS or m < 0 or len(data) < at + needed:
        raise source.error(f"has {n} variables and {m} interactions, of which not all are there; save it again")
    offset = np.frombuffer(data, bias, 1, at)
    linear = np.frombuffer(data, linear_of, n, at + bias.itemsize)
    near = np.frombuffer(data, quadratic_of, 2 * m, at + bias.itemsize + n * linear_of.itemsize)
    counts = np.diff([*linear["start"].astype(np.int64), 2 * m])
    if (counts < 0).any() or counts.sum() != 2 * m:
        raise source.error("is damaged: neighborhoods overlap; save it again")
    here, there = np.repeat(np.arange(n), counts), near["to"].astype(np.int64)
    kept = there < here
    if not np.array_equal(np.sort(here * n + there), np.sort(there * n + here)) or kept.sum() != m:
        raise source.error("is damaged: an interaction does not stand at both of its ends; save it again")
    labels: Any = list(range(n))
    if data[8] == 1:
        labels = header.get("variables") or labels
    elif header.get("variables"):
        names = data[at + needed :]
        (size,) = struct.unpack("<I", names[4:8])
        if names[:4] != b"VARS":
            raise source.error("is damaged: its names are missing; save it again")
        labels = json.loads(names[8 : 8 + size])
    if not isinstance(labels, list) or len(labels) != n:
        raise source.error(f"has not one name for each of its {n} variables; save it again")
    return _model(
        source, linear["bias"].astype(float), here[kept], there[kept], near["bias"][kept].astype(float),
        _vartype(source, header["vartype"]), float(offset[0]), labels,
    )  # fmt: skip


def _vartype(source: TextFile, vartype: Any) -> str:
    if vartype not in ("SPIN", "BINARY"):
        raise source.error(f"the variable_type is {quote_text(str(vartype))}; SPIN and BINARY are supported")
    return str(vartype)


def _model(
    source: TextFile, linear: Float, head: Any, tail: Any, quadratic: Float, vartype: str, offset: float, labels: Any
) -> IsingFile:
    """Build the model of the arrays that all these forms hold."""
    n, head, tail = len(linear), np.asarray(head), np.asarray(tail)
    if n < 1:
        raise source.error("has no variables; save it again")
    if again := _repeated(json.dumps(label) for label in labels):
        raise source.error(f"two of its variables are named {quote_text(again[0])}; give each a name of its own")
    ends = np.column_stack([head, tail]).astype(float).reshape(-1, 2)
    if not (np.isfinite(ends).all() and (ends == np.floor(ends)).all() and (ends >= 0).all() and (ends < n).all()):
        raise source.error(f"a pair names a variable beyond the {n} there are; correct it")
    i, j = np.sort(ends.astype(np.int64), axis=1).T
    if (i == j).any():
        raise source.error(f"variable {i[i == j][0]} is coupled to itself; put its bias among the linear ones")
    if len(np.unique(i * n + j)) < len(i):
        raise source.error("a pair of variables comes twice; give each once with its whole coupling")
    used = linear != 0.0
    both = np.concatenate([np.column_stack([i, j]), np.repeat(np.flatnonzero(used)[:, None], 2, axis=1)])
    values = np.concatenate([quadratic, linear[used]])
    return model_of_terms(source, n, both, values, vartype=vartype, offset=offset, labels=label_texts(labels))
