# The two commands that matter: `make up` runs a fleet on this machine, `make test` passes the tests.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

bin := node_modules/.bin
# Node 24 comes with the dependencies; everything below runs on it, whatever the machine has.
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/$(bin):$(PATH)
stamp := node_modules/.promfleet-setup
sources := src e2e scripts

.PHONY: help setup programs up down test soak e2e check format bench pack clean

help: ## Show this
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(stamp) ## Install what promfleet itself needs (again: changes nothing)

$(stamp): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@$(bin)/node -e 'const v = process.versions.node; if (v.split(".")[0] < 24) { console.error("setup: node_modules/.bin/node is " + v + ", 24 is needed; did npm skip the install script of the package \"node\"?"); process.exit(78); }'
	@NODE_COMPILE_CACHE=$${NODE_COMPILE_CACHE:-$${XDG_CACHE_HOME:-$${HOME:-/tmp}/.cache}/promfleet/compiled} $(bin)/node scripts/compile.ts
	@bin/promfleet --help >/dev/null
	@touch $@

programs: $(stamp) ## Build and fetch the programs that the tests run (once, into the user's cache)
	@scripts/build-programs.sh

up: $(stamp) ## Run a fleet on this machine
	@bin/promfleet up --detach

down: $(stamp) ## Stop it; its data stays
	@bin/promfleet down

test: programs ## Unit tests and the short form of every check in docs/verification.md
	@node e2e/run-tests.ts

soak: programs ## The long form of every check in docs/verification.md
	@node e2e/run-tests.ts --soak

e2e: programs ## What needs a Kubernetes cluster: one is started on this machine (root)
	@scripts/build-programs.sh kubernetes helm
	@node e2e/verify.ts kubernetes-client crd chart image testbed operator operator-scale --soak

check: $(stamp) ## Format, lint, types, layering, unused code, generated documents
	oxfmt --check $(sources)
	oxlint $(sources)
	tsc
	node scripts/check-layers.ts
	knip
	node scripts/write-reference.ts --check

format: $(stamp) ## Format the sources and write the generated documents
	oxfmt $(sources)
	node scripts/write-reference.ts

bench: programs ## Print a table of timings, side by side with a plain Prometheus
	@node bench/run.ts

pack: $(stamp) ## Make the package that is published
	@node scripts/bundle.ts && npm pack --ignore-scripts

clean: ## Remove what was made in this folder
	rm -rf dist *.tgz $(stamp)
