"""The last idTags the CSMS spoke of and what it said: the authorisation cache, in fixed RAM.

All records (id_record) lie in one bytearray, the latest spoken of last; flash has a snapshot of
it (id_file), written whole and put in place by rename. What is new waits up to `interval_ms` for
company, a card that lost its validity only a few seconds. Lost at a power cut: what waited.
Boundary: never writes by itself but in clear(); tasks call flush().
"""

from binascii import crc32

from micropython import const

from firmware.store import id_file, id_record
from firmware.store.id_record import ACCEPTED, EXPIRED, SIZE

_KIND = b"idC1"
_SOON_MS = const(10000)  # a card presented over and over must not wear the flash out
_BLOCKING = ("Blocked", EXPIRED, "Invalid")  # ConcurrentTx passes by itself


class IdCache:
    """At most `limit` idTags. `files`: see id_file."""

    def __init__(self, path: str, files, limit: int, interval_ms: int = 900000):
        self._path = path
        self._files = files
        self._limit = limit
        self._interval_ms = interval_ms
        self._data = bytearray(limit * SIZE)
        self._used = 0  # bytes
        self._due: "int | None" = None  # when to write what flash does not have yet
        self._changed = False
        self._stored = False  # there is a file
        self._swept: "int | None" = None
        self.corrupt = id_file.load(files, path, _KIND, self._take)

    @property
    def count(self) -> int:
        return self._used // SIZE

    def _take(self, file, _, count: int, crc: int):
        self._stored = True
        if count > self._limit:  # a smaller cache than before: the latest are kept
            file.seek((count - self._limit) * SIZE)
            count = self._limit
        view = memoryview(self._data)[: count * SIZE]
        at = 0
        while at < len(view):
            got = file.readinto(view[at:])
            if not got:
                raise ValueError("cut off")
            at += got
        self._used = at

    # --- entries ----------------------------------------------------------------------------

    def get(self, id_tag: str, utc) -> "tuple | None":
        """(status, parent, expires_at), or None; expired by now is kept as Expired (§3.5.1)."""
        at = self._find(id_record.key(id_tag))
        if at < 0:
            return None
        self._expire(at, utc)
        return id_record.unpack(self._data, at)

    def put(self, id_tag: str, info: tuple, now: int, utc=None):
        """Keep what the CSMS said: `info` is (status, parent, expires_at). ValueError for what
        is no idTag."""
        record = id_record.pack(id_tag, info[0], info[1], info[2])
        at = self._find(record[: id_record.KEY])
        if at < 0:
            self._room(utc)
            self._want(now + self._interval_ms)
        else:
            old = self._data[at : at + SIZE]
            if old != record:
                lost = id_record.unpack(old)[0] == ACCEPTED and info[0] in _BLOCKING
                self._want(now + (_SOON_MS if lost else self._interval_ms))
            # The same again only makes it the latest: not worth a write of its own.
            self._cut(at)
        self._data[self._used : self._used + SIZE] = record
        self._used += SIZE

    def forget(self, id_tag: str, now: int):
        """The local list knows this idTag now (§3.5.3)."""
        at = self._find(id_record.key(id_tag))
        if at >= 0:
            self._cut(at)
            self._want(now + self._interval_ms)

    def clear(self):
        """Forget all, in flash as well, at once. OSError: flash still has it; flush() repeats."""
        self._used = 0
        self._changed = self._stored
        self._due = 0 if self._stored else None
        self.save()

    def _find(self, key: bytes) -> int:
        at = self._data.find(key, 0, self._used)
        while at >= 0 and at % SIZE:  # inside other records
            at = self._data.find(key, at + 1, self._used)
        return at

    def _cut(self, at: int):
        view = memoryview(self._data)
        view[at : self._used - SIZE] = view[at + SIZE : self._used]
        self._used -= SIZE

    def _room(self, utc):
        """Full: "SHALL remove any NOT-valid entries, and then, if necessary, the oldest valid"."""
        if self._used < len(self._data):
            return
        self._sweep(utc)
        for at in range(self._used - SIZE, -1, -SIZE):
            if id_record.unpack(self._data, at)[0] != ACCEPTED:
                self._cut(at)
        if self._used == len(self._data):
            self._cut(0)

    def _sweep(self, utc):
        if utc is not None:
            for at in range(0, self._used, SIZE):
                self._expire(at, utc)

    def _expire(self, at: int, utc):
        entry = id_record.unpack(self._data, at)
        if entry[0] != id_record.standing(entry, utc):
            id_record.set_status(self._data, at, EXPIRED)
            self._changed = True

    # --- flash ------------------------------------------------------------------------------

    def _want(self, due: int):
        self._changed = True
        if self._due is None or due < self._due:
            self._due = due

    def flush(self, now: int, utc=None) -> bool:
        """Write what has waited long enough. True if it wrote. OSError: tried again later."""
        if self._swept is None or now - self._swept >= self._interval_ms:
            self._swept = now
            self._sweep(utc)  # after a reboot there may be no clock to see it by
            if self._changed:
                self._want(now + self._interval_ms)
        if self._due is None or now < self._due:
            return False
        self._due = now + self._interval_ms
        return self.save()

    def save(self) -> bool:
        """Write what flash does not have, before a reboot. True if it wrote."""
        if not self._changed:
            return False
        if self._used:
            view = memoryview(self._data)[: self._used]
            with self._files.open(self._path + ".new", "wb") as file:
                file.write(view)
                file.write(id_file.seal(_KIND, 0, self.count, crc32(view)))
            self._files.rename(self._path + ".new", self._path)
        elif self._stored:
            self._files.remove(self._path)
        self._stored = self._used > 0
        self._changed = False
        self._due = None
        return True
