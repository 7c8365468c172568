"""Kept reads: whatever stands in their place is set aside and said, and the study has the reads it would have had."""

import io
import json
import os
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from study_toys import Descent, Ring

import neuromorph as nm
from neuromorph.report.table import print_comparison
from neuromorph.study import checkpoint as store

READS, SEED = 4, 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[bytes, list]:
    """A good file of reads, and the spins in it."""
    folder = tmp_path_factory.mktemp("whole")
    row = study(folder)
    return (folder / "runs" / "descent.npz").read_bytes(), row.run.spins.tolist()


def study(folder: Path, reads: int = READS, target: Descent | None = None):
    (row,) = nm.compare(Ring(), [target or Descent()], reads=reads, rng=SEED, directory=folder).results
    return row


def kept(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "runs" / "descent.npz"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


def changed(whole: bytes, **arrays) -> bytes:
    """The file with other arrays, or with None without one; ``about`` is a function of the old one."""
    with np.load(io.BytesIO(whole)) as file:
        held = {name: file[name] for name in file.files}
    if "about" in arrays:
        about = json.loads(str(held["about"]))
        arrays["about"] = np.array(json.dumps(arrays["about"](about)))
    held |= arrays
    stream = io.BytesIO()
    np.savez_compressed(stream, **{name: array for name, array in held.items() if array is not None})
    return stream.getvalue()


def repacked(whole: bytes, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The archive with another content of a member, and a right checksum."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(stream, "w", how) as new:
        for info in old.infolist():
            new.writestr(info.filename, content if info.filename == name else old.read(info))
    return stream.getvalue()


def npy_of(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def with_setup(about: dict, value) -> dict:
    return {**about, "setup": {"set": value}}


DAMAGED = {
    "nothing": (lambda w: b"", "is damaged"),
    "text": (lambda w: b"no archive at all", "is damaged"),
    "cut off": (lambda w: w[:-40], "is damaged"),
    "a header that is no token": (lambda w: repacked(w, "energies.npy", npy_of("{'a'(")), "is damaged"),
    "a header of brackets": (lambda w: repacked(w, "energies.npy", npy_of("(" * 900)), "is damaged"),
    "bytes for no array": (lambda w: repacked(w, "converged.npy", b"\x05"), "is damaged"),
    "an unusual packing": (lambda w: repacked(w, "", b"", zipfile.ZIP_BZIP2), "packed in an unusual way"),
    "a pickle": (lambda w: changed(w, energies=np.array([{}, None], dtype=object)), "pickled objects"),
    "a bomb": (lambda w: changed(w, bomb=np.zeros(150 << 20, np.int8)), "claims 157286528 bytes"),
    "a bomb for about": (lambda w: changed(w, about=lambda a: a | {"more": "x" * (5 << 20)}), "claims .* bytes"),
    "about that is deep": (lambda w: repacked(w, "about.npy", npy(np.array("[" * 100_000))), "RecursionError"),
    "about that is no table": (lambda w: changed(w, about=lambda a: [a]), "TypeError"),
    "about without a fingerprint": (lambda w: changed(w, about=lambda a: {}), "KeyError"),
    "no spins": (lambda w: changed(w, spins=None), "KeyError"),
    "no energies": (lambda w: changed(w, energies=None), "KeyError"),
    "spins of no reads": (lambda w: changed(w, spins=np.zeros((0, 1), np.uint8)), "spins of shape"),
    "spins of another size": (lambda w: changed(w, spins=np.zeros((4, 2), np.uint8)), "spins of shape"),
    "spins as floats": (lambda w: changed(w, spins=np.zeros((4, 1))), "other arrays than it says"),
    "other spins": (lambda w: changed(w, spins=np.full((4, 1), 0xFF, np.uint8)), "has the energy"),
    "more spins than the problem": (
        lambda w: changed(w, spins=np.zeros((4, 2), np.uint8), about=lambda a: a | {"n": 16}),
        "are none of the problem",
    ),
    "a size that is no number": (lambda w: changed(w, about=lambda a: a | {"n": "8"}), "spins of shape"),
    "a huge size": (lambda w: changed(w, about=lambda a: a | {"n": 10**12}), "spins of shape"),
    "NaN for energies": (lambda w: changed(w, energies=np.full(4, np.nan)), "has the energy nan"),
    "one energy": (lambda w: changed(w, energies=np.zeros(1)), "not of one length"),
    "energies in two dimensions": (lambda w: changed(w, energies=np.zeros((4, 1))), "not of one length"),
    "words for energies": (lambda w: changed(w, energies=np.array(list("abcd"))), "hold no numbers"),
    "converged as numbers": (lambda w: changed(w, converged=np.ones(4)), "other arrays than it says"),
    "converged once": (lambda w: changed(w, converged=np.ones(1, bool)), "not of one length"),
    "an event less": (lambda w: changed(w, **{"activity flips": None}), "other arrays than it says"),
    "an event more": (lambda w: changed(w, **{"activity x": np.zeros(4)}), "other arrays than it says"),
    "an event with another name": (
        lambda w: w.replace(b"activity flips", b"activity flipz"),
        "other arrays than it says",
    ),
    "a priced event less": (
        lambda w: changed(w, **{"activity flips": None}, about=lambda a: a | {"activity": ["device_s"]}),
        "does not count flips",
    ),
    "an event too short": (lambda w: changed(w, **{"activity flips": np.zeros(3)}), "not of one length"),
    "a count of -1": (lambda w: changed(w, **{"activity flips": np.array([1.0, 2, -1, 3])}), "counts 'flips' as -1"),
    "a count of infinity": (lambda w: changed(w, **{"activity flips": np.full(4, np.inf)}), "counts 'flips' as inf"),
    "setup of -1": (lambda w: changed(w, about=lambda a: with_setup(a, -1)), "counts 'set' as -1"),
    "setup of words": (lambda w: changed(w, about=lambda a: with_setup(a, "x")), "is damaged|'set'|type"),
    "setup that is no table": (lambda w: changed(w, about=lambda a: a | {"setup": 3}), "AttributeError"),
    "another status": (lambda w: changed(w, about=lambda a: a | {"status": "great"}), "has status 'great'"),
    "a message that is no text": (lambda w: changed(w, about=lambda a: a | {"message": 3}), "has no message"),
}


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_reads_are_set_aside_and_made_again(name, whole, tmp_path):
    """The row, its spins and the next study are those of a folder without the file; what was there is not lost."""
    damage, reason = DAMAGED[name]
    content = damage(whole[0])
    path = kept(tmp_path, content)
    row = study(tmp_path)
    assert (row.status, row.reason, row.resumed) == ("ok", "", 0)
    assert row.run.spins.tolist() == whole[1]
    assert (path.parent / "descent.npz.damaged").read_bytes() == content
    (note,) = row.warnings
    assert note in row.notes
    assert note.isprintable()
    assert len(note) < 260
    assert note.startswith("descent.npz ")
    assert note.endswith("; it is set aside as descent.npz.damaged, and its reads are made again")
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(note)
    again = study(tmp_path)
    assert (again.status, again.resumed, again.warnings) == ("ok", READS, ())


def test_a_good_file_is_taken_up_bit_for_bit(whole, tmp_path):
    kept(tmp_path, whole[0])
    row = study(tmp_path, reads=7)
    fresh = study(tmp_path / "other", reads=7)
    assert (row.resumed, row.warnings) == (READS, ())
    assert row.run.spins.tobytes() == fresh.run.spins.tobytes()
    assert row.run.energies.tobytes() == fresh.run.energies.tobytes()
    assert row.energy_per_read_j == fresh.energy_per_read_j
    few = study(tmp_path, reads=2)
    assert (few.reads, few.resumed) == (2, 2)
    assert study(tmp_path, reads=7).resumed == 7


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "circle", "socket", "nowhere"])
def test_what_is_no_file_is_set_aside(kind, whole, tmp_path):
    """A pipe waits for ever, a device has no end, a link may lead in a circle or nowhere."""
    import socket

    path = tmp_path / "runs" / "descent.npz"
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        (path / "inner").mkdir(parents=True)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "nowhere":
        path.symlink_to(tmp_path / "missing")
    else:
        socket.socket(socket.AF_UNIX).bind(str(path))
    row = study(tmp_path)
    assert (row.status, row.resumed, len(row.warnings)) == ("ok", 0, 1)
    assert row.run.spins.tolist() == whole[1]
    assert path.is_file()
    assert not path.is_symlink()
    assert os.path.lexists(f"{path}.damaged")
    assert study(tmp_path).resumed == READS


def test_a_huge_file_is_not_read(tmp_path):
    path = kept(tmp_path, b"")
    with path.open("wb") as file:
        file.truncate(1 << 40)
    (note,) = study(tmp_path).warnings
    assert "is larger than 128 MB" in note


def test_each_damaged_file_is_kept(whole, tmp_path):
    for number, ending in enumerate(["", "-2", "-3"]):
        (tmp_path / "runs").mkdir(exist_ok=True)
        (tmp_path / "runs" / "descent.npz").write_bytes(b"damage %d" % number)
        study(tmp_path)
        assert (tmp_path / "runs" / f"descent.npz.damaged{ending}").read_bytes() == b"damage %d" % number


def test_the_fingerprint_is_looked_at_before_anything_is_unpacked(whole, tmp_path):
    """Another seed means other reads, whatever the rest of the file may be."""
    other = changed(
        whole[0], energies=np.array([{}]), about=lambda a: a | {"fingerprint": a["fingerprint"] | {"seed": [2]}}
    )
    kept(tmp_path, other)
    row = study(tmp_path)
    assert (row.status, row.resumed, row.warnings) == ("ok", 0, ())


def test_reads_that_count_other_events_do_not_fail_for_ever(whole, tmp_path):
    """Made by hand, with the right fingerprint: it shows when the first new reads are to join them."""
    events = ["device_s", "flips", "x"]
    extra = changed(whole[0], **{"activity x": np.zeros(4)}, about=lambda a: a | {"activity": events})
    kept(tmp_path, extra)
    row = study(tmp_path, reads=6)
    assert row.status == "failed"
    assert "counts other events than the target; it is set aside" in row.reason
    assert study(tmp_path, reads=6).status == "ok"


def test_a_damaged_file_that_cannot_be_renamed_costs_what_it_should_have_kept(whole, tmp_path, monkeypatch):
    path = kept(tmp_path, b"damage")

    def refuse(*paths):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    row = study(tmp_path)
    assert (row.status, row.reads, row.run.spins.tolist()) == ("ok", READS, whole[1])
    assert row.warnings[0].startswith("its reads are not kept: descent.npz is damaged")
    assert path.read_bytes() == b"damage"


def test_reads_too_many_for_a_file_are_said(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "_MOST_BYTES", 100)
    row = study(tmp_path)
    assert (row.status, row.reads) == ("ok", READS)
    assert row.warnings[0].startswith("its reads are not kept: they are more than")
    assert not (tmp_path / "runs").exists()


def test_the_terminal_and_the_files_say_it(tmp_path):
    from rich.console import Console

    kept(tmp_path, b"damage")
    comparison = nm.compare(Ring(), [Descent()], reads=2, rng=0, directory=tmp_path)
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, width=200))
    assert "descent: descent.npz is damaged" in out.getvalue()
    assert "set aside as descent.npz.damaged" in nm.results_dict(comparison)["results"][0]["notes"][-1]


def test_names_that_clean_to_one_name_have_a_file_each(tmp_path):
    """Without this the second throws the reads of the first away, at each call."""
    names = ["a b", "a-b", "a/b", "a b ", "ä b", "a" * 90, "a" * 91, "...", "-"]
    targets = [Descent(name=name) for name in names]
    for resumed in (0, 3):
        rows = nm.compare(Ring(), targets, reads=3, rng=0, directory=tmp_path).results
        assert [row.resumed for row in rows] == [resumed] * len(names)
    files = {path.name for path in (tmp_path / "runs").iterdir()}
    assert len(files) == len(names)
    assert "a-b.npz" in files
    (alone,) = nm.compare(Ring(), [Descent(name="a/b")], reads=3, rng=0, directory=tmp_path).results
    assert alone.resumed == 3


@pytest.mark.parametrize("seed", [[-1, 2], ["7", 2], [1.5, 2], [True, 2], [[], 2], [1], 7, None, {}])
def test_a_seed_that_is_none_is_not_taken(seed, whole, tmp_path):
    def about(old):
        return old | {"fingerprint": old["fingerprint"] | {"seed": seed}}

    kept(tmp_path, changed(whole[0], about=about))
    assert store.kept_seed(tmp_path, Ring()) is None
    (tmp_path / "runs" / "other.npz").write_bytes(whole[0])
    os.mkfifo(tmp_path / "runs" / "a.npz")
    assert store.kept_seed(tmp_path, Ring()) == SEED
    assert store.kept_seed(tmp_path, Ring(size=6)) is None


def test_a_run_comes_back_whatever_its_dtypes(whole, tmp_path):
    """Of a target of somebody else: counts as integers, energies in single precision."""
    row = study(tmp_path)
    run = replace(row.run, activity={name: count.astype(int) for name, count in row.run.activity.items()})
    path = tmp_path / "x.npz"
    store.save_reads(path, store.Kept(run, {0: store.ChipProgram(0.125, {"set": 4.0})}), {"a": 1})
    found, note = store.resume(path, {"a": 1}, Descent(), run.task, Ring())
    back = found.run
    assert note == ""
    assert vars(found.programs[0]) == {"mapping_error": 0.125, "setup": {"set": 4.0}}
    assert back.spins.tolist() == run.spins.tolist()
    assert back.activity["flips"].tolist() == run.activity["flips"].tolist()
