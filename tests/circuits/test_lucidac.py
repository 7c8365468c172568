"""Cubic neurons on LUCIDAC: scaling, lanes, coefficients, overload, and the same path as the differential equation."""

import re

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import solve_ivp

from circuits.lucidac.cubic_network import CubicNetwork, cubic_network
from circuits.lucidac.device_plan import plan_devices
from circuits.lucidac.machine_program import CONSTANT_GIVER, Lane, MachineProgram, compile_program, run_machine
from circuits.lucidac.machine_report import lucidac_report
from circuits.lucidac.pybrid_circuit import pybrid_circuit
from neuromorph.analog import AnalogNetwork, Logistic, Tanh, simulate
from neuromorph.cli import main
from neuromorph.ising import Ising

INFINITE = float("inf")


def two(coupling=0.6, own=0.2, biases=(0.1, -0.05), tau=(1e-3, 2e-3)):
    return CubicNetwork(np.array([[own, coupling], [coupling, 0.0]]), np.array(biases), np.array(tau), 1.0)


def equation(network, start, times):
    solved = solve_ivp(
        lambda t, x: network.slopes(x), (0.0, times[-1]), start, method="DOP853", rtol=1e-10, atol=1e-12, t_eval=times
    )
    return solved.y.T


@pytest.mark.parametrize("sign", [-1, 1])
def test_exact_coefficients_give_the_path_of_the_equation(sign):
    network, start = two(), [0.3, -0.2]
    program = compile_program(network, start, bits=INFINITE, sign=sign)
    duration = 8e-3
    run = run_machine(program, duration * program.slowdown)
    path = equation(network, start, run.times / program.slowdown)
    assert np.abs(run.states - path).max() < 1e-8
    assert not run.is_overloaded


def test_coefficients_are_rounded_and_the_error_falls_with_the_bits():
    network, start = two(), [0.3, -0.2]
    errors = []
    for bits in (6, 9, 12):
        program = compile_program(network, start, bits=bits)
        steps = np.array([lane.coefficient for lane in program.lanes]) * 2.0 ** (bits - 1)
        assert np.allclose(steps, np.round(steps), atol=1e-9)
        assert (np.abs([lane.coefficient for lane in program.lanes]) <= 1.0).all()
        run = run_machine(program, 8e-3 * program.slowdown)
        errors.append(np.abs(run.states - equation(network, start, run.times / program.slowdown)).max())
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 2e-3


def test_lanes_lead_one_signal_each_and_fit():
    program = compile_program(two(), [0.0, 0.0])
    assert len(program.lanes) <= 32
    assert len({(lane.source, lane.target) for lane in program.lanes}) == len(program.lanes)
    assert {lane.target for lane in program.lanes} == {0, 1, *range(8, 16)}
    assert sum(lane.source == CONSTANT_GIVER for lane in program.lanes) == 2
    with pytest.raises(ValueError, match="one LUCIDAC holds 2"):
        compile_program(CubicNetwork(np.zeros((3, 3)), np.zeros(3), np.ones(3), 1.0), np.zeros(3))
    with pytest.raises(ValueError, match="states from -1 to 1"):
        compile_program(two(), [1.5, 0.0])
    with pytest.raises(ValueError, match="sign is 2"):
        compile_program(two(), [0.0, 0.0], sign=2)
    with pytest.raises(ValueError, match="bits is 0"):
        compile_program(two(), [0.0, 0.0], bits=0)


def test_a_scaled_network_cannot_overload_and_an_unscaled_one_is_seen():
    draw = np.random.default_rng(2)
    for _ in range(5):
        t = draw.uniform(-1e-5, 1e-5, (2, 2))
        t = (t + t.T) / 2.0
        network = cubic_network(
            AnalogNetwork(t, 1.0 / (np.abs(t).sum(axis=1) + 1e-6), 1e-9, draw.uniform(-3e-6, 3e-6, 2), Tanh(gain=5.0))
        )
        assert np.abs(network.weights).sum(axis=1).max() + 0.0 <= 1.0 + 1e-12
        program = compile_program(network, draw.choice([-1.0, 1.0], 2), bits=INFINITE)
        assert not run_machine(program, 20.0 * network.time_constants_s.max() * program.slowdown).is_overloaded
    runaway = MachineProgram((Lane(0, 0, 1.0),), np.array([0.5]), 1e4, 1, 1.0)
    assert run_machine(runaway, 1e-3).is_overloaded


def test_the_cubic_network_answers_as_the_amplifiers_do():
    """Ferro- and antiferromagnetic pairs with a bias: signs at rest are those of tanh amplifiers."""
    for sign in (1.0, -1.0):
        t = sign * np.array([[0.0, 1e-5], [1e-5, 0.0]])
        network = AnalogNetwork(t, 1.0 / 1.1e-5, 1e-9, [1e-6, 0.0], Tanh(gain=50.0))
        cubic = cubic_network(network)
        start = np.array([0.05, -0.02])
        ode = simulate(network, start * cubic.unit_v, 40.0 * network.time_constants_s[0]).final[0]
        program = compile_program(cubic, start)
        run = run_machine(program, 40.0 * network.time_constants_s[0] * program.slowdown)
        assert (np.sign(run.states[-1]) == np.sign(ode)).all()
        assert np.abs(run.states[-1]).min() > 0.4


def test_only_what_has_a_cubic_form_is_scaled():
    with pytest.raises(ValueError, match="swings from 0 to 1 V"):
        cubic_network(AnalogNetwork(np.zeros((1, 1)), 1e5, 1e-9, 1e-6, Logistic()))
    with pytest.raises(ValueError, match="no synapse and no current"):
        cubic_network(AnalogNetwork(np.zeros((2, 2)), 1e5, 1e-9, 0.0, Tanh()))
    with pytest.raises(ValueError, match="at most 1000 are planned"):
        cubic_network(AnalogNetwork(sparse.csr_array((1001, 1001)), 1e5, 1e-9, 0.0, Tanh()))


def ring(n):
    return CubicNetwork((np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0)) * 0.5, np.zeros(n), np.ones(n), 1.0)


def test_plans_of_several_machines():
    """A ring of 8 stands on 4 machines, two synapses between neighbors: 4 ports in, 4 out; dense networks end at 4."""
    plan = plan_devices(ring(8))
    assert sorted(i for machine in plan.machines for i in machine) == list(range(8))
    assert len(plan.machines) == 4
    assert (plan.ports_in, plan.ports_out, plan.obstacle) == (4, 4, "")
    dense = [CubicNetwork((1.0 - np.eye(n)) / n, np.zeros(n), np.ones(n), 1.0) for n in (2, 4, 5, 8)]
    assert [plan_devices(each).obstacle == "" for each in dense] == [True, True, False, False]
    assert "ports in" in plan_devices(dense[-1]).obstacle
    strong = np.array([[0, 0.1, 0.9, 0], [0.1, 0, 0, 0.9], [0.9, 0, 0, 0.1], [0, 0.9, 0.1, 0]])
    assert plan_devices(CubicNetwork(strong, np.zeros(4), np.ones(4), 1.0)).machines == ((0, 2), (1, 3))


def test_the_plan_counts_the_lanes_of_the_program():
    for network in (two(), two(own=0.0, biases=(0.0, 0.0))):
        assert plan_devices(network).lanes == len(compile_program(network, [0.0, 0.0]).lanes)


def test_the_report_and_the_command(tmp_path, capsys):
    pair = tmp_path / "pair.txt"
    pair.write_text("2 1\n1 2 1\n")
    assert main(["lucidac", str(pair)]) == 0
    said = capsys.readouterr().out
    assert "2 cubic neurons on 1 LUCIDAC" in said
    assert "no overload" in said
    assert float(re.search(r"largest difference (\S+) of the unit", said)[1]) < 5e-3
    six = tmp_path / "six.txt"
    six.write_text("6 15\n" + "".join(f"{i} {j} 1\n" for i in range(1, 7) for j in range(i + 1, 7)))
    assert main(["lucidac", str(six)]) == 0
    assert "it does not fit: a machine needs 16 ports in" in capsys.readouterr().out
    assert main(["lucidac", str(six), "--out", str(tmp_path / "x.pb")]) == 2
    assert "a configuration is of one LUCIDAC, and the network takes 3" in capsys.readouterr().err
    four = lucidac_report(Ising(np.roll(np.eye(4), 1, 0) + np.roll(np.eye(4), -1, 0), np.zeros(4)))
    assert any("planned on paper" in line for line in four.lines)


def test_the_circuit_of_pybrid_is_the_program():
    pytest.importorskip("pybrid.lucipy.circuits", reason="needs pybrid-computing")
    program = compile_program(two(), [0.3, -0.2])
    circuit = pybrid_circuit(program)
    cluster = circuit._cluster
    assert [element.computation.ic for element in cluster.m0block.elements][:2] == [0.3, -0.2]
    assert not any(cluster.iblock.upscaling)
    used = [k for k, source in enumerate(cluster.ublock.outputs) if source is not None]
    read = set()
    for k in used:
        (target,) = [t for t, inputs in enumerate(cluster.iblock.outputs) if k in inputs]
        source = cluster.ublock.outputs[k]
        constant = source == (15 if k < 16 else 14)
        read.add((CONSTANT_GIVER if constant else source, target, cluster.cblock.elements[k].computation.factor))
    assert read == {(lane.source, lane.target, lane.coefficient) for lane in program.lanes}
    assert circuit.to_config().SerializeToString()


def test_the_simulator_of_lucipy_runs_the_same_program():
    """lucipy 1.7 is anabrid's former package: its own simulator, given our lanes, goes our way to round-off."""
    circuits = pytest.importorskip("lucipy.circuits", reason="needs lucipy")
    simulator = pytest.importorskip("lucipy.simulator")
    program = compile_program(two(), [0.3, -0.2], sign=-1)  # as lucipy has it
    circuit = circuits.Circuit()
    for k, lane in enumerate(program.lanes):
        source = lane.source if lane.source != CONSTANT_GIVER else 15 if k < 16 else 14
        circuit.routes.append(circuits.Route(source, k, lane.coefficient, lane.target))
    circuit.u_constant = 1.0
    circuit.ics[:2] = program.initial.tolist()
    circuit.k0s[:] = [10_000] * 8
    machine = simulator.Simulation(circuit, realtime=True)
    run = run_machine(program, 8e-3 * program.slowdown)
    solved = solve_ivp(
        machine.rhs, (0.0, run.times[-1]), np.array(machine.ics, float), method="DOP853", rtol=1e-9, atol=1e-12,
        t_eval=run.times,
    )  # fmt: skip
    assert np.abs(solved.y.T[:, :2] - run.states).max() < 1e-12


def test_the_mock_machine_of_pybrid_takes_the_program_and_runs_it():
    """Its mock server has no analog state: it takes the configuration and ends the run without an error."""
    import asyncio

    computer = pytest.importorskip("pybrid.lucipy.computer", reason="needs pybrid-computing")
    config = pytest.importorskip("pybrid.mock.config")
    mock = pytest.importorskip("pybrid.mock.dummy_dac")
    program = compile_program(two(), [0.3, -0.2])

    async def run():
        async with mock.DummyDAC("127.0.0.1", 0, config.DummyDACConfig(lucidac_mode=True)) as server:
            machine = computer.LucipyWrapper(f"tcp://127.0.0.1:{server.port}")
            await machine._ensure_controller()
            machine.set_circuit(pybrid_circuit(program))
            machine.set_daq(sample_rate=10_000)
            machine.set_run(ic_time=100_000, op_time=int(8e6 * program.slowdown))
            done = await machine._run()
            await machine.close()
            return done, len(server._stored_config.SerializeToString())

    done, stored = asyncio.run(asyncio.wait_for(run(), 60.0))
    assert done.state.name == "DONE"
    assert done.flags.overloaded is None
    assert stored > 500
