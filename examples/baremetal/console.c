/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: a PL011 that firmware has set up. And the end after an exception. */
#include <stdarg.h>

#include "port.h"

#define UART_DR		UINT64_C(0x09000000)
#define UART_FR		UINT64_C(0x09000018)
#define UART_FR_TXFF	0x20u

static void put(char c)
{
	while (port_read32(UART_FR) & UART_FR_TXFF)
		;
	port_write32(UART_DR, (uint8_t)c);
}

static void put_number(uint64_t n, unsigned int base)
{
	char digits[20];
	unsigned int nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (nr)
		put(digits[--nr]);
}

static void put_signed(int64_t n)
{
	if (n < 0)
		put('-');
	put_number(n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
}

void port_print(const char *fmt, ...)
{
	va_list ap;
	const char *s;
	bool l;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(*fmt);
			continue;
		}
		l = *++fmt == 'l';
		fmt += l;
		switch (*fmt) {
		case 's':
			for (s = va_arg(ap, const char *); *s; s++)
				put(*s);
			break;
		case 'c':
			put((char)va_arg(ap, int));
			break;
		case 'd':
			put_signed(va_arg(ap, int));
			break;
		case 'u':
		case 'x':
			put_number(l ? va_arg(ap, uint64_t) : va_arg(ap, uint32_t),
				   *fmt == 'u' ? 10 : 16);
			break;
		default:
			put(*fmt);
		}
	}
	va_end(ap);
}

_Noreturn void port_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
	port_print("exception: ESR %lx ELR %lx FAR %lx\n", esr, elr, far);
	port_exit(2);
}
