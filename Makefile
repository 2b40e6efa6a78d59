# Needs GNU make, and a Python >= 3.11 with its venv module; everything else is installed into this folder.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
JOBS ?= 2

TOX := .venv-tools/bin/tox

.DEFAULT_GOAL := help
.PHONY: help demo test lint types e2e soak machine mutants bench timing fuzz mutmut clean python

help: ## say what can be made
	@sed -n 's/^\([a-z0-9 -]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: .venv/installed ## run the two portals (takes STORE=..., and the rest of examples/run.py's environment)
	.venv/bin/python examples/run.py

test: .venv-tools/installed ## run every suite on every interpreter found
	$(TOX) run-parallel --parallel $(JOBS) --parallel-no-spinner

lint types e2e: .venv-tools/installed ## run this one only
	$(TOX) run -e $@

soak: .venv-tools/installed ## the races, 1,000 rounds each
	TWOFA_RACE_ROUNDS=1000 $(TOX) run -e py3$(shell $(PYTHON) -c 'import sys; print(sys.version_info.minor)')-core -- tests/core/stores/test_races.py tests/core/stores/test_submission_races.py

machine: .venv-tools/installed ## the state machine, 1,000 walks of 50 moves on each pair of sides, other ones each time
	TWOFA_MACHINE_EXAMPLES=1000 TWOFA_MACHINE_STEPS=50 $(TOX) run -e proof -- tests/proof/machine

mutants: .venv-tools/installed ## take out each protection by itself, and see that its test misses it
	$(TOX) run -e proof -- tests/proof/mutants --verbose

bench: .venv-bench/installed ## what the gate costs beside others, some minutes; writes docs/performance.md (takes BENCH="--quick")
	.venv-bench/bin/python benchmarks/performance.py $(BENCH)

fuzz: .venv-fuzz/installed ## look for what nobody thought of (takes TARGET=..., SECONDS=... for each, INPUT=<hex> to try one)
	cd tests && ../.venv-fuzz/bin/python -W error -m proof.fuzz $(if $(TARGET),--target=$(TARGET)) $(if $(SECONDS),--seconds=$(SECONDS)) $(if $(INPUT),--input=$(INPUT)) $(FUZZ)

timing: .venv-bench/installed ## what can be learned from how long an answer takes, some minutes; writes docs/timing.md (takes TIMING="--quick")
	.venv-bench/bin/python benchmarks/timing.py $(TIMING)

mutmut: .venv-tools/installed ## try mutants of the gate and its rooms, some hours; fails if one survives that nobody has read (takes ROOM=...)
	$(TOX) run -e mutmut $(if $(ROOM),-- $(ROOM))

clean: ## take away what was installed, built and cached here
	rm -rf .venv .venv-tools .venv-bench .venv-fuzz .tox .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist mutants

# A stamp stands for a finished installation: the second run has nothing to install.
.venv/installed: pyproject.toml Makefile | python
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' 'waitress>=3.0' 'uvicorn>=0.40' 'websockets>=15'
	touch $@

.venv-tools/installed: Makefile | python
	$(PYTHON) -m venv --clear .venv-tools
	.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check 'tox>=4.67,<5' 'tox-uv>=1.37,<2'
	touch $@

.venv-bench/installed: pyproject.toml Makefile | python
	$(PYTHON) -m venv --clear .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' --group bench
	touch $@

.venv-fuzz/installed: pyproject.toml Makefile | python
	$(PYTHON) -m venv --clear .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' --group fuzz
	touch $@

python:
	@test -n "$(PYTHON)" || { echo "make: no Python >= 3.11 on PATH: install one, or say make PYTHON=/path/to/python" >&2; exit 1; }
