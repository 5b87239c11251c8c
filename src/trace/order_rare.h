/* SPDX-License-Identifier: MIT */
/*
 * The wire events that are rare, a function each: statuses, procs that are stolen, ranges, tasks, regions. Part of the
 * template order_run.h, which says what the on_* functions of a consumer are.
 *
 * Each checks in the order in which Go's reader checks (docs/format/v2.md), so that the same traces are refused.
 */

static const uint8_t go_state_of[5] = {KYMO_GO_UNDETERMINED, KYMO_GO_RUNNABLE, KYMO_GO_RUNNING,
                                       KYMO_GO_SYSCALL, KYMO_GO_WAITING};

static inline void bind_g(struct order *o, uint32_t m, uint32_t g)
{
	struct order_g *s = &o->gs.at[g];
	if (s->m && s->m != m && o->ms.at[s->m].g == g)
		s->shared = true;
	s->m = m;
	o->ms.at[m].g = g;
}

static inline struct order_node *find_range(struct order *o, uint32_t g, uint8_t kind,
                                            kymo_string_ix name, uint32_t **link)
{
	uint32_t *l = &o->gs.at[g].ranges;
	for (; *l; l = &o->nodes.at[*l].next)
		if (o->nodes.at[*l].kind == kind && (name == 0 || o->nodes.at[*l].name == name)) {
			if (link)
				*link = l;
			return &o->nodes.at[*l];
		}
	return NULL;
}

static inline struct order_node *open_range(struct order *o, uint32_t g, uint8_t kind,
                                            kymo_string_ix name)
{
	uint32_t n = order_new_node(o);
	if (!n)
		return NULL;
	o->nodes.at[n] = (struct order_node){.next = o->gs.at[g].ranges, .kind = kind, .name = name};
	o->gs.at[g].ranges = n;
	return &o->nodes.at[n];
}

/* ---- statuses: rare, and long ---- */

static __attribute__((noinline)) enum step apply_proc_status(struct order *o, SINK *k,
                                                             struct cursor *c, kymo_ns time,
                                                             struct ctx x, uint64_t id,
                                                             uint64_t status, const uint8_t *p)
{
	if (status < P_RUNNING || status > P_ABANDONED)
		FAIL("invalid status for proc %" PRIu64 ": %" PRIu64, id, status);
	if (id >= (uint64_t)1 << 63)
		FAIL("proc id %" PRIu64 " out of range", id);
	uint32_t q = order_find(&o->p_ix, id), stream_m = x.m;
	bool running = status == P_RUNNING || status == P_SYSCALL;
	uint8_t now = running ? KYMO_PROC_RUNNING : KYMO_PROC_IDLE, was = now;
	if (q) {
		struct order_p *s = &o->ps.at[q];
		if (status == P_ABANDONED && s->status == P_SYSCALL) {
			// About to be stolen: its status may come from the thief. Told in the context it is bound to.
			was = now = KYMO_PROC_RUNNING;
			uint32_t m = 1;
			while (m < o->ms.count && o->ms.at[m].p != q)
				m++;
			if (m == o->ms.count)
				FAIL("failed to find sched context for proc %" PRIu64
				     " that's about to be stolen",
				     id);
			x = (struct ctx){m, q, o->ms.at[m].g};
		} else if (s->status != status) {
			FAIL("inconsistent status for proc %" PRIu64 ": old %u vs. new %" PRIu64,
			     id, s->status, status);
		}
		s->gen = o->gen_ordinal;
		s->seq = 0;
	} else {
		q = order_new_p(o, id, (uint8_t)status);
		if (!q)
			return order_no_memory(o);
		was = o->gen.number == o->initial_gen ? KYMO_PROC_UNDETERMINED : KYMO_PROC_NOT_EXIST;
	}
	kymo_ns t = TIME();
	on_p(k, o, x, t, q, was, now);
	if (running && stream_m) {
		o->ms.at[stream_m].p = q;
		on_bind(k, o, stream_m, was == KYMO_PROC_UNDETERMINED ? o->sync : t);
	}
	DONE();
}

static __attribute__((noinline)) enum step
apply_go_status(struct order *o, SINK *k, struct cursor *c, kymo_ns time, struct ctx x, uint64_t id,
                uint64_t thread, uint64_t status, kymo_stack_ix stack, const uint8_t *p)
{
	if (status < G_RUNNABLE || status > G_WAITING)
		FAIL("invalid status for goroutine %" PRIu64 ": %" PRIu64, id, status);
	if (id == 0 || id >= (uint64_t)1 << 63)
		FAIL("goroutine id %" PRIu64 " out of range", id);
	uint32_t g = order_find(&o->g_ix, id), stream_m = x.m;
	bool initial = o->gen.number == o->initial_gen;
	uint8_t now = go_state_of[status], was = now;
	if (g) {
		struct order_g *s = &o->gs.at[g];
		if (s->status != status)
			FAIL("inconsistent status for goroutine %" PRIu64 ": old %u vs. new %" PRIu64,
			     id, s->status, status);
		s->gen = o->gen_ordinal;
		s->seq = 0;
	} else if (initial) {
		g = order_new_g(o, id, (uint8_t)status);
		if (!g)
			return order_no_memory(o);
		was = KYMO_GO_UNDETERMINED;
	} else {
		FAIL("found goroutine status for new goroutine after the first generation: id=%" PRIu64
		     " status=%" PRIu64,
		     id, status);
	}
	uint32_t bind_m = 0;
	if (status == G_RUNNING) {
		bind_m = stream_m;
	} else if (status == G_SYSCALL) {
		if (thread == KYMO_NONE)
			FAIL("found goroutine %" PRIu64 " in syscall without a thread", id);
		if (stream_m && thread == o->ms.at[stream_m].id) {
			if (!initial && x.g != g)
				FAIL("inconsistent thread for syscalling goroutine %" PRIu64, id);
			bind_m = stream_m;
		} else {
			// A thread that sat in a syscall for the whole generation.
			uint32_t m = order_find(&o->m_ix, thread);
			if (m) {
				if (o->ms.at[m].g != g)
					FAIL("inconsistent thread for syscalling goroutine %" PRIu64,
					     id);
				x.g = g;
			} else {
				m = order_m_of(o, thread);
				if (!m)
					return order_no_memory(o);
				bind_m = m;
			}
			x.m = m;
		}
	}
	kymo_ns t = TIME();
	on_g(k, o, x, t, g, was, now, 0, stack, stack);
	if (bind_m) {
		bind_g(o, bind_m, g);
		on_bind(k, o, bind_m, was == KYMO_GO_UNDETERMINED ? o->sync : t);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_gc(struct order *o, SINK *k, struct cursor *c,
                                                    kymo_ns time, struct ctx x, uint64_t seq,
                                                    kymo_stack_ix stack, const uint8_t *p)
{
	bool follows = seq == o->gc_seq + 1;
	int phase;
	switch (c->type) {
	case WIRE_GCActive:
		if (o->gen.number == o->initial_gen) {
			if (o->gc != GC_UNDETERMINED)
				FAIL("GC state is known at the first GCActive");
			o->gc = GC_RUNNING;
			phase = PHASE_ACTIVE_OPENED;
			break;
		}
		if (!follows)
			return STEP_WAIT;
		if (o->gc != GC_RUNNING)
			FAIL("GCActive while the GC is not running");
		NEED_MPG();
		phase = PHASE_ACTIVE;
		break;
	case WIRE_GCBegin:
		if (o->gc != GC_UNDETERMINED) {
			if (!follows)
				return STEP_WAIT;
			if (o->gc == GC_RUNNING)
				FAIL("GCBegin while the GC is running");
			NEED_MPG();
		}
		o->gc = GC_RUNNING;
		phase = PHASE_BEGIN;
		break;
	default:
		if (!follows)
			return STEP_WAIT;
		if (o->gc != GC_RUNNING)
			FAIL("GCEnd while the GC is not running");
		NEED_MPG();
		o->gc = GC_NOT_RUNNING;
		phase = PHASE_END;
		break;
	}
	o->gc_seq = seq;
	kymo_ns t = TIME();
	on_range(k, o, x, t, KYMO_RANGE_GC, phase, o->name_gc, 0, 0, &o->gc_user, stack, 0, 0);
	DONE();
}

static __attribute__((noinline)) enum step apply_task(struct order *o, SINK *k, struct cursor *c,
                                                      kymo_ns time, struct ctx x, const uint8_t *p)
{
	bool begin = c->type == WIRE_UserTaskBegin;
	uint64_t id = ARG(), parent = KYMO_NONE;
	kymo_string_ix name = 0;
	if (begin) {
		parent = ARG();
		if (parent == 0)
			parent = KYMO_NONE;
		uint64_t name_id = ARG();
		ARGS_END();
		STRING(found, name_id);
		name = found;
	}
	uint64_t stack_id = ARG();
	ARGS_END();
	uint32_t *v = idmap_put(&o->task_ix, id), entry = 0, no_user = UINT32_MAX;
	if (!v)
		return order_no_memory(o);
	if (begin) {
		if (*v)
			FAIL("task %" PRIu64 " already exists", id);
		NEED_MPG();
		entry = o->free_task;
		if (entry)
			o->free_task = o->tasks.at[entry].next_free;
		else if (!vec_push(&o->tasks, ((struct order_task){0})))
			return order_no_memory(o);
		else
			entry = (uint32_t)o->tasks.count - 1;
		o->tasks.at[entry] = (struct order_task){
			.id = id, .parent = parent, .name = name, .user = UINT32_MAX};
		*v = entry;
	} else {
		NEED_MPG();
		entry = *v;
		*v = 0;
		if (entry) {
			parent = o->tasks.at[entry].parent;
			name = o->tasks.at[entry].name;
			o->tasks.at[entry].next_free = o->free_task;
			o->free_task = entry;
		}
	}
	STACK(stack, stack_id);
	kymo_ns t = TIME();
	on_task(k, o, x, t, begin, id, parent, name, stack,
	        entry ? &o->tasks.at[entry].user : &no_user);
	DONE();
}

static __attribute__((noinline)) enum step apply_region(struct order *o, SINK *k, struct cursor *c,
                                                        kymo_ns time, struct ctx x, const uint8_t *p)
{
	uint64_t task = ARG(), name_id = ARG(), stack_id = ARG();
	uint32_t no_user = UINT32_MAX, *user = &no_user;
	ARGS_END();
	NEED_MPG();
	STRING(name, name_id);
	if (o->gs.at[x.g].status == G_FREE)
		FAIL("region event for a goroutine that doesn't exist");
	if (c->type == WIRE_UserRegionBegin) {
		uint32_t n = order_new_node(o);
		if (!n)
			return order_no_memory(o);
		o->nodes.at[n] = (struct order_node){
			.next = o->gs.at[x.g].regions, .name = name, .task = task, .user = UINT32_MAX};
		o->gs.at[x.g].regions = n;
		user = &o->nodes.at[n].user;
	} else if (o->gs.at[x.g].regions) {
		uint32_t n = o->gs.at[x.g].regions;
		struct order_node *top = &o->nodes.at[n];
		if (top->task != task || top->name != name)
			FAIL("misuse of region in goroutine %" PRIu64
			     ": region end of task %" PRIu64 " does not match the innermost "
			     "one open, of task %" PRIu64,
			     o->gs.at[x.g].id, task, top->task);
		o->gs.at[x.g].regions = top->next;
		no_user = top->user;
		order_free_node(o, n);
	}
	STACK(stack, stack_id);
	kymo_ns t = TIME();
	on_region(k, o, x, t, c->type == WIRE_UserRegionBegin, task, name, stack, user);
	DONE();
}

static __attribute__((noinline)) enum step apply_go_range(struct order *o, SINK *k,
                                                          struct cursor *c, kymo_ns time,
                                                          struct ctx x, const uint8_t *p)
{
	uint8_t kind = c->type == WIRE_STWBegin || c->type == WIRE_STWEnd ? KYMO_RANGE_STW
	                                                                  : KYMO_RANGE_ASSIST;
	bool begin = c->type == WIRE_STWBegin || c->type == WIRE_GCMarkAssistBegin;
	uint64_t kind_id = c->type == WIRE_STWBegin ? ARG() : 0, stack_id = begin ? ARG() : 0;
	ARGS_END();
	NEED_MPG();
	if (o->gs.at[x.g].status == G_FREE)
		FAIL("range event for a goroutine that doesn't exist");
	kymo_string_ix name = kind == KYMO_RANGE_ASSIST ? o->name_assist : 0;
	uint32_t none = UINT32_MAX, *user = &none, *link;
	struct order_node *n;
	if (begin) {
		if (c->type == WIRE_STWBegin) {
			STRING(text, kind_id);
			name = order_stw_name(o, text);
			if (name == TABLES_FAILED)
				return order_no_memory(o);
		}
		if (find_range(o, x.g, kind, name, NULL))
			FAIL("range already open on goroutine %" PRIu64, o->gs.at[x.g].id);
		n = open_range(o, x.g, kind, name);
		if (!n)
			return order_no_memory(o);
		user = &n->user;
	} else {
		n = find_range(o, x.g, kind, 0, &link);
		if (!n)
			FAIL("end of a range that is not open on goroutine %" PRIu64,
			     o->gs.at[x.g].id);
		name = n->name;
		none = n->user;
		uint32_t ix = *link;
		*link = n->next;
		order_free_node(o, ix);
	}
	STACK(stack, stack_id);
	kymo_ns t = TIME();
	on_range(k, o, x, t, kind, begin ? PHASE_BEGIN : PHASE_END, name, x.g, 0, user, stack, 0, 0);
	DONE();
}

static __attribute__((noinline)) enum step apply_active(struct order *o, SINK *k, struct cursor *c,
                                                        kymo_ns time, struct ctx x, const uint8_t *p)
{
	uint64_t id = ARG();
	ARGS_END();
	bool initial = o->gen.number == o->initial_gen;
	int phase = initial ? PHASE_ACTIVE_OPENED : PHASE_ACTIVE;
	if (c->type == WIRE_GCSweepActive) {
		uint32_t q = order_find(&o->p_ix, id);
		if (!q)
			FAIL("sweep active on proc %" PRIu64 " that doesn't exist", id);
		if (o->ps.at[q].sweeping == initial)
			FAIL("sweep active on proc %" PRIu64 " is %s", id,
			     initial ? "already open" : "not open");
		o->ps.at[q].sweeping = true;
		kymo_ns t = TIME();
		on_range(k, o, x, t, KYMO_RANGE_SWEEP, phase, o->name_sweep, 0, q,
		         &o->ps.at[q].sweep_user, 0, 0, 0);
	} else {
		uint32_t g = order_find(&o->g_ix, id);
		if (!g)
			FAIL("mark assist active on goroutine %" PRIu64 " that doesn't exist", id);
		struct order_node *n = find_range(o, g, KYMO_RANGE_ASSIST, o->name_assist, NULL);
		if ((n != NULL) == initial)
			FAIL("mark assist active on goroutine %" PRIu64 " is %s", id,
			     initial ? "already open" : "not open");
		if (!n)
			n = open_range(o, g, KYMO_RANGE_ASSIST, o->name_assist);
		if (!n)
			return order_no_memory(o);
		kymo_ns t = TIME();
		on_range(k, o, x, t, KYMO_RANGE_ASSIST, phase, o->name_assist, g, 0, &n->user, 0, 0,
		         0);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_sweep(struct order *o, SINK *k, struct cursor *c,
                                                       kymo_ns time, struct ctx x, const uint8_t *p)
{
	bool begin = c->type == WIRE_GCSweepBegin;
	uint64_t a = ARG(), b = begin ? 0 : ARG();
	ARGS_END();
	NEED(m, "thread");
	NEED(p, "proc");
	if (o->ps.at[x.p].sweeping == begin)
		FAIL("sweep on proc %" PRIu64 " is %s", o->ps.at[x.p].id,
		     begin ? "already open" : "not open");
	o->ps.at[x.p].sweeping = begin;
	STACK(stack, begin ? a : 0);
	kymo_ns t = TIME();
	on_range(k, o, x, t, KYMO_RANGE_SWEEP, begin ? PHASE_BEGIN : PHASE_END, o->name_sweep, 0,
	         x.p, &o->ps.at[x.p].sweep_user, stack, begin ? 0 : a, b);
	DONE();
}

static __attribute__((noinline)) enum step apply_proc_steal(struct order *o, SINK *k,
                                                            struct cursor *c, kymo_ns time,
                                                            struct ctx x, const uint8_t *p)
{
	uint64_t id = ARG(), seq = ARG(), victim = ARG();
	ARGS_END();
	uint32_t q = order_find(&o->p_ix, id);
	struct order_p *s = &o->ps.at[q];
	if (!q || (s->status != P_SYSCALL && s->status != P_ABANDONED) || !SEQ_FOLLOWS(s, seq))
		return STEP_WAIT;
	NEED(m, "thread");
	bool abandoned = s->status == P_ABANDONED;
	uint32_t m = 0;
	if (!abandoned) {
		m = victim == o->ms.at[x.m].id ? x.m : order_find(&o->m_ix, victim);
		if (!m)
			FAIL("stole proc from non-existent thread %" PRIu64, victim);
		if (o->ms.at[m].p != q)
			FAIL("tried to steal proc %" PRIu64 " from thread %" PRIu64
			     ", which does not have it",
			     id, victim);
	}
	s->status = P_IDLE;
	s->seq = seq;
	kymo_ns t = TIME();
	on_p(k, o, x, t, q, abandoned ? KYMO_PROC_IDLE : KYMO_PROC_RUNNING, KYMO_PROC_IDLE);
	if (m) {
		o->ms.at[m].p = 0;
		on_bind(k, o, m, t);
	}
	DONE();
}

static __attribute__((noinline)) enum step apply_destroy_syscall(struct order *o, SINK *k,
                                                                 struct cursor *c, kymo_ns time,
                                                                 struct ctx x, const uint8_t *p)
{
	NEED(m, "thread");
	NEED(g, "goroutine");
	if (o->gs.at[x.g].status != G_SYSCALL)
		FAIL("GoDestroySyscall event for goroutine that's not in a syscall");
	kymo_ns t;
	if (x.p) {
		if (o->ps.at[x.p].status != P_SYSCALL)
			FAIL("GoDestroySyscall on a proc that's not in a syscall");
		o->ps.at[x.p].status = P_ABANDONED;
		t = TIME();
		on_p(k, o, x, t, x.p, KYMO_PROC_RUNNING, KYMO_PROC_IDLE);
		o->ms.at[x.m].p = 0;
	}
	t = TIME();
	on_g(k, o, x, t, x.g, KYMO_GO_SYSCALL, KYMO_GO_NOT_EXIST, 0, 0, 0);
	o->ms.at[x.m].g = 0;
	on_bind(k, o, x.m, t);
	order_free_g(o, x.g);
	DONE();
}

static __attribute__((noinline)) enum step apply_experimental(struct order *o, SINK *k,
                                                              struct cursor *c, kymo_ns time,
                                                              struct ctx x, const uint8_t *p)
{
	uint64_t args[WIRE_MAX_ARGS] = {0};
	unsigned n = wire_events[c->type].arg_count - 1u;
	for (unsigned i = 0; i < n; i++)
		args[i] = ARG();
	ARGS_END();
	NEED(m, "thread");
	kymo_ns t = TIME();
	on_experimental(k, o, x, t, c->type, args, n);
	DONE();
}
