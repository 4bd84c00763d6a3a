"""RFC 6455 client: bytes in, events out; messages in, bytes out. No socket, no clock.

Write request(); feed() what arrives, b"" at the end of the stream; take events with next() until
None before the next feed(). Write the bytes of every REPLY, and what the builders return. After
CLOSED or REFUSED drop the connection; nothing more will come. Timeouts are the caller's, and so is
MemoryError: a message of `limit` bytes needs twice that for a moment; without it, drop the link.
"""

from micropython import const

from firmware.wire import ProtocolError, handshake
from firmware.wire.frame import (
    INVALID_DATA,
    OP_BINARY,
    OP_CLOSE,
    OP_CONTINUATION,
    OP_PING,
    OP_PONG,
    OP_TEXT,
    PROTOCOL_ERROR,
    FrameReader,
    encode,
)
from firmware.wire.head import HeadReader
from firmware.wire.utf8 import UTF8

# States; OPEN and CLOSED are also the events that tell of them.
CONNECTING = const(0)
OPEN = const(1)  # (OPEN, subprotocol or None)
CLOSING = const(2)
CLOSED = const(3)  # (CLOSED, code, reason)
# Events
TEXT = const(4)  # (TEXT, str)
BINARY = const(5)  # (BINARY, bytes)
REPLY = const(6)  # (REPLY, bytes to write)
PONG = const(7)  # (PONG, payload)
REFUSED = const(8)  # (REFUSED, HTTP status or 0, reason)

NO_CODE = const(1005)  # RFC 6455 §7.4.1: never on the wire, only in CLOSED
ABNORMAL = const(1006)


def _sendable(code: int) -> bool:
    """§7.4: may it stand in a close frame? 1012-1014 are in the IANA registry."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def _encoded(text: str) -> bytes:
    data = text.encode()
    # A lone surrogate: CPython has refused it above, MicroPython encodes it and the peer hangs up.
    if not UTF8().feed(data):
        raise ValueError("text has no UTF-8 form")
    return data


class Client:
    """One connection. `key`: 16 bytes of entropy; `entropy(n)` gives n more for each mask."""

    def __init__(
        self,
        host: str,
        path: str,
        key: bytes,
        protocols=(),
        authorization=None,
        *,
        entropy,
        limit: int = 16384,
        headers=(),
    ):
        self.state = CONNECTING
        self._request = handshake.request(host, path, key, protocols, authorization, headers)
        self._key = key
        self._protocols = protocols
        self._entropy = entropy
        self._limit = limit
        self._reader: "HeadReader | FrameReader" = HeadReader()
        self._eof = False
        self._events = []  # decided, not yet taken
        self._kind = 0  # opcode of the message in progress
        self._body: "bytearray | None" = None  # its fragments so far, the first _used bytes
        self._used = 0

    def request(self) -> bytes:
        return self._request

    def text(self, text: str) -> bytes:
        return self._send(OP_TEXT, _encoded(text))

    def binary(self, payload) -> bytes:
        return self._send(OP_BINARY, payload)

    def ping(self, payload=b"") -> bytes:
        if len(payload) > 125:
            raise ValueError("ping payload over 125 bytes")
        return self._send(OP_PING, payload)

    def close(self, code: int = 1000, reason: str = "") -> bytes:
        """Begins the closing handshake; CLOSED ends it. b"" when there is none to begin."""
        if not _sendable(code):
            raise ValueError("bad close code")
        payload = code.to_bytes(2, "big") + _encoded(reason)
        if len(payload) > 125:
            raise ValueError("close reason over 123 bytes")
        if self.state != OPEN:
            return b""
        data = self._send(OP_CLOSE, payload)
        self.state = CLOSING
        return data

    def feed(self, data) -> None:
        if not len(data):
            self._eof = True
        elif self.state != CLOSED:
            self._reader.feed(data)

    def next(self) -> "tuple | None":
        if not self._events and self.state != CLOSED:
            try:
                self._read()
            except ProtocolError as error:
                self._fail(error.code, error.reason)
            if self._eof and not self._events:
                # §7.1.5: also what a cut cable looks like
                self._end(CLOSED, ABNORMAL, "end of stream without close")
        return self._events.pop(0) if self._events else None

    def _read(self) -> None:
        if self.state == CONNECTING:
            self._read_answer()
            return
        while not self._events:
            frame = self._reader.next()
            if frame is None:
                return
            self._on_frame(*frame)

    def _read_answer(self) -> None:
        head = self._reader.next()
        if head is None:
            return
        status, reason, fields = head
        protocol = handshake.verify(status, reason, fields, self._key, self._protocols)
        # The server's first frames may come in the same packet.
        first = self._reader.rest  # type: ignore[union-attr]
        self._reader = FrameReader(self._limit)
        self._reader.feed(first)
        self.state = OPEN
        self._events.append((OPEN, protocol))

    def _on_frame(self, fin: bool, opcode: int, payload: bytearray) -> None:
        if opcode == OP_PING:
            self._events.append((REPLY, self._encode(OP_PONG, payload)))  # §5.5.2
        elif opcode == OP_PONG:
            self._events.append((PONG, bytes(payload)))
        elif opcode == OP_CLOSE:
            self._on_close(payload)
        else:
            self._collect(opcode, payload)
            if fin:
                self._deliver()

    def _collect(self, opcode: int, payload: bytearray) -> None:
        if opcode != OP_CONTINUATION:
            self._kind = opcode
            self._body = payload
            self._used = len(payload)
            return
        used = self._used + len(payload)
        if used > len(self._body):
            # Twice the room each time, or many small fragments would be copied over and over.
            body = bytearray(min(max(used, 2 * len(self._body)), self._limit))
            body[: self._used] = memoryview(self._body)[: self._used]
            self._body = body
        self._body[self._used : used] = payload
        self._used = used

    def _deliver(self) -> None:
        body = memoryview(self._body)[: self._used]
        self._body = None
        if self._kind == OP_TEXT:
            self._events.append((TEXT, str(body, "utf-8")))
        else:
            self._events.append((BINARY, bytes(body)))

    def _on_close(self, payload: bytearray) -> None:
        code = NO_CODE
        if payload:
            code = int.from_bytes(payload[:2], "big")
            if len(payload) < 2 or not _sendable(code):
                raise ProtocolError(PROTOCOL_ERROR, "bad close code")
        check = UTF8()
        if not check.feed(payload[2:]) or not check.complete():
            raise ProtocolError(INVALID_DATA, "close reason is not UTF-8")
        if self.state == OPEN:
            # §5.5.1: echo the code
            self._events.append((REPLY, self._encode(OP_CLOSE, payload[:2])))
        self._end(CLOSED, code, str(payload[2:], "utf-8"))

    def _fail(self, code: int, reason: str) -> None:
        """§7.1.7. After our own close frame no second one follows."""
        if self.state == CONNECTING:
            self._end(REFUSED, code, reason)
            return
        if self.state == OPEN:
            payload = code.to_bytes(2, "big") + reason.encode()
            self._events.append((REPLY, self._encode(OP_CLOSE, payload)))
        self._end(CLOSED, code, reason)

    def _end(self, event: int, code: int, reason: str) -> None:
        self.state = CLOSED
        self._reader = self._body = None
        self._events.append((event, code, reason))

    def _send(self, opcode: int, payload) -> bytes:
        if self.state != OPEN:
            raise ValueError("not open")
        return self._encode(opcode, payload)

    def _encode(self, opcode: int, payload) -> bytes:
        return encode(opcode, payload, self._entropy(4))
