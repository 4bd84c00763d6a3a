"""The power goes during a session, in each of its phases: the bill is one, and right to the Wh.

OCPP 1.6 3.7 and 4.8: what is billable waits in the journal; what was running ends with PowerLoss.
"""

import os
import signal
from datetime import datetime, timezone

import pytest

from tests.scenarios.conftest import EPOCH, TAG, charger

KEYS = {
    "AllowOfflineTxForUnknownId": "true",
    "MessageTimeout": "5",
    "MeterValueSampleInterval": "10",
    "TransactionMessageRetryInterval": "3",
    "WebSocketPingInterval": "10",
}
OFF_S = 5


def cycle(bench, power, off_s=OFF_S):
    """Power off and on."""
    power.cut()
    bench.run(off_s)
    power.restore()


def offline_session(rig, bench, seconds=20):
    """Charging, and nobody outside knows."""
    rig.register[1] = bench.connector()["meter_wh"]
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=60)
    bench.run(seconds)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def one_bill(rig, csms, bench):
    """Exactly one Start and one Stop, as the meter says; and no more after another while."""
    csms.expect("StopTransaction", timeout=120)
    bench.until(queue=0, timeout=120)
    bill = rig.right()
    bench.run(20)
    for action in ("StartTransaction", "StopTransaction"):
        assert len({frame.id for frame in csms.calls(action)}) == 1, action
    assert EPOCH <= moment(bill.started) <= moment(bill.stopped) <= rig.utc()
    return bill


def just_started(rig, csms, bench, net):
    rig.register[1] = bench.connector()["meter_wh"]
    bench.plug(1)
    bench.swipe(TAG)
    csms.expect("StartTransaction")


def charging(rig, csms, bench, net):
    rig.begin()
    bench.run(15)


def link_lost(rig, csms, bench, net):
    charging(rig, csms, bench, net)
    net.cut()
    bench.run(15)


def offline(rig, csms, bench, net):
    net.cut()
    offline_session(rig, bench)


def stopping(rig, csms, bench, net):
    charging(rig, csms, bench, net)
    bench.swipe(TAG)
    bench.until(duty=10000, timeout=5)


def stopped_offline(rig, csms, bench, net):
    offline(rig, csms, bench, net)
    bench.swipe(TAG)
    bench.until(contactor=False)
    bench.run(5)


PHASES = {
    just_started: "PowerLoss",
    charging: "PowerLoss",
    link_lost: "PowerLoss",
    offline: "PowerLoss",
    stopping: "Local",
    stopped_offline: "Local",
}


@pytest.mark.parametrize("phase", list(PHASES), ids=lambda phase: phase.__name__)
@charger(keys=KEYS)
def test_power_cut_in_a_session(rig, csms, power, bench, net, phase):
    phase(rig, csms, bench, net)
    cycle(bench, power)
    net.mend()
    assert one_bill(rig, csms, bench).reason == PHASES[phase]


@charger(keys=KEYS)
def test_power_cut_after_power_cut(rig, csms, power, bench, net):
    """Also while the first one is being cleaned up."""
    charging(rig, csms, bench, net)
    for on_s in (0.2, 1, 2, 3):
        cycle(bench, power, 1)
        bench.run(on_s)
    cycle(bench, power)
    assert one_bill(rig, csms, bench).reason == "PowerLoss"


@charger(keys=KEYS, booted=False, password="known to nobody yet")
def test_clock_never_known(rig, csms, power, bench, net):
    """Away from the backend since it was built, two power cycles, then online: never 1970."""
    offline_session(rig, bench)
    cycle(bench, power)
    bench.run(15)
    cycle(bench, power)
    bench.run(10)
    assert not csms.calls()
    csms.password = None
    bill = one_bill(rig, csms, bench)
    assert bill.reason == "PowerLoss" and bill.wh > 20


@charger(keys=KEYS)
def test_firmware_killed_while_charging(rig, csms, bench, net):
    charging(rig, csms, bench, net)
    os.kill(bench.firmware_pid(), signal.SIGKILL)
    assert one_bill(rig, csms, bench).reason == "PowerLoss"


@charger(keys=dict(KEYS, ResumeWindow="60"))
def test_resumed(rig, csms, power, bench, net):
    """The car is still there: the same transaction goes on, over a kill and a power cut."""
    charging(rig, csms, bench, net)
    cycle(bench, power)
    bench.until(contactor=True, timeout=60)
    bench.run(15)
    os.kill(bench.firmware_pid(), signal.SIGKILL)
    bench.until(contactor=False)
    bench.until(contactor=True, timeout=60)
    bench.run(15)
    csms.none("StopTransaction")
    bench.swipe(TAG)
    bill = one_bill(rig, csms, bench)
    assert bill.reason == "Local"
    assert len(csms.ledger.transactions) == 1


@charger(keys=dict(KEYS, ResumeWindow="30"))
def test_not_resumed_without_its_car(rig, csms, power, bench, net):
    charging(rig, csms, bench, net)
    power.cut()
    bench.unplug(1, force=True)
    bench.run(OFF_S)
    power.restore()
    assert one_bill(rig, csms, bench).reason == "PowerLoss"


@charger(keys=KEYS, connectors=2)
def test_two_sessions_at_once(rig, csms, power, bench, net):
    rig.begin(1)
    rig.begin(2, "04FFEEDDCCBBAA")
    bench.run(15)
    cycle(bench, power)
    csms.expect("StopTransaction", timeout=120)
    csms.expect("StopTransaction", timeout=60)
    bench.until(queue=0, timeout=60)
    for number, line in csms.ledger.transactions.items():
        assert rig.right(line.connector, number).reason == "PowerLoss"
