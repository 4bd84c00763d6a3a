"""Work that can wait for an open contactor: erasing ahead, writing the cache.  Decides nothing.

An erase masks every interrupt of a chip for tens of milliseconds, so none happens here while a
contactor is closed; the journal erases by itself only when it has no erased block left.
"""

import asyncio

from micropython import const

_BEAT_MS = const(200)
# An hour of 60 s meter values of eight measurands is four blocks. With next to nothing to be kept
# all blocks are erased ahead: each would be anyway, once a lap. With a backlog blocks are freed
# by copying what is in them, so no more than a long charge needs.
_AHEAD_BLOCKS = const(8)
_ALL_BLOCKS = const(1 << 16)
_IDLE_PERCENT = const(5)


def beat(journal, cache, station, now: int) -> None:
    """`journal.prepare()` erases one block at most; `cache.flush()` writes when it is due."""
    for connector in station.connectors:
        if connector.kernel.facts.closed:
            return
    journal.prepare(_ALL_BLOCKS if journal.used_percent() < _IDLE_PERCENT else _AHEAD_BLOCKS)
    cache.flush(now, station.clock.at(now))


async def upkeep(journal, cache, station, uptime):
    while True:
        try:
            beat(journal, cache, station, uptime.ms())
        except OSError as error:
            print("upkeep:", error)
        await asyncio.sleep_ms(_BEAT_MS)
