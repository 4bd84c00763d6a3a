"""SignedUpdateFirmware (security whitepaper L01): the certificate is looked at before anything is
accepted. What goes on from there is update.py's, as for an unsigned one.
"""

from firmware.ocpp.rpc import CallError
from firmware.ocpp.timestamp import parse_time
from firmware.ocpp.v16.progress import bounds
from firmware.ocpp.v16.update_plan import Signed
from firmware.ocpp.v16.verification import CERTIFICATE
from firmware.store.log import note

PROFILE = None
ROWS = ()


def build(station) -> "bool | None":
    """It keeps nothing: it is there, with an update to do and roots to prove it by."""
    needed = station.firmware_management is not None and station.certificates is not None
    return True if needed else None


def on_signed_update_firmware(station, request: dict, now: int):
    """Answered once the certificate is verified, L01.FR.23."""
    from firmware.ocpp.v16 import proof  # cryptography: imported when it is wanted

    retries, interval_s = bounds(request)
    firmware = request["firmware"]
    install_at = 0
    if "installDateTime" in firmware:
        install_at = parse_time(firmware["installDateTime"])
    certificate = firmware["signingCertificate"]
    signed = Signed(request["requestId"], install_at, certificate, firmware["signature"])
    at = parse_time(firmware["retrieveDateTime"])
    wanted = (firmware["location"], at, retries, interval_s, signed)
    return station.certificates.later(
        proof.trusted(station, certificate, now),
        lambda found, then: {"status": _begin(station, wanted, found[2], then)},
    )


def _begin(station, wanted: tuple, why: str, now: int) -> str:
    if why:
        note("update: signing certificate:", why)
        station.security(CERTIFICATE, why, now)  # L01.FR.02
        return "InvalidCertificate"
    try:
        replaced = station.firmware_management.update.request(*wanted)
    except CallError as error:
        note("update:", error.description)
        return "Rejected"  # L01.FR.27
    return "AcceptedCanceled" if replaced else "Accepted"  # L01.FR.26


HANDLERS = (("SignedUpdateFirmware", on_signed_update_firmware),)
