"""Modbus RTU: questions out, registers in. Bytes only; no UART, no clock.

Who asked knows how long the answer is, so the end of a frame needs no 3.5 character timer
(Modbus over Serial Line V1.02 §2.5.1.1). The silence between frames is the caller's to keep.
"""

from micropython import const

from hal import ProtocolError

_EXCEPTION = const(0x80)  # Modbus Application Protocol V1.1b3 §7
_KEEP = const(512)  # more unread noise than this is forgotten: twice the longest frame
_MOST_REGISTERS = const(125)  # §6.3, §6.4

# The remainders of 0xA001 for four bits: 16 entries in flash, two steps per byte.
_REMAINDERS = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)

_REFUSALS = (
    "illegal function", "illegal data address", "illegal data value", "device failure",
    "acknowledge", "device busy",
)


def crc16(data) -> int:
    """The check of a frame (V1.02 §6.2.2). Over a frame with its own CRC behind it, it is 0."""
    table = _REMAINDERS
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        crc = (crc >> 4) ^ table[crc & 15]
        crc = (crc >> 4) ^ table[crc & 15]
    return crc


def read_request(unit: int, function: int, start: int, count: int) -> bytes:
    """Ask for `count` holding registers (function 3) or input registers (4) from `start`."""
    if not (1 <= unit <= 247 and 3 <= function <= 4 and 1 <= count <= _MOST_REGISTERS):
        raise ValueError("modbus request")
    if not 0 <= start <= 0x10000 - count:
        raise ValueError("modbus address")
    body = bytes((unit, function, start >> 8, start & 255, 0, count))
    crc = crc16(body)
    return body + bytes((crc & 255, crc >> 8))


class Reply:
    """The answer to one read request. Noise, our own echo and other units' frames are skipped."""

    def __init__(self, unit: int, function: int, count: int):
        self._unit = unit
        self._function = function
        self._bytes = 2 * count
        self._buf = b""
        self.size = 5 + self._bytes

    def feed(self, data) -> None:
        """Bytes that arrived, in any split. b"" (the end of the line) changes nothing."""
        self._buf = (self._buf + bytes(data))[-_KEEP:]

    def next(self) -> "list | None":
        """The registers, or None for "need more". What stands behind the answer is kept.

        Raises ProtocolError(exception code, words) when the unit refuses.
        """
        buf = self._buf
        at = 0
        while at < len(buf):
            size = self._size_at(at)
            if size > len(buf) - at:
                break  # it may still become the answer
            if size and crc16(buf[at:at + size]) == 0:
                self._buf = buf[at + size:]
                return self._registers(buf[at:at + size])
            at += 1
        self._buf = buf[at:]
        return None

    def _size_at(self, at: int) -> int:
        """The size of the frame that begins at `at` as far as its head can tell, 0 for none."""
        head = self._buf[at:at + 3]
        if head[0] != self._unit:
            return 0
        if len(head) > 1 and head[1] == self._function | _EXCEPTION:
            return 5
        if len(head) > 1 and head[1] != self._function:
            return 0
        if len(head) > 2 and head[2] != self._bytes:
            return 0
        return self.size

    def _registers(self, frame: bytes) -> list:
        if frame[1] & _EXCEPTION:
            code = frame[2]
            words = _REFUSALS[code - 1] if 1 <= code <= len(_REFUSALS) else "exception"
            raise ProtocolError(code, words)
        return [frame[i] << 8 | frame[i + 1] for i in range(3, self.size - 2, 2)]
