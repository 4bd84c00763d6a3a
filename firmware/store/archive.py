"""Texts as one tar (POSIX ustar, which everybody opens), made while it is read.

A source of an upload: `.name`, `.size` known before the first byte, `read(n)`, `restart()`. Bytes
in pieces, bytes out; at no time more than one piece is in RAM. Each member is measured first.
What grows meanwhile is cut at its measured size, what shrinks is filled up with empty lines.
"""

from micropython import const

_BLOCK = const(512)
_MOST = const(1024)  # at once: two copies of it exist for a moment


class Archive:
    """`members`: (name, function) each; the function gives the member's bytes piece by piece,
    anew at each call. `at`: UTC seconds for all of them, 0 if nobody knows."""

    def __init__(self, name: str, members: tuple, at: int = 0):
        self.name = name
        self._members = members
        self._at = at
        self._sizes = []
        self.size = 2 * _BLOCK
        for _, pieces in members:
            size = 0
            for piece in pieces():
                size += len(piece)
            self._sizes.append(size)
            self.size += _BLOCK + (size + _BLOCK - 1 & -_BLOCK)
        self.restart()

    def restart(self):
        self._pieces = self._all()
        self._piece = b""

    def read(self, n: int) -> bytes:
        """At most `n` bytes, and at most 1024; b"" at the end."""
        n = min(n, _MOST)
        parts = []
        while n > 0:
            if not self._piece:
                self._piece = next(self._pieces, b"")
                if not self._piece:
                    break
            part = self._piece[:n]
            self._piece = self._piece[len(part) :]
            n -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _all(self):
        """Never an empty piece."""
        for i, (name, pieces) in enumerate(self._members):
            left = self._sizes[i]
            yield header(name, left, self._at)
            fill = -left & _BLOCK - 1
            for piece in pieces():
                piece = piece[:left]
                left -= len(piece)
                if piece:
                    yield piece
                if not left:
                    break
            while left:
                size = min(left, _BLOCK)
                left -= size
                yield b"\n" * size
            if fill:
                yield bytes(fill)
        yield bytes(_BLOCK)
        yield bytes(_BLOCK)


def header(name: str, size: int, at: int) -> bytes:
    """Of one member: a plain file that everybody may read. POSIX.1-1988, ustar."""
    data = bytearray(_BLOCK)
    raw = name.encode()
    if len(raw) > 100:
        raise ValueError("tar: name")
    for start, field in (
        (0, raw),
        (100, b"0000644\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, b"%011o\0" % size),
        (136, b"%011o\0" % at),
        (148, b"        "),
        (156, b"0"),
        (257, b"ustar\00000"),
    ):
        data[start : start + len(field)] = field
    data[148:156] = b"%06o\0 " % sum(data)
    return bytes(data)
