"""A reader of netlists as ``writer`` writes them, which come back exactly; every other card is refused.

Letters may be of either case, numbers are plain. Nothing is run, and no file is opened.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..netlist.circuit import ROOM_C, Circuit, Transient, check_label, is_inside, subcircuit_instances, terminals
from ..netlist.hierarchy import device_count
from .cards import Card, NetlistError, cards, quote_card
from .definitions import MAX_ELEMENTS, Definitions, DefinitionScope, read_head, read_model_card
from .dialect import Dialect
from .dialects import DIALECTS, LTSPICE, NEOSPICE, NGSPICE, XYCE
from .element_reader import check_name, check_node_name
from .expression_parser import read_number

_SIGNAL = re.compile(r"v ?\( ?([^\s()]++) ?\)")
# What ``synthesis.analyses`` writes beside the transient.
_BESIDE = re.compile(
    r"\.(?:meas tran|op|ac dec|noise v|dc temp|nodeset v)\b.*|\.save i\(bv(?:dd|ss)\)|\.print noise all"
)
_IC = re.compile(r"\.ic v ?\( ?([^\s()]++) ?\) ?= ?(\S++)")
_OPTION = re.compile(r"(\w+)=(\S+)")
_DOTS = (".ic", ".options", ".tran", ".save", ".print", ".model", ".param", ".subckt", ".ends", ".end")

_RUNS = "would run commands; remove it, simulate_circuit runs the analysis"
_OPENS = "would read another file; paste the elements instead"
_REFUSED = {
    ".control": _RUNS, ".endc": _RUNS, ".exec": _RUNS, ".system": _RUNS, "shell": _RUNS, "system": _RUNS, "!": _RUNS,
    ".include": _OPENS, ".inc": _OPENS, ".lib": _OPENS, ".endl": _OPENS, ".loadstate": _OPENS, ".loadbias": _OPENS,
    ".func": "is not read; write the expression itself",
}  # fmt: skip


def read_strictly(text: str, dialect: Dialect, name: str) -> Circuit:
    """Read a netlist of ours in one dialect.

    Parameters
    ----------
    text : str
        Text of the netlist.
    dialect : Dialect
        Dialect of the text.
    name : str
        Name of the file, for errors.

    Returns
    -------
    Circuit
        The circuit.

    Raises
    ------
    NetlistError
        If a card is beyond what ``writer`` writes.
    """
    deck = _Deck(name, dialect)
    for number, card in enumerate(cards(text, name)):
        try:
            deck.add(card, number)
        except NetlistError:
            raise
        except ValueError as error:
            raise NetlistError(f"{name}, line {card.line}: {error}") from None
    return deck.circuit()


def detect_dialect(text: str) -> Dialect:
    """Detect the dialect of a netlist.

    Its second line may name the dialect; if not, cards that only one simulator has tell.

    Parameters
    ----------
    text : str
        Text of the netlist.

    Returns
    -------
    Dialect
        The dialect; ngspice if nothing tells.
    """
    second = text.split("\n", 2)[1:2]
    for dialect in DIALECTS.values():
        if second and is_run_comment(second[0], dialect):
            return dialect
    if re.search(r"^[ \t]*\.print[ \t]+tran\b", text, re.IGNORECASE | re.MULTILINE):
        return XYCE
    if re.search(r"^[ \t]*\.options?\b.*\bplotwinsize\b", text, re.IGNORECASE | re.MULTILINE):
        return LTSPICE
    return NGSPICE


def is_run_comment(line: str, dialect: Dialect) -> bool:
    """Return whether a second line says that a netlist of ours is for a simulator.

    Parameters
    ----------
    line : str
        Second line of a netlist.
    dialect : Dialect
        Dialect of the simulator.

    Returns
    -------
    bool
        Whether it does.
    """
    return line.rstrip() == f"* run: {dialect.command}"


class _Deck:
    """The part of a netlist that has been read so far."""

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name, self.dialect = name, dialect
        self.title = ""
        self.comments: list[str] = []
        self.top = self.scope = DefinitionScope()  # elements go to the subcircuit that is open, or to the top
        self.count = 0
        self.definitions = Definitions(name)
        self.initial: dict[str, tuple[float, int]] = {}
        self.saved: dict[str, int] = {}
        self.options: dict[str, float] | None = None
        self.temperature_c = ROOM_C
        self.transient: tuple[float, float, bool, float | None] | None = None
        self.ended = False

    def add(self, card: Card, number: int) -> None:
        """Read the ``number``-th card, counted from 0."""
        if self.ended:
            raise ValueError("simulators skip what follows .end; move it before, or remove it")
        if card.is_comment or number == 0:
            self._comment(card.text, number)
            return
        if not (card.text.isascii() and card.text.replace("\t", " ").isprintable()):
            raise ValueError(f"{quote_card(card.text)} has letters that simulators read differently; write ASCII")
        text = " ".join(card.text.lower().split())
        word = text.split(" ", 1)[0]
        if refused := _REFUSED.get("!" if word.startswith("!") else word):
            raise ValueError(f"{quote_card(word)} {refused}")
        if self.dialect is NGSPICE and _BESIDE.fullmatch(text):
            return
        if "`" in text or "$" in text or ";" in text or '"' in text or "'" in text:
            rule = "which simulators read differently; leave it out"
            raise ValueError(f"{quote_card(text)} has one of ` $ ; \" ', {rule}")
        if word.startswith("."):
            self._dot(word, text, card.line)
        else:
            self._element(text, card.line)

    def _comment(self, text: str, number: int) -> None:
        if text.startswith("*#") or text.lower().startswith("*ng_script"):
            raise ValueError(f"{quote_card(text)} is a command to ngspice, not a comment; remove it")
        if not text.startswith("*"):
            raise ValueError("the first line is the title, which simulators skip; start the file with '* <title>'")
        if number == 0:
            self.title = text[1:].strip()
        elif text.startswith("*@ ") and re.search(r"\b(tolerance|unit)=", text, re.IGNORECASE):
            self.scope.note(text)
        elif number > 1 or not is_run_comment(text, self.dialect):
            self.comments.append(text[1:].strip())

    # Elements

    def _element(self, text: str, line: int) -> None:
        if self.count >= MAX_ELEMENTS:
            raise ValueError(f"there are more than {MAX_ELEMENTS} elements; take a smaller circuit")
        self.count += 1
        self.scope.add(text, line, self.top.parameters)

    # Dot cards

    def _dot(self, word: str, text: str, line: int) -> None:
        if self.scope is not self.top and word != ".ends":
            raise ValueError(
                f"{quote_card(word)} stands within .subckt; move it out, or close the subcircuit with .ends"
            )
        match word:
            case ".end":
                self.ended = True
            case ".param":
                self.scope.define(text.replace(" = ", "=").split(" ")[1:])
            case ".subckt":
                self._subckt(text, line)
            case ".ends":
                self._ends(text)
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
                raise ValueError(f"{quote_card(word)} is not read; remove it: {', '.join(_DOTS)} are")

    def _subckt(self, text: str, line: int) -> None:
        self.scope = read_head(text, line)
        if self.definitions.scopes.setdefault(self.scope.name, self.scope) is not self.scope:
            raise ValueError(f"subcircuit {quote_card(self.scope.name)} occurs twice; rename one")

    def _ends(self, text: str) -> None:
        if self.scope is self.top or text not in (".ends", f".ends {self.scope.name}"):
            raise ValueError(
                f"{quote_card(text)} closes no subcircuit that is open; write .ends <name> behind its elements"
            )
        self.scope = self.top

    def _initial(self, text: str, line: int) -> None:
        match = _IC.fullmatch(text)
        if match is None:
            raise ValueError(f"{quote_card(text)}: write one initial voltage a line, .ic v(node)=0.5")
        path = self._path(match[1])
        if path in self.initial:
            raise ValueError(f"node {quote_card(path)} has two initial voltages; keep one")
        self.initial[path] = read_number(match[2]), line

    def _path(self, node: str) -> str:
        """Return the path of a node, which may be within instances."""
        *instances, last = node.split(self.dialect.separator)
        for name in instances:
            check_name(name)
            check_label(name)
        return ".".join([*instances, check_node_name(last)])

    def _options(self, text: str) -> None:
        words = text.split(" ")[1:]
        if self.dialect is XYCE:
            heat = _OPTION.fullmatch(words[1]) if words[:1] == ["device"] and len(words) == 2 else None
            if heat and heat[1] == "temp":
                self._celsius(read_number(heat[2]))
                return
            if words[:1] != ["timeint"]:
                raise ValueError("Xyce's .options names a package first; write .options timeint reltol=... abstol=...")
            words = words[1:]
        allowed = {"reltol", "abstol"} | ({"vntol", "temp"} if self.dialect is not XYCE else set())
        allowed |= {"chgtol"} if self.dialect is NGSPICE else set()
        fixed = {"plotwinsize": 0.0, "numdgt": 15.0} if self.dialect is LTSPICE else {}
        found: dict[str, float] = {}
        if self.dialect is NGSPICE and words[-1:] == ["klu"]:  # how ngspice solves, not what; the writer says it again
            words = words[:-1]
        for word in words:
            match = _OPTION.fullmatch(word)
            if match is None or match[1] not in allowed | fixed.keys() or match[1] in found:
                known = ", ".join(sorted(allowed | fixed.keys()))
                raise ValueError(f"option {quote_card(word)} is not read; write name=value, once each, of {known}")
            found[match[1]] = read_number(match[2])
            if match[1] in fixed and found[match[1]] != fixed[match[1]]:
                raise ValueError(f"option {quote_card(word)} loses samples or digits; write plotwinsize=0 numdgt=15")
        if self.options is not None:
            raise ValueError("there is a second .options; put all options into one")
        if "temp" in found:
            self._celsius(found["temp"])
        self._tolerances(1.0, 1.0, False, None, found)  # raises here, so that the error names this line
        self.options = found

    def _celsius(self, value: float) -> None:
        Transient(1.0, 1.0, temperature_c=value)  # raises here, so that the error names this line
        self.temperature_c = value

    def _transient(self, text: str) -> None:
        words = text.split(" ")[1:]
        uic = words[-1:] in (["uic"], ["noop"] if self.dialect is XYCE else ["uic"])
        numbers = [read_number(word) for word in (words[:-1] if uic else words)]
        if self.transient is not None:
            raise ValueError("there is a second .tran; keep one analysis")
        if not 2 <= len(numbers) <= 4 or (numbers[2:] and numbers[2] != 0.0):
            raise ValueError(f"{quote_card(text)}: write .tran <step> <stop> [0.0 <largest step>] [uic]")
        if len(numbers) < 4 and self.dialect in (XYCE, LTSPICE):
            raise ValueError(
                f"the first number of .tran bounds no step in {self.dialect.name}; add '0.0 <largest step>'"
            )
        if self.dialect is NEOSPICE and numbers[3:] and numbers[3] != numbers[0]:
            raise ValueError("neospice ignores the largest step; write it as the first number")
        step, largest = numbers[0], None
        if numbers[3:] and 0.0 < step < numbers[3]:
            largest = numbers[3]
        elif numbers[3:]:
            step = numbers[3]
        Transient(step, numbers[1], largest_s=largest)  # raises here, so that the error names this line
        self.transient = step, numbers[1], uic, largest

    def _save(self, word: str, text: str, line: int) -> None:
        if (word == ".print") != (self.dialect is XYCE):
            instead = ".print tran format=raw v(node)" if self.dialect is XYCE else ".save v(node)"
            raise ValueError(f"{word} is not how {self.dialect.name} keeps signals; write {instead}")
        rest = text.removeprefix(word).removeprefix(" tran" if word == ".print" else "").strip()
        rest = rest.removeprefix("format=raw ").strip()
        signals = _SIGNAL.findall(rest)
        if not signals or _SIGNAL.sub("", rest).strip():
            raise ValueError(f"{quote_card(text)}: only voltages v(node) are kept; write them one after the other")
        for node in map(self._path, signals):
            if node in self.saved:
                raise ValueError(f"node {quote_card(node)} is saved twice; keep one")
            self.saved[node] = line

    def _model(self, text: str, line: int) -> None:
        model = read_model_card(text)
        if self.definitions.models.setdefault(model.name, (model, line)) != (model, line):
            raise ValueError(f"model {quote_card(model.name)} occurs twice; rename one")

    # All together

    def circuit(self) -> Circuit:
        """Return the circuit of the whole netlist."""
        if self.scope is not self.top:
            raise self.definitions.error(self.scope.line, "the subcircuit is not closed; add .ends behind its elements")
        if self.transient is None:
            raise NetlistError(f"{self.name}: there is no .tran; add the analysis, .tran <step> <stop> uic")
        if not self.saved:
            card = ".print tran" if self.dialect is XYCE else ".save"
            raise NetlistError(f"{self.name}: no signal is kept; add {card} v(node)")
        elements = self.definitions.elements(self.top)
        self.definitions.check_used()
        instances = subcircuit_instances(elements)
        wired = {node for element in elements for node in terminals(element)} - {"0"}
        for node, line in [*((k, line) for k, (_, line) in self.initial.items()), *self.saved.items()]:
            if node not in wired and not is_inside(node, instances):
                raise self.definitions.error(line, f"no element touches node {quote_card(node)}; correct the name")
        try:
            initial = {node: volt for node, (volt, _) in self.initial.items()}
            more = tuple(self.comments), tuple(self.top.parameters.values())
            circuit = Circuit(self.title, elements, self._analysis(), tuple(self.saved), initial, *more)
        except ValueError as error:
            raise NetlistError(f"{self.name}: {error}") from None
        if device_count(circuit) > MAX_ELEMENTS:
            raise NetlistError(f"{self.name}: its instances are more than {MAX_ELEMENTS} elements; take a smaller one")
        return circuit

    def _analysis(self) -> Transient:
        analysis = self._tolerances(*(self.transient or (0.0, 0.0, False, None)), self.options or {})
        return replace(analysis, temperature_c=self.temperature_c)

    def _tolerances(
        self, step: float, stop: float, uic: bool, largest: float | None, options: dict[str, float]
    ) -> Transient:
        # Options that are missing have the simulator's own defaults; Xyce has one absolute tolerance.
        if self.dialect is XYCE:
            volts = options.get("abstol", 1e-6)
            return Transient(step, stop, uic, options.get("reltol", 1e-3), volts, largest_s=largest)
        reltol, vntol, abstol = options.get("reltol", 1e-3), options.get("vntol", 1e-6), options.get("abstol", 1e-12)
        return Transient(step, stop, uic, reltol, vntol, abstol, largest_s=largest, chgtol_c=options.get("chgtol"))
