r"""QUBO and Ising models from the text forms of their own field, each with its convention.

============ ======================================== ==================================================================
Form         Lines                                    E to be minimized
============ ======================================== ==================================================================
qbsolv       ``p qubo 0 n diagonals couplers``        sum over the entries of Q x x, from 0
Biq Mac      ``n m``, then ``i j q`` from 1           x'Qx, Q symmetric: the entry i j counts for j i too
McSparse     the same, named .bq                      sum over the entries of Q x x
OR-Library   count, then instances as Biq Mac's       -x'Qx: the library maximizes
Qubist       ``n m``, then ``i j value`` from 0       sum h s + sum J s s
COO          ``i j value`` from 0                     sum h s + sum J s s, or sum Q x x
HFS          ``m n``, then two Chimera vertices       sum Q x x, as bqpjson writes it
             of four numbers and a value
============ ======================================== ==================================================================

Sources: qbsolv, github.com/dwavesystems/qbsolv, README; Wiegele, Biq Mac Library (2007), whose gka1a has the listed
minimum -3414 so; Charfreitag et al., McSparse, as github.com/CharJon/ScientificMaxcutSolver reads it; Beasley,
OR-Library, people.brunel.ac.uk/~mastjjb/jeb/orlib/bqpinfo.html; bqpjson, github.com/lanl-ansi/bqpjson (Qubist, HFS);
Selby, github.com/alex1770/QUBO-Chimera.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ..ising import Float
from .edge_list import Pairs, is_comment, read_pairs
from .quadratic_model import MAX_FILE_SPINS, IsingFile, model_of_pairs, model_of_terms, require_used
from .text_file import Block, TextFile, quote_text

_VARTYPE = re.compile(r"\s*#+\s*vartype\s*[=:]\s*(\w*)", re.IGNORECASE)


def read_qbsolv(source: TextFile) -> IsingFile:
    """Read ``p qubo topology n diagonals couplers`` and its lines ``i j value``.

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
        If the file is damaged.
    """
    lines, header = list(source.lines), None
    for k, line in enumerate(lines):
        word = line[:16].split(None, 1)[:1]
        letter = word[0].lower() if word else ""
        if letter == "p":
            words = line.split()
            counts = words[3:6] if len(words) == 6 else []
            if header is not None or not counts or not all(word.isdecimal() and len(word) < 10 for word in counts):
                raise source.error("is no header, or a second one; write 'p qubo 0 n diagonals couplers' once", k + 1)
            header = k, *map(int, counts)
            lines[k] = ""
        elif letter == "c" or line.lstrip()[:1] in ("%", "#"):
            lines[k] = ""
    if header is None:
        raise source.error("has no header; write 'p qubo 0 n diagonals couplers'")
    at, size, diagonals, couplers = header
    if not 1 <= size <= MAX_FILE_SPINS:
        raise source.error(f"the header says {size} variables; from 1 to {MAX_FILE_SPINS} are supported", at + 1)
    pairs = read_pairs(source.rewritten(lines), 0, "variable", 0, size - 1, weighted=True)
    linear, some = pairs.ends[:, 0] == pairs.ends[:, 1], pairs.values != 0.0  # some writers do not count zeros
    found = int(linear.sum())
    nonzero = int((linear & some).sum()), int((~linear & some).sum())
    if (diagonals, couplers) not in ((found, len(pairs.values) - found), nonzero):
        counts_found = f"{found} diagonals and {len(pairs.values) - found} couplers"
        raise source.error(
            f"the file has {counts_found}, its header says {diagonals} and {couplers}; correct one of them", at + 1
        )
    return model_of_pairs(pairs, size, vartype="BINARY")


def read_biq_mac(source: TextFile) -> IsingFile:
    """Read ``n m`` and the m entries of a symmetric Q.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingFile
        Model of x'Qx; of .bq files each entry counts once.
    """
    size, pairs = _counted(source, low=1)
    moved = replace(pairs, ends=pairs.ends - 1)
    if source.ending == ".bq":
        said = ("entries i j count once, as in McSparse's .bq; Biq Mac's .sparse counts them twice",)
        return model_of_pairs(moved, size, vartype="BINARY", notes=said)
    said = ("entries i j count twice, for j i too, as Biq Mac has it",)
    how = "x'Qx of the file, Q symmetric"
    return model_of_pairs(moved, size, vartype="BINARY", factor=2.0, energy=how, notes=said)


def read_qubist(source: TextFile) -> IsingFile:
    """Read ``n m`` and m terms of spins that are numbered from 0.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingFile
        Model of the spins that have a term; the others would double every state.
    """
    size, pairs = _counted(source, low=0)
    return _of_used(pairs, size, "SPIN")


def _of_used(pairs: Pairs, size: int, vartype: str) -> IsingFile:
    """Build the model of the variables that are in a term, named by their numbers."""
    used = np.unique(pairs.ends)
    if len(used) == size:
        return model_of_pairs(pairs, size, vartype=vartype)
    kept = replace(pairs, ends=np.searchsorted(used, pairs.ends))
    what = "spins" if vartype == "SPIN" else "variables"
    said = f"{size - len(used)} of the {size} {what}, numbered from 0, are in no term, and are left out"
    return model_of_pairs(kept, len(used), vartype=vartype, labels=tuple(map(str, used.tolist())), notes=(said,))


def _counted(source: TextFile, low: int) -> tuple[int, Pairs]:
    """Read the number of variables and the entries below a header 'n m'."""
    at = next(k for k, line in enumerate(source.lines) if not is_comment(line))
    words = source.lines[at].split(None, 2)
    size, count = (int(word[:18]) if word.isdecimal() else 0 for word in words[:2])
    if not 1 <= size <= MAX_FILE_SPINS:
        raise source.error(f"the header says {size} variables; from 1 to {MAX_FILE_SPINS} are supported", at + 1)
    pairs = read_pairs(source, at + 1, "variable", low, size - 1 + low, weighted=True)
    if len(pairs.values) != count:
        raise source.error(f"the file has {len(pairs.values)} entries, its header says {count}; correct one", at + 1)
    return size, pairs


def read_coo(source: TextFile, vartype: str | None = None) -> IsingFile:
    """Read lines ``i j value`` below ``# vartype=SPIN`` or ``BINARY``.

    Parameters
    ----------
    source : TextFile
        File.
    vartype : str or None
        Domain of a file that does not say it.

    Returns
    -------
    IsingFile
        Model.

    Raises
    ------
    ProblemFileError
        If the domain is unknown, or the entries are damaged.
    """
    start = 0
    if vartype is None:
        found = (k for k, line in enumerate(source.lines) if not is_comment(line) or _VARTYPE.match(line))
        start = next(found, 0)
        said = _VARTYPE.match(source.lines[start])
        vartype = said[1].upper() if said else ""
        if vartype not in ("SPIN", "BINARY"):
            raise source.error(
                f"the vartype is {quote_text(vartype)}; write '# vartype=SPIN' or '# vartype=BINARY'", start + 1
            )
        start += 1
    pairs = read_pairs(source, start, "spin", 0, MAX_FILE_SPINS - 1, weighted=True)
    size = int(pairs.ends.max(initial=-1)) + 1
    require_used(source, size, len(pairs.values))
    return _of_used(pairs, size, vartype)


def read_or_library(source: TextFile) -> IsingFile:
    """Read one instance of OR-Library's bqp: the one of ``FILE#k``, or the only one.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingFile
        Model of -x'Qx, whose minimum is the listed maximum below 0.

    Raises
    ------
    ProblemFileError
        If the file is damaged, or has several and none is meant.
    """
    lines = [(k, line) for k, line in enumerate(source.lines) if not is_comment(line)]
    count, at = int(lines[0][1].split()[0]), 1
    starts: list[tuple[int, int, int]] = []
    while at < len(lines) and len(starts) < count:
        words = lines[at][1].split()
        if len(words) != 2 or not all(word.isdecimal() and len(word) < 10 for word in words):
            raise source.error("is no 'variables entries' of an instance; correct the counts above", lines[at][0] + 1)
        starts.append((at, int(words[0]), int(words[1])))
        at += 1 + int(words[1])
    if at != len(lines) or len(starts) != count:
        raise source.error(
            f"says {count} instances, but the entries of {len(starts)} do not end with it; copy it again"
        )
    part = source.part or (1 if count == 1 else 0)
    if not 1 <= part <= count:
        raise source.error(f"holds {count} QUBOs of OR-Library; say which: {source.name}#1 to #{count}")
    at, size, entries = starts[part - 1]
    first, last = lines[at][0], lines[at + entries][0]
    blank = ["" if not first < k <= last else line for k, line in enumerate(source.lines)]
    pairs = read_pairs(source.rewritten(blank), 0, "variable", 1, size, weighted=True)
    moved = replace(pairs, ends=pairs.ends - 1, values=-pairs.values)
    said = (f"instance {part} of {count}",) if count > 1 else ()
    how = "-x'Qx of the file, Q symmetric: OR-Library maximizes x'Qx"
    return model_of_pairs(moved, size, vartype="BINARY", factor=2.0, energy=how, notes=said)


def read_hfs(source: TextFile, vartype: str = "BINARY") -> IsingFile:
    """Read a QUBO on a Chimera graph: vertices are x, y, orientation and index.

    Parameters
    ----------
    source : TextFile
        File.
    vartype : str
        Domain of the variables.

    Returns
    -------
    IsingFile
        Model of the vertices that have a term.

    Raises
    ------
    ProblemFileError
        If the rows are damaged.
    """
    at = next(k for k, line in enumerate(source.lines) if not is_comment(line))
    block = Block(source, at + 2, ["" if is_comment(line) else line for line in source.lines[at + 1 :]])
    values = block.numbers()
    if not values.size or values.size % 9:
        raise source.error("has rows of other than 9 numbers; write two vertices 'x y o i' and a value", at + 2)
    rows = values.reshape(-1, 9)
    side = max(int(word) for word in source.lines[at].split())
    places: Float = rows[:, :8].reshape(-1, 4)
    limits = np.array([side, side, 2, 4])
    wrong = (places != np.floor(places)) | (places < 0) | (places >= limits)
    if wrong.any():
        k = int(np.argwhere(wrong)[0, 0])
        raise block.error(f"a vertex is not within {side} x {side} x 2 x 4, from 0; correct it", k // 2 * 9)
    number = (places @ np.array([8 * side, 8, 4, 1])).astype(np.int64)
    used, ends = np.unique(number, return_inverse=True)
    pairs = Pairs(
        source, ends.reshape(-1, 2), rows[:, 8], np.ones(len(rows), bool), np.arange(len(rows), dtype=np.int32) + at + 2
    )
    labels = tuple(" ".join(map(str, np.unravel_index(k, (side, side, 2, 4)))) for k in used.tolist())
    said = "its vertices are named x y o i" if vartype == "SPIN" else "read with x in {0, 1}; --kind ising takes spins"
    return model_of_pairs(pairs, len(used), vartype=vartype, labels=labels, notes=(said,))


def read_model_matrix(source: TextFile, matrix: Float, kind: str) -> IsingFile:
    """Build the model of a square matrix.

    Parameters
    ----------
    source : TextFile
        File.
    matrix : (n, n) float
        Q of a QUBO, in any triangle, or J of spins.
    kind : "qubo" or "ising"
        Which of them.

    Returns
    -------
    IsingFile
        Model of x'Qx, or of -1/2 s'Js.

    Raises
    ------
    ProblemFileError
        If J is not symmetric, or has a diagonal.
    """
    n = len(matrix)
    if kind == "qubo":
        whole = np.triu(matrix) + np.tril(matrix, -1).T
        i, j = np.nonzero(whole)
        ends = np.column_stack([i, j])
        return model_of_terms(source, n, ends, whole[i, j], vartype="BINARY", energy="x'Qx of the matrix")
    if matrix.diagonal().any():
        raise source.error(
            "the diagonal of the matrix is not 0; J has none: write biases as an .npz of couplings, biases"
        )
    if (matrix != matrix.T).any() and np.triu(matrix).any() and np.tril(matrix).any():
        raise source.error("the matrix is not symmetric; J is: write it so, or one triangle of it")
    upper = np.triu(matrix) if np.triu(matrix).any() else matrix.T
    i, j = np.nonzero(upper)
    ends = np.column_stack([i, j])
    return model_of_terms(source, n, ends, -upper[i, j], vartype="SPIN", energy="-1/2 s'Js, J the matrix")
