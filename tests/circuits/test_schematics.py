"""Drawings hold the values of their circuit, keep their labels apart, and stay legible for large networks."""

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import combinations

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_circuits import random_network

from circuits import OPAMPS, draw_network, problem_schematic
from circuits.schematic.drawing import draw_tour_circuit
from circuits.schematic.symbols import format_value
from circuits.synthesis.tour_circuit import TourCircuit
from neuromorph import Ising, Recall, Tsp
from neuromorph.analog import AnalogNetwork, Arctan, Tanh
from neuromorph.analog.softassign import Softassign

LEVELS = ["ideal", "opamp", "transistor"]


def memory(n, seed=0):
    stored = np.random.default_rng(seed).choice([-1, 1], (3, n))
    return AnalogNetwork.from_ising(Recall("memory", stored).ising())


def tour(n=8):
    return Tsp.from_coordinates(np.random.default_rng(n).random((n, 2)))


def texts(ax):
    return [text.get_text() for text in ax.texts]


def overlapping(ax):
    """Pairs of labels whose boxes share more than a hair."""
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in ax.texts]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1 and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
    ]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [1, 4, 8, 9, 64])
def test_no_label_lies_on_another(level, n):
    """Also where synapses of either sign, or none, are drawn."""
    ax = draw_network(memory(n), level=level)
    assert len(ax.texts) > 5
    assert overlapping(ax) == []


def test_the_tour_circuit_is_legible_too():
    circuit = TourCircuit(Softassign(tour().distances(), noise=0.0))
    ax = draw_tour_circuit(circuit)
    assert overlapping(ax) == []
    said = " ".join(texts(ax))
    for value in (
        "64 cells",
        "16 servos",
        format_value(circuit.servo_f, "F"),
        format_value(circuit.capacitance_f, "F"),
    ):
        assert value in said


def test_values_are_those_of_the_network():
    """Three neurons: every synapse of the first one with its own value, capacitor, leak and current."""
    t = np.array([[0.0, 1 / 47e3, -1 / 220e3], [1 / 47e3, 0.0, -1 / 82e3], [-1 / 220e3, -1 / 82e3, 0.0]])
    leak = 1 / 1.8e6
    network = AnalogNetwork(t, 1 / (abs(t).sum(axis=1) + leak), 3.3e-9, [2.2e-6, 0.0, 0.0], Tanh(20.0))
    said = texts(draw_network(network))
    for value in ("47 kΩ", "220 kΩ", "1.8 MΩ", "3.3 nF", "2.2 µA", "47k", "220k", "82k", "v1", "w2", "v0", "w0"):
        assert value in said, value
    assert said.count("47k") == said.count("220k") == said.count("82k") == 2
    assert "82 kΩ" not in said  # of neuron 1
    assert "82 kΩ" in texts(draw_network(network, neuron=1))
    assert any("9 resistors" in text for text in said)  # 6 synapses, 3 leaks


def test_signs_choose_black_and_white_squares():
    def squares(sign):
        t = sign * np.array([[0.0, 1e-5], [1e-5, 0.0]])
        ax = draw_network(AnalogNetwork(t, 5e4, 1e-9, 0.0, Tanh(20.0)))
        fills = [patch.get_facecolor()[:3] for patch in ax.patches]
        return fills.count((0.0, 0.0, 0.0)), fills.count((1.0, 1.0, 1.0))

    plus, minus = squares(1.0), squares(-1.0)
    # Black ones turn white; beside them, inverters come with triangles and bubbles.
    assert plus[0] - minus[0] == 2
    assert minus[1] - plus[1] >= 2


@pytest.mark.parametrize("name", sorted(OPAMPS))
def test_op_amps_are_named_with_their_rails_and_feedback(name):
    part = OPAMPS[name]
    network = memory(8)
    gain = replace(network, activation=Tanh(49.0))
    said = " ".join(texts(draw_network(gain, level="opamp", opamp=name)))
    assert f"{name.upper()}, {format_value(part.bandwidth_hz, 'Hz')}, rails ±{part.rail_v:g} V" in said
    assert "4.7 kΩ" in said
    assert "787 Ω" in said  # E96 next to 4.7 k / (sqrt(49) - 1)
    assert "g(y0/6.97)/6.97" in said


def test_a_gain_below_one_needs_no_feedback_resistors():
    network = replace(memory(4), activation=Arctan(0.5))
    said = texts(draw_network(network, level="opamp"))
    assert "g(y0)" in said
    assert said.count("4.7 kΩ") == 2 * ("w0" in said)  # the inverter's


def test_all_transistors_of_the_cell_are_drawn_with_their_sizes():
    from circuits.synthesis.cmos_neuron import CmosNeurons

    network = memory(8)
    said = texts(draw_network(network, level="transistor"))
    sizes = [text for text in said if text.endswith("/2")]
    assert len(sizes) == 17  # 16, and the one of the bias
    cell = CmosNeurons.of(network).cells[1].elements
    pair = next(element for element in cell if element.name == "a" and hasattr(element, "width_m"))
    assert f"{1e6 * pair.width_m:.3g}/2" in sizes


def test_a_large_array_is_a_corner_that_says_so():
    said = texts(draw_network(memory(64)))
    assert any("64 neurons, 4096 resistors" in text and "the first 6 are drawn" in text for text in said)
    assert "… to column 63" in said
    assert "⋮ to row 63" in said
    assert {"v5", "w5", "u5"} <= set(said)
    assert not {"v6", "u6", "u7"} & set(said)
    assert len(said) < 100


def test_drawing_onto_given_axes_returns_them():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert draw_network(memory(4), ax) is ax


@pytest.mark.parametrize("level", LEVELS)
def test_files_are_what_they_say_and_the_same_each_time(level):
    problem = Recall("memory", np.random.default_rng(0).choice([-1, 1], (2, 12)))
    vector = problem_schematic(problem, kind="svg", level=level)
    assert ElementTree.fromstring(vector).tag.endswith("svg")
    assert vector == problem_schematic(problem, kind="svg", level=level)
    picture = matplotlib.image.imread(io.BytesIO(problem_schematic(problem, kind="png", level=level)))
    assert min(picture.shape[:2]) > 500
    assert picture.std() > 0.05
    assert problem_schematic(problem, kind="pdf", level=level).startswith(b"%PDF")


def test_parts_of_a_series_are_drawn():
    ising = Ising(np.array([[0.0, 1.0, 0.31], [1.0, 0.0, 0.0], [0.31, 0.0, 0.0]]))
    assert "43k" in problem_schematic(ising, series="E24").decode()
    assert "42.2k" in problem_schematic(ising).decode()


@pytest.mark.parametrize(
    ("problem", "options", "said"),
    [
        (tour(8), {"level": "opamp"}, "level is 'opamp', but a tour of 8 cities becomes a circuit that anneals"),
        (Recall("m", np.ones((1, 4))), {"kind": "gif"}, "kind of the schematic is 'gif'; its file ends in"),
        (Recall("m", np.ones((1, 4))), {"level": "bsim"}, "level is 'bsim'; known are ideal, opamp, transistor"),
        (Recall("m", np.ones((1, 4))), {"opamp": "tl072"}, "opamp is given, but level is 'ideal'"),
    ],
)
def test_bad_wishes_are_one_line(problem, options, said):
    with pytest.raises(ValueError, match=said):
        problem_schematic(problem, **options)
    with pytest.raises(ValueError, match="neuron is 9; the network has 5"):
        draw_network(random_network(5, 5, Tanh(4.0)), neuron=9)
