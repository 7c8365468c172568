"""Graphs by their published sizes, embeddings by their definition, chains against enumeration, a quantum annealer."""

import json
import math
import subprocess
import time
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.annealer_graphs import QuantumAnnealer, embedding_process, hardware_graphs
from hardware_targets.annealer_graphs.chains import (
    chain_strength,
    gather_chains,
    spread_over_chains,
    vote,
    voted_law,
)
from hardware_targets.annealer_graphs.embedding import (
    Embedding,
    check_embedding,
    clique_chains,
    coupled_pairs,
    heuristic_chains,
    place_directly,
)
from hardware_targets.annealer_graphs.hardware_graphs import quantum_graph
from neuromorph import DoesNotFit, Ising, Minimize, Sample, exact
from neuromorph.runtime.limits import time_limit
from neuromorph.sampling import block_gibbs
from neuromorph.testing import require_distribution


def plus_minus(seed: int, n: int) -> Ising:
    j = np.triu(np.random.default_rng(seed).choice([-1.0, 1.0], (n, n)), 1)
    return Ising(j + j.T)


def glass(seed: int, n: int) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), 0.5)


@pytest.mark.parametrize(
    ("name", "nodes", "edges"), [("chimera", 2048, 6016), ("pegasus", 5640, 40484), ("zephyr", 4800, 45864)]
)
def test_graphs_have_their_published_sizes(name, nodes, edges):
    graph = quantum_graph(name)
    assert (len(graph), graph.number_of_edges()) == (nodes, edges)


@pytest.mark.parametrize(("name", "qubits", "longest"), [("chimera", 960, 16), ("pegasus", 408, 7), ("zephyr", 360, 6)])
def test_sixty_spins_coupled_to_all_fit(name, qubits, longest):
    """Qubits at most as published for Chimera and Pegasus, and as first measured for Zephyr."""
    embedding = clique_chains(60, quantum_graph(name))
    assert embedding is not None
    check_embedding(nx.complete_graph(60), embedding)
    assert embedding.qubits <= qubits
    assert embedding.longest == longest


def test_sparse_problems_are_embedded_by_minorminer():
    problem = nx.random_regular_graph(3, 40, seed=1)
    problem.add_node(40)  # coupled to nothing
    embedding = heuristic_chains(problem, quantum_graph("chimera", 6), 60.0)
    assert embedding is not None
    check_embedding(problem, embedding)
    assert len(embedding.chains[40]) == 1


def test_a_search_in_a_process_finds_chains_and_ends_with_its_time(monkeypatch):
    """minorminer looks at no clock within a try: a study of G1 once waited minutes for one."""
    monkeypatch.setattr(embedding_process, "_SMALL", 0)
    children = []

    def start(*args, **options):
        children.append(subprocess.Popen(*args, **options))
        return children[-1]

    monkeypatch.setattr(embedding_process, "subprocess", SimpleNamespace(**vars(subprocess) | {"Popen": start}))
    problem = nx.random_regular_graph(3, 40, seed=1)
    found = heuristic_chains(problem, quantum_graph("chimera", 6), 60.0)
    assert found is not None
    check_embedding(problem, found)
    hard = nx.gnp_random_graph(150, 0.06, seed=1)
    with time_limit(time.monotonic() + 0.5):  # half of it is left for parts of the problem
        assert heuristic_chains(hard, quantum_graph("chimera", 16), 600.0) is None
    assert heuristic_chains(hard, quantum_graph("chimera", 16), 0.3) is None

    def slowly(asked):
        time.sleep(0.6)
        return json.dumps(asked)

    slow = SimpleNamespace(dumps=slowly, loads=json.loads)
    monkeypatch.setattr(embedding_process, "json", slow)
    with time_limit(time.monotonic() + 1.0):  # what is written for the process is part of that half
        assert heuristic_chains(hard, quantum_graph("chimera", 16), 600.0) is None
    assert [child.poll() is not None for child in children] == [True] * 4


def test_what_is_no_embedding_is_seen():
    path = nx.path_graph(4)
    with pytest.raises(ValueError, match="not connected"):
        check_embedding(nx.path_graph(2), Embedding(((0, 2), (1,)), path, ""))
    with pytest.raises(ValueError, match="share"):
        check_embedding(nx.path_graph(2), Embedding(((0, 1), (1,)), path, ""))
    with pytest.raises(ValueError, match="no coupler"):
        check_embedding(nx.path_graph(2), Embedding(((0,), (3,)), path, ""))


def test_chain_strength_is_that_of_its_equation():
    assert chain_strength(plus_minus(0, 60)) == pytest.approx(1.414 * math.sqrt(59.0))
    assert chain_strength(Ising(np.zeros((2, 2)), [3.0, -1.0])) == 3.0


CYCLE = Embedding(((0, 1), (2,), (3, 4)), nx.cycle_graph(5), "")  # a triangle as a ring of five


def test_a_problem_on_chains_has_its_energies():
    problem = glass(1, 3)
    chained = spread_over_chains(problem, CYCLE, 2.5)
    back = gather_chains(chained, chained.physical)
    assert np.allclose(back.dense_couplings(), problem.dense_couplings(), atol=1e-15)
    assert np.allclose(back.biases, problem.biases, atol=1e-15)
    s = exact.spins_of(np.arange(8), 3)
    whole = s[:, chained.owner]
    assert np.allclose(chained.physical.energy(whole), problem.energy(s) - 2.5 * 2)  # two couplers within chains
    spins, broken = vote(chained, whole)
    assert np.array_equal(spins, s)
    assert not broken.any()


def test_votes_are_majorities_and_ties_the_first_qubit():
    embedding = Embedding(((0, 1, 2), (3, 4)), nx.path_graph(5), "")
    chained = spread_over_chains(Ising([[0.0, 1.0], [1.0, 0.0]]), embedding)
    spins, broken = vote(chained, np.array([[1, -1, -1, -1, 1], [1, 1, 1, 1, 1]], np.int8))
    assert spins.tolist() == [[-1, -1], [1, 1]]
    assert broken.tolist() == [1.0, 0.0]


def test_the_law_of_votes_is_sampled_and_becomes_exact_with_strong_chains():
    problem, beta = glass(1, 3), 0.7
    chained = spread_over_chains(problem, CYCLE, 1.0)
    law = voted_law(chained, chained.physical, beta)
    states = block_gibbs(chained.physical, beta, 1, chains=20_000, burn_in=100, rng=3).spins[:, 0]
    require_distribution(vote(chained, states)[0], law, "votes")
    boltzmann = exact.boltzmann(problem, beta)
    away = []
    for strength in (1.0, 3.0, 9.0):
        tied = spread_over_chains(problem, CYCLE, strength)
        away.append(float(np.abs(voted_law(tied, tied.physical, beta) - boltzmann).max()))
    assert away[0] > 10.0 * away[1] > 100.0 * away[2]


def test_control_errors_are_held_and_none_is_exact():
    problem = glass(4, 10)
    quiet = QuantumAnnealer(control_error=0.0).program(problem, 1)
    assert quiet.mapping_error < 1e-12
    assert not quiet.one_chip
    errors = [QuantumAnnealer(control_error=e).program(problem, 1).mapping_error for e in (0.5, 1.0, 2.0)]
    assert errors[1] == pytest.approx(2.0 * errors[0], rel=1e-6)
    assert errors[2] == pytest.approx(4.0 * errors[0], rel=1e-6)


def test_words_are_within_the_ranges_of_the_machine():
    for problem in (plus_minus(0, 12), Ising(0.01 * plus_minus(0, 12).couplings, np.full(12, 5.0))):
        state = QuantumAnnealer(control_error=0.0).program(problem).state
        j = state.physical.sparse_couplings()
        assert j.max() <= 2.0 + 1e-9
        assert j.min() >= -1.0 - 1e-9
        assert np.abs(state.physical.biases).max() <= 4.0 + 1e-9


def test_what_does_not_fit_is_told_with_a_remedy(monkeypatch):
    with pytest.raises(DoesNotFit, match="no embedding of 12 spins and 66 couplings"):
        QuantumAnnealer(graph="chimera", size=2).program(plus_minus(0, 12))
    with pytest.raises(DoesNotFit, match="needs 2049 spins"):
        QuantumAnnealer(graph="chimera").program(Ising(np.zeros((2049, 2049))))
    device = QuantumAnnealer()
    program = device.program(glass(1, 4))
    with pytest.raises(DoesNotFit, match="does not sample"):
        device.run(program, Sample(1.0), 1, 0)
    with pytest.raises(DoesNotFit, match=r"pip install 'neuromorph\[annealers\]'"):
        hardware_graphs.optional_package("no.such.package")


def test_time_is_that_of_a_machine_and_energy_that_of_its_system():
    device = QuantumAnnealer(sweeps=50)
    run = device.run(device.program(glass(1, 6), 1), Minimize(), 100, 1)
    ledger = nm.price(run, device.costs())
    assert ledger.time_per_read.value == pytest.approx(174.54e-6)
    assert sum(e.total.value for e in ledger.times if e.once) == pytest.approx(15.07e-3)
    per_read = sum(e.total.value for e in ledger.entries if not e.once) / 100
    assert per_read == pytest.approx(25e3 * 174.54e-6, rel=1e-6)
    assert run.provenance["embedding"]["qubits"] >= 6


def test_a_lattice_needs_no_chain():
    found = place_directly(coupled_pairs(Ising.from_networkx(nx.cycle_graph(6))), quantum_graph("pegasus", 2))
    assert found is not None
    assert found.longest == 1


@pytest.mark.slow
def test_sixty_spins_in_pegasus_are_solved():
    """K60 of +-1 with the machine's errors: the optimum, as cpu-optimize finds it in both of two searches."""
    problem = plus_minus(61, 60)
    search = nm.get_target("cpu-optimize")
    energies = search.run(search.program(problem), Minimize(), 2, 0).energies
    assert (energies == energies[0]).all()
    device = QuantumAnnealer(sweeps=10_000)
    program = device.program(problem, 1)
    assert program.state.about["longest_chain"] == 7
    run = device.run(program, Minimize(), 15, 1)
    assert run.energies.min() == energies[0]
    assert run.activity["broken_chains"].mean() < 0.05
