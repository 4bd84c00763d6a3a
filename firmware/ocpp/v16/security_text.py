"""The security log as a text, made while it is read: the source of an upload.

`.size` is known before the first byte.  What is pushed out of the log meanwhile is missing then,
and the end is filled with empty lines.
"""

from micropython import const

from firmware.ocpp.epoch import when
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16.security_log import CRITICAL
from firmware.store import events

_MOST = const(1024)  # bytes at once
_NAME = const(48)  # characters of it that are the charge point's


def build(station, now: int, start=None, stop=None) -> "Text":
    """`start`, `stop`: UTC seconds or None; a line whose time is known and outside is left out."""
    log = station.security_ring
    last = log.last
    at = station.clock.at(now)
    made = "%dms" % now if at is None else format_time(at)
    of = _plain(station.serial_number or "")

    def lines():
        yield "# security log of %s, %s\n" % (of, made)
        for row in log.history(0, last):
            happened = when(station, row)
            if _wanted(happened, start, stop):
                yield _line(row, happened)
        for kind, text, times, _ in log.counted():
            yield "# since then %d x %s %s\n" % (times, kind, text)

    name = "%s-%s-security.txt" % (of, made.replace("-", "").replace(":", ""))
    return Text(name, lines)


def _plain(text: str) -> str:
    """Fit for any file system: a serial number may be any text."""
    good = [c if "0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z" else "_" for c in text]
    return "".join(good)[:_NAME] or "_"


def _wanted(at, start, stop) -> bool:
    if at is None:
        return True  # nobody knows: better too much
    return (start is None or at >= start) and (stop is None or at <= stop)


def _line(row: tuple, at) -> str:
    """Number, UTC or boot and second of it, event, what it is about."""
    ms = row[events.MS]
    time = "boot %d +%d.%03d s" % (row[events.BOOT], ms // 1000, ms % 1000)
    kind, times = row[events.KIND], row[events.COUNT]
    words = [str(row[events.NUMBER]), time if at is None else format_time(at), kind]
    if kind in CRITICAL:
        words.append("(critical)")
    if row[events.TEXT]:
        words.append(row[events.TEXT])
    if times > 1:
        words.append("(%d times)" % times)
    return " ".join(words) + "\n"


class Text:
    """`lines()`: each time anew, lines with their ends."""

    def __init__(self, name: str, lines):
        self.name = name
        self._lines = lines
        self.size = 0
        for line in lines():
            self.size += len(line.encode())
        self.restart()

    def restart(self):
        self._left = self.size
        self._rest = b""
        self._source = self._lines()

    def read(self, n: int) -> bytes:
        """At most `n` bytes, and at most 1024; b"" at the end."""
        n = min(n, _MOST, self._left)
        parts = [self._rest]
        size = len(self._rest)
        while size < n:
            line = next(self._source, None)
            parts.append(b"\n" * (n - size) if line is None else line.encode())
            size += len(parts[-1])
        data = b"".join(parts)
        self._rest = data[n:]
        self._left -= n
        return data[:n]
