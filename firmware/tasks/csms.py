"""The link to the CSMS: connect, speak what is due, bring back what arrives, reconnect.

Every network failure ends in one place, `run`: drop the link, wait with back-off and jitter, try
again, for ever.  Bytes are the WebSocket's, texts the RPC's, words the station's.
"""

import asyncio
import gc

from micropython import const

from firmware.ocpp.conversation import Conversation, Silence
from firmware.store import log
from firmware.tasks.quiet import LONGEST_MS
from firmware.tasks.trace import trace
from firmware.wire import websocket

_BEAT_MS = const(20)
_CONNECT_MS = const(30000)
_BACKOFF_MIN_MS = const(1000)
_BACKOFF_MAX_MS = const(30000)
_STABLE_MS = const(30000)  # a link that lived this long starts the back-off anew, and is accepted
_AT_ONCE_MS = const(100)
_GOODBYE_MS = const(2000)
_ID_BYTES = const(8)  # of a message id: short ones make a small journal
_PROTOCOL = "ocpp1.6"
_WAITING = const(8)  # answers not yet written; a piece of 512 bytes may add some


class Link:
    """`access`: with what it connects, see csms_access.py. `limit`: bytes of one message."""

    def __init__(self, port, station, access, uptime, quiet, limit: int):
        self._port = port
        self._station = station
        self._settings = station.settings
        self._access = access
        self._uptime = uptime
        self._quiet = quiet
        self._limit = limit
        self._renewal: int = None  # since when other credentials wait for it
        self._conversation = Conversation(station, self.new_id, trace)
        self._out = []  # bytes to write
        self._ws: "websocket.Client" = None
        self._open = False
        self._status = 0  # of an HTTP answer that refused this connection
        self._opened = 0  # when it was accepted by HTTP
        self._heard = 0  # when bytes last came
        self._pinged = 0
        self._parting = 0  # since when the closing handshake runs, 0 while it does not
        self._cause: Exception = None  # what ended the reading of this connection
        self.why = ""  # why the link was last lost

    def new_id(self) -> str:
        """A message id never used before by this station (J erratum 3.1)."""
        return "".join("%02x" % b for b in self._port.entropy(_ID_BYTES))

    async def run(self):
        backoff = _BACKOFF_MIN_MS
        while True:
            began = self._uptime.ms()
            try:
                await self._live()
            except Exception as error:
                # What the reader met first says more than what the writer met after it.
                error, self._cause = self._cause or error, None
                # Whatever a peer or a network can cause ends here: this link is lost, not the
                # charger.  What is not a plain network failure (TLS refuses by ValueError) shows
                # its place in the log.
                if not isinstance(error, (OSError, asyncio.TimeoutError, Silence, ValueError)):
                    trace(error)
                self._lost(error)
            if self._access.due(self._uptime.ms()):  # asked for: not an outage
                backoff = _BACKOFF_MIN_MS
                await asyncio.sleep_ms(_AT_ONCE_MS)
                continue
            if self._uptime.ms() - began >= _STABLE_MS:
                backoff = _BACKOFF_MIN_MS
            # Jitter keeps a site from knocking all at once after an outage.
            await asyncio.sleep_ms(backoff // 2 + self._random(backoff // 2))
            backoff = min(backoff * 2, _BACKOFF_MAX_MS)

    def _random(self, bound: int) -> int:
        return int.from_bytes(self._port.entropy(2), "big") * bound // 65536

    # --- one connection ---------------------------------------------------------------------

    async def _live(self):
        """From connect to the end of one connection; leaves by an exception."""
        self.why = ""
        self._status, self._stream, self._parting = 0, None, 0
        if self._access.secure:
            await self._quiet.wait()
        gc.collect()  # TLS and the receive buffer want the heap in one piece
        host, port, self._context, name = self._access.begin(self._uptime.ms())
        self._stream = stream = await asyncio.wait_for(
            self._port.connect(host, port, self._context, name), _CONNECT_MS / 1000
        )
        reader = None
        try:
            host, path, header = self._access.request()
            self._ws = websocket.Client(
                host,
                path,
                self._port.entropy(16),
                (_PROTOCOL,),
                header,
                entropy=self._port.entropy,
                limit=self._limit,
            )
            await asyncio.wait_for(stream.write(self._ws.request()), _CONNECT_MS / 1000)
            self._access.agreed(stream.session)
            self._out = []
            self._heard = self._pinged = self._uptime.ms()
            reader = asyncio.create_task(self._read(stream))
            await self._pump(stream, reader)
        finally:
            if reader is not None:
                reader.cancel()
            stream.close()

    async def _read(self, stream):
        """Bytes to events, until the peer has closed; the reason is left in self.why.

        Also what comes after the last event is read, and thrown away: to close with bytes unread
        is a reset (RFC 6455 7.1.1), and the peer would never see why we left.
        """
        try:
            while True:
                while len(self._out) >= _WAITING:
                    await asyncio.sleep_ms(_BEAT_MS)  # a peer that asks and does not read
                data = await stream.read(512)
                self._heard = self._uptime.ms()
                self._ws.feed(data or b"")
                event = self._ws.next()
                while event is not None:
                    self._event(event, self._uptime.ms())
                    event = self._ws.next()
                if not data or self._status:
                    return
        except Exception as error:
            self._cause = error

    async def _pump(self, stream, reader):
        """Write what is due; ends when the reader has ended or the link is found dead."""
        while True:
            now = self._uptime.ms()
            if self._ws.state in (websocket.CLOSING, websocket.CLOSED):
                self._part(now)
            elif self._open:
                if self._access.due(now) and self._may_renew(now):
                    # Way for a connection with other credentials, politely.
                    self._out.append(self._ws.close(1000, "new credentials"))
                else:
                    for text in self._conversation.due(now):
                        self._send(text)
                    self._ping(now)
                if now - self._opened >= _STABLE_MS:
                    self._access.accepted(now)
            elif now - self._pinged >= _CONNECT_MS:
                raise OSError("no answer to the handshake")
            while self._out:
                await asyncio.wait_for(stream.write(self._out.pop(0)), _CONNECT_MS / 1000)
            if reader.done():
                raise OSError(self.why or "closed by the peer")
            await asyncio.sleep_ms(_BEAT_MS)

    def _may_renew(self, now: int) -> bool:
        """Other credentials mean another handshake; the link that works stays until then."""
        if self._renewal is None:
            self._renewal = now
        return self._quiet.now() or now - self._renewal >= LONGEST_MS

    def _part(self, now: int):
        """A peer that does not close is left."""
        if not self._parting:
            self._parting = now
        elif now - self._parting >= _GOODBYE_MS:
            raise OSError(self.why or "it does not close")

    def _lost(self, error):
        """The link is gone: what was in flight stays where it belongs."""
        now = self._uptime.ms()
        self.why = why = str(error).strip() or type(error).__name__
        alert = None if self._stream is None else self._stream.alert
        self._access.ended(now, error, self._status, alert)
        if self._open:
            self._station.disconnected(now)
        self._open = False
        self._renewal = None
        self._conversation.lost(now)
        self._out = []
        log.note("link:", why)

    # --- what crosses ------------------------------------------------------------------------

    def _event(self, event, now: int):
        kind = event[0]
        if kind == websocket.TEXT:
            log.frame("<", event[1])
            self._access.accepted(now)
            for text in self._conversation.heard(event[1], now):
                self._send(text)
        elif kind == websocket.REPLY:
            self._out.append(event[1])
        elif kind == websocket.OPEN:
            if event[1] != _PROTOCOL:
                self._out.append(self._ws.close(1002, _PROTOCOL + " expected"))
                return
            self._open = True
            self._opened = now
            self._station.connected(now)
            self._access.opened(self._context, now)
        elif kind == websocket.CLOSED:
            self.why = "closed %d %s" % (event[1], event[2])
        elif kind == websocket.REFUSED:
            self.why = "refused %d %s" % (event[1], event[2])
            self._status = event[1]
        elif kind == websocket.BINARY:
            self._out.append(self._ws.close(1003, "text expected"))

    def _ping(self, now: int):
        interval = self._settings.number("WebSocketPingInterval") * 1000
        if not interval:
            return
        timeout = self._settings.number("MessageTimeout") * 1000
        if now - self._heard >= interval + timeout:
            raise OSError("no pong")
        if now - max(self._heard, self._pinged) >= interval:
            self._pinged = now
            self._out.append(self._ws.ping())

    def _send(self, text: str):
        log.frame(">", text)
        self._out.append(self._ws.text(text))
