"""One end of the line between a charge point and its satellite: a snapshot out every 100 ms, the
peer's in when it is proved to be of now.

A frame counts only if it answers one of our own of the last `bound_ms`: it echoes our boot and the
sequence it heard. So neither a replay, nor a frame that waited in a buffer, nor one from before a
reboot can pass for news, and .age_ms is measured by our own clock. What silence means is decided
by who owns the end.
"""

from micropython import const

from hal import ProtocolError
from hal.remote_frame import VERSION, FrameReader, frame

_PIECE = const(64)
_PIECES = const(16)  # a poll: a line that never falls silent does not hold its reader
_KEPT = const(64)  # of our own frames, when they were sent: more than fit into any bound


class Line:
    """`said` is sent, `heard` is filled by poll(). `boot`: 1..65535, another one each boot."""

    def __init__(self, uart, said, heard, boot: int, period_ms: int = 100, bound_ms: int = 3000):
        if not 1 <= boot <= 65535 or bound_ms > period_ms * (_KEPT - 1):
            raise ValueError("remote line")
        self._uart = uart
        self.said = said
        self.heard = heard
        self.boot = boot
        self.bound_ms = bound_ms
        self._period_ms = period_ms
        self._frames = FrameReader()
        self._now_ms = 0
        self._sequence = 0
        self._sent_ms: list = [None] * _KEPT
        self._due_ms = 0
        self._echo = (0, 0)  # boot and sequence of the newest frame heard, proved or not
        self._last = 0  # sequence of the newest one proved
        # when the frame of ours was sent that the newest one answers
        self._proof_ms: "int | None" = None
        self._over = 0  # boot of the peer before that
        self.peer = 0  # boot of the peer, 0: never proved
        self.reboots = 0  # how often another boot has taken its place
        self.version = VERSION  # that the peer speaks
        self.refused = 0  # frames that were whole, and yet not news

    @property
    def age_ms(self) -> int:
        """How old the news may be at most."""
        if self._proof_ms is None:
            return self.bound_ms
        return self._now_ms - self._proof_ms

    @property
    def lost(self) -> bool:
        """No news within the bound."""
        return self.age_ms >= self.bound_ms

    @property
    def due(self) -> bool:
        """It is time to send."""
        return self._now_ms >= self._due_ms

    @property
    def skipped(self) -> int:
        """Bytes of noise and of broken frames."""
        return self._frames.skipped

    def poll(self, dt_ms: int) -> bool:
        """Time passed: read the line. True when `heard` is new."""
        self._now_ms += dt_ms
        news = False
        for _ in range(_PIECES):
            data = self._uart.read(_PIECE)
            if not data:
                break
            self._frames.feed(data)
            item = self._frames.next()
            while item is not None:
                news = self._take(item) or news
                item = self._frames.next()
        return news

    def send(self) -> None:
        """Say `said` as it is now."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._sent_ms[self._sequence % _KEPT] = self._now_ms
        self._due_ms = self._now_ms + self._period_ms
        stamp = (self.boot, self._sequence) + self._echo
        self._uart.write(frame(self.said.KIND, stamp, self.said.pack()))

    def _take(self, item: tuple) -> bool:
        version, kind, stamp, payload = item
        boot, sequence, own, answered = stamp
        if kind != self.heard.KIND or not boot:
            return self._refuse()  # our own echo, or nothing we know
        self.version = version
        self._echo = (boot, sequence)
        sent_ms = self._answered(own, answered)
        if version != VERSION or sent_ms is None or not self._newer(boot, sequence):
            return self._refuse()
        try:
            self.heard.unpack(payload)
        except ProtocolError:
            return self._refuse()
        self._last = sequence
        self._proof_ms = sent_ms
        if boot != self.peer:
            self.reboots += 1 if self.peer else 0
            self._over = self.peer
            self.peer = boot
        return True

    def _refuse(self) -> bool:
        self.refused += 1
        return False

    def _answered(self, own: int, sequence: int) -> "int | None":
        """When our frame of this sequence was sent, None if it is not one of the bound."""
        if own != self.boot or (self._sequence - sequence) & 0xFFFF >= _KEPT:
            return None
        sent_ms = self._sent_ms[sequence % _KEPT]
        if sent_ms is None or self._now_ms - sent_ms >= self.bound_ms:
            return None
        return sent_ms

    def _newer(self, boot: int, sequence: int) -> bool:
        if self.lost:
            return True  # two boots may have one number: after a silence all begins anew
        if boot == self.peer:
            return 0 < (sequence - self._last) & 0xFFFF < 0x8000
        return boot != self._over
