# make demo    JupyterLab on the quickstart, with the practice server behind it; on a server it prints the address to open
#              (HEADLESS=1: no JupyterLab; the quickstart runs, and its dialogue is printed)
# make test    the tests; those that need node or Chromium are left out where there is none, and the last lines say so
# make test-front-ends   all tests in real browsers, those among them that take minutes; then the oldest JupyterLab and
#              Notebook 7, in .venv-oldest, and JupyterLab with real-time collaboration and language servers, in .venv-beside
# make test-servers   tests with third-party servers, each installed into .venv-servers: minutes, and gigabytes
# make test-values    values of torch and Spark, in .venv-values: a gigabyte, and Java for Spark
# make test-clients   third-party clients, on the practice server, in .venv-clients (some 500 MB)
# make check   lint, types, and which room may import which; the same for the front-end extension and the workflows, with node
# make catalog   bring the translations (.po) up to date with the code, and compile them
# make coverage   all tests but those in browsers, and how much of the package they reach: at least 97 % of lines and of branches
# make release-check   a wheel and an sdist in dist/, checked, installed in a fresh environment, and run there
# make bench   the benchmarks, side by side with the bare SDK and raw httpx
# make soak    200 kills and 200 interrupts at random moments: what they lose and leave behind, which is nothing
# make wheel   dist/zhipu_magic-VERSION-py3-none-any.whl, to install where there is no clone
# make docs    the documentation as pages in both languages, in docs/_build/html; it fails while a text has no translation
# make docs-look    the same, then opened in a browser: each page in both languages, light and dark, wide and narrow
# make docs-texts   bring the translations of the pages up to date with their English
# make gallery   play the scenes of docs/gallery.md in JupyterLab, and take their pictures anew, in both languages
# make notebooks   run the notebooks of both languages again and save their outputs and journals

PYTHON ?= python3
VENV := .venv
CLIENTS := .venv-clients
VALUES := .venv-values
OLDEST := .venv-oldest
BESIDE := .venv-beside
DIST := dist
DOCS := .venv-docs
RUN := $(VENV)/bin/python
BUILT := hatch_build.py $(wildcard lab/src/*.js lab/schemas/*.json zhipu_magic/text/locale/*/LC_MESSAGES/*.po)
# Runs what needs node; where that is missing it says what is left out, and in CI it fails.
NODE := sh -c 'if [ -e $(VENV)/lab-tools ]; then shift; exec "$$@"; fi; \
  echo "Not checked, for want of node: $$1"; test -z "$$CI"' node
# Before pip, which is silent, and takes minutes at the first run.
INSTALLS = @case "$${LC_ALL:-$${LC_MESSAGES:-$$LANG}}" in \
  zh*) echo "正在把所需的包安装到 $(@D)：第一次要几分钟，其间没有输出……";; \
  *) echo "Installing packages into $(@D): minutes at the first run, and silent meanwhile …";; \
esac

.PHONY: bench catalog check check-imports check-lab check-style check-types clean coverage demo docs docs-look docs-texts gallery
.PHONY: notebooks release-check soak test test-clients test-front-ends test-servers test-values wheel

demo: $(VENV)/lab
	$(RUN) -m zhipu_magic demo $(if $(HEADLESS),--headless)

test: $(VENV)/test $(VENV)/renderers $(VENV)/lab-tools
	ZHIPU_MAGIC_REPLAY=only IPYTHONDIR="$(CURDIR)/$(VENV)/ipython" \
	  $(RUN) -m pytest -q -n 2 --dist loadfile -p no:cacheprovider --nbval notebooks/*.ipynb notebooks/zh/*.ipynb
	$(NODE) "the front-end extension" npm --prefix lab --silent test
	$(RUN) -m pytest -q -n 2 --dist loadfile

test-front-ends: docs $(VENV)/test $(OLDEST)/ready $(BESIDE)/ready
	for python in $(RUN) $(OLDEST)/bin/python; do \
	  ZHIPU_MAGIC_TEST_FRONT_ENDS=1 $$python -m pytest -q -n 2 --dist loadfile tests/browser || exit 1; \
	done
	ZHIPU_MAGIC_TEST_FRONT_ENDS=1 $(BESIDE)/bin/python -m pytest -q -n 2 --dist loadfile tests/browser/extension

test-servers: $(VENV)/test
	$(RUN) tests/servers/environments.py
	ZHIPU_MAGIC_TEST_SERVERS=1 $(RUN) -m pytest -q tests/servers

test-values: $(VALUES)/ready
	ZHIPU_MAGIC_TEST_VALUES=1 $(VALUES)/bin/python -m pytest -q -W default tests/values/heavy

test-clients: $(CLIENTS)/ready
	$(CLIENTS)/bin/python -m pytest -q --confcutdir=tests/clients -W default -W ignore::ResourceWarning tests/clients

# Apart, so that `make -j check` can run them at once.
check: check-style check-types check-imports check-lab

check-style: $(VENV)/dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/zizmor --offline --quiet .github

check-types: $(VENV)/dev
	$(VENV)/bin/mypy

check-imports: $(VENV)/dev
	$(VENV)/bin/lint-imports

check-lab: $(VENV)/lab-tools
	$(NODE) "the front-end extension" npm --prefix lab --silent run check

catalog: $(VENV)/dev
	$(RUN) tools/catalog.py update

coverage: $(VENV)/dev $(VENV)/renderers $(VENV)/lab-tools
	rm -rf $(VENV)/coverage
	$(RUN) -m coverage run -m pytest -q -n 2 --dist loadfile --ignore tests/browser
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage json --quiet
	$(RUN) tests/coverage_gate.py $(VENV)/coverage/report.json

release-check: $(VENV)/dev
	rm -rf dist
	$(RUN) tests/release_check.py dist

bench: $(VENV)/dev
	$(RUN) -m benchmarks

soak: $(VENV)/dev
	$(RUN) -m benchmarks.soak

wheel:
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(DIST) .

notebooks: $(VENV)/test
	rm -rf notebooks/.glm notebooks/zh/.glm
	$(RUN) notebooks/record.py

gallery: $(VENV)/test
	ZHIPU_MAGIC_GALLERY=1 ZHIPU_MAGIC_TEST_FRONT_ENDS=1 $(RUN) -m pytest -q tests/browser/gallery
	$(RUN) tests/browser/gallery/pages.py

docs: $(DOCS)/ready
	$(DOCS)/bin/python docs/build_pages.py en zh

docs-look: docs $(VENV)/test
	ZHIPU_MAGIC_TEST_FRONT_ENDS=1 $(RUN) -m pytest -q tests/browser/test_browser_site.py

docs-texts: $(DOCS)/ready
	$(DOCS)/bin/python docs/build_pages.py --texts

clean:
	rm -rf dist $(VENV) .venv-servers $(CLIENTS) $(VALUES) $(OLDEST) $(BESIDE) $(DOCS) docs/_build docs/notebooks \
	  tests/node/node_modules lab/node_modules

# What is installed along with which.
WITH_test := lab
WITH_dev := lab test
$(VENV)/lab $(VENV)/test $(VENV)/dev: pyproject.toml $(BUILT)
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10))" || \
	  { echo "zhipu_magic needs Python 3.10 or later; $(PYTHON) is older. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(INSTALLS)
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[$(@F)]"
	touch $@ $(addprefix $(@D)/,$(WITH_$(@F)))

# Without npm, what checks the extension is left out, and in CI that fails (see NODE).
$(VENV)/lab-tools: lab/package-lock.json
	if command -v npm >/dev/null; then \
	  npm ci --prefix lab --no-audit --no-fund --loglevel=error && mkdir -p $(VENV) && touch $@ \
	  || echo "npm ci failed, so what needs node is left out."; \
	fi

$(OLDEST)/ready: PACKAGES := "jupyterlab==4.2.*" "notebook==7.2.*"
$(BESIDE)/ready: PACKAGES := jupyter-collaboration jupyterlab-lsp python-lsp-server
$(OLDEST)/ready $(BESIDE)/ready: pyproject.toml $(BUILT)
	$(INSTALLS)
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[test]" $(PACKAGES)
	touch $@

# torch from its own index, since PyPI's for Linux brings CUDA, which is gigabytes.
$(VALUES)/ready: pyproject.toml
	$(INSTALLS)
	test -x $(VALUES)/bin/python || $(PYTHON) -m venv $(VALUES)
	$(VALUES)/bin/python -m pip install --quiet --disable-pip-version-check torch \
	  --index-url https://download.pytorch.org/whl/cpu
	$(VALUES)/bin/python -m pip install --quiet --disable-pip-version-check "pyspark>=3.5" vl-convert-python --editable ".[test]"
	touch $@

# Without npm, the tests that need these are skipped.
$(VENV)/renderers: tests/node/package-lock.json
	if command -v npm >/dev/null; then \
	  npm ci --prefix tests/node --no-audit --no-fund --loglevel=error && mkdir -p $(VENV) && touch $@ \
	  || echo "npm ci failed, so what needs node is left out."; \
	fi

$(DOCS)/ready: pyproject.toml $(BUILT)
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "The pages are built with Python 3.11 or later. Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(INSTALLS)
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --group site --editable .
	touch $@

$(CLIENTS)/ready: pyproject.toml
	$(INSTALLS)
	test -x $(CLIENTS)/bin/python || $(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --group clients
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
