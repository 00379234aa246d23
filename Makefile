# Two commands to start with: `make demo` shows what this is for, `make test` runs the tests.
# Both need Python 3.10 or newer, git and make; uv is installed into .tools/ where it is missing.
# Nothing is written outside of this folder and a temporary one.

UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
PYTHON ?= python3
ARGS =

export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export UV_PYTHON_DOWNLOADS ?= never

.DEFAULT_GOAL := help
.PHONY: help demo test lint types check sample scenarios windows bench wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

demo: $(UV) ## render a project, install it, edit it, install it again
	$(UV) run --quiet bench/demo.py $(ARGS)

test: $(UV) ## run the tests, without the slow ones
	$(UV) run --quiet pytest --numprocesses 2 -m "not slow" $(ARGS)

lint: $(UV) ## find mistakes, check the format
	$(UV) run --quiet nox --session lint format-check

types: $(UV) ## check the types
	$(UV) run --quiet nox --session types

check: $(UV) ## lint, types and tests: everything that must pass before a push
	$(UV) run --quiet nox --session lint format-check types tests

sample: $(UV) ## run one slow case of each test module
	$(UV) run --quiet nox --session sample

scenarios: $(UV) ## run all tests, the slow ones too
	$(UV) run --quiet nox --session scenarios

windows: $(UV) ## run the verbs on Windows, under Wine
	$(UV) run --quiet nox --session windows -- $(ARGS)

bench: $(UV) ## time the commands against those that people type instead
	$(UV) run --quiet nox --session bench

wheel: $(UV) ## build the wheel and the launcher that the template ships
	$(UV) run --quiet python tools/bundle.py

clean: ## remove the caches and the tools that these targets made
	rm -rf .cache .tools .venv .nox .mypy_cache .pytest_cache .ruff_cache

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check uv
