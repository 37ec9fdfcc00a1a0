# Everything one does with this template; `make` alone lists it.
# Needs git, make and Python 3.11 or later. uv is taken from PATH, or fetched from the package
# index into .uv/.

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --quiet
ANSWERS ?=
BUILD := build/$(shell date +%Y%m%d-%H%M%S)
HERE := $(shell python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')

.DEFAULT_GOAL := help
.PHONY: help service test carvings pipelines proofs lint format types hooks clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

service: $(UV) ## Carve a service into build/, install it and run it; ANSWERS="metrics=false" for others
	@$(RUN) cookiecutter . --no-input --output-dir $(BUILD) python_version=$(HERE) $(ANSWERS)
	@cd $(BUILD)/* && PATH="$(dir $(abspath $(UV))):$$PATH" $(MAKE) --no-print-directory run

test: lint types carvings pipelines proofs ## Run every test, the slow proofs too

carvings: $(UV) ## Test questions, hooks and every combination of answers, statically
	@$(RUN) pytest --numprocesses auto --ignore tests/proofs $(ARGS)

pipelines: $(UV) ## Let carved services run their own style, types and tests, on every Python
	@$(RUN) pytest tests/proofs/test_own_tests.py --numprocesses 2 -ra $(ARGS)

proofs: $(UV) ## Test carved services for real: as processes, under load, on a fresh machine
	@$(RUN) pytest tests/proofs --ignore tests/proofs/test_own_tests.py -ra $(ARGS)

lint: $(UV) ## Check style and format of the template and of the raw service
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@cd '{{cookiecutter.project_slug}}' && $(abspath $(UV)) run --quiet --project '$(CURDIR)' ruff check --no-cache
	@cd '{{cookiecutter.project_slug}}' && $(abspath $(UV)) run --quiet --project '$(CURDIR)' ruff format --no-cache --check

format: $(UV) ## Mend style and format of the template and of the raw service
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
	@cd '{{cookiecutter.project_slug}}' && $(abspath $(UV)) run --quiet --project '$(CURDIR)' ruff check --no-cache --fix
	@cd '{{cookiecutter.project_slug}}' && $(abspath $(UV)) run --quiet --project '$(CURDIR)' ruff format --no-cache

types: $(UV) ## Check types of the template; a carved service checks its own
	@$(RUN) mypy

hooks: $(UV) ## Install the git hooks
	@$(RUN) pre-commit install

clean: ## Remove what the other commands made
	rm -rf build .venv .uv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.uv/bin/uv:
	@echo "fetching uv from the package index into .uv/"
	@python3 -m venv .uv || { echo "make needs Python 3 with venv (Debian: apt install python3-venv)"; exit 1; }
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv
