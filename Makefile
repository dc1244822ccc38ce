# make run | test | check | bench | lock: each sets up .venv first when requirements/ changed.

.PHONY: run test check bench lock setup-run setup-dev
.SILENT:
.DEFAULT_GOAL := run

# The first Python that is new enough, else one to say so with. PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

define NEEDS_PYTHON
found=$$(python3 --version 2>/dev/null || echo none); \
echo "fcdash needs Python 3.11 or newer (found: $$found). Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1
endef

run: setup-run
	exec .venv/bin/python -m local

test: setup-dev
	exec .venv/bin/python -m pytest -n 2 --dist loadgroup -q $(ARGS)

check: setup-dev
	exec .venv/bin/python -m tools.check

bench: setup-dev
	exec .venv/bin/python -m bench $(ARGS)

# Writes requirements/*.txt from *.in; versions that are locked stay until `make lock UPGRADE=--upgrade`.
lock: setup-dev
	for name in base local prod dev; do \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; done

setup-run:
	$(if $(PYTHON),exec $(PYTHON) tools/installing.py local,$(NEEDS_PYTHON))

setup-dev:
	$(if $(PYTHON),exec $(PYTHON) tools/installing.py dev,$(NEEDS_PYTHON))
