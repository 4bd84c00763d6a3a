"""A few bytes that change rarely and survive every cut: two raw blocks, one program a change.

Records of one size are put one behind the other into one block; the newest whole one counts. When
that block is nearly full the other is erased and goes on. Whatever a cut leaves fails its checksum
or carries a lower sequence number, so there is the old value or the new one, nothing else. Knows
nothing of what the bytes say.
"""

import binascii
import struct

from micropython import const

_RECORD_BYTES = const(64)  # a multiple of every alignment a chip asks for
_HEAD_BYTES = const(8)  # checksum, sequence
VALUE_BYTES = const(56)
_AHEAD = const(12)  # places kept ready, so that a change has not to wait for an erase
_TRIES = const(3)
_EIO = const(5)

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)


class Switch:
    """`.value`: the newest bytes, padded with zeros to VALUE_BYTES; None on a new chip."""

    def __init__(self, device):
        self._device = device
        if device.ioctl(_IOCTL_COUNT, 0) != 2:
            raise ValueError("switch: two blocks")
        self._places = device.ioctl(_IOCTL_SIZE, 0) // _RECORD_BYTES
        self.value = None
        self._sequence = 0
        self._block = 0
        self._record = bytearray(_RECORD_BYTES)
        for block in (0, 1):
            self._scan(block)
        self._next = self._behind(self._block)

    def _read(self, block: int, place: int) -> bytearray:
        self._device.readblocks(block, self._record, place * _RECORD_BYTES)
        return self._record

    def _scan(self, block: int) -> None:
        for place in range(self._places):
            record = self._read(block, place)
            crc, sequence = struct.unpack_from("<II", record, 0)
            whole = binascii.crc32(memoryview(record)[4:]) == crc
            if whole and self._sequence < sequence < 0xFFFFFFFF:
                self._sequence = sequence
                self._block = block
                self.value = bytes(record[_HEAD_BYTES:])

    def _behind(self, block: int) -> int:
        """The place behind everything that is not erased, torn or not."""
        place = self._places
        blank = b"\xff" * _RECORD_BYTES
        while place and self._read(block, place - 1) == blank:
            place -= 1
        return place

    def write(self, value: bytes) -> None:
        """In one program. OSError: the flash did not take it, and the old value stands."""
        record = bytearray(_RECORD_BYTES)
        sequence = self._sequence + 1
        struct.pack_into("<I%ds" % VALUE_BYTES, record, 4, sequence, value)
        struct.pack_into("<I", record, 0, binascii.crc32(memoryview(record)[4:]))
        for _ in range(_TRIES):
            if self._next >= self._places:
                self._turn()
            place = self._next
            self._next += 1  # never a second time, whatever becomes of it
            self._device.writeblocks(self._block, record, place * _RECORD_BYTES)
            if self._read(self._block, place) == record:
                self._sequence = sequence
                self.value = bytes(record[_HEAD_BYTES:])
                return
        raise OSError(_EIO)

    def _turn(self) -> None:
        """To the other block. Always erased here: what looks erased may be half erased."""
        other = 1 - self._block
        self._device.ioctl(_IOCTL_ERASE, other)
        self._block = other
        self._next = 0

    def prepare(self) -> bool:
        """Idle work, one erase at most: places ahead. True: there was some."""
        if self._places - self._next >= _AHEAD:
            return False
        self._turn()
        if self.value is not None:
            self.write(self.value)
        return True
