/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays a script. Freestanding: also part of the bare-metal program. Every wait
 * is bounded, so that a model that never answers shows as a difference.
 */
#include "diff_script.h"

#define CMDQ_PROD	0x98u
#define CMDQ_CONS	0x9cu
#define EVENTQ_PROD	0x100a8u
#define EVENTQ_CONS	0x100acu
#define GERROR		0x60u
#define GERRORN		0x64u
#define CMD_SYNC	0x46u
#define OVFLG		0x80000000u
#define WAIT_MAX	100000u

struct run {
	const struct diff_target *t;
	volatile uint64_t *log;
	uint32_t cmd_prod;
	bool keep;
};

static volatile uint64_t *at(const struct run *r, uint64_t addr)
{
	return (volatile uint64_t *)(volatile void *)(r->t->ram + (addr - DIFF_RAM));
}

static uint32_t rd32(const struct run *r, uint32_t off)
{
	return r->t->rd32(r->t->arg, off);
}

static void wr32(const struct run *r, uint32_t off, uint32_t val)
{
	r->t->wr32(r->t->arg, off, val);
}

/* --- log ------------------------------------------------------------------- */

static volatile uint64_t *log_begin(struct run *r)
{
	return r->log++;
}

static void log_put(struct run *r, uint64_t word)
{
	*r->log++ = word;
}

static void log_end(struct run *r, volatile uint64_t *head, unsigned int op, uint32_t n)
{
	*head = DIFF_LOG_HEAD(op, r->log - head - 1, n);
}

static void log_events(struct run *r)
{
	uint32_t mask = (2u << DIFF_EVTQ_LG2) - 1, index = (1u << DIFF_EVTQ_LG2) - 1;
	uint32_t prod = rd32(r, EVENTQ_PROD), cons = rd32(r, EVENTQ_CONS);
	uint32_t n, i;
	volatile uint64_t *e;

	for (n = 0; n <= index && (cons & mask) != (prod & mask); n++) {
		e = at(r, DIFF_EVTQ + (uint64_t)(cons & index) * 32);
		for (i = 0; i < 4; i++) {
			log_put(r, e[i]);
			e[i] = 0;
		}
		cons = (cons & ~mask) | ((cons + 1) & mask);
	}
	wr32(r, EVENTQ_CONS, (prod & OVFLG) | (cons & mask));
}

/* --- commands -------------------------------------------------------------- */

static volatile uint64_t *slot(const struct run *r, uint32_t index)
{
	return at(r, DIFF_CMDQ + (uint64_t)(index & ((1u << DIFF_CMDQ_LG2) - 1)) * 16);
}

/* The bad command becomes a CMD_SYNC, then the error is acknowledged. */
static void recover(struct run *r, uint32_t cons, uint32_t gerror)
{
	volatile uint64_t *c = slot(r, cons);

	c[0] = CMD_SYNC;
	c[1] = 0;
	wr32(r, GERRORN, rd32(r, GERRORN) ^ (gerror & 1));
}

static void do_cmds(struct run *r, const volatile uint64_t *words, uint32_t n)
{
	uint32_t mask = (2u << DIFF_CMDQ_LG2) - 1, first = r->cmd_prod, cons, active, wait, i;
	volatile uint64_t *head = log_begin(r), *errors;

	for (i = 0; i < n; i++) {
		slot(r, r->cmd_prod)[0] = words[2 * i];
		slot(r, r->cmd_prod)[1] = words[2 * i + 1];
		r->cmd_prod = (r->cmd_prod + 1) & mask;
	}
	wr32(r, CMDQ_PROD, r->cmd_prod);
	*r->log++ = 0;
	errors = r->log;
	*r->log++ = 0;
	for (wait = 0; wait < WAIT_MAX; wait++) {
		cons = rd32(r, CMDQ_CONS);
		active = rd32(r, GERROR) ^ rd32(r, GERRORN);
		if (active & 1) {
			if (*errors == DIFF_ERRORS_MAX)
				break;
			++*errors;
			log_put(r, cons >> 24 & 0x7f);
			log_put(r, ((cons & mask) - first) & mask);
			recover(r, cons, active);
		} else if ((cons & mask) == r->cmd_prod) {
			break;
		}
	}
	active = rd32(r, GERROR) ^ rd32(r, GERRORN);
	head[1] = active | (wait == WAIT_MAX ? 1ull << 63 : 0);
	log_end(r, head, DIFF_CMD, n);
	wr32(r, GERRORN, rd32(r, GERRORN) ^ active);
}

/* --- accesses -------------------------------------------------------------- */

/* Where the pattern of a write to an address with this offset in its page went. */
static uint64_t find_write(const struct run *r, uint64_t iova)
{
	uint64_t page, addr;
	volatile uint32_t *word;

	for (page = 0; page < DIFF_ARENA_SIZE; page += 0x1000) {
		addr = DIFF_ARENA + page + (iova & 0xffc);
		word = (volatile uint32_t *)(volatile void *)at(r, addr);
		if (*word == DIFF_PATTERN) {
			*word = (uint32_t)addr;
			return addr;
		}
	}
	return DIFF_ELSEWHERE;
}

static void do_access(struct run *r, unsigned int op, uint32_t dev, uint64_t iova)
{
	volatile uint64_t *head = log_begin(r);

	*r->log++ = 0;
	if (op == DIFF_READ)
		r->t->dma_read(r->t->arg, dev, iova, &head[1]);
	else if (r->t->dma_write(r->t->arg, dev, iova))
		head[1] = find_write(r, iova);
	if (!r->keep)
		log_events(r);
	log_end(r, head, op, dev);
}

static void do_keep(struct run *r, uint32_t n)
{
	volatile uint64_t *head;

	r->keep = n != 0;
	if (n)
		return;
	head = log_begin(r);
	log_put(r, ((rd32(r, EVENTQ_PROD) ^ rd32(r, EVENTQ_CONS)) & OVFLG) != 0);
	log_put(r, rd32(r, GERROR) ^ rd32(r, GERRORN));
	log_events(r);
	log_end(r, head, DIFF_KEEP, n);
	wr32(r, GERRORN, rd32(r, GERROR));
}

/* --- the script ------------------------------------------------------------ */

static void do_mem(struct run *r, const volatile uint64_t *pairs, uint32_t n)
{
	while (n--) {
		*at(r, pairs[0]) = pairs[1];
		pairs += 2;
	}
}

/* How many words an op takes behind its head; -1: no such op. */
static int64_t operands(uint64_t head)
{
	switch (DIFF_OP(head)) {
	case DIFF_END:
	case DIFF_CASE:
	case DIFF_KEEP:
		return 0;
	case DIFF_MEM:
	case DIFF_CMD:
		return 2 * (int64_t)DIFF_N(head);
	case DIFF_REG32:
	case DIFF_REG64:
	case DIFF_LOAD32:
	case DIFF_WRITE:
	case DIFF_READ:
		return 1;
	default:
		return -1;
	}
}

static void step(struct run *r, const volatile uint64_t *w)
{
	uint32_t n = DIFF_N(w[0]);

	switch (DIFF_OP(w[0])) {
	case DIFF_CASE:
		log_put(r, DIFF_LOG_HEAD(DIFF_CASE, 0, n));
		break;
	case DIFF_MEM:
		do_mem(r, w + 1, n);
		break;
	case DIFF_REG32:
		wr32(r, n, (uint32_t)w[1]);
		/* Software starts at the queue's start. */
		if (n == CMDQ_PROD)
			r->cmd_prod = (uint32_t)w[1];
		break;
	case DIFF_REG64:
		r->t->wr64(r->t->arg, n, w[1]);
		break;
	case DIFF_LOAD32:
		log_put(r, DIFF_LOG_HEAD(DIFF_LOAD32, 1, n));
		log_put(r, rd32(r, n) & w[1]);
		break;
	case DIFF_CMD:
		do_cmds(r, w + 1, n);
		break;
	case DIFF_WRITE:
	case DIFF_READ:
		do_access(r, DIFF_OP(w[0]), n, w[1]);
		break;
	case DIFF_KEEP:
		do_keep(r, n);
		break;
	}
}

uint64_t diff_run(const struct diff_target *t)
{
	struct run r = { .t = t };
	const volatile uint64_t *w = at(&r, DIFF_SCRIPT);
	const volatile uint64_t *first = w;
	int64_t n;

	r.log = at(&r, DIFF_LOG) + 1;
	for (; DIFF_OP(*w) != DIFF_END; w += 1 + n) {
		n = operands(*w);
		if (n < 0)
			return (uint64_t)(w - first) + 1;
		step(&r, w);
	}
	t->finish(t->arg);
	log_put(&r, 0);
	*at(&r, DIFF_LOG) = DIFF_DONE;
	return 0;
}
