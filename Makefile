# Everything a developer does. `make` or `make help` lists it.
# Needs Python 3.11 with pip and make; the rest is installed into .venv and .oo.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
export PYTHONPATH := localstack:.
# In words that any Python understands: what follows is written for 3.11.
CHECK_PYTHON = import sys; sys.version_info[:2] == (3, 11) or sys.exit("oO needs Python 3.11, and this is " \
	+ sys.version.split()[0] + ": run `make dev PYTHON=/path/to/python3.11`")
BOOTSTRAP = @$(PYTHON) -c '$(CHECK_PYTHON)' && $(PYTHON) -m oo_local.bootstrap
RUN = .venv/bin/python
BIN = .venv/bin
SET_UP = @test -x $(RUN) || { echo 'oO is not set up here: run `make dev` first' >&2; exit 1; }
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help dev backfill simulate replay nightly notebook reload logs signin load reset test test-unit test-peers test-ai test-erasure test-oidc test-browser lint format generate bench bench-policies bench-tips image-test lock clean test-schemathesis audit

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run oO on this machine

dev: ## Start everything, print the address and the first tip (Ctrl-C stops; PROFILES="ai mlops": models, the registry's page)
	$(BOOTSTRAP) app emulator
	@exec $(if $(PROFILES),env OO_PROFILES="$(PROFILES)") $(RUN) -m oo_local dev

nightly: ## Refit, judge and report now, on the running oO
	$(SET_UP)
	@$(RUN) -m oo_local nightly

.PHONY: challenge ab promote rollback
challenge: ## Let a policy challenge the champion, at first in the shadow: make challenge POLICY=mixed_ts
	@test -n "$(POLICY)" || { echo 'say which: make challenge POLICY=mixed_ts' >&2; exit 2; }
	$(SET_UP)
	@$(RUN) -m oo_local challenge "$(POLICY)"

ab: ## From the canary to an A/B test: each person is served by one of the two
	$(SET_UP)
	@$(RUN) -m oo_local ab

promote: ## End an A/B test whose report shows people better off: the challenger becomes champion
	$(SET_UP)
	@$(RUN) -m oo_local promote

rollback: ## End the experiment under way; without one, undo the last promotion
	$(SET_UP)
	@$(RUN) -m oo_local rollback

notebook: ## Execute the notebook on the running oO's registry and log; prints where the page is
	$(BOOTSTRAP) mlops
	@$(RUN) -m oo_local notebook

backfill: ## Make everybody's features anew from what is stored (ARGS="--person ID", "--restart")
	$(SET_UP)
	@$(RUN) -m oo_local.within ml_lambda.pipelines.backfill $(ARGS)

replay: ## Make every decision of the log again and compare bit by bit (ARGS="--days 7", "--person ID")
	$(SET_UP)
	@$(RUN) -m oo_local.within ml_lambda.pipelines.replay $(ARGS)

reload: ## Bring changed code live in the running oO
	$(SET_UP)
	@$(RUN) -m oo_local reload

logs: ## Follow what all functions write
	$(SET_UP)
	@exec $(RUN) -m oo_local logs

signin: ## Sign in without a browser: make signin SUBJECT=ada; prints a cookie jar for curl -b
	@test -n "$(SUBJECT)" || { echo 'say who: make signin SUBJECT=ada' >&2; exit 2; }
	$(SET_UP)
	@$(RUN) -m oo_local signin "$(SUBJECT)"

load: ## Bring your own data in: make load FILE=calendar.ics [SUBJECT=demo CONSENT=yes]
	@test -n "$(FILE)" || { echo 'say what: make load FILE=calendar.ics' >&2; exit 2; }
	$(SET_UP)
	@$(RUN) -m oo_local.load $(if $(SUBJECT),--subject "$(SUBJECT)") $(if $(CONSENT),--consent "$(CONSENT)") $(FILE)

reset: ## Clear the state of this machine (data, keys, cookies); what is installed stays
	@$(PYTHON) -m oo_local reset

##@ Check

# One more process than a small machine has cores: the one with the stack's tests mostly waits.
test: ## All tests but the browser's, in three processes, without Docker (ARGS="-k words" narrows)
	$(BOOTSTRAP) dev emulator
	@$(RUN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not browser" $(ARGS)

test-unit: ## Only the unit and architecture tests
	$(BOOTSTRAP) dev
	@$(RUN) -m pytest tests/unit tests/architecture $(ARGS)

test-peers: ## Policies and estimators against those of others, in an environment of their own
	$(BOOTSTRAP) peers
	@.oo/peers/bin/python -m pytest tests/peers $(ARGS)

test-ai: ## The whole path against the real proxy and small models, in an environment of their own
	$(BOOTSTRAP) dev emulator
	@$(RUN) scripts/test_ai.py $(ARGS)

test-schemathesis: ## At least 2,000 cases from the whole OpenAPI document against the deployed stack
	$(BOOTSTRAP) dev emulator schemathesis
	@$(RUN) scripts/test_schemathesis.py $(ARGS)

audit: ## Known vulnerabilities of what is locked; says clearly when the data cannot be had
	$(BOOTSTRAP) dev audit
	@$(RUN) scripts/audit.py

test-oidc: ## Sign-in against panva's certified OpenID provider (needs Node; says so when there is none)
	$(BOOTSTRAP) dev
	@$(RUN) scripts/test_oidc.py $(ARGS)

test-erasure: ## Erase a life of 10,000 signals, killed at ten random points (minutes)
	$(BOOTSTRAP) dev emulator
	@ERASURE_SIGNALS=10000 $(RUN) -m pytest tests/integration/test_whole_erasure.py -s -k "ten_random and emulator-0" $(ARGS)

test-browser: ## Only the tests that drive a real Chromium
	$(BOOTSTRAP) dev emulator
	@$(RUN) -m pytest tests/e2e/page -m browser $(ARGS)

lint: ## Style, types, module boundaries, contracts, generated files
	$(BOOTSTRAP) dev
	@$(RUN) scripts/lint.py

bench: ## The figures of the system benchmarks
	$(BOOTSTRAP) dev emulator
	@$(RUN) -m bench $(ARGS)

simulate: ## Policies compared on simulated people, through the real services (ARGS="--days 84 --seeds 3")
	$(BOOTSTRAP) dev
	@$(RUN) -m ml_lambda.simulation $(ARGS)

bench-policies: ## Every policy beside its peers: gap closed, cost, gate, estimators (about ten minutes)
	$(BOOTSTRAP) peers
	@OPENBLAS_NUM_THREADS=1 .oo/peers/bin/python -m bench.policies $(ARGS)

# At an address that is named; otherwise with the models of the oO that runs here.
BENCH_TIPS = $(if $(LITELLM_URL)$(filter --at --help,$(ARGS)),ml_lambda.bench,oo_local.within ml_lambda.bench.__main__)
bench-tips: ## Models over fixed contexts: valid, grounded, accepted, cost; of the running oO, or ARGS="--at NAME=URL@reword"
	$(BOOTSTRAP) dev
	@$(RUN) -m $(BENCH_TIPS) $(ARGS)

image-test: ## Build the scoring image and invoke it (needs a container engine; says so when there is none)
	$(BOOTSTRAP) dev emulator
	@$(RUN) scripts/image_test.py

##@ Change

format: ## Format and sort imports
	$(BOOTSTRAP) dev
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

generate: ## Write again what is generated: events, infra, OpenAPI, docs/settings.md
	$(BOOTSTRAP) dev
	@$(RUN) scripts/generate_events.py
	@$(RUN) -m infra render
	@$(RUN) scripts/generate_openapi.py
	@$(RUN) scripts/generate_settings.py

lock: ## Compile locks/*.txt anew from pyproject.toml (ARGS="--upgrade" takes newer versions)
	$(BOOTSTRAP) dev
	@$(RUN) scripts/lock.py $(ARGS)
	@$(RUN) -m infra render

clean: ## Remove everything that was installed or made here, state included
	rm -rf .venv .oo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
