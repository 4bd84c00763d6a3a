"""Names in certificates (RFC 5280 §4.1.2.4): the texts of an X.501 Name, and a Name from texts.

The DER of a Name is what is compared and hashed (RFC 6960 §4.1.1); the texts are for people and
for the subject rules (A00.FR.509 to 511). Only the attributes listed here are read; of several of
one kind the last counts, the most specific one. Control characters make a name ValueError: none
ends a text early in a log or a comparison.
"""

from micropython import const

from firmware.crypto import der

_CN = const(3)
_SERIAL_NUMBER = const(5)
_C = const(6)
_O = const(10)
_OU = const(11)
_KEPT = {_CN: "CN", _SERIAL_NUMBER: "serialNumber", _C: "C", _O: "O", _OU: "OU"}
_ATTRIBUTE = b"\x55\x04"  # 2.5.4
_MOST_ATTRIBUTES = const(32)
_MOST_TEXT = const(64)  # ub-common-name, ub-organization-name (RFC 5280 appendix A.1)
_MOST_BYTES = const(256)  # of such a text, in four bytes a character; more than any host name

_TELETEX_STRING = const(0x14)
_NUMERIC_STRING = const(0x12)
_IA5_STRING = const(0x16)
_VISIBLE_STRING = const(0x1A)
_UNIVERSAL_STRING = const(0x1C)
_BMP_STRING = const(0x1E)
_ASCII = (der.PRINTABLE_STRING, _NUMERIC_STRING, _IA5_STRING, _VISIBLE_STRING)


def texts(value) -> dict:
    """{"CN": text, "O": text...} of a Name, given whole."""
    found, count = {}, 0
    names = der.whole(value)
    while names.peek() >= 0:
        together = names.enter(der.SET)
        if together.peek() < 0:
            raise ValueError("name: empty part")
        while together.peek() >= 0:
            count += 1
            if count > _MOST_ATTRIBUTES:
                raise ValueError("name: too many parts")
            pair = together.enter()
            oid = der.oid(pair.take(der.OID))
            kind = pair.peek()
            contents = pair.take(kind)
            pair.end()
            if len(oid) == 3 and oid[:2] == _ATTRIBUTE and oid[2] in _KEPT:
                found[_KEPT[oid[2]]] = _text(kind, contents)
    return found


def _text(kind: int, contents) -> str:
    if len(contents) > _MOST_BYTES:
        raise ValueError("name: text too long")
    if kind == der.UTF8_STRING:
        text = _utf8(contents)
    elif kind in _ASCII:
        text = visible(contents)
    elif kind == _TELETEX_STRING:  # T.61 in name, Latin-1 in the field
        text = "".join([chr(byte) for byte in contents])
    elif kind in (_BMP_STRING, _UNIVERSAL_STRING):
        text = _wide(contents, 2 if kind == _BMP_STRING else 4)
    else:
        raise ValueError("name: text of type %02x" % kind)
    for character in text:
        _check(ord(character))
    return text


def _utf8(contents) -> str:
    try:
        text = str(contents, "utf-8")
    except ValueError:
        text = ""
    # MicroPython's decoder also takes overlong forms, and keeps them. chr() writes the shortest.
    if "".join([chr(ord(character)) for character in text]).encode() != contents:
        raise ValueError("name: bad UTF-8")
    return text


def _check(code: int):
    if code < 0x20 or code == 0x7F:
        raise ValueError("name: control character")
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:  # MicroPython's chr and decoder take these
        raise ValueError("name: no such character")


def visible(contents) -> str:
    """Text of ASCII's visible characters and blanks; ValueError."""
    if len(contents) > _MOST_BYTES:
        raise ValueError("name: text too long")
    for byte in contents:  # any() of a list would build it
        if not 0x20 <= byte < 0x7F:
            raise ValueError("name: not visible ASCII")
    return str(contents, "utf-8")


def _wide(contents, width: int) -> str:
    if len(contents) % width:
        raise ValueError("name: half a character")
    text = ""
    for at in range(0, len(contents), width):
        code = int.from_bytes(contents[at : at + width], "big")
        _check(code)
        text += chr(code)
    return text


def encode(organization: str, common_name: str) -> bytes:
    """The Name O=organization, CN=common_name, in UTF-8."""
    return der.encode(der.SEQUENCE, _part(_O, organization), _part(_CN, common_name))


def _part(kind: int, text: str) -> bytes:
    if not 0 < len(text) <= _MOST_TEXT:
        raise ValueError("name: 1 to %d characters" % _MOST_TEXT)
    oid = der.encode(der.OID, _ATTRIBUTE + bytes((kind,)))
    pair = der.encode(der.SEQUENCE, oid, der.encode(der.UTF8_STRING, text.encode()))
    return der.encode(der.SET, pair)
