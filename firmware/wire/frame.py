"""RFC 6455 §5: a server's bytes in, frames out; our frames to bytes. No socket, no whole messages.

Memory: each payload is allocated once, when its header is read, and never beyond `limit` for all
fragments of one message together. Take every frame with next() before the next feed(): what waits
unread is kept and copied.
"""

from micropython import const

from firmware.wire import ProtocolError
from firmware.wire.utf8 import UTF8

OP_CONTINUATION = const(0)
OP_TEXT = const(1)
OP_BINARY = const(2)
OP_CLOSE = const(8)
OP_PING = const(9)
OP_PONG = const(10)

PROTOCOL_ERROR = const(1002)  # RFC 6455 §7.4.1
INVALID_DATA = const(1007)
TOO_BIG = const(1009)

_CHUNK = const(512)  # a multiple of 4; tools/figures/masking.py compares sizes


def encode(opcode: int, payload, mask: bytes, fin: bool = True) -> bytes:
    """One masked frame: a client masks all it sends (§5.3). `mask`: 4 fresh random bytes."""
    size = len(payload)
    first = opcode | (0x80 if fin else 0)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return b"".join([head, mask] + _masked(payload, mask))


def _masked(payload, mask: bytes) -> list:
    """The payload XOR the repeated mask, one long integer per chunk: the loop is in C."""
    parts = []
    view = memoryview(payload)
    key_size = 0
    for at in range(0, len(payload), _CHUNK):
        chunk = view[at : at + _CHUNK]
        size = len(chunk)
        if size != key_size:  # the first chunk, and the last
            key = int.from_bytes((mask * ((size + 3) // 4))[:size], "big")
            key_size = size
        parts.append((int.from_bytes(chunk, "big") ^ key).to_bytes(size, "big"))
    return parts


class FrameReader:
    """Frames from a server, each allowed where it stands; else ProtocolError, and the end."""

    def __init__(self, limit: int):
        self._limit = limit
        self._data = b""  # arrived, read up to _at
        self._at = 0
        self._message = 0  # opcode of the message in progress, 0: none
        self._size = 0  # bytes of it, all fragments so far
        self._utf8: "UTF8 | None" = None  # of it, if it is text
        self._payload: "bytearray | None" = None  # in progress, _have bytes of it filled
        self._have = 0
        self._fin = False
        self._opcode = 0

    def feed(self, data) -> None:
        # bytes(): the caller may use its buffer again
        self._data = self._data[self._at :] + bytes(data)
        self._at = 0

    def next(self) -> "tuple | None":
        """(fin, opcode, payload) or None. The payload is a bytearray, now the caller's own."""
        if self._payload is None and not self._read_head():
            return None
        if not self._read_payload():
            return None
        frame = (self._fin, self._opcode, self._payload)
        self._payload = None
        if self._fin and self._opcode < OP_CLOSE:
            self._message = 0
        return frame

    def _read_head(self) -> bool:
        data = self._data
        at = self._at + 2
        if len(data) < at:
            return False
        first = data[at - 2]
        second = data[at - 1]
        self._check(first, second)
        size = second & 0x7F
        if size > 125:
            end = at + (2 if size == 126 else 8)
            if len(data) < end:
                return False
            size = self._extended(data[at:end])
            at = end
        self._open(first & 0x0F, size)
        self._fin = first >= 0x80
        self._at = at
        return True

    def _check(self, first: int, second: int) -> None:
        """§5.2, §5.4, §5.5: what the first two bytes may say here."""
        opcode = first & 0x0F
        wrong = None
        if first & 0x70:
            wrong = "reserved bit set"  # we offered no extension
        elif second & 0x80:
            wrong = "masked frame"  # §5.1: a server must not
        elif opcode >= OP_CLOSE:
            if opcode > OP_PONG:
                wrong = "unknown opcode"
            elif first < 0x80 or second > 125:
                wrong = "control frame fragmented or too long"
        elif opcode > OP_BINARY:
            wrong = "unknown opcode"
        elif opcode and self._message:
            wrong = "new message inside a fragmented one"
        elif not opcode and not self._message:
            wrong = "continuation of nothing"
        if wrong:
            raise ProtocolError(PROTOCOL_ERROR, wrong)

    def _extended(self, field: bytes) -> int:
        size = int.from_bytes(field, "big")
        # §5.2: the shortest form MUST be used; the top bit of the long one MUST be 0.
        shortest = 126 if len(field) == 2 else 65536
        if size < shortest or size >> 63:
            raise ProtocolError(PROTOCOL_ERROR, "bad length")
        return size

    def _open(self, opcode: int, size: int) -> None:
        """Make room for the payload, if the message may be so big."""
        if opcode < OP_CLOSE:
            before = 0 if opcode else self._size
            if size > self._limit - before:
                raise ProtocolError(TOO_BIG, "message too big")
            self._size = before + size
            if opcode:
                self._message = opcode
                self._utf8 = UTF8() if opcode == OP_TEXT else None
        self._opcode = opcode
        self._payload = bytearray(size)
        self._have = 0

    def _read_payload(self) -> bool:
        payload: "bytearray" = self._payload
        have = self._have
        size = min(len(payload) - have, len(self._data) - self._at)
        text = self._utf8 if self._opcode < OP_CLOSE else None
        if size:
            piece = memoryview(self._data)[self._at : self._at + size]
            payload[have : have + size] = piece
            self._at += size
            self._have = have = have + size
            # §8.1, and at once: a long message must not be waited for when it is already lost.
            if text and not text.feed(piece):
                raise ProtocolError(INVALID_DATA, "text is not UTF-8")
        if have < len(payload):
            return False
        if text and self._fin and not text.complete():
            raise ProtocolError(INVALID_DATA, "text ends inside a character")
        return True
