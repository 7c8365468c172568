"""Measured-style files of simulated devices, whose parameters are known."""

import numpy as np

from neuromorph.calibration.two_state import transition_matrix

KB_EV = 8.617333262e-5
CELLS = {
    "programming_constant": 0.2635e-6, "programming_linear": 1.965e-6, "programming_square": -1.1731e-6,
    "drift_mean_constant": 0.06, "drift_mean_log": -0.01, "drift_spread_constant": 0.02, "drift_spread_log": -0.004,
}  # fmt: skip
P_BIT = {"slope": 6.0, "offset": 0.02, "prefactor_s": 1e-9, "barrier_ev": 0.36}


def telegraph(up, down, dt, samples, noise, rng, levels=(0.0, 1.0)):
    """Samples of a two-state process, exact at the times of the samples, whatever happens between them."""
    moves, first, _ = transition_matrix(up * dt, down * dt)
    states = np.empty(samples, np.int8)
    states[0] = rng.random() < first[1]
    uniform, leave = rng.random(samples), moves[:, 1].tolist()
    for t, u in enumerate(uniform[1:].tolist(), 1):
        states[t] = u < leave[states[t - 1]]
    return np.array(levels)[states] + noise * rng.standard_normal(samples)


def continuous_telegraph(up, down, dt, samples, rng):
    """The same from exponential dwell times, without the matrix that the fit uses."""
    end = samples * dt
    pairs = int(2.0 * end / (1.0 / up + 1.0 / down)) + 100
    dwells = np.stack([rng.exponential(1.0 / up, pairs), rng.exponential(1.0 / down, pairs)], axis=1).ravel()
    return (np.searchsorted(np.cumsum(dwells), dt * np.arange(samples), side="right") % 2).astype(float)


def telegraph_text(voltages_mv, rng, samples=4000):
    """Semicolons, decimal commas, ms, nA and mV, as a German instrument writes them."""
    lines, start = ["# STM, 4,4 K", "t (ms);I [nA];V (mV)"], 0.0
    for v in voltages_mv:
        y = telegraph(500.0 * np.exp(0.03 * v), 400.0 * np.exp(-0.02 * v), 2e-4, samples, 0.03, rng, (0.1, 0.35))
        lines += [f"{start + 0.2 * k:.1f};{each:.5f};{v}".replace(".", ",") for k, each in enumerate(y.tolist())]
        start += 0.2 * samples + 50.0
    return "\n".join(lines) + "\n"


def cell_text(rng, cells=60, relative=(0.1, 0.3, 0.5, 0.7, 0.9, 1.0), times=(20, 60, 200, 600, 2000)):
    """Cells by the law of CELLS, with read noise."""
    lines, k, c = ["device,G_target (uS),t (s),G (uS)"], 0, CELLS
    for g in relative:
        spread = c["programming_constant"] + c["programming_linear"] * g + c["programming_square"] * g * g
        mean = c["drift_mean_constant"] + c["drift_mean_log"] * np.log(g)
        differ = c["drift_spread_constant"] + c["drift_spread_log"] * np.log(g)
        for _ in range(cells):
            first, nu = max(25e-6 * g + spread * rng.standard_normal(), 0.0), mean + differ * rng.standard_normal()
            for t in times:
                read = first * (t / 20.0) ** -nu * (1.0 + 0.01 * rng.standard_normal())
                lines.append(f"{k},{25.0 * g:.4f},{t},{1e6 * read:.5f}")
            k += 1
    return "\n".join(lines) + "\n"


def p_bit_means_text(rng, temperatures=(280, 290, 300, 310)):
    """Means and dwell times of a p-bit at several temperatures, by the law of P_BIT."""
    lines, p = ["input (mV),mean,samples,tau (us),T (K)"], P_BIT
    for kelvin in temperatures:
        tau = p["prefactor_s"] * np.exp(p["barrier_ev"] / (KB_EV * kelvin))
        for v in np.linspace(-300.0, 300.0, 13):
            x = p["slope"] * (1e-3 * v + p["offset"])
            mean = 2.0 * rng.binomial(500, 1.0 / (1.0 + np.exp(-2.0 * x))) / 500.0 - 1.0
            dwell = 2.0 * tau * np.cosh(x) ** 2 * np.exp(0.1 * rng.standard_normal())
            lines.append(f"{v:.1f},{mean:.4f},500,{1e6 * dwell:.4f},{kelvin}")
    return "\n".join(lines) + "\n"


def p_bit_traces_text(rng, tau=1e-3, samples=1500, inputs_mv=(-150, -50, 0, 50, 150)):
    """Traces of a p-bit at several inputs."""
    lines, start, p = ["t (ms)\tVin (mV)\tVout (V)"], 0.0, P_BIT
    for v in inputs_mv:
        x = p["slope"] * (1e-3 * v + p["offset"])
        half = 1.0 / (2.0 * tau * np.cosh(x))
        y = telegraph(half * np.exp(x), half * np.exp(-x), 5e-4, samples, 0.1, rng)
        lines += [f"{start + 0.5 * k:.1f}\t{v}\t{each:.4f}" for k, each in enumerate(y.tolist())]
        start += 0.5 * samples + 100.0
    return "\n".join(lines) + "\n"


DOPANT = {"slope_v1": 2e-9, "slope_v2": -0.5e-9, "slope_v3": 1e-9}


def dopant_text(rng, settings=150, kelvins=(None,), energy_ev=0.02, noise_na=0.01):
    """A current of three voltages at random settings, slopes at zero as in DOPANT, activated where temperatures are."""
    heated = kelvins[0] is not None
    lines = ["V1 (mV),V2 (mV),V3 (mV)," + ("T (K)," if heated else "") + "I (nA)"]
    for kelvin in kelvins:
        scale = np.exp(-energy_ev / KB_EV * (1.0 / kelvin - 1.0 / 100.0)) if heated else 1.0
        for v in rng.uniform(-0.5, 0.5, (settings, 3)):
            curve = 2.0 * np.sinh(2.0 * v[0]) / 2.0 - 0.5 * np.tanh(v[1]) + v[2] * (1.0 + v[0] * v[1]) + v[1] ** 2
            heat = f"{kelvin:.1f}," if heated else ""
            volts = ",".join(f"{1e3 * each:.3f}" for each in v)
            lines.append(f"{volts},{heat}{scale * curve + noise_na * rng.standard_normal():.6f}")
    return "\n".join(lines) + "\n"
