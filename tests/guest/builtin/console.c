/* console.c - the PL011 that the tree names, polled. */
#include "guest.h"

#include <stdarg.h>

enum { UARTDR = 0x00, UARTFR = 0x18, FR_RXFE = 1 << 4, FR_TXFF = 1 << 5 };

static uint32_t uart;

void console_init(uint32_t base)
{
	uart = base;
}

void put_char(char c)
{
	if (c == '\n')
		put_char('\r');
	while (REG(uart + UARTFR) & FR_TXFF)
		;
	REG(uart + UARTDR) = (uint8_t)c;
}

void put(const char *text)
{
	while (*text)
		put_char(*text++);
}

static void put_number(uint32_t n, unsigned base, unsigned width, char fill)
{
	static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
	char digits[12];
	unsigned count = 0;

	if (base == 16) {
		for (int shift = 28; shift >= 0; shift -= 4)
			if (count || n >> shift || shift == 0)
				digits[count++] = "0123456789abcdef"[n >> shift & 15];
	} else {
		/* The core has no division: count how often each power of ten goes in. */
		for (unsigned i = 0; i < 10; i++) {
			char digit = '0';

			for (; n >= powers[i]; n -= powers[i])
				digit++;
			if (count || digit > '0' || i == 9)
				digits[count++] = digit;
		}
	}
	for (; width > count; width--)
		put_char(fill);
	for (unsigned i = 0; i < count; i++)
		put_char(digits[i]);
}

void print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	for (; *fmt; fmt++) {
		unsigned width = 0;
		char fill = ' ';

		if (*fmt != '%') {
			put_char(*fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0')
			fill = *fmt++;
		while (*fmt >= '0' && *fmt <= '9')
			width = width * 10 + (unsigned)(*fmt++ - '0');
		if (*fmt == 's')
			put(va_arg(args, const char *));
		else if (*fmt == 'c')
			put_char((char)va_arg(args, int));
		else if (*fmt == 'x')
			put_number(va_arg(args, uint32_t), 16, width, fill);
		else
			put_number(va_arg(args, uint32_t), 10, width, fill);
	}
	va_end(args);
}

static char get_char(void)
{
	while (REG(uart + UARTFR) & FR_RXFE)
		;
	return (char)REG(uart + UARTDR);
}

unsigned read_line(char *buf, unsigned size)
{
	unsigned len = 0;

	for (;;) {
		char c = get_char();

		if (c == '\r' || c == '\n') {
			put_char('\n');
			buf[len] = 0;
			return len;
		}
		if ((c == 8 || c == 127) && len) {
			put("\b \b");
			len--;
		} else if (c >= ' ' && c < 127 && len + 1 < size) {
			put_char(c);
			buf[len++] = c;
		}
	}
}

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}
