# What people and CI run. `make help` lists it.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Beside it and not in it: Airflow brings a pyspark of its own.
AIRFLOW := .venv-airflow
AIRFLOW_READY := $(AIRFLOW)/.ready

.PHONY: help setup airflow demo notebooks test check format bench proof proof-airflow proof-cluster proof-notebooks proof-long dist lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the environment in .venv

$(READY): pyproject.toml requirements.lock scripts/setup.sh trailhound/runtime/jars.py
	@sh scripts/setup.sh $(VENV)
	@touch $@

airflow: $(AIRFLOW_READY) ## make the environment with Airflow in .venv-airflow

$(AIRFLOW_READY): requirements-airflow.lock scripts/setup-airflow.sh
	@sh scripts/setup-airflow.sh $(AIRFLOW)
	@touch $@

demo: setup ## simulated attacks through ingest and detect, to a table of alerts
	@$(BIN)/trailhound demo

data/demo/alerts: | $(READY)
	@$(BIN)/trailhound demo

notebooks: $(READY) data/demo/alerts ## run the notebooks on the tables of the demo, and store what they show
	@$(BIN)/python scripts/notebooks.py notebooks/*.ipynb

test: setup ## the tests
	@$(BIN)/pytest -m "not proof"

check: setup ## format, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: setup ## put the code in its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup ## measure speed, as ratios
	@$(BIN)/python benchmarks/bench.py

proof: setup airflow ## the slow proofs
	@$(BIN)/pytest -m proof

proof-airflow: setup airflow ## of these, the DAGs in a real Airflow
	@$(BIN)/pytest -m proof tests/test_airflow.py

proof-cluster: setup ## of these, spark-submit to a cluster that loses machines
	@$(BIN)/pytest -m proof tests/test_cluster.py

proof-notebooks: setup ## of these, the notebooks on tables of simulated records
	@$(BIN)/pytest -m proof tests/test_notebooks.py

dist: setup ## a wheel, and the zip for spark-submit, into dist/
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@$(BIN)/python scripts/dist.py dist/trailhound.zip
	@ls dist/*.whl

proof-long: setup ## 60 kills at random and 48 hours of stream (CRASHES=, CRASH_SEED=, SOAK_HOURS=)
	@CRASHES=$${CRASHES:-60} SOAK_HOURS=$${SOAK_HOURS:-48} \
	  $(BIN)/pytest -m proof tests/test_crashes.py tests/test_soak.py -k "random or soak"

lock: setup ## write requirements.lock and requirements-airflow.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile --group airflow --python-version 3.11 --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet \
	  --output-file requirements-airflow.lock

clean: ## remove the environment and what the demo made
	@rm -rf $(VENV) $(AIRFLOW) data build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis spark-warehouse
