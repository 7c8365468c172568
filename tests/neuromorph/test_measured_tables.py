"""The reader of measured data: what instruments and spreadsheets write, and what nobody should have written."""

import numpy as np
import pytest

from neuromorph.calibration.column_roles import assign_roles, parse_columns
from neuromorph.calibration.measured_table import parse_measured, read_measured
from neuromorph.calibration.measured_units import split_header
from neuromorph.calibration.memristor_calibration import MEMRISTOR_ROLES
from neuromorph.calibration.p_bit_calibration import PBIT_ROLES
from neuromorph.calibration.telegraph_calibration import TELEGRAPH_ROLES, calibrate_telegraph
from tests.support.damage import damaged

FORMS = {
    "commas": "t (ms),I [nA]\n0,1.5\n0.5,-2e3\n",
    "semicolons and decimal commas": "t (ms);I [nA]\n0;1,5\n0,5;-2e3\n",
    "tabs and decimal commas": "t/ms\tI/nA\n0\t1,5\n0,5\t-2e3\n",
    "blanks": "t (ms)   I (nA)\n  0   1.5\n0.5  -2D3\n",
    "header in a comment": "# made by hand\n# t_ms, I_nA\n0, 1.5\n0.5, -2e3\n",
    "a row of units": "t;I\nms;nA\n0;1.5\n0.5;-2E3\n",
    "quotes, a last separator, no last line end": '"t (ms)","I (nA)",\n"0","1.5",\n"0.5","-2e3",',
    "a title above": "Measurement of 3 May\n\nt (ms);I (nA)\n0;1.5\n0.5;-2e3\n",
    "bars": "t (ms)|I (nA)\n0|1.5\n0.5|-2e3\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_numbers_in_any_form(form):
    table = parse_measured(FORMS[form].encode(), "x.csv")
    assert [(column.name, column.unit) for column in table.columns] == [("t", "s"), ("I", "A")]
    np.testing.assert_allclose(table.columns[0].values, [0.0, 5e-4], rtol=1e-12)
    np.testing.assert_allclose(table.columns[1].values, [1.5e-9, -2e-6], rtol=1e-12)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding, ends):
    data = "T (°C);I (µA)\n20;1,5\n21;2,5\n".replace("\n", ends).encode(encoding)
    table = parse_measured(data, "x.csv")
    np.testing.assert_allclose(table.columns[0].values, [293.15, 294.15])
    np.testing.assert_allclose(table.columns[1].values, [1.5e-6, 2.5e-6])


HEADERS = {
    "V (mV)": ("V", "V", 1e-3), "I [nA]": ("I", "A", 1e-9), "t/s": ("t", "s", 1.0), "G_uS": ("G", "S", 1e-6),
    "time, ms": ("time", "s", 1e-3), "G (mS)": ("G", "S", 1e-3), "t (ms)": ("t", "s", 1e-3),
    "V_gate": ("V_gate", "", 1.0), "count": ("count", "", 1.0), "p (%)": ("p", "1", 0.01),
    "R (MΩ)": ("R", "ohm", 1e6), "rate (1/s)": ("rate", "Hz", 1.0),
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_units_in_headers(header):
    name, unit = split_header(header)
    assert (name, unit.unit, unit.factor) == HEADERS[header]


def test_missing_numbers_and_words():
    table = parse_measured(b"x,direction,y\n1,up,2\n,down,3\nnan,up,n/a\n", "x.csv")
    assert np.isnan(table.columns[0].values).tolist() == [False, True, True]
    assert table.columns[1].words == ("up", "down", "up")
    assert np.isnan(table.columns[2].values).tolist() == [False, False, True]


REFUSED = {
    "empty": (b"", "holds no rows of numbers"),
    "comments alone": (b"# a\n# b\n", "holds no rows of numbers"),
    "words": (b"some words\nmore of them\n", "holds? no (rows of )?numbers"),
    "zero bytes": (b"1,2\n\x00\x00,3\n", "zero byte"),
    "two ways": (b"1,5\n2,5\n3,5\n", "two columns or one number with a decimal comma"),
    "ragged": (b"a,b\n1,2\n3,4\n5\n6,7\n", "line 4 has 1 cells, others 2"),
    "a word among numbers": (b"a,b\n1,2\n3,x4\n5,6\n", "line 3: 'x4' in column 'b' is no number"),
    "an unknown unit": (b"t (xyz),I (nA)\n1,2\n3,4\n", "'xyz', which is no known unit"),
    "too large": (b"a,b\n1,2\n3,1e300\n", "line 3: a number is beyond 1e30"),
    "a long line": (b"a,b\n" + b"1," * 20_000, "write one row a line"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_table_is_answered_in_one_line(what):
    data, rule = REFUSED[what]
    with pytest.raises(ValueError, match=rule) as found:
        parse_measured(data, "x.csv")
    assert str(found.value).startswith("x.csv: ")
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 300


def test_two_ways_are_settled_by_an_option():
    assert parse_measured(b"1,5\n2,5\n", "x", decimal="comma").columns[0].values.tolist() == [1.5, 2.5]
    assert len(parse_measured(b"1,5\n2,5\n", "x", separator="comma").columns) == 2


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"nothing\.csv: cannot be read .*check the path"):
        read_measured(tmp_path / "nothing.csv")


def roles(header, known, columns=None, rows=("1,2,3,4", "2,4,1,5")):
    width = header.count(",") + 1
    text = "\n".join([header, *(",".join(row.split(",")[:width]) for row in rows)])
    found = assign_roles(parse_measured(text.encode(), "x.csv"), known, columns)
    return {role: column.name for role, column in found.items()}


def test_columns_are_found_by_name_and_unit():
    found = roles("time (s),bias (mV),current (nA),T (K)", TELEGRAPH_ROLES)
    assert found == {"time": "time", "voltage": "bias", "signal": "current", "temperature": "T"}
    found = roles("Vin,mean,mean error,N", PBIT_ROLES)
    assert found == {"input": "Vin", "mean": "mean", "error": "mean error", "count": "N"}
    found = roles("G_target (uS),G (uS),G err (uS)", MEMRISTOR_ROLES)
    assert found == {"target": "G_target", "conductance": "G", "error": "G err"}


def test_source_and_drain_are_no_standard_deviation():
    assert roles("V_SD (V),I_SD (nA),time (s)", TELEGRAPH_ROLES)["signal"] == "I_SD"
    assert roles("G_target (uS),G (uS),G sd (uS)", MEMRISTOR_ROLES)["error"] == "G sd"


def test_the_only_column_that_is_left_is_the_signal():
    assert roles("t (s),z_pos", TELEGRAPH_ROLES)["signal"] == "z_pos"


def test_two_that_would_do_are_asked_for():
    with pytest.raises(ValueError, match="'V_bias' and 'V_gate' can both be the voltage; say --columns voltage=V_bias"):
        roles("t (s),V_bias,V_gate,I", TELEGRAPH_ROLES)
    assert roles("t (s),V_bias,V_gate,I", TELEGRAPH_ROLES, parse_columns("voltage=V_gate"))["voltage"] == "V_gate"
    fixed = roles("t (s),V_bias,V_gate,I", TELEGRAPH_ROLES, rows=("0,1,5,0", "1,1,6,1"))
    assert fixed["voltage"] == "V_gate"  # the other one is a setting that was written down


def test_the_map_of_columns():
    assert parse_columns("time=1:ms, signal=I (a, b),voltage=none") == {
        "time": "1:ms", "signal": "I (a, b)", "voltage": "none"
    }  # fmt: skip
    table = parse_measured(b"a,b\n1,2\n3,4\n", "x.csv")
    found = assign_roles(table, TELEGRAPH_ROLES, {"time": "1:ms", "signal": "b:nA"})
    assert found["time"].values.tolist() == [1e-3, 3e-3]
    np.testing.assert_allclose(found["signal"].values, [2e-9, 4e-9])
    for text, rule in (
        ("time", "write role=column"), ("time=1,time=2", "gives 'time' twice"), ("tim=1", "has the role 'tim'"),
        ("time=9", "no column is '9'"), ("time=1:parsec", "no known unit 'parsec'"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=rule):
            assign_roles(table, TELEGRAPH_ROLES, parse_columns(text))


def test_damaged_files_are_read_or_answered():
    """400 files with injuries: a table, rates of some, or one line that names the file."""
    rng = np.random.default_rng(1)
    data = "# x\nt (ms);I [nA];V (mV)\n" + "".join(f"{k};{k // 7 % 2},5;{k // 50}\n" for k in range(400))
    answers = [answer_to(damaged(data.encode(), rng), fitted=k < 20) for k in range(400)]
    assert 20 < len([each for each in answers if each]) < 380
    for _ in range(100):
        assert answer_to(rng.bytes(int(rng.integers(1, 2000))))


def answer_to(data, fitted=True):
    """The error of a file that is no table, or no trace; empty for one that is."""
    try:
        table = parse_measured(data, "x.csv")
        if fitted:
            calibrate_telegraph(table, {"voltage": "none"})
    except ValueError as error:
        said = str(error)
    else:
        return ""
    assert said.startswith("x.csv: "), said
    assert "\n" not in said
    return said
