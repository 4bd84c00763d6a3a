"""One run of a job: its connections, its pace, its buffer. What is said over them is for
transfer_http.py and transfer_ftp.py.

Every connection is closed by close(), whatever happened. A piece is 1 KiB; between pieces the
other tasks run.
"""

import asyncio
import gc

from micropython import const

from firmware.tasks.pace import Pace

_PIECE = const(1024)
_FULL_MS = const(20)  # asked again that often whether the sink takes more


class Refused(Exception):
    """Our side cannot go on: its text is the reason."""


class Transfer:
    """`tls()` gives the TLS context of an https connection."""

    def __init__(self, port, job, uptime, tls):
        self.job = job
        self.pace = Pace(uptime.ms())
        self._port = port
        self._uptime = uptime
        self._tls = tls
        self._links = []
        self._begun = False

    async def connect(self, host: str, port: int, secure: bool = False):
        self.wait("connection")
        context = None
        if secure:
            gc.collect()  # TLS wants the heap in one piece
            context = self._tls()
        link = await self._port.connect(host, port, context, host if secure else None)
        self._links.append(link)
        return link

    def drop(self, link) -> None:
        self._links.remove(link)
        link.close()

    def close(self) -> None:
        while self._links:
            self._links.pop().close()

    def wait(self, what: str = "answer") -> None:
        """The peer's turn: all of `what` is due in time."""
        self.pace.wait(what, self._uptime.ms())

    async def read(self, link):
        """The next bytes of an answer; b"" at the end."""
        return await link.read(_PIECE)

    def started(self) -> None:
        if not self._begun:
            self._begun = True
            self.job.started(self._uptime.ms())

    # --- content ------------------------------------------------------------------------------

    async def begin(self, offset: int, size: "int | None", tag: str) -> None:
        """The server sends from `offset` on; whatever else is kept is not of this file."""
        self.started()
        sink = self.job.sink
        if sink.offset != offset:
            self.ours(sink.restart)
        await self.room()  # a flash is erased before it can take down what is to come
        self.ours(sink.begin, size, tag)
        self.pace.flow(self._uptime.ms())

    async def room(self) -> None:
        """Returns when the sink takes more; what it needs for that is not the server's delay."""
        sink = self.job.sink
        while not self.ours(sink.ready):
            self.pace.pause(self._uptime.ms())
            await asyncio.sleep_ms(_FULL_MS)
        self.pace.go_on(self._uptime.ms())

    def keep(self, piece) -> None:
        self.ours(self.job.sink.write, piece)
        self.pace.moved(len(piece), self._uptime.ms())

    async def send(self, link) -> None:
        """All of the source."""
        source = self.job.source
        left = source.size
        self.pace.flow(self._uptime.ms())
        while left:
            piece = self.ours(source.read, min(left, _PIECE))
            if not piece:
                # The length is said already: a shorter file would wait for the rest for ever.
                raise Refused("the file is shorter than its size")
            left -= len(piece)
            await link.write(piece)
            self.pace.moved(len(piece), self._uptime.ms())
            await asyncio.sleep_ms(0)

    def ours(self, function, *arguments):
        """The flash fails by OSError, like the network: told apart here."""
        try:
            return function(*arguments)
        except (OSError, ValueError) as error:
            raise Refused(str(error) or type(error).__name__)
