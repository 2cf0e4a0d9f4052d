# The two commands of a new user are `make up` and `make test`. Everything lands in .venv and .infra.
SHELL := /bin/bash
PYTHON ?= python3
STACK ?= dev
BIN := .venv/bin
# Only what is imported gets compiled, on its first import. A pip older than the pinned one takes three times as long.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check
# Every file is compared with the hashes of constraints.txt; only the project's own folder has none.
PIP = $(INSTALL) --no-require-hashes --constraint constraints.txt --build-constraint constraints.txt
# `make EXTRAS=[s3]` adds another one.
EXTRAS ?=
comma := ,
READY := .venv/.ready
DEV_READY := .venv/.ready-dev
AZURITE_VERSION := 3.35.0
CLI_VERSION := v3.276.0
KUBERNETES_VERSION := v1.34.3
KUBERNETES_VARIABLE := k8s.io/component-base/version.gitVersion
KUBERNETES := kube-apiserver kube-controller-manager kube-scheduler kubectl kubelet
CLI_VARIABLE := github.com/pulumi/pulumi/sdk/v3/go/common/version.Version

.PHONY: help up down test fast-test soak matrix servers test-kubernetes check fmt pulumi kubernetes azurite bench bench-engines docs site pictures release clean
help:
	@echo "make up      set up and bring the dev stack up     make down   destroy it, stop everything"
	@echo "make test    the whole test suite                  make check  format, lint, types, contracts, words"
	@echo "make matrix  suites that run once more           make soak   long randomised runs"

up: $(READY)
	@$(BIN)/infra up -s $(STACK) --yes

down: $(READY)
	@$(BIN)/infra destroy -s $(STACK) --yes

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@echo "installing the pinned dependencies into .venv"
	@$(INSTALL) --requirement <(sed -n '/^pip==/,/[^\\]$$/p' constraints.txt)
	@$(PIP) --editable ".[local,docker$(patsubst [%],$(comma)%,$(EXTRAS))]"
	@touch $@

# The tests start hundreds of processes. Where these may not write bytecode (PYTHONDONTWRITEBYTECODE, as in containers),
# each would compile all that it imports; what no process imports is left out.
COMPILE = $(BIN)/python -m compileall -qq -j 0
UNUSED = /(pulumi_kubernetes|selenium|tests?)/
# A file's tests share their fixtures in one process; the slow files come first.
PYTEST = $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

$(DEV_READY): $(READY)
	@$(PIP) --editable ".[dev]"
	@echo "compiling the dependencies"
	@-$(COMPILE) -x '$(UNUSED)' "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	@touch $@

test: $(DEV_READY)
	@$(COMPILE) src
	@$(PYTEST) -n auto

fast-test: $(DEV_READY)
	@$(COMPILE) src
	@$(PYTEST) -n 2 -m "not e2e and not server and not soak and not matrix and not kubernetes"

# The long randomised runs, twenty minutes on two processors: kills, faults, random programs. SOAK_POINTS, SOAK_EXAMPLES
# and SOAK_SEED make them longer and others.
soak: $(DEV_READY)
	@$(BIN)/python -m pytest -m soak -n 2 --dist worksteal -s

# Whole suites once more over another engine, server, backend or contract; `make test` takes a slice of each.
BUCKET_TESTS = tests/recovery tests/e2e/engine tests/e2e/promotion tests/e2e/review tests/e2e/project/test_crash.py
PROVIDER_TESTS = $(addprefix tests/provider/test_,$(addsuffix .py,lifecycle traps inventory functions imported_inputs))
CLOUD_TESTS = $(PROVIDER_TESTS) tests/e2e/engine/test_every_kind.py tests/e2e/deploy/test_deploy_step.py \
  tests/e2e/review tests/e2e/imports tests/e2e/promotion tests/app/test_health.py tests/app/test_history.py
matrix: $(DEV_READY)
	@$(COMPILE) src
	@$(PYTEST) -n auto -m matrix
	@TEST_BACKEND=s3 $(PYTEST) -n auto -m "e2e and not soak and not matrix" $(BUCKET_TESTS)
	@TEST_CONTRACT=cloud $(PYTEST) -n auto -m "not soak and not matrix" $(CLOUD_TESTS)

# The oldest and the newest Prefect server that all kinds and the deploy step are supported on; every other test runs
# the pinned one.
SERVERS = 3.2 3.9
servers: $(DEV_READY)
	@$(PYTEST) -n 2 --dist load -m matrix $(SERVERS:%="tests/e2e/versions/test_servers.py::test_a_server[%]")

# On a cluster of its own, on this machine; as root with a node in it. A part that is missing skips its tests by name.
test-kubernetes: $(DEV_READY)
	@$(COMPILE) src
	@$(BIN)/python -m pytest -m kubernetes tests/components/cluster $(PYTEST_FLAGS)

check: $(DEV_READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/check_words.py

fmt: $(DEV_READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# The official CLI, for those who have Go and no `pulumi` yet.
pulumi: .infra/bin/gensdk .infra/bin/pulumi-language-yaml
	@if command -v pulumi >/dev/null; then echo "pulumi is on PATH: $$(pulumi version)"; \
	elif [ "$$(cat .infra/bin/.version 2>/dev/null)" = "$(CLI_VERSION)" ]; then echo "pulumi $(CLI_VERSION) is in .infra/bin"; \
	elif command -v go >/dev/null; then echo "building pulumi $(CLI_VERSION); this takes a few minutes"; mkdir -p .infra/bin; \
	  bin="$$PWD/.infra/bin/pulumi"; \
	  (cd tools && go build -ldflags "-X $(CLI_VARIABLE)=$(CLI_VERSION)" -o "$$bin" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi) \
	  && echo "$(CLI_VERSION)" > .infra/bin/.version; \
	else echo "neither pulumi nor go is here; see https://www.pulumi.com/docs/iac/download-install/"; fi

# The generators of the SDKs of other languages, as `pulumi package gen-sdk` calls them.
.infra/bin/gensdk: tools/gensdk/main.go tools/go.mod
	@if command -v go >/dev/null; then mkdir -p .infra/bin; bin="$$PWD/$@"; cd tools && go build -o "$$bin" ./gensdk; fi

# The CLI's host of YAML programs. Those of Python and Node.js are no Go modules: the official installation has them.
.infra/bin/pulumi-language-yaml: tools/yamlhost/go.mod
	@if command -v go >/dev/null; then mkdir -p .infra/bin; bin="$$PWD/$@"; cd tools/yamlhost \
	  && go build -o "$$bin" github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml; fi

# The linter of workflows, for the tests.
.infra/bin/actionlint: tools/actionlint/go.mod
	@mkdir -p .infra/bin; bin="$$PWD/$@"; cd tools/actionlint && go build -o "$$bin" github.com/rhysd/actionlint/cmd/actionlint

# The parts of a cluster, for `make test-kubernetes`; they take ten minutes once.
kubernetes:
	@if [ "$$(cat .infra/bin/kubernetes/.version 2>/dev/null)" = "$(KUBERNETES_VERSION)" ]; then \
	  echo "Kubernetes $(KUBERNETES_VERSION) is in .infra/bin/kubernetes"; exit; fi; \
	mkdir -p .infra/bin/kubernetes; bin="$$PWD/.infra/bin/kubernetes"; \
	(cd tools/kubernetes && CGO_ENABLED=0 go build -ldflags "-s -w -X $(KUBERNETES_VARIABLE)=$(KUBERNETES_VERSION)" \
	  -o "$$bin/" $(KUBERNETES:%=k8s.io/kubernetes/cmd/%)) && echo "$(KUBERNETES_VERSION)" > "$$bin/.version"

# The service of Azure's protocol that the tests of buckets use where it is there.
azurite:
	@npm install --silent --no-audit --no-fund --prefix .infra azurite@$(AZURITE_VERSION)

bench: $(DEV_READY)
	@$(BIN)/python -m bench.start_up

# Takes half an hour on two processors, and wants the machine for itself.
bench-engines: $(DEV_READY)
	@$(BIN)/python -m bench.compare

docs: $(DEV_READY)
	@$(BIN)/python tools/generate.py

# Material's note on other generators is for those who choose one.
site: $(DEV_READY)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "the documentation is in build/site: python3 -m http.server -d build/site -b 127.0.0.1 8000"

# Of terminals and of a drift report, from commands that run; needs Chromium.
pictures: $(DEV_READY)
	@$(BIN)/python -m tools.pictures

# Wheel, and the archives that `pulumi plugin install resource prefect` takes, in dist.
release: $(DEV_READY)
	@$(BIN)/python -m tools.plugin_archive dist

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
