"""The body of an HTTP/1.1 response (RFC 9112 §6, §7): bytes in, the bytes of the content out.

feed() a piece, b"" at the end of the stream; take next() until None before the next feed(). A
piece of content is a memoryview into what was fed: nothing is copied, nothing kept. `ended` is
True behind the last byte; what the peer sent beyond it is in `rest`.
"""

from micropython import const

from firmware.wire import ProtocolError

_LINE = const(256)  # of a chunk's size with its extensions, and of a trailer
_TRAILERS = const(4096)
_DIGITS = const(8)  # of a chunk's size: 4 GiB
_HEX = b"0123456789abcdefABCDEF"
# What a Chunked waits for
_SIZE = const(0)
_CONTENT = const(1)
_BREAK = const(2)  # the line end behind the content of a chunk
_TRAILER = const(3)


class Sized:
    """`size` None: all there is until the peer closes. More than `limit` is a ProtocolError."""

    def __init__(self, size: "int | None", limit: int):
        if size is not None and size > limit:
            raise ProtocolError(0, "body too long")
        self._left = size
        self._room = limit
        self._data = memoryview(b"")
        self._eof = False
        self.ended = size == 0
        self.rest = b""

    def feed(self, data) -> None:
        self._data = memoryview(data)
        self._eof = not data

    def next(self) -> "memoryview | None":
        data = self._data
        self._data = data[:0]
        if self.ended:
            self.rest += bytes(data)
            return None
        if self._eof:
            if self._left is not None:
                raise ProtocolError(0, "body cut short")
            self.ended = True
        elif self._left is None:
            if len(data) > self._room:
                raise ProtocolError(0, "body too long")
            self._room -= len(data)
        else:
            self.rest = bytes(data[self._left :])
            data = data[: self._left]
            self._left -= len(data)
            self.ended = self._left == 0
        return data if len(data) else None


class Chunked:
    """§7.1. Extensions and trailers are read over: nobody asked for them."""

    def __init__(self, limit: int):
        self._room = limit
        self._data = memoryview(b"")
        self._eof = False
        self._line = bytearray()
        self._state = _SIZE
        self._left = 0  # of the chunk
        self._trailers = 0  # bytes of them
        self.ended = False
        self.rest = b""

    def feed(self, data) -> None:
        self._data = memoryview(data)
        self._eof = not data

    def next(self) -> "memoryview | None":
        while not self.ended:
            if self._state == _CONTENT:
                piece = self._data[: self._left]
                if not len(piece):
                    break
                self._data = self._data[len(piece) :]
                self._left -= len(piece)
                if not self._left:
                    self._state = _BREAK
                return piece
            line = self._read_line()
            if line is None:
                break
            self._on_line(line)
        if self.ended:
            self.rest += bytes(self._data)
            self._data = self._data[:0]
        elif self._eof:
            raise ProtocolError(0, "body cut short")
        return None

    def _read_line(self) -> "bytes | None":
        data = self._data
        line = self._line
        for at in range(len(data)):
            if len(line) >= _LINE:
                raise ProtocolError(0, "chunk line too long")
            line.append(data[at])
            if data[at] == 10:
                self._data = data[at + 1 :]
                self._line = bytearray()
                if line[-2:] != b"\r\n":
                    raise ProtocolError(0, "bad line end between chunks")
                return bytes(line[:-2])
        self._data = data[:0]
        return None

    def _on_line(self, line: bytes) -> None:
        if self._state == _SIZE:
            self._open(line.split(b";", 1)[0].strip())
        elif self._state == _BREAK:
            if line:
                raise ProtocolError(0, "chunk longer than its size")
            self._state = _SIZE
        elif line:
            self._trailers += len(line) + 2
            if self._trailers > _TRAILERS:
                raise ProtocolError(0, "trailers too long")
        else:
            self.ended = True

    def _open(self, digits: bytes) -> None:
        """int() alone would also take a sign, a prefix and an underscore."""
        if not 0 < len(digits) <= _DIGITS or not all([digit in _HEX for digit in digits]):
            raise ProtocolError(0, "bad chunk size")
        size = int(str(digits, "utf-8"), 16)
        if size > self._room:
            raise ProtocolError(0, "body too long")
        self._room -= size
        self._left = size
        self._state = _CONTENT if size else _TRAILER
