"""A list of idTags on flash, found by binary search: its RAM does not grow with its length.

One file of sorted records (id_record) and a seal (id_file). An update writes a new file beside it,
some records a call, and renames: at any power cut the list is the old one or the new one. A file
that is broken is set aside, `corrupt` says why, and the list is empty with version 0.
Boundary: no word of OCPP but the statuses of a record; who may charge is decided elsewhere.
"""

from micropython import const

from firmware.store import id_file, id_record
from firmware.store.id_merge import Merge
from firmware.store.id_record import SIZE

_KIND = b"idL1"
_STEP = const(32)  # records dealt with in one call: a few ms
_EIO = const(5)


class _Update:
    """An update under way."""

    def __init__(self, version: int, changes: list, full: bool):
        self.version = version
        self.changes = changes
        self.full = full
        self.merge: "Merge" = None  # its files are open


class IdTable:
    """`files`: see id_file. `limit`: the most entries. An update needs room for a second list."""

    def __init__(self, path: str, files, limit: int):
        self._path = path
        self._files = files
        self._limit = limit
        self._buffer = bytearray(SIZE)
        self._update: "_Update" = None
        self.failure = ""  # why the last update that failed did
        self.version = 0  # 0 exactly when the list is empty (OCPP 1.6 §5.10)
        self.count = 0
        self._crc = 0
        self.corrupt = id_file.load(files, path, _KIND, self._take)

    def _take(self, _, version: int, count: int, crc: int):
        self.version = version
        self.count = count
        self._crc = crc

    def get(self, id_tag: str) -> "tuple | None":
        """(status, parent, expires_at), or None for an idTag that is not in the list."""
        if not self.count:
            return None
        key = id_record.key(id_tag)
        record = self._buffer
        low, high = 0, self.count
        with self._files.open(self._path, "rb") as file:
            while low < high:
                middle = (low + high) // 2
                file.seek(middle * SIZE)
                if file.readinto(record) != SIZE:
                    raise OSError(_EIO)
                if record.startswith(key):
                    return id_record.unpack(record)
                if record < key:
                    low = middle + 1
                else:
                    high = middle
        return None

    # --- updates ----------------------------------------------------------------------------

    def begin(self, version: int, changes: list, full: bool) -> _Update:
        """Begin to replace the list by `changes` (`full`) or to apply them; sorted (id_merge).

        An update not finished yet is given up."""
        self.abandon()
        if not self.count:
            # Nothing to apply them to, nothing to take out.
            full = True
            changes = [changed for changed in changes if len(changed) == SIZE]
        self._update = _Update(version, changes, full)
        return self._update

    def step(self, update: _Update) -> bool:
        """Some records further; True when the new list is in place.

        OSError or ValueError: the update is off, the old list stays (a broken one does not)."""
        if update is not self._update:
            raise ValueError("given up for a later update")
        try:
            done = self._advance(update)
        except (OSError, ValueError) as error:
            self.failure = str(error)
            self.abandon()
            raise
        if done:
            self._update = None
        return done

    def abandon(self):
        """Give up the update that is under way, if there is one."""
        update, self._update = self._update, None
        if update is not None and update.merge is not None:
            update.merge.close()
            id_file.remove(self._files, self._path + ".new")

    def _advance(self, update: _Update) -> bool:
        if update.merge is None:
            if update.full and not update.changes:
                self._clear()
                return True
            if self._same(update):
                return True
            self._open(update)
        if not update.merge.step(_STEP):
            return False
        self._install(update)
        return True

    def _same(self, update: _Update) -> bool:
        """The list is that already: flash need not wear for it."""
        if update.version != self.version or len(update.changes) != self.count:
            return False
        with self._files.open(self._path, "rb") as file:
            for changed in update.changes:
                if file.readinto(self._buffer) != SIZE or self._buffer != changed:
                    return False
        return True

    def _open(self, update: _Update):
        old = None if update.full else self._files.open(self._path, "rb")
        try:
            new = self._files.open(self._path + ".new", "wb")
        except OSError:
            if old is not None:
                old.close()
            raise
        count = 0 if update.full else self.count
        update.merge = Merge(old, count, update.changes, new, self._limit)

    def _install(self, update: _Update):
        merge = update.merge
        if not update.full and merge.read_crc != self._crc:
            # What was read is not what was sealed: never seal it again.
            self._set_aside(update)
        merge.finish(id_file.seal(_KIND, update.version, merge.count, merge.crc))
        if merge.count:
            self._files.rename(self._path + ".new", self._path)
            self._take(None, update.version, merge.count, merge.crc)
        else:
            id_file.remove(self._files, self._path + ".new")
            self._clear()

    def _set_aside(self, update: _Update):
        self.corrupt = "records changed"
        self._take(None, 0, 0, 0)
        update.merge.close()
        self._files.rename(self._path, self._path + ".corrupt")
        raise ValueError(self.corrupt)

    def _clear(self):
        """An empty list is no file."""
        if self.count:
            self._files.remove(self._path)
        self._take(None, 0, 0, 0)
