"""Problem files: every TSPLIB form, tours, best known values, and ten thousand damaged files."""

import io
import json
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from damage import damaged
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from neuromorph import MaxCut, Problem, ProblemFileError, Recall, Tsp, load, read_tour, write_tour
from neuromorph.problems import best_known
from neuromorph.problems.forms import PROBLEM_KINDS
from neuromorph.problems.tsplib_distances import DISTANCE_RULES

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"

SQUARE = """NAME : square
TYPE : TSP
COMMENT : four corners
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 0 10
3 10 10
4 10 0
EOF
"""

# Every format by its definition in TSPLIB's text: which (row, column) follow one another, 0-based.
FORMATS = {
    "FULL_MATRIX": lambda n: [(i, j) for i in range(n) for j in range(n)],
    "UPPER_ROW": lambda n: [(i, j) for i in range(n) for j in range(i + 1, n)],
    "LOWER_ROW": lambda n: [(i, j) for i in range(n) for j in range(i)],
    "UPPER_DIAG_ROW": lambda n: [(i, j) for i in range(n) for j in range(i, n)],
    "LOWER_DIAG_ROW": lambda n: [(i, j) for i in range(n) for j in range(i + 1)],
    "UPPER_COL": lambda n: [(i, j) for j in range(n) for i in range(j)],
    "LOWER_COL": lambda n: [(i, j) for j in range(n) for i in range(j + 1, n)],
    "UPPER_DIAG_COL": lambda n: [(i, j) for j in range(n) for i in range(j + 1)],
    "LOWER_DIAG_COL": lambda n: [(i, j) for j in range(n) for i in range(j, n)],
}


def explicit(layout: str, d: np.ndarray, per_line: int = 5) -> str:
    numbers = [f"{d[i, j]:g}" for i, j in FORMATS[layout](len(d))]
    lines = [" ".join(numbers[k : k + per_line]) for k in range(0, len(numbers), per_line)]
    head = f"TYPE: TSP\nDIMENSION: {len(d)}\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: {layout}\n"
    return head + "EDGE_WEIGHT_SECTION\n" + "\n".join(lines) + "\nEOF\n"


def written(folder: Path, text: str | bytes, name: str = "file.tsp") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("layout", FORMATS)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 9), per_line=st.integers(1, 30))
def test_every_matrix_format(tmp_path_factory, layout, seed, n, per_line):
    """A triangle read by the wrong rows or columns gives another matrix; so does a diagonal taken for a distance."""
    d = np.triu(np.random.default_rng(seed).integers(0, 1000, (n, n)), 1).astype(float)
    d += d.T
    with_diagonal = d + (9999 if seed % 2 else -1) * np.eye(n)  # both are found; neither is a distance
    p = load(written(tmp_path_factory.getbasetemp(), explicit(layout, with_diagonal, per_line)))
    assert isinstance(p, Tsp)
    np.testing.assert_array_equal(p.distances(), d)


@pytest.mark.parametrize("weight_type", sorted(set(DISTANCE_RULES) - {"EUCLIDEAN"}))
def test_every_weight_type(tmp_path, weight_type):
    dimensions = DISTANCE_RULES[weight_type][0]
    points = np.round(np.random.default_rng(1).uniform(-70, 70, (6, dimensions)), 2)
    lines = "\n".join(f"{k} {' '.join(map(str, point))}" for k, point in enumerate(points, 1))
    head = f"NAME: six.tsp\nTYPE: TSP\nDIMENSION: 6\nEDGE_WEIGHT_TYPE: {weight_type}\nNODE_COORD_SECTION\n"
    p = load(written(tmp_path, head + lines))
    assert (p.name, p.weight_type, p.size) == ("six", weight_type, 6)
    np.testing.assert_array_equal(p.distances(), Tsp.from_coordinates(points, weight_type=weight_type).distances())


AS_FOUND = {
    "windows": SQUARE.replace("\n", "\r\n"),
    "old mac": SQUARE.replace("\n", "\r"),
    "no space before the colon": SQUARE.replace(" :", ":"),
    "no space at all": SQUARE.replace(" : ", ":"),
    "no colon": SQUARE.replace(" : ", " "),
    "blank lines, no EOF": SQUARE.replace("\n", "\n\n").replace("EOF", ""),
    "small letters": SQUARE.lower(),
    "no DIMENSION": SQUARE.replace("DIMENSION : 4\n", ""),
    "byte order mark, remarks": "\ufeff# found\n" + SQUARE.replace("TYPE : TSP\n", "TYPE : TSP (M. Hofmeister)\n% x\n"),
    "no NAME, no TYPE": SQUARE.replace("NAME : square\n", "").replace("TYPE : TSP\n", ""),
    "numbers over lines": SQUARE.replace("2 0 10\n3 10 10\n", "2\n0 10 3 1.0e1\n1.E+01\n"),
    "cities in any order": SQUARE.replace("1 0 0\n2 0 10\n", "2 0 10\n1 0 0\n"),
    "colon after a section": SQUARE.replace("NODE_COORD_SECTION", "NODE_COORD_SECTION:  "),
    "no fixed edges, more after EOF": SQUARE.replace("EOF", "FIXED_EDGES_SECTION\n-1\nEOF\nis not read"),
    "more headers": SQUARE.replace("NODE_COORD_S", "NODE_COORD_TYPE: TWOD_COORDS\nSCALE: 7\nNODE_COORD_S"),
    "keyword in a comment": SQUARE.replace("four corners", "caf\u00e9: DIMENSION : 9"),
}


@pytest.mark.parametrize("how", AS_FOUND)
def test_tsplib_files_are_read_as_they_are_found(tmp_path, how):
    p = load(written(tmp_path, AS_FOUND[how], "square.tsp"))
    assert (p.name, p.size, p.length([0, 1, 2, 3]), p.length([0, 2, 1, 3])) == ("square", 4, 40.0, 48.0)
    assert p.drawing().tolist() == [[0, 0], [0, 10], [10, 10], [10, 0]]


def test_a_comment_in_latin_1_does_no_harm(tmp_path):
    assert load(written(tmp_path, SQUARE.replace("four", "caf\u00e9").encode("latin-1"))).size == 4


def test_display_data_are_where_to_draw(tmp_path):
    shape = "DISPLAY_DATA_TYPE: TWOD_DISPLAY\nDISPLAY_DATA_SECTION\n1 0 0\n2 1 0\n3 0 2\nEOF"
    text = explicit("UPPER_ROW", np.ones((3, 3))).replace("EOF", shape)
    assert load(written(tmp_path, text)).drawing().tolist() == [[0, 0], [1, 0], [0, 2]]
    text = text.replace("DISPLAY_DATA_SECTION", "NODE_COORD_SECTION")
    assert load(written(tmp_path, text)).drawing().tolist() == [[0, 0], [1, 0], [0, 2]]


LOWER = explicit("LOWER_DIAG_ROW", np.ones((4, 4)), 4)

BAD_TSP = [
    (SQUARE.replace("4 10 0\n", ""), 6, "the section has 3 cities but DIMENSION says 4"),
    (SQUARE.replace("3 10 10", "3 10"), 9, "the line has 2 numbers"),
    (SQUARE.replace("3 10 10", "3 10 10 10"), 9, "the line has 4 numbers"),
    (SQUARE.replace("3 10 10", "2 10 10"), 9, "city 2 comes a second time"),
    (SQUARE.replace("3 10 10", "7 10 10"), 9, "city is 7"),
    (SQUARE.replace("3 10 10", "3.5 10 10"), 9, "city is 3.5"),
    (SQUARE.replace("1 0 0", "0 0 0").replace("2 0", "5 0"), 7, "city is 0"),
    (SQUARE.replace("3 10 10", "3 ten 10"), 9, "'ten' is not a number"),
    (SQUARE.replace("3 10 10", "3 1_0 10"), 9, "'1_0' is not a number"),
    (SQUARE.replace("3 10 10", "3 10 nan"), 9, "'nan' is not between"),
    (SQUARE.replace("3 10 10", "nan 10 10"), 9, "'nan' is not between"),
    (SQUARE.replace("3 10 10", "3 10 1e16"), 9, "'1e16' is not between"),
    (SQUARE.replace("DIMENSION : 4", "DIMENSION : 1000000000000"), 6, "DIMENSION says 1000000000000"),
    (SQUARE.replace("DIMENSION : 4", "DIMENSION : " + "9" * 5000), 4, "DIMENSION is '9"),
    (SQUARE.replace("DIMENSION : 4", "DIMENSION : -4"), 4, "DIMENSION is '-4'"),
    (SQUARE.replace("DIMENSION : 4", "DIMENSION : 2"), 4, "DIMENSION is '2'"),
    (SQUARE.replace("DIMENSION : 4", "DIMENSION : 4\nDIMENSION : 5"), 5, "comes a second time"),
    (SQUARE.replace("EUC_2D", "EUC_7D"), 5, "EDGE_WEIGHT_TYPE is 'EUC_7D'"),
    (SQUARE.replace("EUC_2D", "EUCLIDEAN"), 5, "EDGE_WEIGHT_TYPE is 'EUCLIDEAN'"),
    (SQUARE.replace("EUC_2D", "SPECIAL"), 5, "SPECIAL distances"),
    (SQUARE.replace("EUC_2D", "EUC_3D"), 7, "the line has 3 numbers; a city needs 4"),
    (SQUARE.replace("EUC_2D", "EUC_3D\nNODE_COORD_TYPE: TWOD_COORDS"), 6, "EUC_3D needs 3 coordinates"),
    (SQUARE.replace("TYPE : TSP", "TYPE : ATSP"), 5, "one-way distances (ATSP) are a matrix"),
    (SQUARE.replace("TYPE : TSP", "TYPE : CVRP"), None, "routes of several vehicles are not solved"),
    (SQUARE.replace("TYPE : TSP", "TYPE : SOP"), 2, "is a sequential ordering problem (TYPE SOP), which is not read"),
    (SQUARE.replace("TYPE : TSP", "TYPE : TOUR"), 2, "in Python read_tour reads it"),
    (SQUARE.replace("EOF", "FIXED_EDGES_SECTION\n1 7\n-1\nEOF"), 12, "fixed edges are pairs of cities 1 to 4"),
    (SQUARE.replace("EOF", "FIXED_EDGES_SECTION\n1 2\n1 3\n1 4\n-1\nEOF"), 11, "more than two fixed edges"),
    (SQUARE.replace("EOF", "FIXED_EDGES_SECTION\n1 2\n2 3\n3 1\n-1\nEOF"), 11, "close a cycle"),
    (SQUARE.replace("NODE_COORD_SECTION", "NODE_CORD_SECTION"), 6, "is not a keyword"),
    (SQUARE.replace("NODE_COORD_SECTION\n", ""), 6, "'1 0 0' is in no section"),
    ("17\n" + SQUARE, 1, "'17' is in no section"),
    (SQUARE.replace("EOF", "NODE_COORD_SECTION\n1 0 0"), 11, "a second time"),
    (SQUARE[: SQUARE.index("NODE")], None, "NODE_COORD_SECTION is missing"),
    (SQUARE.replace("EDGE_WEIGHT_TYPE : EUC_2D\n", ""), None, "EDGE_WEIGHT_TYPE is missing"),
    (SQUARE.replace("four", "fo\0ur"), 3, "zero byte"),
    (LOWER.replace("EDGE_WEIGHT_FORMAT: LOWER_DIAG_ROW\n", ""), None, "EDGE_WEIGHT_FORMAT is missing"),
    (LOWER.replace("LOWER_DIAG_ROW", "FUNCTION"), 4, "EDGE_WEIGHT_FORMAT is 'FUNCTION'"),
    (LOWER.replace("LOWER_DIAG_ROW", "UPPER_ROW"), 5, "has 10 numbers but UPPER_ROW of 4 cities needs 6"),
    (LOWER.replace("DIMENSION: 4\n", ""), None, "DIMENSION is missing"),
    (LOWER.replace("DIMENSION: 4", "DIMENSION: 1000000"), 2, "EXPLICIT distances of 1000000 cities"),
    (LOWER[: LOWER.index("EDGE_WEIGHT_SECTION")], None, "EDGE_WEIGHT_SECTION is missing"),
    (LOWER.replace("1 1 1 1\n1 1 1 1", "1 1 1 1\n-1 1 1 1"), 7, "reads as 'no road'; tours go by every road"),
    (explicit("FULL_MATRIX", np.arange(9).reshape(3, 3), 3), 6, "not symmetric"),
]


@pytest.mark.parametrize(("text", "line", "rule"), BAD_TSP, ids=[rule for _, _, rule in BAD_TSP])
def test_bad_tsplib_files_name_the_line_and_the_rule(tmp_path, text, line, rule):
    written(tmp_path, text, "bad.tsp")
    tracemalloc.start()
    try:
        with pytest.raises(ProblemFileError) as caught:
            load(tmp_path / "bad.tsp")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000  # a claim is not an allocation
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.startswith("bad.tsp: " if line is None else f"bad.tsp, line {line}: ")
    assert rule in message
    assert "; " in message
    assert len(message) < 300
    assert message.isprintable()


def test_files_that_cannot_be_read_are_refused(tmp_path):
    for name, content, rule in [
        ("missing.tsp", None, "no such file"),
        (os.devnull, None, "not a regular file"),
        ("", None, "is a folder without pictures"),
        ("empty.tsp", "", "is empty"),
        ("blank.tsp", " \n\n", "is empty"),
        ("words.txt", "once upon a time", "line 1: is neither"),
        ("zero.txt", b"1 2\n\0", "line 2: has a zero byte"),
        ("long.txt", b"#.\n" + b"\n" * 3_000_000, "has 3000001 lines; text is read up to 3000000"),
    ]:
        if content is not None:
            written(tmp_path, content, name)
        with pytest.raises(ProblemFileError, match=rule):
            load(tmp_path / name)


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    with (tmp_path / "sparse.tsp").open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(ProblemFileError, match="larger than 256 MB"):
        load(tmp_path / "sparse.tsp")


def test_the_kind_comes_from_the_content_and_a_flag_overrides(tmp_path):
    assert isinstance(load(written(tmp_path, SQUARE, "a.txt")), Tsp)
    assert isinstance(load(written(tmp_path, "2 1\n1 2 1\n", "b.tsp")), MaxCut)
    assert isinstance(load(written(tmp_path, "10\n01\n", "c.tsp")), Recall)
    with pytest.raises(ProblemFileError, match=r"looks like a TSPLIB file; that is no maxcut"):
        load(tmp_path / "a.txt", kind="maxcut")
    with pytest.raises(ProblemFileError, match=r"looks like a rudy graph; that is no tsp"):
        load(tmp_path / "b.tsp", kind="tsp")
    with pytest.raises(ValueError, match=r"kind is 'sat'; did you mean max-sat\? it must be one of tsp, maxcut"):
        load(tmp_path / "a.txt", kind="sat")
    assert {"tsp", "maxcut", "recall", "ising", "qubo"} <= set(PROBLEM_KINDS)


# Tours.


@given(seed=st.integers(0, 10**6), n=st.integers(3, 200))
def test_tours_survive_their_file(tmp_path_factory, seed, n):
    tour = np.random.default_rng(seed).permutation(n)
    path = tmp_path_factory.getbasetemp() / "round.tour"
    assert write_tour(path, tour, name="two\nlines") == path
    assert path.read_text().startswith(f"NAME: two lines\nTYPE: TOUR\nDIMENSION: {n}\nTOUR_SECTION\n{tour[0] + 1}\n")
    assert path.read_text().endswith(f"\n{tour[-1] + 1}\n-1\nEOF\n")
    back = read_tour(path)
    assert back.dtype == np.int64
    np.testing.assert_array_equal(back, tour)


@pytest.mark.parametrize(
    "text",
    [
        "TYPE : TOUR\nDIMENSION : 4\nTOUR_SECTION\n3\n1\n4\n2\n-1\nEOF\n",
        "TOUR_SECTION\n3 1\r\n4 2",
        "tour_section\n 3 1 4\n2 -1\n-1\n",
    ],
)
def test_tours_are_read_as_they_are_found(tmp_path, text):
    assert read_tour(written(tmp_path, text)).tolist() == [2, 0, 3, 1]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("TOUR_SECTION\n1\n2\n2\n-1\n", "line 4: city 2 comes a second time"),
        ("TOUR_SECTION\n1\n2\n4\n-1\n", "line 4: city is 4"),
        ("TOUR_SECTION\n1 0 3\n", "line 2: city is 0"),
        ("TOUR_SECTION\n1 2 3 -1\n1 3 2 -1\n", "line 3: has cities after the -1"),
        ("DIMENSION: 4\nTOUR_SECTION\n1 2 3 -1\n", "line 2: the tour has 3 cities but DIMENSION says 4"),
        ("TOUR_SECTION\n-1\n", "the tour is empty"),
        (SQUARE, "TOUR_SECTION is missing"),
        ("1 2 3", "is in no section"),
    ],
)
def test_bad_tours_name_the_line_and_the_rule(tmp_path, text, rule):
    with pytest.raises(ProblemFileError, match=rule):
        read_tour(written(tmp_path, text))


def test_a_bad_tour_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="visits city"):
        write_tour(tmp_path / "t.tour", [0, 0, 1])
    assert not list(tmp_path.iterdir())


# Best known values.


def test_best_known_values_come_from_argument_file_beside_or_table(tmp_path):
    path = written(tmp_path, (EXAMPLES / "burma14.tsp").read_text(), "burma14.tsp")
    assert load(path).best_known == 3323  # the table
    write_tour(tmp_path / "burma14.opt.tour", np.arange(14))
    assert load(path).best_known == 4562  # beats the table, as the user put it there
    written(tmp_path, "3400\n", "burma14.best")
    assert load(path).best_known == 3400
    assert load(path, best_known=3500).best_known == 3500
    written(tmp_path, "2 1\n1 2 3\n", "g.txt")
    assert load(tmp_path / "g.txt").best_known is None
    written(tmp_path, "3e0", "g.best")
    assert load(tmp_path / "g.txt").best_known == 3
    assert load(EXAMPLES / "cross.txt").best_known == 1


def test_a_namesake_is_not_given_the_wrong_value(tmp_path):
    """Another size, and the same size with one city moved: two different G23 circulate, too."""
    text = (EXAMPLES / "burma14.tsp").read_text()
    assert load(written(tmp_path, text, "other.tsp")).best_known == 3323  # by NAME
    assert load(written(tmp_path, text.replace("burma14", "other"), "burma14.tsp")).best_known == 3323  # by file name
    assert load(written(tmp_path, text.replace("96.10", "99.10"), "burma14.tsp")).best_known is None
    assert load(written(tmp_path, SQUARE.replace("square", "burma14"), "burma14.tsp")).best_known is None


@pytest.mark.parametrize("text", ["", "abc", "1 2", "nan", "inf"])
def test_a_bad_value_beside_the_file_is_an_error_of_that_file(tmp_path, text):
    written(tmp_path, SQUARE, "s.tsp")
    written(tmp_path, text, "s.best")
    with pytest.raises(ProblemFileError, match=r"^s\.best, line 1: holds .*; write one number"):
        load(tmp_path / "s.tsp")


def test_a_tour_beside_the_file_must_fit(tmp_path):
    written(tmp_path, SQUARE, "s.tsp")
    write_tour(tmp_path / "s.opt.tour", [0, 1, 2])
    with pytest.raises(ProblemFileError, match=r"^s\.opt\.tour: has 3 cities but s\.tsp has 4; "):
        load(tmp_path / "s.tsp")
    with pytest.raises(ValueError, match="best_known is inf"):
        load(tmp_path / "s.tsp", best_known=float("inf"))


def test_the_table_cites_its_sources():
    counts = {kind: len(group["instances"]) for kind, group in best_known.table().items()}
    assert counts == {"tsp": 125, "maxcut": 248, "qubo": 165, "qap": 126, "coloring": 73, "independent-set": 180}
    for group in best_known.table().values():
        assert len(group["source"]) > 40
        assert group["note"]
        for entry in group["instances"].values():
            assert {"size", "best"} <= set(entry) <= {"size", "trivial", "best", "edges", "proven"}


def test_values_of_every_kind_are_found(shared_data):
    """Values that their own sources list: G63 of arXiv 2510.21105, QAPLIB's tai12a, Biq Mac's gka1a."""
    table = best_known.table()
    assert table["maxcut"]["instances"]["G63"]["best"] == 27047
    assert table["qubo"]["instances"]["gka1a"]["best"] == -3414
    assert table["tsp"]["instances"]["dsj1000"]["best"] == 18660188
    assert table["qap"]["instances"]["tai12a"]["best"] == 224416
    if shared_data is None:
        return
    paths = sorted((shared_data / "qaplib").glob("*.dat"))
    assert len(paths) >= 11
    for path in paths:
        p = load(path)
        words = path.with_suffix(".sln").read_text().replace(",", " ").split()
        assert p.best_known == float(words[1]), path
        order = np.array(words[2 : 2 + p.size], dtype=int) - 1
        assert float(words[1]) in {p.score(order), p.score(np.argsort(order))}
    for path in sorted((shared_data / "coloring").glob("*.col")):
        name, _, colors = path.name.partition("_ans_")
        p = load(path, kind="coloring")
        assert p.kind == "coloring"
        graph_name = name.lower()
        assert table["coloring"]["instances"][graph_name]["best"] == int(colors.split("_")[0])


# Published instances, where they are found.


def test_every_published_instance_loads_with_its_optimum(shared_data):
    if shared_data is None:
        return
    optima = json.loads((shared_data / "tsplib_optima.json").read_text())
    paths = sorted((shared_data / "tsplib").glob("*.tsp"))
    assert len(paths) >= 26
    for path in paths:
        p = load(path)
        assert isinstance(p, Tsp)
        assert p.name == path.stem
        assert p.best_known == optima[p.name]
        assert p.length(np.arange(p.size)) >= p.best_known


def test_every_optimal_tour_has_the_published_length(shared_data):
    """Distance rules and formats on real data: one misread number changes a length."""
    if shared_data is None:
        return
    optima = json.loads((shared_data / "tsplib_optima.json").read_text())
    tours = sorted((shared_data / "tsplib_opttours").glob("*.opt.tour"))
    assert len(tours) >= 16
    for path in tours:
        name = path.name.removesuffix(".opt.tour")
        assert load(shared_data / "tsplib" / f"{name}.tsp").length(read_tour(path)) == optima[name]


def test_a_large_instance_needs_no_matrix(tmp_path):
    """86,000 cities: load and length stay within 100 MB, where a matrix would take 59 GB."""
    n = 86_000
    xy = np.random.default_rng(0).integers(0, 10**6, (n, 2))
    lines = "\n".join(f"{k} {x} {y}" for k, (x, y) in enumerate(xy.tolist(), 1))
    path = written(tmp_path, f"DIMENSION: {n}\nEDGE_WEIGHT_TYPE: CEIL_2D\nNODE_COORD_SECTION\n{lines}\nEOF\n")
    tracemalloc.start()
    try:
        p = load(path)
        length = p.length(np.arange(n))
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert length == np.ceil(np.hypot(*(xy - np.roll(xy, -1, axis=0)).T)).sum()


# Ten thousand damaged files.


def packed(save, **arrays) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def whole_files() -> dict[str, bytes]:
    rng = np.random.default_rng(11)
    d = np.triu(rng.integers(1, 99, (6, 6)), 1)
    x = rng.choice([-1, 1], (3, 12)).astype(np.int8)
    geo = "\n".join(f" {k} {a:.2f} {b:.2f}" for k, (a, b) in enumerate(rng.uniform(-80, 80, (7, 2)), 1))
    graph = "\n".join(f"{i} {j} {rng.integers(-1, 2)}" for i in range(1, 9) for j in range(i + 1, 10, 3))
    drawn = "NODE_COORD_TYPE: THREED_COORDS\nNODE_COORD_SECTION\n" + "\n".join(f"{k} {k}.5 2 {-k}" for k in range(1, 7))
    picture = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (9, 11, 3), dtype=np.uint8)).quantize(16).save(picture, "PNG")
    files = {
        "euc.tsp": SQUARE,
        "geo.tsp": f"NAME: g\nTYPE: TSP\nDIMENSION: 7\nEDGE_WEIGHT_TYPE: GEO\nNODE_COORD_SECTION\n{geo}\nEOF\n",
        "xray.tsp": f"DIMENSION: 6\nEDGE_WEIGHT_TYPE: XRAY2\n{drawn}\n",
        "full.tsp": explicit("FULL_MATRIX", d + d.T, 6).replace("EOF", drawn + "\nEOF"),
        "lower.tsp": explicit("LOWER_DIAG_ROW", d + d.T, 4),
        "a.tour": "NAME : t\nTYPE : TOUR\nDIMENSION : 9\nTOUR_SECTION\n1 5 3 2\n9 8 7\n6\n4\n-1\nEOF\n",
        "graph.txt": f"9 {len(graph.splitlines())} J\n{graph}\n",
        "cross.txt": (EXAMPLES / "cross.txt").read_bytes(),
        "two.txt": "X X\nXXX\n\n X \nX  \n",
        "stored.npz": packed(np.savez, patterns=x.astype(float), cue=x[0], shape=np.array([3, 4])),
        "packed.npz": packed(np.savez_compressed, patterns=x > 0, cue=x[0] > 0, shape=np.array([3, 4])),
        "picture.png": picture.getvalue(),
    }
    return {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}


def resealed(name: str, data: bytes, rng: np.random.Generator) -> bytes:
    """Damage inside the packing, with right checksums, so that it reaches the reader behind them."""
    if name.endswith(".npz"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
            for info in old.infolist():
                new.writestr(info.filename, damaged(old.read(info), rng) if rng.random() < 0.5 else old.read(info))
        return buffer.getvalue()
    parts, at = [data[:8]], 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size
        if rng.random() < 0.4:
            body = zlib.compress(damaged(zlib.decompress(body), rng)) if kind == b"IDAT" else damaged(body, rng)
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return b"".join(parts)


def check_one_damaged_file(path: Path, rng: np.random.Generator) -> bool:
    """True if the file still holds a problem or tour; any exception but ProblemFileError escapes."""
    try:
        if path.suffix == ".tour":
            tour = read_tour(path)
            assert np.array_equal(np.sort(tour), np.arange(len(tour)))
            return True
        kind = None if rng.random() < 0.8 else str(rng.choice(["tsp", "maxcut", "recall"]))
        p = load(path, kind=kind)
    except ProblemFileError as error:
        message = str(error)
        assert message.startswith(path.name)
        assert "; " in message
        assert len(message) < 400
        assert message.isprintable()
        return False
    assert isinstance(p, Problem)
    assert p.size >= 1
    assert np.isfinite(p.score(np.arange(p.size) if p.kind == "tsp" else np.ones(p.size)))
    if p.size <= 20:
        ising = p.ising()
        spins = rng.choice([-1, 1], (2, ising.size))
        scale = abs(ising.couplings).sum() + abs(ising.biases).sum() + 1.0
        np.testing.assert_allclose(p.energy(spins), ising.energy(spins), rtol=0, atol=1e-12 * scale)
        p.decode(spins[0])
    return True


def damage(folder: Path, count: int, seed: int) -> None:
    """``count`` damaged files, all kinds in turn; of each some must survive and some not, else little is tested."""
    rng = np.random.default_rng(seed)
    files = whole_files()
    answers: dict[str, set[bool]] = {name: set() for name in files}
    for k in range(count):
        name = list(files)[k % len(files)]
        inside = name.endswith((".npz", ".png")) and rng.random() < 0.5
        content = resealed(name, files[name], rng) if inside else damaged(files[name], rng)
        try:
            answers[name].add(check_one_damaged_file(written(folder, content, name), rng))
        except Exception as error:
            raise AssertionError(f"file {k} of seed {seed}, {name}: {content!r}") from error
    assert all(found == {True, False} for found in answers.values()), answers


def test_files_are_whole_before_they_are_damaged(tmp_path):
    for name, content in whole_files().items():
        path = written(tmp_path, content, name)
        if path.suffix == ".tour":
            assert len(read_tour(path)) == 9
        else:
            assert load(path).size >= 4


def test_ten_thousand_damaged_files_give_one_line_or_a_problem(tmp_path):
    damage(tmp_path, 10_000, seed=1)
