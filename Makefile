# The two commands of the README (demo, test) do everything from a fresh clone; the rest is for those who work here.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CODE := $(wildcard src tests plugins benchmarks)
PLUGINS := $(wildcard plugins/*)
PYTEST_FLAGS := --numprocesses logical --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage lint format bench studio clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(INSTALLED) ## Set up, then run the quickstart: a small model tuned, pruned, quantized, compressed and compared
	$(BIN)/persopt quickstart

test: lint ## Set up, then run the linters, the type checker, the layer contracts and all tests
	$(BIN)/pytest $(PYTEST_FLAGS)

coverage: lint ## As test, and show which lines no test runs; slower
	$(BIN)/pytest --cov $(PYTEST_FLAGS)

lint: $(INSTALLED) ## Only the linters, the type checker and the layer contracts
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	for plugin in $(PLUGINS); do $(BIN)/mypy $$plugin || exit 1; done # one by one: they have modules of one name
	$(BIN)/lint-imports

format: $(INSTALLED) ## Let ruff mend what it can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(INSTALLED) ## Run the benchmarks; a Markdown table on standard output
	$(BIN)/python -m benchmarks.run

studio: ## Not in this version: the studio in the browser is a later issue
	@echo "this version of persopt has no studio yet" >&2; exit 2

setup: $(INSTALLED) ## Only the virtual environment

# The stamp is touched last, so an interrupted installation is taken up again.
$(INSTALLED): pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "persopt needs Python 3.11 or newer, '$(PYTHON)' is not; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check torch -c constraints.txt
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[dev]' $(PLUGINS:%=-e %) -c constraints.txt
	@touch $@

clean: ## Remove the virtual environment and the tools' caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
