"""What survives in DIR beside the flash image: the unit's id, the flash counters, the meters'
registers.

Promise: one small mapped file; a bench killed at any moment loses nothing that it had counted.
One bench a DIR.
"""

import fcntl
import mmap
import os
import secrets
import struct

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLASH_BYTES = 2 * 1024 * 1024
BLOCK_BYTES = 4096
SIZE = 4096
MAGIC = b"EVSERIG1"
ID_AT, COUNTERS_AT, METERS_AT = 8, 16, 64
UJ_PER_WH = 3_600_000_000


class StoreError(Exception):
    """DIR cannot be used; the text says why."""


class Store:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = os.path.abspath(folder)
        self._fd = os.open(self._path("rig.bin"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                "another bench is running with this state folder: %s" % folder
            ) from None
        if os.fstat(self._fd).st_size < SIZE:
            os.ftruncate(self._fd, SIZE)
        self._map = mmap.mmap(self._fd, SIZE)
        if self._map[:8] == bytes(8):
            self._map[ID_AT : ID_AT + 8] = secrets.token_bytes(8)
            self._map[:8] = MAGIC
        elif self._map[:8] != MAGIC:
            raise StoreError("not a bench's state: %s" % self._path("rig.bin"))
        self.flash = self._path("flash.img")
        self._make_flash()

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _make_flash(self):
        """A chip fresh from the factory is all ones; the smaller chip of an older bench grows, and
        what is on it stays at its place. Renamed into place: never half a chip.
        """
        kept = b""
        if os.path.exists(self.flash):
            size = os.path.getsize(self.flash)
            if size == FLASH_BYTES:
                return
            if size > FLASH_BYTES or size % BLOCK_BYTES:
                raise StoreError("not a flash image of %d bytes: %s" % (FLASH_BYTES, self.flash))
            with open(self.flash, "rb") as file:
                kept = file.read()
        with open(self.flash + ".new", "wb") as file:
            file.write(kept.ljust(FLASH_BYTES, b"\xff"))
        os.rename(self.flash + ".new", self.flash)

    @property
    def unique_id(self):
        return self._map[ID_AT : ID_AT + 8].hex()

    @property
    def counters(self):
        """(erases, programs, bytes) of the flash since it is new, then of its parts."""
        return struct.unpack_from("<12i", self._map, COUNTERS_AT)

    @counters.setter
    def counters(self, values):
        struct.pack_into("<12i", self._map, COUNTERS_AT, *values)

    def energy_uj(self, index):
        """A meter's register in microjoules: integrates without rounding, 2.5 GWh fit."""
        return struct.unpack_from("<q", self._map, METERS_AT + 8 * index)[0]

    def set_energy_uj(self, index, uj):
        struct.pack_into("<q", self._map, METERS_AT + 8 * index, uj)

    def close(self):
        self._map.flush()
        self._map.close()
        os.close(self._fd)
