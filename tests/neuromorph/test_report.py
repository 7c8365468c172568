"""What people read: a wrong unit, a lost interval, a bound shown as a value or markup out of a file shows here."""

import base64
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from study_toys import Broken, Descent, Netlisted, Ring, press_ctrl_c

import neuromorph as nm
from neuromorph.estimate import Estimate
from neuromorph.plotting import numbers as text
from neuromorph.plotting import solutions as drawing
from neuromorph.plotting.files import figure_bytes, inline_svg
from neuromorph.report import answers
from neuromorph.report import comparison_figures as figures
from neuromorph.report import html_page as page
from neuromorph.report.conclusions import conclusions
from neuromorph.report.table import print_comparison
from neuromorph.report.write import write_target_files
from neuromorph.study.checkpoint import safe_name

EVIL = "<script>alert('x')</script> [bold]$\\frac$ \x1b[31m font-family: x; {{ 7*7 }} id=\"a_1\""


@pytest.fixture(scope="module")
def comparison():
    targets = [
        Descent(flips=60),
        Netlisted(name=f"net {EVIL}", summary=EVIL),
        Descent(name="small", largest=4),
        Broken(name="broken"),
        Descent(name="never", flips=2),
        Netlisted(name='font-family: x; id="a_1"'),
    ]
    return nm.compare(Ring(name=EVIL, size=12, best_known=12), targets, reads=40, rng=1)


@pytest.fixture(scope="module")
def written(comparison, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return folder, nm.write_report(comparison, folder)


def numbers_only(constant):
    raise AssertionError(f"{constant} is not JSON")


# results.json


def test_results_have_the_documented_fields(comparison):
    data = json.loads(nm.results_json(comparison), parse_constant=numbers_only)
    assert data["schema"] == 2
    assert data["task"] == {"name": "minimize"}
    assert {"name", "kind", "size", "best_known"} <= data["problem"].keys()
    assert {"seed", "command", "versions", "machine", "date", "problem_sha256"} <= data["provenance"].keys()
    assert [row["status"] for row in data["results"]] == ["ok", "ok", "does not fit", "failed", "ok", "ok"]
    wanted = {"target", "status", "reads", "feasible_fraction", "best", "gap", "success", "parameters"}
    wanted |= {"time_per_read_s", "energy_per_read_j", "tts_s", "ets_j", "ledger"}
    estimates = ["success", "success_probability", "time_per_read_s", "energy_per_read_j", "tts_s", "ets_j"]
    for row in data["results"]:
        assert wanted <= row.keys()
        for name in estimates:
            if row["reads"]:
                assert row[name].keys() == {"value", "low", "high"}
            else:
                assert row[name] is None
        for entry in row["ledger"]:
            assert {"what", "count", "unit_energy_j", "energy_j", "kind", "source"} <= entry.keys()
            assert entry["energy_j"] == pytest.approx(entry["count"] * entry["unit_energy_j"])
    solved, missed = data["results"][0], data["results"][4]
    assert isinstance(solved["best"], float)
    assert missed["tts_s"]["value"] is missed["tts_s"]["high"] is None
    assert missed["tts_s"]["low"] > 0
    ends = [sum(entry[f"energy_{end}_j"] for entry in solved["ledger"] if not entry["once"]) for end in ("low", "high")]
    low, high = (each / solved["reads"] for each in ends)
    each = solved["energy_per_read_j"]
    assert low < each["low"] < each["value"] < each["high"] < high
    assert data["boundary"] == "system+host"
    assert solved["needs"] == ["host"]
    assert sum(solved["known"].values()) == pytest.approx(1.0)
    assert solved["core_ets_j"]["value"] < solved["ets_j"]["value"]
    assert solved["throughput_hz"] == pytest.approx(1e6)
    assert solved["standby"]["energy_j"] > solved["ets_j"]["value"]


def test_every_documented_field_is_there_and_the_other_way_round(comparison):
    described = (Path(__file__).resolve().parents[2] / "docs" / "results-schema.md").read_text()
    data = json.loads(nm.results_json(comparison))
    names = {*data, *data["results"][0], *data["results"][0]["ledger"][0], *data["results"][0]["levels"][0]}
    names |= set(data["provenance"])
    missing = {name for name in names if not re.search(rf"[`\".]{name}[`\".]", described)}
    assert not missing


def test_what_is_infinite_is_null():
    """A best known value of 0 leaves no relative distance."""
    comparison = nm.compare(Ring(best_known=0.0), [Descent()], reads=3, rng=0)
    row = json.loads(nm.results_json(comparison), parse_constant=numbers_only)["results"][0]
    assert row["gap"] is row["gap_median"] is None


# numbers as text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (3.14159e-6, "J", "3.14 µJ"),
        (999.96e-9, "J", "1.00 µJ"),
        (9.996, "s", "10.0 s"),
        (100, "s", "100 s"),
        (150, "s", "2.50 min"),
        (9000, "s", "2.50 h"),
        (1e6, "s", "11.6 d"),
        (0, "J", "0 J"),
        (1234, "J", "1.23 kJ"),
        (2e-30, "J", "2e-30 J"),
        (-2e-3, "V", "-2.00 mV"),
    ],
)
def test_quantities_read_as_an_engineer_writes_them(value, unit, shown):
    assert text.format_quantity(value, unit) == shown


@given(st.floats(1e-17, 1e14), st.integers(2, 4))
def test_quantities_keep_their_value(value, digits):
    """A lost thousand or a digit too few is a factor; the prefixes are read back."""
    number, unit = text.format_quantity(value, "J", digits).replace(",", "").split(" ")
    scale = {"a": -18, "f": -15, "p": -12, "n": -9, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12}
    assert float(number) * 10.0 ** scale[unit[:-1]] == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
    assert 1 <= float(number) < 1000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Estimate(3.1e-6, 2e-6, 5.54e-6), ("3.1 µJ", "2.0–5.5 µJ")),
        (Estimate(3.1e-6, 5e-7, 5.54e-3), ("3.1 µJ", "500 nJ–5.5 mJ")),
        (Estimate(3.1e-6, 3.05e-6, 3.12e-6), ("3.10 µJ", "3.05–3.12 µJ")),
        (Estimate(2.0, 2.0, 2.0), ("2.00 J", "")),
        (Estimate(None, 4e-3, None), ("> 4.0 mJ", "")),
        (Estimate(None, None, None), ("–", "")),
        (None, ("–", "")),
    ],
)
def test_estimates_carry_their_interval_and_no_more_digits_than_it_bears(value, shown):
    assert text.format_estimate(value, "J") == shown


def test_scores_gaps_and_chances():
    assert [text.format_number(x) for x in (7542.0, 0.966942, -3.5, None, float("nan"))] == [
        *("7,542", "0.966942", "-3.50000"),
        *("–", "–"),
    ]
    assert [text.format_percent(x) for x in (0, 0.0449, 0.00031, 1.125, 0.5, None)] == [
        *("0 %", "4.5 %", "0.031 %", "112 %", "50 %", "–")
    ]
    assert text.format_probability(Estimate(0.24, 0.14, 0.37)) == ("24 %", "14–37 %")


def test_file_names_cannot_leave_their_folder():
    for name in ("../../etc/passwd", "a/b", ".hidden", "", "..", EVIL, "x" * 300, "C:\\x", "CON\0"):
        safe = safe_name(name)
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", safe)


# the terminal


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_shows_names_as_they_are(comparison, width):
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, width=width, force_terminal=True, color_system=None))
    shown = out.getvalue()
    assert "\x1b[31m" not in shown
    assert "[bold]" in shown
    assert "failed" in shown
    assert "not for this task or size: small; --why shows the reasons" in shown
    assert "small has 4 spins" not in shown
    assert "broken: ZeroDivisionError: dead <array>" in shown
    assert "> " in shown
    heading = re.split("─{9,}", shown, maxsplit=1)[0]
    assert ("known" in heading.split("system+host", 1)[1]) == (width == 120)
    assert "needs host" not in shown  # each row does, but processors
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, width=width, force_terminal=True, color_system=None), why=True)
    assert "small: small has 4 spins, the problem 12; take a larger array" in out.getvalue()


def test_rows_stand_by_energy_to_solution_and_bounds_behind(comparison):
    shown = comparison.by_energy
    solved = [row.ets_j.value for row in shown if row.ets_j is not None and row.ets_j.value is not None]
    assert solved == sorted(solved)
    assert len(solved) >= 2
    kinds = [row.ets_j is None if row.ets_j is None else row.ets_j.value is None for row in shown]
    assert [row.target for row in shown[-2:]] == [row.target for row in comparison.results if not row.reads]
    assert kinds[: len(solved)] == [False] * len(solved)


@pytest.mark.parametrize("width", [50, 60, 75, 80, 100, 120, 160, 200])
def test_a_narrow_table_cuts_no_number(comparison, width):
    """'3,3…' is no length: columns are left out, names broken, and rows become paragraphs before a digit is lost."""
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, width=width, force_terminal=True, color_system=None))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in out.getvalue()
    for row in comparison.results:
        if row.best is not None:
            assert any(re.search(rf" {row.best:g} ", line) for line in lines)
        if row.ets_j is not None and row.ets_j.value is not None:
            value, interval = text.format_estimate(row.ets_j, "J")
            assert value in out.getvalue()
            assert interval in out.getvalue()


def test_conclusions_say_only_what_intervals_allow(comparison):
    row = replace(comparison.results[0], files={})

    def told(*costs):
        rows = tuple(replace(row, target=f"t{k}", ets_j=Estimate(*cost)) for k, cost in enumerate(costs))
        return conclusions(replace(comparison, results=rows))[1].replace("\u00a0", " ")

    assert told((2.0, 1.0, 3.0), (1.0, 0.5, 0.9)).endswith("next t0 with 2.0 J (1.0–3.0 J): the intervals are apart.")
    assert "t1 with 1.0 J" in told((2.0, 1.0, 3.0), (1.0, 0.5, 0.9))
    assert told((2.0, 0.8, 3.0), (1.0, 0.5, 0.9)).endswith("the intervals overlap; it needs less in 50 % of the draws.")
    assert told((2.0, 0.8, 3.0), (None, 0.5, None)).endswith("no other target got there.")
    assert "only bounds" in told((None, 0.8, None))
    both = nm.compare(Ring(size=12, best_known=12), [Descent(flips=9), Descent(name="b", flips=12)], reads=40, rng=1)
    gap = max(row.gap for row in both.results)
    assert gap > 0
    need = {row.target: [lv for lv in row.levels if lv.gap <= gap][-1].energy_j.value for row in both.results}
    assert conclusions(both)[-1].startswith(
        f"Least energy for a gap of {text.format_percent(gap)}: {min(need, key=need.get)}"
    )
    unknown = nm.compare(Ring(best_known=None), [Descent()], reads=3, rng=0)
    assert "No best value is known" in conclusions(unknown)[1]
    better = nm.compare(Ring(best_known=4.0), [Descent()], reads=3, rng=0)
    assert "better by 100 % than the value given as best known, 4" in conclusions(better)[0]


# figures


def test_the_front_is_what_nothing_beats():
    rng = np.random.default_rng(2)
    points = [(float(e), float(q)) for e, q in rng.integers(1, 30, (80, 2))]
    front = {tuple(point) for point in figures._front(points, rising=False).tolist()}
    beaten = {a for a in points if any(b != a and b[0] <= a[0] and b[1] <= a[1] for b in points)}
    assert front == set(points) - beaten


def test_figures_take_and_return_axes(comparison):
    for draw in (figures.draw_pareto, figures.draw_energy_shares):
        ax = figures.new_axes()
        assert draw(comparison, ax) is ax
    shares = figures.draw_energy_shares(comparison)
    assert sum(bar.get_width() for bar in shares.patches) == pytest.approx(400.0)  # four targets have a price
    marks = [line.get_label() for line in figures.draw_pareto(comparison).get_legend_handles_labels()[0]]
    assert len(marks) == 4


def test_figures_of_nothing_say_so():
    empty = nm.compare(Ring(), [Broken()], reads=2, rng=0)
    for draw in (figures.draw_pareto, figures.draw_energy_shares):
        assert draw(empty).texts


def test_a_figure_without_best_known_is_of_the_best_of_the_study_or_the_score():
    ax = figures.draw_pareto(nm.compare(Ring(size=12, best_known=None), [Descent(flips=30)], reads=20, rng=0))
    assert ax.get_ylabel() == "gap to the best of this study (%)"
    sampled = nm.compare(Ring(size=12, best_known=None), [Descent(flips=30)], reads=20, rng=0)
    ax = figures.draw_pareto(replace(sampled, results=tuple(replace(row, levels=_bare(row)) for row in sampled.results),
                                     best_of_study=None))  # fmt: skip
    assert ax.get_ylabel() == "score"
    assert ax.yaxis_inverted()


def _bare(row):
    return tuple(replace(level, gap=None) for level in row.levels)


def test_svg_on_a_page_is_whole_and_follows_its_scheme(comparison):
    svg = figure_bytes(figures.draw_pareto(comparison), "svg")
    assert svg == figure_bytes(figures.draw_pareto(comparison), "svg")
    inline = inline_svg(svg, 'a "figure" & more')
    root = ET.fromstring(inline.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    assert root.attrib["aria-label"] == 'a "figure" & more'
    texts = " ".join(node.text or "" for node in root.iter() if node.tag.endswith("text"))
    assert "<script>alert('x')</script>" in texts
    assert 'font-family: x; id="a_1"' in texts
    used = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", inline))
    assert used
    assert used <= set(re.findall(r'id="([\w-]+)"', inline))
    assert "var(--c" in inline
    assert not re.search(r"#[0-9a-f]{6}\b", re.sub(r"#[0-9a-f]{6,}(?=[)\"])", "", inline)), "a color of no scheme"


def tour_problem(n, **more):
    return nm.Tsp.from_coordinates(np.random.default_rng(0).random((n, 2)), **more)


def test_each_kind_of_answer_is_drawn():
    rng = np.random.default_rng(0)
    cross = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]]).ravel()
    recall = nm.Recall("x", [cross], shape=(3, 3))
    graph = nm.MaxCut.from_edges(30, [(i, j) for i in range(30) for j in range(i) if rng.random() < 0.3])
    drawn = [
        drawing.draw_tour(tour_problem(12), np.arange(12)),
        drawing.draw_tour(tour_problem(3000), np.arange(3000)),
        drawing.draw_cut(graph, rng.choice([-1, 1], 30)),
        drawing.draw_cut(graph, np.ones(30)),
        drawing.draw_recall(recall, cross, -cross),
        drawing.draw_recall(recall, cross, None),
        drawing.draw_pattern(np.array([1]), None),
        drawing.draw_pattern(np.ones(31), None),
    ]
    for ax in drawn:
        assert len(figure_bytes(ax, "svg")) < 400_000


def test_the_cue_that_is_drawn_is_that_of_the_best_read():
    pattern = np.array([1, 1, 1, -1, -1, -1, 1, -1, 1])
    problem = nm.Recall("x", [pattern], noise=0.4)
    (row,) = nm.compare(problem, [Descent(flips=3)], reads=9, rng=0).results
    best = int(np.argmax(row.scores))
    assert best > 0
    assert np.array_equal(answers._cue(problem, row), row.run.task.cue[best])


def test_cities_without_coordinates_are_placed_by_their_distances():
    """Euclidean distances come back exactly, up to rotation."""
    original = tour_problem(15)
    placed = drawing.city_places(nm.Tsp.from_matrix(original.distances()))
    again = np.linalg.norm(placed[:, None] - placed[None], axis=2)
    np.testing.assert_allclose(again, original.distances(), atol=1e-9)


# the folder and the page


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in {"meta", "link", "br", "path", "use", "image", "rect", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_folder_is_complete(comparison, written):
    folder, paths = written
    assert all(path.is_file() for path in paths)
    names = {path.relative_to(folder).as_posix() for path in paths}
    assert {"results.json", "report.html", "netlist.cir", "font-family-x-id-a_1-netlist.cir"} <= names
    assert {
        f"figures/{name}.{kind}" for name in ("pareto", "energy", "answer-descent") for kind in ("svg", "png")
    } <= names
    assert json.loads((folder / "results.json").read_text()) == json.loads(nm.results_json(comparison))
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in paths)


def test_the_page_needs_nothing_else_and_runs_only_its_own_script(written):
    html = (written[0] / "report.html").read_text()
    elements = Elements()
    elements.feed(html)
    assert elements.open == []
    tags = {tag for tag, _ in elements.seen}
    assert not tags & {"iframe", "object", "img", "form"}
    policy = next(
        a["content"] for tag, a in elements.seen if tag == "meta" and "content" in a and "default" in a["content"]
    )
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{allowed}'; style-src 'unsafe-inline'; img-src data:;" in policy
    assert [a.get("type") for tag, a in elements.seen if tag == "script"] == ["application/json", None]
    for _, attributes in elements.seen:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not re.search(r"@import|url\((?!#)", html)
    assert not re.search(r"eval|innerHTML|insertAdjacent|document\.write|Function\(", script)
    ids = [attributes["id"] for tag, attributes in elements.seen if "id" in attributes and tag == "article"]
    assert len(set(ids)) == len(ids) == 5  # what does not fit is folded into one line


def test_the_page_shows_names_as_text_and_every_source(comparison, written):
    elements = Elements()
    elements.feed((written[0] / "report.html").read_text())
    shown = " ".join(elements.text.split())
    assert "<script>alert('x')</script> [bold]$\\frac$" in shown
    assert "{{ 7*7 }}" in shown
    assert "a note with <b>markup</b> & [red]more[/red]" in shown
    assert "small has 4 spins, the problem 12; take a larger array" in shown
    for entry in comparison.results[0].ledger.entries:
        assert entry.source in shown
        assert entry.kind in shown
        assert entry.what in shown
    assert str(comparison.provenance["seed"]) in shown
    assert comparison.provenance["problem_sha256"] in shown


def test_an_interrupted_study_says_so():
    def stop(reads):
        if reads == 2:
            press_ctrl_c()

    stopped = nm.compare(Ring(), [Descent(events=stop)], reads=9, rng=0)
    assert "interrupted" in page.render_page(stopped, {}).split("</header>")[0]


def test_the_best_tour_is_written_and_can_be_read(tmp_path):
    problem = tour_problem(4, name="four")
    comparison = nm.compare(problem, [Descent(flips=600)], reads=60, rng=0)
    nm.write_report(comparison, tmp_path)
    tour = nm.read_tour(tmp_path / "best.tour")
    assert problem.length(tour) == comparison.best.best


def test_answers_of_an_earlier_study_do_not_stay_beside_the_new_one(tmp_path):
    nm.write_report(nm.compare(tour_problem(4, name="four"), [Descent(flips=600)], reads=60, rng=0), tmp_path)
    (tmp_path / "figures" / "mine.png").touch()
    nm.write_report(nm.compare(Ring(), [Descent(name="other")], reads=2, rng=0), tmp_path)
    left = {path.name for path in tmp_path.rglob("*")}
    assert not {"best.tour", "answer-descent.png", "answer-descent.svg"} & left
    assert {"results.json", "pareto.svg", "mine.png"} <= left


def test_what_targets_hand_over_cannot_replace_the_results(comparison):
    row = replace(comparison.results[0], target="t", files={"results.json": "x", "../up": "y", "figures": "z"})
    names = write_target_files(replace(comparison, results=(row,)))
    assert set(names) == {"t-results.json", "up", "t-figures"}
