"""DER (X.690), the part certificates are made of: read strictly, written once.

A Reader walks over bytes that anybody may have sent. It promises ValueError and nothing else for
what is not DER, work and memory in proportion to the bytes, and never a copy: values come out as
memoryviews of what went in. Only definite lengths in their shortest form, only tags of one byte,
at most 16 KiB and _DEPTH levels. It knows no schema, so nothing here recurses: who reads says
what comes next. What a value means beside these primitives is for algorithm.py, name.py, x509.py.
"""

from binascii import hexlify

from micropython import const

BOOLEAN = const(0x01)
INTEGER = const(0x02)
BIT_STRING = const(0x03)
OCTET_STRING = const(0x04)
NULL = const(0x05)
OID = const(0x06)
UTF8_STRING = const(0x0C)
PRINTABLE_STRING = const(0x13)
UTC_TIME = const(0x17)
GENERALIZED_TIME = const(0x18)
SEQUENCE = const(0x30)
SET = const(0x31)
CONTEXT = const(0x80)  # [n] of a primitive value
CONSTRUCTED = const(0xA0)  # [n] of a constructed one, or EXPLICIT

_DEPTH = const(12)
_MOST_BYTES = const(0x4000)
_MOST_ARCS = const(32)


class Reader:
    """A cursor over the values that stand in `data` one after the other."""

    def __init__(self, data, depth: int = _DEPTH):
        if len(data) > _MOST_BYTES:
            raise ValueError("DER: too long")
        self._data = memoryview(data)
        self._at = 0
        self._depth = depth

    def peek(self) -> int:
        """The tag that comes next, -1 at the end."""
        return self._data[self._at] if self._at < len(self._data) else -1

    def raw(self, tag: int):
        """The next value whole, with its tag and length."""
        start = self._at
        self._header(tag)
        return self._data[start : self._at]

    def take(self, tag: int):
        """The contents of the next value."""
        return self._data[self._header(tag) : self._at]

    def enter(self, tag: int = SEQUENCE) -> "Reader":
        """A Reader of what is inside the next value."""
        if not self._depth:
            raise ValueError("DER: nested too deeply")
        return Reader(self.take(tag), self._depth - 1)

    def end(self):
        if self._at != len(self._data):
            raise ValueError("DER: something is left over")

    def _header(self, tag: int) -> int:
        """Steps over the next value; where its contents begin."""
        data, at = self._data, self._at
        if at + 2 > len(data):
            raise ValueError("DER: cut off")
        if data[at] != tag:
            raise ValueError("DER: tag %02x where %02x belongs" % (data[at], tag))
        if tag & 0x1F == 0x1F:
            raise ValueError("DER: tag of several bytes")
        size = data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 2:  # 0 is BER's indefinite length (X.690 §10.1: never in DER)
                raise ValueError("DER: length form")
            if at + count > len(data):
                raise ValueError("DER: cut off")
            size = data[at] if count == 1 else data[at] << 8 | data[at + 1]
            if size < (0x80 if count == 1 else 0x100):
                raise ValueError("DER: length not in its shortest form")
            at += count
        if at + size > len(data):
            raise ValueError("DER: cut off")
        self._at = at + size
        return at


def whole(data, tag: int = SEQUENCE) -> Reader:
    """A Reader of the inside of the one value that `data` is."""
    outer = Reader(data)
    inner = outer.enter(tag)
    outer.end()
    return inner


def integer(contents) -> int:
    """An INTEGER that is not negative; certificates know no other (RFC 5280 §4.1.2.2)."""
    if not contents:
        raise ValueError("DER: empty integer")
    if contents[0] & 0x80:
        raise ValueError("DER: negative integer")
    if len(contents) > 1 and not contents[0] and not contents[1] & 0x80:
        raise ValueError("DER: integer not in its shortest form")
    return int.from_bytes(contents, "big")


def small(contents) -> int:
    """An INTEGER of at most three bytes: versions, path and salt lengths."""
    if len(contents) > 3:
        raise ValueError("DER: number too large")
    return integer(contents)


def boolean(contents) -> bool:
    if len(contents) != 1 or contents[0] not in (0, 0xFF):  # X.690 §11.1
        raise ValueError("DER: bad boolean")
    return contents[0] == 0xFF


def octets(contents):
    """The bytes of a BIT STRING that is a whole number of bytes: keys and signatures."""
    if not contents or contents[0]:
        raise ValueError("DER: bit string is not whole bytes")
    return contents[1:]


def flags(contents) -> int:
    """A named BIT STRING as an int: bit n of the list is 1 << n."""
    if not contents or contents[0] > 7 or len(contents) > 3:
        raise ValueError("DER: bad bit string")
    if len(contents) == 1:
        if contents[0]:
            raise ValueError("DER: bad bit string")
        return 0
    # X.690 §11.2.2: no trailing zeros, so the last bit that counts is a one.
    if contents[-1] & ((2 << contents[0]) - 1) != 1 << contents[0]:
        raise ValueError("DER: bit string not in its shortest form")
    value = 0
    for n in range((len(contents) - 1) * 8):
        if contents[1 + n // 8] & 0x80 >> n % 8:
            value |= 1 << n
    return value


def oid(contents) -> bytes:
    """The contents of an OBJECT IDENTIFIER, checked; compared as they are."""
    if not contents or len(contents) > 64 or contents[-1] & 0x80:
        raise ValueError("DER: bad object identifier")
    first = True
    for byte in contents:
        if first and byte == 0x80:
            raise ValueError("DER: object identifier not in its shortest form")
        first = not byte & 0x80
    return bytes(contents)


def dotted(contents: bytes) -> str:
    """An object identifier as people write it, for a reason of refusal."""
    arcs, value = [], 0
    for byte in contents[:_MOST_ARCS]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            if not arcs:
                arcs.append(str(min(value // 40, 2)))
                value -= min(value // 40, 2) * 40
            arcs.append(str(value))
            value = 0
    return ".".join(arcs)


def upper_hex(data) -> str:
    return hexlify(data).decode().upper()


def encode(tag: int, *parts) -> bytes:
    """One value with these contents."""
    size = sum([len(part) for part in parts])
    if size > _MOST_BYTES:
        raise ValueError("DER: too long")
    if size < 0x80:
        head = bytes((tag, size))
    elif size < 0x100:
        head = bytes((tag, 0x81, size))
    else:
        head = bytes((tag, 0x82, size >> 8, size & 0xFF))
    return b"".join((head,) + parts)


def encode_integer(value: int) -> bytes:
    """An INTEGER of a number that is not negative."""
    count = 1
    while value >> 8 * count - 1:  # one bit more than the number: the sign
        count += 1
    return encode(INTEGER, value.to_bytes(count, "big"))


def encode_bits(data) -> bytes:
    """A BIT STRING of whole bytes."""
    return encode(BIT_STRING, b"\x00", data)
