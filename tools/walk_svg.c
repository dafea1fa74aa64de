/* SPDX-License-Identifier: BSD-2-Clause */
#include "iom.h"
#include "walk.h"

int iom_tool_walk_svg(struct iom_tool_walk *w, const struct iom_tool_list *l, const char *file)
{
	(void)w;
	(void)l;
	(void)file;
	return IOM_TOOL_FAIL;
}
