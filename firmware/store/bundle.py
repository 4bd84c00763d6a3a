"""A bundle: one tree of compiled modules for a slot, behind a page that says what it is.

Behind the header stands a ROMFS image (MicroPython's own): mounted where it lies, its bytecode is
not copied to RAM. `tools/bundle.py` makes bundles, `bundle_sink.py` takes one in; byte by byte:
docs/update.md. The digest finds damage, not malice: whose it is, a signature beside it says, over
`digest`.
"""

import binascii
import hashlib
import struct

from micropython import const

PAGE_BYTES = const(256)  # the header's; the whole is a multiple: only pages are programmed
SLICE_BYTES = const(1024)

_MAGIC = b"EVSEBNDL"
_FORMAT = const(1)
_ROMFS = b"\xd2\xcd\x31"
# magic, format, bytecode version, bytes behind the header, their SHA-256, version, board
_FACTS = "<8sBB2xI32s50s24s2x"
_FACTS_BYTES = const(124)  # a CRC-32 of them follows; the second half is spare

_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)

# Fields of what `read_header` returns.
VERSION = const(0)
BOARD = const(1)
MPY = const(2)
SIZE = const(3)  # of the whole bundle, header included
DIGEST = const(4)


def _text(field: bytes) -> str:
    return field.rstrip(b"\0").decode()


def read_header(page: "bytes | bytearray") -> tuple:
    """(version, board, mpy, size, digest). ValueError: this is no bundle."""
    magic, form, mpy, payload, digest, version, board = struct.unpack_from(_FACTS, page)
    crc = struct.unpack_from("<I", page, _FACTS_BYTES)[0]
    if magic != _MAGIC or binascii.crc32(memoryview(page)[:_FACTS_BYTES]) != crc:
        raise ValueError("not a bundle")
    if form != _FORMAT or payload % PAGE_BYTES or not payload:
        raise ValueError("bundle format")
    return _text(version), _text(board), mpy, PAGE_BYTES + payload, digest


def check_header(page: "bytes | bytearray", board: str, mpy: int, room: int) -> tuple:
    """As `read_header`; ValueError also when it is not for this board, this interpreter or this
    slot."""
    header = read_header(page)
    if header[BOARD] not in ("", board):
        raise ValueError("for board " + header[BOARD])
    if header[MPY] != mpy:
        raise ValueError("for other bytecode")
    if header[SIZE] > room:
        raise ValueError("too large")
    return header


def header_of(device, board: str, mpy: int) -> tuple:
    """Of what a slot holds; see `check_header`."""
    page = bytearray(PAGE_BYTES)
    device.readblocks(0, page, 0)
    room = device.ioctl(_IOCTL_COUNT, 0) * device.ioctl(_IOCTL_SIZE, 0)
    return check_header(page, board, mpy, room)


def verify(device, header: tuple):
    """A generator, a slice a step: reads all of it back. Ends when all is well; ValueError: it is
    not what its header says."""
    page = bytearray(len(_ROMFS))
    device.readblocks(0, page, PAGE_BYTES)
    if page != _ROMFS:
        raise ValueError("no ROMFS in it")
    if (yield from digest(device, PAGE_BYTES, header[SIZE])) != header[DIGEST]:
        raise ValueError("digest")


def digest(device, at: int, end: int):
    """A generator, a slice a step, of the SHA-256 of these bytes, read back from flash."""
    state = hashlib.sha256()
    buffer = memoryview(bytearray(SLICE_BYTES))
    block_bytes = device.ioctl(_IOCTL_SIZE, 0)
    while at < end:
        block, offset = divmod(at, block_bytes)
        piece = buffer[: min(SLICE_BYTES, end - at, block_bytes - offset)]
        device.readblocks(block, piece, offset)
        state.update(piece)
        at += len(piece)
        yield
    return state.digest()
