# Two commands do everything: `make release` and `make test`.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help release reproduce test baselines validate generate lint environment clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /	/'

release: environment  ## environment, validation, build, load and summary
	$(BIN)/python scripts/validate.py --strict corpus
	$(BIN)/python scripts/build.py --cache .cache
	$(BIN)/python scripts/summary.py

reproduce: environment  ## rebuild a recorded release and compare it: make reproduce VERSION=x.y.z
	$(BIN)/python scripts/reproduce.py $(VERSION)

test: environment  ## everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python scripts/validate.py --strict corpus
	$(BIN)/python -m pytest

baselines: environment  ## run the baselines and write their figures into the README
	$(BIN)/python baselines/run.py
	$(BIN)/python scripts/generate.py

validate: environment  ## check the corpus alone
	$(BIN)/python scripts/validate.py --strict corpus

generate: environment  ## write the generated files anew
	$(BIN)/python scripts/generate.py

lint: environment  ## format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

environment: $(VENV)/.complete  ## the virtual environment, with pinned dependencies

$(VENV)/.complete: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:  ## remove the environment and the caches, and leave the releases
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis
