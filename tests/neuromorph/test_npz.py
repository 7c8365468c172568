"""Arrays from .npz and .npy files: what numpy writes comes back; lies about sizes cost nothing."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from neuromorph.files.npz import ArrayFileError, npz_names, read_npy, read_npz


def saved(save=np.savez, **arrays) -> bytes:
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def header(text: str, data: bytes = b"", version: int = 1) -> bytes:
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text.encode() + data


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *about, **more: None)  # of names that come twice
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def lying(stated: int, content: bytes, right_checksum: bool) -> bytes:
    """An archive that states ``stated`` bytes, in both places, of a member that inflates to all of ``content``."""
    whole = bytearray(zipped(("a.npy", content)))
    for signature, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        place = whole.index(signature) + at
        checksum = zlib.crc32(content[:stated]) if right_checksum else 0
        whole[place : place + 4] = struct.pack("<I", checksum)
        whole[place + 8 : place + 12] = struct.pack("<I", stated)
    return bytes(whole)


def flagged(bits: int) -> bytes:
    whole = bytearray(zipped(("a.npy", npy(np.arange(3)))))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(signature) + at] |= bits
    return bytes(whole)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_as_numpy_wrote_them(save):
    """Both byte orders, both memory orders, no entries, no axes; floating point of any width as float64."""
    rng = np.random.default_rng(0)
    given = {
        "matrix": rng.normal(size=(5, 3)),
        "fortran": np.asfortranarray(rng.normal(size=(4, 6))),
        "big": np.arange(7, dtype=">i4"),
        "big float": rng.normal(size=3).astype(">f8"),
        "small": rng.normal(size=(2, 2, 2)).astype(np.float32),
        "half": np.array([0.5, -2.0], np.float16),
        "scalar": np.array(2.5),
        "empty": np.empty((0, 3)),
        "bools": np.array([True, False]),
        "unsigned": np.arange(3, dtype=np.uint8),
        "words": np.array(["a", "longer"]),
    }
    data = saved(save, **given)
    read = read_npz(data, text=("words",))
    assert read.keys() == given.keys() == set(npz_names(data))
    for name, array in given.items():
        expected = array.astype(float) if array.dtype.kind == "f" else array
        assert np.array_equal(read[name], expected)
        assert read[name].dtype == expected.dtype.newbyteorder("=")
        assert read[name].flags.writeable
    assert read_npz(data, ("scalar", "none")).keys() == {"scalar"}
    assert np.array_equal(read_npy(npy(given["fortran"])), given["fortran"])


def test_a_truth_value_is_0_or_1():
    data = header("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", b"\0\2\1")
    assert read_npy(data).tolist() == [False, True, True]


I8 = "{'descr': '<i8', 'fortran_order': False, 'shape': (%s), }\n"
BOMB = npy(np.zeros(32 << 20, np.int8))
REFUSED = {
    "states less than it inflates to": (lying(1024, BOMB, False), "is damaged"),
    "the same with a checksum of its beginning": (lying(1024, BOMB, True), "says more values than"),
    "states more than there is": (lying(4096, npy(np.zeros(3)), False), "is damaged"),
    "too large": (lying(200 << 20, npy(np.zeros(3)), False), r"claims 209715200 bytes; of this file at most 134217728"),
    "twice the same name": (zipped(("a.npy", npy(1)), ("a.npy", npy(2))), "has the array 'a' twice"),
    "encrypted": (flagged(1), "is encrypted"),
    "bzip2": (zipped(("a.npy", npy(np.zeros(99))), how=zipfile.ZIP_BZIP2), "packed in an unusual way"),
    "lzma": (zipped(("a.npy", npy(np.zeros(99))), how=zipfile.ZIP_LZMA), "packed in an unusual way"),
    "too many members": (zipped(*((f"{k}", b"") for k in range(1001))), "has 1001 members"),
    "objects": (saved(a=np.array([None])), "pickled objects"),
    "records": (saved(a=np.zeros(2, [("x", float)])), "hold no numbers"),
    "complex": (saved(a=np.array([1j])), "hold no numbers but are complex128"),
    "dates": (saved(a=np.array(["2024-01-01"], "M8[D]")), "hold no numbers but are datetime64"),
    "durations": (saved(a=np.array([3], "m8[s]")), "hold no numbers but are timedelta64"),
    "bytes": (saved(a=np.array([b"x"])), "hold no numbers"),
    "text": (saved(a=np.array("x")), "hold no numbers"),
    "nothing": (b"", "is damaged"),
    "no archive": (b"PK\x03\x04 and no more", "is damaged"),
    "an unknown format": (zipped(("a.npy", header(I8 % "1,", bytes(8), version=9))), "array format"),
    "more values than bytes": (zipped(("a.npy", header(I8 % "1000000, 1000000"))), "says more values than"),
    "fewer values than bytes": (zipped(("a.npy", header(I8 % "1,", bytes(16)))), "says more values than"),
    "a negative side": (zipped(("a.npy", header(I8 % "-1, -1", bytes(8)))), "is damaged"),
    "a side of 2 to the 70": (zipped(("a.npy", header(I8 % f"{2**70}, 0"))), "is damaged"),
    "values of no size": (
        zipped(("a.npy", header("{'descr': '<U0', 'fortran_order': False, 'shape': (9,), }\n"))),
        "a",
    ),
    "a header without end": (zipped(("a.npy", header(I8[:20]))), "is damaged"),
    "a header of code": (zipped(("a.npy", header("__import__('os').getpid()"))), "is damaged"),
    "a header of brackets": (zipped(("a.npy", header("(" * 900))), "is damaged"),
    "a header of signs": (zipped(("a.npy", header("-" * 900 + "1"))), "is damaged"),
    "a long header": (zipped(("a.npy", header(I8 % "1," + " " * 9000, bytes(8)))), "is damaged"),
    "half a header": (zipped(("a.npy", b"\x93NUMPY\x01\x00\xff")), "is damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_array_is_one_line_and_little_memory(name):
    data, rule = REFUSED[name]
    tracemalloc.start()
    try:
        with pytest.raises(ArrayFileError, match=rule) as caught:
            read_npz(data)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.isprintable()
    assert "; " in message or ": " in message
    assert len(message) < 250


def test_text_that_is_asked_for_must_be_text():
    with pytest.raises(ArrayFileError, match="are no text but are int64"):
        read_npz(saved(a=np.arange(3)), text=("a",))


def test_a_large_file_may_claim_more_than_a_small_one():
    """The limit of the caller holds where the file has a sixteenth of it; a small one stops at 128 MB."""
    data = saved(a=np.zeros(3))
    with pytest.raises(ArrayFileError, match="at most 100 are read"):
        read_npz(data, limit=100)
    assert read_npz(data, limit=200)["a"].size == 3
    with pytest.raises(ArrayFileError, match="'b' claims 152 bytes beside the 152 of other arrays"):
        read_npz(saved(a=np.zeros(3), b=np.zeros(3)), limit=200)
