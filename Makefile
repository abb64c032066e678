# Two commands: `make run` serves a live market, `make test` runs the whole suite. Both set up what they need, once.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
TESTS  ?= tests
PIP    := $(BIN)/pip install -qq --disable-pip-version-check --constraint constraints.txt

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' 2>/dev/null)
WEB_APP     := cryptoshop/static/app/index.html

.PHONY: run test setup web lint pictures clean

run: $(VENV)/runtime.stamp web
	@exec $(BIN)/cryptoshop serve --demo --data-dir data $(ARGS)

test: $(VENV)/test.stamp web
	@sh tests/install-chromium.sh
	@exec $(BIN)/python -m pytest $(TESTS) $(ARGS)

setup: $(VENV)/test.stamp web

lint: $(VENV)/test.stamp
	@$(BIN)/ruff check .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "cryptoshop needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make run PYTHON=python3.12" >&2; exit 1; }
	@echo "set-up 1/3  virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "set-up 2/3  Python packages (a minute or two the first time)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/runtime.stamp
	@echo "set-up      packages for the tests"
	@$(PIP) --editable '.[test]'
	@touch $@

# The pictures of README.md and docs/, taken anew.
pictures: $(VENV)/test.stamp web
	@sh tests/install-chromium.sh
	@exec $(BIN)/python -m tests.web.pictures $(ARGS)

# The web app needs Node; without it the exchange serves its API and says that the pages are missing.
web:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --silent --no-print-directory $(WEB_APP); \
	 else echo "set-up 3/3  no npm on PATH: the web app is not built (install Node 20 or newer), the API is served without it"; fi

$(WEB_APP): $(WEB_SOURCES)
	@echo "set-up 3/3  web app"
	@cd web && npm ci --silent --no-audit --no-fund && npm run --silent build -- --logLevel warn
	@touch $@

clean:
	rm -rf $(VENV) web/node_modules cryptoshop/static/app build *.egg-info
