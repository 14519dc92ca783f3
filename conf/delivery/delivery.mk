# Delivery of a commit to production; docs/delivery.md.

# Most steps are a script of the same name in conf/delivery, which can run alone. Their tools are Debian
# packages or are built under build/; on another system, install the commands in another way.
DELIVERY      := $(BUILD)/delivery
DELIVERY_VENV := $(DELIVERY)/venv
DELIVERY_PATH  = PATH="$(abspath $(DELIVERY))/bin:$(abspath $(DELIVERY_VENV))/bin:$$PATH"
# The files of one image: its layout, digest, packages, attestations, findings.
IMAGE_FOLDER  ?= build/image
# REGISTRY/NAME
REPOSITORY    ?=
# The vulnerability database of the scanner.
VULNERABILITIES ?= $(abspath $(DELIVERY))/vulnerabilities
# The name of an environment's service and cluster, as the infrastructure sets it.
SERVICE       ?= $(shell sed -n 's/^application = "\(.*\)".*/\1/p' infra/environments/$(ENVIRONMENT).toml)-$(ENVIRONMENT)
TEMPLATES     ?= $(INFRA_BUILD)/templates
# The Debian package of a command (the second argument if the names differ); empty if it is installed.
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
# A tool that an earlier run has built in the right version is used again.
$(DELIVERY)/bin/%: conf/delivery/go-tool
	@conf/delivery/go-tool $@ have || { $(MAKE) --no-print-directory $(DELIVERY_VENV)/ready && \
	    $(DELIVERY_PATH) conf/delivery/go-tool $@; }

.PHONY: lint delivery-lock delivery-tools
delivery-tools: $(delivery_tools) ## build the scanner, the signer and the tool for bills of materials, under build/
lint: $(DELIVERY_VENV)/ready ## run all linters, which are pre-commit's hooks (HOOK=shellcheck: one of them)
	$(DELIVERY_PATH) PRE_COMMIT_HOME="$(abspath $(DELIVERY))/hooks" pre-commit run --all-files $(HOOK)
delivery-lock: $(INFRA_VENV)/ready ## renew the versions and hashes in conf/delivery/requirements.txt from requirements.in
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file conf/delivery/requirements.txt \
	    conf/delivery/requirements.in

# ---- targets that need no AWS account
.PHONY: image-lint image-build image-test image-sbom image-scan image-fresh image-join delivery-bundle
image-lint: ## check the Dockerfile by hadolint
	@$(MAKE) --no-print-directory lint HOOK=hadolint
image-build: ## build the image of this commit in build/image/layout
	$(call install,$(image_packages) buildah)
	conf/delivery/image-build $(IMAGE_FOLDER) $(VERSION)
image-test: container-packages ## run the container tests on the image in build/image/layout (as root)
	$(call install,$(image_packages))
	tests/delivery/with_layout $(IMAGE_FOLDER)/layout tests/run \
	    $(filter-out %/test_builds,$(container_suites:%=tests/container/%))
image-sbom: $(DELIVERY)/bin/syft ## write the image's bill of materials (CycloneDX)
	$(call install,$(image_packages))
	$(DELIVERY_PATH) conf/delivery/image-sbom $(IMAGE_FOLDER) $(VERSION)
image-scan: $(DELIVERY)/bin/grype ## scan the image; fail on high and critical vulnerabilities without a waiver
	$(call install,$(image_packages))
	$(DELIVERY_PATH) conf/delivery/image-scan $(IMAGE_FOLDER) $(VULNERABILITIES)
image-fresh: ## fail if Debian has a newer version of a package in the image
	$(call install,$(image_packages))
	conf/delivery/image-fresh $(IMAGE_FOLDER)
image-join: ## join the images of several architectures into one layout (IMAGE_FOLDERS='one two')
	$(call install,$(image_packages))
	conf/delivery/image-join $(IMAGE_FOLDER) $(IMAGE_FOLDERS)
	conf/delivery/image-provenance $(IMAGE_FOLDER) $(VERSION)
delivery-bundle: $(DELIVERY)/bin/cosign ## pack the files of a deployment into build/delivery.tar (IMAGE; default: the image in build/image)
	@$(MAKE) --no-print-directory infra-synth IMAGE=$(or $(IMAGE),$$(cat $(IMAGE_FOLDER)/digest))
	conf/delivery/bundle build/delivery.tar build/delivery/bin/cosign build/delivery/bin/cosign.version \
	    build/infra/templates $(if $(IMAGE),,build/image)

# ---- targets that need an AWS account: they install only the commands that are missing
.PHONY: delivery-unbundle image-login image-push image-sign image-verify image-promote image-running
delivery-unbundle: ## check and unpack build/delivery.tar (CHECKSUM=its SHA-256)
	$(call need,CHECKSUM)
	conf/delivery/unbundle build/delivery.tar $(CHECKSUM)
image-login: ## log in to Amazon's registry with the current AWS credentials (REPOSITORY)
	$(call need,REPOSITORY)
	$(call install,$(aws_packages))
	conf/delivery/image-login $(REPOSITORY)
image-push: ## push the image as a candidate with the tag COMMIT-rc (REPOSITORY=registry/name)
	$(call need,REPOSITORY)
	$(call install,$(image_packages))
	conf/delivery/image-push $(IMAGE_FOLDER) $(REPOSITORY)
image-sign: $(DELIVERY)/bin/cosign ## sign provenance and bills of materials and attach them to the image in the registry (COSIGN_KEY)
	$(call need,REPOSITORY)
	$(DELIVERY_PATH) conf/delivery/image-sign $(IMAGE_FOLDER) $(REPOSITORY)
image-verify: $(DELIVERY)/bin/cosign ## fail if an image in the registry has no valid signature, provenance or bill of materials (IMAGE)
	$(call need,REPOSITORY IMAGE)
	$(DELIVERY_PATH) conf/delivery/image-verify $(REPOSITORY) $(IMAGE) $(IMAGE_FOLDER)
image-promote: $(DELIVERY)/bin/cosign ## give a signed candidate the tags COMMIT and latest, and the version if it is a release
	$(call need,REPOSITORY)
	$(call install,$(image_packages) $(if $(findstring .amazonaws.com/,$(REPOSITORY)),$(aws_packages)))
	$(DELIVERY_PATH) conf/delivery/image-promote $(IMAGE_FOLDER) $(REPOSITORY)
image-running: $(DELIVERY)/bin/cosign ## download the bills of materials of the image that an environment runs (ENVIRONMENT=dev)
	$(call need,ENVIRONMENT REPOSITORY)
	$(call install,$(aws_packages))
	$(DELIVERY_PATH) conf/delivery/image-running $(SERVICE) $(REPOSITORY) $(IMAGE_FOLDER)

.PHONY: deploy-decide deploy-plan deploy-apply deploy-back smoke
deploy-decide: ## decide whether an environment should get the image in build/image, or go back to IMAGE
	$(call need,ENVIRONMENT REPOSITORY)
	$(call install,$(aws_packages))
	conf/delivery/deploy-decide $(SERVICE) $(REPOSITORY) $(if $(IMAGE),rollback $(IMAGE),delivery $(IMAGE_FOLDER))
deploy-plan: ## create and show the change sets of an environment's stacks (ENVIRONMENT=dev)
	$(call need,ENVIRONMENT)
	$(call install,$(aws_packages))
	conf/delivery/deploy-plan $(TEMPLATES) $(ENVIRONMENT)
deploy-apply: ## execute change sets of deploy-plan (CHANGE_SETS='ARN...')
	$(call install,$(aws_packages))
	conf/delivery/deploy-apply build/before $(CHANGE_SETS)
deploy-back: ## deploy the template that the service had before deploy-apply
	$(call install,$(aws_packages))
	conf/delivery/deploy-back build/before
smoke: ## run the smoke test against a service (URL=https://name, REVISION=commit)
	$(call install,$(call need_command,python3) $(if $(URL),,$(aws_packages)))
	$(if $(URL),infra/smoke.py $(URL),conf/delivery/smoke $(TEMPLATES)/$(SERVICE)-service.template.json) $(REVISION)

# Debian's registry for the tests. The package is unpacked and not installed, because its installation
# starts a server.
build/delivery/registry/usr/bin/docker-registry:
	@mkdir -p build/delivery/registry
	[ "$$(id -u)" -ne 0 ] || apt-get update -qq
	cd build/delivery/registry && apt-get download -q -o APT::Sandbox::User= docker-registry
	dpkg-deb -x build/delivery/registry/docker-registry_*.deb build/delivery/registry
	@touch $@

.PHONY: image-renew image-request infra-changes
image-renew: ## update the base image in the Dockerfile and the list of packages in conf/delivery/packages
	$(call install,$(image_packages) buildah)
	conf/delivery/image-renew $(IMAGE_FOLDER) $(VERSION)
image-request: ## open a pull request with the changes of image-renew
	$(call install,git gh)
	conf/delivery/image-request
infra-changes: infra-setup ## show how the templates differ from those of another commit (BASE=main)
	$(INFRA_PATH) conf/delivery/infra-changes $(or $(BASE),main)

.PHONY: delivery-test images-test
delivery-test: ## test all steps of the delivery; it needs neither an account nor a registry (as root)
images-test: ## run container-test and delivery-test at the same time (as root)
delivery-test: suites = $(delivery_run)
# The container tests measure times, so the others run at a lower priority.
images-test: suites = sh -c 'nice -n 5 $(delivery_run) & tests/run $(container_suites:%=tests/container/%); \
    status=$$?; wait $$! && exit $$status'
delivery-test images-test: container-packages delivery-tools build/container/build.tar
	$(call install,$(image_packages) awscli)
	@$(MAKE) --no-print-directory build/delivery/registry/usr/bin/docker-registry \
	    $(DELIVERY_VENV)/ready $(INFRA_VENV)/ready
	tests/container/with_image build/container $(suites)

.PHONY: release
release: ## commit and tag a release that has an entry in CHANGES.md (VERSION=x.y.z)
	@conf/delivery/release '$(if $(filter command line,$(origin VERSION)),$(VERSION))'
