"""The first bytes of a block in use: what it is, its place in the ring, its checksum.

A single flipped bit is put right: it would cost every record of the block. Bytes in, fields out.
"""

import binascii
import struct

from micropython import const

HEADER_BYTES = const(30)

_FACTS = "<2sBBBBHH"
_MAGIC = b"Jr"
_VERSION = const(1)

# Fields of what `read` returns.
SEQUENCE = const(0)
FIRST = const(1)
TAIL = const(2)
SIZE = const(3)  # (words, shapes) the codec had
SIGNATURE = const(4)


class Header:
    """The header of one region: `align` and `block_bytes` are powers of two."""

    def __init__(self, align: int, block_bytes: int, blocks: int):
        self._align = _log2(align)
        self._block = _log2(block_bytes)
        self._blocks = blocks

    def make(self, sequence: int, first: int, tail: int, size: tuple, signature: int) -> bytearray:
        data = bytearray(HEADER_BYTES)
        words, shapes = size
        facts = (_MAGIC, _VERSION, self._align, self._block, shapes, self._blocks, words)
        struct.pack_into(_FACTS, data, 0, *facts)
        struct.pack_into("<IIII", data, HEADER_BYTES - 20, signature, sequence, first, tail)
        struct.pack_into("<I", data, HEADER_BYTES - 4, _crc(data))
        return data

    def read(self, data: bytearray) -> "tuple | None":
        """(sequence, first, tail, size, signature), or None when it is no header.
        ValueError: a header, but not for this region or this firmware."""
        if bytes(data[:2]) != _MAGIC or not _whole(data):
            return None
        _, version, align, block, shapes, blocks, words = struct.unpack_from(_FACTS, data)
        signature, sequence, first, tail = struct.unpack_from("<IIII", data, HEADER_BYTES - 20)
        if version != _VERSION:
            raise ValueError("journal: version %d" % version)
        if (align, block) != (self._align, self._block) or blocks > self._blocks:
            raise ValueError("journal: made for another geometry")
        return sequence, first, tail, (words, shapes), signature

    def repaired(self, data: bytearray) -> "tuple | None":
        """As `read`, with one bit the other way."""
        like = struct.pack("<2sBBB", _MAGIC, _VERSION, self._align, self._block)
        wrong = 0
        for i in range(len(like)):
            wrong += bin(data[i] ^ like[i]).count("1")
        if wrong > 1:
            return None
        for i in range(HEADER_BYTES * 8):
            data[i >> 3] ^= 1 << (i & 7)
            if _whole(data):
                return self.read(data)
            data[i >> 3] ^= 1 << (i & 7)
        return None


def _crc(data: bytearray) -> int:
    return binascii.crc32(memoryview(data)[: HEADER_BYTES - 4])


def _whole(data: bytearray) -> bool:
    return struct.unpack_from("<I", data, HEADER_BYTES - 4)[0] == _crc(data)


def _log2(value: int) -> int:
    log = 0
    while 1 << log < value:
        log += 1
    if 1 << log != value:
        raise ValueError("journal: not a power of two")
    return log
