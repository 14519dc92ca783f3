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

# apxs knows where httpd, its modules and APR are: /usr/sbin is not in every user's PATH.
APXS       := apxs
HTTPD       = $$($(APXS) -q SBINDIR)/$$($(APXS) -q PROGNAME)
APR_CONFIG  = $$($(APXS) -q APR_CONFIG)
APR_LIBS    = $$($(APR_CONFIG) --link-ld) $$($$($(APXS) -q APU_CONFIG) --link-ld)
# As system headers: their warnings are not ours.
HTTPD_FLAGS = -isystem $$($(APXS) -q INCLUDEDIR) -isystem $$($(APR_CONFIG) --includedir) \
              $$($(APR_CONFIG) --cppflags)

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
	setsid $(HTTPD) -D FOREGROUND -d $(abspath $(BUILD))/run -f $(CURDIR)/conf/local.conf \
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
	    -DMODULES="\"$$($(APXS) -q LIBEXECDIR)\"" -DHTTPD="\"$(HTTPD)\"" -c -o $@ $<

$(BUILD)/suites/unit/engine/%: $(BUILD)/tests/unit/engine/%.o $(BUILD)/tests/suite.o \
                               $(BUILD)/tests/guarded_scratch.o $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) -lgmp -lm -lpthread

# All of the module but its record, with the fake httpd in the real one's place.
$(BUILD)/suites/unit/module/%: $(BUILD)/tests/unit/module/%.o $(BUILD)/tests/suite.o \
                               $(BUILD)/tests/unit/fake_httpd.o $(BUILD)/libmodule.a \
                               $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $$(pkg-config --libs check) \
	    $(APR_LIBS) -lgmp -lm -lpthread

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

.PHONY: test-programs unit-programs
unit-programs: $(unit_programs)
test-programs: $(BUILD)/mod_factorial.so $(unit_programs) $(http_programs)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

# ---- everything else: the targets of a folder are in that folder
# In this order, since targets of later ones need variables of earlier ones. The image is built from a
# part of the sources, so some may not be there.
include $(wildcard tests/checks.mk tests/tools.mk tests/load/load.mk tests/fuzz/fuzz.mk \
                   tests/bench/bench.mk infra/infra.mk conf/container/container.mk conf/delivery/delivery.mk)

-include $(shell find $(BUILD)/mod_factorial $(BUILD)/tests -name '*.d' 2>/dev/null)
