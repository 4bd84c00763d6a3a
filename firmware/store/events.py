"""What happened, for months: small records on a few raw blocks, the oldest ones give way.

A ring of erase blocks (ring.py), so a power cut leaves every earlier record readable. `add` only
programs; a task calls `prepare` while no contactor is closed, and each call erases one block at
most. Without an erased block events wait in RAM, and only when that is full `add` erases.

What repeats within an hour is counted, not written each time (repeat.py): a link that flaps must
not wear the flash out. The count is written when the hour is over, lost at a power cut before.
"""

from micropython import const

from firmware.store import repeat
from firmware.store.digits import put_varint, varint
from firmware.store.ring import Ring
from firmware.store.walk import RECORD, TAIL, Walk

# A kind's place is its code on flash: new ones are added at the end.
KINDS = (
    "boot",  # cause, version
    "reset asked",
    "fault set",  # connector, name
    "fault cleared",
    "link lost",  # why
    "link up",
    "configuration changed",  # the key alone
    "firmware",  # a step of an update
    "trial",
    "rollback",
    "clock learned",
    "clock jumped",
    "journal full",
    "journal room",
    "stalled",
    "parked",
    "reinjected",
    "storage",  # a file or block that could not be read or written
    "security",
)

# Fields of what `records` yields.
NUMBER = const(0)
BOOT = const(1)
MS = const(2)
AT = const(3)  # UTC seconds, None if nobody knew them
KIND = const(4)
TEXT = const(5)
COUNT = const(6)

_SIGNATURE = const(0x45764C31)  # not a journal's block
_TEXT_BYTES = const(80)
_WAITING = const(16)
_EIO = const(5)
_BLOCKS = const(4)  # at least
_TRIES = const(2)
_SPARE_BLOCKS = const(1)


class _Codec:
    size = (0, 0)

    def __init__(self, signature: int):
        self._signature = signature

    def signature(self, size: tuple) -> int:
        return self._signature


class Events:
    """`boot`: the number of this one; `utc(ms)`: UTC seconds of an instant of it, None while
    unknown. `wiped`: something else stood there and is gone."""

    # What another history says in its own way.
    kinds: "tuple" = KINDS
    signature = _SIGNATURE
    gives_way = 0  # which of those that wait is lost when too many do: the oldest

    def __init__(self, device, boot: int, utc, align: int = 4):
        self._boot = boot
        self._utc = utc
        self.wiped = False
        if device.ioctl(4, 0) < _BLOCKS:
            raise ValueError("events: geometry")
        try:
            self._ring = Ring(device, align, _Codec(self.signature))
        except ValueError:  # of another firmware: no reason not to boot
            self._wipe(device)
            self._ring = Ring(device, align, _Codec(self.signature))
        self._waiting = []  # bodies
        self._repeat = repeat.Repeat(self._write)
        self.lost = 0  # events that found no room
        self.forced_erases = 0
        self.error: "OSError | None" = None  # why flash did not take the last one
        self.next_number = self._find_next()

    def _wipe(self, device):
        self.wiped = True
        for block in range(device.ioctl(4, 0)):
            device.ioctl(6, block)

    def _find_next(self) -> int:
        ring = self._ring
        number = 1
        for block in ring.order[-1:]:
            number = ring.first[block]
            for walk in _frames(ring, block):
                number = walk.number + 1
        return number

    # --- what happens -----------------------------------------------------------------------

    def add(self, kind: str, text: str, now: int):
        """What flash does not take waits, and is lost when too many do: `.lost`, `.error`."""
        self._repeat.add(self.kinds.index(kind), _short(text), now)

    def counted(self):
        """(kind, text, times, ms of the last): repeated within this hour, not written yet."""
        for row in self._repeat.rows:
            if row[repeat.TIMES]:
                text, times = row[repeat.TEXT], row[repeat.TIMES]
                yield self.kinds[row[repeat.KIND]], text, times, row[repeat.LAST]

    # --- flash ------------------------------------------------------------------------------

    def _write(self, code: int, text: str, ms: int, times: int):
        body = bytearray([code])
        for value in (self._boot, ms, self._utc(ms) or 0, times):
            put_varint(body, value)
        self._waiting.append(body + text.encode())
        self._drain(len(self._waiting) > _WAITING)
        if len(self._waiting) > _WAITING:
            self._waiting.pop(self.gives_way)
            self.lost += 1
        self._written(code)

    def _written(self, code: int):
        """A record of this kind is on flash, or waits."""

    def _drain(self, force: bool):
        try:
            while self._waiting and self._has_room(len(self._waiting[0]), force):
                body, tries = self._waiting[0], _TRIES
                while not self._ring.put(RECORD, self.next_number, body):
                    tries -= 1
                    if not self._has_room(len(body), False) or not tries:
                        raise OSError(_EIO)
                self.next_number += 1
                self._waiting.pop(0)
            self.error = None
        except OSError as error:
            self.error = error

    def _has_room(self, length: int, force: bool) -> bool:
        """In the newest block or a new one. One block is always left over: a cut may leave the
        newest unfit to say that the oldest is needed no more."""
        ring = self._ring
        erases = ring.erases
        while not ring.room(length):
            if not force and not ring.erased():
                return False
            if ring.free() > _SPARE_BLOCKS:
                ring.open(self.next_number)
            else:
                ring.release(1, self.next_number)
        self.forced_erases += ring.erases - erases
        return True

    def prepare(self, now: int) -> bool:
        """Idle work, while no contactor is closed: at most one erase, then what waited. Never
        raises OSError, as `add` does not: others wait for their turn behind it."""
        self._repeat.settle(now)
        try:
            erased = not self._ring.erased() and self._ring.erase()
        except OSError as error:
            self.error = error
            return False
        self._drain(False)
        return erased

    def flush(self):
        """Before a reset: what is only counted is written."""
        self._repeat.flush()
        self._drain(False)

    # --- reading ----------------------------------------------------------------------------

    def records(self, after: int = 0):
        """(number, boot, ms, at, kind, text, count) of those behind a number, the oldest first,
        one at a time. Those that wait for an erase come last."""
        ring = self._ring
        for block in list(ring.order):
            if self._end(block) > after + 1:
                for walk in _frames(ring, block):
                    if after < walk.number < self._end(block):
                        after = walk.number
                        yield self._decode(after, ring.body(block, walk.at, walk.length))
        number = self.next_number
        for body in list(self._waiting):
            if number > after:
                yield self._decode(number, body)
            number += 1

    def newest(self, count: int) -> list:
        """The last `count` of them, the newest first."""
        return list(reversed(list(self.records(max(0, self.last - count)))))

    @property
    def last(self) -> int:
        return self.next_number + len(self._waiting) - 1

    @property
    def missing(self) -> int:
        return self._ring.missing

    def _end(self, block: int) -> int:
        """One more than the last number in a block. What stands there beyond it was not taken,
        and its number was given again."""
        order = self._ring.order
        if block not in order:
            return 0  # given up meanwhile
        i = order.index(block) + 1
        return self._ring.first[order[i]] if i < len(order) else self.next_number

    def _decode(self, number: int, body) -> tuple:
        at = 1
        values = []
        for _ in range(4):
            value, at = varint(body, at)
            values.append(value)
        boot, ms, utc, times = values
        kinds = self.kinds
        kind = kinds[body[0]] if body[0] < len(kinds) else "kind %d" % body[0]
        return number, boot, ms, utc or None, kind, bytes(body[at:]).decode(), times


def _frames(ring: Ring, block: int):
    """A walk that stands on each record of a block in turn."""
    walk = Walk(ring)
    walk.enter(block)
    while walk.next():
        if walk.kind != TAIL:
            yield walk


def _short(text: str) -> str:
    """At most so many bytes, of whole characters, on one line."""
    if len(text) > _TEXT_BYTES:
        text = text[:_TEXT_BYTES]
    text = "".join(["?" if c < " " or 0xD800 <= ord(c) <= 0xDFFF else c for c in text])
    while len(text.encode()) > _TEXT_BYTES:
        text = text[:-1]
    return text
