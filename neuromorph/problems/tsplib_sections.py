"""The headers and sections of TSPLIB files, and their points.

Source: G. Reinelt, TSPLIB 95, Universitaet Heidelberg (1995).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..ising import Float
from .text_file import Block, ProblemFileError, TextFile, parse_number, quote_text

_HEADERS = {
    "NAME", "TYPE", "COMMENT", "DIMENSION", "CAPACITY", "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT", "EDGE_DATA_FORMAT",
    "NODE_COORD_TYPE", "DISPLAY_DATA_TYPE",
}  # fmt: skip
_SECTIONS = {
    "NODE_COORD_SECTION", "DISPLAY_DATA_SECTION", "EDGE_WEIGHT_SECTION", "FIXED_EDGES_SECTION", "FIXED_EDGES",
    "TOUR_SECTION", "EDGE_DATA_SECTION", "DEPOT_SECTION", "DEMAND_SECTION", "TIME_WINDOW_SECTION",
    "SERVICE_TIME_SECTION", "PICKUP_AND_DELIVERY_SECTION", "BACKHAUL_SECTION", "STAND_TIME_SECTION",
}  # fmt: skip
_ROUTING = re.compile(rb"^\s*(?:TYPE\s*:?\s*\w*VRP|CAPACITY\s*:|DEMAND_SECTION\b)", re.MULTILINE | re.IGNORECASE)
_KEYWORD = re.compile(r"\s*([A-Za-z]\w*)(?![^\s:])\s*(:?)(.*)", re.ASCII)  # a word of its own, no field of CSV
_OF_POINTS = {"NODE_COORD_SECTION", "DISPLAY_DATA_SECTION"}
_NUMBER_WORDS = {"NAN", "INF", "INFINITY"}


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


def is_routing(source: TextFile) -> bool:
    """Return whether a TSPLIB file is of vehicle routing.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True where its type says so, or a capacity or demands are given.
    """
    return _ROUTING.search(source.data.replace(b"\r", b"\n")) is not None


def _is_named_point(line: str) -> bool:
    """Whether a line is a name and two or three numbers."""
    words = line.split(None, 4)
    return len(words) in (3, 4) and all(parse_number(word) is not None for word in words[1:])


@dataclass(frozen=True, eq=False)
class TsplibFile:
    """A TSPLIB file in its parts.

    Attributes
    ----------
    source : TextFile
        File.
    headers : dict
        {keyword: (value, 1-based line)}.
    sections : dict
        {keyword: numbers}.
    """

    source: TextFile
    headers: dict[str, tuple[str, int]]
    sections: dict[str, Block]

    @classmethod
    def of(cls, source: TextFile) -> TsplibFile:
        """Part a file.

        Parameters
        ----------
        source : TextFile
            File.

        Returns
        -------
        TsplibFile
            Its parts.

        Raises
        ------
        ProblemFileError
            If a line belongs nowhere.
        """
        headers: dict[str, tuple[str, int]] = {}
        starts: list[tuple[str, int]] = []  # sections and what ends them
        lines = ["" if line.lstrip()[:1] in ("#", "%") else line for line in source.lines]
        for k, line in enumerate(lines):
            first = line.lstrip()[:1]
            if not first.isalpha() or (match := _KEYWORD.match(line)) is None:
                continue
            key, colon, value = match[1].upper(), match[2], match[3].strip()
            if key in _NUMBER_WORDS or (starts and starts[-1][0] in _OF_POINTS and _is_named_point(line)):
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
        """Return the first word of a header.

        Parameters
        ----------
        key : str
            Header.

        Returns
        -------
        str
            Word in capitals; empty if the header is not there.
        """
        return (self.headers.get(key, ("", 0))[0].upper().split() or [""])[0]

    def error(self, key: str, rule: str) -> ProblemFileError:
        """Build the error for the line of a header.

        Parameters
        ----------
        key : str
            Header.
        rule : str
            Rule, with its remedy.

        Returns
        -------
        ProblemFileError
            Error.
        """
        return self.source.error(rule, self.headers[key][1] if key in self.headers else None)

    def dimension(self) -> int | None:
        """Return DIMENSION.

        Returns
        -------
        int or None
            Number of cities; None if it is not there.

        Raises
        ------
        ProblemFileError
            If it is no number of cities.
        """
        if "DIMENSION" not in self.headers:
            return None
        value = self.word("DIMENSION")
        if not re.fullmatch(r"\d{1,18}", value, re.ASCII) or int(value) < 3:
            raise self.error("DIMENSION", f"DIMENSION is {quote_text(value)}; write the number of cities, at least 3")
        return int(value)

    def columns(self, usual: int) -> int:
        """Return how many coordinates a city has in NODE_COORD_SECTION.

        Parameters
        ----------
        usual : int
            Number where no NODE_COORD_TYPE says it.

        Returns
        -------
        int
            Number.
        """
        return {"TWOD_COORDS": 2, "THREED_COORDS": 3}.get(self.word("NODE_COORD_TYPE"), usual)


def read_points(block: Block, size: int | None, columns: int) -> tuple[Float, tuple[str, ...]]:
    """Read ``city x y`` for each city, in any order, numbered from 1 or from 0, or named.

    Parameters
    ----------
    block : Block
        Section.
    size : int or None
        Number of cities that is said.
    columns : int
        Coordinates of a city.

    Returns
    -------
    tuple of (n, columns) float, tuple of str
        Points, and what the cities are called, if not 1 .. n.

    Raises
    ------
    ProblemFileError
        If a city is missing, or comes twice.
    """
    names, block = _named(block, columns + 1)
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
    n = len(table)
    if names:
        if len(set(names)) < n:
            twice = next(name for k, name in enumerate(names) if name in names[:k])
            raise block.error(f"city {quote_text(twice)} comes a second time; list each city once", 0)
        return np.array(table[:, 1:]), names
    first = int(not np.array_equal(np.sort(table[:, 0]), np.arange(n)))  # 0 .. n - 1 can be meant in one way only
    check_numbering(block, table[:, 0] + 1 - first, width, first)
    points = np.empty((n, columns))
    points[table[:, 0].astype(np.int64) - first] = table[:, 1:]
    return points, () if first else tuple(map(str, range(n)))


def _named(block: Block, width: int) -> tuple[tuple[str, ...], Block]:
    """Take names for the numbers of the cities, if every line begins with one."""
    word = next((line.split(None, 1)[0] for line in block.lines if line.strip()), "1")
    if parse_number(word) is not None:
        return (), block
    split = [line.split() for line in block.lines]
    rows = [row for row in split if row]
    if any(len(row) != width or parse_number(row[0]) is not None for row in rows):
        return (), block
    lines = [" ".join(["1", *row[1:]]) if row else "" for row in split]
    return tuple(row[0].strip("\"'")[:80] for row in rows), Block(block.source, block.first, lines)


def check_numbering(block: Block, cities: Float, width: int, first: int = 1) -> None:
    """Check that cities are 1 .. n, each once.

    Parameters
    ----------
    block : Block
        Numbers.
    cities : (n,) float
        Cities.
    width : int
        How many numbers of the block belong to each.
    first : int
        Number that the file gives to city 1.

    Raises
    ------
    ProblemFileError
        If one is missing.
    """
    n = len(cities)
    wrong = (cities != np.floor(cities)) | (cities < 1) | (cities > n)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise block.error(f"city is {cities[k] - 1 + first:g}; number the {n} cities from 1 to {n}", k * width)
    order = np.argsort(cities, kind="stable")
    again = np.flatnonzero(np.diff(cities[order]) == 0)
    if again.size:
        k = int(order[again[0] + 1])
        raise block.error(f"city {cities[k]:g} comes a second time; list each city once", k * width)
