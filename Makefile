# Every target sets up what it needs: a virtual environment in .venv with the versions of constraints.txt.
#   make run     fine-tune a real BERT on real reviews, in full and with LoRA, and print the reports
#   make test    everything that CI runs
#   make lab     open the course in JupyterLab
#   make docs    build the documentation site into _docs (make preview serves it and rebuilds what changes)
#   make bench   speed and memory beside transformers and peft
# Without a GPU on Linux, PyTorch's CPU build is the right one: take its index from https://pytorch.org/get-started/locally
# and say `make run TORCH_INDEX=...` the first time.
SHELL := /bin/bash
PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
SCALE ?= cpu
SEED ?= 0

.PHONY: run test lab docs preview bench setup readme export clean
.DEFAULT_GOAL := run

setup: .venv/ready
.venv/ready: settings.ini setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "ftkit needs Python 3.11 to 3.13; $$($(PYTHON) --version) was found. Say make PYTHON=python3.12, for example."; exit 2; }
	@# A machine whose own torch sees a GPU keeps that torch; anywhere else the tested version is installed.
	@if $(PYTHON) -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; \
	then echo "Set-up: keeping this machine's own torch, which sees a GPU"; \
	  $(PYTHON) -m venv --system-site-packages .venv && grep -vE '^(torch|triton)==' constraints.txt > .venv/constraints.txt; \
	else $(PYTHON) -m venv .venv && cp constraints.txt .venv/constraints.txt && \
	  echo "Set-up: torch" && $(BIN)/pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' constraints.txt)"; fi
	@echo "Set-up: the other libraries, in the versions of constraints.txt"
	@$(BIN)/pip install --quiet --constraint .venv/constraints.txt --editable ".[dev,docs]"
	@touch $@ && echo "Set-up done: $(BIN)/ftkit"

# ftkit run ends with 3 where a lesson ran well but has no baseline yet to be compared with.
run: .venv/ready
	@$(BIN)/ftkit run sentiment lora --scale $(SCALE) --seed $(SEED) || [ $$? -eq 3 ]

test: .venv/ready
	$(BIN)/python -m pytest

lab: .venv/ready
	$(BIN)/jupyter lab nbs/index.ipynb

docs: .venv/ready
	$(BIN)/ftkit docs

preview: .venv/ready
	$(BIN)/ftkit docs --preview

bench: .venv/ready
	$(BIN)/ftkit bench

export: .venv/ready
	$(BIN)/nbdev_export && $(BIN)/nbdev_clean

readme: .venv/ready
	$(BIN)/python tests/readme.py

clean:
	rm -rf .venv runs _docs _proc
