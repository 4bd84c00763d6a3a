"""The diagnostics line: one JSON object after an "@" on the console, when something has changed.

What the bench's `state` and a service technician's terminal read.  Never a secret in it.
"""

import asyncio
import gc
import json

from firmware.ocpp.timestamp import format_time

_BEAT_MS = 50
_QUIET_MS = 1000  # at least one line in this time


class Diagnostics:
    """Watches the station and prints."""

    def __init__(self, station, uptime):
        self._station = station
        self._uptime = uptime
        self._heap_low = None

    async def run(self):
        last, printed = None, 0
        while True:
            now = self._uptime.ms()
            key = self._key()
            if key != last or now - printed >= _QUIET_MS:
                last, printed = key, now
                print("@" + json.dumps(self.state(now)))
            await asyncio.sleep_ms(_BEAT_MS)

    def _key(self):
        """What a change of is worth a line of its own."""
        station = self._station
        outbox = station.outbox
        parts = [station.online, station.registration.state, outbox.pending, outbox.stalled]
        for connector in station.connectors:
            transaction = connector.session.transaction
            parts.append(connector.word)
            parts.append(connector.error)
            parts.append(connector.kernel.wishes.offered_ma)
            parts.append(connector.kernel.facts.letter)
            if transaction is not None:
                parts.append(transaction.csms_id)
                parts.append(transaction.meter_wh)
        return parts

    def state(self, now: int) -> dict:
        station = self._station
        free = gc.mem_free()
        if self._heap_low is None or free < self._heap_low:
            self._heap_low = free
        at = station.clock.at(now)
        return {
            "boot": station.registration.state,
            "online": station.online,
            "queue": _queue(station.outbox),
            "parked": station.outbox.parked,
            "stalled": station.outbox.stalled,
            "utc": None if at is None else format_time(at),
            "heap_free": free,
            "heap_low": self._heap_low,
            "uptime_ms": now,
            "connectors": [_connector(connector) for connector in station.connectors],
        }


def _queue(outbox) -> int:
    """Messages not yet acknowledged; a billable one in flight is still pending."""
    entry = outbox.in_flight
    flying = 1 if entry is not None and entry.number is None else 0
    return outbox.pending + outbox.live + flying


def _connector(connector) -> dict:
    transaction = connector.session.transaction
    if transaction is not None:
        transaction = {
            "id": transaction.csms_id,
            "id_tag": transaction.id_tag,
            "wh": transaction.meter_wh - transaction.meter_start_wh,
        }
    return {
        "id": connector.number,
        "pilot": connector.kernel.facts.letter,
        "offered_ma": connector.kernel.wishes.offered_ma,
        "ocpp_status": connector.word,
        "error_code": connector.error,
        "transaction": transaction,
    }
