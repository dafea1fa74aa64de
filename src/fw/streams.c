/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-ups in what iom_iort_streams() and iom_machine_streams() filled in. */
#include <stddef.h>

#include <iom/fw/streams.h>

int iom_streams_find_pci(const struct iom_streams *s, uint16_t segment, uint16_t rid,
			 uint32_t *smmu, uint32_t *id)
{
	const struct iom_streams_range *r;
	uint16_t masked;
	uint32_t i;

	for (i = 0; i < s->nr_ranges; i++) {
		r = &s->ranges[i];
		masked = rid & r->rid_mask;
		if (r->path || r->segment != segment || masked < r->rid_first ||
		    masked > r->rid_last)
			continue;
		if (r->smmu == IOM_STREAMS_NONE)
			return IOM_ENOENT;
		*smmu = r->smmu;
		*id = r->id + (uint32_t)(masked - r->rid_first);
		return IOM_OK;
	}
	return IOM_ENOENT;
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

int iom_streams_find_path(const struct iom_streams *s, const char *path, uint32_t nth,
			  uint32_t *smmu, uint32_t *id)
{
	const struct iom_streams_range *r;
	uint32_t i;

	for (i = 0; i < s->nr_ranges; i++) {
		r = &s->ranges[i];
		if (!r->path || r->smmu == IOM_STREAMS_NONE || !same(r->path, path) || nth--)
			continue;
		*smmu = r->smmu;
		*id = r->id;
		return IOM_OK;
	}
	return IOM_ENOENT;
}

bool iom_streams_coherent(const struct iom_streams *s, const struct iom_streams_range *r)
{
	return r->coherent && (r->smmu == IOM_STREAMS_NONE || s->smmus[r->smmu].coherent);
}
