# SPDX-License-Identifier: BSD-2-Clause
# libiom. "make help" lists the targets; build/ is the only place written to.
#
#   CC=clang   another compiler      WERROR=    warnings do not stop the build
#   CFLAGS=    instead of -O2 -g     V=1        show the commands
#   B=dir      instead of build      PREFIX=, DESTDIR=    for install

B ?= build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
WERROR ?= -Werror
SAN ?=

all:

include src/files.mk

VERSION := 0.1.0
SONAME := libiom.so.0
PKG_CONFIG ?= pkg-config

# json-c is included as <json-c/json.h>, so its header needs no flag; libfdt
# has no .pc file in Debian 12. pkg-config itself is not needed to build.
JSON_LIBS := $(shell $(PKG_CONFIG) --libs json-c 2>/dev/null || echo -ljson-c)
LIBS := -lfdt $(JSON_LIBS) -pthread

# One set of objects serves both libraries. Nobody replaces our functions at
# run time, so calls between them need not go through the PLT.
IOM_CFLAGS := -std=c11 -Wall -Wextra -Wconversion $(WERROR) -fPIC \
	-fno-semantic-interposition -fvisibility=default -Iinclude -Isrc
ifdef IOM_NO_STRICT
IOM_CFLAGS += -DIOM_NO_STRICT
NEED_STRICT := tools/replay.c examples/driver-under-test
endif
HOSTED_CFLAGS := -D_GNU_SOURCE -pthread

# Without V the rule is silent and a short line is printed; with -s not even that.
ifeq ($(V)$(findstring s,$(firstword -$(MAKEFLAGS))),)
say = @printf '  %-6s %s\n' $1 $2;
else ifeq ($(V),)
say = @
endif

# --- what there is ----------------------------------------------------------
obj = $(patsubst %.c,$(B)/obj/%.o,$1)

TOOL_SRCS := $(filter-out $(NEED_STRICT) %_test.c,$(sort $(wildcard tools/*.c tools/*/*.c)))
TESTLIB_SRCS := $(filter-out %_test.c,$(sort $(wildcard tests/lib/*.c tests/fakes/*.c)))

# Every x_test.c is a program; x_long_test.c runs in check-long only.
TEST_SRCS := $(sort $(wildcard src/*/*_test.c tests/*_test.c tests/*/*_test.c \
	tools/*_test.c tools/*/*_test.c))
test_bin = $(addprefix $(B)/tests/,$(patsubst src/%,%,$(patsubst tests/%,%,$(1:.c=))))
TESTS := $(call test_bin,$(TEST_SRCS))
LONG_TESTS := $(filter %_long_test,$(TESTS))
FAST_TESTS := $(filter-out %_long_test,$(TESTS))
# A long one may be in several files: x_test.c and x_*_part.c.
PART_SRCS := $(sort $(wildcard tests/*/*_part.c))
ifneq ($(words $(TESTS)),$(words $(sort $(TESTS))))
$(error two tests in src/ and tests/ have the same folder and name)
endif

# --- the libraries and the tool ---------------------------------------------
all: $(B)/libiom.a $(B)/libiom-core.a $(B)/$(SONAME) $(if $(TOOL_SRCS),$(B)/iom)

# Just the part that needs a C11 compiler and nothing else.
core: $(B)/libiom-core.a

$(B)/libiom-core.a: $(call obj,$(IOM_CORE_SRCS))
$(B)/libiom.a: $(call obj,$(IOM_SRCS))
$(B)/libtest.a: $(call obj,$(TESTLIB_SRCS))
$(B)/libtools.a: $(call obj,$(filter-out tools/iom.c,$(TOOL_SRCS)))
$(B)/%.a: $(B)/sources
	$(call say,AR,$@) rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

$(B)/$(SONAME): $(call obj,$(IOM_SRCS)) scripts/libiom.map $(B)/sources
	$(call say,LD,$@) $(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) \
		-Wl,--version-script=scripts/libiom.map -o $@ $(filter %.o,$^) $(LIBS)
	@ln -sf $(SONAME) $(B)/libiom.so

# tools/iom.c has main(); the rest of tools/ is in an archive, for its tests.
$(B)/iom: $(B)/obj/tools/iom.o $(B)/libtools.a $(B)/libiom.a
	$(call say,LD,$@) $(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(LIBS)

# --- tests ------------------------------------------------------------------
tests: $(TESTS)

TEST_LIBS := $(B)/libtest.a $(B)/libtools.a $(B)/libiom.a
link_test = $(call say,LD,$@) mkdir -p $(@D); \
	$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(LIBS)

$(call test_bin,$(filter src/%,$(TEST_SRCS))): $(B)/tests/%: $(B)/obj/src/%.o $(TEST_LIBS)
	$(link_test)
$(call test_bin,$(filter tests/%,$(TEST_SRCS))): $(B)/tests/%: $(B)/obj/tests/%.o $(TEST_LIBS)
	$(link_test)
$(call test_bin,$(filter tools/%,$(TEST_SRCS))): $(B)/tests/%: $(B)/obj/%.o $(TEST_LIBS)
	$(link_test)

$(foreach t,$(TEST_SRCS),$(eval $(call test_bin,$t): \
	$(call obj,$(filter $(t:_test.c=)_%,$(PART_SRCS)))))

# Threads are worth ThreadSanitizer's time.
THREAD_TESTS := $(call test_bin,$(filter $(sort $(shell grep -lE 'pthread_create|thrd_create' \
	$(TEST_SRCS) /dev/null)) %_race_test.c,$(TEST_SRCS)))

# To be run by scripts/check, in builds of their own.
run-tests: $(FAST_TESTS)
	@LOG_DIR=$(B)/logs scripts/run-tests $(FAST_TESTS)
run-thread-tests: $(THREAD_TESTS)
	@LOG_DIR=$(B)/logs scripts/run-tests $(THREAD_TESTS)
run-long-tests: $(LONG_TESTS)
	@LOG_DIR=$(B)/logs scripts/run-tests $(LONG_TESTS)

FAST_CHECKS := scripts/check-style scripts/check-layers scripts/check-symbols \
	scripts/check-headers scripts/check-docs
export B CC CXX V WERROR

# Source checks and unit tests; under a minute.
check-fast: all freestanding $(FAST_TESTS)
	@LOG_DIR=$(B)/logs scripts/run-tests $(FAST_CHECKS) $(FAST_TESTS)

# Sanitizers, compilers, fuzz corpora, install and real guests; some minutes.
check:
	@scripts/check
# The same with more seeds, more boots and more time.
check-long:
	@scripts/check long

# An unmodified Linux behind the device half. ARCH=arm64, ACCEL=kvm
run:
	@scripts/setup run --arch $(or $(ARCH),amd64)
	@+$(MAKE) --no-print-directory all
	@scripts/run

# --- fuzzing ----------------------------------------------------------------
# fuzz/x.c is a target, fuzz/corpus/x its inputs. In this build a target replays
# them; "make fuzz" builds it with libFuzzer in a folder of its own.
FUZZ_SRCS := $(filter-out fuzz/replay.c,$(sort $(wildcard fuzz/*.c)))
FUZZ_BINS := $(patsubst fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRCS))
FUZZ_MAIN ?= $(B)/obj/fuzz/replay.o
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

$(FUZZ_BINS): $(B)/fuzz/%: $(B)/obj/fuzz/%.o $(filter %.o,$(FUZZ_MAIN)) $(TEST_LIBS)
	$(call say,LD,$@) mkdir -p $(@D); $(CC) $(CFLAGS) $(SAN) $(filter -%,$(FUZZ_MAIN)) \
		$(LDFLAGS) -o $@ $(filter %.o %.a,$^) -lcmocka $(LIBS)

replay: $(FUZZ_BINS)
	@LOG_DIR=$(B)/logs scripts/run-tests $(FUZZ_BINS)
fuzzers: $(FUZZ_BINS)
fuzz:
	@command -v clang >/dev/null || { echo "no clang: install the Debian package clang"; exit 1; }
	@+$(MAKE) --no-print-directory B=$(B)/fuzzer CC=clang CFLAGS='-O1 -g' \
		SAN='$(FUZZ_SAN)' FUZZ_MAIN=-fsanitize=fuzzer fuzzers
	@B=$(B)/fuzzer scripts/fuzz $(patsubst $(B)/%,$(B)/fuzzer/%,$(FUZZ_BINS))

# --- benchmarks and examples ------------------------------------------------
BENCH_SRCS := $(sort $(wildcard bench/*.c))
BENCH_BINS := $(patsubst %.c,$(B)/%,$(BENCH_SRCS))
# One file is a program; so is a folder, unless it has a Makefile of its own.
EXAMPLE_FILES := $(sort $(wildcard examples/*.c))
EXAMPLE_DIRS := $(filter-out $(NEED_STRICT) $(patsubst %/Makefile,%,$(wildcard \
	examples/*/Makefile)),$(patsubst %/,%,$(sort $(dir $(wildcard examples/*/*.c)))))
EXAMPLE_SRCS := $(EXAMPLE_FILES) $(sort $(wildcard $(EXAMPLE_DIRS:%=%/*.c)))
EXAMPLE_BINS := $(patsubst %.c,$(B)/%,$(EXAMPLE_FILES))

# GLib has the balanced tree that translation is measured against.
$(call obj,$(BENCH_SRCS)): IOM_CFLAGS += $(shell $(PKG_CONFIG) --cflags glib-2.0 2>/dev/null)
$(BENCH_BINS): BENCH_LIBS = $(shell $(PKG_CONFIG) --libs glib-2.0 2>/dev/null || echo -lglib-2.0)
$(BENCH_BINS) $(EXAMPLE_BINS): $(B)/%: $(B)/obj/%.o $(TEST_LIBS)
	$(call say,LD,$@) mkdir -p $(@D); $(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ \
		$(filter %.o %.a,$^) $(LIBS) $(BENCH_LIBS)
$(foreach d,$(EXAMPLE_DIRS),$(eval $(B)/$d: $(call obj,$(sort $(wildcard $d/*.c)))))
$(addprefix $(B)/,$(EXAMPLE_DIRS)): $(B)/libiom.a
	$(call say,LD,$@) mkdir -p $(@D); $(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ \
		$(filter %.o,$^) $(filter %.a,$^) $(LIBS)

# Pieces alone: examples/x_alone.c linked with its own objects and no library.
ALONE_iova := $(filter src/dma/iova%,$(IOM_SRCS_dma)) $(IOM_SRCS_plat)
ALONE_pt := $(IOM_SRCS_pt) $(IOM_SRCS_plat)
ALONE_BINS := $(B)/alone/iova $(B)/alone/pt

$(ALONE_BINS): $(B)/alone/%: $(B)/obj/examples/%_alone.o $(B)/sources
	$(call say,LD,$@) mkdir -p $(@D); $(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $(filter %.o,$^)
$(foreach x,$(notdir $(ALONE_BINS)),$(eval $(B)/alone/$x: $(call obj,$(ALONE_$x))))

examples: $(EXAMPLE_BINS) $(addprefix $(B)/,$(EXAMPLE_DIRS)) $(ALONE_BINS)
bench: all $(BENCH_BINS)
	@scripts/bench

# A bare-metal image for AArch64, whatever CC is; scripts/setup fetches libfdt. And
# a driver of stage 2 alone, built for size.
CC_AARCH64 ?= aarch64-linux-gnu-gcc
LIBFDT_AARCH64 ?= $(or $(LIBIOM_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/libiom)/libfdt-arm64
BARE := $(abspath $(B))/baremetal
SIZE_CFLAGS := -Os -ffunction-sections -fdata-sections
BARE_LAYERS := spec base plat wire pt drv
bare_core = +$(MAKE) --no-print-directory CC=$(CC_AARCH64) AR=$(CC_AARCH64:%gcc=%gcc-ar) \
	B=$1 CFLAGS='$2' SAN= \
	IOM_CORE_LAYERS='$(BARE_LAYERS)' $1/freestanding/libiom-core.a
bare_image = +$(MAKE) --no-print-directory -C examples/baremetal CC=$(CC_AARCH64) OUT=$(BARE) \
	CFLAGS='$3' CORE=$1/freestanding/libiom-core.a LIBFDT=$(LIBFDT_AARCH64) $(2:%=$(BARE)/%.elf)
baremetal:
	@$(call bare_core,$(BARE),$(CFLAGS))
	@$(call bare_image,$(BARE),image,$(CFLAGS))
	@$(call bare_core,$(BARE)/size,$(SIZE_CFLAGS))
	@$(call bare_image,$(BARE)/size,size stage2,$(SIZE_CFLAGS))

# --- install ----------------------------------------------------------------
HEADERS := $(patsubst include/%,%,$(shell find include -name '*.h'))
libdir := $(DESTDIR)$(PREFIX)/lib
incdir := $(DESTDIR)$(PREFIX)/include

install: all
	$(call say,IN,$(DESTDIR)$(PREFIX)) install -d $(libdir)/pkgconfig $(DESTDIR)$(PREFIX)/bin \
		$(sort $(dir $(addprefix $(incdir)/,$(HEADERS))))
	@for h in $(HEADERS); do install -m 644 include/$$h $(incdir)/$$h || exit 1; done
	@install -m 644 $(B)/libiom.a $(B)/libiom-core.a $(libdir)
	@install -m 755 $(B)/$(SONAME) $(libdir)
	@ln -sf $(SONAME) $(libdir)/libiom.so
	@sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(VERSION),' scripts/libiom.pc.in \
		>$(libdir)/pkgconfig/libiom.pc
	@if [ -f $(B)/iom ]; then install -m 755 $(B)/iom $(DESTDIR)$(PREFIX)/bin; fi

uninstall:
	rm -rf $(incdir)/iom
	rm -f $(libdir)/libiom.a $(libdir)/libiom-core.a $(libdir)/$(SONAME) $(libdir)/libiom.so \
		$(libdir)/pkgconfig/libiom.pc $(DESTDIR)$(PREFIX)/bin/iom

# --- objects ----------------------------------------------------------------
# Core layers see no OS; everything else may.
IOM_CORE_OBJS := $(call obj,$(IOM_CORE_SRCS))
TEST_OBJS := $(call obj,$(TEST_SRCS) $(PART_SRCS) $(TESTLIB_SRCS))
OTHER_SRCS := $(FUZZ_SRCS) fuzz/replay.c $(BENCH_SRCS) $(EXAMPLE_SRCS)
$(IOM_CORE_OBJS): HOSTED_CFLAGS :=
$(TEST_OBJS) $(call obj,$(OTHER_SRCS)): IOM_CFLAGS += -Itests -Itools
$(TEST_OBJS): | $(B)/have-cmocka
$(call obj,$(TOOL_SRCS)): IOM_CFLAGS += -Itools
$(call obj,$(IOM_HOSTED_SRCS) $(TOOL_SRCS)): | $(B)/have-libs

$(B)/obj/%.o: %.c $(B)/flags | $(B)/have-cc
	$(call say,CC,$@) mkdir -p $(@D); \
	$(CC) $(IOM_CFLAGS) $(HOSTED_CFLAGS) $(CFLAGS) $(CPPFLAGS) $(SAN) -MMD -MP -c -o $@ $<

# The core as a kernel or firmware builds it. FREESTANDING_ARCH names a second
# place for a second compiler; gcc turns atomics on AArch64 into library calls
# unless told not to.
FREE := $(B)/freestanding$(addprefix -,$(FREESTANDING_ARCH))
FREE_CFLAGS := -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	$(if $(findstring aarch64,$(shell $(CC) -dumpmachine 2>/dev/null)),-mno-outline-atomics)
FREE_OBJS := $(patsubst %.c,$(FREE)/%.o,$(IOM_CORE_SRCS))

freestanding: $(FREE)/core.o

$(FREE)/core.o: $(FREE_OBJS) $(B)/sources
	$(call say,LD,$@) $(CC) -nostdlib -r -o $@ $(FREE_OBJS)
# Of an archive, only what is used is linked.
$(FREE)/libiom-core.a: $(FREE_OBJS) $(B)/sources
	$(call say,AR,$@) rm -f $@; $(AR) rcs $@ $(FREE_OBJS)
$(FREE)/%.o: %.c $(B)/flags | $(B)/have-cc
	$(call say,CC,$@) mkdir -p $(@D); \
	$(CC) $(filter-out -fPIC -fno-semantic-interposition,$(IOM_CFLAGS)) $(FREE_CFLAGS) \
		$(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

-include $(FREE_OBJS:.o=.d)
-include $(patsubst %.c,$(B)/obj/%.d,$(IOM_SRCS) $(TOOL_SRCS) $(TEST_SRCS) $(PART_SRCS) \
	$(TESTLIB_SRCS) $(OTHER_SRCS))

# Written anew only when they differ, so that a removed file or another
# compiler rebuilds what it should.
$(B)/sources: now := $(IOM_SRCS) $(TOOL_SRCS) $(TESTLIB_SRCS)
$(B)/flags: now := $(CC) $(IOM_CFLAGS) $(CFLAGS) $(CPPFLAGS) $(SAN) $(LDFLAGS)
$(B)/sources $(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(now)' | cmp -s - $@ || echo '$(now)' >$@

# --- what must be there, said in one line -----------------------------------
have = printf '%s\n' $1 | $(CC) -E -xc - >/dev/null 2>&1 || \
	{ echo "$2: install the Debian package $3"; exit 1; }

$(B)/have-cc:
	@command -v $(firstword $(CC)) >/dev/null || \
		{ echo "no C compiler ($(CC)): install the Debian package gcc"; exit 1; }
	@$(call have,'#include <stdlib.h>',no C library headers,libc6-dev)
	@mkdir -p $(@D); touch $@
$(B)/have-libs: | $(B)/have-cc
	@$(call have,'#include <libfdt.h>',libfdt.h is missing,libfdt-dev)
	@$(call have,'#include <json-c/json.h>',json-c/json.h is missing,libjson-c-dev)
	@touch $@
$(B)/have-cmocka: | $(B)/have-libs
	@$(call have,'#include <stdarg.h>' '#include <stddef.h>' '#include <stdint.h>' \
		'#include <setjmp.h>' '#include <cmocka.h>',cmocka.h is missing,libcmocka-dev)
	@touch $@

clean:
	rm -rf $(B)

help:
	@echo 'make              libraries and the tool, in build/'
	@echo 'make run          boot an unmodified Linux behind the virtio-iommu (ARCH=arm64, ACCEL=kvm)'
	@echo 'make check        every check: minutes; installs what it needs if it is root'
	@echo 'make check-fast   source checks and unit tests: under a minute'
	@echo 'make check-long   more seeds, more guests, more fuzzing'
	@echo 'make fuzz         libFuzzer on each target, FUZZ_SECONDS=60 each'
	@echo 'make baremetal    examples/baremetal for AArch64 (scripts/check-bare runs it)'
	@echo 'make bench        the table of costs, and build/bench.json'
	@echo 'make install      PREFIX=/usr/local DESTDIR=; make uninstall'
	@echo 'make core         only build/libiom-core.a: C11 and nothing else'
	@echo 'make clean        remove build/'
	@echo 'Variables: CC CFLAGS LDFLAGS WERROR= V=1 B=build'

.PHONY: all core tests freestanding check-fast check check-long run run-tests run-thread-tests \
	run-long-tests replay fuzzers fuzz examples baremetal bench install uninstall clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:
