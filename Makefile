# Two commands for a fresh machine: `make demo` and `make test`. Each makes its own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := $(shell find hooks -name '*.py' 2>/dev/null)

.PHONY: demo test lint unit bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/gatepost demo

test: lint unit

lint: $(VENV)/.tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.tested
	tests/services.sh
	$(BIN)/pytest -n auto

bench: $(VENV)/.tested
	$(BIN)/python benchmarks/hooks.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml $(SOURCES)
	$(BIN)/python -m pip install --quiet '.[demo]'
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet '.[all]' --group test
	touch $@

clean:
	rm -rf $(VENV) dist build
