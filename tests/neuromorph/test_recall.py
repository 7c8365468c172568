"""Recall: Hebb's energies, cues, scores; patterns from .npz, .png and text, and what is refused in them."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from neuromorph import Problem, ProblemFileError, Recall, exact, load

CROSS = Path(__file__).parents[2] / "examples" / "data" / "cross.txt"


def random_patterns(seed: int, k: int, n: int) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 1], (k, n))


@given(seed=st.integers(0, 10**6), n=st.integers(1, 9), k=st.integers(1, 4))
def test_energy_is_that_of_hebbs_couplings_at_every_state(seed, n, k):
    """Couplings by their definition, pair by pair; a kept diagonal or a missing 1/n shows."""
    x = random_patterns(seed, k, n)
    p = Recall("random", x)
    j = np.array([[sum(x[m, a] * x[m, b] for m in range(k)) / n * (a != b) for b in range(n)] for a in range(n)])
    np.testing.assert_allclose(p.ising().dense_couplings(), j, atol=1e-15)
    states = exact.spins_of(np.arange(2**n), n)
    expected = [-0.5 * s @ j @ s for s in states]
    np.testing.assert_allclose(p.ising().energy(states), expected, atol=1e-12)
    np.testing.assert_allclose(p.energy(states), expected, atol=1e-12)
    assert p.energy(states[0]) == pytest.approx(expected[0])


def test_a_stored_pattern_is_the_ground_state():
    p = load(CROSS)
    assert p.energy(p.patterns[0]) == pytest.approx(-(121 - 1) / 2)
    assert p.energy(-p.patterns[0]) == p.energy(p.patterns[0])
    flips = p.patterns[0] * (1 - 2 * np.eye(121, dtype=int))
    assert p.energy(flips).min() > p.energy(p.patterns[0])


def test_a_recall_is_a_problem():
    p = load(CROSS)
    assert isinstance(p, Problem)
    assert (p.kind, p.sense, p.size, p.name, p.best_known, p.shape) == ("recall", "max", 121, "cross", 1.0, (11, 11))
    solution = p.decode(p.patterns[0])
    assert (solution.feasible, solution.repaired) == (True, False)
    assert p.score(solution) == 1.0
    assert p.score(-p.patterns[0]) == -1.0
    picture = p.patterns[0].reshape(p.shape)
    np.testing.assert_array_equal(picture, picture.T)
    assert (picture == 1).sum() == 57


def test_drawn_cues_have_the_asked_noise_and_take_the_patterns_in_turn():
    """Exactly round(noise n) pixels differ; a longer run begins with the same cues; a continued one goes on."""
    p = Recall("three", random_patterns(0, 3, 100), noise=0.25)
    cues = p.task(9, rng=5).cue
    assert cues.shape == (9, 100)
    for read, cue in enumerate(cues):
        assert (cue != p.patterns[read % 3]).sum() == 25
    assert len({cue.tobytes() for cue in cues}) == 9
    np.testing.assert_array_equal(p.task(4, rng=5).cue, cues[:4])
    seed = np.random.SeedSequence(5)
    np.testing.assert_array_equal(np.concatenate([p.task(4, seed).cue, p.task(5, seed).cue]), cues)
    assert (Recall("clean", p.patterns, noise=0.0).task(3, 0).cue == p.patterns).all()


def test_the_flipped_pixels_are_drawn_evenly():
    """4000 cues of 20 pixels at noise 1/4: each pixel flips 1000 +- 27; 5.2 sigma for each bound keeps 1e-6 for all."""
    p = Recall("one", np.ones((1, 20)), noise=0.25)
    flips = (p.task(4000, rng=1).cue < 0).sum(axis=0)
    assert abs(flips - 1000).max() < 5.5 * np.sqrt(4000 * 0.25 * 0.75)


def test_the_score_is_the_overlap_with_the_pattern_meant():
    x = random_patterns(2, 3, 64)
    near_first = np.where(np.arange(64) < 10, -x[0], x[0])
    with_cue = Recall("cue", x, cue=near_first)
    assert with_cue.meant(near_first) == 0
    assert with_cue.score(x[0]) == 1.0
    assert with_cue.score(x[1]) == x[0] @ x[1] / 64  # a perfect recall of the wrong pattern
    assert (with_cue.task(4, 0).cue == near_first).all()
    without = Recall("no cue", x)
    assert without.score(x[1]) == 1.0
    assert without.score(x[1], cue=near_first) == x[0] @ x[1] / 64
    np.testing.assert_array_equal(without.meant(without.task(6, 3).cue), [0, 1, 2, 0, 1, 2])


def test_zeros_and_ones_become_spins_only_where_no_minus_one_says_otherwise():
    ones_and_zeros = Recall("01", [[0, 1, 1], [1, 1, 1]], cue=[1, 1, 1])
    assert ones_and_zeros.patterns.tolist() == [[-1, 1, 1], [1, 1, 1]]
    assert Recall("bool", [[True, False]]).patterns.tolist() == [[1, -1]]
    assert Recall("cue in 0/1 too", [[1, 1]], cue=[0, 1]).cue.tolist() == [-1, 1]
    for patterns, cue in (([[0, 1, -1]], None), ([[1, -1, 1]], [0, 1, 1])):
        with pytest.raises(ValueError, match="-1 as well as 0"):
            Recall("mixed", patterns, cue=cue)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Recall("bad", [[1, 2]]), "patterns hold 2"),
        (lambda: Recall("bad", [[1.0, np.nan]]), "patterns hold nan"),
        (lambda: Recall("bad", [[1, -1]], cue=[1.0, 0.5]), "cue hold"),
        (lambda: Recall("bad", [["a"]]), "hold no numbers"),
        (lambda: Recall("bad", [1, -1]), r"shape \(2,\)"),
        (lambda: Recall("bad", np.ones((0, 3))), "neither of them 0"),
        (lambda: Recall("bad", [[1, -1]], cue=[1]), "cue has shape"),
        (lambda: Recall("bad", [[1, -1]], shape=(2, 2)), "shape is 2 x 2"),
        (lambda: Recall("bad", [[1, -1]], shape=(-1, -2)), "shape is -1 x -2"),
        (lambda: Recall("bad", [[1, -1]], noise=1.5), "noise is 1.5"),
        (lambda: Recall("bad", np.ones((1, 6000))).ising(), "scale"),
        (lambda: Recall("bad", [[1, -1]]).task(0), "at least one"),
    ],
)
def test_bad_data_is_refused_with_the_rule(make, rule):
    with pytest.raises(ValueError, match=rule):
        make()


@pytest.mark.parametrize("row", ["1 -1 1 1", "1 0 1 1", "+1 -1 +1 +1"])
def test_patterns_typed_as_numbers(tmp_path, row):
    """What ``solve --out`` writes of a recall can be read again."""
    (tmp_path / "p.txt").write_text(f"{row}\n")
    assert load(tmp_path / "p.txt", kind="recall").patterns.tolist() == [[1, -1, 1, 1]]


@pytest.mark.parametrize(
    "text",
    [
        "#.#\n...\n\n.#.\n###\n",
        "\n 101 \r\n000\r\n\r\n\r\n010\n111",
        "+-+\n---\n\n-+-\n+++\n\n",
        "X X\n   \n\n X\nXXX\n",
    ],
)
def test_pictures_typed_as_text(tmp_path, text):
    (tmp_path / "two.txt").write_bytes(text.encode())
    p = load(tmp_path / "two.txt")
    assert isinstance(p, Recall)
    assert p.shape == (2, 3)
    assert p.patterns.tolist() == [[1, -1, 1, -1, -1, -1], [-1, 1, -1, 1, 1, 1]]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_from_npz(tmp_path, save):
    x = random_patterns(4, 2, 6)
    save(tmp_path / "a.npz", patterns=x, cue=x[1], shape=np.array([2, 3]))
    p = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(p.patterns, x)
    np.testing.assert_array_equal(p.cue, x[1])
    assert p.shape == (2, 3)
    save(tmp_path / "b.npz", patterns=np.asfortranarray((x > 0).reshape(2, 3, 2)))
    p = load(tmp_path / "b.npz")
    np.testing.assert_array_equal(p.patterns, x)
    assert p.shape == (3, 2)
    save(tmp_path / "c.npz", patterns=x[0].astype(float))
    np.testing.assert_array_equal(load(tmp_path / "c.npz").patterns, x[:1])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_dark_pixels_of_a_png_are_up(tmp_path, mode):
    dark = np.array([[True, False, True], [False, False, True]])
    grey = np.where(dark, 20, 240).astype(np.uint8)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) << 8)
    else:
        image = Image.fromarray(grey).convert(mode)
    image.save(tmp_path / "p.png")
    p = load(tmp_path / "p.png")
    assert p.shape == (2, 3)
    assert p.patterns.tolist() == [np.where(dark, 1, -1).ravel().tolist()]


def test_transparent_pixels_are_paper(tmp_path):
    Image.fromarray(np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], dtype=np.uint8)).save(tmp_path / "p.png")
    assert load(tmp_path / "p.png").patterns.tolist() == [[-1, 1]]


def npz_of(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy_of(header: str, data: bytes = b"", version: int = 1) -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text + data


def png_of(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def objects() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, patterns=np.array([[1, None]], dtype=object))
    return buffer.getvalue()


BOMB = zlib.compress(bytes(100_000_000), 9)

HOSTILE = {
    "objects.npz": (objects(), "pickled objects"),
    "huge-shape.npz": (
        npz_of(patterns=npy_of("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000, 1000000), }")),
        "more values than there are",
    ),
    "negative-shape.npz": (
        npz_of(patterns=npy_of("{'descr': '|i1', 'fortran_order': False, 'shape': (-2, -2), }", b"\1\1\1\1")),
        "damaged",
    ),
    "code.npz": (npz_of(patterns=npy_of("__import__('os').getpid()")), "damaged"),
    "deep.npz": (npz_of(patterns=npy_of("(" * 110)), "damaged"),
    "other.npz": (npz_of(weights=b""), "no array 'patterns'"),
    "bomb.npz": (npz_of(patterns=bytes(100_000_000)), "claims 100000000 bytes"),
    "record.npz": (
        npz_of(patterns=npy_of("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", bytes(8))),
        "hold no numbers",
    ),
    "four-axes.npz": (
        npz_of(patterns=npy_of("{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 1, 1), }", b"\1")),
        "patterns have shape",
    ),
    "huge.png": (png_of(50_000, 50_000, b""), "50000 x 50000 pixels"),
    "none.png": (png_of(0, 5, b""), "0 x 5 pixels"),
    "bomb.png": (png_of(8, 8, BOMB), None),  # Pillow unpacks what the picture needs, and no more
    "truncated.png": (png_of(8, 8, zlib.compress(bytes(10))), "damaged"),
    "noise.png": (png_of(8, 8, b"not zlib"), "damaged"),
    "header.png": (b"\x89PNG", "0 x 0 pixels"),
    "single.npy": (npy_of("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\1"), "is of pickled objects"),
    "ragged.txt": (b"##.\n#.\n", "line 2: the row has 2 signs"),
    "heights.txt": (b"##\n..\n\n##\n", "line 5: the picture above has 1 rows"),
    "third.txt": (b"##\n#.\n#o\n", "line 3: has 'o' beside '#' and '.'"),
    "wide.txt": (b"X" * 5000 + b"\n" + b"X\n" * 5000, "at most 10000000 signs"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_before_they_are_unpacked(tmp_path, name):
    """Zip and zlib bombs, headers that lie, pickles: an error that says so, in little memory."""
    import tracemalloc

    content, rule = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    tracemalloc.start()
    try:
        if rule is None:
            assert load(tmp_path / name).size == 64
        else:
            with pytest.raises(ProblemFileError, match=f"^{name}.*{rule}.*; "):
                load(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_sentences_with_numbers_are_no_picture(tmp_path):
    (tmp_path / "words.txt").write_text("hello 2 worlds!\n")
    with pytest.raises(ProblemFileError, match=r"^words\.txt, line 1: is no picture; draw with"):
        load(tmp_path / "words.txt", kind="recall")
