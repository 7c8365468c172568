"""More files as people bring them: each is read with its right value, or named with what to do."""

import io
import itertools
import json
import re
import struct
import zipfile

import networkx as nx
import numpy as np
import pytest
from PIL import Image

from neuromorph import ProblemFileError, exact, load
from neuromorph.cli import main

# E = 2 x0 - 3 x1 + x2 + 4 x0 x1 - 5 x1 x2, whose minimum is -7 at (0, 1, 1)
ENTRIES = "{0},{0},2\n{1},{1},-3\n{2},{2},1\n{0},{1},4\n{1},{2},-5\n"
LOWEST = -7.0
EDGES = [(1, 2), (2, 3), (3, 4), (1, 4), (1, 3)]  # a square and a diagonal: cut 4
SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]  # tour 40


def edges(sign, name=str):
    return "".join(f"{name(i)}{sign}{name(j)}\n" for i, j in EDGES)


def letter(k):
    return "ABCD"[k - 1]


def neighbors(each):
    rows = [[i + j - k for i, j in EDGES if k in (i, j)] for k in range(1, 5)]
    return "".join(" ".join(each.format(k) for k in row) + "\n" for row in rows)


def graph():
    found = nx.Graph()
    found.add_weighted_edges_from((f"n{i}", f"n{j}", 1.5) for i, j in EDGES)
    return found


def written(write, *arguments):
    stream = io.BytesIO()
    write(stream, *arguments)
    return stream.getvalue()


def zipped(*names, content=None):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, edges(",") if content is None else content)
    return stream.getvalue()


def cities(row, head=""):
    return head + "".join(row.format("ABCD"[k], k, x, y) + "\n" for k, (x, y) in enumerate(SQUARE))


CELLS = ["0,10,14,10", "10,0,10,14", "14,10,0,10", "10,14,10,0"]
PICTURE = np.array([[0, 255, 0], [255, 0, 255]], np.uint8)
Q = "2 4 0\n0 -3 -5\n0 0 1\n"

VALUES = {
    # name: (content, kind that is asked for, kind, value)
    "zeros uncounted.qubo": ("p qubo 0 3 1 0\n0 0 -2\n1 1 0.0\n", None, "ising", -2.0),
    "printed.txt": ("{(0, 0): 2.0, (1, 1): -3.0, (2, 2): 1.0, (0, 1): 4.0, (1, 2): -5.0}\n", "qubo", "ising", LOWEST),
    "both orders.txt": (
        "{(0, 0): 2, (1, 1): -3, (2, 2): 1, (0, 1): 1, (1, 0): 3, (2, 1): -5}",
        "qubo",
        "ising",
        LOWEST,
    ),
    "assigned.py": (
        "Q = {('a', 'a'): 2.0, ('b', 'b'): -3.0,\n     ('c', 'c'): 1.0, ('a', 'b'): 4.0, ('b', 'c'): -5.0}\n",
        "qubo",
        "ising",
        LOWEST,
    ),
    "pyqubo.txt": ("({('a', 'a'): 2.0, ('a', 'b'): -4.0}, 1.5)", "qubo", "ising", -0.5),
    "numpy 2.txt": (
        "defaultdict(<class 'float'>, {(0, 0): np.float64(-2.0), (0, 1): np.float64(1e0)})",
        "qubo",
        "ising",
        -2.0,
    ),
    "h and J.txt": ("({0: 1.0, 1: -1.0}, {(0, 1): 0.5}, 0.25)\n", None, "ising", -2.25),
    "h, J.py": ("h = {'a': 1.0, 'b': -1.0}\nJ = {('a', 'b'): 0.5}\n", None, "ising", -2.5),
    "bqm.txt": ("BinaryQuadraticModel({'a': -1.0, 'b': -1.0}, {('b', 'a'): 2.0}, 0.5, 'BINARY')", None, "ising", -0.5),
    "array.txt": (
        "array([[ 2.,  4.,  0.],\n       [ 0., -3., -5.],\n       [ 0.,  0.,  1.]])\n",
        "qubo",
        "ising",
        LOWEST,
    ),
    "matlab.m": ("Q = [2 4 0; 0 -3 -5; 0 0 1];\n", "qubo", "ising", LOWEST),
    "matlab rows.m": ("Q = [2 4 0\n     0 -3 -5\n     0 0 1];\n", "qubo", "ising", LOWEST),
    "named.csv": (",a,b,c\na,2,4,0\nb,0,-3,-5\nc,0,0,1\n", "qubo", "ising", LOWEST),
    "named entries.csv": (ENTRIES.format("x0", "x1", "x2"), "qubo", "ising", LOWEST),
    "headed entries.csv": ("row,col,Q\n" + ENTRIES.format(0, 1, 2), "qubo", "ising", LOWEST),
    "three entries.txt": ("# h and J\n0 0 1.0\n1 1 -1.0\n0 1 0.5\n", "ising", "ising", -2.5),
    "from 1.txt": (ENTRIES.format(1, 2, 3).replace(",", " "), "qubo", "ising", LOWEST),
    "ab.csv": ("a,b\n1,2\n", None, "maxcut", 1.0),
    "ab more.csv": ("a,b\n" + edges(","), None, "maxcut", 4.0),
    "both ends.txt": (edges(" ") + "".join(f"{j} {i}\n" for i, j in EDGES), None, "maxcut", 4.0),
    "weighted.csv": ("from,to,cost\n" + edges(",", letter).replace("\n", ",2\n"), "maxcut", "maxcut", 8.0),
    "tree.gr": ("c of PACE\np tw 4 5\n" + edges(" "), None, "maxcut", 4.0),
    "plain.graph": ("% of METIS\n4 5\n" + neighbors("{}"), None, "maxcut", 4.0),
    "weights.graph": ("4 5 001\n" + neighbors("{} 2"), None, "maxcut", 8.0),
    "of nodes.graph": (
        "4 5 10 1\n" + "".join(f"7 {row}\n" for row in neighbors("{}").split("\n")[:4]),
        None,
        "maxcut",
        4.0,
    ),
    "alone.graph": ("5 5\n" + neighbors("{}") + "\n", None, "maxcut", 4.0),
    "a.gexf": (written(lambda f: nx.write_gexf(graph(), f)), None, "maxcut", 6.0),
    "a.g6": (nx.to_graph6_bytes(nx.convert_node_labels_to_integers(graph())), None, "maxcut", 4.0),
    "bare.g6": (nx.to_graph6_bytes(nx.path_graph(3), header=False), None, "maxcut", 2.0),
    "a.s6": (nx.to_sparse6_bytes(nx.path_graph(70)), None, "maxcut", None),
    "bare.txt": (nx.to_sparse6_bytes(nx.cycle_graph(6), header=False), None, "maxcut", 6.0),
    "two.g6#2": (b"".join(nx.to_graph6_bytes(nx.path_graph(n), header=False) for n in (3, 4)), None, "maxcut", 3.0),
    "cytoscape.json": (json.dumps(nx.cytoscape_data(graph())), None, "maxcut", 6.0),
    "jgf.json": (
        '{"graph": {"nodes": {"a": {}, "b": {}}, "edges": [{"source": "a", "target": "b"}]}}',
        None,
        "maxcut",
        1.0,
    ),
    "records.json": (json.dumps([{"source": i, "target": j} for i, j in EDGES]), None, "maxcut", 4.0),
    "blanks.txt": ("  a b c\na 0 1 1\nb 1 0 1\nc 1 1 0\n", "maxcut", "maxcut", 2.0),
    "julia.txt": ("[0 1 1; 1 0 1; 1 1 0]\n", "maxcut", "maxcut", 2.0),
    "one.zip": (zipped("e.csv"), None, "maxcut", 4.0),
    "mac.zip": (zipped("e.csv", "__MACOSX/._e.csv"), None, "maxcut", 4.0),
    "numbers out of order.txt": (
        "".join(f"{k} {x}.5 {y}.5\n" for k, (x, y) in zip((2, 0, 3, 1), SQUARE, strict=True)),
        None,
        "tsp",
        40.0,
    ),
    "counted.dat": (
        "4\n" + "".join(f"{k} {x}.5 {y}\n" for k, (x, y) in zip((2, 1, 4, 3), SQUARE, strict=True)),
        None,
        "tsp",
        40.0,
    ),
    "header.csv": (cities("{1},{2},{3}", "CustomerId,coordX,coordY\n"), None, "tsp", 40.0),
    "units.csv": (cities("{0};{2},0;{3},0", "City;X [km];Y (km)\n"), None, "tsp", 40.0),
    "names.txt": (cities("New {0} {2} {3}"), None, "tsp", 40.0),
    "cities.json": (
        json.dumps([{"name": k, "x": x, "y": y} for k, (x, y) in zip("ABCD", SQUARE, strict=True)]),
        None,
        "tsp",
        40.0,
    ),
    "pairs.csv": ("from,to,distance\nA,B,10\nA,C,14\nA,D,10\nB,C,10\nB,D,14\nC,D,10\n", "tsp", "tsp", 40.0),
    "roads.csv": (
        ",A,B,C,D\n" + "".join(f"{k},{row}\n" for k, row in zip("ABCD", CELLS, strict=True)),
        "tsp",
        "tsp",
        40.0,
    ),
    "column.txt": ("1\n-1\n-1\n1\n\n-1\n-1\n1\n1\n", None, "recall", 2),
    "sized.dat": ("2 4 2\n\n*..*\n.**.\n\n....\n****\n", None, "recall", 2),
    "t10k-images-idx3-ubyte": (
        struct.pack(">4B3I", 0, 0, 8, 3, 2, 2, 3) + np.stack([PICTURE, 255 - PICTURE]).tobytes(),
        None,
        "recall",
        2,
    ),
    "unnamed.npz": (written(lambda f: np.savez(f, np.where(PICTURE > 0, 1, -1))), None, "recall", 2),
    "alpha.png": (
        written(lambda f: Image.fromarray(np.dstack([0 * PICTURE] * 3 + [PICTURE]), "RGBA").save(f, "PNG")),
        None,
        "recall",
        1,
    ),
    "a row.txt": ("1 0 1 1\n", None, "recall", 1),
    "grid.csv": ("4,5,6\n7,8,9\n1,2,3\n", "partition", "partition", 1.0),
}


def best(problem):
    if problem.kind == "recall":
        return len(problem.patterns)
    if problem.kind == "tsp":
        tours = ((0, *rest) for rest in itertools.permutations(range(1, problem.size)))
        return min(problem.length(np.array(tour)) for tour in tours)
    lowest = float(exact.ground_states(problem.ising())[0])
    return {"maxcut": -lowest, "partition": lowest**0.5}.get(problem.kind, lowest)


@pytest.mark.parametrize("name", VALUES)
def test_a_file_has_its_right_value(tmp_path, name):
    content, asked, kind, value = VALUES[name]
    path = tmp_path / name.partition("#")[0]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problem = load(tmp_path / name, kind=asked)
    assert problem.kind == kind
    if value is not None:
        assert best(problem) == pytest.approx(value)


MESSAGES = {
    # name: (content, kind that is asked for, what is said)
    "printed.txt": ("{(0, 0): 2.0, (0, 1): 4.0}\n", None, "a dictionary of Python, as of a QUBO; --kind qubo | ising"),
    "named.csv": (",a,b,c\na,2,4,0\nb,0,-3,-5\nc,0,0,1\n", None, "--kind tsp | .* | ising | qubo"),
    "entries.csv": (ENTRIES.format("x0", "x1", "x2"), None, "--kind qubo reads x'Qx"),
    "three.txt": ("0 0 1.0\n1 1 -1.0\n0 1 0.5\n", None, "entries 'i j value' with i = j"),
    "one way.txt": ("0 2 3\n1 0 4\n2 1 0\n", None, "a matrix that is not symmetric; tsp takes it as one way"),
    "empty.hfs": ("0 0\n", None, "0 nodes"),
    "empty.qh": ("# nothing\n0 0\n", None, "0 nodes"),
    "repeated.txt": ("1 2\n2 3\n3 4\n2 1\n", None, "pairs of numbers, which are edges or coordinates"),
    "optima.txt": ("br17 39\nft53 6905\nft70 38673\n", None, "names with a number each; for edges write"),
    "people.csv": ("city,population\nParis,2100000\nRome,2800000\n", None, "names with a number each"),
    "lfs.txt": (
        "version https://git-lfs.github.com/spec/v1\noid sha256:4c365ea7\nsize 1848\n",
        None,
        "Git LFS; `git lfs pull`",
    ),
    "pairs.csv": ("from,to,km\nA,B,10\nA,C,14\nB,C,10\n", None, "distances between names, one pair a line; --kind tsp"),
    "missing.csv": ("from,to,km\nA,B,10\nA,C,14\nB,D,2\n", "tsp", "has no distance of 'A' and 'D'"),
    "inf.txt": ("0 10 inf\n10 0 5\ninf 5 0\n", "tsp", "for 'no road' a large distance"),
    "dashes.csv": ("-,10,7\n10,-,5\n7,5,-\n", "tsp", "write 0 on the diagonal"),
    "neighbors.txt": ("0 1 2 3\n1 2\n2 3\n3\n", None, "lists of neighbors are; write one edge a line"),
    "two.g6": (b"BW\nCl\n", None, "holds 2 graphs; say which: two.g6#1 to #2"),
    "huge.s6": (b":~~?@????@\n", None, "is no graph in graph6"),
    "bool.mzn": ("% set\narray[1..2] of var 0..1: x;\nsolve minimize x[1];\n", None, "a MiniZinc model"),
    "a.lp": (
        "\\ file\nMinimize\n obj: x0 + x1\nSubject To\n c1: x0 + x1 <= 1\nEnd\n",
        None,
        "program \\(LP\\); dimod.lp.load",
    ),
    "a.mps": ("NAME test\nROWS\n N obj\nCOLUMNS\n x obj 1\nENDATA\n", None, "a linear program \\(MPS\\)"),
    "a.mat": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200), None, "scipy.io.loadmat"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), None, "Excel .* as CSV"),
    "book.xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), None, "an Excel workbook; save the sheet as CSV"),
    "two.zip": (zipped("a.csv", "b.csv"), None, "a zip archive; unpack it first: of several files"),
    "a.parquet": (b"PAR1" + bytes(60) + b"PAR1", None, "pandas.read_parquet"),
    "page.html": ("<!DOCTYPE html>\n<html><body>404</body></html>\n", None, "a web page \\(HTML\\); download the data"),
    "a.svg": ('<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>\n', None, "an SVG picture; save it as .png"),
    "scenario.xml": (
        '<?xml version="1.0"?>\n<scenario><vertex name="n"/></scenario>\n',
        None,
        "neither GraphML nor GEXF",
    ),
    "bare.tour": ("TOUR_SECTION\n1\n2\n3\n-1\n", None, "is a tour, not an instance; give the file of its cities"),
    "a.hcp": ("NAME: h\nTYPE: HCP\nDIMENSION: 4\nEDGE_DATA_FORMAT: EDGE_LIST\n", None, "a Hamiltonian cycle problem"),
    "a.sop": ("NAME: s\nTYPE: SOP\nDIMENSION: 3\n", None, "a sequential ordering problem"),
    "signs.txt": ("#.?\n.#.\n", None, "a drawing in 3 signs, '#', '.', '\\?'; draw with two"),
    "train-labels-idx1-ubyte": (struct.pack(">4BI", 0, 0, 8, 1, 2) + b"\5\0", None, "give the file of pictures"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_file_is_named_with_what_to_do(tmp_path, name):
    content, asked, said = MESSAGES[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ProblemFileError, match=said) as caught:
        load(path, kind=asked)
    assert "\n" not in str(caught.value)


def test_names_of_variables_and_cities_come_back(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("{('x', 'x'): 1.0, ('y', 'x'): -2.0}")
    assert load(path, kind="qubo").labels == ("x", "y")
    path.write_text("{(7, 7): 1.0, (3, 7): -2.0}")
    assert load(path, kind="qubo").labels == ("3", "7")
    path.write_text(ENTRIES.format(1, 2, 3).replace(",", " "))
    problem = load(path, kind="qubo")
    assert (problem.size, problem.labels) == (3, ("1", "2", "3"))
    assert any("1 of the 4 variables" in note for note in problem.notes)
    path.write_text("".join(f"{k} {x}.5 {y}.5\n" for k, (x, y) in zip((2, 0, 3, 1), SQUARE, strict=True)))
    assert load(path).labels == ("2", "0", "3", "1")


def test_columns_that_may_be_weights_are_named(tmp_path):
    path = tmp_path / "roads.csv"
    path.write_text("from,to,capacity,delay\na,b,3,1\nb,c,2,5\nc,a,4,2\n")
    several = load(path, kind="maxcut")
    assert several.notes[-1] == "2 columns of numbers, 'capacity', 'delay', and none is called weight: edges weigh 1"
    path.write_text("from,to,capacity,weight\na,b,3,1\nb,c,2,5\nc,a,4,2\n")
    assert "columns of numbers" not in " ".join(load(path, kind="maxcut").notes)


def test_points_of_geojson_are_degrees(tmp_path):
    places = {"Paris": (2.35, 48.86), "Berlin": (13.4, 52.52), "Madrid": (-3.7, 40.42)}
    features = [
        {"type": "Feature", "properties": {"Name": name}, "geometry": {"type": "Point", "coordinates": place}}
        for name, place in places.items()
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    problem = load(path)
    assert problem.labels == tuple(places)
    assert problem.distance(0, 2) == pytest.approx(1.053e6, rel=2e-3)


def test_a_dictionary_is_data(tmp_path):
    """Matched and never evaluated, in linear time."""
    path = tmp_path / "a.txt"
    for text in ("{(0, 0): __import__('os')}", "{(0, 0): 1.0, (0, f(1)): 2}", "{('a', 0): 1e99}", "{(0, 1): 1.0}}"):
        path.write_text(text)
        with pytest.raises(ProblemFileError):
            load(path, kind="qubo")
    for text in ("{(" + "1" * 300_000, "{(0, 0" + " " * 300_000, "{('" * 100_000, "{(0, 0): 1," + "9" * 300_000):
        path.write_text(text)
        with pytest.raises(ProblemFileError):
            load(path)


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped("a.txt", content=bytes(70 << 20)))
    with pytest.raises(ProblemFileError, match="unpacks to more than"):
        load(path)


def test_negatives_and_repeated_patterns_are_said(tmp_path, capsys):
    path = tmp_path / "four.txt"
    path.write_text("1 1 -1 -1\n-1 -1 1 1\n1 -1 1 -1\n-1 1 -1 1\n")
    assert main(["solve", str(path), "--reads", "20", "--seed", "1"]) == 0
    said = capsys.readouterr().err
    assert "pattern 2 is the negative of pattern 1, and 1 more so: they are one memory" in said
    assert "2 of 4 patterns have no line: all cues are as near to an earlier one" in said
    path.write_text("1 1 -1 -1\n1 1 -1 -1\n")
    assert any("pattern 2 is pattern 1" in note for note in load(path).notes)
    path.write_text("1 1 -1 -1\n1 -1 1 -1\n")
    assert not any("one memory" in note for note in load(path).notes)


def test_objects_are_told_their_way():
    for thing in (graph(), np.eye(2), {(0, 0): -1.0}, 3):
        with pytest.raises(TypeError, match=r"give the path of a file\. .*Ising\.from_dimod"):
            load(thing)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["solve", "-"], "standard input is not read"),
        (["solv", "a.txt"], "did you mean solve\\?"),
        (["solve"], "argument is required: FILE; see"),
        (["solve", "one.csv"], "there is 1 city; a tour needs at least 3"),
        (["solve", "one.csv", "--kind", "max-cut"], "did you mean maxcut\\?"),
    ],
)
def test_slips_at_the_command_line(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.csv").write_text("x,y\n0,0\n")
    assert main(words) == 2
    assert re.search(said, capsys.readouterr().err)
