# One way in for every habit; each does its own set-up (installer/setup.sh) and needs nothing but make, sh and Python.
PYTHON ?=
VENV ?= .venv
SETUP = PYTHON="$(PYTHON)" VENV="$(VENV)" sh installer/setup.sh
PY = $(VENV)/bin/python
ARGS ?=

SECONDS ?= 600
KILLS ?= 2000
ROUNDS ?= 3

.PHONY: help setup demo days screenshots test lint format soak mutants bench bench-sync bench-meeting bench-media deb deb-test clean

help:
	@echo "make demo      a linked meeting of four terminals and a center, played on this machine; results in demo-out/"
	@echo "make days      the acceptance days with real processes, step by step; results in days-out/"
	@echo "make screenshots  every screen in its states, and what is wrong with its geometry; screenshots-out/"
	@echo "make test      the tests (ARGS='-k roster' for some of them)"
	@echo "make lint      ruff, mypy and the import contracts"
	@echo "make soak      the records' simulation for SECONDS=600, then KILLS=2000 real kills, wrong messages and packets, ROUNDS=3 of all screens"
	@echo "make mutants   plants mistakes in the records' code; every one must be caught"
	@echo "make bench     measurements; results in bench-out/"
	@echo "make bench-meeting  meeting control with 145 sites; results in bench-out/meeting.json"
	@echo "make bench-media  the media plane beside Chromium and Janus (ARGS=voice for a part); bench-out/media.json"
	@echo "make bench-sync  the records beside their peers (node and npm); bench-out/sync.json"
	@echo "make deb       the Debian package; result in dist/"
	@echo "make deb-test  installs that package into a bare Debian 12 and looks at its first window (root, debootstrap)"

setup:
	@$(SETUP) dev

demo: setup
	$(VENV)/bin/silian demo $(ARGS)

days: setup
	$(VENV)/bin/silian days $(ARGS)

screenshots: setup
	$(PY) tests/ui/gallery.py $(ARGS)

test:
	@$(SETUP) test
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest $(ARGS)

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench-meeting: setup
	$(PY) -m bench meeting

soak: setup
	$(PY) -m tests.simulation --seconds $(SECONDS)
	$(PY) -m tests.simulation.kills $(KILLS)
	$(PY) -m tests.media.garbage
	$(PY) tests/ui/soak.py --rounds $(ROUNDS)

mutants: setup
	$(PY) -m tests.simulation.mutants $(ARGS)

bench-media: setup
	$(PY) -m bench.media $(ARGS)

bench-sync: setup
	$(PY) -m bench sync

bench: setup
	$(PY) -m bench $(ARGS)

deb:
	@$(SETUP) deb
	$(PY) installer/build_deb.py

deb-test: deb
	@$(SETUP) deb-test
	QT_QPA_PLATFORM=offscreen $(PY) -m pytest tests/installer/test_deb.py -m deb --timeout 1800 $(ARGS)

clean:
	rm -rf build dist demo-out days-out screenshots-out bench-out
