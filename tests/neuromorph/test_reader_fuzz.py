"""Every reader of text under fire: damaged files, words of all forms in any order, random bytes.

Whatever stands in a file, the answer is a problem or one line, within bounded time and memory.
"""

import json
import resource
import signal
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from damage import damaged

from circuits import problem_netlist, read_netlist_file
from circuits.spice.cards import NetlistError
from neuromorph import MaxCut, ProblemFileError, load, read_tour
from neuromorph.problems import read_ising

EUC = "NAME: a\nTYPE: TSP\nCOMMENT: b\nDIMENSION: 5\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"
EUC += "".join(f"{k} {k * k} {7 * k % 5}\n" for k in range(1, 6)) + "EOF\n"
GEO = EUC.replace("EUC_2D", "GEO")
LOWER = "DIMENSION: 4\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: LOWER_DIAG_ROW\nEDGE_WEIGHT_SECTION\n"
LOWER += "0\n3 0\n2 5 0\n9 8 7 0\nFIXED_EDGES_SECTION\n-1\nEOF\n"
RUDY = "# graph\n6 7\n1 2 1\n2 3 -1\n3 4 2.5\n4 5 1\n5 6 1\n1 6 3\n2 2 0\n"
LIST = "4 3\n1 2\n2 3\n3 4\n"
DRAWN = "#.#.\n.##.\n....\n\n####\n#..#\n.##.\n"
VECTORS = "1 -1 1 1\n-1 -1 1 -1\n\n+1 1 -1 1\n1 1 1 1\n"
PLAIN = json.dumps({"couplings": [[0, 1, 0.5], [1, 2, -1]], "biases": [0.0, 1.0, 2.0], "offset": 1}, indent=1)
DIMOD = json.dumps({
    "type": "BinaryQuadraticModel", "version": {"bqm_schema": "3.0.0"}, "use_bytes": False, "num_variables": 3,
    "num_interactions": 2, "variable_labels": ["a", "b", 3], "variable_type": "BINARY", "offset": 0.5,
    "linear_biases": [1.0, 2.0, 0], "quadratic_biases": [1.0, -2], "quadratic_head": [0, 1], "quadratic_tail": [1, 2],
}, indent=1)  # fmt: skip
BQPJSON = json.dumps({
    "variable_ids": [3, 5], "variable_domain": "spin", "scale": 2.0, "offset": 1.0, "version": "1.0.0",
    "linear_terms": [{"id": 3, "coeff": 1.0}], "quadratic_terms": [{"id_head": 3, "id_tail": 5, "coeff": 2.0}],
}, indent=1)  # fmt: skip
COO = "# vartype=SPIN\n0 0 1.5\n0 1 -2\n1 2 0.25\n"
TOUR = "NAME : t\nTYPE : TOUR\nDIMENSION : 5\nTOUR_SECTION\n1 5 3\n2\n4\n-1\nEOF\n"
OTHERS = [
    "0 1 1\n1 0 1\n1 1 0\n",
    "0 2 9\n2 0 6\n9 6 0\n",
    "x,y\n1,2\n3,4\n",
    "p qubo 0 2 2 1\n0 0 1\n1 1 2\n0 1 -3\n",
    "3 3\n2 3\n1 3\n1 2\n",
    "3\n0 1 2\n1 0 1\n2 1 0\n0 5 2\n5 0 3\n2 3 0\n",
    "1 2 {'weight': 2}\n2 3 {}\n",
    "a b\nb c\n",
    "0 1\n1 2\n",
    "%%MatrixMarket matrix coordinate real symmetric\n4 4 2\n2 1 1\n3 1 1\n",
    "graph [\n node [ id 0 ]\n]\n",
]
NETLIST = problem_netlist(MaxCut.from_edges(3, [[0, 1], [1, 2], [0, 2]], name="three"), rng=0)
WORDS = [
    *"0123456789#.X+-,{}[]e*+=", "-1", "1.5", "NAME:", "TYPE: TSP", "DIMENSION: 3", "EOF", "-1\nEOF", "TOUR_SECTION",
    "EDGE_WEIGHT_TYPE: GEO", "EDGE_WEIGHT_TYPE: EXPLICIT", "EDGE_WEIGHT_FORMAT: FULL_MATRIX", "NODE_COORD_SECTION",
    "EDGE_WEIGHT_SECTION", "# vartype=SPIN", "p qubo", '"couplings":', "true", "null", "graph [", ".tran", "r1", "v(a)",
    "\t", "\r", "\v", "\x00", "\x1b[2J", "\ufeff", "\u00e9", "\U0001f600",
]  # fmt: skip


def beside(path: Path):
    """A problem whose best known tour, or value, is the damaged file."""
    (path.parent / "a.tsp").write_text(EUC)
    path.rename(path.parent / ("a.opt.tour" if b"TOUR" in path.read_bytes() else "a.best"))
    try:
        return load(path.parent / "a.tsp")
    finally:
        for name in ("a.opt.tour", "a.best"):
            (path.parent / name).unlink(missing_ok=True)


KINDS = {
    "tsp": (load, [EUC, GEO, LOWER]),
    "rudy": (load, [RUDY, LIST]),
    "a graph that is asked for": (lambda path: load(path, kind="maxcut"), [RUDY, LIST, OTHERS[0], OTHERS[1]]),
    "picture": (load, [DRAWN, VECTORS]),
    "a picture that is asked for": (lambda path: load(path, kind="recall"), [DRAWN, VECTORS, OTHERS[0]]),
    "other forms": (load, OTHERS),
    "JSON": (read_ising, [PLAIN]),
    "dimod": (read_ising, [DIMOD]),
    "COO": (read_ising, [COO, COO.replace("SPIN", "BINARY")]),
    "QUBO": (load, ["p qubo 0 3 2 2\n0 0 2\n1 1 -3\n0 1 4\n1 2 -5\n", "2 2\n0 0 0 0 0 0 0 0 2\n0 0 0 0 0 0 1 1 4\n"]),
    "counted QUBO": (
        lambda path: load(path, kind="qubo"),
        ["3 4\n1 1 2\n2 2 -3\n1 2 2\n2 3 -2.5\n", "1\n3 2\n1 1 -2\n1 2 3\n", "2 4 0\n0 -3 -5\n0 0 1\n"],
    ),
    "bqpjson": (load, [BQPJSON]),
    "graphs": (
        load,
        [
            "p edge 4 3\ne 1 2\ne 2 3\ne 3 4\n",
            "a b 2\nb c 1\nc a 3\n",
            "source,target\n0,1\n1,2\n",
            OTHERS[9],
            '{"nodes": [{"id": "a"}, {"id": "b"}], "links": [{"source": "a", "target": "b", "weight": 2}]}',
            '<graphml><graph edgedefault="undirected"><node id="a"/><node id="b"/>\n'
            '<edge source="a" target="b"/></graph>'
            "</graphml>",
        ],
    ),
    "cities": (load, ["name,x,y\na,0,0\nb,3,4.5\nc,6,0\n", "0.5 0\n3 4\n6 0\n", "lat;lon\n48,5;2\n52;13\n40;-3\n"]),
    "one way": (lambda path: load(path, kind="tsp"), ["0 2 9\n1 0 6\n9 7 0\n", ",a,b,c\na,0,2,9\nb,2,0,6\nc,9,6,0\n"]),
    "fixed edges": (
        load,
        [EUC.replace("EOF", "FIXED_EDGES_SECTION\n1 2\n3 4\n-1\nEOF"), EUC.replace("EUC_2D", "TOR_2D")],
    ),
    "assignment": (load, ["3\n0 1 2\n1 0 1\n2 1 0\n\n0 5 2\n5 0 3\n2 3 0\n"]),
    "coloring": (lambda path: load(path, kind="coloring"), ["p edge 4 3\ne 1 2\ne 2 3\ne 3 4\n", RUDY]),
    "formula": (load, ["p cnf 3 2\n1 -2 0\n2 3 0\n", "p wcnf 2 2 9\n9 1 2 0\n1.5 -1 0\n", "h 1 2 0\n3 -1 0\n"]),
    "dense matrix": (
        lambda path: load(path, kind="tsp"),
        ["%%MatrixMarket matrix array real symmetric\n3 3\n0\n2\n3\n0\n4\n0\n"],
    ),
    "DOT": (load, ['graph G { a -- {b c} [weight=2]; "d e" -- a; /* x */ c -- b:n }\n']),
    "sudoku": (load, ["1..4\n.41.\n.14.\n4..1\n"]),
    "numbers": (lambda path: load(path, kind="partition"), ["3\n5\n7.5\n9\n"]),
    "polynomial": (
        load,
        ["# vartype=SPIN\n0 1 2 -1.5\n2 3 0.5\n", '{"terms": [[[0, 1, 2], -1.5]], "vartype": "BINARY"}'],
    ),
    "tour": (read_tour, [TOUR]),
    "best known": (beside, [TOUR, "7542\n"]),
    "netlist": (read_netlist_file, [NETLIST]),
}


def soup(rng: np.random.Generator) -> bytes:
    """Words of every form in any order."""
    words = rng.choice(WORDS, int(rng.integers(1, 60)))
    ends = rng.choice([" ", " ", "\n", "", ", "], len(words))
    return "".join(map("".join, zip(words, ends, strict=True))).encode()


@contextmanager
def bounded(seconds: float, megabytes: int):
    """No more CPU time, and no more memory than there is now and so many megabytes: else TimeoutError, MemoryError."""

    def late(*rest):
        raise TimeoutError

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGVTALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (megabytes << 20), limit[1]))
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, limit)
        signal.signal(signal.SIGVTALRM, handler)


def check_message(message: str, remedy: str) -> None:
    assert message.startswith(("damaged.txt", "a.best", "a.opt.tour", "a.tsp")), message
    assert message.isprintable()
    assert remedy in message, message
    assert len(message) < 400


def fire(folder: Path, kind: str, count: int, seed: int) -> None:
    """``count`` files of one kind; some must be read and some not, else little is tested."""
    rng = np.random.default_rng(seed)
    read, whole = KINDS[kind]
    answers = {True: 0, False: 0}
    for k in range(count):
        match rng.integers(10):
            case 0:
                content = rng.bytes(int(rng.integers(1, 200)))
            case 1 | 2:
                content = soup(rng)
            case _:
                content = damaged(whole[k % len(whole)].encode(), rng)
        path = folder / "damaged.txt"
        path.write_bytes(content or b" ")
        try:
            with bounded(seconds=10.0, megabytes=400):
                read(path)
            answers[True] += 1
        except (ProblemFileError, NetlistError) as error:
            answers[False] += 1
            check_message(str(error), remedy="; " if isinstance(error, ProblemFileError) else "")
        except Exception as error:
            raise AssertionError(f"file {k} of {kind}, seed {seed}: {content!r}") from error
    assert min(answers.values()) > 0 or kind == "other forms", answers


def test_the_files_are_whole_before_they_are_damaged(tmp_path):
    for kind, (read, whole) in KINDS.items():
        for text in whole if kind not in ("other forms", "a graph that is asked for") else []:
            (tmp_path / "whole.txt").write_text(text)
            read(tmp_path / "whole.txt")


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_damaged_files_give_one_line_or_a_problem(tmp_path, kind):
    fire(tmp_path, kind, 100, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_three_thousand_damaged_files_give_one_line_or_a_problem(tmp_path, kind):
    fire(tmp_path, kind, 3000, seed=2)


@pytest.mark.parametrize("text", [
    "\n" * 500_000 + "x", "1 " * 1_000_000, "-1 " * 1_000_000, "(" * 1_000_000, "[" * 1_000_000, "{" * 1_000_000,
    "9" * 1_000_000, "1\n" * 500_000, "\r" * 500_000, "NAME: " + "a" * 1_000_000, "# " * 500_000, "é" * 500_000,
    "2 1\n1 2 " + "9" * 1_000_000, '{"couplings": [' + "[0, 1, 1]," * 100_000 + "[0, 1, 1]]}", "graph" + "\n" * 60_000,
    "strict " * 9_000, "c\n" * 30_000, "p qubo" + " " * 60_000, "1 2" + "\t" * 60_000 + "{", "3 3 " + "1\n" * 100_000,
], ids=lambda text: f"{text[:12]!r}")  # fmt: skip
def test_much_of_one_thing_takes_little(tmp_path, text):
    """Patterns that go back over what they have seen take hours on these."""
    path = tmp_path / "much.txt"
    path.write_text(text)
    for read in (load, read_ising, read_tour, read_netlist_file, lambda path: load(path, kind="maxcut")):
        with bounded(seconds=10.0, megabytes=400), suppress(ProblemFileError, NetlistError):
            read(path)
