"""GetLog (N01): one log on its way to the CSMS, and what LogStatusNotification tells of it.

The bytes travel in the task that asks for the job.  It lives in RAM: after a reboot nothing is
being uploaded.
"""

from firmware.ocpp.timestamp import parse_time
from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import security_text
from firmware.ocpp.v16.progress import Attempts, Progress, bounds
from firmware.ocpp.v16.upload import Upload

ACTION = "LogStatusNotification"
_DENIED = "PermissionDenied"
_UNSUPPORTED = "NotSupportedOperation"
_BAD = "BadMessage"
_FAILED = "UploadFailure"

# How the reason begins that the transfer gives (wire/http.py, wire/ftp.py), and what it means.
_REASONS = (
    ("HTTP 401", _DENIED),
    ("HTTP 403", _DENIED),
    ("HTTP 407", _DENIED),
    ("FTP 530 ", _DENIED),
    ("FTP 532 ", _DENIED),
    ("FTP 550 to STOR", _DENIED),
    ("FTP 553 ", _DENIED),
    ("HTTP 405", _UNSUPPORTED),
    ("HTTP 501", _UNSUPPORTED),
    ("FTP 500 ", _UNSUPPORTED),
    ("FTP 502 ", _UNSUPPORTED),
    ("FTP 504 ", _UNSUPPORTED),
    ("protocol not supported", _UNSUPPORTED),
    ("HTTP 400", _BAD),
    ("FTP 501 ", _BAD),
    ("FTP reply ", _BAD),
    ("not FTP", _BAD),
    ("not HTTP", _BAD),
    ("head too long", _BAD),
    ("bad ", _BAD),
    ("redirect to nowhere", _BAD),
    ("too many redirects", _BAD),
    ("URL ", _BAD),
)


def failure(reason: str) -> str:
    """The status that describes it "as precise as possible" (N01.FR.10)."""
    for beginning, status in _REASONS:
        if reason.startswith(beginning):
            return status
    return _FAILED


class LogUpload(Upload):
    """As an upload of diagnostics, with a requestId in each status and more of these."""

    def __init__(self, station):
        Upload.__init__(self, station)
        self.progress = Progress(station, ACTION, ACTION)
        self._security = False  # which log is meant

    def get(self, request: dict, attempts, start, stop, now: int) -> dict:
        """The response.  A log that is still on its way is given up (N01.FR.11)."""
        running = self.running
        self._security = request["logType"] == "SecurityLog"
        location = request["log"]["remoteLocation"]
        name = self.request(location, attempts, start, stop, now, request["requestId"])
        if name is None:
            return {"status": "Rejected"}
        return {"status": "AcceptedCanceled" if running else "Accepted", "filename": name}

    def failure(self, reason: str) -> str:
        return failure(reason)

    def archive(self, start, stop, now: int):
        if not self._security:
            return Upload.archive(self, start, stop, now)
        if self._station.security_ring is None:
            return None
        return security_text.build(self._station, now, start, stop)


def on_get_log(station, request: dict, now: int) -> dict:
    """N01: answered at once; what becomes of it is told by LogStatusNotification."""
    retries, interval_s = bounds(request)
    log = request["log"]
    start, stop = _time(log, "oldestTimestamp"), _time(log, "latestTimestamp")
    if start is not None and stop is not None and stop < start:
        raise CallError("PropertyConstraintViolation", "log.latestTimestamp: before oldest")
    upload = station.security_events.upload
    return upload.get(request, Attempts(retries, interval_s), start, stop, now)


def _time(log: dict, field: str) -> "int | None":
    return parse_time(log[field]) if field in log else None
