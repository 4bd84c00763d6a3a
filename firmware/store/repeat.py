"""What repeats is counted instead of written each time. Words in, what to write out; no flash.

Of each hour one record says that something happened and a second one how often again. However
many different texts a peer thinks of, the records of an hour are bounded.
"""

from micropython import const

VARIOUS = "(various)"
_HOUR_MS = const(3600000)
_TEXTS = const(6)  # of one kind; what else it says is one more, VARIOUS
_SEEN = const(24)  # of all: more than kinds, else they could push out each other for ever

# Fields of a row.
KIND = const(0)
TEXT = const(1)
BEGAN = const(2)
TIMES = const(3)  # since the last record
LAST = const(4)  # ms of the last one


class Repeat:
    """`write(kind, text, ms, times)` is told what is to be kept."""

    def __init__(self, write):
        self._write = write
        self.rows = []

    def add(self, kind: int, text: str, now: int):
        self.settle(now)
        row = self._row(kind, text)
        if row is None and self._crowded(kind):
            text = VARIOUS
            row = self._row(kind, text)
        if row is not None:
            row[TIMES] += 1
            row[LAST] = now
            return
        if len(self.rows) == _SEEN:
            self._tell(self.rows.pop(0))
        self.rows.append([kind, text, now, 0, now])
        self._write(kind, text, now, 1)

    def settle(self, now: int):
        """An hour is over: what was counted in it is written, and the next one begins."""
        for row in list(self.rows):
            if now - row[BEGAN] >= _HOUR_MS:
                self.rows.remove(row)
                if row[TIMES]:
                    self.rows.append([row[KIND], row[TEXT], now, 0, now])
                    self._tell(row)

    def flush(self):
        """Whatever is counted is written now."""
        for row in self.rows:
            self._tell(row)
            row[TIMES] = 0

    def _row(self, kind: int, text: str) -> "list | None":
        for row in self.rows:
            if row[KIND] == kind and row[TEXT] == text:
                return row
        return None

    def _crowded(self, kind: int) -> bool:
        texts = 0
        for row in self.rows:
            texts += row[KIND] == kind
        return texts >= _TEXTS or len(self.rows) == _SEEN

    def _tell(self, row: list):
        if row[TIMES]:
            self._write(row[KIND], row[TEXT], row[LAST], row[TIMES])
