/*
 * pl011.c - PrimeCell UART (ARM DDI 0183G, r1p4 as on the Versatile Express: identification 0x00141011).
 *
 * Receiving: bytes come from the back end into a 16-deep FIFO (1 deep without FEN) with their error flags; the back end is held
 * off while the FIFO is full or the receiver is off, so only loopback can overrun. Transmitting: a character goes to the back end at
 * once; the FIFO's level falls a little later, or as soon as software looks at UARTFR. So polling drivers never wait, and
 * interrupt-driven ones still see the transmit interrupt as the manual has it: when the level falls to the trigger, not before
 * anything was sent. Time out and baud rate are real. RIS bits are state (the events of the manual); the line is computed from them.
 *
 * QEMU (2020-2023) ignores the trigger levels, the enable bits and loopback, and never times out.
 */
#include "base/base.h"
#include "devices/models.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "fdt/tree.h"
#include "host/chardev.h"

#define FIFO 16
#define UARTDR 0x00
#define UARTECR 0x04
#define UARTFR 0x18
#define UARTIBRD 0x24
#define UARTFBRD 0x28
#define UARTLCR_H 0x2c
#define UARTCR 0x30
#define UARTIFLS 0x34
#define UARTIMSC 0x38

/* UARTDR and UARTRSR: errors of a received character */
#define DR_FE (1u << 8)
#define DR_PE (1u << 9)
#define DR_BE (1u << 10)
#define DR_OE (1u << 11)

#define FR_CTS (1u << 0)
#define FR_DSR (1u << 1)
#define FR_DCD (1u << 2)
#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)
#define FR_RI (1u << 8)
#define FR_MODEM (FR_CTS | FR_DSR | FR_DCD | FR_RI)

#define LCR_BRK (1u << 0)
#define LCR_FEN (1u << 4)
#define LCR_WLEN(lcr) extract32(lcr, 5, 2)

#define CR_UARTEN (1u << 0)
#define CR_LBE (1u << 7)
#define CR_TXE (1u << 8)
#define CR_RXE (1u << 9)
#define CR_DTR (1u << 10)
#define CR_RTS (1u << 11)
#define CR_OUT1 (1u << 12)
#define CR_OUT2 (1u << 13)
#define CR_CTSEN (1u << 15)

/* UARTRIS, UARTIMSC, UARTMIS, UARTICR */
#define INT_RI (1u << 0)
#define INT_CTS (1u << 1)
#define INT_DCD (1u << 2)
#define INT_DSR (1u << 3)
#define INT_RX (1u << 4)
#define INT_TX (1u << 5)
#define INT_RT (1u << 6)
#define INT_FE (1u << 7)
#define INT_PE (1u << 8)
#define INT_BE (1u << 9)
#define INT_OE (1u << 10)
#define INT_ALL 0x7ffu

#define DEFAULT_HZ 24000000u
#define DEFAULT_BAUD 115200u
/* How long the transmitter takes for what is in the FIFO, unless software looks earlier. */
#define DRAIN_NS 5000
#define EVENT_PRIORITY 30

struct pl011_state {
	uint16_t rx[FIFO];        /* character and DR_* flags, oldest first */
	uint32_t rx_count;
	uint32_t overrun;         /* the next character that fits carries OE */
	uint32_t errors;          /* UARTRSR: FE PE BE OE in bits 3:0 */
	uint8_t tx[FIFO];         /* characters held while the transmitter is off */
	uint32_t tx_level;        /* characters in the FIFO, sent to the back end or held */
	uint32_t tx_held;
	uint32_t ris;
	uint32_t modem;           /* FR_MODEM inputs as last seen */
	uint32_t ibrd, fbrd;      /* in use: a write of UARTLCR_H takes them over */
	uint32_t unused;
	int64_t drained_at;       /* when tx_level falls to 0; EVENT_NEVER: not sending */
	int64_t timeout_at;       /* when the receive timeout strikes; EVENT_NEVER: not waiting */
};

struct pl011 {
	struct device dev;
	struct chardev *chr;
	struct chardev_front front;
	uint64_t hz;
	bool starved;             /* the back end was told that there is no room */
	struct event event;       /* both deadlines */
	/* UARTFR as it is until something happens; 0: not known, because time or the next look may change it. Read without the lock. */
	struct { uint32_t value; _Atomic uint32_t ready; } flags;
	struct pl011_state s;
};

static struct pl011 *pl011_of(struct device *dev)
{
	return container_of(dev, struct pl011, dev);
}

static uint32_t reg(struct pl011 *u, uint32_t offset)
{
	return *device_reg_at(&u->dev, offset);
}

static int64_t now_of(const struct pl011 *u)
{
	return event_clock_now(u->dev.env->clock);
}

static unsigned depth(struct pl011 *u)
{
	return reg(u, UARTLCR_H) & LCR_FEN ? FIFO : 1;
}

/* Entries that trigger for a 3-bit field of UARTIFLS: 1/8, 1/4, 1/2, 3/4, 7/8. */
static unsigned trigger(unsigned field)
{
	static const uint8_t levels[8] = { 2, 4, 8, 12, 14, 8, 8, 8 };

	return levels[field];
}

static unsigned rx_trigger(struct pl011 *u)
{
	return depth(u) == 1 ? 1 : trigger(extract32(reg(u, UARTIFLS), 3, 3));
}

static unsigned tx_trigger(struct pl011 *u)
{
	return depth(u) == 1 ? 0 : trigger(extract32(reg(u, UARTIFLS), 0, 3));
}

static bool transmitting(struct pl011 *u)
{
	uint32_t cr = reg(u, UARTCR);

	if ((cr & (CR_UARTEN | CR_TXE)) != (CR_UARTEN | CR_TXE))
		return false;
	return !(cr & CR_CTSEN) || u->s.modem & FR_CTS;
}

static bool receiving(struct pl011 *u)
{
	return (reg(u, UARTCR) & (CR_UARTEN | CR_RXE)) == (CR_UARTEN | CR_RXE);
}

/* 32 bit periods: what the receive timeout waits for. */
static int64_t timeout_ns(const struct pl011 *u)
{
	uint64_t divisor = (uint64_t)u->s.ibrd * 64 + u->s.fbrd; /* in 1/64 */

	if (!u->s.ibrd)
		return 32ll * 1000000000 / DEFAULT_BAUD;
	/* baud = hz / (16 * divisor / 64) */
	return (int64_t)(32 * divisor * 250000000 / u->hz);
}

static void flags_change(struct pl011 *u)
{
	atomic_store_explicit(&u->flags.ready, 0, memory_order_release);
}

/* Deadlines, then the line. */

static void pl011_update(struct device *dev)
{
	struct pl011 *u = pl011_of(dev);

	flags_change(u);
	/* The fall of the transmit level is an event only if it raises the interrupt. */
	int64_t next = u->s.tx_level > tx_trigger(u) ? u->s.drained_at : EVENT_NEVER;
	next = MIN(next, u->s.timeout_at);
	if (next == EVENT_NEVER)
		event_cancel(dev->env->clock, &u->event);
	else if (next != u->event.when)
		event_set(dev->env->clock, &u->event, next);
	if (dev->irq_count)
		line_set(&dev->irq[0], u->s.ris & reg(u, UARTIMSC));
}

static void drain(struct pl011 *u)
{
	/* What is held stays: it came after the transmitter was turned off. */
	if (u->s.tx_level > tx_trigger(u) && u->s.tx_held <= tx_trigger(u))
		u->s.ris |= INT_TX;
	u->s.tx_level = u->s.tx_held;
	u->s.drained_at = EVENT_NEVER;
}

/* What time has brought about. */
static void catch_up(struct pl011 *u)
{
	int64_t now;

	flags_change(u);
	if (MIN(u->s.drained_at, u->s.timeout_at) == EVENT_NEVER)
		return;
	now = now_of(u);
	if (u->s.drained_at <= now)
		drain(u);
	if (u->s.timeout_at <= now) {
		u->s.timeout_at = EVENT_NEVER;
		u->s.ris |= INT_RT;
	}
}

static void deadline(void *opaque, int64_t now)
{
	struct pl011 *u = pl011_of(opaque);

	catch_up(u);
	pl011_update(&u->dev);
}

/* Receiver */

static void receive_one(struct pl011 *u, uint32_t c)
{
	struct pl011_state *s = &u->s;

	if (s->rx_count >= depth(u)) {
		s->overrun = 1;
		s->errors |= DR_OE >> 8;
		s->ris |= INT_OE;
		return;
	}
	c &= ~0xffu | 0xffu >> (3 - LCR_WLEN(reg(u, UARTLCR_H)));
	if (s->overrun)
		c |= DR_OE;
	s->overrun = 0;
	s->rx[s->rx_count++] = (uint16_t)c;
	if (c & DR_FE)
		s->ris |= INT_FE;
	if (c & DR_PE)
		s->ris |= INT_PE;
	if (c & DR_BE)
		s->ris |= INT_BE;
	if (s->rx_count == rx_trigger(u))
		s->ris |= INT_RX;
	s->timeout_at = now_of(u) + timeout_ns(u);
}

static size_t room(struct pl011 *u)
{
	if (!receiving(u) || reg(u, UARTCR) & CR_LBE)
		return 0;
	return u->s.rx_count < depth(u) ? depth(u) - u->s.rx_count : 0;
}

static size_t can_receive(void *opaque)
{
	struct pl011 *u = opaque;
	size_t n = room(u);

	u->starved = !n;
	return n;
}

static void receive(void *opaque, const uint8_t *bytes, size_t len)
{
	struct pl011 *u = opaque;

	catch_up(u);
	for (size_t i = 0; i < len; i++)
		receive_one(u, bytes[i]);
	/* A back end that fills us up may wait for the call without asking again. */
	u->starved = !room(u);
	pl011_update(&u->dev);
}

static void receive_break(void *opaque)
{
	struct pl011 *u = opaque;

	if (!receiving(u) || reg(u, UARTCR) & CR_LBE)
		return;
	catch_up(u);
	/* A break is a character of zeros without stop bit. */
	receive_one(u, DR_BE | DR_FE);
	pl011_update(&u->dev);
}

/* Lets the back end go on once there is room again. */
static void offer_room(struct pl011 *u)
{
	if (u->chr && u->starved && room(u)) {
		u->starved = false;
		chardev_accept_input(u->chr);
	}
}

static uint32_t data_read(struct device *dev, unsigned i)
{
	struct pl011 *u = pl011_of(dev);
	struct pl011_state *s = &u->s;

	catch_up(u);
	if (!s->rx_count) {
		device_guest_error(dev, UARTDR, "read while the receive FIFO is empty (check UARTFR.RXFE)");
		return 0;
	}
	uint32_t c = s->rx[0];
	s->rx_count--;
	memmove(s->rx, s->rx + 1, s->rx_count * sizeof s->rx[0]);
	s->rx[s->rx_count] = 0;
	/* The status is that of the character just read; overrun stays until UARTECR is written. */
	s->errors = (s->errors & DR_OE >> 8) | c >> 8;
	if (s->rx_count < rx_trigger(u))
		s->ris &= ~INT_RX;
	if (!s->rx_count) {
		s->ris &= ~INT_RT;
		s->timeout_at = EVENT_NEVER;
	} else if (!(s->ris & INT_RT)) {
		s->timeout_at = now_of(u) + timeout_ns(u);
	}
	offer_room(u);
	pl011_update(dev);
	return c;
}

/* Transmitter */

static void send(struct pl011 *u, uint8_t c)
{
	c &= 0xff >> (3 - LCR_WLEN(reg(u, UARTLCR_H)));
	if (reg(u, UARTCR) & CR_LBE) {
		if (reg(u, UARTCR) & CR_RXE)
			receive_one(u, c);
	} else if (u->chr) {
		chardev_write(u->chr, &c, 1);
	}
	u->s.drained_at = now_of(u) + DRAIN_NS;
}

static void data_write(struct device *dev, unsigned i, uint32_t value)
{
	struct pl011 *u = pl011_of(dev);
	struct pl011_state *s = &u->s;

	catch_up(u);
	if (s->tx_level >= depth(u)) {
		device_guest_error(dev, UARTDR, "character 0x%02x lost: written while the transmit FIFO is full (check UARTFR.TXFF)",
		                   value & 0xff);
		return;
	}
	s->tx_level++;
	if (s->tx_level > tx_trigger(u))
		s->ris &= ~INT_TX;
	if (transmitting(u)) {
		send(u, (uint8_t)value);
	} else {
		s->tx[s->tx_held++] = (uint8_t)value;
		device_guest_error(dev, UARTDR, "character written while the transmitter is off (UARTCR 0x%04x); it waits in the FIFO",
		                   reg(u, UARTCR));
	}
	pl011_update(dev);
}

/* Modem lines: from the back end, which is always ready, or from our own outputs in loopback. */
static uint32_t modem_inputs(struct pl011 *u)
{
	uint32_t cr = reg(u, UARTCR);

	if (!(cr & CR_LBE))
		return u->chr ? FR_CTS | FR_DSR | FR_DCD : 0;
	return (cr & CR_RTS ? FR_CTS : 0) | (cr & CR_DTR ? FR_DSR : 0) | (cr & CR_OUT1 ? FR_DCD : 0) | (cr & CR_OUT2 ? FR_RI : 0);
}

static void sample_modem(struct pl011 *u)
{
	uint32_t modem = modem_inputs(u), changed = modem ^ u->s.modem;

	u->s.modem = modem;
	u->s.ris |= (changed & FR_RI ? INT_RI : 0) | (changed & FR_CTS ? INT_CTS : 0) | (changed & FR_DCD ? INT_DCD : 0) |
	            (changed & FR_DSR ? INT_DSR : 0);
}

static uint32_t flags_read(struct device *dev, unsigned i)
{
	struct pl011 *u = pl011_of(dev);
	struct pl011_state *s = &u->s;
	uint32_t fr = s->modem;

	/* Whoever looks has waited long enough. */
	if (MIN(s->drained_at, s->timeout_at) != EVENT_NEVER) {
		if (s->drained_at != EVENT_NEVER)
			drain(u);
		catch_up(u);
		pl011_update(dev);
	}
	if (!s->tx_level)
		fr |= FR_TXFE;
	else if (s->tx_level >= depth(u))
		fr |= FR_TXFF;
	/* BUSY covers held characters too: there is something to send. */
	if (s->tx_level)
		fr |= FR_BUSY;
	if (!s->rx_count)
		fr |= FR_RXFE;
	else if (s->rx_count >= depth(u))
		fr |= FR_RXFF;
	if (MIN(s->drained_at, s->timeout_at) == EVENT_NEVER) {
		u->flags.value = fr;
		atomic_store_explicit(&u->flags.ready, 1, memory_order_release);
	}
	return fr;
}

static bool flags_plain(struct device *dev, struct mmio_plain *plain)
{
	struct pl011 *u = pl011_of(dev);

	*plain = (struct mmio_plain){ .value = &u->flags.value, .ready = (const uint32_t *)&u->flags.ready };
	return true;
}

/* The other registers */

static uint32_t status_read(struct device *dev, unsigned i)
{
	return pl011_of(dev)->s.errors;
}

static void status_write(struct device *dev, unsigned i, uint32_t value)
{
	pl011_of(dev)->s.errors = 0;
}

static void line_control_write(struct device *dev, unsigned i, uint32_t value)
{
	struct pl011 *u = pl011_of(dev);
	uint32_t *lcr = device_reg_at(dev, UARTLCR_H), old = *lcr;

	catch_up(u);
	value &= 0xff;
	if ((old ^ value) & ~LCR_BRK && reg(u, UARTCR) & CR_UARTEN && reg(u, UARTCR) & CR_TXE && u->s.tx_level)
		device_guest_error(dev, UARTLCR_H, "changed to 0x%02x while characters are being sent", value);
	*lcr = value;
	u->s.ibrd = reg(u, UARTIBRD);
	u->s.fbrd = reg(u, UARTFBRD);
	if ((old ^ value) & LCR_FEN) {
		/* Both FIFOs change their depth, and lose what they hold. */
		memset(u->s.rx, 0, sizeof u->s.rx);
		memset(u->s.tx, 0, sizeof u->s.tx);
		u->s.rx_count = u->s.tx_level = u->s.tx_held = 0;
		u->s.drained_at = u->s.timeout_at = EVENT_NEVER;
		u->s.ris &= ~(INT_RX | INT_RT);
		offer_room(u);
	}
	/* A break on our own line comes back in loopback. */
	if (value & ~old & LCR_BRK && reg(u, UARTCR) & CR_LBE && receiving(u))
		receive_one(u, DR_BE | DR_FE);
	pl011_update(dev);
}

static void control_written(struct device *dev, unsigned i)
{
	struct pl011 *u = pl011_of(dev);
	struct pl011_state *s = &u->s;

	catch_up(u);
	if (reg(u, UARTCR) & CR_UARTEN && !s->ibrd)
		device_guest_error(dev, UARTCR, "enabled with baud rate divisor 0 (write UARTIBRD, UARTFBRD, then UARTLCR_H)");
	sample_modem(u);
	if (transmitting(u)) {
		for (unsigned n = 0; n < s->tx_held; n++)
			send(u, s->tx[n]);
		memset(s->tx, 0, sizeof s->tx);
		s->tx_held = 0;
	}
	offer_room(u);
	pl011_update(dev);
}

static void trigger_written(struct device *dev, unsigned i)
{
	struct pl011 *u = pl011_of(dev);

	if (extract32(reg(u, UARTIFLS), 0, 3) > 4 || extract32(reg(u, UARTIFLS), 3, 3) > 4)
		device_guest_error(dev, UARTIFLS, "level 5-7 is reserved; taken as one half");
	if (depth(u) != 1 && u->s.rx_count >= rx_trigger(u))
		u->s.ris |= INT_RX;
	pl011_update(dev);
}

static void mask_written(struct device *dev, unsigned i)
{
	catch_up(pl011_of(dev));
	pl011_update(dev);
}

static uint32_t raw_read(struct device *dev, unsigned i)
{
	struct pl011 *u = pl011_of(dev);

	catch_up(u);
	pl011_update(dev);
	return u->s.ris;
}

static uint32_t masked_read(struct device *dev, unsigned i)
{
	return raw_read(dev, 0) & reg(pl011_of(dev), UARTIMSC);
}

static void clear_write(struct device *dev, unsigned i, uint32_t value)
{
	struct pl011 *u = pl011_of(dev);

	catch_up(u);
	u->s.ris &= ~value;
	pl011_update(dev);
}

static const struct device_reg pl011_regs[] = {
	{ .offset = UARTDR, .name = "UARTDR", .access = REG_RW | REG_SECRET, .read = data_read, .write = data_write },
	{ .offset = UARTECR, .name = "UARTRSR/UARTECR", .access = REG_RW, .read = status_read, .write = status_write },
	{ .offset = UARTFR, .name = "UARTFR", .access = REG_RO, .read = flags_read, .plain = flags_plain },
	{ .offset = 0x20, .name = "UARTILPR", .access = REG_RW, .wmask = 0xff },
	{ .offset = UARTIBRD, .name = "UARTIBRD", .access = REG_RW, .wmask = 0xffff },
	{ .offset = UARTFBRD, .name = "UARTFBRD", .access = REG_RW, .wmask = 0x3f },
	{ .offset = UARTLCR_H, .name = "UARTLCR_H", .access = REG_RW, .smask = 0xff, .write = line_control_write },
	{ .offset = UARTCR, .name = "UARTCR", .access = REG_RW, .reset = CR_RXE | CR_TXE, .wmask = 0xff87,
	  .post_write = control_written },
	{ .offset = UARTIFLS, .name = "UARTIFLS", .access = REG_RW, .reset = 0x12, .wmask = 0x3f, .post_write = trigger_written },
	{ .offset = UARTIMSC, .name = "UARTIMSC", .access = REG_RW, .wmask = INT_ALL, .post_write = mask_written },
	{ .offset = 0x3c, .name = "UARTRIS", .access = REG_RO, .read = raw_read },
	{ .offset = 0x40, .name = "UARTMIS", .access = REG_RO, .read = masked_read },
	{ .offset = 0x44, .name = "UARTICR", .access = REG_WO, .write = clear_write },
	{ .offset = 0x48, .name = "UARTDMACR", .access = REG_RW, .wmask = 0x7 },
	{ .offset = 0x80, .name = "UARTTCR", .access = REG_RW, .wmask = 0x7 },
	{ .offset = 0x84, .name = "UARTITIP", .access = REG_RW, .wmask = 0xff },
	{ .offset = 0x88, .name = "UARTITOP", .access = REG_RW, .wmask = 0xffff },
	{ .offset = 0x8c, .name = "UARTTDR", .access = REG_RW, .wmask = 0x7ff },
	PRIMECELL_ID_ROWS(0x11, 0x10, 0x14, 0x00),
};

static int pl011_realize(struct device *dev, const struct device_binding *binding, struct error *err)
{
	struct pl011 *u = pl011_of(dev);

	u->hz = binding->tree ? tree_clock_hz(binding->tree, binding->node, NULL, 0) : 0;
	if (!u->hz)
		u->hz = DEFAULT_HZ;
	u->chr = binding->chardev;
	u->starved = true;
	event_init(&u->event, "pl011", EVENT_PRIORITY, deadline, dev);
	u->front = (struct chardev_front){ can_receive, receive, receive_break, u };
	if (u->chr)
		chardev_connect(u->chr, &u->front);
	return 0;
}

static void pl011_unrealize(struct device *dev)
{
	event_cancel(dev->env->clock, &pl011_of(dev)->event);
}

static void pl011_reset(struct device *dev)
{
	struct pl011 *u = pl011_of(dev);

	flags_change(u);
	u->s = (struct pl011_state){ .drained_at = EVENT_NEVER, .timeout_at = EVENT_NEVER };
	u->s.modem = modem_inputs(u);
}

/* 115200 8n1, on: as boot monitors leave the console, and early consoles of kernels expect it. */
static void pl011_firmware(struct device *dev)
{
	struct pl011 *u = pl011_of(dev);
	uint64_t divisor = (u->hz * 4 + DEFAULT_BAUD / 2) / DEFAULT_BAUD; /* hz / (16 * baud) in 1/64 */

	*device_reg_at(dev, UARTIBRD) = u->s.ibrd = (uint32_t)(divisor / 64) & 0xffff;
	*device_reg_at(dev, UARTFBRD) = u->s.fbrd = divisor % 64;
	*device_reg_at(dev, UARTLCR_H) = 0x70;
	*device_reg_at(dev, UARTCR) = CR_UARTEN | CR_TXE | CR_RXE;
	pl011_update(dev);
}

static int pl011_post_load(struct device *dev)
{
	struct pl011 *u = pl011_of(dev);
	const struct pl011_state *s = &u->s;

	if (s->rx_count > depth(u) || s->tx_level > depth(u) || s->tx_held > s->tx_level || s->overrun > 1 || s->errors > 15 ||
	    s->ris & ~INT_ALL || s->modem & ~FR_MODEM || s->ibrd > 0xffff || s->fbrd > 0x3f || s->unused ||
	    (s->drained_at == EVENT_NEVER && s->tx_level > s->tx_held) || s->drained_at < 0 || s->timeout_at < 0)
		return -EINVAL;
	for (unsigned i = 0; i < FIFO; i++)
		if (s->rx[i] > 0xfff || (i >= s->rx_count && s->rx[i]) || (i >= s->tx_held && s->tx[i]))
			return -EINVAL;
	flags_change(u);
	u->starved = true;
	return 0;
}

static const struct device_match pl011_match[] = {
	{ "arm,pl011", NULL }, { NULL, NULL }
};

const struct device_class pl011_class = {
	.name = "pl011",
	.title = "ARM PrimeCell UART (PL011)",
	.match = pl011_match,
	.instance_size = sizeof(struct pl011),
	.regs = pl011_regs,
	.reg_rows = ARRAY_SIZE(pl011_regs),
	.window_min = 0x1000,
	.access_sizes = SIZES_1_2_4,
	.wants_chardev = true,
	.realize = pl011_realize,
	.unrealize = pl011_unrealize,
	.reset = pl011_reset,
	.firmware = pl011_firmware,
	.update = pl011_update,
	.post_load = pl011_post_load,
	.extra_offset = offsetof(struct pl011, s),
	.extra_size = sizeof(struct pl011_state),
};
