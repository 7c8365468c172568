r"""Logic that runs in both directions: energies whose ground states are the valid rows of a truth table, all and only.

.. math:: E_{AND} = a b - 2 (a + b) c + 3 c, \qquad E_{OR} = a b + (a + b)(1 - 2 c) + c, \qquad
          E_{sum} = (a + b + c_{in} - s - 2 c_{out})^2

over bits in {0, 1}: each is 0 on valid rows and at least 1 on others. A circuit is the sum of its gates, so that it is
0 where all of them are valid. Inputs held, the outputs follow; outputs held, the inputs that give them do: an adder
subtracts, a multiplier factors.
Source: Camsari, Faria, Sutton and Datta, Phys. Rev. X 7, 031014 (2017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Ising

_Form: TypeAlias = dict[tuple[str, ...], float]  # over bits: coefficient by names, none for the constant

_MOST_BITS = 64


@dataclass(frozen=True, eq=False)
class LogicCircuit:
    """A logic circuit as an Ising model.

    Attributes
    ----------
    ising : Ising
        Model; 0 on valid states, 1 or more on others.
    nodes : tuple of str
        Name of each spin; +1 is the bit 1.
    numbers : dict of str to tuple of str
        Nodes of each number, the lowest bit first.
    """

    ising: Ising
    nodes: tuple[str, ...]
    numbers: Mapping[str, tuple[str, ...]]

    def read(self, spins: ArrayLike, number: str) -> NDArray[np.int64]:
        """Read a number in states.

        Parameters
        ----------
        spins : (reads, n) int
            States.
        number : str
            Name of the number.

        Returns
        -------
        (reads,) int64
            Value in each.
        """
        if number not in self.numbers:
            raise ValueError(f"number is {number!r}; the circuit has {', '.join(self.numbers)}")
        columns = [self.nodes.index(node) for node in self.numbers[number]]
        up = (np.atleast_2d(np.asarray(spins))[:, columns] > 0).astype(np.int64)
        return np.asarray(up @ (1 << np.arange(len(columns), dtype=np.int64)))


@dataclass(frozen=True, eq=False)
class ClampedCircuit:
    """Model of the free nodes of a circuit, the others held.

    Attributes
    ----------
    ising : Ising
        Model of the free nodes, the energy of the held ones in its biases and offset.
    free : (k,) int64
        Spins of the circuit that are free.
    held : (n,) int8
        -1 or +1 where a node is held, 0 where it is free.
    """

    ising: Ising
    free: NDArray[np.int64]
    held: NDArray[np.int8]

    def complete(self, spins: ArrayLike) -> NDArray[np.int8]:
        """Put states of the free nodes back beside the held ones.

        Parameters
        ----------
        spins : (reads, k) int
            States of the free nodes.

        Returns
        -------
        (reads, n) int8
            States of the circuit.
        """
        some = np.atleast_2d(np.asarray(spins, dtype=np.int8))
        whole = np.repeat(self.held[None], len(some), axis=0)
        whole[:, self.free] = some
        return whole


def not_gate() -> LogicCircuit:
    """Build c = not a.

    Returns
    -------
    LogicCircuit
        Nodes a, c.
    """
    return _circuit(_squared({("a",): 1.0, ("c",): 1.0, (): -1.0}), {"a": ("a",), "c": ("c",)})


def and_gate() -> LogicCircuit:
    """Build c = a and b.

    Returns
    -------
    LogicCircuit
        Nodes a, b, c.
    """
    return _circuit(_and("a", "b", "c"), {name: (name,) for name in "abc"})


def or_gate() -> LogicCircuit:
    """Build c = a or b.

    Returns
    -------
    LogicCircuit
        Nodes a, b, c.
    """
    form: _Form = {("a", "b"): 1.0, ("a",): 1.0, ("b",): 1.0, ("a", "c"): -2.0, ("b", "c"): -2.0, ("c",): 1.0}
    return _circuit(form, {name: (name,) for name in "abc"})


def full_adder() -> LogicCircuit:
    """Build a + b + carry = sum + 2 out.

    Returns
    -------
    LogicCircuit
        Nodes a, b, carry, sum, out.
    """
    names = ("a", "b", "carry", "sum", "out")
    return _circuit(_sum(["a", "b", "carry"], "sum", "out"), {name: (name,) for name in names})


def adder_circuit(bits: int) -> LogicCircuit:
    """Build a + b = s of numbers of some bits by full adders in a row.

    Parameters
    ----------
    bits : int
        Bits of a and of b; s has one more.

    Returns
    -------
    LogicCircuit
        Circuit with the numbers a, b, s.
    """
    _check_bits(bits=bits)
    forms, carry = [], ""
    for k in range(bits):
        out = f"s{bits}" if k == bits - 1 else f"carry{k + 1}"
        forms.append(_sum([f"a{k}", f"b{k}", *([carry] if carry else [])], f"s{k}", out))
        carry = out
    numbers = {"a": _bus("a", bits), "b": _bus("b", bits), "s": _bus("s", bits + 1)}
    return _circuit(_added(forms), numbers)


def multiplier_circuit(a_bits: int, b_bits: int) -> LogicCircuit:
    """Build a b = p: an array of AND gates, whose rows are added one after the other.

    Parameters
    ----------
    a_bits, b_bits : int
        Bits of the factors; p has as many as both.

    Returns
    -------
    LogicCircuit
        Circuit with the numbers a, b, p.
    """
    _check_bits(a_bits=a_bits, b_bits=b_bits)
    forms: list[_Form] = []

    def partial(i: int, j: int) -> str:
        alone = i == j == 0 or 1 in (a_bits, b_bits)  # nothing is added to it
        name = f"p{i + j}" if alone else f"and{i}_{j}"
        forms.append(_and(f"a{i}", f"b{j}", name))
        return name

    row = [partial(i, 0) for i in range(a_bits)]  # of the sum so far, from its bit j on
    for j in range(1, b_bits):
        more, carry, above = [partial(i, j) for i in range(a_bits)], "", []
        high = row[1:]
        for i in range(a_bits):
            terms = [more[i], *high[i : i + 1], *([carry] if carry else [])]
            last = j == b_bits - 1
            name = f"p{j}" if i == 0 else (f"p{j + i}" if last else f"sum{j}_{i}")
            if len(terms) == 1:  # the first row of all has no bit there
                above.append(terms[0])
                continue
            carry = f"p{j + i + 1}" if last and i == a_bits - 1 else f"carry{j}_{i}"
            forms.append(_sum(terms, name, carry))
            above.append(name)
        row = [*above, *([carry] if carry else [])]
    top = a_bits + b_bits
    numbers = {"a": _bus("a", a_bits), "b": _bus("b", b_bits), "p": _bus("p", top)}
    known = {name for form in forms for key in form for name in key}
    numbers["p"] = tuple(name for name in numbers["p"] if name in known)
    return _circuit(_added(forms), numbers)


def clamp_nodes(circuit: LogicCircuit, values: Mapping[str, int]) -> ClampedCircuit:
    """Hold numbers or single nodes of a circuit.

    Parameters
    ----------
    circuit : LogicCircuit
        Circuit.
    values : dict of str to int
        Value of each number, or 0 or 1 of each node, that is held.

    Returns
    -------
    ClampedCircuit
        Model of the rest.

    Raises
    ------
    ValueError
        If a name is not known, a value has too many bits, or nothing is left free.
    """
    held = np.zeros(len(circuit.nodes), np.int8)
    for name, value in values.items():
        nodes = circuit.numbers.get(name, (name,) if name in circuit.nodes else ())
        if not nodes:
            raise ValueError(f"node is {name!r}; the circuit has the numbers {', '.join(circuit.numbers)}")
        if not 0 <= value < 1 << len(nodes):
            raise ValueError(f"{name} is {value}; it has {len(nodes)} bits: give 0 to {(1 << len(nodes)) - 1}")
        for k, node in enumerate(nodes):
            held[circuit.nodes.index(node)] = 1 if value >> k & 1 else -1
    free = np.flatnonzero(held == 0)
    if not free.size:
        raise ValueError("every node is held; leave one free")
    j, h = circuit.ising.dense_couplings(), circuit.ising.biases
    fixed = np.flatnonzero(held)
    s = held[fixed].astype(float)
    offset = circuit.ising.offset - float(0.5 * s @ j[np.ix_(fixed, fixed)] @ s + h[fixed] @ s)
    return ClampedCircuit(Ising(j[np.ix_(free, free)], h[free] + j[np.ix_(free, fixed)] @ s, offset), free, held)


def _and(a: str, b: str, c: str) -> _Form:
    return {(a, b): 1.0, (a, c): -2.0, (b, c): -2.0, (c,): 3.0}


def _sum(terms: list[str], total: str, carry: str) -> _Form:
    """(sum of the terms - total - 2 carry)^2: a full adder of three terms, a half adder of two."""
    return _squared({**{(name,): 1.0 for name in terms}, (total,): -1.0, (carry,): -2.0})


def _squared(linear: _Form) -> _Form:
    found: _Form = defaultdict(float)
    for a, c in linear.items():
        for b, d in linear.items():
            found[tuple(sorted({*a, *b}))] += c * d
    return dict(found)


def _added(forms: Iterable[_Form]) -> _Form:
    found: _Form = defaultdict(float)
    for form in forms:
        for key, value in form.items():
            found[tuple(sorted(key))] += value
    return dict(found)


def _circuit(form: _Form, numbers: dict[str, tuple[str, ...]]) -> LogicCircuit:
    """Spins of a form over bits: those of the numbers first, in their order."""
    first = [node for nodes in numbers.values() for node in nodes]
    nodes = tuple(dict.fromkeys([*first, *(name for key in form for name in key)]))
    place = {name: k for k, name in enumerate(nodes)}
    q, linear = np.zeros((len(nodes), len(nodes))), np.zeros(len(nodes))
    for key, value in form.items():
        if len(key) == 1:
            linear[place[key[0]]] += value
        elif len(key) == 2:
            i, j = (place[name] for name in key)
            q[i, j] = q[j, i] = q[i, j] + value
    return LogicCircuit(Ising.from_binary(-q, -linear, form.get((), 0.0)), nodes, numbers)


def _bus(name: str, bits: int) -> tuple[str, ...]:
    return tuple(f"{name}{k}" for k in range(bits))


def _check_bits(**bits: int) -> None:
    for name, value in bits.items():
        if not 1 <= value <= _MOST_BITS:
            raise ValueError(f"{name} is {value}; give 1 to {_MOST_BITS}")
