"""The billable messages: what is pending, what is parked, under which id a transaction is known.

Its state is a fold over records (`ledger.py`): every change is first appended to the store and
then applied, as after a reboot `store.records()` are. OSError from the store: nothing has changed,
neither there nor here. Payloads stay in the store (contract: `firmware/store/volatile.py`) until
they are spoken.
No socket, no clock, no message name: `words` (`v16/billable.py`) knows those.

`boot` tells this run from earlier ones. A payload made before the clock was known carries
monotonic ms in place of its timestamp; kept with the boot they belong to, they are turned into
UTC text by `stamp(boot, ms)` when the message is spoken.
"""

from micropython import const

from firmware.ocpp.ledger import (
    ATTEMPT,
    CONFIRMED,
    DROPPED,
    HEADS,
    INTERMEDIATE,
    PARKED,
    QUEUED,
    REINJECTED,
    RUNNING,
    START,
    STOP,
    Ledger,
    Messages,
)

_CODE_LIMIT = const(40)
_DESCRIPTION_LIMIT = const(80)
_DROP_LIMIT = const(200)  # targets of one record: it must fit in a block of flash


class Backlog:
    """Raises ValueError on a record it does not know: a newer firmware wrote it. `breathe()`:
    called for each record that is read after a boot or given up, which may be thousands."""

    def __init__(self, store, words, stamp, boot: int, breathe=lambda: None):
        self._store = store
        self._breathe = breathe
        self._words = words
        self._stamp = stamp
        self._boot = boot
        self._ledger = ledger = Ledger()
        self.pending = ledger.pending  # (number, transaction, role), chronological
        self.parked = ledger.parked  # (number, transaction, role, number of its PARKED record)
        for number, record in store.records(HEADS):
            breathe()
            ledger.apply(number, record)
            self._discard()

    def new_transaction(self) -> int:
        """A local transaction number never used before: record numbers rise over reboots, and
        each transaction has at least one record."""
        ledger = self._ledger
        ledger.last_transaction = max(ledger.last_transaction + 1, self._store.next_number())
        return ledger.last_transaction

    def queue(self, message_id: str, action: str, payload: dict, transaction: int, role: int):
        record = (QUEUED, message_id, action, transaction, role, self._boot, payload)
        self._append(record, False)

    def message(self, number: int) -> "tuple[str, str, dict]":
        """(message_id, action, payload) as it is spoken now."""
        _, message_id, action, transaction, role, boot, payload = self._store.read(number)
        if role != START:
            payload = self._words.with_transaction(payload, self.transaction_id(transaction))
        payload = self._words.stamped(payload, lambda ms: self._stamp(boot, ms))
        return message_id, action, payload

    def note(self, transaction: int, note: list) -> None:
        """Keeps what ends the transaction should the power go; replaces an earlier note. It goes
        by itself when the stop is queued."""
        self._append((RUNNING, transaction, note))

    def unfinished(self) -> list:
        """(transaction, note) of what was started and not stopped: after a boot, what a power cut
        has left. A cut between Start and note leaves the payload of the Start in its place."""
        running = self._ledger.running
        found = [(t, self._store.read(running[t])[2]) for t in running]
        starts = {}  # few at any time: a Stop follows its Start
        for message in self._all():
            if message[2] == START and message[1] not in running:
                starts[message[1]] = message[0]
            elif message[2] == STOP:
                starts.pop(message[1], None)
        for transaction in sorted(starts):
            if transaction not in self._ledger.ended:
                found.append((transaction, self._store.read(starts[transaction])[6]))
        return found

    def _all(self):
        """Pending and parked ones, by number: one of a pair may be parked, the other not."""
        pending, parked = self.pending.next(-1), self.parked.next(-1)
        while pending or parked:
            if parked is None or (pending and pending[0] < parked[0]):
                yield pending
                pending = self.pending.next(pending[0])
            else:
                yield parked
                parked = self.parked.next(parked[0])

    def attempts(self, number: int) -> int:
        attempts = self._ledger.attempts
        return attempts[number][0] if number in attempts else 0

    def transaction_id(self, transaction: int) -> "int | None":
        """The id the CSMS gave; None when it gave none (yet)."""
        ids = self._ledger.ids
        return ids[transaction][0] if transaction in ids else None

    def transaction(self, transaction_id: int) -> "int | None":
        """The local number of what the CSMS calls so; the newest, should it reuse ids."""
        ids = self._ledger.ids
        found = [t for t in ids if ids[t][0] == transaction_id]
        return max(found) if found else None

    def attempt(self, number: int) -> None:
        self._append((ATTEMPT, number, self.attempts(number) + 1))

    def confirm(self, number: int, payload: dict) -> None:
        _, transaction, role = _found(self.pending, number)
        transaction_id = self._words.transaction_of(payload) if role == START else None
        if role == START and transaction_id is None:
            # Delivered, but unusable: to repeat it might bill twice, to forget it is silence.
            self.park(number, "", "answered without a transactionId")
            return
        self._append((CONFIRMED, number, transaction, role, transaction_id))

    def park(self, number: int, code: str, description: str) -> None:
        # The peer chooses the length of both; the store has set room aside for a short one.
        try:
            self._append((PARKED, number, code[:_CODE_LIMIT], description[:_DESCRIPTION_LIMIT]))
        except OSError:
            self._append((PARKED, number, code[:_CODE_LIMIT], ""))

    def reinject(self, number: int) -> None:
        """Pending again, in its old place of the order. KeyError when it is not parked."""
        _found(self.parked, number)
        self._append((REINJECTED, number))

    def dismiss(self, number: int) -> None:
        """The operator gives a parked message up. KeyError when it is not parked."""
        _found(self.parked, number)
        self._append((DROPPED, [number]))

    def thin(self, spare: "int | None") -> int:
        """Errata 3.91: drop the 1st, 3rd, 5th ... intermediate value of each transaction.
        `spare` is in flight: its answer must still find it."""
        dropped = 0
        odd = {}
        last = -1
        while last is not None:
            targets = self._next_thinned(last, odd, spare)
            if targets:
                self._append((DROPPED, targets))
            dropped += len(targets)
            last = targets[-1] if len(targets) == _DROP_LIMIT else None
        return dropped

    def _next_thinned(self, after: int, odd: dict, spare: "int | None") -> list:
        """One record of targets. `odd`: the transactions of which the last value seen goes."""
        targets = []
        for number, transaction, role in self.pending.after(after):
            if role == STOP:
                odd.pop(transaction, None)
            elif role == INTERMEDIATE and number != spare:
                odd[transaction] = not odd.get(transaction, False)
                if odd[transaction]:
                    targets.append(number)
                    if len(targets) == _DROP_LIMIT:
                        break
        return targets

    def reason(self, record: int) -> "tuple[str, str]":
        """(code, description) of a PARKED record."""
        _, _, code, description = self._store.read(record)
        return code, description

    def _append(self, record: tuple, outcome: bool = True) -> None:
        self._ledger.apply(self._store.append(record, outcome), record)
        self._discard()

    def _discard(self) -> None:
        # Only after the record that makes them needless was kept, and never while iterating.
        ledger = self._ledger
        done = 0
        try:
            for number in ledger.dead:
                done += 1  # one that fails is not tried again
                self._breathe()
                self._store.discard(number)
        finally:
            ledger.dead = ledger.dead[done:]


def _found(messages: Messages, number: int) -> tuple:
    found = messages.find(number)
    if found is None:
        raise KeyError(number)
    return found
