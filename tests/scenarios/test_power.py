"""Mains lost, and a firmware that dies or hangs: the contactor opens, whatever it was doing."""

import os
import signal

import pytest

from tests.scenarios.conftest import TAG, charger

OPEN_S = 0.3  # dead-man 100 ms, contact 25 ms, and the way of a signal from here on a busy machine


def idle(rig, csms):
    return


def preparing(rig, csms):
    rig.bench.plug(1)
    csms.status("Preparing")


def authorised(rig, csms):
    preparing(rig, csms)
    rig.bench.swipe(TAG)
    rig.bench.until(locked=True)


def charging(rig, csms):
    rig.begin()
    rig.bench.run(10)


def stopping(rig, csms):
    charging(rig, csms)
    rig.bench.swipe(TAG)
    rig.bench.until(duty=10000, timeout=5)


PHASES = [idle, preparing, authorised, charging, stopping]


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__)
def test_power_cut(rig, csms, power, bench, phase):
    """Mains off: contactor open at once, no current; mains on: it boots, tells its statuses,
    and serves."""
    phase(rig, csms)
    now = bench.within(0.1, {"cmd": "power", "on": False}, contactor=False)
    one = now["connectors"][0]
    assert not now["powered"] and not one["coil"] and one["amps"] == [0, 0, 0]
    assert one["ocpp_status"] is None and now["boot"] is None
    still = one["meter_wh"]
    bench.run(10)
    assert bench.connector()["meter_wh"] == still
    csms.mark()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Available", 0)
    csms.expect("StatusNotification", connectorId=1)
    bench.until(boot="Accepted", online=True)
    bench.never(10, coil=True)


def test_cable_is_free_after_a_power_cut(rig, csms, power, bench):
    """After a power cut while the plug was locked the driver gets the cable back."""
    charging(rig, csms)
    power.cut()
    bench.run(5)
    power.restore()
    csms.expect("BootNotification", 60)
    bench.until(locked=False, timeout=30)
    rig.leave()
    bench.until(ocpp_status="Available")


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.parametrize(
    "phase", [authorised, charging, stopping], ids=lambda phase: phase.__name__
)
@charger(speed=5)
def test_firmware_dies(rig, csms, bench, phase, kill):
    """The firmware killed or stopped dead: the interlock opens the contactor; the watchdog
    boots it again."""
    phase(rig, csms)
    boots = bench.state()["boots"]
    at = bench.state()["clock_ms"]
    os.kill(bench.firmware_pid(), kill)
    found = bench.until(coil=False, contactor=False, timeout=5)
    assert found["clock_ms"] - at <= OPEN_S * 1000
    csms.mark()
    csms.expect("BootNotification", 60)
    assert bench.state()["boots"] == boots + 1
    csms.status("Available", 0)


@charger(speed=5)
def test_firmware_dies_again_and_again(rig, csms, bench):
    """Killed a few times in a row, at different moments of its boot, it comes up each time and
    serves."""
    for pause_s in (0, 0.1, 0.4):
        csms.mark()
        boots = bench.state()["boots"]
        os.kill(bench.firmware_pid(), signal.SIGKILL)
        while bench.state()["boots"] == boots:
            bench.run(0.05)
        bench.run(pause_s)
    csms.expect("BootNotification", 90)
    csms.status("Available", 1)
    rig.begin()
    bench.run(5)
    rig.finish()
