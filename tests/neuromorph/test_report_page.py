"""The page in a browser: what a click sorts, a word filters, a pointer tells, and that nothing leaves the machine."""

import io
import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from browser import browser, find_browser
from rich.console import Console
from study_toys import Broken, Descent, Netlisted, Ring
from test_chips import Lot

import neuromorph as nm
from neuromorph.files.printable import printable
from neuromorph.plotting.files import figure_bytes
from neuromorph.pricing import BOUNDARIES, HOST, energy_swings
from neuromorph.report import draw_tornado, render_page, render_study_page
from neuromorph.report import page_sections as sections
from neuromorph.report.conclusions import conclusions
from neuromorph.report.html_page import _embedded
from neuromorph.report.page_prices import price_at_boundaries
from neuromorph.report.table import print_comparison
from neuromorph.report.table_columns import solving_columns
from neuromorph.report.write import draw_comparison
from neuromorph.study.row_prices import price_row
from neuromorph.sweep import StudySummary

EVIL = "</script><script>document.title='owned'</script><!-- <img src=http://127.0.0.1:9/x onerror=alert(1)> \u2028 \"'"

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium or Chrome")


@pytest.fixture(scope="module")
def comparison():
    targets = [
        Descent(name="poor", flips=9),
        Netlisted(name=f"net {EVIL}", summary=EVIL, flips=7),
        Descent(name="small", largest=4),
        Descent(name="tiny", largest=2),
        Broken(name="broken"),
        Descent(name="good", flips=200),
        Descent(name="never", flips=2),
    ]
    return nm.compare(Ring(name=EVIL, size=12, best_known=12), targets, reads=40, rng=1)


@pytest.fixture(scope="module")
def html(comparison):
    return render_page(comparison, {name: figure_bytes(ax, "svg") for name, ax in draw_comparison(comparison).items()})


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def address(html, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


def data_of(html):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])


LISTS = "[...document.querySelectorAll('article dl[data-boundary]')].filter(d => !d.hidden)"
NAMES = "[...document.querySelectorAll('#rows th')].map(th => th.querySelector('a, span').textContent)"


# in the browser


@needs_browser
def test_the_page_runs_without_an_error_and_asks_nobody(chromium, address):
    page = chromium.open(address)
    assert page.said() == []
    assert page.requests() == [address]
    assert page.run("document.title") == " ".join(f"{printable(EVIL)} · neuromorph".split())
    assert page.run("document.querySelectorAll('img, iframe, form, link[rel=stylesheet]').length") == 0
    assert page.run("fetch('http://127.0.0.1:9/x').then(() => 'sent', error => error.message)") != "sent"
    assert any("Content Security Policy" in said for said in page.said())


@needs_browser
def test_markup_that_gets_into_the_page_does_not_run(chromium, address):
    """The policy is the second wall: a script that an escape had let through is not run."""
    page = chromium.open(address)
    page.run("""(() => { const s = document.createElement('script'); s.textContent = "document.title = 'owned'";
        document.body.append(s); const d = document.createElement('div');
        d.innerHTML = "<i onclick='document.title=1'>x</i>";
        document.body.append(d); d.firstChild.click(); })()""")
    assert "owned" not in page.run("document.title").split("·")[-1]
    assert page.run("document.title") != "1"


@needs_browser
def test_a_click_on_a_heading_sorts_and_says_so(chromium, address):
    page = chromium.open(address)
    assert page.run(NAMES)[0] == "good"  # by energy to solution
    sorts = "[...document.querySelectorAll('#table thead th')].map(th => th.getAttribute('aria-sort'))"
    assert page.run(sorts).count("ascending") == 1
    page.click("#table thead th button")
    names = page.run(NAMES)
    assert names == sorted(names, key=str.lower)
    assert page.run(sorts)[0] == "ascending"
    page.click("#table thead th button")
    assert page.run(NAMES) == names[::-1]
    assert page.run(sorts)[0] == "descending"
    energy = "[...document.querySelectorAll('#table thead button')].findIndex(b => b.textContent === 'Energy a read')"
    column = page.run(energy)
    for order in ("ascending", "descending"):
        page.click(f"#table thead th:nth-child({column + 1}) button")
        assert page.run(sorts)[column] == order
        assert page.run(NAMES)[-1] == "broken", "what has no number stands last either way"
    page.run("document.querySelector('#table thead th:nth-child(2) button').focus()")
    page.press("Enter")
    page.run("document.activeElement.click()")
    assert page.run(sorts)[1] in ("ascending", "descending")
    assert page.said() == []


@needs_browser
def test_words_filter_the_table_and_the_front(chromium, address):
    page = chromium.open(address)
    marks = "document.querySelectorAll('#plot .mark').length"
    assert page.run(marks) == 4
    page.click("#filter")
    page.type("OO")
    assert sorted(page.run(NAMES)) == ["good", "poor"]
    assert page.run("document.getElementById('count').textContent") == "2 of 5"
    assert page.run(marks) == 2
    page.type(" zzz")
    assert page.run(NAMES) == []
    assert page.run("document.getElementById('plot').textContent") == "nothing to draw"
    assert page.said() == []


@needs_browser
def test_hover_and_arrow_keys_tell_settings_numbers_and_sources(chromium, address, comparison):
    page = chromium.open(address)
    place = """(() => { const plot = document.getElementById('plot');
        plot.scrollIntoView({ block: 'center', behavior: 'instant' });
        const b = plot.querySelectorAll('.mark')[0].getBoundingClientRect();
        return [b.x + b.width / 2, b.y + b.height / 2]; })()"""
    x, y = page.run(place)
    page.move(x + 2, y + 2)
    tip = "document.getElementById('tip').hidden ? '' : document.getElementById('tip').innerText"
    told = page.run(tip)
    source = comparison.results[0].ledger.entries[0].source
    assert source in told or comparison.results[0].ledger.entries[1].source in told
    assert re.search(r"energy until found with 99 %: [\d.]+\s.J \([\d.]+\s.?J to [\d.]+\s.?J\)", told)
    assert re.search(r"gap [\d.]+\s%, by [\d.]+\s% of reads", told)
    page.move(5, 5)
    assert page.run(tip) == ""
    page.run("document.getElementById('plot').focus()")
    page.press("ArrowRight")
    first = page.run(tip)
    page.press("ArrowRight")
    assert first
    assert page.run(tip)
    page.press("Escape")
    assert page.run(tip) == ""
    assert page.said() == []


@needs_browser
def test_the_boundary_changes_table_front_and_sections(chromium, address, comparison):
    page = chromium.open(address)
    column = data_of_columns(page).index("Energy a read") + 1
    row = "document.querySelector('#rows tr')"
    before = page.run(f"{row}.children[{column}].innerText")
    ticks = "[...document.querySelectorAll('#plot text')].map(t => t.textContent).join()"
    drawn = page.run(ticks)
    assert page.run("document.querySelectorAll('.outside').length") == 0  # it opens with the host
    page.click("input[name=boundary][value='1']")
    after = page.run(f"{row}.children[{column}].innerText")
    assert before != after
    assert page.run(ticks) != drawn
    assert page.run(f"{LISTS}.every(d => d.textContent.trim().startsWith('Counted: chip'))")
    page.click("input[name=boundary][value='0']")
    assert page.run("document.querySelectorAll('.outside').length") > 0
    assert page.said() == []


def data_of_columns(page):
    return page.run("JSON.parse(document.getElementById('data').textContent).columns")


@needs_browser
def test_dark_and_light_by_the_system_and_by_the_button(chromium, address):
    background = "getComputedStyle(document.body).backgroundColor"
    page = chromium.open(address)
    light = page.run(background)
    page.click("#scheme")
    dark = page.run(background)
    assert dark != light
    page.click("#scheme")
    assert page.run(background) == light
    page = chromium.open(address, dark=True)
    assert page.run(background) == dark
    page.click("#scheme")
    assert page.run(background) == light
    page = chromium.open(address, dark=True)
    page.send("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.run("getComputedStyle(document.documentElement).getPropertyValue('--page').trim()") == "#f6f7f8"
    assert page.run("getComputedStyle(document.querySelector('.tools')).display") == "none"


@needs_browser
@pytest.mark.parametrize("width", [390, 900, 1200])
def test_the_page_is_no_wider_than_its_window(chromium, address, width):
    page = chromium.open(address, width=width)
    assert page.run("document.documentElement.scrollWidth") == width


@needs_browser
def test_without_a_script_the_numbers_are_there(chromium, address, comparison):
    page = chromium.open(address, scripts=False)
    page.send("Emulation.setScriptExecutionDisabled", value=False)
    text = page.run("document.body.innerText")
    assert page.run(NAMES)[0] == "good"
    assert page.run("document.querySelectorAll('#rows tr').length") == 5
    assert "Does not fit: small, tiny" in text or "Does not fit: tiny, small" in text
    assert page.run("getComputedStyle(document.querySelector('.tools')).display") == "none"


@needs_browser
def test_reasons_open_on_demand(chromium, address):
    page = chromium.open(address)
    shown = "document.querySelector('.unfit dl').checkVisibility()"
    assert not page.run(shown)
    page.click(".unfit summary")
    assert page.run(shown)
    assert "small has 4 spins, the problem 12; take a larger array" in page.run(
        "document.querySelector('.unfit').innerText"
    )


def planted_study(count):
    rng = np.random.default_rng(0)
    settings = tuple(
        (f"target-{k % 6}", {"sweeps": 10 * (1 + k % 97), "bits": k % 13, "beta": round(float(rng.random()), 4)})
        for k in range(count)
    )
    energy = 10 ** rng.uniform(-9, 2, (count, 1, 1)) * 10 ** rng.normal(0, 0.1, (count, 2, 5))
    quality = np.clip(0.5 + 0.05 * np.log10(energy) + rng.normal(0, 0.05, energy.shape), 0, 1)
    values = {"energy": energy, "quality": quality, "success": quality**3, "latency": 3 * energy, "setup": 0 * energy,
              "energy_of_read": energy, "kl": np.nan * energy, "energy_to_solution": 5 * energy}  # fmt: skip
    return StudySummary(settings, ("a", "b"), tuple((0, chip) for chip in range(5)), values, failed=2)


@needs_browser
@pytest.mark.slow
def test_ten_thousand_points_open_at_once(chromium, tmp_path):
    """8 MB and 2 s are the limits; time is that of the main thread, for the machine may be busy."""
    html = render_study_page(planted_study(10_000), EVIL)
    assert len(html.encode()) < 8_000_000
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    page = chromium.open((tmp_path / "report.html").as_uri())
    assert page.said() == []
    assert 0.01 < page.seconds() < 2.0
    assert page.run("document.querySelectorAll('#rows tr').length") == 40
    page.click("#filter")
    page.type("target-3 bits 7")
    assert page.run("document.querySelectorAll('#rows th').length") == 40
    assert page.run("+document.getElementById('count').textContent.split(' ')[0]") > 100
    page.click("#more")
    assert page.run("document.querySelectorAll('#rows th').length") > 100


@needs_browser
@pytest.mark.slow
def test_ten_thousand_points_of_a_comparison_open_at_once(chromium, comparison, tmp_path):
    """250 targets that reached 40 qualities each, all with their sections."""
    row = comparison.results[0]
    levels = tuple(replace(row.levels[k % len(row.levels)], gap=0.01 * k, score=12.0 - 0.1 * k) for k in range(40))
    rows = tuple(replace(row, target=f"poor({k})", levels=levels) for k in range(250))
    html = render_page(replace(comparison, results=rows), {})
    assert len(data_of(html)["front"]["row"]) == 10_000
    assert len(html.encode()) < 8_000_000
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    page = chromium.open((tmp_path / "report.html").as_uri())
    assert page.said() == []
    assert 0.01 < page.seconds() < 2.0


# the numbers of the page


def compared_at(boundary):
    """A target of several chips and one that is what it is, with a host and a programming of their own."""
    host = replace(HOST, value=40.0, low=30.0, high=50.0, source="a test")
    more = {"chips": 4, "problems_per_programming": 3, "costs": {"host_power": host}, "boundary": boundary}
    return nm.compare(Ring(size=12), [Lot(), Descent(name="plain", flips=40)], 80, 2, **more)


@pytest.fixture(scope="module")
def at_each():
    return {boundary: compared_at(boundary) for boundary in BOUNDARIES}


@pytest.mark.parametrize("counted", ["core", "system+host"])
def test_prices_at_a_boundary_are_those_of_a_comparison_at_it(at_each, counted):
    """The same draws, host and sharing, whatever boundary the comparison itself has."""
    for k, result in enumerate(at_each[counted].results):
        found = price_at_boundaries(result)
        assert list(found) == list(BOUNDARIES)
        for boundary, priced in found.items():
            wanted = at_each[boundary].results[k]
            assert priced.prices.energy_per_read_j == wanted.energy_per_read_j
            assert priced.prices.programming_energy_j == wanted.programming_energy_j
            assert (priced.prices.known, priced.prices.work) == (wanted.prices.known, wanted.prices.work)
            assert priced.prices.needs == wanted.prices.needs
            assert (priced.solution.ets_j, priced.solution.tts_s) == (wanted.ets_j, wanted.tts_s)
            assert priced.solution.standby == wanted.solution_prices.standby
            assert priced.solution.energy_share_of_prices == wanted.solution_prices.energy_share_of_prices
            assert list(priced.levels_j) == [level.energy_j for level in wanted.levels]
            assert priced.over_chips == wanted.ets_over_chips
        energies = [found[boundary].solution.ets_j.value for boundary in ("core", "system", "system+host")]
        assert energies == sorted(set(energies))
    assert len(at_each[counted].results[0].chips) == 4


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_page_tells_the_numbers_of_the_table(at_each, boundary):
    found = at_each[boundary]
    console = Console(file=io.StringIO(), width=300)
    print_comparison(found, console)
    printed = console.file.getvalue()
    html = render_page(found, {})
    data = data_of(html)
    assert BOUNDARIES[data["boundary"]] == boundary
    told = {column.heading.replace("\n", " "): column.cells for column in solving_columns(found.results, boundary)}
    names = {
        "Success a read": "success", "Time a read": "time a read", "Time to solution": "time to solution",
        "Energy a read": f"energy a read, {boundary}", "Energy to solution": f"energy to solution, {boundary}",
    }  # fmt: skip
    for k, result in enumerate(found.results):
        row = next(row for row in data["rows"] if row["name"] == result.target)
        for heading, name in names.items():
            cell = row["cells"][data["boundary"]][data["columns"].index(heading)]
            assert [cell[1], *cell[2].split("\n")] == [*told[name][k]]
            assert all(text in printed for text in told[name][k])
    for sentence in conclusions(found):
        assert sentence in unescape(html)
    assert f"Least energy to solution ({boundary})" in html


def test_rows_stand_by_energy_to_solution_with_bounds_behind(html, comparison):
    data = data_of(html)
    names = [row["name"] for row in data["rows"]]
    energy = [row["cells"][data["boundary"]][data["sort"]] if "cells" in row else None for row in data["rows"]]
    keys = [float("inf") if cell is None or cell[0] is None else cell[0] for cell in energy]
    assert keys == sorted(keys)
    assert names[0] == "good"
    assert names[-1] == "broken"
    bounded = [k for k, cell in enumerate(energy) if cell is not None and cell[1].startswith("> ")]
    assert bounded
    assert min(bounded) > max(k for k, cell in enumerate(energy) if cell is not None and cell[1][0].isdigit())


def test_points_of_the_front_are_the_levels(html, comparison):
    data = data_of(html)
    front, names = data["front"], [row["name"] for row in data["rows"]]
    place = names.index("poor")
    result = comparison.results[0]
    mine = [k for k, row in enumerate(front["row"]) if row == place]
    assert [front["y"]["points"][k] for k in mine] == pytest.approx(
        [100 * each.gap for each in result.levels], rel=1e-4
    )
    found = front["x"]["points"][data["boundary"]]
    for k, level in zip(mine, result.levels, strict=True):
        assert found["value"][k] == pytest.approx(level.energy_j.value, rel=1e-4)
        assert found["low"][k] <= found["value"][k] <= found["high"][k]


def test_a_front_without_a_best_value_known_is_of_the_best_of_the_study():
    found = nm.compare(Ring(best_known=None), [Descent(flips=60)], 20, 1)
    html = render_page(found, {})
    assert data_of(html)["front"]["y"]["label"] == "gap to the best of this study (%)"
    assert "as good as the best of this study" in " ".join(html.split())


def test_the_page_tells_the_proven_bound_and_what_was_left_out():
    found = nm.compare(Ring(best_known=None), [Descent(flips=60)], 20, 1)
    bound = found.best_of_study - 3.0
    about = {**found.provenance, "left_out": ["p-bits", "brim"]}
    text = " ".join(render_page(replace(found, proven_bound=bound, provenance=about), {}).split())
    assert f"lower than {bound:,.0f}; the gap to the bound is" in text
    assert "Left out, <code>--all</code> shows them: p-bits, brim." in text
    assert "Left out" not in render_page(found, {})


def test_embedded_data_end_no_tag_and_come_back():
    data = {"name": EVIL, "more": ["<!--", "]]>", "&amp;", "\u2029"]}
    text = _embedded(data)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == data


def test_a_page_of_nothing_says_why():
    empty = nm.compare(Ring(), [Broken(), Descent(largest=2)], reads=2, rng=0)
    html = render_page(empty, {})
    assert data_of(html)["front"] is None
    assert "dead &lt;array&gt;" in html
    assert 'id="plot"' not in html


def test_bars_of_a_tornado_hold_their_value(comparison):
    swings = energy_swings(comparison.results[0].ledger)
    bars = sections.tornado(swings)
    assert [bar["name"] for bar in bars] == [s.name.replace("_", " ") for s in swings if s.factor >= 1.01][:8]
    for bar in bars:
        left, width, at = (float(bar[name]) for name in ("left", "width", "at"))
        assert -0.01 <= left <= at <= left + width <= 100.7
    ax = draw_tornado(swings)
    assert len(ax.patches) == len(bars)
    ends = {(round(p.get_x(), 18), round(p.get_x() + p.get_width(), 18)) for p in ax.patches}
    assert ends == {(round(min(s.low, s.high), 18), round(max(s.low, s.high), 18)) for s in swings if s.factor >= 1.01}
    own = draw_tornado(swings)
    assert draw_tornado(swings, own) is own
    assert draw_tornado([]).texts


def test_long_sources_are_folded_and_whole(comparison):
    result = comparison.results[0]
    long = "a source that is long " * 30
    device = result.prices.device
    entry = device.entries[0]
    device = replace(device, entries=(replace(entry, unit=replace(entry.unit, source=long)),))
    prices = price_row(result.run, device, result.prices.counted)
    html = render_page(replace(comparison, results=(replace(result, prices=prices),)), {})
    assert long.strip() in html
    assert "<summary><span>a source that is long" in html


def test_a_study_of_many_settings_has_a_row_each():
    summary = planted_study(30)
    html = render_study_page(summary, EVIL, {"versions": {"numpy": "2"}})
    data = data_of(html)
    assert len(data["rows"]) == 30
    assert "30 settings" in html
    assert "2 tasks failed" in html
    k = next(k for k, row in enumerate(data["rows"]) if f"beta {summary.settings[7][1]['beta']}" in row["small"])
    energy = summary.over_work("energy")[7]
    assert data["front"]["x"]["points"][0]["value"][k] == pytest.approx(energy.mean(), rel=1e-3)
    assert data["rows"][k]["name"] == "target-1"


def test_devices_that_never_succeed_are_counted():
    """A mean over devices without the infinite ones would make the poorest setting look cheap."""
    summary = planted_study(3)
    values = {name: each.copy() for name, each in summary.values.items()}
    values["success"][1, :, :4], values["energy_to_solution"][1, :, :4] = 0.0, np.inf
    values["success"][2], values["energy_to_solution"][2] = 0.0, np.inf
    summary = replace(summary, values=values)
    shown = {row["small"]: row["cells"][0][-1] for row in data_of(render_study_page(summary, "x"))["rows"]}
    pooled = summary.pooled_energy_to_solution()
    texts = [next(cell for name, cell in shown.items() if f"beta {p['beta']:g}" in name) for _, p in summary.settings]
    assert texts[1][0] == pytest.approx(pooled[1], rel=1e-6)
    assert texts[1][2] == "never on 4 of 5 devices"
    assert texts[2] == [None, "–", "never on 5 of 5 devices"]
    assert "never" not in texts[0][2]


# notebooks


def test_a_notebook_shows_the_table_and_runs_nothing(comparison):
    html = comparison._repr_html_()
    assert "<script" not in html
    assert "&lt;/script&gt;" in html
    assert not re.search(r"<[^>]* on\w+=", html)
    assert html.index(">good<") < html.index(">poor<") < html.index(">never<") < html.index(">broken<")
    assert "small has 4 spins" in html.split("<details>")[1]
    assert len(html) < 20_000


def test_pandas_holds_every_number(comparison):
    frame = comparison.to_pandas()
    assert list(frame.index) == [each.target for each in comparison.results]
    good = comparison.results[5]
    for name in ("success", "tts_s", "ets_j", "energy_per_read_j"):
        value = getattr(good, name)
        ends = frame.loc["good", [name, f"{name}_low", f"{name}_high"]].tolist()
        assert ends == [value.value, value.low, value.high]
    assert frame.loc["never", "ets_j"] != frame.loc["never", "ets_j"]
    assert frame.loc["never", "ets_j_low"] > 0
    assert frame.loc["small", "status"] == "does not fit"
    assert frame.attrs["seed"] == comparison.provenance["seed"]
    written = json.loads(nm.results_json(comparison))["results"][5]
    for scope in ("core", "chip", "system"):
        told, name = written[f"{scope}_energy_per_read_j"], f"{scope}_energy_per_read_j"
        ends = frame.loc["good", [name, f"{name}_low", f"{name}_high"]].tolist()
        assert ends == (
            [told["value"], told["low"], told["high"]] if told else pytest.approx([np.nan] * 3, nan_ok=True)
        )
    assert written["chip_energy_per_read_j"] is None  # nothing of this device is priced there
    assert frame.loc["good", "core_energy_per_read_j"] == good.core_energy_per_read_j.value
    with_host = good.ledger.energy_per_read("system").value
    assert frame.loc["good", "system_energy_per_read_j"] == pytest.approx(with_host, rel=0.01)


def test_xarray_holds_every_read_with_units(comparison, tmp_path):
    data = comparison.to_xarray()
    good = comparison.results[5]
    np.testing.assert_array_equal(data.score.sel(target="good"), good.scores)
    assert data.ets_j.attrs["units"] == "J"
    assert float(data.ets_j.sel(target="good", end="low")) == good.ets_j.low
    assert np.isnan(data.score.sel(target="small")).all()
    pair = nm.IsingModel("pair", nm.Ising(np.array([[0.0, 0.5], [0.5, 0.0]])))
    sampled = nm.compare(pair, ["cpu-gibbs"], task=nm.Sample(0.7), reads=50, rng=0)
    assert float(sampled.to_xarray().kl.sel(target="cpu-gibbs", end="value")) == sampled.results[0].sampling.kl.value
    assert "sampled at beta 0.7" in sampled._repr_html_()
    assert data_of(render_page(sampled, {}))["front"]["y"]["name"] == "divergence"
