r"""Component values that are sold: a range for resistors and capacitors, and the E series.

.. math:: T, 1/R, I \to a\,(T, 1/R, I), \qquad C \to b\,C, \qquad \tau = R C \to \frac{b}{a} \tau

leaves every voltage as it is and makes the network b/a times as slow. So a is chosen to bring the resistors into their
range; b = a keeps the time constants unless the capacitors' range forbids it. The result is again an
:class:`AnalogNetwork`, so the ODE and SPICE run the very same values.
Source of the series: IEC 60063:2015, tables 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import eigs, eigsh

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float
from neuromorph.runtime.threads import single_threaded_blas

_E24 = (1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0,
        3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1)  # fmt: skip
_E96 = tuple(round(10.0 ** (k / 96.0), 2) for k in range(96))

SERIES: dict[str, tuple[float, ...]] = {
    "E3": _E24[::8],
    "E6": _E24[::4],
    "E12": _E24[::2],
    "E24": _E24,
    "E48": _E96[::2],
    "E96": _E96,
}
"""The mantissas of one decade. E24 and below are rounded by history, E48 and E96 are 10^(k/n) to three digits."""

# Hebbian networks (n 32 .. 512, 1 to 10 patterns a hundred neurons) recall with an overlap of .90 .. .97 at a loop gain
# of 3 and lose patterns below 2. It takes the largest eigenvalue of T, cross-talk included, where the usual rule
# beta g0 / mean(G) > 2 takes Hebb's g0 alone: hence 3.
_LOOP_GAIN = 3.0
_DENSE = 512  # neurons up to which all eigenvalues are computed


@dataclass(frozen=True)
class ComponentRange:
    """Allowed component ranges and E-series.

    Attributes
    ----------
    resistors_ohm : (low, high)
        Range of resistors, ohm.
    capacitors_f : (low, high)
        Range of capacitors, F.
    series : str or None
        Series of the resistors, "E3" ... "E96", or None for exact values; capacitors are rounded to E24 at the finest,
        as they are sold.
    """

    resistors_ohm: tuple[float, float] = (1e3, 1e7)
    capacitors_f: tuple[float, float] = (10e-12, 1e-6)
    series: str | None = None

    def __post_init__(self) -> None:
        for name in ("resistors_ohm", "capacitors_f"):
            low, high = getattr(self, name)
            if not 0.0 < low < high < np.inf:
                raise ValueError(f"{name} is {(low, high)}; need 0 < low < high")
        if self.series is not None and self.series not in SERIES:
            raise ValueError(f"series is {self.series!r}; known are {', '.join(SERIES)}, or None for exact values")


@dataclass(frozen=True, eq=False)
class ComponentNetwork:
    """A network of component values that exist.

    Attributes
    ----------
    network : AnalogNetwork
        The network.
    conductance_factor : float
        Factor on T, 1/R and I of the network asked for.
    time_factor : float
        Factor on the duration of everything.
    opened : int
        Number of synapses that are left out, as they would need a larger resistor than there is.
    error : float
        RMS(T - factor T_asked) / RMS(factor T_asked).
    notes : tuple of str
        All changes, one sentence each.
    """

    network: AnalogNetwork
    conductance_factor: float
    time_factor: float
    opened: int
    error: float
    notes: tuple[str, ...]


def round_to_series(values: ArrayLike, series: str) -> Float:
    """Round positive values to the nearest preferred values of a series, by ratio.

    Parameters
    ----------
    values : array_like
        Positive values.
    series : str
        Series, "E3" ... "E96".

    Returns
    -------
    ndarray of float
        Rounded values of the same shape.

    Raises
    ------
    ValueError
        If a value is not positive and finite.
    """
    x, place = np.unique(np.asarray(values, dtype=float), return_inverse=True)
    if not (np.isfinite(x).all() and (x > 0).all()):
        raise ValueError("values hold zero, negative or non-finite numbers; a component's value is positive")
    mantissas = np.array([*SERIES[series], 10.0])
    decade = np.floor(np.log10(x))
    fraction = x / 10.0**decade
    middles = np.sqrt(mantissas[1:] * mantissas[:-1])
    nearest = mantissas[np.searchsorted(middles, fraction)]
    # via decimal digits, so that 4.7 in the decade of 1e-9 is the float 4.7e-9
    rounded = np.array([float(f"{m:.2f}e{int(d)}") for m, d in zip(nearest, decade, strict=True)])
    return rounded[place].reshape(np.shape(values))


def fit_to_components(network: AnalogNetwork, parts: ComponentRange | None = None) -> ComponentNetwork:
    """Scale a network into the ranges of components and round its values.

    A network that fits as it is keeps its scale.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is scaled.
    parts : ComponentRange, optional
        Ranges and series; those of ``ComponentRange()`` by default.

    Returns
    -------
    ComponentNetwork
        The network of these components, with what was changed.

    Raises
    ------
    ValueError
        If a leak would be negative.
    """
    parts = ComponentRange() if parts is None else parts
    notes: list[str] = []
    low_s, high_s = 1.0 / parts.resistors_ohm[1], 1.0 / parts.resistors_ohm[0]
    asked = network.conductances.data if sparse.issparse(network.conductances) else network.conductances
    leaks = passive_leaks(network)
    present = np.concatenate([np.abs(asked[asked != 0.0]).ravel(), leaks[leaks > 0.0]])
    factor = _into_range(float(present.min()), float(present.max()), low_s, high_s)
    if factor != 1.0:
        notes.append(f"all conductances and currents times {factor:.6g} to fit {_range(parts.resistors_ohm, 'ohm')}")

    values = factor * asked
    out = (values != 0.0) & (np.abs(values) < low_s * (1 - 1e-9))
    opened = int(out.sum())
    if opened:
        notes.append(
            f"{opened} of {np.count_nonzero(asked)} synapses need more than {parts.resistors_ohm[1]:g} ohm: left open"
        )
    values = np.where(out, 0.0, values)
    values = np.sign(values) * _rounded_conductance(np.abs(values), parts.series)
    t: Any = values
    if sparse.issparse(network.conductances):
        t = network.conductances.copy()
        t.data = values
        t.eliminate_zeros()
    synapses = np.asarray(abs(t).sum(axis=1)).ravel()

    leaks = factor * leaks
    leaks[leaks < low_s / 2.0] = 0.0
    leaks[((leaks > 0.0) | (synapses == 0.0)) & (leaks < low_s)] = low_s  # a node must not float
    leaks = _rounded_conductance(leaks, parts.series)
    off = values - factor * asked
    error = float(np.linalg.norm(off) / (np.linalg.norm(factor * asked) or 1.0))
    if parts.series:
        present = values != 0.0
        most = float(np.abs(off[present] / (factor * asked[present])).max(initial=0.0))
        off_by = f"{100 * error:.2g} % rms, {100 * most:.2g} % at most"
        notes.append(f"resistors rounded to {parts.series}: couplings are off by {off_by}")

    capacitances = factor * network.capacitances
    more = _into_range(capacitances.min(), capacitances.max(), *parts.capacitors_f)
    capacitances = np.clip(more * capacitances, *parts.capacitors_f)
    if more != 1.0:
        notes.append(f"{'slower' if more > 1 else 'faster'} by {more:.6g} to fit {_range(parts.capacitors_f, 'F')}")
    if parts.series:
        capacitances = round_to_series(capacitances, parts.series if parts.series in ("E3", "E6", "E12") else "E24")

    made = AnalogNetwork(t, 1.0 / (leaks + synapses), capacitances, factor * network.currents, network.activation)
    around = loop_gain(made)
    if synapses.any() and around < _LOOP_GAIN:
        notes.append(
            f"warning: the synapses load the neurons so much that the loop gain is {around:.3g}; below {_LOOP_GAIN:g} "
            f"stored states fade: raise the activation's gain {_LOOP_GAIN / max(around, 1e-3):.2g} times or more"
        )
    return ComponentNetwork(made, factor, more, opened, error, tuple(notes))


def passive_leaks(network: AnalogNetwork) -> Float:
    """Return the leak conductances, from each input to ground beside the synapses.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is built.

    Returns
    -------
    (n,) float
        Conductances 1 / rho, S.

    Raises
    ------
    ValueError
        If one is negative: no passive circuit has it.
    """
    leaks, total = network.leaks_s, 1.0 / network.resistances
    if (leaks < -1e-9 * total).any():
        i = int(np.argmin(leaks / total))
        raise ValueError(
            f"resistances[{i}] is {network.resistances[i]:.4g} ohm, but the synapses of neuron {i} alone are "
            f"{1.0 / (total[i] - leaks[i]):.4g} ohm in parallel: no passive circuit has it; lower the resistance to "
            "that, or take AnalogNetwork.from_ising"
        )
    return np.where(leaks > 1e-9 * total, leaks, 0.0)  # below, the difference is round-off


@single_threaded_blas()
def loop_gain(network: AnalogNetwork) -> float:
    r"""Return the loop gain, the largest of any mode.

    .. math:: \max \mathrm{Re}\, \mathrm{eig}(g'(0) R T)

    Above 1 the middle of the rails is unstable and the network decides. R shrinks with every synapse.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is examined.

    Returns
    -------
    float
        The loop gain.
    """
    slope = float(network.activation.slope(0.0))
    t, n = network.conductances, network.size
    root = np.sqrt(network.resistances)
    balanced = sparse.csr_array(t).multiply(root[:, None]).multiply(root).tocsr()  # has the eigenvalues of R T
    if n <= _DENSE:
        dense = balanced.toarray()
        return slope * float(
            (np.linalg.eigvalsh(dense) if network.is_symmetric else np.linalg.eigvals(dense)).real.max()
        )
    largest: Any = eigsh if network.is_symmetric else eigs
    start = np.random.default_rng(0).normal(size=n)
    which = "LA" if network.is_symmetric else "LR"
    return slope * float(largest(balanced, k=1, which=which, v0=start, tol=1e-3, return_eigenvectors=False)[0].real)


def _rounded_conductance(siemens: Float, series: str | None) -> Float:
    if series is None:
        return siemens
    rounded = np.zeros_like(siemens)
    rounded[siemens > 0.0] = 1.0 / round_to_series(1.0 / siemens[siemens > 0.0], series)
    return rounded


def _into_range(smallest: float, largest: float, low: float, high: float) -> float:
    """Return the factor nearest 1 that brings the largest below ``high`` and, as far as possible, all above ``low``."""
    if largest > high:
        return high / largest
    return max(1.0, min(low / smallest, high / largest))


def _range(bounds: tuple[float, float], unit: str) -> str:
    return f"{bounds[0]:g} .. {bounds[1]:g} {unit}"
