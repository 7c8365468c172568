"""A target whose chip is drawn says so, and what is printed of it says on how many chips it was read."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from study_toys import Descent, Ring

import neuromorph as nm
from hardware_targets.atomic_spins import AtomicSpinsIdeal
from hardware_targets.memristor_crossbar import MemristorCrossbar
from hardware_targets.spiking_chip import spiking_generic
from hardware_targets.spiking_chip.chip_tables import generic_table
from neuromorph.report import html_page as page
from neuromorph.report.conclusions import conclusions
from neuromorph.report.table import print_comparison

GLASS = nm.Ising(
    [[0.0, 1.0, -0.7, 0.3], [1.0, 0.0, 0.2, -0.9], [-0.7, 0.2, 0.0, 0.6], [0.3, -0.9, 0.6, 0.0]], [0.1, -0.4, 0.2, 0.3]
)
TOUR = nm.Tsp.from_coordinates(np.random.default_rng(0).random((5, 2)))
ALIKE = MemristorCrossbar(programming_error=0.0, drift=0.0)  # noise of reads, and 32 levels


def differs(device, problem):
    """Whether two seeds give two devices."""
    a, b = (device.program(problem, rng) for rng in (1, 2))
    if a.programmed is None:
        return a.mapping_error != b.mapping_error, a.one_chip
    same = np.array_equal(a.programmed.dense_couplings(), b.programmed.dense_couplings())
    return not (same and np.array_equal(a.programmed.biases, b.programmed.biases)), a.one_chip


@pytest.mark.parametrize("name", nm.available_targets())
def test_every_target_says_whether_its_chip_is_drawn(name):
    device = nm.get_target(name)
    drawn, said = differs(device, GLASS)
    assert said or not drawn  # the neurons of a chip may differ where its couplings do not
    if "minimize" in device.supported_tasks:
        drawn, said = differs(device, TOUR)
        assert said or not drawn


def test_some_targets_draw_a_chip_and_some_do_not():
    said = {name for name in nm.available_targets() if nm.get_target(name).program(GLASS, 0).one_chip}
    assert {"memristor-crossbar", "spiking-brainscales", "dopant-glass", "dopant-neurons"} <= said
    assert not said & {"analog-circuit", "cpu-anneal", "cpu-gibbs", "spiking-loihi", "atomic-spins-ideal"}


@pytest.mark.parametrize(
    ("device", "drawn"),
    [
        (ALIKE, False),
        (replace(ALIKE, stuck=0.5), True),
        (replace(ALIKE, drift=1.0), True),
        (AtomicSpinsIdeal(asymmetry=0.3), True),
        (spiking_generic(), False),
        (spiking_generic({"synapse_spread": replace(generic_table()["core_synapses"], value=0.1, low=0.0)}), True),
    ],
)
def test_it_depends_on_what_differs_from_chip_to_chip(device, drawn):
    for problem in (GLASS, TOUR):
        assert device.program(problem, 0).one_chip == drawn


class Drawn(Descent):
    def program(self, problem, rng=None):
        return replace(super().program(problem, rng), one_chip=True)


def test_the_row_the_conclusions_and_the_page_say_one_chip():
    problem = Ring(name="ring", size=12, best_known=12)
    devices = [Drawn(name="lucky", flips=60), Descent(name="plain", flips=60)]
    found = nm.compare(problem, devices, reads=40, rng=1, chips=1)
    lucky, plain = found.results
    assert (lucky.one_chip, plain.one_chip) == (True, False)
    assert [row["one_chip"] for row in nm.results_dict(found)["results"]] == [True, False]
    console = Console(file=io.StringIO(), width=120)
    print_comparison(found, console)
    said = console.file.getvalue()
    assert said.count("40 reads, one chip") == said.count("another chip may do") == 1
    sentences = " ".join(conclusions(found))
    assert "lucky (one chip)" in sentences
    assert "plain (" not in sentences
    html = page.render_page(found, {})
    assert "40 reads, one chip" in html
    assert "another chip may do" in html
    without = page.render_page(replace(found, results=(plain,)), {})
    assert "one chip" not in without.lower()


def test_intervals_of_one_chip_do_not_decide():
    """A device that wins by a wide margin, but as one chip, is not called certain."""
    problem = Ring(name="ring", size=12, best_known=12)
    found = nm.compare(problem, [Descent(name="a", flips=60), Descent(name="b", flips=60)], reads=200, rng=1)
    a, b = found.results
    dear = replace(b, ets_j=nm.Estimate(1e6, 1e5, 1e7), tts_s=nm.Estimate(1e6, 1e5, 1e7))
    certain = conclusions(replace(found, results=(a, dear)))
    assert sum(each.endswith("the intervals are apart.") for each in certain) == 2
    told = conclusions(replace(found, results=(replace(a, one_chip=True), dear)))
    assert sum("but of one chip" in each for each in told) == 2
