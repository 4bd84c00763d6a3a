"""What is billed lies apart: nothing that happens to settings and lists touches it."""

from pathlib import Path

from boards.BENCH import board
from tests.scenarios.conftest import charger

BLOCK = 4096
KEYS = {"MeterValueSampleInterval": "5", "HeartbeatInterval": "300"}


def queue_a_bill(rig, net, csms, bench):
    """A session that ends while the backend is away."""
    rig.begin()
    bench.run(12)
    net.cut("reset")
    bench.until(online=False, timeout=60)
    bench.swipe("04A2B3C4D5E6F7")
    bench.until(contactor=False, timeout=30)
    bench.until(transaction=None, timeout=30)
    assert bench.state()["queue"] >= 1


@charger(keys=KEYS)
def test_file_system_turned_to_garbage_costs_no_bill(rig, net, csms, bench):
    """A corrupt file system is formatted, the charger boots with its factory keys, and the bill
    that waited in the journal arrives, once and exact."""
    queue_a_bill(rig, net, csms, bench)
    bench.power(False)
    image = Path(bench.state_dir, "flash.img")
    with image.open("r+b") as flash:
        flash.write(b"\xa5" * BLOCK * board.file_blocks)
    bench.power(True)
    net.mend()
    csms.expect("StopTransaction", timeout=150, transactionId=1)
    rig.right()
    bench.until(queue=0)


@charger(keys=KEYS)
def test_clear_cache_and_a_reset_cost_no_bill(rig, net, csms, bench):
    """ClearCache and a Hard reset with a full queue: the bill arrives, once and exact."""
    queue_a_bill(rig, net, csms, bench)
    net.mend()
    bench.until(online=True, timeout=150)
    csms.ask("ClearCache", {})
    csms.ask("Reset", {"type": "Hard"})
    csms.expect("StopTransaction", timeout=150, transactionId=1)
    rig.right()
    bench.until(queue=0, timeout=60)
