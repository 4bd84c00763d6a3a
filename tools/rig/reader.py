"""The RFID reader: an NXP PN532 on its high speed UART (UM0701-02), and cards held before it.

Promise: frames with preamble, length and checksums as the chip speaks them; ACK, then the
answer; InListPassiveTarget waits for a card unless RFConfiguration limits the tries. A
presented card is in the field for CARD_MS. An idTag that no UID can carry is injected behind
the driver at the same moment.
Boundary: 106 kbit/s type A; no MIFARE commands.
"""

import re

CARD_MS = 600
GAP_MS = 1300  # longer than a reader needs to see a card gone: the same card twice is two swipes
ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR_FRAME = bytes.fromhex("0000ff01ff7f8100")
START = b"\x00\xff"
TO_CHIP, FROM_CHIP = 0xD4, 0xD5
FIRMWARE = bytes((0x32, 0x01, 0x06, 0x07))  # PN532 v1.6, ISO 14443 A/B and 18092
ATQA = {4: b"\x00\x04", 7: b"\x00\x44", 10: b"\x00\x84"}
SAK = b"\x08"
TRY_MS, ANSWER_MS, FOREVER = 5, 2, 0xFF

GET_FIRMWARE, SAM, RF_CONFIGURATION, LIST_TARGET, RELEASE = 0x02, 0x14, 0x32, 0x4A, 0x52


def frame(body):
    """A normal information frame."""
    size = len(body)
    return (
        b"\x00\x00\xff"
        + bytes((size, -size & 0xFF))
        + body
        + bytes((-sum(body) & 0xFF,))
        + b"\x00"
    )


def uid_of(token):
    """The UID a reader would report as this idTag, None if none can: 4, 7 or 10 bytes in upper-
    case hex.
    """
    if re.fullmatch(r"(?:[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})", token):
        return bytes.fromhex(token)
    return None


class Field:
    """What is before the antenna: one card at a time, in the order they were presented."""

    def __init__(self, inject):
        self._inject = inject
        self._cards = []
        self._until = None
        self.uid = None

    def present(self, token):
        self._cards.append(token)

    def step(self, now):
        if self._until is not None:
            if now >= self._until:
                self.uid = None
            if now < self._until + GAP_MS:
                return
            self._until = None
        if self._cards:
            token = self._cards.pop(0)
            self._until = now + CARD_MS
            self.uid = uid_of(token)
            if self.uid is None:
                self._inject(token)


class PN532:
    def __init__(self, field):
        self._field = field
        self.restart()

    def restart(self):
        self._data = b""
        self._out = []  # (at, bytes)
        self._tries = FOREVER
        self._listing = None  # when InListPassiveTarget gives up

    def receive(self, data, now):
        self._data += data
        while True:
            # Anything before a start code is preamble: 0x55 wake-up bytes, zeros.
            at = self._data.find(START)
            if at < 0:
                self._data = self._data[-1:]
                return
            rest = self._data[at + 2 :]
            if len(rest) < 2:
                return
            used = self._frame(rest, now)
            if not used:
                return
            self._data = rest[used:]

    def _frame(self, rest, now):
        """Takes one frame from behind a start code; 0 = not complete yet."""
        size = rest[0]
        if rest[:2] in (ACK[3:5], NACK[3:5]):
            self._listing = None  # the host's ACK aborts the command that is running
            return 2
        if (size + rest[1]) & 0xFF:
            return 1
        if len(rest) < size + 3:
            return 0
        body = rest[2 : 2 + size]
        if not size or sum(rest[2 : 3 + size]) & 0xFF:
            self._send(ERROR_FRAME, now)
        elif body[0] == TO_CHIP and size > 1:
            self._send(ACK, now)
            self._command(body[1], body[2:], now)
        return size + 3

    def _command(self, code, data, now):
        self._listing = None
        if code == LIST_TARGET:
            wait = TRY_MS * (self._tries + 1)
            self._listing = float("inf") if self._tries == FOREVER else now + wait
        elif code == GET_FIRMWARE:
            self._answer(code, FIRMWARE, now)
        elif code == RF_CONFIGURATION:
            if data[:1] == b"\x05" and len(data) >= 4:
                self._tries = data[3]  # MxRtyPassiveActivation
            self._answer(code, b"", now)
        elif code == SAM:
            self._answer(code, b"", now)
        elif code == RELEASE:
            self._answer(code, b"\x00", now)
        else:
            self._send(ERROR_FRAME, now)

    def _answer(self, code, data, now):
        self._send(frame(bytes((FROM_CHIP, code + 1)) + data), now + ANSWER_MS)

    def _send(self, data, at):
        self._out.append((at, data))

    def due(self, now):
        if self._listing is not None:
            uid = self._field.uid
            if uid is not None:
                self._answer(
                    LIST_TARGET, b"\x01\x01" + ATQA[len(uid)] + SAK + bytes((len(uid),)) + uid, now
                )
                self._listing = None
            elif now >= self._listing:
                self._answer(LIST_TARGET, b"\x00", now)
                self._listing = None
        ready = b"".join(data for at, data in self._out if at <= now)
        self._out = [one for one in self._out if one[0] > now]
        return ready
