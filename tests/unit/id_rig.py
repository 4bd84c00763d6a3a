"""A file system in RAM that counts, tears and dies; entries and updates for tests of idTags."""

from firmware.store import id_merge

ENOENT, ENOSPC = 2, 28


class Cut(Exception):
    """The power is gone: nothing the code under test may catch."""


class RamFile:
    def __init__(self, files, data):
        self._files = files
        self._data = data
        self._at = 0
        self._open = True
        files.opened += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._open:
            self._open = False
            self._files.opened -= 1

    def seek(self, offset, whence=0):
        self._at = offset + (len(self._data) if whence == 2 else 0)
        return self._at

    def read(self, size):
        self._files.reads += 1
        data = bytes(self._data[self._at : self._at + size])
        self._at += len(data)
        return data

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data):
        # A torn write leaves its beginning.
        try:
            self._files.op()
        except (Cut, OSError):
            self._data.extend(bytes(data)[: len(data) // 2])
            raise
        self._data.extend(data)
        self._files.written += len(data)
        return len(data)


class RamFiles:
    """`left`: how many changes it takes before the power goes, or before one fails (`fail`)."""

    def __init__(self, names=None, left=None, fail=False):
        self.names = names if names is not None else {}
        self.left = left
        self.fail = fail
        self.ops = self.reads = self.written = 0
        self.opened = 0  # files not closed

    def op(self):
        self.ops += 1
        if self.left is None:
            return
        if self.left == 0:
            if not self.fail:
                raise Cut()
            self.left = None
            raise OSError(ENOSPC, "full")
        self.left -= 1

    def open(self, path, mode):
        if mode == "wb":
            self.op()
            self.names[path] = bytearray()
        elif path not in self.names:
            raise OSError(ENOENT, "no such file")
        return RamFile(self, self.names[path])

    def rename(self, old, new):
        if old not in self.names:
            raise OSError(ENOENT, "no such file")
        self.op()
        self.names[new] = self.names.pop(old)

    def remove(self, path):
        if path not in self.names:
            raise OSError(ENOENT, "no such file")
        self.op()
        del self.names[path]

    def copy(self):
        return {name: bytearray(self.names[name]) for name in self.names}


class Stuck(RamFiles):
    """A flash that can be read and not be changed, or not even read."""

    def __init__(self, names, reads=True):
        super().__init__(names)
        self.can_read = reads

    def op(self):
        raise OSError(5, "dead")

    def open(self, path, mode):
        if not self.can_read:
            raise OSError(5, "dead")
        return super().open(path, mode)


class BlockDevice:
    """NOR flash in RAM for a VfsLfs2; after `left` erases and programs the power is gone."""

    def __init__(self, blocks, size, left=None):
        self.data = bytearray(b"\xff" * (blocks * size))
        self.size = size
        self.left = left
        self.erases = self.programs = 0

    def _spend(self):
        if self.left is not None:
            if self.left == 0:
                raise OSError(5, "dead")
            self.left -= 1

    def readblocks(self, block, buffer, offset=0):
        at = block * self.size + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * self.size + offset
        if self.left == 0:
            half = len(buffer) // 2
            self.data[at : at + half] = buffer[:half]
        self._spend()
        self.data[at : at + len(buffer)] = buffer
        self.programs += 1

    def ioctl(self, op, block):
        if op == 4:
            return len(self.data) // self.size
        if op == 5:
            return self.size
        if op == 6:
            self._spend()
            at = block * self.size
            self.data[at : at + self.size] = b"\xff" * self.size
            self.erases += 1
        return 0


def changes_of(entries):
    """{idTag: (status, parent, expires_at) or None} as sorted changes."""
    changes = [id_merge.change(id_tag, entries[id_tag]) for id_tag in entries]
    id_merge.sort(changes)
    return changes


def apply(table, version, entries, full=False):
    """One update to its end; the number of steps it took."""
    update = table.begin(version, changes_of(entries), full)
    steps = 1
    while not table.step(update):
        steps += 1
    return steps


def accepted(*id_tags):
    return {id_tag: ("Accepted", None, None) for id_tag in id_tags}
