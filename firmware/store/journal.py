"""Records on raw flash: kept before `append` returns, through a power cut at any moment.

The contract of a record store stands in `firmware/store/volatile.py`; this one survives. A ring
of erase blocks (`ring.py`), values packed (`pack.py`). Needs one erase for each block of records,
not for each record. Which records are needed is known in RAM alone, a bit each; after a restart
all are, until they are discarded again. No protocol word, no clock.

    append(record, outcome=False)   as the contract; EFBIG when a record is larger than a block
    prepare(blocks) -> bool         idle work; True: there was some, call again later
    .forced_erases                  erases an append had to wait for; .erases: all of them
    .missing                        blocks in use that could not be read at boot (0 is normal)

An erase stops everything on the chip (interrupts too) for 50 to 400 ms. So a task calls `prepare`
while no contactor is closed: each call erases at most one block and moves the records of at most
one. Then an append only programs. Not prepared, it erases when no erased block is left.
"""

from micropython import const

from firmware.store.pack import Codec
from firmware.store.packed import Packed
from firmware.store.ring import Ring
from firmware.store.walk import OUTCOME, RECORD, TAIL, Walk

_EIO = const(5)
_EFBIG = const(27)
_ENOSPC = const(28)

# Blocks that live records may never fill: the one being written, and the one that takes the
# records of the oldest while that is still needed. With less a full store would turn, but run a
# lap for every record.
_SPARE_BLOCKS = const(2)
# What a block's end may waste is counted once for all for frames up to this size; a larger frame
# is counted twice, for it may leave its own size empty in the block before.
_SMALL_BYTES = const(128)
_HEAD_BYTES = const(64)
_TRIES = const(2)  # a frame that does not read back is written once more, in another block


class Journal:
    """`words`, `shapes`: see `Codec`. `align`: see `Ring`. `outcome_bytes`: room set aside for the
    outcome of each record, as a frame on flash; a longer one is taken while there is room.
    `breathe()`: called for each record while a full region is read, which takes a chip seconds."""

    def __init__(
        self, device, words=(), shapes=(), align: int = 4, outcome_bytes: int = 16,
        breathe=lambda: None,
    ):  # fmt: skip
        self._codec = Codec(words, shapes)
        self._ring = Ring(device, align, self._codec)
        self._outcome_bytes = outcome_bytes
        self._breathe = breathe
        blocks = self._ring.blocks
        self._limit_bytes = (blocks - _SPARE_BLOCKS) * (self._ring.payload_bytes - _SMALL_BYTES)
        self._live = [0] * blocks  # a bit for each record of a block, in their order
        self._moved = Packed()  # (number, block) of live records no longer where they were put
        self._walks = [Walk(self._ring), Walk(self._ring)]
        self._used_bytes = 0
        self._questions = 0  # live records that are no outcomes
        self._next = 1
        self.forced_erases = 0
        self._ring.look_through(self._ring.block_bytes)
        self._recover()
        self._ring.look_through()

    # The contract

    def append(self, record: tuple, outcome: bool = False) -> int:
        body = self._codec.encode(record)
        if len(body) > self._ring.longest:
            raise OSError(_EFBIG)
        aside = 0 if outcome else self._outcome_bytes * (self._questions + 1)
        if self._used_bytes + self._cost(len(body)) + aside > self._limit_bytes:
            raise OSError(_ENOSPC)
        number = self._next
        for _ in range(_TRIES):
            self._make_room(len(body))
            if self._ring.put(OUTCOME if outcome else RECORD, number, body):
                self._next += 1
                self._count_in(self._ring.newest)
                return number
        raise OSError(_EIO)

    def read(self, number: int, heads: "dict | None" = None) -> list:
        return self._decoded(self._find(number), heads)

    def _decoded(self, walk: Walk, heads: "dict | None"):
        """The record it stands on. A head nearly always lies in its first bytes."""
        if heads is not None and walk.length > _HEAD_BYTES:
            try:
                return self._codec.decode(self._ring.body(walk.block, walk.at, _HEAD_BYTES), heads)
            except ValueError:  # it does not, or the whole is wanted
                pass
        return self._codec.decode(self._ring.body(walk.block, walk.at, walk.length), heads)

    def records(self, heads: "dict | None" = None):
        """Records may be discarded while this runs."""
        before = -1  # moved ones up to here have been shown
        for block in list(self._ring.order):
            walk = Walk(self._ring)
            walk.enter(block)
            while walk.next():
                if not self._is_live(walk) or walk.number < self._ring.first[block]:
                    continue
                number = walk.number
                record = self._decoded(walk, heads)
                yield from self._moved_ones(before, number, heads)
                before = number
                yield number, record
        yield from self._moved_ones(before, self._next, heads)

    def _moved_ones(self, after: int, before: int, heads: "dict | None"):
        row = self._moved.next(after)
        while row and row[0] < before:
            yield row[0], self.read(row[0], heads)
            row = self._moved.next(row[0])

    def discard(self, number: int) -> None:
        self._count_out(self._find(number))

    def next_number(self) -> int:
        return self._next

    def used_percent(self) -> int:
        aside = self._outcome_bytes * self._questions
        return (self._used_bytes + aside) * 100 // self._limit_bytes

    # While idle

    def prepare(self, blocks: int = 2) -> bool:
        """Work towards `blocks` blocks that can be filled without an erase."""
        ring = self._ring
        if ring.erased() > blocks:
            return False
        if ring.erased() == ring.free():
            if not self._worth_it():
                return False
            self._reclaim()
        return ring.erase()

    @property
    def erases(self) -> int:
        return self._ring.erases

    @property
    def missing(self) -> int:
        return self._ring.missing

    # Room

    def _cost(self, length: int) -> int:
        size = self._ring.frame_bytes(length)
        return size if size <= _SMALL_BYTES else 2 * size

    def _make_room(self, length: int) -> None:
        """In the newest block, or in a new one. Within one lap all that is dead is gone."""
        ring = self._ring
        for _ in range(2 * ring.blocks):
            if ring.room(length):
                return
            erases = ring.erases
            if ring.free() > 1:
                ring.open(self._next)
            else:
                self._reclaim()
            self.forced_erases += ring.erases - erases
        raise OSError(_ENOSPC)

    def _worth_it(self) -> bool:
        """Would a lap free a block? The oldest at once, if it is dead."""
        order = self._ring.order
        if len(order) < 2:
            return False
        room = self._ring.payload_bytes - _SMALL_BYTES
        return not self._live[order[0]] or len(order) > 2 + self._used_bytes // room

    def _reclaim(self) -> None:
        """Frees the oldest block. What is still needed there is copied first; a cut between
        leaves a record twice, and its number says so."""
        ring = self._ring
        oldest = ring.order[0]
        walk = Walk(ring)
        walk.enter(oldest)
        while self._live[oldest] and walk.next():
            if self._is_live(walk):
                self._move(walk)
        count = 1
        while count < len(ring.order) - 1 and not self._live[ring.order[count]]:
            count += 1
        ring.release(count, self._next)

    def _move(self, walk: Walk) -> None:
        ring = self._ring
        body = ring.body(walk.block, walk.at, walk.length)
        for _ in range(_TRIES):
            if not ring.room(len(body)):
                ring.open(self._next)  # may be the last free one: that is what it is for
            if ring.put(walk.kind, walk.number, body):
                self._count_out(walk)
                self._count_in(ring.newest)
                self._moved.put(walk.number, ring.head)
                return
        raise OSError(_EIO)

    # What is live

    def _is_live(self, walk: Walk) -> bool:
        return walk.kind != TAIL and self._live[walk.block] >> walk.place & 1 == 1

    def _count_in(self, walk: Walk) -> None:
        self._live[walk.block] |= 1 << walk.place
        self._used_bytes += self._cost(walk.length)
        self._questions += walk.kind == RECORD

    def _count_out(self, walk: Walk) -> None:
        self._live[walk.block] ^= 1 << walk.place
        self._used_bytes -= self._cost(walk.length)
        self._questions -= walk.kind == RECORD
        self._moved.take(walk.number)

    def _find(self, number: int) -> Walk:
        """A walk that stands on a live record. KeyError when there is none."""
        block = self._block_of(number)
        walk = self._walks[0]
        if not walk.within(block):
            self._walks.reverse()  # two: one at the oldest messages, one at the newest answers
            walk = self._walks[0]
        if not walk.within(block):
            walk.enter(block)
        for _ in range(2):
            while walk.number != number or not self._is_live(walk):
                if not walk.next():
                    break
            else:
                return walk
            walk.enter(block)
        raise KeyError(number)

    def _block_of(self, number: int) -> int:
        moved = self._moved.find(number)
        if moved:
            return moved[1]
        for block in reversed(self._ring.order):
            if self._ring.first[block] <= number:
                return block
        raise KeyError(number)

    def _recover(self) -> None:
        order = self._ring.order
        for i, block in enumerate(order):
            self._next = max(self._next, self._ring.first[block])
            # A record that failed to be kept may stand there whole; its number was given again.
            limit = self._ring.first[order[i + 1]] if i + 1 < len(order) else None
            self._recover_block(block, limit)

    def _recover_block(self, block: int, limit: "int | None") -> None:
        walk = Walk(self._ring)
        walk.enter(block)
        while walk.next():
            self._breathe()
            number = walk.number
            if walk.kind == TAIL or (limit is not None and number >= limit):
                continue
            if number < self._ring.first[block]:
                self._forget(number)
                self._moved.take(number)
                self._moved.put(number, block)
            else:
                self._next = number + 1
            self._count_in(walk)

    def _forget(self, number: int) -> None:
        """A copy of this record was found: the original, if it is still there, counts no more."""
        try:
            self._count_out(self._find(number))
        except KeyError:
            return
