"""How long a transfer may take: who stalls or trickles is late. No socket; time comes in.

Two phases. wait(): an answer is due as a whole, its single bytes buy no time. flow(): content; no
silence of 30 s, and a floor under the rate of each minute, so that one byte every ten seconds does
not hold the charger for a year. What stands still by our own wish does not count.
"""

from micropython import const

_SILENCE_MS = const(30000)
_WINDOW_MS = const(60000)
_WINDOW_BYTES = const(15360)  # 256 B/s: below any modem link that carries OCPP


class Pace:
    def __init__(self, now: int):
        self._what = ""  # is waited for, "" content
        self._since = now  # the answer is awaited, or the last content came
        self._window = now  # began
        self._bytes = 0  # in it
        self._paused = False
        self._paused_at = now

    def wait(self, what: str, now: int) -> None:
        self._what = what
        self._since = now
        self._paused = False

    def flow(self, now: int) -> None:
        self._what = ""
        self._since = self._window = now
        self._bytes = 0

    def moved(self, count: int, now: int) -> None:
        """`count` bytes of content went through."""
        self._since = now
        self._bytes += count
        if now - self._window >= _WINDOW_MS and self._bytes >= _WINDOW_BYTES:
            self._window = now
            self._bytes = 0

    def pause(self, now: int) -> None:
        if not self._paused:
            self._paused = True
            self._paused_at = now

    def go_on(self, now: int) -> None:
        if self._paused:
            self._paused = False
            self._since = now
            self._window += now - self._paused_at

    def late(self, now: int) -> "str | None":
        """Why to give up, in a few words; None while all is well."""
        if self._paused:
            return None
        if now - self._since >= _SILENCE_MS:
            return "no " + (self._what or "data") + " within 30 s"
        if not self._what and now - self._window >= _WINDOW_MS and self._bytes < _WINDOW_BYTES:
            return "too slow"
        return None
