/*
 * test_pl011.c - the UART against ARM DDI 0183G: FIFO levels both ways, time out, errors, loopback, enables, back-pressure.
 */
#include "base/base.h"
#include "devices/device.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "host/chardev.h"
#include "tests/base/check_run.h"
#include "tests/devices/fake.h"

#define DR 0x00
#define RSR 0x04
#define FR 0x18
#define IBRD 0x24
#define FBRD 0x28
#define LCR_H 0x2c
#define CR 0x30
#define IFLS 0x34
#define IMSC 0x38
#define RIS 0x3c
#define MIS 0x40
#define ICR 0x44

#define RXFE 0x10
#define TXFF 0x20
#define RXFF 0x40
#define TXFE 0x80
#define BUSY 0x08
#define INT_RX 0x10
#define INT_TX 0x20
#define INT_RT 0x40
#define INT_FE 0x80
#define INT_BE 0x200
#define INT_OE 0x400
#define ON 0x301
#define LOOP 0x381
#define FIFO_8N1 0x70
#define BIT_TIMES_32 277778 /* ns at 115200 baud */

static struct fake fake;
static struct device *uart;
static bool irq[FAKE_IRQS * DEVICE_CORES];

static void setup(void)
{
	fake_init(&fake, 1);
	uart = fake_device(&fake, device_class_find("arm,pl011", NULL), irq);
	fake_write(uart, IBRD, 13);
	fake_write(uart, FBRD, 1);
	fake_write(uart, LCR_H, FIFO_8N1);
	fake_write(uart, CR, ON);
	fake_log_on(&fake);
}

static void teardown(void)
{
	device_destroy(uart);
	fake_fini(&fake);
}

/* What the back end would do: no more than there is room. Returns what was taken. */
static size_t type(const char *text, size_t len)
{
	size_t can = fake.chr.front->can_receive(fake.chr.front->opaque);

	len = MIN(len, can);
	if (len)
		fake.chr.front->receive(fake.chr.front->opaque, (const uint8_t *)text, len);
	return len;
}

static void put(const char *text)
{
	for (; *text; text++)
		fake_write(uart, DR, (uint8_t)*text);
}

START_TEST(test_reset_values)
{
	device_reset(uart);
	ck_assert_uint_eq(fake_read(uart, CR), 0x300);
	ck_assert_uint_eq(fake_read(uart, IFLS), 0x12);
	ck_assert_uint_eq(fake_read(uart, LCR_H), 0);
	ck_assert_uint_eq(fake_read(uart, FR) & 0xf8, TXFE | RXFE);
	ck_assert_uint_eq(fake_read(uart, RIS), 0);
	ck_assert_uint_eq(fake_read(uart, 0xfe0), 0x11);
	ck_assert_uint_eq(fake_read(uart, 0xffc), 0xb1);
}
END_TEST

START_TEST(test_transmit)
{
	put("hello");
	ck_assert_uint_eq(fake.chr.len, 5);
	ck_assert_mem_eq(fake.chr.out, "hello", 5);
	/* A polling driver never waits. */
	ck_assert_uint_eq(fake_read(uart, FR) & (TXFE | TXFF | BUSY), TXFE);
	/* Word length: 7 bits. */
	fake_write(uart, LCR_H, 0x50);
	fake_write(uart, DR, 0xc1);
	ck_assert_uint_eq(fake.chr.out[5], 0x41);
}
END_TEST

/* The interrupt comes as the level falls to the trigger, for each trigger; not before, and not for less. */
START_TEST(test_transmit_level)
{
	static const unsigned levels[5] = { 2, 4, 8, 12, 14 };
	unsigned level = levels[_i];

	fake_write(uart, IFLS, (unsigned)_i);
	fake_write(uart, IMSC, INT_TX);
	for (unsigned i = 0; i < level; i++)
		fake_write(uart, DR, 'a');
	fake_advance(&fake, MS);
	ck_assert_uint_eq(fake_read(uart, RIS), 0);
	for (unsigned i = 0; i < level + 1; i++)
		fake_write(uart, DR, 'b');
	ck_assert_uint_eq(fake_read(uart, RIS), 0);
	ck_assert(!irq[0]);
	fake_advance(&fake, MS);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(uart, MIS), INT_TX);
	/* Filling up to the trigger leaves it, going above takes it away. */
	for (unsigned i = 0; i < level; i++)
		fake_write(uart, DR, 'c');
	ck_assert(irq[0]);
	fake_write(uart, DR, 'c');
	ck_assert(!irq[0]);
	fake_advance(&fake, MS);
	ck_assert(irq[0]);
	fake_write(uart, ICR, INT_TX);
	ck_assert(!irq[0]);
	fake_advance(&fake, MS);
	ck_assert(!irq[0]);
	ck_assert_uint_eq(fake.chr.len, level * 3 + 2);
}
END_TEST

START_TEST(test_transmit_without_fifo)
{
	fake_write(uart, LCR_H, 0x60);
	fake_write(uart, IMSC, INT_TX);
	ck_assert(!irq[0]);
	fake_write(uart, DR, 'x');
	ck_assert(!irq[0]);
	fake_advance(&fake, MS);
	ck_assert(irq[0]);
	fake_write(uart, DR, 'y');
	ck_assert(!irq[0]);
	/* One location. */
	fake_write(uart, DR, 'z');
	ck_assert(fake_logged(&fake, "UARTDR", "transmit FIFO is full"));
	ck_assert_uint_eq(fake.chr.len, 2);
}
END_TEST

START_TEST(test_transmit_overrun)
{
	for (unsigned i = 0; i < 17; i++)
		fake_write(uart, DR, 'a' + i);
	ck_assert_uint_eq(fake.chr.len, 16);
	ck_assert(fake_logged(&fake, "0x71 lost", "TXFF"));
}
END_TEST

START_TEST(test_enables)
{
	static const uint32_t off[] = { 0x300, 0x201, 0x8301 & ~0x100 };

	for (unsigned i = 0; i < ARRAY_SIZE(off); i++) {
		fake_write(uart, CR, off[i]);
		put("held");
		ck_assert_uint_eq(fake.chr.len, i * 4);
		ck_assert_uint_eq(fake_read(uart, FR) & (BUSY | TXFE), BUSY);
		fake_advance(&fake, SECOND);
		ck_assert_uint_eq(fake_read(uart, FR) & (BUSY | TXFE), BUSY);
		fake_write(uart, CR, ON);
		ck_assert_uint_eq(fake.chr.len, i * 4 + 4);
		ck_assert_mem_eq(fake.chr.out + i * 4, "held", 4);
		ck_assert_uint_eq(fake_read(uart, FR) & (BUSY | TXFE), TXFE);
	}
	ck_assert(fake_logged(&fake, "UARTDR", "transmitter is off"));
	/* Receiver off: the back end is held, and called when it is on again. */
	fake_write(uart, CR, 0x101);
	ck_assert_uint_eq(type("a", 1), 0);
	fake.chr.accepts = 0;
	fake_write(uart, CR, ON);
	ck_assert_uint_eq(fake.chr.accepts, 1);
	ck_assert_uint_eq(type("a", 1), 1);
	ck_assert_uint_eq(fake_read(uart, DR), 'a');
	/* Enabled without a baud rate. */
	fake_write(uart, CR, 0);
	fake_write(uart, IBRD, 0);
	fake_write(uart, LCR_H, FIFO_8N1);
	fake_write(uart, CR, ON);
	ck_assert(fake_logged(&fake, "UARTCR", "divisor 0"));
}
END_TEST

START_TEST(test_receive_level)
{
	static const unsigned levels[5] = { 2, 4, 8, 12, 14 };
	unsigned level = levels[_i];

	fake_write(uart, IFLS, (unsigned)_i << 3);
	fake_write(uart, IMSC, INT_RX);
	ck_assert_uint_eq(type("0123456789abcdef", level - 1), level - 1);
	ck_assert(!irq[0]);
	type("x", 1);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(uart, MIS), INT_RX);
	ck_assert_uint_eq(fake_read(uart, DR), '0');
	ck_assert(!irq[0]);
	type("y", 1);
	ck_assert(irq[0]);
	/* Cleared by hand with the level reached: only the next crossing sets it. */
	fake_write(uart, ICR, INT_RX);
	ck_assert(!irq[0]);
	type("z", 1);
	ck_assert(!irq[0]);
}
END_TEST

START_TEST(test_back_pressure)
{
	ck_assert_uint_eq(type("0123456789abcdefXYZ", 19), 16);
	ck_assert_uint_eq(fake_read(uart, FR) & (RXFF | RXFE), RXFF);
	ck_assert_uint_eq(type("X", 1), 0);
	fake.chr.accepts = 0;
	ck_assert_uint_eq(fake_read(uart, DR), '0');
	ck_assert_uint_eq(fake.chr.accepts, 1);
	ck_assert_uint_eq(fake_read(uart, FR) & (RXFF | RXFE), 0);
	for (unsigned i = 1; i < 16; i++)
		ck_assert_uint_eq(fake_read(uart, DR), (uint8_t)"0123456789abcdef"[i]);
	ck_assert_uint_eq(fake_read(uart, FR) & RXFE, RXFE);
	ck_assert_uint_eq(fake_read(uart, DR), 0);
	ck_assert(fake_logged(&fake, "UARTDR", "receive FIFO is empty"));
	/* Without FIFOs there is room for one. */
	fake_write(uart, LCR_H, 0x60);
	ck_assert_uint_eq(type("ab", 2), 1);
	ck_assert_uint_eq(fake_read(uart, RIS) & INT_RX, INT_RX);
	ck_assert_uint_eq(fake_read(uart, DR), 'a');
	ck_assert_uint_eq(fake_read(uart, RIS) & INT_RX, 0);
}
END_TEST

START_TEST(test_timeout)
{
	fake_write(uart, IMSC, INT_RT);
	type("a", 1);
	fake_advance(&fake, BIT_TIMES_32 - 2 * US);
	ck_assert(!irq[0]);
	/* A further character starts the period again. */
	type("b", 1);
	fake_advance(&fake, BIT_TIMES_32 - 2 * US);
	ck_assert(!irq[0]);
	fake_advance(&fake, 4 * US);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(uart, MIS), INT_RT);
	ck_assert_uint_eq(fake_read(uart, DR), 'a');
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(uart, DR), 'b');
	ck_assert(!irq[0]);
	fake_advance(&fake, SECOND);
	ck_assert(!irq[0]);
	type("c", 1);
	fake_advance(&fake, MS);
	fake_write(uart, ICR, INT_RT);
	ck_assert(!irq[0]);
	/* A slower line has a longer period: 9600 baud. */
	ck_assert_uint_eq(fake_read(uart, DR), 'c');
	fake_write(uart, IBRD, 156);
	fake_write(uart, FBRD, 16);
	type("d", 1);
	fake_advance(&fake, MS);
	ck_assert(irq[0]); /* the divisor counts only after a write of UARTLCR_H */
	ck_assert_uint_eq(fake_read(uart, DR), 'd');
	fake_write(uart, LCR_H, FIFO_8N1);
	type("e", 1);
	fake_advance(&fake, 3300 * US);
	ck_assert(!irq[0]);
	fake_advance(&fake, 40 * US);
	ck_assert(irq[0]);
}
END_TEST

START_TEST(test_break)
{
	fake_write(uart, IMSC, INT_BE);
	type("a", 1);
	fake.chr.front->receive_break(fake.chr.front->opaque);
	type("b", 1);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(uart, RIS) & (INT_BE | INT_FE), INT_BE | INT_FE);
	ck_assert_uint_eq(fake_read(uart, DR), 'a');
	ck_assert_uint_eq(fake_read(uart, RSR), 0);
	ck_assert_uint_eq(fake_read(uart, DR), 0x500);
	ck_assert_uint_eq(fake_read(uart, RSR), 5);
	ck_assert_uint_eq(fake_read(uart, DR), 'b');
	ck_assert_uint_eq(fake_read(uart, RSR), 0);
	fake_write(uart, ICR, INT_BE | INT_FE);
	ck_assert(!irq[0]);
}
END_TEST

START_TEST(test_loopback_and_overrun)
{
	fake_write(uart, CR, LOOP);
	put("0123456789");
	ck_assert_uint_eq(fake_read(uart, FR) & TXFE, TXFE);
	put("abcdefgh");
	ck_assert_uint_eq(fake.chr.len, 0);
	/* 18 characters for 16 places. */
	ck_assert_uint_eq(fake_read(uart, RIS) & INT_OE, INT_OE);
	ck_assert_uint_eq(fake_read(uart, RSR), 8);
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(fake_read(uart, DR), (uint8_t)"0123456789abcdef"[i]);
	/* The next character carries the mark, the one after does not. */
	put("xy");
	ck_assert_uint_eq(fake_read(uart, DR), 0x800 | 'x');
	ck_assert_uint_eq(fake_read(uart, DR), 'y');
	ck_assert_uint_eq(fake_read(uart, RSR), 8);
	fake_write(uart, RSR, 0);
	ck_assert_uint_eq(fake_read(uart, RSR), 0);
	/* What the host types stays outside. */
	ck_assert_uint_eq(type("q", 1), 0);
	/* A break comes back, too. */
	fake_write(uart, LCR_H, FIFO_8N1 | 1);
	ck_assert_uint_eq(fake_read(uart, DR), 0x500);
}
END_TEST

START_TEST(test_modem_lines)
{
	/* Our outputs come back as inputs: RTS to CTS, DTR to DSR, Out1 to DCD, Out2 to RI. */
	static const struct { uint32_t cr, fr, ris; } lines[] = {
		{ 0x800, 0x001, 0x2 }, { 0x400, 0x002, 0x8 }, { 0x1000, 0x004, 0x4 }, { 0x2000, 0x100, 0x1 },
	};

	fake_write(uart, CR, LOOP);
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
		fake_write(uart, ICR, 0x7ff);
		fake_write(uart, CR, LOOP | lines[i].cr);
		ck_assert_uint_eq(fake_read(uart, FR) & 0x107, lines[i].fr);
		ck_assert_uint_eq(fake_read(uart, RIS), lines[i].ris);
		fake_write(uart, ICR, 0x7ff);
		fake_write(uart, CR, LOOP);
		ck_assert_uint_eq(fake_read(uart, RIS), lines[i].ris);
	}
	/* CTS flow control holds characters while CTS is off. */
	fake_write(uart, CR, LOOP | 0x8000);
	put("z");
	ck_assert_uint_eq(fake_read(uart, FR) & (RXFE | BUSY), RXFE | BUSY);
	fake_write(uart, CR, LOOP | 0x8800);
	ck_assert_uint_eq(fake_read(uart, DR), 'z');
	/* Outside: the back end is always ready. */
	fake_write(uart, CR, ON);
	ck_assert_uint_eq(fake_read(uart, FR) & 0x107, 7);
}
END_TEST

START_TEST(test_firmware)
{
	device_reset(uart);
	device_firmware(uart);
	ck_assert_uint_eq(fake_read(uart, CR), ON);
	ck_assert_uint_eq(fake_read(uart, IBRD), 13);
	ck_assert_uint_eq(fake_read(uart, FBRD), 1);
	put("early");
	ck_assert_mem_eq(fake.chr.out, "early", 5);
}
END_TEST

/* Byte and halfword accesses, as early consoles make them. */
START_TEST(test_narrow_accesses)
{
	uint32_t value;

	ck_assert_int_eq(device_write(uart, 0, DR, 1, 'b'), PHYS_OK);
	ck_assert_uint_eq(fake.chr.out[0], 'b');
	ck_assert_int_eq(device_read(uart, 0, FR, 2, &value), PHYS_OK);
	ck_assert_uint_eq(value & TXFE, TXFE);
	ck_assert_int_eq(device_write(uart, 0, IMSC, 2, INT_RX), PHYS_OK);
	ck_assert_uint_eq(fake_read(uart, IMSC), INT_RX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pl011");
	TCase *tcase = tcase_create("pl011");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_reset_values);
	tcase_add_test(tcase, test_transmit);
	tcase_add_loop_test(tcase, test_transmit_level, 0, 5);
	tcase_add_test(tcase, test_transmit_without_fifo);
	tcase_add_test(tcase, test_transmit_overrun);
	tcase_add_test(tcase, test_enables);
	tcase_add_loop_test(tcase, test_receive_level, 0, 5);
	tcase_add_test(tcase, test_back_pressure);
	tcase_add_test(tcase, test_timeout);
	tcase_add_test(tcase, test_break);
	tcase_add_test(tcase, test_loopback_and_overrun);
	tcase_add_test(tcase, test_modem_lines);
	tcase_add_test(tcase, test_firmware);
	tcase_add_test(tcase, test_narrow_accesses);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
