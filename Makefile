# Every target is a few commands; what is longer lives in scripts/ or in `manage.py`.
.DEFAULT_GOAL := help
.PHONY: help up down status logs clean test apps check lint types bench drill setup django-tests
PYTHON := .venv/bin/python

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

up: setup ## start everything on this machine, wait until it is healthy, print the addresses and the sign-in
	@$(PYTHON) manage.py local_stack up

down: $(PYTHON) ## stop everything that `make up` started
	@$(PYTHON) manage.py local_stack down

status: $(PYTHON) ## show what runs
	@$(PYTHON) manage.py local_stack status

logs: $(PYTHON) ## follow the logs
	@$(PYTHON) manage.py local_stack logs

clean: $(PYTHON) ## stop everything and remove var/
	@$(PYTHON) manage.py local_stack clean

test: ## set up what is missing, then run every test; ARGS="-n0 -k name" for some
	@scripts/bootstrap.sh --tests
	@scripts/run_tests.sh $(ARGS)

apps: setup ## try more of other people's apps on scratch nodes: a shop, accounts of other sites
	@$(PYTHON) -m pip install --quiet --target var/apps --upgrade --no-deps --require-hashes -r tests/apps/wide/requirements.lock
	@PYTHONPATH=var/apps $(PYTHON) -m pytest -p no:randomly tests/apps/wide/check_apps.py $(ARGS)

check: lint types ## what a developer runs all the time: style, types, and the tests that need no server
	@$(PYTHON) -m pytest --numprocesses 2 -q tests/unit $(ARGS)

lint: setup ## check style, format, import directions and shell scripts
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .
	@.venv/bin/lint-imports --no-cache --no-logo
	@.venv/bin/shellcheck scripts/*.sh .ci/run

types: setup ## check types
	@$(PYTHON) -m mypy

bench: setup ## measure; ONLY=peers for one of bench/bench_*.py, ARGS="--rounds 3" for what it takes
	@set -e; for script in $(sort $(wildcard bench/bench_$(or $(ONLY),*).py)); do $(PYTHON) $$script $(ARGS); done

drill: setup ## play every fault on scratch nodes, print a scorecard; MINUTES=120 for random ones
	@$(PYTHON) -m tests.drill $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

django-tests: setup ## run Django's own suites on its MySQL backend and on ours, print what ends otherwise; ARGS="queries delete"
	@$(PYTHON) -m tests.django_suites $(ARGS)

setup: # system packages, .venv and .env where they are missing
	@scripts/bootstrap.sh

$(PYTHON):
	@echo "Nothing is set up in this checkout yet: run make up." >&2; exit 1
