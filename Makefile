# `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
WORKERS ?= auto
PORT ?= 8000
# Where it is set, every program started would compile all it imports, and keep nothing.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-dev demo run test check bench pictures lock clean

help:  ## say what there is
	@echo '留痕 Liuhen — make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/  \1\t\2/p' Makefile | expand -t 14

setup:  ## make .venv, install what is locked, fetch print font and the pages' files; leaves .venv/bin/liuhen
	@scripts/setup.sh base

setup-dev:  ## the same, and what the checks and tests need
	@scripts/setup.sh dev

demo: setup  ## set up, make a card, take it in, verify it, print the receipt
	@$(BIN)/liuhen demo

run: demo  ## the demo, then the pages on http://127.0.0.1:8000 (PORT=… for another); prints the sign-ins
	@$(BIN)/liuhen serve --demo --port $(PORT)

test: setup-dev  ## the whole test suite, browser stories included (WORKERS=2 to say how many processes)
	@scripts/browser.sh
	@$(BIN)/pytest -n $(WORKERS) -q -rfEs

check: setup-dev  ## style, types, import contract, templates, and the fast tests
	$(BIN)/ruff check src tests scripts
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_templates.py
	$(BIN)/pytest -n $(WORKERS) -q -m 'not slow' $(wildcard tests/core tests/contracts)

bench: setup-dev  ## the measurements of tests/bench against their yardsticks
	@$(BIN)/python tests/bench/run.py

pictures: setup-dev  ## the handbook's pictures of every page, made anew
	@scripts/browser.sh
	@LIUHEN_SHOTS=docs/handbook/pictures $(BIN)/pytest -n $(WORKERS) -q tests/e2e/test_e2e_every_page.py -k accessible

lock: setup-dev  ## compile requirements/*.in to lock files with hashes
	@scripts/lock.sh

clean:  ## remove what was built; keep .venv and var/
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
