"""NIR files that read other files, hang libhdf5, or claim more than there is: one line each, at little cost."""

import io
import os
import zlib

import h5py
import nir
import numpy as np
import pytest
from nir_batch import Batch

from neuromorph.problems import ProblemFileError
from neuromorph.spiking import LifNetwork, LifNeuron, from_nir, nir_values, read_nir, to_nir, write_nir

CELL = LifNeuron(refractory_s=0.0, reset_v=-70e-3, noise_v=0.0)
NETWORK = LifNetwork(np.arange(16.0).reshape(4, 4), np.arange(4.0), CELL)


@pytest.fixture(scope="module")
def batch():
    with Batch() as one:
        yield one


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("nir") / "whole.nir"
    write_nir(path, NETWORK)
    return path.read_bytes()


def edited(whole: bytes, edit) -> bytes:
    stream = io.BytesIO(whole)
    with h5py.File(stream, "r+") as file:
        edit(file["node/nodes/recurrent"])
    return stream.getvalue()


def weights(**made):
    """Another dataset in the place of the recurrent weights."""

    def edit(group):
        del group["weight"]
        group.create_dataset("weight", **made)

    return edit


def virtual(group):
    layout = h5py.VirtualLayout((4, 4), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "weight", (4, 4))
    del group["weight"]
    group.create_virtual_dataset("weight", layout)


def link(to):
    def edit(group):
        del group["weight"]
        group["weight"] = to

    return edit


def circle(group):
    group["loop"] = group.file["node"]


def twice(group):
    group["again"] = group["weight"]


def doubling(group):
    """Each group holds the next one twice: 2**15 paths in 15 groups."""
    for _ in range(15):
        inner = group.create_group("a")
        group["b"] = inner
        group = inner


def deep(group):
    for _ in range(40):
        group = group.create_group("a")


def many(group):
    for k in range(1100):
        group.create_group(f"g{k}")


def partly(group):
    del group["weight"]
    group.create_dataset("weight", (8, 8), "f8", chunks=(4, 4))[:4] = 1.0


def move_node(to):
    def edit(group):
        file = group.file
        file.move("node", "other")
        file["node"] = to

    return edit


def packed(shape, chunks, piece: bytes):
    """Chunks of one and the same packed content, whatever it unpacks to."""

    def edit(group):
        del group["weight"]
        dataset = group.create_dataset("weight", shape, np.int8, chunks=chunks, compression="gzip")
        for k in range(0, shape[0], chunks[0]):
            dataset.id.write_direct_chunk((k, 0), piece)

    return edit


def bomb(blocks: int) -> bytes:
    """A stream of deflate that unpacks to ``blocks`` MB: one block over and over."""
    deflate = zlib.compressobj(9)
    head = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return head + (deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)) * (blocks - 1)


REFUSED = {
    "external storage": (weights(shape=(4, 4), dtype="f8", external=[("/etc/os-release", 0, 128)]), "in other files"),
    "a virtual dataset": (virtual, "in other files"),
    "a link to another file": (link(h5py.ExternalLink("other.h5", "/weight")), "to another place or file"),
    "a soft link": (link(h5py.SoftLink("/node/nodes/bias/weight")), "to another place or file"),
    "a node that is a link": (move_node(h5py.ExternalLink("other.h5", "/node")), "links 'node' to another place"),
    "a circle of groups": (circle, "a second time, or in a circle"),
    "a dataset twice": (twice, "a second time, or in a circle"),
    "groups twice each": (doubling, "a second time, or in a circle"),
    "groups in groups": (deep, "nests groups more than 16 deep"),
    "many groups": (many, "more than 1000 groups"),
    "complex numbers": (weights(data=np.eye(4) * 1j), "has complex numbers in 'node/nodes/recurrent/weight'"),
    "nothing written": (weights(shape=(20_000, 20_000), dtype="f8"), "not all its values"),
    "no chunk written": (weights(shape=(20_000, 20_000), dtype="f8", chunks=(1000, 1000)), "not all its values"),
    "a fill value": (weights(shape=(4, 4), dtype="f8", fillvalue=3.0), "not all its values"),
    "chunks missing": (partly, "not all its values"),
    "a chunk of 2 GB": (weights(shape=(4, 4), maxshape=(None, None), dtype="f8", chunks=(16384, 16384)), "in pieces"),
    "too many values": (packed((132 << 10, 1024), (1024, 1024), zlib.compress(bytes(1 << 20))), r"claims 13\d{7} b"),
    "a chunk that is a bomb": (packed((4, 4), (4, 4), bomb(2000)), "is damaged or no NIR graph"),
    "records": (weights(data=np.zeros(4, [("a", float)])), "neither real numbers nor text"),
    "arrays in an array": (weights(shape=(4,), dtype=np.dtype((float, (1000, 1000)))), "neither real numbers nor text"),
    "references": (weights(shape=(4,), dtype=h5py.ref_dtype), "neither real numbers nor text"),
    "lists": (weights(shape=(4,), dtype=h5py.vlen_dtype(float)), "neither real numbers nor text"),
    "no values at all": (weights(data=h5py.Empty("f8")), "neither real numbers nor text"),
    "an unusual filter": (weights(data=np.zeros((4, 4), int), scaleoffset=0, chunks=(4, 4)), "in an unusual way"),
    "many strings": (weights(data=np.full(10_001, b"a")), "has 10001 strings"),
    "a long string": (weights(data="a" * 2000), "more than 1000 letters"),
    "words for weights": (weights(data="words"), "is damaged or no NIR graph"),
    "a type of its own": (link(np.dtype("f8")), "has a type of its own at 'node/nodes/recurrent/weight'"),
    "no node": (lambda group: group.file.move("node", "other"), "has nothing in a group 'node'"),
    "a node that is a number": (move_node(1.0), "is damaged or no NIR graph"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_one_line(name, whole, batch, tmp_path, monkeypatch):
    monkeypatch.setattr(nir_values, "_answer", batch.answer)
    edit, rule = REFUSED[name]
    (tmp_path / "h.nir").write_bytes(edited(whole, edit))
    with pytest.raises(ProblemFileError, match=rf"^h\.nir: .*{rule}.*; ") as caught:
        read_nir(tmp_path / "h.nir")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    (tmp_path / "whole.nir").write_bytes(whole)
    assert np.allclose(read_nir(tmp_path / "whole.nir").weights, NETWORK.weights)


def test_a_loop_in_libhdf5_ends(whole, tmp_path):
    """With one other bit in the size of the first heap of strings libhdf5 never returns, deaf to Ctrl-C."""
    data = bytearray(whole)
    data[data.index(b"GCOL") + 9] ^= 0x80
    (tmp_path / "h.nir").write_bytes(data)
    with pytest.raises(ProblemFileError, match=r"^h\.nir: takes too long to read: it is damaged, or made to; write it"):
        read_nir(tmp_path / "h.nir")


def test_what_is_no_hdf5_starts_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(nir_values, "_answer", None)
    for data in (b"", b"{}", b"\x89HDF", bytes(5000)):
        (tmp_path / "h.nir").write_bytes(data)
        with pytest.raises(ProblemFileError, match=r"^h\.nir: is no HDF5 file"):
            read_nir(tmp_path / "h.nir")


def test_what_fills_its_head_is_read(whole, tmp_path):
    """A user block of 512 bytes, of strings of one length, lzf, checksums: all are HDF5 that others write."""
    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file, h5py.File(io.BytesIO(whole)) as old:
        old.copy("node", file)
        weights(data=NETWORK.weights * CELL.synapse_s / CELL.step_s, compression="lzf", shuffle=True, fletcher32=True)(
            file["node/nodes/recurrent"]
        )
        kind = file["node/nodes/recurrent/type"][()]
        del file["node/nodes/recurrent/type"]
        file["node/nodes/recurrent/type"] = np.bytes_(kind)
    (tmp_path / "h.nir").write_bytes(stream.getvalue())
    assert np.allclose(read_nir(tmp_path / "h.nir").weights, NETWORK.weights)


def test_interrupting_ends_the_process(whole, tmp_path, monkeypatch):
    import subprocess

    started = []

    class Interrupted(subprocess.Popen):
        def communicate(self, *arguments, **options):
            started.append(self)
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    (tmp_path / "h.nir").write_bytes(whole)
    with pytest.raises(KeyboardInterrupt):
        read_nir(tmp_path / "h.nir")
    assert started[0].returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(started[0].pid, 0)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"weight": np.eye(4) * 1j}, "weight of 'recurrent' is of complex128; only real numbers"),
        ({"weight": np.full((4, 4), "a")}, "only real numbers"),
        ({"w_in": np.ones((4, 4))}, r"w_in has shape \(4, 4\); the graph has 4 neurons"),
        ({"v_leak": np.ones(4) * 1j}, "v_leak is of complex128"),
        ({"tau_mem": np.ones(4) * 1j}, "tau of the membranes is of complex128"),
        ({"v_threshold": np.ones(5000)}, "the graph has 5000 neurons; up to 4096"),
    ],
)
def test_graphs_of_wrong_numbers_are_named(change, rule):
    """In memory too: an imaginary part would be dropped, a column would make a matrix of every pair."""
    graph = to_nir(NETWORK)
    for name, value in change.items():
        setattr(graph.nodes["recurrent" if name == "weight" else "neurons"], name, value)
    with pytest.raises(ValueError, match=rule):
        from_nir(graph)


def test_a_bias_of_another_shape_is_named():
    graph = to_nir(NETWORK)
    graph.nodes["bias"] = nir.Affine(weight=np.eye(4), bias=np.ones((400, 1)))
    with pytest.raises(ValueError, match=r"bias of 'bias' has shape \(400, 1\)"):
        from_nir(graph)
