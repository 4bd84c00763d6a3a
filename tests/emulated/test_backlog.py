"""What days without a backend leave in the journal, on the emulated RP2040 after a power cut."""

from tests.scenarios.conftest import charger
from tests.unit.test_capacity import FLASH, Site, default_list, flash
from tools.rig import config, rp2040
from tools.rig.store import BLOCK_BYTES, FLASH_BYTES

CHARGES = 60  # of two hours, a value each five minutes
WATCHDOG_MS = 10000  # firmware/tasks/safety.py: so long may the loop stand still


def lay(path, data):
    """Into the journal's blocks of the flash."""
    board = config.board_literals(rp2040.FOLDER + "/board.py")
    base = FLASH_BYTES - rp2040._storage_bytes() + board["file_blocks"] * BLOCK_BYTES
    assert len(data) == board["journal_blocks"] * BLOCK_BYTES
    with open(path, "r+b") as file:
        file.seek(base)
        file.write(data)


@charger(keys={"HeartbeatInterval": "300"})
def test_a_backlog_of_days_is_read_without_the_watchdog(rig, csms, bench, power, tmp_path):
    """It took longer than the watchdog waits, and began anew after each reset, for ever."""
    power.cut()
    site = Site(flash(), default_list)
    for _ in range(CHARGES):
        site.charge(24)
    lay(tmp_path / "state/flash.img", bytes(FLASH[0].data))
    boots, before = bench.state()["boots"], bench.state()["clock_ms"]
    csms.mark()
    power.restore()
    csms.expect("BootNotification", 120)
    state = bench.state()
    assert state["clock_ms"] - before > WATCHDOG_MS, "no longer a backlog that shows it"
    assert state["boots"] == boots + 1 and "watchdog" not in bench.log
    assert state["queue"] >= site.outbox.pending > 600
    csms.expect("StartTransaction", 60, meterStart=1234567)
