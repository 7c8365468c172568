"""Tours from tables: coordinates with or without names and header, and tables of distances."""

from __future__ import annotations

import numpy as np

from ..ising import Float
from .city_checks import MAX_MATRIX, NO_ROAD, negative
from .forced_links import one_way_tour
from .lkh_distances import lkh_matrix
from .matrices import symmetric_matrix
from .tables import COORDINATES, TextTable, is_numbering, read_text_table
from .text_file import LARGEST, TextFile, parse_number, printable_name, quote_text
from .tsp import Tsp


def read_cities(source: TextFile) -> Tsp:
    """Read rows of coordinates, with names or numbers of the cities or without.

    Columns named latitude and longitude are decimal degrees: distances are meters on the sphere (GEOM). All others are
    points of a plane, or of space: distances are not rounded.

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
        If no columns can be coordinates.
    """
    table = read_text_table(source)
    if table is None:
        raise source.error(
            "is no table of coordinates, or has more than 250,000 rows; write TSPLIB's NODE_COORD_SECTION"
        )
    columns, names = _columns(source, table)
    points = table.numbers[:, columns]
    name = printable_name(source.stem, "cities")
    which = (
        f"columns {', '.join(table.header[k] for k in columns)}" if table.header else f"{len(columns)} coordinates each"
    )
    if table.is_geographic:
        if len(points) > MAX_MATRIX:
            raise source.error(
                f"has {len(points)} cities in degrees, which stop at {MAX_MATRIX}; project them onto a plane"
            )
        if (np.abs(points[:, 0]) > 90.0).any():
            raise source.error("has a latitude beyond 90 degrees; correct it, or the names of the columns")
        note = f"{len(points)} cities of {which}, in degrees: distances are meters on the sphere of the Earth (GEOM)"
        return Tsp(
            name, weight_type="EXPLICIT", matrix=lkh_matrix("GEOM", points), display=points[:, ::-1], notes=(note,),
            labels=names,
        )  # fmt: skip
    note = f"{len(points)} cities of {which}: distances are straight and not rounded"
    return Tsp.from_coordinates(points, name=name, notes=(note,), labels=names)


def _columns(source: TextFile, table: TextTable) -> tuple[list[int], tuple[str, ...]]:
    """Find the columns of coordinates, and the names of the cities."""
    numeric = table.numeric
    if table.names_cities:
        wanted = [k for k, each in enumerate(table.header) if each in COORDINATES and k in numeric]
        columns = sorted(wanted, key=lambda k: COORDINATES[table.header[k]] if table.is_geographic else k)
        columns = columns[:2] if table.is_geographic else columns[:3]
        others = [k for k in range(len(table.rows[0])) if k not in columns]
        at = next((k for k in others if k in table.words), next(iter(others), None))
    else:
        words = table.words
        counted = is_numbering(table.numbers[:, 0])
        at = words[0] if words else 0 if counted and len(numeric) > 2 else None
        columns = [k for k in numeric if k != at]
    if len(columns) not in (2, 3):
        raise source.error(
            f"has {len(columns)} columns of coordinates; write 'name x y', or a header that names x and y"
        )
    if at is None:
        return columns, ()
    names = tuple(row[at].strip("\"'")[:80] for row in table.rows)
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise source.error(f"city {quote_text(twice)} comes a second time; list each city once")
    return columns, () if names == tuple(map(str, range(1, len(names) + 1))) else names


def tour_of_matrix(source: TextFile, matrix: Float, names: tuple[str, ...] = ()) -> Tsp:
    """Return the tour problem of a matrix of distances, one-way where it is not symmetric.

    Parameters
    ----------
    source : TextFile
        File.
    matrix : (n, n) float
        Distances.
    names : tuple of str
        Names of the cities.

    Returns
    -------
    Tsp
        Problem.

    Raises
    ------
    ProblemFileError
        If a distance is negative.
    """
    diagonal, n = matrix.diagonal(), len(matrix)
    off = matrix - np.diag(diagonal)
    if (off < 0.0).any():
        raise source.error(negative(float(off.min())))
    notes = ("the diagonal is no distance, and is left out",) if diagonal.any() else ()
    name, symmetric = printable_name(source.stem, "cities"), symmetric_matrix(off)
    try:
        if symmetric is None:
            said = (
                f"one-way distances of {n} cities, as {2 * n} cities with forced links: lengths are those of the file"
            )
            return one_way_tour(off, name=name, labels=names, notes=(*notes, said))
        said = f"a matrix of distances of {n} cities"
        return Tsp.from_matrix(symmetric, name=name, labels=names, notes=(*notes, said))
    except ValueError as error:
        raise source.error(str(error)) from None


def named_matrix(source: TextFile) -> tuple[Float, tuple[str, ...]]:
    """Read a square matrix whose first column names the rows.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    tuple of (n, n) float, tuple of str
        Matrix and names.
    """
    table = read_text_table(source)
    assert table is not None
    return table.numbers[:, 1:], tuple(row[0].strip("\"'")[:80] for row in table.rows)


def distances_of_pairs(source: TextFile, rows: list[list[str]]) -> tuple[Float, tuple[str, ...]]:
    """Build the matrix of distances of rows ``name name distance``.

    Parameters
    ----------
    source : TextFile
        File.
    rows : list of list of str
        Rows; a pair that is given in one order has this distance both ways.

    Returns
    -------
    tuple of (n, n) float, tuple of str
        Matrix and names.

    Raises
    ------
    ProblemFileError
        If a distance is no number or is given twice, or a pair has none.
    """
    numbers: dict[str, int] = {}
    found: dict[tuple[int, int], float] = {}
    for row in rows:
        value = parse_number(row[2]) if len(row) > 2 else None
        if value is None or not abs(value) <= LARGEST:
            raise source.error(f"{quote_text(' '.join(row))} is no 'name name distance'; write a number; {NO_ROAD}")
        i, j = (numbers.setdefault(name, len(numbers)) for name in row[:2])
        if found.setdefault((i, j), value) != value:
            raise source.error(f"the distance of {quote_text(row[0])} and {quote_text(row[1])} comes twice; keep one")
        if len(numbers) > MAX_MATRIX:
            raise source.error(f"has more than {MAX_MATRIX} cities, at which matrices stop; give coordinates")
    names = tuple(numbers)
    matrix = np.full((len(names), len(names)), np.nan)
    for (i, j), value in found.items():
        matrix[i, j] = value
    matrix = np.where(np.isnan(matrix), matrix.T, matrix)
    np.fill_diagonal(matrix, 0.0)
    if np.isnan(matrix).any():
        i, j = np.argwhere(np.isnan(matrix))[0]
        missing = f"{quote_text(names[i])} and {quote_text(names[j])}"
        raise source.error(f"has no distance of {missing}; a tour may go by every road: {NO_ROAD}")
    return matrix, names
