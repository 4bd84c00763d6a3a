"""Replies of an FTP server (RFC 959 §4.2): bytes in, code and text out. No meaning."""

from micropython import const

from firmware.wire import ProtocolError

_LINE = const(512)
_REPLY = const(4096)


class ReplyReader:
    """next(): (code, text of the last line). One line, or from "123-" to "123 "."""

    def __init__(self):
        self._data = b""
        self._code = b""  # of the reply of many lines in progress
        self._size = 0

    def feed(self, data) -> None:
        self._data += bytes(data)

    def next(self) -> "tuple | None":
        while True:
            end = self._data.find(b"\n")
            size = len(self._data) if end < 0 else end + 1
            if size > _LINE or self._size + size > _REPLY:
                raise ProtocolError(0, "FTP reply too long")
            if end < 0:
                return None
            line = self._data[:end].rstrip(b"\r")
            self._data = self._data[size:]
            self._size += size
            code = line[:3]
            if self._code:
                # Inside anything goes, also what looks like another reply.
                if code != self._code or line[3:4] == b"-":
                    continue
            else:
                _check(code, line[3:4])
                if line[3:4] == b"-":
                    self._code = code
                    continue
            self._code = b""
            self._size = 0
            return int(str(code, "utf-8")), line[4:]


def _check(code: bytes, mark: bytes) -> None:
    if len(code) < 3 or not code.isdigit() or not 49 <= code[0] <= 53:
        raise ProtocolError(0, "not FTP")
    if mark not in (b" ", b"-", b""):
        raise ProtocolError(0, "not FTP")
