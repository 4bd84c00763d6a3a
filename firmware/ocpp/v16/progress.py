"""Work that takes a while: how it is told, and how often it is tried.  Does none of it.

While the CSMS listens each status is told once and in order, one at a time; after an outage only
the last (4.4, 4.5).  Idle is told only when it is asked for (7.24, 7.25).
"""

from micropython import const

from firmware.ocpp.rpc import CallError

IDLE = "Idle"
_ENDS = ("Installed", "InstallationFailed", "DownloadFailed", "Uploaded", "UploadFailed")

_AGAIN_MS = const(60000)  # a status that a live backend would not take is told again after this
_TRIES = const(3)
_LONGEST_MS = const(600000)  # nothing heard of one: the outbox was full and gave it up

# Where the CSMS leaves it to us (6.25, 6.55).
_RETRIES = const(3)
_INTERVAL_S = const(60)
_DAY_S = const(86400)


class Progress:
    """`action`: the message that tells it.  `status`: what a TriggerMessage gets."""

    def __init__(self, station, action: str):
        self._station = station
        self._action = action
        self.status = IDLE
        self._waiting = []  # the oldest first
        self._said: "str" = None  # message id of the oldest, once it is on its way
        self._tries = 0
        self._not_before = 0

    @property
    def quiet(self) -> bool:
        """All has been told."""
        return not self._waiting

    def begin(self):
        """Another request: its first status is news, whatever the last one was."""
        self.status = IDLE

    def tell(self, status: str):
        """Once per change."""
        if status != self.status:
            self.status = status
            self._waiting.append(status)
            if not self._station.reachable:
                self._shorten()

    def tick(self, now: int):
        if not self._station.reachable:
            self._shorten()
        elif self._waiting and now >= self._not_before:
            self._not_before = now + _LONGEST_MS
            self._said = self._put(self._waiting[0])

    def _shorten(self):
        """Nobody listens: what was is not told any more, what is will be told at once."""
        self._said = None
        self._not_before = 0
        if len(self._waiting) > 1:
            self._waiting = self._waiting[-1:]

    def trigger(self):
        """TriggerMessage: what is true now."""
        self._put(self.status)

    def answered(self, message_id: str) -> str:
        """The CSMS has it; the status when it was the last one of a request, else ""."""
        if message_id != self._said:
            return ""
        self._said = None
        self._tries = self._not_before = 0
        status = self._waiting.pop(0)
        if status not in _ENDS:
            return ""
        if status == self.status:
            self.status = IDLE
        return status

    def lost(self, message_id: str, now: int) -> str:
        """Nobody took it.  A backend that is there and refuses is asked three times for the last
        status, once for another; given up is as good as told."""
        if message_id != self._said:
            return ""
        if self._station.online:
            self._tries += 1
            if self._tries >= _TRIES or self._waiting[0] not in _ENDS:
                return self.answered(message_id)
            self._not_before = now + _AGAIN_MS
        else:
            self._not_before = 0
        self._said = None
        return ""

    def _put(self, status: str) -> str:
        # early: asked for while Pending; and a flood of others does not push it out.
        return self._station.outbox.put(self._action, {"status": status}, early=True)


class Attempts:
    """So many retries after the first attempt, so far apart."""

    def __init__(self, retries: int, interval_s: int):
        self._left = retries
        self._interval_ms = interval_s * 1000
        self._not_before = 0

    def due(self, now: int) -> bool:
        return now >= self._not_before

    def another(self, now: int) -> bool:
        """One has failed: True when one more is to follow, in its time."""
        self._left -= 1
        self._not_before = now + self._interval_ms
        return self._left >= 0


def supported(station, location: str) -> bool:
    """Its protocol is among those this build speaks (erratum 3.90)."""
    spoken = station.settings.text("SupportedFileTransferProtocols").split(",")
    return location.partition("://")[0].upper() in spoken


def bounds(request: dict) -> tuple:
    """(retries, retryInterval in s) of a request; erratum 3.50: retries come after the first try.
    An interval beyond a day is a day: the work must end."""
    retries = request.get("retries", _RETRIES)
    interval_s = request.get("retryInterval", _INTERVAL_S)
    if retries < 0:
        raise CallError("PropertyConstraintViolation", "retries: below 0")
    if interval_s < 0:
        raise CallError("PropertyConstraintViolation", "retryInterval: below 0")
    return retries, min(max(interval_s, 1), _DAY_S)
