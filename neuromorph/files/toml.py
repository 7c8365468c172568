"""Safe reading of TOML: a dictionary, or a ValueError of one line.

tomllib recurses into nested arrays and tables, and takes time with the cube of the parts of a dotted key: a file of 100
kB keeps it busy for hours. The text is therefore measured before it is parsed. Source: TOML 1.0.0, toml.io.
"""

from __future__ import annotations

import re
import tomllib
from itertools import accumulate
from typing import Any

_MOST_CHARACTERS = 200_000
_DEEPEST = 16  # largest depth of arrays and tables, or number of parts of a key

_TEXT = re.compile(  # strings and comments, whose brackets and dots mean nothing; an unclosed one extends to the end
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)' r"|'''.*?(?:'''|\Z)" r'|"(?:[^"\\\n]|\\.)*+"?' r"|'[^'\n]*+'?|#[^\n]*+", re.DOTALL
)
_DOTTED = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{_DEEPEST}}}")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Returns
    -------
    dict of str to Any
        The table.

    Raises
    ------
    ValueError
        If the text is too long, nests too deeply, or breaks a rule of TOML, with the place.
    """
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"has {len(text)} characters; at most {_MOST_CHARACTERS} are read: split it")
    plain = _TEXT.sub("s", text)
    deepest = max(accumulate(_STEPS[sign] for sign in re.findall(r"[][{}]", plain)), default=0)
    if deepest > _DEEPEST or _DOTTED.search(plain):
        raise ValueError(f"nests its tables more than {_DEEPEST} deep; write them flat")
    try:
        return tomllib.loads(text)
    except Exception as error:  # tomllib raises OverflowError and RecursionError too
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"is not TOML: {reason[:200]}") from None
