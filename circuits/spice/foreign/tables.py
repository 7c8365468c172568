r"""Tables of a controlling signal, in functions that all simulators share.

.. math:: y = y_0 + \sum_k (s_k - s_{k-1}) \, (x' - x_k)^+, \qquad x' = \min(\max(x, x_0), x_n)

with slopes s_k between the knots. PSpice's ``TABLE`` and LTspice's ``table()`` hold the last values beyond the knots;
ngspice's ``pwl()`` goes on with the outer slopes (seen in ngspice 39 and 44), x' = x there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ...netlist.expressions import Expression, Number
from ..cards import quote_card
from .algebra import Algebra

_MOST = 500  # knots
_TABLE = re.compile(r"table\s*(\{[^{}]*+\}|'[^']*+'|\"[^\"]*+\"|\S+)\s*=?\s*(.*)")


def split_table(text: str) -> tuple[str, str] | None:
    """Split ``table {x} = (x0,y0) (x1,y1)`` into the text of x and that of its knots.

    Parameters
    ----------
    text : str
        Text behind the nodes of a source.

    Returns
    -------
    (str, str) or None
        Both texts; None if it is no table.
    """
    match = _TABLE.fullmatch(text)
    return (match[1], match[2]) if match else None


def table_of(made: Algebra, x: Expression, numbers: Sequence[float], *, is_held: bool) -> Expression:
    """Return the broken line through knots.

    Parameters
    ----------
    made : Algebra
        Operations of the netlist's expressions.
    x : Expression
        Controlling signal.
    numbers : sequence of float
        x0, y0, x1, y1 and so on.
    is_held : bool
        Whether the last values hold beyond the knots; else the line goes on.

    Returns
    -------
    Expression
        Value.

    Raises
    ------
    ValueError
        If the knots are no pairs, too many, or do not rise.
    """
    xs, ys = [float(a) for a in numbers[::2]], [float(b) for b in numbers[1::2]]
    rises = all(b > a for a, b in pairwise(xs))
    if len(xs) != len(ys) or not (2 - is_held) <= len(xs) <= _MOST or not rises:
        raise ValueError(f"a table takes 2 to {_MOST} pairs of x and y, x rising; correct its knots")
    if len(xs) == 1:
        return Number(ys[0])
    op, call = made.operation, made.shared
    if is_held:
        x = call("min", call("max", x, Number(xs[0])), Number(xs[-1]))
    slopes = [(d - c) / (b - a) for (a, b), (c, d) in zip(pairwise(xs), pairwise(ys), strict=True)]
    total = op("+", Number(ys[0]), op("*", Number(slopes[0]), op("-", x, Number(xs[0]))))
    for knot, (before, after) in zip(xs[1:-1], pairwise(slopes), strict=True):
        if after != before:
            ramp = call("max", op("-", x, Number(knot)), Number(0.0))
            total = op("+", total, op("*", Number(after - before), ramp))
    return total


def read_knots(text: str, number: Callable[[str], float]) -> list[float]:
    """Read ``(x0,y0) (x1,y1)``.

    Parameters
    ----------
    text : str
        Text of the knots.
    number : callable
        Function from the text of a value to the value.

    Returns
    -------
    list of float
        x0, y0, x1, y1 and so on.

    Raises
    ------
    ValueError
        If there are none.
    """
    from .sources import words_of

    found = [number(word) for word in words_of(text)]
    if not found:
        raise ValueError(f"{quote_card(text)}: write table {{x}} = (x0,y0) (x1,y1) ...")
    return found
