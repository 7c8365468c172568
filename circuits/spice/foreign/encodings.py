"""The text of a netlist's file: UTF-8, UTF-16 as LTspice writes it, or one byte a letter, whose micro sign is 0xB5."""

from __future__ import annotations

_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_SHOWN = 400  # bytes that tell UTF-16 without a mark


def decode_netlist(data: bytes) -> str:
    """Decode the bytes of a netlist.

    Parameters
    ----------
    data : bytes
        Bytes of the file.

    Returns
    -------
    str
        Its text; what is no text in any encoding becomes letters that the reader refuses.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    head = data[:_SHOWN]
    if len(head) >= 8:
        for name, zeros, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
            if not any(zeros) and all(letters):
                return data.decode(name, errors="replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
