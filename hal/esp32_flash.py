"""The storage area of an ESP32 as a block device: a data partition, or a part of one.

A partition labelled "evse" is ours as a whole. A stock table has only "vfs": it is used where it
is blank or begins with a file system of our size, and the rest behind that is raw. Whoever has a
full-size file system there keeps it and is told what to do. NVS is never touched.
Erases, page programs and bytes are counted in RAM: since this boot, not since the flash is new.
Boundary: a block device, no file system.
"""

from esp32 import Partition
from micropython import const

_BLOCK = const(4096)
_PAGE = const(256)  # what the chip programs at once; IDF cuts longer writes
_OURS = "evse"
_STOCK = "vfs"

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)

# littlefs SPEC.md, superblock: the magic at 8, behind it a tag, version, block size, block count
_MAGIC = b"littlefs"
_MAGIC_AT = const(8)
_COUNT_AT = const(28)
_HEAD = const(32)

_PREPARE = (
    'flash: partition "vfs" holds %s; it is left as it is. Write a partition table with a data '
    'partition "evse", or save what is on it and erase it (esptool erase_region); the stock _boot '
    "formats an erased vfs to its full size, so that takes an image with our own _boot"
)


class Flash:
    """The block protocol of MicroPython, both forms, over blocks `first` to `first + count`.
    `counters`: each [erases, programs, bytes] in which this part counts.
    """

    def __init__(self, partition, first, count, *counters):
        self._partition = partition
        self._first = first
        self._count = count
        self._counters = counters

    def part(self, first, count, own=None):
        """A block device of its own over some of these blocks; `own`: counters besides."""
        if first < 0 or first + count > self._count:
            raise ValueError("flash part")
        more = () if own is None else (own,)
        return Flash(self._partition, self._first + first, count, *(self._counters + more))

    def wear(self):
        """(erases, programs, bytes) since this boot."""
        return tuple(self._counters[-1])

    def littlefs_blocks(self):
        """Of how many blocks the file system is that begins here; None: there is none."""
        head = bytearray(_HEAD)
        for block in (0, 1):
            self.readblocks(block, head, 0)
            if head[_MAGIC_AT : _MAGIC_AT + 8] == _MAGIC:
                return int.from_bytes(head[_COUNT_AT : _COUNT_AT + 4], "little")
        return None

    def blank(self, blocks):
        """The first blocks were never written."""
        data = bytearray(_PAGE)
        erased = b"\xff" * _PAGE
        for at in range(0, blocks * _BLOCK, _PAGE):
            self.readblocks(at // _BLOCK, data, at % _BLOCK)
            if data != erased:
                return False
        return True

    def readblocks(self, block, buf, offset=0):
        self._partition.readblocks(self._where(block, offset, len(buf)), buf, offset)

    def writeblocks(self, block, buf, offset=None):
        """Without an offset the blocks are erased first, as the plain block protocol wants it."""
        where = self._where(block, offset or 0, len(buf))
        if offset is None:
            self._partition.writeblocks(where, buf)
            self._count_up(0, (len(buf) + _BLOCK - 1) // _BLOCK)
            offset = 0
        else:
            self._partition.writeblocks(where, buf, offset)
        self._count_up(1, (offset % _PAGE + len(buf) + _PAGE - 1) // _PAGE)
        self._count_up(2, len(buf))

    def ioctl(self, op, arg):
        if op == _IOCTL_COUNT:
            return self._count
        if op == _IOCTL_SIZE:
            return _BLOCK
        if op == _IOCTL_ERASE:
            self._partition.ioctl(op, self._where(arg, 0, _BLOCK))
            self._count_up(0, 1)
        return 0

    def _where(self, block, offset, size):
        """The block of the partition; everything of it lies in this part."""
        end = block * _BLOCK + offset + size
        if block < 0 or offset < 0 or end > self._count * _BLOCK:
            raise OSError("flash range")
        return self._first + block

    def _count_up(self, what, number):
        for counters in self._counters:
            counters[what] += number


def needed(board):
    """The blocks of `board`'s layout (firmware/stores.py)."""
    return board.file_blocks + board.journal_blocks + board.event_blocks + board.security_blocks


def storage(board):
    """The Flash of this board. OSError: nothing fits, with what to do about it."""
    for label in (_OURS, _STOCK):
        found = Partition.find(Partition.TYPE_DATA, label=label)
        if found:
            break
    else:
        raise OSError('flash: there is no data partition "evse" and no "vfs"')
    blocks = found[0].info()[3] // _BLOCK
    if blocks < needed(board):
        raise OSError(
            'flash: partition "%s" has %d blocks, this board needs %d'
            % (label, blocks, needed(board))
        )
    flash = Flash(found[0], 0, blocks, [0, 0, 0])
    if label == _STOCK:
        _refuse_foreign(flash, board.file_blocks)
    return flash


def _refuse_foreign(flash, file_blocks):
    """A file system of somebody else is no free space."""
    blocks = flash.littlefs_blocks()
    if blocks is None and not flash.blank(2):
        raise OSError(_PREPARE % "something that is not ours")
    if blocks is not None and blocks != file_blocks:
        raise OSError(_PREPARE % ("a file system of %d blocks, not %d" % (blocks, file_blocks)))
