"""Work that takes a while: how it is told, and how often it is tried.  Does none of it.

While the CSMS listens each status is told once and in order, one at a time; after an outage only
the last (4.4, 4.5).  Idle is told only when it is asked for (7.24, 7.25).
"""

from micropython import const

from firmware.ocpp.rpc import CallError

IDLE = "Idle"
PROTOCOLS = "FTP,HTTP,HTTPS"  # that tasks/transfers.py speaks; FTPS is not built
_ENDS = (
    "Installed",
    "InstallationFailed",
    "DownloadFailed",
    "InvalidSignature",
    "InstallVerificationFailed",
    "Uploaded",
    "UploadFailed",  # DiagnosticsStatusNotification
    "UploadFailure",  # from here on LogStatusNotification
    "BadMessage",
    "PermissionDenied",
    "NotSupportedOperation",
)
# L01.FR.29: of a signed update these go on being what a trigger gets.
_STAYS = (
    "InstallationFailed",
    "DownloadFailed",
    "InvalidSignature",
    "InstallVerificationFailed",
)

_AGAIN_MS = const(60000)  # a status that a live backend would not take is told again after this
_TRIES = const(3)
_LONGEST_MS = const(600000)  # nothing heard of one: the outbox was full and gave it up

# Where the CSMS leaves it to us (6.25, 6.55).
_RETRIES = const(3)
_INTERVAL_S = const(60)
_DAY_S = const(86400)


class Progress:
    """`action`: the message that tells it; `numbered`: the one that tells it, with the id, of a
    request that has one (security whitepaper).  `status`: what a TriggerMessage gets."""

    def __init__(self, station, action: str, numbered: str = ""):
        self._station = station
        self._action = action
        self._numbered = numbered
        self._request_id: "int" = None
        self.status = IDLE
        self._waiting = []  # (status, request id), the oldest first
        self._said: "str" = None  # message id of the oldest, once it is on its way
        self._tries = 0
        self._not_before = 0

    @property
    def quiet(self) -> bool:
        """All has been told."""
        return not self._waiting

    def begin(self, request_id=None):
        """Another request: its first status is news, whatever the last one was."""
        self.status = IDLE
        self._request_id = request_id

    def tell(self, status: str):
        """Once per change."""
        if status != self.status:
            self.status = status
            self._waiting.append((status, self._request_id))
            if not self._station.reachable:
                self._shorten()

    def tick(self, now: int):
        if not self._station.reachable:
            self._shorten()
        elif self._waiting and now >= self._not_before:
            self._not_before = now + _LONGEST_MS
            self._said = self._put(*self._waiting[0])

    def _shorten(self):
        """Nobody listens: what was is not told any more, what is will be told at once."""
        self._said = None
        self._not_before = 0
        if len(self._waiting) > 1:
            self._waiting = self._waiting[-1:]

    def trigger(self, numbered: bool = False):
        """TriggerMessage: what is true now, told as the request is; `numbered`: as Idle of the
        other kind where there is none (L01.FR.28)."""
        if self.status == IDLE:
            self._put(IDLE, None, numbered)
        else:
            self._put(self.status, self._request_id)

    def answered(self, message_id: str) -> str:
        """The CSMS has it; the status when it was the last one of a request, else ""."""
        if message_id != self._said:
            return ""
        self._said = None
        self._tries = self._not_before = 0
        status, request_id = self._waiting.pop(0)
        if status not in _ENDS:
            return ""
        if status == self.status and (request_id is None or status not in _STAYS):
            self.status = IDLE
        return status

    def lost(self, message_id: str, now: int) -> str:
        """Nobody took it.  A backend that is there and refuses is asked three times for the last
        status, once for another; given up is as good as told."""
        if message_id != self._said:
            return ""
        if self._station.online:
            self._tries += 1
            if self._tries >= _TRIES or self._waiting[0][0] not in _ENDS:
                return self.answered(message_id)
            self._not_before = now + _AGAIN_MS
        else:
            self._not_before = 0
        self._said = None
        return ""

    def _put(self, status: str, request_id, numbered: bool = False) -> str:
        payload = {"status": status}
        action = self._numbered if numbered else self._action
        if request_id is not None:  # L01.FR.10, 21
            payload["requestId"] = request_id
            action = self._numbered
        # early: asked for while Pending; and a flood of others does not push it out.
        return self._station.outbox.put(action, payload, early=True)


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


def supported(location: str) -> bool:
    """Its protocol is among those this build speaks (erratum 3.90)."""
    return location.partition("://")[0].upper() in PROTOCOLS.split(",")


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
