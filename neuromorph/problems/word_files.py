"""Files of words, one a line, as patterns of 32 spins a letter (``associative_memory.words``)."""

from __future__ import annotations

import re
from typing import Any

from ..associative_memory.words import LETTER_SPINS, encode_words
from .picture_files import AS_THEY_ARE, PictureOptions
from .text_file import TextFile

_WORD, _SPACED = re.compile(r"[A-Za-z]{2,40}"), re.compile(r"[A-Za-z][A-Za-z '.,?-]{0,39}")
_MOST_LETTERS = 1 << 16  # bytes of a list of words


def is_word_list(source: TextFile, *, spaced: bool = False) -> bool:
    """Return whether all lines are words of the alphabet of words.

    Parameters
    ----------
    source : TextFile
        File.
    spaced : bool
        Whether one line is enough, and may have blanks and signs; else two or more lines are of letters alone.

    Returns
    -------
    bool
        True for words, one a line.
    """
    if len(source.data) > _MOST_LETTERS:
        return False
    lines = [line.strip() for line in source.lines if line.strip()]
    rule = _SPACED if spaced else _WORD
    return len(lines) >= 2 - spaced and all(rule.fullmatch(line) for line in lines)


def patterns_of_words(source: TextFile, options: PictureOptions = AS_THEY_ARE) -> dict[str, Any]:
    """Read words, each once, filled up with spaces to the longest.

    Parameters
    ----------
    source : TextFile
        File.
    options : PictureOptions
        Options of pictures, which words have none of.

    Returns
    -------
    dict of str to object
        Fields of the memory.

    Raises
    ------
    ProblemFileError
        If a size or a threshold is given.
    """
    if options != AS_THEY_ARE:
        raise source.error("holds words, and a size and a threshold are for pictures; leave them out")
    words = list(dict.fromkeys(line.strip().lower() for line in source.lines if line.strip()))
    patterns = encode_words(words)
    length = patterns.shape[1] // LETTER_SPINS
    said = f"{len(words)} words of up to {length} letters, {LETTER_SPINS} spins a letter"
    return {"patterns": patterns, "shape": (length, LETTER_SPINS), "words": True, "notes": (said,)}
