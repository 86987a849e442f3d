# Everything a fresh clone needs: `make run` opens the console, `make test` proves it. Both need Python 3.11+ and make, no more.
#   make run | test | check | bench | picture | lock | clean     ARGS="..." is handed to the command behind run, test, bench, picture and lock.
#   make setup                                          only makes .venv, as each of the others does when it has to.
#   make UV= ...                                        sets up with venv and pip even where uv is installed.

SHELL := /bin/sh
UV ?= uv
PYTHONS ?= python3.14 python3.13 python3.12 python3.11 python3
BIN := .venv/bin

# The stamp is named after the content of both files and the folder's path: touching a file costs nothing, while a new lock or
# a moved checkout (scripts in a venv hold absolute paths) sets up again.
READY := .venv/.ready-$(shell { cat requirements.lock pyproject.toml; pwd; } 2>/dev/null | cksum | tr -d ' ')

.PHONY: run test check bench picture setup lock clean

run: $(READY)
	@$(BIN)/vault-console demo $(ARGS)

test: $(READY)
	@$(BIN)/pytest -W error -n auto --dist worksteal $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	@$(BIN)/vault-console bench transfer $(ARGS)

# The pictures of the README, drawn anew.
picture: $(READY)
	@$(BIN)/python docs/picture.py $(ARGS)

setup: $(READY)

# `make lock` keeps the pins that still fit; `make lock ARGS=--upgrade` moves to the newest.
lock:
	@$(UV) --version >/dev/null 2>&1 || { echo "make lock needs uv on the PATH." >&2; exit 1; }
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev --group build \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	    --output-file requirements.lock $(ARGS) pyproject.toml

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp does not help when the Python behind the environment was removed.
ifneq ($(shell test -x $(BIN)/python && echo yes),yes)
.PHONY: $(READY)
endif

# Candidates are run, not only looked up: a version manager's shim can exist and still refuse to start, and a
# distribution may ship Python without the part that makes a venv.
$(READY): PROBE = import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
$(READY):
	@set -eu; uv=; probe='$(PROBE)'; \
	if [ -n "$(UV)" ] && $(UV) --version >/dev/null 2>&1; then uv=yes; else probe="import ensurepip; $$probe"; fi; \
	python=; for candidate in $(PYTHONS); do \
	    if "$$candidate" -c "$$probe" >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ] && [ -z "$$uv" ]; then \
	    echo "No Python from 3.11 to 3.14 that can make a virtual environment is on the PATH." \
	        "Install one (on Debian and Ubuntu also python3-venv) and call make again." >&2; exit 1; \
	fi; \
	with_uv() { \
	    { $(BIN)/python -c "$$probe" && grep -qF "$$(pwd)/.venv" $(BIN)/activate; } >/dev/null 2>&1 \
	        || $(UV) venv --quiet --clear --python "$${python:->=3.11,<3.15}" .venv || return 1; \
	    $(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock || return 1; \
	    $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . || return 1; \
	}; \
	with_pip() { \
	    "$$python" -m venv --clear .venv && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	}; \
	echo "Setting up .venv (once; a minute or two without uv)." >&2; \
	rm -f .venv/.ready-*; \
	if [ -n "$$uv" ] && with_uv; then :; \
	elif [ -n "$$python" ] && with_pip; then :; \
	else echo "Setting up .venv failed; the lines above say why. Calling make again starts over." >&2; exit 1; fi; \
	$(BIN)/python -m compileall -q console models scheduler seed >/dev/null || true; \
	touch $@
