# Descent. `make` lists the commands; every one makes .venv first if it is not there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHAPTERS = $(wildcard chapters/*.ipynb)
export OMP_NUM_THREADS ?= 1

# step(name, command): run it, and say how long it took.
define step
@printf '\n== %s\n' '$(1)'; begin=$$(date +%s); $(2); status=$$?; \
	printf -- '-- %s: %s s\n' '$(1)' "$$(( $$(date +%s) - begin ))"; exit $$status
endef

# Where pip fetches gigabytes that nobody can use: Linux, no NVIDIA card, no index named.
CUDA_UNASKED = test "$$(uname -s)" = Linux && ! command -v nvidia-smi >/dev/null && test -z '$(TORCH_INDEX)'

.DEFAULT_GOAL := help
.PHONY: help book pdf cards site sphinx9 test quick gpu-check study lab handout slides records bench \
	notebooks experiments images clean

help:
	@echo 'make book        build the book and say where it lies'
	@echo 'make pdf         print the book into one PDF; for some of it PDF=NAME or PDF=--short'
	@echo 'make cards       draw what a link to a chapter shows, once the book is built'
	@echo 'make site        all that is published: book, PDF, slides, cards, in _build/html'
	@echo 'make sphinx9     build the same pages by plain Sphinx 9, without Jupyter Book'
	@echo 'make test        prove everything: lint, notebooks, package, pages'
	@echo 'make quick       prove less, sooner: lint, unit tests, two notebooks'
	@echo 'make gpu-check   run what is for a GPU on one that only pretends to be'
	@echo 'make study       write the study notebooks into study/, never over your own'
	@echo 'make lab         the same, and open them in JupyterLab'
	@echo 'make handout     CHAPTER=adam: the chapter without solutions, a notebook and a PDF'
	@echo 'make slides      CHAPTER=adam: its first reading as slides; of all chapters, if none is named'
	@echo 'make records     FILES=a.json: a table of the records that students hand in'
	@echo 'make bench       print the benchmark table'
	@echo 'make notebooks   run the notebooks and write them back in canonical form'
	@echo 'make experiments run the comparisons whose results are missing or stale'
	@echo 'make images      draw the pictures of images/ anew'
	@echo 'make clean       delete what was built (not .venv)'

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Descent needs Python 3.11 or later as $(PYTHON); set PYTHON=...'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo 'no venv in this Python: on Debian, apt-get install python3-venv'; exit 1; }
	@echo 'Installing into $(VENV): some 240 MB to fetch, and torch, 200 MB or more; a few minutes.'
	@$(CUDA_UNASKED) && echo 'No NVIDIA card is found, yet the torch that pip finds on Linux may be one for CUDA,'\
		'some 3 GB. For the CPU build stop this and add to the command TORCH_INDEX=URL, with'\
		'the --index-url that pytorch.org shows under Get Started, Pip, CPU.' || true
	@test -z '$(TORCH_INDEX)' || $(BIN)/python -m pip install --disable-pip-version-check \
		--index-url '$(TORCH_INDEX)' $$(grep '^torch==' requirements.txt)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

book: $(READY)
	@$(BIN)/python -m descent.book.build

pdf: book
	@$(BIN)/python -m descent.book.browser Chromium >/dev/null
	@$(BIN)/python -m descent.book.pdf $(PDF)

cards: $(READY)
	@$(BIN)/python -m descent.book.cards

# In this order: what is printed and shown is the book, as it stands.
site: book pdf slides cards
	@cp -R _build/descent.pdf _build/slides _build/html/

# A second environment lies over the first: it holds only what is another version there.
PLAIN := .venv-sphinx9

$(PLAIN)/.ready: requirements-sphinx9.txt $(READY)
	@$(BIN)/python -m venv --clear $(PLAIN)
	$(PLAIN)/bin/python -m pip install --disable-pip-version-check --no-deps -r requirements-sphinx9.txt
	@$(BIN)/python -c 'import sysconfig as s; print("import site; site.addsitedir(%r)" % s.get_path("purelib"))' \
		> "$$($(PLAIN)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/course.pth"
	@touch $@

sphinx9: $(PLAIN)/.ready
	@$(BIN)/python -m descent.book.plain $(PLAIN)/bin/python

LINT = $(BIN)/ruff check . && $(BIN)/python -m descent.widgets.lint
# Each of its processes collects what it is told to: what needs the built book lies apart.
BUILT = tests/built tests/browser
UNIT = $(BIN)/python -m pytest -q -n auto $(addprefix --ignore=,$(BUILT)) tests
NBVAL = $(BIN)/python -m pytest -q --nbval --nbval-current-env \
	--nbval-sanitize-with=sanitize.cfg --nbval-cell-timeout=120 -n auto --dist loadscope

test: $(READY)
	$(call step,lint,$(LINT))
	$(call step,canonical notebooks,$(BIN)/python -m descent.book.notebooks check $(CHAPTERS))
	$(call step,unit tests,$(UNIT))
	$(call step,notebooks by nbval,$(NBVAL) chapters)
	$(call step,book,$(BIN)/python -m descent.book.build)
	$(call step,browser,$(BIN)/python -m descent.book.browser)
	$(call step,study notebooks and pages,$(BIN)/python -m pytest -q -rs -n auto --dist loadscope \
		--no-loadscope-reorder $(BUILT))

quick: $(READY)
	$(call step,lint,$(LINT))
	$(call step,unit tests,$(UNIT))
	$(call step,two notebooks by nbval,$(NBVAL) chapters/sgd.ipynb chapters/adam.ipynb)

# Which notebooks run there: all of them take half an hour, FAKED='$(CHAPTERS)'.
FAKED ?= chapters/adagrad.ipynb

gpu-check: export PYTHONPATH = tests
gpu-check: $(READY)
	$(call step,tests on a GPU that only pretends,$(BIN)/python -m pytest -q -p fakegpu -m gpu \
		$$(grep -l mark.gpu tests/*.py))
	$(call step,a notebook there,$(BIN)/python tests/fakegpu.py $(FAKED))

study: $(READY)
	@$(BIN)/python -m descent.book.study

lab: $(READY)
	@$(BIN)/python -m descent.book.study --lab

handout: $(READY)
	@$(BIN)/python -m descent.book.handout $(CHAPTER)

slides: $(READY)
	@$(BIN)/python -m descent.book.slides $(CHAPTER)

# RERUN=1 runs the answers in them anew, which is to run students' code.
records: $(READY)
	@$(BIN)/python -m descent.book.records $(if $(RERUN),--rerun) $(FILES)

bench: $(READY)
	@$(BIN)/python -m descent.bench

notebooks: $(READY)
	@$(BIN)/python -m descent.book.notebooks run $(CHAPTERS)

experiments: $(READY)
	@$(BIN)/python -m descent.lab run

images: $(READY)
	@for script in images/make_*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf _build .pytest_cache .ruff_cache
