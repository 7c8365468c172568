"""Damaged binary files, tables and kept reads: 3,000 of each kind are an error of one line or a good file, never more.

Good files are damaged at random: bits, bytes, cuts, pieces of others, sizes; half of those with checksums inside the
packing, with right ones again. Nothing hangs, and memory stays within some 300 MB. The slow test does it all, the fast
one the beginning. NIR files go through one process that reads all of them in turn and is begun anew where one ends it
(``nir_batch``): a process each would take minutes to start.
"""

import io
import resource
import signal
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from nir_batch import Batch
from PIL import Image
from study_toys import Descent, Ring

import neuromorph as nm
from circuits.simulators.rawfile import read_raw
from hardware_targets.dopant_network.learning.iv_dataset import IvDataset, read_dataset, write_dataset
from hardware_targets.dopant_network.learning.surrogate import fit_surrogate
from hardware_targets.dopant_network.learning.surrogate_file import read_surrogate, write_surrogate
from hardware_targets.spiking_chip.chip_tables import generic_table
from neuromorph.files.npz import read_npy
from neuromorph.problems import read_ising, write_ising
from neuromorph.spiking import LifNetwork, LifNeuron, nir_values, read_nir, write_nir
from neuromorph.study import checkpoint as store

SIZES = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1]
WORDS = [
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"true",
    b"[[",
    b"{",
    b'"""',
    b"'",
    b"a.",
    b"=",
    b"0x",
    b"1_0",
    b",",
    b"9" * 400,
]


@dataclass(frozen=True)
class Kind:
    """How files are made and read: ``read`` asserts what must hold, and raises ValueError where a file is refused."""

    name: str
    whole: list[bytes]
    read: Callable[[Path], None]
    seal: Callable[[bytes, Callable[[bytes], bytes]], bytes] | None = None


def damaged(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = int(rng.integers(len(data) + 1))
        size = int(rng.integers(1, 20))
        match rng.integers(9):
            case 0 | 1:
                data = data[:at] + bytes(byte ^ (1 << rng.integers(8)) for byte in data[at : at + 1]) + data[at + 1 :]
            case 2:
                data = data[:at] + rng.bytes(size) + data[at + int(rng.integers(20)) :]
            case 3:
                data = data[:at]
            case 4:
                data = data[:at] + data[at + size :]
            case 5:
                data = data[:at] + data[at : at + 40] * int(rng.integers(2, 5)) + data[at + 40 :]
            case 6:
                other = others[rng.integers(len(others))]
                from_ = int(rng.integers(len(other) + 1))
                data = data[:at] + other[from_ : from_ + 10 * size] + data[at + int(rng.integers(10 * size)) :]
            case 7:
                number = SIZES[rng.integers(len(SIZES))].to_bytes(8, "little")[: int(rng.choice([1, 2, 4, 8]))]
                data = data[:at] + number + data[at + len(number) :]
            case 8:
                data = data[:at] + WORDS[rng.integers(len(WORDS))] + data[at + int(rng.integers(4)) :]
    return data


def sealed_zip(data: bytes, damage: Callable[[bytes], bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, damage(old.read(info)))
    return stream.getvalue()


def sealed_png(data: bytes, damage: Callable[[bytes], bytes]) -> bytes:
    parts, at = [data[:8]], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size
        body = zlib.compress(damage(zlib.decompress(body))) if kind == b"IDAT" else damage(body)
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return b"".join(parts)


def saved(save, *arrays, **named) -> bytes:
    stream = io.BytesIO()
    save(stream, *arrays, **named)
    return stream.getvalue()


def written(write, folder: Path, name: str, *what) -> bytes:
    write(folder / name, *what)
    return (folder / name).read_bytes()


def kept_reads(folder: Path) -> Kind:
    ring, device = Ring(), Descent(flips=20)
    (row,) = nm.compare(ring, device, reads=6, rng=1, directory=folder).results
    path = folder / "runs" / "descent.npz"
    whole = path.read_bytes()
    mark = store._about(whole)["fingerprint"]

    def read(given: Path) -> None:
        path.write_bytes(given.read_bytes())
        kept, note = store.resume(path, mark, device, row.run.task, ring)
        run = kept.run
        if run is None:
            with suppress(FileNotFoundError):  # there is none where the fingerprint is another
                (folder / "runs" / "descent.npz.damaged").unlink()
            raise ValueError(f"{given.name} {note}" if note else f"{given.name} is of another study")
        assert path.exists()
        assert 1 <= run.reads <= 6
        assert np.allclose(run.energies, ring.energy(run.spins), rtol=0.0, atol=1e-5)
        assert (run.activity["flips"] >= 0).all()

    return Kind("kept reads", [whole], read, sealed_zip)


def patterns(folder: Path) -> Kind:
    x = np.random.default_rng(0).choice([-1, 1], (3, 12)).astype(np.int8)

    def read(path: Path) -> None:
        p = nm.load(path, kind="recall")
        assert set(np.unique(p.patterns)) <= {-1, 1}
        assert np.isfinite(p.score(np.ones(p.size)))

    whole = [
        saved(np.savez, patterns=x.astype(float), cue=x[0], shape=np.array([3, 4])),
        saved(np.savez_compressed, patterns=np.asfortranarray(x > 0), cue=x[0] > 0),
    ]
    return Kind("npz patterns", whole, read, sealed_zip)


def models(folder: Path) -> Kind:
    rng = np.random.default_rng(0)
    j = np.triu(rng.normal(size=(6, 6)), 1)
    ising = nm.Ising(j + j.T, rng.normal(size=6), 0.5)
    whole = [
        written(write_ising, folder, "a.npz", ising),
        saved(np.savez, couplings=ising.couplings, biases=ising.biases.astype(">f4"), offset=ising.offset),
    ]

    def read(path: Path) -> None:
        assert np.isfinite(read_ising(path).energy(np.ones(read_ising(path).size, np.int8)))

    return Kind("npz models", whole, read, sealed_zip)


def arrays(folder: Path) -> Kind:
    whole = [saved(np.save, each) for each in (np.eye(3), np.arange(5, dtype=">i2"), np.zeros((2, 0)), np.array(True))]

    def read(path: Path) -> None:
        try:
            assert read_npy(path.read_bytes()).dtype.kind in "biuf"
        except ValueError as error:
            raise ValueError(f"{path.name} {error}") from None

    return Kind("npy", whole, read)


def pictures(folder: Path) -> Kind:
    rng = np.random.default_rng(11)
    colors = Image.fromarray(rng.integers(0, 255, (9, 11, 3), dtype=np.uint8))
    deep = Image.fromarray(rng.integers(0, 1 << 16, (5, 7)).astype(np.uint16))
    whole = [saved(each.save, "PNG") for each in (colors, colors.quantize(16), colors.convert("LA"), deep)]

    def read(path: Path) -> None:
        p = nm.load(path)
        assert p.size <= 1_000_000
        assert p.shape[0] * p.shape[1] == p.size

    return Kind("PNG", whole, read, sealed_png)


def networks(folder: Path) -> Kind:
    cell = LifNeuron(refractory_s=0.0, reset_v=-70e-3, noise_v=0.0)
    whole = []
    for form in ("cuba", "split"):
        write_nir(folder / "a.nir", LifNetwork(np.arange(9.0).reshape(3, 3), np.ones(3), cell), form=form)
        whole.append((folder / "a.nir").read_bytes())

    def read(path: Path) -> None:
        network = read_nir(path)
        assert np.isfinite(network.weights).all()

    return Kind("NIR", whole, read)


def tables(folder: Path) -> Kind:
    """Tables of whole chips; those with numbers of one chip alone, as kinds of synapses, are no generic ones."""
    texts = [path.read_bytes() for path in Path(store.__file__).parents[2].glob("hardware_targets/spiking_chip/*.toml")]
    alone = (b"[acceleration]", b"[convolution_synapse_energy]", b"[first_synapse_energy]")
    texts = [text for text in texts if not any(name in text for name in alone)]
    assert len(texts) >= 2

    def read(path: Path) -> None:
        assert all(np.isfinite([d.low, d.value, d.high]).all() for d in generic_table(path).values())

    return Kind("TOML", texts, read)


def raw_files(folder: Path) -> Kind:
    table = np.random.default_rng(1).normal(size=(5, 3))
    head = "Title: x\nPlotname: Transient\nFlags: real\nNo. Variables: 3\nNo. Points: 5\nVariables:\n"
    head += "\t0\ttime\ttime\n\t1\tv(u)\tvoltage\n\t2\tv(w)\tvoltage\n"
    binary = head.encode() + b"Binary:\n" + table.tobytes()
    lines = [f" {k}\t" + "\n\t".join(map(repr, row)) for k, row in enumerate(table.tolist())]
    text = (head + "Values:\n" + "\n".join(lines) + "\n").encode()

    def read(path: Path) -> None:
        for plot in read_raw(path):
            assert len({len(signal) for signal in plot.values()}) == 1

    return Kind("raw files of SPICE", [binary, text, binary + text, text + binary], read)


def record(seed: int = 0) -> IvDataset:
    rng = np.random.default_rng(seed)
    return IvDataset(rng.normal(size=(20, 4)), 1e-9 * rng.normal(size=(20, 2)), (3, 1), "a test")


def text_records(folder: Path) -> Kind:
    def read(path: Path) -> None:
        assert np.isfinite(read_dataset(path).currents_a).all()

    return Kind("records.csv", [written(write_dataset, folder, "a.csv", record())], read)


def packed_records(folder: Path) -> Kind:
    def read(path: Path) -> None:
        assert np.isfinite(read_dataset(path).currents_a).all()

    return Kind("records.npz", [written(write_dataset, folder, "a.npz", record())], read, sealed_zip)


def surrogates(folder: Path) -> Kind:
    fitted = fit_surrogate(record(), hidden=(3,), epochs=1, rng=1).surrogate

    def read(path: Path) -> None:
        assert np.isfinite(read_surrogate(path).low_v).all()

    return Kind("surrogates.npz", [written(write_surrogate, folder, "s.npz", fitted)], read, sealed_zip)


KINDS = [
    kept_reads, patterns, models, arrays, pictures, networks,
    tables, raw_files, text_records, packed_records, surrogates,
]  # fmt: skip


@contextmanager
def no_hang(seconds: float) -> Iterator[None]:
    """An AssertionError after so much computing, which no reader catches in Python; in C it ends the tests."""

    class Hangs(BaseException):
        pass

    def ring(*about):
        raise Hangs(f"more than {seconds} s of computing")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fuzz(make: Callable[[Path], Kind], folder: Path, count: int, seed: int = 0) -> dict[bool, int]:
    """{whether it was read: files}."""
    kind = make(folder)
    ending = {"records.csv": ".csv", "TOML": ".toml", "NIR": ".nir", "PNG": ".png"}.get(kind.name, ".npz")
    path = folder / f"damaged{ending}"
    for whole in kind.whole:
        path.write_bytes(whole)
        kind.read(path)
    rng = np.random.default_rng(seed)
    answers = {True: 0, False: 0}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for k in range(count):
        whole = kind.whole[k % len(kind.whole)]

        def damage(data: bytes) -> bytes:
            return damaged(data, kind.whole, rng) if rng.random() < 0.2 else data

        inside = kind.seal is not None and rng.random() < 0.5
        content = kind.seal(whole, damage) if inside and kind.seal else damaged(whole, kind.whole, rng)
        path.write_bytes(content)
        try:
            with no_hang(5.0), warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                kind.read(path)
            answers[True] += 1
        except ValueError as error:
            answers[False] += 1
            message = str(error)
            wrong = not (message.isprintable() and path.name in message and len(message) < 600)
            if wrong:
                raise AssertionError(f"{kind.name} {k}: {message!r} of {content!r}") from error
        except BaseException as error:
            raise AssertionError(f"{kind.name} {k}: {content!r}") from error
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 << 10, f"{kind.name}: memory grew by {grown >> 10} MB"
    return answers


def check(make, folder: Path, count: int, monkeypatch) -> None:
    with Batch() as batch:
        monkeypatch.setattr(nir_values, "_answer", batch.answer)
        answers = fuzz(make, folder, count)
    assert min(answers.values()) >= count // 100, answers  # else the damage is too much, or too little


@pytest.mark.parametrize("make", KINDS)
def test_some_damaged_files_of_each_kind(make, tmp_path, monkeypatch):
    check(make, tmp_path, 60, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
def test_3000_damaged_files_of_each_kind(make, tmp_path, monkeypatch):
    check(make, tmp_path, 3000, monkeypatch)
