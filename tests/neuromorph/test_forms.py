"""Files of other kinds: each is named, with its remedy, and none is silently taken for what it is not."""

import gzip
import io
import itertools
import json
import pickle

import networkx as nx
import numpy as np
import pytest

from neuromorph import IsingModel, MaxCut, ProblemFileError, Recall, exact, load
from neuromorph.problems import read_ising
from neuromorph.problems.format_detection import BEGINNINGS, SIGNS

QUBO_SPARSE = "3 5\n1 1 -5\n2 2 3\n3 3 -4\n1 2 2\n2 3 -6\n"  # Biq Mac: x'Qx with Q symmetric
QUBIST = "7 4\n2 2 1.3\n6 6 -0.7\n2 4 -0.2\n2 6 1.5\n"
QBSOLV = "c a comment\np qubo 0 4 4 3\n0 0 3.4\n1 1 4.5\n2 2 2.1\n3 3 -2.4\n0 1 2.2\n0 2 -3.4\n0 3 -3.2\n"
ADJACENCY = "0 1 0 1\n1 0 1 1\n0 1 0 1\n1 1 1 0\n"
ENTRIES = "0 0 -1.000000\n0 1 -1.000000\n1 1 0.500000\n1 2 2.000000\n"
MODEL = {"couplings": [[0, 1, 0.5]], "biases": [1, 2]}


def graph() -> nx.Graph:
    found = nx.cycle_graph(5)
    nx.set_edge_attributes(found, 2, "weight")
    return found


def lines(write, *arguments, **options) -> str:
    return "\n".join(write(graph(), *arguments, **options))


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


OTHERS = {
    # name: (content, what it looks like, the remedy)
    "a.sparse": (QUBO_SPARSE, "a QUBO (Biq Mac)", "'# vartype=BINARY' for the header"),
    "a.qh": (QUBIST, "a spin model with biases (Qubist)", "'# vartype=SPIN' for the header"),
    "qh.txt": (QUBIST, "a QUBO (Biq Mac) or a spin model (Qubist)", "'# vartype=SPIN' for the header"),
    "zero.txt": ("3 2\n0 0 1\n0 1 1\n", "a spin model with biases (Qubist)", "'# vartype=SPIN'"),
    "a.qubo": (QBSOLV, "a QUBO of qbsolv", "'# vartype=BINARY' in the place of its lines c and p"),
    "bqp.txt": ("2\n3 2\n1 1 5\n1 2 -3\n2 1\n1 2 1\n", "several QUBOs", "write one of them"),
    "plain.coo": (ENTRIES, "entries 'i j value' with i = j", "'# vartype=BINARY' or '# vartype=SPIN' above"),
    "list.json": ("[[1, -1, 1], [-1, 1, -1]]", "a list in JSON or Python", "patterns=array"),
    "links.json": (json.dumps(nx.node_link_data(graph(), edges="links")), "a graph in JSON", "node_link_graph"),
    "a.col": ("c a square\np edge 4 2\ne 1 2\ne 2 3\n", "a DIMACS graph", "'nodes edges'"),
    "a.cnf": ("p cnf 2 1\n1 -2 0\n", "a DIMACS formula", "write it as a QUBO"),
    "a.mtx": (
        "%%MatrixMarket matrix coordinate real symmetric\n4 4 2\n2 1 1\n3 1 1\n",
        "a MatrixMarket matrix",
        "rudy",
    ),
    "pattern.mtx": ("%%MatrixMarket matrix coordinate pattern symmetric\n3 2\n2 1\n3 1\n", "a MatrixMarket", "graph"),
    "a.gml": (lines(nx.generate_gml), "a GML graph", "networkx.read_gml"),
    "b.gml": ('Creator "x"\nComment "y"\ngraph\n[\n  node [ id 0 name "a" ]\n]\n', "a GML graph", "read_gml"),
    "a.graphml": (lines(nx.generate_graphml), "XML, as GraphML is", "read_graphml"),
    "a.dot": ("strict graph G {\n 1 -- 2;\n}\n", "a Graphviz graph", "'nodes edges'"),
    "a.graph": ("5 5\n2 5\n1 3\n2 4\n3 5\n1 4\n", "a METIS graph", "'nodes edges'"),
    "star.graph": ("4 3\n2 3 4\n1\n1\n1\n", "a METIS graph", "'nodes edges'"),
    "nx.edgelist": (lines(nx.generate_edgelist), "an edge list of networkx", "no header"),
    "names.txt": ("alice bob\nbob carol\n", "edges between names", "nodes from 1"),
    "pairs0.txt": ("0 1\n0 2\n1 2\n2 3\n", "pairs of numbers without a header", "'4 4' (nodes, edges)"),
    "pairs1.txt": ("1 2\n2 3\n3 4\n", "pairs of numbers without a header", "'4 3' (nodes, edges)"),
    "j.txt": ("1 2 1\n1 3 1\n1 4 -1\n2 3 1\n", "rows of three numbers without a header", "'4 4' (nodes, edges)"),
    "w0.txt": ("0 1 1\n0 2 1\n1 2 1\n", "rows of three numbers without a header", "'3 3' (nodes, edges)"),
    "adjacency.txt": (ADJACENCY, "the adjacency matrix of a graph, or a picture", "--kind maxcut"),
    "signs.txt": (ADJACENCY.replace(" ", ""), "the adjacency matrix of a graph, or a picture", "--kind recall"),
    "triangle.txt": ("0 1 1\n0 0 1\n0 0 0\n", "the adjacency matrix of a graph, or a picture", "--kind maxcut"),
    "spins.txt": ("0 1 -1\n1 0 1\n-1 1 0\n", "a matrix of weights or distances", "--kind maxcut"),
    "distances.txt": ("0 2 9 10\n2 0 6 4\n9 6 0 3\n10 4 3 0\n", "a matrix of weights or distances", "TSPLIB"),
    "q.txt": ("-5 2 0\n0 3 -6\n0 0 -4\n", "a matrix with a diagonal, as of a QUBO", "couplings=J"),
    "sized.txt": ("3\n0 1 2\n1 0 4\n2 4 0\n", "a matrix below its size", "remove the size"),
    "qap.dat": ("3\n\n0 1 2\n1 0 1\n2 1 0\n\n0 5 2\n5 0 3\n2 3 0\n", "a quadratic assignment problem", "QUBO"),
    "points.txt": ("0 0\n3 4\n6 0\n3 -4\n", "plain coordinates", "NODE_COORD_SECTION"),
    "real.txt": ("0.5 0.25\n0.1 0.7\n", "plain coordinates", "NODE_COORD_SECTION"),
    "counted.txt": ("3\n0 0\n1 5\n2 2\n", "rows of numbers below their count", "TSPLIB"),
    "count.txt": ("4\n1 2 1\n2 3 1\n", "rows of numbers below their count", "'nodes edges' in its place"),
    "dict.txt": ("{(0, 0): -1, (0, 1): 2}\n", "a dictionary of Python", '{"couplings"'),
    "a.net": ('*Vertices 2\n1 "a"\n2 "b"\n*Edges\n1 2\n', "a Pajek graph", "read_pajek"),
    "a.gw": ("LEDA.GRAPH\nvoid\nvoid\n", "a LEDA graph", "'nodes edges'"),
    "both.npz": (npz(patterns=np.eye(2), couplings=np.eye(2)), "an .npz of patterns and of couplings", "--kind recall"),
    "else.npz": (npz(weights=np.eye(2)), "no array 'patterns' or 'couplings'", "numpy.savez"),
    "long.txt": ("1 1\n1 2 3 4\n", "more than", "write"),
    "points.csv": ("city,x,y\n1,0,0\n2,3,4\n", "CSV", "TSPLIB for a tour"),
    "name.csv": ("name,x,y\nparis,0,0\nrome,3,4\n", "CSV", "TSPLIB for a tour"),
    "table.txt": ("1 2 3 4\n5 6 7 8\n", "a table of numbers, 4 in a row", "1 and -1 for a picture"),
    "a.cir": ("* title\nr1 a 0 1k\n.tran 1n 1u\n.end\n", "a SPICE netlist", "simulate and certify read it"),
    "a.tsp.gz": (gzip.compress(b"NAME: x\n"), "gzip's data", "unpack it first"),
    "utf16.txt": ("\ufeff2 1\n1 2 1\n".encode("utf-16-le"), "text in UTF-16", "save it as UTF-8"),
    "a.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture", "save it as .png"),
    "a.bmp": (b"BM" + bytes(60), "a BMP picture", "save it as .png"),
    "a.nir": (b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file", "read_nir"),
    "a.bqm": (b"DIMODBQM\2\0" + bytes(20), "dimod's binary form", "to_serializable"),
    "a.pkl": (pickle.dumps({1: 2}), "a Python pickle", "it is never read"),
    "a.zip": (b"PK\3\4" + bytes(30), "damaged", "save it again"),
}


MODELS = {
    "head.coo": ("# vartype=SPIN\n" + ENTRIES, "a model in dimod's COO text"),
    "model.json": (json.dumps(MODEL), "a model in JSON"),
    "model.npz": (npz(couplings=np.zeros((2, 2))), "a model in .npz"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_a_problem_and_no_other_kind(tmp_path, name):
    content, looks = MODELS[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problem = load(path)
    assert isinstance(problem, IsingModel)
    assert problem.best_known == exact.ground_states(read_ising(path))[0]
    assert load(path, kind="ising").energy(np.ones(problem.size)) == problem.energy(np.ones(problem.size))
    for kind in ("tsp", "maxcut", "recall"):
        with pytest.raises(ProblemFileError, match=f"looks like {looks}; a model is neither .* or say ising"):
            load(path, kind=kind)


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_kind_is_named_with_its_remedy(tmp_path, name):
    content, looks, remedy = OTHERS[name]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ProblemFileError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(name)
    assert looks in message
    assert remedy in message or "MatrixMarket" in looks
    assert len(message) < 300
    assert message.isprintable()


def test_every_form_of_the_tables_is_tried():
    tried = " ".join(looks for _, looks, *_ in (*OTHERS.values(), *MODELS.values()))
    other = {"compressed data", "a GIF picture", "a WebP picture", "a TIFF picture", "a PDF document"}  # as the others
    for form in {*BEGINNINGS.values(), *SIGNS.values()}:
        assert form.name.split(" (")[0].split(",")[0] in tried or form.name in other, form
        assert form.remedy, form


@pytest.mark.parametrize("kind", ["tsp", "maxcut", "recall"])
@pytest.mark.parametrize("name", ["a.qubo", "a.col", "a.mtx", "points.csv", "a.gml", "a.tsp.gz"])
def test_asking_for_a_kind_does_not_turn_one_form_into_another(tmp_path, kind, name):
    content = OTHERS[name][0]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ProblemFileError, match="looks like"):
        load(tmp_path / name, kind=kind)


def minimum(path) -> float:
    return float(exact.ground_states(read_ising(path))[0])


def test_the_remedies_give_the_right_minimum(tmp_path):
    """Each list as its message says to write it, against the energy that its own field gives it."""
    entries = [row.split() for row in QUBO_SPARSE.splitlines()[1:]]
    text = "".join(f"{int(i) - 1} {int(j) - 1} {float(w) * (1 if i == j else 2)}\n" for i, j, w in entries)
    (tmp_path / "q.coo").write_text("# vartype=BINARY\n" + text)
    q = np.zeros((3, 3))
    for i, j, w in entries:
        q[int(i) - 1, int(j) - 1] = q[int(j) - 1, int(i) - 1] = float(w)
    assert minimum(tmp_path / "q.coo") == min(np.array(x) @ q @ x for x in itertools.product((0, 1), repeat=3))
    (tmp_path / "s.coo").write_text("# vartype=SPIN\n" + QUBIST.split("\n", 1)[1])
    assert minimum(tmp_path / "s.coo") == pytest.approx(-3.7)
    (tmp_path / "b.coo").write_text("# vartype=BINARY\n" + QBSOLV.split("\n", 2)[2])
    assert minimum(tmp_path / "b.coo") == pytest.approx(-3.5)  # x = 1, 0, 1, 1: 3.4 + 2.1 - 2.4 - 3.4 - 3.2


def test_an_adjacency_matrix_is_read_as_what_is_asked_for(tmp_path):
    for text in (ADJACENCY, ADJACENCY.replace(" ", ""), "0 1 0 1\n0 0 1 1\n0 0 0 1\n0 0 0 0\n"):
        (tmp_path / "a.txt").write_text(text)
        cut = load(tmp_path / "a.txt", kind="maxcut")
        assert isinstance(cut, MaxCut)
        assert -exact.ground_states(cut.ising())[0] == 4
        assert load(tmp_path / "a.txt", kind="recall").shape == (4, 4)
    (tmp_path / "w.txt").write_text("0 2.5 -1\n2.5 0 0\n-1 0 0\n")
    assert load(tmp_path / "w.txt", kind="maxcut").weights.toarray().tolist() == [[0, 2.5, -1], [2.5, 0, 0], [-1, 0, 0]]


def test_loops_are_dropped_only_where_no_term_is_lost(tmp_path):
    (tmp_path / "a.txt").write_text("3 3\n1 1\n1 2\n2 3\n")
    p = load(tmp_path / "a.txt")
    assert p.weights.nnz == 4
    assert p.notes == ("1 edges from a node to itself are left out: they are in no cut",)
    (tmp_path / "a.txt").write_text("3 3\n1 1 9\n1 2 1\n2 3 1\n")
    assert load(tmp_path / "a.txt", kind="maxcut").notes == p.notes
    with pytest.raises(ProblemFileError, match="line 2: joins node 1 to itself"):
        load(tmp_path / "a.txt")


def test_a_first_line_that_may_be_an_edge_is_said(tmp_path):
    (tmp_path / "path.txt").write_text("4 3\n1 2\n2 3\n3 4\n")
    p = load(tmp_path / "path.txt")
    assert (p.size, p.weights.nnz) == (4, 6)
    assert p.notes == ("the first line, '4 3', is taken for 4 nodes and 3 edges; if it is an edge, put '4 4' above it",)
    for text in (
        "4 3\n1 2 1\n2 3 1\n3 4 1\n",  # an edge has three words
        "3 3\n1 2\n2 3\n1 3\n",  # 3 3 would be a loop
        "4 6\n1 2\n2 3\n3 4\n1 3\n1 4\n2 4\n",  # 4 6 would skip node 5
    ):
        (tmp_path / "path.txt").write_text(text)
        assert load(tmp_path / "path.txt").notes == ()
    (tmp_path / "path.txt").write_text("4 4\n1 2\n2 3\n3 4\n")
    with pytest.raises(ProblemFileError, match=r"has 3 edges but its header says 4.*if the first line is an edge"):
        load(tmp_path / "path.txt")


def test_vectors_one_a_line_are_said_to_be_one_picture(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("1 1 -1 -1\n-1 -1 1 1\n1 -1 1 -1\n-1 1 -1 1\n")
    p = load(path)
    assert isinstance(p, Recall)
    assert (p.patterns.shape, p.notes) == ((1, 16), ("one pattern of 4 x 4: blank lines part patterns",))
    path.write_text("1 1 -1 -1\n\n-1 -1 1 1\n")
    assert (load(path).patterns.shape, load(path).notes) == ((2, 4), ())
    path.write_text("##..\n..##\n")
    assert load(path).notes == ()
    path.write_text("1 -1 1\n0 1 1\n")
    with pytest.raises(ProblemFileError, match="line 2: has '0' beside '1' and '-1'"):
        load(path, kind="recall")


def test_a_file_of_one_line_does_not_ask_for_gigabytes(tmp_path):
    for name, text in (
        ("a.txt", "2000000 1\n1 2 1\n"),
        ("a.json", '{"couplings": [[0, 1999999, 1]]}'),
        ("a.coo", "# vartype=SPIN\n0 1999999 1\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ProblemFileError, match="number only those that have"):
            read_ising(tmp_path / name)
