"""The forms that files of problems have, by name: what each may be read as, or the remedy where nothing reads it."""

from __future__ import annotations

from dataclasses import dataclass

PROBLEM_KINDS = (
    "tsp", "maxcut", "recall", "ising", "qubo", "qap", "coloring", "independent-set", "partition", "sudoku", "max-sat",
    "pubo",
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """Form of files, such as a GML graph.

    Attributes
    ----------
    name : str
        Name, as in "looks like a GML graph".
    family : str
        Reader; empty: nothing reads it.
    kinds : tuple of str
        Kinds of problem that it may be read as, the usual one first.
    asks : bool
        Whether the kind must be asked for, for it could be several.
    remedy : str
        Advice for a file that nothing reads, or where the kind is asked for.
    said : bool
        Whether reading it is said in a note: only the package's own forms go without.
    """

    name: str
    family: str = ""
    kinds: tuple[str, ...] = ()
    asks: bool = False
    remedy: str = ""
    said: bool = True

    def refusal(self) -> str:
        """Say what to do with a file that is not read as it stands.

        Returns
        -------
        str
            Remedy.
        """
        if not self.kinds:
            return self.remedy
        says = f"--kind {' | '.join(self.kinds)} (in Python kind=) says what it is"
        return f"{self.remedy}: {says}" if self.remedy else says


GRAPH_KINDS = ("maxcut", "coloring", "independent-set")
_LISTED = ("ising", "qubo")
_LIST = "write 'nodes edges', then 'i j weight' an edge, nodes from 1"
_SAVE = "save numpy.savez(file, couplings=J, biases=h)"
_PICTURE = "save it as .png"

# Of this package, and of TSPLIB and rudy: nothing is said.
TSPLIB = Form("a TSPLIB file", "TSPLIB", ("tsp",), said=False)
RUDY = Form("a rudy graph", "rudy", (*GRAPH_KINDS, "qubo"), said=False)
ROUTING = Form(
    "a vehicle routing problem (CVRP)",
    "routing",
    ("tsp",),
    asks=True,
    remedy="routes of several vehicles are not solved; tsp takes its places, the depot too, as one tour",
)
PATTERNS = Form("patterns", "patterns", ("recall",), said=False)
COUPLINGS = Form("a model in .npz", "couplings", ("ising",), said=False)
ENTRIES = Form("a model in dimod's COO text", "entries", ("ising",), said=False)
JSON = Form("a model in JSON", "JSON", ("ising",), said=False)

PICTURE = Form("a picture", "picture", ("recall",), said=False)
PICTURES = Form("a folder of pictures", "pictures", ("recall",), said=False)
ARRAY = Form("an array of patterns", "array", ("recall",))
BQM = Form("dimod's binary form (.bqm)", "bqm", ("ising",))
QBSOLV = Form("a QUBO of qbsolv", "qbsolv", ("qubo",))
OR_LIBRARY = Form("QUBOs of OR-Library (bqp)", "OR-Library", ("qubo",))
HFS = Form("a QUBO on a Chimera graph (HFS)", "HFS", ("qubo", "ising"))
BIQ_MAC = Form("a QUBO of Biq Mac", "counted entries", ("qubo", "ising"))
QUBIST = Form("a spin model with biases (Qubist)", "counted entries", ("ising", "qubo"))
COUNTED_ENTRIES = Form(
    "a graph with weights from nodes to themselves, so a QUBO (Biq Mac) or a spin model (Qubist)",
    "counted entries",
    ("qubo", "ising", "maxcut"),
    asks=True,
    remedy="maxcut drops such terms",
)
PLAIN_ENTRIES = Form(
    "entries 'i j value' with i = j, of a QUBO or a spin model",
    "plain entries",
    _LISTED,
    asks=True,
    remedy="dimod's COO says it in its first line, '# vartype=BINARY' or SPIN",
)
DIMACS = Form("a DIMACS graph", "DIMACS", GRAPH_KINDS)
MATRIX_MARKET = Form("a MatrixMarket matrix", "MatrixMarket", (*GRAPH_KINDS, "qubo"))
MATRIX_MARKET_ARRAY = Form("a MatrixMarket array", remedy="give real numbers, square")
DOT = Form("a Graphviz graph (DOT)", "DOT", GRAPH_KINDS)
GML = Form("a GML graph", "networkx", GRAPH_KINDS)
XML = Form("a graph in XML (GraphML, GEXF)", "networkx", GRAPH_KINDS)
PAJEK = Form("a Pajek graph", "networkx", GRAPH_KINDS)
LEDA = Form("a LEDA graph", "networkx", GRAPH_KINDS)
NX_EDGES = Form("an edge list of networkx", "networkx", GRAPH_KINDS)
NODE_LINK = Form("a graph in JSON (node-link)", "node-link", GRAPH_KINDS)
METIS = Form("a METIS graph, whose line k lists the neighbors of node k", "METIS", GRAPH_KINDS)
EDGES = Form("a list of edges without a header", "edges", (*GRAPH_KINDS, "tsp", *_LISTED))
NAMED_EDGES = Form("edges between names", "named edges", (*GRAPH_KINDS, "tsp", *_LISTED))
NAMED_DISTANCES = Form("distances between names, one pair a line", "named edges", ("tsp", *GRAPH_KINDS), asks=True)
NAMED_NUMBERS = Form(
    "names with a number each",
    remedy="for edges write 'name name weight', for cities 'name x y'; numbers alone are --kind partition",
)
GRAPH6 = Form("a graph in graph6 or sparse6", "graph6", GRAPH_KINDS)
PYTHON = Form("a dictionary of Python, as of a QUBO", "Python", ("qubo", "ising"), asks=True)
PYTHON_MODEL = Form("a model as Python prints it", "Python", _LISTED)
GAPPED = Form(
    "a square table in which some cells are no numbers, as of missing roads",
    remedy="write 0 on the diagonal, and for 'no road' a large distance, above the length of any tour",
)
NEIGHBORS = Form(
    "rows of different lengths, as lists of neighbors are",
    remedy="write one edge a line, 'i j', as networkx.write_edgelist does",
)
CITIES = Form("plain coordinates of cities", "cities", ("tsp",))
EDGES_OR_CITIES = Form("pairs of numbers, which are edges or coordinates", "edges", (*GRAPH_KINDS, "tsp"), asks=True)
LIST_OR_CITIES = Form(
    "rows of three numbers, which are edges, entries of a model or numbered cities",
    "edges",
    (*GRAPH_KINDS, "tsp", *_LISTED),
    asks=True,
)
ADJACENCY = Form(
    "the adjacency matrix of a graph, or a picture", "matrix", (*GRAPH_KINDS, "recall", "tsp", *_LISTED), asks=True
)
WEIGHTS = Form("a matrix of weights or distances", "matrix", (*GRAPH_KINDS, "tsp", *_LISTED), asks=True)
NAMED_MATRIX = Form(
    "a table of distances or weights with names", "named matrix", ("tsp", *GRAPH_KINDS, *_LISTED), asks=True
)
DIRECTED = Form(
    "a matrix that is not symmetric", "matrix", ("tsp", "qubo", "recall"), asks=True, remedy="tsp takes it as one way"
)
DIAGONAL = Form("a matrix with a diagonal, as of a QUBO", "matrix", ("qubo", "tsp"), asks=True)
TABLE = Form(
    "a table of numbers",
    "vectors",
    ("recall", "sudoku", "partition"),
    asks=True,
    remedy="recall takes each row as a pattern",
)
WORD_LIST = Form("words, one a line", "words", ("recall",), said=False)
VECTORS = Form("patterns, one vector a line", "vectors", ("recall",))
COLUMN = Form("a list of numbers", "numbers", ("partition",), asks=True, remedy="partition parts them in two sets")
QAPLIB = Form("a quadratic assignment problem (QAPLIB)", "QAPLIB", ("qap",))
FORMULA = Form("a DIMACS formula", "formula", ("max-sat",))
SUDOKU = Form("a Sudoku", "sudoku", ("sudoku",))
TERMS = Form("a polynomial of binary variables", "terms", ("pubo",))
JSON_TERMS = Form("a polynomial in JSON", "JSON terms", ("pubo",))
COUNTED = Form(
    "rows of numbers below their count",
    remedy="for edges put 'nodes edges' in its place, for coordinates remove it",
)
CSV = Form(
    "CSV",
    remedy="name its columns: 'name,x,y' or 'name,lat,lon' for cities, 'source,target,weight' for a graph; "
    "and fill the cells of every row",
)
BOTH = Form(
    "an .npz of patterns and of couplings", "patterns", ("recall",), asks=True, remedy="or save couplings apart"
)

_UNPACK = Form("compressed data", remedy="unpack it first")
IDX = Form("pictures in IDX, as of MNIST", "array", ("recall",))
EXCEL = Form("an Excel workbook", remedy="save the sheet as CSV")
TAR = Form("a tar archive", remedy="unpack it first")
OTHER_XML = Form("XML, but neither GraphML nor GEXF", remedy="write rows of numbers, or a graph as GraphML")
_TIFF = Form("a TIFF picture", remedy=_PICTURE)
_PICKLE = Form("a Python pickle, which can run commands", remedy=f"it is never read; {_SAVE}")

BEGINNINGS: dict[bytes, Form] = {
    b"\x89PNG": PICTURE,
    b"\xff\xd8\xff": PICTURE,
    b"GIF8": PICTURE,
    b"\x1f\x8b": _UNPACK,
    b"BZh": _UNPACK,
    b"\xfd7zXZ\0": _UNPACK,
    b"\x28\xb5\x2f\xfd": _UNPACK,
    b"7z\xbc\xaf": _UNPACK,
    b"RIFF": Form("a WebP picture", remedy=_PICTURE),
    b"II*\0": _TIFF,
    b"MM\0*": _TIFF,
    b"\x89HDF": Form(
        "an HDF5 file",
        remedy="neuromorph simulate FILE runs a spiking network in NIR; save arrays by numpy.save, a model as JSON",
    ),
    b"MATLAB": Form(
        "a MATLAB file (.mat)", remedy='numpy.save("a.npy", scipy.io.loadmat(FILE)["name"]) makes a .npy of it'
    ),
    b"\xd0\xcf\x11\xe0": Form("an Excel or Word file of before 2007", remedy="save the sheet as CSV"),
    b"PAR1": Form("a Parquet file", remedy="pandas.read_parquet(FILE).to_csv writes CSV"),
    b"SQLite format 3": Form("an SQLite database", remedy="write the table as CSV"),
    b"\x1f\x9d": _UNPACK,
    b"\x5d\0\0": _UNPACK,
    b"\0\0\x08\x01": Form("labels in IDX, as of MNIST", remedy="give the file of pictures, ...-images-idx3-ubyte"),
    b"DIMODBQM": BQM,
    b"DIMODCQM": Form("a constrained model of dimod", remedy="dimod.cqm_to_bqm makes a .bqm of it"),
    b"%PDF": Form("a PDF document", remedy="give the data themselves, as text"),
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
}

SIGNS: dict[str, Form] = {
    r"\A(?:\s*#[^\n]*\n)*\s*#+[ \t]*vartype[ \t]*[=:]": ENTRIES,
    r"\A(?:\s*#[^\n]*\n)*\s*%%MatrixMarket[ \t]+matrix[ \t]+coordinate": MATRIX_MARKET,
    r"\A(?:\s*#[^\n]*\n)*\s*%%MatrixMarket": MATRIX_MARKET_ARRAY,
    r"\A\s*\{\s*[^\s\"{}]": Form(
        "a dictionary of Python", remedy='write JSON: {"couplings": [[i, j, J], ...], "biases": [...]}'
    ),
    r"\A\s*\{\s*\{\s*[-\d.]": Form("a list of Mathematica", remedy='write rows of numbers, as Export["m.csv", m] does'),
    r"\A\s*(?:\$+|\\\[|\\begin\{|\\left)": Form("LaTeX", remedy="write rows of numbers, without & and \\\\"),
    r"\A\s*\{": JSON,
    r"\A\s*<(?:!doctype\s+)?html\b": Form("a web page (HTML)", remedy="download the data themselves, as text"),
    r"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)*(?:<!doctype\s+svg[^>]*>\s*)?<svg\b": Form(
        "an SVG picture", remedy=_PICTURE
    ),
    r"\A\s*<": XML,
    r"\Aversion https://git-lfs": Form("a pointer of Git LFS", remedy="`git lfs pull` brings the file itself"),
    r"^[ \t]*(?:array[ \t]*\[[^\n]*\][ \t]*of[ \t]+)?var[ \t]+[^\n]*;|^[ \t]*solve[ \t]+(?:minim|maxim|satis)": Form(
        "a MiniZinc model", remedy="write a QUBO as .qubo, or 'i j value' lines"
    ),
    r"^[ \t]*(?:subject to|such that|s\.t\.)[ \t]*:?[ \t]*$|^[ \t]*(?:minimi[sz]e|maximi[sz]e)[ \t]*$": Form(
        "a linear or quadratic program (LP)",
        remedy="dimod.lp.load reads it, dimod.cqm_to_bqm and to_file make a .bqm of it",
    ),
    r"^COLUMNS[ \t]*$": Form("a linear program (MPS)", remedy="write a QUBO as .qubo, or 'i j value' lines"),
    r"\A(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/|#[^\n]*\n)*(?:strict\s+)?(?:di)?graph\b[^\n\[{]*\s*\{": DOT,
    r"^[ \t]*graph[ \t]*\n?[ \t]*\[": GML,
    r"\A(?:\s*#[^\n]*\n)*\s*[^\s#]\S*[ \t]+\S+[ \t]+\{": NX_EDGES,
    r"^[ \t]*\*(?:vertices|network)\b": PAJEK,
    r"\ALEDA\.GRAPH": LEDA,
    r"^[ \t]*p[ \t]+qubo\b": QBSOLV,
    r"^[ \t]*p[ \t]+(?:edges?|col|sp|max|aux|mc|tw|td)\b": DIMACS,
    r"\A[^\n]*\n\s*VEHICLE\s*\n\s*NUMBER\s+CAPACITY": Form(
        "vehicle routing with time windows (Solomon)",
        remedy="routes of several vehicles are not solved; for one tour of its places write 'name,x,y' and their rows",
    ),
    r"^[ \t]*p[ \t]+w?cnf\b": FORMULA,
    r"^[ \t]*h[ \t]+-?\d[-\d \t]*[ \t]0[ \t]*$": FORMULA,  # hard clauses, as the MaxSAT Evaluations write since 2022
    r"^[ \t]*\.(?:tran|ends?|subckt|model|param|control|include|lib|options?|ic|op|ac|dc)\b": Form(
        "a SPICE netlist", remedy="`neuromorph simulate` and `certify` read it; give the problem that it solves"
    ),
}
