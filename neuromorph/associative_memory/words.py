r"""Words as patterns: a misspelled word is recalled as the stored word that it reminds of.

.. math:: x = (c_1, \dots, c_L), \qquad c = \text{row of a Hadamard matrix of 32, one for each of } a \dots z,
          \text{ space and } ' - . , ?

Every letter has 32 spins, and any two letters differ in 16 of them: a wrong letter costs the same whichever it is, as a
code of five bits would not have it. Words are filled up with spaces to the longest.
Source of the code: Sylvester, Phil. Mag. 34, 461 (1867); of words as patterns: Hopfield, PNAS 79, 2554 (1982).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

LETTER_SPINS = 32
ALPHABET = "abcdefghijklmnopqrstuvwxyz '-.,?"


def letter_codes() -> NDArray[np.int8]:
    """Build the spins of each letter of the alphabet.

    Returns
    -------
    (32, 32) int8
        Sylvester's Hadamard matrix, a row a letter.
    """
    code = np.ones((1, 1), dtype=np.int8)
    for _ in range(5):
        code = np.block([[code, code], [code, -code]])
    return code


def encode_words(words: Sequence[str], length: int | None = None) -> NDArray[np.int8]:
    """Encode words as patterns.

    Parameters
    ----------
    words : sequence of str
        Words of letters of ``ALPHABET``, in either case.
    length : int or None
        Letters of a pattern; None: of the longest word.

    Returns
    -------
    (words, 32 length) int8
        Patterns.

    Raises
    ------
    ValueError
        If a word has another letter, or is too long or empty.
    """
    length = max(map(len, words), default=0) if length is None else length
    code = letter_codes()
    rows = []
    for word in words:
        other = sorted(set(word.lower()) - set(ALPHABET))
        if other or not 0 < len(word) <= length:
            why = f"has {other[0]!r}" if other else f"has {len(word)} letters"
            raise ValueError(f"word {word[:40]!r} {why}; give 1 to {length} letters of {ALPHABET!r}")
        rows.append(code[[ALPHABET.index(letter) for letter in word.lower().ljust(length)]].ravel())
    return np.array(rows, dtype=np.int8)


def decode_words(states: ArrayLike) -> list[str]:
    """Decode states by the nearest letter at each place.

    Parameters
    ----------
    states : (reads, 32 length) array_like
        States.

    Returns
    -------
    list of str
        Words, without spaces at their ends.
    """
    s = np.atleast_2d(np.asarray(states, dtype=float))
    letters = s.reshape(len(s), -1, 32) @ letter_codes().T.astype(float)
    return ["".join(ALPHABET[k] for k in row).rstrip() for row in letters.argmax(axis=2).tolist()]
