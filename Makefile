# Every target does its own set-up: a virtual environment with pinned, hashed dependencies.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 3

unexport PYTHONDONTWRITEBYTECODE  # where it is set, each of a service's or a test's processes would compile everything anew

.PHONY: run demo test soak bench lint lock clean help

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: $(VENV)/.run ## portal, clock, Prefect server and worker on the embedded default
	@exec $(BIN)/isms up

demo: $(VENV)/.run ## the same with a small believable company, in a data folder of its own
	@exec $(BIN)/isms demo

test: $(VENV)/.dev ## everything that passes here; names what it skipped
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup -m "not soak" $(ARGS)

soak: $(VENV)/.dev ## the long crash tests: 200 rounds of kill -9, and cycles whose services are killed
	$(BIN)/pytest -n 1 -m soak $(ARGS)

bench: $(VENV)/.bench ## the table of ratios; see bench/README.md
	$(BIN)/python -m bench

lint: $(VENV)/.dev ## linters, import contracts, type checker
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

lock: ## compile requirements/*.txt from pyproject.toml; needs uv
	uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --no-strip-extras --universal --python-version 3.11 --no-header -q -o requirements/run.txt
	uv pip compile pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --no-strip-extras --universal --python-version 3.11 --no-header -q -o requirements/dev.txt
	uv pip compile requirements/bench.in -c requirements/dev.txt --generate-hashes --no-emit-index-url --no-strip-extras --universal --python-version 3.11 --no-header -q -o requirements/bench.txt

clean: ## remove the virtual environment; data folders stay
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) --no-deps --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) --no-deps --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(PIP) --no-deps --require-hashes -r requirements/bench.txt
	@touch $@
