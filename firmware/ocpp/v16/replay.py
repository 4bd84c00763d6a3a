"""CALLs that come again as they were, to the letter, on one connection.

Each CALL has an id of its own there (OCPP-J 4.1.4), and TCP brings each text once: what comes
twice was sent twice.  Over a new connection many a backend counts its ids from 1 again, and it may
well repeat what the broken link has swallowed: that is no replay.
"""

import binascii

from micropython import const

_KEPT = const(16)
_SMALL = const(0x3FFFFFFF)  # a small integer on every port


class Replay:
    def __init__(self):
        self._seen = []

    def forget(self):
        """Another connection."""
        self._seen = []

    def repeated(self, text: str) -> bool:
        mark = binascii.crc32(text.encode()) & _SMALL
        if mark in self._seen:
            return True
        self._seen.append(mark)
        if len(self._seen) > _KEPT:
            self._seen.pop(0)
        return False
