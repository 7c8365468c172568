"""Files as people bring them: each form by a small file of its own, against its value by enumeration or by hand."""

import bz2
import gzip
import io
import itertools
import json
import lzma

import dimod
import networkx as nx
import numpy as np
import pytest
from PIL import Image

from neuromorph import IsingModel, MaxCut, ProblemFileError, Recall, Tsp, exact, load, read_tour
from neuromorph.problems import read_ising
from neuromorph.problems.containers import unpack_bytes
from neuromorph.problems.forced_links import visited_cities
from neuromorph.problems.lkh_distances import LKH_RULES, lkh_matrix
from neuromorph.problems.picture_files import otsu_threshold


def put(folder, content, name="a.txt"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def minimum(problem) -> float:
    return float(exact.ground_states(problem.ising())[0])


# Q of the three variables that every QUBO file below holds: E = 2 x0 - 3 x1 + x2 + 4 x0 x1 - 5 x1 x2
LINEAR, PAIRS = (2.0, -3.0, 1.0), {(0, 1): 4.0, (1, 2): -5.0}
QUBO_MINIMUM = min(
    sum(a * b for a, b in zip(LINEAR, x, strict=True)) + sum(q * x[i] * x[j] for (i, j), q in PAIRS.items())
    for x in itertools.product((0, 1), repeat=3)
)


def bqm(vartype="BINARY"):
    names = ["a", 7, ("b", 1)]
    linear = dict(zip(names, LINEAR, strict=True))
    return dimod.BinaryQuadraticModel(linear, {(names[i], names[j]): q for (i, j), q in PAIRS.items()}, 0.5, vartype)


BQPJSON = {
    "id": 1, "version": "1.0.0", "metadata": {}, "variable_ids": [3, 5, 9], "variable_domain": "boolean", "scale": 2.0,
    "offset": 1.0, "linear_terms": [{"id": 3, "coeff": 1.0}, {"id": 5, "coeff": -1.5}, {"id": 9, "coeff": 0.5}],
    "quadratic_terms": [
        {"id_head": 3, "id_tail": 5, "coeff": 2.0}, {"id_head": 9, "id_tail": 5, "coeff": -2.5},
    ],
}  # fmt: skip
QUBOS = {
    # name: (content, kind, constant)
    "a.qubo": ("c by hand\np qubo 0 3 3 2\n0 0 2\n1 1 -3\n2 2 1\nc pairs\n0 1 4\n1 2 -5\n", None, 0.0),
    "caps.QUBO": (
        "C x\r\nP QUBO unconstrained 3 3 2\r\n0\t0 2e0\r\n1 1 -3\r\n2 2 1.0 \r\n\r\n0 1 4\r\n2 1 -5\r\n",
        None,
        0.0,
    ),
    "a.sparse": ("3 5\n1 1 2\n2 2 -3\n3 3 1\n1 2 2\n2 3 -2.5\n", None, 0.0),
    "a.bq": ("# McSparse\n3 5\n1 1 2\n2 2 -3\n3 3 1\n2 1 4\n3 2 -5\n", None, 0.0),
    "mac.txt": ("3 5\n1 1 2\n2 2 -3\n3 3 1\n1 2 2\n2 3 -2.5\n", "qubo", 0.0),
    "coo.txt": ("0 0 2\n1 1 -3\n2 2 1\n0 1 4\n1 2 -5\n", "qubo", 0.0),
    "list.csv": ("i,j,value\n0,0,2\n1,1,-3\n2,2,1\n0,1,4\n1,2,-5\n", "qubo", 0.0),
    "head.coo": ("\n#vartype: binary\n0 0 2\n1 1 -3\n2 2 1\n0 1 4\n1 2 -5\n", None, 0.0),
    "bqp.txt": ("1\n3 5\n1 1 -2\n2 2 3\n3 3 -1\n1 2 -2\n2 3 2.5\n", None, 0.0),
    "bqp2.txt#2": ("2\n1 1\n1 1 9\n3 5\n1 1 -2\n2 2 3\n3 3 -1\n1 2 -2\n2 3 2.5\n", None, 0.0),
    "q.txt": ("2 4 0\n0 -3 -5\n0 0 1\n", "qubo", 0.0),
    "q.csv": ("2,2,0\n2,-3,-2.5\n0,-2.5,1\n", "qubo", 0.0),
    "q.json": ("[[2, 4, 0], [0, -3, -5], [0, 0, 1]]", "qubo", 0.0),
    "bqp.json": (json.dumps(BQPJSON), None, 2.0),
    "dimod.json": (json.dumps(bqm().to_serializable()), None, 0.5),
    "v2.bqm": (bqm().to_file().read(), None, 0.5),
    "v1.bqm": (bqm().to_file(version=1).read(), None, 0.5),
    "float32.bqm": (dimod.BQM(bqm(), dtype=np.float32).to_file().read(), None, 0.5),
    "a.hfs": (
        "2 2\n0 0 0 0 0 0 0 0 2\n0 0 1 1 0 0 1 1 -3\n0 0 0 3 0 0 0 3 1\n0 0 0 0 0 0 1 1 4\n0 0 1 1 0 0 0 3 -5\n",
        None,
        0.0,
    ),
}


@pytest.mark.parametrize("name", QUBOS)
def test_a_qubo_has_the_minimum_of_its_field(tmp_path, name):
    content, kind, constant = QUBOS[name]
    put(tmp_path, content, name.partition("#")[0])
    problem = load(tmp_path / name, kind=kind)
    assert isinstance(problem, IsingModel)
    assert (problem.size, problem.domain) == (3, "binary")
    assert problem.best_known == pytest.approx(QUBO_MINIMUM + constant)
    best = problem.decode(exact.ground_states(problem.ising())[1][0])
    assert set(best.value.tolist()) <= {0, 1}
    assert problem.score(best) == pytest.approx(problem.best_known)
    assert problem.meaning


def test_labels_of_variables_are_kept(tmp_path):
    assert load(put(tmp_path, bqm().to_file().read(), "a.bqm")).labels == ("a", "7", "('b', 1)")
    assert load(put(tmp_path, json.dumps(bqm("SPIN").to_serializable()), "a.json")).labels == ("a", "7", "('b', 1)")
    assert load(put(tmp_path, json.dumps(BQPJSON), "b.json")).labels == ("3", "5", "9")
    assert load(put(tmp_path, QUBOS["a.hfs"][0], "a.hfs")).labels == ("0 0 0 0", "0 0 0 3", "0 0 1 1")
    plain = dimod.BQM([1.0, 2.0], {(0, 1): 1.0}, "SPIN")
    assert load(put(tmp_path, plain.to_file().read(), "p.bqm")).labels == ()


def test_spin_models(tmp_path):
    text = "7 4\n2 2 1.3\n6 6 -0.7\n2 4 -0.2\n2 6 1.5\n"
    for name, kind in (("spin.qh", None), ("spin.txt", "ising")):
        p = load(put(tmp_path, text, name), kind=kind)
        assert (p.size, p.labels, p.domain) == (3, ("2", "4", "6"), "spin")
        assert p.best_known == pytest.approx(-3.7)
    p = load(put(tmp_path, "0 0 -1.0\n0 1 -1.0\n1 1 0.5\n1 2 2.0\n", "plain.coo"), kind="ising")
    assert p.best_known == -3.5
    j = load(put(tmp_path, "0 1 -2\n1 0 3\n-2 3 0\n"), kind="ising")
    assert j.best_known == minimum(j) == -4.0  # -1/2 s'Js: one of the three pairs is against its coupling


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.qubo", "p qubo 0 3 3 2\n0 0 2\n1 1 -3\n0 1 4\n1 2 -5\n", "has 2 diagonals and 2 couplers"),
        ("a.qubo", "p qubo 0 2 1 1\n0 0 2\n0 3 4\n", "variable is 3; number them from 0 to 1"),
        ("a.qubo", "p qubo 0 2\n0 0 2\n", "is no header"),
        ("a.qubo", "p qubo 0 2 0 2\n0 1 2\n1 0 2\n", "the pair 0 1 comes a second time"),
        ("a.sparse", "3 3\n1 1 -5\n2 2 3\n", "has 2 entries, its header says 3|has 2 edges but its header says 3"),
        ("bqp.txt#3", "2\n1 1\n1 1 9\n1 1\n1 1 3\n", "holds 2 QUBOs"),
        ("bqp.txt", "2\n1 1\n1 1 9\n1 2\n1 1 3\n", "copy it again"),
        ("a.json", json.dumps({**BQPJSON, "variable_ids": [3, 5]}), "names variable '9', which is not in variable_ids"),
        ("a.json", json.dumps({**BQPJSON, "scale": 0}), "scale is 0; it must be positive"),
        ("a.bqm", bqm().to_file().read()[:-70], "save it again"),
        ("a.bqm", b"DIMODBQM\2\0" + bytes(90), "save it again"),
        ("a.hfs", "2 2\n0 0 0 4 0 0 1 1 2\n", "a vertex is not within 2 x 2 x 2 x 4"),
    ],
)
def test_a_damaged_qubo_is_one_line(tmp_path, name, content, rule):
    put(tmp_path, content, name.partition("#")[0])
    with pytest.raises(ProblemFileError, match=rule):
        load(tmp_path / name)


def test_a_bqm_with_a_wrong_index_is_refused_where_dimod_would_crash(tmp_path):
    whole = bytearray(dimod.BQM([1.0, 2.0, 3.0], {(0, 1): 1.0, (1, 2): 1.0}, "SPIN").to_file().read())
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        data[int(rng.integers(90, len(data)))] ^= 1 << int(rng.integers(8))
        try:
            load(put(tmp_path, bytes(data), "a.bqm"))
        except ProblemFileError:
            refused += 1
    assert refused > 20


# A square with one diagonal: 5 edges, of which 4 can be cut; node names where the form has some.


def square():
    graph = nx.Graph([("n", "e"), ("e", "s"), ("s", "w"), ("w", "n"), ("n", "s")])
    nx.set_edge_attributes(graph, 1.0, "weight")
    return graph


def text_of(write, graph, **options):
    return "\n".join(write(graph, **options))


GRAPHS = {
    "rudy.txt": "4 5\n1 2 1\n2 3 1\n3 4 1\n1 4 1\n1 3 1\n",
    "a.mc": "// by rudy\n4 5\n1 2\n2 3\n3 4\n\n1 4\n1 3\n",
    "e0.txt": "0 1\n1 2\n2 3\n0 3\n0 2\n",
    "e1.txt": "1\t2\n2\t3\n3\t4\n1\t4\n1\t3\n",
    "w.txt": "# list\n1 2 1\n1 3 1\n1 4 1\n2 3 1\n3 4 1e0\n",
    "w.csv": "source;target;weight\n0;1;1,0\n1;2;1,0\n2;3;1,0\n0;3;1,0\n0;2;1,0\n",
    "plain.csv": "0,1\n1,2\n2,3\n0,3\n0,2\n",
    "bare.csv": "0, 1, 1\n0, 2, 1\n1, 2, 1\n2, 3, 1\n0, 3, 1\n",
    "names.txt": "n e\ne s\ns w\nw n\nn s\n",
    "names.csv": "from,to\nn,e\ne,s\ns,w\nw,n\nn,s\n",
    "weights.csv": 'source,target,weight\n"n","e",1\n"e","s",1\n"s","w",1\n"w","n",1\n"n","s",1\n',
    "a.col": "c a square\np edge 4 5\ne 1 2\ne 2 3\ne 3 4\ne 1 4\ne 1 3\n",
    "both.col": "p col 4 5\n" + "".join(f"e {i} {j}\ne {j} {i}\n" for i, j in ((1, 2), (2, 3), (3, 4), (1, 4), (1, 3))),
    "a.sp": "c x\np sp 4 5\na 1 2 1\na 2 3 1\na 3 4 1\na 1 4 1\na 1 3 1\n",
    "sym.mtx": "%%MatrixMarket matrix coordinate real symmetric\n% x\n4 4 5\n2 1 1.0\n3 2 1\n4 3 1\n4 1 1\n3 1 1\n",
    "pattern.mtx": "%%matrixmarket  MATRIX coordinate pattern symmetric\n4 4 5\n2 1\n3 2\n4 3\n4 1\n3 1\n",
    "general.mtx": "%%MatrixMarket matrix coordinate integer general\n4 4 5\n1 2 1\n2 3 1\n3 4 1\n1 4 1\n1 3 1\n",
    "a.gml": text_of(nx.generate_gml, square()),
    "a.graphml": text_of(nx.generate_graphml, square()),
    "a.net": text_of(nx.generate_pajek, square()),
    "nx.edgelist": text_of(nx.generate_edgelist, square()),
    "links.json": json.dumps(nx.node_link_data(square(), edges="links")),
    "edges.json": json.dumps(nx.node_link_data(square(), edges="edges"), indent=1),
    "adjacency.json": json.dumps(nx.adjacency_data(square())),
    "d3.json": json.dumps({"nodes": [{"name": "n"}, {"name": "e"}, {"name": "s"}, {"name": "w"}], "links": [
        {"source": i, "target": j, "value": 1} for i, j in ((0, 1), (1, 2), (2, 3), (3, 0), (0, 2))]}),
    "metis.graph": "4 5\n2 3 4\n1 3\n1 2 4\n1 3\n",
}  # fmt: skip
MATRICES = {
    "ids.txt": "1001 1002\n1002 1777\n1777 2000\n1001 2000\n1001 1777\n",
    "matrix.txt": "0 1 1 1\n1 0 1 0\n1 1 0 1\n1 0 1 0\n",
    "matrix.csv": "0,1,1,1\n1,0,1,0\n1,1,0,1\n1,0,1,0\n",
    "triangle.txt": "0 1 1 1\n0 0 1 0\n0 0 0 1\n0 0 0 0\n",
    "list.txt": "[[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0]]",
    "numpy.txt": "[[0. 1. 1. 1.]\n [1. 0. 1. 0.]\n [1. 1. 0. 1.]\n [1. 0. 1. 0.]]\n",
    "sized.txt": "4\n0 1 1 1\n1 0 1 0\n1 1 0 1\n1 0 1 0\n",
    "named.csv": ",n,e,s,w\nn,0,1,1,1\ne,1,0,1,0\ns,1,1,0,1\nw,1,0,1,0\n",
}


@pytest.mark.parametrize("name", [*GRAPHS, *MATRICES])
def test_a_graph_has_its_cut(tmp_path, name):
    asks = name in MATRICES
    path = put(tmp_path, (MATRICES if asks else GRAPHS)[name], name)
    if asks:
        with pytest.raises(ProblemFileError, match=r"looks like .*--kind"):
            load(path)
    p = load(path, kind="maxcut")
    assert isinstance(p, MaxCut)
    assert (p.size, p.weights.nnz, -minimum(p)) == (4, 10, 4)
    if not asks:
        assert load(path).weights.nnz == 10
        assert name in ("rudy.txt", "a.mc") or load(path).notes[0].startswith("read as ")
    named = name.startswith(("names", "weights", "named", "links", "edges", "adjacency", "d3")) or name in (
        "a.gml", "a.graphml", "a.net", "nx.edgelist",
    )  # fmt: skip
    assert (set(p.labels) == {"n", "e", "s", "w"}) == named


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.col", "p edge 4 3\ne 1 2\n", "has 1 edges but its header says 3"),
        ("a.col", "p edge 2 1\ne 1 3\n", "node is 3"),
        ("a.col", "p edge x 1\ne 1 2\n", "is no header"),
        ("a.mtx", "%%MatrixMarket matrix coordinate real symmetric\n4 3 1\n2 1 1\n", "give a square matrix"),
        ("a.mtx", "%%MatrixMarket matrix coordinate complex general\n2 2 1\n2 1 1 0\n", "is 'complex' and 'general'"),
        ("a.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 2\n2 1 1\n1 2 3\n", "with two weights"),
        ("a.mtx", "%%MatrixMarket matrix coordinate real general\n999999999 999999999 1\n2 1 1\n", "give a square"),
        ("a.mtx", "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 1 3\n2 1 1\n", "from nodes to themselves"),
        ("a.graphml", '<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "b">]><graphml>&a;</graphml>', "document type"),
        ("a.graphml", "<graphml><graph></graphml>", "is damaged or not usable"),
        ("a.gml", "graph [ node [ id 0 ] edge [ source 0 target 5 ] ]", "is damaged or not usable"),
        ("a.json", '{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}', "which are no nodes"),
        (
            "a.json",
            '{"nodes": [{"id": 1}, {"id": 2}], "links": [{"source": 1, "target": 2, "weight": "x"}]}',
            "write a num",
        ),
        ("a.txt", "a b 1\nb c x\nc a 2\n", "is neither|the weight of an edge"),
    ],
)
def test_a_damaged_graph_is_one_line(tmp_path, name, content, rule):
    with pytest.raises(ProblemFileError, match=rule):
        load(put(tmp_path, content, name))


# Cities.

HEAD = "NAME: k\nTYPE: TSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: {}\nNODE_COORD_SECTION\n"
DIAMOND = {
    "points.txt": "0 0\n3 4\n6 0\n3 -4\n",
    "points.csv": "0,0\n3,4\n6,0\n3,-4\n",
    "half.csv": "0;0\n3;4\n6;0\n3;-4,0\n",
    "header.csv": "city,x,y\n1,0,0\n2,3,4\n3,6,0\n4,3,-4\n",
    "names.csv": 'Name,X,Y\n"New York",0,0\nparis,3,4\nrome,6,0\noslo,3,-4\n',
    "swapped.csv": "y,x,city\n0,0,a\n4,3,b\n0,6,c\n-4,3,d\n",
    "names.txt": "a 0 0\nb 3 4\nc 6 0\nd 3 -4\n",
    "ids.txt": "1 0.0 0.0\n2 3.0 4.0\n3 6.0 0.0\n4 3.0 -4.0\n",
    "below.txt": "4\n0 0\n3 4\n6 0\n3 -4\n",
    "list.txt": "[(0, 0), (3, 4), (6, 0), (3, -4)]",
    "zero.tsp": HEAD.format("EXACT_2D") + "0 0 0\n1 3 4\n2 6 0\n3 3 -4\nEOF\n",
    "named.tsp": HEAD.format("EUC_2D") + "a 0 0\nb 3 4\nc 6 0\nd 3 -4\nEOF\n",
}


@pytest.mark.parametrize("name", DIAMOND)
def test_cities_are_read_as_people_write_them(tmp_path, name):
    path = put(tmp_path, DIAMOND[name], name)
    p = load(path)
    assert isinstance(p, Tsp)
    assert (p.size, p.length([0, 1, 2, 3])) == (4, 20.0)
    if name.startswith(("names", "named", "swapped")):
        assert p.labels[1] in ("paris", "b")
    if name == "zero.tsp":
        assert p.labels == ("0", "1", "2", "3")


def test_degrees_are_meters(tmp_path):
    """Paris to Madrid is 1053 km on GEO's sphere, and so in meters by a header that names degrees."""
    p = load(put(tmp_path, "city,lat,lon\nparis,48.85,2.35\nberlin,52.52,13.40\nmadrid,40.42,-3.70\n"))
    assert p.labels == ("paris", "berlin", "madrid")
    assert p.distance(0, 2) == pytest.approx(1053e3, rel=1e-3)
    swapped = load(put(tmp_path, "longitude,latitude\n2.35,48.85\n13.40,52.52\n-3.70,40.42\n"))
    assert swapped.distance(0, 2) == p.distance(0, 2)
    with pytest.raises(ProblemFileError, match="latitude beyond 90"):
        load(put(tmp_path, "lat,lon\n148.85,2.35\n52.52,13.40\n40.42,-3.70\n"))


def test_distances_of_lkh(tmp_path):
    """Each by its definition, for two points; Andoyer's against a degree of the meridian at 45 degrees."""
    a, b = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 5.0], [1.0, 3.0, 1.0]]), np.sqrt
    for kind, wanted in (("FLOOR_2D", 2), ("FLOOR_3D", 5), ("CEIL_3D", 6)):
        d = lkh_matrix(kind, a[:, : LKH_RULES[kind][0]])
        assert d[0, 1] == wanted
    assert lkh_matrix("TOR_2D", np.array([[0.0, 0.0], [9.0, 8.0]]), 10.0)[0, 1] == round(b(1 + 4))
    assert lkh_matrix("TOR_3D", np.array([[0.0, 0.0, 5.0], [9.0, 8.0, 5.0]]), 10.0)[0, 1] == 2
    degree = np.array([[44.5, 7.0], [45.5, 7.0], [44.5, 7.0]])
    assert lkh_matrix("GEOM", degree)[0, 1] == np.floor(6378388 * np.pi / 180 + 1)
    assert lkh_matrix("GEOM_MEEUS", degree)[0, 1] == pytest.approx(111_132, abs=2)
    assert lkh_matrix("GEO_MEEUS", np.array([[44.3, 7.0], [45.3, 7.0]]))[0, 1] == 111
    assert (np.diag(lkh_matrix("GEOM_MEEUS", degree)) == 0).all()
    text = HEAD.format("TOR_2D").replace("NODE", "GRID_SIZE: 10\nNODE") + "1 0 0\n2 0 9\n3 9 9\n4 9 0\n"
    assert load(put(tmp_path, text)).length([0, 1, 2, 3]) == 4
    with pytest.raises(ProblemFileError, match="do not fit on a torus of GRID_SIZE 5"):
        load(put(tmp_path, text.replace("SIZE: 10", "SIZE: 5")))


def tours(n):
    return [(0, *rest) for rest in itertools.permutations(range(1, n))]


@pytest.mark.parametrize("edges", [[(0, 2)], [(0, 2), (1, 3)], [(0, 1), (1, 2), (4, 3)]])
def test_fixed_edges_are_in_every_best_tour(tmp_path, edges):
    """Against all tours that hold them; lengths are those of the file."""
    points = [(0, 0), (10, 0), (10, 10), (0, 10), (5, 15)]
    lines = "".join(f"{k} {x} {y}\n" for k, (x, y) in enumerate(points, 1))
    section = "FIXED_EDGES_SECTION\n" + "".join(f"{i + 1} {j + 1}\n" for i, j in edges) + "-1\n"
    text = f"DIMENSION: 5\nEDGE_WEIGHT_TYPE: EUC_2D\n{section}NODE_COORD_SECTION\n{lines}EOF\n"
    p, plain = load(put(tmp_path, text)), Tsp("plain", points)
    holding = [t for t in tours(5) if all(abs(t.index(i) - t.index(j)) in (1, 4) for i, j in edges)]
    best = min(plain.length(t) for t in holding)
    assert min(p.length(t) for t in tours(5)) == pytest.approx(best)
    for tour in tours(5):
        assert p.decode(p.spins(tour)).feasible == (tour in holding)
        assert p.length(tour) == pytest.approx(plain.length(tour)) or tour not in holding
    energies = p.ising().energy(np.array([p.spins(t) for t in tours(5)]))
    np.testing.assert_allclose(energies, [p.length(t) for t in tours(5)], rtol=1e-12, atol=1e-6)


def test_a_one_way_tour_is_one_of_twice_the_cities(tmp_path):
    c = np.array([[9999, 3, 5, 48], [3, 9999, 3, 48], [5, 4, 9999, 72], [48, 48, 74, 9999]])
    rows = "\n".join(" ".join(map(str, row)) for row in c)
    head = "NAME: a4\nTYPE: ATSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\n"
    best = min(sum(c[i, j] for i, j in zip(t, (*t[1:], t[0]), strict=True)) for t in tours(4))
    for p in (
        load(put(tmp_path, f"{head}EDGE_WEIGHT_SECTION\n{rows}\nEOF\n", "a4.atsp")),
        load(put(tmp_path, rows.replace("9999", "0")), kind="tsp"),
    ):
        assert (p.size, p.one_way, p.labels[4]) == (8, True, "1'")
        every = {t: p.length(t) for t in tours(8)}
        shortest = min(every, key=every.get)
        assert every[shortest] == pytest.approx(best)
        assert p.decode(p.spins(shortest)).feasible
        order = visited_cities(p, np.array(shortest))
        assert sum(c[i, j] for i, j in zip(order, np.roll(order, -1), strict=True)) == best


def test_tables_of_distances_ask_whether_a_tour_is_meant(tmp_path):
    path = put(tmp_path, "0 2 9 10\n2 0 6 4\n9 6 0 3\n10 4 3 0\n")
    assert load(path, kind="tsp").length([0, 1, 3, 2]) == 18
    p = load(put(tmp_path, "city,a,b,c\na,0,2,9\nb,2,0,6\nc,9,6,0\n", "d.csv"), kind="tsp")
    assert (p.labels, p.length([0, 1, 2])) == (("a", "b", "c"), 17)
    with pytest.raises(ProblemFileError, match="reads as 'no road'"):
        load(put(tmp_path, "0 2 -1\n2 0 6\n-1 6 0\n"), kind="tsp")


def test_one_of_several_tours_is_named(tmp_path):
    path = put(tmp_path, "TYPE: TOUR\nTOUR_SECTION\n1 2 3 -1\n3 2 1\n-1\nEOF\n", "a.tour")
    with pytest.raises(ProblemFileError, match=r"the first of 2 tours; keep one, or read a\.tour#1"):
        read_tour(path)
    assert read_tour(f"{path}#2").tolist() == [2, 1, 0]
    with pytest.raises(ProblemFileError, match="number 3 is none of them"):
        read_tour(f"{path}#3")
    assert read_tour(put(tmp_path, "TOUR_SECTION\n2 0 1 -1\n", "z.tour")).tolist() == [2, 0, 1]


# Containers.


@pytest.mark.parametrize(
    "pack", [gzip.compress, lzma.compress, bz2.compress, lambda d: gzip.compress(d[:9]) + gzip.compress(d[9:])]
)
def test_a_packed_file_is_unpacked(tmp_path, pack):
    put(tmp_path, "3\n", "g.best")
    p = load(put(tmp_path, pack(b"3 2\n1 2 1\n2 3 2\n"), "g.txt.gz"))
    assert (p.name, p.size, p.best_known) == ("g", 3, 3.0)


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_text_in_other_encodings(tmp_path, code):
    assert load(put(tmp_path, "4 3\r\n1 2 1\r\n2 3 2\r\n3 4 1\r\n".encode(code))).size == 4
    assert load(put(tmp_path, "##..\n..##\n".encode(code))).size == 8


def test_a_bomb_is_not_unpacked(tmp_path):
    for bomb in (gzip.compress(bytes(300 << 20), 1), lzma.compress(bytes(70 << 20), preset=0)):
        with pytest.raises(ProblemFileError, match=r"unpacks to more than \d+ MB"):
            load(put(tmp_path, bomb[:], "a.gz"))
    for broken in (gzip.compress(b"3 2\n1 2\n")[:-9], b"\xfd7zXZ\0" + bytes(30), b"BZh9" + bytes(30), b"\x1f\x8b\x08"):
        with pytest.raises(ProblemFileError, match=r"is damaged|is cut off"):
            load(put(tmp_path, broken))
    assert unpack_bytes(b"1 2\n", 9) == b"1 2\n"


# Patterns.

PICTURE = np.array([[1, 0, 1], [0, 0, 1]], bool)


def picture(kind: str, grey=None, mode="L") -> bytes:
    stream = io.BytesIO()
    values = np.where(PICTURE, 30, 220).astype(np.uint8) if grey is None else np.asarray(grey, np.uint8)
    Image.fromarray(values).resize(values.shape[::-1]).convert(mode).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "PPM"])
def test_pictures_of_every_kind(tmp_path, kind):
    p = load(put(tmp_path, picture(kind, mode="RGB" if kind == "PPM" else "L"), "a.bin"))
    assert isinstance(p, Recall)
    assert (p.patterns[0] > 0).reshape(2, 3).tolist() == PICTURE.tolist()
    assert p.notes == ()


def test_grey_is_parted_at_otsus_threshold(tmp_path):
    blocks = np.kron(PICTURE, np.ones((8, 8)))
    grey = np.where(blocks > 0, 40, 200) + np.random.default_rng(0).integers(-20, 20, blocks.shape)
    stream = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(stream, "JPEG", quality=95)
    for data in (picture("PNG", grey), stream.getvalue()):
        p = load(put(tmp_path, data))
        assert (p.patterns[0] > 0).tolist() == (blocks.ravel() > 0).tolist()
        assert "parted at Otsu's threshold" in p.notes[0]
    np.savez(tmp_path / "a.npz", patterns=255 - grey.reshape(1, *grey.shape))
    p = load(tmp_path / "a.npz")
    assert (p.patterns[0] > 0).tolist() == (blocks.ravel() > 0).tolist()
    assert "parted at Otsu's threshold" in p.notes[0]


def test_otsu_is_the_best_of_all_thresholds():
    values = np.random.default_rng(1).integers(0, 40, 200)
    between = {}
    for t in np.unique(values)[:-1]:
        low, high = values[values <= t], values[values > t]
        between[t] = len(low) * len(high) * (low.mean() - high.mean()) ** 2
    at = otsu_threshold(values)
    assert between[values[values < at].max()] == pytest.approx(max(between.values()))


def test_arrays_of_patterns(tmp_path):
    spins = np.random.default_rng(0).choice([-1, 1], (5, 8, 8))
    for name, array, shape in (
        ("a", spins, (5, 64)),
        ("b", spins.reshape(5, 64) > 0, (5, 64)),
        ("c", spins[0, 0], (1, 8)),
    ):
        np.save(tmp_path / f"{name}.npy", array)
        p = load(tmp_path / f"{name}.npy")
        assert p.patterns.shape == shape
        assert (p.patterns.reshape(array.shape) > 0).tolist() == (array > 0).tolist()
    np.save(tmp_path / "grey.npy", (128 + 99 * spins[0]).astype(np.uint8))
    assert load(tmp_path / "grey.npy").shape == (8, 8)
    np.save(tmp_path / "nan.npy", np.array([[1.0, np.nan, 0.0, 1.0]]))
    with pytest.raises(ProblemFileError, match="NaN"):
        load(tmp_path / "nan.npy")


DRAWINGS = {
    "A": ("--#--\n-#-#-\n#####\n#---#\n", "#"),
    "letters": ("OOXXX\nOXOOX\nOXXXX\n", "X"),
    "stars": (".***.\n*...*\n*****\n", "*"),
    "blanks": (" ### \n#   #\n#####\n#   #\n", "#"),
    "no blanks at the ends": (" ###\n#   #\n#####\n#   #\n", "#"),
    "small": ("xxx..\nx....\n", "x"),
    "zeros": ("0@@0\n@00@\n", "@"),
    "blocks": ("\u2588\u2591\u2588\n\u2591\u2588\u2591\n", "\u2588"),
    "indented": ("  #--\n  -#-\n", "#"),
    "windows": ("#--\r\n-#-\r\n", "#"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_in_any_two_signs(tmp_path, name):
    text, ink = DRAWINGS[name]
    p = load(put(tmp_path, text))
    assert isinstance(p, Recall)
    rows = [row.strip() if name == "indented" else row for row in text.splitlines()]
    width = max(map(len, rows))
    signs = ["".join(row.ljust(width)) for row in rows]
    if name != "blocks":
        assert (p.patterns[0] > 0).tolist() == [sign == ink for row in signs for sign in row]
        assert f"drawn with {ink!r}, which is +1" in p.notes[0]
    assert p.shape == (len(rows), width)


@pytest.mark.parametrize(
    "text",
    ["1.0 -1.0 1.0\n-1.0 1.0 -1.0\n", "1,-1,1\n-1,1,-1\n", "[[1, -1, 1], [-1, 1, -1]]", "1 0 1\n0 1 0\n",
     "1;0;1\n0;1;0\n", "+1 -1 +1\n-1 +1 -1\n", "# two\n1 -1 1\n\n-1 1 -1\n", "[[ 1 -1  1]\n [-1  1 -1]]"],
)  # fmt: skip
def test_vectors_one_a_line(tmp_path, text):
    assert load(put(tmp_path, text)).patterns.tolist() == [[1, -1, 1], [-1, 1, -1]]


def test_a_folder_of_pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    put(folder, picture("PNG"), "p10.png")
    put(folder, picture("BMP", 250 - np.where(PICTURE, 30, 220)), "p2.bmp")
    put(folder, "#.#\n..#\n", "p1.txt")
    put(folder, "Read me.\n", "README")
    p = load(folder)
    assert (p.patterns > 0).tolist() == [
        PICTURE.ravel().tolist(),
        (~PICTURE).ravel().tolist(),
        PICTURE.ravel().tolist(),
    ]
    assert (p.name, p.shape) == ("pictures", (2, 3))
    assert p.notes[:2] == ("one memory: 3 patterns of 2 x 3 from 3 files", "1 other file is left out: README")
    assert p.notes[2].startswith("pattern 2 is the negative of pattern 1, and 1 more so")
    np.save(folder / "p3.npy", PICTURE)
    np.save(folder / "p4.npy", np.stack([PICTURE, ~PICTURE]).astype(float))
    grey = load(folder, size=(2, 3))
    assert (grey.patterns > 0).tolist()[2:5] == [each.ravel().tolist() for each in (PICTURE, PICTURE, ~PICTURE)]
    assert grey.notes[0] == "one memory: 6 patterns of 2 x 3 from 5 files"
    np.save(folder / "p5.npy", np.arange(6.0))
    with pytest.raises(ProblemFileError, match=r"p5\.npy.* has shape \(6,\); in a folder of pictures an array is"):
        load(folder)
    (folder / "p5.npy").write_bytes(b"\x93NUMPY and no more")
    with pytest.raises(ProblemFileError, match=r"p5\.npy"):
        load(folder)
    (folder / "p5.npy").unlink()
    put(folder, "##\n..\n", "p0.txt")
    with pytest.raises(ProblemFileError, match=r"p1\.txt is of 2 x 3 pixels, p0\.txt of 2 x 2; make them alike"):
        load(folder)


# What comes back.


def test_names_come_back_in_the_answers(tmp_path, capsys):
    from neuromorph.cli import main

    path = put(tmp_path, json.dumps(bqm().to_serializable()), "m.json")
    assert main(["solve", str(path), "--target", "cpu-anneal", "--reads", "5", "--seed", "1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["problem"]["labels"] == ["a", "7", "('b', 1)"]
    assert data["problem"]["energy"] == "E = sum Q x x of the file, x = (1 + s) / 2"
    assert data["answer"] == [0, 1, 1]
    assert main(["sample", str(path), "--beta", "1", "--reads", "5", "--seed", "1", "--out", str(tmp_path / "o")]) == 0
    with np.load(tmp_path / "o" / "samples.npz") as kept:
        assert kept["labels"].tolist() == ["a", "7", "('b', 1)"]
    capsys.readouterr()
    path = put(tmp_path, DIAMOND["names.csv"], "c.csv")
    assert main(["solve", str(path), "--target", "cpu-anneal", "--reads", "5", "--seed", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problem"]["labels"] == ["New York", "paris", "rome", "oslo"]


def test_a_one_way_tour_is_solved_and_written(tmp_path, capsys):
    from neuromorph.cli import main

    rows = "0 3 5 48\n3 0 3 48\n5 4 0 72\n48 48 74 0\n"
    path = put(tmp_path, rows, "a4.txt")
    words = ["solve", str(path), "--kind", "tsp", "--target", "cpu-anneal", "--reads", "20", "--seed", "1"]
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert sorted(data["answer"]) == [0, 1, 2, 3]
    assert data["best"] == 104.0
    assert main([*words, "--out", str(tmp_path / "a.tour")]) == 0
    assert sorted(read_tour(tmp_path / "a.tour")) == [0, 1, 2, 3]


def test_what_e_means_is_said(tmp_path, capsys):
    from neuromorph.cli import main

    path = put(tmp_path, "3 3\n1 2 1\n2 3 1\n1 3 1\n")
    assert main(["sample", str(path), "--beta", "1", "--reads", "5", "--seed", "1"]) == 0
    assert "E = -cut: J = -w/2" in capsys.readouterr().out
    path = put(tmp_path, QUBOS["a.qubo"][0], "a.qubo")
    assert main(["compare", str(path), "--targets", "cpu-anneal", "--reads", "2", "--seed", "1"]) == 0
    said = capsys.readouterr()
    assert "E = sum Q x x of the file" in said.out
    assert "read as a QUBO of qbsolv" in said.err
    assert read_ising(path).size == 3
