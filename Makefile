# Everything that is done with Vole from a clone. `make` alone lists the targets.
#
# Each target installs the Debian packages that it needs and that are missing, and nothing else.
# All that is built lies in .build: debug builds and tests in .build itself, release builds in
# .build/static, so that neither evicts the other, and the finished binaries in .build/bin.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BIN := .build/bin
VENV := .build/venv
REQUIREMENTS := Tests/EndToEnd/requirements.txt
SWIFT_NEEDED := 6.3

# What the build needs, what the tests need besides, what real Kafka clients need.
BUILD_PACKAGES := librdkafka-dev libnghttp2-dev libnghttp2-14 libpcre2-dev libtomlplusplus-dev \
	pkg-config binutils g++
TEST_PACKAGES := curl nghttp2-client
KAFKA_PACKAGES := curl kcat python3 python3-venv

# Before this version nghttp2 could be brought down by a peer (CVE-2024-28182).
MINIMUM_VERSIONS := libnghttp2-14=1.52.0-1+deb12u3

# The Swift runtime goes into the binary; without --no-export-dynamic its symbols would stay too.
RELEASE := -c release --scratch-path .build/static --static-swift-stdlib \
	-Xlinker --no-export-dynamic

# Extra arguments of `make demo`, `make bench` and `make test`.
ARGS ?=

help: ## List the targets
	@echo "Usage: make TARGET"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

deps: swift-version ## Install the Debian packages that build and tests need
	@$(call install,$(BUILD_PACKAGES) $(TEST_PACKAGES) $(KAFKA_PACKAGES))
	@echo "deps: everything is there"

build: build-deps ## Build the release binary, .build/bin/vole
	@echo "build: compiling vole for release"
	@swift build $(RELEASE) --product vole
	@$(call finish,vole)
	@echo "build: $(BIN)/vole, $$(stat -c %s $(BIN)/vole | awk '{ printf "%.1f MB", $$1 / 1e6 }'), \
	$$($(BIN)/vole --version)"

demo: build ## Run the demo: a Kafka in the process, five consumers, five verdicts, 40 seconds
	@echo "demo: $(BIN)/vole demo --seconds 40 $(ARGS)"
	@$(BIN)/vole demo --seconds 40 $(ARGS)

test: test-deps ## Run all tests
	@echo "test: building the tests"
	@swift build --build-tests
	@echo "test: running them"
	@swift test --skip-build --disable-xctest $(ARGS)
	@$(MAKE) test-end-to-end

test-end-to-end: kafka-deps ## Test the release binary with real clients on a mock cluster
	@$(MAKE) $(VENV)/installed build
	@echo "test-end-to-end: running, about a minute"
	@$(VENV)/bin/python Tests/EndToEnd/run --vole $(BIN)/vole

lint: swift-version ## Check the format of all Swift files
	@swift format lint --strict --parallel --configuration .swift-format -r \
	  Package.swift Sources Tests
	@echo "lint: no complaint"

bench: build-deps ## Measure against the budgets: figure, budget, ratio
	@echo "bench: compiling volebench for release"
	@swift build $(RELEASE) --product volebench
	@$(call finish,volebench)
	@$(BIN)/volebench $(ARGS)
	@echo "bench: done"

test-kafka: kafka-deps ## Check the verdicts on a real Kafka: make test-kafka BOOTSTRAP=host:port
	@[ -n "$(BOOTSTRAP)" ] || { \
	  echo "test-kafka: no broker is named (make test-kafka BOOTSTRAP=host:port)" >&2; exit 2; }
	@$(MAKE) $(VENV)/installed build
	@echo "test-kafka: running on $(BOOTSTRAP), with topics and groups of its own"
	@$(VENV)/bin/python Tests/EndToEnd/run --vole $(BIN)/vole --bootstrap "$(BOOTSTRAP)"

clean: ## Remove all that was built
	@rm -rf .build
	@echo "clean: .build is gone"

# What the targets above stand on.

build-deps: swift-version
	@$(call install,$(BUILD_PACKAGES))

test-deps: swift-version
	@$(call install,$(BUILD_PACKAGES) $(TEST_PACKAGES))

kafka-deps: swift-version
	@$(call install,$(BUILD_PACKAGES) $(KAFKA_PACKAGES))

swift-version:
	@command -v swift > /dev/null || { \
	  echo "Swift $(SWIFT_NEEDED) or newer is needed and there is no swift in PATH;" \
	    "https://www.swift.org/install/linux has it" >&2; exit 2; }
	@found=$$(swift --version 2> /dev/null \
	  | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -1); \
	oldest=$$(printf '%s\n' "$(SWIFT_NEEDED)" "$$found" | sort -V | head -1); \
	[ "$$oldest" = "$(SWIFT_NEEDED)" ] || { \
	  echo "Swift $(SWIFT_NEEDED) or newer is needed, this is $${found:-unknown};" \
	    "https://www.swift.org/install/linux has it" >&2; exit 2; }

$(VENV)/installed: $(REQUIREMENTS)
	@echo "venv: installing $$(grep -c '==' $(REQUIREMENTS)) Python packages into $(VENV)"
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --requirement $(REQUIREMENTS)
	@touch $@

# Copies a release binary without its symbols: the stripped one is what is shipped.
define finish
mkdir -p $(BIN); \
strip -o $(BIN)/$(1).new .build/static/release/$(1); \
mv $(BIN)/$(1).new $(BIN)/$(1)
endef

# Installs those of the packages that are missing or too old; quick when there is none.
define install
command -v dpkg-query > /dev/null || { \
  echo "no dpkg here: what is needed is, in Debian's names: $(1)"; exit 0; }; \
installed=$$(dpkg-query -W -f '$${db:Status-Status} $${Package} $${Version}\n' $(1) \
  2> /dev/null || true); \
missing=""; \
for package in $(1); do \
  version=$$(awk -v p="installed $$package" '$$1 " " $$2 == p { print $$3; exit }' \
    <<< "$$installed"); \
  least=$$(tr ' ' '\n' <<< "$(MINIMUM_VERSIONS)" | sed -n "s/^$$package=//p"); \
  if [ -z "$$version" ] || dpkg --compare-versions "$$version" lt "$${least:-0}"; then \
    missing="$$missing $$package"; \
  fi; \
done; \
[ -n "$$missing" ] || exit 0; \
as_root=""; \
if [ "$$(id -u)" != 0 ]; then \
  as_root=sudo; \
  command -v sudo > /dev/null || { \
    echo "Debian packages are missing and there is no sudo to install them;" \
      "as root: apt-get install$$missing" >&2; \
    exit 2; }; \
fi; \
echo "installing Debian packages:$$missing"; \
$$as_root apt-get update -qq; \
$$as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends $$missing < /dev/null
endef

.PHONY: help deps build demo test test-end-to-end lint bench test-kafka clean \
	build-deps test-deps kafka-deps swift-version
