"""A file system in RAM, of whole files, with a look at each change before it is made."""

import io
import sys

_OUT = io.IOBase if sys.implementation.name == "micropython" else object
_ENOENT = 2


class Out(_OUT):
    """A file being written: its content is there once it is closed."""

    def __init__(self, files, path):
        self._files, self._path = files, path
        self._parts = []

    def write(self, data):
        self._parts.append(data.encode() if isinstance(data, str) else bytes(data))
        return len(data)

    def close(self):
        if self._files is not None:
            files, self._files = self._files, None
            files.change("write", self._path, b"".join(self._parts))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()


class Files:
    """{path: bytes}. `before(kind, path, data)` is called before each change."""

    def __init__(self, names, before=None):
        self.names = names
        self.before = before

    def open(self, path, mode="r"):
        if "w" in mode:
            return Out(self, path)
        if path not in self.names:
            raise OSError(_ENOENT, "no such file")
        data = self.names[path]
        return io.BytesIO(data) if "b" in mode else io.StringIO(data.decode())

    def rename(self, old, new):
        self.change("rename", old, new)

    def remove(self, path):
        self.change("remove", path, None)

    def change(self, kind, path, data):
        if kind != "write" and path not in self.names:
            raise OSError(_ENOENT, "no such file")
        if self.before:
            self.before((kind, path, data))
        if kind == "write":
            self.names[path] = data
        elif kind == "rename":
            self.names[data] = self.names.pop(path)
        else:
            del self.names[path]
