"""The reservations themselves, and the small file they outlive a power cut in.

A reservation is a tuple: id, connector or 0, idTag, parentIdTag or None, expiry in UTC seconds,
how many seconds it was made for. The file is written when one comes or goes, the old one or the
new one whole. Boundary: knows nothing of connectors and what they do.
"""

import json
import struct
from binascii import crc32

from micropython import const

from firmware.ocpp.v16.authorization import same
from firmware.store.id_file import remove
from firmware.store.log import note

ID = const(0)
NUMBER = const(1)
TAG = const(2)
PARENT = const(3)
UNTIL = const(4)
LENGTH = const(5)

PATH = "/flash/reservations"
_ENOENT = const(2)
_AGAIN_MS = const(60000)  # a file that could not be written is tried again


def fits(kept: tuple, id_tag: str, parent) -> bool:
    """5.13: the idTag, or the parent idTag, is that of the reservation."""
    return same(id_tag, kept[TAG]) or same(parent, kept[PARENT])


def find(many, id_tag: str, parent):
    """The first of them for this idTag, else the first for its group; None."""
    for kept in many:
        if same(id_tag, kept[TAG]):
            return kept
    for kept in many:
        if same(parent, kept[PARENT]):
            return kept
    return None


def over(kept: tuple, utc, now: int) -> bool:
    """It has expired. Before the clock is learned after a boot nobody can tell: it is kept, since
    somebody counts on it, but no longer than it was made for."""
    return now // 1000 >= kept[LENGTH] if utc is None else utc >= kept[UNTIL]


class Reserved:
    """All that are kept. `files`: see store/id_file, None where nothing survives."""

    def __init__(self, files):
        self._files = files
        self._save_at = None  # when to write the file again that could not be written
        self.all = [] if files is None else self._load()

    def of(self, number: int):
        """The reservation of this connector."""
        for kept in self.all:
            if kept[NUMBER] == number:
                return kept
        return None

    def of_any(self) -> list:
        """Those of connector 0."""
        return [kept for kept in self.all if not kept[NUMBER]]

    def by_id(self, number):
        for kept in self.all:
            if kept[ID] == number:
                return kept
        return None

    # --- the file ---------------------------------------------------------------------------

    def tick(self, now: int):
        if self._save_at is not None and now >= self._save_at:
            self.save(now)

    def save(self, now: int) -> bool:
        """False: not now; it is tried again."""
        if self._files is None:
            return True
        self._save_at = None
        try:
            self._write()
        except OSError as error:
            self._save_at = now + _AGAIN_MS
            note("reservations: not kept:", error)
            return False
        return True

    def _write(self):
        if not self.all:
            remove(self._files, PATH)
            return
        data = json.dumps(self.all).encode()
        with self._files.open(PATH + ".new", "wb") as file:
            file.write(data + struct.pack("<I", crc32(data)))
        self._files.rename(PATH + ".new", PATH)

    def _load(self) -> list:
        """What the last boot has left. Whatever is wrong with it, the station boots."""
        try:
            with self._files.open(PATH, "rb") as file:
                size = file.seek(0, 2)
                file.seek(0)
                data = file.read(size)
        except OSError as error:
            if error.errno != _ENOENT:
                note("reservations: not read:", error)
            return []
        try:
            return _rows(data)
        except (ValueError, TypeError):
            note("reservations: the file was not readable and is set aside")
        try:
            self._files.rename(PATH, PATH + ".corrupt")
        except OSError as error:
            note("reservations: it stays where it is:", error)  # the next one replaces it
        return []


def _rows(data: bytes) -> list:
    """The reservations in a file. ValueError or TypeError when it is no such file (the CRC:
    MicroPython's json lets a cut-off text pass)."""
    if len(data) < 4 or struct.unpack("<I", data[-4:])[0] != crc32(data[:-4]):
        raise ValueError("changed")
    found = []
    for number, connector, id_tag, parent, until, length in json.loads(data[:-4].decode()):
        found.append((number, connector, id_tag, parent, until, length))
    return found
