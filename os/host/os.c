// SPDX-License-Identifier: MIT
/*
 * <xenion/os.h> in a plain process: locks, virtual time, work, the log. The
 * memory functions are in memory.c. Called by the core and by tests.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

/* The virtual time of one round of waiting, so that every wait ends. */
#define IDLE_NS		100u

uint64_t host_stat[XN_STAT_COUNT];

static uint64_t now;
static struct xn_work *works;		/* sorted by due time */
static __thread unsigned long upcalls_off;
static __thread unsigned int locks_held, raw_locks_held;
static __thread bool raw;		/* see host_raw() */

/* Work that runs now; several, if one runs while another one waits. */
struct running {
	const struct xn_work *work;
	struct running *prev;
};

static struct running *running;

_Noreturn void host_bug(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("# BUG: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* ---- exclusion ---- */

unsigned long host_upcalls_disable(void)
{
	return upcalls_off++;
}

void host_upcalls_restore(unsigned long flags)
{
	if (upcalls_off != flags + 1)
		host_bug("upcalls restored out of order");
	upcalls_off = flags;
}

unsigned int xn_os_cpu(void)
{
	return host_cpu();
}

static void may_sleep(const char *what)
{
	host_not_raw(what);
	if (upcalls_off)
		host_bug("%s with upcalls disabled", what);
}

bool host_raw(bool on)
{
	bool was = raw;

	raw = on;
	return was;
}

static void no_raw_lock(const char *what)
{
	if (raw_locks_held)
		host_bug("%s under a raw lock", what);
}

void host_not_raw(const char *what)
{
	no_raw_lock(what);
	if (raw)
		host_bug("%s in raw context", what);
}

void xn_lock_init(struct xn_lock *l)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&l->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

static unsigned long lock_take(struct xn_lock *l)
{
	unsigned long flags = host_upcalls_disable();
	int err = pthread_mutex_lock(&l->mutex);

	if (err)
		host_bug("lock: %s", strerror(err));
	locks_held++;
	return flags;
}

unsigned long xn_lock(struct xn_lock *l)
{
	host_not_raw("lock taken");
	return lock_take(l);
}

void xn_unlock(struct xn_lock *l, unsigned long flags)
{
	int err = pthread_mutex_unlock(&l->mutex);

	if (err)
		host_bug("unlock: %s", strerror(err));
	locks_held--;
	host_upcalls_restore(flags);
}

void xn_raw_lock_init(struct xn_raw_lock *l)
{
	xn_lock_init(&l->lock);
}

unsigned long xn_raw_lock(struct xn_raw_lock *l)
{
	unsigned long flags = lock_take(&l->lock);

	raw_locks_held++;
	return flags;
}

void xn_raw_unlock(struct xn_raw_lock *l, unsigned long flags)
{
	raw_locks_held--;
	xn_unlock(&l->lock, flags);
}

/* ---- waiting and time ---- */

void xn_waitq_init(struct xn_waitq *wq)
{
	wq->wakes = 0;
}

void xn_wake(struct xn_waitq *wq)
{
	host_not_raw("threads woken");
	wq->wakes++;
}

uint64_t xn_os_now(void)
{
	return now;
}

uint64_t host_deadline(uint64_t timeout_ns)
{
	may_sleep("wait");
	return timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
}

static bool is_running(const struct xn_work *w)
{
	const struct running *r;

	for (r = running; r; r = r->prev)
		if (r->work == w)
			return true;
	return false;
}

static struct xn_work *next_work(void)
{
	struct xn_work *w;

	/* One work never runs twice at once, even if it is queued again. */
	for (w = works; w; w = w->next)
		if (!is_running(w))
			break;
	return w;
}

/* When the next timer or work is due; UINT64_MAX: never. */
static uint64_t next_due(void)
{
	uint64_t timer = host_time_next();
	const struct xn_work *w = next_work();

	return w && w->due < timer ? w->due : timer;
}

static bool pump_once(void)
{
	struct host_guest *g, *was = host_guest_current();
	unsigned int cpu = host_cpu();
	bool progress = false;

	for (g = host_guests; g; g = g->next) {
		struct host_step *s;

		progress |= host_time_pump(g);
		progress |= host_evtchn_pump(g);
		for (s = g->steps; s; s = s->next)
			progress |= s->step(s->data);
	}
	progress |= host_work_run_due();
	host_guest_enter(was, cpu);
	return progress;
}

bool host_idle(uint64_t deadline)
{
	uint64_t due;

	if (now >= deadline)
		return false;
	now += IDLE_NS;
	if (pump_once())
		return true;
	due = next_due();
	if (due < deadline) {
		if (now < due)
			now = due;
	} else if (deadline == UINT64_MAX) {
		host_bug("waits for ever, and nothing is left to run");
	} else {
		now = deadline;
	}
	return true;
}

void host_pump(void)
{
	unsigned int rounds = 0;

	may_sleep("pump");
	while (pump_once())
		if (++rounds > 1000000)
			host_bug("does not come to rest");
}

void host_run(uint64_t ns)
{
	uint64_t end = now + ns, due;

	host_pump();
	while ((due = next_due()) <= end) {
		if (now < due)
			now = due;
		host_pump();
	}
	if (now < end)
		now = end;
}

void host_clock_reset(void)
{
	now = 0;
}

/* ---- work ---- */

void xn_work_init(struct xn_work *w, void (*fn)(struct xn_work *w))
{
	memset(w, 0, sizeof(*w));
	w->fn = fn;
	w->guest = host_guest_current();
}

void xn_work_schedule(struct xn_work *w, uint64_t delay_ns)
{
	struct xn_work **p;

	/* An upcall may do this, for it cannot do much else. */
	no_raw_lock("work scheduled");
	host_lock();
	if (!w->queued) {
		w->queued = true;
		w->due = now + delay_ns;
		for (p = &works; *p && (*p)->due <= w->due; p = &(*p)->next)
			;
		w->next = *p;
		*p = w;
	}
	host_unlock();
}

static void work_dequeue(struct xn_work *w)
{
	struct xn_work **p;

	for (p = &works; *p != w; p = &(*p)->next)
		;
	*p = w->next;
	w->queued = false;
}

void xn_work_cancel(struct xn_work *w)
{
	may_sleep("work cancelled");
	if (is_running(w))
		host_bug("work cancelled while it runs: would wait for ever");
	host_lock();
	if (w->queued)
		work_dequeue(w);
	host_unlock();
}

bool host_work_run_due(void)
{
	struct xn_work *w = next_work();
	struct running self = { .work = w, .prev = running };

	if (!w || w->due > now)
		return false;
	work_dequeue(w);
	running = &self;
	host_guest_enter(w->guest, 0);
	w->fn(w);
	running = self.prev;
	return true;
}

unsigned int host_work_leaks(struct host_guest *g)
{
	struct xn_work *w;
	unsigned int n = 0;

	for (w = works; w; w = w->next)
		n += w->guest == g;
	if (n)
		fprintf(stderr, "# leak: %u queued works\n", n);
	return n;
}

void host_work_forget(struct host_guest *g)
{
	struct xn_work **p = &works;

	while (*p)
		if ((*p)->guest == g)
			*p = (*p)->next;
		else
			p = &(*p)->next;
}

/* ---- the log ---- */

static unsigned int log_lines[XN_DEBUG + 1];
static char log_last[256];

void xn_os_log(enum xn_log_level level, const char *fmt, ...)
{
	va_list ap;

	host_not_raw("line logged");
	host_lock();
	va_start(ap, fmt);
	vsnprintf(log_last, sizeof(log_last), fmt, ap);
	va_end(ap);
	log_lines[level]++;
	if (locks_held)
		host_bug("log line under a lock, which a console may need: %s",
			 log_last);
	if (strchr(log_last, '\n'))
		host_bug("log line with a newline: %s", log_last);
	if (getenv("XN_HOST_LOG"))
		fprintf(stderr, "# log %d: %s\n", level, log_last);
	host_unlock();
}

unsigned int host_log_count(enum xn_log_level level)
{
	return log_lines[level];
}

const char *host_log_last(void)
{
	return log_last;
}

void host_log_reset(void)
{
	memset(log_lines, 0, sizeof(log_lines));
	log_last[0] = '\0';
}

uint64_t host_stat_get(enum xn_stat stat)
{
	return __atomic_load_n(&host_stat[stat], __ATOMIC_RELAXED);
}
