# SPDX-License-Identifier: MIT
# Verbs for people. Meson and ninja do the work (meson.build); the program is build/kymo.
#
#   make             the program                    make demo       set up, build, look at a sample trace
#   make deps        install what building needs    make check      set up, build, all tests
#   make web         the viewer's bundle            make check-all  also sanitizers, clang, fuzzing, lint
#   make install     DESTDIR= PREFIX=/usr/local     make fuzz       FUZZ_SECONDS=60 a target
#   make fmt, lint   layout; layers, layout, tidy   make bench      how fast, how large (BENCH_BYTES=100000000)
#   make clean
#
# BUILD=DIR puts the build elsewhere; MESON_ARGS=... goes to `meson setup` when DIR is made.

BUILD        ?= build
PREFIX       ?= /usr/local
DESTDIR      ?=
MESON_ARGS   ?=
FUZZ_SECONDS ?= 60
BENCH_BYTES  ?= 100000000
SAMPLE       ?= docs/sample/mix.trace.zst
# Set to 1 where nothing may be fetched: the viewer's packages then have to be there already.
OFFLINE      ?=

export CC

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) kymo

# The tests option follows what is installed: cmocka is not needed to build the program.
$(BUILD)/build.ninja:
	@tools/deps --check build
	@meson setup $(BUILD) --prefix=$(PREFIX) $$(tools/deps --has check || echo -Dtests=false) $(MESON_ARGS)

deps:
	@tools/deps build web

# npm ci only where package-lock.json changed; a build that was set up without the packages looks again. Without node
# or network the program is built without the viewer.
web:
	@tools/web-packages $(if $(OFFLINE),--offline)
	@if [ -f $(BUILD)/build.ninja ] && [ web/node_modules/.kymo-lock -nt $(BUILD)/build.ninja ]; then \
		meson setup --reconfigure $(BUILD) >/dev/null; fi

demo:
	@tools/deps build web
	@$(MAKE) --no-print-directory web || echo 'demo: going on without the viewer'
	@$(MAKE) --no-print-directory all
	@$(BUILD)/kymo $(SAMPLE)

check:
	@tools/deps build web check
	@$(MAKE) --no-print-directory web || echo 'check: the viewer is not built; its tests are skipped'
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@tools/enable-tests $(BUILD)
	@ninja -C $(BUILD)
	@tools/run-tests $(BUILD)

check-all:
	@tools/deps build web check all
	@tools/check-all

fuzz:
	@tools/deps build all
	@tools/fuzz $(FUZZ_SECONDS)

bench: all
	@bench/run $(BUILD) $(BENCH_BYTES)

fmt:
	@tools/format --write

lint:
	@tools/check-layers
	@tools/format --check
	@tools/tidy

install: all
	@DESTDIR=$(DESTDIR) meson configure $(BUILD) --prefix=$(PREFIX) -Dtests=false >/dev/null
	@ninja -C $(BUILD)
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD)

.PHONY: all deps web demo check check-all fuzz bench fmt lint install clean
