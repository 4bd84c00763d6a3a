"""Each fault of the bench, idle and while charging: the contactor, the word for it, and the way
back.

Bounds are of the bench's clock, from the moment the fault is there to the contact seen open.
"""

import pytest

from tests.scenarios.conftest import TAG, charger

# kind, errorCode, contact open within seconds, back within seconds after the cause has gone
CHARGING = [
    ("rcd", "GroundFailure", 0.1, 90),
    ("ground", "GroundFailure", 0.1, 90),
    ("pilot_short", "EVCommunicationError", 0.1, 30),
    ("diode", "EVCommunicationError", 0.1, 90),
    ("no_close", "PowerSwitchFailure", 0.1, 90),
    ("overtemp", "HighTemperature", 1, 30),
    ("overcurrent", "OverCurrentFailure", 12, 90),
    ("undervoltage", "UnderVoltage", 8, 90),
]


@pytest.mark.parametrize(
    ("kind", "code", "bound_s", "back_s"), CHARGING, ids=[row[0] for row in CHARGING]
)
def test_tc_041_fault_while_charging(rig, csms, bench, kind, code, bound_s, back_s):
    """OCPP 1.6 4.9 C9 (or C5): contactor open in time, the errorCode told; the cause gone:
    charging again."""
    rig.begin()
    bench.run(15)
    bench.within(
        bound_s, {"cmd": "fault", "connector": 1, "kind": kind, "on": True}, contactor=False
    )
    word = "SuspendedEVSE" if code == "EVCommunicationError" else "Faulted"
    csms.status(word, errorCode=code)
    bench.run(3)
    still = bench.connector()
    assert not still["coil"] and not still["contactor"] and still["amps"] == [0, 0, 0]
    bench.run(20)
    now = bench.connector()
    assert now["meter_wh"] == still["meter_wh"] and not now["coil"]
    csms.none("StopTransaction")
    bench.fault(kind, False)
    csms.status("Charging", timeout=back_s, errorCode="NoError")
    bench.until(contactor=True)
    bench.run(10)
    assert rig.finish().wh > 30


IDLE = [row for row in CHARGING if row[0] in ("rcd", "ground", "overtemp", "undervoltage")]


@pytest.mark.parametrize(("kind", "code", "bound_s", "back_s"), IDLE, ids=[row[0] for row in IDLE])
def test_tc_041_fault_while_idle(rig, car, card, csms, bench, kind, code, bound_s, back_s):
    """OCPP 1.6 4.9 A9, I1: Faulted with its code and no session; Available when the cause has
    gone."""
    bench.fault(kind)
    csms.status("Faulted", errorCode=code)
    car.plug()
    card.swipe(TAG)
    bench.run(10)
    assert not bench.connector()["coil"]
    csms.none("StartTransaction")
    rig.leave()
    bench.fault(kind, False)
    csms.status("Available", timeout=back_s, errorCode="NoError")
    rig.begin()
    rig.finish()


@charger(board={"socket": False})
def test_pilot_short_while_idle(rig, card, csms, bench):
    """IEC 61851-1 table A.2, state E with nobody there: Faulted. EVCommunicationError is said
    of a session only (OCPP 1.6 7.6), so the code is OtherError."""
    bench.fault("pilot_short")
    csms.status("Faulted", errorCode="OtherError")
    card.swipe(TAG)
    bench.never(10, coil=True)
    csms.none("StartTransaction")
    bench.fault("pilot_short", False)
    csms.status("Available", errorCode="NoError")
    rig.begin()
    rig.finish()


def test_pilot_short_from_the_start(rig, car, card, csms, bench):
    """A plug whose pilot is short gets no power; once it is not, the session starts."""
    rig.register[1] = 0
    bench.fault("pilot_short")
    car.plug()
    card.swipe(TAG)
    bench.never(20, coil=True)
    csms.none("StartTransaction")
    bench.fault("pilot_short", False)
    bench.until(error_code="NoError", timeout=20)  # a card at a Faulted connector is not taken
    card.swipe(TAG)
    rig.charging(timeout=60)
    rig.finish()


def start(rig, car, card, csms):
    rig.register[1] = rig.bench.connector()["meter_wh"]
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)


def test_diode_missing_from_the_start(rig, car, card, csms, bench):
    """IEC 61851-1 A.2.3: a car without its diode is no car: the contactor never closes."""
    bench.fault("diode")
    start(rig, car, card, csms)
    csms.expect("StatusNotification", connectorId=1, errorCode="EVCommunicationError")
    bench.never(20, contactor=True)
    bench.fault("diode", False)
    rig.charging(timeout=90)
    rig.finish()


def test_contactor_that_does_not_close(rig, car, card, csms, bench):
    """OCPP 1.6 7.6 PowerSwitchFailure: coil driven, contact open: the coil is let go and the
    fault told."""
    bench.fault("no_close")
    start(rig, car, card, csms)
    bench.until(coil=True)
    bench.until(coil=False, timeout=1)
    csms.status("Faulted", errorCode="PowerSwitchFailure")
    bench.fault("no_close", False)
    rig.charging(timeout=90)
    rig.finish()


def test_welded_contactor(rig, csms, power, bench):
    """OCPP 1.6 7.6 PowerSwitchFailure: a contact that does not open: the plug stays locked,
    nothing starts; only a power cycle clears it, a reset does not."""
    rig.begin()
    bench.run(10)
    bench.fault("welded")
    bench.swipe(TAG)
    csms.status("Faulted", errorCode="PowerSwitchFailure", timeout=40)
    csms.expect("StopTransaction", reason="Local", timeout=60)
    now = bench.connector()
    assert not now["coil"] and now["contactor"] and now["locked"], "a live plug must not come free"
    bench.fault("welded", False)
    bench.until(contactor=False, timeout=1)
    bench.run(30)
    assert bench.connector()["error_code"] == "PowerSwitchFailure"
    csms.call("Reset", type="Hard")
    csms.expect("BootNotification", 90)
    csms.status("Faulted", errorCode="PowerSwitchFailure")
    bench.swipe(TAG)
    bench.run(15)
    assert not bench.connector()["coil"]
    power.cut()
    bench.run(1)
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Preparing", errorCode="NoError")
    rig.leave()
    csms.status("Available")
    rig.begin()


def test_welded_while_idle(rig, car, csms, bench):
    """A contact found closed without a coil is a fault before anybody comes."""
    bench.fault("welded")
    csms.status("Faulted", errorCode="PowerSwitchFailure", timeout=5)
    bench.swipe(TAG)
    bench.run(10)
    csms.none("StartTransaction")


@pytest.mark.parametrize("kind", ["lock"])
def test_tc_024_lock_that_does_not_close(rig, car, card, csms, bench, kind):
    """OCTT TC_024: the plug cannot be locked: ConnectorLockFailure, no power; it moves again:
    charging."""
    bench.fault("lock")
    start(rig, car, card, csms)
    csms.status("Faulted", errorCode="ConnectorLockFailure")
    assert not bench.connector()["coil"]
    csms.none("StartTransaction")
    bench.fault("lock", False)
    rig.charging(timeout=90)
    assert csms.ledger.transactions[1].id_tag == TAG
    rig.finish()


def test_lock_stuck_while_charging(rig, csms, bench):
    """A bolt that sticks while it holds endangers nobody: charging goes on; it is freed when it
    moves again."""
    rig.begin()
    bench.fault("lock")
    bench.run(15)
    assert bench.connector()["contactor"]
    rig.finish()
    assert bench.connector()["locked"]
    bench.fault("lock", False)
    rig.leave()
    csms.status("Available")


@pytest.mark.parametrize("after_s", [0.1, 0.25, 0.4, 0.55])
def test_bolt_that_comes_free_in_a_pulse(rig, bench, after_s):
    """A bolt that moves again in the middle of an unlock pulse comes all the way: the plug is
    free."""
    rig.begin()
    bench.fault("lock")
    bench.swipe(TAG)
    bench.until(contactor=False)
    bench.run(after_s)
    bench.fault("lock", False)
    rig.leave()


def test_meter_silent_while_charging(rig, csms, bench):
    """A meter that says nothing: 6 A for a while, then a pause (PowerMeterFailure); it is back:
    charging, bill right."""
    rig.begin()
    bench.run(15)
    bench.fault("meter")
    csms.expect("StatusNotification", connectorId=1, errorCode="PowerMeterFailure", timeout=40)
    bench.until(offered_a=6, timeout=40)
    bench.until(contactor=False, timeout=90)
    still = bench.connector()["meter_wh"]
    bench.run(20)
    assert bench.connector()["meter_wh"] == still
    csms.none("StopTransaction")
    bench.fault("meter", False)
    csms.status("Charging", timeout=60, errorCode="NoError")
    bench.until(contactor=True)
    bench.run(10)
    rig.finish()


def test_meter_silent_while_idle(rig, car, card, csms, bench):
    """Without a meter nothing can be billed: PowerMeterFailure, and no transaction until it is
    back."""
    bench.fault("meter")
    csms.expect("StatusNotification", connectorId=1, errorCode="PowerMeterFailure", timeout=90)
    bench.run(70)
    car.plug()
    card.swipe(TAG)
    bench.run(10)
    csms.none("StartTransaction")
    assert not bench.connector()["coil"]
    rig.leave()
    bench.fault("meter", False)
    csms.status("Available", timeout=60, errorCode="NoError")
    rig.begin()
    rig.finish()


@charger(connectors=2)
def test_fault_of_one_connector_is_its_own(rig, csms, bench):
    """OCPP 1.6 4.9: a fault of one connector leaves the other charging."""
    rig.begin(1)
    rig.begin(2, "DEADBEEF")
    bench.fault("rcd", connector=1)
    csms.status("Faulted", 1, errorCode="GroundFailure")
    bench.run(10)
    assert bench.connector(2)["contactor"] and not bench.connector(1)["contactor"]
    csms.none("StatusNotification", connectorId=2, status="Faulted")
    bench.swipe("DEADBEEF", 2)
    rig.right(2, 2)


def test_fault_during_charging_from_the_car(rig, car, csms, bench):
    """A fault that the car brings along (plug with "fail"): as any other."""
    rig.begin(fail="rcd", fail_after=8)
    csms.status("Faulted", errorCode="GroundFailure")
    assert not bench.connector()["contactor"]


def test_stop_in_a_fault(rig, csms, bench):
    """A transaction that is faulted can be ended, and the bill is right."""
    rig.begin()
    bench.run(15)
    bench.fault("rcd")
    csms.status("Faulted")
    assert csms.call("RemoteStopTransaction", transactionId=1) == {"status": "Accepted"}
    csms.expect("StopTransaction", reason="Remote")
    assert rig.right().wh > 30
    bench.fault("rcd", False)
    rig.leave()
    csms.status("Available", timeout=120)
