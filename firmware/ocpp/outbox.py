"""What is said next: order, retry, never drop what is billable.

Billable messages (transactions) wait in the backlog, in strict chronological order over all
connectors (OCPP 1.6 §3.7), and leave it by an answer, by parking, or by the operator's word.
Live messages (status, heartbeat, authorise ...) wait in RAM, bounded. No socket, no clock, no
message name.

    entry = outbox.next(now, boot_accepted, online)     None: nothing to say now
    ... speak it; then exactly one of
    outbox.confirmed(entry, payload, now)               a CALLRESULT came
    outbox.refused(entry, code, description, now)       a CALLERROR came
    outbox.unanswered(entry, now)                       timeout, or the link is gone

Only a CALLERROR is a failure to process (J erratum 3.3): only it counts as an attempt. Silence
counts nothing, so a dead link or a slow backend can never use up a billable message. A backend
that never answers one message is `stalled`, in sight; `park_after` is the operator's rule for it.

OSError from a store that fails passes through: the outbox is then as before the answer, and the
message will go out again under its old id. The caller raises the fault.
"""

from micropython import const

from firmware.ocpp.backlog import Backlog
from firmware.ocpp.ledger import INTERMEDIATE
from firmware.ocpp.live import Entry, Live

_THIN_PERCENT = const(75)
_FULL_PERCENT = const(90)


class Outbox:
    """`words`: what the outbox must ask about billable payloads (`v16/billable.py`).
    `settings()` returns (TransactionMessageAttempts, TransactionMessageRetryInterval); it is
    asked each time, so that ChangeConfiguration acts at once. `stamp(boot, ms)` gives the UTC text
    of a monotonic instant of this or an earlier `boot`; it is asked when a message is spoken.
    How full it is the store says; `capacity` (messages) bounds RAM should they all be tiny.
    `breathe()`: see `Backlog`."""

    def __init__(
        self, store, new_id, words, settings, stamp,
        boot=0, capacity=6000, live_capacity=12, stall_after=5, breathe=lambda: None,
    ):  # fmt: skip
        self._store = store
        self._new_id = new_id
        self._words = words
        self._settings = settings
        self._stamp = stamp
        self._boot = boot
        self._capacity = capacity
        self._stall_after = stall_after
        self._backlog = Backlog(store, words, stamp, boot, breathe)
        self.note = self._backlog.note  # what it takes to end a transaction after a power cut
        self._live = Live(live_capacity)
        self._live_turn = True
        self._refused_at = None  # (number, ms) of the last refusal: the retry wait runs from it
        self._silent = None  # number of the billable message that was not answered last
        self.silences = 0  # how often in a row it was not
        # A function: after so many silences in a row the message is parked, 0 for never.
        self.park_after = None
        self.in_flight = None
        self.thinned = 0  # intermediate meter values given up for want of room

    # What is queued

    def new_transaction(self) -> int:
        """A number for a transaction, ours alone, unique over reboots."""
        return self._backlog.new_transaction()

    def put_billable(self, action: str, payload: dict, transaction: int, now: int) -> None:
        """Durable when it returns. `payload` without transactionId: it is filled in when spoken.
        OSError when the store cannot take it: then nothing was queued."""
        role = self._words.role(action, payload)
        if role == INTERMEDIATE and self._load() >= _THIN_PERCENT:
            in_flight = self.in_flight.number if self.in_flight else None
            self.thinned += self._backlog.thin(in_flight)
            if self._load() >= _FULL_PERCENT:
                self.thinned += 1
                return
        self._backlog.queue(self._new_id(), action, payload, transaction, role)

    def unfinished(self) -> list:
        """(transaction, note) of each that was started and not stopped."""
        return self._backlog.unfinished()

    def put(self, action: str, payload: dict, key=None, early: bool = False) -> str:
        """Queue a live message; returns its id. A newer one with the same key (the status of one
        connector) takes the place of an unsent older one. `early`: may be said before the
        station is accepted: a message the CSMS triggered while Pending (OCPP 1.6 §4.2)."""
        entry = Entry(self._new_id(), action, payload)
        entry.key = key
        entry.early = early or action == self._words.BOOT
        self._live.put(entry)
        return entry.message_id

    # What is said

    def next(self, now: int, boot_accepted: bool = True, online: bool = True) -> "Entry | None":
        """The message to speak now; it is in flight until one of the three calls below."""
        if self.in_flight is not None or not online:
            return None
        live = self._live.first(boot_accepted)
        billable = boot_accepted and self._due(now)
        # By turns: a backlog of hours does not hold up a status, a flood of statuses does not
        # starve it.
        if live is not None and (self._live_turn or not billable):
            self._live_turn = False
            self.in_flight = self._speak_live(live)
        elif billable:
            self._live_turn = True
            self.in_flight = self._speak_billable()
        return self.in_flight

    def confirmed(self, entry: Entry, payload: dict, now: int) -> None:
        """A CALLRESULT came."""
        self._land(entry)
        if entry.number is not None:
            self._heard()
            self._backlog.confirm(entry.number, payload)

    def refused(self, entry: Entry, code: str, description: str, now: int) -> None:
        """A CALLERROR came: one attempt is used up (OCPP 1.6 §3.7.1)."""
        self._land(entry)
        if entry.number is None:
            return
        self._heard()
        limit, _ = self._settings()
        if self._backlog.attempts(entry.number) + 1 >= limit:
            self._backlog.park(entry.number, code, description)
            return
        self._refused_at = (entry.number, now)
        self._backlog.attempt(entry.number)

    def unanswered(self, entry: Entry, now: int) -> None:
        """No answer came. A billable message stays at the head, under the same id."""
        self._land(entry)
        if entry.number is None:
            self._live.unanswered(entry)
            return
        self.silences = self.silences + 1 if self._silent == entry.number else 1
        self._silent = entry.number
        limit = self.park_after() if self.park_after else 0
        if 0 < limit <= self.silences:
            self._backlog.park(entry.number, "", "no answer")
            self._heard()

    def recall(self) -> list:
        """The link is gone: the live entries that were not said, for whoever asked for them."""
        return self._live.recall()

    # What can be seen

    @property
    def pending(self) -> int:
        """Billable messages not yet acknowledged, the parked ones not counted."""
        return len(self._backlog.pending)

    @property
    def parked(self) -> int:
        return len(self._backlog.parked)

    @property
    def live(self) -> int:
        return len(self._live)

    @property
    def dropped(self) -> int:
        """Live messages pushed out by newer ones, or never answered."""
        return self._live.dropped

    @property
    def full(self) -> bool:
        """No room for one more transaction: the caller starts none. What belongs to a running
        one is still taken."""
        return self._load() >= _FULL_PERCENT

    @property
    def stalled(self) -> bool:
        """The backend leaves one message unanswered again and again, and the rest waits."""
        return self.silences >= self._stall_after

    def parked_messages(self):
        """(number, action, transaction, code, description) of each parked message."""
        for number, transaction, _, record in self._backlog.parked:
            code, description = self._backlog.reason(record)
            yield number, self._backlog.message(number)[1], transaction, code, description

    def reinject(self, number: int) -> None:
        """A parked message goes out again, under its old id, attempts counted anew."""
        self._backlog.reinject(number)

    def dismiss(self, number: int) -> None:
        """A parked message is given up by the operator."""
        self._backlog.dismiss(number)

    def transaction_id(self, transaction: int) -> "int | None":
        """The id the CSMS gave to a local transaction; None when it gave none (yet)."""
        return self._backlog.transaction_id(transaction)

    def transaction(self, transaction_id: int) -> "int | None":
        """The local number of the transaction the CSMS calls so."""
        return self._backlog.transaction(transaction_id)

    # Inside

    def _due(self, now: int) -> bool:
        if not self._backlog.pending:
            return False
        number, _, _ = self._backlog.pending.first()
        attempts = self._backlog.attempts(number)
        if attempts == 0:
            return True
        # After a reboot the time of the refusal is not known: the wait begins anew.
        if self._refused_at is None or self._refused_at[0] != number:
            self._refused_at = (number, now)
        _, interval_s = self._settings()
        # §3.7.1: "multiplied by the number of preceding transmissions": those that failed.
        # Unanswered ones would make every wait after a day of bad link a day long.
        return now - self._refused_at[1] >= interval_s * 1000 * attempts

    def _speak_live(self, i: int) -> Entry:
        entry = self._live.take(i)
        entry.payload = self._words.stamped(entry.payload, lambda ms: self._stamp(self._boot, ms))
        return entry

    def _speak_billable(self) -> Entry:
        number, transaction, _ = self._backlog.pending.first()
        message_id, action, payload = self._backlog.message(number)
        entry = Entry(message_id, action, payload)
        entry.number = number
        entry.transaction = transaction
        return entry

    def _land(self, entry: Entry) -> None:
        if entry is not self.in_flight:
            raise ValueError("not in flight")
        self.in_flight = None

    def _heard(self) -> None:
        self._silent = None
        self.silences = 0

    def _load(self) -> int:
        count = len(self._backlog.pending) + len(self._backlog.parked)
        return max(count * 100 // self._capacity, self._store.used_percent())
