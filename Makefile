# The commands of the README. Each sets up what it needs first; a second run starts at once.
# `make PYTHON=python3.12 ...` chooses the Python; else the first one from 3.11 on is taken.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
ifeq ($(PYTHON),)
PYTHON := python3
endif
RUN := .venv/bin

# macOS always has a display; elsewhere one of these variables names it.
DISPLAYED := $(filter Darwin,$(shell uname))$(DISPLAY)$(WAYLAND_DISPLAY)

.PHONY: help demo tour pictures test quick bench prove lock clean

help:
	@echo "make demo    open LearnHub on the sample school; without a display, run the tour"
	@echo "make tour    drive the real window offscreen; a picture of each step in build/tour"
	@echo "make pictures  the same, and renew the pictures of the documentation"
	@echo "make test    check everything: style, types, layers, and all tests with their servers"
	@echo "make quick   the same without MySQL and MariaDB"
	@echo "make bench   measure a purchase beside stored procedures; writes docs/benchmarks.md"
	@echo "make prove   show every guarantee in full, with its figures: crashes, load, random stories"
	@echo "make lock    write the lock files anew (UPGRADE=1 takes newer versions)"
	@echo "make clean   remove all that these commands made in this folder"

demo:
	@$(PYTHON) -m tools.set_up run
ifeq ($(DISPLAYED),)
	@echo "There is no display here, so the tour runs instead: pictures go to build/tour."
	@$(RUN)/learnhub tour --out build/tour
else
	@$(RUN)/learnhub-desktop --sample
endif

tour:
	@$(PYTHON) -m tools.set_up run
	@$(RUN)/learnhub tour --out build/tour

pictures:
	@$(PYTHON) -m tools.set_up run
	@$(RUN)/python -m tools.pictures

test:
	@$(PYTHON) -m tools.set_up develop
	@$(RUN)/python -m tools.check

quick:
	@$(PYTHON) -m tools.set_up develop
	@$(RUN)/python -m tools.check --without-servers

bench:
	@$(PYTHON) -m tools.set_up develop
	@$(RUN)/python -m tests.bench --out docs/benchmarks.md

prove:
	@$(PYTHON) -m tools.set_up develop
	@LEARNHUB_PROVE=1 LEARNHUB_REQUIRE_SERVERS=1 $(RUN)/python -m pytest --no-header -m proof

lock:
	@$(PYTHON) -m tools.lock $(if $(UPGRADE),--upgrade)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
