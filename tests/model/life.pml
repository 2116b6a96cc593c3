/*
 * The life of a registration, for Spin: what the code does at every step, with everything that can
 * come between. tests/model/run checks it in several settings, and that each planted bug is found.
 *
 * What stands for what
 *   Client         intake/submit.c: appended to the journal, and only then acknowledged
 *   Daemon         pipeline/driver.c, flight.c: a flight is loaded, asks, judges, saves, goes on
 *     question, judge_*   musterd/plan.c; proof/prove.c, provision/claim.c, entry.c, keep.c,
 *                         remove.c, activate/wait.c, activate.c
 *     wish_look           pipeline/wish.c
 *   carry_out      the account directory: each operation whole, by the entry's name
 *   journal[], mem[]    what is durable, and what a daemon holds; only 'commit' copies to the disk
 *   World          crashes, people's wishes (DELETE and the admin API), an admin's own hand in the
 *                  directory, a record that lapses
 *   Server         a write that is carried out after the daemon gave it up, or never
 *   Clock          the line of clock_now: it never goes back and never jumps, which is base/clock's
 *                  own promise and tested there
 *
 * What is left out, and why that hides nothing
 *   - A question is asked, carried out, answered and judged in one step. Judging touches only the
 *     daemon's memory, so whatever comes between carrying out and judging could as well come after;
 *     that the daemon dies or hears nothing in between are steps of their own (LOST, crash before
 *     'commit').
 *   - All of a registration is one byte a field: an identity is proved or the record has lapsed, a
 *     password hash is known by the registration that brought it.
 *   - A few names (SLOTS) stand for all uids; ENTRY_NARROW only reads and is part of ENTRY_LOOK,
 *     whose choice may be stale by the time of the add all the same.
 *   - A back-off takes no time: time passes when the Clock says so, and what is due may wait.
 *   - A save that fails drops the flight like a crash of this one registration does; both are what
 *     flight_begin's mark stands for (late_orphan: it is dropped as soon as nothing can come any
 *     more, where the code waits its time out, and marks whoever was interrupted).
 *   - Several registrations in one daemon do not share anything but the directory: each has a
 *     daemon of its own here, which crashes by itself.
 *   - The assumption about the directory: a server carries out what it was sent within 2 x
 *     operation_timeout after it was given up (LATER rests for that: WHEN_LATE), or never; so a
 *     wish for no haste (wish_waits_for_late) is one that finds WHEN_LATE. That, and the questions
 *     of one row, take seconds, the activation delay is 15 minutes: the Clock waits for both.
 *   - One obstacle stands for all of activate_obstacle: the entry is not pending any more. What the
 *     directory refuses for good (REPLY_INVALID) fails here at the activation alone.
 *   - 'detail' is whether there is one: a try that came to nothing, or a record that lapsed.
 *
 * What the model does not promise, for it does not hold
 *   - An entry is deleted by its name, and LDAP has no deletion with a condition that both servers
 *     know. A deletion is given up, and carried out late just between the second look and the
 *     second deletion; if in these milliseconds the name is given to an account that is active at
 *     once (an admin adds it by hand, or takes the person's claim away, so that the person registers
 *     anew, and hurries that), the second deletion takes that one. It is accepted: it needs the late
 *     write, an admin's hand, and both within one round trip.
 *   - An admin deletes by hand an account that has just become active, whose activation's reply was
 *     lost, and only then a late add of the same registration is carried out: it is opened again.
 *   - A claim is deleted by its name as well: one that another registration has taken back meanwhile
 *     is lost (unclaimed); the account's entry is still found by the next registration's ENTRY.
 *   - A late add of a second entry under another name: the registration fails for a person, or the
 *     entry stays pending beside the active account where that was hurried (came_late).
 *   - SHARED: a hold that one daemon answers does not stop the other one's modify that was under
 *     way, and what it had under way may stay behind a withdrawal (came_stale); and saves must be
 *     refused where the row was changed since it was loaded. An admin's hand between two that carry
 *     out the same row is not in any setting: today the journal's lock refuses the second daemon.
 *
 * Settings: DAEMONS, REGISTRATIONS, SHARED (both daemons work on one registration, in one journal,
 * as with a journal that leases its rows) and the number of each fault. A fault may come that often
 * or less: World may become calm at any time.
 */
#ifndef DAEMONS
#define DAEMONS 1
#endif
#ifndef REGISTRATIONS
#define REGISTRATIONS 1
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef LATES
#define LATES 0
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef WISHES
#define WISHES 0
#endif
#ifndef ADMINS
#define ADMINS 0
#endif
#ifndef LAPSES
#define LAPSES 0
#endif
#define SLOTS (REGISTRATIONS + 1)

#ifdef SHARED
#define OF(d) 0
#else
#define OF(d) (d)
#endif

/* steps: the rows of the plan, and none before the registration is there */
#define NOT_YET 0
#define PROVE 1
#define CLAIM 2
#define ENTRY 3
#define WAIT 4
#define RECHECK 5
#define KEEP 6
#define ACTIVATE 7
#define CONFIRM 8
#define REMOVE_ENTRY 9
#define REMOVE_LATE_ENTRY 10
#define REMOVE_CLAIM 11
#define REMOVE_LATE_CLAIM 12
#define ENDED 13

/* states */
#define RECEIVED 0
#define VERIFIED 1
#define PENDING 2
#define ACTIVE 3
#define REJECTED 4
#define CANCELLED 5
#define FAILED 6

/* due */
#define NEVER 0
#define NOW 1
#define IN_TIME 2
#define WHEN_LATE 3 /* what was given up before has been carried out by then, or never is */

/* of an entry, besides PENDING and ACTIVE */
#define NO_ENTRY_HERE 0
#define DISABLED 7
#define STRANGER 15
#define NO_TIME 15

/* questions; the writes come first */
#define ADD_CLAIM 1
#define DELETE_CLAIM 2
#define ADD_ENTRY 3
#define MAKE_ACTIVE 4
#define DISABLE 5
#define DELETE_ENTRY 6
#define TAKE_CLAIM 7
#define LAST_WRITE 7
#define READ 8
#define READ_RECORD 9

/* replies */
#define DONE 1
#define AWAY 2
#define EXISTS 3
#define NO_ENTRY 4
#define NO_VALUE 5

/* verdicts; BROKEN is RETRY with ERR_BROKEN */
#define NEXT 1
#define AGAIN 2
#define HOLD 3
#define RETRY 4
#define BROKEN 5
#define REFUSE 6
#define LATER 7

/* wishes */
#define CANCEL 1
#define HOLD_IT 2
#define RELEASE 3
#define HURRY 4
#define TRY_AGAIN 5

typedef Registration {
	byte step;
	byte state;
	byte due;
	byte uid; /* a slot and one; 0: none yet */
	byte at;
	bool held;
	bool detail /* a try came to nothing */
};
Registration journal[REGISTRATIONS];

/* A flight: a daemon's own copy, and what is in memory alone. */
typedef Flight {
	bool flying;
	bool saving;
	bool rests;
	bool fresh;    /* flight_run comes before the next question */
	bool stale;    /* SHARED: somebody else saved since it was loaded */
	bool collided;
	bool checked;  /* ghost: the record was current in this run */
	byte phase;
	byte slot;     /* the entry's name; in KEEP: whose the claim is */
	byte wanted;   /* a wish that waits */
	byte granted;  /* a wish to be answered after the commit */
	byte step;
	byte state;
	byte due;
	byte uid;
	byte at;
	bool held;
	bool detail
};
Flight mem[DAEMONS];

/* the account directory, and one person's claim */
typedef Entry {
	byte status;
	byte owner; /* a registration and one, or STRANGER */
	byte at;
	bool was_active /* musterActivatedAt */
};
Entry entry[SLOTS];
byte claim; /* a registration and one */
bool lapsed;

byte now;

/* a write that was given up and may still be carried out */
byte late_write, late_slot, late_who, late_at;
bool late_orphan; /* the daemon that had sent it died */

byte losses = LOSSES, lates = LATES, crashes = CRASHES, wishes = WISHES, admins = ADMINS;
byte lapses = LAPSES;

/* ghosts: what was said and what was done */
typedef Ghost {
	bool acknowledged;
	bool gone;      /* 'cancelled' was answered: nothing is left, nothing will come */
	bool hurried;   /* an administrator did not want to wait */
	bool held;      /* hold was answered */
	bool too_late;  /* the record lapsed before the time had come */
	byte opened     /* times that its account was made active */
};
Ghost ghost[REGISTRATIONS];
bool meddled;    /* an admin changed the directory by hand */
bool came_late;  /* a write came after it had been given up */
bool came_stale; /* SHARED: a write of a flight whose row was changed meanwhile */
bool unclaimed;  /* a claim was taken away behind the look at it */

hidden byte i, u, op, kind, verdict, found, own, fate, r, w;
hidden byte ok, waits;

#define HAS_ENDED(r) \
	(journal[r].state == ACTIVE || journal[r].state == REJECTED || \
	    journal[r].state == CANCELLED) && journal[r].step == ENDED
#define IS_WITHDRAWING(d) (mem[d].state == REJECTED || mem[d].state == CANCELLED)
/* SHARED: what the other daemon is at was sent by a flight that is no longer its to save */
#ifdef SHARED
#define MAY_COME_LATE(d) ((late_write != 0 && late_who == OF(d)) || mem[1 - d].stale)
#else
#define MAY_COME_LATE(d) (late_write != 0 && late_who == OF(d))
#endif

/* ---- the account directory ---- */

#ifdef BUG_BY_NAME
#define IS_HIS(x, who) true
#else
#define IS_HIS(x, who) (entry[x].owner == who + 1)
#endif

/* An account becomes active: here stand the invariants of section 2 that it could break. */
inline became_active(x, who)
{
	ghost[who].opened++;
	assert(ghost[who].opened == 1 || (came_late && meddled)); /* 2: none twice */
	assert(entry[x].owner == who + 1);                 /* 2: and nobody else's */
	assert(now >= entry[x].at || entry[x].at == NO_TIME || ghost[who].hurried); /* 2: none early */
	assert(!ghost[who].gone);                          /* cancelled is never active */
	assert(!ghost[who].too_late || ghost[who].hurried); /* 4: a lapsed record */
	found = 0;
	for (i : 0 .. SLOTS - 1) {
		if
		:: i != x && entry[i].status == ACTIVE && entry[i].owner != STRANGER -> found++
		:: else
		fi
	}
	assert(found == 0); /* 3: one person, one account */
}

inline carry_out(what, x, who, when)
{
	kind = DONE;
	if
	:: what == ADD_CLAIM ->
		if
		:: claim == 0 -> claim = who + 1
		:: else -> kind = EXISTS
		fi
	:: what == DELETE_CLAIM ->
		if
		:: claim == 0 -> kind = NO_ENTRY
		:: else ->
			unclaimed = unclaimed || claim != who + 1;
			claim = 0
		fi
	:: what == TAKE_CLAIM ->
		if
		:: claim == 0 -> kind = NO_ENTRY
		:: claim != 0 && claim == x -> claim = who + 1
		:: else -> kind = NO_VALUE
		fi
	:: what == ADD_ENTRY ->
		if
		:: entry[x].status == NO_ENTRY_HERE ->
			entry[x].status = PENDING;
			entry[x].owner = who + 1;
			entry[x].at = when
		:: else -> kind = EXISTS
		fi
	:: what == MAKE_ACTIVE ->
		if
		:: entry[x].status == NO_ENTRY_HERE -> kind = NO_ENTRY
#ifdef BUG_REPLACE
		:: entry[x].status != NO_ENTRY_HERE ->
#else
		/* its status is deleted if it is 'pending', the hash if it is this one */
		:: entry[x].status == PENDING && IS_HIS(x, who) ->
#endif
			became_active(x, who);
			entry[x].status = ACTIVE;
			entry[x].at = NO_TIME;
			entry[x].was_active = true
		:: else -> kind = NO_VALUE
		fi
	:: what == DISABLE ->
		if
		:: entry[x].status == NO_ENTRY_HERE -> kind = NO_ENTRY
		:: entry[x].status == PENDING && IS_HIS(x, who) -> entry[x].status = DISABLED
		:: else -> kind = NO_VALUE
		fi
	:: what == DELETE_ENTRY ->
		if
		:: entry[x].status == NO_ENTRY_HERE -> kind = NO_ENTRY
		:: else ->
			/* nobody who is active is deleted, with the exception that the header names */
			assert(entry[x].status != ACTIVE || (came_late && meddled &&
			    (entry[x].owner == STRANGER || ghost[entry[x].owner - 1].hurried)));
			entry[x].status = NO_ENTRY_HERE;
			entry[x].owner = 0;
			entry[x].at = 0;
			entry[x].was_active = false
		fi
	:: else
	fi
}

/* ---- what a step asks ---- */

#define REMOVES_ENTRY(d) (mem[d].step == REMOVE_ENTRY || mem[d].step == REMOVE_LATE_ENTRY)
#define REMOVES_CLAIM(d) (mem[d].step == REMOVE_CLAIM || mem[d].step == REMOVE_LATE_CLAIM)

inline question(d)
{
	if
	:: mem[d].step == PROVE || mem[d].step == RECHECK -> op = READ_RECORD
	:: mem[d].step == CLAIM && mem[d].phase == 0 -> op = ADD_CLAIM
	:: mem[d].step == KEEP && mem[d].phase == 1 -> op = ADD_CLAIM
	:: mem[d].step == KEEP && mem[d].phase == 3 -> op = TAKE_CLAIM
	:: mem[d].step == ENTRY && mem[d].phase == 1 -> op = ADD_ENTRY
	:: mem[d].step == ACTIVATE && mem[d].phase == 1 -> op = MAKE_ACTIVE
	:: REMOVES_ENTRY(d) && mem[d].phase == 1 -> op = DISABLE
	:: REMOVES_ENTRY(d) && mem[d].phase == 2 -> op = DELETE_ENTRY
	:: REMOVES_CLAIM(d) && mem[d].phase == 1 -> op = DELETE_CLAIM
	:: else -> op = READ
	fi
}

/* ---- what the answer means ---- */

inline judge_record(d)
{
	if
	:: !lapsed -> verdict = NEXT; mem[d].checked = true
	:: else ->
		verdict = REFUSE;
		mem[d].detail = mem[d].detail || mem[d].step == RECHECK
	fi
}

inline judge_claim(d)
{
	if
	:: mem[d].phase == 0 && kind == DONE -> verdict = NEXT
	:: mem[d].phase == 0 && kind == EXISTS -> mem[d].phase = 1; verdict = AGAIN
	:: mem[d].phase == 1 && claim == 0 -> mem[d].phase = 0; verdict = AGAIN
	:: mem[d].phase == 1 && claim == OF(d) + 1 -> verdict = NEXT
	:: else -> verdict = REFUSE
	fi
}

/* found: the entries of this registration; own: one of them; w: of another one of this person */
inline look(d)
{
	found = 0;
	own = 0;
	w = 0;
	for (i : 0 .. SLOTS - 1) {
		if
		:: entry[i].status != NO_ENTRY_HERE && entry[i].owner == OF(d) + 1 ->
			found++;
			if
			:: own = i + 1
			:: own != 0 /* of several, one or the other comes first */
			fi
		:: entry[i].status != NO_ENTRY_HERE && entry[i].owner != OF(d) + 1 &&
		    entry[i].owner != STRANGER -> w = i + 1
		:: else
		fi
	}
}

inline judge_entry(d)
{
	if
	:: mem[d].phase == 1 && kind == DONE ->
		mem[d].uid = mem[d].slot + 1;
		verdict = NEXT
	:: mem[d].phase == 1 && kind == EXISTS -> /* taken */
		mem[d].collided = true;
		mem[d].phase = 0;
		verdict = AGAIN
	:: else ->
		look(d);
		if
#ifdef BUG_NO_READ_BACK
		:: false ->
#else
		:: own != 0 ->
#endif
			mem[d].uid = own;
			if
			:: entry[own - 1].at != NO_TIME -> mem[d].at = entry[own - 1].at
			:: entry[own - 1].status == ACTIVE -> mem[d].at = 0
			:: else -> mem[d].at = now + 1
			fi;
			verdict = NEXT
#ifndef BUG_NO_PERSON
		:: own == 0 && w != 0 -> verdict = REFUSE
#endif
		:: else ->
			/* the first free name; after a collision any */
			if
			:: entry[0].status == NO_ENTRY_HERE -> mem[d].slot = 0
			:: (mem[d].collided || entry[0].status != NO_ENTRY_HERE) &&
			    entry[1].status == NO_ENTRY_HERE -> mem[d].slot = 1
#if SLOTS > 2
			:: (mem[d].collided || (entry[0].status != NO_ENTRY_HERE &&
			    entry[1].status != NO_ENTRY_HERE)) &&
			    entry[2].status == NO_ENTRY_HERE -> mem[d].slot = 2
#endif
			fi;
			mem[d].at = now + 1;
			mem[d].phase = 1;
			verdict = AGAIN
		fi
	fi
}

inline judge_keep(d)
{
	if
	:: mem[d].phase == 0 ->
		if
		:: claim == 0 -> mem[d].phase = 1; verdict = AGAIN
		:: claim == OF(d) + 1 -> verdict = NEXT
		:: else ->
			mem[d].slot = claim;
			mem[d].phase = 2;
			verdict = AGAIN
		fi
	:: mem[d].phase == 2 ->
		look(d);
		if
		:: w != 0 -> verdict = REFUSE
		:: w == 0 -> mem[d].phase = 3; verdict = AGAIN
		fi
	:: (mem[d].phase == 1 || mem[d].phase == 3) && kind == DONE -> verdict = NEXT
	:: else ->
		mem[d].slot = 0;
		mem[d].phase = 0;
		verdict = AGAIN
	fi
}

inline judge_activate(d)
{
	if
	:: mem[d].phase == 1 && kind == DONE -> verdict = NEXT
	:: mem[d].phase == 1 && kind != DONE -> mem[d].phase = 0; verdict = AGAIN
	:: mem[d].phase == 0 ->
		look(d);
		if
		:: found != 1 -> verdict = BROKEN
		:: found == 1 ->
			mem[d].uid = own;
			if
			:: entry[own - 1].status == ACTIVE -> verdict = NEXT
			:: entry[own - 1].status == DISABLED -> verdict = BROKEN
			:: entry[own - 1].status == PENDING -> mem[d].phase = 1; verdict = AGAIN
			fi
		fi
	fi
}

#ifdef BUG_YOUNG
#define IS_YOUNG false
#else
#define IS_YOUNG late_orphan
#endif

/* An add may come when we have looked already: then not NEXT. */
inline judge_gone(d, was_seen)
{
	if
#ifdef BUG_NOT_LATER
	:: true -> verdict = NEXT
#else
	:: was_seen && !mem[d].detail && !IS_YOUNG -> verdict = NEXT
	:: else -> verdict = LATER
#endif
	fi;
	if
	:: mem[d].step == REMOVE_LATE_ENTRY || mem[d].step == REMOVE_LATE_CLAIM -> verdict = NEXT
	:: else
	fi
}

inline judge_remove_entry(d)
{
	if
	:: mem[d].phase == 0 ->
		look(d);
		if
		:: found == 0 -> judge_gone(d, mem[d].uid != 0)
		:: found != 0 && (entry[own - 1].status == ACTIVE || entry[own - 1].was_active) ->
			verdict = REFUSE
		:: found != 0 && entry[own - 1].status != ACTIVE && !entry[own - 1].was_active ->
			mem[d].slot = own - 1;
			if
#ifndef BUG_REMOVE
			:: entry[own - 1].status == PENDING -> mem[d].phase = 1
			:: entry[own - 1].status != PENDING -> mem[d].phase = 2
#else
			:: mem[d].phase = 2
#endif
			fi;
			verdict = AGAIN
		fi
	:: mem[d].phase == 1 && kind == DONE -> mem[d].phase = 2; verdict = AGAIN
	:: mem[d].phase == 2 && kind == DONE -> judge_gone(d, true)
	:: else -> mem[d].phase = 0; mem[d].slot = 0; verdict = AGAIN
	fi
}

inline judge_remove_claim(d)
{
	if
	:: mem[d].phase == 1 -> judge_gone(d, true)
	:: mem[d].phase == 0 && claim != OF(d) + 1 -> judge_gone(d, claim != 0)
	:: mem[d].phase == 0 && claim == OF(d) + 1 -> mem[d].phase = 1; verdict = AGAIN
	fi
}

inline judge(d)
{
	if
	:: kind == AWAY -> verdict = RETRY
	:: kind != AWAY && (mem[d].step == PROVE || mem[d].step == RECHECK) -> judge_record(d)
	:: kind != AWAY && mem[d].step == CLAIM -> judge_claim(d)
	:: kind != AWAY && mem[d].step == ENTRY -> judge_entry(d)
	:: kind != AWAY && mem[d].step == KEEP -> judge_keep(d)
	:: kind != AWAY && mem[d].step == ACTIVATE -> judge_activate(d)
	:: kind != AWAY && mem[d].step == CONFIRM -> verdict = NEXT
	:: kind != AWAY && REMOVES_ENTRY(d) -> judge_remove_entry(d)
	:: kind != AWAY && REMOVES_CLAIM(d) -> judge_remove_claim(d)
	fi
}

/* ---- verdicts and wishes ---- */

inline reset_work(d)
{
	mem[d].phase = 0;
	mem[d].slot = 0;
	mem[d].collided = false
}

inline finish(d)
{
	mem[d].step = ENDED;
	mem[d].due = NEVER;
	mem[d].rests = true
}

/* where the withdrawal begins: the plan's column 'undone by' */
inline withdraw(d)
{
	if
	:: mem[d].step == CLAIM -> mem[d].step = REMOVE_CLAIM
	:: mem[d].step >= ENTRY && mem[d].step <= ACTIVATE -> mem[d].step = REMOVE_ENTRY
	:: mem[d].step == PROVE || mem[d].step == CONFIRM -> finish(d)
	:: else
	fi
}

inline next(d)
{
	reset_work(d);
	mem[d].due = NOW;
	if
	:: verdict == LATER -> mem[d].due = WHEN_LATE; mem[d].rests = true
	:: else
	fi;
	if
	:: IS_WITHDRAWING(d)
	:: else ->
		if
		:: mem[d].step <= CLAIM -> mem[d].state = VERIFIED
		:: mem[d].step >= ENTRY && mem[d].step < ACTIVATE -> mem[d].state = PENDING
		:: else -> mem[d].state = ACTIVE
		fi
	fi;
	if
	:: mem[d].step == CONFIRM || mem[d].step == REMOVE_LATE_CLAIM -> finish(d)
#ifdef BUG_NO_CLAIM
	:: mem[d].step == PROVE -> mem[d].step = ENTRY
#endif
#ifdef BUG_NO_RECHECK
	:: mem[d].step == WAIT -> mem[d].step = KEEP
#endif
#ifdef BUG_NO_KEEP
	:: mem[d].step == RECHECK -> mem[d].step = ACTIVATE
#endif
	:: else -> mem[d].step++
	fi
}

inline apply(d)
{
	mem[d].rests = (verdict == HOLD);
	if
	:: verdict == NEXT || verdict == LATER -> next(d)
	:: verdict == HOLD
	:: verdict == RETRY || verdict == BROKEN ->
		reset_work(d);
		mem[d].rests = true;
		mem[d].checked = false;
		mem[d].detail = true;
		if
		:: verdict == BROKEN -> mem[d].state = FAILED; mem[d].due = NEVER
		:: verdict == RETRY -> mem[d].due = NOW
		fi
	:: verdict == REFUSE ->
		reset_work(d);
		if
		:: IS_WITHDRAWING(d) -> mem[d].state = ACTIVE; mem[d].detail = false; finish(d)
		:: else -> mem[d].state = REJECTED; mem[d].due = NOW; withdraw(d)
		fi
	fi
}

/* A wish is granted (and answered after the commit) or refused at once. */
inline wish_look(d)
{
	ok = false;
	waits = (mem[d].due == WHEN_LATE);
	if
	:: mem[d].wanted == CANCEL ->
		if
		:: mem[d].state == CANCELLED -> ok = true
		:: mem[d].state == ACTIVE || mem[d].state == REJECTED
		:: else -> ok = true; mem[d].state = CANCELLED; mem[d].due = NOW; withdraw(d)
		fi
	:: mem[d].wanted == TRY_AGAIN && mem[d].step != ENDED ->
		ok = true;
#ifdef BUG_FORGETS
		mem[d].detail = mem[d].detail && mem[d].state != FAILED;
#endif
		if
		:: mem[d].state == FAILED && mem[d].step == PROVE -> mem[d].state = RECEIVED
		:: mem[d].state == FAILED && (mem[d].step == CLAIM || mem[d].step == ENTRY) ->
			mem[d].state = VERIFIED
		:: mem[d].state == FAILED && mem[d].step > ENTRY -> mem[d].state = PENDING
		:: else
		fi
	:: mem[d].wanted == HURRY && mem[d].state == PENDING ->
		ok = true;
		mem[d].held = false;
		if
		:: mem[d].at > now -> mem[d].at = now
		:: else
		fi
	:: (mem[d].wanted == HOLD_IT || mem[d].wanted == RELEASE) && mem[d].state <= PENDING ->
		ok = true;
		mem[d].held = (mem[d].wanted == HOLD_IT)
	:: else
	fi;
	if
	:: ok -> mem[d].granted = mem[d].wanted
	:: else
	fi;
	mem[d].wanted = 0;
	if
#ifdef BUG_HASTE
	:: ok && mem[d].step != ENDED ->
#else
	:: ok && mem[d].step != ENDED && !waits -> /* what may come late is waited for all the same */
#endif
		reset_work(d);
		mem[d].due = NOW;
		mem[d].rests = false;
		mem[d].fresh = true
	:: else
	fi
}

/* What was found out before a rest or a crash does not count after it: the plan's column 'again'. */
inline go_back(d)
{
	mem[d].checked = false;
	if
#ifndef BUG_NO_WAY_BACK
	:: mem[d].step == KEEP || mem[d].step == ACTIVATE -> mem[d].step = RECHECK
#endif
	:: else
	fi
}

/* Rows that ask nothing: what they come to, else AGAIN. */
inline ready(d)
{
	verdict = AGAIN;
	if
	:: mem[d].step == WAIT && mem[d].held -> mem[d].due = NEVER; verdict = HOLD
	:: mem[d].step == WAIT && !mem[d].held && now < mem[d].at -> mem[d].due = IN_TIME; verdict = HOLD
	:: mem[d].step == WAIT && !mem[d].held && now >= mem[d].at -> verdict = NEXT
	:: (mem[d].step == RECHECK || mem[d].step == ACTIVATE) && mem[d].held ->
		mem[d].due = NEVER;
		verdict = HOLD
	:: else
	fi
}

/* flight_conclude: one save covers what needs no question */
inline conclude(d)
{
	do
	:: verdict != AGAIN ->
		apply(d);
		if
		:: mem[d].wanted != 0 ->
			wish_look(d);
			if
			:: ok -> go_back(d)
			:: else
			fi
		:: else
		fi;
		if
		:: mem[d].rests -> break
		:: else -> ready(d)
		fi
	:: else -> break
	od;
	mem[d].fresh = false;
	/* what a crash would take back needs no save */
	mem[d].saving = mem[d].rests || (mem[d].step != KEEP && mem[d].step != ACTIVATE)
}

inline forget(d)
{
	reset_work(d);
	mem[d].flying = false;
	mem[d].saving = false;
	mem[d].rests = false;
	mem[d].fresh = false;
	mem[d].stale = false;
	mem[d].checked = false;
	mem[d].wanted = 0;
	mem[d].granted = 0;
	mem[d].step = 0;
	mem[d].state = 0;
	mem[d].due = 0;
	mem[d].uid = 0;
	mem[d].at = 0;
	mem[d].held = false;
	mem[d].detail = false
}

inline load(d)
{
	r = OF(d);
	mem[d].flying = true;
	mem[d].step = journal[r].step;
	mem[d].state = journal[r].state;
	mem[d].due = journal[r].due;
	mem[d].uid = journal[r].uid;
	mem[d].at = journal[r].at;
	mem[d].held = journal[r].held;
	mem[d].detail = journal[r].detail
}

/* flight_run: from the registration's step on */
inline take_up(d)
{
	reset_work(d);
	mem[d].rests = false;
	mem[d].fresh = false;
	go_back(d);
	ready(d);
	if
	:: verdict != AGAIN -> conclude(d)
	:: else
	fi
}

/* ---- the journal ---- */

inline answer_wish(d)
{
	r = OF(d);
	if
	:: mem[d].granted == HOLD_IT -> ghost[r].held = true
	:: mem[d].granted == RELEASE -> ghost[r].held = false
	:: mem[d].granted == HURRY -> ghost[r].held = false; ghost[r].hurried = true
	:: else
	fi;
	mem[d].granted = 0
}

/* 'Cancelled' with nothing left to do: DELETE is answered 204, now or whenever it comes. */
inline tell_gone()
{
	if
	:: journal[r].state == CANCELLED && journal[r].step == ENDED && !ghost[r].gone ->
		ghost[r].gone = true;
		left_behind()
	:: else
	fi
}

inline left_behind()
{
	assert(claim != r + 1 || came_stale);
	for (i : 0 .. SLOTS - 1) {
		assert(entry[i].status == NO_ENTRY_HERE || entry[i].owner != r + 1 || came_stale)
	}
}

inline save(d)
{
	r = OF(d);
	journal[r].step = mem[d].step;
	journal[r].state = mem[d].state;
	journal[r].due = mem[d].due;
	journal[r].uid = mem[d].uid;
	journal[r].at = mem[d].at;
	journal[r].held = mem[d].held;
	journal[r].detail = mem[d].detail;
	mem[d].saving = false;
#ifdef SHARED
	mem[1 - d].stale = mem[1 - d].flying;
#endif
	answer_wish(d);
	tell_gone()
}

inline after_save(d)
{
	if
	:: mem[d].wanted != 0 ->
		wish_look(d);
		if
		:: ok -> mem[d].saving = true
		:: else
		fi
	:: else
	fi;
	if
	:: mem[d].saving
	:: !mem[d].saving && mem[d].rests -> forget(d)
	:: !mem[d].saving && !mem[d].rests && mem[d].fresh -> take_up(d)
	:: else
	fi
}

inline commit(d)
{
	if
#if defined(SHARED) && !defined(BUG_SAVE_STALE)
	/* the row was changed since it was loaded: nothing of this is kept */
	:: mem[d].stale -> forget(d)
#endif
	:: else -> save(d); after_save(d)
	fi
}

/* ---- processes ---- */

proctype Client(byte me)
{
#ifdef BUG_ACKNOWLEDGE_FIRST
	bool lost_it;

	ghost[me].acknowledged = true;
	if
	:: crashes > 0 -> atomic { crashes--; lost_it = true }
	:: true
	fi;
	if
	:: lost_it -> goto end
	:: else
	fi;
#endif
	atomic {
		journal[me].step = PROVE;
		journal[me].due = NOW;
		ghost[me].acknowledged = true
	}
end:	skip
}

proctype Daemon(byte d)
{
end:	do
	/* something is due */
	:: atomic {
		!mem[d].flying && (journal[OF(d)].due == NOW ||
		    (journal[OF(d)].due == IN_TIME && now >= journal[OF(d)].at) ||
		    (journal[OF(d)].due == WHEN_LATE && !MAY_COME_LATE(d))) ->
		load(d);
		take_up(d)
	}
	:: atomic {
		mem[d].flying && !mem[d].saving ->
		question(d);
		if
		:: fate = DONE
		:: losses > 0 -> losses--; fate = AWAY
		:: losses > 0 && op <= LAST_WRITE -> losses--; fate = EXISTS /* carried out, and lost */
		:: lates > 0 && op <= LAST_WRITE && late_write == 0 ->
			lates--;
			fate = AWAY;
			late_write = op;
			late_slot = mem[d].slot;
			if
			:: op == MAKE_ACTIVE -> late_slot = mem[d].uid - 1
			:: else
			fi;
			late_who = OF(d);
			late_at = mem[d].at
		fi;
		if
		:: op == MAKE_ACTIVE ->
			u = mem[d].uid - 1;
			assert(mem[d].checked);            /* 4: the record was looked at again */
			assert(!ghost[OF(d)].held || DAEMONS > REGISTRATIONS) /* held means held */
		:: else -> u = mem[d].slot
		fi;
		if
		:: fate == AWAY -> kind = AWAY
		:: else ->
			carry_out(op, u, OF(d), mem[d].at);
			/* 3: nor will there be another one */
			assert(op != MAKE_ACTIVE || kind != DONE || claim == OF(d) + 1 || unclaimed);
#ifdef SHARED
			/* the other daemon has gone on: to it this write is one that comes late */
			came_stale = came_stale || (mem[d].stale && op <= LAST_WRITE)
#endif
		fi;
		if
		:: fate == EXISTS -> kind = AWAY
		:: else
		fi;
		fate = 0;
		judge(d);
		if
		:: verdict != AGAIN -> conclude(d)
		:: else
		fi
	}
	:: atomic { mem[d].flying && mem[d].saving -> commit(d) }
	od
}

/* People: a wish comes to a daemon, which has the registration at work or takes it up for that. */
inline wish(d)
{
	if
	:: mem[d].wanted = CANCEL
	:: mem[d].wanted = HOLD_IT
	:: mem[d].wanted = RELEASE
	:: mem[d].wanted = HURRY
	:: mem[d].wanted = TRY_AGAIN
	fi;
	if
	:: !mem[d].flying ->
		w = mem[d].wanted;
		load(d);
		mem[d].rests = true;
		mem[d].wanted = w;
		wish_look(d);
		if
		:: ok -> mem[d].saving = true
		:: else -> forget(d)
		fi
	:: else
	fi
}

#if DAEMONS > 1
#define ONE_ACTIVATES (mem[0].step == ACTIVATE || mem[1].step == ACTIVATE)
#else
#define ONE_ACTIVATES (mem[0].step == ACTIVATE)
#endif

/* An admin's hand in the account directory, past the daemon. */
inline meddle(x)
{
	if
	:: claim != 0 ->
		claim = 0;
		unclaimed = unclaimed || ONE_ACTIVATES
	:: entry[x].status != NO_ENTRY_HERE && entry[x].owner != STRANGER ->
		entry[x].status = NO_ENTRY_HERE;
		entry[x].owner = 0;
		entry[x].at = 0;
		entry[x].was_active = false
	:: (entry[x].status == PENDING || entry[x].status == ACTIVE) && entry[x].owner != STRANGER ->
		entry[x].status = DISABLED
	:: entry[x].status == PENDING && entry[x].at != NO_TIME -> entry[x].at = NO_TIME
	:: entry[x].status != NO_ENTRY_HERE && entry[x].owner != STRANGER &&
	    entry[x + 1].status == NO_ENTRY_HERE -> /* renamed */
		entry[x + 1].status = entry[x].status;
		entry[x + 1].owner = entry[x].owner;
		entry[x + 1].at = entry[x].at;
		entry[x + 1].was_active = entry[x].was_active;
		entry[x].status = NO_ENTRY_HERE;
		entry[x].owner = 0;
		entry[x].at = 0;
		entry[x].was_active = false
	:: entry[x].status == NO_ENTRY_HERE -> entry[x].status = ACTIVE; entry[x].owner = STRANGER
	:: else
	fi
}

/* The one that starts after it knows that what was sent before may come yet. */
inline orphan(d)
{
	late_orphan = late_orphan || (late_write != 0 && late_who == OF(d))
}

#define MAY_WISH(d) \
	(journal[OF(d)].step != NOT_YET && mem[d].wanted == 0 && mem[d].granted == 0)

proctype World()
{
	do
	/* a daemon that holds nothing loses nothing */
	:: atomic { crashes > 0 && mem[0].flying -> crashes--; orphan(0); forget(0) }
	:: atomic { wishes > 0 && MAY_WISH(0) -> wishes--; wish(0) }
#if DAEMONS > 1
	:: atomic { crashes > 0 && mem[1].flying -> crashes--; orphan(1); forget(1) }
	:: atomic { wishes > 0 && MAY_WISH(1) -> wishes--; wish(1) }
#endif
	:: atomic { admins > 0 -> admins--; meddled = true; meddle(0) }
#if SLOTS > 2
	:: atomic { admins > 0 -> admins--; meddled = true; meddle(1) }
#endif
	:: atomic {
		lapses > 0 ->
		lapses--;
		lapsed = true;
		for (i : 0 .. REGISTRATIONS - 1) {
			if
			:: journal[i].step != NOT_YET && journal[i].step <= WAIT &&
			    (journal[i].at == 0 || now < journal[i].at) -> ghost[i].too_late = true
			:: else
			fi
		}
	}
	:: atomic {
		/* From now on nothing goes wrong. */
		losses = 0; lates = 0; crashes = 0; wishes = 0; admins = 0; lapses = 0;
		break
	}
	od
}

proctype Server()
{
end:	do
	:: atomic {
		late_write != 0 ->
		if
		:: came_late = true; carry_out(late_write, late_slot, late_who, late_at)
		:: true
		fi;
		late_write = 0; late_slot = 0; late_who = 0; late_at = 0; late_orphan = false
	}
	od
}

/* Time passes once by itself, and as often as somebody waits for it. */
#define WAITS(r) (journal[r].due == IN_TIME && journal[r].at > now)
#define IS_ASKING(d) (mem[d].phase != 0) /* within a row */

proctype Clock()
{
end:	do
	:: atomic {
		late_write == 0 && !IS_ASKING(0) &&
#if DAEMONS > 1
		    !IS_ASKING(1) &&
#endif
		    (now == 0 || WAITS(0)
#if REGISTRATIONS > 1
		    || WAITS(1)
#endif
#if REGISTRATIONS > 2
		    || WAITS(2)
#endif
		    ) -> now++
	}
	od
}

/* Where nothing can happen any more, every registration has come to its end. */
inline final_check()
{
	for (r : 0 .. REGISTRATIONS - 1) {
		assert(!ghost[r].acknowledged || journal[r].step != NOT_YET); /* never lost */
		assert(!ghost[r].acknowledged || HAS_ENDED(r) || journal[r].held ||
		    journal[r].state == FAILED);                          /* 1: an end */
		assert(journal[r].state != FAILED || meddled || came_late || came_stale);
		if
		:: journal[r].state == ACTIVE ->
			assert(ghost[r].opened == 1 || (came_late && meddled));
			for (i : 0 .. SLOTS - 1) {
				/* one account, not another one that nobody will ever activate */
				assert(entry[i].status != PENDING || entry[i].owner != r + 1 || came_late ||
				    came_stale)
			}
		:: HAS_ENDED(r) && journal[r].state != ACTIVE ->
			assert(ghost[r].opened == 0 || meddled);
			left_behind()
		:: else
		fi
	}
}

init {
	byte n;

	atomic {
		for (n : 0 .. REGISTRATIONS - 1) {
			run Client(n)
		}
		for (n : 0 .. DAEMONS - 1) {
			run Daemon(n)
		}
		run World();
		run Server();
		run Clock();
		n = 0
	}
	timeout;
	atomic { final_check() }
}

/*
 * The same as formulas over what the outside sees, for the settings that have the ghosts of one
 * registration alone. The assertions above hold in every setting.
 */
#define acknowledged (ghost[0].acknowledged)
#define ended (HAS_ENDED(0) || journal[0].held || journal[0].state == FAILED)
#define active (entry[0].status == ACTIVE && entry[0].owner == 1)
#define once (ghost[0].opened <= 1)
#define gone (ghost[0].gone)
#define kept (journal[0].step != NOT_YET)
#define come (now >= 1 || ghost[0].hurried)
#define lapsed_before (ghost[0].too_late && !ghost[0].hurried)

#ifdef FORMULAS
ltl invariant_1_ends { [] (acknowledged -> <> ended) }
ltl invariant_2_not_early { [] (active -> come) }
ltl invariant_2_not_twice { [] once }
ltl invariant_4_rechecked { [] ((lapsed_before && !active) -> [] !active) }
ltl cancelled_stays { [] (gone -> [] !active) }
ltl never_lost { [] (acknowledged -> [] kept) }
#endif
