/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of a refusal, without an operating system: this layer may run where
 * there is no printf. A field that is full is cut, never overrun.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>

#include "fw/diag.h"

struct text {
	char *buf;
	size_t cap;		/* with the NUL */
	size_t len;
};

static void put_char(struct text *t, char c)
{
	if (t->len + 1 >= t->cap)
		return;
	t->buf[t->len++] = c >= ' ' && c <= '~' ? c : '?';
}

static void put_str(struct text *t, const char *s)
{
	for (; s && *s && t->len + 1 < t->cap; s++)
		put_char(t, *s);
}

static void put_num(struct text *t, uint64_t v, unsigned int base)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put_char(t, digits[--n]);
}

static void put_fmt(struct text *t, const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		bool wide = false;

		if (*fmt != '%') {
			put_char(t, *fmt);
			continue;
		}
		fmt++;
		while (*fmt == 'l') {
			wide = true;
			fmt++;
		}
		switch (*fmt) {
		case 's':
			put_str(t, va_arg(ap, const char *));
			break;
		case 'c':
			put_char(t, (char)va_arg(ap, int));
			break;
		case 'u':
		case 'x':
			put_num(t, wide ? va_arg(ap, unsigned long long) :
				va_arg(ap, unsigned int), *fmt == 'x' ? 16 : 10);
			break;
		case '\0':
			return;
		default:
			put_char(t, *fmt);
		}
	}
}

int iomi_diag_fail(struct iom_diag *d, int err, const char *node,
		   const char *prop, const char *fmt, ...)
{
	struct text t;
	va_list ap;

	if (!d)
		return err;
	t = (struct text){ d->node, sizeof(d->node), 0 };
	put_str(&t, node);
	t.buf[t.len] = '\0';
	t = (struct text){ d->prop, sizeof(d->prop), 0 };
	put_str(&t, prop);
	t.buf[t.len] = '\0';
	t = (struct text){ d->what, sizeof(d->what), 0 };
	va_start(ap, fmt);
	put_fmt(&t, fmt, ap);
	va_end(ap);
	t.buf[t.len] = '\0';
	return err;
}
