"""The card reader and the stop button of one connector.  Who may charge is decided elsewhere."""

import asyncio

_BEAT_MS = 20
_PIECE = 64
_PIECES = 8  # of one beat: 25 kB/s, twice what a line of 115200 baud carries


async def cards(uart, reader, inbox, connector, authorization, uptime):
    """`reader`: a sans-I/O reader of hal; `inbox()`: idTags that arrive behind it, else None;
    `authorization`: has `presented`."""
    while True:
        now = uptime.ms()
        # A line that never falls silent must not hold everything else up.
        for _ in range(_PIECES):
            data = uart.read(_PIECE)
            if not data:
                break
            reader.feed(data, now)
        request = reader.tick(now)
        if request:
            uart.write(request)
        id_tag = reader.next() or inbox()
        if id_tag:
            authorization.presented(connector, id_tag, now)
        await asyncio.sleep_ms(_BEAT_MS)


async def button(pressed, connector, uptime):
    """The local stop button ends the transaction.  `pressed()` reads it."""
    was = False
    while True:
        is_ = pressed()
        if is_ and not was:
            connector.session.stop("Local", uptime.ms())
        was = is_
        await asyncio.sleep_ms(_BEAT_MS)
