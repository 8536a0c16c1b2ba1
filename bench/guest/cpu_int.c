/* cpu_int.c - integer work: sort, hash, bit twiddling, matrix, state machine, string search, compression. */
#include "cpu.h"

#include <string.h>

#define TEXT 8192
#define DIM 24

static uint32_t numbers[1024], work[1024], table[8192];
static uint32_t ma[DIM][DIM], mb[DIM][DIM], mc[DIM][DIM];
static uint8_t text[TEXT + 16], packed[TEXT * 2], unpacked[TEXT + 16], sieve[8192];
static uint32_t crc_table[256];
static size_t packed_size;

static size_t lz_pack(const uint8_t *in, size_t n, uint8_t *out);

void setup_int(void)
{
	static const char *const words[] = { "the ", "quick ", "guest ", "runs ", "on ", "a ", "host ", "42 ", "0x1f ", "if(", ") ", "{\n", "}\n",
		"return ", "x+=1;\n", "/* why */ " };
	uint32_t seed = 2463534242u;
	size_t n = 0;

	for (unsigned i = 0; i < 1024; i++)
		numbers[i] = bench_random(&seed);
	while (n < TEXT) {
		const char *w = words[(bench_random(&seed) >> 8) & 15];

		while (*w && n < TEXT)
			text[n++] = (uint8_t)*w++;
	}
	for (unsigned i = 0; i < DIM * DIM; i++) {
		(&ma[0][0])[i] = bench_random(&seed) & 0xffff;
		(&mb[0][0])[i] = bench_random(&seed) & 0xffff;
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		crc_table[i] = c;
	}
	packed_size = lz_pack(text, TEXT, packed);
}

/* Quicksort with the middle element as pivot; short runs are left to one insertion sort at the end. */
static void quick(uint32_t *a, int lo, int hi)
{
	while (hi - lo > 12) {
		uint32_t pivot = a[(lo + hi) / 2];
		int i = lo, j = hi;

		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i <= j) {
				uint32_t t = a[i];

				a[i++] = a[j];
				a[j--] = t;
			}
		}
		quick(a, lo, j);
		lo = i;
	}
}

uint32_t bench_sort(void)
{
	uint32_t sum = 0;

	memcpy(work, numbers, sizeof(work));
	quick(work, 0, 1023);
	for (int i = 1; i < 1024; i++) {
		uint32_t x = work[i];
		int j = i;

		for (; j > 0 && work[j - 1] > x; j--)
			work[j] = work[j - 1];
		work[j] = x;
	}
	for (int i = 0; i < 1024; i += 31)
		sum = bench_mix(sum, work[i]);
	return sum;
}

/* Open addressing: 2048 insertions, 2048 look-ups of which half hit. */
uint32_t bench_hash_table(void)
{
	uint32_t found = 0, seed = 7;

	memset(table, 0, sizeof(table));
	for (unsigned i = 0; i < 2048; i++) {
		uint32_t key = bench_random(&seed) | 1, slot = key * 2654435761u >> 19;

		while (table[slot] && table[slot] != key)
			slot = (slot + 1) & 8191;
		table[slot] = key;
	}
	seed = 7;
	for (unsigned i = 0; i < 2048; i++) {
		uint32_t key = (bench_random(&seed) | 1) ^ (i & 1 ? 0x5a5a0 : 0), slot = key * 2654435761u >> 19;

		while (table[slot] && table[slot] != key)
			slot = (slot + 1) & 8191;
		found = found * 3 + (table[slot] == key);
	}
	return found;
}

uint32_t bench_crc32(void)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < TEXT; i++)
		crc = crc_table[(crc ^ text[i]) & 255] ^ crc >> 8;
	return ~crc;
}

static inline uint32_t ror(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* SHA-256's compression function (FIPS 180-4) over 4 KiB; the constants come from a generator here, the work is the same. */
uint32_t bench_sha256(void)
{
	static uint32_t k[64];
	uint32_t h[8], w[64], seed = 0x428a2f98;

	if (!k[0])
		for (int i = 0; i < 64; i++)
			k[i] = bench_random(&seed);
	for (int i = 0; i < 8; i++)
		h[i] = k[i * 7];
	for (size_t block = 0; block < 4096; block += 64) {
		uint32_t s[8];

		for (int i = 0; i < 16; i++) {
			const uint8_t *p = text + block + i * 4;

			w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		}
		for (int i = 16; i < 64; i++)
			w[i] = w[i - 16] + w[i - 7] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
				(ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
		memcpy(s, h, sizeof(s));
		for (int i = 0; i < 64; i++) {
			uint32_t t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
			uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

			s[7] = s[6];
			s[6] = s[5];
			s[5] = s[4];
			s[4] = s[3] + t1;
			s[3] = s[2];
			s[2] = s[1];
			s[1] = s[0];
			s[0] = t1 + t2;
		}
		for (int i = 0; i < 8; i++)
			h[i] += s[i];
	}
	return h[0] ^ h[3] ^ h[7];
}

/* Population count, bit reversal, parity, leading zeros, rotate: without library calls. */
uint32_t bench_bits(void)
{
	uint32_t sum = 0;

	for (int i = 0; i < 1024; i++) {
		uint32_t x = numbers[i], y, r;

		y = x - (x >> 1 & 0x55555555);
		y = (y & 0x33333333) + (y >> 2 & 0x33333333);
		y = (y + (y >> 4)) & 0x0f0f0f0f;
		y = y * 0x01010101 >> 24;
		r = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
		r = (r >> 2 & 0x33333333) | (r & 0x33333333) << 2;
		r = (r >> 4 & 0x0f0f0f0f) | (r & 0x0f0f0f0f) << 4;
		r = (r >> 8 & 0x00ff00ff) | (r & 0x00ff00ff) << 8;
		r = r >> 16 | r << 16;
		sum += y + (uint32_t)__builtin_clz(x | 1);
		sum = ror(sum, 5) ^ r;
		if (y & 1)
			sum += x;
	}
	return sum;
}

uint32_t bench_matrix(void)
{
	uint32_t sum = 0;

	for (int i = 0; i < DIM; i++) {
		for (int j = 0; j < DIM; j++) {
			uint32_t s = 0;

			for (int k = 0; k < DIM; k++)
				s += ma[i][k] * mb[k][j];
			mc[i][j] = s;
		}
	}
	for (int i = 0; i < DIM; i++)
		sum = bench_mix(sum, mc[i][(i * 7) % DIM]);
	return sum;
}

/* A tokenizer: one switch on the state for each character. */
uint32_t bench_state_machine(void)
{
	enum { SPACE, WORD, NUMBER, HEX, COMMENT, STAR, SLASH, PUNCT } state = SPACE;
	uint32_t counts[8] = { 0 }, sum = 0;

	for (size_t i = 0; i < TEXT; i++) {
		unsigned c = text[i];
		int letter = (c | 32) - 'a' < 26, digit = c - '0' < 10;

		switch (state) {
		case COMMENT:
			if (c == '*')
				state = STAR;
			break;
		case STAR:
			state = c == '/' ? SPACE : c == '*' ? STAR : COMMENT;
			break;
		case SLASH:
			state = c == '*' ? COMMENT : PUNCT;
			break;
		case NUMBER:
			if (digit)
				break;
			if (c == 'x') {
				state = HEX;
				break;
			}
			/* fall through */
		case HEX:
			if (state == HEX && (digit || (c | 32) - 'a' < 6))
				break;
			/* fall through */
		case WORD:
			if (state == WORD && (letter || digit))
				break;
			/* fall through */
		default:
			counts[state]++;
			state = letter ? WORD : digit ? NUMBER : c == '/' ? SLASH : c <= ' ' ? SPACE : PUNCT;
		}
	}
	for (int i = 0; i < 8; i++)
		sum = bench_mix(sum, counts[i]);
	return sum;
}

/* Horspool's search for a few patterns, and a naive one. */
uint32_t bench_search(void)
{
	static const char *const patterns[] = { "return x+=1;\n", "guest quick ", "0x1f 0x1f 0x1f", "nowhere" };
	uint32_t sum = 0;

	for (unsigned p = 0; p < 4; p++) {
		const uint8_t *pat = (const uint8_t *)patterns[p];
		size_t len = strlen(patterns[p]), pos = 0, hits = 0;
		uint8_t skip[256];

		for (int i = 0; i < 256; i++)
			skip[i] = (uint8_t)len;
		for (size_t i = 0; i + 1 < len; i++)
			skip[pat[i]] = (uint8_t)(len - 1 - i);
		while (pos + len <= TEXT) {
			size_t i = len;

			while (i && text[pos + i - 1] == pat[i - 1])
				i--;
			hits += !i;
			pos += skip[text[pos + len - 1]];
		}
		sum = bench_mix(sum, (uint32_t)hits);
	}
	for (size_t pos = 0; pos + 8 <= TEXT; pos++) {
		size_t i = 0;

		while (i < 6 && text[pos + i] == (uint8_t)"host a"[i])
			i++;
		sum += i == 6;
	}
	return sum;
}

/*
 * A small LZ77: a control byte below 128 is followed by that many plus one literals; otherwise a match of (c & 127) + 3 bytes at the distance
 * that the next two bytes give.
 */
static size_t lz_pack(const uint8_t *in, size_t n, uint8_t *out)
{
	static uint16_t last[4096];
	size_t pos = 0, literals = 0, o = 0;

	memset(last, 0xff, sizeof(last));
	while (pos < n) {
		size_t length = 0, from = 0;

		if (pos + 3 <= n) {
			uint32_t h = (in[pos] | (uint32_t)in[pos + 1] << 8 | (uint32_t)in[pos + 2] << 16) * 2654435761u >> 20;

			from = last[h];
			last[h] = (uint16_t)pos;
			if (from != 0xffff)
				while (length < 130 && pos + length < n && in[from + length] == in[pos + length])
					length++;
		}
		if (length >= 4 || pos - literals == 128) {
			if (pos > literals) {
				out[o++] = (uint8_t)(pos - literals - 1);
				memcpy(out + o, in + literals, pos - literals);
				o += pos - literals;
				literals = pos;
			}
			if (length < 4)
				continue;
			out[o++] = (uint8_t)(128 | (length - 3));
			out[o++] = (uint8_t)(pos - from);
			out[o++] = (uint8_t)((pos - from) >> 8);
			pos += length;
			literals = pos;
		} else {
			pos++;
		}
	}
	if (pos > literals) {
		out[o++] = (uint8_t)(pos - literals - 1);
		memcpy(out + o, in + literals, pos - literals);
		o += pos - literals;
	}
	return o;
}

static size_t lz_unpack(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t i = 0, o = 0;

	while (i < n) {
		unsigned c = in[i++];

		if (c < 128) {
			for (c++; c; c--)
				out[o++] = in[i++];
		} else {
			size_t from = o - (in[i] | (size_t)in[i + 1] << 8);

			i += 2;
			for (c = (c & 127) + 3; c; c--)
				out[o++] = out[from++];
		}
	}
	return o;
}

uint32_t bench_compress(void)
{
	size_t n = lz_pack(text, TEXT, packed);

	return (uint32_t)n ^ packed[n / 2] ^ (uint32_t)packed[n / 3] << 8;
}

uint32_t bench_decompress(void)
{
	size_t n = lz_unpack(packed, packed_size, unpacked);

	return (uint32_t)n ^ (uint32_t)(unpacked[TEXT / 2] == text[TEXT / 2]) << 30 ^ (uint32_t)(unpacked[TEXT - 1] == text[TEXT - 1]) << 31;
}

uint32_t bench_sieve(void)
{
	uint32_t count = 0;

	memset(sieve, 1, sizeof(sieve));
	for (uint32_t i = 2; i < 8192; i++) {
		if (!sieve[i])
			continue;
		count++;
		for (uint32_t j = i * i; j < 8192; j += i)
			sieve[j] = 0;
		if (i > 90) {
			for (i++; i < 8192; i++)
				count += sieve[i];
		}
	}
	return count;
}
