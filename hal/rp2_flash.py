"""The storage area at the end of the RP2040's flash: 4096-byte erase blocks of 0xFF, programmed in
pages of 256 bytes that only clear bits.

Takes programs of any size and place: what is around them in their page is sent as 0xFF, which
changes no bit. Interrupts are masked during every erase (45 ms, at worst 400 ms) and page (under
1 ms): the times are a W25Q's, not verified here. Each page is sent by itself, so that interrupts
pass in between.
Boundary: a block device, no file system. Wear is counted in RAM, since boot.
"""

import rp2
from micropython import const

_BLOCK = const(4096)
_PAGE = const(256)
_BLANK = b"\xff" * 256

_IOCTL_SYNC = const(3)
_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)


class Flash:
    """The block protocol of MicroPython, both forms. `first` and `count` cut a part out; parts
    with the same `own` in `counters` are counted together.
    """

    def __init__(self, first=0, count=None, counters=None, own=0):
        self._device = rp2.Flash()
        self._counters = counters if counters is not None else {}
        self._own = own
        for key in (0, own):
            if key not in self._counters:
                self._counters[key] = [0, 0, 0]
        self._first = first
        self._count = count if count is not None else self._device.ioctl(_IOCTL_COUNT, 0) - first
        # The ROM reads what it programs while the flash is off the bus: never from flash itself.
        self._page = bytearray(_PAGE)

    def part(self, first, count, own=0):
        """A block device of its own over some of these blocks."""
        if first < 0 or count < 0 or first + count > self._count:
            raise ValueError("flash part")
        return Flash(self._first + first, count, self._counters, own)

    def mapped(self):
        """The bytes of this part where the chip maps them. What is programmed later shows."""
        at = self._first * _BLOCK
        # Not a buffer that could be written to: rp2.Flash gives its bytes for reading only.
        return memoryview(self._device)[at:at + self._count * _BLOCK]  # type: ignore[arg-type]

    def wear(self):
        """(erases, programs, bytes) of this part since boot."""
        return tuple(self._counters[self._own])

    def has_littlefs(self):
        """A superblock's magic stands at offset 8 of block 0 or 1 (littlefs SPEC.md)."""
        magic = bytearray(8)
        for block in (0, 1):
            self.readblocks(block, magic, 8)
            if magic == b"littlefs":
                return True
        return False

    def readblocks(self, block, buf, offset=0):
        self._check(block, offset, len(buf))
        self._device.readblocks(self._first + block, buf, offset)

    def writeblocks(self, block, buf, offset=None):
        """Without an offset the blocks are erased first, as the plain block protocol wants it."""
        self._check(block, offset or 0, len(buf))
        if offset is None:
            for i in range((len(buf) + _BLOCK - 1) // _BLOCK):
                self._erase(block + i)
            offset = 0
        data, page, done = memoryview(buf), self._page, 0
        while done < len(data):
            within = (offset + done) % _PAGE
            size = min(_PAGE - within, len(data) - done)
            if size < _PAGE:
                page[:] = _BLANK
            page[within:within + size] = data[done:done + size]
            self._device.writeblocks(self._first + block, page, offset + done - within)
            self._count_up(1, 1)
            self._count_up(2, size)
            done += size

    def ioctl(self, op, arg):
        if op == _IOCTL_COUNT:
            return self._count
        if op == _IOCTL_SIZE:
            return _BLOCK
        if op == _IOCTL_ERASE:
            self._check(arg, 0, _BLOCK)
            self._erase(arg)
        return 0

    def _check(self, block, offset, size):
        if block < 0 or offset < 0 or block * _BLOCK + offset + size > self._count * _BLOCK:
            raise OSError("flash range")

    def _erase(self, block):
        self._device.ioctl(_IOCTL_ERASE, self._first + block)
        self._count_up(0, 1)

    def _count_up(self, what, number):
        self._counters[0][what] += number
        if self._own:
            self._counters[self._own][what] += number
