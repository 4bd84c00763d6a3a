"""Files over HTTP and HTTPS: GET with resume, PUT or POST. What the bytes mean is for
firmware/wire/http.py; time-outs and closing are for who runs this.

Each returns when the file is whole there, or leaves by an exception.
"""

import asyncio

from micropython import const

from firmware.wire import ProtocolError, http

_CONTINUE_S = const(3)  # for 100 Continue; a server need not know it


async def download(transfer, location) -> None:
    sink = transfer.job.sink
    redirects = 0
    while True:
        offset = sink.offset if sink.tag else 0
        link = await transfer.connect(location.host, location.port, location.secure())
        transfer.wait()
        await link.write(http.get(location, offset, sink.tag))
        answer = http.AnswerReader()
        status, fields = await _head(transfer, link, answer)
        if status == 416 and offset:
            # Nothing from there on: either all of it is here, or it was of another file.
            if http.whole_size(fields) == offset:
                await transfer.begin(offset, offset, sink.tag)
                return
            transfer.ours(sink.restart)
        else:
            onward = http.redirect(status, fields, location)
            if onward is None:
                await _receive(transfer, link, answer, status, fields, offset)
                return
            redirects = _counted(redirects, status)
            location = onward
        transfer.drop(link)


def _counted(redirects: int, status: int) -> int:
    if redirects >= http.REDIRECTS:
        raise ProtocolError(status, "too many redirects")
    return redirects + 1


async def _receive(transfer, link, answer, status, fields, offset) -> None:
    """The content of the answer into the sink."""
    sink = transfer.job.sink
    try:
        first, end, size = http.content(status, fields, offset, sink.tag)
    except ProtocolError:
        if status == 206:
            # Who gives another part than was asked for, is asked for the whole next time.
            transfer.ours(sink.restart)
        raise
    body = http.body(status, fields, transfer.job.limit - first)
    await transfer.begin(first, size, sink.tag if status == 206 else http.validator(fields))
    data = answer.rest
    have = first
    while not body.ended:
        await transfer.room()
        body.feed(data or await transfer.read(link))
        data = None
        have = _keep(transfer, body, have)
        await asyncio.sleep_ms(0)
    if (end is not None and have != end) or (size is not None and have != size):
        raise ProtocolError(status, "the length is not what was said")


def _keep(transfer, body, have: int) -> int:
    piece = body.next()
    while piece is not None:
        transfer.keep(piece)
        have += len(piece)
        piece = body.next()
    return have


async def upload(transfer, location) -> None:
    source = transfer.job.source
    location = location.within(source.name)
    method, expect, redirects = "PUT", True, 0
    while True:
        status, fields = await _offer(transfer, location, method, expect)
        if 200 <= status < 300:
            return
        onward = http.redirect(status, fields, location, True)
        if onward is not None:
            redirects = _counted(redirects, status)
            location = onward
        elif status == 417 and expect:
            expect = False  # RFC 9110 §10.1.1: repeat it without
        elif status in (405, 501) and method == "PUT":
            method = "POST"
        else:
            raise ProtocolError(status, "HTTP %d" % status)
        source.restart()


async def _offer(transfer, location, method: str, expect: bool) -> tuple:
    """One request with the file behind it; the answer."""
    link = await transfer.connect(location.host, location.port, location.secure())
    transfer.wait()
    await link.write(http.put(location, transfer.job.source.size, method, expect))
    answer = http.AnswerReader()
    head = await _asked(transfer, link, answer) if expect else None
    if head is None:
        transfer.started()
        try:
            await transfer.send(link)
        except OSError as error:
            # Refused in the middle: why, may still be there to read.
            head = await _last_words(transfer, link, answer, error)
    if head is None:
        transfer.wait()
        head = await _head(transfer, link, answer)
    transfer.drop(link)
    return head


async def _asked(transfer, link, answer) -> "tuple | None":
    """The refusal of a server that did not want the file at all; None: send it."""
    try:
        return await asyncio.wait_for(_head(transfer, link, answer, True), _CONTINUE_S)
    except asyncio.TimeoutError:
        return None


async def _last_words(transfer, link, answer, error):
    transfer.wait()
    try:
        return await _head(transfer, link, answer)
    except (OSError, ProtocolError):
        raise error


async def _head(transfer, link, answer, go_on: bool = False) -> "tuple | None":
    """The final head; None when `go_on` and the peer says so."""
    head = answer.next()
    while head is None and not (go_on and answer.continued):
        answer.feed(await transfer.read(link))
        head = answer.next()
    return head
