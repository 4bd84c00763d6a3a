"""What a CSMS says of reservations, for the tests of that room."""

from firmware.ocpp.timestamp import format_time
from tests.unit.station_rig import NOON

FAMILY = {"status": "Accepted", "parentIdTag": "FAM"}


def request(charger, number=1, connector=1, id_tag="VIP", seconds=600, parent=None):
    """A ReserveNow that lasts so long from now."""
    payload = {
        "connectorId": connector,
        "expiryDate": format_time(NOON + charger.now // 1000 + seconds),
        "idTag": id_tag,
        "reservationId": number,
    }
    if parent is not None:
        payload["parentIdTag"] = parent
    return payload


def reserve(charger, *what, **how):
    return charger.status_of("ReserveNow", request(charger, *what, **how))


def cancel(charger, number=1):
    return charger.status_of("CancelReservation", {"reservationId": number})


def start(charger, id_tag="VIP", connector=None):
    payload = {"idTag": id_tag}
    if connector is not None:
        payload["connectorId"] = connector
    return charger.status_of("RemoteStartTransaction", payload)


def begun(charger, connector=1):
    """(idTag, reservationId) of the StartTransactions of this connector, in order."""
    return [
        (said["idTag"], said.get("reservationId"))
        for said in charger.calls("StartTransaction")
        if said["connectorId"] == connector
    ]
