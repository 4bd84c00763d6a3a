"""Is it UTF-8, told as it arrives: any split, verdict at the first wrong byte. Keeps no text.

The interpreter's own decoder does the bulk in C. MicroPython's checks only that the right number
of continuation bytes follows each lead byte, so overlong forms, surrogates and code points above
U+10FFFF are looked for here.
"""

from micropython import const

_CHUNK = const(512)  # bounds the copy made of a message while it is checked

# RFC 3629 §4: bytes that begin no character at all ...
_NEVER = (b"\xc0", b"\xc1", b"\xf5", b"\xf6", b"\xf7")
# ... and leads after which the second byte has a narrower range.
_NARROW = (
    (b"\xe0", 0xA0, 0xBF),  # below: overlong
    (b"\xed", 0x80, 0x9F),  # above: surrogates
    (b"\xf0", 0x90, 0xBF),  # below: overlong
    (b"\xf4", 0x80, 0x8F),  # above: beyond U+10FFFF
)


def _length(lead: int) -> int:
    return 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2


def _unfinished(data: bytes) -> int:
    """How many bytes at the end belong to a character that has not arrived completely."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < _length(byte) else 0
        if byte < 0x80:
            return 0
    return 0


def _whole(data: bytes) -> bool:
    """Are these complete characters, every one allowed?"""
    try:
        if len(str(data, "utf-8")) == len(data):
            return True  # one byte per character: ASCII
    except UnicodeError:
        return False
    for lead in _NEVER:
        if data.find(lead) >= 0:
            return False
    for lead, low, high in _NARROW:
        at = data.find(lead)
        while at >= 0:
            if not low <= data[at + 1] <= high:
                return False
            at = data.find(lead, at + 1)
    return True


def _hopeful(start: bytes) -> bool:
    """May a character begin like this? `start`: a lead byte and too few others."""
    if len(start) < 2:
        return 0xC2 <= start[0] <= 0xF4
    # Only the second byte has a range of its own, so what is missing may be any continuation byte.
    return _whole(start + b"\x80" * (_length(start[0]) - len(start)))


class UTF8:
    """One text. After feed() has said False the text is lost."""

    def __init__(self):
        self._start = b""  # the unfinished character

    def feed(self, data) -> bool:
        """False at the first byte that no valid text can have here."""
        for at in range(0, len(data), _CHUNK):
            chunk = self._start + bytes(data[at : at + _CHUNK])
            rest = _unfinished(chunk)
            self._start = b""
            if rest:
                self._start = chunk[-rest:]
                chunk = chunk[:-rest]
                if not _hopeful(self._start):
                    return False
            if not _whole(chunk):
                return False
        return True

    def complete(self) -> bool:
        return not self._start
