"""Work that can wait for an open contactor: erasing ahead, writing the cache.  Decides nothing.

An erase masks every interrupt of a chip for tens of milliseconds, so none happens here while a
contactor is closed; the journal erases by itself only when it has no erased block left.
"""

import asyncio

from micropython import const

from firmware.store.log import note

_BEAT_MS = const(200)
# An hour of 60 s meter values of eight measurands is four blocks. With next to nothing to be kept
# all blocks are erased ahead: each would be anyway, once a lap. With a backlog blocks are freed
# by copying what is in them, so no more than a long charge needs.
_AHEAD_BLOCKS = const(8)
_ALL_BLOCKS = const(1 << 16)
_IDLE_PERCENT = const(5)


def beat(journal, station, now: int) -> None:
    """One erase at most; the cache is written when it is due."""
    for connector in station.connectors:
        if connector.kernel.facts.closed:
            return
    if station.events is not None and station.events.prepare(now):
        return
    if station.slots is not None and station.slots.prepare():
        return
    journal.prepare(_ALL_BLOCKS if journal.used_percent() < _IDLE_PERCENT else _AHEAD_BLOCKS)
    station.cache.flush(now, station.clock.at(now))


async def upkeep(journal, station, watch, uptime):
    """`watch`: see ocpp/watch.py; None without a history of events."""
    while True:
        now = uptime.ms()
        if watch is not None:
            watch.tick(now)
        try:
            beat(journal, station, now)
        except OSError as error:
            note("upkeep:", error)
        await asyncio.sleep_ms(_BEAT_MS)
