r"""Physics of devices: noise and reciprocity of dopant networks, space charge, memory cells, switching atoms.

.. math:: S_I = 4 k T G, \qquad G_{ab} = G_{ba}, \qquad J \to \frac{9 \varepsilon \mu V^2}{8 L^3}

at zero voltage (Johnson and Nyquist, Phys. Rev. 32, 97 and 110 (1928); Onsager, Phys. Rev. 37, 405 (1931)), and far
above k T / e (Mott and Gurney (1940)). Diffusion adds to the last law: with contacts that have holes without end,

.. math:: w'' = z w, \quad E = -2 V_T \frac{w'}{w}, \quad w(z_0) = w(z_1) = 0

which Airy functions solve; one zero is where the field is at infinity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt

import numpy as np
from scipy.constants import Boltzmann
from scipy.special import chdtri

from neuromorph import Ising, exact
from neuromorph.ising import Float
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.validate.check import CONFIDENCE, PublishedCheck

from ..atomic_spins.telegraph import simulate_switching
from ..dopant_network.device.device import random_device
from ..dopant_network.device.hopping_network import HoppingNetwork, thermal_voltage
from ..dopant_network.device.mesh import slab_mesh
from ..dopant_network.targets.transfer_curves import current_noise
from ..dopant_network.transport.drift_diffusion import HoleFlow, SemiconductorLayer, mott_gurney, silicon_layer
from ..dopant_network.transport.master_equation import stationary_occupations
from ..memristor_crossbar import PhaseChange

STEP_V = 1e-5  # small against k T / e, for conductances by difference
PLATES_M, WIDTH_M = 1e-6, 1e-7
CELLS = 40_000  # of the statistics of memory cells
CELL_RANGE_US = 25.0  # largest conductance of a phase-change cell


def johnson_noise(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare the noise of dopant networks without voltage with 4 k T G.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    ratios = []
    for network in _networks(8 if quick else 30, seed):
        electrodes = network.lever.shape[1]
        noise = current_noise(network, np.zeros(electrodes), 1)[1]
        conductance = -float(differentiate_currents(network)[1, 1])
        ratios.append(noise / (4.0 * Boltzmann * 77.0 * conductance))
    quantity = "noise at zero voltage over 4 k T G, dopant networks at 77 K"
    yield _over_devices(quantity, "Johnson; Nyquist (1928)", 1.0, ratios)


def onsager_symmetry(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare conductances of dopant networks without voltage, there and back.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    found = []
    for network in _networks(8 if quick else 30, seed):
        g = differentiate_currents(network)
        found.append(float(np.abs(g - g.T).max() / np.abs(g).max()))
    quantity = "largest |G_ab - G_ba| over largest G at zero voltage, dopant networks at 77 K"
    yield _over_devices(quantity, "Onsager (1931)", 0.0, found)


def _networks(count: int, seed: np.random.SeedSequence) -> Iterator[HoppingNetwork]:
    for k, stream in enumerate(seed.spawn(count)):
        yield random_device(4 + k % 4, 1, 4, rng=stream).network


def differentiate_currents(network: HoppingNetwork) -> Float:
    """Differentiate the currents into all electrodes at zero voltage by central differences.

    Parameters
    ----------
    network : HoppingNetwork
        The network.

    Returns
    -------
    (k, k) float
        dI_a / dV_b, S.
    """
    steps = STEP_V * np.eye(network.lever.shape[1])
    ends = [[stationary_occupations(network, sign * step).currents_a for step in steps] for sign in (1.0, -1.0)]
    return np.asarray((np.array(ends[0]) - np.array(ends[1])).T / (2.0 * STEP_V))


def _over_devices(quantity: str, source: str, law: float, found: list[float]) -> PublishedCheck:
    return PublishedCheck(
        quantity, source, law, float(np.median(found)), "", law - 1e-4, law + 1e-4, interval=(min(found), max(found)),
        how=f"median and range of {len(found)} random devices, G by differences of {STEP_V:g} V; band: 1e-4",
    )  # fmt: skip


def space_charge(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare space-charge-limited currents with Mott and Gurney's law and Airy's.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    layer = replace(silicon_layer(), doping_m3=0.0)
    cells = 400 if quick else 800
    for volts in (1.0, 8.0, 100.0, 400.0):
        value, interval = _extrapolated(layer, volts, cells)
        ratio = value / mott_gurney(layer, volts, PLATES_M)
        ends = tuple(end / mott_gurney(layer, volts, PLATES_M) for end in interval)
        law = airy_ratio(layer, volts)
        yield PublishedCheck(
            f"J over Mott and Gurney's at {volts:g} V over 1 um", "with diffusion, by Airy functions; 1 far above kT/e",
            law, ratio, "", 1.0, law, interval=(ends[0], ends[1]),
            how=f"{cells} cells and half as many, to cells without size; band: from 1, Mott and Gurney's, to Airy's",
        )  # fmt: skip


def _extrapolated(layer: SemiconductorLayer, volts: float, cells: int) -> tuple[float, tuple[float, float]]:
    """J of a slab, A/m2, extrapolated from two meshes at first order; as far off as the finer one."""
    coarse, fine = (_slab_density(layer, volts, count) for count in (cells // 2, cells))
    value = 2.0 * fine - coarse
    return value, (value - abs(fine - value), value + abs(fine - value))


def _slab_density(layer: SemiconductorLayer, volts: float, cells: int) -> float:
    x, step = [0.0], 3e-10  # finest at both ends
    while x[-1] < PLATES_M / 2.0:
        x.append(x[-1] + step)
        step = min(1.15 * step, PLATES_M / cells)
    half = np.array(x) * (PLATES_M / 2.0 / x[-1])
    lines = np.r_[half, (PLATES_M - half[:-1])[::-1]]
    state = HoleFlow(slab_mesh(lines, [0.0, WIDTH_M]), layer).solve([volts, 0.0])
    return float(state.currents_a[1]) / (WIDTH_M * layer.thickness_m)


def airy_ratio(layer: SemiconductorLayer, voltage_v: float) -> float:
    """Compute J over Mott and Gurney's, with diffusion, between contacts of finite density.

    Such contacts stand for ones with holes without end, a Debye length further out each.

    Parameters
    ----------
    layer : SemiconductorLayer
        The layer, without doping.
    voltage_v : float
        Voltage.

    Returns
    -------
    float
        Ratio at the plates' distance of ``PLATES_M``.
    """
    far = PLATES_M + 2.0 * layer.skin_m
    ratio = space_charge_with_diffusion(voltage_v / thermal_voltage(layer.temperature_k))
    return ratio * mott_gurney(layer, voltage_v, far) / mott_gurney(layer, voltage_v, PLATES_M)


def space_charge_with_diffusion(volts_over_thermal: float) -> float:
    """Compute J over Mott and Gurney's for contacts that have holes without end.

    Parameters
    ----------
    volts_over_thermal : float
        e V / k T, from about 10 to 40,000.

    Returns
    -------
    float
        Ratio, above 1.
    """
    from scipy.optimize import brentq
    from scipy.special import airy, airye

    def start(end: float) -> float:  # w = 0 at both ends
        scaled, exponent = airye(end), 4.0 / 3.0 * end * sqrt(end)
        ratio = scaled[0] / scaled[2] * np.exp(-exponent)
        return float(brentq(lambda z: airy(z)[0] - ratio * airy(z)[2], -2.5, -1.9))

    def volts(end: float) -> float:
        return float(2.0 * (np.log(airye(end)[2]) + 2.0 / 3.0 * end * sqrt(end) - np.log(abs(airy(start(end))[2]))))

    end = brentq(lambda z: volts(z) - volts_over_thermal, 3.0, 1000.0)
    return float(16.0 / 9.0 * (end - start(end)) ** 3 / volts_over_thermal**2)


def phase_change_cells(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare programming noise of phase-change cells with the published polynomial.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    source = "Nandakumar et al., ICECS 2019, 727; aihwkit's PCMLikeNoiseModel"
    count = CELLS if quick else 25 * CELLS
    for g, stream in zip((0.3, 0.5, 0.9), seed.spawn(3), strict=True):
        made = CELL_RANGE_US * PhaseChange(levels=None).programmed(np.full(count, g), np.random.default_rng(stream))
        total = float(((made - made.mean()) ** 2).sum())
        ends = [sqrt(total / chdtri(count - 1, tail)) for tail in (0.5 - CONFIDENCE / 2.0, 0.5 + CONFIDENCE / 2.0)]
        yield PublishedCheck(
            f"programming noise of a phase-change cell at {100 * g:g} % of 25 uS", source,
            (-1.1731 * g**2 + 1.9650 * g + 0.2635) * 1e-6, sqrt(total / (count - 1)) * 1e-6, "S",
            interval=(ends[0] * 1e-6, ends[1] * 1e-6), how=f"chi-square, {count:,} cells",
        )  # fmt: skip


def telegraph_law(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare states of switching atoms with Boltzmann's law, for every barrier.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    n, beta, reads = 4, 0.7, 20_000 if quick else 200_000
    drawn, *streams = seed.spawn(6)
    rng = np.random.default_rng(drawn)
    j = 0.7 * np.triu(rng.normal(size=(n, n)), 1)
    ising = Ising(j + j.T, 0.7 * rng.normal(size=n))
    law = exact.boltzmann(ising, beta)
    for theta, stream in zip((0.0, 0.25, 0.5, 0.75, 1.0), streams, strict=True):
        spins, words = np.full((reads, n), -1, np.int8), kernel_states(read_seeds(stream, reads))
        simulate_switching(
            ising.sparse_couplings().tocsc(),
            ising.biases,
            np.array([beta]),
            np.array([30.0]),
            spins,
            words,
            theta=theta,
        )
        seen = np.bincount(exact.states_of(spins), minlength=1 << n)
        there = seen > 0
        g = 2.0 * float(seen[there] @ np.log(seen[there] / (reads * law[there])))
        cells = (1 << n) - 1
        low, high = (chdtri(cells, tail) / cells for tail in (0.5 + CONFIDENCE / 2.0, 0.5 - CONFIDENCE / 2.0))
        yield PublishedCheck(
            f"G statistic a degree of freedom of 4 atoms, theta = {theta:g}", "Boltzmann's law, by enumeration",
            1.0, g / cells, "", float(low), float(high),
            how=f"{reads:,} reads from one start, 30 attempt times each; band: 99 % of chi-square of {cells}",
        )  # fmt: skip
