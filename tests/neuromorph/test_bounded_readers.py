"""Records of devices and raw files of SPICE: the memory that a file takes is that of its numbers, or it is refused."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from circuits.simulators import rawfile
from circuits.simulators.rawfile import read_raw
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset, read_dataset, write_dataset
from neuromorph.associative_memory import sample_final_overlaps
from neuromorph.files.atomic_write import read_file
from neuromorph.spiking.brian.measurement_cache import cached_measurement

HEAD = (
    "Title: x\nFlags: real\nNo. Variables: {}\nNo. Points: {}\nVariables:\n\t0\ttime\ttime\n\t1\tv(u)\tvoltage\n{}:\n"
)


def raw(variables=2, points=1, values="Values", rest=b" 0 0.5\n 2.5\n") -> bytes:
    return HEAD.format(variables, points, values).encode() + rest


CSV = {
    "newlines": (b"\n" * 500_000, "holds no settings"),
    "one long line": (b"V0,I0\n" + b"1," * 500_000, "has a line of more than 100000 bytes"),
    "a long header": (b"V0," * 500_000, "has a line of more than 100000 bytes"),
    "an underscore": (b"V0,I0\n1_0,2\n", "line 2: '1_0,2' is not numbers"),
    "infinity": (b"V0,I0\n1,-inf\n", "line 2: give 2 finite numbers"),
    "another encoding": (b"V0,I0\n1,2\n\xff\xfe,3\n", "is not text"),
}


@pytest.mark.parametrize("name", CSV)
def test_a_table_takes_little_memory(name, tmp_path):
    content, rule = CSV[name]
    (tmp_path / "x.csv").write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=rf"x\.csv.*{rule}"):
            read_dataset(tmp_path / "x.csv")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_table_with_any_line_ends_is_read(tmp_path):
    record = IvDataset(np.arange(12.0).reshape(4, 3) / 7.0, np.array([[1e-9], [0.0], [-3e-12], [0.1]]), (2,), "bench")
    text = write_dataset(tmp_path / "x.csv", record).read_bytes()
    for ends in (b"\r\n", b"\r", b"\n\n"):
        (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", ends))
        back = read_dataset(tmp_path / "x.csv")
        assert np.array_equal(back.voltages_v, record.voltages_v)
        assert back.source == "bench"


@pytest.mark.parametrize("name", ["x.csv", "x.npz"])
def test_a_pipe_is_no_record(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name}.* is not a regular file"):
        read_dataset(tmp_path / name)


@pytest.mark.parametrize("outputs", [np.array([1.5]), np.array(3), np.array([[0]]), np.zeros(5000, int)])
def test_outputs_are_a_few_whole_numbers(outputs, tmp_path):
    about = {"voltages_v": np.zeros((2, 3)), "currents_a": np.zeros((2, 1)), "source": np.array("x")}
    np.savez(tmp_path / "x.npz", outputs=outputs, **about)
    with pytest.raises(ValueError, match=r"x\.npz: outputs are .*; give a few whole numbers"):
        read_dataset(tmp_path / "x.npz")


RAW = {
    "newlines and no header": (b"\n" * 500_000, None),
    "newlines for numbers": (raw(points=10**6, rest=b"\n" * 500_000), "expected 3000000 numbers, found 0"),
    "a long line": (raw(rest=b"1 " * 500_000), "line of more than 10000 bytes"),
    "a long line in the header": (b"Title: " + b"x " * 500_000, "line of more than 10000 bytes"),
    "zeros": (bytes(1 << 20), "line of more than 10000 bytes"),
    "fewer than none": (raw(points=-1), "the header gives -1 points"),
    "no variables": (raw(variables=0), "the header gives .* of 0 variables"),
    "a number of 5,000 digits": (raw(points="9" * 5000), "no number of points"),
    "more than there is": (raw(points=10**18, values="Binary"), "ends before its"),
    "words for numbers": (raw(rest=b" 0 0.5\n x\n"), "a sample is no number, after 2 of 3"),
    "a number too many": (raw(rest=b" 0 0.5 2.5 7\n"), "expected 3 numbers, found 4"),
    "a number too few": (raw(rest=b" 0 0.5\n"), "expected 3 numbers, found 2"),
    "many plots": (raw(points=0, rest=b"") * 1001, "more than 1000 plots"),
}


@pytest.mark.parametrize("name", RAW)
def test_a_raw_file_takes_little_memory(name, tmp_path):
    content, rule = RAW[name]
    (tmp_path / "x.raw").write_bytes(content)
    tracemalloc.start()
    try:
        if rule is None:
            assert read_raw(tmp_path / "x.raw") == []
        else:
            with pytest.raises(ValueError, match=rf"^x\.raw: .*{rule}"):
                read_raw(tmp_path / "x.raw")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_long_tables_of_text_are_read_in_blocks(tmp_path, monkeypatch):
    """Numbers on lines of any length, over many blocks, and another plot right behind."""
    monkeypatch.setattr(rawfile, "_BLOCK", 100)
    table = np.random.default_rng(0).normal(size=(200, 2))
    lines = "".join(f" {k}\t{a!r}\n\t{b!r}\n\n" for k, (a, b) in enumerate(table.tolist()))
    (tmp_path / "x.raw").write_bytes(raw(points=200, rest=lines.encode()) + raw())
    first, second = read_raw(tmp_path / "x.raw")
    assert np.array_equal(np.column_stack([first["time"], first["v(u)"]]), table)
    assert second["v(u)"].tolist() == [2.5]


def test_a_raw_file_that_is_none_is_a_value_error(tmp_path):
    for path in (tmp_path, tmp_path / "missing.raw"):
        with pytest.raises(ValueError, match=path.name):
            read_raw(path)


def test_no_more_is_read_than_the_limit(tmp_path):
    (tmp_path / "x").write_bytes(bytes(100))
    assert read_file(tmp_path / "x", 100) == bytes(100)
    with pytest.raises(OSError, match="larger than 0 MB"):
        read_file(tmp_path / "x", 99)
    with pytest.raises(OSError, match="not a regular file"):
        read_file(os.devnull, 99)
    made_up = Path("/proc/self/status")
    if made_up.exists():
        with pytest.raises(OSError, match="more bytes than it states"):
            read_file(made_up, 99)


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"\xff", b"[]", b'{"key": 1e999}', b'{"key": {}, "realizations": 3}']
)
def test_damaged_realizations_are_said(content, tmp_path):
    (tmp_path / "kept.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"kept\.json is damaged"):
        sample_final_overlaps(20, [0.1], realizations=1, starts=2, rng=1, path=tmp_path / "kept.json")


def test_realizations_of_another_shape_are_damaged(tmp_path):
    path = tmp_path / "kept.json"
    sample_final_overlaps(20, [0.1], realizations=1, starts=2, rng=1, path=path)
    path.write_text(path.read_text().replace("[[", "[[0.5, "))
    with pytest.raises(ValueError, match=r"kept\.json is damaged \(it has other than"):
        sample_final_overlaps(20, [0.1], realizations=1, starts=2, rng=1, path=path)


def test_a_pipe_in_the_cache_is_measured_again(tmp_path):
    assert cached_measurement("x", 1, 2, lambda: [1.0, 2.0], tmp_path).tolist() == [1.0, 2.0]
    (file,) = tmp_path.iterdir()
    file.unlink()
    os.mkfifo(file)
    assert cached_measurement("x", 1, 2, lambda: [3.0, 4.0], tmp_path).tolist() == [3.0, 4.0]
