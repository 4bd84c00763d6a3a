"""The last lines said, in fixed RAM: what happened just now, for who comes to look.

`note(*words)` prints a line and keeps it in LOG, `frame(direction, text)` one of the wire, without
its secrets, in FRAMES. Lost at a reset; what must survive is an event (events.py).
"""

import struct

from micropython import const

from firmware.store.redact import redact, without_login

_HEAD = const(8)  # length, and ms in 48 bits
_UNKNOWN = const(0xFFFF)  # of the upper 16: no clock yet
_SIZE = const(1024)  # until a board says how much there may be
_LINE = const(240)
_FRAME = const(640)
_CUT = b"..."


class Log:
    """A ring of `size` bytes; a line over `longest` bytes is cut, the oldest make room.
    `clock()`: ms since boot."""

    def __init__(self, size: int, longest: int):
        self.clock = None
        self._ring = bytearray(size)
        self._head = bytearray(_HEAD)
        self._longest = min(longest, size - _HEAD)
        self._first = 0  # where the oldest line begins
        self._used = 0
        self.gone = 0  # lines overwritten since boot
        self.count = 0  # lines kept since boot, those gone included

    def keep(self, text: str):
        data = _encoded(text)
        if len(data) > self._longest:
            end = self._longest - len(_CUT)
            while data[end] & 0xC0 == 0x80:  # not within a character
                end -= 1
            data = data[:end] + _CUT
        self._put(self.clock() if self.clock else _UNKNOWN << 32, data)
        self.count += 1

    def grow(self, size: int):
        """So many bytes from now on, if there were fewer; what is kept stays."""
        if size <= len(self._ring):
            return
        kept = list(self.entries())
        self._ring = bytearray(size)
        self._first = self._used = 0
        for ms, data in kept:
            self._put(_UNKNOWN << 32 if ms is None else ms, data)

    def _put(self, ms: int, data: bytes):
        while self._used + _HEAD + len(data) > len(self._ring):
            size = _HEAD + self._at(self._first)[1]
            self._first = (self._first + size) % len(self._ring)
            self._used -= size
            self.gone += 1
        head = struct.pack("<HHI", len(data), ms >> 32, ms & 0xFFFFFFFF)
        at = (self._first + self._used) % len(self._ring)
        self._write(at, head)
        self._write((at + _HEAD) % len(self._ring), data)
        self._used += _HEAD + len(data)

    def entries(self, end: "int | None" = None):
        """(ms or None, bytes of UTF-8), the oldest first, up to the line before number `end`.
        More may be kept meanwhile, and the oldest go."""
        number, at = self.gone, self._first
        while number < (self.count if end is None else end):
            if number < self.gone:
                number, at = self.gone, self._first
                continue
            ms, size = self._at(at)
            data = bytearray(size)
            self._read((at + _HEAD) % len(self._ring), data)
            at = (at + _HEAD + size) % len(self._ring)
            number += 1
            yield ms, bytes(data)

    def lines(self):
        for ms, data in self.entries():
            yield stamp(ms) + data.decode()

    def _at(self, at: int) -> tuple:
        self._read(at, self._head)
        size, high, low = struct.unpack("<HHI", self._head)
        return (None if high == _UNKNOWN else high << 32 | low), size

    def _write(self, at: int, data: bytes):
        ring = self._ring
        part = min(len(data), len(ring) - at)
        ring[at : at + part] = data[:part]
        ring[: len(data) - part] = data[part:]

    def _read(self, at: int, data: bytearray):
        ring = memoryview(self._ring)
        part = min(len(data), len(ring) - at)
        data[:part] = ring[at : at + part]
        data[part:] = ring[: len(data) - part]


def stamp(ms: "int | None") -> str:
    """Seconds since boot, in front of a line."""
    return "- " if ms is None else "%d.%03d " % (ms // 1000, ms % 1000)


def _encoded(text: str) -> bytes:
    """As one line: what continues it is indented, so that nobody can forge the next one."""
    try:
        data = text.encode()
    except UnicodeError:  # half a character, which not every interpreter takes
        data = b"".join([_half(c) for c in text])
    if b"\n" in data or b"\r" in data:
        data = data.replace(b"\r", b"").strip().replace(b"\n", b"\n    ")
    return data


def _half(c: str) -> bytes:
    try:
        return c.encode()
    except UnicodeError:
        return b"?"


LOG = Log(_SIZE, _LINE)
FRAMES = Log(_SIZE, _FRAME)


def grow(size: int):
    """`size` bytes for each of the two."""
    LOG.grow(size)
    FRAMES.grow(size)


def set_clock(ms):
    LOG.clock = FRAMES.clock = ms


def note(*words):
    """Print a line and keep it. An address in it loses its password."""
    line = " ".join([str(word) for word in words])
    if "@" in line or "://" in line:
        line = without_login(line)
    print(line)
    LOG.keep(line)


def frame(direction: str, text: str):
    """One text of the wire; `direction`: < in, > out."""
    line = direction + " " + redact(text)
    print(line)
    FRAMES.keep(line)
