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
from neuromorph.problems.forms import BEGINNINGS, PROBLEM_KINDS, SIGNS

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


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


OTHERS = {
    # name: (content, what it looks like, the remedy)
    "sparse.txt": (QUBO_SPARSE, "so a QUBO (Biq Mac) or a spin model (Qubist)", "--kind qubo | ising | maxcut"),
    "qh.txt": (QUBIST, "so a QUBO (Biq Mac) or a spin model (Qubist)", "--kind qubo | ising | maxcut"),
    "zero.txt": ("3 2\n0 0 1\n0 1 1\n", "so a QUBO (Biq Mac) or a spin model", "--kind qubo | ising"),
    "plain.coo": (ENTRIES, "entries 'i j value' with i = j", "--kind ising | qubo"),
    "bqp.txt": ("2\n3 2\n1 1 5\n1 2 -3\n2 1\n1 2 1\n", "2 QUBOs of OR-Library", "bqp.txt#1 to #2"),
    "array.mtx": (
        "%%MatrixMarket matrix array real general\n3 3\n0\n2\n3\n2\n0\n4\n3\n4\n0\n",
        "a dense Matrix Market file, a matrix of weights or distances",
        "--kind maxcut",
    ),
    "a.vrp": ("TYPE: CVRP\nDIMENSION: 3\nCAPACITY: 4\n", "a vehicle routing problem (CVRP)", "--kind tsp"),
    "solomon.txt": ("R1\n\nVEHICLE\nNUMBER CAPACITY\n 5 200\n", "vehicle routing with time windows", "'name,x,y'"),
    "adjacency.txt": (ADJACENCY, "the adjacency matrix of a graph, or a picture", " | recall | tsp | ising | qubo "),
    "signs.txt": (ADJACENCY.replace(" ", ""), "the adjacency matrix of a graph, or a picture", "recall"),
    "triangle.txt": ("0 1 1\n0 0 1\n0 0 0\n", "the adjacency matrix of a graph, or a picture", "--kind maxcut"),
    "spins.txt": ("0 1 -1\n1 0 1\n-1 1 0\n", "a matrix of weights or distances", "--kind maxcut"),
    "distances.txt": (
        "0 2 9 10\n2 0 6 4\n9 6 0 3\n10 4 3 0\n",
        "a matrix of weights or distances",
        "independent-set | tsp | ",
    ),
    "distances.csv": ("0,2,9\n2,0,6\n9,6,0\n", "a matrix of weights or distances", "independent-set | tsp | "),
    "sized.txt": ("3\n0 1 2\n1 0 4\n2 4 0\n", "a matrix of weights or distances", "independent-set | tsp | "),
    "one way.txt": ("0 2 9\n1 0 6\n9 6 0\n", "a matrix that is not symmetric", "--kind tsp | qubo"),
    "q.txt": ("-5 2 0\n0 3 -6\n0 0 -4\n", "a matrix with a diagonal, as of a QUBO", "--kind qubo"),
    "named.csv": (",a,b,c\na,0,2,9\nb,2,0,6\nc,9,6,0\n", "a table of distances or weights with names", "--kind tsp"),
    "pairs or cities.txt": (
        "3 4\n6 1\n2 8\n",
        "pairs of numbers, which are edges or coordinates",
        "independent-set | tsp",
    ),
    "path.txt": ("1 2 1\n2 3 1\n3 4 1\n", "rows of three numbers, which are edges", "independent-set | tsp | ising"),
    "count.txt": ("4\n1 2 1\n2 3 1\n", "rows of numbers below their count", "'nodes edges' in its place"),
    "dict.txt": ("{(0, 0): -1, (0, 1): 2}\n", "a dictionary of Python", "--kind qubo | ising"),
    "both.npz": (npz(patterns=np.eye(2), couplings=np.eye(2)), "an .npz of patterns and of couplings", "--kind recall"),
    "else.npz": (npz(weights=np.eye(2)), "no array 'patterns' or 'couplings'", "numpy.savez"),
    "long.txt": ("1 1\n1 2 3 4\n", "more than", "write"),
    "price.csv": ("name,price\na,3\nb,4\nc,5\n", "names with a number each", "'name x y'"),
    "table.txt": ("1 2 3 4\n5 6 7 8\n", "a table of numbers", "--kind recall"),
    "column.txt": ("12\n7\n9\n", "a list of numbers", "--kind partition"),
    "a.cir": ("* title\nr1 a 0 1k\n.tran 1n 1u\n.end\n", "a SPICE netlist", "`neuromorph simulate` and `certify`"),
    "twice.gz": (gzip.compress(gzip.compress(b"NAME: x\n")), "compressed data", "unpack it first"),
    "a.nir": (b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file", "neuromorph simulate"),
    "a.bqm": (b"DIMODBQM\2\0" + bytes(20), "dimod's .bqm", "save it again"),
    "a.cqm": (b"DIMODCQM\2\0" + bytes(20), "a constrained model of dimod", "cqm_to_bqm"),
    "a.pkl": (pickle.dumps({1: 2}), "a Python pickle", "it is never read"),
    "a.zip": (b"PK\3\4" + bytes(30), "damaged", "save it again"),
    "square.npy": (npy(np.ones((3, 3)) - np.eye(3)), "a symmetric matrix with a diagonal of 0", "say its --kind"),
    "points.npy": (npy(np.arange(8.0).reshape(4, 2) / 3), "two or three columns, as coordinates", "write it as text"),
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
    assert remedy in message
    assert len(message) < 300
    assert message.isprintable()


def test_a_form_that_nothing_reads_says_what_to_do():
    for form in {*BEGINNINGS.values(), *SIGNS.values()}:
        assert form.kinds or form.remedy, form
        assert set(form.kinds) <= set(PROBLEM_KINDS)


@pytest.mark.parametrize("kind", ["tsp", "recall"])
@pytest.mark.parametrize("name", ["a.qubo", "a.col", "points.csv"])
def test_asking_for_a_kind_does_not_turn_one_form_into_another(tmp_path, kind, name):
    content = {"a.qubo": QBSOLV, "a.col": "p edge 3 2\ne 1 2\ne 2 3\n", "points.csv": "city,x,y\na,0,0\nb,3,4\nc,1,1\n"}
    (tmp_path / name).write_text(content[name])
    if (kind, name) == ("tsp", "points.csv"):
        assert load(tmp_path / name, kind=kind).size == 3
        return
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
        patterns = load(tmp_path / "a.txt", kind="recall")  # with blanks one vector a line, without a drawing
        assert patterns.shape == ((1, 4) if " " in text else (4, 4))
    (tmp_path / "w.txt").write_text("0 2.5 -1\n2.5 0 0\n-1 0 0\n")
    assert load(tmp_path / "w.txt", kind="maxcut").weights.toarray().tolist() == [[0, 2.5, -1], [2.5, 0, 0], [-1, 0, 0]]


def test_loops_are_dropped_only_where_no_term_is_lost(tmp_path):
    (tmp_path / "a.txt").write_text("3 3\n1 1\n1 2\n2 3\n")
    p = load(tmp_path / "a.txt")
    assert p.weights.nnz == 4
    said = "1 edges from a node to itself are left out: they are in no cut"
    assert p.notes == (said,)
    (tmp_path / "a.txt").write_text("3 3\n1 1 9\n1 2 1\n2 3 1\n")
    assert said in load(tmp_path / "a.txt", kind="maxcut").notes
    with pytest.raises(ProblemFileError, match="looks like a graph with weights from nodes to themselves, so a QUBO"):
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


def test_vectors_stand_one_a_line(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("1 1 -1 -1\n-1 -1 1 1\n1 -1 1 -1\n-1 1 -1 1\n")
    p = load(path)
    assert isinstance(p, Recall)
    assert p.patterns.tolist() == [[1, 1, -1, -1], [-1, -1, 1, 1], [1, -1, 1, -1], [-1, 1, -1, 1]]
    assert p.notes[0] == "4 patterns of 4, one a line; a picture is drawn without blanks, as #..# or 1001"
    assert p.notes[1].startswith("pattern 2 is the negative of pattern 1, and 1 more so")
    path.write_text("1 1 -1 -1\n\n-1 -1 1 1\n")
    assert load(path).patterns.shape == (2, 4)
    path.write_text("1 1 -1\n-1 1 1\n\n1 1 1\n1 -1 1\n")
    assert (load(path).patterns.shape, load(path).shape) == ((2, 6), (2, 3))
    path.write_text("##..\n..##\n")
    assert (load(path).patterns.shape, load(path).notes) == ((1, 8), ())
    path.write_text("1 -1 1\n0 1 1\n")
    with pytest.raises(ProblemFileError):
        load(path)


def test_a_file_of_one_line_does_not_ask_for_gigabytes(tmp_path):
    for name, text in (
        ("a.txt", "2000000 1\n1 2 1\n"),
        ("a.json", '{"couplings": [[0, 1999999, 1]]}'),
        ("a.coo", "# vartype=SPIN\n0 1999999 1\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ProblemFileError, match="number only those that have"):
            read_ising(tmp_path / name)
