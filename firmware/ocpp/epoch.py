"""Boots and their clocks: which UTC a monotonic instant of this or an earlier boot was.

A boot whose clock was never set is placed before the next one that knows it: it ended when that
one began, as far as anybody can tell (a power cut of unknown length lies between; the time is
then late by it, never 1970).  The file system comes in as an object; no wall clock is read.
"""

import json

from micropython import const

from firmware.store import events
from firmware.store.log import note

_KEPT = const(32)  # boots remembered; older ones are placed where the oldest of these began
_SHARE = const(8)  # a mark is good for one 8th of the age more: no write for each stamp
_AHEAD_MS = const(3600000)  # and for an hour at most
_DRIFT_MS = const(10000)


class Epochs:
    """`boot` is the number of this one.  A row is [boot, UTC ms of its beginning or None, last ms
    seen of it].  `files`: see store/id_file, its rename must be atomic.  `first`: the number to
    begin with when no file is there or it is `corrupt`; the journal may still know boots of
    before, so it should be no small one.

    A file that cannot be written is reported and tried again at the next occasion: nothing is
    billed less for it, an earlier boot is only placed less exactly."""

    def __init__(self, path: str, files, first: int = 1):
        self._path = path
        self._files = files
        self._unsaved = False
        self.corrupt = False
        self._rows = self._load()
        self.boot = self._rows[-1][0] + 1 if self._rows else first
        self._rows.append([self.boot, None, 0])
        self._rows = self._rows[-_KEPT:]
        self._save()

    def learn(self, began_ms: int):
        """The clock is known: this boot began at `began_ms` (UTC)."""
        row = self._rows[-1]
        # What drifts a little is left: a message said again says the same time again.
        if row[1] is None or abs(began_ms - row[1]) >= _DRIFT_MS or self._unsaved:
            row[1] = began_ms
            self._save()

    def mark(self, now: int):
        """Something was stamped at `now` while the clock is unknown: the boot lived that long."""
        row = self._rows[-1]
        if row[1] is None and now > row[2]:
            # Somewhat ahead: the file system may erase, and a contactor may be closed.
            row[2] = now + min(now // _SHARE, _AHEAD_MS)
            self._save()

    def at(self, boot: int, ms: int):
        """UTC seconds of `ms` in `boot`; None while no later boot knows the time."""
        i = self._index(boot)
        began_ms = self._began(i or 0)
        if began_ms is None:
            return None
        if i is None:  # long forgotten, or the file was lost: before all that is known
            return began_ms // 1000
        return (began_ms + ms) // 1000

    def carried(self, boot: int, ms: int):
        """`ms` of an earlier boot as ms of this one: before its beginning, so below 0. None when
        that is not known, or at() knows better."""
        i = self._index(boot)
        if i is None or self._began(i) is not None:
            return None
        return ms - sum([row[2] for row in self._rows[i:-1]])

    def _index(self, boot: int):
        for i, row in enumerate(self._rows):
            if row[0] == boot:
                return i
        return None

    def _began(self, i: int):
        """When row `i` began: as learned, else so that it ended where the next one began."""
        before_ms = 0
        for row in self._rows[i:]:
            if row[1] is not None:
                return row[1] - before_ms
            before_ms += row[2]
        return None

    def _load(self) -> list:
        try:
            with self._files.open(self._path) as file:
                text = file.read()
        except OSError:
            return []
        try:
            return _rows(text)
        except (ValueError, TypeError):
            self.corrupt = True
        note("boots: the file was not readable and is set aside")
        try:
            self._files.rename(self._path, self._path + ".bad")
        except OSError as error:
            note("boots: it stays where it is:", error)  # the next save replaces it
        return []

    def _save(self):
        try:
            with self._files.open(self._path + ".new", "w") as file:
                file.write(json.dumps(self._rows))
            self._files.rename(self._path + ".new", self._path)
            self._unsaved = False
        except OSError as error:
            self._unsaved = True
            note("boots: not kept:", error)


def _rows(text: str) -> list:
    """The rows a file holds. ValueError or TypeError when it is no such file."""
    # MicroPython's json lets a cut-off text pass.
    rows = json.loads(text) if text.strip()[-1:] == "]" else None
    if not isinstance(rows, list):
        raise ValueError("no list of boots")
    before = 0
    for boot, began_ms, last_ms in rows:
        for value in (boot, last_ms, 0 if began_ms is None else began_ms):
            if not isinstance(value, int) or value < 0:
                raise ValueError("not a boot")
        if boot <= before:
            raise ValueError("boots out of order")
        before = boot
    return rows


def when(station, row: tuple):
    """UTC seconds of an event (store/events.py): as known when it happened, else as learned
    since; None if never."""
    at = row[events.AT]
    epochs = station.clock.epochs
    # A boot that is forgotten has no time, rather than that of the oldest one remembered.
    if at is None and epochs is not None and 0 <= epochs.boot - row[events.BOOT] < _KEPT:
        at = epochs.at(row[events.BOOT], row[events.MS])
    return at
