# Needs make and a shell; the rest (Python's venv, packages) tools/setup finds or installs.
VENV ?= .venv
PY := $(VENV)/bin/python
BROWSER = $(PY) -m pytest -n 2 --dist loadscope tests/browser
again = { [ $$? -eq 1 ] && $(PY) -m pytest --last-failed --last-failed-no-failures none $(1); }
PANEL := $(shell find labextension -type f -not -path '*/node_modules/*' -not -path '*/lib/*')
export PYTHON
# jlpm, jupyter-builder and their Node are in the environment
export PATH := $(abspath $(VENV))/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo lab test lint browser screenshots bench chaos cluster clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.$(if $(filter kubernetes,$(ENGINE)),test,demo) ## Put a notebook and two scripts through the queue (ENGINE=kubernetes: as Pods)
	@$(PY) tools/demo.py $(ENGINE)

lab: $(VENV)/.lab-panel ## Start JupyterLab with the extension, in examples/
	$(VENV)/bin/jupyter lab --notebook-dir=examples $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

# those in a browser apart: it drops what it has asked for when the networks of Pods come and go; what fails beside
# others is looked at once more, alone, as it is where else there are real clusters and browsers
test: lint ## Check style, layers and types, then run the tests
	$(PY) -m pytest -n 2 || $(call again)
	$(BROWSER) || $(call again,tests/browser)

lint: $(VENV)/.test-panel ## Check style, layers and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/mypy
	cd labextension && jlpm lint

browser: $(VENV)/.test-panel ## Run the tests of the panel in a browser (ARGS="-k log")
	$(BROWSER) $(ARGS)

screenshots: $(VENV)/.test-panel ## Take pictures of every view of the panel, for docs/screenshots (ARGS="form table" for some)
	@$(PY) -m tools.screenshots $(ARGS)

bench: $(VENV)/.bench-panel ## Measure the promised figures (ARGS="F3 F5" for some; ENGINE=kubernetes)
	$(PY) -m benchmarks $(if $(ENGINE),--engine $(ENGINE)) $(ARGS)

chaos: $(VENV)/.bench ## Bring faults about while jobs run (SEED=n ROUNDS=n ARGS="--fault X2"; ENGINE=kubernetes)
	$(PY) -m tests.chaos $(if $(ENGINE),--engine $(ENGINE)) $(ARGS)

cluster: $(VENV)/.test ## Bring up a Kubernetes cluster to develop on, as root (ARGS=down ends it)
	@$(PY) -m tests.kubernetes.cluster $(ARGS)

clean: ## Remove the virtual environment and all caches
	rm -rf $(VENV) labextension/node_modules labextension/lib jupyter_jobsub/labextension .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# the panel as its sources are now, for JupyterLab in the environment
$(VENV)/.%-panel: $(VENV)/.% $(PANEL)
	cd labextension && jlpm install --immutable && jlpm build
	jupyter-builder develop --overwrite .
	@touch $@

# one stamp an extra: made again when what to install changes
$(VENV)/.%: pyproject.toml tools/setup
	@sh tools/setup "$(VENV)" "$*"
	@touch $@
