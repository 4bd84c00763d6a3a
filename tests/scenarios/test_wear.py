"""The wear ledger: what of the flash was erased and programmed, as the operator reads it."""

from tests.scenarios.conftest import TAG, charger
from tests.scenarios.test_configuration import change, values
from tools import csms_script as script

KEYS = {"MeterValueSampleInterval": "5", "HeartbeatInterval": "300"}


def told(csms):
    """(erases, programs, bytes) of files, journal and the rest, by the read-only keys."""
    keys = ("WearFiles", "WearJournal", "WearOther")
    found = values(csms, *keys)
    return [[int(n) for n in found[key].split(",")] for key in keys]


def counted(bench):
    """The same and the whole, at one moment."""
    state = bench.state()
    parts = [state["wear"][name] for name in ("files", "journal", "other")] + [state["flash"]]
    return [[part[name] for name in ("erases", "programs", "bytes")] for part in parts]


def agree(csms, bench):
    """Keys and state, unless something was written between the two looks."""
    for _ in range(5):
        before, keys, after = counted(bench), told(csms), counted(bench)
        if before == after:
            break
    assert keys == after[:3]
    return after


@charger(keys=KEYS)
def test_wear_is_told_and_no_erase_while_charging(rig, csms, bench, power):
    """Keys and state say the same, and together what the chip has counted; a session writes the
    journal and erases nothing of it; the ledger survives a power cut."""
    bench.run(20)
    agree(csms, bench)
    assert change(csms, "WearJournal", "0,0,0") == "Rejected"
    rig.begin()
    before = counted(bench)
    bench.run(60)
    after = counted(bench)
    assert after[1][0] == before[1][0], "an erase while the contactor was closed"
    assert after[1][1] >= before[1][1] + 24 and after[1][2] > before[1][2] + 1000
    rig.finish()
    *parts, total = counted(bench)
    assert [sum(each) for each in zip(*parts)] == total
    power.cut()
    power.restore()
    csms.expect("BootNotification", 60)
    bench.until(boot="Accepted", queue=0)
    again = agree(csms, bench)
    assert all(again[k][i] >= parts[k][i] for k in range(3) for i in range(3))


@charger(keys=dict(KEYS, MessageTimeout="8", ParkUnansweredAfter="7"))
def test_a_message_that_is_never_answered_is_told_and_parked_by_rule(rig, csms, bench):
    """`stalled`, in state, while it holds up the queue; ParkUnansweredAfter lets the queue go on,
    with transactionId -1 (erratum 3.18). What waited arrives, nothing is dropped."""
    assert bench.state()["stalled"] is False
    csms.bend("StartTransaction", script.deaf(), times=None)
    rig.register[1] = bench.connector(1)["meter_wh"]
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(stalled=True, parked=0, timeout=200)
    assert bench.state()["queue"] > 1
    bench.until(parked=1, stalled=False, timeout=200)
    csms.expect("MeterValues", timeout=100, transactionId=-1)
    bench.swipe(TAG)
    stop = csms.expect("StopTransaction", timeout=100, transactionId=-1)
    assert stop.payload["meterStop"] == bench.connector(1)["meter_wh"]
    bench.until(queue=0, parked=1)
    csms.ledger.strays.clear()  # of no transaction of the backend: as it must be
