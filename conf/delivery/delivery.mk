# From a commit to production; docs/delivery.md.

# Each step is a script of its name in conf/delivery and runs alone. What they need goes under build/,
# or is a Debian package.
DELIVERY      := $(BUILD)/delivery
DELIVERY_VENV := $(DELIVERY)/venv
DELIVERY_PATH  = PATH="$(abspath $(DELIVERY))/bin:$(abspath $(DELIVERY_VENV))/bin:$$PATH"
# All that is known of an image: its layout, digest, packages, bill of materials, findings.
IMAGE_FOLDER  ?= build/image
# REGISTRY/NAME
REPOSITORY    ?=
# The scanner's database.
VULNERABILITIES ?= $(abspath $(DELIVERY))/vulnerabilities
image_packages := git jq skopeo
delivery_tools := $(DELIVERY)/bin/grype $(DELIVERY)/bin/syft $(DELIVERY)/bin/cosign
delivery_suites := test_build test_scan test_registry test_renewal test_hooks test_workflows test_release
need_repository = $(if $(REPOSITORY),,$(error $@ needs REPOSITORY=registry/name))

$(DELIVERY_VENV)/ready: conf/delivery/requirements.txt
	$(call install,git python3-venv)
	/usr/bin/python3 -m venv --clear $(DELIVERY_VENV)
	$(DELIVERY_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@
$(DELIVERY)/bin/%: conf/delivery/go-tool $(DELIVERY_VENV)/ready
	$(DELIVERY_PATH) conf/delivery/go-tool $@

.PHONY: lint delivery-lock delivery-tools
delivery-tools: $(delivery_tools) ## build scanner, bill of materials and signer, under build/
lint: $(DELIVERY_VENV)/ready ## all linters, as the hooks of pre-commit (HOOK=name: one of them)
	$(DELIVERY_PATH) PRE_COMMIT_HOME="$(abspath $(DELIVERY))/hooks" pre-commit run --all-files $(HOOK)
delivery-lock: $(INFRA_VENV)/ready ## resolve conf/delivery/requirements.in anew into pinned versions with hashes
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file conf/delivery/requirements.txt \
	    conf/delivery/requirements.in

.PHONY: image-lint image-build image-test image-sbom image-scan image-fresh image-join
image-lint: ## hadolint on the Dockerfile
	@$(MAKE) --no-print-directory lint HOOK=hadolint
image-build: ## build the image of the commit into build/image/layout, with its digest and packages
	$(call install,$(image_packages) buildah)
	conf/delivery/image-build $(IMAGE_FOLDER) $(VERSION)
image-test: container-packages ## run the container's tests on the image in build/image/layout (as root)
	$(call install,$(image_packages))
	tests/delivery/with_layout $(IMAGE_FOLDER)/layout tests/run \
	    $(filter-out %/test_builds,$(container_suites:%=tests/container/%))
image-sbom: $(DELIVERY)/bin/syft ## write the image's bill of materials (CycloneDX)
	$(call install,$(image_packages))
	$(DELIVERY_PATH) conf/delivery/image-sbom $(IMAGE_FOLDER) $(VERSION)
image-scan: $(DELIVERY)/bin/grype ## fail on high and critical vulnerabilities that have a fix
	$(DELIVERY_PATH) conf/delivery/image-scan $(IMAGE_FOLDER) $(VULNERABILITIES)
image-fresh: ## fail if Debian has a newer version of a package in the image
	$(call install,$(image_packages))
	conf/delivery/image-fresh $(IMAGE_FOLDER)
image-join: ## make one layout of those for each architecture (IMAGE_FOLDERS='one two')
	$(call install,$(image_packages))
	conf/delivery/image-join $(IMAGE_FOLDER) $(IMAGE_FOLDERS)

.PHONY: image-login image-push image-sign image-promote image-pull
image-login: ## log in to Amazon's registry by the role that the environment has taken on
	$(need_repository)
	$(call install,skopeo awscli)
	conf/delivery/image-login $(REPOSITORY)
image-push: ## push the image as a candidate, tag COMMIT-rc (REPOSITORY=registry/name)
	$(need_repository)
	$(call install,$(image_packages))
	conf/delivery/image-push $(IMAGE_FOLDER) $(REPOSITORY)
image-sign: $(DELIVERY)/bin/cosign ## sign the image in the registry, by COSIGN_KEY or keyless
	$(need_repository)
	$(DELIVERY_PATH) conf/delivery/image-sign $(IMAGE_FOLDER) $(REPOSITORY)
image-promote: $(DELIVERY)/bin/cosign ## give a signed candidate the tags COMMIT and latest
	$(need_repository)
	$(call install,$(image_packages) $(if $(findstring .amazonaws.com/,$(REPOSITORY)),awscli))
	$(DELIVERY_PATH) conf/delivery/image-promote $(IMAGE_FOLDER) $(REPOSITORY)
image-pull: ## fetch an image into build/image/layout (REPOSITORY=registry/name TAG=latest)
	$(need_repository)
	$(call install,$(image_packages))
	conf/delivery/image-pull $(IMAGE_FOLDER) $(REPOSITORY) $(or $(TAG),latest)

# Debian's own registry for the tests, unpacked only: installed, it would start a server.
build/delivery/registry/usr/bin/docker-registry:
	@mkdir -p build/delivery/registry
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd build/delivery/registry && apt-get download -q -o APT::Sandbox::User= docker-registry
	dpkg-deb -x build/delivery/registry/docker-registry_*.deb build/delivery/registry
	@touch $@

.PHONY: image-renew image-request infra-changes
image-renew: ## write today's base image and packages to the Dockerfile and conf/delivery/packages
	$(call install,$(image_packages) buildah)
	conf/delivery/image-renew $(IMAGE_FOLDER) $(VERSION)
image-request: ## open a pull request with what image-renew has changed
	$(call install,git gh)
	conf/delivery/image-request
infra-changes: infra-setup ## show what the templates are and were not at another commit (BASE=main)
	$(INFRA_PATH) conf/delivery/infra-changes $(or $(BASE),main)

.PHONY: delivery-test
delivery-test: container-packages delivery-tools build/container/build.tar ## test all these steps without an account or a registry (as root)
	$(call install,$(image_packages))
	@$(MAKE) --no-print-directory build/delivery/registry/usr/bin/docker-registry
	tests/container/with_image build/container tests/run $(delivery_suites:%=tests/delivery/%)

.PHONY: release
release: ## commit and tag a release (VERSION=x.y.z), whose entry CHANGES.md must have
	@conf/delivery/release '$(if $(filter command line,$(origin VERSION)),$(VERSION))'
