r"""Global parameters of a dopant network from its currents, by simulations of networks with random places.

.. math:: \ln g_e(V, T) \;\longrightarrow\; u = (a, R, c, \nu_0, \epsilon_r), \qquad
          x = R / a, \quad U = \frac{e}{4 \pi \epsilon_0 \epsilon_r R}, \quad k = \nu_0 e^{-2 R / a}

Places of dopants are not asked for. Summaries are means and scatter over electrodes: the level of ln g, how it rises
with voltage and with temperature, how it differs between +V and -V. Each simulated network is measured as the device
was, with its errors, and what would drown in them is cut off in both. A network serves for several attempt rates, since
currents are proportional to them. The posterior is that of ``regression_abc``.

Currents depend on lengths through x and U alone (``chord_table``): a and R by themselves are told by the range of
eps_r, which is that of silicon. A level of currents tells k rather than nu_0, which needs x from the scatter.
Networks of 5 to 8 acceptors, which are solved exactly, stand for all: a larger one has longer paths.
"""

from __future__ import annotations

import numpy as np

from neuromorph.calibration.physical_parameters import MeasuredChords, PhysicalParameters, inferred_parameter
from neuromorph.ising import Float

from .chord_table import INPUTS, KELVINS, PARAMETERS, VOLTS, chord_table, coulomb_energy_v, prior_ranges
from .regression_abc import likeness, regression_abc

REPEATS = 8  # attempt rates of a network
KEPT = 0.08  # part of the simulations that is taken
_BEYOND = 1.1  # factor by which temperatures and voltages may leave those of the table
_FLOOR = 2.0  # standard deviations below which a conductance counts as not seen
_COMPARED = 800  # networks with which a measured one is compared
_RATE = PARAMETERS.index("attempt_rate_hz")
_UNITS = {
    "localization_length_m": ("m", True),
    "acceptor_spacing_m": ("m", True),
    "compensation": ("1", False),
    "attempt_rate_hz": ("1/s", True),
    "relative_permittivity": ("1", False),
    "spacing_over_localization": ("1", True),
    "neighbor_energy_ev": ("eV", True),
    "neighbor_rate_hz": ("1/s", True),
}  # unit, whether widths are those of the logarithm
MODEL = "networks of 5 to 8 acceptors at random places in silicon between eight electrodes, solved exactly"
REMARKS = (
    "no current tells lengths but by spacing_over_localization and neighbor_energy_ev: localization_length_m and "
    "acceptor_spacing_m rest on the relative permittivity of silicon",
    "the level of currents tells neighbor_rate_hz = nu_0 exp(-2 R / a); attempt_rate_hz takes R / a from the rest",
)


def infer_parameters(
    measured: MeasuredChords, draws: int, rng: np.random.Generator, *, leave_out: int | None = None
) -> PhysicalParameters:
    """Infer the global parameters of a network of dopants.

    Parameters
    ----------
    measured : MeasuredChords
        Chord conductances; of more than five electrodes the first five are taken.
    draws : int
        Number of draws.
    rng : Generator
        Generator.
    leave_out : int or None
        Row of the table that is not used, for tests.

    Returns
    -------
    PhysicalParameters
        Parameters and combinations, with the data and without.

    Raises
    ------
    ValueError
        If temperatures or voltages are beyond those of the table.
    """
    for name, unit, asked, nodes in (
        ("temperatures", "K", measured.kelvins, KELVINS), ("voltages", "V", measured.volts, VOLTS)
    ):  # fmt: skip
        if asked[0] * _BEYOND < nodes[0] or asked[-1] > _BEYOND * nodes[-1]:
            raise ValueError(
                f"{name} of {asked[0]:.3g} to {asked[-1]:.3g} {unit} are beyond those that were simulated, "
                f"{nodes[0]:g} to {nodes[-1]:g} {unit}"
            )
    shares, logs = chord_table()
    if leave_out is not None:
        shares, logs = np.delete(shares, leave_out, axis=0), np.delete(logs, leave_out, axis=0)
    count = min(INPUTS, len(measured.electrodes))
    errors = measured.errors_s[:count]
    rows = _at(logs[:, :count], measured.kelvins, measured.volts)
    prior, seen = np.tile(shares, (REPEATS, 1)), []
    prior[:, _RATE] = rng.random(len(prior))
    rates = np.log(prior_ranges()["attempt_rate_hz"].at(prior[:, _RATE])).reshape(REPEATS, -1)
    for each in rates:
        chords = np.exp(rows + each[:, None, None, None, None])
        seen.append(chord_summaries(chords + errors * rng.standard_normal(chords.shape), errors))
    summaries = np.concatenate(seen)
    observed = chord_summaries(measured.chords_s[:count], errors)
    found = regression_abc(prior, summaries, observed, kept=int(KEPT * len(prior)), draws=draws, rng=rng)
    posterior, before = _quantities(found), _quantities(prior)
    told = [
        inferred_parameter(name, unit, posterior[name], before[name], logarithmic=logarithmic)
        for name, (unit, logarithmic) in _UNITS.items()
    ]
    return PhysicalParameters(tuple(told), _likeness(np.array(seen), observed), MODEL, REMARKS)


def chord_summaries(chords_s: Float, errors_s: Float) -> Float:
    """Summarize chord conductances by what does not depend on which electrode is which.

    Parameters
    ----------
    chords_s : (..., e, t, v, 2) float
        Measured conductances, S.
    errors_s : (e, t, v, 2) float
        Standard deviations, S; what is below two of them is cut off there.

    Returns
    -------
    (..., q) float
        Level; rise with voltage; difference of both signs; where there are, the same over temperature, and scatter over
        electrodes.
    """
    logs = np.log(np.maximum(np.abs(chords_s), np.maximum(_FLOOR * errors_s, np.finfo(float).tiny)))
    every = (-4, -3, -2, -1)
    rise, split = logs[..., -1, :] - logs[..., 0, :], np.abs(logs[..., 0] - logs[..., 1])
    found = [logs.mean(every), rise[..., 0, :].mean((-2, -1))]
    found += [np.log(0.02 + split[..., 0, v].mean(-1)) for v in (0, -1)]
    electrodes, kelvins = logs.shape[-4:-2]
    if kelvins > 1:
        heat = logs[..., -1, :, :] - logs[..., 0, :, :]
        found += [heat[..., v, :].mean((-2, -1)) for v in (0, -1)]
        bend = logs[..., 1, :, :] - 0.5 * (logs[..., -1, :, :] + logs[..., 0, :, :])
        found += [bend[..., 0, :].mean((-2, -1)), np.log(0.02 + split[..., -1, -1].mean(-1))]
        if electrodes > 1:
            found.append(np.log(0.02 + heat.mean((-2, -1)).std(-1)))
    if electrodes > 1:
        found += [np.log(0.02 + logs.mean((-3, -2, -1)).std(-1)), np.log(0.02 + rise[..., 0, :].mean(-1).std(-1))]
    return np.stack(found, axis=-1)


def _likeness(seen: Float, observed: Float) -> float:
    """Return the p-value of a level and, among networks of this level, of the other summaries (repeats, rows, q)."""
    above = float((seen[..., 0] >= observed[0]).mean())
    level = 2.0 * min(above, 1.0 - above)
    gaps = np.abs(seen[..., 0] - observed[0])
    repeat = gaps.argmin(axis=0)  # of each network the attempt rate that makes it most alike
    alike = np.argsort(gaps.min(axis=0), kind="stable")[:_COMPARED]
    return min(1.0, 2.0 * min(level, likeness(seen[repeat[alike], alike, 1:], observed[1:])))


def _at(logs: Float, kelvins: Float, volts: Float) -> Float:
    """Interpolate the table (rows, e, kelvins, volts, 2) by parabolas in the logarithms."""
    heat, size = _parabola(np.log(kelvins), np.log(KELVINS)), _parabola(np.log(volts), np.log(VOLTS))
    return np.asarray(np.einsum("retvs,ft,gv->refgs", logs, heat, size, optimize=True))


def _parabola(at: Float, nodes: Float) -> Float:
    """Return Lagrange's weights (at, nodes)."""
    weights = np.ones((len(at), len(nodes)))
    for j, node in enumerate(nodes):
        for other in np.delete(nodes, j):
            weights[:, j] *= (at - other) / (node - other)
    return weights


def _quantities(shares: Float) -> dict[str, Float]:
    """Return parameters and combinations at shares (m, 5) of their prior probability."""
    a, spacing, compensation, rate, eps = (
        each.at(share) for each, share in zip(prior_ranges().values(), shares.T, strict=True)
    )
    values = (
        a, spacing, compensation, rate, eps, spacing / a, coulomb_energy_v(spacing, eps),
        rate * np.exp(-2.0 * spacing / a),
    )  # fmt: skip
    return dict(zip(_UNITS, values, strict=True))
