r"""Models whose variables have names: dictionaries as Python prints them, lists ``name name value``, named matrices.

``{('a', 'a'): 2.0, ('a', 'b'): -1.0}`` is the Q of a QUBO, or h and J in one; two dictionaries are h and J, as
``to_ising()`` of dimod and pyqubo gives them; ``BinaryQuadraticModel(h, J, offset, 'SPIN')`` says its domain. All have
dimod's sign, E = sum h s + sum J s s, or sum Q x x; a pair that stands in both orders counts with the sum.
The text is data: it is matched, never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from .quadratic_model import MAX_FILE_SPINS, IsingFile, label_texts, model_of_terms
from .text_file import LARGEST, TextFile, parse_number, quote_text

_MAX_BYTES = 32 << 20
_NAME = r"(?:'[^'\n]*+'|\"[^\"\n]*+\"|(?<![\w.])-?\d++)"
_NUMBER = r"(?:np\.\w++\()?+([-+]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?\d++)?+)\)?+"
_ITEM = re.compile(rf"\(\s*+({_NAME})\s*+,\s*+({_NAME})\s*+,?\s*+\)\s*+:\s*+{_NUMBER}|({_NAME})\s*+:\s*+{_NUMBER}")
_BEGIN = re.compile(
    rf"\s*+(?:\w{{1,40}}\s*+=\s*+)?+(?:[\w.]{{0,40}}BinaryQuadraticModel|[\w.]{{0,40}}BQM|defaultdict)?+\(?+[^\n{{]{{0,60}}"
    rf"\{{\s*+(?:\(|{_NAME}\s*+:)"
)
_DICT = r"\{[\s,]*+\}"
_FRAME = re.compile(
    rf"\s*+(?:\w{{1,40}}\s*+=\s*+)?+(?:[\w.]{{1,60}})?+\(?+\s*+(?:<class '(?:int|float)'>\s*+,\s*+)?+{_DICT}\)?+"
    rf"\s*+[,;]?+\s*+(?:\w{{1,40}}\s*+=\s*+)?+(?P<second>{_DICT})?+"
    r"\s*+,?+\s*+(?P<offset>[-+.\deE]{1,40})?+\s*+,?+\s*+"
    r"(?:['\"](?P<vartype>SPIN|BINARY)['\"])?+\s*+\)?+\s*+;?+\s*+"
)


def is_python_model(source: TextFile) -> bool:
    """Return whether a text is a model as Python prints dictionaries.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True for one or two dictionaries of names or pairs of names to numbers.
    """
    if len(source.data) > _MAX_BYTES or not _BEGIN.match(source.data[:400].decode(errors="replace")):
        return False
    text = "\n".join(source.lines)
    return "(" in text and _FRAME.fullmatch(_ITEM.sub("", text)) is not None


def says_its_domain(source: TextFile) -> bool:
    """Return whether such a text tells spins from binary variables.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True where it names the vartype, or gives h and J.
    """
    found = _FRAME.fullmatch(_ITEM.sub("", "\n".join(source.lines)))
    return found is not None and bool(found["vartype"] or found["second"])


def read_python_model(source: TextFile, kind: str | None) -> IsingFile:
    """Read a model of dictionaries.

    Parameters
    ----------
    source : TextFile
        File.
    kind : "qubo", "ising" or None
        Domain, where the text does not say it.

    Returns
    -------
    IsingFile
        Model.

    Raises
    ------
    ProblemFileError
        If it has no term.
    """
    text = "\n".join(source.lines)
    frame = _FRAME.fullmatch(_ITEM.sub("", text))
    vartype = frame["vartype"] if frame else None
    offset = parse_number(frame["offset"]) if frame and frame["offset"] else 0.0
    if offset is None or not abs(offset) <= LARGEST:
        raise source.error("its offset is no number up to 1e15; correct it")
    items = []
    for match in _ITEM.finditer(text):
        near, far, value, alone, bias = match.groups()
        items.append((near or alone, far or alone, value or bias))
    return terms_of_names(source, items, vartype or ("BINARY" if kind == "qubo" else "SPIN"), offset)


def terms_of_names(
    source: TextFile, items: Iterable[tuple[str, str, str]], vartype: str, offset: float = 0.0
) -> IsingFile:
    """Build the model of terms between names.

    Parameters
    ----------
    source : TextFile
        File.
    items : iterable of (str, str, str)
        Names, quoted or not, and value of each term; two equal names are linear.
    vartype : "SPIN" or "BINARY"
        Domain.
    offset : float
        Constant.

    Returns
    -------
    IsingFile
        Model; whole numbers are put in order, other names stand as they come.

    Raises
    ------
    ProblemFileError
        If there is no term, or a value is no number.
    """
    numbers: dict[str, int] = {}
    ends, values = [], []
    for near, far, text in items:
        value = parse_number(text)
        if value is None or not abs(value) <= LARGEST:
            raise source.error(f"{quote_text(text)} is not a number up to 1e15; write 'name name value'")
        ends.append([numbers.setdefault(name.strip("'\""), len(numbers)) for name in (near, far)])
        values.append(value)
    names = list(numbers)
    if not 1 <= len(names) <= MAX_FILE_SPINS:
        raise source.error(f"has {len(names)} variables; from 1 to {MAX_FILE_SPINS} are supported")
    labels: list[str] | list[int] = names
    pairs = np.array(ends, np.int64)
    if all(re.fullmatch(r"-?\d{1,15}", name) for name in names):
        whole = np.array([int(name) for name in names])
        order = np.argsort(whole)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        pairs, labels = place[pairs], whole[order].tolist()
    return model_of_terms(source, len(names), pairs, values, vartype=vartype, offset=offset, labels=label_texts(labels))
