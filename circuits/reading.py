"""A netlist read back into a circuit: the subset that ``dialects`` writes, from any of its dialects.

A text that ``netlist_text`` wrote comes back exactly: ``netlist_text(read_netlist(text), dialect_of(text)) == text``.
Nothing is run, and no other file is opened: control sections, includes, libraries and shell escapes are refused, and so
is every card beyond the subset, each with its line and the remedy. Letters may be of either case, numbers are plain.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from .cards import MAX_CHARACTERS, Card, NetlistError, cards, shown
from .dialects import DIALECTS, LTSPICE, NEOSPICE, NGSPICE, XYCE, Dialect
from .element_cards import checked_node, read_element
from .netlist import Circuit, Element, Mosfet, MosModel, Transient, device_name, read_nodes, terminals
from .parsing import read_number

MAX_ELEMENTS = 2_000_000

_SIGNAL = re.compile(r"v ?\( ?([^\s()]++) ?\)")
_IC = re.compile(r"\.ic v ?\( ?([^\s()]++) ?\) ?= ?(\S++)")
_OPTION = re.compile(r"(\w+)=(\S+)")
_MODEL = re.compile(r"\.model (\S+) ([np])mos level=1 (.*)")
_MODEL_KEYS = ("vto", "kp", "gamma", "phi", "lambda", "tox", "cgso", "cgdo")

_DOTS = (".ic", ".options", ".tran", ".save", ".print", ".model", ".end")

_RUNS = "would run commands; remove it, simulate_circuit runs the analysis"
_OPENS = "would read another file; paste the elements instead"
_REFUSED = {
    ".control": _RUNS, ".endc": _RUNS, ".exec": _RUNS, ".system": _RUNS, "shell": _RUNS, "system": _RUNS, "!": _RUNS,
    ".include": _OPENS, ".inc": _OPENS, ".lib": _OPENS, ".endl": _OPENS, ".loadstate": _OPENS, ".loadbias": _OPENS,
    ".param": "is not read; write the numbers themselves",
    ".subckt": "is not read; write the elements themselves",
    ".func": "is not read; write the expression itself",
}  # fmt: skip


def read_netlist(text: str, dialect: Dialect | None = None, *, name: str = "netlist") -> Circuit:
    """The circuit of a netlist, its comments among it.

    Parameters
    ----------
    dialect : Dialect      found by ``dialect_of`` if None
    name : str             of the file, for errors

    Raises NetlistError, whose message is ``name, line N: rule; remedy``.
    """
    deck = _Deck(name, dialect_of(text) if dialect is None else dialect)
    for number, card in enumerate(cards(text, name)):
        try:
            deck.add(card, number)
        except NetlistError:
            raise
        except ValueError as error:
            raise NetlistError(f"{name}, line {card.line}: {error}") from None
    return deck.circuit()


def read_netlist_file(path: str | os.PathLike[str], dialect: Dialect | None = None) -> Circuit:
    """The circuit in a file of at most 64 MB; bytes that are not UTF-8 can only be in comments."""
    path = Path(path)
    try:
        if not path.is_file():
            raise NetlistError(f"{path.name}: there is no such regular file; check the path")
        if path.stat().st_size > MAX_CHARACTERS:
            raise NetlistError(f"{path.name}: is larger than {MAX_CHARACTERS >> 20} MB; take a smaller circuit")
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NetlistError(f"{path.name}: cannot be read ({reason}); check the path") from None
    return read_netlist(text, dialect, name=path.name)


def dialect_of(text: str) -> Dialect:
    """The dialect a netlist is written in: as its second line says, else by cards that only one simulator has."""
    second = text.split("\n", 2)[1:2]
    for dialect in DIALECTS.values():
        if second and second[0].rstrip() == _run_comment(dialect):
            return dialect
    if re.search(r"^[ \t]*\.print[ \t]+tran\b", text, re.IGNORECASE | re.MULTILINE):
        return XYCE
    if re.search(r"^[ \t]*\.options?\b.*\bplotwinsize\b", text, re.IGNORECASE | re.MULTILINE):
        return LTSPICE
    return NGSPICE


def _run_comment(dialect: Dialect) -> str:
    return f"* run: {dialect.command}"


class _Deck:
    """What has been read so far."""

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name, self.dialect = name, dialect
        self.title = ""
        self.comments: list[str] = []
        self.elements: list[Element | tuple[str, ...]] = []  # a transistor is words until all models are there
        self.lines: dict[str, int] = {}  # of each device
        self.models: dict[str, tuple[MosModel, int]] = {}
        self.initial: dict[str, tuple[float, int]] = {}
        self.saved: dict[str, int] = {}
        self.options: dict[str, float] | None = None
        self.transient: tuple[float, float, bool] | None = None
        self.ended = False

    def add(self, card: Card, number: int) -> None:
        """Read the ``number``-th card, counted from 0."""
        if self.ended:
            raise ValueError("simulators skip what follows .end; move it before, or remove it")
        if card.is_comment or number == 0:
            self._comment(card.text, number)
            return
        if not (card.text.isascii() and card.text.replace("\t", " ").isprintable()):
            raise ValueError(f"{shown(card.text)} has letters that simulators read differently; write ASCII")
        text = " ".join(card.text.lower().split())
        word = text.split(" ", 1)[0]
        key = "!" if word.startswith("!") else word
        if key in _REFUSED:
            raise ValueError(f"{shown(word)} {_REFUSED[key]}")
        if "`" in text or "$" in text or ";" in text or '"' in text or "'" in text:
            raise ValueError(f"{shown(text)} has one of ` $ ; \" ', which simulators read differently; leave it out")
        if word.startswith("."):
            self._dot(word, text, card.line)
        else:
            self._element(text, card.line)

    def _comment(self, text: str, number: int) -> None:
        if text.startswith("*#") or text.lower().startswith("*ng_script"):
            raise ValueError(f"{shown(text)} is a command to ngspice, not a comment; remove it")
        if not text.startswith("*"):
            raise ValueError("the first line is the title, which simulators skip; start the file with '* <title>'")
        if number == 0:
            self.title = text[1:].strip()
        elif number > 1 or text != _run_comment(self.dialect):
            self.comments.append(text[1:].strip())

    # Elements

    def _element(self, text: str, line: int) -> None:
        if len(self.elements) >= MAX_ELEMENTS:
            raise ValueError(f"there are more than {MAX_ELEMENTS} elements; take a smaller circuit")
        element = read_element(text)
        device = text.split(" ", 1)[0]
        if device in self.lines:
            raise ValueError(f"{shown(device)} occurs twice, first on line {self.lines[device]}; rename one")
        self.lines[device] = line
        self.elements.append(element)

    # Dot cards

    def _dot(self, word: str, text: str, line: int) -> None:
        match word:
            case ".end":
                self.ended = True
            case ".ic":
                self._initial(text, line)
            case ".options" | ".option":
                self._options(text)
            case ".tran":
                self._transient(text)
            case ".save" | ".print":
                self._save(word, text, line)
            case ".model":
                self._model(text, line)
            case _:
                raise ValueError(f"{shown(word)} is not read; remove it: {', '.join(_DOTS)} are")

    def _initial(self, text: str, line: int) -> None:
        match = _IC.fullmatch(text)
        if match is None:
            raise ValueError(f"{shown(text)}: write one initial voltage a line, .ic v(node)=0.5")
        checked_node(match[1])
        if match[1] in self.initial:
            raise ValueError(f"node {shown(match[1])} has two initial voltages; keep one")
        self.initial[match[1]] = read_number(match[2]), line

    def _options(self, text: str) -> None:
        words = text.split(" ")[1:]
        if self.dialect is XYCE:
            if words[:1] != ["timeint"]:
                raise ValueError("Xyce's .options names a package first; write .options timeint reltol=... abstol=...")
            words = words[1:]
        allowed = {"reltol", "abstol"} | ({"vntol"} if self.dialect is not XYCE else set())
        fixed = {"plotwinsize": 0.0, "numdgt": 15.0} if self.dialect is LTSPICE else {}
        found: dict[str, float] = {}
        for word in words:
            match = _OPTION.fullmatch(word)
            if match is None or match[1] not in allowed | fixed.keys() or match[1] in found:
                known = ", ".join(sorted(allowed | fixed.keys()))
                raise ValueError(f"option {shown(word)} is not read; write name=value, once each, of {known}")
            found[match[1]] = read_number(match[2])
            if match[1] in fixed and found[match[1]] != fixed[match[1]]:
                raise ValueError(f"option {shown(word)} loses samples or digits; write plotwinsize=0 numdgt=15")
        if self.options is not None:
            raise ValueError("there is a second .options; put all options into one")
        self._tolerances(1.0, 1.0, False, found)  # so that the error names this line
        self.options = found

    def _transient(self, text: str) -> None:
        words = text.split(" ")[1:]
        uic = words[-1:] in (["uic"], ["noop"] if self.dialect is XYCE else ["uic"])
        numbers = [read_number(word) for word in (words[:-1] if uic else words)]
        if self.transient is not None:
            raise ValueError("there is a second .tran; keep one analysis")
        if not 2 <= len(numbers) <= 4 or (numbers[2:] and numbers[2] != 0.0):
            raise ValueError(f"{shown(text)}: write .tran <step> <stop> [0.0 <largest step>] [uic]")
        if len(numbers) < 4 and self.dialect in (XYCE, LTSPICE):
            raise ValueError(
                f"the first number of .tran bounds no step in {self.dialect.name}; add '0.0 <largest step>'"
            )
        if self.dialect is NEOSPICE and numbers[3:] and numbers[3] != numbers[0]:
            raise ValueError("neospice ignores the largest step; write it as the first number")
        step = numbers[3] if numbers[3:] else numbers[0]
        Transient(step, numbers[1])  # so that the error names this line
        self.transient = step, numbers[1], uic

    def _save(self, word: str, text: str, line: int) -> None:
        if (word == ".print") != (self.dialect is XYCE):
            instead = ".print tran format=raw v(node)" if self.dialect is XYCE else ".save v(node)"
            raise ValueError(f"{word} is not how {self.dialect.name} keeps signals; write {instead}")
        rest = text.removeprefix(word).removeprefix(" tran" if word == ".print" else "").strip()
        rest = rest.removeprefix("format=raw ").strip()
        signals = _SIGNAL.findall(rest)
        if not signals or _SIGNAL.sub("", rest).strip():
            raise ValueError(f"{shown(text)}: only voltages v(node) are kept; write them one after the other")
        for node in signals:
            checked_node(node)
            if node in self.saved:
                raise ValueError(f"node {shown(node)} is saved twice; keep one")
            self.saved[node] = line

    def _model(self, text: str, line: int) -> None:
        match = _MODEL.fullmatch(text)
        pairs = [_OPTION.fullmatch(word) for word in match[3].split(" ")] if match else []
        if match is None or tuple(pair[1] if pair else "" for pair in pairs) != _MODEL_KEYS:
            keys = " ".join(f"{key}=..." for key in _MODEL_KEYS)
            raise ValueError(f"only .model <name> nmos|pmos level=1 {keys} is read; write all of them")
        values = [read_number(pair[2]) for pair in pairs if pair]
        if values[-1] != values[-2]:
            raise ValueError("cgso and cgdo differ; only equal overlaps are read")
        if match[1] in self.models:
            raise ValueError(f"model {shown(match[1])} occurs twice; rename one")
        self.models[match[1]] = MosModel(match[1], "n" if match[2] == "n" else "p", *values[:-1]), line

    # All together

    def circuit(self) -> Circuit:
        if self.transient is None:
            raise NetlistError(f"{self.name}: there is no .tran; add the analysis, .tran <step> <stop> uic")
        if not self.saved:
            card = ".print tran" if self.dialect is XYCE else ".save"
            raise NetlistError(f"{self.name}: no signal is kept; add {card} v(node)")
        elements = tuple(self._mosfet(words) if isinstance(words, tuple) else words for words in self.elements)
        used = {element.model.name for element in elements if isinstance(element, Mosfet)}
        for model, (_, line) in self.models.items():
            if model not in used:
                raise NetlistError(f"{self.name}, line {line}: no transistor uses model {shown(model)}; remove it")
        wired = {node for element in elements for node in terminals(element)} - {"0"}
        for element in elements:
            for node in read_nodes(element):
                if node not in wired and node != "0":
                    line = self.lines[device_name(element)]
                    raise NetlistError(
                        f"{self.name}, line {line}: node {node!r} is read, but nothing drives it; wire it"
                    )
        for node, line in [*((k, line) for k, (_, line) in self.initial.items()), *self.saved.items()]:
            if node not in wired:
                raise NetlistError(f"{self.name}, line {line}: no element touches node {shown(node)}; correct the name")
        try:
            analysis = self._analysis()
            initial = {node: volt for node, (volt, _) in self.initial.items()}
            return Circuit(self.title, elements, analysis, tuple(self.saved), initial, tuple(self.comments))
        except ValueError as error:
            raise NetlistError(f"{self.name}: {error}") from None

    def _analysis(self) -> Transient:
        return self._tolerances(*(self.transient or (0.0, 0.0, False)), self.options or {})

    def _tolerances(self, step: float, stop: float, uic: bool, options: dict[str, float]) -> Transient:
        # What is not given is what the simulator takes by itself; Xyce has one absolute tolerance.
        if self.dialect is XYCE:
            return Transient(step, stop, uic, options.get("reltol", 1e-3), options.get("abstol", 1e-6))
        tolerances = (options.get(key, usual) for key, usual in (("reltol", 1e-3), ("vntol", 1e-6), ("abstol", 1e-12)))
        return Transient(step, stop, uic, *tolerances)

    def _mosfet(self, words: tuple[str, ...]) -> Mosfet:
        name, drain, gate, source, bulk, model, width, length = words
        line = self.lines["m" + name]
        if model not in self.models:
            raise NetlistError(f"{self.name}, line {line}: model {shown(model)} is not defined; add its .model")
        try:
            return Mosfet(name, drain, gate, source, bulk, self.models[model][0], float(width), float(length))
        except ValueError as error:
            raise NetlistError(f"{self.name}, line {line}: {error}") from None
