"""What goes wrong, on the emulated RP2040: the residual current, the power, the network, a
processor that stands still. The coil is PIO's, the memory is flash.
"""

from pathlib import Path

from tests.scenarios.conftest import charger
from tools.rig.wires import FREEZE

BACK = {
    "MeterValueSampleInterval": "10",
    "MessageTimeout": "3",
    "TransactionMessageRetryInterval": "2",
    "WebSocketPingInterval": "3",
}


def one_bill(rig, csms, bench):
    """Exactly one Start and one Stop, as the meter says; and no more after another while."""
    csms.expect("StopTransaction", timeout=120)
    bench.until(queue=0, timeout=120)
    bill = rig.right()
    bench.run(10)
    for action in ("StartTransaction", "StopTransaction"):
        assert len({frame.id for frame in csms.calls(action)}) == 1, action
    return bill


def test_residual_current_opens_the_coil(rig, csms, bench):
    """The trip pin opens the coil in PIO, within the bench's next quantum, and it stays open."""
    rig.begin()
    bench.run(10)
    fault = {"cmd": "fault", "connector": 1, "kind": "rcd", "on": True}
    before = bench.state()["clock_ms"]
    after = bench.within(1, fault, coil=False)
    assert after["clock_ms"] - before <= 40, "two quanta each way"
    csms.status("Faulted", errorCode="GroundFailure")
    bench.run(3)
    now = bench.connector()
    assert not now["coil"] and not now["contactor"] and now["amps"] == [0, 0, 0]
    bench.fault("rcd", False)
    bench.never(3, coil=True)
    assert rig.finish().wh > 20


@charger(keys=BACK)
def test_power_cut_in_a_transaction(rig, csms, bench, power):
    """OCPP 1.6 3.7: found in flash after the cut, told once with PowerLoss."""
    rig.begin()
    bench.run(15)
    power.cut()
    now = bench.connector()
    assert not now["coil"] and now["ocpp_status"] is None
    bench.run(3)
    csms.mark()
    power.restore()
    csms.expect("BootNotification", 60)
    bill = one_bill(rig, csms, bench)
    assert bill.reason == "PowerLoss"


def freeze(bench):
    """The processor executes nothing any more, as after a hard fault; its PIO and its watchdog go
    on. A slot of the rig's wires, which no firmware can see."""
    wires = next(path for path in Path("/dev/shm").glob("evse-wires-%d-*" % bench.process.pid))
    with wires.open("r+b") as file:
        file.seek(4 * FREEZE)
        file.write((1).to_bytes(4, "little"))


@charger(keys=BACK)
def test_a_processor_that_stands_still(rig, csms, bench):
    """PIO's dead-man opens the coil by itself; the watchdog's reset is told as such and the
    session ends once."""
    rig.begin()
    bench.run(10)
    boots = bench.state()["boots"]
    freeze(bench)
    before = bench.state()["clock_ms"]
    after = bench.until(coil=False, timeout=2)
    assert after["clock_ms"] - before <= 300, "dead-man of 100 ms"
    bench.until(boots=boots + 1, timeout=20)
    assert "watchdog" in bench.log
    csms.expect("BootNotification", 60)
    one_bill(rig, csms, bench)


@charger(keys=dict(BACK, AllowOfflineTxForUnknownId="true"))
def test_a_session_without_network(rig, csms, bench, net):
    """Begun and ended offline: told in order when the link is back, each once."""
    net.cut()
    bench.until(online=False, timeout=60)
    rig.register[1] = bench.connector()["meter_wh"]
    bench.plug()
    bench.swipe("04A2B3C4D5E6F7")
    bench.until(contactor=True, timeout=60)
    bench.run(15)
    bench.swipe("04A2B3C4D5E6F7")
    bench.until(contactor=False, timeout=30)
    assert not csms.calls("StartTransaction")
    net.mend()
    csms.expect("StartTransaction", timeout=120)
    assert one_bill(rig, csms, bench).wh > 20
