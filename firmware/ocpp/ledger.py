"""What is known of the billable messages: a fold over the records of the backlog.

The same `apply` takes a record that was just kept and one that was found after a reboot. No store:
which records are needed no more is collected in `.dead`. RAM: eight bytes a pending message and
twelve a parked one (`store/packed.py`); the rest is bounded by what runs and what is parked.
"""

from micropython import const

from firmware.store.packed import Packed

# The part a message plays in its transaction.
START = const(0)
STOP = const(1)
BOUNDARY = const(2)  # carries the values of start or stop: never thinned
INTERMEDIATE = const(3)  # may be thinned

# Records, and what follows the kind. A target is the number of a QUEUED record.
QUEUED = "queued"  # message_id, action, transaction, role, boot, payload
ATTEMPT = "attempt"  # target, attempts so far
CONFIRMED = "confirmed"  # target, transaction, role, id given by the CSMS or None
PARKED = "parked"  # target, code, description
REINJECTED = "reinjected"  # target
DROPPED = "dropped"  # [targets]: thinned, or dismissed by the operator
RUNNING = "running"  # transaction, note: what it takes to end it after a power cut
# So many values of the long ones, their kind among them, are all that `apply` asks for.
HEADS = {QUEUED: 5, RUNNING: 2}


class Messages(Packed):
    """(number, transaction, role); of parked ones also the number of the PARKED record. In two
    or three integers: a role is two bits, so that a transaction has thirty."""

    def put(self, number: int, transaction: int, role: int, *parked) -> None:
        super().put(number, transaction << 2 | role, *parked)

    def about(self, transaction: int) -> bool:
        """Is there any of this transaction? A walk over all, with nothing allocated."""
        for piece in self._pieces:
            low = self._gone * self._width if piece is self._pieces[0] else 0
            for at in range(low + 1, len(piece), self._width):
                if piece[at] >> 2 == transaction:
                    return True
        return False

    def _at(self, piece, i: int) -> tuple:
        at = i * self._width
        both = piece[at + 1]
        if self._width == 2:
            return piece[at], both >> 2, both & 3
        return piece[at], both >> 2, both & 3, piece[at + 2]


class Ledger:
    """ValueError on a record it does not know: a newer firmware wrote it."""

    def __init__(self):
        self.last_transaction = 0
        self.pending = Messages()  # (number, transaction, role), chronological
        self.parked = Messages(3)  # (number, transaction, role, number of its PARKED record)
        # At most one entry for each message that was ever the head and is still here: the head,
        # and what a reinjected older one pushed back. number: (count, number of its record)
        self.attempts = {}
        # One for each transaction whose Start is answered and of which something is to come or
        # is parked: those that run, the one being told, the parked ones.
        self.ids = {}  # transaction: (id given by the CSMS, number of the CONFIRMED record)
        # Only while something of it is parked or was reinjected.
        self.ended = {}  # transaction: number of the record that ended it
        # One for each connector, twice that after a power cut.
        self.running = {}  # transaction: number of its RUNNING record
        self.dead = []

    def apply(self, number: int, record: "tuple | list") -> None:
        kind = record[0]
        if kind == QUEUED:
            self.pending.put(number, record[3], record[4])
            self.last_transaction = max(self.last_transaction, record[3])
            if record[4] == STOP and record[3] in self.running:
                self.dead.append(self.running.pop(record[3]))
        elif kind == ATTEMPT:
            self._apply_attempt(number, record)
        elif kind == CONFIRMED:
            self._apply_confirmed(number, record)
        elif kind == PARKED:
            self._apply_parked(number, record)
        elif kind == REINJECTED:
            self._apply_reinjected(number, record)
        elif kind == DROPPED:
            self._apply_dropped(number, record)
        elif kind == RUNNING:
            self._apply_running(number, record[1])
        else:
            raise ValueError("unknown record")

    # The records a store shows may speak of targets it has reclaimed already: then they are
    # history, and dead themselves.

    def _apply_attempt(self, number: int, record: "tuple | list") -> None:
        target = record[1]
        self._forget_attempts(target)
        if self.pending.find(target) is None:
            self.dead.append(number)
        else:
            self.attempts[target] = (record[2], number)

    def _apply_confirmed(self, number: int, record: "tuple | list") -> None:
        _, target, transaction, role, transaction_id = record
        self._remove(self.pending, target)
        if role == START:
            self.ids[transaction] = (transaction_id, number)
        elif role == STOP:
            self.ended[transaction] = number
        else:
            self.dead.append(number)
        self._settle(transaction)

    def _apply_parked(self, number: int, record: "tuple | list") -> None:
        taken = self.pending.take(record[1])
        if taken is None:
            self.dead.append(number)
            return
        self._forget_attempts(taken[0])
        self.parked.put(taken[0], taken[1], taken[2], number)

    def _apply_reinjected(self, number: int, record: "tuple | list") -> None:
        self.dead.append(number)
        taken = self.parked.take(record[1])
        if taken is not None:
            self.dead.append(taken[3])
            self.pending.put(taken[0], taken[1], taken[2])

    def _apply_dropped(self, number: int, record: "tuple | list") -> None:
        ended = None
        for target in record[1]:
            for messages in (self.pending, self.parked):
                gone = self._remove(messages, target)
                if gone and gone[2] == STOP:
                    ended = gone[1]
                    self.ended[ended] = number
                if gone:
                    self._settle(gone[1])
        if ended is None:
            self.dead.append(number)

    def _apply_running(self, number: int, transaction: int) -> None:
        if transaction in self.running:
            self.dead.append(self.running[transaction])
        self.running[transaction] = number
        self.last_transaction = max(self.last_transaction, transaction)

    def _remove(self, messages: Messages, target: int) -> "tuple | None":
        gone = messages.take(target)
        if gone is None:
            return None
        self._forget_attempts(target)
        self.dead.append(target)
        if len(gone) == 4:
            self.dead.append(gone[3])
        return gone

    def _forget_attempts(self, target: int) -> None:
        if target in self.attempts:
            self.dead.append(self.attempts.pop(target)[1])

    def _settle(self, transaction: int) -> None:
        """Forget a transaction that has ended and of which nothing is left to say."""
        ended = transaction in self.ended
        if not ended or self.pending.about(transaction) or self.parked.about(transaction):
            return
        if transaction in self.ids:
            self.dead.append(self.ids.pop(transaction)[1])
        self.dead.append(self.ended.pop(transaction))
