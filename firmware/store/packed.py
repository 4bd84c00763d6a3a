"""Rows of bare integers in the order of the first one: thousands of them in little RAM.

Four bytes an integer, in pieces of 64 rows: no large block of memory is asked of a heap that is
in pieces itself, and taking a row out moves at most one piece. What they mean others know.
"""

from array import array

from micropython import const

_PIECE = const(64)  # rows


class Packed:
    """Of rows of `width` integers of 32 bits, the first of which is not there twice."""

    def __init__(self, width: int = 2):
        self._width = width
        self._pieces = []  # arrays, none empty
        self._gone = 0  # rows taken from the front of the first piece
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self):
        return self.after(-1)

    def after(self, number: int):
        """Those with a higher number. Nothing may be put or taken while this runs."""
        p, i = self._place(number + 1)
        while p < len(self._pieces):
            piece = self._pieces[p]
            for k in range(i, len(piece) // self._width):
                yield self._at(piece, k)
            p, i = p + 1, 0

    def first(self) -> tuple:
        """IndexError when there is none."""
        return self._at(self._pieces[0], self._gone)

    def next(self, number: int) -> "tuple | None":
        """The first with a higher number."""
        p, i = self._place(number + 1)
        if p < len(self._pieces) and i * self._width == len(self._pieces[p]):
            p, i = p + 1, 0
        return self._at(self._pieces[p], i) if p < len(self._pieces) else None

    def find(self, number: int) -> "tuple | None":
        p, i = self._place(number)
        return self._at(self._pieces[p], i) if self._holds(p, i, number) else None

    def put(self, *row) -> None:
        p, i = self._place(row[0])
        at = i * self._width
        if p == len(self._pieces):
            self._pieces.append(array("I", row))
        elif at == len(self._pieces[p]) and i < _PIECE:
            for word in row:
                self._pieces[p].append(word)
        elif at == len(self._pieces[p]):
            self._pieces.insert(p + 1, array("I", row))
        else:
            self._insert(p, at, array("I", row))
        self._count += 1

    def take(self, number: int) -> "tuple | None":
        """Out of it. None when it is not there."""
        p, i = self._place(number)
        if not self._holds(p, i, number):
            return None
        piece = self._pieces[p]
        taken = self._at(piece, i)
        if i == self._skip(p):
            # From the front, as nearly always: nothing is moved.
            self._cut(p, i + 1)
        else:
            at = i * self._width
            self._pieces[p] = piece[:at] + piece[at + self._width :]
        self._count -= 1
        return taken

    def _cut(self, p: int, i: int) -> None:
        """The piece begins at place `i` from now on."""
        piece = self._pieces[p]
        if i * self._width == len(piece):
            self._pieces.pop(p)
            if p == 0:
                self._gone = 0
        elif p == 0:
            self._gone = i
        else:
            self._pieces[p] = piece[i * self._width :]

    def _insert(self, p: int, at: int, words) -> None:
        piece = self._pieces[p]
        low = self._skip(p) * self._width
        if p == 0:
            self._gone = 0
        self._pieces[p] = piece[low:at] + words
        self._pieces.insert(p + 1, piece[at:])
        if len(piece) - low < _PIECE * self._width:
            self._pieces[p] += self._pieces.pop(p + 1)

    def _skip(self, p: int) -> int:
        return self._gone if p == 0 else 0

    def _holds(self, p: int, i: int, number: int) -> bool:
        if p == len(self._pieces):
            return False
        at = i * self._width
        return at < len(self._pieces[p]) and self._pieces[p][at] == number

    def _place(self, number: int) -> "tuple[int, int]":
        """(piece, place in it) where it is or belongs."""
        pieces, width = self._pieces, self._width
        if not pieces:
            return 0, 0
        p = len(pieces) - 1
        if pieces[p][0] > number:  # not at the end: the new ones are
            p = 0
            while p + 1 < len(pieces) and pieces[p + 1][0] <= number:
                p += 1
        piece = pieces[p]
        low, high = self._skip(p), len(piece) // width
        while low < high:
            middle = (low + high) // 2
            if piece[middle * width] < number:
                low = middle + 1
            else:
                high = middle
        return p, low

    def _at(self, piece, i: int) -> tuple:
        return tuple(piece[i * self._width : (i + 1) * self._width])
