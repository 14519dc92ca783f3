# The module: build, run, install, test.

VERSION := 0.1.0
# The project's public address, such as https://github.com/OWNER/mod_factorial, or empty. The page and the
# API's description show it; tests/guards names the other files that must contain it.
HOMEPAGE :=
BUILD   ?= build
$(if $(word 2,$(BUILD)),$(error BUILD must be a path without blanks))
PORT    ?= 5000
LISTEN  ?= 127.0.0.1

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

# apxs knows where httpd, its modules and APR are: /usr/sbin is not in every user's PATH.
APXS       := apxs
HTTPD       = $$($(APXS) -q SBINDIR)/$$($(APXS) -q PROGNAME)
APR_CONFIG  = $$($(APXS) -q APR_CONFIG)
APR_LIBS    = $$($(APR_CONFIG) --link-ld) $$($$($(APXS) -q APU_CONFIG) --link-ld)
# System headers, so that the compiler does not warn about them.
HTTPD_FLAGS = -isystem $$($(APXS) -q INCLUDEDIR) -isystem $$($(APR_CONFIG) --includedir) \
              $$($(APR_CONFIG) --cppflags)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

# One short line for each file; V=1 shows the commands.
say = $(if $(V),,@echo "  $(1)";)

# ---- rules
# Objects depend on this file, which changes when the options change. So other options rebuild them.
$(BUILD)/options: export OPTIONS = $(COMPILE) $(LDFLAGS) $(APXS) $(abspath $(BUILD)) $(HOMEPAGE)
$(BUILD)/options: FORCE
	@for tool in $(firstword $(CC)) $(APXS); do command -v $$tool >/dev/null || \
	    { echo "There is no $$tool. To install what building needs: make packages" >&2; exit 1; }; done
	@apr=$(APR_CONFIG); command -v "$$apr" >/dev/null || \
	    { echo "$(APXS) names \"$$apr\" as APR_CONFIG, and there is none: APR's headers are needed" >&2; exit 1; }
	@mkdir -p $(@D)
	@echo "$$OPTIONS" | cmp -s - $@ || echo "$$OPTIONS" >$@
.PHONY: FORCE
FORCE:

# Three of the engine's sources are compiled once for each of the processor's instruction sets.
kernel_sources := $(addprefix mod_factorial/engine/kernel/,transform.c residues.c text.c)
engine_sources := $(filter-out $(kernel_sources) mod_factorial/engine/main.c,\
                      $(wildcard mod_factorial/engine/*.c mod_factorial/engine/kernel/*.c))
processor       = $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
kernels         = $(kernels_$(processor))
engine_objects  = $(engine_sources:%.c=$(BUILD)/%.o) \
                  $(foreach name,$(kernels),$(kernel_sources:%.c=$(BUILD)/%.$(name).o))
module_objects := $(patsubst %.c,$(BUILD)/%.o,$(wildcard mod_factorial/*.c))

# The targets that most people need, then those of each file.
first := run test build install uninstall container container-run lint bench clean
.PHONY: help
help: ## print this list
	@awk -F ':.*## ' -v first='$(first)' ' \
	    FNR == 1 { files++; title[files] = substr($$0, 3) } \
	    /^[a-z0-9-]+:.*## / { \
	        line = sprintf("  make %-18s %s\n", $$1, $$2); \
	        if (index(" " first " ", " " $$1 " ")) help[$$1] = line; else others[files] = others[files] line } \
	    END { \
	        split(first, names, " "); \
	        for (i = 1; i in names; i++) printf "%s", help[names[i]]; \
	        for (i = 1; i <= files; i++) if (others[i]) printf "\n%s\n%s", title[i], others[i] }' \
	    $(filter Makefile %.mk,$(MAKEFILE_LIST))

$(BUILD)/mod_factorial/engine/%.o: mod_factorial/engine/%.c $(BUILD)/options
	@mkdir -p $(@D)
	$(call say,compile $<)$(COMPILE) -c -o $@ $<

# name: instruction set
kernels_x86_64  := avx512 avx2
kernels_aarch64 := neon
avx512_flags    := -mavx512f -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512
avx2_flags      := -mavx2 -mfma

define kernel_rule
$(BUILD)/mod_factorial/engine/kernel/%.$(1).o: mod_factorial/engine/kernel/%.c $(BUILD)/options
	@mkdir -p $$(@D)
	$$(call say,compile $$< for $(1))$$(COMPILE) -O3 $$($(1)_flags) $$(call kernel_names,$(1)) -c -o $$@ $$<
endef
kernel_names = -DKERNEL=kernel_$(1) -DKERNEL_NAME='"$(1)"' -DKERNEL_MULTIPLY=multiply_$(1) \
               -DKERNEL_SPLIT=split_$(1) -DKERNEL_JOIN=join_$(1) \
               -DKERNEL_WRITE=write_$(1) -DKERNEL_READ=read_$(1)
$(foreach name,avx512 avx2 neon,$(eval $(call kernel_rule,$(name))))

$(BUILD)/libengine.a: $(engine_objects)
	@rm -f $@
	$(call say,link $@)$(AR) rcs $@ $^

$(BUILD)/mod_factorial/%.o: mod_factorial/%.c $(BUILD)/options
	@mkdir -p $(@D)
	$(call say,compile $<)$(COMPILE) $(HTTPD_FLAGS) -c -o $@ $<

# The symbols of httpd and APR stay undefined: httpd has them when it loads the module.
$(BUILD)/mod_factorial.so: $(module_objects) $(BUILD)/libengine.a
	$(call say,link $@)$(CC) $(SANITIZE) -shared $(LDFLAGS) -Wl,-z,relro,-z,now -o $@ $^ -lgmp -lm -lpthread

$(BUILD)/libmodule.a: $(filter-out %/mod_factorial.o,$(module_objects))
	@rm -f $@
	$(call say,link $@)$(AR) rcs $@ $^

# The engine as a program.
$(BUILD)/factorial: $(BUILD)/mod_factorial/engine/main.o $(BUILD)/libengine.a
	$(call say,link $@)$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ -lgmp -lm -lpthread

.PHONY: build
build: $(BUILD)/mod_factorial.so ## compile the module
# For a recursive make that only compiles. Targets that install packages run one at a time, because apt
# has one lock.
parallel = -j "$$(nproc)"

# ---- set-up
# apache2-bin, not apache2: the latter starts a server of its own on port 80.
build_packages := gcc libc6-dev apache2-bin apache2-dev libgmp-dev pkg-config
run_packages   := $(build_packages) curl python3-yaml
test_packages  := $(run_packages) check media-types openssl python3-brotli python3-pytest python3-venv
check_packages := $(test_packages) clang clang-format clang-tidy valgrind

install = @conf/install-packages $(1)

.PHONY: packages test-packages check-packages
packages: ## install the packages for building and running
	$(call install,$(run_packages))
test-packages: ## install the packages for the tests too
	$(call install,$(test_packages))
check-packages: ## install the packages for the checks of the C code too
	$(call install,$(check_packages))

# Debian's own configuration of apache2. The package is unpacked and not installed, because its
# installation starts a server.
$(BUILD)/stock/etc/apache2/apache2.conf:
	@mkdir -p $(BUILD)/stock
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd $(BUILD)/stock && apt-get download -q -o APT::Sandbox::User= apache2 || \
	    { echo "apt cannot load apache2. Please have root run: apt-get update" >&2; exit 1; }
	dpkg-deb -x $(BUILD)/stock/apache2_*.deb $(BUILD)/stock
	@touch $@

# ---- the page at /docs/
.PHONY: page
page: $(BUILD)/served/page/api.html ## build the page and its description of the API, in build/served
$(BUILD)/served/page/api.html: $(wildcard docs/page/*) docs/openapi.yaml docs/clients.md docs/mod_factorial.md \
                               $(BUILD)/options
	docs/page/build $(BUILD)/served $(VERSION) $(HOMEPAGE)

# ---- running
.PHONY: run
run: packages ## build and serve on http://127.0.0.1:5000 (PORT=8123, LISTEN=0.0.0.0) until interrupted
	@echo "Building the module and the page"
	@$(MAKE) --no-print-directory $(parallel) build page $(if $(V),,>/dev/null)
	@exec conf/serve "$(HTTPD)" "$$($(APXS) -q LIBEXECDIR)" '$(BUILD)' '$(LISTEN)' '$(PORT)'

# ---- tests
# Every tests/unit/*/test_*.c is a Check suite and a program of its own. Tests that need an httpd are
# written in Python, for Debian's pytest.
unit_suites := $(wildcard tests/unit/*/test_*.c)
pytest       = env BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -c tests/pytest.ini

$(BUILD)/tests/%.o: tests/%.c $(BUILD)/options
	@mkdir -p $(@D)
	$(call say,compile $<)$(COMPILE) $(HTTPD_FLAGS) -Imod_factorial -Itests -Itests/unit $$(pkg-config --cflags check) \
	    -c -o $@ $<

# GCC warns that passing vectors changes the ABI. These files pass vectors only to their own functions.
$(BUILD)/tests/unit/engine/test_bounds_%.o: private WARNINGS += -Wno-psabi

$(BUILD)/suites/unit/engine/%: $(BUILD)/tests/unit/engine/%.o $(BUILD)/tests/suite.o \
                               $(BUILD)/tests/unit/engine/computing.o $(BUILD)/tests/unit/engine/integers.o \
                               $(BUILD)/tests/guarded_scratch.o $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) -lgmp -lm -lpthread

# All of the module except its record, with a fake httpd.
$(BUILD)/suites/unit/module/%: $(BUILD)/tests/unit/module/%.o $(BUILD)/tests/suite.o \
                               $(BUILD)/tests/unit/fake_httpd.o $(BUILD)/tests/unit/module/budget.o \
                               $(BUILD)/libmodule.a $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) \
	    $(APR_LIBS) -lgmp -lm -lpthread

unit_programs = $(unit_suites:tests/%.c=$(BUILD)/suites/%)
MPM          ?= event

.PHONY: test test-root test-unit test-http
# The suites whose result may differ between root and an ordinary user.
root_suites   = 'tests/install/test_stock_apache $(BUILD) $(BUILD)/stock' 'tests/make/test_run $(BUILD)'

# All HTTP tests run under event. Those with the mark "mpm" also run under worker and prefork.
test: test-packages ## run the unit tests, the HTTP tests, and the tests of the API's description and of installation
	@$(MAKE) --no-print-directory $(parallel) build unit-programs page $(TOOLS)/ready \
	    $(BUILD)/stock/etc/apache2/apache2.conf
	@tests/run $(unit_programs) 'tests/guards $(BUILD)' \
	    '$(pytest) tests/http' $(foreach mpm,worker prefork,'env MPM=$(mpm) $(pytest) -m mpm tests/http') \
	    $(call tool_suite,api) $(root_suites) \
	    tests/make/test_options tests/make/test_packages tests/make/test_places
test-root: test-packages $(BUILD)/stock/etc/apache2/apache2.conf ## run those tests of make test that may differ for root
	@$(MAKE) --no-print-directory $(parallel) build
	@tests/run $(root_suites)
test-unit: $(unit_programs) ## run the unit tests
	tests/run $^
test-http: build ## run all HTTP tests under one MPM (MPM=event; worker, prefork)
	tests/run 'env MPM=$(MPM) $(pytest) tests/http'

.PHONY: unit-programs
unit-programs: $(unit_programs)

.PHONY: clean
clean: ## remove all built files
	rm -rf build

# ---- the targets of the other folders
# The order matters, because later files use variables of earlier ones. Some files may be missing, because
# the image is built from a part of the sources.
include $(wildcard tests/checks.mk tests/tools.mk tests/load/load.mk tests/fuzz/fuzz.mk \
                   tests/bench/bench.mk infra/infra.mk conf/container/container.mk conf/delivery/delivery.mk \
                   conf/packages/packages.mk)

-include $(shell find $(BUILD)/mod_factorial $(BUILD)/tests -name '*.d' 2>/dev/null)
