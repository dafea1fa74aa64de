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
HOSTED_CFLAGS := -D_GNU_SOURCE -pthread

# Without V the rule is silent and a short line is printed; with -s not even that.
ifeq ($(V)$(findstring s,$(firstword -$(MAKEFLAGS))),)
say = @printf '  %-6s %s\n' $1 $2;
else ifeq ($(V),)
say = @
endif

# --- what there is ----------------------------------------------------------
obj = $(patsubst %.c,$(B)/obj/%.o,$1)

TOOL_SRCS := $(filter-out %_test.c,$(sort $(wildcard tools/*.c tools/*/*.c)))
TESTLIB_SRCS := $(filter-out %_test.c,$(sort $(wildcard tests/lib/*.c tests/fakes/*.c)))

# Every x_test.c is a program; x_long_test.c runs in check-long only.
TEST_SRCS := $(sort $(wildcard src/*/*_test.c tests/*_test.c tests/*/*_test.c \
	tools/*_test.c tools/*/*_test.c))
test_bin = $(addprefix $(B)/tests/,$(patsubst src/%,%,$(patsubst tests/%,%,$(1:.c=))))
TESTS := $(call test_bin,$(TEST_SRCS))
LONG_TESTS := $(filter %_long_test,$(TESTS))
FAST_TESTS := $(filter-out %_long_test,$(TESTS))
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
	$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -lcmocka $(LIBS)

$(call test_bin,$(filter src/%,$(TEST_SRCS))): $(B)/tests/%: $(B)/obj/src/%.o $(TEST_LIBS)
	$(link_test)
$(call test_bin,$(filter tests/%,$(TEST_SRCS))): $(B)/tests/%: $(B)/obj/tests/%.o $(TEST_LIBS)
	$(link_test)
$(call test_bin,$(filter tools/%,$(TEST_SRCS))): $(B)/tests/%: $(B)/obj/%.o $(TEST_LIBS)
	$(link_test)

FAST_CHECKS := scripts/check-style scripts/check-layers scripts/check-symbols \
	scripts/check-headers scripts/check-docs
export B CC CXX

# Source checks and unit tests; under a minute.
check-fast: all freestanding $(FAST_TESTS)
	@LOG_DIR=$(B)/logs scripts/run-tests $(FAST_CHECKS) $(FAST_TESTS)

# --- objects ----------------------------------------------------------------
# Core layers see no OS; everything else may.
IOM_CORE_OBJS := $(call obj,$(IOM_CORE_SRCS))
TEST_OBJS := $(call obj,$(TEST_SRCS) $(TESTLIB_SRCS))
$(IOM_CORE_OBJS): HOSTED_CFLAGS :=
$(TEST_OBJS): IOM_CFLAGS += -Itests -Itools
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
$(FREE)/%.o: %.c $(B)/flags | $(B)/have-cc
	$(call say,CC,$@) mkdir -p $(@D); \
	$(CC) $(filter-out -fPIC -fno-semantic-interposition,$(IOM_CFLAGS)) $(FREE_CFLAGS) \
		$(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

-include $(FREE_OBJS:.o=.d)
-include $(patsubst %.c,$(B)/obj/%.d,$(IOM_SRCS) $(TOOL_SRCS) $(TEST_SRCS) $(TESTLIB_SRCS))

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

.PHONY: all core tests freestanding check-fast clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
