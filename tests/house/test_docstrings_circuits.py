"""The docstrings of circuits: what tools read of a signature is what stands in it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "circuits").rglob("*.py"))
SECTIONS = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "References")  # in this order
# The rules of lint share one signature, which deck.Rule and its module explain once.
RULES = {"circuits/spice/lint/element_rules.py", "circuits/spice/lint/expression_rules.py"}


@dataclass(frozen=True)
class Public:
    """A public function, method or class and its docstring's sections."""

    where: str
    node: ast.FunctionDef | ast.ClassDef
    sections: dict[str, list[str]]  # lines that are not indented, each an entry
    summary: str

    @property
    def is_property(self) -> bool:
        return any("property" in ast.unparse(each) for each in self.node.decorator_list)

    @property
    def parameters(self) -> list[str]:
        """Those of the signature in its order, without self and cls."""
        a = self.node.args
        names = [each.arg for each in [*a.posonlyargs, *a.args] if each.arg not in ("self", "cls")]
        names += [f"*{a.vararg.arg}"] if a.vararg else []
        return [*names, *(each.arg for each in a.kwonlyargs), *([f"**{a.kwarg.arg}"] if a.kwarg else [])]

    def named(self, section: str) -> list[str]:
        heads = (line.split(":")[0] for line in self.sections.get(section, ()))
        return [name.strip() for head in heads for name in head.split(",")]


def sections(docstring: str) -> dict[str, list[str]]:
    """{section: its entries}, for headings that are underlined."""
    lines = docstring.split("\n")
    starts = [k for k, line in enumerate(lines[:-1]) if re.fullmatch("-{3,}", lines[k + 1]) and line.strip()]
    ends = [*starts[1:], len(lines)]
    found = {}
    for start, end in zip(starts, ends, strict=False):
        found[lines[start]] = [line for line in lines[start + 2 : end] if line and not line.startswith(" ")]
    return found


def public(path: Path) -> Iterator[Public]:
    where = path.relative_to(ROOT).as_posix()

    def walk(body: list[ast.stmt], inside: str) -> Iterator[Public]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                docstring = ast.get_docstring(node) or ""
                yield Public(f"{where}:{inside}{node.name}", node, sections(docstring), docstring.split("\n")[0])
                if isinstance(node, ast.ClassDef):
                    yield from walk(node.body, f"{inside}{node.name}.")

    return walk(ast.parse(path.read_text()).body, "")


NAMES = [each for path in MODULES for each in public(path)]
FUNCTIONS = [each for each in NAMES if isinstance(each.node, ast.FunctionDef)]
CLASSES = [each for each in NAMES if isinstance(each.node, ast.ClassDef)]


def test_there_is_something_to_check():
    assert len(MODULES) > 70
    assert len(FUNCTIONS) > 250
    assert len(CLASSES) > 60


def test_every_module_and_public_name_has_a_summary_of_one_line():
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text())), path
    for each in NAMES:
        assert each.summary.endswith("."), each.where


def test_no_summary_needs_its_context_to_be_understood():
    """It opens with a verb or a noun, not with a pronoun."""
    pronouns = re.compile(r"(What|Those|Where|The same|Of|Whom?|It|Its|As|That|This|These|For|In|By|From|With)\b")
    for each in NAMES:
        assert not pronouns.match(each.summary), each.where


def test_sections_are_known_and_in_order():
    for each in NAMES:
        known = [SECTIONS.index(name) for name in each.sections if name in SECTIONS]
        assert len(known) == len(each.sections), (each.where, list(each.sections))
        assert known == sorted(known), each.where


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_parameters_are_those_of_the_signature(path):
    for each in public(path):
        if not isinstance(each.node, ast.FunctionDef) or path.relative_to(ROOT).as_posix() in RULES:
            continue
        assert each.named("Parameters") == each.parameters, each.where


def test_names_of_one_entry_have_one_type():
    """``a, b : int`` is said only of parameters or fields that are annotated alike."""
    shared = 0
    for each in NAMES:
        arguments = each.node.args if isinstance(each.node, ast.FunctionDef) else None
        typed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments else each.node.body
        types = {s.target.id: ast.unparse(s.annotation) for s in typed if isinstance(s, ast.AnnAssign)}
        types |= {a.arg: ast.unparse(a.annotation) for a in typed if isinstance(a, ast.arg) and a.annotation}
        for line in [*each.sections.get("Parameters", ()), *each.sections.get("Attributes", ())]:
            names = [name.strip() for name in line.split(":")[0].split(",")]
            shared += len(names) > 1
            assert len({types.get(name) for name in names}) == 1, (each.where, line)
    assert shared > 30


def test_a_value_that_is_returned_is_described():
    for each in FUNCTIONS:
        value = ast.unparse(each.node.returns) if each.node.returns else "None"
        if each.is_property or each.where.split(":")[0] in RULES:
            continue
        described = bool(each.sections.keys() & {"Returns", "Yields"})
        assert described == (value not in ("None", "NoReturn")), each.where


def test_attributes_are_the_fields():
    """Every field of a data class is described, in any order; what another class describes is set in it."""
    for each in CLASSES:
        typed = [s for s in each.node.body if isinstance(s, ast.AnnAssign)]
        fields = [s.target.id for s in typed if "ClassVar" not in ast.unparse(s.annotation)]
        kinds = [ast.unparse(kind) for kind in [*each.node.decorator_list, *each.node.bases]]
        if any("dataclass" in kind or kind == "NamedTuple" for kind in kinds):
            assert sorted(each.named("Attributes")) == sorted(fields), each.where
        else:
            attributes = [n for n in ast.walk(each.node) if isinstance(n, ast.Attribute)]
            stored = {n.attr for n in attributes if isinstance(n.ctx, ast.Store)}
            assert set(each.named("Attributes")) <= stored, each.where
        if "Parameters" in each.sections:
            (made,) = (s for s in each.node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__")
            assert each.named("Parameters") == [a.arg for a in [*made.args.args, *made.args.kwonlyargs]][1:], each.where


def test_a_wrong_docstring_would_be_seen():
    """The checks above on a small mutant: a parameter that is not there, and one that is not described."""
    text = (
        "Do it.\n\nParameters\n----------\na, b : int\n    Two numbers.\nc\n    More.\n\nReturns\n-------\nint\n    It."
    )
    node = ast.parse("def f(self, a, b, *, d): pass").body[0]
    mutant = Public("mutant", node, sections(text), "Do it.")
    assert mutant.named("Parameters") == ["a", "b", "c"]
    assert mutant.parameters == ["a", "b", "d"]
    assert list(mutant.sections) == ["Parameters", "Returns"]
