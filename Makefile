# Thin fronts over scripts/ and the CMake presets. `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# A compiler with the precompiled header takes up to 2.5 GB; so many run at once as the machine has cores and memory for.
JOBS ?= $(shell awk -v cores=$$(nproc) '/^MemAvailable/ {n = int($$2 / 2.5e6); print (n < 1 ? 1 : n < cores ? n : cores)}' \
          /proc/meminfo 2>/dev/null || nproc)

configure = cmake --preset $(1) $(2)
build = cmake --build --preset $(1) --parallel $(JOBS)
ctest = ctest --preset $(1) --parallel $(JOBS)

.PHONY: help demo test bench coverage models dev asan tsan fuzz hostile format tidy clean

help: ## list what make can do here
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## train, evaluate, save, reload and predict on Digits; pictures go to out/
	scripts/setup --for demo
	$(call configure,default)
	$(call build,default) --target opsis_demo opsis_cli
	build/opsis_demo

test: ## build everything and run every test
	scripts/setup --for test
	$(call configure,default,-DOPSIS_TESTS=ON -DOPSIS_CUDA=AUTO -DCMAKE_CUDA_ARCHITECTURES=90-real \
	  -DCMAKE_COMPILE_WARNING_AS_ERROR=$(if $(CI),ON,OFF))
	$(call build,default)
	$(call ctest,default)

bench: ## measure against torchvision, PIL and OpenCV; writes docs/benchmarks.md
	scripts/setup --for bench
	$(call configure,default,-DOPSIS_BENCHMARKS=ON)
	$(call build,default)
	.venv/bin/python scripts/bench

coverage: ## write docs/coverage.md: what of torchvision's names Opsis has
	scripts/setup --for test
	$(call configure,default,-DOPSIS_TESTS=ON)
	$(call build,default) --target opsis_names
	.venv/bin/python scripts/coverage --names build/opsis_names --write docs/coverage.md

models: ## write docs/models.md: every model, its weights, and how far it is held against torchvision's
	scripts/setup --for test
	$(call configure,default,-DOPSIS_TESTS=ON)
	$(call build,default) --target opsis_model_list
	.venv/bin/python scripts/models --list build/opsis_model_list --write docs/models.md

dev: ## the edit loop: build with clang, run the tests that match T (make dev T=Resize)
	scripts/setup --for dev
	$(call configure,dev)
	$(call build,dev)
	$(call ctest,dev) $(if $(T),--tests-regex '$(T)')

asan: ## every test under the address and undefined behaviour sanitizers
	scripts/setup --for dev
	$(call configure,asan)
	$(call build,asan)
	$(call ctest,asan) $(if $(T),--tests-regex '$(T)')

tsan: ## every test under the thread sanitizer
	scripts/setup --for dev
	$(call configure,tsan)
	$(call build,tsan)
	$(call ctest,tsan) $(if $(T),--tests-regex '$(T)')

fuzz: ## build the fuzzers and run each for T seconds (make fuzz T=20)
	scripts/setup --for dev
	$(call configure,fuzz)
	$(call build,fuzz) --target opsis_fuzzers
	scripts/fuzz build-fuzz $(or $(T),20)

hostile: ## read the hostile pictures and archives of other projects, with sanitizers and by valgrind (downloads them)
	scripts/setup --for dev
	$(call configure,fuzz)
	$(call build,fuzz) --target decode_pictures extract_archives
	scripts/hostile_pictures build-fuzz
	scripts/hostile_archives build-fuzz
	$(call configure,valgrind)
	$(call build,valgrind) --target decode_pictures extract_archives
	scripts/hostile_pictures build-valgrind --valgrind
	scripts/hostile_archives build-valgrind --valgrind

# README.md shows examples/readme.cpp to the letter, with a line that clang-format would break in three.
format: ## lay out the sources as .clang-format says
	scripts/setup --for dev
	git ls-files '*.h' '*.cpp' ':!examples/readme.cpp' | xargs clang-format -i

tidy: ## look for trouble with clang-tidy, in FILES or everywhere
	scripts/setup --for dev
	$(call configure,tidy)
	$(call build,tidy) --target opsis_pch
	scripts/tidy --build build-tidy --jobs $(JOBS) $(FILES)

clean: ## remove what was built, but not the .venv
	rm -rf build build-dev build-asan build-tsan build-fuzz build-valgrind build-tidy out
