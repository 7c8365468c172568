"""Every installed target tells what it holds, and what would fit where a problem does not."""

import json
import re

import numpy as np
import pytest
from scipy import sparse

import neuromorph as nm
from neuromorph.problems import MaxCut
from neuromorph.protocol import DoesNotFit
from neuromorph.report.table_columns import status

TARGETS = nm.available_targets()


def random_ising(n, seed=0, fields=0.0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return nm.Ising(j + j.T, fields * rng.normal(size=n))


def chain(n):
    return nm.Ising(sparse.diags_array([np.ones(n - 1)] * 2, offsets=[1, -1]).tocsr())


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_a_mapping_report(name):
    program = nm.get_target(name).program(random_ising(4, fields=0.5), rng=0)
    report = nm.mapping_report(program)
    assert report.target == name
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["error"] == program.mapping_error
    if program.programmed is not None:
        assert (report.spins, report.couplings, report.degree) == (4, 6, 3)
        assert np.isfinite(report.scaled_error)
        assert report.beta > 0.0
        assert report.kl >= 0.0
        assert report.beta_local / report.beta == pytest.approx(report.scale, rel=0.5)


def test_targets_tell_numbers_of_their_own():
    asked = random_ising(8)
    for name, expected in {
        "memristor-crossbar": {"tiles": 1.0},
        "spiking-loihi": {"weight_bits": 8.0},
        "analog-circuit": {"resistors": 56.0},
        "dopant-neurons": {"units": 8.0},
        "quantum-annealer": {"qubits": 16.0, "longest_chain": 2.0},
    }.items():
        told = nm.mapping_report(nm.get_target(name).program(asked, rng=0)).device
        assert {key: told[key] for key in expected} == expected, name


def test_the_table_tells_tiles_and_rounds(tmp_path):
    """Sixteen spins on atoms are several arrays, visited in rounds; a crossbar with room for all says nothing."""
    problem = MaxCut("path", sparse.diags_array([np.ones(15)] * 2, offsets=[1, -1]).tocsr())
    atoms = nm.get_target("atomic-spins(attempts=50,visit=10,starts=1)")
    told = nm.mapping_report(atoms.program(problem, 0)).device
    assert told["tiles"] * told["atoms_of_a_tile"] >= 16.0
    assert told["rounds"] == 5.0
    assert nm.mapping_report(nm.get_target("dopant-glass").program(random_ising(3), 0)).device["acceptors"] == 3.0
    found = nm.compare(problem, [atoms, "cpu-gibbs"], reads=2, rng=0, task=nm.Sample(0.5), chips=1)
    said = {row.target: status(row) for row in found.results}
    assert f"in {told['tiles']:.0f} tiles x 5 rounds" in said["atomic-spins"]
    assert "tile" not in said["cpu-gibbs"]


PROBLEMS = {
    "large": chain(2_000_000),
    "dense": random_ising(2_500),
    "tour": nm.Tsp.from_coordinates(np.random.default_rng(0).random((300, 2))),
    "fields": random_ising(24, fields=100.0),
}


@pytest.mark.parametrize("what", [*PROBLEMS])
@pytest.mark.parametrize("name", [name for name in TARGETS if nm.get_target(name).name.partition("-")[0] != "cpu"])
def test_what_does_not_fit_is_answered_with_what_would(name, what):
    """A number, and words that it is the most; the last line of the message is no shrug."""
    try:
        nm.get_target(name).program(PROBLEMS[what], rng=0)
    except DoesNotFit as error:
        said = str(error)
        assert re.search(r"\d", said), said
        assert re.search(r"would (fit|hold)|at most|take |up to|stops at", said), said
        assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("analog-circuit(resistors=200)", random_ising(20)),
        ("analog-circuit(neurons=10)", chain(20)),
        ("spiking-loihi", chain(140_000)),
        ("spiking-brainscales", chain(600)),
        ("dopant-neurons", chain(3_000)),
        ("memristor-crossbar", chain(3_000)),
        ("atomic-spins", chain(600)),
        ("dopant-glass", chain(6)),
    ],
)
def test_the_size_that_is_told_fits_and_one_more_does_not(name, problem):
    device = nm.get_target(name)
    with pytest.raises(DoesNotFit) as refused:
        device.program(problem, rng=0)
    said = re.search(r"would fit: (\d+)|(\d+) spins at most|more than (\d+)|at most (\d+)", str(refused.value))
    most = int(next(number for number in said.groups() if number))
    dense = problem.sparse_couplings().nnz > 3 * problem.size
    make = random_ising if dense else chain
    with pytest.raises(DoesNotFit):
        device.program(make(most + 1), rng=0)
    if most <= 50 or name.startswith("spiking"):  # programming a large crossbar takes seconds
        device.program(make(most), rng=0)
