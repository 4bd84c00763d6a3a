"""The meter line: one question at a time, readings to their connectors."""

import asyncio

_BEAT_MS = 10
_PIECES = 4  # of 64 bytes a beat: a line that never falls silent must not hold the loop


async def metering(uart, poller, connectors, uptime):
    """`connectors`: a dict from the poller's meter object to its connector."""
    asked = None  # when the cycle of questions began: no value of its reading is older
    while True:
        now = uptime.ms()
        for _ in range(_PIECES):
            data = uart.read(64)
            if not data:
                break
            poller.feed(data, now)
        meter = poller.next()
        while meter is not None:
            connectors[meter].metered(meter.reading, asked)
            asked = None
            meter = poller.next()
        request = poller.tick(now)
        if request:
            asked = now if asked is None else asked
            uart.write(request)
        await asyncio.sleep_ms(_BEAT_MS)
