"""A flash with two slots, a switch and a neighbour; bundles for it; a charger that reboots.

The flash is NOR: programming clears bits, also a second time, and what a cut leaves is any part of
what was to be done.
"""

import binascii
import hashlib
import random
import struct

from firmware.store.bundle import PAGE_BYTES, header_of, verify
from firmware.store.slots import open_slots
from tests.unit import flash_rig
from tests.unit.flash_rig import Cut

MPY = 6
BLOCK = 1024
FIRST = 3  # blocks of the neighbour, whose bytes nothing may touch
BLOCKS = 6  # of a slot; the last is its notebook
ROOM = (BLOCKS - 1) * BLOCK

__all__ = ["Cut"]


class Flash(flash_rig.Flash):
    """Programs in units of 32 bytes, the largest alignment a chip asks for."""

    def __init__(self, block_bytes=BLOCK, blocks=FIRST + 2 * BLOCKS + 2):
        super().__init__(blocks, block_bytes, 32)
        self.data[: FIRST * block_bytes] = bytes(range(256)) * (FIRST * block_bytes // 256)

    def writeblocks(self, block, buf, offset):
        at = block * self.block_bytes + offset
        size = len(buf)
        assert 0 <= block < self.blocks and offset + size <= self.block_bytes
        assert offset % self.align == 0 and size % self.align == 0 and size > 0
        there = self.data[at : at + size]
        # A second time only what an ECC or an encrypting chip takes as well: the same, or zeros.
        done = there == b"\xff" * size or there == buf or not any(buf)
        assert done or self.torn(there, buf), "programmed twice"
        self._power(("program", at, bytes(buf)))
        self.clear(at, buf)
        self.programs += 1

    def torn(self, there, buf):
        """Is it what a cut has left of the same?"""
        return all(a & b == b for a, b in zip(there, buf))

    def clear(self, at, buf):
        for i, byte in enumerate(buf):
            self.data[at + i] &= byte

    def half(self, operation):
        kind, at, data = operation
        if kind != "program":
            super().half(operation)
        elif random.getrandbits(1):
            self.clear(at, data[: random.randrange(len(data) + 1)])
        else:  # any of the bits
            self.clear(at, bytes(byte | random.getrandbits(8) for byte in data))

    def region(self, first, count, counted=True):
        return Region(self, first, count)


class Region:
    def __init__(self, flash, first, count):
        self.flash, self.first, self.count = flash, first, count

    def readblocks(self, block, buf, offset):
        assert 0 <= block < self.count
        self.flash.readblocks(self.first + block, buf, offset)

    def writeblocks(self, block, buf, offset):
        assert 0 <= block < self.count
        self.flash.writeblocks(self.first + block, buf, offset)

    def ioctl(self, op, argument):
        if op == 4:
            return self.count
        if op == 6:
            assert 0 <= argument < self.count
            argument += self.first
        return self.flash.ioctl(op, argument)


def payload(pages, seed):
    """Like a ROMFS at its front. Every third page is as erased flash is."""
    out = bytearray()
    for page in range(pages):
        byte = 0xFF if page % 3 == 2 else seed + page & 0xFF
        out += bytes([byte]) * PAGE_BYTES
    out[:3] = b"\xd2\xcd\x31"
    return bytes(out)


def bundle(version, content, board="", mpy=MPY, form=1):
    facts = struct.pack(
        "<8sBB2xI32s50s24s2x",
        b"EVSEBNDL",
        form,
        mpy,
        len(content),
        hashlib.sha256(content).digest(),
        version.encode(),
        board.encode(),
    )
    facts += struct.pack("<I", binascii.crc32(facts))
    return facts + b"\xff" * (PAGE_BYTES - len(facts)) + content


def slots_on(flash, tree="factory"):
    where = "firmware/main.py" if tree == "factory" else "/%s/firmware/main.mpy" % tree
    return open_slots(flash.region, FIRST, BLOCKS, "BENCH", MPY, where)


def held(flash, slot):
    """The bundle in a slot, read back and proven as the guard does; ValueError: none."""
    first = FIRST + (slot == "b") * BLOCKS
    device = flash.region(first, BLOCKS)
    header = header_of(device, "BENCH", MPY)
    for _ in verify(device, header):
        pass
    at = first * flash.block_bytes
    return bytes(flash.data[at : at + header[3]])


def start(flash):
    """As the boot guard: (the tree that runs now, its slots)."""
    while True:
        guard = slots_on(flash)
        tree = guard.boot()
        if tree == "factory":
            return tree, slots_on(flash)
        try:
            held(flash, tree)
        except ValueError as error:
            guard.fall_back(str(error))
        else:
            return tree, slots_on(flash, tree)


def fetch(slots, data, tag="t", piece=300):
    """Erases, and brings what is not there yet."""
    sink = slots.sink()
    while not sink.ready():
        assert slots.prepare()
    if not sink.complete:
        if sink.offset and sink.tag != tag:
            sink.restart()
            return fetch(slots, data, tag, piece)
        sink.begin(len(data), tag)
        while not sink.complete:
            sink.write(memoryview(data)[sink.offset : sink.offset + piece])
    return sink


def prove(slots):
    for _ in slots.verify():
        pass
