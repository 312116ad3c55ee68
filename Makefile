# Everything a checkout needs is set up by the first target that is called; see docs/development.md.
SHELL := /bin/bash
# What is compiled is kept: tests start many processes, and each would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE
# The first Python that is new enough.
PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done),python3)
PY := .venv/bin/python
URL ?= http://127.0.0.1:$(or $(PORT),8000)

.PHONY: help run setup dev lint test test-fast test-deep lock bench shots clean
.DEFAULT_GOAL := help

help:  ## say what there is to make
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run: setup  ## set up, migrate, seed and serve the console
	@exec $(PY) run.py up

setup:  ## .venv, front-end files and icons, as far as they are not there
	@$(PYTHON) -m tools.install

dev:  ## the same, and what tests and checks need
	@$(PYTHON) -m tools.install --dev

lint: dev  ## static checks
	$(PY) -m ruff check --quiet .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) run.py check

test-fast: dev  ## tests without browser, on SQLite
	@$(PY) -m pytest -q -n 2 -m "not browser and not deep and not postgres and not redis and not slow"

test: lint  ## static checks, then every test this machine can run
	@$(PY) -m tests.machine
	@$(PY) -m pytest -q -n 3 --dist worksteal -m "not deep"

test-deep: dev  ## exhaustive matrices and long fault runs
	@$(PY) -m tests.machine
	@$(PY) -m pytest -q -n 2 -m deep

bench: setup  ## measure this checkout
	@$(PY) run.py bench

shots: dev  ## pictures of a running console, into shots/: make shots AS=account PASSWORD=... [URL=... PAGES="/room/list/ ..."]
	@PASSWORD="$(PASSWORD)" $(PY) -m tools.shots --url "$(URL)" --as "$(AS)" $(PAGES)

lock: dev  ## newest versions that pyproject.toml and package.json allow, into the locks
	@$(PY) -m tools.lock

clean:  ## away with what set-up and tools made; instance/ stays
	rm -rf .venv node_modules views/theme/static/vendor shots .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
