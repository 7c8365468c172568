"""Numbers of devices that nobody reads: none, unless their source says that they are there for information."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import neuromorph as nm
from neuromorph.datum import read_data
from neuromorph.target_constants import constants_of

ROOT = Path(__file__).resolve().parents[2]
TABLES = sorted((ROOT / "hardware_targets").rglob("*.toml"))
SHORTEST = 6  # letters that a name put together at run time has of its own


@cache
def patterns():
    """Texts of the packages as patterns of names: whole ones, those with gaps, and regular expressions of names."""
    whole, gaps = set(), set()
    for package in ("hardware_targets", "neuromorph", "circuits"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                    if sum(len(part) for part in parts if part) >= SHORTEST:
                        gaps.add("".join("[a-z0-9_]+" if part is None else re.escape(part) for part in parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    whole.add(node.value)
                    if r"_(\d+)_" in node.value:
                        gaps.add(node.value)
    return whole, frozenset(re.compile(each) for each in gaps)


def is_read(name):
    whole, gaps = patterns()
    return name in whole or any(each.fullmatch(name) for each in gaps)


def unread(table):
    return sorted(name for name, datum in table.items() if not is_read(name) and "for information" not in datum.source)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_number_of_a_table_is_read(path):
    """A constant without effect looks as if it had one: it is read by its name, or said to be for information."""
    assert not unread(read_data(path.read_text()))


def test_every_constant_that_a_target_tells_is_read():
    assert not {name: left for name in nm.available_targets() if (left := unread(constants_of(nm.get_target(name))))}


def test_a_number_that_nobody_reads_is_found():
    table = read_data('[half_life_of_nothing]\nvalue = 1\nunit = "s"\nkind = "assumed"\nsource = "mine"\n')
    assert unread(table) == ["half_life_of_nothing"]
    assert len(TABLES) > 15
    assert is_read("tiles_29_step_time")
    assert is_read("drift_mean_log")
