"""A netlist from outside as a circuit: its dot cards, and what is left out, by line.

It is data. Nothing is run, no control section is read, and no file is opened but those that the caller allows by name.
What a transient does not need (``.ac``, ``.meas``, ``.options method=``) is left out with a note; what would change the
circuit and is not understood is an error that names the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from ...netlist.circuit import GROUND, Circuit, Transient, terminals
from ..cards import NetlistError, quote_card
from .expansion import Expansion
from .files import AllowedFiles
from .lines import ForeignCard, logical_lines
from .makers import MAKERS
from .names import SafeNames
from .options import run_temperature, run_tolerances
from .placed_names import InstancePlace, PlacedNames
from .scope import NetlistScope, Values
from .signals import Signals
from .sources import words_of

_RUNS = "would run commands, which a netlist from outside must not; remove it, the analysis runs without"
_REFUSED = dict.fromkeys(
    (".control", ".endc", ".exec", ".system", ".loadstate", ".loadbias", ".savebias", ".savestate", ".machine",
     ".csparam", ".write"),
    _RUNS,
)  # fmt: skip
_LEFT_OUT = frozenset(
    (".ac", ".op", ".dc", ".noise", ".tf", ".pz", ".sens", ".disto", ".four", ".fft", ".meas", ".measure",
     ".nodeset", ".width", ".title", ".backanno", ".net", ".wave")
)  # fmt: skip
_HEAD = re.compile(r"\.subckt\s+(.*?)(?:\s+params:\s*(.*)|\s+([a-z_]\w*+\s*=.*))?")
_STEP = re.compile(r"\.step\s+(?:(?:lin|dec|oct)\s+)?param\s+([a-z_]\w*)\s+(?:list\s+)?(\{[^{}]*\}|[^\s,]+).*")
_SAMPLES = 1000  # steps of a transient that names none


@dataclass(frozen=True, eq=False)
class ForeignNetlist:
    """A netlist from outside.

    Attributes
    ----------
    circuit : Circuit
        The circuit, flat.
    names : dict of str to str
        {name of a node in the netlist: its name in the circuit}.
    notes : tuple of str
        What was left out, by line.
    """

    circuit: Circuit
    names: Mapping[str, str]
    notes: tuple[str, ...]


def read_foreign(
    text: str, *, name: str = "netlist", folder: Path | None = None, include: Sequence[Path] = ()
) -> ForeignNetlist:
    """Read a netlist as people write it.

    Parameters
    ----------
    text : str
        Text of the netlist.
    name : str, default "netlist"
        Name of the file, for errors.
    folder : Path, optional
        Folder from which the files of ``.include`` are named.
    include : sequence of Path, optional
        Files that ``.include`` and ``.lib`` may open; none by default.

    Returns
    -------
    ForeignNetlist
        The circuit and what was left out.

    Raises
    ------
    NetlistError
        If a card is not understood or not allowed; the message is ``name, line N: rule; remedy``.
    """
    deck = ForeignDeck(name, folder, [path.resolve() for path in include])
    title, comments, cards = logical_lines(text, name)
    deck.read_all(cards)
    return deck.netlist(title, [said for said in comments if not said.startswith("run: ")])


class ForeignDeck:
    """The part of a netlist that has been read so far.

    Parameters
    ----------
    name : str
        Name of the file, for errors.
    folder : Path or None
        Folder from which the files of ``.include`` are named.
    allowed : list of Path
        Files that ``.include`` and ``.lib`` may open, resolved.
    """

    def __init__(self, name: str, folder: Path | None, allowed: list[Path]) -> None:
        self.name, self.files = name, AllowedFiles(folder, allowed)
        self.top = self.scope = NetlistScope()
        self.notes: list[str] = []
        self.shared: set[str] = set()
        self.initial: list[ForeignCard] = []
        self.options: list[ForeignCard] = []
        self.saved: list[ForeignCard] = []
        self.transient: ForeignCard | None = None
        self.heat: list[ForeignCard] = []
        self.steps: list[tuple[str, str, ForeignCard]] = []

    def read_all(self, cards: Sequence[ForeignCard]) -> None:
        """Read cards.

        Parameters
        ----------
        cards : sequence of ForeignCard
            Cards in order.

        Raises
        ------
        NetlistError
            If one is not understood or not allowed.
        """
        for card in cards:
            try:
                self._read(card)
            except ValueError as error:
                raise card.error(error) from None

    def _read(self, card: ForeignCard) -> None:
        word = card.text.split(" ", 1)[0]
        if not word.startswith("."):
            if word.startswith("!") or word in ("shell", "system"):
                raise ValueError(f"{quote_card(word)} {_RUNS}")
            self.scope.cards.append(card)
            return
        if word in _REFUSED:
            raise ValueError(f"{quote_card(word)} {_REFUSED[word]}")
        if word in _LEFT_OUT:
            self._note(card, f"{word} is left out: only the transient is run")
            return
        read = self._dots().get(word)
        if read is None:
            raise ValueError(f"{quote_card(word)} is not read; remove it: {', '.join(self._dots())} are")
        read(card)

    def _dots(self) -> dict[str, Callable[[ForeignCard], None]]:
        return {
            ".param": lambda card: self.scope.define(card.text.partition(" ")[2], card),
            ".params": lambda card: self.scope.define(card.text.partition(" ")[2], card),
            ".func": lambda card: self.scope.define_function(card.text),
            ".model": self._model,
            ".subckt": self._subckt,
            ".ends": self._ends,
            ".global": lambda card: self.shared.update(card.text.split()[1:]),
            ".ic": self.initial.append,
            ".options": self.options.append,
            ".option": self.options.append,
            ".temp": self.heat.append,
            ".opt": self.options.append,
            ".tran": self._tran,
            ".save": self.saved.append,
            ".print": self._print,
            ".plot": self._print,
            ".probe": self.saved.append,
            ".probe64": self.saved.append,
            ".step": self._step,
            ".include": self._include,
            ".inc": self._include,
            ".lib": self._include,
        }

    def _note(self, card: ForeignCard, said: str) -> None:
        if not any(note.endswith(said) for note in self.notes):
            self.notes.append(f"line {card.line}: {said}")

    def _model(self, card: ForeignCard) -> None:
        words = card.text.split()
        if re.search(r"file\s*=", card.text):
            raise ValueError(f"{quote_card(card.text)} would read another file; paste its numbers instead")
        if len(words) < 3:
            raise ValueError(f"{quote_card(card.text)}: write .model <name> <type>(<key>=<number> ...)")
        if words[1] in self.scope.models:
            raise ValueError(f"model {quote_card(words[1])} occurs twice; rename one")
        self.scope.models[words[1]] = card

    def _subckt(self, card: ForeignCard) -> None:
        match = _HEAD.fullmatch(card.text)
        words = match[1].split() if match else []
        if match is None or len(words) < 2:
            raise ValueError(f"{quote_card(card.text)}: write .subckt <name> <port> ... <name>=<value> ...")
        if words[0] in self.scope.scopes:
            raise ValueError(f"subcircuit {quote_card(words[0])} occurs twice; rename one")
        if len(set(words[1:])) < len(words) - 1 or GROUND in words[1:]:
            raise ValueError(f"{quote_card(card.text)}: name each port once, ground never")
        scope = NetlistScope(words[0], card.line, tuple(words[1:]), self.scope)
        scope.define(match[2] or match[3] or "")
        self.scope.scopes[words[0]] = self.scope = scope

    def _ends(self, card: ForeignCard) -> None:
        if self.scope.parent is None or card.text.split()[1:] not in ([], [self.scope.name]):
            raise ValueError(
                f"{quote_card(card.text)} closes no subcircuit that is open; write .ends behind its elements"
            )
        self.scope = self.scope.parent

    def _tran(self, card: ForeignCard) -> None:
        if self.transient is not None:
            raise ValueError("there is a second .tran; keep one analysis")
        self.transient = card

    def _print(self, card: ForeignCard) -> None:
        kind = card.text.split()[1:2]
        if kind != ["tran"]:
            self._note(card, f"{quote_card(card.text)} is left out: only the transient is run")
            return
        self.saved.append(card)

    def _step(self, card: ForeignCard) -> None:
        match = _STEP.fullmatch(card.text)
        self.steps += [(match[1], match[2], card)] if match else []
        if match is None:
            self._note(card, ".step is left out: one transient is run")

    def choose_step(self) -> None:
        """Give each parameter of ``.step`` one value: that of its ``.param``, else the first of the steps."""
        for name, first, card in self.steps:
            if name in self.top.parameters:
                self._note(card, f".step is left out: one transient is run, with {name} of its .param")
            else:
                self.top.define(f"{name}={first}", card)
                self._note(card, f".step is left out: one transient is run, with its first {name}, {first}")

    def _include(self, card: ForeignCard) -> None:
        self.read_all(self.files.cards(card))

    # All together

    def netlist(self, title: str, comments: list[str]) -> ForeignNetlist:
        """Return the circuit of all cards.

        Parameters
        ----------
        title : str
            Title.
        comments : list of str
            Comments.

        Returns
        -------
        ForeignNetlist
            The circuit and what was left out.

        Raises
        ------
        NetlistError
            If a card breaks a rule.
        """
        if self.scope is not self.top:
            raise NetlistError(f"{self.name}, line {self.scope.line}: the subcircuit is not closed; add .ends")
        if self.transient is None:
            raise NetlistError(f"{self.name}: there is no .tran; add the analysis, .tran <step> <stop>")
        self.choose_step()
        names = SafeNames()
        for name in self._names_first():
            names.node(name)
        made = Expansion(PlacedNames(names, self.shared), MAKERS)
        values = Values(self.top, {}, None, made.left)
        celsius = run_temperature(self.heat, self.options, values)
        values.known["temper"] = celsius
        if "temp" not in self.top.parameters:
            values.known["temp"] = celsius
        for name, card in self.top.origins.items():
            try:
                values.get(name)
            except ValueError as error:
                raise card.error(error) from None
        made.size(self.top)
        made.expand(InstancePlace(self.top, values))
        made.check()
        wired = {node for element in made.elements for node in terminals(element)} - {GROUND}
        analysis = replace(self._analysis(values), temperature_c=celsius)
        signals = Signals(names, wired)
        initial = (dict(made.initial) if analysis.uic else {}) | signals.initial(self.initial, values)
        saved = signals.saved(self.saved)
        self.notes += signals.notes
        if not analysis.uic and made.initial:
            self.notes.append("ic= of capacitors holds only with .tran ... uic, as in SPICE: it is not used")
        try:
            circuit = Circuit(title, tuple(made.elements), analysis, tuple(saved), initial, tuple(comments))
        except ValueError as error:
            raise NetlistError(f"{self.name}: {error}") from None
        shown = {given: safe for given, safe in names.given.items() if safe in wired}
        return ForeignNetlist(circuit, MappingProxyType(shown), (*self.notes, *made.notes))

    def _names_first(self) -> list[str]:
        """Return the nodes of the top whose names need no change, so that they keep them."""
        found = []
        for card in self.top.cards:
            found += [word for word in card.text.split()[1:5] if re.fullmatch(r"[a-z][a-z0-9_]{,99}", word)]
        return list(dict.fromkeys(found))

    def _analysis(self, values: Values) -> Transient:
        card = self.transient
        assert card is not None
        words = words_of(card.text)[1:]
        uic = "uic" in words
        try:
            other = [word for word in words if word in ("startup", "steady", "nodiscard", "step", "sweep")]
            if other:
                raise ValueError(
                    f"{other[0]} of .tran is not read; write .tran <step> <stop> [<start> [<largest>]] [uic]"
                )
            numbers = [values.number(word) for word in words if word != "uic"]
            if not 1 <= len(numbers) <= 4:
                raise ValueError(f"{quote_card(card.text)}: write .tran <step> <stop> [<start> [<largest step>]] [uic]")
            step, stop = (0.0, numbers[0]) if len(numbers) == 1 else numbers[:2]
            if numbers[2:3] and numbers[2] != 0.0:
                self._note(card, "samples before the start of .tran are kept, too")
            if numbers[3:] and numbers[3] > 0.0:
                step = numbers[3]
            if step <= 0.0:
                step = stop / _SAMPLES
            return Transient(min(step, stop), stop, uic, *run_tolerances(self.options, values, self._note))
        except ValueError as error:
            raise card.error(error) from None
