# The image: built, run, and tested without a registry; docs/container.md.

# Not IMAGE: that is what the infrastructure deploys, by digest or commit.
IMAGE_NAME ?= mod_factorial:latest
# To build, to run locked down, to stand in for registry and balancer. Debian starts haproxy as a
# service, but its configuration listens nowhere.
container_packages := buildah podman crun conmon slirp4netns mmdebstrap binutils iproute2 procps \
                      haproxy openssl curl git python3

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

container_suites := test_image test_settings test_service test_balancer test_smoke test_run test_builds

# Kept until `make clean`.
build/container/build.tar: tests/container/base_images
	tests/container/base_images $(@D)
