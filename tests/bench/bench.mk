# Benchmarks of the server and of the engine; docs/benchmarks.md and docs/engine.md.

# nginx is unpacked and not installed, because its installation starts a server.
bench_packages := $(build_packages) wrk hey python3 python3-flask gunicorn git \
                  $(if $(shell command -v go),,golang-go)

$(BUILD)/bench/mod_nothing.so: tests/bench/mod_nothing.c
	@mkdir -p $(@D)
	$(COMPILE) $(HTTPD_FLAGS) -shared -o $@ $<

$(BUILD)/bench/factorial-go: tests/bench/peers/factorial.go tests/bench/peers/go.mod
	@mkdir -p $(@D)
	cd tests/bench/peers && CGO_ENABLED=0 go build -o $(abspath $@) .

# Linked at fixed addresses, so that nm's list of symbols names its functions.
$(BUILD)/bench/record: tests/bench/record.c $(BUILD)/libengine.a
	@mkdir -p $(@D)
	$(COMPILE) -fno-pie -no-pie -Imod_factorial -o $@ $^ -lgmp -lm -lpthread

$(BUILD)/bench/nginx/usr/sbin/nginx:
	@mkdir -p $(BUILD)/bench
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd $(BUILD)/bench && apt-get download -q -o APT::Sandbox::User= nginx
	dpkg-deb -x $(BUILD)/bench/nginx_*.deb $(BUILD)/bench/nginx
	@touch $@

.PHONY: bench bench-check bench-programs
ROUNDS ?= 3
bench-programs: $(BUILD)/mod_factorial.so $(BUILD)/bench/mod_nothing.so $(BUILD)/bench/factorial-go \
                $(BUILD)/bench/nginx/usr/sbin/nginx $(BUILD)/stock/etc/apache2/apache2.conf
bench: ## measure the server beside nginx, Go and Flask (10 minutes; ROUNDS=1: 4; SCENARIOS=small: only that)
	$(call install,$(bench_packages))
	@$(MAKE) --no-print-directory bench-programs
	tests/bench/bench $(BUILD) --rounds $(ROUNDS) $(SCENARIOS)
bench-check: ## run every part of the benchmark for a moment, as a test
	$(call install,$(bench_packages))
	@$(MAKE) --no-print-directory bench-programs
	tests/bench/bench $(BUILD) --check $(SCENARIOS)

# ---- the engine's speed
engine_peers := pari-gp python3-venv
BENCH_VENV   := $(BUILD)/bench/venv
LARGEST      ?= 10000000
SECONDS      ?= 0.5

.PHONY: bench-engine tune docs-figures
tune: ## measure the thresholds in mod_factorial/engine/thresholds.h
	tests/bench/tune $(BUILD)/tune
bench-engine: $(BUILD)/factorial $(BUILD)/bench/record ## measure the engine beside GMP, PARI/GP, Python and FLINT (4 minutes; SECONDS=0.05 LARGEST=1000000: short)
	$(call install,$(engine_peers))
	@[ -e $(BENCH_VENV)/ready ] || { python3 -m venv $(BENCH_VENV) && \
	    for package in gmpy2 python-flint; do $(BENCH_VENV)/bin/python -m pip install -q \
	        --only-binary :all: $$package || echo "without $$package"; done; touch $(BENCH_VENV)/ready; }
	$(BENCH_VENV)/bin/python tests/bench/engine.py $(BUILD) --largest $(LARGEST) --seconds $(SECONDS)
docs-figures: bench bench-engine ## run all benchmarks, and renew the figures and plots in the documents
	cp $(BUILD)/bench/*.svg docs/
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests python3 tests/bench/figures.py $(BUILD)
	@$(MAKE) --no-print-directory infra-costs
