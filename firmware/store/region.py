"""Two ways to come by the device a journal needs, where the chip's own does not fit.

`Pages`: for a chip that programs whole pages only. `FileRegion`: for a port without a spare
partition. Both speak `readblocks`, `writeblocks`, `ioctl`, as `firmware/store/ring.py` wants it.
"""

from micropython import const

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)
_ENOENT = const(2)


class Pages:
    """Programs of any size on a device that takes whole pages at page boundaries. RP2040: pages
    of 256 bytes, and what is shorter or crooked is programmed wrongly, without an error. What is
    around is sent as 0xFF, which changes no bit of NOR flash. Not for flash that encrypts or
    corrects errors by the page: give the journal that page as its `align` instead."""

    def __init__(self, device, page_bytes: int = 256):
        self._device = device
        self._page = bytearray(page_bytes)
        self.readblocks = device.readblocks
        self.ioctl = device.ioctl

    def writeblocks(self, block: int, buf, offset: int) -> None:
        size = len(self._page)
        done = 0
        while done < len(buf):
            within = (offset + done) % size
            count = min(size - within, len(buf) - done)
            for i in range(size):
                self._page[i] = 0xFF
            self._page[within : within + count] = memoryview(buf)[done : done + count]
            self._device.writeblocks(block, self._page, offset + done - within)
            done += count


class FileRegion:
    """A file in `folder` for each block; it holds what is programmed so far, and no more.

    The honest cost on LittleFS: it copies the last block of a file at each append, so a record
    costs about one erase (1.04 measured, against 0.02 on a partition), now, contactor closed or
    not. One large preallocated file would be worse: LittleFS rewrites everything behind the place
    of a change. Such a port has no way to keep erases away from a charging session."""

    def __init__(self, folder: str, blocks: int, block_bytes: int = 4096):
        self._folder = folder
        self._blocks = blocks
        self._block_bytes = block_bytes

    def readblocks(self, block: int, buf, offset: int) -> None:
        view = memoryview(buf)
        done = 0
        try:
            with open(self._path(block), "rb") as file:
                file.seek(offset)
                done = file.readinto(buf)
        except OSError as e:
            if e.args[0] != _ENOENT:
                raise
        for i in range(done, len(view)):
            view[i] = 0xFF

    def writeblocks(self, block: int, buf, offset: int) -> None:
        """ValueError in front of what is programmed: a file only grows."""
        with open(self._path(block), "ab") as file:
            file.seek(0, 2)
            gap = offset - file.tell()
            if gap < 0:
                raise ValueError("file region: programmed already")
            # In one piece: the file system keeps all of it or nothing.
            file.write(b"\xff" * gap + bytes(buf))

    def ioctl(self, op: int, argument: int) -> int:
        if op == _IOCTL_COUNT:
            return self._blocks
        if op == _IOCTL_SIZE:
            return self._block_bytes
        if op == _IOCTL_ERASE:
            with open(self._path(argument), "wb"):
                pass  # to nothing
        return 0

    def _path(self, block: int) -> str:
        return "%s/%03d" % (self._folder, block)
