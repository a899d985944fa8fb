# Everything a developer or CI runs. `make check` is exactly what CI runs.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The nested modules: tools always, bench, the tests of the manifests, and what make observe runs.
NESTED := $(patsubst %/go.mod,%,$(wildcard */go.mod deploy/*/test/go.mod integration/observe/go.mod))
EACH := for dir in . $(NESTED); do echo "== $$dir"; cd "$(CURDIR)/$$dir"
# go mod tidy also wants what the tests of dependencies need. Proxies do not have all of that for a Collector's.
TIDY := for dir in . $(filter-out integration/observe,$(NESTED)); do echo "== $$dir"; cd "$(CURDIR)/$$dir"
# go vet would take a minute for all that a Collector needs. The linters look at it instead.
VET := go vet $$(go list ./... | grep -v /otelcol$$)
DONE := ; done
# One of the linters reads files of Go 1.27 too, and prints that it cannot.
LINT := go tool -modfile="$(CURDIR)/tools/go.mod" golangci-lint run ./... 2> >(grep -v '_go127.go:' >&2)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sort

.PHONY: alerts
alerts: prometheus ## test the alerts of deploy/prometheus with promtool
	promtool check rules deploy/prometheus/rules/*.yml
	promtool test rules deploy/prometheus/tests/*.yml

.PHONY: bench
bench: ## compare with other libraries, side by side in one run
	cd bench && go run ./cmd/ratio

.PHONY: browser
browser: ## test the console in a real Chromium
	@.ci/browser
	cd integration/browser && node --test --test-concurrency=1 --test-reporter=spec

.PHONY: build
build: ## compile and vet every module
	@$(EACH); go build -o /dev/null ./...; $(VET) $(DONE)

.PHONY: check
check: tidy-check generate-check compose-config build lint race test-nested browser ## all that must pass before a change lands

.PHONY: compose-config
compose-config: ## read docker-compose.yml as docker-compose would
	@.ci/compose
	if command -v docker-compose >/dev/null; then docker-compose config -q; else docker compose config -q; fi

.PHONY: compose-verify
compose-verify: ## run docker-compose.yml, break its containers one by one, and write docs/reliability.md
	cd tools && go run ./composeverify

.PHONY: demo
demo: ## run the gateway on 127.0.0.1:8080
	go run ./examples/gateway

ROWS ?= 1

.PHONY: faults
faults: redis ## run the fault matrix in full, ROWS=R3,R4 for some of limits, and write docs/reliability.md
	GOFLOW_FAULTS="$(ROWS)" GOFLOW_FAULTS_REPORT="$(CURDIR)/docs/reliability.md" \
		go test -count=1 -timeout 40m -v -run TestLimitsHoldWhateverGoesWrong ./integration/faults
	GOFLOW_STOPPED_LEADERS=50 GOFLOW_CUT_LEADERS=50 \
		go test -count=1 -timeout 20m -v -run 'StoodStill|TestWorkIsTold|WorkOfAKilled' ./contrib/flowredis

.PHONY: fuzz
fuzz: ## run every fuzz target for 20 s
	@{ grep -rE --include='*_test.go' -o '^func Fuzz\w*' . || true; } | sed -E 's|/[^/]*:func | |' | sort -u | \
	while read -r dir target; do cd "$(CURDIR)/$$dir"; go test -run='^$$' -fuzz="^$$target$$" -fuzztime=20s . $(DONE)

.PHONY: generate
generate: ## write telemetry/flowconv, docs/telemetry.md and the dashboards from telemetry/registry.yaml
	go run -C tools ./flowconvgen
	go run -C tools ./dashgen

.PHONY: generate-check
generate-check: ## fail when generated files are not up to date
	go run -C tools ./flowconvgen -check
	go run -C tools ./dashgen -check

.PHONY: lint
lint: ## run the linters of .golangci.yml in every module
	@$(EACH); $(LINT) $(DONE)

ARGS ?=

.PHONY: observe
observe: redis prometheus ## run two gateways, Redis, a Collector and Prometheus without containers, until Ctrl-C; ARGS=-free on free addresses
	go run -C integration/observe . $(ARGS)

.PHONY: prometheus
prometheus: ## install prometheus and promtool, which tests start, unless they are there
	@.ci/prometheus

.PHONY: race
race: redis prometheus ## run all tests with the race detector, in random order
	go test -race -shuffle=on ./...

.PHONY: redis
redis: ## install redis-server, which tests start, unless it is there
	@.ci/redis

.PHONY: test
test: redis prometheus ## run all tests
	go test ./...

.PHONY: test-nested
test-nested: redis prometheus ## run the tests of the nested modules
	@# -count=1: some read what is outside their module, where go test does not see changes. -vet=off: build vets.
	@for dir in $(NESTED); do echo "== $$dir"; cd "$(CURDIR)/$$dir"; go test -count=1 -vet=off ./... $(DONE)

.PHONY: tidy
tidy: ## bring every module's go.mod and go.sum up to date
	@$(TIDY); go mod tidy $(DONE)

.PHONY: tidy-check
tidy-check: ## fail when a go.mod or go.sum is not up to date
	@$(TIDY); go mod tidy -diff $(DONE)
