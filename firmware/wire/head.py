"""The heads of HTTP/1.1 (RFC 9112 §3 to §5): a request's as bytes, a response's as status and
fields. No body.

A head longer than `limit` is a ProtocolError. The bytes behind the head are in `rest`.
"""

from firmware.wire import ProtocolError


def _printable(raw: bytes) -> str:
    """For people and comparisons; a peer may send any octet in a reason phrase."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in raw])


class HeadReader:
    """next(): (status, reason, fields); names in lower case, repeated fields joined by a comma."""

    def __init__(self, limit: int = 4096):
        self._limit = limit
        self._data = b""
        self.rest = b""

    def feed(self, data) -> None:
        self._data += bytes(data)

    def next(self) -> "tuple | None":
        end = self._data.find(b"\r\n\r\n")
        if (len(self._data) if end < 0 else end + 4) > self._limit:
            raise ProtocolError(0, "head too long")
        if end < 0:
            return None
        lines = self._data[:end].split(b"\r\n")
        self.rest = self._data[end + 4 :]
        self._data = b""
        status, reason = _status(lines[0])
        return status, reason, _fields(lines, status)


def _status(line: bytes) -> tuple:
    parts = line.split(b" ", 2)
    if len(parts) < 2 or parts[0] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise ProtocolError(0, "not HTTP/1.1")
    code = parts[1]
    if len(code) != 3 or not code.isdigit():
        raise ProtocolError(0, "bad status")
    return int(str(code, "utf-8")), _printable(parts[2]) if len(parts) > 2 else ""


def _fields(lines: list, status: int) -> dict:
    fields = {}
    for line in lines[1:]:
        colon = line.find(b":")
        # RFC 9112 §5.1: no space before the colon; §5.2: one at the start is obsolete folding.
        if colon < 1 or b" " in line[:colon] or b"\t" in line[:colon]:
            raise ProtocolError(status, "bad header field")
        name = _printable(line[:colon]).lower()
        value = _printable(line[colon + 1 :].strip())
        fields[name] = fields[name] + ", " + value if name in fields else value
    return fields


def request(lines: list, fields) -> bytes:
    """The head of a request: its first line, its fields, then `fields`, (name, value) each.
    ValueError for a line break: what comes from a peer or a setting would begin a field of its
    own choice, or a second request."""
    lines += [name + ": " + value for name, value in fields]
    for line in lines:
        if "\r" in line or "\n" in line:
            raise ValueError("line break in request")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
