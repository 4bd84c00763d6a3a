"""The server under the backend: the door, the links, and a loop of its own that other threads
may use.

Promise: start() returns with the port open or raises what kept it shut; stop() leaves neither
socket nor thread. Every connection has its line in `links`, also one that was turned away after
the handshake. Whoever waits for an answer learns of a lost link at once, as NoAnswer. Boundary:
connections; what is said on them is judged by csms_station.py and asked by csms_backend.py.
"""

import asyncio
import concurrent.futures
import http
import threading
import time

import websockets
from websockets.asyncio.server import serve
from websockets.typing import Subprotocol

from tools.csms_door import arrival, basic_login, encryption, named
from tools.csms_script import Script
from tools.csms_station import QUIET
from tools.csms_wire import Record, Tap

SUBPROTOCOL = Subprotocol("ocpp1.6")
LINK_S = 2  # of the wall


class NoAnswer(Exception):
    """The charge point is not there, or did not answer in time."""


class Server:
    """start() opens the port and returns; everything else may be called from any thread.

    `station`: (cpid, tap) -> the Station that speaks on this link. `password`: Basic auth is
    then required, any user. `tls`: an ssl.SSLContext, the server then speaks TLS.
    """

    def __init__(self, host, port, password, station, tls=None):
        self.host, self.port = host, port
        self.tls = tls
        self.password = password
        self.passwords = {}  # identity -> its password: that user and no other
        self.refuse = None  # an HTTP status: the door is shut
        self.missing = ()  # beginnings of paths that are not found
        self.record = Record()
        self.script = Script()
        self.links = []  # one dict per connection, see arrival()
        self.knocks = []  # (identity, user, TLS) of every request, also of those turned away
        self._servers = {}  # port -> its server
        self._station = station
        self._taps = []  # open links, the newest last
        self._stations = {}
        self._asking = {}  # link -> tasks that wait for its answers
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="csms", daemon=True)
        self._ready = threading.Event()
        self._failed = None

    # --- life -------------------------------------------------------------------------------

    def start(self):
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed
        return self

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(10)

    @property
    def url(self):
        return self.url_of(self.port, self.tls)

    def url_of(self, port, tls=None):
        """TLS is asked for by a name: `localhost`, as certificates have it."""
        return "%s:%d/ocpp" % ("wss://localhost" if tls else "ws://" + self.host, port)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self):
        self._end = asyncio.Event()
        try:
            self.port = await self._listen(self.port, self.tls)
        except OSError as e:
            self._failed = e
            self._ready.set()
            return
        self._ready.set()
        await self._end.wait()
        for tap in list(self._taps):
            tap.socket.transport.abort()
        for port in list(self._servers):
            await self._shut(port)

    async def _listen(self, port, tls):
        server = await serve(
            self._link,
            self.host,
            port,
            ssl=tls,
            subprotocols=[SUBPROTOCOL],
            process_request=self._door,
            ping_interval=None,
            close_timeout=1,
            max_size=1 << 20,
            logger=QUIET,
        )
        port = server.sockets[0].getsockname()[1]
        self._servers[port] = server
        return port

    async def _shut(self, port):
        server = self._servers.pop(port)
        for tap in list(self._taps):
            if tap.socket.local_address[1] == port:
                tap.socket.transport.abort()
        server.close()
        await server.wait_closed()

    def _door(self, connection, request):
        user, password = basic_login(request.headers.get("Authorization", ""))
        self.knocks.append((named(request.path), user, encryption(connection)))
        if self.refuse is not None:
            return connection.respond(self.refuse, "closed, as scripted\n")
        if request.path.startswith(tuple(self.missing)):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "not here\n")
        own = self.passwords.get(named(request.path))
        wanted = self.password if own is None else own
        if wanted is None:
            return None
        wanted = wanted if isinstance(wanted, bytes) else wanted.encode()
        if password != wanted or (own is not None and user != named(request.path)):
            answer = connection.respond(http.HTTPStatus.UNAUTHORIZED, "who are you?\n")
            answer.headers["WWW-Authenticate"] = 'Basic realm="csms"'
            return answer
        return None

    async def _link(self, socket):
        number = len(self.links)
        facts = arrival(socket)
        self.links.append(facts)
        if socket.subprotocol != SUBPROTOCOL:
            await socket.close(1002, "ocpp1.6 is spoken here")
            facts["closed"] = 1002
            return
        tap = Tap(socket, number, self.record, self.script)
        station = self._station(facts["cpid"], tap)
        self._taps.append(tap)
        self._stations[tap] = station
        self.record.wake()
        try:
            await station.start()
        except websockets.ConnectionClosed as e:
            facts["closed"] = e.rcvd.code if e.rcvd else 1006
        finally:
            tap.close()
            for task in self._asking.pop(tap, ()):
                task.cancel()
            self._taps.remove(tap)
            del self._stations[tap]
            self.record.wake()

    # --- what passes from other threads onto a link -----------------------------------------

    def listen(self, tls=None, port=0):
        """One more door, or that of shut() again, with TLS or without; -> its port."""
        return self._do(self._listen(port, tls), 5)

    def shut(self, port):
        """Nobody listens there any more; who came that way is cut off."""
        self._do(self._shut(port), 5)

    def vanish_on(self, wanted):
        """Nobody listens any more from the moment a frame passes of which wanted(frame) is true;
        links stay. listen() brings the door back."""

        def look(frame):
            if wanted(frame):
                self.record.listeners.remove(look)
                for port in list(self._servers):
                    self._servers.pop(port).close(close_connections=False)

        self.record.listeners.append(look)

    @property
    def online(self):
        return bool(self._taps)

    def _do(self, coroutine, timeout_s):
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout_s)
        except (TimeoutError, asyncio.TimeoutError, concurrent.futures.CancelledError) as e:
            future.cancel()
            raise NoAnswer("no answer from the charge point: %s" % (e or "link lost")) from None

    def _tap(self):
        """The link; a charge point may know of it a moment before its handler runs here."""
        for _ in range(LINK_S * 100):
            if self._taps:
                return self._taps[-1]
            time.sleep(0.01)
        raise NoAnswer("no charge point is connected")

    async def _ask(self, tap, question, message_id):
        """The library's call(), given up when the link ends."""
        task = asyncio.ensure_future(self._stations[tap].call(question, unique_id=message_id))
        self._asking.setdefault(tap, set()).add(task)
        try:
            return await task
        finally:
            self._asking.get(tap, set()).discard(task)
