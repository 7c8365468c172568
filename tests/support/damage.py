"""Injuries to files, for the tests of readers."""

import numpy as np

NUMBERS = [b"0", b"-1", b"1e308", b"-1e999", b"nan", b"inf", b"1000000000000", b"2147483648", b"1.5", b"", b"9" * 400]


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three random injuries."""
    for _ in range(rng.integers(1, 4)):
        lines = data.split(b"\n")
        line, other = rng.integers(len(lines), size=2)
        at = int(rng.integers(len(data) + 1))
        match rng.integers(10):
            case 0 | 1:  # one bit of a byte
                data = data[:at] + bytes(byte ^ (1 << rng.integers(8)) for byte in data[at : at + 1]) + data[at + 1 :]
            case 2:  # other bytes over a stretch
                data = data[:at] + rng.bytes(int(rng.integers(1, 9))) + data[at + int(rng.integers(9)) :]
            case 3:
                data = data[:at]
            case 4:
                data = data[:at] + data[at + int(rng.integers(1, 20)) :]
            case 5:
                data = b"\n".join([*lines[:line], *lines[line + 1 :]])
            case 6:
                data = b"\n".join([*lines[:line], lines[other], *lines[line:]])
            case 7 | 8:  # another number in the place of a word
                words = lines[line].split(b" ")
                words[rng.integers(len(words))] = NUMBERS[rng.integers(len(NUMBERS))]
                data = b"\n".join([*lines[:line], b" ".join(words), *lines[line + 1 :]])
            case 9:
                data = data[:at] + data[at : at + 40] * int(rng.integers(2, 5)) + data[at + 40 :]
    return data
