r"""Born machine: a circuit of qubits whose measured states are the model, learned by its exact gradient.

.. math:: |\psi\rangle = \prod_{l=1}^{L} \Bigl[ e^{-i \sum_{i<j} \gamma^l_{ij} \sigma^z_i \sigma^z_j}
          \prod_i e^{-i \beta^l_i \sigma^z_i} e^{-i \alpha^l_i \sigma^x_i} \Bigr] |0\rangle, \qquad
          p(v) = |\langle v | \psi \rangle|^2

Between layers only phases and rotations of single qubits act: what p holds of correlations comes from interference. The
derivatives of KL(P || p) follow from one pass of the state through the circuit and one of its adjoint back.
Source: Cheng, Chen and Wang, Entropy 20, 583 (2018); Benedetti et al., npj Quantum Inf. 5, 45 (2019); Liu and Wang,
Phys. Rev. A 98, 062324 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from ..exact import spins_of
from ..ising import Float
from ..runtime.limits import checkpoint

MAX_BORN_QUBITS = 12
_SMALLEST = 1e-12  # of a probability in the logarithm, so that dark states do not end the learning


@dataclass(frozen=True, eq=False)
class BornMachine:
    """Circuit of L layers on n qubits.

    Attributes
    ----------
    rotations : (L, n) float
        alpha.
    phases : (L, n + n (n - 1) / 2) float
        beta, and gamma of the pairs i < j, row by row.
    """

    rotations: Float
    phases: Float

    def __post_init__(self) -> None:
        shape, of_phases = np.shape(self.rotations), np.shape(self.phases)
        layers, n = shape if len(shape) == 2 else (0, 0)
        if not 1 <= n <= MAX_BORN_QUBITS or of_phases != (layers, n + n * (n - 1) // 2):
            raise ValueError(
                f"rotations have shape {shape}, phases {of_phases}; expected (L, n) and "
                f"(L, n + n (n - 1) / 2), n from 1 to {MAX_BORN_QUBITS}"
            )
        if not (np.isfinite(self.rotations).all() and np.isfinite(self.phases).all()):
            raise ValueError("rotations or phases hold NaN or infinity; every angle must be finite")

    def probabilities(self) -> Float:
        """Compute p(v) of all states, numbered as in :mod:`.exact`.

        Returns
        -------
        (2^n,) float
            The probabilities.
        """
        return np.abs(self._states()[-1]) ** 2

    def divergence_gradient(self, data: Float) -> tuple[float, BornMachine]:
        """Compute KL(P || p) and its derivatives.

        Parameters
        ----------
        data : (2^n,) float
            P.

        Returns
        -------
        divergence : float
            KL in nats.
        gradient : BornMachine
            The derivatives by rotations and phases.
        """
        layers, n = self.rotations.shape
        features, states = _phase_features(n), self._states()
        psi = states[-1]
        p = np.maximum(np.abs(psi) ** 2, _SMALLEST)
        held = data > 0.0
        divergence = float((data[held] * np.log(data[held] / p[held])).sum())
        back = -data / p * psi  # d KL = 2 Re <back | d psi>
        by_rotation, by_phase = np.zeros_like(self.rotations), np.zeros_like(self.phases)
        for layer in range(layers - 1, -1, -1):
            after = states[layer + 1]
            by_phase[layer] = 2.0 * features @ np.imag(np.conj(back) * after)
            turn = np.exp(1j * (self.phases[layer] @ features))
            back, after = back * turn, after * turn
            for i in range(n):
                by_rotation[layer, i] = 2.0 * float(np.imag(np.vdot(back, _flip(after, i))))
            for i in range(n):
                back = _rotate(back, i, -self.rotations[layer, i])
        return divergence, BornMachine(by_rotation, by_phase)

    def _states(self) -> list[NDArray[np.complex128]]:
        """Compute the state before the first layer and after each."""
        n = self.rotations.shape[1]
        features = _phase_features(n)
        psi = np.zeros(1 << n, dtype=complex)
        psi[0] = 1.0
        states = [psi]
        for rotation, phase in zip(self.rotations, self.phases, strict=True):
            for i, angle in enumerate(rotation):
                psi = _rotate(psi, i, angle)
            psi = psi * np.exp(-1j * (phase @ features))
            states.append(psi)
        return states


def learn_born_machine(
    data: ArrayLike, *, layers: int = 4, iterations: int = 200, seed: int = 0
) -> tuple[BornMachine, list[float]]:
    """Train a circuit on a distribution by L-BFGS from random angles.

    Parameters
    ----------
    data : (2^n,) array_like
        P of all states, which sums to 1.
    layers : int
        L; the phases of the last layer change nothing and stay.
    iterations : int
        Most iterations.
    seed : int
        Seed of the angles.

    Returns
    -------
    machine : BornMachine
        The trained circuit.
    divergences : list of float
        KL(P || p) in nats at the start and after each iteration.

    Raises
    ------
    ValueError
        If ``data`` are no distribution over 2^n states.
    """
    target = np.asarray(data, dtype=float)
    n = max(0, target.size.bit_length() - 1)
    if target.shape != (1 << n,) or n < 1 or (target < 0.0).any() or not np.isclose(target.sum(), 1.0):
        raise ValueError(f"data have shape {target.shape} and sum to {target.sum():g}; give (2^n,) that sum to 1")
    rng = np.random.default_rng(seed)
    cut = layers * n
    start = np.r_[rng.uniform(0.5, 1.0, cut), 0.3 * rng.normal(size=layers * (n + n * (n - 1) // 2))]
    divergences: list[float] = []

    def machine(x: Float) -> BornMachine:
        return BornMachine(x[:cut].reshape(layers, n), x[cut:].reshape(layers, -1))

    def cost(x: Float) -> tuple[float, Float]:
        checkpoint("Born machine")
        value, slope = machine(x).divergence_gradient(target)
        if not divergences:
            divergences.append(value)
        return value, np.r_[slope.rotations.ravel(), slope.phases.ravel()]

    def keep(intermediate_result: object) -> None:
        divergences.append(float(getattr(intermediate_result, "fun")))  # noqa: B009  the type is SciPy's

    found = minimize(cost, start, jac=True, method="L-BFGS-B", callback=keep, options={"maxiter": iterations})
    return machine(found.x), divergences


def _phase_features(n: int) -> Float:
    """Values of s_i and of s_i s_j (n + pairs, 2^n)."""
    spins = spins_of(np.arange(1 << n), n).astype(float).T
    i, j = np.triu_indices(n, 1)
    return np.vstack([spins, spins[i] * spins[j]])


def _flip(psi: NDArray[np.complex128], i: int) -> NDArray[np.complex128]:
    """sigma^x of qubit i."""
    return psi.reshape(-1, 2, 1 << i)[:, ::-1].reshape(psi.shape)


def _rotate(psi: NDArray[np.complex128], i: int, angle: float) -> NDArray[np.complex128]:
    return np.cos(angle) * psi - 1j * np.sin(angle) * _flip(psi, i)
