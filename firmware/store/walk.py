"""From frame to frame through one block, over whatever is damaged.

A frame that fails its checksum has no length to trust. The walk looks for the next whole frame at
every aligned place behind it; 32 bits of checksum, salted with the block's sequence number, tell
it from a record that only looks like one.
"""

from micropython import const

RECORD = const(0)
OUTCOME = const(1)
TAIL = const(2)  # a frame of the ring itself: the sequence number of the oldest block in use

FRAME_BYTES = const(9)  # checksum, length and kind, number - first of the block


class Walk:
    """`ring`: reads and checks frames; see `Ring.check`."""

    def __init__(self, ring):
        self._ring = ring
        self.block = None
        self._sequence = None

    def enter(self, block: int) -> None:
        """To the front of a block."""
        self.block = block
        self._sequence = self._ring.sequence[block]
        self._salt = self._ring.salt(block)
        self.place = -1  # how many records stand before this one
        self.end = self._ring.start
        self.torn = False  # something was skipped
        self.at = self.length = 0
        self.kind = self.number = None

    def within(self, block: int) -> bool:
        """Is it somewhere in this block, as the block is now?"""
        return self.block == block and self._sequence == self._ring.sequence[block]

    def next(self) -> bool:
        """To the next frame: .kind .number .at .length, .end behind it. False: no more."""
        ring = self._ring
        at = self.end
        while at < ring.block_bytes:
            frame = ring.check(self.block, at, self._salt)
            if frame is not None:
                self.kind, self.number, self.length = frame
                self.at = at
                self.end = at + ring.frame_bytes(self.length)
                self.place += self.kind != TAIL
                return True
            if ring.blank(self.block, at):
                break
            self.torn = True
            at += ring.align
        self.end = at
        return False
