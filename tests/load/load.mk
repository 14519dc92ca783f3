# Load and faults, also under valgrind. LOAD=long runs longer than CI does.

load_packages := $(test_packages) python3 gdb openssl
load_suites   := $(wildcard tests/load/test_*.py)

.PHONY: test-load valgrind-server
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
