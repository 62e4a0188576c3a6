# Everything that is done with Vole from a clone. `make` alone lists the targets.
#
# Each target installs the Debian packages that it needs and that are missing, and nothing else.
# All that is built lies in .build: debug builds and tests in .build itself, release builds in
# .build/static, so that neither evicts the other, the finished binaries in .build/bin, and the
# output of every step in .build/log.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BIN := .build/bin
VENV := .build/venv
END_TO_END := Tests/EndToEnd
KUBERNETES := Tests/Kubernetes
STEP := .ci/step
SWIFT_NEEDED := 6.3

# What the Swift toolchain runs on and links with; what the build needs besides; and the tests.
SWIFT_PACKAGES := g++ binutils libcurl4 libncurses6 libsqlite3-0 libxml2
# A peer could bring down nghttp2 before the version named here (CVE-2026-27135).
BUILD_PACKAGES := $(SWIFT_PACKAGES) pkg-config librdkafka-dev libnghttp2-dev \
	'libnghttp2-14>=1.52.0-1+deb12u3' libpcre2-dev libssl-dev libtomlplusplus-dev \
	zlib1g-dev
TEST_PACKAGES := $(BUILD_PACKAGES) curl kcat nghttp2-client openssl python3 python3-venv
# The image's files and the alerts are tried too, and the page is looked at.
TEST_PACKAGES += mmdebstrap prometheus chromium fonts-dejavu-core

# The Swift runtime goes into the binary; without --no-export-dynamic its symbols would stay too.
# The rest makes the binary smaller: relocations in the compact form of glibc 2.36 and later, and
# equal functions once.
RELEASE := -c release --scratch-path .build/static --static-swift-stdlib -Xswiftc -use-ld=lld \
	-Xlinker --no-export-dynamic -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --icf=all

LINT := swift format lint --strict --parallel --configuration .swift-format \
	--recursive Package.swift Sources Tests

# What `make fuzz` runs one after the other, and for how long each.
FUZZ_TARGETS := http1 http2 offsets toml json connect
SECONDS := 60

# Extra arguments of `make demo`, `make bench` and the end-to-end tests.
ARGS ?=

help: ## List the targets
	@echo "Usage: make TARGET"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

deps: ## Install the Debian packages that build and tests need
	@$(call need,$(TEST_PACKAGES))
	@echo "deps: everything is there"

build: ## Build the release binary, .build/bin/vole
	@$(call need,$(BUILD_PACKAGES))
	@$(call release,vole)
	@echo "build: $(BIN)/vole, $$(stat -c %s $(BIN)/vole | awk '{ printf "%.1f MB", $$1 / 1e6 }'), \
	$$($(BIN)/vole --version)"

demo: ## Run the demo: a Kafka in the process, five consumers, five verdicts, 40 seconds
	@$(call need,$(BUILD_PACKAGES) curl)
	@$(call release,vole)
	@echo "demo: $(strip $(BIN)/vole demo --seconds 40 $(ARGS))"
	@$(BIN)/vole demo --seconds 40 $(ARGS)

test: ## Run all tests: format, Swift tests, and the release binary with real Kafka clients
	@SECONDS=0; \
	$(call need,$(TEST_PACKAGES)); \
	$(STEP) lint "test: looking at the format" $(LINT); \
	$(STEP) build-tests "test: building the Swift tests" swift build --build-tests; \
	$(venv); \
	$(STEP) test "test: running the Swift tests" \
	  swift test --skip-build --disable-xctest --quiet; \
	sed -n '$$s/^/  /p' .build/log/test; \
	$(call simulation,--seeds 2000 --guards); \
	$(test-conformance); \
	$(test-broker); \
	$(call end-to-end,); \
	$(call kubernetes,); \
	echo "test: everything passed, in $$SECONDS s"

simulate: ## Try the decisions in 20,000 worlds; ARGS="--compare" or "--seed N" for more
	@$(call need,$(BUILD_PACKAGES))
	@$(call release,volesimulate)
	@$(BIN)/volesimulate --seeds 20000 --guards $(ARGS)

test-end-to-end: ## Run the end-to-end tests alone, on test brokers; ARGS="--only TEXT" picks
	@$(call need,$(TEST_PACKAGES))
	@SECONDS=0; $(test-broker); $(call end-to-end,$(ARGS))
	@echo "test-end-to-end: everything passed"

test-kafka: ## Check the verdicts on a real Kafka: make test-kafka BOOTSTRAP=host:port
	@[ -n "$(BOOTSTRAP)" ] || { \
	  echo "test-kafka: no broker is named (make test-kafka BOOTSTRAP=host:port)" >&2; exit 2; }
	@SECONDS=0; \
	$(call need,$(TEST_PACKAGES)); \
	$(call end-to-end,--bootstrap "$(BOOTSTRAP)" $(ARGS)); \
	echo "test-kafka: everything passed, in $$SECONDS s"

test-kubernetes: ## Test what is in k8s alone: manifests, probes, alerts, image; ARGS="--only TEXT"
	@$(call need,$(TEST_PACKAGES))
	@$(call kubernetes,$(ARGS))
	@echo "test-kubernetes: everything passed"

image-rootfs: ## Assemble the image's root file system, .build/image/rootfs, and run vole in it
	@$(call need,$(TEST_PACKAGES))
	@rm -rf .build/image/packages
	@$(call kubernetes,--only image:)
	@echo "image-rootfs: .build/image/rootfs"

test-conformance: ## Check the RPC protocol alone, as Connect's conformance suite does
	@$(call need,$(TEST_PACKAGES))
	@$(STEP) build-conformance "$@: building the server" \
	  swift build --product connect-conformance-server
	@$(venv); $(test-conformance)
	@echo "test-conformance: everything passed"

lint: ## Check the format of all Swift files
	@$(call need,$(SWIFT_PACKAGES))
	@$(LINT)
	@echo "lint: no complaint"

bench: ## Measure against the budgets: figure, budget, ratio
	@$(call need,$(BUILD_PACKAGES))
	@$(call release,volebench)
	@$(BIN)/volebench $(ARGS)
	@echo "bench: done"

bench-brokers: ## Measure catching up, and the load on brokers by source
	@$(call need,$(TEST_PACKAGES))
	@$(call release,vole); $(venv); \
	$(VENV)/bin/python $(END_TO_END)/measure --vole $(BIN)/vole catch-up; \
	$(VENV)/bin/python $(END_TO_END)/measure --vole $(BIN)/vole load
	@echo "bench-brokers: done"

bench-http: ## Measure answering beside nghttpd, nginx and a C floor; ARGS="--hold SECONDS"
	@$(call need,$(TEST_PACKAGES) nghttp2-server nginx-light gcc)
	@$(call release,vole); $(venv); \
	$(VENV)/bin/python Tests/Bench/http --vole $(BIN)/vole $(ARGS)
	@echo "bench-http: done"

fuzz: ## Fuzz each reader of foreign bytes for 60 s; SECONDS=600 for longer
	@$(call need,$(BUILD_PACKAGES))
	@$(STEP) build-fuzz "$@: compiling the fuzz targets" env FUZZ=1 swift build -c release \
	  --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address --scratch-path .build/fuzz \
	  --product volefuzz
	@for target in $(FUZZ_TARGETS); do $(fuzz-one); done
	@echo "fuzz: no finding"

clean: ## Remove all that was built
	@rm -rf .build
	@echo "clean: .build is gone"

# What the targets above stand on.

# Builds a product for release and copies it without its symbols: that one is shipped.
define release
$(STEP) build-$(1) "$@: compiling $(1) for release" swift build $(RELEASE) --product $(1); \
mkdir -p $(BIN); \
strip -o $(BIN)/$(1).new .build/static/release/$(1); \
mv $(BIN)/$(1).new $(BIN)/$(1)
endef

# Tries the decisions in simulated worlds, with further arguments.
define simulation
$(call release,volesimulate); \
$(STEP) simulation "$@: trying the decisions in simulated worlds" $(BIN)/volesimulate $(1); \
sed -n '1s/^/  /p' .build/log/simulation
endef

# Tests the brokers of the end-to-end tests with genuine clients.
define test-broker
$(call release,vole); \
$(venv); \
$(STEP) broker "$@: testing the test brokers with real clients" \
  env PYTHONPATH=Tests VOLE=$(BIN)/vole $(VENV)/bin/python -W ignore -m broker.tests; \
sed -n '$$s/^/  /p' .build/log/broker
endef

# Calls the server of the Connect protocol as its conformance suite does, and with its own client.
define test-conformance
$(STEP) conformance "$@: checking the RPC protocol with real clients" \
  $(VENV)/bin/python Tests/Conformance/run --server .build/debug/connect-conformance-server; \
sed -n '$$s/^/  /p' .build/log/conformance
endef

# Gives $$target inputs that begin with those of its corpus, and shows how many there were.
define fuzz-one
mkdir -p .build/fuzz/corpus/$$target; \
$(STEP) fuzz-$$target "$@: fuzzing $$target for $(SECONDS) s" \
  env FUZZ_TARGET=$$target SWIFT_BACKTRACE=enable=no nice .build/fuzz/release/volefuzz \
    -max_total_time=$(SECONDS) \
    -max_len=4096 -timeout=60 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix=.build/fuzz/$$target- .build/fuzz/corpus/$$target \
    Tests/Fuzz/Corpus/$$target; \
sed -n 's/^stat::number_of_executed_units: */  inputs: /p' .build/log/fuzz-$$target
endef

# Runs the end-to-end tests on the release binary, with further arguments.
define end-to-end
$(call release,vole); \
$(venv); \
echo "$@: running the end-to-end tests"; \
begun=$$SECONDS; \
$(VENV)/bin/python $(END_TO_END)/run --vole $(BIN)/vole $(1) || { \
  echo "$@: running the end-to-end tests: FAILED after $$((SECONDS - begun)) s" >&2; exit 1; }; \
echo "  done in $$((SECONDS - begun)) s"
endef

# Tests what is in k8s with the release binary, with further arguments.
define kubernetes
$(call release,vole); \
$(venv); \
echo "$@: testing what is in k8s"; \
begun=$$SECONDS; \
$(VENV)/bin/python $(KUBERNETES)/run --vole $(BIN)/vole $(1) || { \
  echo "$@: testing what is in k8s: FAILED after $$((SECONDS - begun)) s" >&2; exit 1; }; \
echo "  done in $$((SECONDS - begun)) s"
endef

# Python packages of exactly the versions that are required; the hash of their list tells whether
# what is there is what is asked for.
define venv
wanted=$$(sha256sum < $(END_TO_END)/requirements.txt); \
if [ "$$(cat $(VENV)/requirements.sha256 2> /dev/null)" != "$$wanted" ] \
  || ! $(VENV)/bin/python -c '' 2> /dev/null; then \
  rm -rf $(VENV); \
  $(STEP) venv "$@: installing $$(grep -c == $(END_TO_END)/requirements.txt) Python packages" \
    bash -c 'python3 -m venv $(VENV) && $(VENV)/bin/pip --disable-pip-version-check install \
      --no-input --requirement $(END_TO_END)/requirements.txt'; \
  echo "$$wanted" > $(VENV)/requirements.sha256; \
fi
endef

# Sees to it that the packages are there and that the toolchain is new enough.
define need
command -v swift > /dev/null || { \
  echo "$@: Swift $(SWIFT_NEEDED) or newer is needed and there is no swift in PATH;" \
    "https://www.swift.org/install/linux has it" >&2; exit 2; }; \
.ci/packages $@ $(1); \
found=$$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p'); \
oldest=$$(printf '%s\n' "$(SWIFT_NEEDED)" "$$found" | sort -V | head -1); \
[ "$$oldest" = "$(SWIFT_NEEDED)" ] || { \
  echo "$@: Swift $(SWIFT_NEEDED) or newer is needed, this is $${found:-unknown};" \
    "https://www.swift.org/install/linux has it" >&2; exit 2; }
endef

.PHONY: help deps build demo test simulate test-end-to-end test-kafka test-kubernetes \
	test-conformance image-rootfs lint bench bench-brokers bench-http fuzz clean
