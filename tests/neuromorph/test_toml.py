"""Tables of numbers in TOML: of any content a dictionary or a ValueError of one line, and soon."""

import numpy as np
import pytest

from hardware_targets.spiking_chip.chip_tables import generic_table
from neuromorph.datum import read_data
from neuromorph.files.toml import read_toml

DATUM = '[synapse_energy]\nvalue = {}\nunit = "J"\nkind = "assumed"\nsource = "a test"\n'


def test_tables_come_back():
    text = DATUM.format("2e-12\nlow = 1e-12\nhigh = 4e-12  # a comment with [[[[[[[[[[[[[[[[[[[[ brackets")
    (datum,) = read_data(text).values()
    assert (datum.low, datum.value, datum.high, datum.unit) == (1e-12, 2e-12, 4e-12, "J")
    assert read_toml("a = \"[{\" \nb.c.d = [[1, 2], [3]]\nc = '''\n{{'''\n")["b"] == {"c": {"d": [[1, 2], [3]]}}
    assert generic_table({"synapse_energy": datum})["synapse_energy"] is datum


@pytest.mark.parametrize("value", ["2", "1.5e-12"])
def test_a_number_alone_is_its_own_range(value):
    (datum,) = read_data(DATUM.format(value)).values()
    assert datum.low == datum.value == datum.high == float(value)


REFUSED = {
    DATUM.format("true"): "value is True; give a finite number",
    DATUM.format("nan"): "value is nan",
    DATUM.format("-inf"): "value is -inf",
    DATUM.format("1e999"): "value is inf",
    DATUM.format("'2'"): "value is '2'",
    DATUM.format("[2]"): "value is of type list",
    DATUM.format("1979-05-27"): "value is of type date",
    DATUM.format("1" + 400 * "0"): "value is of type int; give a finite number, within",
    DATUM.format("0x" + 8000 * "f"): "value is of type int",
    DATUM.format(5000 * "9"): "is not TOML: Exceeds the limit",
    DATUM.format("1\nlow = 2"): "needs finite low <= value <= high, has 2.0..1.0",
    DATUM.format("1\nlow = true"): "low is True",
    DATUM.format("1\nhihg = 2"): "has 'hihg'; known are",
    DATUM.format("1").replace('"J"', "3"): "unit is of type int; give it in quotes",
    DATUM.format("1").replace("assumed", "guessed"): "kind is 'guessed'",
    DATUM.format("1").replace("a test", " "): "has no source",
    '[a]\nvalue = 1\nunit = "J"\nkind = "assumed"\n': "'a': source is missing",
    "value = 3\n": "'value' is no table",
    '"\\u001b[31m" = 1\n': r"'\\x1b\[31m' is no table",
    "[a\n": "is not TOML",
    "a = " + 90_000 * "[": "nests its tables more than 16 deep",
    "a = " + 2000 * "{a = " + "1" + 2000 * "}": "nests its tables more than 16 deep",
    "a." * 50_000 + "a = 1": "nests its tables more than 16 deep",
    " . ".join(["'a'"] * 20) + " = 1": "nests its tables more than 16 deep",
    "[" + ".".join(["a"] * 20) + "]\n": "nests its tables more than 16 deep",
    '"' * 150_000: "is not TOML",
    "'''" * 49_999: "is not TOML",
    "a" * 150_000: "is not TOML",
    "a\t" * 70_000: "is not TOML",
    "a = 1\n" * 40_000: "has 240000 characters",
}


@pytest.mark.parametrize("text", REFUSED, ids=map(str, range(len(REFUSED))))
def test_what_is_no_table_of_numbers_is_one_line(text):
    """Without looking at the depth first, the key of 50,000 parts takes hours."""
    with pytest.raises(ValueError, match=REFUSED[text]) as caught:
        read_data(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("content", "rule"),
    [(DATUM.format("true").encode(), "value is True"), (b"\xff\xfe", "codec can't decode"), (bytes(2 << 20), "1 MB")],
)
def test_a_table_from_a_file_names_the_file(content, rule, tmp_path):
    (tmp_path / "own.toml").write_bytes(content)
    with pytest.raises(ValueError, match=rf"own\.toml: .*{rule}.*; give a \.toml"):
        generic_table(tmp_path / "own.toml")
    with pytest.raises(ValueError, match="not a regular file"):
        generic_table(tmp_path)


def test_prices_of_a_chip_are_not_negative(tmp_path):
    with pytest.raises(ValueError, match=r"synapse_energy is -1.*it must be 0 or above"):
        generic_table(read_data(DATUM.format("-1")))


def test_deep_enough_is_not_too_deep():
    text = "a = " + 15 * "[" + 15 * "]" + "\n" + ".".join(["b"] * 15) + " = 1\n"
    assert np.size(read_toml(text)["a"]) == 0
