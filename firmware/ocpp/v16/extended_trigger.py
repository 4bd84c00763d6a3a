"""ExtendedTriggerMessage (security whitepaper 5.5): the CSMS asks for a message now."""

from firmware.ocpp.v16 import remote_trigger

_LOG = "LogStatusNotification"
_FIRMWARE = "FirmwareStatusNotification"
_SIGNED = "SignedFirmwareStatusNotification"  # 6.16: which the former means here
_SIGN = "SignChargePointCertificate"


def on_extended_trigger_message(station, request: dict, now: int) -> dict:
    """Answered at once, the message follows."""
    wanted = request["requestedMessage"]
    if wanted == _FIRMWARE and station.firmware_management is None:
        return {"status": "NotImplemented"}
    if wanted == _SIGN and station.certificates is None:
        return {"status": "NotImplemented"}
    if station.registration.state is None and wanted in (_LOG, _FIRMWARE, _SIGN):
        return {"status": "Rejected"}  # 4.2: first of all the BootNotification is answered
    if wanted == _SIGN:  # the request follows when there is a key pair, long after the answer
        return {"status": "Accepted" if station.certificates.sign(now) else "Rejected"}
    send = _sender(station, wanted, request.get("connectorId"), now)
    if send is None:
        return {"status": "Rejected"}
    station.after(send)
    return {"status": "Accepted"}


def _sender(station, wanted: str, number, now: int):
    """The function that sends it, None where it cannot be sent."""
    if wanted == _LOG:
        return lambda at: station.security_events.upload.progress.trigger()
    if wanted == _FIRMWARE:
        return lambda at: station.firmware_management.trigger(_SIGNED)
    return remote_trigger.sender(station, wanted, number, now)
