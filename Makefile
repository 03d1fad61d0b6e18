# Works with GNU make 3.81 and newer and any Python from 3.10 on. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# One more than cores: tests wait for sockets, for processes they start and for Chromium.
WORKERS = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')

.DEFAULT_GOAL := help
.PHONY: help run test browser check fmt bench golden pictures clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo '  ARGS="..." is passed on by run, test and bench; PYTHON=python3.12 chooses the Python for $(VENV).'

run: $(INSTALLED) ## Start the server on 127.0.0.1:8089 (ARGS="--port 9000")
	@$(BIN)/python -m mockserver serve --host 127.0.0.1 --port 8089 $(ARGS)

test: $(INSTALLED) browser ## Run all tests on all cores (ARGS="tests/rules -k idle"); NO_BROWSER=1 leaves out Chromium
	@$(BIN)/python -m pytest -n $(WORKERS) $(if $(NO_BROWSER),-m "not browser") $(ARGS)
	@$(if $(NO_BROWSER),echo "NO_BROWSER: the tests marked browser did not run.",:)

check: $(INSTALLED) ## Check format, lint, types and the layers
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports

fmt: $(INSTALLED) ## Format, and repair what lint can repair by itself
	@$(BIN)/python -m ruff check --quiet --fix-only
	@$(BIN)/python -m ruff format

bench: $(INSTALLED) ## Measure the server (ARGS= as tests/bench takes them)
	@$(BIN)/python tests/bench $(ARGS)

golden: $(INSTALLED) ## Rewrite fixtures/golden from what the code says now; review the diff
	@$(BIN)/python -m pytest -q -n auto --rewrite-golden $(ARGS)

pictures: $(INSTALLED) browser ## Take the pictures of docs/images anew; look at them
	@PYTHONPATH=. $(BIN)/python tests/server/page/pictures.py

clean: ## Remove what make has made, .venv too
	@rm -rf $(VENV) dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find mockserver tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Chromium for the tests of what browsers do. CHROMIUM names one in an unusual place. Debian's headless shell is the
# same engine without windows; where it is not to be had, the whole browser will do.
browser:
	@$(if $(NO_BROWSER),:,test -n "$(CHROMIUM)" || command -v chromium-headless-shell >/dev/null || \
	  command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "Installing Chromium for the browser tests"; \
	  { test "$$(id -u)" = 0 && apt-get update -qq && { \
	    apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium; }; } >/dev/null 2>&1 || { \
	    echo "The browser tests need Chromium: install it (on Debian: sudo apt install chromium)," \
	         "name one (CHROMIUM=/path/to/chrome), or leave them out (make test NO_BROWSER=1)." >&2; \
	    exit 1; }; })

# The stamp is newer than pyproject.toml as long as nothing has to be installed, so a fresh one needs no network.
# A .venv that works is kept; one without a working pip (its Python was removed, or venv stopped half-way) is made anew.
$(INSTALLED): pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  command -v $(PYTHON) >/dev/null 2>&1 || { \
	    echo "There is no $(PYTHON) here. Install Python 3.10 or newer, or name one: make PYTHON=/path/to/python3" >&2; \
	    exit 1; }; \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "mockserver needs Python 3.10 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	         "Name a newer one: make PYTHON=python3.12" >&2; \
	    exit 1; }; \
	  echo "Creating $(VENV) with $$($(PYTHON) --version 2>&1)"; \
	  $(PYTHON) -m venv --clear $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "$(PYTHON) cannot create a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
	    exit 1; }; \
	}
	@echo "Installing mockserver and its tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || { \
	  echo "The installation failed, see above. It needs a package index the first time and when pyproject.toml changes." >&2; \
	  exit 1; }
	@touch $@
