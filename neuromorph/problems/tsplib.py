"""TSPLIB 95 files in every variant that is in use: symmetric and one-way instances, fixed edges, LKH's types, tours.

Keywords may be in any case and with or without spaces around the colon; blank lines, ``#`` and ``%`` comments, any line
ends, numbers split over lines anyhow, cities in any order, and a missing EOF, NAME, TYPE or DIMENSION (where cities are
listed) are accepted.
Source: G. Reinelt, TSPLIB 95, Universitaet Heidelberg (1995); ORSA J. Comput. 3, 376 (1991).
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..files.atomic_write import write_file
from ..ising import Float
from .city_checks import MAX_MATRIX, check_tour
from .forced_links import one_way_tour, tour_with_edges
from .lkh_distances import EXACT_TYPES, LKH_RULES, lkh_matrix
from .text_file import TextFile, parse_number, printable_name, quote_text
from .tsp import Tsp
from .tsplib_distances import DISTANCE_RULES
from .tsplib_matrix import read_matrix
from .tsplib_sections import TsplibFile, check_numbering, is_routing, read_points

_OTHER_TYPES = {"HCP": "a Hamiltonian cycle problem", "SOP": "a sequential ordering problem"}
_WAYS = {
    "HCP": "as distances, 1 for an edge and 2 for none, a tour as long as there are nodes is a Hamiltonian cycle",
    "SOP": "orders of cities are no part of a tour; TYPE: ATSP and a large distance in place of -1 leave them out",
}


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
    file = TsplibFile.of(source)
    kind = file.word("TYPE") or "TSP"
    weights = {"NODE_COORD_SECTION", "EDGE_WEIGHT_SECTION"} & file.sections.keys() or file.word("EDGE_WEIGHT_TYPE")
    if kind == "TOUR" or ("TOUR_SECTION" in file.sections and not weights):
        raise file.error(
            "TYPE", "is a tour, not an instance; give the file of its cities (in Python read_tour reads it)"
        )
    if kind in _OTHER_TYPES:
        raise file.error("TYPE", f"is {_OTHER_TYPES[kind]} (TYPE {kind}), which is not read: {_WAYS[kind]}")
    if is_routing(source):
        return _tour_of_routing(file)
    if kind not in ("TSP", "ATSP"):
        rule = f"TYPE {quote_text(kind)} is not supported; TSP and ATSP are: write TYPE: TSP for one tour of all cities"
        raise file.error("TYPE", rule)
    return _read(file, kind)


def _tour_of_routing(file: TsplibFile) -> Tsp:
    """Read the places of vehicle routing as those of one tour, and say so."""
    said = "one tour of all its places, the depot too: demands, capacity and time windows are left out"
    found = _read(file, "ATSP" if file.word("TYPE").startswith("A") else "TSP")
    return replace(found, notes=(said, *found.notes))


def _read(file: TsplibFile, kind: str) -> Tsp:
    """Read a TSP or an ATSP."""
    source = file.source
    weight_type, size = file.word("EDGE_WEIGHT_TYPE"), file.dimension()
    display, nodes = file.sections.get("DISPLAY_DATA_SECTION"), file.sections.get("NODE_COORD_SECTION")
    name = printable_name(file.headers.get("NAME", ("", 0))[0], printable_name(source.stem, "cities"))
    if kind == "ATSP" and weight_type != "EXPLICIT":
        raise file.error("EDGE_WEIGHT_TYPE", "one-way distances (ATSP) are a matrix; write EXPLICIT and FULL_MATRIX")
    if weight_type == "EXPLICIT":
        if size is None:
            raise source.error("DIMENSION is missing; add 'DIMENSION: <number of cities>'")
        matrix, notes = read_matrix(file, size, one_way=kind == "ATSP")
        shape = (
            read_points(display, size, 2) if display else read_points(nodes, size, file.columns(2)) if nodes else None
        )
        places = None if shape is None else shape[0][:, :2]
        labels = () if shape is None else shape[1]
        if kind == "ATSP":
            places = None if places is None else np.concatenate([places, places])
            return one_way_tour(matrix, name=name, labels=labels, display=places, notes=notes)
        return _fixed(
            file, Tsp(name, weight_type=weight_type, matrix=matrix, display=places, notes=notes, labels=labels)
        )
    if weight_type in ("SPECIAL", "FUNCTION"):
        rule = f"{weight_type} distances are defined outside the file; write them as EXPLICIT"
        raise file.error("EDGE_WEIGHT_TYPE", rule)
    ours = {**DISTANCE_RULES, **LKH_RULES, **{each: (d, None) for each, d in EXACT_TYPES.items()}}
    if weight_type not in ours or weight_type == "EUCLIDEAN":
        known = ", ".join(key for key in ours if key != "EUCLIDEAN")
        what = f"EDGE_WEIGHT_TYPE is {quote_text(weight_type)}" if weight_type else "EDGE_WEIGHT_TYPE is missing"
        raise file.error("EDGE_WEIGHT_TYPE", f"{what}; write one of EXPLICIT, {known}")
    if nodes is None:
        raise source.error(f"NODE_COORD_SECTION is missing; {weight_type} distances need one line 'city x y' a city")
    dimensions = ours[weight_type][0] or 2
    points, labels = read_points(nodes, size, file.columns(dimensions))
    if points.shape[1] < dimensions:
        raise file.error("NODE_COORD_TYPE", f"{weight_type} needs {dimensions} coordinates a city; correct the type")
    points = points[:, :dimensions]
    shown = None if display is None else read_points(display, len(points), 2)[0]
    if weight_type in LKH_RULES:
        return _fixed(file, _of_lkh(file, name, weight_type, points, shown, labels))
    rule = "EUCLIDEAN" if weight_type in EXACT_TYPES else weight_type
    return _fixed(file, Tsp(name, coordinates=points, weight_type=rule, display=shown, labels=labels))


def _of_lkh(
    file: TsplibFile, name: str, weight_type: str, points: Float, shown: Float | None, labels: tuple[str, ...]
) -> Tsp:
    """Tabulate the distances of a type that only LKH knows."""
    if len(points) > MAX_MATRIX:
        raise file.error(
            "EDGE_WEIGHT_TYPE", f"{weight_type} distances stop at {MAX_MATRIX} cities; write EUC_2D or GEO"
        )
    grid = parse_number(file.word("GRID_SIZE") or "1e6")
    if grid is None or not 0.0 < grid < 1e15:
        raise file.error("GRID_SIZE", "GRID_SIZE is no positive number; correct it")
    if weight_type.startswith("GEOM") and (np.abs(points[:, 0]) > 90.0).any():
        raise file.error("EDGE_WEIGHT_TYPE", f"{weight_type} takes latitude (-90 to 90), then longitude, in degrees")
    if weight_type.startswith("TOR") and (np.ptp(points, axis=0) > grid).any():
        raise file.error("EDGE_WEIGHT_TYPE", f"cities do not fit on a torus of GRID_SIZE {grid:g}; write its size")
    north = points[:, ::-1] if weight_type.startswith("GEO") else points
    places = north[:, :2] if shown is None else shown
    return Tsp(
        name, weight_type="EXPLICIT", matrix=lkh_matrix(weight_type, points, grid), display=places, labels=labels
    )


def _fixed(file: TsplibFile, problem: Tsp) -> Tsp:
    """Force the edges of FIXED_EDGES_SECTION, if there are some."""
    block = file.sections.get("FIXED_EDGES_SECTION") or file.sections.get("FIXED_EDGES")
    numbers = np.empty(0) if block is None else block.numbers()
    ends = numbers[: int(np.argmax(numbers == -1))] if (numbers == -1).any() else numbers
    if block is None or not ends.size:
        return problem
    n = problem.size
    first = int(problem.labels[:1] != ("0",))
    if ends.size % 2 or (ends != np.floor(ends)).any() or (ends < first).any() or (ends > n - 1 + first).any():
        raise block.error(f"fixed edges are pairs of cities {first} to {n - 1 + first}, then -1; correct them", 0)
    edges = ends.astype(np.int64).reshape(-1, 2) - first
    try:
        place = problem.drawing()
        said = f"every tour holds the {len(edges)} fixed edge{'s' * (len(edges) > 1)}; lengths are those of the file"
        return tour_with_edges(
            problem.distances(), edges, name=problem.name, display=place, labels=problem.labels, notes=(said,)
        )
    except ValueError as error:
        raise file.source.error(str(error), block.first) from None


def read_tour(path: str | os.PathLike[str]) -> NDArray[np.int64]:
    """Read the tour in a TSPLIB TOUR file.

    The file may lack its -1, have several numbers a line, and number the cities from 0.

    Parameters
    ----------
    path : path-like
        File; ``FILE#2`` is the second of several tours.

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
    file = TsplibFile.of(source)
    block = file.sections.get("TOUR_SECTION")
    if block is None:
        raise source.error("TOUR_SECTION is missing; give a TSPLIB tour: cities from 1 after TOUR_SECTION, then -1")
    numbers = block.numbers()
    stops = [*np.flatnonzero(numbers == -1).tolist(), len(numbers)]
    starts = [0, *(stop + 1 for stop in stops)]
    tours = [(start, stop) for start, stop in zip(starts, stops, strict=False) if stop > start]
    if not tours:
        raise source.error("the tour is empty; list the cities from 1", block.first)
    if len(tours) > 1 and source.part is None:
        rule = f"has cities after the -1 that ends the first of {len(tours)} tours; keep one, or read {source.name}#1"
        raise block.error(rule, tours[1][0])
    part = source.part or 1
    if part > len(tours):
        raise source.error(f"has {len(tours)} tours; number {part} is none of them", block.first)
    begin, end = tours[part - 1]
    cities, size = numbers[begin:end], file.dimension()
    if size is not None and len(cities) != size:
        raise source.error(f"the tour has {len(cities)} cities but DIMENSION says {size}; correct one", block.first)
    first = int(not np.array_equal(np.sort(cities), np.arange(len(cities))))  # from 0, as some tools write
    check_numbering(block, cities + 1 - first, 1, first)
    return cities.astype(np.int64) - first


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
