"""The charge point's network: a proxy in front of everything, and a cable that can be pulled.

Promise: up: bytes pass. drop: nothing passes in either direction, nothing is closed, connects
hang; when the cable is back what waited flows on as TCP would retransmit it, and an end that
closed meanwhile is noticed then. reset: both ends see RST, new connects fail at once until the
link is up.
Boundary: TCP streams; TLS passes through whole.
"""

import asyncio
import socket
import struct

UP, DROP, REFUSE = "up", "drop", "refuse"
CHUNK = 65536
LINE_LIMIT = 1024
LINGER_0 = struct.pack("ii", 1, 0)


def _reset(writer):
    """RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if not writer.transport.is_closing() and sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    writer.transport.abort()


class Network:
    def __init__(self):
        self._state = UP
        self._up = asyncio.Event()
        self._up.set()
        self._pairs = set()  # (near writer, far writer)
        self._tasks = set()
        self._server = None
        self.address = None

    @property
    def up(self):
        return self._state == UP

    async def start(self):
        self._server = await asyncio.start_server(self._near, "127.0.0.1", 0)
        self.address = list(self._server.sockets[0].getsockname()[:2])

    def link(self, up, reset=False):
        if reset:
            for near, far in list(self._pairs):
                _reset(near)
                _reset(far)
        self._state = UP if up else REFUSE if reset else DROP
        if self._state == DROP:
            self._up.clear()
        else:
            self._up.set()  # REFUSE: those who wait are told so

    async def _near(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _reset(writer)
        except asyncio.CancelledError:
            _reset(writer)  # the bench ends
        finally:
            self._tasks.discard(asyncio.current_task())

    async def _serve(self, reader, writer):
        line = await reader.readuntil(b"\n")
        try:
            word, host, port = line[:LINE_LIMIT].decode("ascii").split()
            port = int(port)
        except ValueError:
            word = None
        if word != "CONNECT":
            await self._refuse(writer, "CONNECT host port is expected")
            return
        far = await self._connect(host, port, reader, writer)
        if far is None:
            return
        await self._carry((reader, writer), far)

    async def _carry(self, near, far):
        """Both directions of a connection until both are done."""
        pair = (near[1], far[1])
        self._pairs.add(pair)
        pumps = [
            asyncio.ensure_future(self._pump(near[0], far[1])),
            asyncio.ensure_future(self._pump(far[0], near[1])),
        ]
        try:
            near[1].write(b"OK\n")
            await asyncio.gather(*pumps)
            for end in pair:
                end.close()
        except OSError:
            # An end went with RST: the other one sees the same, once the link carries it.
            await self._up.wait()
            for end in pair:
                _reset(end)
        finally:
            for pump in pumps:
                pump.cancel()
            self._pairs.discard(pair)

    async def _connect(self, host, port, reader, writer):
        await self._up.wait()
        if self._state == REFUSE:
            await self._refuse(writer, "network is unreachable")
            return None
        if reader.at_eof():
            writer.close()  # given up while the cable was out: no SYN is left
            return None
        try:
            far = await asyncio.open_connection(host, port)
        except OSError as err:
            await self._up.wait()
            await self._refuse(writer, str(err).replace("\n", " "))
            return None
        await self._up.wait()  # pulled during the connect: the SYN is still under way
        if self._state == REFUSE:
            _reset(far[1])
            await self._refuse(writer, "network is unreachable")
            return None
        return far

    async def _refuse(self, writer, why):
        writer.write(("ERR %s\n" % why).encode("ascii", "replace"))
        await writer.drain()
        writer.close()

    async def _pump(self, reader, writer):
        while True:
            data = await reader.read(CHUNK)
            await self._up.wait()
            if not data:
                if writer.can_write_eof() and not writer.transport.is_closing():
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    async def close(self):
        self._server.close()
        for pair in list(self._pairs):
            for end in pair:
                _reset(end)
        for task in list(self._tasks):
            task.cancel()
