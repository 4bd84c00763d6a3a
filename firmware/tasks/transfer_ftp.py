"""Files over FTP: the dialogue on one connection, the file on another, both opened by us. What is
said is for firmware/wire/ftp.py; time-outs and closing are for who runs this.

Each returns when the server has confirmed the whole file, or leaves by an exception.
"""

import asyncio

from firmware.wire import ProtocolError, ftp


async def download(transfer, location) -> None:
    sink = transfer.job.sink
    dialogue = ftp.Dialogue(location.user, location.password, location.file(), False)
    control = await transfer.connect(location.host, location.port)
    _, size, tag = await _event(transfer, control, dialogue)
    if size is not None and size > transfer.job.limit:
        raise ProtocolError(0, "file too long")
    offset = sink.offset if tag and tag == sink.tag else 0
    if offset and offset == size:
        await transfer.begin(offset, size, tag)
    else:
        data, offset = await _open(transfer, control, dialogue, location.host, offset)
        await transfer.begin(offset, size, tag)
        try:
            await _receive(transfer, data, offset, size)
        except BaseException:
            await _abort(control)
            raise
        transfer.drop(data)
        await _event(transfer, control, dialogue)
    await control.write(ftp.QUIT)


async def _receive(transfer, data, have: int, size) -> None:
    limit = transfer.job.limit if size is None else size
    while True:
        await transfer.room()
        piece = await transfer.read(data)
        if not piece:
            break
        have += len(piece)
        if have > limit:
            raise ProtocolError(0, "file too long")
        transfer.keep(memoryview(piece))
        await asyncio.sleep_ms(0)
    if size is not None and have != size:
        raise ProtocolError(0, "file cut short")


async def upload(transfer, location) -> None:
    location = location.within(transfer.job.source.name)
    dialogue = ftp.Dialogue(location.user, location.password, location.file(), True)
    control = await transfer.connect(location.host, location.port)
    await _event(transfer, control, dialogue)
    data, _ = await _open(transfer, control, dialogue, location.host, 0)
    transfer.started()
    try:
        await transfer.send(data)
    except OSError as error:
        # Refused in the middle (a full disk): the reply says why.
        transfer.drop(data)
        await _event(transfer, control, dialogue)
        raise error
    except BaseException:
        # To the server a closed connection is the end of the file: say first that it is not.
        await _abort(control)
        raise
    transfer.drop(data)
    await _event(transfer, control, dialogue)
    await control.write(ftp.QUIT)


async def _abort(control) -> None:
    try:
        await control.write(ftp.ABORT)
    except OSError:
        pass  # the dialogue is over anyway; what went wrong before is the reason


async def _open(transfer, control, dialogue, host: str, offset: int) -> tuple:
    """(data connection, where the file begins on it)."""
    dialogue.go(offset)
    _, port = await _event(transfer, control, dialogue)
    data = await transfer.connect(host, port)
    dialogue.opened()
    _, offset = await _event(transfer, control, dialogue)
    return data, offset


async def _event(transfer, control, dialogue) -> tuple:
    """The next event that is ours to act on; what is to be said is said."""
    transfer.wait()
    while True:
        event = dialogue.next()
        if event is None:
            dialogue.feed(await transfer.read(control))
        elif event[0] == ftp.SAY:
            await control.write(event[1])
        else:
            return event
