# Everything here needs only Python 3.11 or newer; the environment in .venv is made as requirements-dev.lock says.
.DEFAULT_GOAL := help
.PHONY: help run journey test lint format types imports unit contracts bench lock clean environment
BIN := .venv/bin

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environment ## Run the whole practice on this machine: http://127.0.0.1:$BATON_PORT (8080), data in $BATON_HOME (.baton)
	@exec $(BIN)/baton up

journey: environment ## Walk one patient's day against the practice that runs
	@$(BIN)/baton journey

test: environment lint types imports unit ## Check everything: lint, types, import rules, tests on embedded servers

lint: environment ## Lint, and check the format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

format: environment ## Put the code into its format
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

types: environment ## Check the types
	@$(BIN)/mypy --no-error-summary

imports: environment ## Check that services stand apart and layers stand on one another
	@$(BIN)/lint-imports --no-cache > .import-lint 2>&1 || { cat .import-lint; exit 1; }

unit: environment ## Run the tests
	@$(BIN)/pytest -n 2 --dist loadgroup

contracts: environment ## Write the schemas, golden samples and AsyncAPI of the events again
	@$(BIN)/python -m tests.contracts.contract

bench: environment ## Measure, as ratios to the machine's own yardstick
	@$(BIN)/python -m tests.bench

lock: environment ## Lock the dependencies again after a change of pyproject.toml
	@$(BIN)/python -m deploy.lock

clean: ## Remove the environment and every cache; the practice's data in .baton stays
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .import-lint dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@python3 -m deploy.environment
