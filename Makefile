# The front door: `make` lists the targets. Each sets up what it needs by itself: the active virtual or conda environment, else a .venv of its own.
SCALE ?= smoke
TRAIN ?= 1
JOBS ?= 2
TESTS ?= tests
MINUTES ?= 30

SHELL := /bin/bash
ifneq ($(VIRTUAL_ENV),)
  ENVIRONMENT := $(value VIRTUAL_ENV)
else ifneq ($(filter-out base,$(CONDA_DEFAULT_ENV)),)
  ENVIRONMENT := $(value CONDA_PREFIX)
else
  ENVIRONMENT := .venv
endif
# In quotes and unexpanded, for a path may hold spaces and dollars.
BIN := '$(ENVIRONMENT)/bin'/
PYTHON := $(BIN)python
REPROLIB := $(PYTHON) -m reprolib
ONE_THREAD := env OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
PAGES := $(NOTEBOOKS:%=book/%)
RULES := $(wildcard book/notebooks/*.d)
FORMATS := md csv html json
# $(call table,NAME AND OPTIONS,FILE): the file is the old one or the whole new one.
table = $(REPROLIB) table $(1) >$(2).part && mv $(2).part $(2)
# $(call trained,SCALE): JOBS processes share the missing records; then every claim with its label, also where a run failed.
trained = seq $(JOBS) | xargs -P $(JOBS) -I{} $(ONE_THREAD) $(REPROLIB) fill --scale $(1); code=$$?; $(REPROLIB) claims && exit $$code

.PHONY: help book test browser test-book test-workflow test-slurm test-wheel fuzz tables small long paper bench verify lint clean setup snakemake executed FORCE
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: setup ## run every notebook at SCALE=smoke, training included (TRAIN=0: only read records), and build the book
	@$(MAKE) --no-print-directory -j$(JOBS) executed
	@$(MAKE) --no-print-directory tables
	@echo "book: building the pages"
	@rm -rf _build/html _build/.doctrees
	@$(BIN)jupyter-book build book -W --keep-going -n --all -q >_build/jupyter-book.log
	@$(REPROLIB) publish _build/html
	@$(ONE_THREAD) $(REPROLIB) live _build/html/live
	@echo "book: $(CURDIR)/_build/html/index.html"

test: setup ## run the tests (REPROLIB_DATA=folder adds those on real data)
	@$(ONE_THREAD) $(PYTHON) -m pytest -q -n $(JOBS) $(TESTS)

browser: setup ## install what test-book needs: a driver, and a Chromium where there is none
	@.ci/browser $(PYTHON)

test-book: browser ## open every page of the built book in a headless Chromium: light, dark, on a phone (after `make book`)
	@echo "test-book: pictures of the pages go to $(CURDIR)/_build/screenshots"
	@REPROLIB_HTML=_build/html $(PYTHON) -m pytest -q -n $(JOBS) tests/browser

test-workflow: snakemake ## install Snakemake where it is missing, and test the workflow
	@$(ONE_THREAD) $(PYTHON) -m pytest -q -n $(JOBS) tests/test_workflow.py

test-slurm: snakemake ## start a Slurm of one node (Debian's packages; as root they are installed), test the workflow on it, and stop it
	@$(ONE_THREAD) .ci/slurm $(PYTHON) -m pytest -q tests/test_slurm.py

test-wheel: setup ## build the wheel, and use it from an empty environment
	@rm -rf build _build/wheel && echo "test-wheel: building the wheel"
	@$(PYTHON) -m pip --disable-pip-version-check wheel -qq --no-deps -w _build/wheel . && rm -rf build
	@REPROLIB_WHEEL=_build/wheel $(ONE_THREAD) $(PYTHON) -m pytest -q tests/test_wheel.py

fuzz: setup ## read damaged files for MINUTES=30 and keep whatever ends in more than one clear sentence
	@$(ONE_THREAD) $(PYTHON) -m tests.fuzz --minutes $(MINUTES)

tables: setup ## write the picture of headlines and the tables of figures, claims and waiting rows to _build/tables and book/_generated
	@mkdir -p _build/tables
	@for format in $(FORMATS); do for name in all claims waiting; do \
	  $(call table,$$name --format $$format,_build/tables/$$name.$$format) || exit 1; done; done
	@mkdir -p book/_generated
	@for page in counts attempts speed profile costs budget gains; do $(call table,$$page,book/_generated/$$page.md) || exit 1; done
	@$(call table,claims --format html,book/_generated/claims.html)
	@$(REPROLIB) picture >_build/headlines.svg && mv _build/headlines.svg book/_generated/headlines.svg
	@echo "tables: _build/tables, book/_generated"

small: setup ## train the missing records at small scale, JOBS=2 at a time with one thread each, then print the claims (hours on a CPU; resumable)
	@$(call trained,small)

long: setup ## train the missing records at long scale, JOBS=2 at a time with one thread each, then print the claims (up to three hours a row; resumable)
	@$(call trained,long)

paper: setup ## train the missing records at paper scale (an accelerator; resumable)
	@$(REPROLIB) fill --scale paper

bench: setup ## measure the kernels against their plain versions, side by side
	@$(REPROLIB) bench

verify: setup ## check every record and claim and, after `make book`, its fresh records against the committed ones
	@$(REPROLIB) verify
	@if [ -d _build/results ]; then $(REPROLIB) verify --fresh _build/results; fi

lint: setup ## check style, that notebooks are stored without outputs, and what the workflows may do
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(BIN)nbstripout --verify --keep-id $(NOTEBOOKS)
	@$(BIN)zizmor --offline --quiet .github

clean: ## remove everything generated, except the environment
	@rm -rf _build book/notebooks book/_generated .pytest_cache .ruff_cache .hypothesis
	@echo "clean: removed _build, book/notebooks, book/_generated and caches"

setup:
	@.ci/setup $(PYTHON)

snakemake: setup
	@$(PYTHON) -c 'import snakemake, snakemake_executor_plugin_slurm' 2>/dev/null || { echo "snakemake: installing it" && \
	  $(PYTHON) -m pip --disable-pip-version-check install -qq -c constraints.txt -e '.[workflow]'; }

executed: $(PAGES)

# A page's rule names what the page used when it was last executed: modules, records and their folders. One without a rule is executed.
-include $(RULES)
$(filter-out $(RULES:.d=.ipynb),$(PAGES)): FORCE

book/notebooks/%.ipynb: notebooks/%.ipynb _build/parameters constraints.txt reprolib/running/execute.py
	@echo "book: executing $< (scale=$(SCALE), train=$(TRAIN))"
	@$(ONE_THREAD) $(REPROLIB) execute $< --out $@ --rule $(@:.ipynb=.d) -p scale=$(SCALE) -p train=$(if $(filter 0 no false False,$(TRAIN)),False,True)

_build/parameters: FORCE
	+@mkdir -p _build && echo "$(SCALE) $(TRAIN)" | cmp -s - $@ || echo "$(SCALE) $(TRAIN)" >$@
