# Everything runs in a private .venv; needed beforehand: Python >= 3.11, make and a package index.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Tests run a process a core already; threads of BLAS on top make small products many times as slow.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: demo test test-all lint bench clean
.DELETE_ON_ERROR:

demo: .venv/installed
	$(BIN)/neuromorph compare examples/data/burma14.tsp --reads 50 --seed 1 --out demo-report
	@echo "open demo-report/report.html"

test: .venv/dev
	@sh .ci/install-ngspice
	$(ONE_THREAD) $(BIN)/pytest -n auto -m "not slow"

test-all: .venv/dev
	@sh .ci/install-ngspice
	$(ONE_THREAD) $(BIN)/pytest -n auto

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

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
	@touch $@ .venv/installed

.venv/bench: .venv/dev
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[bench]"
	@touch $@

clean:
	rm -rf .venv demo-report
