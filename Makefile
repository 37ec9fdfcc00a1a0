# Every command for this template; `make` without a target lists them.
# Needs git, make and Python 3.11 or later. uv is taken from PATH, or fetched from the package
# index into .uv/.

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --quiet
ANSWERS ?=
BUILD := build/$(shell date +%Y%m%d-%H%M%S)
NOTED := --promises=build/report
HERE := $(shell python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')

.DEFAULT_GOAL := help
.PHONY: help service test prove carvings services instructions pipelines proofs containers rollouts
.PHONY: first-week measured product report bump notes bench bounds compare page page-tests
.PHONY: lint format types hooks clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

service: $(UV) ## Carve a service into build/, install it and run it; ANSWERS="metrics=false" for others
	@$(RUN) cookiecutter . --no-input --output-dir $(BUILD) python_version=$(HERE) $(ANSWERS)
	@cd $(BUILD)/* && $(abspath $(UV)) venv --quiet --relocatable && \
		PATH="$(dir $(abspath $(UV))):$$PATH" $(MAKE) --no-print-directory run

test: lint types carvings services ## Test the template, in minutes; `make prove` adds the slow proofs

prove: proofs pipelines containers rollouts instructions page-tests ## Run the slow proofs, stage by stage; SHARE=3 a third of them

carvings: $(UV) ## Test questions, hooks and every combination of answers, statically
	@$(RUN) pytest --numprocesses auto --dist worksteal --ignore tests/proofs --ignore tests/containers --ignore tests/rollouts --ignore tests/instructions --ignore tests/page $(NOTED) $(ARGS)

services: $(UV) ## Carve two services, the default and the smallest; lint, type, test and start them
	@$(RUN) pytest tests/proofs/test_services.py --numprocesses 2 -rP $(NOTED) $(ARGS)

pipelines: $(UV) ## Run lint, types and tests of carved services; PIPELINES=full runs all of them
	@$(RUN) pytest tests/proofs/test_own_tests.py --numprocesses 2 --dist worksteal -ra $(NOTED) $(ARGS)

proofs: $(UV) ## Test carved services as processes, under load, on a fresh machine
	@$(RUN) pytest tests/proofs --ignore tests/proofs/test_own_tests.py --ignore tests/proofs/test_services.py -ra $(NOTED) $(ARGS)

product: $(UV) ## Carve every combination of all answers with the hook itself; takes about an hour
	@$(RUN) pytest tests/every_combination.py --numprocesses auto --timeout 0 $(ARGS)

first-week: $(UV) ## Run an owner's first week with a carved service, and print how long each step took
	@$(RUN) python -m tests.first_week

report: $(UV) ## Write to build/report which test proved which promise
	@$(RUN) python -m tests.promises build/report

bump: $(UV) ## Update dependencies to the newest versions, and run the proofs with them
	@PYTHONPATH=hooks $(RUN) python -m tests.bump
	@$(MAKE) --no-print-directory lint types carvings pipelines proofs

notes: ## Print the section of the changelog for a release; TAG=v1.2.3
	@grep --quiet --fixed-strings '"_version": "$(TAG:v%=%)"' cookiecutter.json || \
	{ echo "cookiecutter.json has another _version than $(TAG)" >&2; exit 1; }
	@awk -v tag="$(TAG)" '/^## / { on = index($$0, "[" substr(tag, 2) "]"); found = found || on; next } on; \
	END { if (!found) { print "CHANGELOG.md has no part about " tag > "/dev/stderr"; exit 1 } }' CHANGELOG.md

containers: $(UV) ## Test image, compose files and proxy; skipped without a container engine
	@$(RUN) pytest tests/containers --numprocesses 2 --dist loadfile -ra $(NOTED) $(ARGS)

rollouts: $(UV) ## Roll carved services out and back under load; ROLLOUTS=full runs more of it
	@$(RUN) pytest tests/rollouts --numprocesses 2 --dist worksteal -ra $(NOTED) $(ARGS)

measured: $(UV) ## Write docs/rollouts-measured.md from the figures of the last `make rollouts`
	@$(RUN) python -m tests.rollouts.measured build/report/tests.json docs/rollouts-measured.md

bench: $(UV) ## Measure time and memory of carved services; STAGE=requests runs one part
	@PYTHONPATH=hooks $(RUN) python -m benchmarks $(STAGE) $(ARGS)

compare: $(UV) ## Compare updates by carve, cruft and Copier, and write docs/comparison.md
	@PYTHONPATH=.:hooks $(RUN) python -m benchmarks.day_two $(ARGS)

instructions: $(UV) ## Count the instructions of a request, with valgrind, and compare with the recorded bounds
	@$(RUN) pytest tests/instructions -ra $(NOTED) $(ARGS)

bounds: $(UV) ## Record the instructions of a request as the new bounds
	@$(RUN) python -m benchmarks.bounds

page: $(UV) ## Build the page that shows a service before it is carved, in build/page, and serve it
	@PYTHONPATH=.:hooks $(RUN) python -m page $(ARGS)

page-tests: $(UV) ## Compare that page with the hooks, in Node and in Chromium
	@$(RUN) pytest tests/page -ra $(NOTED) $(ARGS)

RAW := cd '{{cookiecutter.project_slug}}' && $(abspath $(UV)) run --quiet --project '$(CURDIR)'
CHASSIS := cd '{{cookiecutter.project_slug}}/chassis' && $(abspath $(UV)) run --quiet --project '$(CURDIR)'

lint: $(UV) ## Check style, format, spelling and prose of the template, the raw service and its chassis
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) yamllint --strict --config-file '{{cookiecutter.project_slug}}/.yamllint.yaml' .github .pre-commit-config.yaml
	@$(RUN) zizmor --offline --pedantic --quiet .github
	@$(RUN) actionlint
	@$(RUN) typos
	@$(RUN) python -m tests.prose
	@$(RAW) ruff check --no-cache
	@$(RAW) ruff format --no-cache --check
	@$(CHASSIS) ruff check --no-cache
	@$(CHASSIS) ruff format --no-cache --check

# The formatter runs first: it wraps lines that the linter would reject as too long.
format: $(UV) ## Fix style and format of the template, of the raw service and of its chassis
	@$(RUN) ruff format
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
	@$(RAW) ruff format --no-cache
	@$(RAW) ruff check --no-cache --fix
	@$(RAW) ruff format --no-cache
	@$(CHASSIS) ruff format --no-cache
	@$(CHASSIS) ruff check --no-cache --fix
	@$(CHASSIS) ruff format --no-cache

types: $(UV) ## Check types of the template; a carved service checks its own
	@$(RUN) mypy

hooks: $(UV) ## Install the git hooks
	@$(RUN) pre-commit install

clean: ## Remove what the other commands made
	rm -rf build page/node_modules .venv .uv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.uv/bin/uv:
	@echo "fetching uv from the package index into .uv/"
	@python3 -m venv .uv || { echo "make needs Python 3 with venv (Debian: apt install python3-venv)"; exit 1; }
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv
