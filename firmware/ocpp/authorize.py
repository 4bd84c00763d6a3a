"""Who may charge, as far as this station knows: the local list first, the cache behind it.

Answers with a decision; asks nobody itself, writes nothing but what the cache is told. Knows the
words of an idTag's status, no message.
"""

from micropython import const

from firmware.store.id_record import ACCEPTED, fits, standing

ACCEPT = const(1)  # (ACCEPT, parent, source)
REFUSE = const(2)  # (REFUSE, status, source)
ASK = const(3)  # (ASK, None, None): the CSMS must say

LIST = "list"
CACHE = "cache"
UNKNOWN = "unknown"

_ASK = (ASK, None, None)
_VALID = (ACCEPTED, "ConcurrentTx")  # §3.5.2: both mark an identifier as valid


class Authorizer:
    """`flag(key)`: the boolean configuration keys. `table`: an IdTable, `cache`: an IdCache, None
    for what is not built. `utc`: UTC seconds, None while the clock is unknown."""

    def __init__(self, flag, table, cache):
        self._flag = flag
        self._table = table
        self._cache = cache

    def decide(self, id_tag: str, online: bool, utc) -> tuple:
        """May `id_tag` charge?"""
        if online and not self._flag("LocalPreAuthorize"):
            return _ASK
        try:
            entry, source = self._known(id_tag, utc)
        except OSError:
            # The list cannot be read: it might say Blocked.
            return _ASK if online else (REFUSE, "Invalid", LIST)
        if online:
            return self._online(entry, source, utc)
        return self._offline(entry, source, utc)

    def _online(self, entry, source: str, utc) -> tuple:
        # §3.5.1: what is not valid here may be valid there by now. And what ends some day is not
        # trusted without a clock as long as there is somebody to ask.
        if entry is None or standing(entry, utc) != ACCEPTED:
            return _ASK
        if entry[2] is not None and utc is None:
            return _ASK
        return ACCEPT, entry[1], source

    def _offline(self, entry, source: str, utc) -> tuple:
        parent = None
        if entry is not None:
            status = standing(entry, utc)
            if status != ACCEPTED:
                return REFUSE, status, source  # §3.5.4 MUST, unknown ones allowed or not
            parent = entry[1]
            if self._flag("LocalAuthorizeOffline"):
                return ACCEPT, parent, source
        if self._flag("AllowOfflineTxForUnknownId"):
            return ACCEPT, parent, UNKNOWN
        return REFUSE, "Invalid", UNKNOWN

    def _known(self, id_tag: str, utc) -> tuple:
        """(entry or None, source)."""
        if not fits(id_tag):
            return None, UNKNOWN
        entry = self._listed(id_tag)
        if entry is not None:
            return entry, LIST
        if self._cache is not None and self._flag("AuthorizationCacheEnabled"):
            return self._cache.get(id_tag, utc), CACHE
        return None, UNKNOWN

    def _listed(self, id_tag: str):
        if self._table is None or not self._flag("LocalAuthListEnabled"):
            return None
        return self._table.get(id_tag)

    def learn(self, id_tag: str, info: tuple, now: int, utc) -> bool:
        """The CSMS spoke of `id_tag`: `info` is (status, parent, expires_at).

        True when the local list contradicts it: §3.5.2 wants the CSMS told (LocalListConflict).
        """
        if not fits(id_tag):
            return False
        status, parent, expires_at = info
        try:
            listed = self._listed(id_tag)
        except OSError:
            return False  # it may be in the list, and then it must not be in the cache
        if listed is not None:
            # §3.5.3: what the list knows is not in the cache.
            if self._cache is not None:
                self._cache.forget(id_tag, now)
            return (standing(listed, utc) in _VALID) != (status in _VALID)
        if self._cache is not None and self._flag("AuthorizationCacheEnabled"):
            if parent is not None and not fits(parent):
                parent = None  # answers are read leniently; the status is what matters
            self._cache.put(id_tag, (status, parent, expires_at), now, utc)
        return False
