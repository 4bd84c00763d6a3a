"""A NOR flash in a file: 4096-byte erase blocks of 0xFF, programming only clears bits.

Every page is one pwrite: a process killed at any moment leaves exactly the pages written so
far. Erases, page programs and bytes are counted in three slots of the wires, those of a part
also in three of its own.
Boundary: a block device, no file system.
"""

import ffi
import uctypes
from micropython import const

_BLOCK = const(4096)
_PAGE = const(256)
_ERASED = b"\xff" * _BLOCK
_O_RDWR = const(2)
_PROT_READ = const(1)
_MAP_SHARED = const(1)

_IOCTL_SYNC = const(3)
_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)

_libc = ffi.open(None)
_open = _libc.func("i", "open", "si")
_pread = _libc.func("l", "pread", "iPLL")
_pwrite = _libc.func("l", "pwrite", "iPLL")


def _length(fd):
    return _libc.func("l", "lseek", "ili")(fd, 0, 2)


def _mapped(fd, offset, size):
    """Only to be read."""
    mmap = _libc.func("p", "mmap", "pLiiiL")
    return uctypes.bytearray_at(mmap(None, size, _PROT_READ, _MAP_SHARED, fd, offset), size)


def map_file(path):
    """The bytes of a file in place, while it is not changed."""
    fd = _open(path, 0)
    if fd < 0:
        raise OSError("no file at " + path)
    return _mapped(fd, 0, _length(fd))


class Flash:
    """The block protocol of MicroPython, both forms. `first` and `count` cut a part out of the
    image. `at`, `own`: where in `counters` the whole and this part are counted.
    """

    def __init__(self, path, counters, at, first=0, count=None, own=None):
        self._fd = _open(path, _O_RDWR)
        if self._fd < 0:
            raise OSError("no flash image at " + path)
        self._path = path
        self._counters = counters
        self._at = at
        self._own = own
        self._first = first
        self._count = count if count is not None else self._size() // _BLOCK - first

    def part(self, first, count, own=None):
        """A block device of its own over some of these blocks."""
        if first < 0 or first + count > self._count:
            raise ValueError("flash part")
        return Flash(self._path, self._counters, self._at, self._first + first, count, own)

    def mapped(self):
        """The bytes of this part in place. What is programmed later shows in them."""
        return _mapped(self._fd, self._first * _BLOCK, self._count * _BLOCK)

    def wear(self):
        """(erases, programs, bytes) of this part since the flash is new; the whole's, if it is
        not counted by itself.
        """
        at = self._at if self._own is None else self._own
        return tuple(self._counters[at + i] for i in range(3))

    def has_littlefs(self):
        """A superblock's magic stands at offset 8 of block 0 or 1 (littlefs SPEC.md)."""
        magic = bytearray(8)
        for block in (0, 1):
            self.readblocks(block, magic, 8)
            if magic == b"littlefs":
                return True
        return False

    def readblocks(self, block, buf, offset=0):
        if _pread(self._fd, buf, len(buf), self._where(block, offset, len(buf))) != len(buf):
            raise OSError("flash read")

    def writeblocks(self, block, buf, offset=None):
        """Without an offset the blocks are erased first, as the plain block protocol wants it."""
        if offset is None:
            for i in range((len(buf) + _BLOCK - 1) // _BLOCK):
                self._erase(block + i)
            offset = 0
        where = self._where(block, offset, len(buf))
        buf = memoryview(buf)
        done = 0
        while done < len(buf):
            # A page program never crosses the page's end.
            size = min(len(buf) - done, _PAGE - (where + done) % _PAGE)
            self._program(where + done, buf[done:done + size])
            done += size

    def ioctl(self, op, arg):
        if op == _IOCTL_COUNT:
            return self._count
        if op == _IOCTL_SIZE:
            return _BLOCK
        if op == _IOCTL_ERASE:
            self._erase(arg)
        return 0

    def _size(self):
        return _length(self._fd)

    def _where(self, block, offset, size):
        where = block * _BLOCK + offset
        if block < 0 or where + size > self._count * _BLOCK:
            raise OSError("flash range")
        return self._first * _BLOCK + where

    def _erase(self, block):
        self._put(self._where(block, 0, _BLOCK), _ERASED)
        self._count_up(0, 1)

    def _program(self, where, data):
        size = len(data)
        was = bytearray(size)
        if _pread(self._fd, was, size, where) != size:
            raise OSError("flash read")
        # One wide AND instead of a loop over bytes.
        both = int.from_bytes(was, "big") & int.from_bytes(data, "big")
        self._put(where, both.to_bytes(size, "big"))
        self._count_up(1, 1)
        self._count_up(2, size)

    def _count_up(self, what, number):
        self._counters[self._at + what] += number
        if self._own is not None:
            self._counters[self._own + what] += number

    def _put(self, where, data):
        if _pwrite(self._fd, data, len(data), where) != len(data):
            raise OSError("flash write")
