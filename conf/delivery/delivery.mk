# From a commit to production; docs/delivery.md.

# Each step is a script of its name in conf/delivery and runs alone. What they need goes under build/,
# or is a Debian package; on another system, whatever has the commands.
DELIVERY      := $(BUILD)/delivery
DELIVERY_VENV := $(DELIVERY)/venv
DELIVERY_PATH  = PATH="$(abspath $(DELIVERY))/bin:$(abspath $(DELIVERY_VENV))/bin:$$PATH"
# All that is known of an image: its layout, digest, packages, statements, findings.
IMAGE_FOLDER  ?= build/image
# REGISTRY/NAME
REPOSITORY    ?=
# The scanner's database.
VULNERABILITIES ?= $(abspath $(DELIVERY))/vulnerabilities
# An environment's service and cluster, by the name that the infrastructure gives them.
SERVICE       ?= $(shell sed -n 's/^application = "\(.*\)".*/\1/p' infra/environments/$(ENVIRONMENT).toml)-$(ENVIRONMENT)
TEMPLATES     ?= $(INFRA_BUILD)/templates
# A package for each command that is missing.
need_command    = $(if $(shell command -v $(1)),,$(or $(2),$(1)))
image_packages  = $(call need_command,git) $(call need_command,jq) $(call need_command,skopeo)
aws_packages    = $(image_packages) $(call need_command,aws,awscli)
delivery_tools := $(DELIVERY)/bin/grype $(DELIVERY)/bin/syft $(DELIVERY)/bin/cosign
delivery_suites := test_build test_scan test_registry test_deploy test_renewal test_hooks test_workflows test_release
delivery_run    = tests/run $(delivery_suites:%=tests/delivery/%)
need = $(foreach name,$(1),$(if $($(name)),,$(error $@ needs $(name))))

$(DELIVERY_VENV)/ready: conf/delivery/requirements.txt
	$(call install,git python3-venv)
	/usr/bin/python3 -m venv --clear $(DELIVERY_VENV)
	$(DELIVERY_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@
# Kept from an earlier commit, it need not be built again.
$(DELIVERY)/bin/%: conf/delivery/go-tool
	@conf/delivery/go-tool $@ have || { $(MAKE) --no-print-directory $(DELIVERY_VENV)/ready && \
	    $(DELIVERY_PATH) conf/delivery/go-tool $@; }

.PHONY: lint delivery-lock delivery-tools
delivery-tools: $(delivery_tools) ## build scanner, bill of materials and signer, under build/
lint: $(DELIVERY_VENV)/ready ## all linters, as the hooks of pre-commit (HOOK=name: one of them)
	$(DELIVERY_PATH) PRE_COMMIT_HOME="$(abspath $(DELIVERY))/hooks" pre-commit run --all-files $(HOOK)
delivery-lock: $(INFRA_VENV)/ready ## resolve conf/delivery/requirements.in anew into pinned versions with hashes
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file conf/delivery/requirements.txt \
	    conf/delivery/requirements.in

# ---- without an account
.PHONY: image-lint image-build image-test image-sbom image-scan image-fresh image-join delivery-bundle
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
image-scan: $(DELIVERY)/bin/grype ## fail on high and critical vulnerabilities that are not waived
	$(call install,$(image_packages))
	$(DELIVERY_PATH) conf/delivery/image-scan $(IMAGE_FOLDER) $(VULNERABILITIES)
image-fresh: ## fail if Debian has a newer version of a package in the image
	$(call install,$(image_packages))
	conf/delivery/image-fresh $(IMAGE_FOLDER)
image-join: ## make one layout of those for each architecture (IMAGE_FOLDERS='one two'), with its provenance
	$(call install,$(image_packages))
	conf/delivery/image-join $(IMAGE_FOLDER) $(IMAGE_FOLDERS)
	conf/delivery/image-provenance $(IMAGE_FOLDER) $(VERSION)
delivery-bundle: $(DELIVERY)/bin/cosign ## pack what a deployment needs into build/delivery.tar (IMAGE, or the image in build/image)
	@$(MAKE) --no-print-directory infra-synth IMAGE=$(or $(IMAGE),$$(cat $(IMAGE_FOLDER)/digest))
	conf/delivery/bundle build/delivery.tar build/delivery/bin/cosign build/delivery/bin/cosign.version \
	    build/infra/templates $(if $(IMAGE),,build/image)

# ---- with one: these install nothing where the commands are there
.PHONY: delivery-unbundle image-login image-push image-sign image-verify image-promote image-running
delivery-unbundle: ## unpack build/delivery.tar if it is the one (CHECKSUM=sha256)
	$(call need,CHECKSUM)
	conf/delivery/unbundle build/delivery.tar $(CHECKSUM)
image-login: ## log in to Amazon's registry by the role that the environment has taken on
	$(call need,REPOSITORY)
	$(call install,$(aws_packages))
	conf/delivery/image-login $(REPOSITORY)
image-push: ## push the image as a candidate, tag COMMIT-rc (REPOSITORY=registry/name)
	$(call need,REPOSITORY)
	$(call install,$(image_packages))
	conf/delivery/image-push $(IMAGE_FOLDER) $(REPOSITORY)
image-sign: $(DELIVERY)/bin/cosign ## attach provenance and bills of materials in the registry, signed by COSIGN_KEY or keyless
	$(call need,REPOSITORY)
	$(DELIVERY_PATH) conf/delivery/image-sign $(IMAGE_FOLDER) $(REPOSITORY)
image-verify: $(DELIVERY)/bin/cosign ## fail if an image in the registry lacks one of these (IMAGE=digest or commit)
	$(call need,REPOSITORY IMAGE)
	$(DELIVERY_PATH) conf/delivery/image-verify $(REPOSITORY) $(IMAGE) $(IMAGE_FOLDER)
image-promote: $(DELIVERY)/bin/cosign ## give a signed candidate the tags COMMIT, latest, and of a release its version
	$(call need,REPOSITORY)
	$(call install,$(image_packages) $(if $(findstring .amazonaws.com/,$(REPOSITORY)),$(aws_packages)))
	$(DELIVERY_PATH) conf/delivery/image-promote $(IMAGE_FOLDER) $(REPOSITORY)
image-running: $(DELIVERY)/bin/cosign ## fetch the bills of materials of the image that an environment runs (ENVIRONMENT=dev)
	$(call need,ENVIRONMENT REPOSITORY)
	$(call install,$(aws_packages))
	$(DELIVERY_PATH) conf/delivery/image-running $(SERVICE) $(REPOSITORY) $(IMAGE_FOLDER)

.PHONY: deploy-decide deploy-plan deploy-apply deploy-back smoke
deploy-decide: ## say whether an environment should get the image in build/image, or go back to IMAGE
	$(call need,ENVIRONMENT REPOSITORY)
	$(call install,$(aws_packages))
	conf/delivery/deploy-decide $(SERVICE) $(REPOSITORY) $(if $(IMAGE),rollback $(IMAGE),delivery $(IMAGE_FOLDER))
deploy-plan: ## make and show change sets of an environment's stacks, and change nothing (ENVIRONMENT=dev)
	$(call need,ENVIRONMENT)
	$(call install,$(aws_packages))
	conf/delivery/deploy-plan $(TEMPLATES) $(ENVIRONMENT)
deploy-apply: ## execute them (CHANGE_SETS='ARN...')
	$(call install,$(aws_packages))
	conf/delivery/deploy-apply build/before $(CHANGE_SETS)
deploy-back: ## give the service the template that it had before deploy-apply
	$(call install,$(aws_packages))
	conf/delivery/deploy-back build/before
smoke: ## ask a service what a user would (URL=https://name or http://127.0.0.1:5000, REVISION=commit)
	$(call install,$(call need_command,python3) $(if $(URL),,$(aws_packages)))
	$(if $(URL),infra/smoke.py $(URL),conf/delivery/smoke $(TEMPLATES)/$(SERVICE)-service.template.json) $(REVISION)

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

.PHONY: delivery-test images-test
delivery-test: ## test all these steps without an account or a registry (as root)
images-test: ## container-test and delivery-test side by side, for which the image is built once (as root)
delivery-test: suites = $(delivery_run)
# The container's tests look at times, so the others take what they leave.
images-test: suites = sh -c 'nice -n 19 $(delivery_run) & tests/run $(container_suites:%=tests/container/%); \
    status=$$?; wait $$! && exit $$status'
delivery-test images-test: container-packages delivery-tools build/container/build.tar
	$(call install,$(image_packages) awscli)
	@$(MAKE) --no-print-directory build/delivery/registry/usr/bin/docker-registry \
	    $(DELIVERY_VENV)/ready $(INFRA_VENV)/ready
	tests/container/with_image build/container $(suites)

.PHONY: release
release: ## commit and tag a release (VERSION=x.y.z), whose entry CHANGES.md must have
	@conf/delivery/release '$(if $(filter command line,$(origin VERSION)),$(VERSION))'
