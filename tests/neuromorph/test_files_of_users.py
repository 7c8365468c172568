"""Files as pandas, NumPy and editors leave them: remarks above JSON and XML, numbered rows, matrices in .npy."""

import json
from itertools import product

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.problems.text_file import ProblemFileError

TRIANGLE = {
    "json": '{"nodes": [{"id": 0}, {"id": 1}, {"id": 2}],\n "links": [{"source": 0, "target": 1}, '
    '{"source": 1, "target": 2}, {"source": 0, "target": 2}]}\n',
    "graphml": '<?xml version="1.0"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    '<graph edgedefault="undirected"><node id="a"/><node id="b"/><node id="c"/><edge source="a" target="b"/>'
    '<edge source="b" target="c"/><edge source="a" target="c"/></graph></graphml>\n',
    "net": '*Vertices 3\n1 "a"\n2 "b"\n3 "c"\n*Edges\n1 2 1\n2 3 1\n1 3 1\n',
}


@pytest.mark.parametrize("remark", ["# made by me\n", "// one\n\n# two\n", "\ufeff# one\r\n", "% of Pajek\n", "\n\n"])
@pytest.mark.parametrize("ending", list(TRIANGLE))
def test_remarks_above_a_graph_are_left_out(tmp_path, ending, remark):
    path = tmp_path / f"g.{ending}"
    path.write_bytes((remark + TRIANGLE[ending]).encode())
    problem = nm.load(path)
    assert (problem.kind, problem.size, problem.weights.sum()) == ("maxcut", 3, 6.0)


def test_remarks_above_a_model_are_left_out(tmp_path):
    path = tmp_path / "m.json"
    path.write_text("# made by me\n" + json.dumps({"couplings": [[0, 1, 1.5]], "biases": [0.5, 0.0]}))
    assert nm.load(path).ising().biases.tolist() == [0.5, 0.0]


def test_a_column_that_numbers_the_rows_is_left_out(tmp_path):
    """As pandas.DataFrame.to_csv writes it unless told not to; the matrix was taken for cities of three coordinates."""
    edges, cities, matrix = tmp_path / "e.csv", tmp_path / "c.csv", tmp_path / "q.csv"
    edges.write_text(",source,target,weight\n0,0,1,1.5\n1,1,2,2.0\n2,0,2,-1.0\n")
    cut = nm.load(edges)
    assert (cut.kind, cut.size) == ("maxcut", 3)
    assert cut.weights.toarray()[0].tolist() == [0.0, 1.5, -1.0]
    cities.write_text("Unnamed: 0,x,y\n0,0.0,0.0\n1,3.0,0.0\n2,3.0,4.0\n")
    assert nm.load(cities).length(np.arange(3)) == pytest.approx(12.0)
    matrix.write_text(",0,1,2\n0,-1,2,0\n1,0,-1,2\n2,0,0,-1\n")
    with pytest.raises(ProblemFileError, match="matrix with a diagonal"):
        nm.load(matrix)
    assert nm.load(matrix, kind="qubo").ising().size == 3


@pytest.mark.parametrize("name", ["q.npy", "q.npz", "whole.npy"])
def test_a_matrix_with_a_diagonal_is_no_picture(tmp_path, name):
    q = np.triu(np.random.default_rng(0).integers(-5, 6, (6, 6))).astype(float)
    given = (q + q.T) / 2.0 if name.startswith("whole") else q
    path = tmp_path / name
    np.savez(path, Q=given) if name.endswith("z") else np.save(path, given)
    with pytest.raises(ProblemFileError, match="matrix with a diagonal, as of a QUBO"):
        nm.load(path)
    problem = nm.load(path, kind="qubo")
    lowest = min(x @ q @ x for x in map(np.array, product((0.0, 1.0), repeat=6)))
    states = np.array(list(product((-1, 1), repeat=6)))
    assert problem.ising().energy(states).min() == pytest.approx(lowest)


def test_pictures_in_arrays_stay_pictures(tmp_path):
    rng = np.random.default_rng(1)
    for array in (rng.integers(0, 255, (8, 8), np.uint8), np.eye(4), rng.random((5, 5)), rng.random((3, 4, 4))):
        np.save(tmp_path / "p.npy", array)
        assert nm.load(tmp_path / "p.npy").kind == "recall"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{0, 1, 1}, {1, 0, 1}, {1, 1, 0}}", "Mathematica"),
        ("\\begin{pmatrix}\n0 & 1 \\\\\n1 & 0\n\\end{pmatrix}\n", "LaTeX"),
        ("source,target,weight\n0,1,1\n1,2,NaN\n0,2,1\n", "not finite"),
        ("source,target,weight\n0,1,1\n1,2,\n0,2,1\n", "fill the cells"),
    ],
)
def test_other_texts_are_named(tmp_path, text, said):
    path = tmp_path / "t.txt"
    path.write_text(text)
    with pytest.raises(ProblemFileError, match=said):
        nm.load(path)
