/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A doubly linked list: the head is a link that is in no object, an empty list
 * points at itself. Not locked: whoever owns the head says who may touch it.
 */
#ifndef IOM_BASE_LIST_H
#define IOM_BASE_LIST_H

#include <stdbool.h>

#include <iom/base/field.h>

struct iom_list {
	struct iom_list *next;
	struct iom_list *prev;
};

static inline void iom_list_init(struct iom_list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool iom_list_empty(const struct iom_list *l)
{
	return l->next == l;
}

static inline void iom_list_add_tail(struct iom_list *head, struct iom_list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* The link is empty afterwards, so deleting twice is harmless. */
static inline void iom_list_del(struct iom_list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	iom_list_init(l);
}

#define iom_list_for_each(pos, head) \
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)

/* As above; the body may delete pos. */
#define iom_list_for_each_safe(pos, tmp, head) \
	for ((pos) = (head)->next, (tmp) = (pos)->next; (pos) != (head); \
	     (pos) = (tmp), (tmp) = (pos)->next)

#endif
