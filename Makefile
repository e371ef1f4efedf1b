# `make help` lists the targets. Compiler flags are in CMakePresets.json.
MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp')

.DEFAULT_GOAL := help
.NOTPARALLEL:  # each target uses all processors, and some share folders of build/
.PHONY: help run test check bench python-asan fuzz soak run-cluster soak-cluster models pictures readers converters batch-formats wheel deb tarball packages-test release-notes format setup install uninstall clean check-format

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

run: ## set up, build, and make 160 calls to the mock server with each of the four methods
	@scripts/setup build
	@$(call build,release,plait_program)
	@scripts/rehearse build/release/plait

test: ## set up, build and run all tests
	@scripts/setup build test
	@$(call build,dev,all)
	@$(call test,dev)

check: ## run what CI runs: format, both compilers, sanitizers, all tests
	@scripts/setup build test check
	@$(MAKE) check-format
	@$(call build,dev,all) && scripts/elsewhere build/dev 64 $(call ctest,dev)
	@$(call build,asan,all) && scripts/elsewhere build/dev 3 $(call ctest,asan)
	@$(call build,tsan,plait_async_test plait_async_parts_test plait_async_coordination_test plait_workers_test) && $(call test,tsan,--label-regex 'async|workers')
	@scripts/elsewhere build/dev 1 --strange $(call ctest,dev)

check-format:
	@echo "== format"
	@clang-format-16 --dry-run --Werror $(SOURCES)

bench: ## set up, build with optimisation, and run the benchmarks (BENCH='--benchmark_filter=...')
	@scripts/setup build bench
	@$(call build,bench,all)
	@for program in build/bench/bench/*_bench; do echo "== $$program" && $$program $(BENCH) || exit 1; done

python-asan: ## build the Python module with clang 16's sanitizers, and run its tests (TESTS='-k hooks')
	@scripts/setup build test check
	@$(call build,dev,plait_program)
	@$(call build,python-asan,plait_python_module)
	@scripts/python_asan $(TESTS)

fuzz: ## fuzz each reader of foreign bytes with libFuzzer for FUZZ_SECONDS (60)
	@scripts/setup build fuzz
	@$(call build,fuzz,fuzz/all)
	@scripts/fuzz build/fuzz/fuzz $(or $(FUZZ_SECONDS),60)

soak: ## kill and resume 1,000 runs per method, and check that no call is lost or made twice (SOAK='--runs 50')
	@scripts/setup build test
	@$(call build,release,plait_program)
	@PLAIT_PROGRAM=build/release/plait python3 -B tests/soak.py --jobs $$((4 * $(JOBS))) $(SOAK)

run-cluster: ## a run over nats-server and three workers that survives a killed worker, coordinator and broker
	@scripts/setup build test
	@$(call build,dev,plait_program)
	@scripts/run_cluster build/dev/plait

soak-cluster: ## 200 runs over clusters whose parts are killed, stopped and cut off at random (SOAK='--rounds 10')
	@scripts/setup build test soak
	@$(call build,release,plait_program)
	@PLAIT_PROGRAM=build/release/plait python3 -B tests/cluster_soak.py $(SOAK)

models: ## search with SEEDS (20) times the random seeds for a limit that the models of servers break
	@scripts/setup build test
	@$(call build,dev,plait_policy_test plait_policy_pace_test plait_cluster_protocol_test)
	@export PLAIT_SEEDS=$(or $(SEEDS),20); for room in policy_pace policy cluster_protocol; do build/dev/src/plait/plait_$${room}_test || exit 1; done

pictures: ## repeat the runs of docs/concurrency.md, and draw its pictures anew (on a machine that is idle)
	@scripts/setup build
	@$(call build,release,plait_program)
	@scripts/pictures build/release/plait

readers: ## run each line of docs/reading.md with the real tools, as far as they are installed or on PyPI
	@scripts/setup build readers
	@$(call build,release,plait_program)
	@python3 -m venv build/readers && build/readers/bin/pip install --quiet --disable-pip-version-check -r scripts/readers/requirements.txt
	@build/readers/bin/python scripts/readers/check.py build/release/plait

converters: ## convert files that the real tools make, and compare the requests with those that the tools send
	@scripts/setup build test converters
	@$(call build,release,plait_program)
	@scripts/converters/setup build/converters
	@python3 -B scripts/converters/check.py build/release/plait build/converters

batch-formats: ## check results in the forms of vendors with the vendors' own Python packages
	@scripts/setup build
	@$(call build,release,plait_program)
	@python3 -m venv build/batch_formats && build/batch_formats/bin/pip install --quiet --disable-pip-version-check -r scripts/batch_formats/requirements.txt
	@build/batch_formats/bin/python scripts/batch_formats/check.py build/release/plait

wheel: ## build the wheel of the Python package into build/wheels, and test it with each Python here (PYTHONS='...')
	@scripts/setup build test package
	@scripts/wheel

deb: ## build the Debian packages of the current commit into build/packages
	@scripts/setup build package
	@scripts/release/build deb

tarball: ## build a tarball of the current commit that runs on other Linux systems too, into build/packages
	@scripts/setup build package
	@scripts/release/build tarball

packages-test: ## build packages twice and compare the bytes, check them, and use them in fresh Debian systems (as root)
	@scripts/setup build package try
	@scripts/release/check

release-notes: ## print what CHANGELOG.md says of this version
	@scripts/release/notes

format: ## format all sources
	@scripts/setup check
	@clang-format-16 -i $(SOURCES)

setup: ## install missing Debian packages (scripts/packages.txt)
	@scripts/setup

install: ## build and install the program and the library (sudo make install, or PREFIX=~/.local)
	@scripts/setup build
	@$(call build,release,plait_program plait plait_for_testing)
	@cmake --install build/release --prefix "$(PREFIX)"

uninstall: ## remove the files that the last make install installed (sudo make uninstall)
	@xargs --no-run-if-empty --delimiter='\n' rm -fv < build/release/install_manifest.txt

clean: ## remove build/ and results/
	rm -rf build results

# build(preset, targets), test(preset, ctest's arguments)
build = echo "== $(1): build" && { test build/$(1)/build.ninja -nt CMakePresets.json || cmake --preset $(1) --log-level=WARNING; } && cmake --build --preset $(1) --parallel $(JOBS) --target $(2)
test = echo "== $(1): tests" && $(call ctest,$(1)) $(2)
# Tests with programs often wait: one more runs meanwhile.
ctest = ctest --preset $(1) --parallel $$(($(JOBS) + 1))
