"""The card reader and the stop button of one connector.  Who may charge is decided elsewhere."""

import asyncio

_BEAT_MS = 20


async def cards(uart, reader, inbox, connector, authorization, uptime):
    """`reader`: a sans-I/O reader of hal; `inbox()`: idTags that arrive behind it, else None."""
    while True:
        now = uptime.ms()
        data = uart.read(64)
        while data:
            reader.feed(data, now)
            data = uart.read(64)
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
