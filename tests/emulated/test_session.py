"""A charging session on the emulated RP2040: pins, PWM, ADC, Modbus, PN532, PPP, all of them real
protocols between the image and the bench.
"""

from datetime import datetime, timedelta

from tests.scenarios.conftest import TAG, charger

FEW = {"MeterValueSampleInterval": "10"}


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@charger(booted=False, identity={"vendor": "Vendor", "model": "Model", "serial": "S-1"})
def test_boots_and_takes_the_time(rig, csms, bench):
    """OCPP 1.6 4.2: BootNotification with what provision.json says, then its clock is the
    backend's."""
    boot = csms.expect("BootNotification", 60)
    assert boot.payload["chargePointVendor"] == "Vendor"
    assert boot.payload["chargePointModel"] == "Model"
    assert boot.payload["chargePointSerialNumber"] == "S-1"
    csms.status("Available", 0)
    csms.status("Available", 1)
    bench.until(queue=0, boot="Accepted")
    state = bench.state()
    now = rig.utc()
    assert abs(moment(state["utc"]) - now) < timedelta(seconds=12), "told every 10 s"
    one = state["connectors"][0]
    assert (one["duty"], one["pilot"], one["coil"], one["locked"]) == (10000, "A", False, False)
    assert state["flash"]["erases"] > 0 and state["wear"]["files"]["bytes"] > 0


@charger(keys=FEW)
def test_a_session_from_plug_to_bill(rig, csms, bench):
    """The bill is the register's, which came through Modbus on UART1; the card through the PN532
    on PIO."""
    bench.meter(4321)
    bench.run(5)
    rig.begin(max_a=16)
    now = bench.connector()
    assert abs(now["duty"] - 5333) <= 10, "32 A: 53.33 %"
    assert now["coil"] and now["contactor"] and now["locked"]
    bench.run(20)
    assert bench.connector()["amps"] == [16.0, 16.0, 16.0]
    bill = rig.finish()
    assert bill.meter_start == 4321
    assert bill.wh > 40
    csms.status("Finishing")
    rig.leave()
    csms.status("Available")


def test_the_car_says_when(rig, csms, bench):
    """IEC 61851-1 table A.6: C to B opens the contactor within 100 ms; the session goes on."""
    rig.begin()
    bench.run(5)
    before = bench.state()["clock_ms"]
    after = bench.within(1, {"cmd": "ev", "connector": 1, "state": "B"}, contactor=False)
    assert after["clock_ms"] - before <= 150, "100 ms, 25 ms of the contacts, two quanta"
    csms.status("SuspendedEV")
    bench.ev("C")
    csms.status("Charging")
    bench.until(contactor=True)
    assert rig.finish().wh > 0


def test_pulled_under_load(rig, csms, bench):
    """The cable is torn at the car's end: the pilot shows A, the contactor opens within 100 ms."""
    rig.begin()
    bench.run(10)
    before = bench.state()["clock_ms"]
    after = bench.within(
        1, {"cmd": "unplug", "connector": 1, "force": True}, contactor=False, coil=False
    )
    assert after["clock_ms"] - before <= 150
    csms.expect("StopTransaction", reason="EVDisconnected")
    assert rig.right().id_tag == TAG
