# SPDX-License-Identifier: BSD-2-Clause
# What libiom is made of, for the Makefile here and for any other make that
# builds some of it: IOM_SRCS_<layer>, IOM_CORE_SRCS, IOM_HOSTED_SRCS.
# Layers and what each may include: src/LAYERS. A folder may be absent.

# Needs a C11 compiler and nothing else.
IOM_CORE_LAYERS := spec base plat wire pt pci virtio irqc drv dev ep dma obj bridge
# Needs an operating system, libfdt or json-c.
IOM_HOSTED_LAYERS := fw vfu host

iom_layer_srcs = $(filter-out %_test.c,$(sort $(wildcard src/$1/*.c)))
$(foreach l,$(IOM_CORE_LAYERS) $(IOM_HOSTED_LAYERS),\
	$(eval IOM_SRCS_$l := $(call iom_layer_srcs,$l)))

# make IOM_NO_STRICT=1: without the strict SMMUv3
ifdef IOM_NO_STRICT
IOM_SRCS_dev := $(filter-out src/dev/smmuv3_strict%,$(IOM_SRCS_dev))
endif

IOM_CORE_SRCS := $(foreach l,$(IOM_CORE_LAYERS),$(IOM_SRCS_$l))
IOM_HOSTED_SRCS := $(foreach l,$(IOM_HOSTED_LAYERS),$(IOM_SRCS_$l))
IOM_SRCS := $(IOM_CORE_SRCS) $(IOM_HOSTED_SRCS)
