"""Docstrings of public names: NumPy's sections agree with signatures, summaries are sentences, references exist."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Packages whose public names are held to the rules below; test_docstrings_circuits.py has stricter ones for the third.
FOLDERS = ["neuromorph", "hardware_targets"]

FILES = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
PACKAGES = [
    path for name in ("neuromorph", "circuits", "hardware_targets") for path in sorted((ROOT / name).rglob("*.py"))
]
SECTIONS = "Parameters", "Attributes", "Returns", "Yields", "Raises", "Notes", "References"
ELLIPTIC = re.compile(r"(What|Those|Where|The same|Of)\b")
ELSEWHERE = re.compile(r":\w+:`[^`]+` documents")  # the arguments of a method that many classes share
Function = ast.FunctionDef


SUMMARY = 88  # letters


@dataclass
class Docstring:
    """Summary and sections of a docstring; ``entries`` are the names in Parameters and Attributes."""

    text: str
    summary: str = ""
    sections: dict[str, list[str]] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        lines, section = self.text.split("\n"), ""
        self.summary = self.text.split("\n\n")[0]
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            if line in SECTIONS and below == "-" * len(line):
                section = line
                self.headings.append(section)
                self.sections.setdefault(section, [])
            elif section and set(line) != {"-"}:
                self.sections[section].append(line)

    @property
    def entries(self) -> list[str]:
        """Names of the entries: lines without indentation, several to a line, before the colon of the type."""
        lines = [line for name in SECTIONS[:2] for line in self.sections.get(name, []) if line and line[0] != " "]
        return [name.strip().lstrip("*") for line in lines for name in line.split(" : ")[0].split(",")]


def public(path: Path) -> Iterator[tuple[str, Function | ast.ClassDef, bool]]:
    """(name, definition, whether it is a method) of every public name of a file."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node, False
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, Function) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner, True


def decorators(node: Function | ast.ClassDef) -> set[str]:
    """Last part of the name of each decorator."""
    called = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return {ast.unparse(each).split(".")[-1] for each in called}


def arguments(node: Function, *, method: bool) -> list[str]:
    """Names of the arguments beyond self or cls."""
    a = node.args
    given = [each.arg for each in (*a.posonlyargs, *a.args)][method and "staticmethod" not in decorators(node) :]
    return given + [each.arg for each in (a.vararg, *a.kwonlyargs, a.kwarg) if each]


def fields(node: ast.ClassDef) -> list[str]:
    """Names of the public fields of a dataclass or named tuple."""
    found = [each for each in node.body if isinstance(each, ast.AnnAssign) and "ClassVar" not in ast.unparse(each)]
    names = [each.target.id for each in found if isinstance(each.target, ast.Name)]
    has_fields = "dataclass" in decorators(node) or "NamedTuple" in map(ast.unparse, node.bases)
    return [name for name in names if has_fields and not name.startswith("_")]


def attributes(node: ast.ClassDef) -> set[str]:
    """Names that a class may document besides its fields: arguments of ``__init__`` and what it sets on itself."""
    inits = [each for each in node.body if isinstance(each, Function) and each.name == "__init__"]
    own = {
        each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "self"
    }
    return own | {name for each in inits for name in arguments(each, method=True)}


def gives_a_value(node: Function) -> bool:
    """Whether a function returns something: by its annotation, or without one by its return statements."""
    if node.returns is not None:
        return ast.unparse(node.returns) not in ("None", "NoReturn", "Iterator[None]")
    return any(isinstance(each, ast.Return) and each.value is not None for each in ast.walk(node))


def faults(name: str, node: Function | ast.ClassDef, *, method: bool) -> Iterator[str]:
    """Sentences on what is wrong with the docstring of a definition."""
    text = ast.get_docstring(node)
    if text is None:
        yield f"{name} has no docstring"
        return
    doc = Docstring(text)
    if re.search(r"^ *\w[\w, ]* : \S.*\S {2,}\S", text, re.MULTILINE):
        yield f"{name} describes an entry on the line of its type, where it is read as a part of the type"
    if ELLIPTIC.match(doc.summary):
        yield f"{name} opens with {doc.summary.split()[0]!r}: name the quantity"
    if len(doc.summary.split(chr(10))[0]) > SUMMARY or chr(10) in doc.summary:
        yield f"{name} has a summary of more than one line of {SUMMARY} letters"
    if len({*doc.headings}) < len(doc.headings) or len({*doc.entries}) < len(doc.entries):
        yield f"{name} has a section or an entry twice"
    if doc.headings != sorted(doc.headings, key=SECTIONS.index):
        yield f"{name} has its sections in another order than {', '.join(SECTIONS)}"
    if isinstance(node, ast.ClassDef):
        needed, allowed = fields(node), attributes(node) | set(fields(node))
    elif decorators(node) & {"property", "cached_property", "intrinsic"}:
        return
    else:
        allowed = set(arguments(node, method=method))
        needed = [name for name in arguments(node, method=method) if name != "_"]  # which is not used
        if gives_a_value(node) and not doc.sections.keys() & {"Returns", "Yields"}:
            yield f"{name} returns something, but has no section Returns"
    if isinstance(node, ast.ClassDef) and any("Learning" in ast.unparse(base) for base in node.bases):
        allowed |= {
            each for each in doc.entries if each.endswith("_")
        }  # learned by the base, as scikit-learn spells it
    if unknown := set(doc.entries) - allowed:
        yield f"{name} documents {sorted(unknown)}, which it does not have"
    if (
        len(needed) > 1
        and not ELSEWHERE.search(text)
        and (missing := [each for each in needed if each not in doc.entries])
    ):
        yield f"{name} does not document {missing}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sections_agree_with_signatures(path):
    assert ast.get_docstring(ast.parse(path.read_text())), "a module says what it is about"
    assert [fault for name, node, method in public(path) for fault in faults(name, node, method=method)] == []


def defined_names() -> set[str]:
    """Names of all modules, functions, classes, methods and fields of the packages."""
    names = {path.parent.name if path.name == "__init__.py" else path.stem for path in PACKAGES}
    for path in PACKAGES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {each.id for each in targets if isinstance(each, ast.Name)}
    return names


def test_references_lead_to_names_that_exist():
    """``:func:`x```, ``:class:`x``` and the like name something that is still there."""
    names = defined_names()
    lost = {
        f"{path.relative_to(ROOT)}: {target}"
        for path in FILES
        for target in re.findall(r":(?:func|class|meth|mod|attr):`([^`]+)`", path.read_text())
        if not set(target.strip(".~").split(".")) <= names
    }
    assert not lost


def test_pydocstyle_finds_nothing():
    """Ruff's pydocstyle rules in NumPy's convention; ``__init__`` and magic methods are described by their class."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "D", "--ignore", "D105,D107"]
    command += ["--config", 'lint.pydocstyle.convention="numpy"', "--output-format", "concise", *FOLDERS]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_rules_find_faults():
    """A definition that breaks each rule is found out, and a sound one is not."""
    source = '''
def sound(a, b):
    """Add a and b.

    Parameters
    ----------
    a, b : int
        Numbers.

    Returns
    -------
    int
        Their sum.
    """
    return a + b

def wrong(a, b):
    """What comes of a.

    Parameters
    ----------
    a, c : int    numbers
    """
    return a

def silent(): ...
'''
    sound, wrong, silent = ast.parse(source).body
    assert list(faults("sound", sound, method=False)) == []
    assert len(list(faults("wrong", wrong, method=False))) == 5
    assert list(faults("silent", silent, method=False)) == ["silent has no docstring"]
