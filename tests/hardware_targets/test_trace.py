"""One read from inside: the same read as that of a run, plain data that holds together, figures, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph import cli
from neuromorph.problems import Tsp, write_ising
from neuromorph.report.trace_figures import draw_read, time_means, write_trace
from neuromorph.target_trace import require_trace, supports_trace, trace_read
from neuromorph.trace import MAX_CURVES, MAX_STATES, Series, Trace, trace_dict
from neuromorph.trace_recorder import Recorder, most_times

TRACING = [name for name in nm.available_targets() if supports_trace(nm.get_target(name))]
FEW = {  # parameters that make a read short, and what every read of the target shows
    "analog-circuit": "outputs",
    "memristor-crossbar": "outputs",
    "atomic-spins": "atoms",
    "atomic-spins-ideal": "atoms",
    "dopant-glass": "spins",
    "p-bits": "p-bits",
    "oscillators": "cosines",
    "brim": "voltages",
    "dopant-neurons": None,
    "dopant-neurons-300k": None,
    "spiking-loihi": "spins",
    "spiking-loihi2": "spins",
    "spiking-brainscales": "spins",
    "spiking-generic": "spins",
    "cpu-anneal": None,
    "cpu-gibbs": "inverse temperature",
    "cpu-swendsen-wang": "inverse temperature",
    "cpu-tempering": "rung",
    "cpu-population-annealing": "families left",
    "cpu-quantum-annealing": "transverse field",
    "cpu-simulated-bifurcation": "pump",
    "cpu-coherent-ising": "pump",
    "cpu-sim-cim": "pump",
    "cpu-local-quantum-annealing": "pump",
}

ROOT = Path(__file__).resolve().parents[2]


def glass(n, seed=0):
    rng = np.random.default_rng(seed + n)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return nm.Ising(j + j.T, 0.5 * rng.normal(size=n))


CITIES = Tsp.from_coordinates(np.random.default_rng(0).random((5, 2)) * 100, name="five")
PATTERNS = nm.Recall("two", np.where(np.random.default_rng(1).random((2, 20)) < 0.5, -1, 1), shape=(4, 5))


def read_of(name, problem, task, seed=7):
    """(run of one read, trace) of the same program and seed."""
    device = nm.get_target(name)
    program = device.program(problem, 3)
    return device.run(program, task, 1, seed), trace_read(device, program, task, seed)


def tasks_of(name):
    """What a target is asked here: a tour, patterns, a model of four spins."""
    supported = nm.get_target(name).supported_tasks
    if "minimize" in supported:
        yield "minimize", CITIES, nm.Minimize()
        yield "minimize a model", glass(9), nm.Minimize()
    if "recall" in supported:
        yield "recall", PATTERNS, PATTERNS.task(1, 5)
    if "sample" in supported:
        yield "sample", glass(4), nm.Sample(0.7)


CASES = [(name, *case) for name in TRACING for case in tasks_of(name)]


def test_every_target_of_ours_traces():
    assert set(TRACING) >= set(FEW)
    assert len(CASES) >= 35


@pytest.mark.parametrize(("name", "label", "problem", "task"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_the_read_that_is_shown_is_the_read_that_is_made(name, label, problem, task):
    """Same seed: the same spins to the bit, and energies that are those of the states shown."""
    run, trace = read_of(name, problem, task)
    assert (trace.spins == run.spins[0]).all()
    assert trace.energy == run.energies[0]
    assert trace.converged == run.converged[0]
    assert trace.target == name
    assert label.startswith(trace.task)
    assert len(trace.times) > 1
    assert trace.times[0] >= 0.0
    assert trace.times[-1] > trace.times[0]
    if FEW.get(name):
        names = {each.name for each in trace.series}
        assert FEW[name] in names or "outputs above 1/2" in names
    if trace.time_unit == "s" and "device_s" in run.activity:
        assert trace.times[-1] == pytest.approx(run.activity["device_s"][0], rel=1e-9)
    # a search by spikes keeps the lowest state that it met, tempering that of any rung, and annealing by
    # populations and worldlines one of many: else the last state shown is what is read out
    kept = (name.startswith("spiking") and trace.task == "minimize") or (
        name in ("cpu-tempering", "cpu-population-annealing", "cpu-quantum-annealing")
    )
    if not kept:
        assert trace.energies[-1] == pytest.approx(trace.energy, abs=1e-9)
    for each in trace.series:
        if each.style == "states" and len(each.labels) == run.spins.shape[1]:
            shown = problem.energy(each.values.astype(np.int8))
            assert np.allclose(shown, trace.energies, atol=1e-9)
    json.dumps(trace_dict(trace), allow_nan=False)


def test_a_second_read_of_the_same_stream_is_shown_as_well():
    """A trace takes child 1 of a SeedSequence where a run of two reads does."""
    for name in ("spiking-generic", "cpu-gibbs", "memristor-crossbar", "atomic-spins-ideal"):
        device = nm.get_target(name)
        program = device.program(glass(6), 3)
        both = device.run(program, nm.Minimize(), 2, np.random.SeedSequence(5))
        second = np.random.SeedSequence(5, n_children_spawned=1)
        assert (trace_read(device, program, nm.Minimize(), second).spins == both.spins[1]).all(), name


def test_tracing_leaves_no_mark_on_the_program():
    """A run after a trace is the run before it: monitors have simulators of their own."""
    for name in ("spiking-loihi", "dopant-neurons", "analog-circuit"):
        device = nm.get_target(name)
        program = device.program(PATTERNS, 3)
        task = PATTERNS.task(1, 5)
        before = device.run(program, task, 1, 7)
        trace_read(device, program, task, 7)
        assert (device.run(program, task, 1, 7).spins == before.spins).all(), name


def test_the_telegraph_shows_every_switching_event():
    run, trace = read_of("atomic-spins", glass(4), nm.Sample(0.7))
    (atoms,) = trace.series
    switched = (np.diff(atoms.values, axis=0) != 0).sum(axis=1)
    assert switched.max() == 1
    assert switched.sum() == run.activity["switches"][0]
    assert trace.times[-1] == pytest.approx(1000.0 * 1e-3)  # attempts times the attempt time


def test_the_hops_of_a_glass_are_all_there():
    run, trace = read_of("dopant-glass", glass(3), nm.Sample(0.5))
    assert len(trace.times) == run.activity["hops"][0] + 2  # the start, and the end
    turned = (np.diff(trace.series[0].values, axis=0) != 0).sum(axis=1)
    assert set(turned[:-1]) <= {1, 2}
    assert turned[-1] == 0


def test_spikes_and_states_of_a_sampler_agree():
    """A neuron is up for tau of the model after each of its spikes, and at no other time."""
    device = nm.get_target("spiking-generic")
    program = device.program(glass(4), 3)
    run, trace = device.run(program, nm.Sample(0.2), 1, 7), trace_read(device, program, nm.Sample(0.2), 7)
    plan = program.state.plan(0.2)
    steps = np.rint(np.array([*trace.spikes[0]]) / trace.times[-1] * plan.duration_s / plan.neurons.dt_s)
    assert len(steps) == run.activity["spikes"][0] > 10
    assert trace.neurons == 4
    spins = next(each for each in trace.series if each.name == "spins").values
    lasting = round(plan.neurons.tau_s / plan.neurons.dt_s)
    for step, row in zip(np.rint(trace.times / trace.times[-1] * round(plan.duration_s / plan.neurons.dt_s)), spins,
                         strict=True):  # fmt: skip
        up = {k for at, k in zip(steps, trace.spikes[1], strict=True) if 0 < step - at <= lasting}
        assert set(np.flatnonzero(row > 0)) == up


def test_analog_outputs_obey_their_activation():
    device = nm.get_target("analog-circuit")
    program = device.program(glass(6), 3)
    trace = trace_read(device, program, nm.Minimize(), 1)
    outputs, potentials, gain = trace.series
    assert (outputs.name, potentials.name, gain.unit) == ("outputs", "potentials", "")
    expected = program.state.activation.value(gain.values * potentials.values)
    assert np.allclose(outputs.values, expected, atol=1e-12)
    assert (np.diff(gain.values[:, 0]) >= 0).all()
    assert gain.values[-1, 0] == 1.0


def test_outputs_of_a_circuit_turn_between_many_looks():
    """Outputs of a high gain turn in a fraction of R C, and the figure shows how."""
    memory = nm.load("examples/data/cross.txt")
    cue = np.where(np.arange(memory.size) % 5 == 0, -1, 1) * memory.patterns[0]
    device = nm.get_target("analog-circuit")
    trace = trace_read(device, device.program(memory, 0), nm.RecallFrom(cue), 1)
    outputs = trace.series[0].values
    turning = (np.abs(outputs) < 0.5).any(axis=1)
    assert turning.sum() >= 3
    assert (np.diff(trace.times) > 0).all()


def test_rungs_are_a_permutation_at_every_sweep():
    _, trace = read_of("cpu-tempering", glass(9), nm.Sample(0.7))
    rung, energies = (next(each for each in trace.series if each.name == name) for name in ("rung", "energies"))
    count = rung.values.shape[1]
    assert (np.sort(rung.values, axis=1) == np.arange(count)).all()
    coldest = (rung.values == count - 1).argmax(axis=1)
    assert np.allclose(energies.values[np.arange(len(coldest)), coldest], trace.energies, rtol=1e-4, atol=1e-4)


def test_a_tour_on_the_cpu_needs_no_spins():
    _, trace = read_of("cpu-anneal", CITIES, nm.Minimize())
    assert [each.name for each in trace.series] == ["moves accepted", "temperature"]
    assert trace.energies[-1] == pytest.approx(CITIES.length(CITIES.decode(trace.spins).value))


def test_a_tour_of_many_cities_is_its_answer():
    """Beyond the cities of an Ising form there are no spins, in a run and in a trace."""
    many = Tsp.from_coordinates(np.random.default_rng(0).random((201, 2)) * 100, name="many")
    device = nm.get_target("cpu-anneal(sweeps=20)")
    program = device.program(many, 3)
    run, trace = device.run(program, nm.Minimize(), 1, 7), trace_read(device, program, nm.Minimize(), 7)
    assert trace.spins.size == run.spins.shape[1] == 0
    assert (trace.answer == run.answers[0]).all()
    assert trace.energy == run.energies[0] == trace.energies[-1]
    assert trace_dict(trace)["answer"] == run.answers[0].tolist()


def test_a_tour_of_three_cities_has_nothing_to_anneal():
    three = Tsp.from_coordinates([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]], name="three")
    _, trace = read_of("cpu-anneal", three, nm.Minimize())
    assert trace.energies.tolist() == [12.0]
    assert any("nothing to anneal" in note for note in trace.notes)


def test_times_follow_the_constants_of_the_user():
    """Twice the time constant: the same spins at twice the times."""
    for name, problem, constant, factor, slower in (
        ("analog-circuit", glass(6), "time_constant", 2.0, 2.0),
        ("dopant-glass", glass(3), "attempt_rate_hz", 0.5, 2.0),
        ("atomic-spins-ideal", glass(4), "attempt_rate_hz", 0.5, 2.0),
    ):
        device = nm.get_target(name)
        old = device.constants[constant]
        new = replace(old, value=factor * old.value, low=factor * old.low, high=factor * old.high)
        other = replace(device, constants={**device.constants, constant: new})
        task = nm.Sample(0.5) if name == "dopant-glass" else nm.Minimize()
        program = device.program(problem, 3)
        before, after = (trace_read(each, program, task, 7) for each in (device, other))
        assert (before.spins == after.spins).all(), name
        assert np.allclose(after.times, slower * before.times, rtol=1e-12), name


# The data.


def toy(times=(0.0, 1.0, 2.0), **changes):
    m = len(times)
    series = (Series("u", "V", ("u0", "u1"), np.ones((m, 2))), Series("spins", "", ("s0",), -np.ones((m, 1)), "states"))
    given = {"target": "toy", "problem": "none", "task": "minimize", "beta": None, "times": times, "time_unit": "s",
             "energies": np.zeros(m), "series": series, "spins": [1, -1], "energy": 0.0}  # fmt: skip
    return Trace(**given | changes)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"energies": [0.0, 1.0]}, "shape"),
        ({"energies": [0.0, np.nan, 1.0]}, "NaN"),
        ({"times": (0.0, 2.0, 1.0)}, "rising"),
        ({"times": (0.0, 1.0)}, "energies"),
        ({"energy": np.inf}, "NaN"),
        ({"spins": [0, 1]}, "-1 and"),
        ({"spins": [[1, -1]]}, "one read|shape"),
        ({"spikes": ([0.1], [0, 1])}, "spikes"),
        ({"spikes": ([0.1], [2]), "neurons": 2}, "counted from 0"),
        ({"series": (Series("u", "V", ("u0",), np.ones((2, 1))),)}, "rows for 3 times"),
        ({"series": (Series("u", "V", ("u0",), np.ones((3, 1))),) * 2}, "its own name"),
    ],
)
def test_a_trace_that_does_not_hold_together_is_refused(changes, rule):
    if "times" in changes and len(changes["times"]) == 2:
        changes = {**changes, "energies": np.zeros(3)}
        with pytest.raises(ValueError, match=rule):
            toy(**changes)
        return
    with pytest.raises(ValueError, match=rule):
        toy(**changes)


def test_a_series_that_does_not_hold_together_is_refused():
    with pytest.raises(ValueError, match="labels"):
        Series("u", "V", ("u0",), np.ones((3, 2)))
    with pytest.raises(ValueError, match="NaN"):
        Series("u", "V", ("u0",), [[np.nan]])
    with pytest.raises(ValueError, match="states"):
        Series("s", "", ("s0",), [[0.5]], "states")


def test_a_trace_keeps_no_array_of_the_caller():
    times = np.arange(3.0)
    trace = toy(times=times)
    times[:] = 7.0
    assert trace.times.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        trace.times[0] = 1.0


def recorded(looks, spins=4, **series):
    program = nm.get_target("cpu-gibbs").program(glass(spins))
    recorder = Recorder(program, dict.fromkeys(series, "V"))
    state = np.ones(spins, np.int8)
    for k in range(looks):
        recorder.look(k, state, **{name: np.full(size, float(k)) for name, size in series.items()})
    return recorder.finish(nm.Minimize(), state, time_unit="sweep")


def test_a_recorder_thins_long_reads_evenly_and_keeps_both_ends():
    columns = 40
    most = most_times(MAX_CURVES + 4)
    trace = recorded(5 * most + 3, u=columns)
    assert most // 2 <= len(trace.times) <= most + 1
    assert trace.times[0] == 0.0
    assert trace.times[-1] == 5 * most + 2
    assert len(set(np.diff(trace.times)[:-1])) == 1
    assert len(trace.series[0].labels) == MAX_CURVES
    assert trace.series[0].labels[-1] == "39"
    assert (trace.series[0].values[:, 0] == trace.times).all()
    assert any(f"{MAX_CURVES} of 40" in note for note in trace.notes)
    assert any("one in 8" in n for n in trace.notes)


def test_short_reads_are_kept_whole():
    trace = recorded(100)
    assert len(trace.times) == 100
    assert not trace.notes
    assert len(recorded(2, spins=100).series[0].labels) == MAX_STATES


def test_an_empty_recorder_says_so():
    program = nm.get_target("cpu-gibbs").program(glass(4))
    with pytest.raises(ValueError, match="nothing was looked at"):
        Recorder(program, {}).finish(nm.Minimize(), np.ones(4))


def test_means_over_time_weigh_states_by_how_long_they_last():
    times, values = np.array([0.0, 1.0, 4.0]), np.array([[1.0], [-1.0], [1.0]])
    assert np.allclose(time_means(times, values, np.array([0.0, 2.0, 4.0])), [[0.0], [-1.0]])


# Targets that do not tell.


class Mute:
    """A target as of before there were traces."""

    name, summary, supported_tasks = "mute", "does not tell", frozenset({"minimize"})

    def program(self, problem, rng=None):
        raise NotImplementedError

    def run(self, program, task, reads=1, rng=None):
        raise NotImplementedError

    def costs(self):
        return ()


def test_a_target_that_does_not_trace_names_those_that_do():
    assert isinstance(Mute(), nm.Target)
    assert not supports_trace(Mute())
    with pytest.raises(nm.DoesNotFit, match=r"does not tell .* cpu-gibbs") as said:
        require_trace(Mute(), nm.Minimize())
    assert "\n" not in str(said.value)
    with pytest.raises(nm.DoesNotFit, match="does not sample"):
        require_trace(nm.get_target("analog-circuit"), nm.Sample(1.0))


def test_a_target_that_returns_something_else_is_told_so():
    class Wrong(Mute):
        def trace(self, program, task, rng=None):
            return {"energies": []}

    with pytest.raises(TypeError, match="returns dict"):
        trace_read(Wrong(), None, nm.Minimize())


# Figures and files.


@pytest.mark.parametrize(
    "label", ["spiking-loihi sample", "analog-circuit minimize", "cpu-population-annealing sample"]
)
def test_figures_have_at_most_four_panels_and_say_what_they_leave_out(label):
    name, _, _ = label.partition(" ")
    case = next(case for case in CASES if f"{case[0]} {case[1]}" == label)
    _, trace = read_of(name, *case[2:])
    figure = draw_read(trace)
    assert 2 <= len(figure.axes) <= 4
    assert figure.axes[-1].get_xlabel()
    assert all(ax.get_ylabel() for ax in figure.axes)
    assert max(len(ax.lines) for ax in figure.axes if "energy" not in ax.get_ylabel()) <= 16 + 8
    drawn = len(figure.axes) - 1 - (trace.spikes is not None)
    if drawn < len(trace.series):
        assert trace.series[-1].name in figure.get_supxlabel()


def test_odd_names_and_single_times_can_be_drawn(tmp_path):
    trace = toy(times=(0.0,), problem="$x^{ \\frac", notes=("a $ sign", "<b>"))
    assert [path.name for path in write_trace(trace, tmp_path)] == ["trace.json", "trace.png", "trace.svg"]
    assert (tmp_path / "trace.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads((tmp_path / "trace.json").read_text())["problem"] == "$x^{ \\frac"
    write_trace(replace(trace, beta=0.5, task="sample"), tmp_path / "again")


def test_the_page_of_the_schema_names_every_field_and_its_example_runs():
    page = Path("docs/trace-schema.md").read_text()
    for name in trace_dict(toy()):
        assert f"`{name}`" in page, name
    exec(page.split("```python")[1].split("```")[0], {"print": lambda *_: None})


# The command.


def run_command(capsys, *words):
    code = cli.main([str(word) for word in words])
    return code, *capsys.readouterr()


@pytest.fixture
def model(tmp_path):
    write_ising(tmp_path / "model.npz", glass(4))
    return tmp_path / "model.npz"


@pytest.fixture
def tour(tmp_path):
    lines = [f"{k + 1} {x:.3f} {y:.3f}" for k, (x, y) in enumerate(CITIES.coordinates)]
    head = ["NAME: five", "TYPE: TSP", "DIMENSION: 5", "EDGE_WEIGHT_TYPE: EUC_2D", "NODE_COORD_SECTION"]
    (tmp_path / "five.tsp").write_text("\n".join([*head, *lines, "EOF", ""]))
    return tmp_path / "five.tsp"


def test_the_command_writes_figure_and_json(capsys, model, tmp_path):
    out = tmp_path / "out"
    code, text, errors = run_command(
        capsys, "trace", model, "--target", "cpu-gibbs", "--beta", 0.7, "--seed", 3, "--out", out
    )
    assert code == 0
    assert not errors
    assert "sample at beta = 0.7" in text
    assert {path.name for path in out.iterdir()} == {
        "trace.json",
        "trace.png",
        "trace.svg",
    }
    about = json.loads((out / "trace.json").read_text())
    assert (about["schema"], about["task"], about["beta"], about["problem"]) == (1, "sample", 0.7, "model")
    assert about["provenance"]["seed"] == 3
    assert about["provenance"]["input"] == "model.npz"
    assert len(about["times"]) == len(about["energies"]) == len(about["series"][0]["values"])


def test_energies_that_are_round_off_are_shown_as_zero(capsys):
    """The first state of this read sums up to -2.8e-17."""
    words = ("--target", "cpu-gibbs", "--beta", 0.7, "--seed", 1)
    _, text, _ = run_command(capsys, "trace", ROOT / "examples" / "data" / "unit_cell.json", *words)
    assert "0 at first, -1.10000 at its lowest" in text
    assert "e-17" not in text


def test_the_command_shows_the_first_read_of_a_comparison(capsys, tour):
    """The seed that finds a tour there finds the same one here."""
    for seed in range(5):
        compared = nm.compare(nm.load(tour), ["spiking-generic"], reads=1, rng=seed).results[0]
        code, text, _ = run_command(capsys, "trace", tour, "--target", "spiking-generic", "--seed", seed, "--json")
        assert code == 0
        tours = nm.load(tour).decode(json.loads(text)["spins"]).value, compared.solution
        if tours[1] is not None:
            assert tours[0].tolist() == tours[1].value.tolist()
            return
    pytest.fail("no seed found a tour")


def test_a_sample_is_the_first_read_of_a_comparison(capsys, model, tour):
    """Of a model, and of the Ising form of a tour."""
    for path in (model, tour):
        name = "cpu-gibbs(sweeps=20)"
        compared = nm.compare(nm.load(path), [name], reads=1, rng=4, task=nm.Sample(0.1)).results[0]
        code, text, _ = run_command(capsys, "trace", path, "--target", name, "--seed", 4, "--beta", 0.1, "--json")
        assert code == 0
        assert json.loads(text)["spins"] == compared.run.spins[0].tolist()


def test_patterns_are_recalled_and_tours_minimized_by_default(capsys, tour):
    _, text, _ = run_command(capsys, "trace", "examples/data/cross.txt", "--target", "analog-circuit", "--json")
    assert json.loads(text)["task"] == "recall"
    _, text, _ = run_command(capsys, "trace", tour, "--target", "cpu-anneal", "--json")
    assert json.loads(text)["task"] == "minimize"
    assert json.loads(text)["time_unit"] == "sweep"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "cpu-gibbs", "--task", "sample"], "add --beta B"),
        (["--target", "cpu-gibbs", "--task", "minimize", "--beta", "1"], "leave one of them out"),
        (["--target", "cpu-anneal", "--task", "recall"], "nothing to recall"),
        (["--target", "nobody"], "installed are"),
        (["--target", "atomic-spins"], "does not minimize"),
        ([], "--target"),
    ],
)
def test_mistakes_are_one_line(capsys, tour, words, said):
    code, text, errors = run_command(capsys, "trace", tour, *words)
    assert code == 2
    assert not text
    assert errors.startswith("error: ")
    assert said in errors
    assert errors.count("\n") == 1


def test_a_time_limit_ends_it(capsys, tour):
    code, _, errors = run_command(capsys, "trace", tour, "--target", "spiking-loihi", "--time-limit", "1e-9")
    assert code == 1
    assert "time limit" in errors
