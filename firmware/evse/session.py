"""What a session must remember: authorised, started, stopped. Pure; the billing listens to it.

A transaction begins when somebody is authorised, a car is plugged in, the plug is locked and the
self-test has passed; it ends with the meter read once more after the contactor has opened, so that
the bill is the meter's to the watt-hour (docs/notes/0002-when-a-transaction-starts.md).
"""

from micropython import const

STARTED = const(1)
STOPPED = const(2)
EXPIRED = const(3)  # authorised, but no transaction came of it in time

_READ_MS = const(10000)  # how long the final reading may take once the contactor is open
_RELEASE_MS = const(3000)  # how long the lock may take before the plug is called free all the same
_SETTLE_MS = const(5000)  # from the start until a car that draws nothing is called suspended
_OPEN_MS = const(20000)  # how long opening may take (C1 rule 6 s, relay); longer is a weld


class Transaction:
    """What is billed.  Energies in Wh of the meter's register, times in monotonic ms."""

    def __init__(self, id_tag: str, meter_start_wh: int, now: int):
        self.number = 0  # ours, given by the ledger
        self.csms_id = None  # the backend's, once it has answered
        self.id_tag = id_tag
        self.parent = None
        self.meter_start_wh = meter_start_wh
        self.meter_wh = meter_start_wh  # as last read
        self.started = now
        self.stopped = now
        self.reason = ""
        self.stop_tag = None  # who stopped it, where that is known
        self.stop_stamp = None  # when, where that was in an earlier boot

    def read(self, energy_wh):
        if energy_wh is not None and energy_wh > self.meter_wh:
            self.meter_wh = energy_wh


class Session:
    """One connector's session.  `tick` returns an event or None; it writes the kernel's permit."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.id_tag = None  # authorised and not yet charging
        self.parent = None
        self.transaction = None
        self.ended = None  # the last one, for whoever sees STOPPED
        self.stopping = ""  # the reason, while the contactor opens and the meter is read
        self.finishing = False  # over, but the plug is still there
        self.releasing = False  # over, and the plug is still held
        self.settling = False  # just begun: the car has not had time to ask for energy
        self.suspended = False  # energy withheld: the backend refused the idTag
        self.unbooked = False  # its Start is not kept yet: what flowed could be lost
        self.allowed_wh = None  # the register at which energy is withheld; None: no bound
        self.limit_ma = kernel.limit.max_ma  # what smart charging grants
        self.stop_on_disconnect = True  # StopTransactionOnEVSideDisconnect
        self.unlock_on_disconnect = True  # UnlockConnectorOnEVSideDisconnect
        self.held = None  # a transaction that ended so: its cable stays locked for its owner
        self.offered_at = 0
        self.offered_ms = 0  # how long the offer stands without a plug
        self._deadline = 0
        self._timeout_ms = 0  # 0 once the plug has been seen
        self._release_by = 0
        self._unplugged = 0  # kernel.unplugged when the transaction began
        self._opened = None
        self._resume_by = None  # a power cut interrupted it: the car may still be there

    # --- wishes of people -------------------------------------------------------------------

    def authorise(self, id_tag: str, parent, now: int, timeout_ms: int):
        """`id_tag` may charge here; the offer lapses `timeout_ms` from now or from the plug."""
        self.id_tag = id_tag
        self.parent = parent
        self.offered_at = now
        self.offered_ms = timeout_ms
        self._deadline = now + timeout_ms
        self._timeout_ms = timeout_ms
        self.finishing = False
        self.releasing = False

    def join(self, other):
        """The offer made at `other` stands here too, and lapses at the same moment."""
        self.authorise(other.id_tag, other.parent, other.offered_at, other.offered_ms)

    def deauthorise(self):
        self.id_tag = None
        self.parent = None

    def grant(self, more_wh: int):
        """The backend refused the idTag of what runs: so much more energy and then none."""
        self.allowed_wh = self.transaction.meter_wh + more_wh

    def let_go(self, now: int):
        """The owner of a held cable is back, or the operator wants it free."""
        if self.held is not None:
            self.held = None
            self.releasing = True
            self._release_by = now + _RELEASE_MS

    def stop(self, reason: str, now: int, id_tag=None):
        """End the transaction: PWM off first, then the kernel opens. STOPPED follows by tick()."""
        if self.transaction is not None and not self.stopping:
            self.stopping = reason
            self.transaction.stopped = now
            self.transaction.reason = reason
            self.transaction.stop_tag = id_tag
            self._opened = None

    def restore(self, transaction, resume_by: int):
        """A transaction that a power cut interrupted: it goes on if a car is found plugged in
        before `resume_by`, else it is stopped with PowerLoss."""
        self.transaction = transaction
        self.settling = False
        self.suspended = False
        self._resume_by = resume_by

    # --- what the world says ----------------------------------------------------------------

    @property
    def occupied(self) -> bool:
        """A plug is in: the car's, or on a socketed board the cable alone."""
        return self.kernel.plugged or self.kernel.cable_ma > 0

    @property
    def ready(self) -> bool:
        """Plugged, locked, self-tested and sound: power may be offered."""
        facts = self.kernel.facts
        return self.kernel.plugged and facts.locked and facts.tested and not facts.faults

    def tick(self, now: int, energy_wh, read_at: int):
        """`energy_wh`: the register as last read (None: never) at monotonic `read_at`."""
        event = None
        if self.transaction is not None:
            event = self._running(now, energy_wh, read_at)
        elif self.id_tag is not None:
            event = self._waiting(now, energy_wh)
        if self.transaction is None and not self.occupied:
            self.finishing = False
            self.held = None
        if self.releasing and (not self.kernel.facts.locked or now >= self._release_by):
            self.releasing = False
        facts = self.kernel.facts
        running = self.transaction is not None and not self.stopping and self._resume_by is None
        withheld = self.suspended or self.unbooked
        facts.permit_ma = self.limit_ma if running and not withheld else 0
        waiting = self.transaction is None and self.id_tag is not None
        facts.armed = running or (waiting and self.kernel.plugged)
        facts.held = self.held is not None
        return event

    def _waiting(self, now: int, energy_wh):
        if self.kernel.plugged and self._timeout_ms:
            # Plugged in in time: lock and self-test have theirs.
            self._deadline = now + self._timeout_ms
            self._timeout_ms = 0
        if self.ready and energy_wh is not None:
            self.transaction = Transaction(self.id_tag, energy_wh, now)
            self.transaction.parent = self.parent
            self.deauthorise()
            self.suspended = False
            self.allowed_wh = None
            self.held = None
            self.settling = True
            self._unplugged = self.kernel.unplugged
            return STARTED
        if now >= self._deadline:
            self.deauthorise()
            self.finishing = self.occupied
            return EXPIRED
        return None

    def _running(self, now: int, energy_wh, read_at: int):
        transaction = self.transaction
        transaction.read(energy_wh)
        if self.allowed_wh is not None and transaction.meter_wh >= self.allowed_wh:
            self.suspended = True
        if self.kernel.facts.closed or now - transaction.started >= _SETTLE_MS:
            self.settling = False
        if self._resume_by is not None:
            self._resume(now)
            return None
        if not self.stopping:
            # A plug pulled and put back between two looks is another session too.
            gone = not self.kernel.plugged or self.kernel.unplugged != self._unplugged
            if gone and self.stop_on_disconnect:
                self.stop("EVDisconnected", now)
                if self.kernel.limit.socket and not self.unlock_on_disconnect:
                    self.held = transaction  # from now on: nobody else keeps it locked
            return None
        if not self._settled(now, read_at):
            return None
        self.stopping = ""
        self.transaction = None
        self.finishing = self.occupied
        self.releasing = self.finishing and self.kernel.limit.socket and self.held is None
        self._release_by = now + _RELEASE_MS
        self.ended = transaction
        return STOPPED

    def _resume(self, now: int):
        """After a power cut: the same car, as far as anybody can tell, or the end."""
        if now >= self._resume_by:
            self._resume_by = None
            self.stop("PowerLoss", now)
        elif self.stopping or self.kernel.plugged:
            self._resume_by = None
            self._unplugged = self.kernel.unplugged

    def _settled(self, now: int, read_at: int) -> bool:
        """The contactor is open and the meter has been read since (or will not be)."""
        if self.kernel.facts.closed or self.kernel.wishes.close:
            self._opened = None
            return now - self.transaction.stopped >= _OPEN_MS
        if self._opened is None:
            self._opened = now
        return read_at > self._opened or now - self._opened >= _READ_MS
