"""The billable messages: what is pending, what is parked, under which id a transaction is known.

Its state is a fold over records: every change is first appended to the store and then applied,
by the same `_apply` that rebuilds the state from `store.records()` after a reboot. OSError from
the store: nothing has changed, neither there nor here. RAM holds three integers per message;
payloads stay in the store (contract: `firmware/store/volatile.py`) until they are spoken.
No socket, no clock, no message name: `words` (`v16/billable.py`) knows those.

`boot` tells this run from earlier ones. A payload made before the clock was known carries
monotonic ms in place of its timestamp; kept with the boot they belong to, they are turned into
UTC text by `stamp(boot, ms)` when the message is spoken.
"""

from micropython import const

# The part a message plays in its transaction.
START = const(0)
STOP = const(1)
BOUNDARY = const(2)  # carries the values of start or stop: never thinned
INTERMEDIATE = const(3)  # may be thinned

_CODE_LIMIT = const(40)
_DESCRIPTION_LIMIT = const(80)

# Records. A target is the number of a _QUEUED record.
_QUEUED = "queued"  # message_id, action, transaction, role, boot, payload
_ATTEMPT = "attempt"  # target, attempts so far
_CONFIRMED = "confirmed"  # target, transaction, role, id given by the CSMS or None
_PARKED = "parked"  # target, code, description
_REINJECTED = "reinjected"  # target
_DROPPED = "dropped"  # [targets]: thinned, or dismissed by the operator


class Backlog:
    """Raises ValueError on a record it does not know: a newer firmware wrote it."""

    def __init__(self, store, words, stamp, boot: int):
        self._store = store
        self._words = words
        self._stamp = stamp
        self._boot = boot
        self._last_transaction = 0
        self.pending = []  # (number, transaction, role), chronological
        self.parked = []  # (number, transaction, role, number of its _PARKED record)
        self._attempts = {}  # number: (count, number of its _ATTEMPT record)
        self._ids = {}  # transaction: (id given by the CSMS, number of the _CONFIRMED record)
        self._ended = {}  # transaction: number of the record that ended it
        self._dead = []
        for number, record in store.records():
            self._apply(number, record)
        self._discard()

    def new_transaction(self) -> int:
        """A local transaction number never used before: record numbers rise over reboots, and
        each transaction has at least one record."""
        self._last_transaction = max(self._last_transaction + 1, self._store.next_number())
        return self._last_transaction

    def queue(self, message_id: str, action: str, payload: dict, transaction: int, role: int):
        record = (_QUEUED, message_id, action, transaction, role, self._boot, payload)
        self._append(record, False)

    def message(self, number: int) -> "tuple[str, str, dict]":
        """(message_id, action, payload) as it is spoken now."""
        _, message_id, action, transaction, role, boot, payload = self._store.read(number)
        if role != START:
            payload = self._words.with_transaction(payload, self.transaction_id(transaction))
        payload = self._words.stamped(payload, lambda ms: self._stamp(boot, ms))
        return message_id, action, payload

    def attempts(self, number: int) -> int:
        return self._attempts[number][0] if number in self._attempts else 0

    def transaction_id(self, transaction: int) -> "int | None":
        """The id the CSMS gave; None when it gave none (yet)."""
        return self._ids[transaction][0] if transaction in self._ids else None

    def transaction(self, transaction_id: int) -> "int | None":
        """The local number of what the CSMS calls so; the newest, should it reuse ids."""
        found = [t for t in self._ids if self._ids[t][0] == transaction_id]
        return max(found) if found else None

    def attempt(self, number: int) -> None:
        self._append((_ATTEMPT, number, self.attempts(number) + 1))

    def confirm(self, number: int, payload: dict) -> None:
        _, transaction, role = self._find(self.pending, number)
        transaction_id = self._words.transaction_of(payload) if role == START else None
        if role == START and transaction_id is None:
            # Delivered, but unusable: to repeat it might bill twice, to forget it is silence.
            self.park(number, "", "answered without a transactionId")
            return
        self._append((_CONFIRMED, number, transaction, role, transaction_id))

    def park(self, number: int, code: str, description: str) -> None:
        # The peer chooses the length of both; the store has set room aside for a short one.
        self._append((_PARKED, number, code[:_CODE_LIMIT], description[:_DESCRIPTION_LIMIT]))

    def reinject(self, number: int) -> None:
        """Pending again, in its old place of the order. KeyError when it is not parked."""
        self._find(self.parked, number)
        self._append((_REINJECTED, number))

    def dismiss(self, number: int) -> None:
        """The operator gives a parked message up. KeyError when it is not parked."""
        self._find(self.parked, number)
        self._append((_DROPPED, [number]))

    def thin(self, spare: "int | None") -> int:
        """Errata 3.91: drop the 1st, 3rd, 5th ... intermediate value of each transaction.
        `spare` is in flight: its answer must still find it."""
        targets = []
        odd = {}
        for number, transaction, role in self.pending:
            if role == INTERMEDIATE and number != spare:
                odd[transaction] = not odd.get(transaction, False)
                if odd[transaction]:
                    targets.append(number)
        if targets:
            self._append((_DROPPED, targets))
        return len(targets)

    def reason(self, record: int) -> "tuple[str, str]":
        """(code, description) of a _PARKED record."""
        _, _, code, description = self._store.read(record)
        return code, description

    def _append(self, record: tuple, outcome: bool = True) -> None:
        self._apply(self._store.append(record, outcome), record)
        self._discard()

    def _discard(self) -> None:
        # Only after the record that makes them needless was kept, and never while iterating.
        while self._dead:
            self._store.discard(self._dead.pop(0))

    def _apply(self, number: int, record: "tuple | list") -> None:
        kind = record[0]
        if kind == _QUEUED:
            self.pending.append((number, record[3], record[4]))
            self._last_transaction = max(self._last_transaction, record[3])
        elif kind == _ATTEMPT:
            self._apply_attempt(number, record)
        elif kind == _CONFIRMED:
            self._apply_confirmed(number, record)
        elif kind == _PARKED:
            self._apply_parked(number, record)
        elif kind == _REINJECTED:
            self._apply_reinjected(number, record)
        elif kind == _DROPPED:
            self._apply_dropped(number, record)
        else:
            raise ValueError("unknown record")

    # The records a store shows may speak of targets it has reclaimed already: then they are
    # history, and dead themselves.

    def _apply_attempt(self, number: int, record: "tuple | list") -> None:
        target = record[1]
        self._forget_attempts(target)
        if _index(self.pending, target) is None:
            self._dead.append(number)
        else:
            self._attempts[target] = (record[2], number)

    def _apply_confirmed(self, number: int, record: "tuple | list") -> None:
        _, target, transaction, role, transaction_id = record
        self._remove(self.pending, target)
        if role == START:
            self._ids[transaction] = (transaction_id, number)
        elif role == STOP:
            self._ended[transaction] = number
        else:
            self._dead.append(number)
        self._settle(transaction)

    def _apply_parked(self, number: int, record: "tuple | list") -> None:
        i = _index(self.pending, record[1])
        if i is None:
            self._dead.append(number)
            return
        target, transaction, role = self.pending.pop(i)
        self._forget_attempts(target)
        self.parked.append((target, transaction, role, number))

    def _apply_reinjected(self, number: int, record: "tuple | list") -> None:
        self._dead.append(number)
        i = _index(self.parked, record[1])
        if i is None:
            return
        target, transaction, role, parked = self.parked.pop(i)
        self._dead.append(parked)
        place = 0
        while place < len(self.pending) and self.pending[place][0] < target:
            place += 1
        self.pending.insert(place, (target, transaction, role))

    def _apply_dropped(self, number: int, record: "tuple | list") -> None:
        ended = None
        for target in record[1]:
            for messages in (self.pending, self.parked):
                gone = self._remove(messages, target)
                if gone and gone[2] == STOP:
                    ended = gone[1]
                    self._ended[ended] = number
                if gone:
                    self._settle(gone[1])
        if ended is None:
            self._dead.append(number)

    def _remove(self, messages: list, target: int) -> "tuple | None":
        i = _index(messages, target)
        if i is None:
            return None
        gone = messages.pop(i)
        self._forget_attempts(target)
        self._dead.append(target)
        if len(gone) == 4:
            self._dead.append(gone[3])
        return gone

    def _forget_attempts(self, target: int) -> None:
        if target in self._attempts:
            self._dead.append(self._attempts.pop(target)[1])

    def _settle(self, transaction: int) -> None:
        """Forget a transaction that has ended and of which nothing is left to say."""
        if transaction not in self._ended:
            return
        for messages in (self.pending, self.parked):
            for message in messages:
                if message[1] == transaction:
                    return
        if transaction in self._ids:
            self._dead.append(self._ids.pop(transaction)[1])
        self._dead.append(self._ended.pop(transaction))

    def _find(self, messages: list, number: int) -> tuple:
        i = _index(messages, number)
        if i is None:
            raise KeyError(number)
        return messages[i]


def _index(messages: list, number: int) -> "int | None":
    for i in range(len(messages)):
        if messages[i][0] == number:
            return i
    return None
