"""The beat of the station: what facts and time cause, online or not.  Decides nothing."""

import asyncio

_BEAT_MS = 20


async def charging(station, uptime):
    while True:
        station.tick(uptime.ms())
        await asyncio.sleep_ms(_BEAT_MS)
