"""A charging session from plug to bill, in the orders people do it."""

import pytest

from tests.scenarios.conftest import TAG, charger
from tools import csms_script as script

OTHER = "DEADBEEF"


def test_tc_003_plug_first(rig, car, card, csms, bench):
    """OCTT TC_003: plugged in first, then identified: Preparing, Authorize, StartTransaction,
    Charging."""
    before = bench.connector()["meter_wh"]
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("Authorize", idTag=TAG)
    start = csms.expect("StartTransaction", connectorId=1, idTag=TAG, meterStart=before)
    csms.status("Charging")
    now = bench.until(contactor=True)["connectors"][0]
    assert now["transaction"]["id_tag"] == TAG
    bench.run(60)
    card.swipe(TAG)
    bench.until(contactor=False)
    stop = csms.expect("StopTransaction", idTag=TAG, reason="Local", transactionId=1)
    csms.status("Finishing")
    rig.leave()
    csms.status("Available")
    bill = csms.bill()
    assert bill.wh == bench.connector()["meter_wh"] - before > 300
    assert start.payload["timestamp"] < stop.payload["timestamp"]


def test_tc_004_1_card_first(rig, car, card, csms, bench):
    """OCTT TC_004_1: identified first: Preparing at once, the transaction begins when the plug
    is in."""
    rig.register[1] = 0
    card.swipe(TAG)
    csms.expect("Authorize", idTag=TAG)
    csms.status("Preparing")
    bench.run(10)
    csms.none("StartTransaction")
    assert not bench.connector()["coil"]
    car.plug()
    csms.expect("StartTransaction", connectorId=1, idTag=TAG)
    rig.charging()
    bench.run(30)
    assert rig.finish().wh > 100
    rig.leave()
    csms.status("Available")


def test_card_of_any_form_is_told_verbatim(rig, csms):
    """OCPP 1.6 7.28: an IdToken is a CiString of up to 20 characters, whatever it means to a
    reader."""
    rig.begin(tag="Any-token_20.chars:x")
    assert rig.finish(tag="Any-token_20.chars:x").id_tag == "Any-token_20.chars:x"


@charger(connectors=2, tags={OTHER: "Accepted"})
def test_two_connectors_do_not_know_each_other(rig, csms, bench):
    """OCPP 1.6 3.3: connectors are numbered from 1 and each has its own transaction and bill."""
    first = rig.begin(1, TAG, max_a=10)
    bench.run(20)
    second = rig.begin(2, OTHER, max_a=20)
    assert first.payload["connectorId"] == 1 and second.payload["connectorId"] == 2
    bench.run(20)
    bench.swipe(OTHER, 2)
    two = csms.bill(2)
    assert bench.connector(1)["contactor"], "stopping 2 must not stop 1"
    assert (two.connector, two.id_tag, two.meter_stop) == (
        2,
        OTHER,
        bench.connector(2)["meter_wh"],
    )
    bench.run(20)
    bench.swipe(TAG, 1)
    one = rig.right(1, 1)
    assert one.connector == 1 and one.id_tag == TAG and one.wh != two.wh
    rig.leave(2)
    csms.status("Available", 2)
    rig.leave(1)
    csms.status("Available", 1)


@charger(connectors=2)
def test_card_and_plug_on_different_connectors(rig, car2, card, csms, bench):
    """A card held to connector 1 starts nothing on connector 2."""
    car2.plug()
    csms.status("Preparing", 2)
    card.swipe(TAG)
    csms.status("Preparing", 1)
    bench.run(15)
    csms.none("StartTransaction")
    assert not bench.connector(2)["coil"] and not bench.connector(1)["coil"]


def test_tc_005_1_unplugged_at_the_car(rig, car, csms, bench):
    """OCTT TC_005_1: the car leaves: contactor open, StopTransaction EVDisconnected, the plug
    is let go."""
    rig.begin()
    bench.run(30)
    bench.within(0.1, {"cmd": "unplug", "connector": 1, "force": True}, contactor=False)
    csms.expect("StopTransaction", reason="EVDisconnected")
    csms.status("Finishing")
    rig.right()
    rig.leave()
    csms.status("Available")


@charger(board={"socket": False})
def test_tc_005_2_tethered_cable_unplugged(rig, car, csms, bench):
    """A tethered cable has no lock: pulled at the car it ends the transaction and is Available
    again."""
    rig.begin()
    bench.run(20)
    bench.within(0.1, {"cmd": "unplug", "connector": 1}, contactor=False)
    csms.expect("StopTransaction", reason="EVDisconnected")
    csms.status("Available")
    rig.right()


@charger(keys={"StopTransactionOnEVSideDisconnect": "false"})
def test_tc_005_3_unplugged_at_the_car_without_stop(rig, car, csms, bench):
    """OCTT TC_005_3: StopTransactionOnEVSideDisconnect false: SuspendedEV, until somebody stops
    it."""
    rig.begin()
    bench.run(10)
    bench.within(0.1, {"cmd": "unplug", "connector": 1, "force": True}, contactor=False)
    csms.status("SuspendedEV")
    bench.run(20)
    csms.none("StopTransaction")
    assert csms.call("RemoteStopTransaction", transactionId=1) == {"status": "Accepted"}
    csms.expect("StopTransaction", reason="Remote")
    rig.right()


def test_car_pauses(rig, car, csms, bench):
    """OCPP 1.6 4.9 C4, D3: the car opens S2: SuspendedEV and no power; it closes S2: Charging."""
    rig.begin()
    bench.within(0.1, {"cmd": "ev", "connector": 1, "state": "B"}, contactor=False)
    csms.status("SuspendedEV")
    bench.run(30)
    still = bench.connector()["meter_wh"]
    bench.run(30)
    assert bench.connector()["meter_wh"] == still
    car.wants("C")
    rig.charging()
    bench.run(10)
    csms.none("StopTransaction")
    assert rig.finish().wh > 0


def test_car_that_does_not_ask(rig, car, card, csms, bench):
    """OCPP 1.6 4.9 B4: all is ready but the car does not charge: SuspendedEV, contactor open."""
    rig.register[1] = 0
    car.plug(auto=False)
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("StartTransaction")
    csms.status("SuspendedEV")
    assert not bench.connector()["coil"]
    assert rig.finish().wh == 0


def test_ventilation_is_refused(rig, car, csms, bench):
    """IEC 61851-1 table A.1: a car in state D gets no power from a place that is not
    ventilated."""
    rig.begin()
    bench.within(0.1, {"cmd": "ev", "connector": 1, "state": "D"}, contactor=False)
    bench.run(10)
    assert not bench.connector()["coil"]
    car.wants("C")
    rig.charging(timeout=90)
    rig.finish()


@charger(keys={"ConnectionTimeOut": "20"})
def test_tc_004_2_connection_time_out(rig, car, card, csms, bench):
    """OCTT TC_004_2: identified but never plugged in: back to Available after
    ConnectionTimeOut."""
    card.swipe(TAG)
    csms.status("Preparing")
    bench.run(17)
    csms.none("StatusNotification", status="Available")
    csms.status("Available", timeout=10)
    car.plug()
    csms.status("Preparing")
    bench.run(10)
    csms.none("StartTransaction")
    assert not bench.connector()["coil"]


def test_second_presentation_takes_it_back(rig, car, card, csms, bench):
    """OCPP 1.6 4.9 B1: the same card presented again before the plug: Available."""
    card.swipe(TAG)
    csms.status("Preparing")
    bench.run(3)
    card.swipe(TAG)
    csms.status("Available")
    car.plug()
    bench.run(10)
    csms.none("StartTransaction")


@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
def test_tc_023_1_refused_card(rig, car, card, csms, bench, status):
    """OCTT TC_023: a card that is not Accepted starts nothing."""
    csms.tags = {TAG: status}
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("Authorize", idTag=TAG)
    bench.run(15)
    csms.none("StartTransaction")
    now = bench.connector()
    assert not now["coil"] and now["duty"] == 10000 and now["transaction"] is None


def test_tc_068_other_card_does_not_stop(rig, card, csms, bench):
    """OCTT TC_068: only the idTag that started (or its group) may stop a transaction."""
    rig.begin()
    card.swipe(OTHER)
    bench.run(10)
    csms.none("StopTransaction")
    assert bench.connector()["contactor"]
    rig.finish()


@charger(
    tags={
        TAG: {"status": "Accepted", "parentIdTag": "FLEET"},
        OTHER: {"status": "Accepted", "parentIdTag": "fleet"},
    }
)
def test_tc_069_card_of_the_same_group_stops(rig, card, csms, bench):
    """OCTT TC_069: a card with the same parentIdTag may stop; StopTransaction names who did."""
    rig.begin()
    bench.run(10)
    card.swipe(OTHER)
    csms.expect("Authorize", idTag=OTHER)
    csms.expect("StopTransaction", idTag=OTHER, reason="Local")
    rig.right()


def test_stop_button(rig, csms, bench):
    """OCPP 1.6 7.37: stopped locally on request of the user: reason Local."""
    rig.begin()
    bench.run(10)
    bench.button()
    csms.expect("StopTransaction", reason="Local")
    rig.right()


def refuse(payload):
    return dict(payload, idTagInfo={"status": "Invalid"})


def test_start_refused_by_the_backend_stops(rig, car, card, csms, bench):
    """OCPP 1.6 5.15.1, StopTransactionOnInvalidId true: StartTransaction.conf not Accepted ends
    it: DeAuthorized."""
    rig.register[1] = 0
    csms.bend("StartTransaction", script.altered(refuse))
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("StartTransaction")
    csms.expect("StopTransaction", transactionId=1, reason="DeAuthorized")
    rig.right()
    bench.never(10, contactor=True)


@charger(keys={"StopTransactionOnInvalidId": "false"})
def test_start_refused_by_the_backend_suspends(rig, car, card, csms, bench):
    """OCPP 1.6 4.8, StopTransactionOnInvalidId false: no energy (SuspendedEVSE), the
    transaction goes on."""
    rig.register[1] = 0
    csms.bend("StartTransaction", script.altered(refuse))
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("StartTransaction")
    csms.status("SuspendedEVSE")
    bench.until(contactor=False)
    still = bench.connector()["meter_wh"]
    bench.run(20)
    now = bench.connector()
    assert now["meter_wh"] == still and not now["coil"] and now["transaction"]["id"] == 1
    csms.none("StopTransaction")
    rig.finish()
