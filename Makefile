# The alert box.  `make` lists the targets.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
JOBS   ?= $(shell nproc)

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- setting up -------------------------------------------------------------------------------------------------------

setup: $(VENV)/.ready build/prompts/index.json ## Debian packages, virtual environment, spoken phrases

$(VENV)/.debian: provisioning/debian-packages.txt provisioning/setup-debian
	@mkdir -p $(VENV)
	@provisioning/setup-debian provisioning/debian-packages.txt
	@touch $@

$(VENV)/.ready: requirements.lock pyproject.toml $(VENV)/.debian
	@echo "== Python environment in $(VENV) ($$($(PYTHON) --version))"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

build/prompts/index.json: $(VENV)/.ready $(wildcard ivr/prompts/*)
	@echo "== Spoken phrases (espeak-ng) in build/prompts"
	@$(BIN)/python -m ivr.prompts --out build/prompts

$(VENV)/.bench: tests/bench/requirements.lock $(VENV)/.ready
	@echo "== matplotlib, for the plots of the benches"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r tests/bench/requirements.lock
	@touch $@

lock: ## renew requirements.lock and tests/bench/requirements.lock from pyproject.toml
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install -qq uv
	@build/lock/bin/uv pip compile --quiet pyproject.toml --group dev --universal --generate-hashes --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --upgrade -o build/lock/requirements
	@{ echo "# Locked dependencies, every file by hash. Renew with: make lock"; cat build/lock/requirements; } > requirements.lock
	@build/lock/bin/uv pip compile --quiet --group bench --universal --generate-hashes --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 --upgrade -c requirements.lock -o build/lock/bench
	@{ echo "# What only the plots of the benches need, every file by hash. Renew with: make lock"; cat build/lock/bench; } \
	  > tests/bench/requirements.lock

# --- running ----------------------------------------------------------------------------------------------------------

run: setup ## one whole alert, end to end, on simulated telephone lines (REAL_TIME=1: at the pace of life)
	@$(BIN)/alertbox demo $(if $(REAL_TIME),--real-time)

# --- testing ----------------------------------------------------------------------------------------------------------

test: setup ## everything that must hold: lint, types, unit, contract, flow, crash and power-cut tests
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

lint: $(VENV)/.ready ## ruff, mypy, shellcheck alone
	@$(BIN)/python -m pytest -q tests/house

crash-test: setup ## SIGKILL at 1,000 random moments of running campaigns
	@$(BIN)/python -m tests.crash --kills $(or $(KILLS),1000)

powercut-test: setup ## power cuts: writes not synced are dropped or torn
	@$(BIN)/python -m tests.powercut --cuts $(or $(CUTS),20000)

fault-matrix: setup ## what modems do wrong x every driver, each cell on a whole box (ROW=, DRIVER=: some of it; PAGE=1: write its page)
	@$(BIN)/python -m tests.faultmatrix --jobs $(JOBS) --row "$(ROW)" --driver "$(DRIVER)" $(if $(PAGE),--markdown docs/fault-matrix.md)

# Peers live in real time, and mostly wait: a test more at a time than processors. Where a busy machine has made sound stutter beside
# others, what failed is tried once more, alone.
PEERS = $(if $(filter 0,$(shell id -u)),,sudo -E )$(BIN)/python -m pytest -o cache_dir=build/peers-cache tests/peers $(if $(PEER),-k "$(PEER)")

peers-test: setup ## vgetty, gammu, smstools, ofono, ModemManager ... at the simulated modems (PEER=vgetty: one; as root)
	@provisioning/setup-debian provisioning/debian-packages-peers.txt
	@$(MAKE) --silent build/peers-venv/.ready
	@$(PEERS) -n $$(($(JOBS) + 1)) --dist worksteal || { echo "== What failed, once more, alone"; $(PEERS) -n 0 --lf --lfnf=none; }

contract-test: setup ## the whole contract suite on every row of the drivers' model tables
	@ALERTBOX_TEST_ROWS=all $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal tests/contract

build/peers-venv/.ready: tests/peers/requirements.lock
	@$(PYTHON) -m venv build/peers-venv
	@build/peers-venv/bin/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: bench-dtmf bench-ears bench-dialout bench-load bench-storage bench-overload bench-ami bench-response ## all benchmarks

bench-dtmf: setup ## the DTMF detector beside spandsp and multimon-ng
	@$(BIN)/python -m tests.bench.dtmf

bench-ears: setup ## call progress and hang-up by ear: cost, answers, tones, and what is mistaken for them
	@for what in cost answers tones talkoff; do $(BIN)/python -m tests.bench.ears $$what; done

bench-dialout: setup ## makespan of the dial-out over its lower bound
	@$(BIN)/python -m tests.bench.dialout

bench-load: setup ## thirty lines with audio both ways, beside a bare byte loop
	@$(BIN)/python -m tests.bench.load

bench-storage: setup ## durable commits beside a bare sqlite3 loop
	@$(BIN)/python -m tests.bench.storage

bench-overload: setup $(VENV)/.bench ## the overload monitor: detection, false alarms, beside the bound; with plots
	@$(BIN)/python -m tests.bench.overload

bench-ami: setup ## from the socket of an Asterisk to the alarm, at 4,800 calls a minute
	@$(BIN)/python -m tests.bench.ami

bench-response: setup ## genuine calls answered in time during a flood, with and without a response
	@$(BIN)/python -m tests.bench.response

docs: setup ## generate the pages that come from tables
	@$(BIN)/python -m ivr.guide
	@$(BIN)/python -m appliance.docs

clean: ## remove what was built
	rm -rf build run .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help setup lock run test lint crash-test powercut-test peers-test fault-matrix contract-test bench bench-dtmf bench-ears bench-dialout bench-load bench-storage bench-overload bench-ami bench-response docs clean
