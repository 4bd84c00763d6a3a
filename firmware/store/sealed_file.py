"""A small file that is whole and unchanged, or no file at all: kind, number, tag, body, CRC.

Read and written in one piece. A new one takes the place of the old by rename: at any power cut
there is the old or the new one. `files`: see id_file. What is in it is for others.
"""

import struct
from binascii import crc32

from micropython import const

from firmware.store.id_file import remove

_HEAD = "<4sBIBH"  # magic, kind, number, bytes of the tag, bytes of the body
_HEAD_BYTES = const(12)
_MAGIC = b"sea1"
_MOST = const(12288)  # bytes of a whole file: a chain of 10,000 characters fits
_ENOENT = const(2)


def write(files, path: str, spare: str, content: tuple):
    """`content`: (kind, number, tag, body). `spare`: where it is written before it counts; what
    a power cut leaves there is removed by tidy(). OSError: there is what was before."""
    kind, number, tag, body = content
    head = struct.pack(_HEAD, _MAGIC, kind, number, len(tag), len(body))
    if len(head) + len(tag) + len(body) + 4 > _MOST:
        raise ValueError("too long for a file")
    crc = crc32(body, crc32(tag, crc32(head)))
    try:
        with files.open(spare, "wb") as file:
            for part in (head, tag, body, struct.pack("<I", crc)):
                file.write(part)
        files.rename(spare, path)
    except OSError:
        tidy(files, spare)  # a full flash gets its room back
        raise


def tidy(files, spare: str) -> str:
    """Remove what was not finished; why that could not be, "" when it could."""
    try:
        remove(files, spare)
    except OSError as error:
        return str(error)
    return ""


def read(files, path: str):
    """(kind, number, tag, body); None where there is no file. ValueError: it is not what was
    written; OSError: the flash cannot say."""
    try:
        with files.open(path, "rb") as file:
            return _checked(file)
    except OSError as error:
        if error.errno != _ENOENT:
            raise
    return None


def _checked(file) -> tuple:
    """No more memory is taken than the file is long, whatever its head says."""
    size = file.seek(0, 2)
    file.seek(0)
    if not _HEAD_BYTES + 4 <= size <= _MOST:
        raise ValueError("not of a possible size")
    head = file.read(_HEAD_BYTES)
    magic, kind, number, tag, body = struct.unpack(_HEAD, head)
    if magic != _MAGIC or size != _HEAD_BYTES + tag + body + 4:
        raise ValueError("not of the sealed size")
    tag, body = file.read(tag), file.read(body)
    crc = crc32(body, crc32(tag, crc32(head)))
    if file.read(4) != struct.pack("<I", crc):
        raise ValueError("changed")
    return kind, number, tag, body


def load(files, path: str) -> tuple:
    """(content or None, why it was set aside as `.corrupt` or ""). Never raises what a flash may
    cause: a station must boot."""
    try:
        return read(files, path), ""
    except (OSError, ValueError) as error:
        why = str(error)
    try:
        files.rename(path, path + ".corrupt")
    except OSError as error:
        why += "; not set aside: %s" % error
    return None, why
