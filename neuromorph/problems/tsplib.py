"""TSPLIB 95 files in every variant that is in use: symmetric instances and tours.

Keywords may be in any case and with or without spaces around the colon; blank lines, ``#`` and ``%`` comments, any line
ends, numbers split over lines anyhow, cities in any order, and a missing EOF, NAME, TYPE or DIMENSION (where cities are
listed) are accepted.
Source: G. Reinelt, TSPLIB 95, Universitaet Heidelberg (1995); ORSA J. Comput. 3, 376 (1991).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..files.atomic_write import write_file
from ..ising import Float
from .city_checks import MAX_MATRIX, NO_ROAD, check_tour, negative
from .text_file import Block, ProblemFileError, TextFile, printable_name, quote_text
from .tsp import Tsp
from .tsplib_distances import DISTANCE_RULES

_HEADERS = {
    "NAME", "TYPE", "COMMENT", "DIMENSION", "CAPACITY", "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT", "EDGE_DATA_FORMAT",
    "NODE_COORD_TYPE", "DISPLAY_DATA_TYPE",
}  # fmt: skip
_SECTIONS = {
    "NODE_COORD_SECTION", "DISPLAY_DATA_SECTION", "EDGE_WEIGHT_SECTION", "FIXED_EDGES_SECTION", "FIXED_EDGES",
    "TOUR_SECTION", "EDGE_DATA_SECTION", "DEPOT_SECTION", "DEMAND_SECTION",
}  # fmt: skip
_KEYWORD = re.compile(r"\s*([A-Za-z]\w*)(?![^\s:])\s*(:?)(.*)", re.ASCII)  # a word of its own, no field of CSV
_NUMBER_WORDS = {"NAN", "INF", "INFINITY"}

# Which triangle of the matrix a file gives row by row: a column of one triangle is a row of the other.
_FORMATS = {
    "FULL_MATRIX": "both",
    "UPPER_ROW": "upper",
    "LOWER_COL": "upper",
    "UPPER_DIAG_ROW": "upper",
    "LOWER_DIAG_COL": "upper",
    "LOWER_ROW": "lower",
    "UPPER_COL": "lower",
    "LOWER_DIAG_ROW": "lower",
    "UPPER_DIAG_COL": "lower",
}


def is_tsplib(source: TextFile) -> bool:
    """Return whether one of the first 100 lines starts with a TSPLIB keyword.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True for a TSPLIB file.
    """
    return any(
        (match := _KEYWORD.match(line)) and match[1].upper() in _HEADERS | _SECTIONS for line in source.lines[:100]
    )


def read_tsp(source: TextFile) -> Tsp:
    """Read the symmetric instance in a TSPLIB file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Tsp
        Problem.

    Raises
    ------
    ProblemFileError
        If the file is damaged or its variant unsupported.
    """
    file = _File.of(source)
    kind = file.word("TYPE") or "TSP"
    if kind == "TOUR":
        raise file.error("TYPE", "is a tour, not an instance; read it with read_tour")
    if kind != "TSP":
        raise file.error(
            "TYPE", f"TYPE {quote_text(kind)} is not supported; only TSP (symmetric) is: convert the instance"
        )
    fixed = file.sections.get("FIXED_EDGES_SECTION") or file.sections.get("FIXED_EDGES")
    if fixed is not None and (fixed.numbers() != -1).any():
        raise source.error("fixed edges are not supported; remove the section to solve without them", fixed.first)
    weight_type, size = file.word("EDGE_WEIGHT_TYPE"), file.dimension()
    display, nodes = file.sections.get("DISPLAY_DATA_SECTION"), file.sections.get("NODE_COORD_SECTION")
    name = printable_name(file.headers.get("NAME", ("", 0))[0], printable_name(source.stem, "cities"))
    if weight_type == "EXPLICIT":
        if size is None:
            raise source.error("DIMENSION is missing; add 'DIMENSION: <number of cities>'")
        matrix, notes = _matrix(file, size)
        shape = _points(display, size, 2) if display else _points(nodes, size, file.columns(2)) if nodes else None
        shape = None if shape is None else shape[:, :2]
        return Tsp(name, weight_type=weight_type, matrix=matrix, display=shape, notes=notes)
    if weight_type == "SPECIAL":
        raise file.error("EDGE_WEIGHT_TYPE", "SPECIAL distances are defined outside the file; write them as EXPLICIT")
    if weight_type not in DISTANCE_RULES or weight_type == "EUCLIDEAN":
        known = ", ".join(key for key in DISTANCE_RULES if key != "EUCLIDEAN")
        what = f"EDGE_WEIGHT_TYPE is {quote_text(weight_type)}" if weight_type else "EDGE_WEIGHT_TYPE is missing"
        raise file.error("EDGE_WEIGHT_TYPE", f"{what}; write one of EXPLICIT, {known}")
    if nodes is None:
        raise source.error(f"NODE_COORD_SECTION is missing; {weight_type} distances need one line 'city x y' a city")
    dimensions = DISTANCE_RULES[weight_type][0] or 2
    points = _points(nodes, size, file.columns(dimensions))
    if points.shape[1] < dimensions:
        raise file.error("NODE_COORD_TYPE", f"{weight_type} needs {dimensions} coordinates a city; correct the type")
    shape = None if display is None else _points(display, len(points), 2)
    return Tsp(name, coordinates=points[:, :dimensions], weight_type=weight_type, display=shape)


def read_tour(path: str | os.PathLike[str]) -> NDArray[np.int64]:
    """Read the tour in a TSPLIB TOUR file.

    The file may lack its -1 and have several numbers a line.

    Parameters
    ----------
    path : path-like
        File.

    Returns
    -------
    (n,) int64
        Cities, 0-based.

    Raises
    ------
    ProblemFileError
        If the file holds no tour.
    """
    source = TextFile.read(path)
    file = _File.of(source)
    block = file.sections.get("TOUR_SECTION")
    if block is None:
        raise source.error("TOUR_SECTION is missing; give a TSPLIB tour: cities from 1 after TOUR_SECTION, then -1")
    cities = block.numbers()
    end = int(np.argmax(cities == -1)) if (cities == -1).any() else len(cities)
    if (cities[end:] != -1).any():
        raise block.error("has cities after the -1 that ends the tour; keep one tour", end + 1)
    cities, size = cities[:end], file.dimension()
    if not end:
        raise source.error("the tour is empty; list the cities from 1", block.first)
    if size is not None and len(cities) != size:
        raise source.error(f"the tour has {len(cities)} cities but DIMENSION says {size}; correct one", block.first)
    _check_numbering(block, cities, 1)
    return cities.astype(np.int64) - 1


def write_tour(path: str | os.PathLike[str], tour: ArrayLike, name: str | None = None) -> Path:
    """Write a tour as a TSPLIB TOUR file, whole or not at all.

    Parameters
    ----------
    path : path-like
        File.
    tour : (n,) int
        Cities, 0-based.
    name : str or None
        Name of the tour; None takes that of the file.

    Returns
    -------
    Path
        Written file.
    """
    order = check_tour(tour, np.size(tour))
    title = printable_name(name or "", Path(path).name)
    head = f"NAME: {title}\nTYPE: TOUR\nDIMENSION: {len(order)}\nTOUR_SECTION\n"
    return write_file(path, head + "\n".join(map(str, [*(order + 1), -1])) + "\nEOF\n")


@dataclass(frozen=True, eq=False)
class _File:
    """Headers {keyword: (value, line)} and sections {keyword: numbers} of a TSPLIB file."""

    source: TextFile
    headers: dict[str, tuple[str, int]]
    sections: dict[str, Block]

    @classmethod
    def of(cls, source: TextFile) -> _File:
        headers: dict[str, tuple[str, int]] = {}
        starts: list[tuple[str, int]] = []  # sections and what ends them
        lines = ["" if line.lstrip()[:1] in ("#", "%") else line for line in source.lines]
        for k, line in enumerate(lines):
            first = line.lstrip()[:1]
            if not first.isalpha() or (match := _KEYWORD.match(line)) is None:
                continue
            key, colon, value = match[1].upper(), match[2], match[3].strip()
            if key in _NUMBER_WORDS:
                continue
            if key in _SECTIONS:
                if key in dict(starts):
                    raise source.error(f"{key} comes a second time; keep one", k + 1)
                lines[k] = value  # some files begin the numbers here
            elif key == "EOF":
                lines = lines[:k]
                break
            elif key in _HEADERS or colon:
                if key != "COMMENT" and headers.get(key, (value, 0))[0] != value:
                    raise source.error(f"{key} comes a second time with another value; keep one", k + 1)
                headers.setdefault(key, (value, k + 1))
                lines[k] = ""
            else:
                raise source.error(
                    f"{quote_text(match[1])} is not a keyword of TSPLIB; correct or remove the line", k + 1
                )
            starts.append((key, k))
        ends = [*(k for _, k in starts), len(lines)][1:]
        sections = {
            key: Block(source, start + 1, lines[start:end])
            for (key, start), end in zip(starts, ends, strict=True)
            if key in _SECTIONS
        }
        outside = [(0, starts[0][1] if starts else len(lines))]
        outside += [(start, end) for (key, start), end in zip(starts, ends, strict=True) if key not in _SECTIONS]
        for k in (k for start, end in outside for k in range(start, end)):
            if lines[k].strip():
                raise source.error(f"{quote_text(lines[k].strip())} is in no section; add the keyword above it", k + 1)
        return cls(source, headers, sections)

    def word(self, key: str) -> str:
        """Return the first word of header ``key`` in capitals; empty if it is not there."""
        return (self.headers.get(key, ("", 0))[0].upper().split() or [""])[0]

    def error(self, key: str, rule: str) -> ProblemFileError:
        """Return the error for the line of header ``key``."""
        return self.source.error(rule, self.headers[key][1] if key in self.headers else None)

    def dimension(self) -> int | None:
        if "DIMENSION" not in self.headers:
            return None
        value = self.word("DIMENSION")
        if not re.fullmatch(r"\d{1,18}", value, re.ASCII) or int(value) < 3:
            raise self.error("DIMENSION", f"DIMENSION is {quote_text(value)}; write the number of cities, at least 3")
        return int(value)

    def columns(self, usual: int) -> int:
        """Coordinates of a city in NODE_COORD_SECTION."""
        return {"TWOD_COORDS": 2, "THREED_COORDS": 3}.get(self.word("NODE_COORD_TYPE"), usual)


def _points(block: Block, size: int | None, columns: int) -> Float:
    """Read (n, columns) from 'city x y' for each city 1 .. n, in any order."""
    values, width = block.numbers(), columns + 1
    if len(values) % width or (size is not None and len(values) != size * width):
        for number, line in enumerate(block.lines, block.first):
            if (found := len(line.split())) not in (0, width):
                wanted = f"{width}, 'city {'x y z'[: 2 * columns - 1]}'"
                raise block.source.error(f"the line has {found} numbers; a city needs {wanted}", number)
        raise block.source.error(
            f"the section has {len(values) // width} cities but DIMENSION says {size}; add the missing lines "
            "or correct DIMENSION",
            block.first,
        )
    table = values.reshape(-1, width)
    _check_numbering(block, table[:, 0], width)
    points = np.empty((len(table), columns))
    points[table[:, 0].astype(np.int64) - 1] = table[:, 1:]
    return points


def _check_numbering(block: Block, cities: Float, width: int) -> None:
    """Check that cities are 1 .. n, each once; ``width`` numbers of the block belong to each."""
    n = len(cities)
    wrong = (cities != np.floor(cities)) | (cities < 1) | (cities > n)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise block.error(f"city is {cities[k]:g}; number the {n} cities from 1 to {n}", k * width)
    order = np.argsort(cities, kind="stable")
    again = np.flatnonzero(np.diff(cities[order]) == 0)
    if again.size:
        k = int(order[again[0] + 1])
        raise block.error(f"city {cities[k]:g} comes a second time; list each city once", k * width)


def _matrix(file: _File, size: int) -> tuple[Float, tuple[str, ...]]:
    """Read (n, n) from EDGE_WEIGHT_SECTION, and the notes on its diagonal."""
    layout = file.word("EDGE_WEIGHT_FORMAT")
    if layout not in _FORMATS:
        what = f"is {quote_text(layout)}" if layout else "is missing"
        raise file.error("EDGE_WEIGHT_FORMAT", f"EDGE_WEIGHT_FORMAT {what}; write one of {', '.join(_FORMATS)}")
    block = file.sections.get("EDGE_WEIGHT_SECTION")
    if block is None:
        raise file.source.error("EDGE_WEIGHT_SECTION is missing; EXPLICIT distances stand there")
    if size > MAX_MATRIX:
        raise file.error("DIMENSION", f"EXPLICIT distances of {size} cities stop at {MAX_MATRIX}; give coordinates")
    diagonal = 0 if "DIAG" in layout else -1
    count = size**2 if layout == "FULL_MATRIX" else size * (size + 1 + 2 * diagonal) // 2
    values = block.numbers(f"rescale; {NO_ROAD}")
    if len(values) != count:
        raise file.source.error(
            f"the section has {len(values)} numbers but {layout} of {size} cities needs {count}; "
            "correct DIMENSION, EDGE_WEIGHT_FORMAT or the numbers",
            block.first,
        )
    triangle = np.tri(size, k=diagonal, dtype=bool)
    given = {"both": np.ones_like(triangle), "lower": triangle, "upper": triangle.T}[_FORMATS[layout]]
    matrix = np.zeros((size, size))
    matrix[given] = values
    notes = _of_diagonal(matrix.diagonal(), layout)
    np.fill_diagonal(matrix, 0.0)
    if layout != "FULL_MATRIX":
        matrix += matrix.T
    if (matrix < 0.0).any():
        k = int(np.argmax((matrix < 0.0)[given]))
        raise block.error(negative(values[k]), k)
    if (unlike := matrix != matrix.T).any():
        rule = "the matrix is not symmetric; only symmetric distances are supported: convert them"
        raise block.error(rule, int(np.argmax(unlike[given])))
    return matrix, notes


def _of_diagonal(diagonal: Float, layout: str) -> tuple[str, ...]:
    """Return the notes on a diagonal: different numbers are distances, read by the wrong format."""
    values = np.unique(diagonal)
    if not values.any():
        return ()
    if len(values) == 1:
        return (f"the diagonal is {values[0]:g} throughout; it is no distance, and is left out",)
    return (
        f"the diagonal has numbers up to {values[-1]:g}, which are no distances and are left out: is {layout} the "
        "right EDGE_WEIGHT_FORMAT?",
    )
