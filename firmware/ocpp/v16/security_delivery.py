"""SecurityEventNotification (A04): the events of the log, one at a time and in order, until the
CSMS has answered each.  What happened, and what is kept of it, others know.

Offline they wait on flash, over reboots too.  A CALLERROR is an answer: after three the event is
given up, since a CSMS that does not know the message would else never hear of another one.
Silence is none: it is asked again, ever more seldom, so that bills do not wait behind it.
"""

from micropython import const

from firmware.ocpp.epoch import when
from firmware.ocpp.timestamp import format_time
from firmware.store import events
from firmware.store.log import note

ACTION = "SecurityEventNotification"
_REFUSALS = const(3)
_AGAIN_MS = const(60000)
_MOST_MS = const(3600000)
_LONGEST_MS = const(600000)  # nothing heard of one: the outbox was full and gave it up


class Delivery:
    def __init__(self, station, log):
        self._station = station
        self._log = log
        self._said: "str" = None  # message id of the one on its way
        self._number = 0
        self._refusals = 0
        self._wait_ms = _AGAIN_MS
        self._not_before = 0

    def tick(self, now: int):
        if not self._station.reachable or now < self._not_before:
            return
        try:
            row = self._log.next()
        except OSError as error:
            note("security log:", error)
            self._not_before = now + _AGAIN_MS
            return
        if row is not None:
            self._not_before = now + _LONGEST_MS
            self._number = row[events.NUMBER]
            self._said = self._station.outbox.put(ACTION, self._payload(row))

    def answered(self, message_id: str, now: int):
        if message_id == self._said:
            self._wait_ms = _AGAIN_MS
            self._end(now)

    def unanswered(self, entry, now: int):
        """A CALLERROR, silence, or the link is gone."""
        if entry.message_id != self._said:
            return
        self._said = None
        self._not_before = 0
        if not self._station.online:
            return
        if entry.tries:  # the outbox counts silence, not refusals
            self._not_before = now + self._wait_ms
            self._wait_ms = min(2 * self._wait_ms, _MOST_MS)
            return
        self._refusals += 1
        self._not_before = now + _AGAIN_MS
        if self._refusals >= _REFUSALS:
            note("security event %d: the CSMS will not have it" % self._number)
            self._end(now)

    def _end(self, now: int):
        self._said = None
        self._refusals = self._not_before = 0
        self._log.tell(self._number, now)

    def _payload(self, row: tuple) -> dict:
        payload = {"type": row[events.KIND], "timestamp": format_time(self._at(row))}
        text = row[events.TEXT]
        if row[events.COUNT] > 1:
            text = ("%s (%d times)" % (text, row[events.COUNT])).strip()
        if text:
            # CiString: printable ASCII only.
            payload["techInfo"] = "".join([c if " " <= c <= "~" else "?" for c in text])
        return payload

    def _at(self, row: tuple) -> int:
        """UTC seconds; the CSMS has said what time it is, or it would not be told anything."""
        at = when(self._station, row)
        if at is None:
            clock = self._station.clock
            at = clock.at(row[events.MS] if row[events.BOOT] == self._log.boot else 0)
        return at
