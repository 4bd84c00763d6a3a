"""Records in RAM, forgotten at power-off. The contract of a record store, in its simplest form.

    append(record, outcome=False) -> number
        Keeps the record (tuple, list, dict, str, int, None) before it returns. Numbers rise,
        and a record keeps its number while it lives. OSError(ENOSPC) when there is no room;
        nothing is kept then. An ordinary record is only taken if the store could also hold an
        outcome (what became of a record) for each it keeps: a store full of questions must
        still take the answers that empty it.
    read(number) -> list
        A live record. KeyError when there is none.
    records(heads=None) -> (number, record) ...
        What is left, in the order appended. `heads`: first value of a record: how many of its
        values are enough; the rest may be left out.
    discard(number)
        The record is needed no more. This writes nothing. The store may reclaim it during a
        later append, always older records before newer ones; until then records() may show
        it again.
    next_number() -> int
        What the next append will give. Rises over reboots, too.
    used_percent() -> int
        How much of the room is taken, the room set aside for outcomes included.
"""

import json

from micropython import const

_ENOSPC = const(28)  # MicroPython's errno has no such name
_OUTCOME_BYTES = const(192)


class Volatile:
    """A store for tests and for boards that have no flash to spare; the model for the journal."""

    def __init__(self, limit_bytes: int = 32768):
        self._limit_bytes = limit_bytes
        self._used_bytes = 0
        self._next = 1
        self._texts = {}  # text, not objects: less memory, and no reference shared by accident

    def append(self, record: tuple, outcome: bool = False) -> int:
        text = json.dumps(record, separators=(",", ":"))
        aside_bytes = 0 if outcome else _OUTCOME_BYTES * (len(self._texts) + 1)
        if self._used_bytes + len(text) + aside_bytes > self._limit_bytes:
            raise OSError(_ENOSPC)
        number = self._next
        self._next += 1
        self._texts[number] = text
        self._used_bytes += len(text)
        return number

    def read(self, number: int) -> list:
        return json.loads(self._texts[number])

    def records(self, heads=None):
        # MicroPython's dict keeps no order.
        for number in sorted(self._texts):
            yield number, json.loads(self._texts[number])

    def discard(self, number: int) -> None:
        self._used_bytes -= len(self._texts.pop(number))

    def next_number(self) -> int:
        return self._next

    def used_percent(self) -> int:
        aside_bytes = _OUTCOME_BYTES * len(self._texts)
        return (self._used_bytes + aside_bytes) * 100 // self._limit_bytes
