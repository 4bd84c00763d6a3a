"""StatusNotification: what was told of each connector and of 0, what is due, what to repeat.

The words come from evse/status.py.  What is kept of number n stands at place n; 0 is the station.
"""

from micropython import const

from firmware.evse import status

_AGAIN_MS = const(60000)  # a status that a live backend would not take is told again after this


class Notification:
    """Tells changes once, the present after an outage, never the history in between (4.9)."""

    def __init__(self, station):
        self._station = station
        count = len(station.connectors) + 1
        self._told: "list" = [None] * count  # (word, error) last queued
        self._since = [0] * count  # how long the present status has been true
        self._not_before = [0] * count  # after a refusal
        self._word = ""  # of connector 0
        self.failed = ""  # errorCode of the station itself

    def tick(self, now: int):
        for connector in self._station.connectors:
            if connector.speak() is not None:
                self._change(connector.number, now)
        if self._word != self._present(0)[0]:
            self._word = self._present(0)[0]
            self._change(0, now)
        if not self._station.reachable:
            return
        for number in range(len(self._told)):
            if self._told[number] != self._present(number) and self._due(number, now):
                self._tell(number, self._since[number], False)

    def tell(self, number, now: int, early: bool = False):
        """The present status of `number` now, whatever was told; None: of 0 and every connector.
        `early`: also while Pending."""
        for each in range(len(self._told)):
            if number is None or number == each:
                self._tell(each, now, early)

    def conflict(self, now: int):
        """3.5.2: an answer contradicts the local list. Told once; as nothing of it lasts, the
        next tick tells NoError again."""
        word = self._present(0)[0]
        self._told[0] = (word, "LocalListConflict")
        request = {"connectorId": 0, "errorCode": "LocalListConflict", "status": word}
        if self._station.clock.known:
            request["timestamp"] = self._station.clock.stamp(now)
        self._station.outbox.put("StatusNotification", request)

    def lost(self, payload: dict, now: int):
        """Nobody took this one.  After an outage the present is told at once; a backend that is
        there and will not take it is left in peace for a while."""
        number = payload["connectorId"]
        if self._told[number] == (payload["status"], payload["errorCode"]):
            self._told[number] = None
            if self._station.online:
                self._not_before[number] = now + _AGAIN_MS

    def _change(self, number: int, now: int):
        self._since[number] = now
        self._not_before[number] = 0

    def _due(self, number: int, now: int) -> bool:
        minimum_ms = self._station.settings.number("MinimumStatusDuration") * 1000
        return now >= self._not_before[number] and now - self._since[number] >= minimum_ms

    def _present(self, number: int):
        if number:
            connector = self._station.connectors[number - 1]
            return connector.word, connector.error
        # Connector 0 knows only Available, Unavailable and Faulted, apart from the others (4.9).
        word = "Available" if self._station.operative else "Unavailable"
        return word, self.failed or "NoError"

    def _tell(self, number: int, at: int, early: bool):
        station = self._station
        word, error = self._told[number] = self._present(number)
        request = {"connectorId": number, "errorCode": error, "status": word}
        if station.clock.known:
            request["timestamp"] = station.clock.stamp(at)
        if number:
            connector = station.connectors[number - 1]
            vendor = status.vendor_error(connector.kernel)
            if vendor:
                request["vendorErrorCode"] = vendor
            if _left(connector):
                request["info"] = "EV side disconnected"
        station.outbox.put("StatusNotification", request, early=early)


def _left(connector) -> bool:
    """4.9: a transaction is suspended or has ended since the cable was pulled at the car."""
    if connector.kernel.plugged:
        return False
    if connector.word in ("SuspendedEV", "SuspendedEVSE"):
        return True
    ended = connector.session.ended
    return connector.word == "Finishing" and ended is not None and ended.reason == "EVDisconnected"
