"""What a problem file looks like, by its content: nothing is silently taken for another kind.

A form that nothing reads has a name and a remedy, which make the one line of the error. Forms with a beginning or a
sign of their own stand in two tables; texts of numbers are told apart by their rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ..files.npz import ArrayFileError, npz_names
from ..ising import Float
from .edge_list import is_comment
from .matrices import square_matrix, symmetric_matrix
from .maxcut import read_rudy_header
from .pattern_files import NPY, NPZ, PNG, is_picture
from .text_file import Block, ProblemFileError, TextFile, parse_number
from .tsplib import is_tsplib

_HEAD = 1 << 16  # bytes in which signs are looked for
_ROWS, _WIDE = 200, 1 << 20  # rows that are told apart by their numbers, and characters of all of them


@dataclass(frozen=True)
class Form:
    """Form of files, such as a GML graph.

    Attributes
    ----------
    name : str
        Name, as in "looks like a GML graph".
    remedy : str
        Advice for a file that nothing reads.
    kind : str
        Kind of problem that reads it: "tsp", "maxcut", "recall" or "ising"; empty if none does.
    asked : tuple of str
        Kinds that read it when they are asked for.
    """

    name: str
    remedy: str = ""
    kind: str = ""
    asked: tuple[str, ...] = ()


_GRAPH = "write 'nodes edges', then 'i j weight' an edge, nodes from 1"
_SAVE = "save numpy.savez(file, couplings=J, biases=h)"
_MODEL = "a model is neither a tour, a graph nor patterns: leave the kind out, or say ising"
_PICTURE = "save it as .png"
_UNPACK = Form("compressed data", "unpack it first")
_UTF_16 = Form("text in UTF-16", "save it as UTF-8")
_TIFF = Form("a TIFF picture", _PICTURE)
_PICKLE = Form("a Python pickle, which can run commands", f"it is never read; {_SAVE}")

BEGINNINGS: dict[bytes, Form] = {
    b"\x1f\x8b": Form("gzip's data", "unpack it first, with gunzip"),
    b"BZh": _UNPACK,
    b"\xfd7zXZ\0": _UNPACK,
    b"\x28\xb5\x2f\xfd": _UNPACK,
    b"\xff\xd8\xff": Form("a JPEG picture", _PICTURE),
    b"GIF8": Form("a GIF picture", _PICTURE),
    b"RIFF": Form("a WebP picture", _PICTURE),
    b"II*\0": _TIFF,
    b"MM\0*": _TIFF,
    b"\x89HDF": Form("an HDF5 file", "neuromorph.spiking.read_nir reads networks in NIR, from Python"),
    b"DIMODBQM": Form(
        "dimod's binary form", "save json.dumps(bqm.to_serializable()), which `solve` and `compare` read"
    ),
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
    b"%PDF": Form("a PDF document", "give the data themselves, as text"),
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
}

ENTRIES = Form("a model in dimod's COO text", _MODEL, "ising")
JSON = Form("a model in JSON", _MODEL, "ising")
SIGNS: dict[str, Form] = {
    r"\A\s*#\s*vartype\s*=": ENTRIES,
    r"\A%%MatrixMarket": Form("a MatrixMarket matrix", f"for a graph {_GRAPH}; for a model {_SAVE}"),
    r"\A\s*\{\s*[^\s\"{}]": Form(
        "a dictionary of Python", 'write JSON: {"couplings": [[i, j, J], ...], "biases": [...]}'
    ),
    r"\A\s*\{": JSON,
    r"\A\s*\[\s*[\[\d+-]": Form("a list in JSON or Python", "save numpy.savez(file, patterns=array), or couplings="),
    r"\A\s*<": Form("XML, as GraphML is", f"networkx.read_graphml reads that; {_GRAPH}"),
    r"^[ \t]*graph[ \t]*\n?[ \t]*\[": Form("a GML graph", f"networkx.read_gml reads it; {_GRAPH}"),
    r"\A\s*(?:strict\s+)?(?:di)?graph\b[^\n\[]*\{": Form("a Graphviz graph", _GRAPH),
    r"\A(?:#[^\n]*\n)*\S+[ \t]+\S+[ \t]+\{": Form("an edge list of networkx", f"its first line is no header: {_GRAPH}"),
    r"^\*vertices\b": Form("a Pajek graph", f"networkx.read_pajek reads it; {_GRAPH}"),
    r"\ALEDA\.GRAPH": Form("a LEDA graph", _GRAPH),
    r"^p[ \t]+qubo\b": Form(
        "a QUBO of qbsolv", "put '# vartype=BINARY' in the place of its lines c and p; `solve` and `compare` read it"
    ),
    r"^p[ \t]+(?:edge|col|sp|max|aux)\b": Form("a DIMACS graph ('p edge')", f"{_GRAPH}, without the letters"),
    r"^p[ \t]+w?cnf\b": Form("a DIMACS formula ('p cnf')", "satisfiability is not read; write it as a QUBO"),
    r"^[ \t]*\.(?:tran|ends?|subckt|model|param|control|include|lib|options?|ic|op|ac|dc)\b": Form(
        "a SPICE netlist", "simulate and certify read it; give the problem that it solves"
    ),
}
_LINKS = Form("a graph in JSON (node-link)", f"networkx.node_link_graph reads it; {_GRAPH}")

TSPLIB = Form("a TSPLIB file", kind="tsp")
RUDY = Form("a rudy graph", kind="maxcut")
PATTERNS = Form("patterns", kind="recall")
COUPLINGS = Form("a model in .npz", _MODEL, "ising")

_BOTH = Form(
    "an .npz of patterns and of couplings",
    "--kind recall reads the patterns; save the couplings apart",
    asked=("recall",),
)
_ADJACENCY = Form(
    "the adjacency matrix of a graph, or a picture",
    "--kind maxcut reads the one, --kind recall the other",
    asked=("maxcut", "recall"),
)
_WEIGHTS = Form(
    "a matrix of weights or distances",
    "--kind maxcut reads it as a graph; for a tour write TSPLIB's EDGE_WEIGHT_SECTION",
    asked=("maxcut",),
)
_QUBO = Form("a matrix with a diagonal, as of a QUBO", f"{_SAVE}, which `solve` and `compare` read")
_QAPLIB = Form("a quadratic assignment problem (QAPLIB)", "it is not read; write it as a QUBO")
_SIZED = Form("a matrix below its size", "remove the size; --kind maxcut then reads a symmetric matrix as a graph")
_QUBOS = Form("several QUBOs (OR-Library's bqp)", "write one of them: '# vartype=BINARY', then 'i j value' from 0")
_ENTRIES = Form(
    "entries 'i j value' with i = j, of a QUBO or a model",
    "put '# vartype=BINARY' or '# vartype=SPIN' above, number from 0; `solve` and `compare` read it",
)
_METIS = Form("a METIS graph, whose line k lists the neighbors of node k", _GRAPH)
_POINTS = Form("plain coordinates", "write TSPLIB: EDGE_WEIGHT_TYPE: EUC_2D, NODE_COORD_SECTION, then 'city x y' lines")
_COUNTED = Form(
    "rows of numbers below their count", "for edges put 'nodes edges' in its place; for coordinates write TSPLIB"
)
_NAMES = Form("edges between names", _GRAPH)
_CSV = Form(
    "CSV", "write blanks for commas in a picture, 'nodes edges' and 'i j weight' for a graph, TSPLIB for a tour"
)


def form_of(source: TextFile) -> Form | None:
    """Recognize the form of a file that is not empty.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Form or None
        Form; None if the file is like none.

    Raises
    ------
    ProblemFileError
        For text that cannot be read.
    """
    data = source.data
    if data.startswith(NPZ):
        return _archive(source)
    if data.startswith((PNG, NPY)):
        return PATTERNS
    if data.startswith(b"BM") and b"\0" in data[:64]:
        return Form("a BMP picture", _PICTURE)
    found = next((form for beginning, form in BEGINNINGS.items() if data.startswith(beginning)), None)
    if found:
        return found
    head = data[:_HEAD].decode("utf-8-sig", errors="replace")
    found = next((form for sign, form in SIGNS.items() if re.search(sign, head, re.MULTILINE | re.IGNORECASE)), None)
    if found is JSON and re.search(r'"nodes"\s*:', head) and re.search(r'"(links|edges|adjacency)"\s*:', head):
        return _LINKS
    return found or (TSPLIB if is_tsplib(source) else _of_rows(source))


def _archive(source: TextFile) -> Form:
    try:
        names = set(npz_names(source.data))
    except ArrayFileError:  # the reader of patterns says so
        return PATTERNS
    model = names & {"couplings", "row"}
    if "patterns" in names:
        return _BOTH if model else PATTERNS
    if model:
        return COUPLINGS
    if names:
        return Form("an .npz with no array 'patterns' or 'couplings'", "save numpy.savez(file, patterns=array)")
    return Form("a zip archive", "unpack it first")


def _of_rows(source: TextFile) -> Form | None:
    """Recognize the form of a text of rows."""
    rows = _first_rows(source)
    if not rows:
        return PATTERNS if is_picture(source) else None
    words = {word for row in rows for word in row}
    header = read_rudy_header(source)
    matrix = square_matrix(source)
    if matrix is not None and (len(matrix) > 2 or not header or not header[0]):
        found = _of_matrix(matrix)
        if found:
            return found
    if words <= {"0", "1", "+1"} or words <= {"-1", "1", "+1"}:
        return PATTERNS
    if header:
        return _of_list(source, header, rows[1:])
    if any("," in word or ";" in word for word in rows[0]):
        return _CSV
    if any(parse_number(word) is None for word in words):
        if is_picture(source):
            return PATTERNS
        edges = all(len(row) == 2 or (len(row) == 3 and parse_number(row[2]) is not None) for row in rows)
        return _NAMES if edges and len(rows) > 1 else None
    return _of_numbers(source, rows)


def _first_rows(source: TextFile) -> list[list[str]]:
    """Split the first rows that are no comments into words."""
    rows, size = [], 0
    for line in islice((line for line in source.lines if not is_comment(line)), _ROWS):
        size += len(line)
        if size > _WIDE:
            break
        rows.append(line.split())
    return rows


def _of_matrix(matrix: Float) -> Form | None:
    signs = bool(np.isin(matrix, (0, 1)).all())
    symmetric = symmetric_matrix(matrix)
    if symmetric is None or not matrix.any():
        return None
    if not symmetric.diagonal().any():
        return _ADJACENCY if signs else _WEIGHTS
    return None if signs or np.isin(matrix, (-1, 1)).all() else _QUBO


def _of_list(source: TextFile, header: tuple[int, int, int], body: list[list[str]]) -> Form:
    """Tell a rudy file from pairs of numbers whose first one is no header."""
    if _is_metis(source, header):
        return _METIS
    if not body or any(len(row) != 2 for row in body):
        return RUDY
    ends = [parse_number(word) or 0.0 for row in body for word in row]
    if any(end < 0 or not end.is_integer() for end in ends):
        return _POINTS
    if header[0] and header[0] >= max(ends):
        return RUDY
    above = _header(source, [[str(header[0]), str(header[1])], *body])
    return Form(
        "pairs of numbers without a header",
        f"for edges put {above} above and number the nodes from 1; for coordinates write TSPLIB",
    )


def _of_numbers(source: TextFile, rows: list[list[str]]) -> Form | None:
    """Rows of numbers of which the first is no header of a graph."""
    widths = {len(row) for row in rows}
    if widths == {1}:
        return PATTERNS if is_picture(source) else None
    first = parse_number(rows[0][0]) or 0.0
    if len(rows[0]) == 1 and 1 <= first < 1e9 and first.is_integer():
        n, count = int(first), sum(len(line.split()) for line in source.lines if not is_comment(line))
        below = {len(row) for row in rows[1:]}
        if count in (1 + n * n, 1 + 2 * n * n) and n > 1:
            return _SIZED if count == 1 + n * n else _QAPLIB
        if len(rows[1]) == 2 and below == {2, 3}:
            return _QUBOS
        if below <= {2, 3}:
            return _COUNTED
    if widths == {2}:
        return _POINTS
    if widths <= {2, 3}:
        if any(parse_number(row[0]) == parse_number(row[1]) for row in rows):
            return _ENTRIES
        above = _header(source, rows)
        return Form(
            "rows of three numbers without a header",
            f"for edges 'i j weight' put {above} above, nodes from 1; for a model '# vartype=SPIN', from 0; for cities "
            "write TSPLIB",
            asked=("recall",),
        )
    many = f"{min(widths)}" if len(widths) == 1 else f"{min(widths)} to {max(widths)}"
    return Form(
        f"a table of numbers, {many} in a row",
        "write TSPLIB for a tour, 'nodes edges' and 'i j weight' for a graph, 1 and -1 for a picture",
        asked=("recall",),
    )


def _header(source: TextFile, rows: list[list[str]]) -> str:
    """Quote the header that a list of edges needs: with its numbers, where they can be seen."""
    ends = [parse_number(word) or 0.0 for row in rows for word in row[:2]]
    if len(rows) >= _ROWS or not all(0 <= end < 1e9 and end.is_integer() for end in ends):
        return "'nodes edges'"
    return f"'{int(max(ends)) + (0 in ends)} {len(rows)}' (nodes, edges)"


def _is_metis(source: TextFile, header: tuple[int, int, int]) -> bool:
    """Whether n lines list the neighbors of n nodes, each of m edges at both of its ends."""
    n, m, start = header
    lines = source.lines[start + 1 : start + n + 2]
    if len(lines) < n or "".join(lines[n:]).strip() or start + n + 2 < len(source.lines):
        return False
    lines = lines[:n]
    counts = np.fromiter((len(line.split(None, n)) for line in lines), np.int64, n)
    if not n or counts.sum() != 2 * m:
        return False
    try:
        there = Block(source, start + 2, lines).numbers()
    except ProblemFileError:
        return False
    here = np.repeat(np.arange(1.0, n + 1), counts)
    if len(here) != len(there):  # a line of more than n + 1 words
        return False
    edges, backwards = np.sort(here * (n + 1) + there), np.sort(there * (n + 1) + here)
    return np.array_equal(edges, backwards) and len(np.unique(edges)) == 2 * m
