# Everything that a newcomer needs: `make demo` and `make test` do all set-up themselves.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: mutations demo test test-slow lint types bench peers clean

demo: $(INSTALLED)
	$(BIN)/gail demo

# One process per core, each with one thread; a process that is done takes tests over from the other.
PYTEST := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest --numprocesses auto --dist worksteal

test: $(INSTALLED)
	$(PYTEST) -m "not slow"

test-slow: $(INSTALLED)
	$(PYTEST) -m slow

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Type checkers cannot follow the editable install of a namespace package, so a plain one is checked:
# that is also what the wheel holds.
types: $(INSTALLED)
	rm -rf build/types build/lib build/bdist.*
	$(BIN)/pip install --quiet --no-deps --target build/types .
	$(BIN)/mypy -p gail.exact -p gail.approx -p gail.envs -p gail.experiments

# Other libraries, in environments of their own, for `gail bench exact` and `gail bench train` with --peers build/peers.
peers:
	$(PYTHON) -m venv build/peers/planning
	build/peers/planning/bin/pip install --quiet -r bench/peers/requirements.txt
	$(PYTHON) -m venv build/peers/imitation
	build/peers/imitation/bin/pip install --quiet -r bench/peers/requirements-imitation.txt

# Half an hour: every formula of the tables broken once, in a copy.
mutations: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python tests/mutations/run.py

bench: $(INSTALLED)
	$(BIN)/gail bench gaps
	$(BIN)/gail bench exact
	$(BIN)/gail bench envs
	$(BIN)/gail bench throughput

# Made again only when the dependencies change.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "gail needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Name another one: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,data,report]'
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info
