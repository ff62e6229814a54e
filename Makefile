# Every target sets up what it needs: a virtual environment in .venv with the versions of constraints.txt.
#   make run     fine-tune a real BERT on real reviews, in full and with LoRA, and print the reports
#   make test    everything that CI runs, in JOBS processes side by side (2)
#   make lab     open the course in JupyterLab: your own copies in course/, in which nothing you wrote is overwritten
#   make docs    build the documentation site into _docs (make preview serves it and rebuilds what changes)
#   make bench   speed and memory beside transformers and peft
#   make check   every lesson against the band of its number; SCALE=smoke, cpu or gpu, LANE=latest for the newest libraries
#   make gpu     on a GPU: baselines and benchmark, the most valuable first, for BUDGET seconds; elsewhere: pack what one needs
#   make faults  small faults in a copy of the project: does the suite notice each of them?
# Without a GPU on Linux, PyTorch's CPU build is the right one: take its index from https://pytorch.org/get-started/locally
# and say `make run TORCH_INDEX=...` the first time.
SHELL := /bin/bash
PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
SCALE ?= cpu
SEED ?= 0
LANE ?= pinned
ONLY ?=
JOBS ?= 2
BUDGET ?= 540

.PHONY: run test lab docs preview bench check gpu faults setup readme export clean
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
	@# --use-pep517: seqeval is a source distribution, and its set-up asks for a package that pip then builds it with.
	@$(BIN)/pip install --quiet --use-pep517 --constraint .venv/constraints.txt --editable ".[dev,docs]"
	@touch $@ && echo "Set-up done: $(BIN)/ftkit"

# ftkit run ends with 3 where a lesson ran well but has no baseline yet to be compared with.
run: .venv/ready
	@$(BIN)/ftkit run finetune lora --scale $(SCALE) --seed $(SEED) || [ $$? -eq 3 ]

test: .venv/ready
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder

lab: .venv/ready
	@$(BIN)/ftkit course course
	cd course && ../$(BIN)/jupyter lab index.ipynb

docs: .venv/ready
	$(BIN)/ftkit docs

preview: .venv/ready
	$(BIN)/ftkit docs --preview

bench: .venv/ready
	$(BIN)/ftkit bench

# All lessons against their baselines, with a report; ends with 3 where one has no baseline yet.
check: .venv/ready
	$(BIN)/ftkit check --scale $(SCALE) --seed $(SEED) $(if $(filter-out pinned,$(LANE)),--lane $(LANE))

# A machine without a network has what it needs in .gpu/pack, which `make gpu` has made elsewhere; the same command goes on.
# It ends with 3 where the time was over before all was done.
gpu:
	@if [ -f .gpu/pack/begin.py ] && $(PYTHON) -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; \
	then $(PYTHON) .gpu/pack/begin.py $(BUDGET); \
	else $(MAKE) --no-print-directory setup && $(BIN)/ftkit gpu --budget $(BUDGET); fi

# It goes on where it was interrupted; `make faults ONLY="loss_sign no_warmup"` asks for some.
faults: .venv/ready
	$(BIN)/python tests/faults.py $(addprefix --only ,$(ONLY))

export: .venv/ready
	$(BIN)/nbdev_export && $(BIN)/nbdev_clean

readme: .venv/ready
	$(BIN)/python tests/readme.py

clean:
	rm -rf .venv .lanes runs _docs _proc
