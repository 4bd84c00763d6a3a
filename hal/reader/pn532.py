"""PN532: 13.56 MHz cards over its UART (HSU, 115200 8N1). Type A cards, one at a time.

Sans-I/O: .tick(now) says what to write, .feed(data, now) takes what was read, .next() gives the
idTag of a card that was just presented. Only the UID is read: it can be copied, so it names a
customer and proves nothing.

Facts are from the PN532 user manual (NXP UM0701-02): §6.2.1 frames and §7.3.1 RFConfiguration as
quoted by public drivers; §7.2.10 SAMConfiguration and §7.3.5 InListPassiveTarget from memory and
agreeing with public drivers, check against the manual.
"""

from micropython import const

from hal import ProtocolError
from hal.reader import Presence, id_tag

_TO_HOST = const(0xD5)  # TFI, §6.2.1.1; D4 is to the PN532
_ERROR = const(0x7F)  # §6.2.1.5
_START = b"\x00\xff"
_SAM_CONFIGURATION = b"\x14\x01\x14\x01"  # normal mode; the time-out is not used in it
_RF_CONFIGURATION = b"\x32\x05\xff\x01\x01"  # §7.3.1 item 5: try twice for a card, then answer
_IN_LIST_PASSIVE_TARGET = b"\x4a\x01\x00"  # one card, 106 kbit/s type A
# Wakes a sleeping PN532. The zeros give its oscillator 2 ms; a preamble may be any number of
# them (§6.2.1.6).
_WAKE = b"\x55\x55" + bytes(24)

_STEPS = (_SAM_CONFIGURATION, _RF_CONFIGURATION, _IN_LIST_PASSIVE_TARGET)
_POLLING = const(2)
_ANSWER_MS = const(500)  # two tries for a card take some tens of ms
_DEAD = const(3)  # answers missing in a row

_RANDOM = const(0x08)  # a 4-byte UID that begins so is made up anew (ISO 14443-3, from memory)


def frame(body: bytes) -> bytes:
    """A command for the PN532 in a normal information frame (§6.2.1.1)."""
    size = len(body) + 1
    if not 2 <= size <= 254:
        raise ValueError("pn532 command")
    check = -(0xD4 + sum(body)) & 0xFF
    return b"\x00\x00\xff" + bytes((size, -size & 0xFF, 0xD4)) + body + bytes((check, 0))


class FrameReader:
    """Frames from the PN532. Noise, ACK, NACK and extended frames are skipped."""

    def __init__(self, limit: int = 64):
        self._limit = limit
        self._buf = b""

    def feed(self, data) -> None:
        self._buf = self._buf + bytes(data)

    def clear(self) -> None:
        self._buf = b""

    def next(self) -> "bytes | None":
        """The body of an answer (response code, data), or None for "need more".

        Raises ProtocolError when the PN532 answers that it did not understand.
        """
        buf = self._buf
        while True:
            at = buf.find(_START)
            if at < 0:
                self._buf = buf[-1:]  # it may be the first half of a start code
                return None
            size = self._size(buf[at + 2:at + 4])
            if size < 0 or len(buf) - at < size:
                self._buf = buf[at:]
                return None
            body = buf[at + 4:at + size - 1]
            if size == 0 or (sum(body) + buf[at + size - 1]) & 0xFF:
                buf = buf[at + 1:]
                continue
            buf = self._buf = buf[at + size:]
            if body[0] == _ERROR:
                raise ProtocolError(_ERROR, "the PN532 did not understand")
            if body[0] == _TO_HOST and len(body) > 1:
                return body[1:]

    def _size(self, head: bytes) -> int:
        """From the start code to the check of the frame with this head; -1 unknown, 0 none."""
        if len(head) < 2:
            return -1
        # ACK is 00 FF, NACK FF 00, an extended frame FF FF: no card's answer is that long.
        if (head[0] + head[1]) & 0xFF or not 1 <= head[0] <= self._limit:
            return 0
        return 4 + head[0] + 1


class PN532:
    """.alive says whether the reader answers; .random whether the last idTag was a made-up one."""

    def __init__(self, reversed_bytes: bool = False, poll_ms: int = 150, gone_ms: int = 1000):
        self._reversed = reversed_bytes
        self._poll_ms = poll_ms
        self._frames = FrameReader()
        self._presence = Presence(gone_ms)
        self._step = 0
        self._waiting = False
        self._at: "int | None" = None  # when to write next, or when to stop waiting
        self._missed = 0
        self.alive = False
        self.random = False
        self.errors = 0

    def tick(self, now: int) -> "bytes | None":
        """What to write now, or None. `now` in monotonic ms."""
        if self._at is not None and now < self._at:
            return None
        if self._waiting:
            self._miss()
        self._frames.clear()
        self._waiting = True
        self._at = now + _ANSWER_MS
        command = frame(_STEPS[self._step])
        return _WAKE + command if self._step == 0 else command

    def feed(self, data, now: int) -> None:
        """Bytes that arrived, in any split."""
        self._frames.feed(data)
        while True:
            try:
                body = self._frames.next()
            except ProtocolError:
                # It lost our frame or its mind: begin again with the set-up.
                self.errors += 1
                self._restart(now)
                continue
            if body is None:
                return
            if self._waiting and body[0] == _STEPS[self._step][0] + 1:
                self._answered(body, now)

    def next(self) -> "str | None":
        """The idTag of a card that was just presented, once."""
        tag = self._presence.next()
        if tag is not None:
            self.random = len(tag) == 8 and (tag[6:] if self._reversed else tag[:2]) == "08"
        return tag

    def _answered(self, body: bytes, now: int) -> None:
        self._waiting = False
        self._missed = 0
        self.alive = True
        if self._step < _POLLING:
            self._step += 1
            self._at = now
            return
        self._at = now + self._poll_ms
        uid = _uid(body)
        if uid is not None:
            # A phone that makes up another UID while it is held there is still one card.
            key = "random" if len(uid) == 4 and uid[0] == _RANDOM else None
            self._presence.sight(id_tag(uid, self._reversed), now, key)
        elif body[1:2] != b"\x00":
            self.errors += 1

    def _miss(self) -> None:
        self._missed += 1
        self._step = 0
        if self._missed >= _DEAD:
            self.alive = False

    def _restart(self, now: int) -> None:
        self._miss()
        self._waiting = False
        self._at = now + self._poll_ms


def _uid(body: bytes) -> "bytes | None":
    """The UID in an answer to InListPassiveTarget (§7.3.5); None for no card or a broken answer.

    4B, number of targets, target number, SENS_RES (2), SEL_RES, length of the UID, the UID, and
    the ATS for a card that has one.
    """
    if len(body) < 7 or body[1] != 1:
        return None
    size = body[6]
    if size not in (4, 7, 10) or len(body) < 7 + size:
        return None
    return body[7:7 + size]
