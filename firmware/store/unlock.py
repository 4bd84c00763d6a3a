"""The way back into a locked device: what is secret is erased first, and only then a flag says so.

Promise: the flag is set when each byte of the given devices was read back as erased, and never
before, wherever the power goes; it is lost with the power, so a device that comes back is locked
and empty. A port reads it to open its console.
Boundary: who asks for it, and how, is the port's: something that takes opening the enclosure.
"""

from micropython import const

_UNLOCKED = const(1 << 23)  # of the port's retained word; see crash.py for others
_EIO = const(5)
_PIECE = const(256)

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)


def unlocked(port) -> bool:
    return bool(port.retained & _UNLOCKED)


def lock(port) -> None:
    """The work is done, or began by mistake."""
    port.retained = port.retained & ~_UNLOCKED


def unlock(port, devices):
    """A generator, one block a step. Erased, not overwritten: a file system writes elsewhere, and
    what a file once held would stay. OSError: a block does not erase, and all stays locked."""
    lock(port)
    for device in devices:
        for block in range(device.ioctl(_IOCTL_COUNT, 0)):
            device.ioctl(_IOCTL_ERASE, block)
            _prove(device, block)
            yield
    port.retained = port.retained | _UNLOCKED


def _prove(device, block: int) -> None:
    piece = bytearray(_PIECE)
    blank = b"\xff" * _PIECE
    for at in range(0, device.ioctl(_IOCTL_SIZE, 0), _PIECE):
        device.readblocks(block, piece, at)
        if piece != blank:
            raise OSError(_EIO)
