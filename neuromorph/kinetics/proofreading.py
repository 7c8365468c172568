r"""Kinetic proofreading: an enzyme that pays for an error below what binding alone can tell apart.

.. code-block:: text

    E + X  <=>  EX_0  <=>  EX_1  <=> ... <=>  EX_s  -->  E + product of X        X is right (R) or wrong (W)
                           ||                  ||
                         E + X               E + X

Each step EX_i -> EX_(i+1) burns a molecule of fuel worth ``drive`` in kT, and every complex can fall apart, a wrong one
1 / f_0 times as fast as a right one, f_0 = exp(-difference of the binding energies / kT). All other rates are the same
for both, so that f_0 is all that the enzyme knows. The rates obey local detailed balance: around each cycle of binding,
burning and discarding

.. math:: \ln \frac{k_\mathrm{bind}\, m\, l}{k_\mathrm{unbind}\, m'\, l'} = \Delta\mu / kT .

The share of wrong products, relative to the right ones, is f_0 at equilibrium at best, and approaches

.. math:: f \to f_0^{s+1}

when the drive is strong, the steps slow and products slower still: each of the s + 1 checks counts anew. In the
limit of strong drive, slow first step and one proofreading, with x discarded right complexes a right product,

.. math:: f = f_0 \frac{1 + x}{1 + x / f_0}, \qquad \text{fuel a right product} = (1 + f_0)(1 + x):

error against dissipation in closed form.
Sources: Hopfield, PNAS 71, 4135 (1974); Ninio, Biochimie 57, 587 (1975); dissipation: Bennett, BioSystems 11, 85
(1979); Murugan, Huse and Leibler, PNAS 109, 12034 (2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from .master_equation import net_flows, stationary_probabilities


@dataclass(frozen=True)
class ProofreadingFlows:
    """Steady state of a proofreading enzyme.

    Attributes
    ----------
    error : float
        f, wrong products for each right one, both substrates being equally common.
    right_rate : float
        Right products in units of the unbinding rate of right complexes.
    fuel : float
        Molecules of fuel burnt, net, for each right product.
    dissipation : float
        Free energy of that fuel for each right product, in kT.
    """

    error: float
    right_rate: float
    fuel: float
    dissipation: float


@dataclass(frozen=True)
class Proofreading:
    """Enzyme with proofreading steps; rates in units of a right complex's unbinding.

    Parameters
    ----------
    discrimination : float
        f_0, between 0 and 1.
    drive : float
        Free energy of a molecule of fuel in kT, at least 0; 0 is equilibrium.
    stages : int
        s, from 0: no proofreading.
    binding : float
        Rate at which either substrate binds.
    forward, backward : float
        Rates m and m' of each step.
    product : float
        Rate of the product step of the last complex, which is not reversed.
    """

    discrimination: float
    drive: float
    stages: int = 1
    binding: float = 0.01
    forward: float = 0.01
    backward: float = 1e-6
    product: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 < self.discrimination <= 1.0:
            raise ValueError(f"discrimination is {self.discrimination}; give a number above 0, and at most 1")
        if not 0.0 <= self.drive <= 200.0:
            raise ValueError(f"drive is {self.drive} kT; give 0 to 200")
        if not 0 <= self.stages <= 50:
            raise ValueError(f"stages is {self.stages}; give 0 to 50")
        for name in ("binding", "forward", "backward", "product"):
            value = getattr(self, name)
            if not (isfinite(value) and (value > 0.0 or (name == "product" and value == 0.0))):
                raise ValueError(f"{name} is {value}; a rate must be finite and positive")

    def rates(self, *, products: bool = True) -> Float:
        """Build the rates of the master equation.

        State 0 is the free enzyme; then follow the complexes of the right substrate and those of the wrong one.

        Parameters
        ----------
        products : bool
            Whether the product step is among them.

        Returns
        -------
        (1 + 2 (stages + 1), 1 + 2 (stages + 1)) float
            k_ij from state j to state i.
        """
        chain = self.stages + 1
        k = np.zeros((1 + 2 * chain, 1 + 2 * chain))
        for first, leaving in ((1, 1.0), (1 + chain, 1.0 / self.discrimination)):
            entering = self.binding
            for i in range(chain):
                state = first + i
                k[state, 0], k[0, state] = entering, leaving
                if i < self.stages:
                    k[state + 1, state], k[state, state + 1] = self.forward, self.backward
                    entering *= self.forward / self.backward * exp(-self.drive)
            if products:
                k[0, first + self.stages] += self.product
        return k

    def flows(self) -> ProofreadingFlows:
        """Solve for the steady state.

        Returns
        -------
        ProofreadingFlows
            Error, speed, fuel and dissipation.

        Raises
        ------
        ValueError
            If ``product`` is 0.
        """
        if self.product == 0.0:
            raise ValueError("product is 0, so that nothing is made; give a positive rate")
        k = self.rates()
        p = stationary_probabilities(k)
        chain = self.stages + 1
        right, wrong = self.product * p[chain], self.product * p[2 * chain]
        steps = net_flows(k, p)
        burnt = sum(steps[first + i + 1, first + i] for first in (1, 1 + chain) for i in range(self.stages))
        fuel = float(burnt / right)
        return ProofreadingFlows(float(wrong / right), float(right), fuel, fuel * self.drive)


def fast_proofreading(discrimination: float, discarded: ArrayLike) -> tuple[Float, Float]:
    """Evaluate error and fuel of one proofreading, driven strongly, its first step slow.

    Parameters
    ----------
    discrimination : float
        f_0.
    discarded : array_like
        x, right complexes discarded for each right product.

    Returns
    -------
    tuple of ndarray
        f, and molecules of fuel a right product, in the shape of ``discarded``.
    """
    x = np.asarray(discarded, dtype=float)
    error = discrimination * (1.0 + x) / (1.0 + x / discrimination)
    return error, (1.0 + discrimination) * (1.0 + x)
