"""What a certificate says beyond the trajectory: energies, refinement, other synapses, files; and when it must fail."""

import dataclasses
import functools
import json

import matplotlib.image
import numpy as np
import pytest
from test_circuits import hebbian, random_network

from circuits import certify, certify_problem, installed_engines, write_certificate
from circuits.certificate import certify as certificate
from circuits.certificate import engine_comparison
from circuits.certificate.certificate import Balance, Certificate, EngineResult
from circuits.certificate.figures import certificate_figure, draw_refinement
from circuits.certificate.sensitivity import end_bound, energy_bound
from circuits.certificate.step_refinement import StepRefinement, refine_steps
from circuits.netlist.circuit import Capacitor, Resistor
from circuits.synthesis.problem_network import random_start
from neuromorph import MaxCut, Recall, Tsp
from neuromorph.analog import AnalogNetwork, Tanh, simulate

ENGINES = installed_engines()
FAST = [name for name in ENGINES if name != "pyspice"]  # ngspice once more


def recall(n, seed=0):
    return Recall("memory", np.random.default_rng(seed).choice([-1, 1], (3, n)))


@functools.cache
def refined():
    return certify(AnalogNetwork.from_ising(recall(8).ising(), Tanh(20.0)), rng=1, refine=True, engines=FAST)


def result(**changes):
    balance = Balance(1.0, 0.75, 0.25, 0.0)
    return dataclasses.replace(EngineResult(1e-6, 1e-7, True, 1e-6, 0.0, balance, 1e-6), **changes)


def verdict(level="ideal", refinement=None, ode=None, **changes):
    engines, versions = {"spice": result(**changes)}, {"spice": "spice-1"}
    return Certificate(
        4, engines, 1.0, 0.1, 1e-8, versions, 1.0, level, refinement=refinement, ode_balance=ode
    )  # fmt: skip


def test_refinement_shows_order_two_in_every_engine():
    """tau/10, /50, /250: 25 times less at each, and 3e-6 at the end, which only a right circuit reaches."""
    found = refined().refinement
    assert found.steps_per_tau == (10.0, 50.0, 250.0)
    for name in FAST:
        assert found.errors[name][-1] <= 3e-6
        assert all(12.5 < ratio < 50.0 for ratio in found.ratios(name))
        assert found.falls(name)


def test_32_neurons_at_a_250th_of_tau_are_3e_6_away():
    network = AnalogNetwork.from_ising(recall(32).ising(), Tanh(20.0))
    options = {"step_s": network.time_constants_s.min() / 250, "duration_s": 5 * network.time_constants_s.max()}
    for found in certify(network, rng=1, reltol=1e-9, engines=FAST, **options).engines.values():
        assert found.trajectory_error <= 3e-6


def test_a_wrong_circuit_is_not_refined_away(monkeypatch):
    """One resistor 1 % off: the error stays where it is, whatever the step; so it is no error of integration."""
    real = certificate.build_hopfield_circuit

    def broken(*args, **options):
        circuit = real(*args, **options)
        k = next(k for k, e in enumerate(circuit.elements) if isinstance(e, Resistor) and e.b.startswith("v"))
        off = dataclasses.replace(circuit.elements[k], ohm=1.01 * circuit.elements[k].ohm)
        return dataclasses.replace(circuit, elements=(*circuit.elements[:k], off, *circuit.elements[k + 1 :]))

    monkeypatch.setattr(certificate, "build_hopfield_circuit", broken)
    network = AnalogNetwork.from_ising(hebbian(8, 2), Tanh(4.0))
    made = certify(network, rng=3, refine=True, engines=FAST[:1])
    assert not made.passed
    for name in FAST[:1]:
        assert made.refinement.errors[name][-1] > 3e-4
        assert made.refinement.ratios(name)[-1] < 2.0


def test_refine_cuts_the_step_and_the_bound_of_a_step_together():
    network = AnalogNetwork.from_ising(hebbian(4, 2))
    seen = []

    def measure(circuit):
        seen.append((circuit.analysis.step_s, circuit.analysis.reltol))
        return {"spice": circuit.analysis.step_s**2}

    found = refine_steps(certificate.build_hopfield_circuit(network), 1e-6, measure, (10.0, 50.0))
    assert seen == [(1e-7, 1e-5), (2e-8, pytest.approx(8e-8))]
    assert found.ratios("spice") == (pytest.approx(25.0),)
    assert found.to_dict()["engines"]["spice"]["falls"] is True


def test_an_error_below_the_accuracy_of_the_ode_need_not_fall():
    assert StepRefinement((10.0, 50.0), (1e-5, 1e-7), {"spice": (5e-8, 6e-8)}).falls("spice")
    assert not StepRefinement((10.0, 50.0), (1e-5, 1e-7), {"spice": (5e-5, 6e-5)}).falls("spice")
    assert not StepRefinement((10.0, 50.0), (1e-5, 1e-7), {"spice": (5e-5, float("nan"))}).falls("spice")


@pytest.mark.parametrize(
    ("level", "changes"),
    [
        ("ideal", {"trajectory_error": 2e-4}),
        ("ideal", {"trajectory_error": float("nan")}),
        ("ideal", {"final_error": 2e-4}),
        ("ideal", {"same_attractor": False}),
        ("ideal", {"energy_rise": 1e-5}),
        ("ideal", {"balance": Balance(1.0, 0.5, 0.25, 0.2)}),
        ("ideal", {"supply_error": 1e-3}),
        ("ideal", {"refinement": StepRefinement((10.0, 50.0), (1e-5, 1e-7), {"spice": (5e-5, 6e-5)})}),
        ("ideal", {"ode": Balance(1.0, 0.7, 0.25, 1e-10)}),
        ("opamp", {"final_error": 0.03}),
        ("opamp", {"same_attractor": False}),
        ("transistor", {"same_attractor": False}),
    ],
)
def test_each_check_alone_fails_the_certificate(level, changes):
    assert verdict(level).passed
    made = verdict(level, **changes)
    assert not made.passed
    assert made.to_dict()["exit_status"] == 1
    assert sum(not check.ok for check in made.checks()) == 1


def test_parts_are_judged_by_the_end_and_not_by_the_way():
    assert verdict("opamp", trajectory_error=0.4, final_error=0.019).passed
    assert verdict("transistor", trajectory_error=0.4, final_error=0.3).passed


@pytest.mark.parametrize(
    ("level", "bounds", "free"),
    [
        ("ideal", {"energy_bound": 1e-4}, set()),
        ("ideal", {}, {"energy_error"}),
        ("opamp", {}, {"trajectory_error", "energy_error"}),
        ("transistor", {"end_bound": 0.05}, {"trajectory_error", "energy_error"}),
        ("transistor", {}, {"trajectory_error", "energy_error", "final_error"}),
    ],
)
def test_what_is_measured_is_bounded_or_said_to_be_unbounded(level, bounds, free):
    """An error of 0.96 beside "all checks hold" is none that a check looked at."""
    made = dataclasses.replace(verdict(level, trajectory_error=0.96), **bounds)
    assert {each.what for each in made.unbounded()} == free
    measured = {field.name for field in dataclasses.fields(EngineResult)}
    measured -= {"same_attractor", "balance", "alignment"}  # a certificate of parts has alignments: test_alignment.py
    bounded = {check.what for check in made.checks()}
    assert bounded & free == set()
    assert bounded | free == measured | {"another_attractor", "imbalance"}
    assert made.passed == ("trajectory_error" in free)
    assert ({"of": "spice", "what": "trajectory_error", "value": 0.96} in made.to_dict()["unbounded"]) == made.passed


def test_the_energy_is_bounded_by_what_the_trajectory_may_err():
    """Outputs off by the tolerance in the worst direction: within the bound, and not far below it."""
    network = AnalogNetwork.from_ising(recall(16).ising(), Tanh(20.0))
    path = simulate(network, random_start(network, 3), 10.0 * network.time_constants_s.max(), samples=400)
    u, v = path.potentials[:, 0], path.voltages[:, 0]
    bound = energy_bound(network, u, 1e-4)
    worst = v - 2e-4 * np.sign(network.rhs(0.0, u))
    seen = np.abs(network.energy(worst.clip(-1.0, 1.0)) - network.energy(v)).max() / np.ptp(network.energy(v))
    assert 0.3 * bound < seen < bound
    made = certify(network, rng=3, engines=FAST[:1])
    (check,) = [check for check in made.checks() if check.what == "energy_error"]
    assert (check.ok, made.unbounded()) == (True, ())
    assert check.limit == pytest.approx(bound, rel=0.3)


def test_the_end_is_bounded_by_what_the_ideal_network_makes_of_its_cells():
    """Cells that are off by the tolerance, each to its worse side, move the rest state as far as is said."""
    rng = np.random.default_rng(0)
    t = rng.normal(size=(6, 6)) * 1e-5
    network = AnalogNetwork(t, 0.9 / np.abs(t).sum(axis=1), 1e-9, 0.0, Tanh(4.0))
    rest = settle(network, rng.normal(size=6))
    delta = 1e-4
    bound = end_bound(network, rest, delta)
    found = 0.0
    for _ in range(200):
        up, down = rng.choice([-1.0, 1.0], (2, 6)) * delta * 2.0
        plus, minus = t.clip(0.0), (-t).clip(0.0)
        off = AnalogNetwork(t, network.resistances, 1e-9, plus @ up + minus @ down, Tanh(4.0))
        found = max(found, np.abs(np.tanh(4.0 * settle(off, rest)) + up - np.tanh(4.0 * rest)).max() / 2.0)
    assert delta < found < bound < 4.0 * found
    assert end_bound(network, rest + 0.1, delta) is None  # not at rest
    assert end_bound(network, rest, 0.4) is None  # no more than the attractor


def settle(network, start):
    return simulate(network, start, 200.0 * network.time_constants_s.max(), samples=2, rtol=1e-10).final[0]


def test_with_parts_it_is_the_change_of_the_error_that_falls():
    """The error itself stays: it is the parts'. Before, none could be refined."""
    steps, reltols = (10.0, 50.0, 250.0), (1e-5, 1e-7, 1e-9)

    def falls(*errors):
        return StepRefinement(steps, reltols, {"spice": errors}, ideal=False).falls("spice")

    assert falls(0.1560, 0.15603, 0.156031)
    assert falls(0.10, 0.15, 0.16)
    assert not falls(0.10, 0.11, 0.15)
    assert not falls(0.10, 0.11, float("nan"))
    made = certify_problem(recall(8), level="opamp", refine=True, engines=FAST[:1])
    assert made.passed, made.checks()


def test_the_rise_of_an_energy_is_above_any_earlier_value_and_of_its_range():
    assert engine_comparison._rise(np.array([4.0, 3.0, 1.0, 0.0])) == 0.0
    assert engine_comparison._rise(np.array([4.0, 1.0, 1.5, 2.0, 0.0])) == 0.25
    assert engine_comparison._rise(np.array([2.0, 2.0])) == 0.0


def test_an_engine_that_climbs_fails(monkeypatch):
    """Time runs backwards in one that returns its samples in reverse order."""
    real = engine_comparison.simulate_circuit

    def backwards(*args, **options):
        waves = real(*args, **options)
        return dataclasses.replace(waves, voltages=waves.voltages[::-1])

    monkeypatch.setattr(engine_comparison, "simulate_circuit", backwards)
    for found in certify(AnalogNetwork.from_ising(hebbian(8, 2)), rng=1, engines=FAST).engines.values():
        assert found.energy_rise == 1.0


def test_a_capacitor_that_is_lost_shows_in_the_balance(monkeypatch):
    """The engine runs without C_0, the account counts it: neither balance nor supply is right."""
    real = engine_comparison.simulate_circuit

    def without(circuit, *args, **options):
        kept = [
            dataclasses.replace(e, farad=1e-3 * e.farad) if isinstance(e, Capacitor) and e.name == "0" else e
            for e in circuit.elements
        ]
        return real(dataclasses.replace(circuit, elements=tuple(kept)), *args, **options)

    monkeypatch.setattr(engine_comparison, "simulate_circuit", without)
    made = certify(AnalogNetwork.from_ising(hebbian(8, 2)), rng=1, engines=FAST[:1])
    (found,) = made.engines.values()
    assert found.balance.imbalance > 1e-4
    assert not made.passed


# Other circuits of the same network


@pytest.mark.parametrize("synapses", ["transconductors", "overlaps"])
def test_synapses_that_do_not_load_certify_as_well(synapses):
    made = certify_problem(recall(32), synapses=synapses, engines=FAST)
    assert (made.passed, made.synapses, made.neurons) == (True, synapses, 32)
    assert made.ode_balance is None
    for found in made.engines.values():
        assert found.trajectory_error <= 1e-4
        assert found.energy_rise <= 1e-12
        assert found.balance.imbalance <= 1e-6


def test_networks_without_symmetry_have_no_energy_but_a_balance():
    made = certify(random_network(5, 6, Tanh(4.0)), engines=FAST)
    assert made.ode_rise is None
    for found in made.engines.values():
        assert (found.energy_rise, found.energy_error) == (None, None)
        assert found.balance.imbalance <= 1e-6
    assert made.passed


@pytest.mark.parametrize(("level", "part"), [("opamp", "lmv824"), ("transistor", "transistor")])
def test_levels_certify_problems_and_name_their_amplifier(level, part):
    """Also in the engine whose start clamps hold, and as the instances of one cell that a netlist has."""
    opamp = part if level == "opamp" else None
    made = certify_problem(recall(8), level=level, opamp=opamp)
    assert made.passed, made.checks()
    assert list(made.engines) == ENGINES
    assert (made.level, made.amplifier) == (level, part)
    assert made.duration_s >= 30.0 * made.tau_s * (1 - 1e-9)  # of the longest, tau_s is the shortest
    for found in made.engines.values():
        assert found.energy_rise is None


@pytest.mark.parametrize(
    ("problem", "options", "said"),
    [
        (recall(8), {"synapses": "wires"}, "synapses are 'wires'; known are resistors, transconductors, overlaps"),
        (recall(8), {"synapses": "overlaps", "level": "opamp"}, "only resistors drive amplifiers of parts"),
        (MaxCut.from_edges(4, [(0, 1), (1, 2)]), {"synapses": "overlaps"}, "this problem is none of recall"),
        (recall(8), {"opamp": "tl072"}, "opamp is given, but level is 'ideal'"),
        (recall(8), {"level": "opamp", "opamp": "741"}, "opamp is '741'; known are lmv824, opa192"),
        (recall(8), {"level": "bsim"}, "level is 'bsim'"),
        (
            Tsp.from_coordinates(np.eye(6)[:, :2] * 3.0 + np.arange(6)[:, None]),
            {"level": "opamp"},
            "a tour of 6 cities",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(problem, options, said):
    with pytest.raises(ValueError, match=said) as error:
        certify_problem(problem, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("synapses", ["resistors", "overlaps"])
def test_a_finer_step_alone_is_enough(synapses):
    """Were the bound of a step left where it is, it and not the step would rule: 1e-5 of full scale."""
    made = certify_problem(recall(8), synapses=synapses, steps_per_tau=250, engines=FAST[:1])
    assert made.reltol == pytest.approx(1e-10)
    assert made.step_s == pytest.approx(made.tau_s / 250)
    assert all(found.trajectory_error <= 3e-6 for found in made.engines.values())
    assert certify_problem(recall(8), steps_per_tau=100, engines=FAST[:1]).reltol == pytest.approx(1e-8 / 8)
    coarse = certify_problem(recall(8), steps_per_tau=10, engines=FAST[:1])
    assert (coarse.reltol, coarse.step_s) == (1e-8, pytest.approx(coarse.tau_s / 10))


def test_progress_tells_each_run_before_and_after_it():
    told = []
    certify(
        AnalogNetwork.from_ising(hebbian(4, 2)), refine=True, engines=FAST, progress=lambda *said: told.append(said)
    )
    runs = [name + step for step in ("", ", tau/10", ", tau/50", ", tau/250") for name in FAST]
    assert told == [said for run in runs for said in ((run, "running", 0, 1), (run, "done", 1, 1))]


def test_patterns_and_overlaps_go_together():
    with pytest.raises(ValueError, match="patterns go with synapses='overlaps'"):
        certify(AnalogNetwork.from_ising(hebbian(6, 2)), synapses="overlaps")


# Files


def test_a_folder_holds_the_numbers_and_the_figure(tmp_path):
    made = refined()
    written = write_certificate(made, tmp_path / "new")
    assert [path.name for path in written] == ["certificate.json", "certificate.svg", "certificate.png"]
    data = json.loads(written[0].read_text())
    assert data == json.loads(json.dumps(made.to_dict()))
    assert data["schema"] == 1
    assert data["engines"][FAST[0]]["version"] == made.versions[FAST[0]]
    assert b"<svg" in written[1].read_bytes()
    assert matplotlib.image.imread(written[2]).std() > 0.01


def test_the_figure_shows_ode_engines_bound_and_refinement():
    made = refined()
    ways, errors, steps = certificate_figure(made)
    assert [text.get_text() for text in ways.get_legend().get_texts()] == ["ODE", *FAST]
    for name, line in zip(FAST, errors.get_lines(), strict=False):
        assert line.get_ydata().max() == pytest.approx(made.engines[name].trajectory_error)
    for name, line in zip(FAST, steps.get_lines(), strict=False):
        np.testing.assert_array_equal(line.get_ydata(), made.refinement.errors[name])
    plain = dataclasses.replace(made, refinement=None)
    assert len(certificate_figure(plain)) == 2
    with pytest.raises(ValueError, match="certify with refine=True"):
        draw_refinement(plain)


# The promises in full


@pytest.mark.slow
def test_128_neurons_certify_within_a_ten_thousandth():
    made = certify_problem(recall(128), engines=FAST)
    assert made.passed
    assert made.ode_balance.imbalance <= 1e-12
    for found in made.engines.values():
        assert found.trajectory_error <= 1e-4
        assert found.final_error <= 1e-6
