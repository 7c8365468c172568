"""The page over several instances: its numbers, its links, and what a browser says of it."""

import json
import re
from html import unescape

import pytest
from browser import browser, find_browser
from study_toys import Descent, Ring
from test_chips import Lot

import neuromorph as nm
from neuromorph.files.printable import printable
from neuromorph.pricing import BOUNDARIES
from neuromorph.report import draw_instances, render_instances_page, write_report
from neuromorph.study.over_instances import over_instances

EVIL = "</script><script>document.title='owned'</script>"
NAMES = ["six", "eight & more", EVIL]

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium or Chrome")


@pytest.fixture(scope="module")
def comparisons():
    devices = [Descent(name="poor", flips=12), Descent(name="good", flips=200), Descent(name="small", largest=4), Lot()]
    return [
        nm.compare(Ring(name=name, size=size, best_known=size), devices, 40, 1, chips=4)
        for name, size in zip(NAMES, (6, 8, 30), strict=True)
    ]


@pytest.fixture(scope="module")
def page(comparisons):
    return render_instances_page(comparisons, ["six", "eight more", "evil"], {"seed": 1, "not_begun": ["nine.txt"]})


@pytest.fixture(scope="module")
def data(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def test_rows_are_those_over_instances(comparisons, data):
    rows = {row["name"]: row for row in data["rows"]}
    assert set(rows) == {"poor", "good", "lot"}
    for row in over_instances(comparisons):
        if row.target in rows:
            cells = rows[row.target]["cells"][data["boundary"]]
            assert cells[0][1] == f"{row.instances} of 3"
            assert cells[1][0] == row.success
            median = row.ets_j.median
            assert cells[-1][0] == (median if median is not None else 1e150 * row.ets_j.bound)
    order = [row["cells"][data["boundary"]][-1][0] for row in data["rows"]]
    assert order == sorted(order)


def test_energies_move_with_the_boundary_as_the_comparisons_do(comparisons, data):
    devices = [Descent(name="poor", flips=12), Descent(name="good", flips=200), Descent(name="small", largest=4), Lot()]
    at_core = [
        nm.compare(Ring(name=name, size=size, best_known=size), devices, 40, 1, chips=4, boundary="core")
        for name, size in zip(NAMES, (6, 8, 30), strict=True)
    ]
    told = {row["name"]: row["cells"][BOUNDARIES.index("core")][-1][0] for row in data["rows"]}
    for row in over_instances(at_core):
        if row.target in told and row.ets_j.median is not None:
            assert told[row.target] == row.ets_j.median


def test_instances_stand_with_their_links_and_what_is_missing(page):
    assert re.findall(r'<a class="page" href="([^"]*)"', page) == [
        "six/report.html",
        "eight%20more/report.html",
        "evil/report.html",
    ]
    told = unescape(page)
    assert "not begun: nine.txt" in told
    assert "Does not fit: small" in told
    assert "3 instances" in told
    assert "<script>document.title" not in page


def test_a_dot_for_each_instance(comparisons):
    ax = draw_instances(comparisons)
    dots = sum(len(each.get_offsets()) for each in ax.collections)
    wanted = [row.ets_j for found in comparisons for row in found.results if row.ets_j is not None]
    assert dots == len(wanted)
    assert draw_instances([nm.compare(Ring(best_known=None), [Descent(largest=2)], 2, 1)]).texts


def test_samples_have_a_page_too():
    pair = nm.IsingModel("pair", nm.Ising([[0.0, 0.5], [0.5, 0.0]]))
    found = [nm.compare(pair, ["cpu-gibbs"], task=nm.Sample(0.7), reads=20, rng=each) for each in (0, 1)]
    assert found[0].results[0].success is None
    assert found[0].results[0].tts_s is None
    assert found[0].results[0].levels == ()
    written = json.loads(nm.results_json(found[0]))["results"][0]
    assert (written["tts_s"], written["success"], written["standby"]["of"]) == (None, None, "read")
    page = render_instances_page(found, ["a", "b"], {})
    assert "a/report.html" in page


@needs_browser
def test_a_browser_opens_it_and_follows_a_link(comparisons, page, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    write_report(comparisons[0], tmp_path / "six")
    with browser(tmp_path / "profile") as chromium:
        opened = chromium.open((tmp_path / "report.html").as_uri())
        assert opened.said() == []
        assert opened.run("document.title") == "3 instances · neuromorph"
        names = "[...document.querySelectorAll('#rows th')].map(th => th.querySelector('a, span').textContent)"
        first = opened.run(names)
        opened.click("#table thead th button")
        assert opened.run(names) == sorted(first)
        energy = "document.querySelector('#rows tr').lastChild.innerText"
        before = opened.run(energy)
        opened.click("input[name=boundary][value='0']")
        assert opened.run(energy) != before
        links = opened.run("[...document.querySelectorAll('a.page')].map(a => a.textContent)")
        assert links == [" ".join(printable(name).split()) for name in NAMES]
        assert opened.run("document.querySelector('a.page').href") == (tmp_path / "six" / "report.html").as_uri()
        for width in (390, 1240):
            opened = chromium.open((tmp_path / "report.html").as_uri(), width=width)
            assert opened.run("document.documentElement.scrollWidth") <= width
            assert opened.said() == []
        assert chromium.open((tmp_path / "six" / "report.html").as_uri()).said() == []
