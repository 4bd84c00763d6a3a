"""The way back into a device that keeps secrets: its whole storage is erased, each byte proven.

Promise: before anything else is erased a mark stands in the last block, and it goes when all else
was read back as erased. So a device without the mark holds what it held before, or nothing at all,
wherever the power went; with it the erasing is to go on.
Boundary: who asks for it, and what an empty device is for, is firmware/console.py's.
"""

from micropython import const

_EIO = const(5)
_PIECE = const(256)
_MARK = b"all is to go    "

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)


def begun(storage) -> bool:
    """Erasing began and has not ended."""
    piece = bytearray(len(_MARK))
    storage.readblocks(_last(storage), piece, 0)
    return piece == _MARK


def erase(storage):
    """A generator, one block a step. Erased, not overwritten: a file system writes elsewhere, and
    what a file once held would stay. OSError: a block does not erase, and the mark stays."""
    last = _last(storage)
    if not begun(storage):
        _erase(storage, last)
        storage.writeblocks(last, _MARK, 0)
    for block in range(last + 1):
        _erase(storage, block)
        yield


def _last(storage) -> int:
    return storage.ioctl(_IOCTL_COUNT, 0) - 1


def _erase(storage, block: int) -> None:
    storage.ioctl(_IOCTL_ERASE, block)
    piece = bytearray(_PIECE)
    blank = b"\xff" * _PIECE
    for at in range(0, storage.ioctl(_IOCTL_SIZE, 0), _PIECE):
        storage.readblocks(block, piece, at)
        if piece != blank:
            raise OSError(_EIO)
