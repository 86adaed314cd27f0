# Each target makes its own environment in .venv; nothing else has to be done by hand.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PACKAGE := pyproject.toml

# The first of these that runs and is new enough.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	"$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		>/dev/null 2>&1 && echo "$$each" && break; done)

SIMULATE := .venv-simulate

.PHONY: demo test test-simulate lint format docs screenshots wheel clean

demo: $(VENV)/installed
	$(BIN)/siting example --out demo || test $$? -eq 4 # 4: a plan, but not proven in time

# Whole files side by side, one for each core.
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# The hydraulic check holds pandas below 3, so its tests have an environment of their own.
test-simulate: $(SIMULATE)/installed
	$(SIMULATE)/bin/python -m pytest -k simulate --numprocesses auto --dist loadfile

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Every link inside the pages must lead somewhere: warnings are errors.
docs: $(VENV)/installed-dev
	$(BIN)/sphinx-build -W --keep-going -q -b html siting/docs build/docs

# Takes the pictures of README and documentation anew, from real results; needs Chromium.
screenshots: $(VENV)/installed-dev
	$(BIN)/python siting/docs/screenshots.py

wheel: $(VENV)/installed
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) $(SIMULATE) demo dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(PACKAGE) | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(SIMULATE)/installed: $(PACKAGE)
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found." >&2; exit 1; }
	$(PYTHON) -m venv $(SIMULATE)
	$(SIMULATE)/bin/python -m pip install --quiet -e '.[simulate,dev,osm]'
	@touch $@

$(VENV)/installed-dev: $(PACKAGE) | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[dev,osm]'
	@touch $@ $(VENV)/installed
