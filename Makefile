# The commands of the project; `make help` lists them. CMake does the building (CMakePresets.json),
# the scripts in tools/ do the rest. SETUP=no leaves out tools/setup (systems other than Debian:
# docs/building.md).
PREFIX ?= /usr/local
SETUP ?= yes

.DEFAULT_GOAL := all
.PHONY: all help test demo bench install format clean

all: build/.setup-build ## build build/release/bin/brunt and empire
	@test -f build/release/build.ninja || cmake --preset release
	cmake --build --preset release

test: build/.setup-test ## set up, build and run every check and test
	tools/test

demo: all ## run the baseline test against a seeded empire on port 3000
	tools/demo

bench: build/.setup-bench all ## measure beside wrk, hey, h2load and k6; BENCH=--quick is shorter
	bench/run $(BENCH)

install: all ## install both programs, their pages and completions under PREFIX (default /usr/local)
	install -D -m 755 build/release/bin/brunt $(DESTDIR)$(PREFIX)/bin/brunt
	install -D -m 755 build/release/bin/empire $(DESTDIR)$(PREFIX)/bin/empire
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	build/release/bin/brunt man > $(DESTDIR)$(PREFIX)/share/man/man1/brunt.1
	build/release/bin/brunt completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/brunt
	build/release/bin/brunt completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_brunt
	build/release/bin/brunt completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/brunt.fish
	install -D -m 644 empire/empire.1 $(DESTDIR)$(PREFIX)/share/man/man1/empire.1

format: build/.setup-test ## format every C file
	find src empire tests -name '*.[ch]' -exec clang-format -i {} +

clean: ## remove what was built; build/deps (unpacked packages) stays
	find build -mindepth 1 -maxdepth 1 ! -name deps ! -name apt ! -name '.setup-*' -exec rm -rf {} + 2>/dev/null || true

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# tools/setup runs again when it, its list of packages or the front end's packages change.
build/.setup-%: tools/setup tools/deps.lock $(wildcard web/package-lock.json)
	@mkdir -p build
	@test "$(SETUP)" = no || tools/setup $*
	@touch $@
