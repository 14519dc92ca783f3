# Checks of the C code: sanitizers, valgrind, clang, mutants, formatting.

.PHONY: asan tsan valgrind clang tidy
# Suites that compute with numbers on one thread, and for which the thread sanitizer takes long.
one_thread = $(patsubst %,tests/unit/engine/test_%.c,bounds_2 bounds_4 bounds_8 digit_count primes summary)
tsan: ## run the unit tests under the thread sanitizer
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/tsan CFLAGS='-O1 -g' \
	    SANITIZE=-fsanitize=thread unit_suites='$(filter-out $(one_thread),$(unit_suites))' test-unit
# httpd must load the sanitizer's runtime before the module. Leaks are not detected there, because httpd
# itself leaves memory allocated when a process ends.
asan: ## run the unit and HTTP tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' test-unit
	@SERVER_PRELOAD="$$($(CC) -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
	    $(MAKE) --no-print-directory $(parallel) BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' test-http
# Valgrind runs all tests of a suite in one process. These suites need a process for each test, or
# only compute with numbers.
valgrind_suites = $(filter-out %/test_admission_processes %/test_priority \
                      $(addprefix %/test_bounds_,2 4 8),$(unit_programs))
valgrind: ## run the unit tests under valgrind
	@$(MAKE) --no-print-directory $(parallel) unit-programs
	UNDER_VALGRIND=1 CK_FORK=no CK_TIMEOUT_MULTIPLIER=50 JOBS=$$(nproc) tests/run $(valgrind_suites:%='valgrind -q \
	    --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite %')
# The kernel for which clang-tidy reads the sources that are compiled once for each.
tidy_kernel = $($(lastword $(kernels))_flags) $(call kernel_names,$(lastword $(kernels)))
clang: ## compile everything with clang
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/clang CC=clang build unit-programs
tidy: ## run clang-tidy on all C files
	@files=$$(git ls-files '*.c') && [ "$$files" ] && \
	    $(MAKE) --no-print-directory -k $(parallel) $$(printf 'tidy/%s\n' $$files)
tidy/%: %
	@echo "tidy $<"
	@clang-tidy --quiet $< -- -std=gnu17 $(HTTPD_FLAGS) -Imod_factorial -Itests -Itests/unit \
	    -DMOD_FACTORIAL_VERSION='""' $(tidy_kernel) 2>/dev/null

# SUITES=unit/ runs only the unit tests; AGAIN=build/mutants/survivors repeats the surviving mutants.
.PHONY: mutants
MUTANTS ?= 200
SEED    ?= 1
mutants: test-packages ## change one line of the code at a time, and report the changes that no test notices (MUTANTS=200 SEED=1; hours)
	$(call install,bash-completion bsdutils go-md2man man-db)
	PYTHONDONTWRITEBYTECODE=1 nice python3 tests/mutants/mutants.py --mutants $(MUTANTS) --seed $(SEED) \
	    --files '$(FILES)' --suites '$(SUITES)' $(if $(AGAIN),--again $(AGAIN))

.PHONY: test-nightly
test-nightly: test-packages ## compare all digits of large factorials with those of GMP and libmpdec (minutes)
	@$(MAKE) --no-print-directory $(parallel) $(BUILD)/factorial $(BUILD)/suites/unit/engine/test_factorial
	NIGHTLY=1 tests/run $(BUILD)/suites/unit/engine/test_factorial '$(pytest) tests/nightly'

.PHONY: format format-check
format: ## format the C files
	clang-format -i $$(git ls-files '*.c' '*.h')
format-check: ## fail if a C file is not formatted
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')

.PHONY: test-arm64
arm64_packages := gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu qemu-user-static mmdebstrap
test-arm64: ## cross-compile the unit tests for arm64 and run them in an emulator (as root)
	$(call install,$(arm64_packages))
	tests/container/test_arm64 build/arm64
