# Works with GNU make 3.81 and newer and any Python from 3.10 on. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
LOCKED := .ci/locked
CAN_RUN := $(VENV)/.can-run
CAN_TEST := $(VENV)/.can-test
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# One worker more than cores, because tests wait for sockets, for processes that they start and for Chromium.
WORKERS = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')
PYTEST = -m pytest -n $(WORKERS) $(if $(NO_BROWSER),-m "not browser and not nginx") $(SPREAD) $(ARGS)
# Keep compiled tests; otherwise each worker would compile all of them again.
unexport PYTHONDONTWRITEBYTECODE
NOT_INSTALLED = echo "Not installed, see above. Installing needs a package index, the first time and when versions change." >&2; exit 1
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate \
  --custom-compile-command 'make lock'
CLIENTS := $(VENV)/clients
CAN_TRY_CLIENTS := $(CLIENTS)/.can-try

.DEFAULT_GOAL := help
.PHONY: help run quick test test-newest test-lowest test-clients lock browser nginx check fmt dist bench bench-rivals soak golden pictures clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo '  ARGS="..." is passed on by run, quick, test and bench; PYTHON=python3.12 chooses the Python for $(VENV).'

run: $(CAN_RUN) ## Start the server on 127.0.0.1:8089 (ARGS="--port 9000")
	@$(BIN)/python -m mockserver serve --host 127.0.0.1 --port 8089 $(ARGS)

quick: NO_BROWSER := 1 ## Run all tests except those with Chromium (ARGS="tests/rules -k idle")
# worksteal keeps neighbours in one worker, where they share servers; it does not keep browser tests last.
quick: SPREAD := --dist worksteal
test: ## Run all tests on all cores (ARGS="tests/rules -k idle"); NO_BROWSER=1 leaves out Chromium
quick test: $(CAN_TEST) browser nginx
	@$(BIN)/python $(PYTEST)
	@$(if $(NO_BROWSER),echo "The tests marked browser did not run.",:)

test-newest: VERSIONS := highest ## Run all tests with the newest versions of everything
test-lowest: VERSIONS := lowest-direct ## Run all tests with the oldest versions that pyproject.toml allows
test-newest test-lowest: $(CAN_TEST) browser nginx
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)-$@
	@$(BIN)/uv pip install --quiet --python $(VENV)-$@ --upgrade --resolution $(VERSIONS) --editable '.[dev]'
	@$(VENV)-$@/bin/python $(PYTEST)

test-clients: $(CAN_TRY_CLIENTS) browser ## Try generated clients and docs/clients in Node, JUnit, Kotlin (ARGS="-k vitest")
	@$(BIN)/python -m pytest --clients tests/clients $(ARGS)

lock: $(CAN_TEST) ## Write the newest versions into .ci/locked, for `make` to install
	@$(LOCK) --python-version 3.10 --group build pyproject.toml --extra dev --output-file $(LOCKED)/dev.txt
	@$(LOCK) --python-version 3.10 --group build pyproject.toml --constraint $(LOCKED)/dev.txt --output-file $(LOCKED)/run.txt
	@$(LOCK) --python-version 3.11 --group pyproject.toml:clients --output-file $(LOCKED)/clients.txt

check: $(CAN_TEST) ## Check format, lint, types, the layers and the workflows
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m mypy
	@DENO_DIR=$(VENV)/deno $(BIN)/deno check --quiet --config tests/server/page/deno.json mockserver/server/ui
	@$(BIN)/lint-imports
	@! test -x $(BIN)/hadolint || $(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

fmt: $(CAN_TEST) ## Format, and fix what the linter can fix
	@$(BIN)/python -m ruff check --quiet --fix-only
	@$(BIN)/python -m ruff format

dist: $(CAN_TEST) ## Build wheel, source distribution and a single file with Python inside into dist/, and try them
	@rm -rf dist && mkdir dist
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)-dist
	@$(BIN)/uv pip install --quiet --python $(VENV)-dist --requirement $(LOCKED)/run.txt
	@$(BIN)/uv pip install --quiet --python $(VENV)-dist --group dist dist/*.whl
	@$(VENV)-dist/bin/pyinstaller --onefile --name mockserver --collect-all mockserver --collect-data faker \
	  --copy-metadata media-collection-mockserver --hidden-import faker --log-level ERROR --distpath dist \
	  --workpath $(VENV)-dist/work --specpath $(VENV)-dist tests/dist/entry.py
	@$(BIN)/python -m pytest tests/dist/single_file.py tests/dist/dockerfile.py $(ARGS)

bench: $(CAN_TEST) ## Measure the server (ARGS= as tests/bench takes them)
	@$(BIN)/python tests/bench $(ARGS)

bench-rivals: $(CAN_TEST) ## Measure the server and others that can stand in for the API; installs them into .venv
	@$(BIN)/python tests/bench rivals $(ARGS)

soak: $(CAN_TEST) ## Send a million hostile requests to a server, for about ten minutes (ARGS="--requests 10000 --seed 1")
	@PYTHONPATH=. $(BIN)/python -m tests.soak $(ARGS)

golden: $(CAN_TEST) ## Rewrite fixtures/golden from what the code says now; review the diff
	@$(BIN)/python -m pytest -q -n auto --rewrite-golden $(ARGS)

pictures: $(CAN_TEST) browser ## Take new pictures for docs/images; look at them
	@PYTHONPATH=. $(BIN)/python tests/server/page/pictures.py

clean: ## Remove everything that make has made, including .venv
	@rm -rf $(VENV) $(VENV)-test-* $(VENV)-dist dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find mockserver tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Chromium for the browser tests. CHROMIUM names one in an unusual place. Debian's headless shell is the same engine
# without windows; where there is none, the whole browser is installed.
browser:
	@$(if $(NO_BROWSER),:,test -n "$(CHROMIUM)" || command -v chromium-headless-shell >/dev/null || \
	  command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "Installing Chromium for the browser tests"; \
	  { test "$$(id -u)" = 0 && apt-get update -qq && { \
	    apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium; }; } >/dev/null 2>&1 || { \
	    echo "The browser tests need Chromium: install it (on Debian: sudo apt install chromium)," \
	         "name one (CHROMIUM=/path/to/chrome), or leave them out (make test NO_BROWSER=1)." >&2; \
	    exit 1; }; })

# nginx for the test of docs/scale.md.
nginx:
	@$(if $(NO_BROWSER),:,command -v nginx >/dev/null || test -x /usr/sbin/nginx || { \
	  echo "Installing nginx for the test of docs/scale.md"; \
	  { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq nginx-light; } >/dev/null 2>&1 || { \
	    echo "The test of docs/scale.md needs nginx: install it (on Debian: sudo apt install nginx-light)," \
	         "or leave it out with the browser tests (make test NO_BROWSER=1)." >&2; \
	    exit 1; }; })

# A stamp is newer than its sources while nothing has to be installed, so `make` then needs no network.
# Running needs a tenth of what testing needs.
$(CAN_TEST): $(CAN_RUN) $(LOCKED)/dev.txt
	@echo "Installing what tests and checks need"
	@$(PIP) --requirement $(LOCKED)/dev.txt || { $(NOT_INSTALLED); }
	@touch $@

# The tools that generate and run clients in other languages: Python packages, which bring Node, Java and Kotlin; npm
# packages without their scripts, which would download browsers; Java packages of Debian.
$(CAN_TRY_CLIENTS): $(CAN_TEST) $(LOCKED)/clients.txt tests/clients/package-lock.json
	@echo "Installing what the tests of clients need"
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(CLIENTS)
	@$(BIN)/uv pip install --quiet --python $(CLIENTS) --requirement $(LOCKED)/clients.txt || { $(NOT_INSTALLED); }
	@cp tests/clients/package.json tests/clients/package-lock.json $(CLIENTS)
	@PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" npm ci --prefix $(CLIENTS) --silent --ignore-scripts --no-audit --no-fund || \
	  { $(NOT_INSTALLED); }
	@command -v javac >/dev/null && test -e /usr/share/java/junit-jupiter-api.jar && \
	  test -e /usr/share/java/jackson-databind.jar && test -e /usr/share/java/jsr305.jar || { \
	  test "$$(id -u)" = 0 && apt-get update -qq && \
	  apt-get install -y -qq default-jdk-headless junit5 libjackson2-databind-java libjsr305-java; } >/dev/null 2>&1 || { \
	    echo "The test of the JUnit extension needs a JDK and packages of Debian or Ubuntu:" \
	      "sudo apt install default-jdk-headless junit5 libjackson2-databind-java libjsr305-java" >&2; \
	    exit 1; }
	@touch $@

# Keep a working .venv; replace one without a working pip (its Python was removed, or venv was interrupted).
$(CAN_RUN): pyproject.toml $(LOCKED)/run.txt
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
	@echo "Installing mockserver into $(VENV)"
	@$(PIP) --requirement $(LOCKED)/run.txt || { $(NOT_INSTALLED); }
	@$(PIP) --no-deps --no-build-isolation --editable . || { $(NOT_INSTALLED); }
	@touch $@
