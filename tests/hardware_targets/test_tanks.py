"""LC tanks in SPICE against what they should do: frequency, locking, Adler's beat, the phase model, max-cuts."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm
from circuits import (
    Tank,
    design_tank_array,
    installed_engines,
    lint,
    oscillator_netlist,
    read_netlist,
    read_tank_phases,
    simulate_circuit,
    tank_circuit,
)
from circuits.oscillators.tank_array import TankArray
from circuits.oscillators.tank_circuit import FIRST_CYCLE, task_circuit
from hardware_targets.oscillators import Oscillators, PhaseNetwork
from neuromorph import exact
from neuromorph.problems import Recall
from neuromorph.protocol import DoesNotFit

needs_ngspice = pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
WARP = -2.0 * np.pi * (2.0 * np.pi / 200.0) ** 2 / 12.0  # of the trapezoidal rule at 200 steps, rad a cycle
FIRST = np.array([0.3, 2.0, 4.0, 5.5])


def cut(n, edges):
    j = np.zeros((n, n))
    for a, b in edges:
        j[a, b] = j[b, a] = -1.0
    return nm.Ising(j)


def pair(sign):
    return nm.Ising(np.array([[0.0, sign], [sign, 0.0]]))


ALONE = nm.Ising(np.zeros((2, 2)))
SQUARE = cut(4, [(0, 1), (1, 2), (2, 3), (3, 0)])
COMPLETE = cut(4, [(a, b) for a in range(4) for b in range(a)])


def phases_in_spice(array, start, engine="ngspice", **options):
    waves = simulate_circuit(tank_circuit(array, start, **options), engine)
    return (*read_tank_phases(waves, array.tank, array.ising.size), waves)


def wrapped(angle):
    return np.angle(np.exp(1j * np.asarray(angle)))


def model(array, times, first, constant=False, off=0.0):
    """Return the phases of the phase model from those of SPICE at the first cycle on."""
    network = PhaseNetwork.of_ising(array.ising, array.pull, np.full(array.ising.size, WARP) + off)

    def rate(t, phi):
        return network.rate(phi[None], array.harmonic * (1.0 if constant else t / array.cycles))[0]

    return solve_ivp(rate, (times[0], times[-1]), first, t_eval=times, rtol=1e-9, atol=1e-9).y.T


def apart(found, expected):
    """Largest error of phases against each other."""
    error = found - expected
    return np.abs(error - error.mean(axis=1, keepdims=True)).max()


@needs_ngspice
def test_the_netlist_is_the_equation():
    """Four tanks with biases, detuning and the pump for ten cycles: 5 mV of 1 V from an own integration.

    DOP853 at 1e-8 for the equation at the head of ``tank``, started by the kicks; the trapezoidal rule is .5 mrad a
    cycle slow, so that the clock of SPICE is set by that.
    """
    j = np.array([[0.0, 1.0, -0.5, 0.0], [1.0, 0.0, 0.3, -1.0], [-0.5, 0.3, 0.0, 0.7], [0.0, -1.0, 0.7, 0.0]])
    ising = nm.Ising(j, np.array([0.5, 0.0, -0.8, 0.0]))
    off, tank = np.array([0.01, 0.0, -0.02, 0.005]), Tank()
    designed = design_tank_array(ising, ratio=0.8)
    array = TankArray(ising, tank, designed.unit_s, designed.pump_s, 10.0)
    circuit = tank_circuit(array, FIRST, detuning=off)
    waves = simulate_circuit(circuit, "ngspice")
    found = waves.of([f"p{i}" for i in range(4)]) - waves.of([f"m{i}" for i in range(4)])
    kicks = [each.wave.numbers for each in circuit.elements if each.letter == "i"]
    turn, farads, g = 2.0 * np.pi * tank.frequency_hz, tank.farad / (1.0 + off) ** 2, array.unit_s
    stop = array.cycles * tank.period_s

    def rate(t, state):
        v, i = state[:4], state[4:]
        pumped = tank.negative_s + array.pump_s * t / stop * np.cos(2.0 * turn * t)
        loads = g * (np.abs(j).sum(axis=1) + np.abs(ising.biases))
        drive = g * (j @ v + ising.biases * tank.amplitude_v * np.cos(turn * t)) - loads * v
        kick = np.array([np.interp(t, each[0::2], each[1::2]) for each in kicks])
        return np.r_[(drive + kick - i - tank.cubic * v**3 + (pumped + loads) * v) / farads, v / tank.henry]

    at = np.minimum(waves.times * (1.0 + WARP / (2.0 * np.pi)), stop)
    ode = solve_ivp(rate, (0.0, stop), np.zeros(8), "DOP853", rtol=1e-8, atol=1e-12, max_step=tank.period_s / 40.0,
                    t_eval=at).y[:4].T  # fmt: skip
    late = waves.times > FIRST_CYCLE * tank.period_s
    assert np.abs(ode[late]).max() > 0.9
    assert np.abs(found - ode).max() < 5e-3


@needs_ngspice
def test_a_tank_alone_runs_at_van_der_pols_frequency():
    """1 - eps^2 / 16 + 17 eps^4 / 3072 of 1 / sqrt(L C), less the known slowness of the trapezoidal rule: 1e-5."""
    tank = Tank(growth=0.3)
    array = TankArray(ALONE, tank, 0.0, 0.0, 40.0)
    times, phases, waves = phases_in_spice(array, np.array([0.0, 2.0]))
    settled = times > 15.0
    slope = np.polyfit(times[settled], phases[settled], 1)[0]
    relative = tank.frequency_hz * (1.0 + slope / (2.0 * np.pi)) * 2.0 * np.pi * np.sqrt(tank.henry * tank.farad)
    expected = 1.0 - 0.3**2 / 16.0 + 17.0 * 0.3**4 / 3072.0 + WARP / (2.0 * np.pi)
    assert relative == pytest.approx([expected] * 2, abs=1e-5)
    v = waves.of(["p0"])[:, 0] - waves.of(["m0"])[:, 0]
    assert np.abs(v[waves.times > 20.0 * tank.period_s]).max() == pytest.approx(tank.amplitude_v, rel=5e-3)
    assert wrapped(phases[0] - [0.0, 2.0]) == pytest.approx([0.0, 0.0], abs=0.02)  # the kicks


@needs_ngspice
@pytest.mark.parametrize(("sign", "start"), [(1.0, 2.0), (-1.0, 1.0)])
def test_two_tanks_lock_as_adler_says(sign, start):
    """tan(psi / 2) goes as exp(-+2 K t): in step through resistors, opposed through crossed ones; .03 rad."""
    array = design_tank_array(pair(sign), angle=5.0, ratio=0.0)
    times, phases, _ = phases_in_spice(array, np.array([0.0, start]))
    psi = phases[:, 1] - phases[:, 0]
    law = 2.0 * np.arctan(np.tan(psi[0] / 2.0) * np.exp(-2.0 * sign * array.pull * (times - times[0])))
    assert np.abs(wrapped(psi - law)).max() < 0.03
    assert abs(wrapped(psi[-1])) < 0.1 if sign > 0 else abs(wrapped(psi[-1])) > np.pi - 0.1


@needs_ngspice
def test_detuned_tanks_lock_at_an_angle_or_beat():
    """sin psi = dw / (2 K) within the range of locking, a beat at sqrt(dw^2 - (2 K)^2) beyond it: 3 %."""
    array = TankArray(pair(1.0), Tank(), 0.04 * Tank().negative_s, 0.0, 180.0)
    for share in (0.6, 1.5):
        apart_by = share * 2.0 * array.pull / (2.0 * np.pi)
        times, phases, _ = phases_in_spice(array, np.zeros(2), detuning=[-apart_by / 2.0, apart_by / 2.0])
        psi = phases[:, 1] - phases[:, 0]
        if share < 1.0:
            assert np.sin(psi[-1]) == pytest.approx(share, rel=0.03)
        else:
            turns = np.interp([1.0, 1.0 + 2.0 * np.pi], psi, times)
            assert psi[-1] > 1.0 + 2.0 * np.pi
            beat = 2.0 * np.pi / np.diff(turns)[0]
            assert beat == pytest.approx(2.0 * array.pull * np.sqrt(share**2 - 1.0), rel=0.03)


@needs_ngspice
def test_the_pump_makes_phases_binary():
    """tan phi = tan phi(0) exp(-2 K_s t), to 0 or pi: .03 rad."""
    tank = Tank()
    array = TankArray(ALONE, tank, 0.0, 0.2 * tank.negative_s, 40.0)
    times, phases, _ = phases_in_spice(array, np.array([0.7, 2.5]), constant_pump=True)
    law = model(array, times, phases[0], constant=True)
    free = np.arctan(np.tan(phases[0]) * np.exp(-2.0 * array.harmonic * (times - times[0]))[:, None])
    assert np.abs(np.sin(law - free)).max() < 0.01
    assert np.abs(phases - law).max() < 0.03
    assert np.cos(phases[-1]) == pytest.approx([1.0, -1.0], abs=0.01)


@needs_ngspice
def test_phases_follow_the_phase_model():
    """To first order in growth and load: four tanks all with all within .05 rad, the square within .35."""
    errors = {}
    for name, ising in (("complete", COMPLETE), ("square", SQUARE)):
        for load in (0.3, 0.1):
            array = design_tank_array(ising, angle=5.0, load=load)
            times, phases, _ = phases_in_spice(array, FIRST)
            errors[name, load] = apart(phases, model(array, times, phases[0]))
    assert errors["complete", 0.3] < 0.05
    assert errors["square", 0.3] < 0.35
    assert errors["square", 0.1] < 0.6 * errors["square", 0.3]


def cuts_found(ising, seeds, engine="ngspice", **options):
    array = design_tank_array(ising, **options)
    lowest = exact.all_energies(ising).min()
    found = []
    for seed in seeds:
        start = 2.0 * np.pi * np.random.default_rng(seed).random(ising.size)
        waves = simulate_circuit(tank_circuit(array, start), engine)
        last = waves.of([f"s{i}" for i in range(ising.size)])[-1]
        assert np.abs(last).min() > 0.5
        found.append(ising.energy(np.where(last > 0.0, 1, -1)[None])[0] <= lowest + 1e-9)
    return np.array(found)


@needs_ngspice
@pytest.mark.parametrize("ising", [SQUARE, COMPLETE])
def test_four_tanks_end_in_the_largest_cut(ising):
    assert cuts_found(ising, range(2), angle=15.0).all()


@needs_ngspice
@pytest.mark.slow
@pytest.mark.parametrize("ising", [SQUARE, COMPLETE])
def test_four_tanks_always_end_in_the_largest_cut(ising):
    assert cuts_found(ising, range(20)).all()


@needs_ngspice
@pytest.mark.slow
def test_ten_tanks_cut_far_better_than_by_chance():
    """Weights of 1 to 3: at least 7 of 10 anneals."""
    rng = np.random.default_rng(4)
    weights = np.triu(rng.random((10, 10)) < 0.5, 1) * rng.integers(1, 4, (10, 10))
    assert cuts_found(nm.Ising(-(weights + weights.T).astype(float)), range(10)).sum() >= 7


@pytest.mark.skipif(len({"ngspice", "neospice"} & set(installed_engines())) < 2, reason="needs both engines")
def test_both_engines_agree():
    """Phases within 10 mrad after a short anneal with biases."""
    ising = nm.Ising(SQUARE.couplings, np.array([1.0, 0.0, -0.5, 0.0]))
    array = design_tank_array(ising, angle=3.0)
    ends = [phases_in_spice(array, FIRST, engine)[1] for engine in ("ngspice", "neospice")]
    assert np.abs(ends[0] - ends[1]).max() < 0.01


@needs_ngspice
def test_a_cue_is_recalled():
    """Two orthogonal patterns in eight tanks, one pixel wrong: the pattern itself, not its opposite."""
    patterns = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
    for pattern in patterns:
        cue = pattern.copy()
        cue[3] *= -1
        memory = Recall("memory", patterns, cue=cue)
        array = design_tank_array(memory.ising(), angle=10.0)
        last = simulate_circuit(task_circuit(memory, array), "ngspice").of([f"s{i}" for i in range(8)])[-1]
        assert (np.sign(last) == pattern).all()


@needs_ngspice
def test_the_target_hands_over_its_anneal():
    """The same angle K t and K_s / K as on the chip, its detuning, and the netlist ends in the largest cut."""
    device = Oscillators(cycles=15.0, frequency_spread=0.01)
    program = device.program(COMPLETE, 1)
    circuit = read_netlist(device.files(program)["netlist.cir"])
    array = design_tank_array(program.programmed, angle=15.0, ratio=0.5)
    assert array.pull * array.cycles == pytest.approx(15.0 / np.sqrt(3.0))
    assert array.harmonic == pytest.approx(0.5 * array.pull * np.sqrt(3.0))
    farads = np.array([each.farad for each in circuit.elements if each.letter == "c" and each.b == "0"][:2])
    slower = 15.0 / array.cycles
    assert (1.0 + slower * program.state.detuning[0] / (2.0 * np.pi)) ** -2 == pytest.approx(farads[0] / 2e-9)
    last = simulate_circuit(circuit, "ngspice").of([f"s{i}" for i in range(4)])[-1]
    assert COMPLETE.energy(np.where(last > 0.0, 1, -1)[None])[0] == exact.all_energies(COMPLETE).min()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Tank(farad=0.0), "farad is 0"),
        (lambda: Tank(growth=1.5), "relaxes"),
        (lambda: design_tank_array(SQUARE, angle=-1.0), "angle is -1"),
        (lambda: design_tank_array(SQUARE, load=1.0), "load is 1"),
        (lambda: tank_circuit(design_tank_array(SQUARE), np.zeros(3)), "shapes"),
        (lambda: tank_circuit(design_tank_array(SQUARE), np.zeros(4), detuning=np.full(4, -1.0)), "above -1"),
        (lambda: oscillator_netlist(SQUARE, dialect="spice"), "dialect is 'spice'"),
    ],
)
def test_numbers_that_make_no_sense(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_too_many_couplings_for_a_netlist():
    with pytest.raises(DoesNotFit, match="100000 tanks and couplings"):
        design_tank_array(nm.Ising(np.ones((500, 500)) - np.eye(500)))


@pytest.mark.parametrize("options", [{"cycles": 0.1}, {"cycles": 1e5}])
def test_a_read_that_no_netlist_takes(options):
    device = Oscillators(**options)
    with pytest.raises(DoesNotFit, match="cycles of the tanks"):
        device.files(device.program(COMPLETE, 1))


def test_nothing_at_all_is_a_netlist():
    text = oscillator_netlist(nm.Ising(np.zeros((1, 1))))
    assert {each.letter for each in read_netlist(text).elements} == {"b", "c", "i", "l", "r"}
    assert not [each for each in lint(text) if getattr(each, "severity", "error") == "error"]
