"""What a backend asks for: remote start and stop, availability, reset, unlock (OCPP
1.6 chapter 5)."""

import pytest

from tests.scenarios.conftest import TAG, charger

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


# --- remote start and stop -----------------------------------------------------------------------


def test_tc_010_remote_start_cable_first(rig, car, csms, bench):
    """OCTT TC_010: plugged in, then started remotely; AuthorizeRemoteTxRequests false: no
    Authorize."""
    rig.register[1] = 0
    car.plug()
    csms.status("Preparing")
    assert csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1) == ACCEPTED
    csms.expect("StartTransaction", idTag=TAG, connectorId=1)
    rig.charging()
    csms.none("Authorize")
    bench.run(20)
    assert csms.call("RemoteStopTransaction", transactionId=1) == ACCEPTED
    csms.expect("StopTransaction", transactionId=1, reason="Remote")
    csms.status("Finishing")
    assert rig.right().wh > 0


def test_tc_011_1_remote_start_first(rig, car, csms, bench):
    """OCTT TC_011_1: started remotely, then plugged in."""
    assert csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1) == ACCEPTED
    csms.status("Preparing")
    bench.run(5)
    csms.none("StartTransaction")
    car.plug()
    csms.expect("StartTransaction", idTag=TAG)
    rig.charging()


@charger(keys={"ConnectionTimeOut": "15"})
def test_tc_011_2_remote_start_times_out(csms, bench):
    """OCTT TC_011_2: started remotely, nobody plugs in: Available after ConnectionTimeOut."""
    assert csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1) == ACCEPTED
    csms.status("Preparing")
    csms.status("Available", timeout=30)
    csms.none("StartTransaction")


@pytest.mark.parametrize("plugged", [True, False])
@charger(keys={"AuthorizeRemoteTxRequests": "true"})
def test_remote_start_is_authorised(rig, car, csms, bench, plugged):
    """OCPP 1.6 5.11, AuthorizeRemoteTxRequests true: Authorize as if a card had been presented."""
    if plugged:
        car.plug()
        csms.status("Preparing")
    assert csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1) == ACCEPTED
    csms.expect("Authorize", idTag=TAG)
    if not plugged:
        csms.status("Preparing")
        car.plug()
    csms.expect("StartTransaction", idTag=TAG)
    rig.charging()


@charger(keys={"AuthorizeRemoteTxRequests": "true"}, tags={TAG: "Blocked"})
def test_remote_start_of_a_blocked_card(car, csms, bench):
    """OCPP 1.6 5.11: the Authorize after a remote start says Blocked: nothing starts."""
    car.plug()
    csms.status("Preparing")
    csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1)
    csms.expect("Authorize", idTag=TAG)
    bench.run(10)
    csms.none("StartTransaction")
    assert not bench.connector()["coil"]


def test_remote_start_without_connector(rig, car, csms):
    """OCPP 1.6 5.11: without a connectorId the charge point may choose."""
    car.plug()
    csms.status("Preparing")
    assert csms.call("RemoteStartTransaction", idTag=TAG) == ACCEPTED
    csms.expect("StartTransaction", connectorId=1, idTag=TAG)


def test_tc_026_remote_start_that_cannot_be(rig, csms):
    """OCTT TC_026, TC_027: Rejected on an occupied connector, on connector 0 and on one that is
    not there."""
    rig.begin()
    assert csms.call("RemoteStartTransaction", idTag="OTHER", connectorId=1) == REJECTED
    assert csms.call("RemoteStartTransaction", idTag="OTHER", connectorId=0) == REJECTED
    assert csms.call("RemoteStartTransaction", idTag="OTHER", connectorId=9) == REJECTED
    rig.finish()


def test_tc_028_remote_stop_of_another(rig, csms, bench):
    """OCTT TC_028: RemoteStopTransaction with an unknown id is Rejected and stops nothing."""
    rig.begin()
    assert csms.call("RemoteStopTransaction", transactionId=4711) == REJECTED
    bench.run(5)
    assert bench.connector()["contactor"]
    csms.none("StopTransaction")
    rig.finish()


# --- availability --------------------------------------------------------------------------------


def test_tc_014_unavailable_over_a_reboot(rig, car, card, csms, bench):
    """OCTT TC_014: Inoperative is told, serves nobody, and survives a reset; Operative ends it."""
    assert csms.call("ChangeAvailability", connectorId=1, type="Inoperative") == ACCEPTED
    csms.status("Unavailable")
    csms.call("Reset", type="Soft")
    csms.expect("BootNotification", 60)
    csms.status("Available", 0)
    csms.status("Unavailable", 1)
    car.plug()
    card.swipe(TAG)
    bench.run(10)
    csms.none("StartTransaction")
    assert not bench.connector()["coil"]
    assert csms.call("ChangeAvailability", connectorId=1, type="Operative") == ACCEPTED
    bench.until(ocpp_status="Preparing")


def test_tc_034_unavailable_over_a_power_cut(csms, power, bench):
    """OCTT TC_034: Unavailable is kept over a power failure."""
    assert csms.call("ChangeAvailability", connectorId=0, type="Inoperative") == ACCEPTED
    csms.status("Unavailable", 0)
    csms.status("Unavailable", 1)
    power.cut()
    bench.run(2)
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Unavailable", 0)
    csms.status("Unavailable", 1)
    assert csms.call("ChangeAvailability", connectorId=0, type="Operative") == ACCEPTED
    csms.status("Available", 0)
    csms.status("Available", 1)


def test_unavailable_waits_for_the_transaction(rig, csms, bench):
    """OCPP 1.6 5.2: Scheduled while a transaction runs; Unavailable when it is over."""
    rig.begin()
    assert csms.call("ChangeAvailability", connectorId=1, type="Inoperative") == {
        "status": "Scheduled"
    }
    bench.run(5)
    assert bench.connector()["contactor"]
    rig.finish()
    csms.status("Unavailable")
    rig.leave()
    bench.run(3)
    assert bench.connector()["ocpp_status"] == "Unavailable"


def test_availability_already_so(csms):
    """OCPP 1.6 5.2: a change to what it is already is Accepted; an unknown connector is
    Rejected."""
    assert csms.call("ChangeAvailability", connectorId=1, type="Operative") == ACCEPTED
    assert csms.call("ChangeAvailability", connectorId=7, type="Operative") == REJECTED


# --- reset ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_tc_013_reset_idle(csms, bench, kind):
    """OCTT TC_013: a reset reboots: a new BootNotification, all statuses again."""
    boots = bench.state()["boots"]
    assert csms.call("Reset", type=kind) == ACCEPTED
    csms.expect("BootNotification", 60)
    csms.status("Available", 0)
    csms.status("Available", 1)
    assert bench.state()["boots"] == boots + 1


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_tc_015_reset_in_a_transaction(rig, csms, bench, kind):
    """OCTT TC_015, TC_016: a reset ends the transaction with its own reason, and the bill is
    right."""
    rig.begin()
    bench.run(20)
    assert csms.call("Reset", type=kind) == ACCEPTED
    csms.expect("StopTransaction", transactionId=1, reason=kind + "Reset")
    rig.right()
    csms.expect("BootNotification", 60)
    csms.status("Preparing")
    assert not bench.connector()["contactor"]


# --- unlock --------------------------------------------------------------------------------------


def test_tc_017_1_unlock_without_transaction(car, csms, bench):
    """OCTT TC_017_1: UnlockConnector without a transaction: Unlocked."""
    car.plug()
    csms.status("Preparing")
    assert csms.call("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
    car.unplug()


def test_tc_018_1_unlock_ends_the_transaction(rig, car, csms, bench):
    """OCTT TC_018_1: UnlockConnector in a transaction: contactor open first, UnlockCommand,
    then Unlocked."""
    rig.begin()
    bench.run(10)
    assert csms.call("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
    now = bench.connector()
    assert not now["contactor"] and not now["locked"]
    csms.expect("StopTransaction", reason="UnlockCommand")
    rig.right()
    car.unplug()


@charger(keys={"MessageTimeout": "60"})
def test_tc_030_unlock_that_sticks(rig, csms, bench):
    """OCTT TC_030: the bolt does not move: UnlockFailed."""
    rig.begin()
    bench.fault("lock")
    assert csms.call("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}
    csms.expect("StopTransaction", reason="UnlockCommand")
    assert bench.connector()["locked"]
    bench.fault("lock", False)
    rig.leave()


def test_tc_031_unlock_of_no_connector(csms):
    """Erratum 3.87: UnlockConnector for a connector that is not there: NotSupported."""
    assert csms.call("UnlockConnector", connectorId=5) == {"status": "NotSupported"}


@charger(board={"socket": False})
def test_tc_005_2_unlock_of_a_tethered_cable(csms):
    """OCTT TC_018_2: a fixed cable has no lock: NotSupported."""
    assert csms.call("UnlockConnector", connectorId=1) == {"status": "NotSupported"}


# --- data transfer, cache ------------------------------------------------------------------------


def test_tc_062_data_transfer(csms):
    """OCTT TC_062: DataTransfer for a vendor nobody knows: UnknownVendorId."""
    answer = csms.call("DataTransfer", vendorId="com.example", messageId="x", data="y")
    assert answer["status"] == "UnknownVendorId"


def test_tc_061_clear_cache(csms):
    """OCTT TC_061, erratum 3.23: Accepted with a cache, Rejected without one; the key says
    which."""
    answer = csms.call("GetConfiguration", key=["AuthorizationCacheEnabled"])
    cache = bool(answer.get("configurationKey"))
    assert csms.call("ClearCache") == (ACCEPTED if cache else REJECTED)
