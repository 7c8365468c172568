"""The table as CSV, Markdown and LaTeX: numbers that come back, and names that break nothing."""

import csv
import io
from dataclasses import replace

import pytest
from rich.console import Console
from study_toys import Descent, Ring
from test_chips import Lot

import neuromorph as nm
from neuromorph.report.table_columns import status
from neuromorph.report.table_layout import Column, RowName, print_columns
from neuromorph.report.table_text import TABLES, table_csv, table_latex, table_markdown


@pytest.fixture(scope="module")
def comparison():
    odd = Descent(name="a|b & 100 % of_it\\")
    return nm.compare(Ring(), [odd, Lot(flips=40), Descent(name="small", largest=2)], 60, 3)


def test_csv_gives_the_numbers_back(comparison):
    rows = list(csv.DictReader(io.StringIO(table_csv(comparison))))
    assert [row["target"] for row in rows] == [each.target for each in comparison.results]
    for row, each in zip(rows[:2], comparison.results, strict=False):
        assert float(row["success"]) == each.success.value
        assert float(row["ets_j"]) == each.ets_j.value
        assert float(row["energy_per_read_j_high"]) == each.energy_per_read_j.high
    assert (rows[1]["chips"], rows[0]["chips"], rows[2]["best"]) == ("10", "", "")
    assert float(rows[1]["tts_over_chips_s_never"]) == comparison.results[1].tts_over_chips.never


def test_markdown_and_latex_have_a_row_a_target(comparison):
    lines = table_markdown(comparison).splitlines()
    assert lines[2].count("|") - lines[2].count("\\|") == lines[0].count("|")
    assert "does not fit" in lines[4]  # rows stand by rising energy to solution
    latex = table_latex(comparison)
    rows = [line for line in latex.splitlines() if line.endswith(r" \\")]
    assert len(rows) == 4
    assert all(row.replace(r"\&", "").count("&") == 15 for row in rows)
    assert r"a|b \& 100 \% of\_it\textbackslash{}" in rows[2]


@pytest.mark.parametrize("name", TABLES)
def test_a_study_without_results_has_a_table(name):
    assert TABLES[name](nm.Comparison(Ring(), ()))


@pytest.mark.parametrize("width", [80, 120, 160])
def test_tall_rows_stand_apart_and_tell_what_they_need(width):
    """Rows of three lines, as of chips or with equipment, are followed by an empty one; others are not."""
    plain = [RowName("first", [("ok, 9 reads", "")]), RowName("second", [("ok, 9 reads", "")])]
    tall = [RowName("first", [("ok, 9 reads, 10 chips, forecast, microscope", "")]), plain[1]]
    for names, apart in ((plain, False), (tall, True)):
        console = Console(file=io.StringIO(), width=width)
        cells = [["1", "0-2", "3/10 never"] if apart else ["1", "0-2"], ["4", "3-5"]]
        print_columns(console, "target", names, [Column("success", cells)])
        lines = [line.strip() for line in console.file.getvalue().splitlines()]
        place = next(k for k, line in enumerate(lines) if line.startswith("second"))
        assert (lines[place - 1] == "") == apart
        assert lines[-1] != ""
        assert "microscope" in console.file.getvalue() or not apart


@pytest.mark.parametrize("said", ["in 412 macros of 12", "in 9 macros of 80"])
def test_a_row_says_in_how_many_macros_it_answered(comparison, said):
    row = comparison.results[0]
    about = "in macros of 12, 1 at a time; each is programmed on its own"
    assert "macros" not in status(replace(row, notes=(about,)))
    assert status(replace(row, notes=(about, f"{said}; 98 % answered"))).endswith(f", {said}")
    assert "macros" not in status(replace(comparison.results[2], notes=(said,)))  # which has no reads
