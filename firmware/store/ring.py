"""Frames on raw flash: a ring of erase blocks, each programmed from front to back, once.

`device` speaks `readblocks(block, buf, offset)`, `writeblocks(block, buf, offset)` and `ioctl`
4 (blocks), 5 (block size), 6 (erase). What is on it, byte by byte: docs/journal.md. This room
knows blocks and frames; what a frame says, and which are still needed, `journal.py` knows.

Whatever a power cut leaves is recognised: a frame by its checksum, which also covers the sequence
number of its block, so that nothing of an earlier lap passes; a block whose erase was begun by the
tail, which was written down before. Nothing is ever programmed behind something torn.
"""

import binascii
import struct

from micropython import const

from firmware.store.header import FIRST, HEADER_BYTES, SEQUENCE, SIGNATURE, SIZE, Header
from firmware.store.header import TAIL as OLDEST
from firmware.store.walk import FRAME_BYTES, TAIL, Walk

_LONGEST = const(4095)  # twelve bits
_WINDOW = const(256)
_EIO = const(5)
_ENOSPC = const(28)

# What stands in for the sequence number of a block not in use.
_ERASED = const(0)
_DIRTY = const(-1)  # to be erased before it is used

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)


class Ring:
    """`align`: what the chip programs at once, a power of two; every program begins and ends on
    it and no such unit is programmed twice. `codec`: its size and signature go into each block.
    ValueError: another version, geometry or codec wrote this, and nothing was changed."""

    def __init__(self, device, align: int, codec):
        self._device = device
        self.align = align
        self._codec = codec
        self.blocks = device.ioctl(_IOCTL_COUNT, 0)
        self.block_bytes = device.ioctl(_IOCTL_SIZE, 0)
        self._header = Header(align, self.block_bytes, self.blocks)
        if self.blocks < 4 or align < 4 or align > 256 or self.block_bytes < 1024:
            raise ValueError("journal: geometry")
        self.sequence = [_DIRTY] * self.blocks
        self.first = [0] * self.blocks  # numbers: a record in a block is below only if moved
        self.start = self._aligned(HEADER_BYTES)
        # Whatever else, the end of a block has room to say that the oldest one is no more.
        self._spare = self._aligned(FRAME_BYTES + 4)
        self.payload_bytes = self.block_bytes - self.start - self._spare
        self.longest = min(_LONGEST, self.payload_bytes - FRAME_BYTES)
        self.order = []  # blocks in use, oldest first
        self.erases = 0
        self.missing = 0  # blocks in use that cannot be read: their records are lost
        self.newest = Walk(self)  # stands behind the last frame of the newest block
        self._sealed = True  # nothing more is written there
        self.look_through(self.block_bytes)
        self._recover()
        self.look_through()

    def look_through(self, size: int = _WINDOW) -> None:
        """So many bytes at once. A look costs a chip 0.3 ms: whoever reads all there is takes a
        whole block, and gives the memory back."""
        self._window = bytearray(size)
        self._view = memoryview(self._window)
        self._blank = memoryview(b"\xff" * size)

    # What there is

    def _aligned(self, size: int) -> int:
        return size + self.align - 1 & -self.align

    def frame_bytes(self, length: int) -> int:
        return self._aligned(FRAME_BYTES + length)

    @property
    def head(self) -> int:
        return self.order[-1]

    def free(self) -> int:
        """Blocks not in use, erased or not."""
        return self.blocks - len(self.order)

    def erased(self) -> int:
        return self.sequence.count(_ERASED)

    def room(self, length: int) -> bool:
        """For a frame with so long a body, in the newest block."""
        return self._fits(self.frame_bytes(length) + self._spare)

    def _fits(self, size: int) -> bool:
        return not self._sealed and self.newest.end + size <= self.block_bytes

    def salt(self, block: int) -> int:
        return binascii.crc32(struct.pack("<I", self.sequence[block]))

    def blank(self, block: int, at: int) -> bool:
        """Is it erased from here to its end?"""
        while at < self.block_bytes:
            size = min(len(self._window), self.block_bytes - at)
            view = self._view[:size]
            self._device.readblocks(block, view, at)
            if view != self._blank[:size]:
                return False
            at += size
        return True

    def check(self, block: int, at: int, salt: int) -> "tuple | None":
        """(kind, number, length of the body) of a whole frame at this place, else None."""
        size = min(len(self._window), self.block_bytes - at)
        if size < FRAME_BYTES:
            return None
        view = self._view if size == len(self._window) else self._view[:size]
        self._device.readblocks(block, view, at)
        crc, meta, low, high = struct.unpack_from("<IHHb", self._window, 0)
        length = meta & 0xFFF
        end = at + FRAME_BYTES + length
        if meta >> 12 > TAIL or end > self.block_bytes:
            return None
        got = binascii.crc32(self._view[4 : min(size, FRAME_BYTES + length)], salt)
        while at + size < end:
            at += size
            size = min(len(self._window), end - at)
            self._device.readblocks(block, self._view[:size], at)
            got = binascii.crc32(self._view[:size], got)
        return (meta >> 12, self.first[block] + (high << 16 | low), length) if got == crc else None

    def body(self, block: int, at: int, length: int) -> bytearray:
        data = bytearray(length)
        self._device.readblocks(block, data, at + FRAME_BYTES)
        return data

    # Writing

    def put(self, kind: int, number: int, body: "bytes | bytearray") -> bool:
        """Programs one frame; `.newest` stands on it. False: the flash did not take it, and the
        block is used no more."""
        block, at = self.head, self.newest.end
        delta = number - self.first[block]
        frame = bytearray(FRAME_BYTES) + body
        meta = len(body) | kind << 12
        struct.pack_into("<IHHb", frame, 0, 0, meta, delta & 0xFFFF, delta >> 16)
        struct.pack_into("<I", frame, 0, binascii.crc32(memoryview(frame)[4:], self.salt(block)))
        frame.extend(b"\xff" * (self.frame_bytes(len(body)) - len(frame)))
        self._sealed = True  # should this end here
        self._device.writeblocks(block, frame, at)
        newest = self.newest
        if not newest.next() or (newest.at, newest.number, newest.kind) != (at, number, kind):
            return False
        self._sealed = False
        return True

    def open(self, number: int, tail: "int | None" = None) -> None:
        """A new newest block, for records from `number` on. `tail`: see `release`."""
        block = self._next_block()
        sequence = self.sequence[self.head] + 1 if self.order else 1
        if tail is None:
            tail = self.sequence[self.order[0]] if self.order else sequence
        size = self._codec.size
        header = self._header.make(sequence, number, tail, size, self._codec.signature(size))
        header.extend(b"\xff" * (self.start - len(header)))
        self.sequence[block] = _DIRTY
        self._device.writeblocks(block, header, 0)
        written = bytearray(len(header))
        self._device.readblocks(block, written, 0)
        if written != header:
            raise OSError(_EIO)
        self.sequence[block] = sequence
        self.first[block] = number
        self.order.append(block)
        self.newest.enter(block)
        self._sealed = False

    def release(self, count: int, number: int) -> None:
        """The `count` oldest blocks are needed no more. That is written down before one of them
        is erased: half erased they would show some of their records, and not others. `number`:
        as for `open`."""
        tail = self.sequence[self.order[count]]
        written = False
        if self._fits(self._spare):
            written = self.put(TAIL, self.first[self.head], struct.pack("<I", tail))
        if not written:
            self.open(number, tail)
        for _ in range(count):
            self.sequence[self.order.pop(0)] = _DIRTY

    def erase(self) -> bool:
        """Erases one block. False: none needs it."""
        block = self._after_head(_DIRTY)
        if block is None:
            return False
        self._device.ioctl(_IOCTL_ERASE, block)
        self.erases += 1
        self.sequence[block] = _ERASED
        return True

    def _next_block(self) -> int:
        if self._after_head(_ERASED) is None and not self.erase():
            raise OSError(_ENOSPC)
        return self._after_head(_ERASED)

    def _after_head(self, state: int) -> "int | None":
        """In the order of the blocks, so that each is erased as often as the others."""
        start = self.head + 1 if self.order else 0
        for i in range(self.blocks):
            block = (start + i) % self.blocks
            if self.sequence[block] == state:
                return block
        return None

    # Recovery

    def _recover(self) -> None:
        headers = {}
        self._repaired = []
        for block in range(self.blocks):
            headers[block] = self._read_header(block)
        found = [block for block in headers if headers[block] is not None]
        self.order = sorted(found, key=lambda block: self.sequence[block])
        if not self.order:
            return
        tail = max(headers[self.head][OLDEST], self._end_of_head(headers))
        for block in found:
            if self.sequence[block] < tail:
                self.order.remove(block)
                self.sequence[block] = _DIRTY
        for block in self.order:
            size = headers[block][SIZE]
            if self._codec.signature(size) != headers[block][SIGNATURE]:
                raise ValueError("journal: words changed, or of a newer firmware")
        self.missing = self.sequence[self.head] - tail + 1 - len(self.order)
        if self.free() == 0:
            self._roll_back(headers)

    def _read_header(self, block: int) -> "tuple | None":
        data = bytearray(HEADER_BYTES)
        self._device.readblocks(block, data, 0)
        fields = self._header.read(data)
        if fields is None and not self.blank(block, 0):
            fields = self._header.repaired(data)
            self._repaired.append(block)
        elif fields is None:
            self.sequence[block] = _ERASED
        if fields is not None:
            self.sequence[block] = fields[SEQUENCE]
            self.first[block] = fields[FIRST]
        return fields

    def _end_of_head(self, headers: dict) -> int:
        """Goes behind the last frame. Returns the newest tail written there, or 0."""
        tail = 0
        newest = self.newest
        newest.enter(self.head)
        while newest.next():
            if newest.kind == TAIL:
                tail = struct.unpack("<I", self.body(self.head, newest.at, newest.length))[0]
        # Behind something torn, and with words its header does not promise, nothing is written.
        like_ours = headers[self.head][SIZE] == self._codec.size
        self._sealed = newest.torn or not like_ours or self.head in self._repaired
        return tail

    def _roll_back(self, headers: dict) -> None:
        """No block is free: a cut has met the moving of the oldest block's records into the last
        free one. It holds nothing but copies, and the originals are all there: begin anew."""
        walk = self.newest
        walk.enter(self.head)
        while walk.next():
            if walk.kind != TAIL and walk.number >= self.first[self.head]:
                return
        self.sequence[self.order.pop()] = _DIRTY
        self._end_of_head(headers)
