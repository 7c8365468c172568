"""Noise drawn from a seed: its laws, and the same paths in SPICE as in the differential equation."""

import numpy as np
import pytest
from scipy import integrate, sparse, stats

import neuromorph as nm
from circuits import DIALECTS, Circuit, build_hopfield_circuit, installed_engines, netlist_text, simulate_circuit
from circuits.netlist.circuit import Capacitor, Resistor, Transient
from circuits.noise.driven_network import simulate_driven
from circuits.noise.kinds import FlickerNoise, TelegraphNoise, ThermalNoise, draw_noise, read_noise
from circuits.noise.noise_sources import noisy_netlist, with_noise
from circuits.noise.sequences import BOLTZMANN_J_K, NoiseCurrents, interpolation_factor
from circuits.spice.reader import read_deck_file, read_netlist
from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.analog.noise import simulate_noisy
from neuromorph.cli import main

ENGINES = [name for name in installed_engines() if name in ("ngspice", "neospice")]
OHM, FARAD = 1e5, 1e-9
TAU = OHM * FARAD


def pairs(count, gain=4.0):
    """``count`` ferromagnetic pairs that do not know of each other, of thermal noise of a fraction of a volt."""
    t = np.array([[0.0, 8e-6], [8e-6, 0.0]])
    return AnalogNetwork(sparse.block_diag([t] * count, format="csr"), OHM, FARAD, 0.0, Tanh(gain=gain))


def hot(volt):
    """The temperature at which sqrt(k T / C) is ``volt``."""
    return volt**2 * FARAD / BOLTZMANN_J_K


def at_knots(waves, currents, n):
    """The potentials at the knots, which both engines meet: 0, then those of SPICE."""
    place = np.abs(waves.times[None, :] - currents.times[1:, None]).argmin(axis=1)
    assert np.abs(waves.times[place] - currents.times[1:]).max() < 1e-6 * currents.step_s
    return waves.of([f"u{i}" for i in range(n)])[place]


def test_the_factor_of_straight_lines_is_the_integral_of_their_spectrum():
    """q(r) = 4 tau int sinc^4(f h) / (1 + (2 pi f tau)^2) df, by the other way, and its expansion."""
    for r in (0.02, 0.1, 0.2, 1.0):
        f = np.arange(2e-5, 10.0, 2e-5) / r
        spectrum = np.sinc(f * r) ** 4 / (1.0 + (2.0 * np.pi * f) ** 2)
        by_spectrum = 4.0 * (integrate.trapezoid(spectrum, f) + 2e-5 / r)
        assert interpolation_factor(r) == pytest.approx(by_spectrum, abs=1e-6)
    r = 0.01
    assert interpolation_factor(r) == pytest.approx(1 - 7 * r / 15 + r**2 / 6, abs=1e-7)
    assert interpolation_factor(0.0) == pytest.approx(1.0, abs=1e-14)


def test_white_noise_leaves_k_t_over_c_whatever_the_step():
    """20,000 R C of 10 nodes, by the exact response to straight lines: 0.5 % of chance, 9 % if q were forgotten."""
    for fraction in (5.0, 20.0):
        network = AnalogNetwork(np.zeros((10, 10)), OHM, FARAD, 0.0, Tanh())
        currents = draw_noise(network, [ThermalNoise()], 4000 * TAU, step_s=TAU / fraction, rng=3)
        r = currents.step_s / TAU
        a = np.exp(-r)
        b1 = OHM * (1.0 - (1.0 - a) / r)
        b0 = OHM * ((1.0 - a) / r - a)
        x, u = currents.amperes, np.zeros(10)
        total = 0.0
        for k in range(len(x) - 1):
            u = a * u + b0 * x[k] + b1 * x[k + 1]
            total += (u**2).mean()
        knots = (1.0 - a) / (1.0 + a) - 2.0 * b0 * b1 / OHM**2 / (1.0 + a)
        at_the_knots = (
            2.0 * knots / r / interpolation_factor(r)
        )  # their variance differs a little from the mean over time
        variance = total / (len(x) - 1) / at_the_knots
        assert variance == pytest.approx(BOLTZMANN_J_K * 300.15 / FARAD, rel=0.015)


def test_flicker_noise_falls_as_one_over_f():
    network = AnalogNetwork(np.zeros((40, 40)), OHM, FARAD, 0.0, Tanh())
    corner = 50.0
    currents = draw_noise(network, [FlickerNoise(corner)], 400 * TAU, step_s=TAU / 10, rng=2)
    x, h = currents.amperes[:-1], currents.step_s
    f = np.fft.rfftfreq(len(x), h)
    power = (2.0 * h / len(x)) * (np.abs(np.fft.rfft(x - x.mean(axis=0), axis=0)) ** 2).mean(axis=1)
    asked = 4.0 * BOLTZMANN_J_K * 300.15 / OHM * corner / f[1:]
    for low, high in ((20, 60), (60, 200), (200, 600), (600, 1500)):
        assert (power[1:] / asked)[low:high].mean() == pytest.approx(1.0, rel=0.1)


def test_telegraph_noise_has_the_occupation_and_the_memory_of_its_rates():
    network = AnalogNetwork(np.zeros((60, 60)), OHM, FARAD, 0.0, Tanh())
    up, down, ampere = 300.0, 900.0, 2e-9
    currents = draw_noise(network, [TelegraphNoise(ampere, up, down)], 3000 * TAU, step_s=TAU / 2, rng=5)
    x = currents.amperes
    assert set(np.unique(x)) == {-0.5 * ampere, 0.5 * ampere}
    high = (x > 0).mean()
    assert high == pytest.approx(up / (up + down), abs=0.02)
    y = (x > 0) - high
    for lag in (1, 10, 30):
        memory = (y[lag:] * y[:-lag]).mean() / (y**2).mean()
        assert memory == pytest.approx(np.exp(-(up + down) * lag * currents.step_s), abs=0.03)


def test_a_seed_gives_a_neuron_its_noise_whatever_stands_beside_it():
    kinds = read_noise("thermal:1e3,flicker:100,telegraph:1e-9:1e3")
    few, more = (draw_noise(pairs(k), kinds, 5 * TAU, rng=7).amperes for k in (1, 3))
    assert np.array_equal(few, more[:, :2])
    assert not np.array_equal(few, draw_noise(pairs(1), kinds, 5 * TAU, rng=8).amperes)
    assert abs(np.corrcoef(more[:, 0], more[:, 2])[0, 1]) < 0.5


@pytest.mark.parametrize("engine", ENGINES)
def test_spice_follows_the_differential_equation_path_by_path(engine):
    """All kinds at once, cooling, at gain 4: to 5e-4 of the largest potential, at every knot."""
    network = pairs(2)
    kinds = [ThermalNoise(hot(0.2), 0.0), FlickerNoise(2e3, hot(0.1)), TelegraphNoise(2e-6, 3e3, 5e3)]
    currents = draw_noise(network, kinds, 6 * TAU, rng=4)
    start = [0.02, 0.01, -0.02, 0.03]
    ode = simulate_driven(network, start, currents)
    assert ode.status == "ok"
    circuit = with_noise(build_hopfield_circuit(network, start, duration_s=6 * TAU, reltol=1e-6), currents)
    u = at_knots(simulate_circuit(circuit, engine), currents, 4)
    assert np.abs(u - ode.potentials[1:, 0]).max() < 5e-4 * np.abs(ode.potentials).max()
    finer = simulate_driven(network, start, currents, substeps=16)
    assert np.abs(finer.potentials - ode.potentials).max() < 1e-6


def thermal_lanes(lanes, duration, fraction, seed):
    network = AnalogNetwork(sparse.csr_array((lanes, lanes)), OHM, FARAD, 0.0, Tanh())
    currents = draw_noise(network, [ThermalNoise()], duration * TAU, step_s=TAU / fraction, rng=seed)
    nodes = [f"u{i}" for i in range(lanes)]
    elements = [
        e for i, u in enumerate(nodes) for e in (Capacitor(f"{i}", u, "0", FARAD), Resistor(f"{i}", u, "0", OHM))
    ]
    analysis = Transient(currents.step_s, duration * TAU, reltol=1e-4, vntol_v=1e-9)
    rest = dict.fromkeys(nodes, 0.0)
    return with_noise(Circuit("lanes of kT/C", tuple(elements), analysis, tuple(nodes), rest), currents), currents


@pytest.mark.slow
@pytest.mark.skipif("ngspice" not in ENGINES, reason="needs ngspice")
@pytest.mark.parametrize("fraction", [5.0, 10.0])
def test_ngspice_has_k_t_over_c(fraction):
    """300 RC elements over 100 R C: chance makes 0.8 %, straight lines without their factor 5 or 9 %."""
    circuit, _ = thermal_lanes(300, 100.0, fraction, 1)
    waves = simulate_circuit(circuit, "ngspice")
    late = waves.times > 6 * TAU
    mean = integrate.trapezoid((waves.voltages[late] ** 2).mean(axis=1), waves.times[late]) / np.ptp(waves.times[late])
    assert mean == pytest.approx(BOLTZMANN_J_K * 300.15 / FARAD, rel=0.02)


@pytest.mark.slow
@pytest.mark.skipif("ngspice" not in ENGINES, reason="needs ngspice")
def test_annealing_by_noise_is_the_stochastic_equation_in_distribution():
    """120 pairs cooled in ngspice beside 1,000 by Heun's method of another seed: Kolmogorov and Smirnov at 1e-3.

    Midway and at the end; the same equation at half of the noise is told apart.
    """
    lanes, volt, duration = 120, 0.5, 8.0
    network = pairs(lanes, gain=3.0)
    currents = draw_noise(network, [ThermalNoise(hot(volt), 0.0)], duration * TAU, rng=11)
    circuit = with_noise(build_hopfield_circuit(network, duration_s=duration * TAU, reltol=1e-4), currents)
    spice = at_knots(simulate_circuit(circuit, "ngspice"), currents, 2 * lanes)
    path = simulate_driven(network, np.zeros(2 * lanes), currents)
    assert np.abs(spice - path.potentials[1:, 0]).max() < 5e-3 * np.abs(path.potentials).max()

    def cooled(strength):
        one, u, found = pairs(1, gain=3.0), np.zeros((1000, 2)), []
        for k in range(64):
            kelvin = hot(strength * volt) * (1.0 - (k + 0.5) / 64)
            noise = np.sqrt(4.0 * BOLTZMANN_J_K * kelvin / OHM)
            u = simulate_noisy(one, u, duration * TAU / 64, dt_s=TAU / 100, noise=noise, rng=1000 + k, samples=2).final
            found.append(u)
        return found

    def level(found, k):
        place = round((k + 1) / 64 * len(spice)) - 1
        sums = spice[place].reshape(lanes, 2).sum(axis=1), spice[place].reshape(lanes, 2) @ [1.0, -1.0]
        asked = found[k].sum(axis=1), found[k] @ [1.0, -1.0]
        return min(stats.ks_2samp(a, b).pvalue for a, b in zip(sums, asked, strict=True))

    right, weak = cooled(1.0), cooled(0.5)
    assert level(right, 31) > 1e-3
    assert level(right, 63) > 1e-3
    assert level(weak, 31) < 1e-3


def test_every_dialect_has_the_same_numbers():
    problem = nm.Ising(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2))
    texts = {name: noisy_netlist(problem, [ThermalNoise()], dialect=name, rng=3) for name in DIALECTS}
    waves = set()
    for text in texts.values():
        joined = text.replace("\n+", "")
        waves.add(tuple(line.lower() for line in joined.splitlines() if line.lower().startswith("inoise")))
    assert len(waves) == 1
    assert len(next(iter(waves))) == 2
    other = noisy_netlist(problem, [ThermalNoise()], rng=4)
    assert other != texts["ngspice"]


def test_constant_stretches_of_telegraph_noise_cost_two_knots():
    amperes = np.repeat([[1.0], [-1.0], [1.0]], 50, axis=0)
    network = AnalogNetwork(np.zeros((1, 1)), OHM, FARAD, 0.0, Tanh())
    circuit = with_noise(build_hopfield_circuit(network), NoiseCurrents(TAU / 20, amperes))
    assert len(circuit.elements[-1].wave.numbers) == 12
    assert "pwl" in netlist_text(circuit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pink", "noise is 'pink'; write thermal"),
        ("thermal:x", "noise is 'thermal:x'"),
        ("thermal:-3", "thermal noise is of -3.0 K"),
        ("flicker", "noise is 'flicker'"),
        ("telegraph:1e-9", "noise is 'telegraph:1e-9'"),
        ("telegraph:1e-9:0", "all must be positive"),
    ],
)
def test_wrong_noise_is_an_error_that_says_what_to_write(text, said):
    with pytest.raises(ValueError, match=said):
        read_noise(text)


def test_too_long_a_step_or_too_many_knots_are_refused():
    with pytest.raises(ValueError, match=r"the knots of noise are .* take a step of at most 2e-05 s"):
        draw_noise(pairs(1), [ThermalNoise()], 10 * TAU, step_s=TAU / 3)
    with pytest.raises(ValueError, match="at most 100000"):
        draw_noise(pairs(1), [ThermalNoise()], 1e4 * TAU)
    with pytest.raises(ValueError, match="at most 5000000 in all"):
        draw_noise(pairs(100), [ThermalNoise()], 2e3 * TAU)
    with pytest.raises(ValueError, match="no kind of noise"):
        draw_noise(pairs(1), [], TAU)
    with pytest.raises(ValueError, match="a current a neuron"):
        simulate_driven(pairs(2), np.zeros(4), draw_noise(pairs(1), [ThermalNoise()], TAU))


def test_the_command_writes_noise(tmp_path, capsys):
    problem = tmp_path / "square.txt"
    problem.write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n")
    out = tmp_path / "noisy.cir"
    assert main(["netlist", str(problem), "--noise", "thermal:1e12:0,telegraph:1e-8:1e4", "--out", str(out)]) == 0
    text = out.read_text()
    assert "noise into each u: thermal, 1e+12 K, falling to 0 K" in text.replace("\n* ", " ")
    assert read_netlist(text)
    assert main(["netlist", str(problem), "--noise", "pink"]) == 2
    assert "noise is 'pink'" in capsys.readouterr().err
    assert main(["netlist", str(problem), "--noise", "thermal", "--analysis", "corners", "--out", str(out)]) == 2


def test_a_word_is_no_kind_of_noise():
    with pytest.raises(TypeError, match="a kind of noise is 'thermal'; read_noise"):
        draw_noise(pairs(1), ["thermal"], 1e-4)


def test_a_deck_for_a_simulator_of_its_own_rules_says_which_is_read(tmp_path, capsys):
    (tmp_path / "pair.txt").write_text("2 1\n1 2 1\n")
    for dialect in ("neospice", "ltspice", "ngspice"):
        out = tmp_path / f"{dialect}.cir"
        words = ["netlist", str(tmp_path / "pair.txt"), "--noise", "thermal", "--dialect", dialect, "--out", str(out)]
        assert main(words) == 0
        capsys.readouterr()
        if dialect == "ngspice":
            assert len(read_deck_file(out).circuit.elements) > 9
        else:
            with pytest.raises(ValueError, match=f"read whole as written for ngspice, not for {dialect}"):
                read_deck_file(out)
