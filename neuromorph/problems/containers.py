"""Containers of problem files, of which no more is unpacked than a bound, and kinds of text.

gzip, xz, bzip2, and zip archives of one file; those of NumPy and of programs stay as they are.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zipfile
import zlib

ENDINGS = (".gz", ".xz", ".bz2", ".zip")

_GZIP, _XZ, _BZIP2, _ZIP = b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"PK\x03\x04"
_SMALL, _RATIO = 64 << 20, 100  # bytes that any file may unpack to; ratio of a larger one: numbers pack 2 to 10 times
_MEMORY = 128 << 20  # bytes that xz may take for its dictionary
_MARK, _NO_BREAK = b"\xef\xbb\xbf", "\u00a0".encode()
_BINARY = re.compile(rb"[\x80-\xff]|P[1-6]\s|GIF8|BM|RIFF|PK|%PDF|II\*|MM\0")  # pictures and archives
_SHOWN = 256  # bytes by which UTF-16 without a mark is known


class ContainerError(ValueError):
    """Error of a container; the message is one line, which continues the name of the file."""


def unpack_bytes(data: bytes, limit: int) -> bytes:
    """Return what a container holds.

    Parameters
    ----------
    data : bytes
        File.
    limit : int
        Largest number of bytes.

    Returns
    -------
    bytes
        Content of gzip, xz, bzip2, or of a zip archive of one file; text in UTF-16 becomes UTF-8, without a byte order
        mark, no-break blanks and the Ctrl-Z of DOS at its end; all else as it is.

    Raises
    ------
    ContainerError
        If the container is damaged or holds too much.
    """
    if data.startswith((_GZIP, _XZ, _BZIP2)):
        data = _inflated(data, min(limit, max(_SMALL, _RATIO * len(data))))
    elif data.startswith(_ZIP):
        data = _only_member(data, min(limit, max(_SMALL, _RATIO * len(data))))
    return _as_typed(_as_utf8(data))


def _only_member(data: bytes, limit: int) -> bytes:
    """Return the one file of a zip archive; the archive itself if it has several, or an array."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            members = [each for each in members if not each.filename.startswith("__MACOSX/")]
            if len(members) != 1 or members[0].filename.endswith(".npy"):
                return data
            with archive.open(members[0]) as file:
                found = file.read(limit + 1)
    except Exception:  # zipfile raises many kinds on damaged bytes, which the reader of arrays names
        return data
    if len(found) > limit:
        raise ContainerError(f"unpacks to more than {limit >> 20} MB; unpack it, and give a smaller instance")
    return found


def _as_typed(data: bytes) -> bytes:
    """Take from text what nobody typed: a byte order mark, no-break blanks, Ctrl-Z."""
    text = data.removeprefix(_MARK)
    if b"\0" in text[:_SHOWN] or _BINARY.match(text):
        return data
    if b"\0" not in text:
        end = text.rstrip()
        text = end.rstrip(b"\x1a") if end.endswith(b"\x1a") else text
        text = text.replace(_NO_BREAK, b" ") if _NO_BREAK in text else text
    return text if len(text) != len(data) or text != data else data


def _inflated(data: bytes, limit: int) -> bytes:
    out, rest = io.BytesIO(), data
    kind = next(name for magic, name in ((_GZIP, "gzip"), (_XZ, "xz"), (_BZIP2, "bzip2")) if data.startswith(magic))
    try:
        while rest.startswith(data[:2]):  # files that were joined are one
            unpacker = _unpacker(kind)
            out.write(unpacker.decompress(rest, limit + 1 - out.tell()))
            if out.tell() > limit:
                raise ContainerError(f"unpacks to more than {limit >> 20} MB; unpack it, and give a smaller instance")
            if not unpacker.eof:
                raise ContainerError(f"is cut off: its {kind} data have no end; copy it again")
            rest = unpacker.unused_data
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if isinstance(error, ContainerError):
            raise
        raise ContainerError(f"is damaged: it begins as {kind}'s data, but is none; copy it again") from None
    return out.getvalue()


def _unpacker(kind: str):  # type: ignore[no-untyped-def]  # three classes of one protocol, which nothing names
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY) if kind == "xz" else bz2.BZ2Decompressor()


def _as_utf8(data: bytes) -> bytes:
    """Recode UTF-16 and UTF-32, known by their marks, or by a zero beside every letter of the beginning."""
    found = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if found is None and len(data) >= 8 and len(data) % 2 == 0:
        head = data[: _SHOWN & ~1]
        for name, zeros, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
            if not any(zeros) and all(9 <= letter < 127 for letter in letters):
                found = name
    if found is None:
        return data
    try:
        return data.decode(found).encode()
    except UnicodeDecodeError:
        raise ContainerError(
            f"is damaged: it begins as text in {found.upper()}, but is none; save it as UTF-8"
        ) from None


_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
