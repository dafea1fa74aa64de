/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache of an IOVA space for each thread that uses it, in thread-specific
 * data: made at the thread's first call, given back when the thread ends.
 */
#include <pthread.h>
#include <stdlib.h>

#include <iom/host/host_iova.h>

struct iom_host_iova {
	struct iom_iova *s;
	pthread_key_t key;
};

/* What a thread has: its cache, and whose it is, since a destructor gets no more. */
struct mine {
	struct iom_iova *s;
	struct iom_iova_cache *cache;
};

static void thread_ends(void *arg)
{
	struct mine *m = arg;

	iom_iova_cache_destroy(m->s, m->cache);
	free(m);
}

int iom_host_iova_create(struct iom_iova *s, struct iom_host_iova **out)
{
	struct iom_host_iova *h = malloc(sizeof(*h));

	if (!h)
		return IOM_ENOMEM;
	h->s = s;
	if (pthread_key_create(&h->key, thread_ends)) {
		free(h);
		return IOM_ENOMEM;
	}
	*out = h;
	return IOM_OK;
}

void iom_host_iova_destroy(struct iom_host_iova *h)
{
	void *m;

	if (!h)
		return;
	m = pthread_getspecific(h->key);
	pthread_key_delete(h->key);
	if (m)
		thread_ends(m);
	free(h);
}

static struct iom_iova_cache *first_call(struct iom_host_iova *h)
{
	struct mine *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	m->s = h->s;
	if (iom_iova_cache_create(h->s, &m->cache)) {
		free(m);
		return NULL;
	}
	if (pthread_setspecific(h->key, m)) {
		thread_ends(m);
		return NULL;
	}
	return m->cache;
}

struct iom_iova_cache *iom_host_iova_cache(struct iom_host_iova *h)
{
	struct mine *m = pthread_getspecific(h->key);

	return m ? m->cache : first_call(h);
}
