"""The same file as different programs type it: marks, line ends and blanks change nothing of what is read."""

import gzip
import re
from itertools import product

import numpy as np
import pytest
from test_file_forms import DIAMOND, GRAPHS, MATRICES, QUBOS, minimum, put

from neuromorph import MaxCut, ProblemFileError, Tsp, load

VRP = (
    "NAME : v\nTYPE : CVRP\nDIMENSION : 4\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 9\nNODE_COORD_SECTION\n1 0 0\n2 0 3\n"
    "3 4 3\n4 4 0\nDEMAND_SECTION\n1 0\n2 1\n3 1\n4 1\nDEPOT_SECTION\n1\n-1\nEOF\n"
)
DENSE = "%%MatrixMarket matrix array real general\n% by hand\n3 3\n0\n1.5\n2\n1.5\n0\n3\n2\n3\n0\n"
OTHERS = {
    "a.cnf": ("p cnf 3 2\n1 -2 0\n2 3 0\n", None),
    "new.wcnf": ("c x\nh 1 2 0\n3 -1 0\n", None),
    "a.dot": ("graph { a -- b; b -- c [weight=2]; c -- a }\n", None),
    "dense.mtx": (DENSE, "tsp"),
    "a.vrp": (VRP, "tsp"),
    "signs.txt": ("-###-\n#---#\n#####\n#---#\n", None),
    "vectors.txt": ("1 -1 1 1\n-1 1 1 -1\n", None),
    "sudoku.txt": ("1..4\n.41.\n.14.\n4..1\n", None),
    "terms.txt": ("# vartype=SPIN\n0 1 2 -1.5\n2 3 0.5\n", None),
}
FILES = {
    **{name: (text, kind) for name, (text, kind, _) in QUBOS.items() if isinstance(text, str)},
    **{name: (text, "maxcut") for name, text in {**GRAPHS, **{"m_" + k: v for k, v in MATRICES.items()}}.items()},
    **{"c_" + name: (text, None) for name, text in DIAMOND.items()},
    **OTHERS,
}


def by_line(change):
    return lambda text: "\n".join(change(line) if line.strip() else line for line in text.split("\n"))


def between(sign):
    return lambda text: re.sub(r"(?<=\S) (?=\S)", sign, text)


WAYS = {
    "mark": lambda text: "\ufeff" + text,
    "CRLF": lambda text: re.sub(r"\r?\n", "\r\n", text),
    "CR": lambda text: re.sub(r"\r?\n", "\r", text),
    "UTF-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "blanks behind": by_line(lambda line: line + "  "),
    "tab behind": by_line(lambda line: line + "\t"),
    "blanks before": by_line(lambda line: "  " + line),
    "lines behind": lambda text: text + "\n\n\n",
    "lines before": lambda text: "\n\n" + text,
    "no line end": lambda text: text.rstrip("\n"),
    "Ctrl-Z": lambda text: text + "\x1a",
    "tabs": between("\t"),
    "wide": between("   "),
    "no-break": between("\u00a0"),
    "remark": lambda text: "# a remark\n" + text,
}
# A remark is none in JSON, XML and Pajek, and no drawing of '#'; blanks within quoted names belong to them.
NONE = {
    *product(("bqp.json", "dimod.json", "links.json", "edges.json", "adjacency.json", "d3.json"), ("remark",)),
    *product(("a.graphml", "a.net", "signs.txt"), ("remark",)),
    *product(("c_names.csv",), ("tabs", "wide")),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_is_read_does_not_depend_on_the_program_that_wrote_it(tmp_path, way):
    for name, (text, kind) in FILES.items():
        if (name, way) in NONE:
            continue
        put(tmp_path, text, name.partition("#")[0])
        wanted = load(tmp_path / name, kind=kind)
        put(tmp_path, WAYS[way](text), name.partition("#")[0])
        found = load(tmp_path / name, kind=kind)
        assert (type(found), found.size) == (type(wanted), wanted.size), name
        assert getattr(found, "labels", ()) == getattr(wanted, "labels", ()), name
        assert found.best_known == wanted.best_known, name
        a, b = found.ising(), wanted.ising()
        assert (abs(a.sparse_couplings() - b.sparse_couplings()).sum(), abs(a.biases - b.biases).sum()) == (0, 0), name


def test_dense_matrices_of_matrix_market_are_asked_for(tmp_path):
    path = put(tmp_path, DENSE, "a.mtx")
    with pytest.raises(ProblemFileError, match="a dense Matrix Market file, a matrix of weights or distances; --kind"):
        load(path)
    tour = load(path, kind="tsp")
    assert isinstance(tour, Tsp)
    assert tour.distances().tolist() == [[0, 1.5, 2], [1.5, 0, 3], [2, 3, 0]]
    half = "%%MatrixMarket matrix array integer symmetric\n3 3\n-1\n2\n0\n-1\n2\n-1\n"
    with pytest.raises(ProblemFileError, match="a matrix with a diagonal, as of a QUBO"):
        load(put(tmp_path, half, "q.mtx"))
    assert load(tmp_path / "q.mtx", kind="qubo").best_known == -2.0
    one_way = "%%MatrixMarket matrix array real general\n3 3\n0\n9\n4\n1\n0\n5\n2\n6\n0\n"  # column by column
    assert load(put(tmp_path, one_way, "w.mtx"), kind="tsp").size == 6


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("array complex general\n1 1\n1 2\n", "is 'complex' and 'general'"),
        ("array real skew-symmetric\n2 2\n1\n", "skew-symmetric"),
        ("array real general\n3 3\n0\n1\n", "has 2 values, 3 x 3 are 9"),
        ("array real symmetric\n2 3\n0\n1\n1\n", "one triangle of 2 x 3 are 3"),
        ("array real general\n99999999 99999999\n0\n", "up to 10000 rows"),
        ("array real general\n2 2\n0\nx\n1\n0\n", "line 4: 'x' is not a number"),
        ("array real general\n", "banner or size is damaged"),
    ],
)
def test_damaged_dense_matrices(tmp_path, text, rule):
    with pytest.raises(ProblemFileError, match=re.escape(rule)):
        load(put(tmp_path, "%%MatrixMarket matrix " + text, "a.mtx"))


def test_sparse_matrices_of_matrix_market_are_qubos_if_asked_for(tmp_path):
    head = "%%MatrixMarket matrix coordinate real "
    entries = "1 1 -1\n2 2 -1\n3 3 -1\n2 1 {}\n3 2 {}\n"
    path = put(tmp_path, head + "symmetric\n3 3 5\n" + entries.format(1, 1), "a.mtx")
    with pytest.raises(ProblemFileError, match=r"--kind maxcut drops them, .*; --kind qubo reads x'Qx"):
        load(path)
    assert load(path, kind="qubo").best_known == -2.0  # x'Qx: 2 x0 x1 + 2 x1 x2
    both = put(tmp_path, head + "general\n3 3 6\n" + entries.format(1, 1) + "1 2 1\n", "b.mtx")
    assert load(both, kind="qubo").ising().energy([1, 1, -1]) == -2.0 + 2.0
    with pytest.raises(ProblemFileError, match="comes twice"):
        load(put(tmp_path, head + "general\n2 2 2\n1 2 1\n1 2 1\n", "c.mtx"), kind="qubo")


def test_graphs_of_graphviz(tmp_path):
    text = """// a square with a diagonal
strict graph "G" { layout=neato; node [shape=circle, color="#ff0000"]
  edge [weight=2]; "New York" -- a [weight=0.5, label="x; -- y"];  /* a -- z */
  a -- {b; c} -- d:ne [w=1e0];
  subgraph cluster_1 { label="one"; b -- c }
}
"""
    p = load(put(tmp_path, text, "g.gv"))
    assert isinstance(p, MaxCut)
    assert p.labels == ("New York", "a", "b", "c", "d")
    w = p.weights.toarray()
    assert (w[0, 1], w[1, 2], w[1, 3], w[2, 4], w[3, 4], w[2, 3]) == (0.5, 2, 2, 2, 2, 2)
    assert p.notes[0] == "read as a Graphviz graph (DOT)"
    assert -minimum(p) == 0.5 + 2 * 4  # the triangles give one edge each
    plain = load(put(tmp_path, "graph{1--2;2--3\n3--4 1--4 1--3}", "p.dot"), kind="coloring")
    assert (plain.size, plain.labels) == (4, ())
    arrows = load(put(tmp_path, "digraph D { 1 -> 2 -> 3; 2 -> 1 }", "d.dot"))
    assert (arrows.size, arrows.weights.nnz) == (3, 4)
    assert any("directions" in note for note in arrows.notes)
    html = load(put(tmp_path, 'graph { <<b>x</b>> -- "q\\"z" -- "a" + "b" }', "h.dot"))
    assert html.labels == ("<<b>x</b>>", 'q"z', "ab")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("graph { a -- b ", "ends within a graph"),
        ("graph { a -- b [weight=x] }", "the weight of an edge is 'x'"),
        ("graph { a -- b -- a }", "comes a second time"),
        ("graph {" + "{" * 500 + "a -- b" + "}" * 500 + "}", "more than 100 groups"),
        ("graph { a -- ; }", "';' stands where a name is expected"),
        ("graph { a -- b }\ngraph { c -- d }", "line 2: goes on behind"),
        ("graph { }", "has 0 nodes"),
        ("graph { a -- \x01 }", "is no part of DOT"),
        ("graph {{A} -- {A}}".replace("A", " ".join(map("a{}".format, range(3000)))), "more than 3000000 edges"),
    ],
)  # fmt: skip
def test_damaged_graphs_of_graphviz(tmp_path, text, rule):
    with pytest.raises(ProblemFileError, match=rule):
        load(put(tmp_path, text, "a.dot"))


@pytest.mark.parametrize("kind", ["CVRP", "VRPTW", "ACVRP", ""])
def test_routing_is_named_and_its_places_are_a_tour_if_asked_for(tmp_path, kind):
    text = VRP.replace("TYPE : CVRP\n", f"TYPE : {kind}\n" if kind else "")
    if kind == "ACVRP":
        rows = "EXPLICIT\nEDGE_WEIGHT_FORMAT : FULL_MATRIX\nEDGE_WEIGHT_SECTION\n0 1 9\n9 0 1\n1 9 0\n"
        text = text.partition("EUC_2D")[0].replace(": 4", ": 3") + rows + "DEMAND_SECTION\n1 0\n2 1\n3 1\nEOF\n"
    path = put(tmp_path, text, "a.vrp")
    with pytest.raises(ProblemFileError, match=r"looks like a vehicle routing problem \(CVRP\); .*--kind tsp"):
        load(path)
    tour = load(path, kind="tsp")
    assert isinstance(tour, Tsp)
    assert "demands, capacity and time windows are left out" in tour.notes[0]
    if kind != "ACVRP":
        assert tour.length([0, 1, 2, 3]) == 14.0


def test_formulas_without_a_header(tmp_path):
    new = load(put(tmp_path, "c 2022\nh 1 2 0\nh -1 -2\n 0\n3 1 0\n5 2 0\n", "a.wcnf"))
    assert (new.kind, new.size, new.hard.tolist()) == ("max-sat", 2, [True, True, False, False])
    assert new.score(np.array([0, 1])) == 3.0
    soft = load(put(tmp_path, "3 1 2 0\n5 -1 0\n", "b.wcnf"))
    assert soft.weights.tolist() == [3.0, 5.0]
    assert load(put(tmp_path, "1 -2 3 0\n-1 2 0\n", "c.cnf")).weights.tolist() == [1.0, 1.0]
    top = 2**63 - 1
    old = load(put(tmp_path, f"p wcnf 2 3 {top}\n{top} 1 2 0\n1 -1 0\n1 -2 0\n", "d.wcnf"))
    assert old.hard.tolist() == [True, False, False]
    with pytest.raises(ProblemFileError, match="'1e20' is above 1e15; write h for a hard clause"):
        load(put(tmp_path, "h 1 2 0\n1e20 1 0\n", "e.wcnf"))
