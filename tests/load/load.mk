# Load and faults. LOAD=long runs longer than CI does.

load_packages := $(test_packages) gdb

.PHONY: test-load valgrind-server
test-load: ## test the server under load and faults (as root; LOAD=long: longer)
	$(call install,$(load_packages))
	@$(MAKE) --no-print-directory $(parallel) build
	tests/run '$(pytest) -sv tests/load'
valgrind-server: ## run the whole server under valgrind for a short time (as root)
	$(call install,$(load_packages) valgrind)
	@$(MAKE) --no-print-directory $(parallel) build
	tests/run '$(pytest) -sv tests/load/under_valgrind.py'
