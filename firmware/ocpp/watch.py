"""What the station's facts tell the event history. Looks, changes nothing, and nothing waits for
it: the rooms need not know that there is a history.

`tick` a few times a second, a contactor closed or not: it programs a record, it never erases
(but see store/events.py).
"""

from micropython import const

_JUMP_MS = const(10000)  # less is drift and the way there


class Watch:
    """`why()`: why the link was last lost."""

    def __init__(self, station, events, why):
        self._station = station
        self._events = events
        self._why = why
        self._online = False
        self._resetting = False
        self._full = False
        self._stalled = False
        self._parked = station.outbox.parked
        self._offset_ms = station.clock.offset_ms
        self._errors = ["NoError"] * len(station.connectors)

    def tick(self, now: int):
        station = self._station
        if station.online is not self._online:
            self._online = station.online
            if self._online:
                self._add("link up", "", now)
            else:
                self._add("link lost", self._why(), now)
        for i, connector in enumerate(station.connectors):
            if connector.error != self._errors[i]:
                self._fault(i, connector, now)
        if station.resetting is not self._resetting:
            self._resetting = station.resetting
            if self._resetting:
                self._add("reset asked", "", now)
        self._clock(now)
        self._outbox(now)

    def _add(self, kind: str, text: str, now: int):
        self._events.add(kind, text, now)

    def _fault(self, i: int, connector, now: int):
        before, self._errors[i] = self._errors[i], connector.error
        if before != "NoError":
            self._add("fault cleared", "%d %s" % (connector.number, before), now)
        if connector.error != "NoError":
            self._add("fault set", "%d %s" % (connector.number, connector.error), now)

    def _clock(self, now: int):
        before, offset_ms = self._offset_ms, self._station.clock.offset_ms
        if offset_ms is before:
            return
        self._offset_ms = offset_ms
        if before is None:
            self._add("clock learned", "", now)
        elif abs(offset_ms - before) >= _JUMP_MS:
            self._add("clock jumped", "%d s" % ((offset_ms - before) // 1000), now)

    def _outbox(self, now: int):
        outbox = self._station.outbox
        if outbox.full is not self._full:
            self._full = outbox.full
            self._add("journal full" if self._full else "journal room", "", now)
        if outbox.stalled is not self._stalled:
            self._stalled = outbox.stalled
            if self._stalled:
                self._add("stalled", "no answer", now)
        parked, before = outbox.parked, self._parked
        if parked != before:
            self._parked = parked
            kind = "parked" if parked > before else "reinjected"
            self._add(kind, "%d of %d parked" % (abs(parked - before), max(parked, before)), now)
