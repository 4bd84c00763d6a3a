"""A file of idTag records and the seal behind them: whole and unchanged, or set aside.

The seal stands at the end: a file that was cut off has none, and LittleFS would copy every block
behind a header that is written last. A file is never changed; a new one takes its place by rename.
`files` is any object with open, rename and remove: a VfsLfs2 is one.
"""

import struct
from binascii import crc32

from micropython import const

from firmware.store.id_record import SIZE

_SEALED = const(24)
_ENOENT = const(2)
_PART = const(460)  # ten records: what the check of a whole file reads at once


def seal(kind: bytes, version: int, count: int, crc: int) -> bytes:
    """What ends a file of `count` records whose CRC is `crc`."""
    data = struct.pack("<4sqII", kind, version, count, crc)
    return data + struct.pack("<I", crc32(data))


def _unseal(kind: bytes, data: bytes) -> tuple:
    found, version, count, crc, own = struct.unpack("<4sqIII", data)
    if found != kind or own != crc32(data[:-4]):
        raise ValueError("broken seal")
    return version, count, crc


def check(file, kind: bytes) -> tuple:
    """(version, count, crc) of an open file, left at its first record. ValueError when it is not
    what was sealed. Reads it once, in small parts."""
    size = file.seek(0, 2)
    if size < _SEALED:
        raise ValueError("no seal")
    file.seek(size - _SEALED)
    version, count, crc = _unseal(kind, file.read(_SEALED))
    left = count * SIZE
    if size != left + _SEALED:
        raise ValueError("not of the sealed size")
    file.seek(0)
    part = memoryview(bytearray(_PART))
    seen = 0
    while left:
        got = file.readinto(part[: min(_PART, left)])
        if not got:
            raise ValueError("cut off")
        seen = crc32(part[:got], seen)
        left -= got
    if seen != crc:
        raise ValueError("records changed")
    file.seek(0)
    return version, count, crc


def load(files, path: str, kind: bytes, take) -> "str | None":
    """Check the file, then `take(file, version, count, crc)`. No file is nothing to take.

    Why a broken file was set aside as `.corrupt`, or None. What an update that was cut off left
    behind is removed. Never raises what a flash may cause: a station must boot.
    """
    why = _take(files, path, kind, take)
    try:
        if why is not None:
            files.rename(path, path + ".corrupt")
        remove(files, path + ".new")
    except OSError as error:
        why = "%s; not tidied up: %s" % (why, error)
    return why


def _take(files, path: str, kind: bytes, take) -> "str | None":
    try:
        with files.open(path, "rb") as file:
            version, count, crc = check(file, kind)
            take(file, version, count, crc)
    except OSError as error:
        return None if error.errno == _ENOENT else str(error)
    except ValueError as error:
        return str(error)
    return None


def remove(files, path: str):
    """Remove a file that may not be there."""
    try:
        files.remove(path)
    except OSError as error:
        if error.errno != _ENOENT:
            raise
