"""Frames between a charge point and its satellite: facts to bytes and back. No UART, no clock.

A frame: A5, payload size, version * 16 + kind, boot and sequence of its sender, boot and sequence
of the newest frame its sender has heard, payload, CRC-16 as Modbus has it; little-endian. Every
payload is a whole snapshot, so a lost frame is repaired by the next. A value that could not be
true does not leave unpack(): what reads it may be a hard interrupt.
"""

import struct

from micropython import const

from hal import ProtocolError
from hal.modbus import crc16

VERSION = const(1)
NO_READING = const(-32768)  # temperature_dc of a satellite that measures none

_SYNC = const(0xA5)
_HEAD = "<BBBHHHH"
_HEAD_BYTES = const(11)
_FRAME_BYTES = const(13)  # without its payload
_MOST_BYTES = const(64)  # of a payload, in any version

_MOST_MA = const(1000000)
_MOST_MS = const(86400000)  # an age stops counting here


def frame(kind: int, stamp: tuple, payload: bytes) -> bytes:
    """`stamp`: boot, sequence, boot heard, sequence heard; each of 16 bits."""
    if not 0 <= kind <= 15 or len(payload) > _MOST_BYTES:
        raise ValueError("remote frame")
    body = struct.pack(_HEAD, _SYNC, len(payload), VERSION << 4 | kind, *stamp) + payload
    return body + struct.pack("<H", crc16(body))


class FrameReader:
    """Frames out of a line. Noise and broken frames are skipped; .skipped counts their bytes."""

    def __init__(self):
        self._buf = b""
        self.skipped = 0

    def feed(self, data) -> None:
        """Bytes that arrived, in any split."""
        self._buf = self._buf + bytes(data)

    def next(self) -> "tuple | None":
        """(version, kind, stamp, payload), or None for "need more"."""
        buf = self._buf
        at = 0
        while at < len(buf):
            size = self._size_at(buf, at)
            if size > len(buf) - at:
                break  # it may still become a frame
            if size and crc16(buf[at : at + size]) == 0:
                self._drop(at, at + size)
                return _opened(buf[at : at + size])
            at += 1
        self._drop(at, at)
        return None

    def _drop(self, skipped: int, end: int) -> None:
        self.skipped += skipped
        self._buf = self._buf[end:]

    def _size_at(self, buf, at: int) -> int:
        """The size of the frame that begins at `at` as far as its head can tell, 0 for none."""
        if buf[at] != _SYNC:
            return 0
        if len(buf) - at < 2:
            return _FRAME_BYTES
        return _FRAME_BYTES + buf[at + 1] if buf[at + 1] <= _MOST_BYTES else 0


def _opened(data: bytes) -> tuple:
    head = struct.unpack(_HEAD, data[:_HEAD_BYTES])
    return head[2] >> 4, head[2] & 15, head[3:], data[_HEAD_BYTES:-2]


class _Snapshot:
    """Bools in one field of bits, then numbers, each with the least and the most it can be."""

    KIND = 0
    _FLAGS: tuple = ()
    _NUMBERS: tuple = ()
    _FORMAT = ""

    def pack(self) -> bytes:
        """What is out of range says the nearest value that is not."""
        bits = 0
        for k, name in enumerate(self._FLAGS):
            if getattr(self, name):
                bits |= 1 << k
        values = [bits]
        for name, least, most in self._NUMBERS:
            values.append(max(least, min(getattr(self, name), most)))
        return struct.pack(self._FORMAT, *values)

    def unpack(self, payload: bytes) -> None:
        """Take the payload, all of it or nothing: ProtocolError when it cannot be true."""
        if len(payload) != struct.calcsize(self._FORMAT):
            raise ProtocolError(1, "size")
        values = struct.unpack(self._FORMAT, payload)
        if values[0] >> len(self._FLAGS):
            raise ProtocolError(2, "unknown flag")
        for k, (name, least, most) in enumerate(self._NUMBERS):
            if not least <= values[k + 1] <= most:
                raise ProtocolError(3, name)
        for k, name in enumerate(self._FLAGS):
            setattr(self, name, bool(values[0] >> k & 1))
        for k, (name, _, _) in enumerate(self._NUMBERS):
            setattr(self, name, values[k + 1])


class Order(_Snapshot):
    """Down: what the charge point grants, and what its meter reads."""

    KIND = 1
    _FORMAT = "<BIIHIH"
    _FLAGS = ("armed", "held")
    _NUMBERS = (
        ("permit_ma", 0, 80000),
        ("current_ma", 0, _MOST_MA),
        ("voltage_dv", 0, 65535),
        ("reading_ms", 0, _MOST_MS),
        ("restart", 0, 65535),
    )

    def __init__(self):
        self.armed = False
        self.held = False
        self.permit_ma = 0
        self.current_ma = 0  # highest phase
        self.voltage_dv = 0  # lowest phase, 0: not measured
        self.reading_ms = _MOST_MS  # how old current and voltage are
        self.restart = 0  # the boot of the satellite that is to end, once its contact is open


class Report(_Snapshot):
    """Up: what is true at the satellite, what it does, and what it is."""

    KIND = 2
    _FORMAT = "<HBBIIIIIIhHI"
    _FLAGS = (
        "diode_seen", "closed", "locked", "tested", "waking", "plugged", "welded", "pilot_off",
        "close", "lock", "socket",
    )
    _NUMBERS = (
        ("letter", 0, 6),
        ("warnings", 0, 255),
        ("faults", 0, 0x3FFFFFFF),
        ("ceiling_ma", 0, _MOST_MA),
        ("offered_ma", 0, _MOST_MA),
        ("permit_ma", 0, 80000),
        ("rating_ma", 0, _MOST_MA),
        ("cable_ma", 0, _MOST_MA),
        ("temperature_dc", -32768, 32767),
        ("unplugged", 0, 65535),
        ("release", 0, 0xFFFFFF),
    )

    def __init__(self):
        self.diode_seen = self.closed = self.locked = self.tested = self.waking = False
        self.plugged = self.welded = False
        self.pilot_off = self.close = self.lock = False  # wishes
        self.socket = False
        self.letter = 0  # index into "?ABCDEF"
        self.warnings = 0
        self.faults = 0  # bits as firmware/evse/fault.py names them
        self.ceiling_ma = 0
        self.offered_ma = 0
        self.permit_ma = 0  # what it holds to be granted now
        self.rating_ma = 0  # what its wiring carries
        self.cable_ma = 0
        self.temperature_dc = NO_READING
        self.unplugged = 0  # cars that have left since its boot, modulo 65536
        self.release = 0  # major << 16 | minor << 8 | patch of its firmware
