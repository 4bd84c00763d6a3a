"""Stands between a reader and who decides about cards: guessing is slow.

Promise: at one reader, cards refused in a row are free five times, then the reader is deaf, twice
as long each time, five minutes at most; an accepted card or a quarter of an hour without a refusal
forgets all. A card that is already known here, of the transaction, the offer or the cable at this
reader, is never kept out: it can always stop what it began. Online or not makes no difference.
Boundary: judges no card itself; Authorization tells it what became of one.
"""

from micropython import const

from firmware.ocpp.v16.authorization import same
from firmware.store.log import note

_FREE = const(5)
_FIRST_MS = const(10000)
_LONGEST_MS = const(300000)
_FORGET_MS = const(900000)


class CardGuard:
    """`room`: has `presented`, an Authorization or a SharedReader; `connectors`: those that the
    cards of this reader are for; `number`: of the reader, in words for people."""

    def __init__(self, station, room, connectors, number: int):
        self._station = station
        self._room = room
        self._connectors = connectors
        self._number = number
        self._shown: "str" = None  # the card that is being judged
        self._last: "str" = None  # the card refused last
        self._refusals = 0  # in a row
        self._refused_at = 0
        self._deaf_until = 0
        self._told = False  # of this row
        station.authorization.judges.append(self._judged)

    def presented(self, connector, id_tag: str, now: int):
        """A card was held to the reader."""
        if self._refusals and now - self._refused_at >= _FORGET_MS:
            self._forget()
        if not self._own(id_tag):
            if now < self._deaf_until:
                return
            self._shown = id_tag
        self._room.presented(connector, id_tag, now)

    def _own(self, id_tag: str) -> bool:
        for connector in self._connectors:
            session = connector.session
            for whose in (session, session.transaction, session.held):
                if whose is not None and same(id_tag, whose.id_tag):
                    return True
        return False

    def _judged(self, id_tag: str, accepted: bool, now: int):
        """What became of a card, whoever showed it: a remote start is no guess at this reader."""
        if self._shown is None or not same(id_tag, self._shown):
            return
        self._shown = None
        if accepted:
            self._forget()
        elif not same(id_tag, self._last):  # the same card again is impatience
            self._refused(id_tag, now)

    def _refused(self, id_tag: str, now: int):
        self._last = id_tag
        self._refused_at = now
        self._refusals += 1
        late = self._refusals - _FREE
        if late > 0:
            self._deaf_until = now + min(_FIRST_MS << min(late - 1, 8), _LONGEST_MS)
            self._tell(now)

    def _tell(self, now: int):
        """Once for a row: who guesses must not fill the history as well."""
        if self._told:
            return
        self._told = True
        text = "reader %d: %d cards refused in a row" % (self._number, self._refusals)
        note("cards:", text)
        if self._station.events is not None:
            self._station.events.add("security", text, now)

    def _forget(self):
        self._last = None
        self._refusals = self._deaf_until = 0
        self._told = False
