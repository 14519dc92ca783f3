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
