# make demo: set up everything and serve the app.   make test: set up everything and run the tests.
# make setup | lint | bench | test-slow | test-assets ASSETS=folder

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
HF_LIBERO := $(shell sed -n 's/^HF_LIBERO = "\(.*\)"/\1/p' omniactor/sim/tasks.py)
# Off-screen GL for the simulator; Chromium for live pages, with its driver for the browser tests.
GL_PACKAGES := $(shell tr '\n' ' ' < packages.txt)
BROWSER_PACKAGES := chromium chromium-driver fonts-liberation

.PHONY: setup demo test test-slow test-assets lint bench system-packages browser-packages

setup: system-packages $(VENV)/.ready

demo: setup
	$(BIN)/python app.py

test: setup browser-packages $(VENV)/.ready-dev
	$(BIN)/python -m pytest -m "not slow"

test-slow: setup browser-packages $(VENV)/.ready-dev
	$(BIN)/python -m pytest -m slow

# The checks that need LIBERO's own models: make test-assets ASSETS=/folder/with/libero_assets
test-assets: setup $(VENV)/.ready-dev
	OMNIACTOR_LIBERO_ASSETS=$(ASSETS) $(BIN)/python -m pytest -m libero_assets

lint: $(VENV)/.ready $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: setup
	$(BIN)/python -m omniactor evaluate libero-90 --agent expert --tasks 0,22,28,46-54 --episodes 2 --out build/bench --json

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "expected Python 3.11 or 3.12, found none; install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { echo "expected Python 3.11 or 3.12, got $$($(PYTHON) --version); run: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@# Debian's Python may come without ensurepip; the installed pip then fills the environment.
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(VENV)/bin/python install --quiet pip; }

$(VENV)/.ready: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the Python packages (once, a few minutes) ..."
	@$(BIN)/python -m pip install --quiet -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps $(HF_LIBERO)
	@$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

# Installed when this user may, named when not. One working GL library is enough to go on.
system-packages:
	@if ldconfig -p | grep -qE 'libOSMesa|libEGL' && ldconfig -p | grep -q 'libGL\.so' && ldconfig -p | grep -q 'libglib-2'; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "Off-screen GL is missing; install the equivalents of: $(GL_PACKAGES)" >&2; exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; \
	else echo "Off-screen GL is missing and this user may not install it. Ask an administrator to run: apt-get install $(GL_PACKAGES)" >&2; exit 1; fi; \
	echo "Installing Debian packages: $(GL_PACKAGES)"; \
	$$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq --no-install-recommends $(GL_PACKAGES) >/dev/null

browser-packages:
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then exit 0; fi; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	echo "Installing Debian packages: $(BROWSER_PACKAGES)"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(BROWSER_PACKAGES) >/dev/null; \
	else echo "The browser tests will be skipped; they need: apt-get install $(BROWSER_PACKAGES)" >&2; fi
