# Fuzzing of all parsers. FUZZ_SECONDS=600 runs longer than CI does.

fuzz_packages := $(build_packages) check clang libclang-rt-14-dev
fuzz_targets  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS  ?= 60
FUZZ_MAIN      = $(BUILD)/tests/fuzz/replay.o
# UBSAN_OPTIONS makes an undefined operation end the program: with -fno-sanitize-recover clang needs three
# times as long to compile the kernels.
FUZZ_BUILD     = $(MAKE) --no-print-directory $(parallel) BUILD=build/fuzz CC=clang \
                 FUZZ_MAIN=-fsanitize=fuzzer \
                 SANITIZE=-fsanitize=fuzzer-no-link,address,undefined

.PHONY: fuzz fuzz-replay fuzz-programs
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/unit/fake_httpd.o $(BUILD)/libmodule.a \
                 $(BUILD)/libengine.a $(filter %.o,$(FUZZ_MAIN))
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(filter-out %.o,$(FUZZ_MAIN)) \
	    $(APR_LIBS) -lgmp -lm -lpthread

fuzz-programs: $(fuzz_targets:%=$(BUILD)/fuzz/%)
fuzz: ## run each fuzz target by clang's libFuzzer, two at a time (FUZZ_SECONDS=60)
	$(call install,$(fuzz_packages))
	@$(FUZZ_BUILD) fuzz-programs
	@$(MAKE) --no-print-directory -k -j 2 --output-sync $(fuzz_targets:%=fuzz/%)
fuzz/%:
	@mkdir -p build/fuzz/corpus/$*
	@echo "== fuzz $*"
	@UBSAN_OPTIONS=halt_on_error=1 nice build/fuzz/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -print_final_stats=1 -artifact_prefix=build/fuzz/ \
	    build/fuzz/corpus/$* tests/fuzz/corpus/$* >build/fuzz/$*.log 2>&1; \
	grep -E 'does not hold|ERROR|SUMMARY|stat::|DONE' build/fuzz/$*.log; grep -q 'DONE' build/fuzz/$*.log
fuzz-replay: fuzz-programs ## run the fuzz targets on their seeds, with any compiler
	tests/run $(foreach t,$(fuzz_targets),'$(BUILD)/fuzz/$(t) $(wildcard tests/fuzz/corpus/$(t)/*)')
