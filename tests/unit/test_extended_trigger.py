# heap: chip + 72k, a flash in RAM, all frames kept
"""ExtendedTriggerMessage (security whitepaper 5.5, 6.16): every message, every connector."""

from firmware.ocpp.v16 import fields
from tests.unit.test_security_events import Home

ALL = (
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargePointCertificate",
    "StatusNotification",
)
LOG, FIRMWARE, SIGN = ALL[1], ALL[2], ALL[5]


class Firmware:
    """A room of signed updates, as far as it is asked."""

    def __init__(self, outbox):
        self._outbox = outbox

    def trigger(self, action):
        self._outbox.put(action, {"status": "Idle"}, early=True)

    def answered(self, entry, now):
        assert entry.action == "SignedFirmwareStatusNotification"


class Certificates:
    def __init__(self, can):
        self.can = can
        self.signed = 0

    def sign(self, now):
        self.signed += 1
        return self.can


def ready(**how):
    c = Home().boot(**how)
    c.station.certificates = c.station.firmware_management = None
    return c.run(3)


def trigger(charger, wanted, number=None):
    """The answer, and what followed: (action, connectorId)."""
    request = {"requestedMessage": wanted}
    if number is not None:
        request["connectorId"] = number
    mark = charger.mark()
    status = charger.status_of("ExtendedTriggerMessage", request)
    charger.run(1)
    calls = [frame for frame in charger.frames[mark:] if frame.kind == 2]
    return status, [(call.action, call.payload.get("connectorId")) for call in calls]


def test_the_words_are_those_of_the_whitepaper():
    line = fields.FIELDS[fields.FIELDS.index("#ExtendedMessageTrigger:") :].split("\n#")[0]
    assert tuple(line.split(":")[1].split()) == ALL


def test_every_message_on_every_connector():
    """5.17 as for TriggerMessage: a connectorId that does not belong to the message is ignored."""
    c = ready(connectors=2)
    everywhere = {
        "BootNotification": ("Rejected", []),  # erratum 3.35: it is accepted already
        LOG: ("Accepted", [(LOG, None)]),
        FIRMWARE: ("NotImplemented", []),
        SIGN: ("NotImplemented", []),
        "Heartbeat": ("Accepted", [("Heartbeat", None)]),
    }
    for number in (None, 0, 1, 3, -1):
        for wanted in everywhere:
            assert trigger(c, wanted, number) == everywhere[wanted], (wanted, number)
    status, meter = "StatusNotification", "MeterValues"
    assert trigger(c, status) == ("Accepted", [(status, 0), (status, 1), (status, 2)])
    assert trigger(c, meter) == ("Accepted", [(meter, 1), (meter, 2)])
    for number in (1, 2):
        assert trigger(c, status, number) == ("Accepted", [(status, number)])
        assert trigger(c, meter, number) == ("Accepted", [(meter, number)])
    for number in (3, -1, 1 << 40):
        assert trigger(c, status, number) == ("Rejected", [])
        assert trigger(c, meter, number) == ("Rejected", [])


def test_the_status_of_a_signed_update():
    """6.16: FirmwareStatusNotification asks for SignedFirmwareStatusNotification."""
    c = ready()
    c.station.firmware_management = Firmware(c.outbox)
    assert trigger(c, FIRMWARE) == ("Accepted", [("SignedFirmwareStatusNotification", None)])


def test_a_new_certificate():
    """A02: the charge point makes a key pair and asks; Rejected where it cannot."""
    c = ready()
    for can, status in ((True, "Accepted"), (False, "Rejected")):
        c.station.certificates = Certificates(can)
        assert trigger(c, SIGN)[0] == status and c.station.certificates.signed == 1


def test_a_pending_station():
    """4.2: while Pending it says what it is asked for; before any answer nothing."""
    c = Home().boot(online=False)
    c.station.certificates = Certificates(True)
    c.station.firmware_management = Firmware(c.outbox)
    c.backend.override["BootNotification"] = None
    c.link(True)
    c.run(2)
    for wanted in (LOG, FIRMWARE, SIGN, "Heartbeat", "StatusNotification"):
        assert c.status_of("ExtendedTriggerMessage", {"requestedMessage": wanted}) == "Rejected"
    assert c.station.certificates.signed == 0
    c = Home().boot(online=False)
    c.station.certificates = Certificates(True)
    c.station.firmware_management = Firmware(c.outbox)
    c.backend.status = "Pending"
    c.link(True)
    c.run(2)
    assert trigger(c, LOG) == ("Accepted", [(LOG, None)])
    assert trigger(c, FIRMWARE) == ("Accepted", [("SignedFirmwareStatusNotification", None)])
    assert trigger(c, SIGN)[0] == "Accepted" and c.station.certificates.signed == 1
    assert trigger(c, "BootNotification") == ("Accepted", [("BootNotification", None)])
    assert trigger(c, "StatusNotification", 1) == ("Accepted", [("StatusNotification", 1)])
