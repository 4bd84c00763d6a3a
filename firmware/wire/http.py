"""HTTP/1.1 client (RFC 9110, RFC 9112): requests as bytes, answers judged. No socket, no clock.

request() and its two shapes, get() and put(), give the bytes to write. AnswerReader reads the
answer's head, 1xx skipped; redirect(), content() and body() say what follows from it. One request
for each connection.
"""

from micropython import const

from firmware.wire import ProtocolError
from firmware.wire.body import Chunked, Sized
from firmware.wire.head import HeadReader
from firmware.wire.head import request as head_of

REDIRECTS = const(3)  # followed; one more is an error
_INTERIMS = const(8)  # 1xx answers before the final one
_LONGEST_SIZE = const(12)  # digits
_FOLLOWED = (301, 302, 303, 307, 308)


def request(method: str, location, fields=()) -> bytes:
    """RFC 9112 §3. `location`: a firmware.wire.location.Location; `fields`: pairs."""
    lines = [
        "%s %s HTTP/1.1" % (method, location.target),
        "Host: " + location.authority(),
        "User-Agent: MicroPython-EVSE",
        "Connection: close",
    ]
    authorization = location.basic()
    if authorization:
        lines.append("Authorization: " + authorization)
    return head_of(lines, fields)


def get(location, offset: int = 0, tag: str = "") -> bytes:
    """From `offset` on, if the server still has what `tag` was given for (RFC 9110 §13.1.5).

    Without a tag nobody could tell whether two parts are of one file.
    """
    fields = [("Accept-Encoding", "identity")]  # a coded body has other lengths and digests
    if offset and tag:
        fields.append(("Range", "bytes=%d-" % offset))
        fields.append(("If-Range", tag))
    return request("GET", location, fields)


def put(location, size: int, method: str = "PUT", expect: bool = True) -> bytes:
    """The head of an upload. `expect`: wait a little for 100 Continue (RFC 9110 §10.1.1), so that
    a server which refuses or redirects is not sent the file first.
    """
    fields = [("Content-Length", str(size)), ("Content-Type", "application/octet-stream")]
    if expect:
        fields.append(("Expect", "100-continue"))
    return request(method, location, fields)


class AnswerReader:
    """next(): (status, fields) of the final answer. The body's first bytes are in `rest`."""

    def __init__(self):
        self._reader = HeadReader()
        self._interims = 0
        self._eof = False
        self.continued = False  # 100 Continue has come
        self.rest = b""

    def feed(self, data) -> None:
        self._reader.feed(data)
        self._eof = not data

    def next(self) -> "tuple | None":
        head = self._reader.next()
        while head is not None and head[0] < 200:
            self._interim(head[0])
            rest = self._reader.rest
            self._reader = HeadReader()
            self._reader.feed(rest)
            head = self._reader.next()
        if head is None:
            if self._eof:
                raise ProtocolError(0, "no answer")
            return None
        self.rest = self._reader.rest
        return head[0], head[2]

    def _interim(self, status: int) -> None:
        """RFC 9110 §15.2: any number may come; an endless row is no answer."""
        self._interims += 1
        if status < 100 or status == 101 or self._interims > _INTERIMS:
            raise ProtocolError(status, "HTTP %d" % status)
        self.continued = self.continued or status == 100


def redirect(status: int, fields: dict, location, upload: bool = False):
    """Where to ask next, or None. ValueError: there we do not go.

    An upload keeps its method (RFC 9110 §15.4 lets only POST change it); 303 would turn it into a
    GET, and nobody could say whether the file was kept.
    """
    if status not in _FOLLOWED or (upload and status == 303):
        return None
    where = fields.get("location")
    if not where:
        raise ProtocolError(status, "redirect to nowhere")
    return location.follow(where)


def content(status: int, fields: dict, offset: int, tag: str) -> tuple:
    """What was asked for with get(): (first byte, behind the last, size of the whole); None is
    what the server does not say. ProtocolError when it is not what was asked for.
    """
    if status == 200:
        size = _length(fields)
        return 0, size, size
    if status != 206 or not offset:
        raise ProtocolError(status, "HTTP %d" % status)
    first, end, size = _content_range(fields.get("content-range", ""))
    length = _length(fields)
    if first != offset or (length is not None and length != end - first):
        raise ProtocolError(status, "not the range asked for")
    if validator(fields) not in ("", tag):
        raise ProtocolError(status, "the file has changed")
    return first, end, size


def whole_size(fields: dict) -> "int | None":
    """RFC 9110 §14.4: what a 416 says the file has."""
    size = fields.get("content-range", "").partition("bytes */")[2]
    return _integer(size) if size else None


def validator(fields: dict) -> str:
    """What If-Range may say later: a strong entity tag, or a date that is one (RFC 9110 §8.8)."""
    tag = fields.get("etag", "")
    if tag:
        return tag if tag.startswith('"') else ""
    modified = fields.get("last-modified", "")
    # §8.8.2.2: changed within the second of the answer, it might change again unseen.
    return modified if fields.get("date", modified) != modified else ""


def body(status: int, fields: dict, limit: int):
    """The reader of what follows a 200 or 206 (RFC 9112 §6.3); see firmware/wire/body.py."""
    coding = fields.get("transfer-encoding")
    length = _length(fields)
    if fields.get("content-encoding", "identity").lower() != "identity":
        raise ProtocolError(status, "content coding not asked for")
    if coding is None:
        return Sized(length, limit)
    if coding.lower() != "chunked":
        raise ProtocolError(status, "unknown transfer coding")
    if length is not None:
        # Two lengths are how one answer is passed off as two.
        raise ProtocolError(status, "chunked, and with a length")
    return Chunked(limit)


def _length(fields: dict) -> "int | None":
    text = fields.get("content-length")
    if text is None:
        return None
    values = [value.strip() for value in text.split(",")]
    # §6.3 rule 5: repeated, but always the same, is one.
    if any([value != values[0] for value in values]):
        raise ProtocolError(0, "two content lengths")
    return _integer(values[0])


def _content_range(text: str) -> tuple:
    """(first, behind the last, size or None); RFC 9110 §14.4."""
    unit, _, rest = text.partition(" ")
    span, _, size = rest.partition("/")
    first, mark, last = span.partition("-")
    if unit.lower() != "bytes" or not mark:
        raise ProtocolError(206, "bad content range")
    begin = _integer(first)
    end = _integer(last) + 1
    whole = None if size == "*" else _integer(size)
    if begin >= end or (whole is not None and end > whole):
        raise ProtocolError(206, "bad content range")
    return begin, end, whole


def _integer(text: str) -> int:
    """int() alone would also take a sign, spaces and underscores."""
    if not text.isdigit() or len(text) > _LONGEST_SIZE:
        raise ProtocolError(0, "bad length")
    return int(text)
