"""Tours that cannot be meant as they stand are said or refused, and a best known value that is beaten is said."""

import json
import re

import numpy as np
import pytest
from study_toys import Descent

from neuromorph import MaxCut, ProblemFileError, Tsp, compare, load
from neuromorph.cli import main
from neuromorph.problems.tsplib_distances import DISTANCE_RULES


def tsp(weight_type: str, points) -> str:
    lines = "\n".join(f"{k} {' '.join(map(str, point))}" for k, point in enumerate(points, 1))
    head = f"NAME: a\nTYPE: TSP\nDIMENSION: {len(points)}\nEDGE_WEIGHT_TYPE: {weight_type}\nNODE_COORD_SECTION\n"
    return head + lines + "\nEOF\n"


def matrix(layout: str, numbers: str, n: int) -> str:
    head = f"NAME: a\nTYPE: TSP\nDIMENSION: {n}\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: {layout}\n"
    return f"{head}EDGE_WEIGHT_SECTION\n{numbers}\nEOF\n"


def notes(tmp_path, text: str) -> tuple[str, ...]:
    (tmp_path / "a.tsp").write_text(text)
    return load(tmp_path / "a.tsp").notes


@pytest.mark.parametrize("weight_type", sorted(set(DISTANCE_RULES) - {"EUCLIDEAN", "GEO", "XRAY1", "XRAY2"}))
def test_distances_that_round_to_hardly_any_numbers_are_said(tmp_path, weight_type):
    """Points of the unit square: their rounded lengths hold nothing of the tour; a thousand times as large they do."""
    points = np.random.default_rng(1).random((20, DISTANCE_RULES[weight_type][0]))
    (said,) = notes(tmp_path, tsp(weight_type, points.round(6)))
    assert said.startswith(f"{weight_type} rounds all distances to whole numbers up to ")
    assert "multiply the coordinates, by 1000 say, or take Tsp.from_coordinates" in said
    assert notes(tmp_path, tsp(weight_type, (1000 * points).round(3))) == ()
    assert Tsp.from_coordinates(points).notes == ()
    assert Tsp("a", points, weight_type=weight_type).notes == (said,)


def test_decimal_degrees_under_geo_are_said(tmp_path):
    """48.85 is taken for 48 degrees 85 minutes: Madrid to Paris is 1106 km, and with minutes 1053."""
    cities = [(48.85, 2.35), (52.52, 13.40), (40.42, -3.70), (41.90, 12.50)]
    (said,) = notes(tmp_path, tsp("GEO", cities))
    assert said.startswith("3 of 8 GEO coordinates have 60 minutes or more, as 48.85 does")
    assert said.endswith("write 48.51 for 48.85")
    assert load(tmp_path / "a.tsp").distance(0, 2) == 1106
    minutes = [tuple(round(np.trunc(x) + 0.6 * (x - np.trunc(x)), 4) for x in city) for city in cities]
    assert notes(tmp_path, tsp("GEO", minutes)) == ()
    assert load(tmp_path / "a.tsp").distance(0, 2) == 1053


@pytest.mark.parametrize(
    ("points", "rule"),
    [
        ([(5000, 0), (1, 1), (2, 2)], "latitude 5000 of city 1 is not from -90 to 90"),
        ([(0, 0), (-91.5, 1), (2, 2)], "latitude -91.5 of city 2"),
        ([(0, 0), (1, 1), (2, 500)], "longitude 500 of city 3 is not from -360 to 360"),
    ],
)
def test_a_point_beyond_the_globe_is_refused(tmp_path, points, rule):
    (tmp_path / "a.tsp").write_text(tsp("GEO", points))
    with pytest.raises(ProblemFileError, match=f"{rule}.*latitude, then longitude.*; |{rule}.*; GEO gives latitude"):
        load(tmp_path / "a.tsp")
    with pytest.raises(ValueError, match=rule):
        Tsp("a", points, weight_type="GEO")


@pytest.mark.parametrize("token", ["-1", "inf", "NaN", "1e99"])
def test_no_road_is_to_be_a_large_distance(tmp_path, token):
    """Not a constant added to all, which makes the missing roads the shortest."""
    (tmp_path / "a.tsp").write_text(matrix("FULL_MATRIX", f"0 4 {token}\n4 0 5\n{token} 5 0", 3))
    with pytest.raises(ProblemFileError, match=r"line 7: .*for 'no road' write a large distance") as caught:
        load(tmp_path / "a.tsp")
    assert "constant" not in str(caught.value)
    d = np.array([[0, 4, float(token)], [4, 0, 5], [float(token), 5, 0]])
    with pytest.raises(ValueError, match="for 'no road' write a large distance") as caught:
        Tsp.from_matrix(d)
    assert "constant" not in str(caught.value)
    (tmp_path / "a.tsp").write_text(matrix("FULL_MATRIX", "0 4 9999\n4 0 5\n9999 5 0", 3))
    assert load(tmp_path / "a.tsp").notes == ()


def test_another_negative_distance_is_no_missing_road(tmp_path):
    with pytest.raises(ValueError, match="a distance is negative, -3; distances are 0 or more"):
        Tsp.from_matrix([[0, -3, 1], [-3, 0, 1], [1, 1, 0]])


@pytest.mark.parametrize(
    ("layout", "numbers", "said"),
    [
        ("FULL_MATRIX", "9 1 2 1 9 3 2 3 9", "the diagonal is 9 throughout"),
        ("LOWER_DIAG_ROW", "-1 1 -1 2 3 -1", "the diagonal is -1 throughout"),
        ("LOWER_DIAG_ROW", "0 1 2 0 3 0", "the diagonal has numbers up to 2.*is LOWER_DIAG_ROW the right"),  # UPPER
        ("UPPER_DIAG_ROW", "0 1 0 2 3 0", "the diagonal has numbers up to 2.*is UPPER_DIAG_ROW the right"),  # LOWER
        ("UPPER_DIAG_ROW", "0 1 2 0 3 0", None),
    ],
)
def test_a_diagonal_that_is_not_zero_is_said(tmp_path, layout, numbers, said):
    found = notes(tmp_path, matrix(layout, numbers, 3))
    if said is None:
        assert found == ()
    else:
        assert re.search(said, found[0])


def test_cities_on_one_spot_are_said():
    assert Tsp("a", [[5, 5]] * 4).notes[0].startswith("all distances are 0: every tour is the shortest")
    assert Tsp.from_matrix(np.zeros((4, 4))).notes[0].startswith("all distances are 0")
    points = np.random.default_rng(0).integers(0, 999, (20, 2))
    points[:5] = points[5:10]
    assert Tsp("a", points).notes == ("5 of 20 cities stand where another does; is that meant?",)
    points[:5] += 1
    points[0] = points[19]  # as one city of a280 does
    assert Tsp("a", points).notes == ()


def test_degrees_of_a_country_under_euc_2d_are_said(tmp_path):
    """Distances up to 10, but to the next city 0."""
    points = np.random.default_rng(2).uniform((40.0, 0.0), (47.0, 8.0), (100, 2)).round(4)
    (said,) = notes(tmp_path, tsp("EUC_2D", points))
    assert said.startswith("EUC_2D rounds many distances to 0")
    assert notes(tmp_path, tsp("EUC_2D", (points * 1000).round(1))) == ()


def test_a_distance_of_0_that_means_no_road_is_said():
    d = np.array([[0, 4, 0, 7], [4, 0, 5, 0], [0, 5, 0, 2], [7, 0, 2, 0]])
    (said,) = Tsp.from_matrix(d).notes
    assert said.startswith("the distance of cities 1 and 3 is 0")
    spot = np.array([[0, 0, 5, 7], [0, 0, 5, 7], [5, 5, 0, 2], [7, 7, 2, 0]])
    assert Tsp.from_matrix(spot).notes == ()


def test_notes_reach_terminal_page_and_results(tmp_path, capsys):
    (tmp_path / "a.tsp").write_text(tsp("EUC_2D", [(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.7)]))
    out = ["--out", str(tmp_path / "o")]
    assert (
        main(["compare", str(tmp_path / "a.tsp"), "--targets", "cpu-anneal", "--reads", "2", "--seed", "1", *out]) == 0
    )
    said = capsys.readouterr()
    assert said.err.startswith("warning: a.tsp: EUC_2D rounds all distances")
    assert said.err.count("\n") == 1
    (note,) = json.loads((tmp_path / "o" / "results.json").read_text())["problem"]["notes"]
    assert note in said.err
    assert note in (tmp_path / "o" / "report.html").read_text()


def test_notes_change_no_reads():
    """Those of a study that was kept before the notes were made still are its own."""
    from neuromorph.study.fingerprint import problem_digest

    cut = MaxCut("a", [[0, 1], [1, 0]])
    assert problem_digest(cut) == problem_digest(MaxCut("a", [[0, 1], [1, 0]], notes=("said",)))


@pytest.mark.parametrize(("known", "said"), [(3.0, True), (4.0, False), (5.0, False), (None, False)])
def test_a_best_known_value_that_is_beaten_is_said(known, said):
    pentagon = MaxCut.from_edges(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)], best_known=known)
    comparison = compare(pentagon, Descent(name="toy"), reads=20, rng=1)
    text = "4 is better than the best known value, 3, against which gaps, successes and times to solution are measured"
    assert any(text in note for note in comparison.results[0].notes) == said
    assert [text in note for note in comparison.beaten] == ([True] if said else [])


def test_the_round_off_of_a_sum_beats_nothing():
    rng = np.random.default_rng(3)
    problem = Tsp.from_coordinates(rng.random((6, 2)))
    comparison = compare(problem, "cpu-anneal", reads=20, rng=1)
    known = np.nextafter(comparison.best.best, np.inf)
    again = compare(Tsp.from_coordinates(problem.coordinates, best_known=known), "cpu-anneal", reads=20, rng=1)
    assert again.beaten == ()
