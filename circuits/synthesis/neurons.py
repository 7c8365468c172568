"""The interface of a network's amplifiers, whatever they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from neuromorph.ising import Float

from ..netlist.circuit import Element


class Neurons(Protocol):
    """The interface of a network's amplifiers; the rest of its circuit is the same for all."""

    @property
    def account(self) -> tuple[str, ...]:
        """Lines that tell a reader of the netlist what the amplifiers are."""

    @property
    def uic(self) -> bool:
        """True if ``initial`` is a complete start; else an operating point is searched."""

    def shared(self) -> Iterator[Element]:
        """Return the elements that all neurons share, such as rails and bias.

        Returns
        -------
        iterator of Element
            One element after the other.
        """

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        """Return the elements of a neuron, from u_i to v_i.

        Parameters
        ----------
        i : int
            Number of the neuron.
        w : str or None
            Node of its inverted output, if it has one.

        Returns
        -------
        iterator of Element
            One element after the other.
        """

    def initial(self, potentials: Float) -> dict[str, float]:
        """Return the voltages at t = 0 beside those of u.

        Parameters
        ----------
        potentials : (n,) float
            Potentials u at t = 0, V.

        Returns
        -------
        dict of str to float
            Voltages by the paths of nodes, V.
        """
