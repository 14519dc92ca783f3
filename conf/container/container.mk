# The container image: build, run, test; docs/container.md.

# IMAGE is another variable: the digest or commit that the infrastructure deploys.
IMAGE_NAME ?= mod_factorial:latest
# These programs build and run the image. In tests they also replace the registry and the load balancer.
# Debian starts haproxy as a service, but its default configuration listens on no port.
container_packages := buildah podman crun conmon slirp4netns mmdebstrap binutils iproute2 procps \
                      haproxy openssl curl git python3

# They are linked statically, so they need no library in the image.
$(BUILD)/container/%: conf/container/%.c
	@mkdir -p $(@D)
	$(COMPILE) -static -o $@ $<

.PHONY: container-programs container container-run container-packages container-test
container-programs: $(BUILD)/container/checked $(BUILD)/container/health-probe
container: ## build the image by docker, podman or buildah (IMAGE_NAME=name)
	conf/container/build $(IMAGE_NAME) $(VERSION)
container-run: ## run the image and serve on port 5000 until interrupted (PORT=8123)
	@conf/container/run $(IMAGE_NAME) $(PORT)
container-packages: ## install the packages for container-test: podman, buildah, mmdebstrap, haproxy
	$(call install,$(container_packages))
container-test: container-packages ## build and test the image; it needs no registry (as root)
	@$(MAKE) --no-print-directory build/container/build.tar
	tests/container/with_image build/container tests/run $(container_suites:%=tests/container/%)

container_suites := test_image test_settings test_service test_balancer test_smoke test_run test_builds

# It stays there until `make clean`.
build/container/build.tar: tests/container/base_images
	tests/container/base_images $(@D)
