"""The conversation with the CSMS: texts in, texts out.  No socket, no asyncio.

Joins the three that know a part of it: the RPC (grammar), the outbox (what is said next) and the
station (what it means).

    heard(text, now)    a text arrived: the texts to send for it
    due(now)            the texts that are due now; Silence when the peer hears but never answers
    lost(now)           the link is gone: what was in flight goes back where it belongs
"""

from micropython import const

from firmware.ocpp import rpc

_DEFERRED = const(4)  # calls that may wait for their answer at once
_SILENCES = const(3)  # unanswered calls in a row until another connection is tried


class Silence(Exception):
    """The peer takes what we say and answers nothing: a new connection may help."""


class Conversation:
    """`new_id()` gives message ids never used before by this station (J erratum 3.1);
    `report(error)` logs what a room did wrong while it served the peer."""

    def __init__(self, station, new_id, report):
        self._station = station
        self._outbox = station.outbox
        self._report = report
        self._rpc = rpc.RPC(new_id)
        self._entry = None  # the outbox entry in flight
        self._deferred = []  # (message id, function) of calls answered later
        self._silences = 0

    def due(self, now: int) -> list:
        texts = self._late_answers(now)
        late = self._rpc.tick(now)
        if late is not None:
            self._give_up(now)
            self._silences += 1
            if self._silences >= _SILENCES:
                self._silences = 0
                raise Silence("no answer to " + late[2])
        if self._rpc.in_flight is None:
            entry = self._outbox.next(now, self._station.registration.accepted, True)
            if entry is not None:
                self._entry = entry
                timeout_ms = self._station.settings.number("MessageTimeout") * 1000
                texts.append(
                    self._rpc.call(entry.action, entry.payload, now, timeout_ms, entry.message_id)
                )
        return texts

    def heard(self, text: str, now: int) -> list:
        event = self._rpc.receive(text, now)
        kind = event[0]
        security = self._station.security_events
        if kind == rpc.CALL:
            if security is not None:
                security.called(text, event[2], now)
            return self._called(event[1], event[2], event[3], now)
        if kind == rpc.GARBAGE:
            if security is not None:
                security.garbage(event[2], now)
            return [] if event[1] is None else [event[1]]
        if kind != rpc.STRAY and self._entry is not None:
            entry, self._entry = self._entry, None
            self._silences = 0
            if kind == rpc.RESULT:
                self._answered(entry, event[3], now)
            else:
                self._outbox.refused(entry, event[3], event[4], now)
                self._station.unanswered(entry, now)
        return []

    def lost(self, now: int):
        self._rpc.drop()
        self._give_up(now)
        self._deferred = []
        self._silences = 0

    def _give_up(self, now: int):
        """No answer came to what was in flight."""
        entry, self._entry = self._entry, None
        if entry is not None:
            self._outbox.unanswered(entry, now)
            self._station.unanswered(entry, now)

    def _answered(self, entry, payload: dict, now: int):
        if self._station.sensible(entry, payload):
            self._outbox.confirmed(entry, payload, now)
            self._station.answered(entry, payload, now)
        else:
            self._outbox.unanswered(entry, now)
            self._station.unanswered(entry, now)

    def _called(self, message_id: str, action: str, payload: dict, now: int) -> list:
        if self._station.registration.state == "Rejected":
            return []  # OCPP 1.6 section 4.2: a rejected station is silent
        try:
            answer = self._station.call(action, payload, now)
            if isinstance(answer, dict):
                return [self._rpc.result(message_id, answer)]
        except rpc.CallError as error:
            if self._station.security_events is not None:
                self._station.security_events.refused(action, error.code, now)
            return [self._rpc.error(message_id, error.code, error.description)]
        except Exception as error:
            return [self._failed(message_id, error, now)]
        if len(self._deferred) >= _DEFERRED:
            return [self._rpc.error(message_id, "GenericError", "too many calls wait")]
        self._deferred.append((message_id, answer))
        return []

    def _failed(self, message_id: str, error, now: int) -> str:
        """The peer gets an answer whatever a room does wrong; the log gets the place."""
        self._report(error)
        if isinstance(error, MemoryError):
            self._station.security("MemoryExhaustion", "heap: answering a call", now)
        return self._rpc.error(message_id, "InternalError", type(error).__name__)

    def _late_answers(self, now: int) -> list:
        texts = []
        for deferred in list(self._deferred):
            message_id, function = deferred
            try:
                answer = function(now)
            except Exception as error:
                self._deferred.remove(deferred)
                texts.append(self._failed(message_id, error, now))
                continue
            if answer is not None:
                self._deferred.remove(deferred)
                texts.append(self._rpc.result(message_id, answer))
        return texts
