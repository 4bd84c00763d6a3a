"""One sorted file of idTag records and some sorted changes become a new one, a few records at a
time and in one record of RAM.

A change is a whole record (put in, or in the place of the old one) or a key alone (taken out).
"""

from binascii import crc32

from firmware.store import id_record
from firmware.store.id_record import KEY, SIZE


def sort(changes: list):
    """Bring changes into the order of a file. ValueError when an idTag comes twice."""
    changes.sort()
    for k in range(1, len(changes)):
        if changes[k][:KEY] == changes[k - 1][:KEY]:
            raise ValueError("an idTag twice")


def change(id_tag: str, info=None) -> bytes:
    """One change: `info` is (status, parent, expires_at), or None to take the idTag out."""
    if info is None:
        return id_record.key(id_tag)
    return id_record.pack(id_tag, info[0], info[1], info[2])


class Merge:
    """`old` is at the first of `count` records, or None; `new` is written; more than `limit`
    records are a ValueError. Both are closed in the end."""

    def __init__(self, old, count: int, changes: list, new, limit: int):
        self._old = old
        self._left = count  # not read yet
        self._changes = changes
        self._next = 0
        self._new = new
        self._limit = limit
        self._buffer = bytearray(SIZE)
        self._held = False  # the buffer holds an old record not dealt with
        self.read_crc = 0
        self.count = 0
        self.crc = 0

    def step(self, most: int) -> bool:
        """Deal with at most so many records; True when there are no more."""
        for _ in range(most):
            if not self._held and self._left:
                self._read()
            if self._next < len(self._changes):
                self._step_change(self._changes[self._next])
            elif self._held:
                self._keep()
            else:
                return True
        return False

    def finish(self, seal: bytes):
        """Write what comes last."""
        self._new.write(seal)
        self.close()

    def close(self):
        if self._old is not None:
            self._old.close()
        self._new.close()

    def _step_change(self, changed: bytes):
        # A key is less than any record that begins with it.
        if self._held and self._buffer < changed[:KEY]:
            self._keep()
            return
        if self._held and self._buffer.startswith(changed[:KEY]):
            self._held = False
        if len(changed) == SIZE:
            self._write(changed)
        self._next += 1

    def _keep(self):
        self._held = False
        self._write(self._buffer)

    def _read(self):
        if self._old.readinto(self._buffer) != SIZE:
            raise ValueError("cut off")
        self.read_crc = crc32(self._buffer, self.read_crc)
        self._left -= 1
        self._held = True

    def _write(self, record):
        if self.count == self._limit:
            raise ValueError("too many idTags")
        self._new.write(record)
        self.crc = crc32(record, self.crc)
        self.count += 1
