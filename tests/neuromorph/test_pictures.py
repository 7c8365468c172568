"""PNG pictures: their size is that which is unpacked, wherever the file says it; other pictures are named."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from neuromorph import ProblemFileError, load

DARK = np.array([[True, False, True], [False, False, True]])


def png(picture: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", **options)
    return stream.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, bits: int = 8, color: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))


SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY = Image.fromarray(np.where(DARK, 40, 200).astype(np.uint8))
PIXELS = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in np.where(DARK, 40, 200).tolist())))
END = chunk(b"IEND", b"")


def read(tmp_path, data: bytes, name: str = "p.png"):
    (tmp_path / name).write_bytes(data)
    return load(tmp_path / name)


def pictures() -> dict[str, bytes]:
    palette = GREY.convert("P")
    deep = np.where(DARK, 40 << 8, 200 << 8).astype(np.uint16)
    rgb = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + np.repeat(row, 3).astype(">u2").tobytes() for row in deep)))
    return {
        "grey": png(GREY),
        "by hand": SIGNATURE + header(3, 2) + PIXELS + END,
        "black and white": png(GREY.convert("1", dither=Image.Dither.NONE)),
        "grey of 16 bits": png(Image.fromarray(deep)),
        "colors of 16 bits": SIGNATURE + header(3, 2, 16, 2) + rgb + END,
        "palette": png(palette),
        "palette of 2 colors": png(GREY.convert("RGB").quantize(2)),
        "color": png(GREY.convert("RGB")),
        "opaque": png(GREY.convert("RGBA")),
        "grey and opaque": png(GREY.convert("LA")),
        "with text": png(GREY)[:33] + chunk(b"tEXt", b"a\0" + 999 * b"b") + png(GREY)[33:],
    }


@pytest.mark.parametrize("name", pictures())
def test_every_kind_of_png_is_read(name, tmp_path):
    p = read(tmp_path, pictures()[name])
    assert p.shape == DARK.shape
    assert np.array_equal(p.patterns[0] > 0, DARK.ravel())


def test_what_is_transparent_is_paper(tmp_path):
    """By an alpha channel, a transparent color of the palette, or a transparent grey, also of 16 bits."""
    clear = np.zeros((2, 3), np.uint8)
    alpha = Image.merge("LA", [Image.fromarray(clear), Image.fromarray(np.where(DARK, 255, 0).astype(np.uint8))])
    deep = png(Image.fromarray(np.where(DARK, 5, 9).astype(np.uint16)))
    files = [png(alpha), png(Image.fromarray(np.where(DARK, 5, 9).astype(np.uint8)), transparency=9)]
    files.append(deep[:33] + chunk(b"tRNS", struct.pack(">H", 9)) + deep[33:])
    for data in files:
        assert np.array_equal(read(tmp_path, data).patterns[0] > 0, DARK.ravel())


def frames() -> bytes:
    return png(GREY, save_all=True, append_images=[GREY.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])


LINES = zlib.compress(bytes(1000 * 1001), 9)
REFUSED = {
    "a second size": (SIGNATURE + header(3, 2) + header(13_000, 13_000) + PIXELS + END, "claims 13000 x 13000 pixels"),
    "the size behind a text": (
        SIGNATURE + chunk(b"tEXt", b"\0\0\0\3\0\0\0\2") + header(13_000, 13_000) + PIXELS + END,
        "claims 13000 x 13000 pixels",
    ),
    "a second size, too large for Pillow": (
        SIGNATURE + header(3, 2) + header(1 << 30, 1 << 30) + PIXELS + END,
        "is damaged or not usable|claims",
    ),
    "large": (SIGNATURE + header(1001, 1000) + chunk(b"IDAT", LINES) + END, "claims 1001 x 1000 pixels"),
    "no width": (SIGNATURE + header(0, 5) + PIXELS + END, "claims 0 x 5 pixels"),
    "cut off": (png(GREY)[:-30], "is damaged"),
    "only a signature": (SIGNATURE, "claims 0 x 0 pixels"),
    "another signature": (b"\x89PNG\n\n" + (SIGNATURE + header(3, 2) + PIXELS)[8:], "is damaged|claims"),
    "no pixels": (SIGNATURE + header(3, 2) + END, "is damaged"),
    "a wrong checksum": (png(GREY).replace(b"IHDR", b"IHDX"), "is damaged"),
    "animated": (frames(), "is animated, of 2 frames"),
    "a compressed text": (
        SIGNATURE + header(3, 2) + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(8 << 20), 9)) + PIXELS + END,
        "is damaged",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_pictures_cost_little(name, tmp_path):
    """What Pillow allocates is no memory of Python's: that a size is refused shows that it was not unpacked."""
    data, rule = REFUSED[name]
    tracemalloc.start()
    try:
        with pytest.raises(ProblemFileError, match=rf"^p\.png: ({rule}).*; ") as caught:
            read(tmp_path, data)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert "0x" not in str(caught.value)  # no address of an object
