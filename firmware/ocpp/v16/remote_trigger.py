"""Remote trigger profile (OCPP 1.6 section 5.17): the CSMS asks for a message now."""

PROFILE = "RemoteTrigger"
ROWS = ()

_OF_FIRMWARE = ("DiagnosticsStatusNotification", "FirmwareStatusNotification")


def build(station) -> bool:
    """It keeps nothing: it is there."""
    return True


def on_trigger_message(station, request: dict, now: int) -> dict:
    """TriggerMessage: answered at once, the message follows."""
    wanted = request["requestedMessage"]
    if wanted in _OF_FIRMWARE and station.firmware_management is None:
        return {"status": "NotImplemented"}
    # 5.17: a connectorId that does not belong to the message is ignored.
    send = sender(station, wanted, request.get("connectorId"), now)
    if send is None:
        return {"status": "Rejected"}
    station.after(send)
    return {"status": "Accepted"}


def sender(station, wanted: str, number, now: int):
    """The function that sends it, None where it cannot be sent."""
    registration = station.registration
    if wanted == "BootNotification":
        # Erratum 3.35: pointless after Accepted; before, it is how a Pending station is called.
        return None if registration.accepted else lambda at: registration.send()
    if registration.state is None:
        return None  # 4.2: nothing else before the BootNotification has been answered
    if wanted == "Heartbeat":
        return lambda at: station.outbox.put("Heartbeat", {}, "Heartbeat", early=True)
    if wanted in _OF_FIRMWARE:
        return lambda at: station.firmware_management.trigger(wanted)
    if wanted == "StatusNotification":
        if number is not None and not 0 <= number <= len(station.connectors):
            return None
        return lambda at: station.notification.tell(number, at, early=True)
    asked = [
        connector
        for connector in station.connectors
        if number in (None, connector.number) and station.billing.can_tell(connector, now)
    ]
    return (lambda at: _meter_values(station, asked, at)) if asked else None


def _meter_values(station, connectors: list, now: int):
    for connector in connectors:
        station.billing.trigger(connector, now)


HANDLERS = (("TriggerMessage", on_trigger_message),)
