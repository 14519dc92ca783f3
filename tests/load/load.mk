# Load and faults, also under valgrind. LOAD=long runs longer than CI does.

load_packages := $(test_packages) gdb

.PHONY: test-load valgrind-server
test-load: ## load and faults: bounds, order and answers, with figures (as root; LOAD=long: longer)
	$(call install,$(load_packages))
	@$(MAKE) --no-print-directory $(parallel) build
	tests/run '$(pytest) -sv tests/load'
valgrind-server: ## a short run of the whole server under valgrind (as root)
	$(call install,$(load_packages) valgrind)
	@$(MAKE) --no-print-directory $(parallel) build
	tests/run '$(pytest) -sv tests/load/under_valgrind.py'
