"""A file to bring or to send: what a room asks for and what it hears back. No socket, no clock.

A room makes a job and answers it from its job(now); firmware/tasks/transfers.py carries it out and
calls back, always from the same task. One job is one attempt: a later one whose sink still knows
its offset and tag goes on where this one broke off.

    sink      where a download goes
        .offset             bytes kept so far
        .tag                of what they belong to: what begin() was given, "" none
        .ready()            False: no 1 KiB just now; the transfer waits, and the server with it
        .restart()          forget what is kept: the server begins anew
        .begin(size, tag)   the content follows from .offset on; `size` of all of it, None: unknown
        .write(data)        the next bytes, a memoryview that is good until this returns
    source    what an upload sends
        .name, .size        the file's name and its bytes
        .read(n)            up to n bytes, b"" at the end
        .restart()          from the start again

begin(), write() and read() raise OSError when the flash fails, ValueError when the content can
never be what is wanted: either ends the job with that text.
"""

from micropython import const

_LIMIT = const(1 << 22)  # no bundle and no archive of a charger comes near


class Job:
    """`location`: the URL, its password with it; never to be printed."""

    def __init__(self, location: str, sink=None, source=None, limit: int = _LIMIT):
        if (sink is None) == (source is None):
            raise ValueError("a job has a sink or a source")
        self.location = location
        self.sink = sink
        self.source = source
        self.upload = source is not None
        self.limit = limit  # bytes of a download; more is an endless server
        self.cancelled = False  # set by the room: it stops soon, and reports nothing more

    def started(self, now: int) -> None:
        """Once: the peer has the file (download), the connection stands (upload)."""

    def finished(self, error: "str | None", now: int) -> None:
        """Once, unless cancelled. `error`: None or a short text that holds no credentials."""
        raise NotImplementedError
