"""TriggerMessage: every message, every connector, what cannot be sent (OCPP 1.6 section 5.17)."""

import pytest

from tests.scenarios.conftest import charger
from tests.scenarios.file_server import Files

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


def trigger(csms, message, number=None):
    fields = {} if number is None else {"connectorId": number}
    return csms.call("TriggerMessage", requestedMessage=message, **fields)


@charger(connectors=2)
def test_tc_054_trigger_every_message(csms, bench):
    """OCTT TC_054: each message that may be triggered is accepted and follows; without a
    connectorId for all, 0 is the charge point."""
    for message in ("Heartbeat", "DiagnosticsStatusNotification", "FirmwareStatusNotification"):
        for number in (None, 0, 1, 7):  # not relevant to these: ignored
            assert trigger(csms, message, number) == ACCEPTED
            said = csms.expect(message, 10).payload
            assert message == "Heartbeat" or said == {"status": "Idle"}
    assert trigger(csms, "StatusNotification") == ACCEPTED
    for number in (0, 1, 2):
        csms.status("Available", number)
    for number in (0, 1, 2):
        csms.mark()
        assert trigger(csms, "StatusNotification", number) == ACCEPTED
        csms.status("Available", number)
        for other in {0, 1, 2} - {number}:
            csms.none("StatusNotification", connectorId=other)
    assert trigger(csms, "MeterValues") == ACCEPTED
    for number in (1, 2):
        values = csms.expect("MeterValues", 10, connectorId=number).payload
        assert "transactionId" not in values
        contexts = {value["context"] for value in values["meterValue"][0]["sampledValue"]}
        assert contexts == {"Trigger"}
    csms.mark()
    assert trigger(csms, "MeterValues", 2) == ACCEPTED
    csms.expect("MeterValues", 10, connectorId=2)
    csms.none("MeterValues", connectorId=1)


def test_tc_054_trigger_in_a_transaction(rig, csms):
    """5.17: triggered MeterValues of a running transaction name it; the status is the present
    one."""
    rig.begin()
    csms.mark()
    assert trigger(csms, "MeterValues", 1) == ACCEPTED
    csms.expect("MeterValues", 10, connectorId=1, transactionId=1)
    assert trigger(csms, "StatusNotification", 1) == ACCEPTED
    csms.status("Charging", 1)
    rig.finish()
    rig.leave()


def test_tc_054_trigger_in_a_download(rig, csms):
    """What is true now: Downloading."""
    files = Files()
    try:
        files.body["/fw"] = b"EVSE" * 5000
        files.flows.clear()
        csms.call("UpdateFirmware", location=files.url("/fw"), retrieveDate="2020-01-01T00:00:00Z")
        csms.expect("FirmwareStatusNotification", 120, status="Downloading")
        csms.mark()
        assert trigger(csms, "FirmwareStatusNotification") == ACCEPTED
        csms.expect("FirmwareStatusNotification", 10, status="Downloading")
    finally:
        files.close()
    csms.expect("FirmwareStatusNotification", 300, status="DownloadFailed")


@charger(boots=[("Pending", 600)], booted=False)
def test_tc_054_trigger_while_pending(csms, bench):
    """4.2: while Pending only what is asked for; BootNotification too."""
    csms.expect("BootNotification", 60)
    bench.run(5)
    for message in (
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StatusNotification",
        "BootNotification",
    ):
        assert trigger(csms, message) == ACCEPTED
        csms.expect(message, 10)


@pytest.mark.parametrize("number", [3, -1])
@charger(connectors=2)
def test_tc_055_trigger_for_no_connector(csms, number):
    """OCTT TC_055: a connector that is not there: Rejected."""
    assert trigger(csms, "MeterValues", number) == REJECTED
    assert trigger(csms, "StatusNotification", number) == REJECTED
    csms.none("MeterValues")
    csms.none("StatusNotification")


def test_tc_055_trigger_that_cannot_be(csms):
    """There is no main meter; erratum 3.35: BootNotification after Accepted: Rejected."""
    assert trigger(csms, "MeterValues", 0) == REJECTED
    assert trigger(csms, "BootNotification") == REJECTED
    csms.none("BootNotification")
