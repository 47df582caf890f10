# The two commands of the README (demo, test) do everything from a fresh clone; the rest is for those who work here.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CODE := $(wildcard src tests plugins benchmarks web/*.py web/scripts web/tests)
PLUGINS := $(wildcard plugins/*)
PAGE := src/persopt/server/static/index.html
NPM := $(shell node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	2> /dev/null && command -v npm)
CHROMIUM := $(or $(PERSOPT_CHROMIUM),$(wildcard /usr/bin/chromium /usr/bin/google-chrome))
PYTEST_FLAGS := --numprocesses logical --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage lint format bench studio test-studio clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(INSTALLED) ## Set up, then run the quickstart: a small model tuned, pruned, quantized, compressed and compared
	$(BIN)/persopt quickstart

test: lint ## Set up, then run the linters, the type checker, the layer contracts and all tests
	$(BIN)/pytest $(PYTEST_FLAGS)
	@$(MAKE) --no-print-directory test-studio

test-studio: $(INSTALLED) ## Only the studio: its linters, types, unit tests, size, and browser tests
ifdef NPM
	@$(MAKE) --no-print-directory web/node_modules/.package-lock.json
	cd web && PYTHON="$(abspath $(BIN)/python)" npm run --silent test
ifdef CHROMIUM
	cd web && PYTHON="$(abspath $(BIN)/python)" npm run --silent e2e
else
	@test -z "$$PERSOPT_REQUIRE_STUDIO" || { echo "the studio's browser tests are demanded, and there is no Chromium" >&2; exit 1; }
	@echo "skipped: the studio's browser tests, which need Chromium"
endif
else
	@test -z "$$PERSOPT_REQUIRE_STUDIO" || { echo "the studio's tests are demanded, and there is no npm" >&2; exit 1; }
	@echo "skipped: the studio's tests, which need npm (Node 20.19 or newer) and Chromium"
endif

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

studio: $(INSTALLED) $(PAGE) ## Set up, build the page, serve the studio and open it in the browser
	$(BIN)/persopt studio --open

$(PAGE): web/node_modules/.package-lock.json web/index.html web/vite.config.ts $(shell find web/src web/public -type f 2>/dev/null)
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@command -v npm > /dev/null || { echo "the studio's page is built by npm (Node 20.19 or newer)" >&2; exit 1; }
	cd web && npm ci
	@touch $@

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
	rm -rf $(VENV) web/node_modules web/test-results src/persopt/server/static .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
