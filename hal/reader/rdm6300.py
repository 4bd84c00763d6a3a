"""RDM6300: 125 kHz EM4100 cards, 9600 8N1. It talks by itself, again and again while a card stays.

Sans-I/O: bytes in, idTags out. A frame is 02, ten hexadecimal digits (a version and a 32-bit
number), two digits of XOR over those five bytes, 03. It has no command, so nothing shows whether
a silent reader is alive.
"""

from binascii import unhexlify

from micropython import const

from hal.reader import Presence, id_tag

_START = b"\x02"
_END = const(3)
_SIZE = const(14)


class RDM6300:
    def __init__(self, reversed_bytes: bool = False, gone_ms: int = 1000):
        self._reversed = reversed_bytes
        self._presence = Presence(gone_ms)
        self._buf = b""
        self.errors = 0

    def feed(self, data, now: int) -> None:
        """Bytes that arrived, in any split. `now` in monotonic ms."""
        buf = self._buf + bytes(data)
        at = buf.find(_START)
        while at >= 0 and len(buf) - at >= _SIZE:
            uid = _number(buf[at:at + _SIZE])
            if uid is None:
                self.errors += 1
                buf = buf[at + 1:]
            else:
                self._presence.sight(id_tag(uid, self._reversed), now)
                buf = buf[at + _SIZE:]
            at = buf.find(_START)
        self._buf = buf[at:] if at >= 0 else b""

    def next(self) -> "str | None":
        """The idTag of a card that was just presented, once."""
        return self._presence.next()


def _number(frame: bytes) -> "bytes | None":
    """The five bytes of a whole frame, None if it is not one."""
    if frame[-1] != _END:
        return None
    for digit in frame[1:-1]:
        if not (0x30 <= digit <= 0x39 or 0x41 <= digit <= 0x46):
            return None
    data = unhexlify(frame[1:-1])
    check = 0
    for byte in data:
        check ^= byte
    return None if check else data[:5]
