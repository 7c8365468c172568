"""One name a sampler: the table against functions, dimod samplers, targets and the command."""

import pytest

import neuromorph as nm
from neuromorph import sampling
from neuromorph.cli import main
from neuromorph.sampling import dimod_samplers
from neuromorph.sampling.methods import METHODS, RENAMED_METHODS

# They only minimize: ``neuromorph.optimization``.
OPTIMIZERS = {
    "cpu-optimize", "cpu-simulated-bifurcation", "cpu-coherent-ising", "cpu-sim-cim", "cpu-local-quantum-annealing",
}  # fmt: skip


def test_the_table_is_what_there_is():
    functions = {method.function for method in METHODS}
    assert all(callable(getattr(sampling, name)) for name in functions)
    classes = {name for name in vars(dimod_samplers) if name.endswith("Sampler") and not name.startswith("_")}
    classes -= {"DimodSampler"}  # what they share
    assert classes == {method.dimod_class for method in METHODS if method.dimod}
    installed = {name for name in nm.available_targets() if name.startswith("cpu-")}
    others = {"cpu-relaxation", *OPTIMIZERS}  # they recall, or minimize alone
    assert installed - others == {method.target for method in METHODS if method.target}
    assert all(m.target == f"cpu-{m.name}" for m in METHODS if m.target and m.target != "cpu-anneal")


def test_former_names_still_lead_there(tmp_path, capsys):
    for old, new in RENAMED_METHODS.items():
        path = tmp_path / "pair.coo"
        path.write_text("# vartype=SPIN\n0 1 -1\n")
        assert main(["sample", str(path), "--beta", "1", "--reads", "8", "--seed", "1", "--method", old]) == 0
        assert f"{old} is now {new}" in capsys.readouterr().err
    for old, new in (("cpu-cluster", "cpu-swendsen-wang"), ("cpu-population", "cpu-population-annealing")):
        with pytest.warns(DeprecationWarning, match=f"{old} is now {new}"):
            assert nm.get_target(old).name == new
    for old, new in (("Minimise", "Minimize"), ("Relax", "RecallFrom"), ("target", "get_target"), ("memory", None)):
        with pytest.warns(DeprecationWarning, match=f"neuromorph.{old} is now"):
            assert getattr(nm, old) is getattr(nm, new or "associative_memory")
