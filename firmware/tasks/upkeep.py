"""Work that can wait for an open contactor: erasing ahead, writing the cache.  Decides nothing.

An erase masks every interrupt of a chip for tens of milliseconds, so none happens here while a
contactor is closed; the journal erases by itself only when it has no erased block left.
"""

import asyncio
import gc

from micropython import const

from firmware.store.log import note

_BEAT_MS = const(200)
_LOOK_MS = const(60000)
_HEAP_LOOK = const(65536)  # with more than that free nobody need collect to know
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
    for ring in (station.security_ring, station.events):
        if ring is not None and ring.prepare(now):
            return
    if station.slots is not None and station.slots.prepare():
        return
    journal.prepare(_ALL_BLOCKS if journal.used_percent() < _IDLE_PERCENT else _AHEAD_BLOCKS)
    station.cache.flush(now, station.clock.at(now))


def look(station, now: int) -> None:
    """How much heap is left; what nobody needs is no part of what is used."""
    if gc.mem_free() < _HEAP_LOOK:
        gc.collect()
    if station.security_events is not None:
        station.security_events.watch.memory(gc.mem_free(), now)


async def upkeep(journal, station, watch, uptime, set_clock):
    """`watch`: see ocpp/watch.py; None without a history of events. `set_clock`: of the chip, by
    which TLS judges certificates; told whenever the backend has said what time it is."""
    looked = 0
    offset_ms = None
    while True:
        now = uptime.ms()
        if station.clock.offset_ms is not offset_ms:
            offset_ms = station.clock.offset_ms
            set_clock(station.clock.at(now))
        if now - looked >= _LOOK_MS:
            looked = now
            look(station, now)
        if watch is not None:
            watch.tick(now)
        try:
            beat(journal, station, now)
        except OSError as error:
            note("upkeep:", error)
        await asyncio.sleep_ms(_BEAT_MS)
