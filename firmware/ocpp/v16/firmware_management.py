"""Firmware Management (OCPP 1.6): UpdateFirmware, GetDiagnostics and what is told of them.

A handler takes (station, request, now); see command.py.  update.py and upload.py hold what goes
on; the bytes travel in the task that asks for job(now).
"""

from firmware.ocpp.rpc import CallError
from firmware.ocpp.timestamp import parse_time
from firmware.ocpp.v16.progress import PROTOCOLS, Attempts, bounds
from firmware.ocpp.v16.update import Update
from firmware.ocpp.v16.upload import Upload

PROFILE = "FirmwareManagement"
_SIGNED = "SignedFirmwareStatusNotification"
_UPDATES = ("FirmwareStatusNotification", _SIGNED)


def _protocols(text: str):
    """The build says which there are."""


ROWS = (
    ("SupportedFileTransferProtocols", "list", "R", PROTOCOLS, _protocols, 4),  # erratum 3.90
    # ours
    # true: a transaction is stopped (reason Reboot) for an update instead of waited for.
    ("UpdateDuringTransaction", "bool", "RW", "false", 0, 0),
    # Seconds after the boot in which a new firmware must be accepted by the CSMS to stay.
    ("UpdateTrialTimeout", "int", "RW", "600", 60, 86400),
    # false: SignedUpdateFirmware alone. Over the air it can only become so (configuration.py).
    ("UnsignedUpdates", "bool", "RW", "true", 0, 0),
)


def build(station) -> "FirmwareManagement | None":
    """None on a board with no slots for another firmware, or with no files."""
    if station.slots is None or station.files is None:
        return None
    return FirmwareManagement(station)


class FirmwareManagement:
    """One update and one upload; `job(now)` gives the next transfer, whosever it is."""

    def __init__(self, station):
        self.update = Update(station)
        self.upload = Upload(station)

    def tick(self, now: int):
        self.update.tick(now)
        self.upload.progress.tick(now)

    def job(self, now: int):
        """Asked while no transfer runs; diagnostics first: they are soon over, and who wants them
        may want to know why the update fails."""
        return self.upload.job(now) or self.update.job(now)

    def trigger(self, action: str):
        """TriggerMessage for one of the notifications; ExtendedTriggerMessage for _SIGNED."""
        self._progress(action).trigger(action == _SIGNED)

    def answered(self, entry, now: int):
        """The CSMS has taken a status."""
        self._told(entry, self._progress(entry.action).answered(entry.message_id))

    def unanswered(self, entry, now: int):
        self._told(entry, self._progress(entry.action).lost(entry.message_id, now))

    def _told(self, entry, status: str):
        if status and entry.action in _UPDATES:
            self.update.told(status)

    def _progress(self, action: str):
        return (self.update if action in _UPDATES else self.upload).progress


def on_update_firmware(station, request: dict, now: int) -> dict:
    """5.19: answered at once; what becomes of it is told by FirmwareStatusNotification."""
    if not station.settings.flag("UnsignedUpdates"):
        raise CallError("NotSupported", "only SignedUpdateFirmware")  # whitepaper L01.FR.20
    retries, interval_s = bounds(request)
    at = parse_time(request["retrieveDate"])
    room = station.firmware_management.update
    room.request(request["location"], at, retries, interval_s)
    return {}


def on_get_diagnostics(station, request: dict, now: int) -> dict:
    """5.9: the name of the file that will be uploaded; none, no name."""
    retries, interval_s = bounds(request)
    start, stop = _time(request, "startTime"), _time(request, "stopTime")
    if start is not None and stop is not None and stop < start:
        raise CallError("PropertyConstraintViolation", "stopTime: before startTime")
    attempts = Attempts(retries, interval_s)
    upload = station.firmware_management.upload
    name = upload.request(request["location"], attempts, start, stop, now)
    return {} if name is None else {"fileName": name}


def _time(request: dict, field: str) -> "int | None":
    return parse_time(request[field]) if field in request else None


HANDLERS = (
    ("GetDiagnostics", on_get_diagnostics),
    ("UpdateFirmware", on_update_firmware),
)
