# make demo  a whole rehearsed year          make check  everything that needs no running
# make test  the tests                       make bench  figures against peers, as ratios
# make attack  everything an attack tried, tried again, with its figures in a table
# make browser  the Chromium in which the tests of the dashboard look at it
PYTHON ?= python3
BIN := .venv/bin
MADE := states_page finding_codes commands code_font prefect_yaml
export PYTHONUTF8 := 1

.PHONY: setup demo look test browser test-long attack mutants check bench docs lock clean
setup: .venv/.installed .venv/.catalogue

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.catalogue: .venv/.installed models/locale/ja/LC_MESSAGES/tsudoi.po
	@$(BIN)/pybabel -q compile -D tsudoi -d models/locale
	@touch $@

demo: setup
	$(BIN)/tsudoi rehearse 2026 --out var/demo

# A year in its middle, one act late, served on its own clock until Ctrl-C.
look: setup
	$(BIN)/tsudoi rehearse 2026 --out var/look --persons 200 --until 2026-11-16 --late submit_imprint_sample=4 --serve

# Nothing is installed here: without Chromium the tests of the dashboard say that they were skipped, and name `make browser`.
test: setup
	$(BIN)/pytest -rs -m "not long and not attack"

# The system's Chromium, once, with apt and as root; any other machine installs it by its own means.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo "Chromium could not be installed. Install it as root (Debian: apt-get install chromium)."; exit 1; }

test-long: setup
	$(BIN)/pytest -m "long or attack"

# Bounded, on loopback, under ten minutes on two cores; the table stands at the end and in var/attack.json.
attack: setup
	$(BIN)/pytest -n 2 -m "attack or figures" --figures var/attack.json

# One thing of the rules is changed at a time, and the tests must notice. The tool is not in the lock: it wants a place of
# its own (python -m venv MUTANTS && MUTANTS/bin/pip install cosmic-ray), and an hour or more. See docs/mutants.md.
MUTANTS ?= var/cosmic-ray
mutants: setup
	@test -x $(MUTANTS)/bin/cosmic-ray || { echo "No cosmic-ray; name its place: make mutants MUTANTS=DIR"; exit 2; }
	rm -rf var/mutants && git clone -q . var/mutants
	$(BIN)/pybabel -q compile -D tsudoi -d var/mutants/models/locale
	cd var/mutants && export PYTHON=$(CURDIR)/$(BIN)/python PYTHONDONTWRITEBYTECODE=1 PATH=$(abspath $(MUTANTS))/bin:$$PATH \
	  && cosmic-ray init tests/mutants.toml rules.sqlite && cr-filter-operators rules.sqlite tests/mutants.toml \
	  && cosmic-ray exec tests/mutants.toml rules.sqlite && cr-report rules.sqlite --surviving-only --show-diff

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	@for made in catalogue $(MADE); do $(BIN)/python -m deploy.making.$$made --check || exit 1; done
	$(BIN)/interrogate -q tests

docs: setup
	$(BIN)/python -m deploy.making.catalogue
	@$(BIN)/pybabel -q compile -D tsudoi -d models/locale
	@for made in $(MADE); do $(BIN)/python -m deploy.making.$$made || exit 1; done

bench: setup
	$(BIN)/pytest tests/benchmarks -m "not long or long" -n 0 --benchmark-enable --benchmark-only

lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --quiet -o requirements.lock

clean:
	rm -rf var .pytest_cache .ruff_cache build ./*.egg-info
