"""The decision: facts in, wishes out, once per tick.  Read this file first.

No clock, no pin, no memory, no allocation: the wishes are a function of what is true now, so a
missed edge repairs itself on the next tick.  Nothing else in the firmware may close a contactor,
and a remote command reaches this place only as one number, `permit_ma`.
"""


class Facts:
    """What is true now.  The kernel and the session write; decide() only reads."""

    def __init__(self):
        # measured
        self.letter = "?"  # debounced pilot letter A..F
        self.diode_seen = False  # low side proved since the oscillator runs
        self.closed = False  # contactor feedback (the coil, where the board cannot sense)
        self.locked = False  # lock feedback, debounced; True on a tethered board
        self.current_ma = 0  # highest phase, as last read
        self.current_known = False  # that reading was taken after the oscillator stopped
        self.tested = False  # the residual-current detector passed its test in this session
        # judged
        self.faults = 0  # bits of fault.py; any of them opens
        self.ceiling_ma = 0  # the least of board, cable, temperature and meter
        self.since_change_ms = 0  # since the duty last changed
        self.since_x1_ms = 0  # since the oscillator was stopped, 0 while it runs
        self.fault_ms = 0  # since the last fault began, whether or not it is over
        self.waking = False  # a wake-up holds the pilot at -12 V
        # granted
        self.armed = False  # somebody is authorised and a car is plugged in
        self.held = False  # nobody charges, but the cable is kept for its owner
        self.permit_ma = 0  # what the session allows; 0: no transaction, or paused


class Wishes:
    """What the hardware should do.  Only decide() writes; only the kernel's apply reads."""

    def __init__(self):
        self.offered_ma = 0  # 0: x1, steady +12 V
        self.pilot_off = False  # state F, steady -12 V
        self.close = False
        self.lock = False


def powers(facts, limit) -> bool:
    """The car asks for power, in a way that may be answered."""
    return facts.letter == "C" or (facts.letter == "D" and limit.ventilation)


def glance(facts, wishes, limit, trip: bool):
    """Between two decisions: what may not wait for the next.  Only ever opens."""
    if trip or not powers(facts, limit):
        wishes.close = False


def decide(facts, wishes, limit):
    """Each wish is one rule.  Danger is asked first."""
    power = powers(facts, limit)
    wishes.pilot_off = facts.waking or facts.fault_ms < limit.f_hold_ms  # table A.5
    wishes.offered_ma = _offer(facts, wishes.offered_ma, limit)
    if facts.faults or wishes.pilot_off or not power:
        wishes.close = False  # A.6 seq. 2.1, 2.2, 8.1, 8.2: open within 100 ms
    elif not facts.locked:
        wishes.close = False  # nobody may pull a live plug
    elif wishes.offered_ma:
        # Close only what is proved.  Once closed, a lost diode is a fault bit and opens above; it
        # is not asked for again, since an oscillator that comes back within the grace of C1 has
        # yet to show it and the contactor would click under load.
        wishes.close = facts.tested and (facts.diode_seen or wishes.close)
    elif facts.since_x1_ms >= limit.c1_grace_ms or _idle(facts, limit):
        wishes.close = False  # A.6 seq. 10.2: the car had its time to stop by itself
    # The plug stays held while a session wants it, and in any case while the socket may be live.
    wanted = facts.armed or facts.held
    wishes.lock = limit.socket and (wanted or wishes.close or facts.closed)


def _offer(facts, offered_ma: int, limit) -> int:
    """The current to offer now, given what is offered."""
    plugged = facts.letter == "B" or facts.letter == "C"
    if facts.letter == "D":
        plugged = limit.ventilation
    if not plugged or facts.faults or not facts.permit_ma:
        return 0
    safe_ma = facts.ceiling_ma
    want_ma = min(facts.permit_ma, safe_ma)
    if want_ma < limit.min_ma:
        return 0
    if want_ma == offered_ma or offered_ma > safe_ma:
        return want_ma  # downward for safety waits for nothing
    if facts.since_change_ms < limit.duty_gap_ms:
        return offered_ma  # A.6 seq. 6: the car may take 5 s to follow the last change
    return want_ma


def _idle(facts, limit) -> bool:
    """The car has let go: its current is about zero, by a reading we trust."""
    return facts.current_known and facts.current_ma < limit.idle_ma
